/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xsk.h - AF_XDP sockets as far as programs meet them: bound to a queue of a device, in the places of an
 * XSKMAP, with the frames that were redirected to them waiting to be read. The rings and the memory that
 * an application of Linux shares with its socket are not modelled.
 */
#ifndef SKEP_MAP_XSK_H
#define SKEP_MAP_XSK_H

#include "base/types.h"
#include "core/memacct.h"

#define XSK_FRAME_MAX 3840 /* of a page, behind XDP_PACKET_HEADROOM */
#define XSK_RX_MAX    65536

struct xsk {
	u32 queue_id; /* what programs see, first of struct bpf_xdp_sock */
	u32 ifindex;
	u32 refs;  /* atomic */
	u32 users; /* descriptors; atomic. None left: it has left all maps */
	u32 rx_size; /* frames that may wait, 0: it only sends */
	struct xsk_ring *ring;
	struct memacct *acct;
};

/* One reference, no user. @rx_size: 0 or a power of two, XSK_RX_MAX at most. -EINVAL, -ENOMEM. */
int xsk_new(u32 ifindex, u32 queue_id, u32 rx_size, struct memacct *acct, struct xsk **ret_xsk);
void xsk_get(struct xsk *xsk);
void xsk_put(struct xsk *xsk); /* the memory after a grace period */
void xsk_user_get(struct xsk *xsk);
void xsk_user_put(struct xsk *xsk);
static inline bool xsk_is_open(const struct xsk *xsk)
{
	return __atomic_load_n(&xsk->users, __ATOMIC_ACQUIRE);
}

/* A frame from queue @queue_id of @ifindex. Any context. 0; -ENXIO: closed; -EINVAL: bound to another queue;
 * -ENOSPC: longer than XSK_FRAME_MAX; -ENOBUFS: as many as may wait do; -EBUSY: this interrupted a call of
 * its own thread for the same socket. */
int xsk_deliver(struct xsk *xsk, u32 ifindex, u32 queue_id, const void *data, u32 len);
/* The oldest frame, cut to @size: its length, or -EAGAIN, -EOPNOTSUPP (it only sends), -EBUSY. */
int xsk_receive(struct xsk *xsk, void *buf, u32 size);

#endif
