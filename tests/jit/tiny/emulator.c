/* SPDX-License-Identifier: BSD-2-Clause */
/* emulator.c - runs the code of tiny.h's CPU. */
#include "tiny.h"

#include <string.h>

#define STEPS_MAX 100000000

u32 tiny_read(const u8 *at, u32 size)
{
	u32 value = 0;

	for (u32 i = 0; i < size; i++)
		value = value << 8 | at[i];
	return value;
}

void tiny_write(u8 *at, u32 size, u32 value)
{
	for (u32 i = size; i-- > 0; value >>= 8)
		at[i] = (u8)value;
}

/* NULL where there is no memory, and where @size does not divide the address. */
static u8 *mem_at(struct tiny_cpu *cpu, u32 addr, u32 size)
{
	return addr < TINY_MEM && addr % size == 0 && addr >= TINY_CODE ? &cpu->mem[addr] : NULL;
}

static u64 pair(const struct tiny_cpu *cpu, u32 r)
{
	return (u64)cpu->regs[r] << 32 | cpu->regs[r + 1];
}

static void set_pair(struct tiny_cpu *cpu, u32 r, u64 value)
{
	cpu->regs[r] = value >> 32;
	cpu->regs[r + 1] = (u32)value;
}

static u64 divide(u64 x, u64 y, bool is_signed, bool is_mod)
{
	if (!y)
		return is_mod ? x : 0;
	if (!is_signed)
		return is_mod ? x % y : x / y;
	if (y == ~(u64)0)
		return is_mod ? 0 : -x;
	return (u64)(is_mod ? (s64)x % (s64)y : (s64)x / (s64)y);
}

static u64 lib(u32 nr, u64 x, u64 y)
{
	bool is32 = nr & TINY_LIB32;
	u32 op = nr & (TINY_LIB32 - 1);

	if (is32) {
		bool sext = op == LIB_SDIV || op == LIB_SMOD || op == LIB_ARSH;

		x = sext ? (u64)(s64)(s32)x : (u32)x;
		y = sext ? (u64)(s64)(s32)y : (u32)y;
	}
	switch (op) {
	case LIB_MUL: x *= y; break;
	case LIB_DIV: case LIB_SDIV: x = divide(x, y, op == LIB_SDIV, false); break;
	case LIB_MOD: case LIB_SMOD: x = divide(x, y, op == LIB_SMOD, true); break;
	case LIB_LSH: x <<= y & (is32 ? 31 : 63); break;
	case LIB_RSH: x >>= y & (is32 ? 31 : 63); break;
	case LIB_ARSH: x = (u64)((s64)x >> (y & (is32 ? 31 : 63))); break;
	case LIB_SEXT8: x = (u64)(s64)(s8)x; break;
	case LIB_SEXT16: x = (u64)(s64)(s16)x; break;
	case LIB_SEXT32: x = (u64)(s64)(s32)x; break;
	case LIB_SWAP16: x = __builtin_bswap16((u16)x); break;
	case LIB_SWAP32: x = __builtin_bswap32((u32)x); break;
	case LIB_SWAP64: x = __builtin_bswap64(x); break;
	case LIB_ZEXT16: x = (u16)x; break;
	}
	return is32 ? (u32)x : x;
}

static u32 alu(u32 op, u32 b, u32 c)
{
	switch (op) {
	case T_ADD: return b + c;
	case T_SUB: return b - c;
	case T_AND: return b & c;
	case T_OR: return b | c;
	case T_XOR: return b ^ c;
	case T_SLTU: return b < c;
	default: return (s32)b < (s32)c;
	}
}

static bool access(struct tiny_cpu *cpu, u32 op, u32 a, u32 addr)
{
	static const u8 sizes[] = { [T_LW] = 4, [T_LH] = 2, [T_LB] = 1, [T_SW] = 4, [T_SH] = 2, [T_SB] = 1 };
	u8 *at = mem_at(cpu, addr, sizes[op]);

	if (!at)
		return false;
	if (op <= T_LB)
		cpu->regs[a] = tiny_read(at, sizes[op]);
	else
		tiny_write(at, sizes[op], cpu->regs[a]);
	return true;
}

/* A call of the host: what a callee may change is changed. */
static bool call_host(struct tiny_cpu *cpu, u32 addr)
{
	u64 args[5];

	if (addr < TINY_HELPERS || !cpu->helper)
		return false;
	for (u32 i = 0; i < 5; i++)
		args[i] = pair(cpu, 2 * (i + 1));
	set_pair(cpu, 0, cpu->helper(cpu->arg, (addr - TINY_HELPERS) / 16, args));
	for (u32 i = 1; i <= 5; i++)
		set_pair(cpu, 2 * i, 0xdeaddeaddeaddead);
	for (u32 r = TINY_X; r <= TINY_TMP; r++)
		cpu->regs[r] = 0xbadbad;
	return true;
}

/* Goes to *next, which the caller has set to the insn behind this one. */
static bool transfer(struct tiny_cpu *cpu, u32 op, u32 a, s32 imm14, s32 imm24, u32 *next)
{
	switch (op) {
	case T_BNZ: case T_BZ:
		cpu->short_branches++;
		if (!cpu->regs[a] == (op == T_BZ))
			*next = cpu->pc + 4 * (u32)imm14;
		return true;
	case T_CALL:
		cpu->regs[TINY_LR] = *next;
		/* fall through */
	case T_JMP:
		cpu->long_jumps++;
		*next = cpu->pc + 4 * (u32)imm24;
		return true;
	case T_CALLR:
		return call_host(cpu, cpu->regs[a]);
	case T_JR:
		*next = cpu->regs[a];
		return true;
	}
	return false;
}

static bool step(struct tiny_cpu *cpu)
{
	const u8 *at = mem_at(cpu, cpu->pc, 4);
	u32 insn = at ? tiny_read(at, 4) : 0, op = insn >> 24, a = insn >> 19 & 31, b = insn >> 14 & 31;
	s32 imm14 = (s32)(insn << 18) >> 18, imm24 = (s32)(insn << 8) >> 8;
	u32 next = cpu->pc + 4;
	bool ok = true;

	switch (op) {
	case T_ADD ... T_SLT:
		cpu->regs[a] = alu(op, cpu->regs[b], cpu->regs[insn & 31]);
		break;
	case T_ADDI:
		cpu->regs[a] = cpu->regs[b] + (u32)imm14;
		break;
	case T_LW ... T_SB:
		ok = access(cpu, op, a, cpu->regs[b] + (u32)imm14);
		break;
	case T_LDPC:
		cpu->pool_loads++;
		ok = access(cpu, T_LW, a, cpu->pc + 4 * (u32)imm14);
		break;
	case T_LIB:
		set_pair(cpu, TINY_X, lib((u32)imm14, pair(cpu, TINY_X), pair(cpu, TINY_Y)));
		break;
	default:
		ok = transfer(cpu, op, a, imm14, imm24, &next);
	}
	cpu->regs[TINY_ZERO] = 0;
	cpu->pc = next;
	return ok;
}

bool tiny_run(struct tiny_cpu *cpu, u64 *ret_value)
{
	memset(cpu->regs, 0x5a, sizeof(cpu->regs));
	cpu->regs[TINY_ZERO] = 0;
	cpu->regs[TINY_SP] = TINY_STACK;
	cpu->regs[TINY_LR] = 0;
	set_pair(cpu, 2, TINY_CTX);
	cpu->pc = TINY_CODE;
	for (u64 i = 0; i < STEPS_MAX; i++) {
		if (!cpu->pc) {
			*ret_value = pair(cpu, 0);
			return cpu->regs[TINY_SP] == TINY_STACK;
		}
		if (!step(cpu))
			return false;
		cpu->steps++;
	}
	return false;
}
