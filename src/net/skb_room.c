/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skb_room.c - helpers that give a packet more or less room: at its ends, behind the Ethernet header
 * and between network and transport header, and VLAN tags. Headers keep their places relative to what
 * they head; sizes of segments follow the size of the headers.
 */
#include "net/private.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define IPV4_HLEN 20
#define IPV6_HLEN 40
#define VLAN_HLEN 4
#define ETH_ALEN_2 12 /* both addresses */
#define VLAN_ETH_HLEN 18
#define ADJ_ROOM_MAX 0xfff

static struct sk_buff *skb_of(u64 reg)
{
	return (struct sk_buff *)(uintptr_t)reg;
}

static bool is_gso(const struct sk_buff *skb)
{
	return skb->shinfo->gso_size;
}

static bool is_gso_tcp(const struct sk_buff *skb)
{
	return skb->shinfo->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6);
}

static bool is_ipv4(const struct sk_buff *skb)
{
	return skb->protocol == htons(0x0800);
}

static bool is_ipv6(const struct sk_buff *skb)
{
	return skb->protocol == htons(0x86dd);
}

static bool is_vlan(u16 protocol)
{
	return protocol == htons(0x8100) || protocol == htons(0x88a8);
}

static u32 data_pos(const struct sk_buff *skb)
{
	return (u32)(skb->data - skb->head);
}

static u32 mac_header_len(const struct sk_buff *skb)
{
	return skb->network_header - skb->mac_header;
}

static s32 network_offset(const struct sk_buff *skb)
{
	return (s32)(skb->network_header - data_pos(skb));
}

/* ---- the ends ---------------------------------------------------------------------------------- */

/* What a shorter packet must still hold: all up to the innermost header that is known. */
static u32 min_len(const struct sk_buff *skb)
{
	s32 off = network_offset(skb), min = max_of(off, 0);

	if (skb->transport_header != HEADER_UNSET) {
		off = (s32)(skb->transport_header - data_pos(skb));
		if (off > 0)
			min = off;
	}
	return (u32)min;
}

NET_HELPER(change_tail)
{
	struct sk_buff *skb = skb_of(r1);
	u32 len = (u32)r2;

	if (r3 || len > BPF_SKB_MAX_LEN || len < min_len(skb))
		return -EINVAL;
	if (skb->encapsulation)
		return -ENOTSUPP;
	skb_set_len(skb, len);
	if (is_gso(skb))
		skb->shinfo->gso_size = skb->shinfo->gso_segs = skb->shinfo->gso_type = 0;
	skb_compute_data_pointers(skb);
	return 0;
}

NET_HELPER(change_head)
{
	struct sk_buff *skb = skb_of(r1);
	u32 room = (u32)r2;

	if (r3 || room > INT_MAX || (!is_gso(skb) && skb->len + room > BPF_SKB_MAX_LEN) ||
	    (u64)skb->len + room > skb->size)
		return -EINVAL;
	memset(skb_push(skb, room), 0, room);
	skb->mac_header = data_pos(skb);
	skb->mac_len = (u16)mac_header_len(skb);
	skb_compute_data_pointers(skb);
	return 0;
}

/* ---- in the middle ------------------------------------------------------------------------------- */

/* @len bytes of zeros at @off; headers behind stay where they are, those in front move with it. */
static void net_hdr_push(struct sk_buff *skb, u32 off, u32 len)
{
	bool same = skb->transport_header == skb->network_header;

	skb_push(skb, len);
	memmove(skb->data, skb->data + len, off);
	memset(skb->data + off, 0, len);
	skb->mac_header -= len;
	skb->network_header -= len;
	if (same)
		skb->transport_header = skb->network_header;
}

static int net_hdr_pop(struct sk_buff *skb, u32 off, u32 len)
{
	bool same = skb->transport_header == skb->network_header;

	if ((u64)off + len > skb->len)
		return -ENOMEM;
	memmove(skb->data + len, skb->data, off);
	skb_pull(skb, len);
	skb->mac_header += len;
	skb->network_header += len;
	if (same)
		skb->transport_header = skb->network_header;
	return 0;
}

static bool room_fits(const struct sk_buff *skb, u32 len)
{
	return (u64)skb->len + len <= skb->size;
}

/* Headers of the other kind are longer by the same for each segment. */
static void gso_follow_proto(struct sk_buff *skb, u32 from, u32 to)
{
	struct skb_shared_info *sh = skb->shinfo;

	if (is_gso(skb) && sh->gso_type & from)
		sh->gso_type = (sh->gso_type & ~from) | to;
}

NET_HELPER(change_proto)
{
	struct sk_buff *skb = skb_of(r1);
	u32 off = mac_header_len(skb), diff = IPV6_HLEN - IPV4_HLEN;
	u16 to = (u16)r2;
	int err = 0;

	if (r3)
		return -EINVAL;
	if (is_ipv4(skb) && to == htons(0x86dd)) {
		if (!room_fits(skb, diff))
			return -ENOMEM;
		net_hdr_push(skb, off, diff);
		gso_follow_proto(skb, SKB_GSO_TCPV4, SKB_GSO_TCPV6);
	} else if (is_ipv6(skb) && to == htons(0x0800)) {
		err = net_hdr_pop(skb, off, diff);
		if (!err)
			gso_follow_proto(skb, SKB_GSO_TCPV6, SKB_GSO_TCPV4);
	} else {
		err = -ENOTSUPP;
	}
	if (!err) {
		skb->protocol = to;
		skb_clear_hash(skb);
	}
	skb_compute_data_pointers(skb);
	return (u64)err;
}

/* ---- bpf_skb_adjust_room() ------------------------------------------------------------------------ */

#define ENCAP_L3 (BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6)
#define DECAP_L3 (BPF_F_ADJ_ROOM_DECAP_L3_IPV4 | BPF_F_ADJ_ROOM_DECAP_L3_IPV6)
#define ENCAP_L4 (BPF_F_ADJ_ROOM_ENCAP_L4_GRE | BPF_F_ADJ_ROOM_ENCAP_L4_UDP)
#define ENCAP_L2 ((u64)BPF_ADJ_ROOM_ENCAP_L2_MASK << BPF_ADJ_ROOM_ENCAP_L2_SHIFT)
#define ALL_FLAGS                                                                                  \
	(BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET | BPF_F_ADJ_ROOM_ENCAP_L2_ETH |   \
	 ENCAP_L3 | ENCAP_L4 | ENCAP_L2 | DECAP_L3)

/* Segments of a stream may change their size; a datagram's is the sender's business. */
static bool gso_may_change(const struct sk_buff *skb, u64 flags)
{
	if (!is_gso(skb) || is_gso_tcp(skb))
		return true;
	return (skb->shinfo->gso_type & SKB_GSO_UDP_L4) && (flags & BPF_F_ADJ_ROOM_FIXED_GSO);
}

/* What is wrong with flags that ask for a new outer header, before anything is changed. */
static int check_encap(const struct sk_buff *skb, u32 len, u64 flags)
{
	u32 inner_mac_len = (u32)(flags >> BPF_ADJ_ROOM_ENCAP_L2_SHIFT);

	if ((flags & ENCAP_L3) == ENCAP_L3 || (flags & ENCAP_L4) == ENCAP_L4)
		return -EINVAL;
	if (flags & BPF_F_ADJ_ROOM_ENCAP_L2_ETH && inner_mac_len < ETH_HLEN)
		return -EINVAL;
	if (skb->encapsulation)
		return -EALREADY;
	return inner_mac_len > len ? -EINVAL : 0;
}

static u32 encap_gso_type(u64 flags)
{
	if (flags & BPF_F_ADJ_ROOM_ENCAP_L4_UDP)
		return SKB_GSO_UDP_TUNNEL;
	if (flags & BPF_F_ADJ_ROOM_ENCAP_L4_GRE)
		return SKB_GSO_GRE;
	return flags & BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 ? SKB_GSO_IPXIP6 : SKB_GSO_IPXIP4;
}

/* The headers as they are become inner ones. */
static void mark_encap(struct sk_buff *skb, u32 mac_len, u32 inner_net, u32 inner_trans, u64 flags)
{
	u32 inner_mac_len = (u32)(flags >> BPF_ADJ_ROOM_ENCAP_L2_SHIFT);
	bool outer6 = flags & BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;

	skb->inner_mac_header = inner_net - inner_mac_len;
	skb->inner_network_header = inner_net;
	skb->inner_transport_header = inner_trans;
	skb->inner_protocol = flags & BPF_F_ADJ_ROOM_ENCAP_L2_ETH ? htons(0x6558) : skb->protocol;
	skb->encapsulation = true;
	skb->network_header = data_pos(skb) + mac_len;
	if (flags & ENCAP_L4)
		skb->transport_header = skb->network_header + (outer6 ? IPV6_HLEN : IPV4_HLEN);
	skb->protocol = htons(outer6 ? 0x86dd : 0x0800);
}

static int net_grow(struct sk_buff *skb, u32 off, u32 len, u64 flags)
{
	u32 mac_len = mac_header_len(skb), front, gso_type = 0;
	u32 inner_net, inner_trans;
	bool encap = flags & ENCAP_L3;
	int err;

	if (!gso_may_change(skb, flags))
		return -ENOTSUPP;
	err = encap ? check_encap(skb, len, flags) : 0;
	if (err)
		return err;
	if (!room_fits(skb, len))
		return -ENOMEM;
	/* Growing may move the packet; what lies behind is found from its end. */
	front = skb->network_header - data_pos(skb);
	inner_trans = skb->transport_header == HEADER_UNSET ? 0 : skb->transport_header - data_pos(skb);
	net_hdr_push(skb, off, len);
	if (encap) {
		inner_net = data_pos(skb) + len + front;
		if (skb->transport_header != HEADER_UNSET)
			inner_trans += data_pos(skb) + len;
		mark_encap(skb, mac_len, inner_net,
			   skb->transport_header == HEADER_UNSET ? HEADER_UNSET : inner_trans, flags);
		gso_type = encap_gso_type(flags);
	}
	if (is_gso(skb)) {
		if (!(flags & BPF_F_ADJ_ROOM_FIXED_GSO))
			skb->shinfo->gso_size = (u16)(skb->shinfo->gso_size - len);
		skb->shinfo->gso_type |= gso_type | SKB_GSO_DODGY;
		skb->shinfo->gso_segs = 0;
	}
	return 0;
}

/*
 * The outer headers are gone: the packet is of the inner protocol, and whoever cuts it into segments
 * must not look for a tunnel any more (N-09).
 */
static void mark_decap(struct sk_buff *skb, u64 flags)
{
	skb->protocol = htons(flags & BPF_F_ADJ_ROOM_DECAP_L3_IPV6 ? 0x86dd : 0x0800);
	skb->encapsulation = false;
	skb->shinfo->gso_type &= ~(u32)SKB_GSO_TUNNELS;
}

static int net_shrink(struct sk_buff *skb, u32 off, u32 len, u64 flags)
{
	int err;

	if (flags & ~(u64)(BPF_F_ADJ_ROOM_FIXED_GSO | DECAP_L3 | BPF_F_ADJ_ROOM_NO_CSUM_RESET))
		return -EINVAL;
	if (!gso_may_change(skb, flags))
		return -ENOTSUPP;
	err = net_hdr_pop(skb, off, len);
	if (err)
		return err;
	if (flags & DECAP_L3)
		mark_decap(skb, flags);
	if (is_gso(skb)) {
		if (!(flags & BPF_F_ADJ_ROOM_FIXED_GSO))
			skb->shinfo->gso_size = (u16)(skb->shinfo->gso_size + len);
		skb->shinfo->gso_type |= SKB_GSO_DODGY;
		skb->shinfo->gso_segs = 0;
	}
	return 0;
}

/* Bytes from the network header on that must remain; N-08: which header that is, DECAP says. 0 or
 * -EINVAL. */
static int len_to_keep(const struct sk_buff *skb, bool shrink, u64 flags, u32 *ret_len)
{
	*ret_len = is_ipv6(skb) ? IPV6_HLEN : IPV4_HLEN;
	if (!(flags & DECAP_L3))
		return 0;
	if (!shrink || (flags & DECAP_L3) == DECAP_L3)
		return -EINVAL;
	*ret_len = flags & BPF_F_ADJ_ROOM_DECAP_L3_IPV6 ? IPV6_HLEN : IPV4_HLEN;
	return 0;
}

/* Room is made or taken at @off. */
static int adjust(struct sk_buff *skb, s32 diff, u32 off, u64 flags)
{
	u32 len = (u32)abs(diff), keep, cur = skb->len - (u32)network_offset(skb);
	bool shrink = diff < 0;
	int err = len_to_keep(skb, shrink, flags, &keep);

	if (err)
		return err;
	if (shrink ? len >= cur || cur - len < keep :
		     skb->len + len > BPF_SKB_MAX_LEN && !is_gso(skb))
		return -ENOTSUPP;
	return shrink ? net_shrink(skb, off, len, flags) : net_grow(skb, off, len, flags);
}

NET_HELPER(adjust_room)
{
	struct sk_buff *skb = skb_of(r1);
	s32 diff = (s32)r2;
	u32 off = mac_header_len(skb);
	int err;

	if (r4 & ~(u64)ALL_FLAGS)
		return -EINVAL;
	if (diff > ADJ_ROOM_MAX || diff < -ADJ_ROOM_MAX)
		return -EFAULT;
	if (!is_ipv4(skb) && !is_ipv6(skb))
		return -ENOTSUPP;
	if ((u32)r3 == BPF_ADJ_ROOM_NET)
		off += is_ipv6(skb) ? IPV6_HLEN : IPV4_HLEN;
	else if ((u32)r3 != BPF_ADJ_ROOM_MAC)
		return -ENOTSUPP;
	err = adjust(skb, diff, off, r4);
	if (!err && !(r4 & BPF_F_ADJ_ROOM_NO_CSUM_RESET))
		skb->ip_summed = skb->csum_level = 0;
	skb_compute_data_pointers(skb);
	return (u64)err;
}

/* ---- VLAN tags ------------------------------------------------------------------------------------- */

/* The tag beside the packet goes into it, behind the addresses. */
static int insert_tag(struct sk_buff *skb)
{
	u16 tag[2] = { skb->vlan_proto, htons(skb->vlan_tci) };

	if (skb->len < ETH_ALEN_2 || !room_fits(skb, VLAN_HLEN))
		return -ENOMEM;
	skb_push(skb, VLAN_HLEN);
	memmove(skb->data, skb->data + VLAN_HLEN, ETH_ALEN_2);
	memcpy(skb->data + ETH_ALEN_2, tag, VLAN_HLEN);
	skb->mac_header -= VLAN_HLEN;
	skb->network_header -= VLAN_HLEN; /* the tag counts as what comes behind the Ethernet header */
	skb->protocol = skb->vlan_proto;
	return 0;
}

/* The tag in the packet comes out: its TCI, or negative. */
static int take_tag(struct sk_buff *skb)
{
	u16 tci, type;

	if (skb->data != skb->head + skb->mac_header)
		return -EINVAL;
	if (skb->len < VLAN_ETH_HLEN)
		return -ENOMEM;
	memcpy(&tci, skb->data + ETH_ALEN_2 + 2, 2);
	memcpy(&type, skb->data + ETH_ALEN_2 + 4, 2);
	memmove(skb->data + VLAN_HLEN, skb->data, ETH_ALEN_2);
	skb_pull(skb, VLAN_HLEN);
	skb->protocol = skb_encap_proto(ntohs(type), skb->data + ETH_HLEN, skb->len - ETH_HLEN);
	skb->mac_header += VLAN_HLEN;
	if (network_offset(skb) < ETH_HLEN)
		skb->network_header = data_pos(skb) + ETH_HLEN;
	skb->mac_len = (u16)mac_header_len(skb);
	return ntohs(tci);
}

NET_HELPER(vlan_push)
{
	struct sk_buff *skb = skb_of(r1);
	u16 proto = (u16)r2;
	int err = 0;

	if (!is_vlan(proto))
		proto = htons(0x8100);
	if (skb->vlan_all) {
		if (skb->data != skb->head + skb->mac_header)
			return -EINVAL;
		err = insert_tag(skb);
	}
	if (!err) {
		skb->vlan_proto = proto;
		skb->vlan_tci = (u16)r3;
	}
	skb_compute_data_pointers(skb);
	return (u64)err;
}

NET_HELPER(vlan_pop)
{
	struct sk_buff *skb = skb_of(r1);
	u16 proto;
	int tci;

	if (skb->vlan_all) {
		skb->vlan_all = 0;
	} else {
		if (!is_vlan(skb->protocol))
			return 0;
		tci = take_tag(skb);
		if (tci < 0)
			return (u64)tci;
	}
	/* The next one takes its place beside the packet. */
	if (is_vlan(skb->protocol)) {
		proto = skb->protocol;
		tci = take_tag(skb);
		if (tci < 0)
			return (u64)tci;
		skb->vlan_proto = proto;
		skb->vlan_tci = (u16)tci;
	}
	skb_compute_data_pointers(skb);
	return 0;
}

const struct net_helper skb_room_helpers[] = {
	{ BPF_FUNC_skb_change_tail, change_tail },
	{ BPF_FUNC_skb_change_head, change_head },
	{ BPF_FUNC_skb_change_proto, change_proto },
	{ BPF_FUNC_skb_adjust_room, adjust_room },
	{ BPF_FUNC_skb_vlan_push, vlan_push },
	{ BPF_FUNC_skb_vlan_pop, vlan_pop },
};
const u32 skb_room_helper_cnt = ARRAY_SIZE(skb_room_helpers);
