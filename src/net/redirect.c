/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redirect.c - sending packets elsewhere. Helpers note where to, and what the program returns decides
 * whether it happens: then the packet arrives at the device (dev.c), which is the end of its way.
 */
#include "net/private.h"

#include "map/xsk.h"

#include <linux/bpf.h>

#define TC_ACT_SHOT	2
#define TC_ACT_REDIRECT 7
#define BPF_F_PEER	BIT(2) /* Linux's own: into the device at the other end */

/* ---- XDP ---------------------------------------------------------------------------------------- */

static void xdp_before(void *hook_ctx)
{
	((struct xdp_buff *)hook_ctx)->redirect = (struct net_redirect){ 0 };
}

static void xdp_send(struct skep *skep, const struct xdp_buff *xdp, const struct net_device *dev, s32 cpu,
		     int err)
{
	struct net_sent sent = { .dev = dev, .cpu = cpu, .data = xdp->data, .err = err,
				 .len = (u32)((u8 *)xdp->data_end - (u8 *)xdp->data) };

	net_deliver(skep, &sent);
}

struct broadcast {
	struct skep *skep;
	const struct xdp_buff *xdp;
};

static long xdp_send_copy(void *ctx, struct skep_map *map __unused_arg, void *key __unused_arg, void *place)
{
	const struct broadcast *b = ctx;
	u32 ifindex = __atomic_load_n((u32 *)place, __ATOMIC_RELAXED), ingress = (u32)b->xdp->rxq->dev->ifindex;

	if (ifindex && !((b->xdp->redirect.map_flags & BPF_F_EXCLUDE_INGRESS) && ifindex == ingress))
		xdp_send(b->skep, b->xdp, net_dev_by_index(b->skep, ifindex), -1, 0);
	return 0;
}

static void xdp_broadcast(struct skep *skep, const struct xdp_buff *xdp, struct skep_map *map)
{
	struct broadcast b = { skep, xdp };

	map->ops->for_each(map, xdp_send_copy, &b, 0);
}

/* The place is looked at again: a socket may have been closed since. */
static void xdp_to_socket(struct skep *skep, const struct xdp_buff *xdp, struct skep_map *map)
{
	struct net_sent sent = { .cpu = -1, .data = xdp->data, .len = (u32)((u8 *)xdp->data_end - (u8 *)xdp->data) };
	struct xsk *xsk = map->ops->lookup(map, &xdp->redirect.ifindex);

	sent.xsk = xsk;
	sent.err = xsk ? xsk_deliver(xsk, (u32)xdp->rxq->dev->ifindex, xdp->rxq->queue_index, sent.data, sent.len) : -ENXIO;
	net_deliver(skep, &sent);
}

static void xdp_redirected(struct skep *skep, const struct xdp_buff *xdp)
{
	const struct net_redirect *to = &xdp->redirect;
	struct skep_map *map = (struct skep_map *)(uintptr_t)to->map;

	if (map && to->map_flags & BPF_F_BROADCAST)
		xdp_broadcast(skep, xdp, map);
	else if (map && map->type == BPF_MAP_TYPE_CPUMAP)
		xdp_send(skep, xdp, NULL, (s32)to->ifindex, 0);
	else if (map && map->type == BPF_MAP_TYPE_XSKMAP)
		xdp_to_socket(skep, xdp, map);
	else
		xdp_send(skep, xdp, net_dev_by_index(skep, to->ifindex), -1, to->ifindex ? 0 : -EINVAL);
}

static void xdp_after(struct skep *skep, void *hook_ctx, u32 retval)
{
	const struct xdp_buff *xdp = hook_ctx;

	if (retval == XDP_TX)
		xdp_send(skep, xdp, xdp->rxq->dev, -1, 0);
	else if (retval == XDP_REDIRECT)
		xdp_redirected(skep, xdp);
}

const struct repeat_hooks xdp_packet_hooks = { xdp_before, xdp_after };

/* The target is looked at when the frame is sent, not here: any index will do. */
NET_HELPER(xdp_redirect)
{
	struct xdp_buff *xdp = helper_run()->hook_ctx;

	if (r2)
		return XDP_ABORTED;
	xdp->redirect = (struct net_redirect){ .ifindex = (u32)r1 };
	return XDP_REDIRECT;
}

/* The lowest bits of the flags are the action for a place where nothing is. Of the key Linux looks at the lower
 * half only. */
NET_HELPER(xdp_redirect_map)
{
	struct xdp_buff *xdp = helper_run()->hook_ctx;
	struct skep_map *map = (struct skep_map *)(uintptr_t)r1;
	bool devs = map->type == BPF_MAP_TYPE_DEVMAP || map->type == BPF_MAP_TYPE_DEVMAP_HASH;
	u64 broadcast = devs ? BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS : 0, actions = XDP_TX;
	u32 key = (u32)r2, *place;

	if (r3 & ~(actions | broadcast))
		return XDP_ABORTED;
	place = map->ops->lookup(map, &key);
	if (!place && !(r3 & BPF_F_BROADCAST))
		return r3 & actions;
	xdp->redirect = (struct net_redirect){ .ifindex = !devs ? key : place ? *place : 0, .map = map,
					       .map_flags = r3 & broadcast };
	return XDP_REDIRECT;
}

/* ---- tc ------------------------------------------------------------------------------------------ */

static void skb_before(void *hook_ctx)
{
	((struct sk_buff *)hook_ctx)->redirect = (struct net_redirect){ 0 };
}

/* 0 or why it was dropped. */
static int skb_send(struct skep *skep, struct sk_buff *skb, const struct net_redirect *to)
{
	struct net_sent sent = { .dev = net_dev_by_index(skep, to->ifindex), .cpu = -1,
				 .ingress = to->flags & (BPF_F_INGRESS | BPF_F_PEER), .data = skb->data,
				 .len = skb->len };

	if (to->by_neigh && sent.dev)
		sent.err = fib_fill_header(skep, skb, sent.dev);
	net_deliver(skep, &sent);
	return sent.err;
}

static void skb_after(struct skep *skep, void *hook_ctx, u32 retval)
{
	struct sk_buff *skb = hook_ctx;

	if (retval == TC_ACT_REDIRECT)
		skb_send(skep, skb, &skb->redirect);
}

const struct repeat_hooks skb_packet_hooks = { skb_before, skb_after };

NET_HELPER(tc_redirect)
{
	struct sk_buff *skb = helper_run()->hook_ctx;

	if (r2 & ~(u64)BPF_F_INGRESS)
		return TC_ACT_SHOT;
	skb->redirect = (struct net_redirect){ .ifindex = (u32)r1, .flags = (u32)r2 };
	return TC_ACT_REDIRECT;
}

NET_HELPER(tc_redirect_peer)
{
	struct sk_buff *skb = helper_run()->hook_ctx;

	if (r2)
		return TC_ACT_SHOT;
	skb->redirect = (struct net_redirect){ .ifindex = (u32)r1, .flags = BPF_F_PEER };
	return TC_ACT_REDIRECT;
}

/* The clone goes at once; the packet itself goes on. */
NET_HELPER(tc_clone_redirect)
{
	struct sk_buff *skb = (struct sk_buff *)(uintptr_t)r1;
	struct skep *skep = helper_run()->skep;
	struct net_redirect to = { .ifindex = (u32)r2, .flags = (u32)r3 };

	if (r3 & ~(u64)BPF_F_INGRESS || !net_dev_by_index(skep, to.ifindex))
		return -EINVAL;
	skb_compute_data_pointers(skb);
	return (u64)skb_send(skep, skb, &to);
}

const struct net_helper xdp_redirect_helpers[] = {
	{ BPF_FUNC_redirect, xdp_redirect },
	{ BPF_FUNC_redirect_map, xdp_redirect_map },
};
const u32 xdp_redirect_helper_cnt = ARRAY_SIZE(xdp_redirect_helpers);

const struct net_helper tc_redirect_helpers[] = {
	{ BPF_FUNC_redirect, tc_redirect },
	{ BPF_FUNC_redirect_peer, tc_redirect_peer },
	{ BPF_FUNC_clone_redirect, tc_clone_redirect },
};
const u32 tc_redirect_helper_cnt = ARRAY_SIZE(tc_redirect_helpers);
