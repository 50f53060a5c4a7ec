/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skb_helpers.c - helpers on socket buffers. Buffers are linear and their checksum is not offloaded
 * (CHECKSUM_NONE), so that "make writable" means "has that many bytes".
 */
#include "net/private.h"

#include <limits.h>
#include <string.h>

#include <linux/bpf.h>

static struct sk_buff *skb_of(u64 reg)
{
	return (struct sk_buff *)(uintptr_t)reg;
}

static bool has_bytes(const struct sk_buff *skb, u64 end)
{
	return end <= skb->len;
}

/* A failed read leaves zeros: the verifier takes the buffer for initialised either way. */
static u64 read_failed(u64 to, u64 len)
{
	memset((void *)(uintptr_t)to, 0, (u32)len);
	return -EFAULT;
}

NET_HELPER(load_bytes)
{
	const struct sk_buff *skb = skb_of(r1);
	u32 off = (u32)r2, len = (u32)r4;

	if (off > INT_MAX || !has_bytes(skb, (u64)off + len))
		return read_failed(r3, len);
	memcpy((void *)(uintptr_t)r3, skb->data + off, len);
	return 0;
}

NET_HELPER(load_bytes_relative)
{
	const struct sk_buff *skb = skb_of(r1);
	const u8 *end = skb->data + skb->len, *start;
	u32 off = (u32)r2, len = (u32)r4;

	if (r5 != BPF_HDR_START_MAC && r5 != BPF_HDR_START_NET)
		return read_failed(r3, len);
	start = skb->head + (r5 == BPF_HDR_START_MAC ? skb->mac_header : skb->network_header);
	if (off > 0xffff || (u64)off + len > (u64)max_of(end - start, (ptrdiff_t)0))
		return read_failed(r3, len);
	memcpy((void *)(uintptr_t)r3, start + off, len);
	return 0;
}

NET_HELPER(store_bytes)
{
	struct sk_buff *skb = skb_of(r1);
	u32 off = (u32)r2, len = (u32)r4;

	if (r5 & ~(u64)(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return -EINVAL;
	if (off > INT_MAX || !has_bytes(skb, (u64)off + len))
		return -EFAULT;
	memcpy(skb->data + off, (const void *)(uintptr_t)r3, len);
	if (r5 & BPF_F_INVALIDATE_HASH)
		skb_clear_hash(skb);
	return 0;
}

NET_HELPER(pull_data)
{
	struct sk_buff *skb = skb_of(r1);

	if (!has_bytes(skb, (u32)r2))
		return -ENOMEM;
	skb_compute_data_pointers(skb);
	return 0;
}

/* ---- checksums: fields in the packet hold the complement of the sum (RFC 1624) -------------- */

static u32 add(u32 a, u32 b)
{
	u64 sum = (u64)a + b;

	return (u32)sum + (u32)(sum >> 32);
}

/* ~(~field - from + to) */
static void replace(u8 *field, u32 from, u32 to)
{
	u16 sum;

	memcpy(&sum, field, 2);
	sum = (u16)~csum_fold(add(add((u16)~sum, ~from), to));
	memcpy(field, &sum, 2);
}

/* The field, after the checks that both helpers make. NULL and *ret_err. */
static u8 *csum_field(struct sk_buff *skb, u64 off, s64 *ret_err)
{
	if ((u32)off > 0xffff || off & 1 || !has_bytes(skb, (u32)off + 2)) {
		*ret_err = -EFAULT;
		return NULL;
	}
	return skb->data + (u32)off;
}

/* Flags' low bits: the size of what changed, or 0 when @to is a difference already. */
static s64 change_sum(u8 *field, u64 from, u64 to, u32 size)
{
	switch (size) {
	case 0:
		if (from)
			return -EINVAL;
		replace(field, 0xffffffff, (u32)to); /* ~0 adds nothing in one's complement */
		return 0;
	case 2:
		replace(field, (u16)from, (u16)to);
		return 0;
	case 4:
		replace(field, (u32)from, (u32)to);
		return 0;
	default:
		return -EINVAL;
	}
}

NET_HELPER(l3_csum_replace)
{
	s64 err = 0;
	u8 *field;

	if (r5 & ~(u64)BPF_F_HDR_FIELD_MASK)
		return -EINVAL;
	field = csum_field(skb_of(r1), r2, &err);
	if (field)
		err = change_sum(field, r3, r4, r5 & BPF_F_HDR_FIELD_MASK);
	return (u64)err;
}

NET_HELPER(l4_csum_replace)
{
	bool mangled0 = r5 & BPF_F_MARK_MANGLED_0, force = r5 & BPF_F_MARK_ENFORCE;
	s64 err = 0;
	u8 *field;

	if (r5 & ~(u64)(BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR | BPF_F_IPV6 |
			BPF_F_HDR_FIELD_MASK))
		return -EINVAL;
	field = csum_field(skb_of(r1), r2, &err);
	if (!field)
		return (u64)err;
	/* UDP: a checksum of 0 means "none", and stays so. */
	if (mangled0 && !force && !field[0] && !field[1])
		return 0;
	err = change_sum(field, r3, r4, r5 & BPF_F_HDR_FIELD_MASK);
	if (!err && mangled0 && !field[0] && !field[1])
		field[0] = field[1] = 0xff;
	return (u64)err;
}

/* Only for checksums that hardware gave (CHECKSUM_COMPLETE), which these buffers do not have. */
NET_HELPER(csum_update)
{
	return -ENOTSUPP;
}

/* ---- marks ------------------------------------------------------------------------------------- */

NET_HELPER(change_type)
{
	struct sk_buff *skb = skb_of(r1);

	if ((u32)r2 > PACKET_OTHERHOST || skb->pkt_type > PACKET_OTHERHOST)
		return -EINVAL;
	skb->pkt_type = (u8)r2;
	return 0;
}

NET_HELPER(skb_event_output)
{
	struct sk_buff *skb = skb_of(r1);

	return event_output(r2, r3, r4, r5, skb->data, skb->len);
}

const struct net_helper skb_helpers[] = {
	{ BPF_FUNC_perf_event_output, skb_event_output },
	{ BPF_FUNC_skb_load_bytes, load_bytes },
	{ BPF_FUNC_skb_load_bytes_relative, load_bytes_relative },
};
const u32 skb_helper_cnt = ARRAY_SIZE(skb_helpers);

const struct net_helper tc_helpers[] = {
	{ BPF_FUNC_skb_store_bytes, store_bytes },
	{ BPF_FUNC_skb_pull_data, pull_data },
	{ BPF_FUNC_l3_csum_replace, l3_csum_replace },
	{ BPF_FUNC_l4_csum_replace, l4_csum_replace },
	{ BPF_FUNC_csum_update, csum_update },
	{ BPF_FUNC_skb_change_type, change_type },
};
const u32 tc_helper_cnt = ARRAY_SIZE(tc_helpers);
