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

enum jit_reloc_kind {
	JIT_REL_SYM,  /* 8 bytes: the value of symbol .sym */
	JIT_REL_VCPU, /* 4 bytes: where vcpu_current_tls is, from the thread pointer */
	JIT_REL_TARGET, /* 8 bytes: the address of jit_code.targets[.sym] */
};

struct jit_reloc {
	u32 code_off;
	u32 kind; /* enum jit_reloc_kind */
	u32 sym;  /* row of xlated_prog.syms */
	u64 addend;
};

struct jit_line {
	u32 code_off, xlated_idx;
};

struct jit_image {
	u8 *code;
	u32 code_size;
	u32 *func_off; /* by subprogram: entry, bytes */
	u32 *body_off; /* by subprogram: where its own code begins; JIT_REPLACEABLE only, else NULL */
	u32 func_cnt;
	struct jit_reloc *relocs;
	u32 reloc_cnt;
	struct jit_line *lines; /* one an insn, ascending */
	u32 line_cnt;
};

#define JIT_BLIND	BIT(0) /* no immediate of the program stands in the code (J-08); draws random numbers */
#define JIT_REPLACEABLE BIT(1) /* each subprogram is entered through jit_code.targets */
#define JIT_KASAN	BIT(2) /* checks of each access (J-13): not modelled, -EOPNOTSUPP */

/* 0, -ENOMEM, -EOPNOTSUPP (a form that the target lacks; *ret_why names it), -E2BIG. */
int jit_compile(const struct xlated_prog *prog, const struct jit_target *target, u32 flags,
		struct jit_image **ret_image, const char **ret_why);
void jit_image_free(struct jit_image *image);
/* Where the code of an insn of the rewritten program begins. */
u32 jit_code_off(const struct jit_image *image, u32 xlated_idx);

/* Linked code. Immutable; any number of threads may run it. */
struct jit_code {
	u64 (*entry)(void *ctx); /* the main program */
	const u8 *base;
	u32 size;
	const u64 *func_addrs; /* by subprogram */
	u32 func_cnt;
	/* JIT_REPLACEABLE: where each subprogram's entry jumps to, atomic; at first its own body. */
	u64 *targets;
	const u64 *bodies;
	u64 **tables; /* as xlated_prog.tables: addresses; 0 where the insn is gone */
};
/* Resolves symbols and makes the code executable (never writable at the same time). */
int jit_link(const struct jit_image *image, const struct xlated_prog *prog,
	     const struct sym_resolver *resolver, struct jit_code **ret_code);
void jit_unlink(struct jit_code *code); /* nobody runs it any more */

/* run_ctx.call_func of the JIT: @func is a native address. */
struct run_ctx;
u64 jit_call_func(struct run_ctx *run, u64 func, const u64 args[5]);

#endif
