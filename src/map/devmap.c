/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devmap.c - devmap and cpumap: arrays of places that XDP programs send frames to, a device or a CPU
 * each. A place is one word, replaced as a whole; 0 in its first half: nothing is there. Programs of
 * their own at such a place are not modelled.
 */
#include "map/devmap.h"

#include "core/alloc.h"
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

#define CPU_QUEUE_MAX 16384

struct place_map {
	struct skep_map map; /* first */
	struct place *places;
	struct place_devs devs;
};

static inline struct place_map *places_of(const struct skep_map *map)
{
	return (struct place_map *)map;
}

static int check_sizes(const struct map_attr *attr, u32 flags_ok)
{
	if (!attr->max_entries || attr->key_size != 4 ||
	    (attr->value_size != 4 && attr->value_size != 8) || attr->flags & ~flags_ok)
		return -EINVAL;
	return 0;
}

int devmap_check(const struct map_attr *attr)
{
	return check_sizes(attr, BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY);
}

static int cpumap_check(const struct map_attr *attr)
{
	int err = check_sizes(attr, BPF_F_NUMA_NODE);

	/* Linux: more CPUs than it was built for. */
	return !err && attr->max_entries > VCPU_MAX ? -E2BIG : err;
}

static int place_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct place_map *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->places = acct_alloc(attr->acct, sizeof(*m->places) * (u64)attr->max_entries);
	if (!m->places) {
		free(m);
		return -ENOMEM;
	}
	m->devs = (struct place_devs){ attr->dev_exists, attr->dev_ctx };
	*ret_map = &m->map;
	return 0;
}

static void place_free(struct skep_map *map)
{
	acct_free(map->acct, places_of(map)->places, sizeof(struct place) * (u64)map->max_entries);
	free(places_of(map));
}

static struct place *place_at(const struct skep_map *map, const void *key)
{
	u32 idx;

	memcpy(&idx, key, sizeof(idx));
	return idx < map->max_entries ? &places_of(map)->places[idx] : NULL;
}

static void *place_lookup(struct skep_map *map, const void *key)
{
	struct place *place = place_at(map, key);

	return place && __atomic_load_n(&place->what, __ATOMIC_RELAXED) ? place : NULL;
}

static void place_set(struct place *place, u32 what)
{
	struct place new = { .what = what };
	u64 word;

	memcpy(&word, &new, sizeof(word));
	__atomic_store_n((u64 *)place, word, __ATOMIC_RELEASE);
}

static long check_update(const struct place *place, u64 flags)
{
	if (flags > BPF_EXIST)
		return -EINVAL;
	if (!place)
		return -E2BIG;
	return flags == BPF_NOEXIST ? -EEXIST : 0;
}

struct place place_of_value(const struct skep_map *map, const void *value)
{
	struct place given = { 0 };

	memcpy(&given, value, map->value_size);
	return given;
}

int place_check_dev(const struct place_devs *devs, struct place given)
{
	if (!devs->exists || !devs->exists(devs->ctx, given.what))
		return -EINVAL;
	return given.prog > 0 ? -EOPNOTSUPP : 0;
}

static long devmap_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct place given = place_of_value(map, value), *place = place_at(map, key);
	long err = check_update(place, flags);

	if (err)
		return err;
	if (!given.what && given.prog > 0)
		return -EINVAL;
	err = given.what ? place_check_dev(&places_of(map)->devs, given) : 0;
	if (err)
		return err;
	place_set(place, given.what);
	return 0;
}

static long cpumap_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct place given = place_of_value(map, value), *place = place_at(map, key);
	long err = check_update(place, flags);

	if (err)
		return err;
	if (given.what > CPU_QUEUE_MAX)
		return -EOVERFLOW;
	if (place - places_of(map)->places >= map->cpu_cnt)
		return -ENODEV;
	if (given.what && given.prog > 0)
		return -EOPNOTSUPP;
	place_set(place, given.what);
	return 0;
}

static long place_delete(struct skep_map *map, const void *key)
{
	struct place *place = place_at(map, key);

	if (!place)
		return -EINVAL;
	place_set(place, 0);
	return 0;
}

/* Places where something is. */
static long place_for_each(struct skep_map *map, long (*fn)(void *ctx, struct skep_map *map, void *key, void *value),
			   void *ctx, u64 flags)
{
	void *place;
	long cnt = 0;

	if (flags)
		return -EINVAL;
	for (u32 key = 0; key < map->max_entries; key++) {
		place = place_lookup(map, &key);
		if (!place)
			continue;
		cnt++;
		if (fn(ctx, map, &key, place))
			break;
	}
	return cnt;
}

static u64 place_mem_usage(const struct skep_map *map)
{
	return sizeof(struct place_map) + sizeof(struct place) * (u64)map->max_entries;
}

/* A lookup gives the place itself, so programs must not write there. */
const struct map_ops devmap_ops = {
	.name = "devmap",
	.flags_always = BPF_F_RDONLY_PROG,
	.check = devmap_check,
	.alloc = place_alloc,
	.free = place_free,
	.lookup = place_lookup,
	.update = devmap_update,
	.delete = place_delete,
	.next_key = array_next_key, /* empty places have keys too */
	.for_each = place_for_each,
	.mem_usage = place_mem_usage,
};

const struct map_ops cpumap_ops = {
	.name = "cpumap",
	.check = cpumap_check,
	.alloc = place_alloc,
	.free = place_free,
	.lookup = place_lookup,
	.update = cpumap_update,
	.delete = place_delete,
	.next_key = array_next_key, /* empty places have keys too */
	.mem_usage = place_mem_usage,
};
