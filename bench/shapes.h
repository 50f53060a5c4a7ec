/* SPDX-License-Identifier: BSD-2-Clause */
/* shapes.h - programs made to measure: one shape each, in sizes that grow, for "make bench-verify". */
#ifndef SKEP_BENCH_SHAPES_H
#define SKEP_BENCH_SHAPES_H

#include <linux/bpf.h>
#include <stdint.h>

struct shape {
	const char *name;
	/* Appends @n of what the shape repeats. */
	void (*fill)(struct bpf_insn *insns, uint32_t *cnt, uint32_t n);
	uint32_t n[4]; /* sizes, 0: no more */
};
extern const struct shape shapes[];
extern const uint32_t shape_cnt;
#define SHAPE_MAX_INSNS 1000000

#endif
