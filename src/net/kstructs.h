/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kstructs.h - the simulated kernel's network structures: the kernel's names, our own layouts, and
 * of the members those that something here uses. Programs reach them through the rows of ctx.c.
 */
#ifndef SKEP_NET_KSTRUCTS_H
#define SKEP_NET_KSTRUCTS_H

#include "base/types.h"

#define ETH_HLEN	     14
#define XDP_FRAME_SIZE	     4096
#define SKB_SHINFO_SIZE	     320 /* what Linux sets aside at the end of a buffer */
#define XDP_FRAME_STRUCT     40	 /* sizeof(struct xdp_frame): kept free at a buffer's start */
#define NET_SKB_PAD	     64
#define BPF_SKB_MAX_LEN	     16064 /* four pages less SKB_SHINFO_SIZE */

/* Where a program asked a packet to go. */
struct net_redirect {
	u32 ifindex; /* or CPU, when @map is one of CPUs; 0 without a map: it never said */
	u32 flags;
	const void *map; /* struct skep_map: what it was found in; the program holds it */
	u64 map_flags; /* BPF_F_BROADCAST, BPF_F_EXCLUDE_INGRESS */
	bool by_neigh; /* with the Ethernet header that leads to the next hop: */
	u32 nh_family; /* 0: the route's */
	u8 nh_addr[16];
};

struct net_device {
	char name[16];
	s32 ifindex;
	u32 mtu;
	u32 hard_header_len;
	u32 real_num_rx_queues;
	u8 dev_addr[6], broadcast[6];
	bool forwarding; /* what arrives here may be sent on; atomic */
};

struct xdp_rxq_info {
	struct net_device *dev;
	u32 queue_index;
};

struct xdp_txq_info {
	struct net_device *dev;
};

struct xdp_buff {
	void *data;
	void *data_end;
	void *data_meta;
	void *data_hard_start;
	struct xdp_rxq_info *rxq;
	struct xdp_txq_info *txq;
	u32 frame_sz;
	u32 flags;
	struct net_redirect redirect;
};

/* skb_shared_info.gso_type: what the pieces of a large packet are, and what is around them. */
#define SKB_GSO_TCPV4		BIT(0)
#define SKB_GSO_DODGY		BIT(1) /* headers are to be checked again */
#define SKB_GSO_TCPV6		BIT(4)
#define SKB_GSO_GRE		BIT(6)
#define SKB_GSO_GRE_CSUM	BIT(7)
#define SKB_GSO_IPXIP4		BIT(8)
#define SKB_GSO_IPXIP6		BIT(9)
#define SKB_GSO_UDP_TUNNEL	BIT(10)
#define SKB_GSO_UDP_TUNNEL_CSUM BIT(11)
#define SKB_GSO_UDP_L4		BIT(17)
#define SKB_GSO_TUNNELS                                                                            \
	(SKB_GSO_GRE | SKB_GSO_GRE_CSUM | SKB_GSO_IPXIP4 | SKB_GSO_IPXIP6 | SKB_GSO_UDP_TUNNEL |   \
	 SKB_GSO_UDP_TUNNEL_CSUM)

/* Addresses and ports as on the wire, skc_num in the host's order. */
struct sock_common {
	u32 skc_daddr, skc_rcv_saddr;
	u16 skc_zero, skc_dport; /* together: the port as 32 bits of network order */
	u16 skc_num;
	u16 skc_family;
	u8 skc_v6_daddr[16], skc_v6_rcv_saddr[16];
	s32 skc_bound_dev_if;
	s32 skc_rx_queue_mapping; /* -1: none */
	u8 skc_state;
};

/* What sockopt.c keeps; 0 is what a new socket has. */
struct sk_opts {
	s32 sndbuf, rcvbuf, rcvlowat; /* 0: never set */
	u32 max_pacing_rate, bpf_cb_flags;
	u8 reuse, reuseport, keepalive, tos, tclass;
	bool rcvbuf_locked, pacing_limited, txrehash_off, no_flowlabel;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_type, sk_protocol;
	u32 sk_mark, sk_priority, sk_txhash;
	u64 sk_cookie; /* 0: nobody has asked yet */
	struct sk_opts opts;
	bool sk_lasts; /* until the instance ends; others end with their run */
	void *sk_storage_maps[8]; /* struct skep_map, references: where a socket that ends has values */
};

struct tcp_sock {
	struct sock sk;
	u32 snd_cwnd, srtt_us, rtt_min, snd_ssthresh, rcv_nxt, snd_nxt, snd_una, mss_cache, ecn_flags;
	u32 rate_delivered, rate_interval_us, packets_out, retrans_out, total_retrans, segs_in;
	u32 data_segs_in, segs_out, data_segs_out, lost_out, sacked_out, dsack_dups, delivered;
	u32 delivered_ce, icsk_retransmits, bpf_sock_ops_cb_flags;
	u64 bytes_received, bytes_acked;
	/* Options, as struct sk_opts. */
	s32 keepidle, keepintvl, window_clamp, user_timeout, notsent_lowat, rto_max_ms, delack_max, rto_min;
	u32 snd_cwnd_clamp;
	u16 user_mss;
	u8 nodelay, keepcnt, syncnt, thin_lto, save_syn;
	char ca_name[16];
};
#define TCP_CLOSE 7

/* The socket of a test run. */
static inline struct tcp_sock new_sock(void)
{
	return (struct tcp_sock){ .sk.__sk_common = { .skc_state = TCP_CLOSE, .skc_rx_queue_mapping = -1 } };
}

static inline struct tcp_sock new_tcp_sock(void)
{
	struct tcp_sock tp = new_sock();

	tp.sk.sk_type = 1; /* SOCK_STREAM */
	tp.sk.sk_protocol = 6;
	return tp;
}

struct skb_shared_info {
	u16 gso_size, gso_segs;
	u32 gso_type;
	u64 hwtstamp;
};

/* struct sk_buff.cb as queueing disciplines and programs share it. */
struct bpf_skb_cb {
	u32 pkt_len;
	u16 slave_dev_queue_mapping;
	u16 tc_classid;
	u8 data[20]; /* __sk_buff.cb */
	void *data_meta;
	void *data_end;
};

/* sk_buff.ip_summed */
#define CHECKSUM_NONE	     0
#define CHECKSUM_UNNECESSARY 1
#define SKB_MAX_CSUM_LEVEL   3

/* How a packet is to be wrapped, or was. */
#define TUNNEL_OPTS_MAX 252
struct ip_tunnel_info {
	bool given, from_program;
	u8 tos, ttl, options_len;
	bool ipv6;
	u16 tun_flags; /* TUNNEL_* */
	u32 id, label; /* host byte order */
	u32 dst[4], src[4]; /* IPv4: the first one, host byte order; IPv6: as on the wire */
	u8 options[TUNNEL_OPTS_MAX];
};

#define PACKET_HOST	 0
#define PACKET_BROADCAST 1
#define PACKET_MULTICAST 2
#define PACKET_OTHERHOST 3

struct sk_buff {
	struct net_device *dev;
	struct sock *sk; /* programs that read through it (CGROUP_SKB, SK_SKB) are never run without */
	u8 *head, *data;
	u32 size; /* bytes at head */
	u32 len;  /* bytes at data; all of them linear */
	union {
		u8 cb[48];
		struct bpf_skb_cb bpf_cb;
	};
	struct skb_shared_info *shinfo;
	u64 tstamp;
	u32 priority, mark, hash, napi_id;
	s32 skb_iif;
	u16 protocol; /* big-endian, as it came */
	u16 queue_mapping, tc_index;
	u16 mac_len; /* 0 until somebody has measured it */
	union {
		u32 vlan_all;
		struct {
			u16 vlan_proto, vlan_tci;
		};
	};
	u8 pkt_type, tstamp_type;
	u8 ip_summed, csum_level;
	bool direct_access; /* the program reads the packet through data and data_end */
	bool encapsulation; /* the headers below are outer ones, inner_* their counterparts */
	bool l4_hash, sw_hash;
	u32 mac_header, network_header, transport_header; /* from head; HEADER_UNSET */
	u32 inner_mac_header, inner_network_header, inner_transport_header;
	u16 inner_protocol;
	struct ip_tunnel_info tun;
	struct net_redirect redirect;
};
#define HEADER_UNSET UINT32_MAX

struct bpf_flow_keys;
struct bpf_flow_dissector {
	struct bpf_flow_keys *flow_keys;
	const void *data, *data_end;
};

struct bpf_sock_ops_kern {
	struct sock *sk;     /* NULL when there is no full socket */
	struct tcp_sock *tp; /* what the other fields are read from; never NULL */
	u32 op;
	union {
		u32 args[4];
		u32 reply;
		u32 replylong[4];
	};
	u32 is_fullsock;
	void *skb_data, *skb_data_end; /* of the TCP header's segment; NULL: none */
	u32 skb_len;
	u32 remaining_opt_len; /* bytes of options that the header has room for */
	u8 tcp_flags;
	u64 hwtstamp;
};

struct sk_msg {
	void *data, *data_end; /* what the program sees of the message */
	struct sock *sk;
	u32 size; /* bytes at base */
	u8 *base;
	u32 room, first; /* bytes that base has room for, bytes of the message's first piece */
	u32 apply_bytes, cork_bytes;
};

struct bpf_sk_lookup_kern {
	u16 family, protocol;
	u16 sport; /* as on the wire */
	u16 dport;
	u32 saddr4, daddr4;
	u8 saddr6[16], daddr6[16]; /* 0 where the family is another */
	struct sock *selected_sk;
	u32 ingress_ifindex;
};

struct sk_reuseport_kern {
	struct sk_buff *skb;
	struct sock *sk, *selected_sk, *migrating_sk;
	void *data_end;
	u32 hash, reuseport_id, bind_inany;
};

struct nf_hook_state {
	u8 hook, pf;
	struct net_device *in, *out;
	struct sock *sk;
	void *net, *okfn;
};

struct bpf_nf_ctx {
	const struct nf_hook_state *state;
	struct sk_buff *skb;
};

#endif
