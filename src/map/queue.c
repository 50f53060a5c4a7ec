/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.c - queue and stack: values without keys. Both are one ring with a slot more than
 * max_entries, so that full and empty differ; head is where the next value goes, tail is the
 * oldest. What a queue hands out first is at tail, what a stack does is before head.
 *
 * Values are copied in and out under one resilient lock. A program that interrupted its own
 * thread's operation on the same map gets -EBUSY, as does one that waited too long.
 */
#include "core/lock.h"
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

#define VALUE_SIZE_MAX (4u << 20) /* Linux: what its allocator gives in one piece */

struct queue_map {
	struct skep_map map; /* first */
	struct rlock lock;
	u32 head, tail, slots;
	bool lifo;
	char *values;
};

static struct queue_map *queue_of(const struct skep_map *map)
{
	return (struct queue_map *)map;
}

static int queue_check(const struct map_attr *attr)
{
	if (!attr->max_entries || attr->key_size || !attr->value_size ||
	    (attr->flags & ~(u32)(BPF_F_NUMA_NODE | MAP_ACCESS_FLAGS)) || !map_access_ok(attr->flags))
		return -EINVAL;
	return attr->value_size > VALUE_SIZE_MAX ? -E2BIG : 0;
}

static u64 values_size(const struct queue_map *q, u32 value_size)
{
	return (u64)q->slots * value_size;
}

static int queue_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct queue_map *q;

	if (attr->max_entries == UINT32_MAX)
		return -E2BIG;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->lifo = attr->type == BPF_MAP_TYPE_STACK;
	q->slots = attr->max_entries + 1;
	q->values = acct_alloc(attr->acct, values_size(q, attr->value_size));
	if (!q->values) {
		free(q);
		return -ENOMEM;
	}
	*ret_map = &q->map;
	return 0;
}

static void queue_free(struct skep_map *map)
{
	struct queue_map *q = queue_of(map);

	acct_free(map->acct, q->values, values_size(q, map->value_size));
	free(q);
}

static u32 slot_after(const struct queue_map *q, u32 slot)
{
	return slot + 1 == q->slots ? 0 : slot + 1;
}

static u32 slot_before(const struct queue_map *q, u32 slot)
{
	return slot ? slot - 1 : q->slots - 1;
}

static char *slot_value(const struct queue_map *q, u32 slot)
{
	return q->values + (u64)slot * q->map.value_size;
}

/* What is handed out next. An empty one, or one whose lock is not to be had, gives zeros: the
 * program's buffer is all written, as the verifier believes. */
static long take(struct skep_map *map, void *value, bool remove)
{
	struct queue_map *q = queue_of(map);
	u32 slot;

	if (unlikely(rlock_take(&q->lock))) {
		memset(value, 0, map->value_size);
		return -EBUSY;
	}
	if (q->head == q->tail) {
		rlock_drop(&q->lock);
		memset(value, 0, map->value_size);
		return -ENOENT;
	}
	slot = q->lifo ? slot_before(q, q->head) : q->tail;
	value_copy(value, slot_value(q, slot), map->value_size);
	if (remove && q->lifo)
		q->head = slot;
	else if (remove)
		q->tail = slot_after(q, slot);
	rlock_drop(&q->lock);
	return 0;
}

static long queue_pop(struct skep_map *map, void *value)
{
	return take(map, value, true);
}

static long queue_peek(struct skep_map *map, void *value)
{
	return take(map, value, false);
}

/* BPF_EXIST: when it is full the oldest value goes, of a stack too. */
static long queue_push(struct skep_map *map, const void *value, u64 flags)
{
	struct queue_map *q = queue_of(map);
	long err = 0;

	if (unlikely(flags & ~(u64)BPF_EXIST))
		return -EINVAL;
	if (unlikely(rlock_take(&q->lock)))
		return -EBUSY;
	if (slot_after(q, q->head) == q->tail) {
		if (flags & BPF_EXIST)
			q->tail = slot_after(q, q->tail);
		else
			err = -E2BIG;
	}
	if (!err) {
		value_copy(slot_value(q, q->head), value, map->value_size);
		q->head = slot_after(q, q->head);
	}
	rlock_drop(&q->lock);
	return err;
}

static int queue_sys_lookup(struct skep_map *map, const void *key __unused_arg, void *value,
			    u64 flags __unused_arg)
{
	return (int)queue_peek(map, value);
}

static int queue_sys_update(struct skep_map *map, const void *key __unused_arg, const void *value,
			    u64 flags)
{
	return (int)queue_push(map, value, flags);
}

static int queue_sys_lookup_and_delete(struct skep_map *map, const void *key __unused_arg, void *value,
				       u64 flags)
{
	return flags ? -EINVAL : (int)queue_pop(map, value);
}

/* There are no keys, and Linux says so in these words. */
static long queue_delete(struct skep_map *map __unused_arg, const void *key __unused_arg)
{
	return -EINVAL;
}

static int queue_next_key(struct skep_map *map __unused_arg, const void *key __unused_arg,
			  void *ret_next __unused_arg)
{
	return -EINVAL;
}

static u64 queue_mem_usage(const struct skep_map *map)
{
	return sizeof(struct queue_map) + values_size(queue_of(map), map->value_size);
}

#define QUEUE_OPS(type_name)                                                                       \
	{                                                                                          \
		.name = type_name, .check = queue_check, .alloc = queue_alloc, .free = queue_free, \
		.push = queue_push, .pop = queue_pop, .peek = queue_peek, .delete = queue_delete,  \
		.sys_lookup = queue_sys_lookup, .sys_update = queue_sys_update,                    \
		.sys_lookup_and_delete = queue_sys_lookup_and_delete, .next_key = queue_next_key,  \
		.mem_usage = queue_mem_usage,                                                      \
	}
const struct map_ops queue_map_ops = QUEUE_OPS("queue");
const struct map_ops stack_map_ops = QUEUE_OPS("stack");
