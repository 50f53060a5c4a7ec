/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ops.bpf.c - what bench_map_ops times: each program does one operation OPS times, on keys that jump about.
 * The map's type and sizes, and which keys there are, are set before loading.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ops.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(key_size, 4);
	__uint(value_size, 8);
	__uint(max_entries, 1);
} m SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_SIZE);
} ring SEC(".maps");

const volatile struct ops_config config = { 0 };
/* Where each thread's sequence of keys is; a cache line of its own. */
struct {
	__u32 nr, rest[31];
} next[2];

/* Word @word of the key is what differs; the one before it, if any, is a prefix length. */
#define OPERATION(name, word, ...)                                                                 \
	SEC("xdp") int name(struct xdp_md *ctx)                                                    \
	{                                                                                          \
		__u8 *data = (void *)(long)ctx->data;                                              \
		__u32 key[16] = { 32 }, nr, base, mask = config.mask;                              \
		__u64 acc = 0, value = 1, who;                                                     \
                                                                                                   \
		if (data + 1 > (__u8 *)(long)ctx->data_end)                                        \
			return 0;                                                                  \
		who = *data & 1;                                                                   \
		nr = next[who].nr;                                                                 \
		base = config.base[who];                                                           \
		for (int i = 0; i < OPS; i++) {                                                    \
			nr = nr * 1664525 + 1013904223;                                            \
			key[word] = base + (nr >> 8 & mask);                                       \
			__VA_ARGS__                                                                \
		}                                                                                  \
		next[who].nr = nr;                                                                 \
		return acc + value + key[word] == 7;                                               \
	}

#define LOOKUP                                                                                     \
	__u64 *found = bpf_map_lookup_elem(&m, key);                                               \
                                                                                                   \
	if (found)                                                                                 \
		acc += *found;

OPERATION(keys, 0, acc += key[0]; asm volatile("" ::: "memory");)
OPERATION(lookup, 0, LOOKUP)
OPERATION(lookup_prefix, 1, LOOKUP)
OPERATION(update, 0, acc += bpf_map_update_elem(&m, key, &value, BPF_ANY);)
OPERATION(update_prefix, 1, acc += bpf_map_update_elem(&m, key, &value, BPF_ANY);)
OPERATION(delete, 0, acc += bpf_map_delete_elem(&m, key);)
OPERATION(update_delete, 0, acc += bpf_map_update_elem(&m, key, &value, BPF_ANY);
			    acc += bpf_map_delete_elem(&m, key);)
OPERATION(push_pop, 0, acc += bpf_map_push_elem(&m, &value, 0); acc += bpf_map_pop_elem(&m, &value);)
OPERATION(push, 0, value = key[0]; acc += bpf_map_push_elem(&m, &value, 0);)
OPERATION(peek, 0, value = key[0]; acc += bpf_map_peek_elem(&m, &value);)
OPERATION(record, 0, __u64 *rec = bpf_ringbuf_reserve(&ring, 8, 0); if (!rec) break; *rec = key[0];
		     bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);)

char _license[] SEC("license") = "GPL";
