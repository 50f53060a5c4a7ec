/* SPDX-License-Identifier: BSD-2-Clause */
/* build.h - programs by hand, for tests of the engines; one-insn cases and their model. */
#ifndef TESTS_INTERP_BUILD_H
#define TESTS_INTERP_BUILD_H

#include "isa/xlated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct build {
	struct xlated_prog *prog;
	u32 cap;
	u64 sym_values[16];
};

static inline void build_start(struct build *b)
{
	memset(b, 0, sizeof(*b));
	b->prog = calloc(1, sizeof(*b->prog));
	b->prog->syms = calloc(16, sizeof(struct xlated_sym));
	b->prog->sym_cnt = 1;
	b->prog->subprogs = calloc(16, sizeof(struct xlated_subprog));
}

/* The next insn begins a subprogram. */
static inline struct xlated_subprog *build_func(struct build *b, u32 stack_depth)
{
	struct xlated_subprog *sub = &b->prog->subprogs[b->prog->subprog_cnt++];

	if (b->prog->subprog_cnt > 1)
		sub[-1].end = b->prog->insn_cnt;
	sub->start = b->prog->insn_cnt;
	sub->stack_depth = stack_depth;
	return sub;
}

static inline u32 build_raw(struct build *b, struct bpf_insn insn)
{
	struct xlated_prog *p = b->prog;

	if (p->insn_cnt == b->cap) {
		b->cap = b->cap ? 2 * b->cap : 64;
		p->insns = realloc(p->insns, b->cap * sizeof(*p->insns));
		p->aux = realloc(p->aux, b->cap * sizeof(*p->aux));
	}
	p->insns[p->insn_cnt] = insn;
	p->aux[p->insn_cnt] = (struct insn_aux){ .orig_idx = p->insn_cnt };
	return p->insn_cnt++;
}

/* @form with its discriminating field filled in. */
static inline struct bpf_insn make_form(enum insn_form form, u8 dst, u8 src, s16 off, s32 imm)
{
	const struct insn_info *info = &insn_infos[form];
	struct bpf_insn insn = { .code = info->code, .dst_reg = dst, .src_reg = src, .off = off,
				 .imm = imm };

	if (info->disc == DISC_OFF)
		insn.off = info->disc_val;
	if (info->disc == DISC_IMM)
		insn.imm = info->disc_val;
	if (info->disc == DISC_SRC)
		insn.src_reg = info->disc_val;
	if (info->disc == DISC_DST)
		insn.dst_reg = info->disc_val;
	return insn;
}

static inline u32 emit(struct build *b, enum insn_form form, u8 dst, u8 src, s16 off, s32 imm)
{
	return build_raw(b, make_form(form, dst, src, off, imm));
}

static inline u32 emit_imm64(struct build *b, u8 dst, u64 v)
{
	u32 idx = emit(b, FORM_LD_IMM64, dst, 0, 0, (s32)v);

	build_raw(b, (struct bpf_insn){ .imm = (s32)(v >> 32) });
	return idx;
}

static inline u32 build_sym(struct build *b, u32 kind, u32 idx, u64 value)
{
	b->prog->syms[b->prog->sym_cnt] = (struct xlated_sym){ .kind = kind, .idx = idx };
	b->sym_values[b->prog->sym_cnt] = value;
	return b->prog->sym_cnt++;
}

static inline void emit_call(struct build *b, enum insn_form form, void *fn)
{
	u32 idx = emit(b, form, 0, 0, 0, 1);

	b->prog->aux[idx].sym = build_sym(b, form == FORM_CALL_KFUNC ? SYM_KFUNC : SYM_HELPER, 1,
					  (uintptr_t)fn);
}

static inline void build_end(struct build *b)
{
	b->prog->subprogs[b->prog->subprog_cnt - 1].end = b->prog->insn_cnt;
}

static inline int build_resolve(void *ctx, const struct xlated_sym *sym, u64 *ret_value)
{
	const struct build *b = ctx;

	*ret_value = b->sym_values[sym - b->prog->syms];
	return 0;
}

static inline struct sym_resolver build_resolver(struct build *b)
{
	return (struct sym_resolver){ .ctx = b, .resolve = build_resolve };
}

/* ---- one insn in a frame that loads and stores all registers --------------------------- */

struct state {
	u64 r[10];
	u64 taken;
	u64 mem[8] __attribute__((aligned(64)));
};

/* ctx is a struct state: registers in, @insn, registers out; a jump skips what clears .taken. */
static inline void build_case(struct build *b, struct bpf_insn insn, u32 pad)
{
	bool jump = (insn.code & 7) == BPF_JMP || (insn.code & 7) == BPF_JMP32;

	build_start(b);
	build_func(b, 512);
	emit(b, FORM_STX_DW, 10, 1, -8, 0);
	emit(b, FORM_ST_DW, 10, 0, -24, 1);
	emit(b, FORM_ST_DW, 10, 0, -512, 0);
	for (int i = 0; i < 10; i++)
		if (i != 1)
			emit(b, FORM_LDX_DW, i, 1, 8 * i, 0);
	emit(b, FORM_LDX_DW, 1, 1, 8, 0);
	if (jump && insn.code == insn_infos[FORM_JA32].code)
		insn.imm = 1 + pad;
	else if (jump)
		insn.off = 1 + pad;
	build_raw(b, insn);
	if (jump) {
		emit(b, FORM_ST_DW, 10, 0, -24, 0);
		for (u32 i = 0; i < pad; i++)
			emit(b, FORM_ST_DW, 10, 0, -512, i);
	}
	emit(b, FORM_STX_DW, 10, 0, -16, 0);
	emit(b, FORM_LDX_DW, 0, 10, -8, 0);
	for (int i = 1; i < 10; i++)
		emit(b, FORM_STX_DW, 0, i, 8 * i, 0);
	emit(b, FORM_LDX_DW, 1, 10, -16, 0);
	emit(b, FORM_STX_DW, 0, 1, 0, 0);
	emit(b, FORM_LDX_DW, 1, 10, -24, 0);
	emit(b, FORM_STX_DW, 0, 1, offsetof(struct state, taken), 0);
	emit(b, FORM_MOV64_K, 0, 0, 0, 0);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

static const u64 edges[] = {
	0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
	0xffffffff, 0x100000000, 0x100000001, 0x7fffffffffffffff, 0x8000000000000000,
	0xffffffff80000000, 0xfffffffffffffffe, 0xffffffffffffffff, 0x0123456789abcdef,
};
static const s32 imm_edges[] = { 0, 1, 2, 3, 7, 31, 32, 63, 64, 127, 128, -1, -2, -128, -129, 255,
				 10, 1000, 4096, 0x7fffffff, (s32)0x80000000, 0x12345678 };

/*
 * The model: another road to the same results than sem.h takes. Signed values are sign and
 * magnitude at 128 bits, comparisons are signs of differences, bytes are swapped one at a time.
 */
static inline __int128 model_val(u64 v, u32 bits, bool is_signed)
{
	__int128 x = bits == 64 ? v : v & ((1ULL << bits) - 1);

	return is_signed && (x >> (bits - 1)) ? x - ((__int128)1 << bits) : x;
}

static inline u64 model_alu(const struct insn_info *info, u64 a, u64 b)
{
	u32 bits = info->size * 8;
	bool sgn = info->op == OP_SDIV || info->op == OP_SMOD || info->op == OP_ARSH;
	__int128 x = model_val(a, bits, sgn), y = model_val(b, bits, sgn), r = 0;
	u32 n = b % bits;

	switch (info->op) {
	case OP_ADD: r = x + y; break;
	case OP_SUB: r = x - y; break;
	case OP_MUL: r = (__int128)((unsigned __int128)x * (unsigned __int128)y); break;
	case OP_DIV: case OP_SDIV: r = y ? x / y : 0; break;
	case OP_MOD: case OP_SMOD: r = y ? x % y : x; break;
	case OP_OR: r = x + y - (x & y); break;
	case OP_AND: r = ~(~x | ~y); break;
	case OP_XOR: r = (x | y) - (x & y); break;
	case OP_MOV: r = y; break;
	case OP_NEG: r = -x; break;
	case OP_LSH: r = (__int128)((unsigned __int128)x << n); break;
	case OP_RSH: r = x >> n; break;
	case OP_ARSH:
		r = x / ((__int128)1 << n);
		if (r * ((__int128)1 << n) != x && x < 0)
			r--;
		break;
	default: fail_msg("no model of %s", info->name);
	}
	return bits == 64 ? (u64)r : (u32)r;
}

static inline u64 model_endian(const struct insn_info *info, u64 v)
{
	u8 in[8], out[8] = { 0 };

	memcpy(in, &v, 8); /* the test runs on little-endian machines */
	for (u32 i = 0; i < info->size; i++)
		out[i] = in[info->op == OP_LE ? i : info->size - 1u - i];
	memcpy(&v, out, 8);
	return v;
}

static inline bool model_cond(const struct insn_info *info, u64 a, u64 b)
{
	bool sgn = info->op == OP_JSGT || info->op == OP_JSGE || info->op == OP_JSLT ||
		   info->op == OP_JSLE;
	__int128 x = model_val(a, info->size * 8, sgn), y = model_val(b, info->size * 8, sgn);
	int order = (x - y > 0) - (x - y < 0);

	switch (info->op) {
	case OP_JEQ: return !order;
	case OP_JNE: return order;
	case OP_JGT: case OP_JSGT: return order > 0;
	case OP_JGE: case OP_JSGE: return order >= 0;
	case OP_JLT: case OP_JSLT: return order < 0;
	case OP_JLE: case OP_JSLE: return order <= 0;
	default: return (x & y) != 0;
	}
}

static inline u64 model_load(const u8 *at, u32 size, bool sext)
{
	u64 v = 0;

	for (u32 i = 0; i < size; i++)
		v |= (u64)at[i] << 8 * i;
	return (u64)model_val(v, 8 * size, sext);
}

static inline void model_store(u8 *at, u32 size, u64 v)
{
	for (u32 i = 0; i < size; i++)
		at[i] = v >> 8 * i;
}

static inline void model_atomic(const struct insn_info *info, struct state *s,
				struct bpf_insn insn, u8 *at)
{
	u64 old = model_load(at, info->size, false), src = s->r[insn.src_reg];
	u64 mask = info->size == 8 ? UINT64_MAX : UINT32_MAX;

	switch (info->op) {
	case OP_ADD: case OP_FETCH_ADD: model_store(at, info->size, old + src); break;
	case OP_OR: case OP_FETCH_OR: model_store(at, info->size, old | src); break;
	case OP_AND: case OP_FETCH_AND: model_store(at, info->size, old & src); break;
	case OP_XOR: case OP_FETCH_XOR: model_store(at, info->size, old ^ src); break;
	case OP_XCHG: model_store(at, info->size, src); break;
	case OP_CMPXCHG:
		if (old == (s->r[0] & mask))
			model_store(at, info->size, src);
		s->r[0] = old;
		return;
	}
	if (info->op >= OP_FETCH_ADD)
		s->r[insn.src_reg] = old;
}

/* What the case program makes of @s. */
static inline void model_case(struct state *s, struct bpf_insn insn)
{
	const struct insn_info *info = &insn_infos[insn_decode(&insn)];
	u64 *dst = &s->r[insn.dst_reg], src = info->uses & USE_SRC ? s->r[insn.src_reg] :
								   (u64)(s64)insn.imm;
	u8 *dst_mem = (u8 *)(uintptr_t)*dst + insn.off;
	u8 *src_mem = (u8 *)(uintptr_t)src + insn.off;

	s->taken = 1;
	switch (info->kind) {
	case INSN_ALU: *dst = model_alu(info, *dst, src); break;
	case INSN_MOVSX:
		*dst = (u64)model_val(src, info->op == OP_MOVSX8 ? 8 :
				      info->op == OP_MOVSX16 ? 16 : 32, true);
		if (info->size == 4)
			*dst = (u32)*dst;
		break;
	case INSN_ENDIAN: *dst = model_endian(info, *dst); break;
	case INSN_JCOND: s->taken = model_cond(info, *dst, src); break;
	case INSN_JA:
	case INSN_NOSPEC: break;
	case INSN_LDX: *dst = model_load(src_mem, info->size, info->op == OP_LDXSX); break;
	case INSN_ST: case INSN_STX: model_store(dst_mem, info->size, src); break;
	case INSN_ATOMIC:
		if (info->op == OP_LOAD_ACQ)
			*dst = model_load(src_mem, info->size, false);
		else if (info->op == OP_STORE_REL)
			model_store(dst_mem, info->size, src);
		else
			model_atomic(info, s, insn, dst_mem);
		break;
	default: fail_msg("no model of %s", info->name);
	}
}

/* Runs a case program; the engine's test gives it. */
typedef void (*case_fn)(struct build *b, struct state *states, u32 cnt, const char *name);

#define CASE_BATCH 1024

/* Registers distinct from what any case computes, so that a clobbered one shows. */
static inline void state_init(struct state *s)
{
	for (int i = 0; i < 10; i++)
		s->r[i] = 0xa5a5000000005a50 + i * 0x0101010101;
	for (int i = 0; i < 8; i++)
		s->mem[i] = 0xf1e2d3c4b5a69788 * (2 * i + 1);
	s->taken = 77;
}

static inline void run_reg_case(case_fn fn, struct bpf_insn insn, bool use_src, u32 pad)
{
	static struct state states[CASE_BATCH];
	struct build b;
	u32 cnt = 0;

	for (size_t x = 0; x < ARRAY_SIZE(edges); x++) {
		for (size_t y = 0; y < (use_src ? ARRAY_SIZE(edges) : 1); y++) {
			struct state *s = &states[cnt++];

			state_init(s);
			if (use_src)
				s->r[insn.src_reg] = edges[y];
			s->r[insn.dst_reg] = edges[x];
		}
	}
	build_case(&b, insn, pad);
	fn(&b, states, cnt, insn_infos[insn_decode(&insn)].name);
	xlated_free(b.prog);
}

/* A memory form: @base is the address register, the other holds edges. */
static inline void run_mem_case(case_fn fn, struct bpf_insn insn, u8 base, u8 other)
{
	static struct state states[CASE_BATCH];
	const struct insn_info *info = &insn_infos[insn_decode(&insn)];
	struct build b;
	u32 cnt = 0;

	for (size_t x = 0; x < ARRAY_SIZE(edges); x++) {
		for (int match = 0; match < (info->op == OP_CMPXCHG ? 2 : 1); match++) {
			struct state *s = &states[cnt++];
			u64 where = 24 + (info->kind == INSN_ATOMIC ? 0 : x % 8);

			state_init(s);
			s->mem[3] = edges[(x * 7 + 3) % ARRAY_SIZE(edges)];
			if (match)
				s->r[0] = s->mem[3] | (info->size == 4 ? 0x5500000000000000 : 0);
			s->r[other] = edges[x];
			s->r[base] = (uintptr_t)s->mem + where - insn.off;
		}
	}
	build_case(&b, insn, 0);
	fn(&b, states, cnt, info->name);
	xlated_free(b.prog);
}

static inline void run_form_cases(case_fn fn, enum insn_form form, u8 dst, u8 src)
{
	static const s16 offs[] = { 0, 8, -8, 127, -128, 128, -129, 32767, -32768 };
	const struct insn_info *info = &insn_infos[form];
	bool mem = info->kind == INSN_LDX || info->kind == INSN_ST || info->kind == INSN_STX ||
		   info->kind == INSN_ATOMIC;
	bool by_src = info->kind == INSN_LDX || info->op == OP_LOAD_ACQ;

	if (mem) {
		for (size_t i = 0; i < ARRAY_SIZE(offs); i++)
			run_mem_case(fn, make_form(form, dst, src, offs[i], imm_edges[i * 2]),
				     by_src ? src : dst, by_src ? dst : src);
	} else if ((info->uses & USE_IMM) && info->kind != INSN_JA) {
		for (size_t i = 0; i < ARRAY_SIZE(imm_edges); i++)
			run_reg_case(fn, make_form(form, dst, 0, 0, imm_edges[i]), false, 0);
	} else {
		run_reg_case(fn, make_form(form, dst, src, 0, 0), info->uses & USE_SRC, 0);
	}
}

/* Every row that is one insn of straight code, over pairs of registers. */
static inline u32 run_all_cases(case_fn fn, bool (*want)(const struct insn_info *info))
{
	u32 forms = 0;

	for (int form = 1; form < FORM_CNT; form++) {
		const struct insn_info *info = &insn_infos[form];

		switch (info->kind) {
		case INSN_CAST: case INSN_LD_IMM64: case INSN_LD_PKT: case INSN_LDX_ARG:
		case INSN_ST_ARG: case INSN_STX_ARG: case INSN_GOTOX: case INSN_MAY_GOTO:
		case INSN_CALL: case INSN_EXIT:
			continue; /* have tests of their own */
		}
		if (want && !want(info))
			continue;
		forms++;
		for (u8 dst = 0; dst < 10; dst++)
			for (u8 src = 0; src < 10; src++)
				if ((info->uses & USE_SRC) || src == (dst + 1) % 10)
					run_form_cases(fn, form, dst, src);
	}
	return forms;
}

static inline bool want_signed_div(const struct insn_info *info)
{
	return info->kind == INSN_ALU && (info->op == OP_SDIV || info->op == OP_SMOD);
}

static inline bool want_acq_rel(const struct insn_info *info)
{
	return info->op == OP_LOAD_ACQ || info->op == OP_STORE_REL;
}

static inline bool want_atomic(const struct insn_info *info)
{
	return info->kind == INSN_ATOMIC;
}

#endif
