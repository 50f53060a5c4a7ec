/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prog_array.c - programs that programs jump to. User space puts in descriptors and gets ids out.
 * A slot holds a reference; all slots are emptied when user space lets go of the map, since programs
 * use the map that holds them, and neither would ever end.
 */
#include "map/private.h"

#include "core/alloc.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct prog_array {
	struct skep_map map; /* first */
	pthread_mutex_t owner_lock;
	struct map_owner owner; /* under owner_lock */
	bool owned;
	struct tail_slots slots; /* last */
};

static struct prog_array *prog_array_of(const struct skep_map *map)
{
	return container_of((struct skep_map *)map, struct prog_array, map);
}

static u64 slots_size(u32 cnt)
{
	return (u64)cnt * sizeof(struct tail_prog *);
}

static int prog_array_check(const struct map_attr *attr)
{
	/* Programs neither read nor write it, so it cannot be read-only for them. */
	u32 ok = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

	if (attr->value_size != sizeof(u32) || attr->key_size != 4 || !attr->max_entries ||
	    (attr->flags & ~ok))
		return -EINVAL;
	return 0;
}

static int prog_array_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	u64 size = sizeof(struct prog_array) + slots_size(attr->max_entries);
	struct prog_array *array = acct_alloc(attr->acct, size);

	if (!array)
		return -ENOMEM;
	pthread_mutex_init(&array->owner_lock, NULL);
	array->slots.cnt = attr->max_entries;
	*ret_map = &array->map;
	return 0;
}

static struct map_prog *in_slot(struct tail_prog *tail)
{
	return tail ? container_of(tail, struct map_prog, tail) : NULL;
}

static void member_put(struct map_prog *prog)
{
	if (!prog)
		return;
	pthread_mutex_lock(&prog->ext_lock);
	prog->member_cnt--;
	pthread_mutex_unlock(&prog->ext_lock);
	prog->put(prog);
}

/* Who runs the program that was there has read the slot before; the reference goes by RCU. */
static bool slot_set(struct prog_array *array, u32 idx, struct tail_prog *tail)
{
	struct map_prog *old = in_slot(__atomic_exchange_n(&array->slots.at[idx], tail, __ATOMIC_ACQ_REL));

	member_put(old);
	return old;
}

static void prog_array_clear(struct skep_map *map)
{
	struct prog_array *array = prog_array_of(map);

	for (u32 i = 0; i < array->slots.cnt; i++)
		slot_set(array, i, NULL);
}

static void prog_array_free(struct skep_map *map)
{
	struct prog_array *array = prog_array_of(map);

	prog_array_clear(map); /* one that user space never had */
	pthread_mutex_destroy(&array->owner_lock);
	acct_free(map->acct, array, sizeof(*array) + slots_size(array->slots.cnt));
}

static bool same_owner(const struct map_owner *a, const struct map_owner *b)
{
	return a->type == b->type && a->jited == b->jited && a->xdp_has_frags == b->xdp_has_frags &&
	       a->sleepable == b->sleepable && a->attach_type == b->attach_type &&
	       a->attach_proto == b->attach_proto && a->storage[0] == b->storage[0] && a->storage[1] == b->storage[1];
}

static bool prog_array_fits(struct skep_map *map, const struct map_prog *prog)
{
	struct prog_array *array = prog_array_of(map);
	bool fits = true;

	pthread_mutex_lock(&array->owner_lock);
	if (array->owned) {
		fits = same_owner(&array->owner, &prog->kind);
	} else {
		array->owner = prog->kind;
		array->owned = true;
	}
	pthread_mutex_unlock(&array->owner_lock);
	return fits;
}

static int member_get(struct skep_map *map, int fd, struct map_prog **ret_prog)
{
	struct map_prog *prog;
	int err = map->objs ? map->objs->prog_by_fd(map->objs->ctx, fd, &prog) : -EBADF;

	if (err)
		return err;
	if (prog->is_ext || !prog_array_fits(map, prog)) {
		prog->put(prog);
		return -EINVAL;
	}
	pthread_mutex_lock(&prog->ext_lock);
	err = prog->ext_cnt ? -EBUSY : 0;
	prog->member_cnt += !err;
	pthread_mutex_unlock(&prog->ext_lock);
	if (err) {
		prog->put(prog);
		return err;
	}
	*ret_prog = prog;
	return 0;
}

static int prog_array_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct prog_array *array = prog_array_of(map);
	struct map_prog *prog;
	u32 idx = key_index(key);
	int fd, err;

	if (flags != BPF_ANY)
		return -EINVAL;
	if (idx >= array->slots.cnt)
		return -E2BIG;
	memcpy(&fd, value, sizeof(fd));
	err = member_get(map, fd, &prog);
	if (!err)
		slot_set(array, idx, &prog->tail);
	return err;
}

static long prog_array_delete(struct skep_map *map, const void *key)
{
	struct prog_array *array = prog_array_of(map);
	u32 idx = key_index(key);

	if (idx >= array->slots.cnt)
		return -E2BIG;
	return slot_set(array, idx, NULL) ? 0 : -ENOENT;
}

static int prog_array_sys_lookup(struct skep_map *map, const void *key, void *value,
				 u64 flags __unused_arg)
{
	struct prog_array *array = prog_array_of(map);
	u32 idx = key_index(key);
	struct map_prog *prog;

	prog = idx < array->slots.cnt ? in_slot(rcu_load(array->slots.at[idx])) : NULL;
	if (!prog)
		return -ENOENT;
	memcpy(value, &prog->id, sizeof(prog->id));
	return 0;
}

static int prog_array_next_key(struct skep_map *map, const void *key, void *ret_next)
{
	u32 idx = key ? key_index(key) : UINT32_MAX;
	u32 next = idx < map->max_entries ? idx + 1 : 0;

	if (next == map->max_entries)
		return -ENOENT;
	memcpy(ret_next, &next, sizeof(next));
	return 0;
}

static struct tail_slots *prog_array_slots(struct skep_map *map)
{
	return &prog_array_of(map)->slots;
}

static u64 prog_array_mem_usage(const struct skep_map *map)
{
	return sizeof(struct prog_array) + slots_size(map->max_entries);
}

/* No .lookup, no .update: programs cannot look inside, they can only jump. */
const struct map_ops prog_array_map_ops = {
	.name = "prog_array",
	.check = prog_array_check,
	.alloc = prog_array_alloc,
	.free = prog_array_free,
	.delete = prog_array_delete,
	.sys_lookup = prog_array_sys_lookup,
	.sys_update = prog_array_sys_update,
	.next_key = prog_array_next_key,
	.mem_usage = prog_array_mem_usage,
	.prog_fits = prog_array_fits,
	.tail_slots = prog_array_slots,
	.users_gone = prog_array_clear,
};
