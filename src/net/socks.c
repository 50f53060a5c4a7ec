/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socks.c - the sockets of the simulated machine, as applications would have opened them, and the helpers
 * that find them. A list that only grows: who found a socket may keep it as long as it runs, and giving it
 * back does nothing. All are in the first network namespace.
 */
#include "net/private.h"

#include <skep/skep.h>

#include <arpa/inet.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

struct sock_node {
	struct tcp_sock tp; /* first */
	bool v6only;
	struct sock_node *next;
};

struct socks {
	pthread_mutex_t lock;
	struct sock_node *newest;
};

static void socks_free(struct skep *skep __unused_arg, void *state)
{
	struct socks *socks = state;
	struct sock_node *next;

	for (struct sock_node *n = socks->newest; n; n = next) {
		next = n->next;
		free(n);
	}
	pthread_mutex_destroy(&socks->lock);
	free(socks);
}

/* ---- making them -------------------------------------------------------------------------------------- */

static bool is_any(const void *addr, u32 size)
{
	static const u8 zero[16];

	return !memcmp(addr, zero, size);
}

static bool state_fits(const struct skep_sock *desc)
{
	switch (desc->state) {
	case 0:
		return true;
	case BPF_TCP_ESTABLISHED:
		return desc->remote_port;
	case BPF_TCP_LISTEN:
		return desc->protocol == IPPROTO_TCP && !desc->remote_port;
	case BPF_TCP_CLOSE:
		return desc->protocol == IPPROTO_UDP && !desc->remote_port;
	default: /* a connection that begins or ends; requests of connections are no sockets yet */
		return desc->protocol == IPPROTO_TCP && desc->remote_port && desc->state < BPF_TCP_NEW_SYN_RECV;
	}
}

static bool desc_is_good(const struct skep_sock *desc)
{
	if (desc->sz != sizeof(*desc) || !desc->local_port || !state_fits(desc))
		return false;
	if (desc->family != AF_INET && desc->family != AF_INET6)
		return false;
	return desc->protocol == IPPROTO_TCP || desc->protocol == IPPROTO_UDP;
}

static u8 first_state(const struct skep_sock *desc)
{
	if (desc->state)
		return (u8)desc->state;
	if (desc->remote_port)
		return BPF_TCP_ESTABLISHED;
	return desc->protocol == IPPROTO_TCP ? BPF_TCP_LISTEN : BPF_TCP_CLOSE;
}

static void sock_fill(struct sock *sk, const struct skep_sock *desc)
{
	struct sock_common *skc = &sk->__sk_common;

	sk->sk_protocol = desc->protocol;
	sk->sk_type = desc->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
	sk->sk_mark = desc->mark;
	skc->skc_family = desc->family;
	skc->skc_state = first_state(desc);
	skc->skc_num = desc->local_port;
	skc->skc_dport = htons(desc->remote_port);
	skc->skc_bound_dev_if = (s32)desc->ifindex;
	if (desc->family == AF_INET) {
		memcpy(&skc->skc_rcv_saddr, desc->local, 4);
		memcpy(&skc->skc_daddr, desc->remote, 4);
	} else {
		memcpy(skc->skc_v6_rcv_saddr, desc->local, 16);
		memcpy(skc->skc_v6_daddr, desc->remote, 16);
	}
}

static bool same_ends(const struct sock *a, const struct sock *b)
{
	const struct sock_common *x = &a->__sk_common, *y = &b->__sk_common;

	return a->sk_protocol == b->sk_protocol && x->skc_family == y->skc_family && x->skc_num == y->skc_num &&
	       x->skc_dport == y->skc_dport && x->skc_bound_dev_if == y->skc_bound_dev_if &&
	       x->skc_rcv_saddr == y->skc_rcv_saddr && x->skc_daddr == y->skc_daddr &&
	       !memcmp(x->skc_v6_rcv_saddr, y->skc_v6_rcv_saddr, 16) &&
	       !memcmp(x->skc_v6_daddr, y->skc_v6_daddr, 16);
}

int net_sock_add(struct skep *skep, const struct skep_sock *desc)
{
	struct socks *socks = skep_room_get(skep, SKEP_ROOM_SOCKS);
	struct sock_node *n;
	int err = 0;

	if (!desc_is_good(desc) || (desc->ifindex && !net_dev_by_index(skep, desc->ifindex)))
		return -EINVAL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->tp = new_sock();
	n->v6only = desc->v6only;
	sock_fill(&n->tp.sk, desc);
	n->tp.sk.sk_lasts = true;
	n->tp.sk.sk_cookie = net_new_cookie(skep);
	pthread_mutex_lock(&socks->lock);
	for (const struct sock_node *o = socks->newest; o && !err; o = o->next)
		err = same_ends(&o->tp.sk, &n->tp.sk) ? -EADDRINUSE : 0;
	if (!err) {
		n->next = socks->newest;
		__atomic_store_n(&socks->newest, n, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&socks->lock);
	if (err)
		free(n);
	return err;
}

/* ---- finding them: a packet comes from saddr:sport to daddr:dport ----------------------------------- */

struct flow {
	u16 family, protocol;
	const void *saddr, *daddr;
	u16 sport, dport; /* as on the wire */
	u32 ifindex; /* where it arrives */
};

static u32 addr_size(u16 family)
{
	return family == AF_INET ? 4 : 16;
}

static const void *local_of(const struct sock_common *skc)
{
	return skc->skc_family == AF_INET ? (const void *)&skc->skc_rcv_saddr : skc->skc_v6_rcv_saddr;
}

static const void *remote_of(const struct sock_common *skc)
{
	return skc->skc_family == AF_INET ? (const void *)&skc->skc_daddr : skc->skc_v6_daddr;
}

/* How well it suits: the more it says, the better. -1: not at all. */
static int score_of(const struct sock_node *n, const struct flow *flow)
{
	const struct sock_common *skc = &n->tp.sk.__sk_common;
	u32 size = addr_size(skc->skc_family);
	bool any = is_any(local_of(skc), size);
	int score = skc->skc_family == AF_INET;

	if (n->tp.sk.sk_protocol != flow->protocol || skc->skc_num != ntohs(flow->dport))
		return -1;
	/* A wildcard of IPv6 takes IPv4 too, unless it was told not to. */
	if (skc->skc_family != flow->family &&
	    (skc->skc_family == AF_INET || !any || n->v6only || skc->skc_dport))
		return -1;
	if (!any && memcmp(local_of(skc), flow->daddr, size))
		return -1;
	if (skc->skc_dport && (skc->skc_dport != flow->sport || memcmp(remote_of(skc), flow->saddr, size)))
		return -1;
	if (skc->skc_bound_dev_if && (u32)skc->skc_bound_dev_if != flow->ifindex)
		return -1;
	return score + 2 * !!skc->skc_bound_dev_if + 4 * !any + 8 * !!skc->skc_dport;
}

static struct sock *find_sock(struct skep *skep, const struct flow *flow)
{
	struct socks *socks = skep_room_get(skep, SKEP_ROOM_SOCKS);
	struct sock_node *best = NULL;
	int best_score = -1;

	for (struct sock_node *n = __atomic_load_n(&socks->newest, __ATOMIC_ACQUIRE); n; n = n->next) {
		int score = score_of(n, flow);

		if (score > best_score) {
			best = n;
			best_score = score;
		}
	}
	return best ? &best->tp.sk : NULL;
}

/* ---- helpers ------------------------------------------------------------------------------------------- */

/* @netns -1 (a negative 32-bit number) is this namespace; no other one has an id. */
static struct sock *lookup(u32 ifindex, u16 protocol, const struct bpf_sock_tuple *tuple, u32 len, u64 netns,
			   u64 flags)
{
	struct flow flow = { .protocol = protocol, .ifindex = ifindex };

	if (flags || (s32)netns >= 0)
		return NULL;
	if (len == sizeof(tuple->ipv4)) {
		flow.family = AF_INET;
		flow.saddr = &tuple->ipv4.saddr;
		flow.daddr = &tuple->ipv4.daddr;
		flow.sport = tuple->ipv4.sport;
		flow.dport = tuple->ipv4.dport;
	} else if (len == sizeof(tuple->ipv6)) {
		flow.family = AF_INET6;
		flow.saddr = tuple->ipv6.saddr;
		flow.daddr = tuple->ipv6.daddr;
		flow.sport = tuple->ipv6.sport;
		flow.dport = tuple->ipv6.dport;
	} else {
		return NULL;
	}
	return find_sock(helper_run()->skep, &flow);
}

#define TUPLE ((const struct bpf_sock_tuple *)(uintptr_t)r2)
#define REG(ptr) ((u64)(uintptr_t)(ptr))

static u64 full_or_null(struct sock *sk)
{
	return sk && sock_is_full(sk) ? REG(sk) : 0;
}

static u32 skb_ifindex(u64 ctx)
{
	return (u32)((const struct sk_buff *)(uintptr_t)ctx)->dev->ifindex;
}

static u32 xdp_ifindex(u64 ctx)
{
	return (u32)((const struct xdp_buff *)(uintptr_t)ctx)->rxq->dev->ifindex;
}

/* A socket that connects comes from nowhere. */
static u32 no_ifindex(u64 ctx __unused_arg)
{
	return 0;
}

#define LOOKUPS(of, ifindex_of)                                                                    \
	NET_HELPER(of##_lookup_tcp)                                                                \
	{                                                                                          \
		return full_or_null(lookup(ifindex_of(r1), IPPROTO_TCP, TUPLE, (u32)r3, r4, r5));  \
	}                                                                                          \
	NET_HELPER(of##_lookup_udp)                                                                \
	{                                                                                          \
		return full_or_null(lookup(ifindex_of(r1), IPPROTO_UDP, TUPLE, (u32)r3, r4, r5));  \
	}                                                                                          \
	NET_HELPER(of##_lookup_skc)                                                                \
	{                                                                                          \
		return REG(lookup(ifindex_of(r1), IPPROTO_TCP, TUPLE, (u32)r3, r4, r5));           \
	}

LOOKUPS(skb, skb_ifindex)
LOOKUPS(xdp, xdp_ifindex)
LOOKUPS(addr, no_ifindex)

NET_HELPER(sk_release)
{
	return 0;
}

/* A test run's packet is not at tc's ingress, where alone it could be given a socket. */
NET_HELPER(skb_assign)
{
	return r3 ? -EINVAL : -EOPNOTSUPP;
}

/* What the lookup is to find; NULL: what it would have found by itself. */
NET_HELPER(lookup_assign)
{
	struct bpf_sk_lookup_kern *ctx = (struct bpf_sk_lookup_kern *)(uintptr_t)r1;
	struct sock *sk = (struct sock *)(uintptr_t)r2;
	u8 state = sk ? sk->__sk_common.skc_state : 0;

	if (r3 & ~(u64)(BPF_SK_LOOKUP_F_REPLACE | BPF_SK_LOOKUP_F_NO_REUSEPORT))
		return -EINVAL;
	if (sk && state != (sk->sk_protocol == IPPROTO_TCP ? BPF_TCP_LISTEN : BPF_TCP_CLOSE))
		return -ESOCKTNOSUPPORT;
	if (sk && sk->sk_protocol != ctx->protocol)
		return -EPROTOTYPE;
	if (sk && sk->__sk_common.skc_family != ctx->family && sk->__sk_common.skc_family == AF_INET)
		return -EAFNOSUPPORT;
	if (ctx->selected_sk && !(r3 & BPF_SK_LOOKUP_F_REPLACE))
		return -EEXIST;
	ctx->selected_sk = sk;
	return 0;
}

struct type_helper {
	u32 type;
	struct net_helper helper;
};

static int register_all(struct skep *skep, const struct type_helper *rows, u32 cnt)
{
	int err = 0;

	for (u32 i = 0; i < cnt && !err; i++)
		err = skep_register_helper(skep, rows[i].type, rows[i].helper.id, rows[i].helper.fn);
	return err;
}

#define OF_TYPE(prog_type, of)                                                                     \
	{ prog_type, { BPF_FUNC_sk_lookup_tcp, of##_lookup_tcp } },                                \
	{ prog_type, { BPF_FUNC_sk_lookup_udp, of##_lookup_udp } },                                \
	{ prog_type, { BPF_FUNC_skc_lookup_tcp, of##_lookup_skc } }

int socks_init(struct skep *skep)
{
	static const struct type_helper helpers[] = {
		OF_TYPE(BPF_PROG_TYPE_XDP, xdp),
		OF_TYPE(BPF_PROG_TYPE_SCHED_CLS, skb),
		OF_TYPE(BPF_PROG_TYPE_SCHED_ACT, skb),
		OF_TYPE(BPF_PROG_TYPE_CGROUP_SKB, skb),
		OF_TYPE(BPF_PROG_TYPE_SK_SKB, skb),
		OF_TYPE(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, addr),
		{ BPF_PROG_TYPE_UNSPEC, { BPF_FUNC_sk_release, sk_release } },
		{ BPF_PROG_TYPE_SCHED_CLS, { BPF_FUNC_sk_assign, skb_assign } },
		{ BPF_PROG_TYPE_SCHED_ACT, { BPF_FUNC_sk_assign, skb_assign } },
		{ BPF_PROG_TYPE_SK_LOOKUP, { BPF_FUNC_sk_assign, lookup_assign } },
	};
	struct socks *socks = calloc(1, sizeof(*socks));

	if (!socks)
		return -ENOMEM;
	pthread_mutex_init(&socks->lock, NULL);
	skep_room_set(skep, SKEP_ROOM_SOCKS, socks, socks_free);
	return register_all(skep, helpers, ARRAY_SIZE(helpers));
}
