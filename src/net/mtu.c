/* SPDX-License-Identifier: BSD-2-Clause */
/* mtu.c - bpf_check_mtu(): does a packet, changed by so many bytes, fit a device. */
#include "net/private.h"

#include <arpa/inet.h>

#include <linux/bpf.h>

/* Index 0: the packet's own device. */
static const struct net_device *dev_of(struct net_device *own, u32 ifindex)
{
	return ifindex ? net_dev_by_index(helper_run()->skep, ifindex) : own;
}

/* With @given, the length of the IP packet, the packet itself does not matter. */
static bool fits(const struct net_device *dev, u32 given, u32 pkt_len, s32 diff)
{
	u32 len = given ? given + dev->hard_header_len : pkt_len;

	return (s32)(len + (u32)diff) <= (s32)(dev->mtu + dev->hard_header_len);
}

/* IP and transport header in front of each segment. */
static u32 segment_headers(const struct sk_buff *skb)
{
	const u8 *ip = skb->head + skb->network_header, *end = skb->data + skb->len;
	bool v6 = skb->protocol == htons(0x86dd);
	u32 len = v6 ? 40 : ip < end ? (*ip & 15u) * 4 : 0;

	if (skb->shinfo->gso_type & SKB_GSO_UDP_L4)
		return len + 8;
	return ip + len + 12 < end ? len + (ip[len + 12] >> 4) * 4u : len;
}

static u64 skb_verdict(const struct sk_buff *skb, u32 mtu, u64 flags)
{
	if (!skb->shinfo->gso_size)
		return BPF_MTU_CHK_RET_FRAG_NEEDED;
	if (flags & BPF_MTU_CHK_SEGS && segment_headers(skb) + skb->shinfo->gso_size > mtu)
		return BPF_MTU_CHK_RET_SEGS_TOOBIG;
	return BPF_MTU_CHK_RET_SUCCESS;
}

NET_HELPER(skb_check_mtu)
{
	const struct sk_buff *skb = (const struct sk_buff *)(uintptr_t)r1;
	u32 *mtu_len = (u32 *)(uintptr_t)r3, given = *mtu_len;
	const struct net_device *dev;
	u64 ret = BPF_MTU_CHK_RET_SUCCESS;

	if (r5 & ~(u64)BPF_MTU_CHK_SEGS || (r5 && ((s32)r4 || given)))
		return -EINVAL;
	dev = dev_of(skb->dev, (u32)r2);
	if (!dev)
		return -ENODEV;
	if (!fits(dev, given, skb->len, (s32)r4))
		ret = skb_verdict(skb, dev->mtu, r5);
	*mtu_len = dev->mtu;
	return ret;
}

NET_HELPER(xdp_check_mtu)
{
	const struct xdp_buff *xdp = (const struct xdp_buff *)(uintptr_t)r1;
	u32 *mtu_len = (u32 *)(uintptr_t)r3, given = *mtu_len;
	const struct net_device *dev;
	bool fit;

	if (r5)
		return -EINVAL;
	dev = dev_of(xdp->rxq->dev, (u32)r2);
	if (!dev)
		return -ENODEV;
	fit = fits(dev, given, (u32)((u8 *)xdp->data_end - (u8 *)xdp->data), (s32)r4);
	*mtu_len = dev->mtu;
	return fit ? BPF_MTU_CHK_RET_SUCCESS : BPF_MTU_CHK_RET_FRAG_NEEDED;
}

const struct net_helper tc_mtu_helper = { BPF_FUNC_check_mtu, skb_check_mtu };
const struct net_helper xdp_mtu_helper = { BPF_FUNC_check_mtu, xdp_check_mtu };
