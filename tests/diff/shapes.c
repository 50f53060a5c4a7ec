/* SPDX-License-Identifier: BSD-2-Clause */
/* shapes.c - what a program does besides computing: packets, context, helpers, loops, functions, callbacks. */
#include "gen.h"

#define R(code_, ...) gen_put(g, (struct bpf_insn){ .code = (code_), __VA_ARGS__ })
#define MOV_X	      (BPF_ALU64 | BPF_MOV | BPF_X)
#define MOV_K	      (BPF_ALU64 | BPF_MOV)
#define ADD_K	      (BPF_ALU64 | BPF_ADD)
#define ADD_X	      (BPF_ALU64 | BPF_ADD | BPF_X)
#define AND_K	      (BPF_ALU64 | BPF_AND)
#define LDX_W	      (BPF_MEM | BPF_W | BPF_LDX)
#define STX_W	      (BPF_MEM | BPF_W | BPF_STX)
#define JA	      (BPF_JMP | BPF_JA)
#define MAY_GOTO      (BPF_JMP | 0xe0)

enum func_kind { FUNC_NUMBERS, FUNC_VALUE, FUNC_STACK, FUNC_LOOP_CB, FUNC_ELEM_CB };

static const char *const worlds[GEN_TYPE_CNT] = {
#define MAPS "maps: in=array(4,64,1) val=array(4,32,1) h=hash(4,16,8) rb=ringbuf(262144) t=prog_array(4,4,4)\n"
	[GEN_SOCKET] = "name: generated\nprog: socket\n" MAPS "asm: exit\nwant: accept\n",
	[GEN_XDP] = "name: generated\nprog: xdp\n" MAPS "asm: exit\nwant: accept\n",
	[GEN_TC] = "name: generated\nprog: tc\n" MAPS "asm: exit\nwant: accept\n",
};

const char *gen_world(enum gen_type type)
{
	return worlds[type];
}

static void call(struct gen *g, u32 helper)
{
	R(BPF_JMP | BPF_CALL, .imm = helper);
}

/* From insn @from (a jump) to here. */
static void land(struct gen *g, u32 from)
{
	if (from < GEN_MAX_INSNS)
		g->insns[from].off = (s16)(g->cnt - from - 1);
}

static void use_memory(struct gen *g, u8 base, u32 size)
{
	static const u8 codes[] = { BPF_B, BPF_H, BPF_W, 0x18 };

	for (u32 n = 1 + gen_rnd(g, 2); n; n--) {
		u32 width = gen_rnd(g, 4), off = gen_rnd(g, size >> width) << width;

		/* Now and then one too far. */
		off += gen_rnd(g, 24) ? 0 : 1u << width;
		if (gen_rnd(g, 2))
			R(BPF_MEM | codes[width] | BPF_LDX, .dst_reg = gen_rnd(g, 6), .src_reg = base, .off = off);
		else
			R(BPF_MEM | codes[width] | BPF_STX, .dst_reg = base, .src_reg = 2 + gen_rnd(g, 3), .off = off);
	}
}

/* r2 points to a key on the stack, r1 to the map. */
static void hash_args(struct gen *g)
{
	u8 num = 1 + gen_rnd(g, 5);

	R(AND_K, .dst_reg = num, .imm = gen_rnd(g, 2) ? 7 : 3);
	R(STX_W, .dst_reg = 10, .src_reg = num, .off = -56);
	R(MOV_X, .dst_reg = 2, .src_reg = 10);
	R(ADD_K, .dst_reg = 2, .imm = -56);
	gen_map_load(g, 1, BPF_PSEUDO_MAP_FD, GEN_MAP_HASH);
}

static void shape_lookup(struct gen *g)
{
	bool check = gen_rnd(g, 16);
	u32 jump;

	hash_args(g);
	call(g, BPF_FUNC_map_lookup_elem);
	R(MOV_X, .dst_reg = 9, .src_reg = 0);
	R(MOV_K, .dst_reg = 0, .imm = 0);
	gen_reload(g);
	jump = g->cnt;
	if (check)
		R(BPF_JMP | BPF_JEQ, .dst_reg = 9, .imm = 0);
	use_memory(g, 9, GEN_HASH_VALUE);
	if (check)
		land(g, jump);
}

static void shape_update(struct gen *g)
{
	hash_args(g);
	if (gen_rnd(g, 3)) {
		R(MOV_X, .dst_reg = 3, .src_reg = 7);
		R(MOV_K, .dst_reg = 4, .imm = gen_rnd(g, 3));
		call(g, BPF_FUNC_map_update_elem);
	} else {
		call(g, BPF_FUNC_map_delete_elem);
	}
	gen_reload(g);
}

static void shape_ring(struct gen *g)
{
	u32 size = 8 << gen_rnd(g, 3), jump;

	gen_map_load(g, 1, BPF_PSEUDO_MAP_FD, GEN_MAP_RING);
	R(MOV_K, .dst_reg = 2, .imm = size);
	R(MOV_K, .dst_reg = 3, .imm = 0);
	call(g, BPF_FUNC_ringbuf_reserve);
	R(MOV_X, .dst_reg = 9, .src_reg = 0);
	R(MOV_K, .dst_reg = 0, .imm = 0);
	gen_reload(g);
	jump = g->cnt;
	R(BPF_JMP | BPF_JEQ, .dst_reg = 9, .imm = 0);
	for (u32 off = 0; off < size; off += 8)
		R(0x7b, .dst_reg = 9, .src_reg = 1, .off = off);
	use_memory(g, 9, size);
	R(MOV_X, .dst_reg = 1, .src_reg = 9);
	R(MOV_K, .dst_reg = 2, .imm = 0);
	if (gen_rnd(g, 16))
		call(g, gen_rnd(g, 2) ? BPF_FUNC_ringbuf_submit : BPF_FUNC_ringbuf_discard);
	R(MOV_K, .dst_reg = 0, .imm = 1);
	gen_reload(g);
	land(g, jump);
}

/* Bytes [0, room) behind r9 exist, then an access within; r9 is data plus perhaps an unknown number. */
static void shape_packet(struct gen *g)
{
	u32 data = g->type == GEN_XDP ? 0 : 76, end = g->type == GEN_XDP ? 4 : 80;
	u32 room = 8 << gen_rnd(g, 3), jump;
	u8 num = gen_rnd(g, 6);

	R(LDX_W, .dst_reg = 9, .src_reg = 8, .off = data);
	if (gen_rnd(g, 2)) {
		R(AND_K, .dst_reg = num, .imm = (1 << gen_rnd(g, 6)) - 1);
		R(ADD_X, .dst_reg = 9, .src_reg = num);
	}
	R(LDX_W, .dst_reg = 4, .src_reg = 8, .off = end);
	R(MOV_X, .dst_reg = 5, .src_reg = 9);
	R(ADD_K, .dst_reg = 5, .imm = room);
	jump = g->cnt;
	switch (gen_rnd(g, 3)) {
	case 0:
		R(BPF_JMP | BPF_JGT | BPF_X, .dst_reg = 5, .src_reg = 4);
		break;
	case 1:
		R(BPF_JMP | 0xa0 | BPF_X, .dst_reg = 4, .src_reg = 5); /* end < r5 */
		break;
	default:
		R(BPF_JMP | BPF_JGE | BPF_X, .dst_reg = 5, .src_reg = 4); /* one byte more is known */
	}
	R(MOV_K, .dst_reg = 4, .imm = 0);
	R(MOV_K, .dst_reg = 5, .imm = 1);
	use_memory(g, 9, room);
	land(g, jump);
	R(MOV_K, .dst_reg = 4, .imm = 2);
	R(MOV_K, .dst_reg = 5, .imm = 3);
}

static void shape_ctx(struct gen *g)
{
	/* Whatever a test run sets the same way everywhere: length, mark, cb[]; for xdp nothing but its length. */
	static const s16 skb[] = { 0, 8, 48, 52, 64 };
	bool write = !gen_rnd(g, 3);
	s16 off;

	if (g->type == GEN_XDP) {
		R(LDX_W, .dst_reg = 4, .src_reg = 8, .off = 4);
		R(LDX_W, .dst_reg = 5, .src_reg = 8, .off = 0);
		R(BPF_ALU64 | BPF_SUB | BPF_X, .dst_reg = 4, .src_reg = 5);
		R(MOV_K, .dst_reg = 5, .imm = 5);
		return;
	}
	off = skb[gen_rnd(g, ARRAY_SIZE(skb))];
	if (write && off >= 48)
		R(STX_W, .dst_reg = 8, .src_reg = 1 + gen_rnd(g, 5), .off = off);
	else
		R(LDX_W, .dst_reg = gen_rnd(g, 6), .src_reg = 8, .off = off);
}

/* A helper writes as many bytes as a number says. */
static void shape_load_bytes(struct gen *g)
{
	u8 num = 1 + gen_rnd(g, 5);

	if (g->type == GEN_XDP) {
		shape_packet(g);
		return;
	}
	R(MOV_X, .dst_reg = 0, .src_reg = num);
	R(AND_K, .dst_reg = 0, .imm = (1 << gen_rnd(g, 6)) - 1);
	R(MOV_X, .dst_reg = 4, .src_reg = 0);
	if (gen_rnd(g, 12))
		R(ADD_K, .dst_reg = 4, .imm = 1);
	R(MOV_X, .dst_reg = 1, .src_reg = 8);
	R(MOV_K, .dst_reg = 2, .imm = gen_rnd(g, 80));
	R(MOV_X, .dst_reg = 3, .src_reg = 10);
	R(ADD_K, .dst_reg = 3, .imm = -48);
	call(g, BPF_FUNC_skb_load_bytes);
	gen_reload(g);
}

static void shape_ld_abs(struct gen *g)
{
	static const u8 sizes[] = { BPF_B, BPF_H, BPF_W };

	if (g->type == GEN_XDP) {
		shape_ctx(g);
		return;
	}
	R(MOV_X, .dst_reg = 9, .src_reg = 6);
	R(MOV_X, .dst_reg = 6, .src_reg = 8);
	if (gen_rnd(g, 2))
		R(BPF_LD | BPF_ABS | sizes[gen_rnd(g, 3)], .imm = gen_rnd(g, 70));
	else
		R(BPF_LD | BPF_IND | sizes[gen_rnd(g, 3)], .src_reg = gen_rnd(g, 6), .imm = gen_rnd(g, 70));
	R(MOV_X, .dst_reg = 6, .src_reg = 9);
	gen_reload(g);
}

/* r9 counts. The bound is a constant, a masked number, or the hidden counter of may_goto. */
static void shape_loop(struct gen *g)
{
	u32 kind = gen_rnd(g, 3), top, out;
	u8 num = 1 + gen_rnd(g, 5);

	R(MOV_K, .dst_reg = 9, .imm = 0);
	if (kind == 1) {
		R(AND_K, .dst_reg = num, .imm = (1 << gen_rnd(g, 4)) - 1);
		R(0x7b, .dst_reg = 10, .src_reg = num, .off = -64);
	}
	top = g->cnt;
	out = g->cnt;
	if (kind == 2)
		R(MAY_GOTO, .off = 0);
	gen_number_items(g, 1 + gen_rnd(g, 3));
	R(ADD_K, .dst_reg = 9, .imm = 1 + gen_rnd(g, 2));
	if (kind == 1) {
		R(0x79, .dst_reg = num, .src_reg = 10, .off = -64);
		R(BPF_JMP | 0xa0 | BPF_X, .dst_reg = 9, .src_reg = num, .off = (s16)(top - g->cnt - 1));
		return;
	}
	R(BPF_JMP | 0xa0, .dst_reg = 9, .imm = 2 + gen_rnd(g, 8), .off = (s16)(top - g->cnt - 1));
	if (kind == 2)
		land(g, out);
}

static bool want_func(struct gen *g, u8 kind)
{
	if (g->in_func || g->func_cnt == ARRAY_SIZE(g->funcs))
		return false;
	g->funcs[g->func_cnt].site = g->cnt;
	g->funcs[g->func_cnt++].kind = kind;
	return true;
}

static void shape_call(struct gen *g)
{
	u8 kind = gen_rnd(g, 3);

	if (kind == FUNC_VALUE) {
		R(MOV_X, .dst_reg = 1, .src_reg = 7);
	} else if (kind == FUNC_STACK) {
		R(MOV_X, .dst_reg = 1, .src_reg = 10);
		R(ADD_K, .dst_reg = 1, .imm = -48);
	}
	if (gen_rnd(g, 2))
		R(AND_K, .dst_reg = 2, .imm = (1 << gen_rnd(g, 6)) - 1);
	if (want_func(g, kind))
		R(BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL);
	else
		R(MOV_K, .dst_reg = 0, .imm = 0);
	gen_reload(g);
}

static void shape_bpf_loop(struct gen *g)
{
	if (g->in_func || g->func_cnt == ARRAY_SIZE(g->funcs))
		return;
	if (gen_rnd(g, 2))
		R(MOV_K, .dst_reg = 1, .imm = gen_rnd(g, 9));
	else
		R(AND_K, .dst_reg = 1, .imm = (1 << gen_rnd(g, 5)) - 1);
	want_func(g, FUNC_LOOP_CB);
	R(0x18, .dst_reg = 2, .src_reg = BPF_PSEUDO_FUNC);
	R(0);
	R(MOV_X, .dst_reg = 3, .src_reg = 10);
	R(ADD_K, .dst_reg = 3, .imm = -48);
	R(MOV_K, .dst_reg = 4, .imm = 0);
	call(g, BPF_FUNC_loop);
	gen_reload(g);
}

static void shape_for_each(struct gen *g)
{
	if (g->in_func || g->func_cnt == ARRAY_SIZE(g->funcs))
		return;
	gen_map_load(g, 1, BPF_PSEUDO_MAP_FD, gen_rnd(g, 2) ? GEN_MAP_VAL : GEN_MAP_HASH);
	want_func(g, FUNC_ELEM_CB);
	R(0x18, .dst_reg = 2, .src_reg = BPF_PSEUDO_FUNC);
	R(0);
	R(MOV_X, .dst_reg = 3, .src_reg = 10);
	R(ADD_K, .dst_reg = 3, .imm = -48);
	R(MOV_K, .dst_reg = 4, .imm = 0);
	call(g, BPF_FUNC_for_each_map_elem);
	gen_reload(g);
}

static void shape_tail_call(struct gen *g)
{
	u8 num = 2 + gen_rnd(g, 4);

	R(MOV_X, .dst_reg = 3, .src_reg = num);
	if (gen_rnd(g, 2))
		R(AND_K, .dst_reg = 3, .imm = 7);
	else
		R(MOV_K, .dst_reg = 3, .imm = gen_rnd(g, 6));
	R(MOV_X, .dst_reg = 1, .src_reg = 8);
	gen_map_load(g, 2, BPF_PSEUDO_MAP_FD, GEN_MAP_TAILS);
	call(g, BPF_FUNC_tail_call);
	R(MOV_K, .dst_reg = 0, .imm = 0);
	gen_reload(g);
}

void gen_shape(struct gen *g)
{
	static void (*const shapes[])(struct gen *g) = {
		shape_lookup, shape_update, shape_ring, shape_packet, shape_ctx, shape_load_bytes, shape_ld_abs,
		shape_loop, shape_loop, shape_call, shape_call, shape_bpf_loop, shape_for_each, shape_tail_call,
	};
	u32 i = gen_rnd(g, ARRAY_SIZE(shapes));

	/* Socket filters have no direct packet access. */
	if (g->type == GEN_SOCKET && shapes[i] == shape_packet)
		i = 0;
	shapes[i](g);
}

/* ---- functions ------------------------------------------------------------------------------------ */

/* r0-r5 become numbers; what was a pointer argument is in r9. */
static void func_numbers(struct gen *g, u8 kind)
{
	bool ptr = kind != FUNC_NUMBERS;
	u8 from = kind == FUNC_LOOP_CB ? 1 : 2;

	if (ptr)
		R(MOV_X, .dst_reg = 9, .src_reg = kind == FUNC_LOOP_CB ? 2 : kind == FUNC_ELEM_CB ? 3 : 1);
	R(MOV_X, .dst_reg = 0, .src_reg = ptr ? from : 1);
	if (kind == FUNC_ELEM_CB || kind == FUNC_LOOP_CB) {
		R(MOV_K, .dst_reg = 0, .imm = 1);
		for (u8 r = kind == FUNC_LOOP_CB ? 2 : 1; r < 6; r++)
			R(MOV_K, .dst_reg = r, .imm = gen_rnd(g, 100));
	} else if (ptr) {
		R(MOV_X, .dst_reg = 1, .src_reg = 2);
	}
}

static void func_body(struct gen *g, u8 kind)
{
	u32 size = kind == FUNC_ELEM_CB ? 16 : kind == FUNC_VALUE ? GEN_VAL_SIZE : 48;

	func_numbers(g, kind);
	gen_number_items(g, 1 + gen_rnd(g, 4));
	if (kind != FUNC_NUMBERS && gen_rnd(g, 2))
		use_memory(g, 9, size);
	if ((kind == FUNC_VALUE || kind == FUNC_STACK) && gen_rnd(g, 2)) {
		/* An unknown number of the caller's decides where. */
		R(MOV_X, .dst_reg = 3, .src_reg = 2);
		if (gen_rnd(g, 2))
			R(AND_K, .dst_reg = 3, .imm = 15);
		R(ADD_X, .dst_reg = 9, .src_reg = 3);
		R(BPF_MEM | BPF_B | BPF_STX, .dst_reg = 9, .src_reg = 1, .off = gen_rnd(g, 20));
	}
	if (gen_rnd(g, 2)) {
		R(0x7b, .dst_reg = 10, .src_reg = 1, .off = -8);
		R(0x79, .dst_reg = 4, .src_reg = 10, .off = -8);
	}
	/* Elements of a hash come in any order: whoever stops early has no fixed result. */
	if (kind == FUNC_ELEM_CB)
		R(MOV_K, .dst_reg = 0, .imm = 0);
	if (kind == FUNC_LOOP_CB)
		R(AND_K, .dst_reg = 0, .imm = gen_rnd(g, 24) ? 1 : 3);
	R(BPF_JMP | BPF_EXIT);
}

void gen_functions(struct gen *g)
{
	g->in_func = true;
	for (u32 i = 0; i < g->func_cnt; i++) {
		u32 site = g->funcs[i].site;

		g->insns[site].imm = (s32)(g->cnt - site - 1);
		func_body(g, g->funcs[i].kind);
	}
}
