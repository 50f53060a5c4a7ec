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
	JIT_REL_SYM32, /* 4 bytes in the machine's order: as much of the value of symbol .sym */
	JIT_REL_VCPU, /* 4 bytes: where vcpu_current_tls is, from the thread pointer */
	JIT_REL_DEPTH, /* 4 bytes: where jit_call_depth is, from the thread pointer */
	JIT_REL_COUNT, /* 8 bytes: the address of jit_code.counts[.sym] */
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

/* How to walk through a frame: what changes from .code_off on. Registers are DWARF's. */
enum jit_cfi_op {
	JIT_CFI_CFA,	  /* the caller's frame begins at .reg + .off */
	JIT_CFI_SAVED,	  /* the caller's .reg is at .off from there */
	JIT_CFI_RESTORED, /* it is in its register again */
	JIT_CFI_REMEMBER, /* the rules so far come back ... */
	JIT_CFI_RECALL,	  /* ... here */
};
struct jit_cfi {
	u32 code_off;
	u8 op, reg;
	s32 off;
};
/* What is so at the entry of each function of a machine. */
struct jit_dwarf {
	u8 ret_reg; /* the return address is the first word below the caller's frame */
	u8 sp_reg, word;
	u32 entry_cfa; /* where that frame begins, from the stack pointer */
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
	/* JIT_OBSERVED only: */
	bool observed;
	const struct jit_dwarf *dwarf; /* NULL: the machine has no .cfi */
	struct jit_cfi *cfi;	       /* ascending */
	u32 cfi_cnt;
	u32 count_cnt; /* JIT_COUNT: insns; else 0 */
};

#define JIT_BLIND	BIT(0) /* no immediate of the program stands in the code (J-08); draws random numbers */
#define JIT_REPLACEABLE BIT(1) /* each subprogram is entered through jit_code.targets */
#define JIT_OBSERVED	BIT(3) /* with .cfi, and linked where a debugger can put breakpoints */
#define JIT_COUNT	BIT(4) /* each insn counts its runs in jit_code.counts */
#define JIT_NO_LANDING	BIT(5) /* no marks where indirect jumps may end (J-10): for machines that do not enforce them */
#define JIT_CALL_DEPTH	BIT(6) /* each activation is accounted in jit_call_depth (J-18) */
#define JIT_KASAN	BIT(2) /* checks of each access (J-13): not modelled, -EOPNOTSUPP */

/* 0, -ENOMEM, -EOPNOTSUPP (a form that the target lacks; *ret_why names it), -E2BIG. */
int jit_compile(const struct xlated_prog *prog, const struct jit_target *target, u32 flags,
		struct jit_image **ret_image, const char **ret_why);
void jit_image_free(struct jit_image *image);
/* Where the code of an insn of the rewritten program begins. */
u32 jit_code_off(const struct jit_image *image, u32 xlated_idx);

/*
 * JIT_CALL_DEPTH, for CPUs whose predictor of returns holds 16 addresses and then predicts returns as it predicts
 * other jumps (Linux: retbleed=stuff): as many fives of ones from the top as activations may still be in it; each
 * call shifts one in, arithmetically, each return one out. The return that leaves 0 refills the predictor first.
 */
#define JIT_DEPTH_BITS	5
#define JIT_DEPTH_FULL	(~(u64)0)
#define JIT_DEPTH_REFILL 16
extern __thread u64 jit_call_depth __attribute__((tls_model("initial-exec")));

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
	u64 *counts; /* JIT_COUNT: by insn of the rewritten program, atomic; else NULL */
	struct jit_observed *observed; /* by jit_observe(); NULL */
};
/* Resolves symbols and makes the code executable (never writable at the same time). */
int jit_link(const struct jit_image *image, const struct xlated_prog *prog,
	     const struct sym_resolver *resolver, struct jit_code **ret_code);
void jit_unlink(struct jit_code *code); /* nobody runs it any more */

/* ---- profilers and debuggers ---------------------------------------------------------------- */

#define JIT_OBSERVE_PERF_MAP BIT(0) /* /tmp/perf-PID.map */
#define JIT_OBSERVE_JITDUMP  BIT(1) /* $JITDUMPDIR/jit-PID.dump, else in /tmp */
#define JIT_OBSERVE_GDB	     BIT(2) /* the interface of gdb and lldb */
#define JIT_OBSERVE_UNWIND   BIT(3) /* libgcc's list of frames */
#define JIT_OBSERVE_ALL	     (BIT(4) - 1)

/* "perf-map,gdb" as flags. 0, -EINVAL (an unknown word). */
int jit_observe_parse(const char *list, u32 *ret_how);
/* Makes the files, finds libgcc: once before jit_observe(), again does no harm. 0, negative errno of the file,
 * -EINVAL (flags), -EOPNOTSUPP (no libgcc_s). */
int jit_observe_start(u32 how);

struct jit_src {
	const char *file;
	u32 line, col;
};
/* What a program is called and comes from. Needed during the call only. */
struct jit_desc {
	const char *prefix;	  /* of the names that perf gets: "bpf_prog_TAG_" */
	const char *const *names; /* by subprogram */
	bool (*line)(void *ctx, u32 xlated_idx, struct jit_src *ret); /* false: not known */
	void *ctx;
};
/* Tells of @code, linked from @image, until jit_unlink(). 0, -ENOMEM, -EOPNOTSUPP. */
int jit_observe(struct jit_code *code, const struct jit_image *image, const struct jit_desc *desc, u32 how);
void jit_unobserve(struct jit_observed *seen); /* jit_unlink()'s; NULL is fine */

/* Of functions that call machine code: it has no type in front of it, where clang's checker of indirect calls would
 * look, and there may be a guard page. */
#ifdef __clang__
#define JIT_CALLER __attribute__((no_sanitize("function")))
#else
#define JIT_CALLER
#endif

/* run_ctx.call_func of the JIT: @func is a native address. */
struct run_ctx;
u64 jit_call_func(struct run_ctx *run, u64 func, const u64 args[5]);

#endif
