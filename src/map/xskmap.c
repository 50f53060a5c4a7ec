/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskmap.c - an array of AF_XDP sockets. User space puts them in by descriptor and cannot read them back;
 * programs look whether one is there, and send frames to it. A socket leaves its maps when its last
 * descriptor is closed: a place whose socket is closed is an empty one.
 */
#include "core/alloc.h"
#include "map/private.h"
#include "map/xsk.h"

#include <errno.h>
#include <stdlib.h>

struct xsk_map {
	struct skep_map map; /* first */
	struct xsk **places; /* each atomic, a reference */
};

static struct xsk_map *xsks_of(const struct skep_map *map)
{
	return (struct xsk_map *)map;
}

static int xskmap_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

	return attr->key_size != 4 || attr->value_size != 4 || !attr->max_entries || attr->flags & ~ok ? -EINVAL : 0;
}

static int xskmap_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct xsk_map *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->places = acct_alloc(attr->acct, sizeof(*m->places) * (u64)attr->max_entries);
	if (!m->places) {
		free(m);
		return -ENOMEM;
	}
	*ret_map = &m->map;
	return 0;
}

static void set_place(struct xsk **place, struct xsk *new)
{
	struct xsk *old = __atomic_exchange_n(place, new, __ATOMIC_ACQ_REL);

	if (old)
		xsk_put(old);
}

static void xskmap_free(struct skep_map *map)
{
	struct xsk_map *m = xsks_of(map);

	for (u32 i = 0; i < map->max_entries; i++)
		set_place(&m->places[i], NULL);
	acct_free(map->acct, m->places, sizeof(*m->places) * (u64)map->max_entries);
	free(m);
}

static struct xsk **place_at(const struct skep_map *map, const void *key)
{
	u32 idx;

	memcpy(&idx, key, sizeof(idx));
	return idx < map->max_entries ? &xsks_of(map)->places[idx] : NULL;
}

static struct xsk *open_at(struct xsk **place)
{
	struct xsk *xsk = __atomic_load_n(place, __ATOMIC_ACQUIRE);

	return xsk && xsk_is_open(xsk) ? xsk : NULL;
}

static void *xskmap_lookup(struct skep_map *map, const void *key)
{
	struct xsk **place = place_at(map, key);

	return place ? open_at(place) : NULL;
}

static int no_sys_lookup(struct skep_map *map __unused_arg, const void *key __unused_arg, void *value __unused_arg,
			 u64 flags __unused_arg)
{
	return -EOPNOTSUPP;
}

/* The flags hold for what is replaced. Inside RCU, so what was looked at is not freed and made anew. */
static int put_in(struct xsk **place, struct xsk *new, u64 flags)
{
	struct xsk *old = __atomic_load_n(place, __ATOMIC_ACQUIRE);
	bool is_there;

	if (!new->rx_size)
		return -EINVAL; /* M-08: nothing could arrive there */
	xsk_get(new);
	do {
		is_there = old && xsk_is_open(old);
		if (is_there ? old != new && flags == BPF_NOEXIST : flags == BPF_EXIST) {
			xsk_put(new);
			return is_there ? -EEXIST : -ENOENT;
		}
	} while (!__atomic_compare_exchange_n(place, &old, new, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	if (old)
		xsk_put(old);
	return 0;
}

static int xskmap_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct xsk **place = place_at(map, key), *xsk;
	int fd, err;

	if (flags > BPF_EXIST)
		return -EINVAL;
	if (!place)
		return -E2BIG;
	memcpy(&fd, value, sizeof(fd));
	err = map->objs && map->objs->xsk_by_fd ? map->objs->xsk_by_fd(map->objs->ctx, fd, &xsk) : -EBADF;
	if (err)
		return err;
	err = put_in(place, xsk, flags);
	xsk_put(xsk);
	return err;
}

static long xskmap_delete(struct skep_map *map, const void *key)
{
	struct xsk **place = place_at(map, key);

	if (!place)
		return -EINVAL;
	set_place(place, NULL);
	return 0;
}

static u64 xskmap_mem_usage(const struct skep_map *map)
{
	return sizeof(struct xsk_map) + sizeof(struct xsk *) * (u64)map->max_entries;
}

const struct map_ops xskmap_ops = {
	.name = "xskmap",
	.check = xskmap_check,
	.alloc = xskmap_alloc,
	.free = xskmap_free,
	.lookup = xskmap_lookup,
	.delete = xskmap_delete,
	.sys_lookup = no_sys_lookup,
	.sys_update = xskmap_sys_update,
	.next_key = array_next_key, /* empty places have keys too */
	.mem_usage = xskmap_mem_usage,
};
