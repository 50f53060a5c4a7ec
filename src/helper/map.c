/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.c - helpers on maps. The verifier has checked that the map's type has the operation
 * (vhost.helper_map_ok) and that key and value have the map's sizes.
 */
#include "helper/private.h"
#include "map/map.h"
#include "map/perf.h"

static struct skep_map *map_of(u64 reg)
{
	return (struct skep_map *)(uintptr_t)reg;
}

static void *ptr_of(u64 reg)
{
	return (void *)(uintptr_t)reg;
}

HELPER(map_lookup_elem)
{
	struct skep_map *map = map_of(r1);

	return (uintptr_t)map->ops->lookup(map, ptr_of(r2));
}

HELPER(map_update_elem)
{
	struct skep_map *map = map_of(r1);

	return map->ops->update(map, ptr_of(r2), ptr_of(r3), r4);
}

/* Linux's array maps have the operation and answer -EINVAL; here they may go without. */
HELPER(map_delete_elem)
{
	struct skep_map *map = map_of(r1);

	return map->ops->delete ? map->ops->delete (map, ptr_of(r2)) : -EINVAL;
}

HELPER(map_push_elem)
{
	struct skep_map *map = map_of(r1);

	return map->ops->push(map, ptr_of(r2), r3);
}

HELPER(map_pop_elem)
{
	struct skep_map *map = map_of(r1);

	return map->ops->pop(map, ptr_of(r2));
}

HELPER(map_peek_elem)
{
	struct skep_map *map = map_of(r1);

	return map->ops->peek(map, ptr_of(r2));
}

HELPER(map_lookup_percpu_elem)
{
	struct skep_map *map = map_of(r1);

	if ((u32)r3 >= map->cpu_cnt)
		return 0;
	return (uintptr_t)map->ops->lookup_percpu(map, ptr_of(r2), (u32)r3);
}

/* Whoever runs a program with such a map has values for it. */
HELPER(get_local_storage)
{
	return (uintptr_t)vcpu_current()->env->storage[map_storage_slot(map_of(r1)->type)];
}

HELPER(spin_lock)
{
	value_lock_take(ptr_of(r1));
	return 0;
}

HELPER(spin_unlock)
{
	value_lock_drop(ptr_of(r1));
	return 0;
}

/* Where there is no packet whose bytes could follow. */
HELPER(perf_event_output)
{
	struct perf_frag data = { ptr_of(r4), (u32)r5 };

	if (r3 & ~BPF_F_INDEX_MASK)
		return -EINVAL;
	return perf_array_output(map_of(r2), r3, &data, 1);
}

HELPER(ringbuf_reserve)
{
	return (uintptr_t)ringbuf_reserve(map_of(r1), r2, r3);
}

HELPER(ringbuf_submit)
{
	ringbuf_submit(ptr_of(r1), r2);
	return 0;
}

HELPER(ringbuf_discard)
{
	ringbuf_discard(ptr_of(r1), r2);
	return 0;
}

HELPER(ringbuf_output)
{
	return ringbuf_output(map_of(r1), ptr_of(r2), r3, r4);
}

HELPER(ringbuf_query)
{
	return ringbuf_query(map_of(r1), r2);
}
