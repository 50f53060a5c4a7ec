/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * enc.h - x86-64 instructions: pure functions from operands to bytes, at most 16.
 * Source: Intel SDM volume 2, chapter 2 (format) and 3 to 5 (opcodes).
 */
#ifndef SKEP_JIT_X86_64_ENC_H
#define SKEP_JIT_X86_64_ENC_H

#include "base/types.h"

enum x64_reg {
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
};

/* Kept in registers: bytes stored one by one and read as a block would stall the machine. */
struct x64_enc {
	unsigned __int128 bits;
	u8 len;
};

/* A memory operand [base + disp], or with @has_idx [base + (idx << scale) + disp]; idx is not RSP. */
struct x64_mem {
	u8 base;
	s32 disp;
	bool has_idx;
	u8 idx, scale;
};

/* The /digit of the 0x81 and 0x83 group; the opcode of the register form is digit * 8 + 1. */
enum x64_alu { X64_ADD, X64_OR, X64_ADC, X64_SBB, X64_AND, X64_SUB, X64_XOR, X64_CMP };
/* The /digit of the shift group. */
enum x64_shift { X64_ROL = 0, X64_ROR = 1, X64_SHL = 4, X64_SHR = 5, X64_SAR = 7 };
/* The /digit of 0xf7. */
enum x64_unary { X64_NOT = 2, X64_NEG, X64_MUL, X64_IMUL, X64_DIV, X64_IDIV };
enum x64_cc {
	CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE,
	CC_LE, CC_G,
};

static inline void x64_byte(struct x64_enc *e, u8 b)
{
	e->bits |= (unsigned __int128)b << 8 * e->len++;
}

static inline void x64_imm(struct x64_enc *e, u64 v, u32 size)
{
	if (size < 8)
		v &= (1ULL << 8 * size) - 1;
	e->bits |= (unsigned __int128)v << 8 * e->len;
	e->len += size;
}

/* Opcodes of two bytes are written 0x0fNN here. */
static inline void x64_opcode(struct x64_enc *e, u32 op)
{
	if (op > 0xff)
		x64_byte(e, op >> 8);
	x64_byte(e, op);
}

/* @low8: an operand is an 8-bit register, where SPL..DIL need a REX prefix to be meant. */
static inline void x64_rex(struct x64_enc *e, bool w, u8 reg, u8 rm, bool low8)
{
	u8 rex = 0x40 | w << 3 | (reg >> 3) << 2 | rm >> 3;

	if (rex != 0x40 || low8)
		x64_byte(e, rex);
}

static inline struct x64_enc x64_rr(u32 op, bool w, u8 reg, u8 rm)
{
	struct x64_enc e = { .len = 0 };

	x64_rex(&e, w, reg, rm, false);
	x64_opcode(&e, op);
	x64_byte(&e, 0xc0 | (reg & 7) << 3 | (rm & 7));
	return e;
}

/* MOVZX, MOVSX from an 8-bit register. */
static inline struct x64_enc x64_rr8(u32 op, bool w, u8 reg, u8 rm)
{
	struct x64_enc e = { .len = 0 };

	x64_rex(&e, w, reg, rm, rm >= RSP);
	x64_opcode(&e, op);
	x64_byte(&e, 0xc0 | (reg & 7) << 3 | (rm & 7));
	return e;
}

/* [RSP] and [R12] have the SIB byte's place; [RBP] and [R13] mean RIP without a displacement. */
static inline void x64_modrm_mem(struct x64_enc *e, u8 reg, struct x64_mem m)
{
	u8 mod = m.disp == 0 && (m.base & 7) != RBP ? 0 :
		 m.disp >= -128 && m.disp < 128     ? 1 : 2;

	x64_byte(e, mod << 6 | (reg & 7) << 3 | (m.has_idx ? RSP : m.base & 7));
	if (m.has_idx)
		x64_byte(e, m.scale << 6 | (m.idx & 7) << 3 | (m.base & 7));
	else if ((m.base & 7) == RSP)
		x64_byte(e, 0x24);
	x64_imm(e, (u32)m.disp, mod == 0 ? 0 : mod == 1 ? 1 : 4);
}

/* [disp], with neither base nor index. */
static inline void x64_abs32(struct x64_enc *e, u8 reg, s32 disp)
{
	x64_byte(e, (reg & 7) << 3 | RSP);
	x64_byte(e, 0x25);
	x64_imm(e, (u32)disp, 4);
}

/* @size decides the operand-size prefix, REX.W and the need for REX with byte registers. */
static inline struct x64_enc x64_rm(u32 op, u32 size, bool lock, u8 reg, struct x64_mem m)
{
	struct x64_enc e = { .len = 0 };

	if (size == 2)
		x64_byte(&e, 0x66);
	if (lock)
		x64_byte(&e, 0xf0);
	if (m.has_idx && m.idx >= R8)
		x64_byte(&e, 0x42 | (size == 8) << 3 | (reg >> 3) << 2 | m.base >> 3);
	else
		x64_rex(&e, size == 8, reg, m.base, size == 1 && reg >= RSP);
	x64_opcode(&e, op);
	x64_modrm_mem(&e, reg, m);
	return e;
}

static inline struct x64_enc x64_mov(bool w, u8 dst, u8 src)
{
	return x64_rr(0x89, w, src, dst);
}

static inline struct x64_enc x64_alu_rr(enum x64_alu op, bool w, u8 dst, u8 src)
{
	return x64_rr(op * 8 + 1, w, src, dst);
}

static inline struct x64_enc x64_alu_ri(enum x64_alu op, bool w, u8 dst, s32 imm)
{
	struct x64_enc e = { .len = 0 };
	bool short_imm = imm >= -128 && imm < 128;

	x64_rex(&e, w, 0, dst, false);
	if (!short_imm && dst == RAX) {
		x64_byte(&e, op * 8 + 5);
	} else {
		x64_byte(&e, short_imm ? 0x83 : 0x81);
		x64_byte(&e, 0xc0 | op << 3 | (dst & 7));
	}
	x64_imm(&e, (u32)imm, short_imm ? 1 : 4);
	return e;
}

static inline struct x64_enc x64_alu_mi8(enum x64_alu op, u32 size, struct x64_mem m, s8 imm)
{
	struct x64_enc e = x64_rm(0x83, size, false, op, m);

	x64_byte(&e, imm);
	return e;
}

static inline struct x64_enc x64_test_rr(bool w, u8 a, u8 b)
{
	return x64_rr(0x85, w, b, a);
}

static inline struct x64_enc x64_test_ri(bool w, u8 a, s32 imm)
{
	struct x64_enc e = { .len = 0 };

	x64_rex(&e, w, 0, a, false);
	if (a == RAX) {
		x64_byte(&e, 0xa9);
	} else {
		x64_byte(&e, 0xf7);
		x64_byte(&e, 0xc0 | (a & 7));
	}
	x64_imm(&e, (u32)imm, 4);
	return e;
}

static inline struct x64_enc x64_imul_rri(bool w, u8 dst, u8 src, s32 imm)
{
	bool short_imm = imm >= -128 && imm < 128;
	struct x64_enc e = x64_rr(short_imm ? 0x6b : 0x69, w, dst, src);

	x64_imm(&e, (u32)imm, short_imm ? 1 : 4);
	return e;
}

static inline struct x64_enc x64_unary_r(enum x64_unary op, bool w, u8 r)
{
	return x64_rr(0xf7, w, op, r);
}

static inline struct x64_enc x64_shift_ri(enum x64_shift op, bool w, u8 dst, u8 imm)
{
	struct x64_enc e = x64_rr(imm == 1 ? 0xd1 : 0xc1, w, op, dst);

	if (imm != 1)
		x64_byte(&e, imm);
	return e;
}

static inline struct x64_enc x64_shift_cl(enum x64_shift op, bool w, u8 dst)
{
	return x64_rr(0xd3, w, op, dst);
}

/* A shift of the word at fs:disp; the last 5 bytes are the displacement and the count. */
static inline struct x64_enc x64_shift_fs(enum x64_shift op, s32 disp, u8 imm)
{
	struct x64_enc e = { .bits = 0x64, .len = 1 };

	x64_rex(&e, true, 0, 0, false);
	x64_byte(&e, 0xc1);
	x64_abs32(&e, op, disp);
	x64_byte(&e, imm);
	return e;
}

/* SHLX, SHRX, SARX (BMI2): dst = src shifted by count; flags stay. VEX.LZ.pp.0F38 F7 /r. */
static inline struct x64_enc x64_shiftx(enum x64_shift op, bool w, u8 dst, u8 src, u8 count)
{
	struct x64_enc e = { .len = 0 };
	u8 pp = op == X64_SHL ? 1 : op == X64_SHR ? 3 : 2;

	x64_byte(&e, 0xc4);
	x64_byte(&e, (dst < 8) << 7 | 1 << 6 | (src < 8) << 5 | 2);
	x64_byte(&e, w << 7 | (~count & 15) << 3 | pp);
	x64_byte(&e, 0xf7);
	x64_byte(&e, 0xc0 | (dst & 7) << 3 | (src & 7));
	return e;
}

/* RORX (BMI2): dst = src rotated right by imm; flags stay. VEX.LZ.F2.0F3A F0 /r ib. */
static inline struct x64_enc x64_rorx(bool w, u8 dst, u8 src, u8 imm)
{
	struct x64_enc e = { .len = 0 };

	x64_byte(&e, 0xc4);
	x64_byte(&e, (dst < 8) << 7 | 1 << 6 | (src < 8) << 5 | 3);
	x64_byte(&e, w << 7 | 15 << 3 | 3);
	x64_byte(&e, 0xf0);
	x64_byte(&e, 0xc0 | (dst & 7) << 3 | (src & 7));
	x64_byte(&e, imm);
	return e;
}

static inline struct x64_enc x64_lea(bool w, u8 dst, struct x64_mem m)
{
	return x64_rm(0x8d, w ? 8 : 4, false, dst, m);
}

static inline struct x64_enc x64_cmov(enum x64_cc cc, bool w, u8 dst, u8 src)
{
	return x64_rr(0x0f40 | cc, w, dst, src);
}

static inline struct x64_enc x64_bswap(bool w, u8 r)
{
	struct x64_enc e = { .len = 0 };

	x64_rex(&e, w, 0, r, false);
	x64_byte(&e, 0x0f);
	x64_byte(&e, 0xc8 | (r & 7));
	return e;
}

/* ROR r16, 8: swaps the two low bytes. */
static inline struct x64_enc x64_ror16_8(u8 r)
{
	struct x64_enc e = { .bits = 0x66, .len = 1 };

	x64_rex(&e, false, 0, r, false);
	x64_byte(&e, 0xc1);
	x64_byte(&e, 0xc8 | (r & 7));
	x64_byte(&e, 8);
	return e;
}

/* The last 8 bytes are the immediate. */
static inline struct x64_enc x64_movabs(u8 dst, u64 imm)
{
	struct x64_enc e = { .len = 0 };

	x64_rex(&e, true, 0, dst, false);
	x64_byte(&e, 0xb8 | (dst & 7));
	x64_imm(&e, imm, 8);
	return e;
}

/* The shortest: XOR (changes flags), MOV r32, sign-extended MOV, MOVABS. */
static inline struct x64_enc x64_mov_imm(u8 dst, u64 imm)
{
	struct x64_enc e = { .len = 0 };

	if (!imm)
		return x64_rr(0x31, false, dst, dst);
	if (imm <= UINT32_MAX) {
		x64_rex(&e, false, 0, dst, false);
		x64_byte(&e, 0xb8 | (dst & 7));
		x64_imm(&e, imm, 4);
	} else if ((s64)imm == (s32)imm) {
		e = x64_rr(0xc7, true, 0, dst);
		x64_imm(&e, imm, 4);
	} else {
		e = x64_movabs(dst, imm);
	}
	return e;
}

static inline struct x64_enc x64_store_imm(u32 size, struct x64_mem m, s32 imm)
{
	struct x64_enc e = x64_rm(size == 1 ? 0xc6 : 0xc7, size, false, 0, m);

	x64_imm(&e, (u32)imm, size == 8 ? 4 : size);
	return e;
}

static inline struct x64_enc x64_push(u8 r)
{
	struct x64_enc e = { .len = 0 };

	x64_rex(&e, false, 0, r, false);
	x64_byte(&e, 0x50 | (r & 7));
	return e;
}

/* MOV dst, fs:[disp]; the last 4 bytes are the displacement. */
static inline struct x64_enc x64_mov_fs(u8 dst, s32 disp)
{
	struct x64_enc e = { .bits = 0x64, .len = 1 };

	x64_rex(&e, true, dst, 0, false);
	x64_byte(&e, 0x8b);
	x64_abs32(&e, dst, disp);
	return e;
}

/* MOV qword fs:[disp], imm; the last 8 bytes are both. */
static inline struct x64_enc x64_store_imm_fs(s32 disp, s32 imm)
{
	struct x64_enc e = { .bits = 0x64, .len = 1 };

	x64_rex(&e, true, 0, 0, false);
	x64_byte(&e, 0xc7);
	x64_abs32(&e, 0, disp);
	x64_imm(&e, (u32)imm, 4);
	return e;
}

/* CDQ, CQO: the sign of RAX all over RDX. */
static inline struct x64_enc x64_cqo(bool w)
{
	struct x64_enc e = { .len = 0 };

	x64_rex(&e, w, 0, 0, false);
	x64_byte(&e, 0x99);
	return e;
}

/* Distances are from the end of the jump. */
static inline struct x64_enc x64_jcc8(enum x64_cc cc, s8 dist)
{
	return (struct x64_enc){ .bits = 0x70 | cc | (u8)dist << 8, .len = 2 };
}

static inline struct x64_enc x64_jmp8(s8 dist)
{
	return (struct x64_enc){ .bits = 0xeb | (u8)dist << 8, .len = 2 };
}

static inline struct x64_enc x64_jcc32(enum x64_cc cc, s32 dist)
{
	return (struct x64_enc){ .bits = 0x0f | (0x80 | cc) << 8 | (u64)(u32)dist << 16, .len = 6 };
}

static inline struct x64_enc x64_jmp32(s32 dist)
{
	return (struct x64_enc){ .bits = 0xe9 | (u64)(u32)dist << 8, .len = 5 };
}

static inline struct x64_enc x64_call32(s32 dist)
{
	return (struct x64_enc){ .bits = 0xe8 | (u64)(u32)dist << 8, .len = 5 };
}

static inline struct x64_enc x64_jmp_r(u8 r)
{
	return x64_rr(0xff, false, 4, r);
}

static inline struct x64_enc x64_jmp_m(struct x64_mem m)
{
	return x64_rm(0xff, 4, false, 4, m);
}

static inline struct x64_enc x64_call_r(u8 r)
{
	return x64_rr(0xff, false, 2, r);
}

static inline struct x64_enc x64_lock_inc(struct x64_mem m)
{
	return x64_rm(0xff, 8, true, 0, m);
}

static inline struct x64_enc x64_leave(void)
{
	return (struct x64_enc){ .bits = 0xc9, .len = 1 };
}

static inline struct x64_enc x64_ret(void)
{
	return (struct x64_enc){ .bits = 0xc3, .len = 1 };
}

static inline struct x64_enc x64_int3(void)
{
	return (struct x64_enc){ .bits = 0xcc, .len = 1 };
}

static inline struct x64_enc x64_lfence(void)
{
	return (struct x64_enc){ .bits = 0xe8ae0f, .len = 3 };
}

static inline struct x64_enc x64_endbr64(void)
{
	return (struct x64_enc){ .bits = 0xfa1e0ff3, .len = 4 };
}

#endif
