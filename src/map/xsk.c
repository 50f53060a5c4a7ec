/* SPDX-License-Identifier: BSD-2-Clause */
/* xsk.c - sockets that frames are redirected to: a ring of places for frames, under a resilient lock. */
#include "map/xsk.h"

#include "core/lock.h"
#include "core/rcu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct frame {
	u32 len;
	u8 data[XSK_FRAME_MAX];
};

struct xsk_ring {
	struct rlock lock;
	u32 head, tail; /* frames written and read, ever */
	u64 bytes;	/* charged */
	struct rcu_item rcu;
	struct xsk *owner;
	struct frame frames[];
};

static int ring_new(struct xsk *xsk)
{
	u64 bytes = sizeof(struct xsk_ring) + sizeof(struct frame) * (u64)xsk->rx_size;

	if (memacct_charge(xsk->acct, bytes))
		return -ENOMEM;
	xsk->ring = calloc(1, bytes);
	if (!xsk->ring) {
		memacct_release(xsk->acct, bytes);
		return -ENOMEM;
	}
	xsk->ring->bytes = bytes;
	xsk->ring->owner = xsk;
	return 0;
}

int xsk_new(u32 ifindex, u32 queue_id, u32 rx_size, struct memacct *acct, struct xsk **ret_xsk)
{
	struct xsk *xsk;
	int err;

	if (rx_size > XSK_RX_MAX || (rx_size & (rx_size - 1)))
		return -EINVAL;
	err = rcu_thread_ready();
	if (err)
		return err;
	xsk = malloc(sizeof(*xsk));
	if (!xsk)
		return -ENOMEM;
	*xsk = (struct xsk){ .queue_id = queue_id, .ifindex = ifindex, .refs = 1, .rx_size = rx_size, .acct = acct };
	err = ring_new(xsk);
	if (err) {
		free(xsk);
		return err;
	}
	*ret_xsk = xsk;
	return 0;
}

void xsk_get(struct xsk *xsk)
{
	__atomic_fetch_add(&xsk->refs, 1, __ATOMIC_RELAXED);
}

void xsk_user_get(struct xsk *xsk)
{
	__atomic_fetch_add(&xsk->users, 1, __ATOMIC_RELAXED);
}

void xsk_user_put(struct xsk *xsk)
{
	__atomic_fetch_sub(&xsk->users, 1, __ATOMIC_RELEASE);
}

static void xsk_free(struct rcu_item *item)
{
	struct xsk_ring *ring = container_of(item, struct xsk_ring, rcu);
	struct xsk *xsk = ring->owner;

	memacct_release(xsk->acct, ring->bytes);
	free(ring);
	free(xsk);
}

void xsk_put(struct xsk *xsk)
{
	if (!__atomic_sub_fetch(&xsk->refs, 1, __ATOMIC_ACQ_REL))
		rcu_defer(&xsk->ring->rcu, xsk_free);
}

int xsk_deliver(struct xsk *xsk, u32 ifindex, u32 queue_id, const void *data, u32 len)
{
	struct xsk_ring *ring = xsk->ring;
	int err = 0;

	if (!xsk_is_open(xsk))
		return -ENXIO;
	if (xsk->ifindex != ifindex || xsk->queue_id != queue_id)
		return -EINVAL;
	if (len > XSK_FRAME_MAX)
		return -ENOSPC;
	if (rlock_take(&ring->lock))
		return -EBUSY;
	if (ring->head - ring->tail < xsk->rx_size) {
		struct frame *frame = &ring->frames[ring->head++ & (xsk->rx_size - 1)];

		frame->len = len;
		memcpy(frame->data, data, len);
	} else {
		err = -ENOBUFS;
	}
	rlock_drop(&ring->lock);
	return err;
}

int xsk_receive(struct xsk *xsk, void *buf, u32 size)
{
	struct xsk_ring *ring = xsk->ring;
	int ret = -EAGAIN;

	if (!xsk->rx_size)
		return -EOPNOTSUPP;
	if (rlock_take(&ring->lock))
		return -EBUSY;
	if (ring->head != ring->tail) {
		const struct frame *frame = &ring->frames[ring->tail++ & (xsk->rx_size - 1)];

		memcpy(buf, frame->data, min_of(size, frame->len));
		ret = (int)frame->len;
	}
	rlock_drop(&ring->lock);
	return ret;
}
