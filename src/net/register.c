/* SPDX-License-Identifier: BSD-2-Clause */
/* register.c - what the network brings into an instance. */
#include "net/private.h"

#include <linux/bpf.h>

static const char *xdp_retval(u32 ret)
{
	static const char *const names[] = { "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX",
					     "XDP_REDIRECT" };

	return ret < ARRAY_SIZE(names) ? names[ret] : NULL;
}

static const char *tc_retval(u32 ret)
{
	static const char *const names[] = { "TC_ACT_OK",     "TC_ACT_RECLASSIFY", "TC_ACT_SHOT",
					     "TC_ACT_PIPE",   "TC_ACT_STOLEN",     "TC_ACT_QUEUED",
					     "TC_ACT_REPEAT", "TC_ACT_REDIRECT",   "TC_ACT_TRAP" };

	if (ret == (u32)-1)
		return "TC_ACT_UNSPEC";
	return ret < ARRAY_SIZE(names) ? names[ret] : NULL;
}

/* Verdicts of types that only let through or not, and what else they can say. */
static const char *allow_retval(u32 ret)
{
	static const char *const names[] = { "deny", "allow", "deny, congestion", "allow, congestion" };

	return ret < ARRAY_SIZE(names) ? names[ret] : NULL;
}

static const char *lwt_retval(u32 ret)
{
	switch (ret) {
	case BPF_OK:
		return "BPF_OK";
	case BPF_DROP:
		return "BPF_DROP";
	case BPF_REDIRECT:
		return "BPF_REDIRECT";
	case BPF_LWT_REROUTE:
		return "BPF_LWT_REROUTE";
	default:
		return NULL;
	}
}

static const char *flow_retval(u32 ret)
{
	if (ret == BPF_FLOW_DISSECTOR_CONTINUE)
		return "BPF_FLOW_DISSECTOR_CONTINUE";
	return lwt_retval(ret);
}

static const char *sk_action(u32 ret)
{
	return ret == SK_DROP ? "SK_DROP" : ret == SK_PASS ? "SK_PASS" : NULL;
}

static size_t room_in(const void *mem, const void *start, const void *end)
{
	return mem >= start && mem < end ? (size_t)((const u8 *)end - (const u8 *)mem) : 0;
}

static size_t room_of(const void *mem, const void *obj, size_t size)
{
	return room_in(mem, obj, (const u8 *)obj + size);
}

/* The packet, and the simulated kernel's structures around it, which programs walk with CO-RE. */
static size_t xdp_mem_room(const struct run_ctx *run, const void *mem)
{
	const struct xdp_buff *xdp = run->hook_ctx;
	size_t room = room_in(mem, xdp->data_meta, xdp->data_end);

	room = room ?: room_of(mem, xdp, sizeof(*xdp));
	room = room ?: room_of(mem, xdp->rxq, sizeof(*xdp->rxq));
	room = room ?: room_of(mem, xdp->txq, sizeof(*xdp->txq));
	return room ?: room_of(mem, xdp->rxq->dev, sizeof(*xdp->rxq->dev));
}

static size_t skb_mem_room(const struct run_ctx *run, const void *mem)
{
	const struct sk_buff *skb = run->hook_ctx;

	size_t room = room_in(mem, skb->data, skb->data + skb->len);

	room = room ?: room_of(mem, skb, sizeof(*skb));
	room = room ?: room_of(mem, skb->dev, sizeof(*skb->dev));
	return room ?: room_of(mem, skb->shinfo, sizeof(*skb->shinfo));
}

static int register_type(struct skep *skep, const struct prog_type_ops *ops,
			 const struct net_helper *helpers, u32 cnt)
{
	int err = skep_prog_type_ops(skep, ops->type) ? 0 : skep_register_prog_type(skep, ops);

	for (u32 i = 0; i < cnt && !err; i++)
		err = skep_register_helper(skep, ops->type, helpers[i].id, helpers[i].fn);
	return err;
}

static size_t flow_mem_room(const struct run_ctx *run, const void *mem)
{
	const struct bpf_flow_dissector *flow = run->hook_ctx;

	return room_in(mem, flow->data, flow->data_end);
}

#define SKB_TYPE(prog_type, names)                                                                 \
	{ .type = prog_type, .convs = skb_convs, .conv_cnt = SKB_CONV_CNT,                         \
	  .test_run = skb_test_run, .own_run = skb_own_run, .retval_name = names,                  \
	  .mem_room = skb_mem_room }
/* Linux has no test run for these. */
#define SKB_OWN_TYPE(prog_type, names)                                                             \
	{ .type = prog_type, .convs = skb_convs, .conv_cnt = SKB_CONV_CNT,                         \
	  .own_run = skb_own_run, .retval_name = names, .mem_room = skb_mem_room }

static const struct prog_type_ops xdp_type = {
	.type = BPF_PROG_TYPE_XDP, .convs = xdp_convs, .conv_cnt = XDP_CONV_CNT,
	.test_run = xdp_test_run, .retval_name = xdp_retval, .mem_room = xdp_mem_room,
};
static const struct prog_type_ops skb_types[] = {
	SKB_TYPE(BPF_PROG_TYPE_SOCKET_FILTER, NULL),
	SKB_TYPE(BPF_PROG_TYPE_SCHED_CLS, tc_retval),
	SKB_TYPE(BPF_PROG_TYPE_SCHED_ACT, tc_retval),
	SKB_TYPE(BPF_PROG_TYPE_CGROUP_SKB, allow_retval),
	SKB_TYPE(BPF_PROG_TYPE_LWT_IN, lwt_retval),
	SKB_TYPE(BPF_PROG_TYPE_LWT_OUT, lwt_retval),
	SKB_TYPE(BPF_PROG_TYPE_LWT_XMIT, lwt_retval),
	SKB_OWN_TYPE(BPF_PROG_TYPE_LWT_SEG6LOCAL, lwt_retval),
	SKB_OWN_TYPE(BPF_PROG_TYPE_SK_SKB, sk_action),
};
static const struct prog_type_ops flow_type = {
	.type = BPF_PROG_TYPE_FLOW_DISSECTOR, .convs = flow_convs, .conv_cnt = FLOW_CONV_CNT,
	.test_run = flow_test_run, .retval_name = flow_retval, .mem_room = flow_mem_room,
};

static size_t sock_ops_mem_room(const struct run_ctx *run, const void *mem)
{
	const struct bpf_sock_ops_kern *ops = run->hook_ctx;

	return room_in(mem, ops->skb_data, ops->skb_data_end);
}

static size_t sk_msg_mem_room(const struct run_ctx *run, const void *mem)
{
	const struct sk_msg *msg = run->hook_ctx;

	return room_in(mem, msg->data, msg->data_end);
}

static size_t reuseport_mem_room(const struct run_ctx *run, const void *mem)
{
	const struct sk_reuseport_kern *ctx = run->hook_ctx;

	return room_in(mem, ctx->skb->data, ctx->data_end);
}

static const char *nf_retval(u32 ret)
{
	return ret == 0 ? "NF_DROP" : ret == 1 ? "NF_ACCEPT" : NULL;
}

#define SK_TYPE(prog_type, prefix, cnt)                                                            \
	.type = prog_type, .convs = prefix##_convs, .conv_cnt = cnt, .own_run = prefix##_own_run

static const struct prog_type_ops sk_types[] = {
	{ SK_TYPE(BPF_PROG_TYPE_SOCK_OPS, sock_ops, SOCK_OPS_CONV_CNT), .mem_room = sock_ops_mem_room },
	{ SK_TYPE(BPF_PROG_TYPE_SK_MSG, sk_msg, SK_MSG_CONV_CNT), .retval_name = sk_action,
	  .mem_room = sk_msg_mem_room },
	{ SK_TYPE(BPF_PROG_TYPE_SK_REUSEPORT, sk_reuseport, SK_REUSEPORT_CONV_CNT),
	  .retval_name = sk_action, .mem_room = reuseport_mem_room },
	{ SK_TYPE(BPF_PROG_TYPE_SK_LOOKUP, sk_lookup, SK_LOOKUP_CONV_CNT), .retval_name = sk_action,
	  .test_run = sk_lookup_test_run },
	{ .type = BPF_PROG_TYPE_NETFILTER, .test_run = nf_test_run, .retval_name = nf_retval },
};

static int register_views(struct skep *skep)
{
	int err = skep_register_view(skep, VIEW_SOCK_COMMON, sock_convs, SOCK_CONV_CNT);

	if (!err)
		err = skep_register_view(skep, VIEW_SOCK, sock_convs, SOCK_CONV_CNT);
	if (!err)
		err = skep_register_view(skep, VIEW_TCP_SOCK, tcp_sock_convs, TCP_SOCK_CONV_CNT);
	if (!err)
		err = skep_register_view(skep, VIEW_XDP_SOCK, xdp_sock_convs, XDP_SOCK_CONV_CNT);
	return err;
}

/* The helpers that change a packet work on whole frames and IP packets; those of SK_SKB with the same
 * names are others. */
static bool edits_packets(u32 type)
{
	return type != BPF_PROG_TYPE_SOCKET_FILTER && type != BPF_PROG_TYPE_SK_SKB;
}

static int register_tc(struct skep *skep, const struct prog_type_ops *ops)
{
	int err = register_type(skep, ops, tc_helpers, tc_helper_cnt);

	if (!err)
		err = register_type(skep, ops, skb_room_helpers, skb_room_helper_cnt);
	if (!err)
		err = register_type(skep, ops, skb_meta_helpers, skb_meta_helper_cnt);
	if (!err)
		err = register_type(skep, ops, skb_tunnel_helpers, skb_tunnel_helper_cnt);
	if (!err)
		err = register_type(skep, ops, &tc_mtu_helper, 1);
	return err ? err : register_type(skep, ops, tc_redirect_helpers, tc_redirect_helper_cnt);
}

int net_register(struct skep *skep)
{
	int err = dev_init(skep);

	if (!err)
		err = register_views(skep);
	if (!err)
		err = register_type(skep, &xdp_type, xdp_helpers, xdp_helper_cnt);
	if (!err)
		err = register_type(skep, &xdp_type, xdp_redirect_helpers, xdp_redirect_helper_cnt);
	if (!err)
		err = register_type(skep, &xdp_type, &xdp_mtu_helper, 1);
	for (u32 i = 0; i < ARRAY_SIZE(skb_types) && !err; i++) {
		err = register_type(skep, &skb_types[i], skb_helpers, skb_helper_cnt);
		if (!err)
			err = register_type(skep, &skb_types[i], skb_sock_helpers, skb_sock_helper_cnt);
		if (!err && edits_packets(skb_types[i].type))
			err = register_tc(skep, &skb_types[i]);
	}
	if (!err)
		err = register_type(skep, &flow_type, NULL, 0);
	for (u32 i = 0; i < ARRAY_SIZE(sk_types) && !err; i++)
		err = register_type(skep, &sk_types[i], NULL, 0);
	if (!err)
		err = socks_init(skep);
	if (!err)
		err = fib_init(skep);
	if (!err)
		err = msg_register(skep);
	if (!err)
		err = sk_storage_register(skep);
	if (!err)
		err = syncookie_register(skep);
	if (!err)
		err = sockopt_register(skep);
	if (!err)
		err = hdropt_register(skep);
	return err ? err : sk_helpers_register(skep);
}
