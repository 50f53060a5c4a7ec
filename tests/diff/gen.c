/* SPDX-License-Identifier: BSD-2-Clause */
/* gen.c - the numbers part of generated programs, and their frame. shapes.c has the rest. */
#include "gen.h"

#include "base/hash.h"

u32 gen_rnd(struct gen *g, u32 below)
{
	g->state = g->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(hash_u64(g->state, 7) >> 32) % below;
}

void gen_put(struct gen *g, struct bpf_insn insn)
{
	if (g->cnt < GEN_MAX_INSNS)
		g->insns[g->cnt++] = insn;
}

void gen_map_load(struct gen *g, u8 dst, u8 pseudo, enum gen_map map)
{
	gen_put(g, (struct bpf_insn){ .code = 0x18, .dst_reg = dst, .src_reg = pseudo, .imm = map });
	gen_put(g, (struct bpf_insn){ 0 });
}

static s32 some_imm(struct gen *g)
{
	static const s32 edges[] = { 0, 1, -1, 7, 8, 15, 16, 31, 32, 63, 64, 127, 255, 256, 0x7fff, 0xffff,
				     INT32_MAX, INT32_MIN, -2, -8, 0x10000, 3, 5 };

	return gen_rnd(g, 4) ? edges[gen_rnd(g, ARRAY_SIZE(edges))] : (s32)(gen_rnd(g, 65536) << 16 | gen_rnd(g, 65536));
}

u8 gen_num_reg(struct gen *g)
{
	return gen_rnd(g, 6);
}

static void gen_alu(struct gen *g)
{
	static const u8 ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH,
				  BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH, BPF_ADD, BPF_AND, BPF_MOV, BPF_SUB };
	u8 op = ops[gen_rnd(g, ARRAY_SIZE(ops))], cls = gen_rnd(g, 3) ? BPF_ALU64 : BPF_ALU;
	u32 width = cls == BPF_ALU64 ? 64 : 32;
	struct bpf_insn insn = { .dst_reg = gen_num_reg(g) };

	insn.code = cls | op;
	if (gen_rnd(g, 2)) {
		insn.code |= BPF_X;
		insn.src_reg = gen_num_reg(g);
		if (op == BPF_MOV && !gen_rnd(g, 4))
			insn.off = cls == BPF_ALU64 ? 8 << gen_rnd(g, 3) : 8 << gen_rnd(g, 2);
	} else {
		insn.imm = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH ? (s32)gen_rnd(g, width) : some_imm(g);
		if ((op == BPF_DIV || op == BPF_MOD) && !insn.imm)
			insn.imm = 3;
	}
	if ((op == BPF_DIV || op == BPF_MOD) && !gen_rnd(g, 3))
		insn.off = 1;
	gen_put(g, insn);
}

static void gen_unary(struct gen *g)
{
	u8 dst = gen_num_reg(g);

	switch (gen_rnd(g, 3)) {
	case 0:
		gen_put(g, (struct bpf_insn){ .code = BPF_NEG | (gen_rnd(g, 2) ? BPF_ALU64 : BPF_ALU), .dst_reg = dst });
		break;
	case 1:
		gen_put(g, (struct bpf_insn){ .code = gen_rnd(g, 2) ? 0xd4 : 0xdc, .dst_reg = dst, .imm = 16 << gen_rnd(g, 3) });
		break;
	case 2:
		gen_put(g, (struct bpf_insn){ .code = 0xd7, .dst_reg = dst, .imm = 16 << gen_rnd(g, 3) });
	}
}

static void gen_jump(struct gen *g)
{
	static const u8 ops[] = { 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };
	struct bpf_insn insn = { .dst_reg = gen_num_reg(g), .off = 1 + gen_rnd(g, 6) };

	insn.code = ops[gen_rnd(g, ARRAY_SIZE(ops))] | (gen_rnd(g, 3) ? BPF_JMP : 0x06);
	if (gen_rnd(g, 3)) {
		insn.imm = some_imm(g);
	} else {
		insn.code |= BPF_X;
		insn.src_reg = gen_num_reg(g);
	}
	gen_put(g, insn);
}

static u8 size_code(struct gen *g, u32 *ret_size)
{
	static const u8 codes[] = { BPF_B, BPF_H, BPF_W, 0x18 };
	u32 i = gen_rnd(g, 4);

	*ret_size = 1 << i;
	return codes[i];
}

static void gen_stack(struct gen *g)
{
	u32 size;
	u8 code = size_code(g, &size);
	s16 off = -(s16)(size * (1 + gen_rnd(g, 48 / size)));

	switch (gen_rnd(g, 4)) {
	case 0:
		gen_put(g, (struct bpf_insn){ .code = BPF_MEM | code | BPF_STX, .dst_reg = 10, .src_reg = gen_num_reg(g), .off = off });
		break;
	case 1:
		gen_put(g, (struct bpf_insn){ .code = BPF_MEM | code | BPF_ST, .dst_reg = 10, .imm = some_imm(g), .off = off });
		break;
	case 2:
		gen_put(g, (struct bpf_insn){ .code = (size < 8 && !gen_rnd(g, 3) ? 0x80 : BPF_MEM) | code | BPF_LDX,
					  .dst_reg = gen_num_reg(g), .src_reg = 10, .off = off });
		break;
	case 3: /* a spilled number, 8 bytes, and back */
		gen_put(g, (struct bpf_insn){ .code = 0x7b, .dst_reg = 10, .src_reg = gen_num_reg(g), .off = off & ~7 });
		gen_put(g, (struct bpf_insn){ .code = 0x79, .dst_reg = gen_num_reg(g), .src_reg = 10, .off = off & ~7 });
	}
}

static void gen_atomic(struct gen *g)
{
	static const s32 ops[] = { 0, 1, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110 };
	struct bpf_insn insn = { .imm = ops[gen_rnd(g, ARRAY_SIZE(ops))], .src_reg = gen_num_reg(g), .dst_reg = 10,
				 .off = -8 * (s16)(1 + gen_rnd(g, 6)), .code = gen_rnd(g, 2) ? 0xdb : 0xc3 };

	if (gen_rnd(g, 2)) {
		insn.dst_reg = 7;
		insn.off = 8 * gen_rnd(g, GEN_VAL_SIZE / 8);
	}
	if (insn.imm == 0x100) {
		u8 base = insn.dst_reg;

		insn.dst_reg = insn.src_reg;
		insn.src_reg = base;
	}
	gen_put(g, insn);
}

/* A pointer to the map value or the stack, moved by a number that may or may not be bounded. */
static void gen_access(struct gen *g)
{
	u8 num = gen_num_reg(g), base = gen_rnd(g, 3) ? 7 : 10, code;
	u32 size;

	code = size_code(g, &size);
	switch (gen_rnd(g, 6)) {
	case 0:
	case 1:
		gen_put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND, .dst_reg = num, .imm = (1 << gen_rnd(g, 6)) - 1 });
		break;
	case 2: /* skips the access and the two before it */
		gen_put(g, (struct bpf_insn){ .code = BPF_JMP | BPF_JGT, .dst_reg = num, .imm = (s32)gen_rnd(g, 40), .off = 3 + (base == 10) });
		break;
	case 3:
		gen_put(g, (struct bpf_insn){ .code = 0x06 | BPF_JGT, .dst_reg = num, .imm = (s32)gen_rnd(g, 40), .off = 4 + (base == 10) });
		gen_put(g, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = num, .src_reg = num });
		break;
	case 4:
		gen_put(g, (struct bpf_insn){ .code = BPF_JMP | 0xc0, .dst_reg = num, .imm = -(s32)gen_rnd(g, 3), .off = 4 + (base == 10) });
		gen_put(g, (struct bpf_insn){ .code = BPF_JMP | 0x60, .dst_reg = num, .imm = (s32)gen_rnd(g, 40), .off = 3 + (base == 10) });
		break;
	}
	gen_put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 9, .src_reg = base });
	if (base == 10)
		gen_put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD, .dst_reg = 9, .imm = -48 });
	gen_put(g, (struct bpf_insn){ .code = BPF_ALU64 | (gen_rnd(g, 12) ? BPF_ADD : BPF_SUB) | BPF_X, .dst_reg = 9, .src_reg = num });
	if (gen_rnd(g, 2))
		gen_put(g, (struct bpf_insn){ .code = BPF_MEM | code | BPF_LDX, .dst_reg = gen_num_reg(g), .src_reg = 9, .off = gen_rnd(g, 9) });
	else
		gen_put(g, (struct bpf_insn){ .code = BPF_MEM | code | BPF_STX, .dst_reg = 9, .src_reg = gen_num_reg(g), .off = gen_rnd(g, 9) });
}

static void gen_item(struct gen *g)
{
	switch (gen_rnd(g, 10)) {
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

void gen_number_items(struct gen *g, u32 cnt)
{
	while (cnt--) {
		if (gen_rnd(g, 4))
			gen_alu(g);
		else
			gen_unary(g);
	}
}

static void load_number(struct gen *g, u8 reg)
{
	u32 size;
	u8 code = size_code(g, &size);

	gen_put(g, (struct bpf_insn){ .code = (size < 8 && !gen_rnd(g, 4) ? 0x80 : BPF_MEM) | code | BPF_LDX,
				      .dst_reg = reg, .src_reg = 6, .off = reg * 8 });
}

void gen_reload(struct gen *g)
{
	for (u8 r = 1; r < 6; r++)
		load_number(g, r);
}

/* Nobody jumps across what is put behind these: jumps reach at most this far. */
static void gen_landing(struct gen *g)
{
	for (u32 i = 0; i < 6; i++)
		gen_put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV, .dst_reg = 9, .imm = 0 });
}

void gen_program(struct gen *g, u64 seed, bool shapes)
{
	u32 body = 4 + seed % 28;

	*g = (struct gen){ .state = hash_u64(seed, 99 + shapes), .end = 300 };
	g->type = shapes ? gen_rnd(g, GEN_TYPE_CNT) : GEN_SOCKET;
	gen_put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 8, .src_reg = 1 });
	gen_map_load(g, 6, BPF_PSEUDO_MAP_VALUE, GEN_MAP_IN);
	gen_map_load(g, 7, BPF_PSEUDO_MAP_VALUE, GEN_MAP_VAL);
	load_number(g, 0);
	gen_reload(g);
	for (s16 off = -48; off < 0; off += 8)
		gen_put(g, (struct bpf_insn){ .code = 0x7b, .dst_reg = 10, .src_reg = gen_num_reg(g), .off = off });
	for (u32 i = 0; i < body && g->cnt < g->end; i++) {
		if (shapes && !gen_rnd(g, 4)) {
			gen_landing(g);
			gen_shape(g);
		} else {
			gen_item(g);
		}
	}
	gen_landing(g);
	gen_put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 0, .src_reg = gen_num_reg(g) });
	if (g->type == GEN_XDP) /* no redirect, no abort: nothing to set up for them */
		gen_put(g, (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND, .dst_reg = 0, .imm = 3 });
	gen_put(g, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	gen_functions(g);
}

void gen_inputs(u64 seed, u32 set, u64 ret_in[GEN_IN_SIZE / 8])
{
	for (u32 i = 0; i < GEN_IN_SIZE / 8; i++) {
		u64 h = hash_u64(seed * 64 + set * 8 + i, 3);

		ret_in[i] = set == 0 ? i : set == 1 ? UINT64_MAX - i : set == 2 ? h & 31 : set == 3 ? (u64)(s32)h : h;
	}
}
