/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perf_array.c - perf_event_array: slots for perf events, mostly one a CPU. User space puts events
 * in by descriptor and takes them out; it cannot read them back. Programs write records to them.
 */
#include "map/perf.h"
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

struct perf_array {
	struct skep_map map; /* first */
	u32 cnt;
	struct perf_event **slots; /* each atomic */
};

static struct perf_array *array_of(const struct skep_map *map)
{
	return (struct perf_array *)map;
}

static int perf_array_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_PRESERVE_ELEMS;

	return attr->key_size != 4 || attr->value_size != 4 || !attr->max_entries || (attr->flags & ~ok) ?
		       -EINVAL :
		       0;
}

static int perf_array_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct perf_array *array = calloc(1, sizeof(*array));

	if (!array)
		return -ENOMEM;
	array->cnt = attr->max_entries;
	array->slots = acct_alloc(attr->acct, sizeof(*array->slots) * (u64)array->cnt);
	if (!array->slots) {
		free(array);
		return -ENOMEM;
	}
	*ret_map = &array->map;
	return 0;
}

static bool clear_slot(struct perf_event **slot)
{
	struct perf_event *old = __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL);

	if (old)
		perf_event_put(old);
	return old;
}

static void clear_all(struct perf_array *array)
{
	for (u32 i = 0; i < array->cnt; i++)
		clear_slot(&array->slots[i]);
}

static void perf_array_free(struct skep_map *map)
{
	struct perf_array *array = array_of(map);

	clear_all(array);
	acct_free(map->acct, array->slots, sizeof(*array->slots) * (u64)array->cnt);
	free(array);
}

static struct perf_event **slot_of(const struct skep_map *map, const void *key)
{
	struct perf_array *array = array_of(map);
	u32 idx;

	memcpy(&idx, key, sizeof(idx));
	return idx < array->cnt ? &array->slots[idx] : NULL;
}

static int perf_array_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct perf_event **slot = slot_of(map, key), *new, *old;
	int fd, err;

	if (flags != BPF_ANY)
		return -EINVAL;
	if (!slot)
		return -E2BIG;
	memcpy(&fd, value, sizeof(fd));
	err = map->objs && map->objs->perf_by_fd ? map->objs->perf_by_fd(map->objs->ctx, fd, &new) : -EBADF;
	if (err)
		return err;
	old = __atomic_exchange_n(slot, new, __ATOMIC_ACQ_REL);
	if (old)
		perf_event_put(old);
	return 0;
}

static long perf_array_delete(struct skep_map *map, const void *key)
{
	struct perf_event **slot = slot_of(map, key);

	if (!slot)
		return -E2BIG;
	return clear_slot(slot) ? 0 : -ENOENT;
}

/* Events do not outlive who put them in, unless the map was made so. */
static void perf_array_users_gone(struct skep_map *map)
{
	if (!(map->flags & BPF_F_PRESERVE_ELEMS))
		clear_all(array_of(map));
}

static u64 perf_array_mem_usage(const struct skep_map *map)
{
	return sizeof(struct perf_array) + sizeof(struct perf_event *) * (u64)array_of(map)->cnt;
}

long perf_array_output(struct skep_map *map, u64 flags, const struct perf_frag *frags, u32 cnt)
{
	struct perf_array *array = array_of(map);
	u64 idx = flags & BPF_F_INDEX_MASK;
	struct perf_event *event;

	if (idx == BPF_F_CURRENT_CPU)
		idx = this_cpu();
	if (unlikely(idx >= array->cnt))
		return -E2BIG;
	event = __atomic_load_n(&array->slots[idx], __ATOMIC_ACQUIRE);
	return event ? perf_event_output(event, frags, cnt) : -ENOENT;
}

const struct map_ops perf_event_array_map_ops = {
	.name = "perf_event_array",
	.check = perf_array_check,
	.alloc = perf_array_alloc,
	.free = perf_array_free,
	.delete = perf_array_delete,
	.sys_update = perf_array_sys_update,
	.next_key = array_next_key,
	.users_gone = perf_array_users_gone,
	.mem_usage = perf_array_mem_usage,
};
