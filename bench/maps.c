/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * maps.c - what a map operation costs, one thread: ns per call, inside RCU and a vCPU as from a
 * program. usage: bench_maps [calls]. "cold": keys at random over a table larger than the caches.
 */
#include "core/clock.h"
#include "core/rcu.h"
#include "core/vcpu.h"
#include "map/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct memacct mem;
static struct vcpu_set *vcpus;
static u64 calls = 2000000;
static u64 sink;

static struct skep_map *make(u32 type, u32 key, u32 value, u32 max, u32 flags)
{
	struct map_attr attr = { .type = type, .key_size = key, .value_size = value, .max_entries = max,
				 .flags = flags, .cpu_cnt = 2, .acct = &mem, .seed = 0x5eed };
	struct skep_map *map;

	if (map_create(&attr, &map, NULL)) {
		fprintf(stderr, "bench_maps: cannot make %s\n", map_type_name(type));
		exit(1);
	}
	return map;
}

static void report(const char *what, u32 key, u32 entries, u64 start, u64 cnt)
{
	printf("%-28s key %2u  entries %8u  %7.2f ns\n", what, key, entries,
	       (double)(host_now_ns() - start) / cnt);
}

static void bench_elems(u32 type, u32 key_size, u32 entries, u32 flags, const char *suffix)
{
	struct skep_map *map = make(type, key_size, 8, entries, flags);
	u32 key_cnt = 1 << 16;
	u8 *keys = calloc(key_cnt, key_size);
	u64 start, value = 1, rnd = 1;
	char what[64];

	for (u32 i = 0; i < entries; i++) {
		memcpy(keys, &i, 4);
		map->ops->update(map, keys, &value, 0);
	}
	for (u32 i = 0; i < key_cnt; i++) {
		u32 nr = (rnd = rnd * 6364136223846793005ull + 1442695040888963407ull) >> 33;

		nr %= entries;
		memcpy(keys + (u64)i * key_size, &nr, 4);
	}
	start = host_now_ns();
	for (u64 i = 0; i < calls; i++) {
		u64 *found = map->ops->lookup(map, keys + (i & (key_cnt - 1)) * key_size);

		sink += found ? *found : 0; /* an LRU map may have put some out */
	}
	snprintf(what, sizeof(what), "%s%s lookup", map_type_name(type), suffix);
	report(what, key_size, entries, start, calls);
	start = host_now_ns();
	for (u64 i = 0; i < calls; i++) {
		map->ops->update(map, keys + (i & (key_cnt - 1)) * key_size, &value, 0);
		/* Elements without preallocation come back after a grace period. */
		if (flags & BPF_F_NO_PREALLOC && i % 20000 == 0) {
			rcu_leave();
			rcu_drain();
			rcu_enter();
		}
	}
	snprintf(what, sizeof(what), "%s%s update", map_type_name(type), suffix);
	report(what, key_size, entries, start, calls);
	free(keys);
	map_put(map);
}

/* Keys that push each other out: each update evicts. */
static void bench_evict(u32 type, u32 flags, const char *suffix)
{
	struct skep_map *map = make(type, 4, 8, 10000, flags);
	u64 start = host_now_ns(), value = 1;
	char what[64];

	for (u64 i = 0; i < calls; i++)
		map->ops->update(map, &(u32){ (u32)i }, &value, 0);
	snprintf(what, sizeof(what), "%s%s evicting", map_type_name(type), suffix);
	report(what, 4, 10000, start, calls);
	map_put(map);
}

static void bench_insert_delete(u32 type, u32 key_size, u32 flags, const char *suffix)
{
	struct skep_map *map = make(type, key_size, 8, 10000, flags);
	u64 start = host_now_ns(), value = 1, done = 0;
	char what[64];

	for (; done < calls; done += 1000) {
		for (u32 i = 0; i < 1000; i++)
			map->ops->update(map, &(u32[8]){ 32, i }, &value, 0);
		for (u32 i = 0; i < 1000; i++)
			map->ops->delete (map, &(u32[8]){ 32, i });
		/* Elements without preallocation come back after a grace period. */
		if (flags & BPF_F_NO_PREALLOC && done % 20000 == 0) {
			rcu_leave();
			rcu_drain();
			rcu_enter();
		}
	}
	snprintf(what, sizeof(what), "%s%s insert, delete", map_type_name(type), suffix);
	report(what, key_size, 1000, start, done);
	map_put(map);
}

/* Prefixes of 32 bits, all of them hit exactly: the longest way down. */
static void bench_trie(u32 entries)
{
	struct skep_map *map = make(BPF_MAP_TYPE_LPM_TRIE, 8, 8, entries, BPF_F_NO_PREALLOC);
	u64 start, value = 1;
	u32 rnd = 1;

	for (u32 i = 0; i < entries; i++) {
		rnd = rnd * 1664525 + 1013904223;
		map->ops->update(map, &(u32[2]){ 32, rnd }, &value, 0);
	}
	start = host_now_ns();
	for (u64 i = 0, nr = 0; i < calls; i++) {
		if (nr++ % entries == 0)
			rnd = 1;
		rnd = rnd * 1664525 + 1013904223;
		sink += *(u64 *)map->ops->lookup(map, &(u32[2]){ 32, rnd });
	}
	report("lpm_trie lookup", 8, entries, start, calls);
	start = host_now_ns();
	for (u64 i = 0, nr = 0; i < calls; i++) {
		if (nr++ % entries == 0)
			rnd = 1;
		rnd = rnd * 1664525 + 1013904223;
		map->ops->update(map, &(u32[2]){ 32, rnd }, &value, 0);
		if (i % 20000 == 0) {
			rcu_leave();
			rcu_drain();
			rcu_enter();
		}
	}
	report("lpm_trie update", 8, entries, start, calls);
	map_put(map);
}

static void bench_keyless(u32 type)
{
	struct skep_map *map = make(type, 0, 8, 10000, 0);
	u64 start = host_now_ns(), value = 1;
	char what[64];

	for (u64 i = 0; i < calls; i++) {
		map->ops->push(map, &value, 0);
		if (map->ops->pop)
			map->ops->pop(map, &value);
		else
			map->ops->peek(map, &value);
		value += type == BPF_MAP_TYPE_BLOOM_FILTER;
	}
	snprintf(what, sizeof(what), "%s push, %s", map_type_name(type), map->ops->pop ? "pop" : "peek");
	report(what, 0, 10000, start, calls);
	map_put(map);
}

static int take(void *ctx __unused_arg, void *data, size_t size)
{
	sink += *(u64 *)data + size;
	return 0;
}

static void bench_ringbuf(void)
{
	struct skep_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 1 << 20, 0);
	u64 start = host_now_ns(), done = 0;

	while (done < calls) {
		for (u32 i = 0; i < 10000; i++, done++) {
			u64 *rec = ringbuf_reserve(map, 24, 0);

			*rec = done;
			ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
		}
		if (ringbuf_consume(map, take, NULL) != 10000)
			exit(1);
	}
	report("ringbuf record in and out", 0, 1 << 20, start, done);
	map_put(map);
}

int main(int argc, char **argv)
{
	struct vcpu *vcpu;
	u64 start;

	if (argc > 1)
		calls = strtoull(argv[1], NULL, 0);
	vcpus = vcpu_set_new(2);
	if (!vcpus || !calls)
		return 1;
	vcpu_leave(vcpu_enter(vcpus));
	start = host_now_ns();
	for (u64 i = 0; i < calls; i++) {
		vcpu = vcpu_enter(vcpus);
		rcu_enter();
		rcu_leave();
		vcpu_leave(vcpu);
	}
	report("vcpu and rcu, both ways", 0, 0, start, calls);
	vcpu = vcpu_enter(vcpus);
	rcu_enter();
	for (u32 key = 4; key <= 40; key = key < 16 ? key + 4 : key + 24)
		bench_elems(BPF_MAP_TYPE_HASH, key, 10000, 0, "");
	bench_elems(BPF_MAP_TYPE_HASH, 13, 10000, 0, "");
	bench_elems(BPF_MAP_TYPE_HASH, 4, 4000000, 0, " cold");
	bench_elems(BPF_MAP_TYPE_PERCPU_HASH, 4, 10000, 0, "");
	bench_elems(BPF_MAP_TYPE_RHASH, 4, 10000, BPF_F_NO_PREALLOC, "");
	bench_elems(BPF_MAP_TYPE_RHASH, 8, 10000, BPF_F_NO_PREALLOC, "");
	bench_elems(BPF_MAP_TYPE_RHASH, 4, 4000000, BPF_F_NO_PREALLOC, " cold");
	bench_elems(BPF_MAP_TYPE_ARRAY, 4, 10000, 0, "");
	bench_elems(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 10000, 0, "");
	for (u32 type = BPF_MAP_TYPE_LRU_HASH; type <= BPF_MAP_TYPE_LRU_PERCPU_HASH; type++) {
		bench_elems(type, 4, 10000, 0, "");
		bench_elems(type, 4, 10000, BPF_F_NO_COMMON_LRU, " own");
		bench_evict(type, 0, "");
		bench_evict(type, BPF_F_NO_COMMON_LRU, " own");
	}
	bench_insert_delete(BPF_MAP_TYPE_HASH, 8, 0, "");
	bench_insert_delete(BPF_MAP_TYPE_LRU_HASH, 8, 0, "");
	bench_insert_delete(BPF_MAP_TYPE_HASH, 8, BPF_F_NO_PREALLOC, " no prealloc");
	bench_insert_delete(BPF_MAP_TYPE_RHASH, 8, BPF_F_NO_PREALLOC, "");
	bench_insert_delete(BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC, "");
	bench_trie(100);
	bench_trie(10000);
	bench_trie(1000000);
	bench_keyless(BPF_MAP_TYPE_QUEUE);
	bench_keyless(BPF_MAP_TYPE_STACK);
	bench_keyless(BPF_MAP_TYPE_BLOOM_FILTER);
	bench_ringbuf();
	rcu_leave();
	vcpu_leave(vcpu);
	rcu_drain();
	vcpu_set_free(vcpus);
	return sink == 1;
}
