/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jit.h - a rewritten program to machine code. jit_compile() is a pure function: any host for any
 * target. jit_link() puts the image into executable memory of this process.
 */
#ifndef SKEP_JIT_JIT_H
#define SKEP_JIT_JIT_H

#include "base/types.h"
#include "isa/xlated.h"

struct jit_target; /* one machine; private to jit */
const struct jit_target *jit_target_find(const char *name); /* "x86_64"; NULL: none */
const struct jit_target *jit_target_host(void);		    /* NULL when none fits this process */
const char *jit_target_name(const struct jit_target *target);

struct jit_reloc {
	u32 code_off; /* of the 8-byte (abs64) field */
	u32 sym;      /* row of xlated_prog.syms */
	u64 addend;
};

struct jit_line {
	u32 code_off, xlated_idx;
};

struct jit_image {
	u8 *code;
	u32 code_size;
	u32 *func_off; /* by subprogram: entry, bytes */
	u32 func_cnt;
	struct jit_reloc *relocs;
	u32 reloc_cnt;
	struct jit_line *lines; /* one an insn, ascending */
	u32 line_cnt;
};

#define JIT_BLIND BIT(0) /* constant blinding: not modelled yet, -EOPNOTSUPP */

/* 0, -ENOMEM, -EOPNOTSUPP (a form that the target lacks; *ret_why names it), -E2BIG. */
int jit_compile(const struct xlated_prog *prog, const struct jit_target *target, u32 flags,
		struct jit_image **ret_image, const char **ret_why);
void jit_image_free(struct jit_image *image);

/* Linked code. Immutable; any number of threads may run it. */
struct jit_code {
	u64 (*entry)(void *ctx); /* the main program */
	const u8 *base;
	u32 size;
	const u64 *func_addrs; /* by subprogram */
	u32 func_cnt;
};
/* Resolves symbols and makes the code executable (never writable at the same time). */
int jit_link(const struct jit_image *image, const struct xlated_prog *prog,
	     const struct sym_resolver *resolver, struct jit_code **ret_code);
void jit_unlink(struct jit_code *code); /* nobody runs it any more */

/* run_ctx.call_func of the JIT: @func is a native address. */
struct run_ctx;
u64 jit_call_func(struct run_ctx *run, u64 func, const u64 args[5]);

#endif
