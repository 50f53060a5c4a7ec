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
	ring_buffer_sample_fn fn;
	void *ctx;
};

struct ring_buffer {
	struct ring *rings;
	u32 cnt;
	int epoll_fd;
};

int ring_buffer__add(struct ring_buffer *rb, int map_fd, ring_buffer_sample_fn sample_cb, void *ctx)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct skep *skep = loader_instance();
	struct skep_map *map;
	struct ring *rings;
	int err, fd;

	if (!skep)
		return libbpf_err(-errno);
	if (loader_on_kernel())
		return libbpf_err(-EOPNOTSUPP);
	err = skep_map_from_fd(skep, map_fd, &map);
	if (err)
		return libbpf_err(err);
	if (map->type != BPF_MAP_TYPE_RINGBUF) {
		pr_warn("ring buffer: map '%s' is not BPF_MAP_TYPE_RINGBUF\n", map->name);
		map_put(map);
		return libbpf_err(-EINVAL);
	}
	rings = realloc(rb->rings, (rb->cnt + 1) * sizeof(*rings));
	if (!rings) {
		map_put(map);
		return libbpf_err(-ENOMEM);
	}
	rb->rings = rings;
	rings[rb->cnt] = (struct ring){ map, sample_cb, ctx };
	ev.data.u32 = rb->cnt;
	fd = map->ops->poll_fd ? map->ops->poll_fd(map) : -1;
	if (fd >= 0 && epoll_ctl(rb->epoll_fd, EPOLL_CTL_ADD, fd, &ev)) {
		err = -errno;
		map_put(map);
		return libbpf_err(err);
	}
	rb->cnt++;
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
	for (u32 i = 0; i < rb->cnt; i++)
		map_put(rb->rings[i].map);
	if (rb->epoll_fd >= 0)
		close(rb->epoll_fd);
	free(rb->rings);
	free(rb);
}

int ring_buffer__consume(struct ring_buffer *rb)
{
	long total = 0;

	for (u32 i = 0; i < rb->cnt; i++) {
		long got = ringbuf_consume(rb->rings[i].map, rb->rings[i].fn, rb->rings[i].ctx);

		if (got < 0)
			return libbpf_err(got);
		total += got;
	}
	return total > INT_MAX ? INT_MAX : total;
}

int ring_buffer__poll(struct ring_buffer *rb, int timeout_ms)
{
	struct epoll_event events[16];
	long total = 0;
	int n = epoll_wait(rb->epoll_fd, events, ARRAY_SIZE(events), timeout_ms);

	if (n < 0)
		return libbpf_err(-errno);
	for (int i = 0; i < n; i++) {
		const struct ring *ring = &rb->rings[events[i].data.u32];
		long got = ringbuf_consume(ring->map, ring->fn, ring->ctx);

		if (got < 0)
			return libbpf_err(got);
		total += got;
	}
	return total > INT_MAX ? INT_MAX : total;
}

int ring_buffer__epoll_fd(const struct ring_buffer *rb)
{
	return rb->epoll_fd;
}
