/* SPDX-License-Identifier: BSD-2-Clause */
/* ringbuf.c - ring_buffer__*: one consumer for several ring buffer maps, with an epoll descriptor. */
#include "loader/internal.h"

#include "map/map.h"
#include "syscall/syscall.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct ring {
	struct skep_map *map;
	int map_fd; /* as given, not ours */
	ring_buffer_sample_fn fn;
	void *ctx;
};

struct ring_buffer {
	struct ring **rings; /* each its own: applications keep pointers */
	u32 cnt;
	int epoll_fd;
};

int ring_buffer__add(struct ring_buffer *rb, int map_fd, ring_buffer_sample_fn sample_cb, void *ctx)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct skep *skep = loader_instance();
	struct skep_map *map;
	struct ring **rings, *ring;
	int err, fd;

	NEED(rb);
	if (!skep)
		return libbpf_err(-errno);
	if (loader_on_kernel()) {
		pr_warn("not modelled: ring buffers of the running kernel\n");
		return libbpf_err(-EOPNOTSUPP);
	}
	err = skep_map_from_fd(skep, map_fd, &map);
	if (err)
		return libbpf_err(err == -EBADF ? -EBADFD : err); /* as BPF_OBJ_GET_INFO_BY_FD says it */
	if (map->type != BPF_MAP_TYPE_RINGBUF) {
		pr_warn("ring buffer: map '%s' is not BPF_MAP_TYPE_RINGBUF\n", map->name);
		map_put(map);
		return libbpf_err(-EINVAL);
	}
	rings = realloc(rb->rings, (rb->cnt + 1) * sizeof(*rings));
	if (rings)
		rb->rings = rings;
	ring = rings ? malloc(sizeof(*ring)) : NULL;
	if (!ring) {
		map_put(map);
		return libbpf_err(-ENOMEM);
	}
	*ring = (struct ring){ map, map_fd, sample_cb, ctx };
	ev.data.ptr = ring;
	fd = map->ops->poll_fd ? map->ops->poll_fd(map) : -1;
	if (fd < 0 || epoll_ctl(rb->epoll_fd, EPOLL_CTL_ADD, fd, &ev)) {
		err = fd < 0 ? -EOPNOTSUPP : -errno;
		pr_warn("ringbuf: failed to epoll add map fd=%d: %s\n", map_fd, ERR_STR(err));
		free(ring);
		map_put(map);
		return libbpf_err(err);
	}
	rb->rings[rb->cnt++] = ring;
	return 0;
}

struct ring_buffer *ring_buffer__new(int map_fd, ring_buffer_sample_fn sample_cb, void *ctx,
				     const struct ring_buffer_opts *opts)
{
	struct ring_buffer *rb;
	int err;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err_ptr(-EINVAL);
	rb = calloc(1, sizeof(*rb));
	if (!rb)
		return libbpf_err_ptr(-ENOMEM);
	rb->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = rb->epoll_fd < 0 ? -errno : ring_buffer__add(rb, map_fd, sample_cb, ctx);
	if (err) {
		ring_buffer__free(rb);
		return libbpf_err_ptr(err);
	}
	return rb;
}

void ring_buffer__free(struct ring_buffer *rb)
{
	if (!rb)
		return;
	for (u32 i = 0; i < rb->cnt; i++) {
		map_put(rb->rings[i]->map);
		free(rb->rings[i]);
	}
	if (rb->epoll_fd >= 0)
		close(rb->epoll_fd);
	free(rb->rings);
	free(rb);
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* No callback returns this; it ends a walk after the last wanted record. */
#define ENOUGH INT_MIN

struct limited {
	const struct ring *ring;
	size_t left;
	long done;
};

static int count_down(void *ctx, void *data, size_t size)
{
	struct limited *l = ctx;
	int err = l->ring->fn ? l->ring->fn(l->ring->ctx, data, size) : -EINVAL;

	if (err < 0)
		return err == ENOUGH ? -EINVAL : err;
	l->done++;
	return --l->left ? 0 : ENOUGH;
}

/* Who stops early leaves records and no wake-up for them, so that is given again. */
static long consume_ring(const struct ring *ring, size_t n)
{
	struct limited l = { ring, n, 0 };
	u64 one = 1;
	long got = n ? ringbuf_consume(ring->map, count_down, &l) : 0;

	if (got < 0 && ringbuf_query(ring->map, BPF_RB_AVAIL_DATA) &&
	    write(ring->map->ops->poll_fd(ring->map), &one, sizeof(one)) < 0 && errno != EAGAIN)
		return -errno;
	return got == ENOUGH ? l.done : got;
}

static int consume_all(struct ring_buffer *rb, size_t n)
{
	long total = 0;

	for (u32 i = 0; i < rb->cnt && n; i++) {
		long got = consume_ring(rb->rings[i], n);

		if (got < 0)
			return libbpf_err(got);
		total += got;
		n -= min_of((size_t)got, n);
	}
	return total > INT_MAX ? INT_MAX : total;
}

int ring_buffer__consume(struct ring_buffer *rb)
{
	NEED(rb);
	return consume_all(rb, INT_MAX);
}

int ring_buffer__consume_n(struct ring_buffer *rb, size_t n)
{
	NEED(rb);
	return consume_all(rb, n);
}

int ring_buffer__poll(struct ring_buffer *rb, int timeout_ms)
{
	struct epoll_event events[16];
	long total = 0;
	int n;

	NEED(rb);
	n = epoll_wait(rb->epoll_fd, events, ARRAY_SIZE(events), timeout_ms);
	if (n < 0)
		return libbpf_err(-errno);
	for (int i = 0; i < n; i++) {
		long got = consume_ring(events[i].data.ptr, INT_MAX);

		if (got < 0)
			return libbpf_err(got);
		total += got;
	}
	return total > INT_MAX ? INT_MAX : total;
}

int ring_buffer__epoll_fd(const struct ring_buffer *rb)
{
	NEED(rb);
	return rb->epoll_fd;
}

/* ---- single rings ---------------------------------------------------------------------------------- */

struct ring *ring_buffer__ring(struct ring_buffer *rb, unsigned int idx)
{
	NEED_PTR(rb);
	return idx < rb->cnt ? rb->rings[idx] : libbpf_err_ptr(-ERANGE);
}

int ring__map_fd(const struct ring *r)
{
	NEED(r);
	return r->map_fd;
}

int ring__consume_n(struct ring *r, size_t n)
{
	NEED(r);
	return libbpf_err(consume_ring(r, min_of(n, (size_t)INT_MAX)));
}

int ring__consume(struct ring *r)
{
	return ring__consume_n(r, INT_MAX);
}

unsigned long ring__consumer_pos(const struct ring *r)
{
	NEED_OR(r, 0);
	return ringbuf_query(r->map, BPF_RB_CONS_POS);
}

unsigned long ring__producer_pos(const struct ring *r)
{
	NEED_OR(r, 0);
	return ringbuf_query(r->map, BPF_RB_PROD_POS);
}

size_t ring__avail_data_size(const struct ring *r)
{
	NEED_OR(r, 0);
	return ringbuf_query(r->map, BPF_RB_AVAIL_DATA);
}

size_t ring__size(const struct ring *r)
{
	NEED_OR(r, 0);
	return ringbuf_query(r->map, BPF_RB_RING_SIZE);
}
