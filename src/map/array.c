/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * array.c - array and percpu_array. Values lie one after the other, each on 8 bytes. An array that
 * may be mapped lies in a memfd, of which skep's own mapping is just one more. A per-CPU array has
 * one such row of values a vCPU, the rows a cache line apart at least.
 */
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct array_map {
	struct skep_map map; /* first */
	char *values;
	u32 cnt;	/* = max_entries, beside what lookup needs */
	u32 elem_size;
	u64 row_size;	/* bytes from one vCPU's values to the next one's */
	u64 mem_size;
	int fd;		/* -1: not mappable */
};

static struct array_map *array_of(const struct skep_map *map)
{
	return (struct array_map *)map;
}

static int array_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NUMA_NODE | BPF_F_MMAPABLE | BPF_F_INNER_MAP | BPF_F_PRESERVE_ELEMS |
		 MAP_ACCESS_FLAGS;
	bool percpu = attr->type == BPF_MAP_TYPE_PERCPU_ARRAY;

	if (!attr->max_entries || attr->key_size != 4 || !attr->value_size || (attr->flags & ~ok) ||
	    !map_access_ok(attr->flags))
		return -EINVAL;
	if (percpu && (attr->flags & (BPF_F_NUMA_NODE | BPF_F_MMAPABLE | BPF_F_INNER_MAP)))
		return -EINVAL;
	if (attr->flags & BPF_F_PRESERVE_ELEMS)
		return -EINVAL;
	if (attr->value_size > INT32_MAX)
		return -E2BIG;
	if (percpu && round_up_to(attr->value_size, 8) > PERCPU_VALUE_MAX)
		return -E2BIG;
	return 0;
}

/* The values in a file that others can map too. */
static int array_alloc_file(struct array_map *array)
{
	array->mem_size = round_up_to(array->mem_size, sysconf(_SC_PAGESIZE));
	if (memacct_charge(array->map.acct, array->mem_size))
		return -ENOMEM;
	array->fd = map_memfd("skep-array", array->mem_size);
	if (array->fd < 0)
		goto release;
	array->values = mmap(NULL, array->mem_size, PROT_READ | PROT_WRITE, MAP_SHARED, array->fd, 0);
	if (array->values != MAP_FAILED)
		return 0;
	close(array->fd);
release:
	memacct_release(array->map.acct, array->mem_size);
	return -ENOMEM;
}

static int array_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	bool percpu = attr->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	struct array_map *array = calloc(1, sizeof(*array));
	int err = 0;

	if (!array)
		return -ENOMEM;
	array->map.acct = attr->acct;
	array->fd = -1;
	array->cnt = attr->max_entries;
	array->elem_size = round_up_to(attr->value_size, 8);
	array->row_size = round_up_to((u64)array->elem_size * attr->max_entries, 64);
	array->mem_size = percpu ? array->row_size * attr->cpu_cnt :
				   (u64)array->elem_size * attr->max_entries;
	if (attr->flags & BPF_F_MMAPABLE) {
		err = array_alloc_file(array);
	} else {
		array->values = acct_alloc(attr->acct, array->mem_size);
		if (!array->values)
			err = -ENOMEM;
	}
	if (err) {
		free(array);
		return err;
	}
	*ret_map = &array->map;
	return 0;
}

static void array_free(struct skep_map *map)
{
	struct array_map *array = array_of(map);

	if (array->fd >= 0) {
		munmap(array->values, array->mem_size);
		close(array->fd);
		memacct_release(map->acct, array->mem_size);
	} else {
		acct_free(map->acct, array->values, array->mem_size);
	}
	free(array);
}

static inline u32 key_idx(const void *key)
{
	u32 idx;

	memcpy(&idx, key, sizeof(idx));
	return idx;
}

static inline void *value_at(const struct array_map *array, u32 idx, u32 cpu)
{
	return array->values + array->row_size * cpu + (u64)array->elem_size * idx;
}

static void *array_lookup(struct skep_map *map, const void *key)
{
	struct array_map *array = array_of(map);
	u32 idx = key_idx(key);

	return likely(idx < array->cnt) ? array->values + (u64)array->elem_size * idx : NULL;
}

static void *percpu_array_lookup_cpu(struct skep_map *map, const void *key, u32 cpu)
{
	struct array_map *array = array_of(map);
	u32 idx = key_idx(key);

	return likely(idx < array->cnt && cpu < map->cpu_cnt) ? value_at(array, idx, cpu) : NULL;
}

static void *percpu_array_lookup(struct skep_map *map, const void *key)
{
	return percpu_array_lookup_cpu(map, key, this_cpu());
}

/* An array's elements are always there: no other flag can succeed. */
static long check_update(const struct array_map *array, u32 idx, u64 flags)
{
	if (unlikely((flags & ~(u64)BPF_F_LOCK) > BPF_EXIST))
		return -EINVAL;
	if (unlikely(idx >= array->cnt))
		return -E2BIG;
	if (unlikely(flags & BPF_NOEXIST))
		return -EEXIST;
	return unlikely((flags & BPF_F_LOCK) && array->map.spin_lock_off < 0) ? -EINVAL : 0;
}

static long array_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct array_map *array = array_of(map);
	u32 idx = key_idx(key);
	long err = check_update(array, idx, flags);

	if (err)
		return err;
	if (unlikely(flags & BPF_F_LOCK))
		value_copy_locked(map, value_at(array, idx, 0), value, false);
	else
		value_set(map, value_at(array, idx, 0), value);
	value_fields_end(map, value_at(array, idx, 0));
	return 0;
}

static long percpu_array_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct array_map *array = array_of(map);
	u32 idx = key_idx(key);
	long err = check_update(array, idx, flags);

	if (!err)
		value_copy(value_at(array, idx, this_cpu()), value, map->value_size);
	return err;
}

static int percpu_array_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct array_map *array = array_of(map);
	u32 idx = key_idx(key);
	int err = (int)check_update(array, idx, (u32)flags & ~(BPF_F_CPU | BPF_F_ALL_CPUS));
	const void *from;

	if (err)
		return err;
	for (u32 cpu = 0; cpu < map->cpu_cnt; cpu++) {
		from = percpu_src(value, map->value_size, flags, cpu);
		if (from)
			value_copy(value_at(array, idx, cpu), from, map->value_size);
	}
	return 0;
}

static long array_delete(struct skep_map *map __unused_arg, const void *key __unused_arg)
{
	return -EINVAL;
}

int array_next_key(struct skep_map *map, const void *key, void *ret_next)
{
	u32 idx = key ? key_idx(key) : UINT32_MAX, next = 0;

	if (idx < map->max_entries) {
		if (idx == map->max_entries - 1)
			return -ENOENT;
		next = idx + 1;
	}
	memcpy(ret_next, &next, sizeof(next));
	return 0;
}

static void *array_elements(const struct skep_map *map, u64 *ret_row_size)
{
	*ret_row_size = array_of(map)->row_size;
	return array_of(map)->values;
}

static int array_direct_value(const struct skep_map *map, u32 off, u64 *ret_addr)
{
	if (map->max_entries != 1)
		return -ENOTSUPP;
	if (off >= map->value_size)
		return -EINVAL;
	*ret_addr = (u64)(uintptr_t)array_of(map)->values + off;
	return 0;
}

static int array_mmap_file(struct skep_map *map, u64 off, u64 len, int prot __unused_arg, int *ret_fd,
			   u64 *ret_off)
{
	struct array_map *array = array_of(map);

	if (array->fd < 0 || off > array->mem_size || len > array->mem_size - off)
		return -EINVAL;
	*ret_fd = array->fd;
	*ret_off = off;
	return 0;
}

static u64 array_mem_usage(const struct skep_map *map)
{
	return sizeof(struct array_map) + array_of(map)->mem_size;
}

static long array_for_each(struct skep_map *map,
			   long (*fn)(void *ctx, struct skep_map *map, void *key, void *value),
			   void *ctx, u64 flags)
{
	struct array_map *array = array_of(map);
	u32 cpu = map->ops->lookup_percpu ? this_cpu() : 0;
	long cnt = 0;
	u32 key;

	if (flags)
		return -EINVAL;
	for (u32 i = 0; i < array->cnt; i++) {
		key = i;
		cnt++;
		if (fn(ctx, map, &key, value_at(array, i, cpu)))
			break;
	}
	return cnt;
}

const struct map_ops array_map_ops = {
	.name = "array",
	.check = array_check,
	.alloc = array_alloc,
	.free = array_free,
	.lookup = array_lookup,
	.update = array_update,
	.delete = array_delete,
	.next_key = array_next_key,
	.direct_value = array_direct_value,
	.elements = array_elements,
	.mmap_file = array_mmap_file,
	.mem_usage = array_mem_usage,
	.for_each = array_for_each,
};

/* No .mmap_file: a mapping of percpu_array is -ENOTSUPP. */
const struct map_ops percpu_array_map_ops = {
	.name = "percpu_array",
	.check = array_check,
	.alloc = array_alloc,
	.free = array_free,
	.lookup = percpu_array_lookup,
	.lookup_percpu = percpu_array_lookup_cpu,
	.update = percpu_array_update,
	.delete = array_delete,
	.sys_update = percpu_array_sys_update,
	.elements = array_elements,
	.next_key = array_next_key,
	.mem_usage = array_mem_usage,
	.for_each = array_for_each,
};
