/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctx.c - how fields of struct xdp_md, struct __sk_buff and of sockets are found in the simulated
 * kernel's structures. A field of data/ctx-access.tsv without a row here is refused as not modelled.
 */
#include "net/private.h"

#include <linux/bpf.h>

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

#define SKB_SK(field) .load_cnt = 2, .load = { STEP(sk_buff, sk), STEP(sock, __sk_common.field) }

const struct ctx_conv skb_convs[] = {
	CB_ROWS4(0, 1), CB_ROWS4(4, 1), CB_ROWS4(8, 1), CB_ROWS4(12, 1), CB_ROWS4(16, 1),
	CB_ROWS4(0, 2), CB_ROWS4(8, 2), CB_ROW(16, 2), CB_ROW(18, 2),
	CB_ROWS4(0, 4), CB_ROW(16, 4),
	CB_ROW(0, 8), CB_ROW(8, 8),
	{ UAPI(__sk_buff, tstamp_type), ONE(sk_buff, tstamp_type) },
	{ UAPI(__sk_buff, len), ONE(sk_buff, len), .fixed = true },
	{ UAPI(__sk_buff, pkt_type), ONE(sk_buff, pkt_type) },
	{ UAPI(__sk_buff, mark), ONE(sk_buff, mark) },
	{ UAPI(__sk_buff, queue_mapping), ONE(sk_buff, queue_mapping) },
	{ UAPI(__sk_buff, protocol), ONE(sk_buff, protocol) },
	{ UAPI(__sk_buff, vlan_present), ONE(sk_buff, vlan_all), .as_bool = true },
	{ UAPI(__sk_buff, vlan_tci), ONE(sk_buff, vlan_tci) },
	{ UAPI(__sk_buff, vlan_proto), ONE(sk_buff, vlan_proto) },
	{ UAPI(__sk_buff, priority), ONE(sk_buff, priority) },
	{ UAPI(__sk_buff, ingress_ifindex), ONE(sk_buff, skb_iif) },
	{ UAPI(__sk_buff, ifindex), .load_cnt = 2, .fixed = true,
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
	{ UAPI(__sk_buff, sk), ONE(sk_buff, sk) },
	{ UAPI(__sk_buff, family), SKB_SK(skc_family) },
	{ UAPI(__sk_buff, remote_ip4), SKB_SK(skc_daddr) },
	{ UAPI(__sk_buff, local_ip4), SKB_SK(skc_rcv_saddr) },
	{ UAPI(__sk_buff, remote_ip6), SKB_SK(skc_v6_daddr) },
	{ UAPI(__sk_buff, local_ip6), SKB_SK(skc_v6_rcv_saddr) },
	{ UAPI(__sk_buff, remote_port), .load_cnt = 2, .load = { STEP(sk_buff, sk), SK_PORT32 } },
	{ UAPI(__sk_buff, local_port), SKB_SK(skc_num) },
};

const struct ctx_conv flow_convs[] = {
	{ UAPI(__sk_buff, data), ONE(bpf_flow_dissector, data) },
	{ UAPI(__sk_buff, data_end), ONE(bpf_flow_dissector, data_end) },
	{ UAPI(__sk_buff, flow_keys), ONE(bpf_flow_dissector, flow_keys) },
};

#define SKC(field) ONE(sock, __sk_common.field)

/* struct bpf_sock, whole or the part that every kind of socket has. */
const struct ctx_conv sock_convs[] = {
	{ UAPI(bpf_sock, bound_dev_if), SKC(skc_bound_dev_if) },
	{ UAPI(bpf_sock, family), SKC(skc_family) },
	{ UAPI(bpf_sock, type), ONE(sock, sk_type) },
	{ UAPI(bpf_sock, protocol), ONE(sock, sk_protocol) },
	{ UAPI(bpf_sock, mark), ONE(sock, sk_mark) },
	{ UAPI(bpf_sock, priority), ONE(sock, sk_priority) },
	{ UAPI(bpf_sock, src_ip4), SKC(skc_rcv_saddr) },
	{ UAPI(bpf_sock, src_ip6), SKC(skc_v6_rcv_saddr) },
	{ UAPI(bpf_sock, src_port), SKC(skc_num) },
	{ .off = offsetof(struct bpf_sock, dst_port), .size = 4, SKC(skc_dport) },
	{ UAPI(bpf_sock, dst_ip4), SKC(skc_daddr) },
	{ UAPI(bpf_sock, dst_ip6), SKC(skc_v6_daddr) },
	{ UAPI(bpf_sock, state), SKC(skc_state) },
	{ UAPI(bpf_sock, rx_queue_mapping), SKC(skc_rx_queue_mapping) },
};

#define TCP(field) { UAPI(bpf_tcp_sock, field), ONE(tcp_sock, field) }
const struct ctx_conv tcp_sock_convs[] = {
	TCP(snd_cwnd), TCP(srtt_us), TCP(rtt_min), TCP(snd_ssthresh), TCP(rcv_nxt), TCP(snd_nxt),
	TCP(snd_una), TCP(mss_cache), TCP(ecn_flags), TCP(rate_delivered), TCP(rate_interval_us),
	TCP(packets_out), TCP(retrans_out), TCP(total_retrans), TCP(segs_in), TCP(data_segs_in),
	TCP(segs_out), TCP(data_segs_out), TCP(lost_out), TCP(sacked_out), TCP(bytes_received),
	TCP(bytes_acked), TCP(dsack_dups), TCP(delivered), TCP(delivered_ce), TCP(icsk_retransmits),
};

static_assert(sizeof(struct bpf_skb_cb) <= 48, "the shared part of sk_buff.cb has grown too large");
