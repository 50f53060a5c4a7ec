/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctx.c - how fields of struct xdp_md and struct __sk_buff are found in the simulated kernel's
 * structures. A field of data/ctx-access.tsv without a row here is refused as not modelled:
 *	__sk_buff.sk		sockets are not modelled
 */
#include "net/private.h"

#include <linux/bpf.h>

#define UAPI(type, field)   .off = offsetof(struct type, field), .size = sizeof(((struct type *)0)->field)
#define STEP(type, field)   { offsetof(struct type, field), sizeof(((struct type *)0)->field) }
#define ONE(type, field)    .load_cnt = 1, .load = { STEP(type, field) }

const struct ctx_conv xdp_convs[] = {
	{ UAPI(xdp_md, data), ONE(xdp_buff, data) },
	{ UAPI(xdp_md, data_end), ONE(xdp_buff, data_end) },
	{ UAPI(xdp_md, data_meta), ONE(xdp_buff, data_meta) },
	{ UAPI(xdp_md, ingress_ifindex), .load_cnt = 3,
	  .load = { STEP(xdp_buff, rxq), STEP(xdp_rxq_info, dev), STEP(net_device, ifindex) } },
	{ UAPI(xdp_md, rx_queue_index), .load_cnt = 2,
	  .load = { STEP(xdp_buff, rxq), STEP(xdp_rxq_info, queue_index) } },
	{ UAPI(xdp_md, egress_ifindex), .load_cnt = 3,
	  .load = { STEP(xdp_buff, txq), STEP(xdp_txq_info, dev), STEP(net_device, ifindex) } },
};

/* cb is reached as it is, byte by byte, so that a narrow store leaves its neighbours alone. Rows
 * of small sizes come first: the first row that covers an access is then the exact one. */
#define CB_ROW(at, width)                                                                          \
	{ .off = offsetof(struct __sk_buff, cb) + (at), .size = (width), .load_cnt = 1,            \
	  .load = { { offsetof(struct sk_buff, bpf_cb.data) + (at), (width) } } }
#define CB_ROWS4(at, width)                                                                        \
	CB_ROW(at, width), CB_ROW((at) + (width), width), CB_ROW((at) + 2 * (width), width),       \
		CB_ROW((at) + 3 * (width), width)

const struct ctx_conv skb_convs[] = {
	CB_ROWS4(0, 1), CB_ROWS4(4, 1), CB_ROWS4(8, 1), CB_ROWS4(12, 1), CB_ROWS4(16, 1),
	CB_ROWS4(0, 2), CB_ROWS4(8, 2), CB_ROW(16, 2), CB_ROW(18, 2),
	CB_ROWS4(0, 4), CB_ROW(16, 4),
	CB_ROW(0, 8), CB_ROW(8, 8),
	{ UAPI(__sk_buff, tstamp_type), ONE(sk_buff, tstamp_type) },
	{ UAPI(__sk_buff, len), ONE(sk_buff, len) },
	{ UAPI(__sk_buff, pkt_type), ONE(sk_buff, pkt_type) },
	{ UAPI(__sk_buff, mark), ONE(sk_buff, mark) },
	{ UAPI(__sk_buff, queue_mapping), ONE(sk_buff, queue_mapping) },
	{ UAPI(__sk_buff, protocol), ONE(sk_buff, protocol) },
	{ UAPI(__sk_buff, vlan_present), ONE(sk_buff, vlan_all), .as_bool = true },
	{ UAPI(__sk_buff, vlan_tci), ONE(sk_buff, vlan_tci) },
	{ UAPI(__sk_buff, vlan_proto), ONE(sk_buff, vlan_proto) },
	{ UAPI(__sk_buff, priority), ONE(sk_buff, priority) },
	{ UAPI(__sk_buff, ingress_ifindex), ONE(sk_buff, skb_iif) },
	{ UAPI(__sk_buff, ifindex), .load_cnt = 2,
	  .load = { STEP(sk_buff, dev), STEP(net_device, ifindex) } },
	{ UAPI(__sk_buff, tc_index), ONE(sk_buff, tc_index) },
	{ UAPI(__sk_buff, hash), ONE(sk_buff, hash) },
	{ UAPI(__sk_buff, tc_classid), ONE(sk_buff, bpf_cb.tc_classid) },
	{ UAPI(__sk_buff, data), ONE(sk_buff, data) },
	{ UAPI(__sk_buff, data_end), ONE(sk_buff, bpf_cb.data_end) },
	{ UAPI(__sk_buff, data_meta), ONE(sk_buff, bpf_cb.data_meta) },
	{ UAPI(__sk_buff, napi_id), ONE(sk_buff, napi_id) },
	{ UAPI(__sk_buff, tstamp), ONE(sk_buff, tstamp) },
	{ UAPI(__sk_buff, wire_len), ONE(sk_buff, bpf_cb.pkt_len) },
	{ UAPI(__sk_buff, gso_segs), .load_cnt = 2,
	  .load = { STEP(sk_buff, shinfo), STEP(skb_shared_info, gso_segs) } },
	{ UAPI(__sk_buff, gso_size), .load_cnt = 2,
	  .load = { STEP(sk_buff, shinfo), STEP(skb_shared_info, gso_size) } },
	{ UAPI(__sk_buff, hwtstamp), .load_cnt = 2,
	  .load = { STEP(sk_buff, shinfo), STEP(skb_shared_info, hwtstamp) } },
};

static_assert(sizeof(struct bpf_skb_cb) <= 48, "the shared part of sk_buff.cb has grown too large");
