/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen.h"

#include "base/hash.h"

static u32 rnd(struct gen *g, u32 below)
{
	g->state = g->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(hash_u64(g->state, 7) >> 32) % below;
}

static void put(struct gen *g, struct bpf_insn insn)
{
	if (g->cnt < GEN_MAX_INSNS)
		g->insns[g->cnt++] = insn;
}

static void put_value_addr(struct gen *g, u8 dst, int fd, u32 off)
{
	put(g, (struct bpf_insn){ .code = 0x18, .dst_reg = dst, .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = fd });
	put(g, (struct bpf_insn){ .imm = off });
}

static s32 some_imm(struct gen *g)
{
	static const s32 edges[] = { 0, 1, -1, 7, 8, 15, 16, 31, 32, 63, 64, 127, 255, 256, 0x7fff, 0xffff,
				     INT32_MAX, INT32_MIN, -2, -8, 0x10000, 3, 5 };

	return rnd(g, 4) ? edges[rnd(g, ARRAY_SIZE(edges))] : (s32)(rnd(g, 65536) << 16 | rnd(g, 65536));
}

static u8 num_reg(struct gen *g)
{
	return rnd(g, 6);
}

static void gen_alu(struct gen *g)
{
	static const u8 ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH,
				  BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH, BPF_ADD, BPF_AND, BPF_MOV, BPF_SUB };
	u8 op = ops[rnd(g, ARRAY_SIZE(ops))], cls = rnd(g, 3) ? BPF_ALU64 : BPF_ALU;
	u32 width = cls == BPF_ALU64 ? 64 : 32;
	struct bpf_insn insn = { .dst_reg = num_reg(g) };

	insn.code = cls | op;
	if (rnd(g, 2)) {
		insn.code |= BPF_X;
		insn.src_reg = num_reg(g);
		if (op == BPF_MOV && !rnd(g, 4))
			insn.off = cls == BPF_ALU64 ? 8 << rnd(g, 3) : 8 << rnd(g, 2);
	} else {
		insn.imm = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH ? (s32)rnd(g, width) : some_imm(g);
		if ((op == BPF_DIV || op == BPF_MOD) && !insn.imm)
			insn.imm = 3;
	}
	if ((op == BPF_DIV || op == BPF_MOD) && !rnd(g, 3))
		insn.off = 1;
	put(g, insn);
}

static void gen_unary(struct gen *g)
{
	u8 dst = num_reg(g);

	switch (rnd(g, 3)) {
	case 0:
		put(g, (struct bpf_insn){ .code = BPF_NEG | (rnd(g, 2) ? BPF_ALU64 : BPF_ALU), .dst_reg = dst });
		break;
	case 1:
		put(g, (struct bpf_insn){ .code = rnd(g, 2) ? 0xd4 : 0xdc, .dst_reg = dst, .imm = 16 << rnd(g, 3) });
		break;
	case 2:
		put(g, (struct bpf_insn){ .code = 0xd7, .dst_reg = dst, .imm = 16 << rnd(g, 3) });
	}
}

static void gen_jump(struct gen *g)
{
	static const u8 ops[] = { 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };
	struct bpf_insn insn = { .dst_reg = num_reg(g), .off = 1 + rnd(g, 6) };

	insn.code = ops[rnd(g, ARRAY_SIZE(ops))] | (rnd(g, 3) ? BPF_JMP : 0x06);
	if (rnd(g, 3)) {
		insn.imm = some_imm(g);
	} else {
		insn.code |= BPF_X;
		insn.src_reg = num_reg(g);
	}
	put(g, insn);
}

static u8 size_code(struct gen *g, u32 *ret_size)
{
	static const u8 codes[] = { BPF_B, BPF_H, BPF_W, 0x18 };
	u32 i = rnd(g, 4);

	*ret_size = 1 << i;
	return codes[i];
}

static void gen_stack(struct gen *g)
{
	u32 size;
	u8 code = size_code(g, &size);
	s16 off = -(s16)(size * (1 + rnd(g, 48 / size)));

	switch (rnd(g, 4)) {
	case 0:
		put(g, (struct bpf_insn){ .code = BPF_MEM | code | BPF_STX, .dst_reg = 10, .src_reg = num_reg(g), .off = off });
		break;
	case 1:
		put(g, (struct bpf_insn){ .code = BPF_MEM | code | BPF_ST, .dst_reg = 10, .imm = some_imm(g), .off = off });
		break;
	case 2:
		put(g, (struct bpf_insn){ .code = (size < 8 && !rnd(g, 3) ? 0x80 : BPF_MEM) | code | BPF_LDX,
					  .dst_reg = num_reg(g), .src_reg = 10, .off = off });
		break;
	case 3: /* a spilled number, 8 bytes, and back */
		put(g, (struct bpf_insn){ .code = 0x7b, .dst_reg = 10, .src_reg = num_reg(g), .off = off & ~7 });
		put(g, (struct bpf_insn){ .code = 0x79, .dst_reg = num_reg(g), .src_reg = 10, .off = off & ~7 });
	}
}

static void gen_atomic(struct gen *g)
{
	static const s32 ops[] = { 0, 1, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110 };
	struct bpf_insn insn = { .imm = ops[rnd(g, ARRAY_SIZE(ops))], .src_reg = num_reg(g), .dst_reg = 10,
				 .off = -8 * (s16)(1 + rnd(g, 6)), .code = rnd(g, 2) ? 0xdb : 0xc3 };

	if (rnd(g, 2)) {
		insn.dst_reg = 7;
		insn.off = 8 * rnd(g, GEN_VAL_SIZE / 8);
	}
	if (insn.imm == 0x100) {
		u8 base = insn.dst_reg;

		insn.dst_reg = insn.src_reg;
		insn.src_reg = base;
	}
	put(g, insn);
}

/* A pointer to the map value or the stack, moved by a number that may or may not be bounded. */
static void gen_access(struct gen *g)
{
	u8 num = num_reg(g), base = rnd(g, 3) ? 7 : 10, code;
	u32 size;

	code = size_code(g, &size);
	switch (rnd(g, 6)) {
	case 0:
	case 1:
		put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND, .dst_reg = num, .imm = (1 << rnd(g, 6)) - 1 });
		break;
	case 2: /* skips the access and the two before it */
		put(g, (struct bpf_insn){ .code = BPF_JMP | BPF_JGT, .dst_reg = num, .imm = (s32)rnd(g, 40), .off = 3 + (base == 10) });
		break;
	case 3:
		put(g, (struct bpf_insn){ .code = 0x06 | BPF_JGT, .dst_reg = num, .imm = (s32)rnd(g, 40), .off = 4 + (base == 10) });
		put(g, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = num, .src_reg = num });
		break;
	case 4:
		put(g, (struct bpf_insn){ .code = BPF_JMP | 0xc0, .dst_reg = num, .imm = -(s32)rnd(g, 3), .off = 4 + (base == 10) });
		put(g, (struct bpf_insn){ .code = BPF_JMP | 0x60, .dst_reg = num, .imm = (s32)rnd(g, 40), .off = 3 + (base == 10) });
		break;
	}
	put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 9, .src_reg = base });
	if (base == 10)
		put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD, .dst_reg = 9, .imm = -48 });
	put(g, (struct bpf_insn){ .code = BPF_ALU64 | (rnd(g, 12) ? BPF_ADD : BPF_SUB) | BPF_X, .dst_reg = 9, .src_reg = num });
	if (rnd(g, 2))
		put(g, (struct bpf_insn){ .code = BPF_MEM | code | BPF_LDX, .dst_reg = num_reg(g), .src_reg = 9, .off = rnd(g, 9) });
	else
		put(g, (struct bpf_insn){ .code = BPF_MEM | code | BPF_STX, .dst_reg = 9, .src_reg = num_reg(g), .off = rnd(g, 9) });
}

void gen_program(struct gen *g, u64 seed)
{
	u32 body = 8 + seed % 40, end;

	g->state = hash_u64(seed, 99);
	g->cnt = 0;
	put_value_addr(g, 6, g->in_fd, 0);
	put_value_addr(g, 7, g->val_fd, 0);
	for (u8 r = 0; r < 6; r++) {
		u32 size;
		u8 code = size_code(g, &size);

		put(g, (struct bpf_insn){ .code = (size < 8 && !rnd(g, 4) ? 0x80 : BPF_MEM) | code | BPF_LDX,
					  .dst_reg = r, .src_reg = 6, .off = r * 8 });
	}
	for (s16 off = -48; off < 0; off += 8)
		put(g, (struct bpf_insn){ .code = 0x7b, .dst_reg = 10, .src_reg = num_reg(g), .off = off });
	for (u32 i = 0; i < body && g->cnt < GEN_MAX_INSNS - 40; i++) {
		switch (rnd(g, 10)) {
		case 0: case 1: case 2: case 3:
			gen_alu(g);
			break;
		case 4:
			gen_unary(g);
			break;
		case 5: case 6:
			gen_jump(g);
			break;
		case 7:
			gen_stack(g);
			break;
		case 8:
			gen_access(g);
			break;
		case 9:
			gen_atomic(g);
		}
	}
	/* Jumps near the end may reach this far. */
	end = g->cnt;
	while (g->cnt < end + 8)
		put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV, .dst_reg = 8, .imm = 0 });
	put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 0, .src_reg = num_reg(g) });
	put(g, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

void gen_inputs(u64 seed, u32 set, u64 ret_in[GEN_IN_SIZE / 8])
{
	for (u32 i = 0; i < GEN_IN_SIZE / 8; i++) {
		u64 h = hash_u64(seed * 64 + set * 8 + i, 3);

		ret_in[i] = set == 0 ? i : set == 1 ? UINT64_MAX - i : set == 2 ? h & 31 : set == 3 ? (u64)(s32)h : h;
	}
}
