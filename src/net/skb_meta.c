/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skb_meta.c - helpers on what a packet carries beside its bytes: hash, state of its checksum, time of
 * departure, congestion mark, and what it belongs to. A test run's packet belongs to a socket that
 * nobody else has, has no route, no security path, and no class but the first.
 */
#include "net/private.h"

#include "base/hash.h"

#include <arpa/inet.h>
#include <string.h>

#include <linux/bpf.h>

#define VLAN_MAX_DEPTH 8

static struct sk_buff *skb_of(u64 reg)
{
	return (struct sk_buff *)(uintptr_t)reg;
}

static const u8 *network_bytes(const struct sk_buff *skb, u32 len)
{
	u32 at = skb->network_header, end = (u32)(skb->data - skb->head) + skb->len;

	return at + (u64)len <= end ? skb->head + at : NULL;
}

/* ---- hash ---------------------------------------------------------------------------------------- */

NET_HELPER(set_hash)
{
	struct sk_buff *skb = skb_of(r1);

	skb->hash = (u32)r2;
	skb->l4_hash = skb->sw_hash = true;
	return 0;
}

NET_HELPER(set_hash_invalid)
{
	skb_clear_hash(skb_of(r1));
	return 0;
}

/* What tells flows apart, both directions alike: the smaller end first. */
struct flow {
	u64 words[6];
};

static void put_ends(struct flow *f, const u8 *src, const u8 *dst, u32 len)
{
	bool swap = memcmp(src, dst, len) > 0;

	memcpy(&f->words[0], swap ? dst : src, len);
	memcpy(&f->words[2], swap ? src : dst, len);
}

static void put_ports(struct flow *f, u8 proto, const u8 *l4)
{
	u16 a, b;

	f->words[4] = proto;
	if (!l4 || (proto != 6 && proto != 17))
		return;
	memcpy(&a, l4, 2);
	memcpy(&b, l4 + 2, 2);
	f->words[5] = a < b ? (u64)a << 16 | b : (u64)b << 16 | a;
}

static struct flow flow_of(const struct sk_buff *skb)
{
	struct flow f = { { 0 } };
	const u8 *ip;
	u32 hlen;

	if (skb->protocol == htons(0x0800) && (ip = network_bytes(skb, 20))) {
		hlen = (ip[0] & 15u) * 4;
		put_ends(&f, ip + 12, ip + 16, 4);
		/* Of later fragments there are no ports, so of none. */
		put_ports(&f, ip[9], (ip[6] & 0x3f) || ip[7] || !network_bytes(skb, hlen + 4) ? NULL :
												ip + hlen);
	} else if (skb->protocol == htons(0x86dd) && (ip = network_bytes(skb, 40))) {
		put_ends(&f, ip + 8, ip + 24, 16);
		put_ports(&f, ip[6], network_bytes(skb, 44) ? ip + 40 : NULL);
	}
	return f;
}

NET_HELPER(get_hash_recalc)
{
	struct sk_buff *skb = skb_of(r1);
	u64 hash = helper_host()->ptr_key;
	struct flow f;

	if (!skb->l4_hash && !skb->sw_hash) {
		f = flow_of(skb);
		for (u32 i = 0; i < ARRAY_SIZE(f.words); i++)
			hash = hash_u64(f.words[i], hash);
		skb->hash = (u32)hash ? (u32)hash : 1;
		skb->sw_hash = true;
	}
	return skb->hash;
}

/* ---- checksum ------------------------------------------------------------------------------------ */

NET_HELPER(csum_level)
{
	struct sk_buff *skb = skb_of(r1);
	bool checked = skb->ip_summed == CHECKSUM_UNNECESSARY;

	switch (r2) {
	case BPF_CSUM_LEVEL_INC:
		if (!checked)
			skb->ip_summed = CHECKSUM_UNNECESSARY;
		else if (skb->csum_level < SKB_MAX_CSUM_LEVEL)
			skb->csum_level++;
		return 0;
	case BPF_CSUM_LEVEL_DEC:
		if (checked && !skb->csum_level)
			skb->ip_summed = CHECKSUM_NONE;
		else if (checked)
			skb->csum_level--;
		return 0;
	case BPF_CSUM_LEVEL_RESET:
		skb->ip_summed = skb->csum_level = 0;
		return 0;
	case BPF_CSUM_LEVEL_QUERY:
		return checked ? skb->csum_level : (u64)-EACCES;
	default:
		return -EINVAL;
	}
}

/* ---- time and congestion -------------------------------------------------------------------------- */

NET_HELPER(set_tstamp)
{
	struct sk_buff *skb = skb_of(r1);

	if (skb->protocol != htons(0x0800) && skb->protocol != htons(0x86dd))
		return -EOPNOTSUPP;
	switch ((u32)r3) {
	case BPF_SKB_CLOCK_REALTIME:
		skb->tstamp = r2;
		break;
	case BPF_SKB_CLOCK_MONOTONIC:
	case BPF_SKB_CLOCK_TAI:
		if (!r2)
			return -EINVAL;
		skb->tstamp = r2;
		break;
	default:
		return -EINVAL;
	}
	skb->tstamp_type = (u8)r3;
	return 0;
}

/* The IPv4 header's sum follows its second byte, as RFC 1624 has it: the byte is the low half of a
 * 16-bit word on the wire. */
static void set_ce4(u8 *ip)
{
	u16 sum, from = htons((u16)(ip[0] << 8 | ip[1])), to;

	ip[1] |= 3;
	to = htons((u16)(ip[0] << 8 | ip[1]));
	memcpy(&sum, ip + 10, 2);
	sum = (u16)~csum_fold((u32)(u16)~sum + (u16)~from + to);
	memcpy(ip + 10, &sum, 2);
}

/* The protocol behind VLAN tags that are in the packet, 0 when it ends before. */
static u16 inner_protocol(const struct sk_buff *skb)
{
	u32 at = skb->mac_len ? skb->mac_len - 4u : ETH_HLEN;
	u16 type = skb->protocol;

	for (u32 depth = 0; type == htons(0x8100) || type == htons(0x88a8); depth++, at += 4) {
		if (at + 4 > skb->len || depth == VLAN_MAX_DEPTH)
			return 0;
		memcpy(&type, skb->data + at + 2, 2);
	}
	return type;
}

NET_HELPER(ecn_set_ce)
{
	struct sk_buff *skb = skb_of(r1);
	u16 proto = inner_protocol(skb);
	bool v4 = proto == htons(0x0800);
	u8 *ip = (u8 *)network_bytes(skb, v4 ? 20 : 40), ecn;

	if ((!v4 && proto != htons(0x86dd)) || !ip)
		return 0;
	ecn = v4 ? ip[1] & 3 : ip[1] >> 4 & 3;
	if (!ecn) /* the ends do not speak ECN */
		return 0;
	if (v4 && ecn != 3)
		set_ce4(ip);
	else if (!v4)
		ip[1] |= 0x30;
	skb_compute_data_pointers(skb);
	return 1;
}

/* ---- what it belongs to ------------------------------------------------------------------------- */

NET_HELPER(zero)
{
	return 0;
}

/* Each test run's packet has a socket of its own. */
NET_HELPER(get_socket_cookie)
{
	return net_sock_cookie(skb_of(r1)->sk);
}

NET_HELPER(get_xfrm_state)
{
	memset((void *)(uintptr_t)r3, 0, (u32)r4);
	return -EINVAL;
}

const struct net_helper skb_sock_helpers[] = {
	{ BPF_FUNC_get_socket_cookie, get_socket_cookie },
	{ BPF_FUNC_get_socket_uid, zero },
};
const u32 skb_sock_helper_cnt = ARRAY_SIZE(skb_sock_helpers);

const struct net_helper skb_meta_helpers[] = {
	{ BPF_FUNC_set_hash, set_hash },
	{ BPF_FUNC_set_hash_invalid, set_hash_invalid },
	{ BPF_FUNC_get_hash_recalc, get_hash_recalc },
	{ BPF_FUNC_csum_level, csum_level },
	{ BPF_FUNC_skb_set_tstamp, set_tstamp },
	{ BPF_FUNC_skb_ecn_set_ce, ecn_set_ce },
	{ BPF_FUNC_get_cgroup_classid, zero },
	{ BPF_FUNC_skb_cgroup_classid, zero },
	{ BPF_FUNC_get_route_realm, zero },
	{ BPF_FUNC_skb_get_xfrm_state, get_xfrm_state },
};
const u32 skb_meta_helper_cnt = ARRAY_SIZE(skb_meta_helpers);
