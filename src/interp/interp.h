/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interp.h - executes a rewritten program: every form, also what Linux leaves to the JIT. The
 * reference that every JIT is compared with.
 */
#ifndef SKEP_INTERP_INTERP_H
#define SKEP_INTERP_INTERP_H

#include "base/types.h"
#include "isa/xlated.h"

struct interp_prog; /* linked; immutable; any number of threads may run it */
struct run_ctx;

int interp_link(const struct xlated_prog *prog, const struct sym_resolver *resolver,
		struct interp_prog **ret_prog);
/* Why interp_link() answers -EOPNOTSUPP ("not modelled: ..."); NULL when it does not. */
const char *interp_why_not(const struct xlated_prog *prog);
void interp_unlink(struct interp_prog *prog); /* nobody runs it any more */
u64 interp_run(const struct interp_prog *prog, void *ctx);
/* run_ctx.call_func of the interpreter: @func is what it gave SYM_FUNC. */
u64 interp_call_func(struct run_ctx *run, u64 func, const u64 args[5]);

/*
 * The same program, checked: before each insn @check is called with the registers r0..r10.
 * Returns -ECANCELED when @check returned false, 0 with *ret_value otherwise. Also fails, with
 * -ELOOP, after @max_insns.
 */
typedef bool (*interp_check_fn)(void *ctx, u32 xlated_idx, const u64 regs[ISA_REG_CNT]);
int interp_run_checked(const struct interp_prog *prog, void *ctx, interp_check_fn check,
		       void *check_ctx, u64 max_insns, u64 *ret_value);

#endif
