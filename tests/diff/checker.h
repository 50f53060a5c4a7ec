/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checker.h - watches runs of accepted programs in skep's interpreter: before each insn every number must be
 * one that the joined fact of that insn allows (V-04), and each access must lie in one object: a frame of the
 * program's stack, a map value, a ring buffer record, the packet or the context.
 */
#ifndef SKEP_TESTS_CHECKER_H
#define SKEP_TESTS_CHECKER_H

#include "interp/interp.h"
#include "runtime/runtime.h"

struct checker {
	struct skep *skep;
	const struct xlated_prog *x; /* of the program that was accepted last; NULL: refused */
	struct reg_fact (*facts)[11];
	bool *is_call; /* by insn as loaded */
	u32 fact_cnt;
	u32 ctx_size; /* set by the user: bytes of the context that no simulated kernel structure is, else 0 */
	struct span {
		u64 lo, hi;
	} frames[16], objects[32]; /* objects: what calls gave: ring buffer records, map values, keys */
	u64 written[16][512 / 64]; /* by frame: its bytes, from the top, that were */
	bool garbage; /* something read what was left on the stack: its results are anybody's */
	u32 frame_cnt, object_cnt, oldest;
	u64 given;		    /* size of what a call under way gives */
	const struct skep_map *each; /* whose elements callbacks get */
	int err;      /* of the last run: 0, -ECANCELED (see why), -ELOOP */
	char why[256];
	u64 checked, narrow, accesses;
};

/* From now on the instance's loads and runs are watched. */
void checker_start(struct checker *c, struct skep *skep);
void checker_stop(struct checker *c);

#endif
