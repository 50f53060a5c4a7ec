/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.c - x86-64, System V. Helpers take R1..R5 where the C compiler expects its first five
 * arguments, so a call moves nothing. R9, R10 and R11 of the machine are scratch.
 *
 * Frame, from high addresses to low; RSP is a multiple of 16 throughout, so at calls, too:
 *	incoming stack arguments from the second on: [rbp + 16 + 8 * (n - 1)]
 *	return address, saved RBP		     <- rbp, BPF's R10
 *	BPF stack
 *	saved callee-saved registers; first incoming stack argument (it came in R9); loop budget
 *	first outgoing stack argument (it goes out in R9)
 *	outgoing stack arguments from the second on  <- rsp
 * RBP chains frames, so unwinding by frame pointers works; functions that call nothing may have no frame.
 */
#include "jit/target.h"
#include "jit/magic.h"
#include "jit/x86_64/enc.h"

#include "core/vcpu.h"

#define X64_CAP_BMI2 BIT(0)

#define T1 R11
#define T2 R10
#define T3 R9

static const u8 reg_map[ISA_REG_CNT] = {
	[0] = RAX, [1] = RDI, [2] = RSI, [3] = RDX, [4] = RCX,	[5] = R8, [6] = RBX,
	[7] = R13, [8] = R14, [9] = R15, [10] = RBP, [12] = R12,
};

/* BPF registers whose machine register the caller wants back. */
static const u8 saved_regs[] = { 6, 7, 8, 9, ISA_REG_AX };

static inline void put(struct jit_ctx *j, struct x64_enc e)
{
	if (likely(j->pos + 16 <= j->cap)) {
		memcpy(j->code + j->pos, &e.bits, sizeof(e.bits));
	} else if (j->pos + e.len <= j->cap) {
		memcpy(j->code + j->pos, &e.bits, e.len);
	}
	j->pos += e.len;
}

/* All but the last @tail bytes, which somebody else fills in. */
static void put_head(struct jit_ctx *j, struct x64_enc e, u32 tail)
{
	e.len -= tail;
	put(j, e);
}

/* A jump forward inside one insn's code: the distance is filled in at the label. */
static u32 put_local_jump(struct jit_ctx *j, struct x64_enc jump)
{
	put(j, jump);
	return j->pos;
}

static void put_label(struct jit_ctx *j, u32 from)
{
	if (j->pos <= j->cap)
		j->code[from - 1] = j->pos - from;
}

/* ---- frame ----------------------------------------------------------------------------- */

struct layout {
	s32 saved;     /* rbp-relative: the highest saved register */
	s32 in_arg0;   /* rbp-relative */
	s32 loops;     /* rbp-relative */
	s32 out_arg0;  /* rsp-relative */
	s32 size;      /* what RSP goes down by */
};

static struct layout layout_of(const struct jit_func *func)
{
	struct layout l = { .saved = -(s32)func->stack_size };
	s32 low = l.saved;

	for (size_t i = 0; i < ARRAY_SIZE(saved_regs); i++)
		if (func->regs_used & BIT(saved_regs[i]))
			low -= 8;
	if (func->in_args)
		l.in_arg0 = low -= 8;
	if (func->may_goto)
		l.loops = low -= 8;
	low -= 8 * func->out_args;
	l.size = round_up_to(-low, 16);
	l.out_arg0 = func->out_args ? 8 * (func->out_args - 1) : 0;
	return l;
}

static struct x64_mem mem_at(u8 base, s32 disp)
{
	return (struct x64_mem){ .base = base, .disp = disp };
}

/* ---- what unwinding needs to know: the frame as it is behind each insn that changes it */

#define DW_RBP 6
#define DW_RSP 7

static const struct jit_dwarf x64_dwarf = { .ret_reg = 16, .sp_reg = DW_RSP, .word = 8, .entry_cfa = 8 };
static const u8 dwarf_regs[] = { [RBX] = 3, [R12] = 12, [R13] = 13, [R14] = 14, [R15] = 15 };

/* RBP is 16 below where the caller's frame begins. */
static void note_saved_regs(struct jit_ctx *j, const struct layout *l, enum jit_cfi_op op)
{
	s32 at = l->saved;

	for (size_t i = 0; j->image->observed && i < ARRAY_SIZE(saved_regs); i++)
		if (j->func->regs_used & BIT(saved_regs[i]))
			jit_cfi(j, op, dwarf_regs[reg_map[saved_regs[i]]], (at -= 8) - 16);
}

/* Behind LEAVE: what the caller saw at the entry. Up to where note_frame_back() stands. */
static void note_frame_gone(struct jit_ctx *j, const struct layout *l)
{
	jit_cfi(j, JIT_CFI_REMEMBER, 0, 0);
	jit_cfi(j, JIT_CFI_CFA, DW_RSP, 8);
	jit_cfi(j, JIT_CFI_RESTORED, DW_RBP, 0);
	note_saved_regs(j, l, JIT_CFI_RESTORED);
}

static void note_frame_back(struct jit_ctx *j)
{
	jit_cfi(j, JIT_CFI_RECALL, 0, 0);
}

static void put_saved_regs(struct jit_ctx *j, const struct layout *l, u32 opcode)
{
	s32 at = l->saved;

	for (size_t i = 0; i < ARRAY_SIZE(saved_regs); i++) {
		if (!(j->func->regs_used & BIT(saved_regs[i])))
			continue;
		at -= 8;
		put(j, x64_rm(opcode, 8, false, reg_map[saved_regs[i]], mem_at(RBP, at)));
	}
}

static void x64_landing(struct jit_ctx *j)
{
	if (!j->no_landing)
		put(j, x64_endbr64());
}

/* ---- call depth (J-18) --------------------------------------------------------------------- */

/* @e is at fs:0, with @imm_size bytes of immediate: at jit_call_depth instead. */
static void put_at_depth(struct jit_ctx *j, struct x64_enc e, u32 imm_size)
{
	u64 imm = e.bits >> 8 * (e.len - imm_size);

	put_head(j, e, 4 + imm_size);
	jit_put_depth(j);
	jit_put(j, imm, imm_size);
}

static void put_depth_shift(struct jit_ctx *j, enum x64_shift op)
{
	if (j->call_depth)
		put_at_depth(j, x64_shift_fs(op, 0, JIT_DEPTH_BITS), 1);
}

/* At the end of a function, RSP as at its entry: calls that never return, over a trap that only a CPU runs
 * which predicts their returns. */
static void put_depth_return(struct jit_ctx *j)
{
	u32 enough;

	if (!j->call_depth)
		return;
	put_depth_shift(j, X64_SHL);
	enough = put_local_jump(j, x64_jcc8(CC_NE, 0));
	for (u32 i = 1; i <= JIT_DEPTH_REFILL; i++) {
		put(j, x64_call32(1));
		put(j, x64_int3());
		jit_cfi(j, JIT_CFI_CFA, DW_RSP, 8 + 8 * i);
	}
	put(j, x64_lea(true, RSP, mem_at(RSP, 8 * JIT_DEPTH_REFILL)));
	jit_cfi(j, JIT_CFI_CFA, DW_RSP, 8);
	put_at_depth(j, x64_store_imm_fs(0, -1), 4);
	put_label(j, enough);
}

/* ---- entry and exit ------------------------------------------------------------------------ */

/* It calls nothing, keeps nothing and never looks at its stack: the caller's frame is as good. */
static bool is_frameless(const struct jit_func *func)
{
	u16 framed = BIT(BPF_REG_10);

	for (size_t i = 0; i < ARRAY_SIZE(saved_regs); i++)
		framed |= BIT(saved_regs[i]);
	return !func->calls && !func->in_args && !func->out_args && !func->may_goto && !(func->regs_used & framed);
}

static void x64_prologue(struct jit_ctx *j)
{
	struct layout l = layout_of(j->func);

	if (j->func->indirect)
		x64_landing(j);
	put_depth_shift(j, X64_SAR);
	if (is_frameless(j->func))
		return;
	put(j, x64_push(RBP));
	jit_cfi(j, JIT_CFI_CFA, DW_RSP, 16);
	jit_cfi(j, JIT_CFI_SAVED, DW_RBP, -16);
	put(j, x64_mov(true, RBP, RSP));
	jit_cfi(j, JIT_CFI_CFA, DW_RBP, 16);
	if (l.size)
		put(j, x64_alu_ri(X64_SUB, true, RSP, l.size));
	put_saved_regs(j, &l, 0x89);
	note_saved_regs(j, &l, JIT_CFI_SAVED);
	if (j->func->in_args)
		put(j, x64_rm(0x89, 8, false, R9, mem_at(RBP, l.in_arg0)));
	if (j->func->may_goto)
		put(j, x64_store_imm(8, mem_at(RBP, l.loops), JIT_MAX_LOOPS));
}

static void x64_nospec(struct jit_ctx *j)
{
	put(j, x64_lfence());
}

static void x64_entry(struct jit_ctx *j, u32 func_idx)
{
	x64_landing(j);
	put_head(j, x64_movabs(T1, 0), 8);
	jit_put_target(j, func_idx);
	put(j, x64_jmp_m(mem_at(T1, 0)));
}

static void x64_exit(struct jit_ctx *j)
{
	struct layout l = layout_of(j->func);

	if (is_frameless(j->func)) {
		put_depth_return(j);
		return put(j, x64_ret());
	}
	put_saved_regs(j, &l, 0x8b);
	put(j, x64_leave());
	note_frame_gone(j, &l);
	put_depth_return(j);
	put(j, x64_ret());
	note_frame_back(j);
}

/* ---- arithmetic ------------------------------------------------------------------------ */

static void put_shift(struct jit_ctx *j, enum x64_shift op, bool w, u8 dst, const struct jit_op *o)
{
	u8 count = reg_map[o->src];

	if (o->use_imm) {
		u8 imm = o->imm & (w ? 63 : 31);

		if (imm)
			put(j, x64_shift_ri(op, w, dst, imm));
		else if (!w)
			put(j, x64_mov(false, dst, dst));
		return;
	}
	if (j->caps & X64_CAP_BMI2)
		return put(j, x64_shiftx(op, w, dst, dst, count));
	/*
	 * The count must be in CL, which is BPF's R4. A 32-bit shift by a register whose count
	 * is 0 leaves the upper half of the destination defined as zero all the same.
	 */
	if (count == RCX && dst != RCX)
		return put(j, x64_shift_cl(op, w, dst));
	put(j, x64_mov(true, T1, RCX));
	if (count != RCX)
		put(j, x64_mov(false, RCX, count));
	put(j, x64_shift_cl(op, w, dst == RCX ? T1 : dst));
	put(j, x64_mov(true, RCX, T1));
}

static void x64_rotate(struct jit_ctx *j, const struct jit_op *o)
{
	u8 dst = reg_map[o->dst], src = reg_map[o->src];
	bool w = o->size == 8;

	if (j->caps & X64_CAP_BMI2 && dst != src)
		return put(j, x64_rorx(w, dst, src, 8 * o->size - o->imm));
	if (dst != src)
		put(j, x64_mov(w, dst, src));
	put(j, x64_shift_ri(X64_ROL, w, dst, o->imm));
}

/* dst = RDX:RAX / T1 or the rest of it; all other registers keep their values. */
static void put_divide(struct jit_ctx *j, bool w, bool is_signed, bool is_mod, u8 dst)
{
	u8 result = is_mod ? RDX : RAX;

	if (dst != RDX)
		put(j, x64_mov(true, T3, RDX));
	if (dst != RAX) {
		put(j, x64_mov(true, T2, RAX));
		put(j, x64_mov(true, RAX, dst));
	}
	if (is_signed)
		put(j, x64_cqo(w));
	else
		put(j, x64_mov_imm(RDX, 0));
	put(j, x64_unary_r(is_signed ? X64_IDIV : X64_DIV, w, T1));
	if (dst != result)
		put(j, x64_mov(w, dst, result));
	if (dst != RAX)
		put(j, x64_mov(true, RAX, T2));
	if (dst != RDX)
		put(j, x64_mov(true, RDX, T3));
}

/* x / 0 is 0, x % 0 is x. */
static void put_div_by_zero(struct jit_ctx *j, bool w, bool is_mod, u8 dst)
{
	if (!is_mod)
		put(j, x64_mov_imm(dst, 0));
	else if (!w)
		put(j, x64_mov(false, dst, dst));
}

/* Signed, by -1: the machine's division traps on the least number; BPF wraps. */
static void put_div_by_minus_one(struct jit_ctx *j, bool w, bool is_mod, u8 dst)
{
	if (is_mod)
		put(j, x64_mov_imm(dst, 0));
	else
		put(j, x64_unary_r(X64_NEG, w, dst));
}

/* ---- division by a constant (J-07) -------------------------------------------------------- */

/*
 * T1 = the upper half of RAX * T1; all but T2 and T3 are as before. Returns where the dividend is now:
 * a copy was made of what stood in the way.
 */
static u8 put_mul_high(struct jit_ctx *j, bool is_signed, bool zext, u8 dst)
{
	put(j, x64_mov(true, T2, RAX));
	put(j, x64_mov(true, T3, RDX));
	if (zext || dst != RAX)
		put(j, x64_mov(!zext, RAX, dst));
	put(j, x64_unary_r(is_signed ? X64_IMUL : X64_MUL, true, T1));
	put(j, x64_mov(true, T1, RDX));
	if (dst != RAX)
		put(j, x64_mov(true, RAX, T2));
	if (dst != RDX)
		put(j, x64_mov(true, RDX, T3));
	return dst == RAX ? T2 : dst == RDX ? T3 : dst;
}

/* T1 is the quotient of @num: dst becomes that or what is left. */
static void put_quotient(struct jit_ctx *j, bool w, bool is_mod, u8 dst, u8 num, s32 divisor)
{
	if (!is_mod)
		return put(j, x64_mov(w, dst, T1));
	put(j, x64_imul_rri(w, T1, T1, divisor));
	put(j, x64_alu_rr(X64_SUB, w, num, T1));
	if (num != dst)
		put(j, x64_mov(w, dst, num));
}

static void put_udiv_const(struct jit_ctx *j, bool w, bool is_mod, u8 dst, s32 imm)
{
	struct magic_u64 m = { 0 };
	u8 num, tmp;

	if (w)
		m = magic_u64((u64)imm);
	else
		m.mul = magic_u32((u32)imm);
	put(j, x64_mov_imm(T1, m.mul));
	num = put_mul_high(j, false, !w, dst);
	tmp = num == T3 ? T2 : T3;
	if (m.add) {
		put(j, x64_mov(true, tmp, num));
		put(j, x64_alu_rr(X64_SUB, true, tmp, T1));
		put(j, x64_shift_ri(X64_SHR, true, tmp, 1));
		put(j, x64_alu_rr(X64_ADD, true, T1, tmp));
	}
	if (m.shift)
		put(j, x64_shift_ri(X64_SHR, true, T1, m.shift));
	put_quotient(j, w, is_mod, dst, num, imm);
}

/* The divisor is so large that it goes in once or not at all. */
static void put_udiv_huge(struct jit_ctx *j, bool is_mod, u8 dst, s32 imm)
{
	put(j, x64_alu_ri(X64_CMP, true, dst, imm));
	put(j, x64_alu_rr(X64_SBB, true, T1, T1)); /* -1 when less */
	put(j, x64_alu_ri(X64_ADD, true, T1, 1));
	put_quotient(j, true, is_mod, dst, dst, imm);
}

/* T1 = @num cut towards 0 by 2^@shift: what the shift rounds down is made up for before. */
static void put_sdiv_pow2(struct jit_ctx *j, bool w, u8 num, u8 shift)
{
	u8 bits = w ? 64 : 32;

	put(j, x64_mov(w, T1, num));
	if (shift > 1)
		put(j, x64_shift_ri(X64_SAR, w, T1, bits - 1));
	put(j, x64_shift_ri(X64_SHR, w, T1, bits - shift));
	put(j, x64_alu_rr(X64_ADD, w, T1, num));
	put(j, x64_shift_ri(X64_SAR, w, T1, shift));
}

static u8 put_sdiv_magic(struct jit_ctx *j, bool w, u8 dst, u32 divisor)
{
	struct magic_s m = w ? magic_s64(divisor) : magic_s32(divisor);
	u8 num = dst, tmp;

	put(j, x64_mov_imm(T1, m.mul));
	if (w) {
		num = put_mul_high(j, true, false, dst);
		put(j, x64_alu_rr(X64_ADD, true, T1, num));
	} else {
		put(j, x64_rr(0x63, true, T2, dst)); /* movsxd */
		put(j, x64_rr(0x0faf, true, T1, T2)); /* imul */
	}
	if (m.shift)
		put(j, x64_shift_ri(X64_SAR, true, T1, m.shift));
	tmp = num == T3 ? T2 : T3;
	put(j, x64_mov(w, tmp, num));
	put(j, x64_shift_ri(X64_SHR, w, tmp, w ? 63 : 31));
	put(j, x64_alu_rr(X64_ADD, w, T1, tmp));
	return num;
}

static void put_sdiv_const(struct jit_ctx *j, bool w, bool is_mod, u8 dst, s32 imm)
{
	u32 divisor = imm < 0 ? -(u32)imm : (u32)imm;
	u8 num = dst;

	if (divisor & (divisor - 1))
		num = put_sdiv_magic(j, w, dst, divisor);
	else
		put_sdiv_pow2(j, w, dst, __builtin_ctz(divisor));
	if (imm < 0)
		put(j, x64_unary_r(X64_NEG, w, T1));
	put_quotient(j, w, is_mod, dst, num, imm);
}

static void put_udiv_pow2(struct jit_ctx *j, bool w, bool is_mod, u8 dst, u32 divisor)
{
	u8 shift = __builtin_ctz(divisor);

	if (is_mod && divisor == 0x80000000)
		put(j, x64_alu_ri(X64_AND, false, dst, 0x7fffffff));
	else if (is_mod)
		put(j, x64_alu_ri(X64_AND, w, dst, (s32)divisor - 1));
	else if (shift)
		put(j, x64_shift_ri(X64_SHR, w, dst, shift));
	else if (!w)
		put(j, x64_mov(false, dst, dst));
}

static void put_div_one(struct jit_ctx *j, bool w, bool is_mod, u8 dst)
{
	if (is_mod)
		put(j, x64_mov_imm(dst, 0));
	else if (!w)
		put(j, x64_mov(false, dst, dst));
}

static void put_div_imm(struct jit_ctx *j, bool w, bool is_signed, bool is_mod, u8 dst, s32 imm)
{
	if (!imm)
		return put_div_by_zero(j, w, is_mod, dst);
	if (imm == 1)
		return put_div_one(j, w, is_mod, dst);
	if (is_signed && imm == -1)
		return put_div_by_minus_one(j, w, is_mod, dst);
	if (is_signed)
		return put_sdiv_const(j, w, is_mod, dst, imm);
	if (w && imm < 0)
		return put_udiv_huge(j, is_mod, dst, imm);
	if (!((u32)imm & ((u32)imm - 1)))
		return put_udiv_pow2(j, w, is_mod, dst, (u32)imm);
	put_udiv_const(j, w, is_mod, dst, imm);
}

static void put_div(struct jit_ctx *j, const struct jit_op *o)
{
	bool w = o->size == 8, is_signed = o->op == OP_SDIV || o->op == OP_SMOD;
	bool is_mod = o->op == OP_MOD || o->op == OP_SMOD;
	u8 dst = reg_map[o->dst];
	u32 if_zero, if_minus_one = 0, end, end2 = 0;

	if (o->use_imm)
		return put_div_imm(j, w, is_signed, is_mod, dst, o->imm);
	put(j, x64_mov(w, T1, reg_map[o->src]));
	put(j, x64_test_rr(w, T1, T1));
	if_zero = put_local_jump(j, x64_jcc8(CC_E, 0));
	if (is_signed) {
		put(j, x64_alu_ri(X64_CMP, w, T1, -1));
		if_minus_one = put_local_jump(j, x64_jcc8(CC_E, 0));
	}
	put_divide(j, w, is_signed, is_mod, dst);
	end = put_local_jump(j, x64_jmp8(0));
	if (is_signed) {
		put_label(j, if_minus_one);
		put_div_by_minus_one(j, w, is_mod, dst);
		end2 = put_local_jump(j, x64_jmp8(0));
	}
	put_label(j, if_zero);
	put_div_by_zero(j, w, is_mod, dst);
	put_label(j, end);
	if (is_signed)
		put_label(j, end2);
}

static void put_mov(struct jit_ctx *j, const struct jit_op *o)
{
	bool w = o->size == 8;

	if (o->use_imm)
		put(j, x64_mov_imm(reg_map[o->dst], w ? (u64)(s64)o->imm : (u32)o->imm));
	else if (!w || o->dst != o->src)
		put(j, x64_mov(w, reg_map[o->dst], reg_map[o->src]));
}

static const u8 alu_ops[OP_CNT] = {
	[OP_ADD] = X64_ADD, [OP_SUB] = X64_SUB, [OP_AND] = X64_AND, [OP_OR] = X64_OR,
	[OP_XOR] = X64_XOR,
};

static void x64_alu(struct jit_ctx *j, const struct jit_op *o)
{
	u8 dst = reg_map[o->dst], src = reg_map[o->src];
	bool w = o->size == 8;

	switch (o->op) {
	case OP_MOV:
		return put_mov(j, o);
	case OP_NEG:
		return put(j, x64_unary_r(X64_NEG, w, dst));
	case OP_LSH:
		return put_shift(j, X64_SHL, w, dst, o);
	case OP_RSH:
		return put_shift(j, X64_SHR, w, dst, o);
	case OP_ARSH:
		return put_shift(j, X64_SAR, w, dst, o);
	case OP_MUL:
		return put(j, o->use_imm ? x64_imul_rri(w, dst, dst, o->imm) :
					   x64_rr(0x0faf, w, dst, src));
	case OP_DIV:
	case OP_MOD:
	case OP_SDIV:
	case OP_SMOD:
		return put_div(j, o);
	default:
		return put(j, o->use_imm ? x64_alu_ri(alu_ops[o->op], w, dst, o->imm) :
					   x64_alu_rr(alu_ops[o->op], w, dst, src));
	}
}

static void x64_movsx(struct jit_ctx *j, const struct jit_op *o)
{
	u8 dst = reg_map[o->dst], src = reg_map[o->src];
	bool w = o->size == 8;

	if (o->op == OP_MOVSX8)
		put(j, x64_rr8(0x0fbe, w, dst, src));
	else
		put(j, x64_rr(o->op == OP_MOVSX16 ? 0x0fbf : 0x63, w, dst, src));
}

static void x64_endian(struct jit_ctx *j, const struct jit_op *o)
{
	u8 dst = reg_map[o->dst];
	bool swap = o->op != OP_LE;

	if (o->size == 2) {
		if (swap)
			put(j, x64_ror16_8(dst));
		put(j, x64_rr(0x0fb7, false, dst, dst));
	} else if (swap) {
		put(j, x64_bswap(o->size == 8, dst));
	} else if (o->size == 4) {
		put(j, x64_mov(false, dst, dst));
	}
}

/* @dst = vcpu_current_tls */
static void put_vcpu(struct jit_ctx *j, u8 dst)
{
	put_head(j, x64_mov_fs(dst, 0), 4);
	jit_put_vcpu(j);
}

static void x64_percpu(struct jit_ctx *j, u8 dst, u8 src)
{
	put_vcpu(j, T1);
	if (dst != src)
		put(j, x64_mov(true, reg_map[dst], reg_map[src]));
	put(j, x64_alu_rr(X64_ADD, true, reg_map[dst], T1));
}

static void x64_imm64(struct jit_ctx *j, u8 dst, u64 value)
{
	put(j, x64_mov_imm(reg_map[dst], value));
}

static void put_mov_sym(struct jit_ctx *j, u8 reg, u32 sym)
{
	put_head(j, x64_movabs(reg, 0), 8);
	jit_put_sym(j, sym);
}

static void x64_sym64(struct jit_ctx *j, u8 dst, u32 sym)
{
	put_mov_sym(j, reg_map[dst], sym);
}

/* ---- memory ---------------------------------------------------------------------------- */

static void put_load(struct jit_ctx *j, u8 dst, struct x64_mem m, u32 size, bool sext)
{
	switch (size) {
	case 1:
		return put(j, x64_rm(sext ? 0x0fbe : 0x0fb6, sext ? 8 : 4, false, dst, m));
	case 2:
		return put(j, x64_rm(sext ? 0x0fbf : 0x0fb7, sext ? 8 : 4, false, dst, m));
	case 4:
		return put(j, sext ? x64_rm(0x63, 8, false, dst, m) :
				     x64_rm(0x8b, 4, false, dst, m));
	default:
		return put(j, x64_rm(0x8b, 8, false, dst, m));
	}
}

static void put_store(struct jit_ctx *j, struct x64_mem m, u8 src, u32 size)
{
	put(j, x64_rm(size == 1 ? 0x88 : 0x89, size, false, src, m));
}

/* [reg + index + off] */
static struct x64_mem op_mem(const struct jit_op *o, u8 reg)
{
	return (struct x64_mem){ .base = reg_map[reg], .disp = o->off, .has_idx = o->has_idx,
				 .idx = reg_map[o->idx], .scale = o->scale };
}

static void x64_load(struct jit_ctx *j, const struct jit_op *o)
{
	put_load(j, reg_map[o->dst], op_mem(o, o->src), o->size, o->op == OP_LDXSX);
}

static void x64_lea_op(struct jit_ctx *j, const struct jit_op *o)
{
	put(j, x64_lea(o->size == 8, reg_map[o->dst], op_mem(o, o->src)));
}

static void x64_store(struct jit_ctx *j, const struct jit_op *o)
{
	struct x64_mem m = op_mem(o, o->dst);

	if (o->use_imm)
		put(j, x64_store_imm(o->size, m, o->imm));
	else
		put_store(j, m, reg_map[o->src], o->size);
}

static void x64_load_arg(struct jit_ctx *j, const struct jit_op *o)
{
	struct layout l = layout_of(j->func);
	s32 disp = o->off ? 16 + 8 * (o->off - 1) : l.in_arg0;

	put_load(j, reg_map[o->dst], mem_at(RBP, disp), 8, false);
}

static void x64_store_arg(struct jit_ctx *j, const struct jit_op *o)
{
	struct layout l = layout_of(j->func);
	struct x64_mem m = mem_at(RSP, o->off ? 8 * (o->off - 1) : l.out_arg0);

	if (o->use_imm)
		put(j, x64_store_imm(8, m, o->imm));
	else
		put_store(j, m, reg_map[o->src], 8);
}

/*
 * The machine has no fetching AND, OR, XOR: a loop on CMPXCHG. RAX is needed for it; its value
 * waits in T3 and stands in for an operand that was RAX.
 */
static void put_fetch_loop(struct jit_ctx *j, const struct jit_op *o, enum x64_alu op)
{
	bool w = o->size == 8;
	u8 src = reg_map[o->src] == RAX ? T3 : reg_map[o->src];
	struct x64_mem m = mem_at(reg_map[o->dst] == RAX ? T3 : reg_map[o->dst], o->off);
	u32 again;

	put(j, x64_mov(true, T3, RAX));
	put_load(j, RAX, m, o->size, false);
	again = j->pos;
	put(j, x64_mov(w, T1, RAX));
	put(j, x64_alu_rr(op, w, T1, src));
	put(j, x64_rm(0x0fb1, o->size, true, T1, m));
	put(j, x64_jcc8(CC_NE, again - (j->pos + 2)));
	if (reg_map[o->src] == RAX)
		return;
	put(j, x64_mov(w, reg_map[o->src], RAX));
	put(j, x64_mov(true, RAX, T3));
}

/* Loads acquire and stores release on this machine as they are. */
static void x64_atomic(struct jit_ctx *j, const struct jit_op *o)
{
	struct x64_mem m = mem_at(reg_map[o->dst], o->off);
	u8 src = reg_map[o->src];

	switch (o->op) {
	case OP_LOAD_ACQ:
		return x64_load(j, o);
	case OP_STORE_REL:
		return put_store(j, m, src, o->size);
	case OP_ADD:
	case OP_OR:
	case OP_AND:
	case OP_XOR:
		return put(j, x64_rm(alu_ops[o->op] * 8 + 1, o->size, true, src, m));
	case OP_FETCH_ADD:
		return put(j, x64_rm(0x0fc1, o->size, true, src, m));
	case OP_FETCH_OR:
		return put_fetch_loop(j, o, X64_OR);
	case OP_FETCH_AND:
		return put_fetch_loop(j, o, X64_AND);
	case OP_FETCH_XOR:
		return put_fetch_loop(j, o, X64_XOR);
	case OP_XCHG:
		return put(j, x64_rm(0x87, o->size, false, src, m));
	case OP_CMPXCHG:
		put(j, x64_rm(0x0fb1, o->size, true, src, m));
		/* On success the machine leaves the upper half of RAX; R0 is the old word. */
		if (o->size == 4)
			put(j, x64_mov(false, RAX, RAX));
	}
}

/* ---- control flow ---------------------------------------------------------------------- */

static const u8 cond_codes[OP_CNT] = {
	[OP_JEQ] = CC_E, [OP_JNE] = CC_NE, [OP_JGT] = CC_A,  [OP_JGE] = CC_AE, [OP_JLT] = CC_B,
	[OP_JLE] = CC_BE, [OP_JSGT] = CC_G, [OP_JSGE] = CC_GE, [OP_JSLT] = CC_L, [OP_JSLE] = CC_LE,
	[OP_JSET] = CC_NE,
};

static void put_jcc(struct jit_ctx *j, enum x64_cc cc, u32 target_idx)
{
	s32 dist;

	if (jit_dist_short(j, target_idx, 2, 6, 128, &dist))
		put(j, x64_jcc8(cc, dist));
	else
		put(j, x64_jcc32(cc, jit_dist(j, target_idx, 6)));
}

static void x64_jump_always(struct jit_ctx *j, u32 target_idx)
{
	s32 dist;

	if (jit_dist_short(j, target_idx, 2, 5, 128, &dist))
		put(j, x64_jmp8(dist));
	else
		put(j, x64_jmp32(jit_dist(j, target_idx, 5)));
}

/* Sets the flags; returns when to jump. */
static enum x64_cc put_compare(struct jit_ctx *j, const struct jit_op *o)
{
	u8 dst = reg_map[o->dst], src = reg_map[o->src];
	bool w = o->size == 8;

	if (o->op == OP_JSET)
		put(j, o->use_imm ? x64_test_ri(w, dst, o->imm) : x64_test_rr(w, dst, src));
	else if (o->use_imm && !o->imm)
		put(j, x64_test_rr(w, dst, dst)); /* carry and overflow are 0, as after CMP 0 */
	else
		put(j, o->use_imm ? x64_alu_ri(X64_CMP, w, dst, o->imm) :
				    x64_alu_rr(X64_CMP, w, dst, src));
	return cond_codes[o->op] ^ o->negate; /* a code and its opposite differ in the lowest bit */
}

static void x64_jump(struct jit_ctx *j, const struct jit_op *o, u32 target_idx)
{
	put_jcc(j, put_compare(j, o), target_idx);
}

/* CMOV of 32 bits would clear the upper half also where nothing is to be moved. */
static void x64_select(struct jit_ctx *j, const struct jit_op *o, const struct jit_op *moved)
{
	u8 src = reg_map[moved->src];
	enum x64_cc cc;

	if (moved->use_imm || moved->size == 4) {
		src = T1;
		put(j, moved->use_imm ? x64_mov_imm(T1, moved->size == 8 ? (u64)(s64)moved->imm : (u32)moved->imm) :
				       x64_mov(false, T1, reg_map[moved->src]));
	}
	cc = put_compare(j, o);
	put(j, x64_cmov(cc ^ 1, true, reg_map[moved->dst], src));
}

/* A budget that is used up stays at 0: all later ones leave, too. */
static void x64_may_goto(struct jit_ctx *j, u32 target_idx)
{
	struct layout l = layout_of(j->func);

	put(j, x64_alu_mi8(X64_CMP, 8, mem_at(RBP, l.loops), 0));
	put_jcc(j, CC_E, target_idx);
	put(j, x64_alu_mi8(X64_SUB, 8, mem_at(RBP, l.loops), 1));
}

static void x64_gotox(struct jit_ctx *j, u8 dst)
{
	put(j, x64_jmp_r(reg_map[dst]));
}

static void put_arg_regs(struct jit_ctx *j)
{
	struct layout l = layout_of(j->func);

	if (j->func->out_args)
		put_load(j, R9, mem_at(RSP, l.out_arg0), 8, false);
}

static void x64_call_sym(struct jit_ctx *j, u32 sym)
{
	put_arg_regs(j);
	put_mov_sym(j, RAX, sym);
	put(j, x64_call_r(RAX));
}

/* CMP or ADD of the number of tail calls and @imm. T1 is the activation. */
static void put_tail_count(struct jit_ctx *j, enum x64_alu op, u8 imm)
{
	put(j, x64_alu_mi8(op, 4, mem_at(T1, offsetof(struct run_ctx, tail_calls)), imm));
}

/*
 * T2 becomes the slot's program. The frame goes, and with the caller's registers back in place the
 * other program's entry is jumped to: it finds what any caller of it would leave. RDI holds the
 * context already. Only a jump that is made counts.
 */
static void x64_tail_call(struct jit_ctx *j, u32 sym, enum jit_tail how)
{
	struct layout l = layout_of(j->func);
	u32 no_slot = 0, no_count, no_prog;

	put_mov_sym(j, T2, sym);
	if (how == JIT_TAIL_DISTANCE)
		put(j, x64_alu_rr(X64_ADD, true, T2, RSI));
	if (how != JIT_TAIL_SLOT) {
		put(j, x64_rm(0x3b, 4, false, RDX, mem_at(T2, offsetof(struct tail_slots, cnt))));
		no_slot = put_local_jump(j, x64_jcc8(CC_AE, 0));
	}
	put_vcpu(j, T1);
	put_load(j, T1, mem_at(T1, offsetof(struct vcpu, run)), 8, false);
	put_tail_count(j, X64_CMP, TAIL_CALLS_MAX);
	no_count = put_local_jump(j, x64_jcc8(CC_AE, 0));
	if (how == JIT_TAIL_SLOT) {
		put_load(j, T2, mem_at(T2, 0), 8, false);
	} else {
		put(j, x64_mov(false, RDX, RDX));
		put_load(j, T2, (struct x64_mem){ .base = T2, .disp = offsetof(struct tail_slots, at),
						  .has_idx = true, .idx = RDX, .scale = 3 }, 8, false);
	}
	put(j, x64_test_rr(true, T2, T2));
	no_prog = put_local_jump(j, x64_jcc8(CC_E, 0));
	put_tail_count(j, X64_ADD, 1);
	put_saved_regs(j, &l, 0x8b);
	put(j, x64_leave());
	note_frame_gone(j, &l);
	put_depth_shift(j, X64_SHL); /* nothing returns here, and the other program's entry shifts again */
	put(j, x64_jmp_m(mem_at(T2, offsetof(struct tail_prog, entry))));
	note_frame_back(j);
	if (how != JIT_TAIL_SLOT)
		put_label(j, no_slot);
	put_label(j, no_count);
	put_label(j, no_prog);
}

static void x64_call_func(struct jit_ctx *j, u32 func_idx)
{
	put_arg_regs(j);
	put(j, x64_call32(jit_func_dist(j, func_idx, 5)));
}

static void x64_count(struct jit_ctx *j, u32 idx)
{
	put_head(j, x64_movabs(T1, 0), 8);
	jit_put_count(j, idx);
	put(j, x64_lock_inc(mem_at(T1, 0)));
}

#define X64_OPS                                                                                    \
	.flags = JIT_NO_LANDING | JIT_CALL_DEPTH,                                                   \
	.dwarf = &x64_dwarf,                                                                        \
	.prologue = x64_prologue, .entry = x64_entry, .alu = x64_alu, .movsx = x64_movsx, .endian = x64_endian,        \
	.percpu = x64_percpu, .imm64 = x64_imm64, .sym64 = x64_sym64, .load = x64_load, .store = x64_store,              \
	.load_arg = x64_load_arg, .store_arg = x64_store_arg, .atomic = x64_atomic,                \
	.jump = x64_jump, .jump_always = x64_jump_always, .may_goto = x64_may_goto,                \
	.gotox = x64_gotox, .landing = x64_landing,                                                \
	.call_sym = x64_call_sym, .tail_call = x64_tail_call, .call_func = x64_call_func,          \
	.exit = x64_exit, .count = x64_count, .nospec = x64_nospec, .rotate = x64_rotate, .lea = x64_lea_op,           \
	.select = x64_select

const struct jit_target x64_target = { .name = "x86_64", X64_OPS };
const struct jit_target x64_bmi2_target = { .name = "x86_64+bmi2", .caps = X64_CAP_BMI2, X64_OPS };
