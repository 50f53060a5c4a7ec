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
	/* Classic ones: */
	const u8 *data; /* VECTOR_DATA_MAX bytes, of which each run takes the first data_size */
	const u8 *frag; /* as many behind those; NULL: none */
	int want_err;	/* of the checks */
};
#define VECTOR_DATA_MAX 128

/* What is the same in the packets of all classic vectors; host byte order. */
struct vector_skb {
	u32 ifindex, pkt_type, mark, hash, queue, vlan_tci, protocol;
};
extern const struct vector_skb vector_skb;

u32 vector_cnt(void);
/* 0 or a negative errno; @v is good until vector_end(). */
int vector_begin(u32 nr, struct vector *v);
void vector_end(u32 nr);

/*
 * Runs a classic vector on an instance's engine. 1: as expected; 0: not, and @why says what; -EOPNOTSUPP: the
 * translation lacks something; other negative errno: refused.
 */
struct skep;
int classic_run(struct skep *skep, const struct vector *v, char *why, size_t size);

#endif
