/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.h - private: between the driver (jit.c) and a machine (x86_64/target.c).
 *
 * The driver walks the insns, several times until the code's size is stable, and gives each to
 * the machine decoded. The machine appends bytes; it never looks at insns or verifier state, and
 * asks jit_dist() for distances, which in early passes are upper bounds. The driver knows no
 * machine; docs/porting-jit.md tells how to add one.
 */
#ifndef SKEP_JIT_TARGET_H
#define SKEP_JIT_TARGET_H

#include "jit/jit.h"

#include <string.h>

#define JIT_MAX_OUT_ARGS 7 /* Linux: MAX_BPF_FUNC_ARGS without the five in registers */
#define JIT_MAX_LOOPS	 (8 * 1024 * 1024) /* Linux: BPF_MAX_LOOPS, of one activation */

/* One insn. Fields by kind, as in insn.def. */
struct jit_op {
	u8 op; /* enum insn_op */
	u8 size, dst, src;
	bool use_imm; /* the second operand is imm, not src */
	s32 off;      /* bytes; of the ARG forms: number of the stack argument, from 0 */
	s32 imm;
	u64 imm64;
	bool negate; /* jumps: taken when the condition does not hold */
	/* Loads, stores, sums, where the target has .lea: idx << scale is added to the address. */
	bool has_idx;
	u8 idx, scale;
};

enum jit_tail { JIT_TAIL_SLOT, JIT_TAIL_SLOTS, JIT_TAIL_DISTANCE };

/* The subprogram that is being emitted. */
struct jit_func {
	u32 stack_size;	   /* rounded up to 8 */
	u32 in_args, out_args;
	u16 regs_used;	   /* mask of r0..r12 that some insn names */
	bool may_goto;
	bool calls;
	bool indirect;	   /* entered through a pointer */
};

struct jit_ctx {
	u8 *code;
	u32 pos, cap; /* beyond cap nothing is written: pos alone grows */
	const struct jit_func *func;
	u32 caps; /* of the target */
	bool no_landing, call_depth; /* JIT_NO_LANDING, JIT_CALL_DEPTH */

	/* jit.c's own */
	const struct xlated_prog *prog;
	/* By insn and by subprogram: offsets of the last pass, and of this one so far. */
	u32 *insn_off, *new_insn_off, *func_off, *new_func_off;
	u8 *was_short;	/* by insn: its jump took the short form in the last pass */
	u32 cur_idx;
	u32 last_at, at; /* where the current insn's code, or the prologue, began in the last pass and in this */
	struct jit_pool {
		struct jit_literal {
			u32 value, sym;
		} *words; /* of the current function */
		u32 cnt, cap;
		u32 *off; /* by subprogram: where its words began in the last pass, or in this once it was there */
	} pool;
	u32 cur_func;
	bool big_endian;
	const char *why;
	bool first_pass, frozen, replaceable;
	struct jit_image *image;
	u32 reloc_cap, cfi_cap;
	int err;
};

/* @size bytes, the lowest of @bytes first. */
static inline void jit_put(struct jit_ctx *j, u64 bytes, u32 size)
{
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		bytes = __builtin_bswap64(bytes);
	if (likely(j->pos + 8 <= j->cap))
		memcpy(j->code + j->pos, &bytes, 8); /* what is beyond size is written over */
	j->pos += size;
}

/* @size bytes, the highest of them first: what machines say that begin with the most significant one. */
static inline void jit_put_be(struct jit_ctx *j, u64 value, u32 size)
{
	jit_put(j, __builtin_bswap64(value) >> 8 * (8 - size), size);
}

/* The program needs what the machine, or its backend so far, lacks: -EOPNOTSUPP, with @why ("not modelled: ..."). */
void jit_refuse(struct jit_ctx *j, const char *why);

/* The current position in the layout of the last pass. */
static inline u32 jit_here(const struct jit_ctx *j)
{
	return j->last_at + (j->pos - j->at);
}

/*
 * Bytes from the current position to a literal of 4 bytes, which stands behind the function, once for all who ask for
 * the same: @value in the machine's byte order, or with @sym the value of that symbol (JIT_REL_SYM32). How far that is
 * must not change how large the code is; a target that finds it too far refuses. 0 in the first pass.
 */
s32 jit_pool(struct jit_ctx *j, u32 value, u32 sym);
void jit_pool_flush(struct jit_ctx *j, u32 func_idx); /* the driver's, behind each function */

/*
 * Bytes from the end of a jump of @jump_size (its long form: @long_size) at the current position
 * to insn @target_idx. @limit is how far the short form reaches ([-limit, limit - 1]); false: take the long form. At most one
 * jump an insn asks.
 */
bool jit_dist_short(struct jit_ctx *j, u32 target_idx, u32 jump_size, u32 long_size, s32 limit,
		    s32 *ret_dist);
s32 jit_dist(struct jit_ctx *j, u32 target_idx, u32 jump_size);
s32 jit_func_dist(struct jit_ctx *j, u32 func_idx, u32 call_size);
/* The 8 bytes at the current position are the value of symbol @sym. */
void jit_put_sym(struct jit_ctx *j, u32 sym);
/* The 8 bytes at the current position are the address of jit_code.targets[@func_idx]. */
void jit_put_target(struct jit_ctx *j, u32 func_idx);
/* The 8 bytes at the current position are the address of jit_code.counts of insn @idx. */
void jit_put_count(struct jit_ctx *j, u32 idx);
/* The 4 bytes at the current position lead from the thread pointer to vcpu_current_tls. */
void jit_put_vcpu(struct jit_ctx *j);

/* The 4 bytes at the current position lead from the thread pointer to jit_call_depth. */
void jit_put_depth(struct jit_ctx *j);

/* Needed by what appends bytes that linking fills in. */
void jit_keep_reloc(struct jit_ctx *j, struct jit_reloc rel);

/* From the current position on the frame is another: see enum jit_cfi_op. Only JIT_OBSERVED keeps it. */
void jit_keep_cfi(struct jit_ctx *j, enum jit_cfi_op op, u8 reg, s32 off);
static inline void jit_cfi(struct jit_ctx *j, enum jit_cfi_op op, u8 reg, s32 off)
{
	if (unlikely(j->image->observed))
		jit_keep_cfi(j, op, reg, off);
}

struct jit_target {
	const char *name;
	u32 caps; /* the machine's own */
	u32 flags; /* of jit_compile(), which not every machine knows: JIT_NO_LANDING, JIT_CALL_DEPTH */
	const struct jit_dwarf *dwarf; /* NULL: it calls no jit_cfi() */
	bool big_endian;
	void (*prologue)(struct jit_ctx *j);
	void (*entry)(struct jit_ctx *j, u32 func_idx); /* jumps to jit_code.targets[@func_idx] */
	void (*alu)(struct jit_ctx *j, const struct jit_op *op);
	void (*movsx)(struct jit_ctx *j, const struct jit_op *op);
	void (*endian)(struct jit_ctx *j, const struct jit_op *op);
	void (*percpu)(struct jit_ctx *j, u8 dst, u8 src); /* dst = src + the running struct vcpu */
	void (*imm64)(struct jit_ctx *j, u8 dst, u64 value);
	void (*sym64)(struct jit_ctx *j, u8 dst, u32 sym);
	void (*load)(struct jit_ctx *j, const struct jit_op *op);
	void (*store)(struct jit_ctx *j, const struct jit_op *op);
	void (*load_arg)(struct jit_ctx *j, const struct jit_op *op);
	void (*store_arg)(struct jit_ctx *j, const struct jit_op *op);
	void (*atomic)(struct jit_ctx *j, const struct jit_op *op);
	void (*jump)(struct jit_ctx *j, const struct jit_op *op, u32 target_idx);
	void (*jump_always)(struct jit_ctx *j, u32 target_idx);
	void (*may_goto)(struct jit_ctx *j, u32 target_idx);
	void (*gotox)(struct jit_ctx *j, u8 dst);
	void (*landing)(struct jit_ctx *j); /* where indirect jumps may end */
	void (*call_sym)(struct jit_ctx *j, u32 sym);
	/* The symbol's value by how: a slot, a struct tail_slots, the distance of it from r2. */
	void (*tail_call)(struct jit_ctx *j, u32 sym, enum jit_tail how);
	void (*call_func)(struct jit_ctx *j, u32 func_idx);
	void (*exit)(struct jit_ctx *j);
	/*
	 * NULL where the machine has nothing better than the insns they stand for; see fuse.c. With .lea, loads and
	 * stores must take an index, and their .off is any number.
	 */
	void (*rotate)(struct jit_ctx *j, const struct jit_op *op); /* dst = src rotated left by imm */
	void (*lea)(struct jit_ctx *j, const struct jit_op *op);    /* dst = src + (idx << scale) + off */
	/* As .jump, but where that would not jump, the MOV @moved is done. */
	void (*select)(struct jit_ctx *j, const struct jit_op *op, const struct jit_op *moved);
	/* Counts a run of insn @idx, atomically, between two insns; NULL: the machine cannot. */
	void (*count)(struct jit_ctx *j, u32 idx);
	void (*nospec)(struct jit_ctx *j); /* no insn behind it begins before those above have ended */
};

/* What fills the room between programs on this machine; traps when it is run. */
u8 jit_host_filler(void);

#endif
