/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * encodings.c - every function of enc.h over its operands: a line for each call, with the function, the bytes
 * and what they are to mean in AT&T's words. encodings.py has another assembler say what the bytes should be.
 *
 * Registers are all there are; sizes, conditions and operations, too; displacements and immediates are those
 * beside which a shorter form begins or ends.
 */
#include "jit/x86_64/enc.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[4][16] = {
	{ "%al", "%cl", "%dl", "%bl", "%spl", "%bpl", "%sil", "%dil", "%r8b", "%r9b", "%r10b", "%r11b", "%r12b",
	  "%r13b", "%r14b", "%r15b" },
	{ "%ax", "%cx", "%dx", "%bx", "%sp", "%bp", "%si", "%di", "%r8w", "%r9w", "%r10w", "%r11w", "%r12w",
	  "%r13w", "%r14w", "%r15w" },
	{ "%eax", "%ecx", "%edx", "%ebx", "%esp", "%ebp", "%esi", "%edi", "%r8d", "%r9d", "%r10d", "%r11d",
	  "%r12d", "%r13d", "%r14d", "%r15d" },
	{ "%rax", "%rcx", "%rdx", "%rbx", "%rsp", "%rbp", "%rsi", "%rdi", "%r8", "%r9", "%r10", "%r11", "%r12",
	  "%r13", "%r14", "%r15" },
};
static const char suffixes[] = { 'b', 'w', 'l', 'q' };
static const s32 disps[] = { 0, 1, -1, 127, 128, -128, -129, INT32_MAX, INT32_MIN };
static const s32 imms[] = { 0, 1, -1, 2, 127, 128, -128, -129, 255, 256, 32767, -32768, INT32_MAX, INT32_MIN };

static u32 log2_of(u32 size)
{
	return __builtin_ctz(size);
}

static const char *reg(u8 r, u32 size)
{
	return names[log2_of(size)][r];
}

static const char *wreg(u8 r, bool w)
{
	return reg(r, w ? 8 : 4);
}

static char suffix(bool w)
{
	return w ? 'q' : 'l';
}

__attribute__((format(printf, 3, 4)))
static void line(const char *function, struct x64_enc e, const char *text, ...)
{
	char hex[33];
	va_list args;

	for (u32 i = 0; i < e.len; i++)
		sprintf(hex + 2 * i, "%02x", (u8)(e.bits >> 8 * i));
	printf("%s\t%s\t", function, hex);
	va_start(args, text);
	vprintf(text, args);
	va_end(args);
	putchar('\n');
}

/* ---- registers --------------------------------------------------------------------------------- */

static void two_registers(u8 a, u8 b, bool w)
{
	static const char *const alu[] = { "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp" };
	static const char *const cc[] = { "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge",
					  "le", "g" };

	line("x64_mov", x64_mov(w, a, b), "mov%c %s, %s", suffix(w), wreg(b, w), wreg(a, w));
	for (enum x64_alu op = X64_ADD; op <= X64_CMP; op++)
		line("x64_alu_rr", x64_alu_rr(op, w, a, b), "%s%c %s, %s", alu[op], suffix(w), wreg(b, w), wreg(a, w));
	line("x64_test_rr", x64_test_rr(w, a, b), "test%c %s, %s", suffix(w), wreg(b, w), wreg(a, w));
	for (enum x64_cc c = CC_O; c <= CC_G; c++)
		line("x64_cmov", x64_cmov(c, w, a, b), "cmov%s%c %s, %s", cc[c], suffix(w), wreg(b, w), wreg(a, w));
	line("x64_rr", x64_rr(0x0faf, w, a, b), "imul%c %s, %s", suffix(w), wreg(b, w), wreg(a, w));
	line("x64_rr", x64_rr(0x0fb7, w, a, b), "movzw%c %s, %s", suffix(w), reg(b, 2), wreg(a, w));
	line("x64_rr", x64_rr(0x0fbf, w, a, b), "movsw%c %s, %s", suffix(w), reg(b, 2), wreg(a, w));
	if (w)
		line("x64_rr", x64_rr(0x63, w, a, b), "movslq %s, %s", reg(b, 4), reg(a, 8));
	line("x64_rr8", x64_rr8(0x0fbe, w, a, b), "movsb%c %s, %s", suffix(w), reg(b, 1), wreg(a, w));
	line("x64_rr8", x64_rr8(0x0fb6, w, a, b), "movzb%c %s, %s", suffix(w), reg(b, 1), wreg(a, w));
	for (size_t i = 0; i < ARRAY_SIZE(imms); i++)
		line("x64_imul_rri", x64_imul_rri(w, a, b, imms[i]), "imul%c $%d, %s, %s", suffix(w), imms[i],
		     wreg(b, w), wreg(a, w));
	for (u8 imm = 0; imm < (w ? 64 : 32); imm++)
		line("x64_rorx", x64_rorx(w, a, b, imm), "rorx%c $%u, %s, %s", suffix(w), imm, wreg(b, w), wreg(a, w));
}

static void three_registers(u8 dst, u8 src, bool w)
{
	for (u8 count = 0; count < 16; count++) {
		line("x64_shiftx", x64_shiftx(X64_SHL, w, dst, src, count), "shlx%c %s, %s, %s", suffix(w),
		     wreg(count, w), wreg(src, w), wreg(dst, w));
		line("x64_shiftx", x64_shiftx(X64_SHR, w, dst, src, count), "shrx%c %s, %s, %s", suffix(w),
		     wreg(count, w), wreg(src, w), wreg(dst, w));
		line("x64_shiftx", x64_shiftx(X64_SAR, w, dst, src, count), "sarx%c %s, %s, %s", suffix(w),
		     wreg(count, w), wreg(src, w), wreg(dst, w));
	}
}

static void shifts(u8 r, bool w)
{
	static const struct {
		enum x64_shift op;
		const char *name;
	} ops[] = { { X64_ROL, "rol" }, { X64_ROR, "ror" }, { X64_SHL, "shl" }, { X64_SHR, "shr" }, { X64_SAR, "sar" } };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (r < ARRAY_SIZE(disps) && w)
			line("x64_shift_fs", x64_shift_fs(ops[i].op, disps[r], 5 + r), "%sq $%d, %%fs:%d", ops[i].name, 5 + r,
			     disps[r]);
		line("x64_shift_cl", x64_shift_cl(ops[i].op, w, r), "%s%c %%cl, %s", ops[i].name, suffix(w), wreg(r, w));
		for (u8 imm = 0; imm < (w ? 64 : 32); imm++)
			line("x64_shift_ri", x64_shift_ri(ops[i].op, w, r, imm), "%s%c $%u, %s", ops[i].name, suffix(w),
			     imm, wreg(r, w));
	}
}

static void immediates(u8 r, bool w)
{
	static const char *const alu[] = { "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp" };

	for (size_t i = 0; i < ARRAY_SIZE(imms); i++) {
		for (enum x64_alu op = X64_ADD; op <= X64_CMP; op++)
			line("x64_alu_ri", x64_alu_ri(op, w, r, imms[i]), "%s%c $%d, %s", alu[op], suffix(w), imms[i],
			     wreg(r, w));
		line("x64_test_ri", x64_test_ri(w, r, imms[i]), "test%c $%d, %s", suffix(w), imms[i], wreg(r, w));
	}
}

static void one_register(u8 r, bool w)
{
	static const char *const unary[] = { [X64_NOT] = "not", "neg", "mul", "imul", "div", "idiv" };

	for (enum x64_unary op = X64_NOT; op <= X64_IDIV; op++)
		line("x64_unary_r", x64_unary_r(op, w, r), "%s%c %s", unary[op], suffix(w), wreg(r, w));
	line("x64_bswap", x64_bswap(w, r), "bswap%c %s", suffix(w), wreg(r, w));
	shifts(r, w);
	immediates(r, w);
}

/* The text says which form is to be the shortest one. */
static void constants(u8 r)
{
	static const u64 values[] = { 0, 1, 127, 128, 0x7fffffff, 0x80000000, UINT32_MAX, 0x100000000, INT64_MAX,
				      (u64)INT64_MIN, (u64)INT32_MIN - 1, (u64)INT32_MIN, (u64)-1, 0x123456789abcdef0 };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		long long v = values[i];

		line("x64_movabs", x64_movabs(r, v), "movabsq $%lld, %s", v, reg(r, 8));
		if (!v)
			line("x64_mov_imm", x64_mov_imm(r, v), "xorl %s, %s", reg(r, 4), reg(r, 4));
		else if (v > 0 && v <= UINT32_MAX)
			line("x64_mov_imm", x64_mov_imm(r, v), "movl $%lld, %s", v, reg(r, 4));
		else if (v < 0 && v >= INT32_MIN)
			line("x64_mov_imm", x64_mov_imm(r, v), "movq $%lld, %s", v, reg(r, 8));
		else
			line("x64_mov_imm", x64_mov_imm(r, v), "movabsq $%lld, %s", v, reg(r, 8));
	}
	for (size_t i = 0; i < ARRAY_SIZE(disps); i++)
		line("x64_mov_fs", x64_mov_fs(r, disps[i]), "movq %%fs:%d, %s", disps[i], reg(r, 8));
	line("x64_ror16_8", x64_ror16_8(r), "rorw $8, %s", reg(r, 2));
	line("x64_push", x64_push(r), "pushq %s", reg(r, 8));
	line("x64_jmp_r", x64_jmp_r(r), "jmpq *%s", reg(r, 8));
	line("x64_call_r", x64_call_r(r), "callq *%s", reg(r, 8));
}

/* ---- memory ------------------------------------------------------------------------------------ */

/* What target.c emits with x64_rm(): every opcode at each of its sizes. Text has %s for register and operand. */
struct rm_form {
	u32 op, size;
	bool lock, to_reg;
	const char *name;
	u32 reg_size;
};
static const struct rm_form rm_forms[] = {
	{ 0x88, 1, false, false, "movb", 1 },	{ 0x89, 2, false, false, "movw", 2 },
	{ 0x89, 4, false, false, "movl", 4 },	{ 0x89, 8, false, false, "movq", 8 },
	{ 0x8b, 4, false, true, "movl", 4 },	{ 0x8b, 8, false, true, "movq", 8 },
	{ 0x0fb6, 4, false, true, "movzbl", 4 }, { 0x0fb7, 4, false, true, "movzwl", 4 },
	{ 0x0fbe, 8, false, true, "movsbq", 8 }, { 0x0fbf, 8, false, true, "movswq", 8 },
	{ 0x63, 8, false, true, "movslq", 8 },	{ 0x3b, 4, false, true, "cmpl", 4 },
	{ 0x01, 4, true, false, "lock addl", 4 }, { 0x01, 8, true, false, "lock addq", 8 },
	{ 0x09, 4, true, false, "lock orl", 4 }, { 0x09, 8, true, false, "lock orq", 8 },
	{ 0x21, 4, true, false, "lock andl", 4 }, { 0x21, 8, true, false, "lock andq", 8 },
	{ 0x31, 4, true, false, "lock xorl", 4 }, { 0x31, 8, true, false, "lock xorq", 8 },
	{ 0x00, 1, true, false, "lock addb", 1 }, { 0x01, 2, true, false, "lock addw", 2 },
	{ 0x0fc0, 1, true, false, "lock xaddb", 1 }, { 0x0fc1, 2, true, false, "lock xaddw", 2 },
	{ 0x0fc1, 4, true, false, "lock xaddl", 4 }, { 0x0fc1, 8, true, false, "lock xaddq", 8 },
	{ 0x87, 4, false, false, "xchgl", 4 },	{ 0x87, 8, false, false, "xchgq", 8 },
	{ 0x0fb0, 1, true, false, "lock cmpxchgb", 1 }, { 0x0fb1, 2, true, false, "lock cmpxchgw", 2 },
	{ 0x0fb1, 4, true, false, "lock cmpxchgl", 4 }, { 0x0fb1, 8, true, false, "lock cmpxchgq", 8 },
};

static const char *operand(struct x64_mem m)
{
	static char text[64];

	if (m.has_idx)
		snprintf(text, sizeof(text), "%d(%s,%s,%d)", m.disp, reg(m.base, 8), reg(m.idx, 8), 1 << m.scale);
	else
		snprintf(text, sizeof(text), "%d(%s)", m.disp, reg(m.base, 8));
	return text;
}

static void rm_form(const struct rm_form *f, u8 r, struct x64_mem m)
{
	struct x64_enc e = x64_rm(f->op, f->size, f->lock, r, m);

	if (f->to_reg)
		line("x64_rm", e, "%s %s, %s", f->name, operand(m), reg(r, f->reg_size));
	else
		line("x64_rm", e, "%s %s, %s", f->name, reg(r, f->reg_size), operand(m));
}

/* The operand decides the prefix together with the register, so those two meet in all ways: */
static void operand_with_register(u8 r, struct x64_mem m)
{
	for (size_t i = 0; i < ARRAY_SIZE(rm_forms); i++)
		rm_form(&rm_forms[i], r, m);
	line("x64_lea", x64_lea(true, r, m), "leaq %s, %s", operand(m), reg(r, 8));
	line("x64_lea", x64_lea(false, r, m), "leal %s, %s", operand(m), reg(r, 4));
}

static void operand_with_immediate(struct x64_mem m)
{
	static const char *const alu[] = { "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp" };
	static const s8 bytes[] = { 0, -1, 127, -128 };

	for (u32 size = 1; size <= 8; size *= 2)
		for (size_t i = 0; i < ARRAY_SIZE(imms); i++)
			line("x64_store_imm", x64_store_imm(size, m, imms[i]), "mov%c $%d, %s", suffixes[log2_of(size)],
			     size == 1 ? (s8)imms[i] : size == 2 ? (s16)imms[i] : imms[i], operand(m));
	for (u32 size = 2; size <= 8; size *= 2)
		for (enum x64_alu op = X64_ADD; op <= X64_CMP; op++)
			for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
				line("x64_alu_mi8", x64_alu_mi8(op, size, m, bytes[i]), "%s%c $%d, %s", alu[op],
				     suffixes[log2_of(size)], bytes[i], operand(m));
	line("x64_jmp_m", x64_jmp_m(m), "jmpq *%s", operand(m));
	line("x64_lock_inc", x64_lock_inc(m), "lock incq %s", operand(m));
}

static void plain_operands(u8 base)
{
	for (size_t d = 0; d < ARRAY_SIZE(disps); d++) {
		struct x64_mem m = { .base = base, .disp = disps[d] };

		for (u8 r = 0; r < 16; r++)
			operand_with_register(r, m);
		operand_with_immediate(m);
	}
}

/* Each register with each index and base at one form; all forms with registers that take turns. */
static void indexed_operands(u8 base, u8 idx)
{
	static u32 turn;

	for (u32 i = 0; i < 4 * ARRAY_SIZE(disps); i++) {
		struct x64_mem m = { .base = base, .disp = disps[i / 4], .has_idx = true, .idx = idx, .scale = i % 4 };

		for (u8 r = 0; r < 16; r++)
			rm_form(&rm_forms[0], r, m);
		if (i % 4 == (base + idx) % 4)
			operand_with_register(turn++ % 16, m);
		if (i % 12 == (base + idx) % 12)
			operand_with_immediate(m);
	}
}

/* ---- the rest ---------------------------------------------------------------------------------- */

static void jumps(void)
{
	static const char *const cc[] = { "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge",
					  "le", "g" };
	static const s32 far[] = { 128, -200, 0x1234567, -0x1234567, INT32_MAX, INT32_MIN };

	/* ". + n" is from the jump's beginning. What does not fit into the short form is long in any assembler. */
	for (s32 dist = -128; dist < 128; dist++) {
		line("x64_jmp8", x64_jmp8(dist), "jmp . + %d", dist + 2);
		for (enum x64_cc c = CC_O; c <= CC_G; c++)
			line("x64_jcc8", x64_jcc8(c, dist), "j%s . + %d", cc[c], dist + 2);
	}
	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		line("x64_jmp32", x64_jmp32(far[i]), "jmp . + %lld", far[i] + 5LL);
		line("x64_call32", x64_call32(far[i]), "call . + %lld", far[i] + 5LL);
		for (enum x64_cc c = CC_O; c <= CC_G; c++)
			line("x64_jcc32", x64_jcc32(c, far[i]), "j%s . + %lld", cc[c], far[i] + 6LL);
	}
}

static void without_operands(void)
{
	line("x64_cqo", x64_cqo(true), "cqto");
	line("x64_cqo", x64_cqo(false), "cltd");
	for (size_t d = 0; d < ARRAY_SIZE(disps); d++)
		for (size_t i = 0; i < ARRAY_SIZE(imms); i++)
			line("x64_store_imm_fs", x64_store_imm_fs(disps[d], imms[i]), "movq $%d, %%fs:%d", imms[i], disps[d]);
	line("x64_int3", x64_int3(), "int3");
	line("x64_leave", x64_leave(), "leave");
	line("x64_ret", x64_ret(), "ret");
	line("x64_lfence", x64_lfence(), "lfence");
	line("x64_endbr64", x64_endbr64(), "endbr64");
}

int main(void)
{
	for (u32 i = 0; i < 16 * 16 * 2; i++) {
		two_registers(i % 16, i / 16 % 16, i / 256);
		three_registers(i % 16, i / 16 % 16, i / 256);
	}
	for (u8 r = 0; r < 16; r++) {
		one_register(r, false);
		one_register(r, true);
		constants(r);
		plain_operands(r);
		for (u8 idx = 0; idx < 16; idx++)
			if (idx != RSP)
				indexed_operands(r, idx);
	}
	jumps();
	without_operands();
	return 0;
}
