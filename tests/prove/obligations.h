/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * obligations.h - what "make prove" is given: functions ob_*() that return whether a claim about a
 * shipped function holds for their arguments. They are compiled together with the shipped source
 * (the same files the library is built of), and prove.py asks z3 for arguments that make one false.
 */
#ifndef SKEP_TESTS_OBLIGATIONS_H
#define SKEP_TESTS_OBLIGATIONS_H

#include "base/types.h"
#include "isa/isa.h"

/* A new unknown at each call; and what is not assumed need not be shown. */
u64 prove_any64(void);
u32 prove_any32(void);
bool prove_any1(void);
void prove_assume(bool cond);

#define OB __attribute__((used, noinline)) bool

/* A claim of the form "if p then q". */
#define UNLESS(cond)          \
	do {                  \
		if (!(cond))  \
			return 1; \
	} while (0)

/* What the operations are: the values themselves, not the knowledge of them. */
#define DEFINE_VALUE_OPS(N)                                                                        \
	static inline u##N value##N(u32 op, u##N x, u##N y)                                        \
	{                                                                                          \
		s##N sx = (s##N)x, sy = (s##N)y;                                                   \
                                                                                                   \
		switch (op) {                                                                      \
		case OP_ADD: return (u##N)(x + y);                                                 \
		case OP_SUB: return (u##N)(x - y);                                                 \
		case OP_MUL: return (u##N)((u64)x * y);                                            \
		case OP_DIV: return y ? x / y : 0;                                                 \
		case OP_MOD: return y ? x % y : x;                                                 \
		case OP_SDIV: return !y ? 0 : y == (u##N)-1 ? (u##N)-x : (u##N)(sx / sy);           \
		case OP_SMOD: return !y ? x : y == (u##N)-1 ? 0 : (u##N)(sx % sy);                 \
		case OP_OR: return x | y;                                                          \
		case OP_AND: return x & y;                                                         \
		case OP_XOR: return x ^ y;                                                         \
		case OP_LSH: return (u##N)((u64)x << (y & (N - 1)));                               \
		case OP_RSH: return x >> (y & (N - 1));                                            \
		case OP_ARSH: return (u##N)(sx >> (y & (N - 1)));                                  \
		case OP_NEG: return (u##N)-x;                                                      \
		default: return y;                                                                 \
		}                                                                                  \
	}                                                                                          \
	static inline bool holds##N(u32 op, u##N x, u##N y)                                        \
	{                                                                                          \
		s##N sx = (s##N)x, sy = (s##N)y;                                                   \
                                                                                                   \
		switch (op) {                                                                      \
		case OP_JEQ: return x == y;                                                        \
		case OP_JNE: return x != y;                                                        \
		case OP_JSET: return x & y;                                                        \
		case OP_JGT: return x > y;                                                         \
		case OP_JGE: return x >= y;                                                        \
		case OP_JLT: return x < y;                                                         \
		case OP_JLE: return x <= y;                                                        \
		case OP_JSGT: return sx > sy;                                                      \
		case OP_JSGE: return sx >= sy;                                                     \
		case OP_JSLT: return sx < sy;                                                      \
		default: return sx <= sy;                                                          \
		}                                                                                  \
	}

/* clang-format off */
#define FOR_EASY_OPS(X, ...) \
	X(add, OP_ADD, __VA_ARGS__) X(sub, OP_SUB, __VA_ARGS__) X(neg, OP_NEG, __VA_ARGS__) \
	X(and, OP_AND, __VA_ARGS__) X(or, OP_OR, __VA_ARGS__) X(xor, OP_XOR, __VA_ARGS__) \
	X(lsh, OP_LSH, __VA_ARGS__) X(rsh, OP_RSH, __VA_ARGS__) X(arsh, OP_ARSH, __VA_ARGS__) \
	X(mov, OP_MOV, __VA_ARGS__)
#define FOR_HARD_OPS(X, ...) \
	X(mul, OP_MUL, __VA_ARGS__) X(div, OP_DIV, __VA_ARGS__) X(mod, OP_MOD, __VA_ARGS__) \
	X(sdiv, OP_SDIV, __VA_ARGS__) X(smod, OP_SMOD, __VA_ARGS__)
#define FOR_COMPARISONS(X, ...) \
	X(jeq, OP_JEQ, __VA_ARGS__) X(jne, OP_JNE, __VA_ARGS__) X(jset, OP_JSET, __VA_ARGS__) \
	X(jgt, OP_JGT, __VA_ARGS__) X(jge, OP_JGE, __VA_ARGS__) X(jlt, OP_JLT, __VA_ARGS__) \
	X(jle, OP_JLE, __VA_ARGS__) X(jsgt, OP_JSGT, __VA_ARGS__) X(jsge, OP_JSGE, __VA_ARGS__) \
	X(jslt, OP_JSLT, __VA_ARGS__) X(jsle, OP_JSLE, __VA_ARGS__)
/* clang-format on */

#endif
