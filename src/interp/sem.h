/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sem.h - what an operation of the instruction set means, as functions of values. The callers
 * pass constants for @op and @size, so each use folds to one operation. Source: RFC 9669, 4 to 5.
 */
#ifndef SKEP_INTERP_SEM_H
#define SKEP_INTERP_SEM_H

#include "isa/isa.h"

#include <string.h>

#define SEM static inline __attribute__((always_inline))

/* Memory that a program reaches need not be aligned. */
SEM u64 sem_load(u64 addr, u32 size)
{
	const void *mem = (const void *)(uintptr_t)addr;
	u16 v16;
	u32 v32;
	u64 v64;

	switch (size) {
	case 1:
		return *(const u8 *)mem;
	case 2:
		memcpy(&v16, mem, 2);
		return v16;
	case 4:
		memcpy(&v32, mem, 4);
		return v32;
	default:
		memcpy(&v64, mem, 8);
		return v64;
	}
}

SEM void sem_store(u64 addr, u32 size, u64 value)
{
	void *mem = (void *)(uintptr_t)addr;
	u16 v16 = value;
	u32 v32 = value;

	switch (size) {
	case 1:
		*(u8 *)mem = value;
		break;
	case 2:
		memcpy(mem, &v16, 2);
		break;
	case 4:
		memcpy(mem, &v32, 4);
		break;
	default:
		memcpy(mem, &value, 8);
	}
}

SEM u64 sem_sext(u64 v, u32 size)
{
	return size == 1 ? (u64)(s64)(s8)v :
	       size == 2 ? (u64)(s64)(s16)v :
	       size == 4 ? (u64)(s64)(s32)v : v;
}

/* x / 0 is 0, x % 0 is x; the quotient of the least number by -1 wraps to itself. */
SEM u64 sem_sdiv64(s64 a, s64 b)
{
	if (!b)
		return 0;
	return b == -1 ? -(u64)a : (u64)(a / b);
}

SEM u64 sem_smod64(s64 a, s64 b)
{
	if (!b)
		return a;
	return b == -1 ? 0 : (u64)(a % b);
}

SEM u64 sem_alu64(enum insn_op op, u64 a, u64 b)
{
	switch (op) {
	case OP_ADD:
		return a + b;
	case OP_SUB:
		return a - b;
	case OP_MUL:
		return a * b;
	case OP_DIV:
		return b ? a / b : 0;
	case OP_MOD:
		return b ? a % b : a;
	case OP_SDIV:
		return sem_sdiv64(a, b);
	case OP_SMOD:
		return sem_smod64(a, b);
	case OP_OR:
		return a | b;
	case OP_AND:
		return a & b;
	case OP_XOR:
		return a ^ b;
	case OP_LSH:
		return a << (b & 63);
	case OP_RSH:
		return a >> (b & 63);
	case OP_ARSH:
		return (s64)a >> (b & 63);
	case OP_NEG:
		return -a;
	default: /* OP_MOV */
		return b;
	}
}

/* The signed operations at 32 bits are exact at 64: -2^31 / -1 is 2^31, cut to 32 bits. */
SEM u64 sem_alu32(enum insn_op op, u32 a, u32 b)
{
	switch (op) {
	case OP_SDIV:
		return (u32)sem_sdiv64((s32)a, (s32)b);
	case OP_SMOD:
		return (u32)sem_smod64((s32)a, (s32)b);
	case OP_LSH:
		return (u32)(a << (b & 31));
	case OP_RSH:
		return a >> (b & 31);
	case OP_ARSH:
		return (u32)((s32)a >> (b & 31));
	default:
		return (u32)sem_alu64(op, a, b);
	}
}

SEM u64 sem_alu(enum insn_op op, u32 size, u64 a, u64 b)
{
	return size == 4 ? sem_alu32(op, a, b) : sem_alu64(op, a, b);
}

SEM u64 sem_movsx(enum insn_op op, u32 size, u64 v)
{
	v = sem_sext(v, op == OP_MOVSX8 ? 1 : op == OP_MOVSX16 ? 2 : 4);
	return size == 4 ? (u32)v : v;
}

SEM u64 sem_endian(enum insn_op op, u32 size, u64 v)
{
	bool swap = op == OP_BSWAP ||
		    (op == OP_BE) == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

	switch (size) {
	case 2:
		return swap ? __builtin_bswap16(v) : (u16)v;
	case 4:
		return swap ? __builtin_bswap32(v) : (u32)v;
	default:
		return swap ? __builtin_bswap64(v) : v;
	}
}

SEM bool sem_cond64(enum insn_op op, u64 a, u64 b)
{
	switch (op) {
	case OP_JEQ:
		return a == b;
	case OP_JNE:
		return a != b;
	case OP_JGT:
		return a > b;
	case OP_JGE:
		return a >= b;
	case OP_JLT:
		return a < b;
	case OP_JLE:
		return a <= b;
	case OP_JSGT:
		return (s64)a > (s64)b;
	case OP_JSGE:
		return (s64)a >= (s64)b;
	case OP_JSLT:
		return (s64)a < (s64)b;
	case OP_JSLE:
		return (s64)a <= (s64)b;
	default: /* OP_JSET */
		return a & b;
	}
}

/* Sign extension keeps both orders of 32-bit values; JSET may not see the copies of the sign. */
SEM bool sem_cond(enum insn_op op, u32 size, u64 a, u64 b)
{
	if (size == 8)
		return sem_cond64(op, a, b);
	if (op == OP_JSET)
		return (u32)a & (u32)b;
	return sem_cond64(op, (u64)(s64)(s32)a, (u64)(s64)(s32)b);
}

/* The value that the source register (CMPXCHG: R0) has afterwards; plain forms do not use it. */
#define SEM_ATOMIC(bits)                                                                           \
	SEM u##bits sem_atomic##bits(enum insn_op op, u##bits *mem, u##bits src, u##bits r0)       \
	{                                                                                          \
		switch (op) {                                                                      \
		case OP_ADD:                                                                       \
		case OP_FETCH_ADD:                                                                 \
			return __atomic_fetch_add(mem, src, __ATOMIC_SEQ_CST);                     \
		case OP_OR:                                                                        \
		case OP_FETCH_OR:                                                                  \
			return __atomic_fetch_or(mem, src, __ATOMIC_SEQ_CST);                      \
		case OP_AND:                                                                       \
		case OP_FETCH_AND:                                                                 \
			return __atomic_fetch_and(mem, src, __ATOMIC_SEQ_CST);                     \
		case OP_XOR:                                                                       \
		case OP_FETCH_XOR:                                                                 \
			return __atomic_fetch_xor(mem, src, __ATOMIC_SEQ_CST);                     \
		case OP_XCHG:                                                                      \
			return __atomic_exchange_n(mem, src, __ATOMIC_SEQ_CST);                    \
		default: /* OP_CMPXCHG: either way the old value */                                \
			__atomic_compare_exchange_n(mem, &r0, src, false, __ATOMIC_SEQ_CST,        \
						    __ATOMIC_SEQ_CST);                             \
			return r0;                                                                 \
		}                                                                                  \
	}
SEM_ATOMIC(32)
SEM_ATOMIC(64)
#undef SEM_ATOMIC

SEM u64 sem_load_acquire(u64 addr, u32 size)
{
	void *mem = (void *)(uintptr_t)addr;

	switch (size) {
	case 1:
		return __atomic_load_n((u8 *)mem, __ATOMIC_ACQUIRE);
	case 2:
		return __atomic_load_n((u16 *)mem, __ATOMIC_ACQUIRE);
	case 4:
		return __atomic_load_n((u32 *)mem, __ATOMIC_ACQUIRE);
	default:
		return __atomic_load_n((u64 *)mem, __ATOMIC_ACQUIRE);
	}
}

SEM void sem_store_release(u64 addr, u32 size, u64 v)
{
	void *mem = (void *)(uintptr_t)addr;

	switch (size) {
	case 1:
		__atomic_store_n((u8 *)mem, (u8)v, __ATOMIC_RELEASE);
		break;
	case 2:
		__atomic_store_n((u16 *)mem, (u16)v, __ATOMIC_RELEASE);
		break;
	case 4:
		__atomic_store_n((u32 *)mem, (u32)v, __ATOMIC_RELEASE);
		break;
	default:
		__atomic_store_n((u64 *)mem, v, __ATOMIC_RELEASE);
	}
}

/* The interpreter's own jumps are predicted, too. Machines whose barrier is not known here get one
 * for memory. */
SEM void sem_nospec(void)
{
#ifdef __x86_64__
	__asm__ volatile("lfence" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

#endif
