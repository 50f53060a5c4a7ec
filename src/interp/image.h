/* SPDX-License-Identifier: BSD-2-Clause */
/* image.h - private: the linked form of a program, made by link.c and run by run.c. */
#ifndef SKEP_INTERP_IMAGE_H
#define SKEP_INTERP_IMAGE_H

#include "interp/interp.h"

#define INTERP_MAX_FRAMES   8 /* Linux: MAX_CALL_FRAMES */
#define INTERP_MAX_OUT_ARGS 7 /* MAX_BPF_FUNC_ARGS without the five in registers */
#define INTERP_MAX_LOOPS    (8 * 1024 * 1024) /* Linux: BPF_MAX_LOOPS, of one activation */

/* A tail call is a form of its own here. What its imm is, off says. */
#define FORM_TAIL_CALL FORM_CNT
enum { TAIL_SLOT, TAIL_SLOTS, TAIL_DISTANCE };

/* One a slot, so that a position is an index of the program: fields by kind. */
struct interp_insn {
	u16 form;
	u8 dst, src;
	s32 off;  /* memory: bytes; jump: insns from here; stack argument: its number from 0;
		   * call of a subprogram: its number */
	u64 imm;  /* sign-extended, or the resolved value of the symbol */
};
static_assert(sizeof(struct interp_insn) == 16, "four to a cache line");

/* A subprogram; its address is what SYM_FUNC stands for. */
struct interp_func {
	const struct interp_prog *prog;
	u32 start;
	u32 stack_size; /* of its frame, a multiple of 16 */
	u32 need;	/* with all that it calls, the deepest way */
	u32 frames;	/* itself and the longest chain of calls below it */
	u8 mark;	/* while linking: on the path, done */
};

struct interp_prog {
	struct interp_insn *insns;
	u32 insn_cnt;
	struct interp_func *funcs;
	u32 func_cnt;
	u64 **tables; /* as xlated_prog.tables; addresses of insns */
	u32 table_cnt;
};

#endif
