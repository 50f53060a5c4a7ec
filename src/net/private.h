/* SPDX-License-Identifier: BSD-2-Clause */
/* private.h - what the files of this room share. */
#ifndef SKEP_NET_PRIVATE_H
#define SKEP_NET_PRIVATE_H

#include "net/kstructs.h"
#include "net/net.h"
#include "runtime/runtime.h"

#include <errno.h>

/* ctx.c */
#define XDP_CONV_CNT 6
#define SKB_CONV_CNT 61
extern const struct ctx_conv xdp_convs[XDP_CONV_CNT], skb_convs[SKB_CONV_CNT];

/* dev.c */
int dev_init(struct skep *skep);

/* test_xdp.c, test_skb.c */
int xdp_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int skb_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
/* Copies what BPF_PROG_TEST_RUN returns, as far as the caller has room: sizes are always those of
 * the whole; -ENOSPC when it did not fit. A room of 0 with a buffer is "large enough". */
int test_finish_data(struct test_run *run, const void *data, u32 size);
/* The context that was passed in, at most @size bytes, into @ctx; *ret_given: whether there is any
 * to pass in or out. 0 or -E2BIG when bytes past @size are not 0. */
int test_ctx_in(const struct test_run *run, void *ctx, u32 size, bool *ret_given);
int test_ctx_out(struct test_run *run, const void *ctx, u32 size);
/* Runs run->repeat times and fills retval and duration_ns. 0 or -EAGAIN (no vCPU to be had). */
int test_repeat(struct skep_prog *prog, struct test_run *run, void *hook_ctx);

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

#define NET_HELPER(name)                                                                           \
	static u64 name(u64 r1 __unused_arg, u64 r2 __unused_arg, u64 r3 __unused_arg,             \
			u64 r4 __unused_arg, u64 r5 __unused_arg)

#endif
