/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapinmap.c - array_of_maps, and what it shares with hash_of_maps (hash.c): the template that all
 * inner maps of an outer map are like, and the way from a descriptor to a map and on to an id.
 *
 * A program that looks up gets the inner map itself, without a reference, and may use it until its
 * RCU read side ends. Who takes a map out of its slot drops the slot's reference, and a map whose
 * last reference is dropped is freed after a grace period: readers have left by then. What such a
 * reader deferred meanwhile (elements it deleted) is in the queue behind the map itself; so a map
 * that has ever been an inner one takes a second grace period (map_put()).
 */
#include "map/private.h"

#include "btf/btf.h"

#include <errno.h>
#include <stdlib.h>

/* Linux: program arrays are bound to their programs, maps of maps do not nest, and who finds a map
 * in another is not asked which program it is (M-07). */
static bool may_be_inner(const struct skep_map *map, int *ret_err)
{
	*ret_err = map->inner || map->exclusive ? -EINVAL : map->type == BPF_MAP_TYPE_PROG_ARRAY || map->ops->insn_values ? -ENOTSUPP : 0;
	return !*ret_err;
}

int map_template_new(const struct map_attr *attr, struct map_template **ret_template)
{
	struct map_template *t;
	struct skep_map *map;
	int err;

	if (!attr->objs || !attr->objs->map_by_fd)
		return -EBADF;
	err = attr->objs->map_by_fd(attr->objs->ctx, attr->inner_fd, &map);
	if (err)
		return err;
	t = may_be_inner(map, &err) ? malloc(sizeof(*t)) : NULL;
	if (t) {
		*t = (struct map_template){
			.type = map->type, .key_size = map->key_size, .value_size = map->value_size,
			.max_entries = map->max_entries, .flags = map->flags,
			.fields = map->fields, .btf = map->btf,
			.btf_key_type_id = map->btf_key_type_id,
			.btf_value_type_id = map->btf_value_type_id,
		};
		if (t->btf)
			btf_get(t->btf);
		*ret_template = t;
	} else if (!err) {
		err = -ENOMEM;
	}
	map_put(map);
	return err;
}

void map_template_free(const struct map_template *t)
{
	if (!t)
		return;
	if (t->btf)
		btf_put(t->btf);
	free((void *)t);
}

/* What the verifier believes of an inner map is what it knows of the template. Code for arrays may
 * have the number of elements built in, unless their flags say that it varies. */
static bool is_like(const struct map_template *t, const struct skep_map *map)
{
	if (t->type != map->type || t->key_size != map->key_size || t->value_size != map->value_size ||
	    t->flags != map->flags || !btf_fields_equal(&t->fields, &map->fields))
		return false;
	return t->type != BPF_MAP_TYPE_ARRAY || (t->flags & BPF_F_INNER_MAP) ||
	       t->max_entries == map->max_entries;
}

int inner_map_get(const struct skep_map *outer, const void *value, struct skep_map **ret_map)
{
	struct skep_map *map;
	int fd, err;

	memcpy(&fd, value, sizeof(fd));
	err = outer->objs->map_by_fd(outer->objs->ctx, fd, &map);
	if (err)
		return err;
	if (!may_be_inner(map, &err) || !is_like(outer->inner, map)) {
		map_put(map);
		return -EINVAL;
	}
	__atomic_store_n(&map->was_inner, true, __ATOMIC_RELAXED);
	*ret_map = map;
	return 0;
}

int inner_map_id(struct skep_map *map, void *value)
{
	if (!map)
		return -ENOENT;
	memcpy(value, &map->id, sizeof(map->id));
	return 0;
}

/* ---- array of maps ------------------------------------------------------------------------------ */

struct map_array {
	struct skep_map map; /* first */
	u32 cnt;
	struct skep_map **slots; /* each atomic */
};

static struct map_array *array_of(const struct skep_map *map)
{
	return (struct map_array *)map;
}

static int map_array_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

	return attr->key_size != 4 || attr->value_size != 4 || !attr->max_entries || (attr->flags & ~ok) ?
		       -EINVAL :
		       0;
}

static int map_array_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct map_array *array = calloc(1, sizeof(*array));
	struct map_template *t;
	int err;

	if (!array)
		return -ENOMEM;
	err = map_template_new(attr, &t);
	if (err) {
		free(array);
		return err;
	}
	array->cnt = attr->max_entries;
	array->map.inner = t;
	array->slots = acct_alloc(attr->acct, sizeof(*array->slots) * (u64)array->cnt);
	if (!array->slots) {
		map_template_free(t);
		free(array);
		return -ENOMEM;
	}
	*ret_map = &array->map;
	return 0;
}

static void map_array_free(struct skep_map *map)
{
	struct map_array *array = array_of(map);

	for (u32 i = 0; i < array->cnt; i++) {
		if (array->slots[i])
			map_put(array->slots[i]);
	}
	acct_free(map->acct, array->slots, sizeof(*array->slots) * (u64)array->cnt);
	map_template_free(map->inner);
	free(array);
}

static struct skep_map **slot_of(const struct skep_map *map, const void *key)
{
	struct map_array *array = array_of(map);
	u32 idx;

	memcpy(&idx, key, sizeof(idx));
	return idx < array->cnt ? &array->slots[idx] : NULL;
}

static void *map_array_lookup(struct skep_map *map, const void *key)
{
	struct skep_map **slot = slot_of(map, key);

	return slot ? __atomic_load_n(slot, __ATOMIC_ACQUIRE) : NULL;
}

static int map_array_sys_lookup(struct skep_map *map, const void *key, void *value,
				u64 flags __unused_arg)
{
	return inner_map_id(map_array_lookup(map, key), value);
}

static int map_array_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct skep_map **slot = slot_of(map, key), *new, *old;
	int err;

	if (flags != BPF_ANY)
		return -EINVAL;
	if (!slot)
		return -E2BIG;
	err = inner_map_get(map, value, &new);
	if (err)
		return err;
	old = __atomic_exchange_n(slot, new, __ATOMIC_ACQ_REL);
	if (old)
		map_put(old);
	return 0;
}

static long map_array_delete(struct skep_map *map, const void *key)
{
	struct skep_map **slot = slot_of(map, key), *old;

	if (!slot)
		return -E2BIG;
	old = __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL);
	if (!old)
		return -ENOENT;
	map_put(old);
	return 0;
}

static u64 map_array_mem_usage(const struct skep_map *map)
{
	return sizeof(struct map_array) + sizeof(struct skep_map *) * (u64)array_of(map)->cnt;
}

/* Programs only look up: the verifier sees to it. */
const struct map_ops array_of_maps_map_ops = {
	.name = "array_of_maps",
	.check = map_array_check,
	.alloc = map_array_alloc,
	.free = map_array_free,
	.lookup = map_array_lookup,
	.delete = map_array_delete,
	.sys_lookup = map_array_sys_lookup,
	.sys_update = map_array_sys_update,
	.next_key = array_next_key,
	.mem_usage = map_array_mem_usage,
};
