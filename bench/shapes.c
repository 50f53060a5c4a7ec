/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shapes.c - the programs of shapes.h, as insns: a compiler takes minutes for the long ones. Type XDP,
 * no maps, so that nothing but the verifier is measured. All are accepted.
 */
#include "shapes.h"

#define INSN(code_, dst, src, off_, imm_)                                                          \
	(insns[*cnt] = (struct bpf_insn){ .code = (code_), .dst_reg = (dst), .src_reg = (src), \
					  .off = (off_), .imm = (imm_) },                          \
	 ++*cnt)
#define ALU_K(op, dst, imm) INSN(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, imm)
#define ALU_X(op, dst, src) INSN(BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0)
#define JMP_K(op, dst, imm, off) INSN(BPF_JMP | (op) | BPF_K, dst, 0, off, imm)
#define EXIT()		    INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define RANDOM()	    INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32)

static void leave(struct bpf_insn *insns, uint32_t *cnt)
{
	ALU_K(BPF_MOV, 0, 2);
	EXIT();
}

/* Two unknown numbers that are worked on. */
static void straight(struct bpf_insn *insns, uint32_t *cnt, uint32_t n)
{
	RANDOM();
	ALU_X(BPF_MOV, 6, 0);
	ALU_X(BPF_MOV, 7, 0);
	for (uint32_t i = 0; i < n; i++) {
		ALU_X(BPF_ADD, 6, 7);
		ALU_X(BPF_XOR, 7, 6);
		ALU_K(BPF_AND, 6, 0xffff);
		ALU_K(BPF_RSH, 7, 3);
		ALU_K(BPF_MUL, 7, 7);
		ALU_K(BPF_OR, 6, i);
	}
	leave(insns, cnt);
}

/* Ways that part and meet again. */
static void branches(struct bpf_insn *insns, uint32_t *cnt, uint32_t n)
{
	ALU_K(BPF_MOV, 6, 0);
	for (uint32_t i = 0; i < n; i++) {
		RANDOM();
		JMP_K(BPF_JGT, 0, i, 2);
		ALU_X(BPF_ADD, 6, 0);
		INSN(BPF_JMP | BPF_JA, 0, 0, 1, 0);
		ALU_X(BPF_XOR, 6, 0);
	}
	leave(insns, cnt);
}

/* What each way leaves becomes an offset into the stack: it is relied on, and differs. */
static void indexes(struct bpf_insn *insns, uint32_t *cnt, uint32_t n)
{
	ALU_K(BPF_MOV, 6, 0);
	for (int16_t off = -64; off < 0; off += 8)
		INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, off, 0);
	for (uint32_t i = 0; i < n; i++) {
		RANDOM();
		JMP_K(BPF_JSET, 0, 1, 2);
		ALU_K(BPF_MOV, 6, i % 48);
		INSN(BPF_JMP | BPF_JA, 0, 0, 2, 0);
		ALU_X(BPF_MOV, 6, 0);
		ALU_K(BPF_AND, 6, 31);
		ALU_X(BPF_MOV, 1, 10);
		ALU_X(BPF_ADD, 1, 6);
		INSN(BPF_STX | BPF_MEM | BPF_B, 1, 0, -64, 0);
	}
	leave(insns, cnt);
}

/* One number compared with many, each with code of its own, all meeting behind. */
static void big_switch(struct bpf_insn *insns, uint32_t *cnt, uint32_t n)
{
	for (uint32_t times = 0; times < 4; times++) {
		uint32_t end = *cnt + 2 + n * 4;

		RANDOM();
		ALU_X(BPF_MOV, 6, 0);
		for (uint32_t i = 0; i < n; i++) {
			JMP_K(BPF_JNE, 6, i, 3);
			ALU_K(BPF_MOV, 7, i);
			ALU_K(BPF_ADD, 7, 1);
			INSN(BPF_JMP | BPF_JA, 0, 0, (int16_t)(end - *cnt - 1), 0);
		}
	}
	leave(insns, cnt);
}

/* Twelve functions with branches and eight words of stack, in a chain of three levels, called n times. */
#define LEAVES	  9
#define LEAF_SIZE 14
static void subprogs(struct bpf_insn *insns, uint32_t *cnt, uint32_t n)
{
	uint32_t leaves = 1 + 2 * n + 2, middle = leaves + LEAVES * LEAF_SIZE;

	ALU_K(BPF_MOV, 1, 0);
	for (uint32_t i = 0; i < n; i++) {
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, (int32_t)(middle - *cnt - 1));
		ALU_X(BPF_MOV, 1, 0);
	}
	leave(insns, cnt);
	for (uint32_t i = 0; i < LEAVES; i++) {
		for (int16_t off = -64; off < 0; off += 8)
			INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 1, off, 0);
		RANDOM();
		JMP_K(BPF_JGT, 0, i, 1);
		INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 0, -16, 0);
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 1, 10, -16, 0);
		ALU_X(BPF_ADD, 0, 1);
		EXIT();
	}
	ALU_X(BPF_MOV, 6, 1);
	for (uint32_t i = 0; i < LEAVES; i++) {
		ALU_X(BPF_MOV, 1, 6);
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0,
		     (int32_t)(leaves + i * LEAF_SIZE - *cnt - 1));
		ALU_X(BPF_MOV, 6, 0);
	}
	ALU_X(BPF_MOV, 0, 6);
	EXIT();
}

/* Nearly all slots in use, across branches that change some. */
static void stack(struct bpf_insn *insns, uint32_t *cnt, uint32_t n)
{
	for (int16_t off = -448; off < 0; off += 8) {
		RANDOM();
		INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 0, off, 0);
	}
	for (uint32_t i = 0; i < n; i++) {
		RANDOM();
		JMP_K(BPF_JGT, 0, 7, 1);
		INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 0, (int16_t)(-8 - 8 * (i % 56)), 0);
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 6, 10, (int16_t)(-8 - 8 * (i * 7 % 56)), 0);
	}
	leave(insns, cnt);
}

/* Three loops in one another, of n rounds each, with a branch inside. */
static void nested(struct bpf_insn *insns, uint32_t *cnt, uint32_t n)
{
	ALU_K(BPF_MOV, 6, 0);
	ALU_K(BPF_MOV, 7, 0);
	ALU_K(BPF_MOV, 8, 0);
	RANDOM();
	JMP_K(BPF_JSGT, 0, 5, 1);
	ALU_K(BPF_MOV, 9, 1);
	ALU_K(BPF_ADD, 8, 1);
	JMP_K(BPF_JLT, 8, (int32_t)n, -5);
	ALU_K(BPF_ADD, 7, 1);
	JMP_K(BPF_JLT, 7, (int32_t)n, -8);
	ALU_K(BPF_ADD, 6, 1);
	JMP_K(BPF_JLT, 6, (int32_t)n, -11);
	leave(insns, cnt);
}

static void small(struct bpf_insn *insns, uint32_t *cnt, uint32_t n)
{
	ALU_K(BPF_MOV, 0, 0);
	for (uint32_t i = 0; i < n; i++)
		ALU_K(BPF_ADD, 0, 1);
	leave(insns, cnt);
}

const struct shape shapes[] = {
	{ "straight", straight, { 1000, 10000, 100000 } },
	{ "branches", branches, { 1000, 10000, 100000 } },
	{ "indexes", indexes, { 256, 1024, 4096 } },
	{ "switch", big_switch, { 256, 1024, 4096 } },
	{ "subprogs", subprogs, { 16, 128, 1024 } },
	{ "stack", stack, { 256, 2048, 16384 } },
	{ "nested", nested, { 10, 20, 40 } },
	{ "small", small, { 0, 30 } },
};
const uint32_t shape_cnt = sizeof(shapes) / sizeof(shapes[0]);
