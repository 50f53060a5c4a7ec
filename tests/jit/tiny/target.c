/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.c - the JIT's backend for tiny.h's CPU: what struct jit_target asks of a machine of 32 bits. Refuses by
 * name what it lacks, as a port under way would.
 *
 * Frame, from high addresses to low: BPF stack, saved pairs, loop budget, return address <- sp. R10 is the frame's end.
 */
#include "tiny.h"

#include "jit/target.h"

#define FRAME_LR     0
#define FRAME_BUDGET 4
#define FRAME_SAVED  8

static const u8 saved[] = { 6, 7, 8, 9, 10, ISA_REG_AX };
#define FRAME_STACK (FRAME_SAVED + 8 * (s32)ARRAY_SIZE(saved))

static u8 hi(u8 reg)
{
	return reg == ISA_REG_AX ? TINY_AX : 2 * reg;
}

static u8 lo(u8 reg)
{
	return hi(reg) + 1;
}

static void put3(struct jit_ctx *j, enum tiny_op op, u8 a, u8 b, u8 c)
{
	jit_put_be(j, (u32)op << 24 | (u32)a << 19 | (u32)b << 14 | c, 4);
}

static void puti(struct jit_ctx *j, enum tiny_op op, u8 a, u8 b, s32 imm)
{
	jit_put_be(j, (u32)op << 24 | (u32)a << 19 | (u32)b << 14 | ((u32)imm & 0x3fff), 4);
}

static void put_far(struct jit_ctx *j, enum tiny_op op, s32 dist)
{
	jit_put_be(j, (u32)op << 24 | ((u32)dist / 4 & 0xffffff), 4);
}

static void put_lib(struct jit_ctx *j, u32 nr)
{
	puti(j, T_LIB, 0, 0, (s32)nr);
}

static void put_move(struct jit_ctx *j, u8 a, u8 b)
{
	if (a != b)
		put3(j, T_OR, a, b, TINY_ZERO);
}

static void put_move_pair(struct jit_ctx *j, u8 to_hi, u8 from_hi)
{
	put_move(j, to_hi, from_hi);
	put_move(j, to_hi + 1, from_hi + 1);
}

static bool fits(s32 imm)
{
	return imm >= TINY_IMM_MIN && imm <= TINY_IMM_MAX;
}

/* A word that does not fit into an insn comes from behind the function. */
static void put_pool_load(struct jit_ctx *j, u8 reg, u32 value, u32 sym)
{
	s32 dist = jit_pool(j, value, sym);

	if (!fits(dist / 4))
		jit_refuse(j, "not modelled: a function so long that its literals are too far");
	puti(j, T_LDPC, reg, 0, dist / 4);
}

static void put_const(struct jit_ctx *j, u8 reg, u32 value)
{
	if (fits((s32)value))
		puti(j, T_ADDI, reg, TINY_ZERO, (s32)value);
	else
		put_pool_load(j, reg, value, 0);
}

static void put_const64(struct jit_ctx *j, u8 reg_hi, u64 value)
{
	put_const(j, reg_hi, value >> 32);
	put_const(j, reg_hi + 1, (u32)value);
}

/* The pair of the second operand. */
static u8 operand(struct jit_ctx *j, const struct jit_op *o)
{
	if (!o->use_imm)
		return hi(o->src);
	put_const64(j, TINY_Y, (u64)(s64)o->imm);
	return TINY_Y;
}

/* ---- frame ----------------------------------------------------------------------------------- */

static s32 frame_size(const struct jit_func *func)
{
	return FRAME_STACK + (s32)func->stack_size;
}

static void put_frame(struct jit_ctx *j, enum tiny_op op)
{
	puti(j, op, TINY_LR, TINY_SP, FRAME_LR);
	for (u32 i = 0; i < ARRAY_SIZE(saved); i++) {
		puti(j, op, hi(saved[i]), TINY_SP, FRAME_SAVED + 8 * (s32)i);
		puti(j, op, lo(saved[i]), TINY_SP, FRAME_SAVED + 8 * (s32)i + 4);
	}
}

static void tiny_prologue(struct jit_ctx *j)
{
	s32 size = frame_size(j->func);

	if (!fits(-size))
		jit_refuse(j, "not modelled: a frame of more than 8191 bytes");
	if (j->func->in_args || j->func->out_args)
		jit_refuse(j, "not modelled: arguments on the stack");
	puti(j, T_ADDI, TINY_SP, TINY_SP, -size);
	put_frame(j, T_SW);
	puti(j, T_ADDI, hi(10), TINY_ZERO, 0);
	puti(j, T_ADDI, lo(10), TINY_SP, size);
	if (j->func->may_goto) {
		put_pool_load(j, TINY_TMP, JIT_MAX_LOOPS, 0);
		puti(j, T_SW, TINY_TMP, TINY_SP, FRAME_BUDGET);
	}
}

static void tiny_exit(struct jit_ctx *j)
{
	put_frame(j, T_LW);
	puti(j, T_ADDI, TINY_SP, TINY_SP, frame_size(j->func));
	puti(j, T_JR, TINY_LR, 0, 0);
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static void put_add(struct jit_ctx *j, u8 d, u8 s)
{
	put3(j, T_ADD, TINY_TMP, d + 1, s + 1);
	put3(j, T_SLTU, TINY_X, TINY_TMP, s + 1);
	put3(j, T_ADD, d, d, s);
	put3(j, T_ADD, d, d, TINY_X);
	put_move(j, d + 1, TINY_TMP);
}

/* d = a - s, where a is d or the pair of zeros. */
static void put_sub(struct jit_ctx *j, u8 d, u8 a_hi, u8 a_lo, u8 s)
{
	put3(j, T_SLTU, TINY_X, a_lo, s + 1);
	put3(j, T_SUB, d + 1, a_lo, s + 1);
	put3(j, T_SUB, d, a_hi, s);
	put3(j, T_SUB, d, d, TINY_X);
}

static void put_by_halves(struct jit_ctx *j, enum tiny_op op, u8 d, u8 s)
{
	put3(j, op, d, d, s);
	put3(j, op, d + 1, d + 1, s + 1);
}

static void put_by_library(struct jit_ctx *j, const struct jit_op *o, u8 d, u8 s)
{
	static const u8 routines[OP_CNT] = {
		[OP_MUL] = LIB_MUL, [OP_DIV] = LIB_DIV, [OP_SDIV] = LIB_SDIV, [OP_MOD] = LIB_MOD, [OP_SMOD] = LIB_SMOD,
		[OP_LSH] = LIB_LSH, [OP_RSH] = LIB_RSH, [OP_ARSH] = LIB_ARSH,
	};

	put_move_pair(j, TINY_X, d);
	put_move_pair(j, TINY_Y, s);
	put_lib(j, routines[o->op] | (o->size == 4 ? TINY_LIB32 : 0));
	put_move_pair(j, d, TINY_X);
}

static void tiny_alu(struct jit_ctx *j, const struct jit_op *o)
{
	u8 d = hi(o->dst), s = o->op == OP_NEG ? d : operand(j, o);

	switch (o->op) {
	case OP_ADD: put_add(j, d, s); break;
	case OP_SUB: put_sub(j, d, d, d + 1, s); break;
	case OP_NEG: put_sub(j, d, TINY_ZERO, TINY_ZERO, d); break;
	case OP_AND: put_by_halves(j, T_AND, d, s); break;
	case OP_OR: put_by_halves(j, T_OR, d, s); break;
	case OP_XOR: put_by_halves(j, T_XOR, d, s); break;
	case OP_MOV: put_move_pair(j, d, s); break;
	default: put_by_library(j, o, d, s);
	}
	if (o->size == 4)
		put_move(j, d, TINY_ZERO);
}

static void tiny_movsx(struct jit_ctx *j, const struct jit_op *o)
{
	put_move_pair(j, TINY_X, hi(o->src));
	put_lib(j, o->op == OP_MOVSX8 ? LIB_SEXT8 : o->op == OP_MOVSX16 ? LIB_SEXT16 : LIB_SEXT32);
	put_move_pair(j, hi(o->dst), TINY_X);
	if (o->size == 4)
		put_move(j, hi(o->dst), TINY_ZERO);
}

/* What is in the machine's order already is only cut. */
static void tiny_endian(struct jit_ctx *j, const struct jit_op *o)
{
	u8 d = hi(o->dst);

	if (o->op == OP_BE && o->size == 8)
		return;
	if (o->op == OP_BE && o->size == 4)
		return put_move(j, d, TINY_ZERO);
	put_move_pair(j, TINY_X, d);
	put_lib(j, o->op == OP_BE ? LIB_ZEXT16 : o->size == 2 ? LIB_SWAP16 : o->size == 4 ? LIB_SWAP32 : LIB_SWAP64);
	put_move_pair(j, d, TINY_X);
}

static void tiny_imm64(struct jit_ctx *j, u8 dst, u64 value)
{
	put_const64(j, hi(dst), value);
}

static void tiny_sym64(struct jit_ctx *j, u8 dst, u32 sym)
{
	put_const(j, hi(dst), 0);
	put_pool_load(j, lo(dst), 0, sym);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Returns the register that *@off, which becomes small enough, is from. */
static u8 address(struct jit_ctx *j, u8 base, s32 *off)
{
	if (fits(*off) && fits(*off + 4))
		return lo(base);
	put_const(j, TINY_TMP, (u32)*off);
	put3(j, T_ADD, TINY_TMP, TINY_TMP, lo(base));
	*off = 0;
	return TINY_TMP;
}

static void tiny_load(struct jit_ctx *j, const struct jit_op *o)
{
	s32 off = o->off;
	u8 base = address(j, o->src, &off);

	if (o->size == 8) {
		puti(j, T_LW, TINY_X, base, off);
		puti(j, T_LW, TINY_X + 1, base, off + 4);
	} else {
		puti(j, o->size == 4 ? T_LW : o->size == 2 ? T_LH : T_LB, TINY_X + 1, base, off);
		put_move(j, TINY_X, TINY_ZERO);
		if (o->op == OP_LDXSX)
			put_lib(j, o->size == 1 ? LIB_SEXT8 : o->size == 2 ? LIB_SEXT16 : LIB_SEXT32);
	}
	put_move_pair(j, hi(o->dst), TINY_X);
}

static void tiny_store(struct jit_ctx *j, const struct jit_op *o)
{
	s32 off = o->off;
	u8 s = operand(j, o), base = address(j, o->dst, &off);

	if (o->size == 8)
		puti(j, T_SW, s, base, off);
	puti(j, o->size >= 4 ? T_SW : o->size == 2 ? T_SH : T_SB, s + 1, base, off + (o->size == 8 ? 4 : 0));
}

/* ---- control flow ---------------------------------------------------------------------------- */

/* TMP = a < b */
static void put_less(struct jit_ctx *j, bool w, bool is_signed, u8 a, u8 b)
{
	if (!w)
		return put3(j, is_signed ? T_SLT : T_SLTU, TINY_TMP, a + 1, b + 1);
	put3(j, is_signed ? T_SLT : T_SLTU, TINY_X, a, b);
	put3(j, is_signed ? T_SLT : T_SLTU, TINY_X + 1, b, a);
	put3(j, T_SLTU, TINY_TMP, a + 1, b + 1);
	put3(j, T_ADD, TINY_TMP, TINY_TMP, TINY_X);
	put3(j, T_SUB, TINY_TMP, TINY_TMP, TINY_X + 1);
	put3(j, T_SLT, TINY_TMP, TINY_ZERO, TINY_TMP);
}

/* TMP = a op b, as bits of which any may be set. */
static void put_bits(struct jit_ctx *j, enum tiny_op op, bool w, u8 a, u8 b)
{
	put3(j, op, TINY_TMP, a + 1, b + 1);
	if (!w)
		return;
	put3(j, op, TINY_X, a, b);
	put3(j, T_OR, TINY_TMP, TINY_TMP, TINY_X);
}

/* Jumps when TMP is not 0, or with @if_zero when it is. */
static void put_branch(struct jit_ctx *j, bool if_zero, u32 target_idx)
{
	s32 dist;

	if (jit_dist_short(j, target_idx, 4, 8, 4 * TINY_IMM_MAX, &dist)) {
		puti(j, if_zero ? T_BZ : T_BNZ, TINY_TMP, 0, (dist + 4) / 4);
	} else {
		puti(j, if_zero ? T_BNZ : T_BZ, TINY_TMP, 0, 2);
		put_far(j, T_JMP, jit_dist(j, target_idx, 4) + 4);
	}
}

static void tiny_jump(struct jit_ctx *j, const struct jit_op *o, u32 target_idx)
{
	u8 a = hi(o->dst), b = operand(j, o);
	bool w = o->size == 8, if_zero = o->negate;

	switch (o->op) {
	case OP_JEQ: put_bits(j, T_XOR, w, a, b); if_zero = !if_zero; break;
	case OP_JNE: put_bits(j, T_XOR, w, a, b); break;
	case OP_JSET: put_bits(j, T_AND, w, a, b); break;
	case OP_JLT: case OP_JSLT: put_less(j, w, o->op == OP_JSLT, a, b); break;
	case OP_JGT: case OP_JSGT: put_less(j, w, o->op == OP_JSGT, b, a); break;
	case OP_JGE: case OP_JSGE: put_less(j, w, o->op == OP_JSGE, a, b); if_zero = !if_zero; break;
	default: put_less(j, w, o->op == OP_JSLE, b, a); if_zero = !if_zero;
	}
	put_branch(j, if_zero, target_idx);
}

static void tiny_jump_always(struct jit_ctx *j, u32 target_idx)
{
	put_far(j, T_JMP, jit_dist(j, target_idx, 4) + 4);
}

static void tiny_may_goto(struct jit_ctx *j, u32 target_idx)
{
	puti(j, T_LW, TINY_TMP, TINY_SP, FRAME_BUDGET);
	put_branch(j, true, target_idx);
	puti(j, T_ADDI, TINY_TMP, TINY_TMP, -1);
	puti(j, T_SW, TINY_TMP, TINY_SP, FRAME_BUDGET);
}

static void tiny_gotox(struct jit_ctx *j, u8 dst)
{
	puti(j, T_JR, lo(dst), 0, 0);
}

static void tiny_call_sym(struct jit_ctx *j, u32 sym)
{
	put_pool_load(j, TINY_TMP, 0, sym);
	puti(j, T_CALLR, TINY_TMP, 0, 0);
}

static void tiny_call_func(struct jit_ctx *j, u32 func_idx)
{
	put_far(j, T_CALL, jit_func_dist(j, func_idx, 4) + 4);
}

/* Nothing is enforced, and nothing guessed. */
static void tiny_nothing(struct jit_ctx *j __unused_arg)
{
}

/* ---- what it lacks --------------------------------------------------------------------------- */

static void tiny_no_op(struct jit_ctx *j, const struct jit_op *o)
{
	jit_refuse(j, o->op >= OP_LDX && o->op <= OP_STX ? "not modelled: arguments on the stack" :
							   "not modelled: atomic operations");
}

static void tiny_no_tail_call(struct jit_ctx *j, u32 sym __unused_arg, enum jit_tail how __unused_arg)
{
	jit_refuse(j, "not modelled: tail calls");
}

static void tiny_no_percpu(struct jit_ctx *j, u8 dst __unused_arg, u8 src __unused_arg)
{
	jit_refuse(j, "not modelled: per-CPU addresses");
}

static void tiny_no_entry(struct jit_ctx *j, u32 func_idx __unused_arg)
{
	jit_refuse(j, "not modelled: functions that can be replaced");
}

const struct jit_target tiny_target = {
	.name = "tiny", .big_endian = true, .prologue = tiny_prologue, .entry = tiny_no_entry, .alu = tiny_alu,
	.movsx = tiny_movsx, .endian = tiny_endian, .percpu = tiny_no_percpu, .imm64 = tiny_imm64, .sym64 = tiny_sym64,
	.load = tiny_load, .store = tiny_store, .load_arg = tiny_no_op, .store_arg = tiny_no_op, .atomic = tiny_no_op,
	.jump = tiny_jump, .jump_always = tiny_jump_always, .may_goto = tiny_may_goto, .gotox = tiny_gotox,
	.landing = tiny_nothing, .call_sym = tiny_call_sym, .tail_call = tiny_no_tail_call, .call_func = tiny_call_func,
	.exit = tiny_exit, .nospec = tiny_nothing,
};
