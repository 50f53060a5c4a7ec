/* SPDX-License-Identifier: BSD-2-Clause */
/* maps.h - the maps of programs.c: BPF's, or natively what a C programmer would write in their place. */
#ifndef SKEP_BENCH_JIT_MAPS_H
#define SKEP_BENCH_JIT_MAPS_H

#include "prog.h"

#ifdef __bpf__
#define BENCH_MAP(name, kind, key_type)                                                            \
	struct {                                                                                   \
		__uint(type, kind);                                                                \
		__uint(max_entries, MAP_SIZE);                                                     \
		__type(key, key_type);                                                             \
		__type(value, u64);                                                                \
	} name SEC(".maps")
BENCH_MAP(array, BPF_MAP_TYPE_ARRAY, u32);
BENCH_MAP(percpu, BPF_MAP_TYPE_PERCPU_ARRAY, u32);
BENCH_MAP(hash, BPF_MAP_TYPE_HASH, u64);
#else
struct bench_array {
	u64 values[MAP_SIZE];
};
struct bench_hash {
	struct bench_entry {
		struct bench_entry *next;
		u64 key, value;
	} *heads[MAP_SIZE];
};
static struct bench_array array __attribute__((unused));
static __thread struct bench_array percpu __attribute__((unused));
extern struct bench_hash hash;

static inline u64 *array_lookup(struct bench_array *a, const u32 *key)
{
	return *key < MAP_SIZE ? &a->values[*key] : NULL;
}
__attribute__((noinline)) u64 *hash_lookup(struct bench_hash *h, const u64 *key);

#define bpf_map_lookup_elem(map, key)                                                              \
	_Generic((map), struct bench_array *: array_lookup, struct bench_hash *: hash_lookup)(map, key)

__attribute__((noinline)) long bpf_loop(u32 cnt, long (*body)(u64, void *), void *data, u64 flags);
#endif

#endif
