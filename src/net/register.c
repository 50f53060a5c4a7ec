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

#define SKB_TYPE(prog_type, names)                                                                 \
	{ .type = prog_type, .convs = skb_convs, .conv_cnt = SKB_CONV_CNT,                         \
	  .test_run = skb_test_run, .retval_name = names, .mem_room = skb_mem_room }

static const struct prog_type_ops xdp_type = {
	.type = BPF_PROG_TYPE_XDP, .convs = xdp_convs, .conv_cnt = XDP_CONV_CNT,
	.test_run = xdp_test_run, .retval_name = xdp_retval, .mem_room = xdp_mem_room,
};
static const struct prog_type_ops skb_types[] = {
	SKB_TYPE(BPF_PROG_TYPE_SOCKET_FILTER, NULL),
	SKB_TYPE(BPF_PROG_TYPE_SCHED_CLS, tc_retval),
	SKB_TYPE(BPF_PROG_TYPE_SCHED_ACT, tc_retval),
};

static int register_tc(struct skep *skep, const struct prog_type_ops *ops)
{
	int err = register_type(skep, ops, tc_helpers, tc_helper_cnt);

	if (!err)
		err = register_type(skep, ops, skb_room_helpers, skb_room_helper_cnt);
	if (!err)
		err = register_type(skep, ops, skb_meta_helpers, skb_meta_helper_cnt);
	return err ? err : register_type(skep, ops, skb_tunnel_helpers, skb_tunnel_helper_cnt);
}

int net_register(struct skep *skep)
{
	int err = dev_init(skep);

	if (!err)
		err = register_type(skep, &xdp_type, xdp_helpers, xdp_helper_cnt);
	for (u32 i = 0; i < ARRAY_SIZE(skb_types) && !err; i++) {
		err = register_type(skep, &skb_types[i], skb_helpers, skb_helper_cnt);
		if (!err && skb_types[i].type != BPF_PROG_TYPE_SOCKET_FILTER)
			err = register_tc(skep, &skb_types[i]);
	}
	return err;
}
