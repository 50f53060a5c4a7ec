/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp_helpers.c - helpers of XDP programs. A frame is one buffer:
 *	hard_start | kept for struct xdp_frame | ... | data_meta | data ... data_end | ... | kept end
 * Packets in several buffers are not modelled.
 */
#include "net/private.h"

#include <string.h>

#include <linux/bpf.h>

static struct xdp_buff *xdp_of(u64 reg)
{
	return (struct xdp_buff *)(uintptr_t)reg;
}

static u64 pkt_len(const struct xdp_buff *xdp)
{
	return (u64)((u8 *)xdp->data_end - (u8 *)xdp->data);
}

static u8 *first_byte(const struct xdp_buff *xdp)
{
	return (u8 *)xdp->data_hard_start + XDP_FRAME_STRUCT;
}

static u8 *last_end(const struct xdp_buff *xdp)
{
	return (u8 *)xdp->data_hard_start + xdp->frame_sz - SKB_SHINFO_SIZE;
}

NET_HELPER(xdp_adjust_head)
{
	struct xdp_buff *xdp = xdp_of(r1);
	s32 off = (s32)r2;
	u8 *meta = xdp->data_meta;
	s64 meta_len = (u8 *)xdp->data - meta;
	s64 to_start = (u8 *)xdp->data - first_byte(xdp) - meta_len; /* room in front */

	if (off < -to_start || off > (s64)pkt_len(xdp) - ETH_HLEN)
		return -EINVAL;
	memmove(meta + off, meta, (size_t)meta_len);
	xdp->data_meta = meta + off;
	xdp->data = (u8 *)xdp->data + off;
	return 0;
}

NET_HELPER(xdp_adjust_meta)
{
	struct xdp_buff *xdp = xdp_of(r1);
	s64 meta_len = (u8 *)xdp->data - (u8 *)xdp->data_meta - (s32)r2;

	if (meta_len < 0 || meta_len > (u8 *)xdp->data - first_byte(xdp))
		return -EINVAL;
	if (meta_len & 3 || meta_len > 255)
		return -EACCES;
	xdp->data_meta = (u8 *)xdp->data - meta_len;
	return 0;
}

NET_HELPER(xdp_adjust_tail)
{
	struct xdp_buff *xdp = xdp_of(r1);
	s32 off = (s32)r2;
	u8 *end = xdp->data_end;

	if (off > last_end(xdp) - end || (s64)pkt_len(xdp) + off < ETH_HLEN)
		return -EINVAL;
	/* What was behind the packet may be left of another one. */
	if (off > 0)
		memset(end, 0, (size_t)off);
	xdp->data_end = end + off;
	return 0;
}

NET_HELPER(xdp_get_buff_len)
{
	return pkt_len(xdp_of(r1));
}

/* The bytes at @off of the packet, or NULL and *ret_err. */
static u8 *pkt_bytes(const struct xdp_buff *xdp, u32 off, u32 len, s64 *ret_err)
{
	if (off > 0xffff || len > 0xffff) {
		*ret_err = -EFAULT;
		return NULL;
	}
	if (off + len > pkt_len(xdp)) {
		*ret_err = -EINVAL;
		return NULL;
	}
	return (u8 *)xdp->data + off;
}

NET_HELPER(xdp_load_bytes)
{
	s64 err = 0;
	u8 *bytes = pkt_bytes(xdp_of(r1), (u32)r2, (u32)r4, &err);

	if (bytes)
		memmove((void *)(uintptr_t)r3, bytes, (u32)r4);
	return (u64)err;
}

NET_HELPER(xdp_store_bytes)
{
	s64 err = 0;
	u8 *bytes = pkt_bytes(xdp_of(r1), (u32)r2, (u32)r4, &err);

	if (bytes)
		memmove(bytes, (const void *)(uintptr_t)r3, (u32)r4);
	return (u64)err;
}

NET_HELPER(xdp_event_output)
{
	struct xdp_buff *xdp = xdp_of(r1);

	return event_output(r2, r3, r4, r5, xdp->data, pkt_len(xdp));
}

const struct net_helper xdp_helpers[] = {
	{ BPF_FUNC_perf_event_output, xdp_event_output },
	{ BPF_FUNC_xdp_adjust_head, xdp_adjust_head },
	{ BPF_FUNC_xdp_adjust_meta, xdp_adjust_meta },
	{ BPF_FUNC_xdp_adjust_tail, xdp_adjust_tail },
	{ BPF_FUNC_xdp_get_buff_len, xdp_get_buff_len },
	{ BPF_FUNC_xdp_load_bytes, xdp_load_bytes },
	{ BPF_FUNC_xdp_store_bytes, xdp_store_bytes },
};
const u32 xdp_helper_cnt = ARRAY_SIZE(xdp_helpers);
