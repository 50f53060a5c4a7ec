/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fib.c - where IP packets go: addresses of devices, routes and neighbours of the simulated machine, and the
 * helpers that ask. One routing table, without rules; of several routes the longest prefix, then the smallest
 * metric counts. The lists only grow, so that programs read them while the application adds.
 */
#include "net/private.h"

#include <skep/skep.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define TABLE_MAIN 254

struct fib_node {
	struct skep_route route;
	struct fib_node *next;
};

struct neigh_node {
	struct skep_neigh neigh;
	struct neigh_node *next;
};

struct routes {
	pthread_mutex_t lock;
	struct fib_node *routes;   /* newest first */
	struct neigh_node *neighs; /* newest first: a later one replaces an earlier one */
};

static struct routes *routes_of(struct skep *skep)
{
	return skep_room_get(skep, SKEP_ROOM_ROUTES);
}

static void routes_free(struct skep *skep __unused_arg, void *state)
{
	struct routes *r = state;
	struct fib_node *next_route;
	struct neigh_node *next_neigh;

	for (struct fib_node *n = r->routes; n; n = next_route) {
		next_route = n->next;
		free(n);
	}
	for (struct neigh_node *n = r->neighs; n; n = next_neigh) {
		next_neigh = n->next;
		free(n);
	}
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* ---- making them ------------------------------------------------------------------------------------------ */

static u32 addr_bits(u32 family)
{
	return family == AF_INET ? 32 : family == AF_INET6 ? 128 : 0;
}

static bool is_zero_addr(const u8 *addr)
{
	static const u8 zero[16];

	return !memcmp(addr, zero, 16);
}

static bool route_is_good(struct skep *skep, const struct skep_route *r)
{
	u32 bits = addr_bits(r->family);

	if (r->sz != sizeof(*r) || !bits || r->prefix_len > bits || r->type > SKEP_ROUTE_PROHIBIT)
		return false;
	return r->type == SKEP_ROUTE_UNICAST || r->type == SKEP_ROUTE_LOCAL ? !!net_dev_by_index(skep, r->ifindex)
									    : !r->ifindex;
}

int net_route_add(struct skep *skep, const struct skep_route *route)
{
	struct routes *r = routes_of(skep);
	struct fib_node *n;

	if (!route_is_good(skep, route))
		return -EINVAL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->route = *route;
	pthread_mutex_lock(&r->lock);
	n->next = r->routes;
	__atomic_store_n(&r->routes, n, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&r->lock);
	return 0;
}

int net_neigh_add(struct skep *skep, const struct skep_neigh *neigh)
{
	struct routes *r = routes_of(skep);
	struct neigh_node *n;

	if (neigh->sz != sizeof(*neigh) || !addr_bits(neigh->family) || !net_dev_by_index(skep, neigh->ifindex))
		return -EINVAL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->neigh = *neigh;
	pthread_mutex_lock(&r->lock);
	n->next = r->neighs;
	__atomic_store_n(&r->neighs, n, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&r->lock);
	return 0;
}

int net_dev_forward(struct skep *skep, u32 ifindex, bool on)
{
	struct net_device *dev = net_dev_by_index(skep, ifindex);

	if (!dev)
		return -ENODEV;
	__atomic_store_n(&dev->forwarding, on, __ATOMIC_RELAXED);
	return 0;
}

/* ---- asking ------------------------------------------------------------------------------------------------- */

static bool prefix_holds(const u8 *prefix, u32 len, const u8 *addr)
{
	u32 bytes = len / 8, bits = len % 8;

	if (memcmp(prefix, addr, bytes))
		return false;
	return !bits || !((prefix[bytes] ^ addr[bytes]) >> (8 - bits));
}

/* @oif: only routes through this device; 0: any. */
static const struct skep_route *find_route(struct skep *skep, u32 family, const u8 *dst, u32 oif)
{
	const struct skep_route *best = NULL;

	for (struct fib_node *n = __atomic_load_n(&routes_of(skep)->routes, __ATOMIC_ACQUIRE); n; n = n->next) {
		const struct skep_route *r = &n->route;

		if (r->family != family || (oif && r->ifindex != oif) || !prefix_holds(r->prefix, r->prefix_len, dst))
			continue;
		if (!best || r->prefix_len > best->prefix_len ||
		    (r->prefix_len == best->prefix_len && r->metric < best->metric))
			best = r;
	}
	return best;
}

static const u8 *find_neigh(struct skep *skep, u32 family, const u8 *addr, u32 ifindex)
{
	u32 size = addr_bits(family) / 8;

	for (struct neigh_node *n = __atomic_load_n(&routes_of(skep)->neighs, __ATOMIC_ACQUIRE); n; n = n->next) {
		if (n->neigh.family == family && n->neigh.ifindex == ifindex && !memcmp(n->neigh.addr, addr, size))
			return n->neigh.mac;
	}
	return NULL;
}

/* Why a route does not forward; 0: it does. */
static int route_verdict(const struct skep_route *r)
{
	switch (r ? r->type : SKEP_ROUTE_LOCAL) {
	case SKEP_ROUTE_UNICAST:
		return 0;
	case SKEP_ROUTE_BLACKHOLE:
		return BPF_FIB_LKUP_RET_BLACKHOLE;
	case SKEP_ROUTE_UNREACHABLE:
		return BPF_FIB_LKUP_RET_UNREACHABLE;
	case SKEP_ROUTE_PROHIBIT:
		return BPF_FIB_LKUP_RET_PROHIBIT;
	default:
		return BPF_FIB_LKUP_RET_NOT_FWDED;
	}
}

/* Into @params what the way there says: device, metric, next hop, source. */
static int set_route(struct bpf_fib_lookup *params, const struct skep_route *r, bool with_src)
{
	u32 size = addr_bits(r->family) / 8;

	params->rt_metric = r->metric;
	params->ifindex = r->ifindex;
	if (with_src && r->family == AF_INET6 && is_zero_addr(r->src))
		return BPF_FIB_LKUP_RET_NO_SRC_ADDR;
	if (with_src)
		memcpy(params->ipv6_src, r->src, size);
	if (!is_zero_addr(r->via))
		memcpy(params->ipv6_dst, r->via, size);
	return 0;
}

static int set_neigh(struct skep *skep, struct bpf_fib_lookup *params, const struct net_device *dev)
{
	const u8 *mac = find_neigh(skep, params->family, (const u8 *)params->ipv6_dst, (u32)dev->ifindex);

	if (!mac)
		return BPF_FIB_LKUP_RET_NO_NEIGH;
	memcpy(params->dmac, mac, 6);
	memcpy(params->smac, dev->dev_addr, 6);
	return 0;
}

static u32 route_mtu(struct skep *skep, const struct skep_route *r)
{
	return r->mtu ? r->mtu : net_dev_by_index(skep, r->ifindex)->mtu;
}

/* Linux's order: what comes first says no first, and has written what comes before it. */
static int fib_lookup(struct skep *skep, struct bpf_fib_lookup *params, u32 flags, bool check_mtu)
{
	const struct net_device *dev = net_dev_by_index(skep, params->ifindex);
	const struct skep_route *r;
	u32 mtu = 0;
	int err;

	if (!dev)
		return -ENODEV;
	if (!__atomic_load_n(&dev->forwarding, __ATOMIC_RELAXED))
		return BPF_FIB_LKUP_RET_FWD_DISABLED;
	if (flags & BPF_FIB_LOOKUP_DIRECT && flags & BPF_FIB_LOOKUP_TBID && params->tbid != TABLE_MAIN)
		return BPF_FIB_LKUP_RET_NOT_FWDED;
	r = find_route(skep, params->family, (const u8 *)params->ipv6_dst,
		       flags & BPF_FIB_LOOKUP_OUTPUT ? params->ifindex : 0);
	err = route_verdict(r);
	if (err)
		return err;
	if (check_mtu) {
		mtu = route_mtu(skep, r);
		if (params->tot_len > mtu) {
			params->mtu_result = (u16)mtu;
			return BPF_FIB_LKUP_RET_FRAG_NEEDED;
		}
	}
	err = set_route(params, r, flags & BPF_FIB_LOOKUP_SRC);
	if (!err && !(flags & BPF_FIB_LOOKUP_SKIP_NEIGH))
		err = set_neigh(skep, params, net_dev_by_index(skep, r->ifindex));
	if (err)
		return err;
	params->h_vlan_TCI = params->h_vlan_proto = 0;
	if (mtu)
		params->mtu_result = (u16)mtu;
	return BPF_FIB_LKUP_RET_SUCCESS;
}

#define FIB_FLAGS                                                                                  \
	(BPF_FIB_LOOKUP_DIRECT | BPF_FIB_LOOKUP_OUTPUT | BPF_FIB_LOOKUP_SKIP_NEIGH |               \
	 BPF_FIB_LOOKUP_TBID | BPF_FIB_LOOKUP_SRC | BPF_FIB_LOOKUP_MARK)

static int check_args(const struct bpf_fib_lookup *params, u64 size, u64 flags)
{
	if (size < sizeof(*params) || flags & ~(u64)FIB_FLAGS)
		return -EINVAL;
	return addr_bits(params->family) ? 0 : -EAFNOSUPPORT;
}

NET_HELPER(xdp_fib_lookup)
{
	struct bpf_fib_lookup *params = (struct bpf_fib_lookup *)(uintptr_t)r2;
	int err = check_args(params, r3, r4);

	return (u64)(s64)(err ? err : fib_lookup(helper_run()->skep, params, (u32)r4, true));
}

/* Without a length it is the packet that must fit the device. */
NET_HELPER(skb_fib_lookup)
{
	struct bpf_fib_lookup *params = (struct bpf_fib_lookup *)(uintptr_t)r2;
	const struct sk_buff *skb = (const struct sk_buff *)(uintptr_t)r1;
	int err = check_args(params, r3, r4);
	const struct net_device *dev;
	bool check_mtu;

	if (err)
		return (u64)(s64)err;
	check_mtu = params->tot_len;
	err = fib_lookup(helper_run()->skep, params, (u32)r4, check_mtu);
	if (err != BPF_FIB_LKUP_RET_SUCCESS || check_mtu)
		return (u64)(s64)err;
	dev = net_dev_by_index(helper_run()->skep, params->ifindex);
	if (!skb->shinfo->gso_size && skb->len > dev->mtu + dev->hard_header_len + VLAN_HLEN)
		err = BPF_FIB_LKUP_RET_FRAG_NEEDED;
	params->mtu_result = (u16)dev->mtu;
	return (u64)(s64)err;
}

/* ---- sending with the neighbour's address ----------------------------------------------------------------- */

#define TC_ACT_SHOT	2
#define TC_ACT_REDIRECT 7

/* Of the packet, by its version; NULL: it is none of IP. */
static const u8 *packet_dst(const struct sk_buff *skb, u32 *ret_family)
{
	const u8 *ip = skb->head + skb->network_header, *end = skb->data + skb->len;

	if (skb->protocol == htons(0x0800) && end - ip >= 20) {
		*ret_family = AF_INET;
		return ip + 16;
	}
	if (skb->protocol == htons(0x86dd) && end - ip >= 40) {
		*ret_family = AF_INET6;
		return ip + 24;
	}
	return NULL;
}

/* Writes the Ethernet header that leads to the next hop. 0 or why the packet is dropped. */
int fib_fill_header(struct skep *skep, struct sk_buff *skb, const struct net_device *dev)
{
	const struct net_redirect *to = &skb->redirect;
	u8 next_hop[16] = { 0 }, *eth = skb->data;
	const struct skep_route *r;
	const u8 *dst, *mac;
	u32 family;

	dst = packet_dst(skb, &family);
	if (!dst || skb->head + skb->network_header < eth + ETH_HLEN)
		return -EINVAL;
	if (to->nh_family) {
		family = to->nh_family;
		memcpy(next_hop, to->nh_addr, addr_bits(family) / 8);
	} else {
		r = find_route(skep, family, dst, (u32)dev->ifindex);
		if (!r || r->type != SKEP_ROUTE_UNICAST)
			return -ENETUNREACH;
		memcpy(next_hop, is_zero_addr(r->via) ? dst : r->via, addr_bits(family) / 8);
	}
	mac = find_neigh(skep, family, next_hop, (u32)dev->ifindex);
	if (!mac)
		return -EHOSTUNREACH;
	memcpy(eth, mac, 6);
	memcpy(eth + 6, dev->dev_addr, 6);
	memcpy(eth + 12, &skb->protocol, 2);
	return 0;
}

NET_HELPER(redirect_neigh)
{
	struct sk_buff *skb = helper_run()->hook_ctx;
	const struct bpf_redir_neigh *params = (const struct bpf_redir_neigh *)(uintptr_t)r2;

	if ((r3 && r3 < sizeof(*params)) || r4)
		return TC_ACT_SHOT;
	skb->redirect = (struct net_redirect){ .ifindex = (u32)r1, .by_neigh = true };
	if (r3 && params) {
		skb->redirect.nh_family = params->nh_family;
		memcpy(skb->redirect.nh_addr, params->ipv6_nh, sizeof(params->ipv6_nh));
	}
	return TC_ACT_REDIRECT;
}

int fib_init(struct skep *skep)
{
	static const struct {
		u32 type;
		struct net_helper helper;
	} rows[] = {
		{ BPF_PROG_TYPE_XDP, { BPF_FUNC_fib_lookup, xdp_fib_lookup } },
		{ BPF_PROG_TYPE_SCHED_CLS, { BPF_FUNC_fib_lookup, skb_fib_lookup } },
		{ BPF_PROG_TYPE_SCHED_ACT, { BPF_FUNC_fib_lookup, skb_fib_lookup } },
		{ BPF_PROG_TYPE_SCHED_CLS, { BPF_FUNC_redirect_neigh, redirect_neigh } },
		{ BPF_PROG_TYPE_SCHED_ACT, { BPF_FUNC_redirect_neigh, redirect_neigh } },
	};
	struct routes *r = calloc(1, sizeof(*r));
	int err = 0;

	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	skep_room_set(skep, SKEP_ROOM_ROUTES, r, routes_free);
	for (u32 i = 0; i < ARRAY_SIZE(rows) && !err; i++)
		err = skep_register_helper(skep, rows[i].type, rows[i].helper.id, rows[i].helper.fn);
	return err;
}
