/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuse.c - sequences that BPF needs for what a machine does at once: rotations, sums as addresses, a
 * choice between two values, a jump around a jump. Runs between decoding and emission, over one
 * subprogram; knows no machine.
 *
 * A value that the sequence leaves in a register beside its result must be dead: live_masks() tells,
 * by a backward data-flow. Insns between those of a sequence stay where they are when they do not
 * touch its registers, so that addresses and rotations survive what the compiler puts in between.
 */
#include "jit/step.h"

#define LIVE_PASSES_MAX 8
#define WINDOW		8 /* insns that a sequence may span */
#define ALL_REGS	((1u << ISA_REG_CNT) - 1)

struct fuse {
	struct jit_step *steps;
	const u16 *live;
	u32 start, end;
	const struct jit_target *target;
};

static u16 live_out(const struct jit_step *steps, const u16 *live, u32 i)
{
	switch (steps[i].kind) {
	case INSN_EXIT:
		return 0;
	case INSN_JA:
		return live[steps[i].target];
	case INSN_JCOND:
	case INSN_MAY_GOTO:
		return live[i + 1] | live[steps[i].target];
	case INSN_GOTOX:
		return ALL_REGS;
	default:
		return live[i + 1];
	}
}

/* By insn, what is read later before it is written. False: not found in few passes (deep loops). */
static bool live_masks(const struct jit_step *steps, u16 *live, u32 start, u32 end)
{
	for (u32 pass = 0; pass < LIVE_PASSES_MAX; pass++) {
		bool changed = false;

		for (u32 i = end; i-- > start;) {
			u16 in = (live_out(steps, live, i) & ~steps[i].writes) | steps[i].reads;

			changed |= in != live[i];
			live[i] = in;
		}
		if (!changed)
			return true;
	}
	return false;
}

static bool is_mov(const struct jit_step *s)
{
	return s->kind == INSN_ALU && s->op.op == OP_MOV && !s->op.use_imm;
}

static bool is_dead(const struct fuse *f, u8 reg, u32 after)
{
	return !(f->live[after + 1] & BIT(reg));
}

/* Control passes from the insn before it only, and to the one behind it only. */
static bool is_straight(const struct jit_step *s)
{
	if (s->is_target)
		return false;
	switch (s->kind) {
	case INSN_ALU:
	case INSN_MOVSX:
	case INSN_ENDIAN:
	case INSN_LD_IMM64:
	case INSN_LDX:
	case INSN_ST:
	case INSN_STX:
	case JIT_GONE:
	case JIT_ROTATE:
	case JIT_LEA:
		return true;
	default:
		return false;
	}
}

/* ---- rotations ----------------------------------------------------------------------------- */

enum part { PART_WHOLE, PART_LEFT, PART_RIGHT };

/* Registers that hold the value x or a shifted copy of it. regs[0] is x's own. */
struct rotation {
	u8 regs[3], parts[3], amounts[3];
	u32 copied_at[3]; /* which MOV made it */
	u32 cnt;
	u8 size;
};

static int find_part(const struct rotation *r, u8 reg)
{
	for (u32 i = 0; i < r->cnt; i++)
		if (r->regs[i] == reg)
			return i;
	return -1;
}

static bool copy_part(struct rotation *r, const struct jit_op *op, u32 at)
{
	/* Of x itself only: the copy may have to stay where the one that it was made of goes. */
	if (op->src != r->regs[0] || r->parts[0] != PART_WHOLE || find_part(r, op->dst) >= 0 ||
	    r->cnt == ARRAY_SIZE(r->regs) || op->size < r->size)
		return false;
	r->regs[r->cnt] = op->dst;
	r->copied_at[r->cnt] = at;
	r->parts[r->cnt++] = PART_WHOLE;
	return true;
}

static bool shift_part(struct rotation *r, const struct jit_op *op)
{
	int at = find_part(r, op->dst);

	if (!op->use_imm || at < 0 || r->parts[at] != PART_WHOLE || op->size != r->size ||
	    op->imm <= 0 || op->imm >= 8 * op->size)
		return false;
	r->parts[at] = op->op == OP_LSH ? PART_LEFT : PART_RIGHT;
	r->amounts[at] = op->imm;
	return true;
}

/* The two parts have no bit in common: OR, XOR and ADD are the same. Returns left's amount, 0: no. */
static u8 join_parts(const struct rotation *r, const struct jit_op *op)
{
	int a = find_part(r, op->dst), b = find_part(r, op->src);

	if (op->use_imm || a < 0 || b < 0 || op->size != r->size || r->parts[a] == PART_WHOLE ||
	    r->parts[b] == PART_WHOLE || r->parts[a] == r->parts[b] ||
	    r->amounts[a] + r->amounts[b] != 8 * r->size)
		return 0;
	return r->parts[a] == PART_LEFT ? r->amounts[a] : r->amounts[b];
}

static bool is_foreign(const struct rotation *r, const struct jit_step *s)
{
	for (u32 i = 0; i < r->cnt; i++) {
		bool untouched = !i && r->parts[0] == PART_WHOLE;

		if (s->writes & BIT(r->regs[i]) || (s->reads & BIT(r->regs[i]) && !untouched))
			return false;
	}
	return true;
}

static void put_rotation(struct fuse *f, const struct rotation *r, const u32 *own, u32 own_cnt, u8 amount)
{
	u32 last = own[own_cnt - 1];
	struct jit_step *s = &f->steps[last];
	u8 dst = s->op.dst;

	for (u32 i = 0; i < r->cnt; i++)
		if (r->regs[i] != dst && r->parts[i] != PART_WHOLE && !is_dead(f, r->regs[i], last))
			return;
	for (u32 i = 0; i + 1 < own_cnt; i++)
		f->steps[own[i]].kind = JIT_GONE;
	/* a copy that nobody shifted is one that the program wanted */
	for (u32 i = 1; i < r->cnt; i++)
		if (r->parts[i] == PART_WHOLE)
			f->steps[r->copied_at[i]].kind = INSN_ALU;
	s->kind = JIT_ROTATE;
	s->op = (struct jit_op){ .size = r->size, .dst = dst, .src = r->regs[0], .imm = amount };
}

/* t = x; t >>= 64 - k; x <<= k; x |= t; and whatever else a compiler makes of it. */
static void fuse_rotation(struct fuse *f, u32 at, u8 size)
{
	const struct jit_op *first = &f->steps[at].op;
	struct rotation r = { .regs = { first->src, first->dst }, .copied_at = { 0, at }, .cnt = 2, .size = size };
	u32 own[5] = { at }, own_cnt = 1;

	if (first->size < size || first->dst == first->src)
		return;
	for (u32 i = at + 1; i < f->end && i < at + WINDOW && own_cnt < ARRAY_SIZE(own); i++) {
		const struct jit_step *s = &f->steps[i];
		u8 amount;

		if (!is_straight(s))
			return;
		if (is_foreign(&r, s) && !(is_mov(s) && s->op.src == r.regs[0]))
			continue;
		if (s->kind != INSN_ALU)
			return;
		own[own_cnt++] = i;
		if (is_mov(s) ? copy_part(&r, &s->op, i) :
		    (s->op.op == OP_LSH || s->op.op == OP_RSH) && shift_part(&r, &s->op))
			continue;
		amount = s->op.op == OP_OR || s->op.op == OP_XOR || s->op.op == OP_ADD ?
			 join_parts(&r, &s->op) : 0;
		if (amount)
			put_rotation(f, &r, own, own_cnt, amount);
		return;
	}
}

/* ---- sums ---------------------------------------------------------------------------------- */

/* Register .reg is base + (idx << scale) + disp of registers that still hold what they held. */
struct sum {
	u8 reg, base, idx, scale, size;
	bool has_base, has_idx;
	s32 disp;
	u32 own[WINDOW], own_cnt;
};

static bool add_to_sum(struct sum *sum, const struct jit_op *op)
{
	if (op->use_imm)
		return !__builtin_add_overflow(sum->disp, op->imm, &sum->disp);
	if (op->src == sum->reg)
		return false;
	if (!sum->has_base) {
		sum->base = op->src;
		sum->has_base = true;
		return true;
	}
	if (sum->has_idx)
		return false;
	sum->idx = op->src;
	sum->has_idx = true;
	return true;
}

static bool scale_sum(struct sum *sum, const struct jit_op *op)
{
	if (!op->use_imm || op->imm < 1 || op->imm > 3 || sum->has_idx || sum->disp || !sum->has_base)
		return false;
	sum->idx = sum->base;
	sum->scale = op->imm;
	sum->has_idx = true;
	sum->has_base = false;
	return true;
}

static bool extend_sum(struct sum *sum, const struct jit_step *s, u32 at)
{
	struct sum next = *sum;

	if (s->kind != INSN_ALU || s->op.dst != sum->reg || s->op.size != sum->size)
		return false;
	if (s->op.op == OP_ADD ? !add_to_sum(&next, &s->op) : s->op.op != OP_LSH || !scale_sum(&next, &s->op))
		return false;
	next.own[next.own_cnt++] = at;
	*sum = next;
	return true;
}

/* May stand between the sum and its use. */
static bool leaves_sum(const struct sum *sum, const struct jit_step *s)
{
	u16 parts = (sum->has_base ? BIT(sum->base) : 0) | (sum->has_idx ? BIT(sum->idx) : 0);

	return is_straight(s) && !(s->writes & (parts | BIT(sum->reg))) && !(s->reads & BIT(sum->reg));
}

/* A load or store through the sum, after which nobody wants it. */
static bool fuse_access(struct fuse *f, const struct sum *sum, u32 at)
{
	struct jit_step *s = &f->steps[at];
	bool is_load = s->kind == INSN_LDX;
	s32 off;

	if ((!is_load && s->kind != INSN_ST && s->kind != INSN_STX) || s->is_target || sum->size != 8 || !sum->has_base || (is_load ? s->op.src : s->op.dst) != sum->reg ||
	    (s->kind == INSN_STX && s->op.src == sum->reg))
		return false;
	/*
	 * No earlier sum became its address: that one's first insn is before this one's, so that what makes this
	 * register stood between sum and use, where leaves_sum() lets nobody write the other sum's base.
	 */
	skep_assert(!s->op.has_idx);
	if (!(is_load && s->op.dst == sum->reg) && !is_dead(f, sum->reg, at))
		return false;
	if (__builtin_add_overflow(s->op.off, sum->disp, &off))
		return false;
	if (is_load)
		s->op.src = sum->base;
	else
		s->op.dst = sum->base;
	s->op.off = off;
	s->op.has_idx = sum->has_idx;
	s->op.idx = sum->idx;
	s->op.scale = sum->scale;
	s->reads |= BIT(sum->base) | (sum->has_idx ? BIT(sum->idx) : 0);
	for (u32 i = 0; i < sum->own_cnt; i++)
		f->steps[sum->own[i]].kind = JIT_GONE;
	return true;
}

static void put_lea(struct fuse *f, const struct sum *sum)
{
	struct jit_step *s = &f->steps[sum->own[sum->own_cnt - 1]];

	for (u32 i = 0; i + 1 < sum->own_cnt; i++)
		f->steps[sum->own[i]].kind = JIT_GONE;
	s->kind = JIT_LEA;
	s->op = (struct jit_op){ .size = sum->size, .dst = sum->reg, .src = sum->base, .off = sum->disp,
				 .has_idx = sum->has_idx, .idx = sum->idx, .scale = sum->scale };
	s->reads |= BIT(sum->base) | (sum->has_idx ? BIT(sum->idx) : 0);
}

/* t = a; t += b; t += 8; use of *(t + 4): the machine adds. Begins with a copy, or with t's own value. */
static void fuse_sum(struct fuse *f, u32 at)
{
	const struct jit_step *first = &f->steps[at];
	struct sum sum = { .reg = first->op.dst, .size = first->op.size, .has_base = true };

	if (is_mov(first)) {
		if (first->op.dst == first->op.src)
			return;
		sum.base = first->op.src;
		sum.own[sum.own_cnt++] = at;
	} else {
		sum.base = sum.reg;
		if (first->op.op != OP_ADD || !extend_sum(&sum, first, at))
			return;
	}
	for (u32 i = at + 1; i < f->end && i < at + WINDOW; i++) {
		const struct jit_step *s = &f->steps[i];

		if (!s->is_target && extend_sum(&sum, s, i))
			continue;
		if (fuse_access(f, &sum, i))
			return;
		if (!leaves_sum(&sum, s))
			break;
	}
	if (sum.has_base && sum.own_cnt >= 2 && (sum.has_idx || is_mov(first)))
		put_lea(f, &sum);
}

/* ---- jumps --------------------------------------------------------------------------------- */

/* if (c) goto +1; goto L: a compiler that may only jump 16 bits conditionally, or likes it. */
static void fuse_jump_around(struct fuse *f, u32 at)
{
	struct jit_step *s = &f->steps[at], *next = s + 1;

	if (next->kind != INSN_JA || next->is_target || next->target == at + 2)
		return;
	s->target = next->target;
	s->op.negate = !s->op.negate;
	next->kind = JIT_GONE;
}

/* if (c) goto +1; d = s: a choice between two values, which is mostly one that cannot be predicted. */
static void fuse_select(struct fuse *f, u32 at)
{
	struct jit_step *s = &f->steps[at], *next = s + 1;

	if (next->kind != INSN_ALU || next->op.op != OP_MOV || next->is_target)
		return;
	s->kind = JIT_SELECT;
	s->moved = next->op;
	next->kind = JIT_GONE;
}

static void fuse_at(struct fuse *f, u32 i)
{
	struct jit_step *s = &f->steps[i];

	if (s->kind == INSN_JCOND && i + 2 < f->end && s->target == i + 2) {
		fuse_jump_around(f, i);
		if (f->target->select && s->target == i + 2)
			fuse_select(f, i);
		return;
	}
	if (f->target->rotate && is_mov(s)) {
		fuse_rotation(f, i, 8);
		if (is_mov(s))
			fuse_rotation(f, i, 4);
	}
	if (f->target->lea && s->kind == INSN_ALU)
		fuse_sum(f, i);
}

void jit_fuse(struct jit_step *steps, u16 *live, u32 start, u32 end, const struct jit_target *target)
{
	struct fuse f = { .steps = steps, .live = live, .start = start, .end = end, .target = target };

	if (!live_masks(steps, live, start, end))
		return;
	for (u32 i = start; i < end; i++)
		fuse_at(&f, i);
}
