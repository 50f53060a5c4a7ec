/* SPDX-License-Identifier: BSD-2-Clause */
/* private.h - what the map types share with map.c and each other. */
#ifndef SKEP_MAP_PRIVATE_H
#define SKEP_MAP_PRIVATE_H

#include "core/vcpu.h"
#include "map/map.h"

#include <string.h>

extern const struct map_ops array_map_ops, percpu_array_map_ops;
extern const struct map_ops hash_map_ops, percpu_hash_map_ops;
extern const struct map_ops rhash_map_ops;
extern const struct map_ops lru_hash_map_ops, lru_percpu_hash_map_ops;
extern const struct map_ops queue_map_ops, stack_map_ops;
extern const struct map_ops lpm_trie_map_ops, bloom_filter_map_ops;
extern const struct map_ops ringbuf_map_ops;
extern const struct map_ops prog_array_map_ops, insn_array_map_ops;
extern const struct map_ops devmap_ops, devmap_hash_ops, cpumap_ops, xskmap_ops;
extern const struct map_ops stack_trace_map_ops, cgroup_array_map_ops;
extern const struct map_ops sk_storage_map_ops;
extern const struct map_ops cgroup_storage_map_ops, percpu_cgroup_storage_map_ops;
extern const struct map_ops array_of_maps_map_ops, hash_of_maps_map_ops, perf_event_array_map_ops;

/* Of types whose keys are 32-bit numbers. */
static inline u32 key_index(const void *key)
{
	u32 num;

	memcpy(&num, key, sizeof(num));
	return num;
}

/*
 * 8 bytes of a key. Programs mostly have just written them, often as two halves, and a load that spans two
 * stores still under way waits until both are done: dearer than the rest of a lookup. So it is two loads,
 * which the compiler must not make one.
 */
static inline u64 key_load64(const void *p)
{
	typedef u32 __attribute__((aligned(1), may_alias)) half;
	const volatile half *at = p;
	u64 first = at[0], second = at[1];

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return first | second << 32;
#else
	return first << 32 | second;
#endif
}

/* array.c: of every type whose keys are numbers below max_entries. */
int array_next_key(struct skep_map *map, const void *key, void *ret_next);

/* cgroup_storage.c: does BTF say of the key what it is. */
bool cgroup_storage_key_ok(const struct map_attr *attr);

/* mapinmap.c. What attr->inner_fd stands for: 0, -EBADF, -EINVAL, -ENOTSUPP, -ENOMEM. */
int map_template_new(const struct map_attr *attr, struct map_template **ret_template);
void map_template_free(const struct map_template *t);
/* The map behind the descriptor in @value with a new reference: -EINVAL when it is not like the
 * template. */
int inner_map_get(const struct skep_map *outer, const void *value, struct skep_map **ret_map);
/* What bpf(2) reads instead: 0, or -ENOENT for no map. */
int inner_map_id(struct skep_map *map, void *value);

#define MAP_ACCESS_FLAGS (BPF_F_RDONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY | BPF_F_WRONLY_PROG)
#define PERCPU_VALUE_MAX 32768 /* what Linux's per-CPU allocator gives in one piece */

/* A map that programs can neither read nor write makes no sense. */
static inline bool map_access_ok(u32 flags)
{
	u32 both = BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

	return (flags & both) != both;
}

/* The vCPU whose slot a program means. A host thread outside of runs means the first. */
static inline u32 this_cpu(void)
{
	return vcpu_current() ? vcpu_current()->id : 0;
}

/*
 * Programs read and write values with no lock, in Linux as here: what a copy races with is the
 * programs' business. ThreadSanitizer is told so here and nowhere else.
 */
#ifdef SKEP_TSAN
__attribute__((no_sanitize("thread"), noinline, unused)) static void value_zero(void *to, u32 size)
{
	for (u32 i = 0; i < size; i++)
		((volatile u8 *)to)[i] = 0;
}
__attribute__((no_sanitize("thread"), noinline)) static void value_copy(void *to, const void *from,
									 u32 size)
{
	for (u32 i = 0; i < size; i++)
		((volatile u8 *)to)[i] = ((const volatile u8 *)from)[i];
}
#else
static inline void value_zero(void *to, u32 size)
{
	memset(to, 0, size);
}
static inline void value_copy(void *to, const void *from, u32 size)
{
	if (size == 8)
		memcpy(to, from, 8);
	else
		memcpy(to, from, size);
}
#endif

/* fields.c. Errors of map creation are Linux's; -EOPNOTSUPP with *ret_why (which may be NULL) set for fields
 * that skep does not model. */
int map_find_fields(const struct map_attr *attr, struct btf_fields *ret, const char **ret_why);
/* All but special fields, which belong to who uses them. */
void value_copy_around_fields(const struct skep_map *map, void *to, const void *from);
/* The element is in no place any more where it could be found, or has a new value. */
void value_fields_end(const struct skep_map *map, void *value);
/* The same while holding the lock of @from or of @to, which is an element of the map. */
void value_copy_locked(const struct skep_map *map, void *to, const void *from, bool lock_from);
/* For bpf(2), which sees special fields as 0. @flags: BPF_F_LOCK. */
void value_copy_out(const struct skep_map *map, void *to, const void *from, u64 flags);

/* A value into an element, without its special fields. */
static inline void value_set(const struct skep_map *map, void *to, const void *from)
{
	if (unlikely(map->fields.cnt))
		value_copy_around_fields(map, to, from);
	else
		value_copy(to, from, map->value_size);
}

/* A per-CPU value as bpf(2) has it: one slot of round_up(size, 8) a vCPU; or, with BPF_F_CPU or
 * BPF_F_ALL_CPUS, one value. Where slot @cpu of it is, NULL when the call leaves that vCPU alone. */
static inline const void *percpu_src(const void *value, u32 size, u64 flags, u32 cpu)
{
	if (flags & BPF_F_CPU)
		return flags >> 32 == cpu ? value : NULL;
	if (flags & BPF_F_ALL_CPUS)
		return value;
	return (const char *)value + round_up_to(size, 8) * cpu;
}

/* An anonymous file of @size bytes; negative errno. */
int map_memfd(const char *name, u64 size);

#endif
