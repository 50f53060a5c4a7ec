/* SPDX-License-Identifier: BSD-2-Clause */
/* shapes.h - what the programs here have in common: repetition by the preprocessor, a map, unknown numbers. */
#ifndef SHAPES_H
#define SHAPES_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define R4(X)  X X X X
#define R16(X) R4(X) R4(X) R4(X) R4(X)
#define R64(X) R16(X) R16(X) R16(X) R16(X)

struct value {
	__u64 words[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct value);
} values SEC(".maps");

static __always_inline struct value *value_of(__u32 key)
{
	return bpf_map_lookup_elem(&values, &key);
}

/* Keeps the compiler from knowing, and so from leaving out. */
#define HIDE(x) asm volatile("" : "+r"(x))

char LICENSE[] SEC("license") = "GPL";

#endif
