/* SPDX-License-Identifier: BSD-2-Clause */
/* vectors.h - private: between Linux's table (tables.c) and who runs it (main.c). */
#ifndef TESTS_JIT_VECTORS_H
#define TESTS_JIT_VECTORS_H

#include "base/types.h"

#include <linux/bpf.h>

struct vector_run {
	u32 data_size;
	u32 result;
};

struct vector {
	const char *descr;
	bool classic; /* insns are struct sock_filter */
	bool no_data, large_mem;
	bool low_half_only; /* the result of 32-bit insns is extended where the program says so */
	u32 stack_depth;
	const struct bpf_insn *insns;
	u32 insn_cnt;
	struct vector_run runs[3];
	u32 run_cnt;
};

u32 vector_cnt(void);
/* 0 or a negative errno; @v is good until vector_end(). */
int vector_begin(u32 nr, struct vector *v);
void vector_end(u32 nr);

#endif
