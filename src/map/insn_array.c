/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * insn_array.c - instructions of one program: jump tables (gotox). User space says which ones by their
 * index in the program as it loads it, and freezes the map; loading the program writes down what became
 * of them. Addresses are not in here: each linked copy of the program has a table of its own
 * (SYM_JUMP_TABLE).
 */
#include "map/private.h"

#include "core/alloc.h"

#include <errno.h>

struct insn_array {
	struct skep_map map; /* first */
	bool used; /* a program has it; atomic */
	struct bpf_insn_array_value values[];
};

static struct insn_array *insn_array_of(const struct skep_map *map)
{
	return container_of((struct skep_map *)map, struct insn_array, map);
}

static u64 array_size(u32 cnt)
{
	return sizeof(struct insn_array) + (u64)cnt * sizeof(struct bpf_insn_array_value);
}

static int insn_array_check(const struct map_attr *attr)
{
	if (attr->key_size != 4 || attr->value_size != sizeof(struct bpf_insn_array_value) ||
	    !attr->max_entries || attr->flags)
		return -EINVAL;
	return 0;
}

static int insn_array_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct insn_array *array = acct_alloc(attr->acct, array_size(attr->max_entries));

	if (!array)
		return -ENOMEM;
	*ret_map = &array->map;
	return 0;
}

static void insn_array_free(struct skep_map *map)
{
	acct_free(map->acct, insn_array_of(map), array_size(map->max_entries));
}

static void *insn_array_lookup(struct skep_map *map, const void *key)
{
	u32 idx = key_index(key);

	return idx < map->max_entries ? &insn_array_of(map)->values[idx] : NULL;
}

/* Where an instruction went is not user space's to say. */
static long insn_array_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct bpf_insn_array_value val;
	u32 idx = key_index(key);

	if (idx >= map->max_entries)
		return -E2BIG;
	if (flags & BPF_NOEXIST)
		return -EEXIST;
	memcpy(&val, value, sizeof(val));
	if (val.jitted_off || val.xlated_off)
		return -EINVAL;
	__atomic_store_n(&insn_array_of(map)->values[idx].orig_off, val.orig_off, __ATOMIC_RELAXED);
	return 0;
}

static long insn_array_delete(struct skep_map *map __unused_arg, const void *key __unused_arg)
{
	return -EINVAL;
}

static u64 insn_array_mem_usage(const struct skep_map *map)
{
	return array_size(map->max_entries);
}

static struct bpf_insn_array_value *insn_array_values(struct skep_map *map)
{
	return insn_array_of(map)->values;
}

static bool insn_array_claim(struct skep_map *map)
{
	return !__atomic_exchange_n(&insn_array_of(map)->used, true, __ATOMIC_ACQ_REL);
}

static void insn_array_release(struct skep_map *map)
{
	__atomic_store_n(&insn_array_of(map)->used, false, __ATOMIC_RELEASE);
}

static bool insn_array_is_used(const struct skep_map *map)
{
	return __atomic_load_n(&insn_array_of(map)->used, __ATOMIC_ACQUIRE);
}

/* Programs only read it, by the addresses that their own table holds. */
const struct map_ops insn_array_map_ops = {
	.name = "insn_array",
	.flags_always = BPF_F_RDONLY_PROG,
	.check = insn_array_check,
	.alloc = insn_array_alloc,
	.free = insn_array_free,
	.lookup = insn_array_lookup,
	.update = insn_array_update,
	.delete = insn_array_delete,
	.next_key = array_next_key,
	.mem_usage = insn_array_mem_usage,
	.insn_values = insn_array_values,
	.insn_claim = insn_array_claim,
	.insn_release = insn_array_release,
	.insn_is_used = insn_array_is_used,
};
