/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skb_tunnel.c - the tunnel that a packet came through or shall go through: set by a program for the
 * device that sends it, read back by the next one.
 */
#include "net/private.h"

#include <arpa/inet.h>
#include <string.h>

#include <linux/bpf.h>

/* struct bpf_tunnel_key.tunnel_flags, big-endian there */
#define TUNNEL_CSUM	     0x0001
#define TUNNEL_KEY	     0x0004
#define TUNNEL_SEQ	     0x0008
#define TUNNEL_DONT_FRAGMENT 0x0100
#define TUNNEL_NOCACHE	     0x2000
#define TUNNEL_OPTS_PRESENT  0x5c00 /* Geneve, VXLAN and ERSPAN options */

static struct sk_buff *skb_of(u64 reg)
{
	return (struct sk_buff *)(uintptr_t)reg;
}

/* The structure grew: which sizes programs may have been built with. */
static bool size_known(u32 size)
{
	switch (size) {
	case sizeof(struct bpf_tunnel_key):
	case offsetof(struct bpf_tunnel_key, local_ipv6[0]):
	case offsetof(struct bpf_tunnel_key, tunnel_label):
	case offsetof(struct bpf_tunnel_key, tunnel_ext):
	case offsetof(struct bpf_tunnel_key, remote_ipv6[1]):
		return true;
	default:
		return false;
	}
}

static u16 flags_of(u64 flags)
{
	u16 tun = TUNNEL_KEY | TUNNEL_CSUM | TUNNEL_NOCACHE;

	if (flags & BPF_F_DONT_FRAGMENT)
		tun |= TUNNEL_DONT_FRAGMENT;
	if (flags & BPF_F_ZERO_CSUM_TX)
		tun &= (u16)~TUNNEL_CSUM;
	if (flags & BPF_F_SEQ_NUMBER)
		tun |= TUNNEL_SEQ;
	if (flags & BPF_F_NO_TUNNEL_KEY)
		tun &= (u16)~TUNNEL_KEY;
	return tun;
}

NET_HELPER(set_tunnel_key)
{
	u64 known = BPF_F_TUNINFO_IPV6 | BPF_F_ZERO_CSUM_TX | BPF_F_DONT_FRAGMENT |
		    BPF_F_SEQ_NUMBER | BPF_F_NO_TUNNEL_KEY;
	struct bpf_tunnel_key key = { 0 };
	struct sk_buff *skb = skb_of(r1);
	struct ip_tunnel_info *tun = &skb->tun;
	bool v6 = r4 & BPF_F_TUNINFO_IPV6;

	if (r4 & ~known || !size_known((u32)r3))
		return -EINVAL;
	memcpy(&key, (const void *)(uintptr_t)r2, (u32)r3);
	if ((!v6 && key.tunnel_label) || key.tunnel_ext)
		return -EINVAL;
	*tun = (struct ip_tunnel_info){ .given = true, .from_program = true, .ipv6 = v6,
					.tos = key.tunnel_tos, .ttl = key.tunnel_ttl,
					.id = key.tunnel_id, .tun_flags = flags_of(r4) };
	if (v6) {
		memcpy(tun->dst, key.remote_ipv6, sizeof(tun->dst));
		memcpy(tun->src, key.local_ipv6, sizeof(tun->src));
		tun->label = key.tunnel_label & 0xfffff;
	} else {
		tun->dst[0] = key.remote_ipv4;
		tun->src[0] = key.local_ipv4;
	}
	return 0;
}

NET_HELPER(get_tunnel_key)
{
	const struct ip_tunnel_info *tun = &skb_of(r1)->tun;
	void *to = (void *)(uintptr_t)r2;
	struct bpf_tunnel_key key = { 0 };
	u32 size = (u32)r3;
	bool v6 = r4 & BPF_F_TUNINFO_IPV6;
	s64 err = 0;

	if (!tun->given || r4 & ~(u64)(BPF_F_TUNINFO_IPV6 | BPF_F_TUNINFO_FLAGS))
		err = -EINVAL;
	else if (v6 != tun->ipv6)
		err = -EPROTO;
	else if (!size_known(size) ||
		 (tun->ipv6 && size == offsetof(struct bpf_tunnel_key, remote_ipv6[1])))
		err = -EINVAL;
	if (err) {
		memset(to, 0, size);
		return (u64)err;
	}
	key.tunnel_id = tun->id;
	key.tunnel_tos = tun->tos;
	key.tunnel_ttl = tun->ttl;
	if (r4 & BPF_F_TUNINFO_FLAGS)
		key.tunnel_flags = htons(tun->tun_flags);
	key.tunnel_label = tun->label;
	/* Who reads is at the other end: what was the source is remote. */
	memcpy(key.remote_ipv6, tun->src, sizeof(key.remote_ipv6));
	memcpy(key.local_ipv6, tun->dst, sizeof(key.local_ipv6));
	memcpy(to, &key, size);
	return 0;
}

NET_HELPER(set_tunnel_opt)
{
	struct ip_tunnel_info *tun = &skb_of(r1)->tun;
	u32 size = (u32)r3;

	if (!tun->from_program || size & 3)
		return -EINVAL;
	if (size > TUNNEL_OPTS_MAX)
		return -ENOMEM;
	memcpy(tun->options, (const void *)(uintptr_t)r2, size);
	tun->options_len = (u8)size;
	tun->tun_flags |= TUNNEL_OPTS_PRESENT;
	return 0;
}

NET_HELPER(get_tunnel_opt)
{
	const struct ip_tunnel_info *tun = &skb_of(r1)->tun;
	void *to = (void *)(uintptr_t)r2;
	u32 size = (u32)r3;

	memset(to, 0, size);
	if (!tun->given || !(tun->tun_flags & TUNNEL_OPTS_PRESENT))
		return -ENOENT;
	if (size < tun->options_len)
		return -ENOMEM;
	memcpy(to, tun->options, tun->options_len);
	return tun->options_len;
}

const struct net_helper skb_tunnel_helpers[] = {
	{ BPF_FUNC_skb_set_tunnel_key, set_tunnel_key },
	{ BPF_FUNC_skb_get_tunnel_key, get_tunnel_key },
	{ BPF_FUNC_skb_set_tunnel_opt, set_tunnel_opt },
	{ BPF_FUNC_skb_get_tunnel_opt, get_tunnel_opt },
};
const u32 skb_tunnel_helper_cnt = ARRAY_SIZE(skb_tunnel_helpers);
