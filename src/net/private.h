/* SPDX-License-Identifier: BSD-2-Clause */
/* private.h - what the files of this room share. */
#ifndef SKEP_NET_PRIVATE_H
#define SKEP_NET_PRIVATE_H

#include "map/perf.h"
#include "net/kstructs.h"
#include "net/net.h"
#include "runtime/runtime.h"

#include <errno.h>

#include <linux/bpf.h>

/* ctx.c */
#define XDP_CONV_CNT 6
#define SKB_CONV_CNT 69
#define FLOW_CONV_CNT 3
#define TCP_SOCK_CONV_CNT 26
#define XDP_SOCK_CONV_CNT 1
extern const struct ctx_conv xdp_convs[XDP_CONV_CNT], skb_convs[SKB_CONV_CNT],
	flow_convs[FLOW_CONV_CNT], tcp_sock_convs[TCP_SOCK_CONV_CNT],
	xdp_sock_convs[XDP_SOCK_CONV_CNT];
/* sk_ctx.c */
#define SOCK_OPS_CONV_CNT     41
#define SK_MSG_CONV_CNT	      11
#define SK_LOOKUP_CONV_CNT    10
#define SK_REUSEPORT_CONV_CNT 9
extern const struct ctx_conv sock_ops_convs[SOCK_OPS_CONV_CNT], sk_msg_convs[SK_MSG_CONV_CNT],
	sk_lookup_convs[SK_LOOKUP_CONV_CNT], sk_reuseport_convs[SK_REUSEPORT_CONV_CNT];

/* A port as 32 bits of network order. */
#define SK_PORT32	    { offsetof(struct sock, __sk_common.skc_zero), 4 }

/* sockopt.c */
int sockopt_register(struct skep *skep);
/* hdropt.c */
int hdropt_register(struct skep *skep);
/* Callbacks with later numbers come without the socket's lock. */
static inline bool sock_ops_locked(const struct bpf_sock_ops_kern *ops)
{
	return ops->op <= BPF_SOCK_OPS_WRITE_HDR_OPT_CB;
}

/* socks.c */
int socks_init(struct skep *skep);
/* msg_helpers.c */
int msg_register(struct skep *skep);
/* fib.c */
#define VLAN_HLEN 4
int fib_init(struct skep *skep);
int fib_fill_header(struct skep *skep, struct sk_buff *skb, const struct net_device *dev);
/* sk_storage.c */
int sk_storage_register(struct skep *skep);
/* syncookie.c */
int syncookie_register(struct skep *skep);

/* sk_helpers.c */
bool sock_is_full(const struct sock *sk);
int sk_helpers_register(struct skep *skep);

/* dev.c */
int dev_init(struct skep *skep);

/* test_xdp.c, test_skb.c */
int xdp_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int skb_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int skb_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
/* test_sk.c */
int sock_ops_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int sk_msg_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int sk_reuseport_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int sk_lookup_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int sk_lookup_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int nf_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
/* test_flow.c */
int flow_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);

/* redirect.c */
extern const struct repeat_hooks xdp_packet_hooks, skb_packet_hooks;
/* dev.c: counts it and shows it; sets @sent->err. */
void net_deliver(struct skep *skep, struct net_sent *sent);
u64 net_new_cookie(struct skep *skep); /* of a socket, never 0 */

/* skb.c */
struct sk_buff *skb_alloc(const void *data, u32 len); /* NULL: no memory */
void skb_free(struct sk_buff *skb);
u8 *skb_push(struct sk_buff *skb, u32 len); /* moves the packet when there is no room in front */
void skb_pull(struct sk_buff *skb, u32 len);
void skb_set_len(struct sk_buff *skb, u32 len); /* new bytes are 0 */
void skb_clear_hash(struct sk_buff *skb);
void skb_compute_data_pointers(struct sk_buff *skb);
/* The protocol (big-endian) that an Ethernet type or length stands for. */
u16 skb_encap_proto(u16 type, const u8 *rest, u32 rest_len);
/* Reads the Ethernet header: protocol, pkt_type and network header; data then starts after it. */
void skb_eth_type(struct sk_buff *skb, struct net_device *dev);

/* xdp_helpers.c, skb_helpers.c */
struct net_helper {
	u32 id;
	helper_fn fn;
};
extern const struct net_helper xdp_helpers[], skb_helpers[], tc_helpers[];
extern const u32 xdp_helper_cnt, skb_helper_cnt, tc_helper_cnt;
/* skb_room.c, skb_meta.c, skb_tunnel.c: of tc programs too */
extern const struct net_helper skb_room_helpers[], skb_meta_helpers[], skb_tunnel_helpers[];
extern const u32 skb_room_helper_cnt, skb_meta_helper_cnt, skb_tunnel_helper_cnt;
/* skb_meta.c: of socket filters too */
extern const struct net_helper skb_sock_helpers[];
extern const u32 skb_sock_helper_cnt;

/* redirect.c, mtu.c */
extern const struct net_helper tc_redirect_helpers[], xdp_redirect_helpers[];
extern const struct net_helper tc_mtu_helper, xdp_mtu_helper;
extern const u32 tc_redirect_helper_cnt, xdp_redirect_helper_cnt;

/* bpf_perf_event_output() where there is a packet: the flags say how much of it follows the data. */
static inline u64 event_output(u64 map, u64 flags, u64 data, u64 size, const void *pkt, u64 pkt_size)
{
	u64 wanted = (flags & BPF_F_CTXLEN_MASK) >> 32;
	struct perf_frag frags[] = { { (const void *)(uintptr_t)data, (u32)size }, { pkt, (u32)wanted } };

	if (flags & ~(u64)(BPF_F_CTXLEN_MASK | BPF_F_INDEX_MASK))
		return -EINVAL;
	if (wanted > pkt_size)
		return -EFAULT;
	return perf_array_output((struct skep_map *)(uintptr_t)map, flags, frags, wanted ? 2 : 1);
}

#define NET_HELPER(name)                                                                           \
	static u64 name(u64 r1 __unused_arg, u64 r2 __unused_arg, u64 r3 __unused_arg,             \
			u64 r4 __unused_arg, u64 r5 __unused_arg)

#endif
