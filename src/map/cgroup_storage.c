/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgroup_storage.c - cgroup_storage and percpu_cgroup_storage: one value for each attachment of a program to a
 * control group, which the program finds with bpf_get_local_storage(). Programs are not attached here, so no
 * element ever exists for bpf(2); a test run gives its program a value of its own (runtime/testrun.c), which, as
 * in Linux, the map does not show.
 */
#include "map/private.h"

#include "btf/btf.h"

#include <errno.h>
#include <stdlib.h>

/* What Linux counts lengths of values by has 16 bits, less its own head. */
#define SHARED_VALUE_MAX 65407

static int storage_check(const struct map_attr *attr)
{
	u32 max = attr->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE ? PERCPU_VALUE_MAX : SHARED_VALUE_MAX;

	if ((attr->key_size != sizeof(struct bpf_cgroup_storage_key) && attr->key_size != sizeof(u64)) ||
	    !attr->value_size || attr->max_entries)
		return -EINVAL;
	if (attr->value_size > max)
		return -E2BIG;
	return (attr->flags & ~(u32)(BPF_F_NUMA_NODE | MAP_ACCESS_FLAGS)) || !map_access_ok(attr->flags) ? -EINVAL : 0;
}

static int storage_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct skep_map *map = acct_alloc(attr->acct, sizeof(*map));

	if (!map)
		return -ENOMEM;
	*ret_map = map;
	return 0;
}

static void storage_free(struct skep_map *map)
{
	acct_free(map->acct, map, sizeof(*map));
}

static int storage_sys_lookup(struct skep_map *map __unused_arg, const void *key __unused_arg,
			      void *value __unused_arg, u64 flags __unused_arg)
{
	return -ENOENT;
}

/* Changes what an attachment made, and makes nothing. */
static int storage_sys_update(struct skep_map *map, const void *key __unused_arg,
			      const void *value __unused_arg, u64 flags)
{
	if (map->ops->lookup_percpu)
		flags = (u32)flags & ~(u32)(BPF_F_CPU | BPF_F_ALL_CPUS);
	return flags == BPF_ANY || flags == BPF_EXIST ? -ENOENT : -EINVAL;
}

static int storage_next_key(struct skep_map *map __unused_arg, const void *key __unused_arg,
			    void *ret_next __unused_arg)
{
	return -ENOENT;
}

static long storage_delete(struct skep_map *map __unused_arg, const void *key __unused_arg)
{
	return -EINVAL; /* an element goes with its attachment */
}

/* That there is one is how bpf(2) knows that values have a slot a CPU. */
static void *storage_lookup_percpu(struct skep_map *map __unused_arg, const void *key __unused_arg,
				   u32 cpu __unused_arg)
{
	return NULL;
}

/* Linux counts elements where they are made, with their attachment. */
static u64 storage_mem_usage(const struct skep_map *map __unused_arg)
{
	return 0;
}

static bool is_number(const struct skep_btf *btf, u32 id, u32 size)
{
	struct btf_t t;

	return btf_type_get(btf, btf_skip_mods(btf, id), &t) && t.kind == BTF_KIND_INT && t.size == size &&
	       btf_int_bits(&t) == 8 * size;
}

static bool is_number_at(const struct skep_btf *btf, const struct btf_t *key, u32 i, u32 off, u32 size)
{
	struct btf_memb m;

	return btf_member(btf, key, i, &m) && m.bit_off == 8 * off && (!m.bit_size || m.bit_size == 8 * size) &&
	       is_number(btf, m.type, size);
}

bool cgroup_storage_key_ok(const struct map_attr *attr)
{
	struct btf_t key;

	if (attr->key_size == sizeof(u64))
		return is_number(attr->btf, attr->btf_key_type_id, sizeof(u64));
	return btf_type_get(attr->btf, btf_skip_mods(attr->btf, attr->btf_key_type_id), &key) &&
	       key.kind == BTF_KIND_STRUCT && key.vlen >= 2 && is_number_at(attr->btf, &key, 0, 0, sizeof(u64)) &&
	       is_number_at(attr->btf, &key, 1, sizeof(u64), sizeof(u32));
}

const struct map_ops cgroup_storage_map_ops = {
	.name = "cgroup_storage",
	.check = storage_check,
	.alloc = storage_alloc,
	.free = storage_free,
	.sys_lookup = storage_sys_lookup,
	.sys_update = storage_sys_update,
	.delete = storage_delete,
	.next_key = storage_next_key,
	.mem_usage = storage_mem_usage,
};

const struct map_ops percpu_cgroup_storage_map_ops = {
	.name = "percpu_cgroup_storage",
	.check = storage_check,
	.alloc = storage_alloc,
	.free = storage_free,
	.sys_lookup = storage_sys_lookup,
	.lookup_percpu = storage_lookup_percpu,
	.sys_update = storage_sys_update,
	.delete = storage_delete,
	.next_key = storage_next_key,
	.mem_usage = storage_mem_usage,
};
