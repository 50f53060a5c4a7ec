/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vlogs.h - level 2 logs as data: which insns were walked on which path, which ways branches went, and what was
 * known of numbers. Both judges write the same format, so what one knew and the other did not can be found.
 */
#ifndef SKEP_TESTS_VLOGS_H
#define SKEP_TESTS_VLOGS_H

#include "base/types.h"
#include "isa/isa.h"

struct number {
	s64 smin, smax;
	u64 umin, umax;
	s32 smin32, smax32;
	u32 umin32, umax32;
	u64 value, mask; /* known bits */
};

struct log_step {
	u32 insn;
	s64 from;	  /* a path that was put aside starts here: the insn that it came from; else -1 */
	bool speculative; /* only a CPU that guesses comes here */
	const char *text; /* of the line, behind "N: " */
	const char *state; /* what is behind "; "; NULL: nothing */
};

struct vlog_steps {
	struct log_step *steps;
	u32 cnt;
};

/* @log stays as it is and must live as long as the result. False: out of memory. */
bool vlog_read(const char *log, struct vlog_steps *ret);
void vlog_free(struct vlog_steps *v);
/* Indices of the steps that led to the last one, first to last, with ancestors of paths put aside; malloc()ed. */
u32 *vlog_last_path(const struct vlog_steps *v, u32 *ret_cnt);
/* Some path went from insn @a to insn @b; only speculative ones do not count unless @speculative. */
bool vlog_has_edge(const struct vlog_steps *v, u32 a, u32 b, bool speculative);
/* Some path that is not speculative comes to @insn. */
bool vlog_has_insn(const struct vlog_steps *v, u32 insn);
/* What step says of a number in rN. False: nothing, or rN is a pointer. */
bool step_number(const struct log_step *step, u32 reg, struct number *ret);
/* Everything that @in can be @out can be, too; and something that @out can be @in cannot. */
bool number_is_narrower(const struct number *in, const struct number *out);
/* Signed and unsigned bounds leave two ranges with gaps between them both ways round: no arc. */
bool number_has_two_pieces(const struct number *n);

#endif
