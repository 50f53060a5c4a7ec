/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec.h - the body of one instance of the loop, included by run.c for each: EXEC is its name,
 * CHECKED whether it asks the checker. Not an inline function, since no compiler inlines a
 * function that keeps addresses of its labels.
 */
static __noinline u64 EXEC(const struct interp_func *entry, const u64 args[5],
			   struct checker *checker __unused_arg)
{
	static const void *const labels[FORM_CNT + 1] = {
#define INSN(name, ...) [FORM_##name] = &&do_##name,
#include "isa/insn.def"
#undef INSN
		[FORM_TAIL_CALL] = &&do_tail_call,
	};
	/* frames[0] is never used by an insn: LDX_ARG of the entry would look there */
	struct frame *frames = alloca((entry->frames + 1) * sizeof(*frames));
	struct frame *fp = frames + 1;
	u64 area = (uintptr_t)alloca(entry->need + 16);
	const struct interp_func *callee;
	const struct interp_insn *pc = entry->prog->insns + entry->start;
	u64 r[ISA_REG_CNT] = { 0, args[0], args[1], args[2], args[3], args[4] };

	/* The stack grows down from the end of the area, as natively. */
	area = round_up_to(area, 16) + entry->need;
	r[10] = area;
	memset(&frames[0], 0, sizeof(frames[0]));
	memset(fp, 0, sizeof(*fp));
	fp->loops = INTERP_MAX_LOOPS;
	u32 stack_size = entry->stack_size;
	NEXT;

call_subprog:
	callee = &entry->prog->funcs[pc->off];
	fp++;
	fp->ret_pc = pc + 1;
	memcpy(fp->saved, &r[6], sizeof(fp->saved));
	fp->loops = (u64)INTERP_MAX_LOOPS;
	memset(fp->out_args, 0, sizeof(fp->out_args));
	r[10] -= stack_size;
	stack_size = callee->stack_size;
	pc = entry->prog->insns + callee->start;
	NEXT;

leave:
	if (fp == frames + 1)
		return r[0];
	pc = fp->ret_pc;
	stack_size = fp->saved[4] - r[10]; /* of the caller: what call_subprog took off */
	memcpy(&r[6], fp->saved, sizeof(fp->saved));
	fp--;
	NEXT;

do_tail_call: {
	const struct tail_prog *tail = tail_target(pc, r);

	/* Another program, so unchecked: what is asserted of this one says nothing of it. */
	if (!tail)
		STEP;
	r[0] = exec_plain(&tail->interp->funcs[0], &r[1], NULL);
	goto leave;
}

#define INSN(name, kind, code, size, op, ...)                                                      \
	do_##name: {                                                                               \
		RUN_##kind(code, size, OP_##op);                                                   \
	}
#include "isa/insn.def"
#undef INSN
}
