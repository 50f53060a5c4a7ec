/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prog.h - what lets one source be a BPF program and a native function. Natively the maps are what a C
 * programmer would write in their place: an array, and a hash table with chains (native.c).
 */
#ifndef SKEP_BENCH_JIT_PROG_H
#define SKEP_BENCH_JIT_PROG_H

#define INPUT_SIZE 1024 /* bytes of the packet that each program gets */
#define MAP_SIZE   256

#ifdef __bpf__
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
#define BENCH(name) SEC("xdp") int name(struct xdp_md *ctx)
#define DATA(ctx)     ((const u8 *)(long)(ctx)->data)
#define DATA_END(ctx) ((const u8 *)(long)(ctx)->data_end)
#else
#include "base/types.h"

struct bench_ctx {
	const u8 *data, *data_end;
};
#define BENCH(name) int name(struct bench_ctx *ctx); int name(struct bench_ctx *ctx __attribute__((unused)))
#define DATA(ctx)     ((ctx)->data)
#define DATA_END(ctx) ((ctx)->data_end)
#undef __noinline
#define __noinline __attribute__((noinline))
#endif

/* Each program reads the whole packet; a shorter one is none. */
#define INPUT(ctx, p)                                                                              \
	const u8 *p = DATA(ctx);                                                                   \
	if (p + INPUT_SIZE > DATA_END(ctx))                                                        \
		return 0

#define READ32(p, at) (*(const u32 *)((p) + (at)))
#define READ64(p, at) (*(const u64 *)((p) + (at)))
#define ROL32(v, n)   ((v) << (n) | (v) >> (32 - (n)))
#define ROL64(v, n)   ((v) << (n) | (v) >> (64 - (n)))

#endif
