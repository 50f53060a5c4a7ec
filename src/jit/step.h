/* SPDX-License-Identifier: BSD-2-Clause */
/* step.h - private: the decoded program, between what decodes (jit.c), fuses (fuse.c) and emits it. */
#ifndef SKEP_JIT_STEP_H
#define SKEP_JIT_STEP_H

#include "jit/target.h"

/* Beside enum insn_kind: what fuse.c makes of several insns. */
enum jit_step_kind {
	JIT_GONE = INSN_KIND_CNT, /* no code: a second slot, or part of what stands further down or up */
	JIT_ROTATE,		  /* dst = src rotated left by imm */
	JIT_LEA,		  /* dst = src + (idx << scale) + off */
	JIT_SELECT,		  /* when the condition does not hold: .moved */
};

/* What the walk needs of an insn, worked out once. */
struct jit_step {
	struct jit_op op;
	struct jit_op moved; /* JIT_SELECT: the MOV */
	u8 kind, form_op;
	bool blind;
	bool is_target; /* a jump ends here */
	u16 reads, writes; /* registers */
	u32 target; /* insn, or subprogram of a call */
	u32 sym;
	u64 key; /* .blind: a random number that hides the immediate */
};

/*
 * Several insns of [start, end), a subprogram, become one step where the target can do that. @live has
 * room for end + 1 masks, all 0. Only the first insn of what becomes one is ever jumped to.
 */
void jit_fuse(struct jit_step *steps, u16 *live, u32 start, u32 end, const struct jit_target *target);

#endif
