/* SPDX-License-Identifier: BSD-2-Clause */
/* xdp_lb.h - what the BPF program and its application share: configuration, map contents, events. */
#ifndef XDP_LB_H
#define XDP_LB_H

#define LB_MAX_BACKENDS 8
#define LB_MAX_PORTS	4
#define LB_MAX_FLOWS	4096

/* All addresses and ports in network byte order, as they stand in packets. */
struct lb_config {
	__u8 own_mac[6];
	__u16 port_cnt;
	__u32 vip4;
	__u32 backend_cnt;
	__u8 vip6[16];
	__u16 ports[LB_MAX_PORTS];
};

struct lb_backend {
	__u8 mac[6];
	__u16 pad;
	__u32 ip4; /* IPv4 packets are sent to this address; IPv6 ones keep the VIP (direct return) */
};

/* Source addresses of IPv4 stand in the first four bytes, the rest is zero. */
struct lb_flow_key {
	__u8 src[16];
	__u16 sport, dport;
	__u8 proto;
	__u8 family; /* 4 or 6 */
	__u16 pad;
};

struct lb_flow {
	__u32 backend;
	__u32 pad;
	__u64 packets;
	__u64 last_seen_ns;
};

struct lb_stats {
	__u64 packets, bytes;
};

enum lb_event_kind {
	LB_EVENT_NEW_FLOW = 1,
	LB_EVENT_MALFORMED,
	LB_EVENT_TABLE_FULL,
};

struct lb_event {
	__u32 kind; /* enum lb_event_kind */
	__u32 backend;
	__u32 packet_len;
	__u16 sport, dport;
};

#endif
