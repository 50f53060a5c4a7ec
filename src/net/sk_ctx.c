/* SPDX-License-Identifier: BSD-2-Clause */
/* sk_ctx.c - how fields of the contexts of programs on sockets are found. */
#include "net/private.h"

#include "map/xsk.h"

#include <linux/bpf.h>

#define TWO(a, b) .load_cnt = 2, .load = { a, b }

/* ---- sock_ops: the socket's fields are read from tp, which is there even when sk is not ---------- */

#define OPS(field, to)	   { UAPI(bpf_sock_ops, field), ONE(bpf_sock_ops_kern, to) }
#define OPS_TP(field, to)  { UAPI(bpf_sock_ops, field), TWO(STEP(bpf_sock_ops_kern, tp), STEP(tcp_sock, to)) }
#define OPS_SKC(field, to) OPS_TP(field, sk.__sk_common.to)

const struct ctx_conv sock_ops_convs[] = {
	OPS(op, op),
	OPS(args, args),
	OPS_SKC(family, skc_family),
	OPS_SKC(remote_ip4, skc_daddr),
	OPS_SKC(local_ip4, skc_rcv_saddr),
	OPS_SKC(remote_ip6, skc_v6_daddr),
	OPS_SKC(local_ip6, skc_v6_rcv_saddr),
	{ UAPI(bpf_sock_ops, remote_port), TWO(STEP(bpf_sock_ops_kern, tp), SK_PORT32) },
	OPS_SKC(local_port, skc_num),
	OPS(is_fullsock, is_fullsock),
	OPS_TP(snd_cwnd, snd_cwnd),
	OPS_TP(srtt_us, srtt_us),
	OPS_TP(bpf_sock_ops_cb_flags, bpf_sock_ops_cb_flags),
	OPS_SKC(state, skc_state),
	OPS_TP(rtt_min, rtt_min),
	OPS_TP(snd_ssthresh, snd_ssthresh),
	OPS_TP(rcv_nxt, rcv_nxt),
	OPS_TP(snd_nxt, snd_nxt),
	OPS_TP(snd_una, snd_una),
	OPS_TP(mss_cache, mss_cache),
	OPS_TP(ecn_flags, ecn_flags),
	OPS_TP(rate_delivered, rate_delivered),
	OPS_TP(rate_interval_us, rate_interval_us),
	OPS_TP(packets_out, packets_out),
	OPS_TP(retrans_out, retrans_out),
	OPS_TP(total_retrans, total_retrans),
	OPS_TP(segs_in, segs_in),
	OPS_TP(data_segs_in, data_segs_in),
	OPS_TP(segs_out, segs_out),
	OPS_TP(data_segs_out, data_segs_out),
	OPS_TP(lost_out, lost_out),
	OPS_TP(sacked_out, sacked_out),
	OPS_TP(sk_txhash, sk.sk_txhash),
	OPS_TP(bytes_received, bytes_received),
	OPS_TP(bytes_acked, bytes_acked),
	OPS(sk, sk),
	OPS(skb_data, skb_data),
	OPS(skb_data_end, skb_data_end),
	{ UAPI(bpf_sock_ops, skb_len), ONE(bpf_sock_ops_kern, skb_len), .fixed = true },
	OPS(skb_tcp_flags, tcp_flags),
	OPS(skb_hwtstamp, hwtstamp),
};

/* ---- sk_msg ----------------------------------------------------------------------------------------- */

#define MSG(field, to)	   { UAPI(sk_msg_md, field), ONE(sk_msg, to) }
#define MSG_SKC(field, to) { UAPI(sk_msg_md, field), TWO(STEP(sk_msg, sk), STEP(sock, __sk_common.to)) }

const struct ctx_conv sk_msg_convs[] = {
	MSG(data, data),
	MSG(data_end, data_end),
	MSG_SKC(family, skc_family),
	MSG_SKC(remote_ip4, skc_daddr),
	MSG_SKC(local_ip4, skc_rcv_saddr),
	MSG_SKC(remote_ip6, skc_v6_daddr),
	MSG_SKC(local_ip6, skc_v6_rcv_saddr),
	{ UAPI(sk_msg_md, remote_port), TWO(STEP(sk_msg, sk), SK_PORT32) },
	MSG_SKC(local_port, skc_num),
	{ UAPI(sk_msg_md, size), ONE(sk_msg, size), .fixed = true },
	MSG(sk, sk),
};

/* ---- sk_lookup -------------------------------------------------------------------------------------- */

#define LOOKUP(field, to) { UAPI(bpf_sk_lookup, field), ONE(bpf_sk_lookup_kern, to) }

const struct ctx_conv sk_lookup_convs[] = {
	LOOKUP(sk, selected_sk),
	LOOKUP(family, family),
	LOOKUP(protocol, protocol),
	LOOKUP(remote_ip4, saddr4),
	LOOKUP(remote_ip6, saddr6),
	{ .off = offsetof(struct bpf_sk_lookup, remote_port), .size = 4, ONE(bpf_sk_lookup_kern, sport) },
	LOOKUP(local_ip4, daddr4),
	LOOKUP(local_ip6, daddr6),
	LOOKUP(local_port, dport),
	LOOKUP(ingress_ifindex, ingress_ifindex),
};

/* ---- sk_reuseport ----------------------------------------------------------------------------------- */

#define REUSE(field, to) { UAPI(sk_reuseport_md, field), ONE(sk_reuseport_kern, to) }
#define REUSE_SKB(field, to)                                                                       \
	{ UAPI(sk_reuseport_md, field), TWO(STEP(sk_reuseport_kern, skb), STEP(sk_buff, to)) }

const struct ctx_conv sk_reuseport_convs[] = {
	REUSE_SKB(data, data),
	REUSE(data_end, data_end),
	{ UAPI(sk_reuseport_md, len), .fixed = true,
	  TWO(STEP(sk_reuseport_kern, skb), STEP(sk_buff, len)) },
	REUSE_SKB(eth_protocol, protocol),
	{ UAPI(sk_reuseport_md, ip_protocol),
	  TWO(STEP(sk_reuseport_kern, sk), STEP(sock, sk_protocol)) },
	REUSE(bind_inany, bind_inany),
	REUSE(hash, hash),
	REUSE(sk, sk),
	REUSE(migrating_sk, migrating_sk),
};

/* ---- sockets of AF_XDP ------------------------------------------------------------------------------ */

const struct ctx_conv xdp_sock_convs[] = {
	{ UAPI(bpf_xdp_sock, queue_id), ONE(xsk, queue_id) },
};
