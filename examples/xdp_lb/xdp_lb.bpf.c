/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp_lb.bpf.c - a layer-4 load balancer for XDP.
 *
 * A packet for the virtual IP and one of its ports goes out again (XDP_TX) to a backend: the one
 * that its flow had before, else one chosen by a hash of the flow. IPv4 packets get the backend's
 * address and MAC (with checksums updated by the difference), IPv6 packets only the MAC, for
 * backends that have the virtual address themselves. What is not for the virtual IP passes; what
 * claims to be but is cut short or inconsistent is dropped.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp_lb.h"

#define ETH_P_IPV4  0x0800
#define ETH_P_IPV6  0x86DD
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88A8
#define PROTO_TCP   6
#define PROTO_UDP   17
#define VLAN_DEPTH  2

struct eth_hdr {
	__u8 dst[6], src[6];
	__be16 type;
} __attribute__((packed));

struct vlan_hdr {
	__be16 tci, type;
};

struct ipv4_hdr {
	__u8 ver_ihl, tos;
	__be16 len, id, frag;
	__u8 ttl, proto;
	__sum16 check;
	__be32 src, dst;
};

struct ipv6_hdr {
	__be32 ver_class_flow;
	__be16 len;
	__u8 next, hops;
	__u8 src[16], dst[16];
};

struct l4_ports {
	__be16 src, dst;
};

/* Set by the application before loading; constants to the verifier, which prunes by them. */
const volatile struct lb_config config = { 0 };
const volatile struct lb_backend backends[LB_MAX_BACKENDS] = { 0 };

/* Plain globals: the application reads them through the map behind .bss. */
__u64 packets_seen;
__u64 packets_malformed;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct lb_flow_key);
	__type(value, struct lb_flow);
	__uint(max_entries, LB_MAX_FLOWS);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct lb_stats);
	__uint(max_entries, LB_MAX_BACKENDS);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Where parsing stands; all in one place so that subprograms take a pointer instead of six values. */
struct cursor {
	void *data, *end;
	struct eth_hdr *eth;
	struct lb_flow_key key;
	__u32 len;
};

static __always_inline bool is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/*
 * A hash of the flow. A global function: the verifier checks it once, for any key, apart from its
 * callers, who may then pass whatever has the right type. So it must expect NULL.
 */
__noinline __u32 flow_hash(const struct lb_flow_key *key)
{
	const __u32 *words = (const void *)key;
	__u32 hash = 0x9e3779b9;

	if (!key)
		return 0;
	for (int i = 0; i < (int)(sizeof(*key) / 4); i++) {
		hash ^= words[i];
		hash *= 0x85ebca6b;
		hash ^= hash >> 13;
	}
	return hash;
}

/* A static function that is not inlined: checked with what its callers really pass. */
static __noinline void emit_event(__u32 kind, __u32 backend, __u32 len, const struct lb_flow_key *key)
{
	struct lb_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return; /* the application is slow; counting goes on */
	event->kind = kind;
	event->backend = backend;
	event->packet_len = len;
	event->sport = key->sport;
	event->dport = key->dport;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void count(__u32 backend, __u32 bytes)
{
	struct lb_stats *s = bpf_map_lookup_elem(&stats, &backend);

	if (!s)
		return;
	s->packets++; /* this CPU's own slot: no atomic needed */
	s->bytes += bytes;
}

static __always_inline bool port_is_ours(__be16 port)
{
	for (int i = 0; i < LB_MAX_PORTS; i++) {
		if (i < config.port_cnt && config.ports[i] == port)
			return true;
	}
	return false;
}

/* The backend of the flow: remembered, or chosen now. Negative when there is none. */
static __always_inline int backend_of(struct cursor *c)
{
	struct lb_flow fresh = { 0 }, *flow;
	__u32 cnt = config.backend_cnt;

	flow = bpf_map_lookup_elem(&flows, &c->key);
	if (flow) {
		__sync_fetch_and_add(&flow->packets, 1);
		flow->last_seen_ns = bpf_ktime_get_ns();
		return flow->backend;
	}
	if (!cnt || cnt > LB_MAX_BACKENDS)
		return -1;
	fresh.backend = flow_hash(&c->key) % cnt;
	fresh.packets = 1;
	fresh.last_seen_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&flows, &c->key, &fresh, BPF_NOEXIST))
		/* Full: still balanced by the hash, only not remembered. */
		emit_event(LB_EVENT_TABLE_FULL, fresh.backend, c->len, &c->key);
	else
		emit_event(LB_EVENT_NEW_FLOW, fresh.backend, c->len, &c->key);
	return fresh.backend;
}

/* RFC 1624: the new checksum from the old one and what changed. */
static __always_inline __sum16 csum_replace4(__sum16 check, __be32 from, __be32 to)
{
	__u32 sum = (__u16)~check;

	sum += (__u16)~from;
	sum += (__u16)~(from >> 16);
	sum += (__u16)to;
	sum += to >> 16;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline void set_macs(struct eth_hdr *eth, const volatile struct lb_backend *to)
{
	for (int i = 0; i < 6; i++) {
		eth->dst[i] = to->mac[i];
		eth->src[i] = config.own_mac[i];
	}
}

static __always_inline int malformed(struct cursor *c)
{
	packets_malformed++;
	emit_event(LB_EVENT_MALFORMED, 0, c->len, &c->key);
	return XDP_DROP;
}

static __always_inline int balance_ipv4(struct cursor *c)
{
	struct ipv4_hdr *ip = c->data;
	const volatile struct lb_backend *to;
	struct l4_ports *ports;
	__sum16 *check = 0;
	__be32 old_dst;
	__u32 hdr_len;
	int backend;

	if ((void *)(ip + 1) > c->end)
		return malformed(c);
	if (ip->dst != config.vip4 || (ip->proto != PROTO_TCP && ip->proto != PROTO_UDP))
		return XDP_PASS;
	hdr_len = (ip->ver_ihl & 0xf) * 4;
	if (hdr_len < sizeof(*ip))
		return malformed(c);
	if (ip->frag & bpf_htons(0x3fff))
		return XDP_PASS; /* a fragment: only the stack can put it together */
	ports = c->data + hdr_len;
	if ((void *)(ports + 1) > c->end)
		return malformed(c);
	if (!port_is_ours(ports->dst))
		return XDP_PASS;
	/* The checksum stands at 16 in TCP, at 6 in UDP. */
	check = (void *)ports + (ip->proto == PROTO_TCP ? 16 : 6);
	if ((void *)(check + 1) > c->end)
		return malformed(c);

	__builtin_memcpy(c->key.src, &ip->src, 4);
	c->key.sport = ports->src;
	c->key.dport = ports->dst;
	c->key.proto = ip->proto;
	c->key.family = 4;
	backend = backend_of(c);
	if (backend < 0 || backend >= LB_MAX_BACKENDS)
		return XDP_DROP;
	to = &backends[backend];

	old_dst = ip->dst;
	ip->dst = to->ip4;
	ip->check = csum_replace4(ip->check, old_dst, to->ip4);
	/* 0 in UDP means that the sender made no checksum; TCP always has one. */
	if (ip->proto == PROTO_TCP || *check) {
		*check = csum_replace4(*check, old_dst, to->ip4);
		if (ip->proto == PROTO_UDP && !*check)
			*check = 0xffff;
	}
	set_macs(c->eth, to);
	count(backend, c->len);
	return XDP_TX;
}

static __always_inline int balance_ipv6(struct cursor *c)
{
	struct ipv6_hdr *ip = c->data;
	struct l4_ports *ports;
	__u8 differs = 0;
	int backend;

	if ((void *)(ip + 1) > c->end)
		return malformed(c);
	for (int i = 0; i < 16; i++)
		differs |= ip->dst[i] ^ config.vip6[i];
	if (differs || (ip->next != PROTO_TCP && ip->next != PROTO_UDP))
		return XDP_PASS;
	ports = (void *)(ip + 1);
	if ((void *)(ports + 1) > c->end)
		return malformed(c);
	if (!port_is_ours(ports->dst))
		return XDP_PASS;

	__builtin_memcpy(c->key.src, ip->src, 16);
	c->key.sport = ports->src;
	c->key.dport = ports->dst;
	c->key.proto = ip->next;
	c->key.family = 6;
	backend = backend_of(c);
	if (backend < 0 || backend >= LB_MAX_BACKENDS)
		return XDP_DROP;
	set_macs(c->eth, &backends[backend]);
	count(backend, c->len);
	return XDP_TX;
}

SEC("xdp")
int xdp_lb(struct xdp_md *ctx)
{
	struct cursor c = {
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__be16 type;

	c.len = c.end - c.data;
	c.eth = c.data;
	__sync_fetch_and_add(&packets_seen, 1);
	if ((void *)(c.eth + 1) > c.end)
		return malformed(&c);
	type = c.eth->type;
	c.data = c.eth + 1;
	for (int i = 0; i < VLAN_DEPTH && is_vlan(type); i++) {
		struct vlan_hdr *vlan = c.data;

		if ((void *)(vlan + 1) > c.end)
			return malformed(&c);
		type = vlan->type;
		c.data = vlan + 1;
	}
	if (type == bpf_htons(ETH_P_IPV4))
		return balance_ipv4(&c);
	if (type == bpf_htons(ETH_P_IPV6))
		return balance_ipv6(&c);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
