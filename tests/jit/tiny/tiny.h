/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tiny.h - a CPU that nobody built, to show that the JIT's driver knows no machine: 32 bits, big-endian, insns
 * of 4 bytes, immediates of 14 bits, no carry, no multiplication. Wide constants stand in literal pools, a BPF
 * register is a pair, and what is hard is a routine of a library.
 *
 *	op:8 a:5 b:5 imm:14	a = b op imm, a = [b + imm], pc-relative in insns
 *	op:8 a:5 b:5 0:9 c:5	a = b op c
 *	op:8 imm:24		pc-relative in insns
 */
#ifndef TESTS_JIT_TINY_H
#define TESTS_JIT_TINY_H

#include "base/types.h"

enum tiny_op {
	T_ADD = 1, T_SUB, T_AND, T_OR, T_XOR, T_SLTU, T_SLT, /* a = b op c */
	T_ADDI, T_LW, T_LH, T_LB, T_SW, T_SH, T_SB,
	T_LDPC,		      /* a = the word at pc + imm */
	T_BNZ, T_BZ,	      /* of a */
	T_JMP, T_CALL,	      /* 24 bits */
	T_CALLR, T_JR,	      /* a */
	T_LIB,		      /* imm: enum tiny_lib */
};

/* X = X op Y, or of X alone; with TINY_LIB32 of their low words, and the high one becomes 0. */
enum tiny_lib {
	LIB_MUL, LIB_DIV, LIB_SDIV, LIB_MOD, LIB_SMOD, LIB_LSH, LIB_RSH, LIB_ARSH,
	LIB_SEXT8, LIB_SEXT16, LIB_SEXT32, LIB_SWAP16, LIB_SWAP32, LIB_SWAP64, LIB_ZEXT16,
	TINY_LIB32 = 64,
};

/* Pairs are high word, low word. */
enum { TINY_AX = 22, TINY_SP = 24, TINY_LR, TINY_X, TINY_Y = 28, TINY_TMP = 30, TINY_ZERO /* reads as 0 */ };

#define TINY_IMM_MIN (-8192)
#define TINY_IMM_MAX 8191

#define TINY_MEM      (1u << 20)
#define TINY_CODE     0x1000u
#define TINY_CTX      0xc0000u
#define TINY_STACK    0xf0000u
#define TINY_HELPERS  0xf0000000u /* calls beyond are calls of the host: TINY_HELPERS + 16 * symbol */

struct tiny_cpu {
	u8 mem[TINY_MEM];
	u32 regs[32], pc;
	u64 (*helper)(void *arg, u32 sym, const u64 args[5]);
	void *arg;
	u64 steps, short_branches, long_jumps, pool_loads;
};

u32 tiny_read(const u8 *at, u32 size);
void tiny_write(u8 *at, u32 size, u32 value);
/* Runs the code at TINY_CODE with R1 = TINY_CTX. False: an insn or access that the machine has not. */
bool tiny_run(struct tiny_cpu *cpu, u64 *ret_value);

struct jit_target;
extern const struct jit_target tiny_target;

#endif
