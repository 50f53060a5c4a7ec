/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stacklive.c - stack slots that some path reads before it writes them, for each insn, in units of 4
 * bytes (V-10). Runs before the exploration, which poisons what is dead (V-11): states that differ
 * in dead slots only are equal then.
 *
 * Per subprogram, callees first:
 * 1. Forward, what each register may point to: the frame's own stack, or what argument n pointed to,
 *    at which offset. Constants and maps are followed as far as sizes of helper arguments need them.
 * 2. From that, the units that each insn reads (use) and surely overwrites (def); what is read
 *    through arguments is the subprogram's summary, which its callers count as theirs.
 * 3. Backward, the units that are live.
 *
 * Nothing here needs to be trusted: a read of a poisoned slot is refused. Being too coarse keeps
 * states apart, being wrong refuses a good program; neither accepts a bad one.
 */
#include "verifier/explore.h"

#include <errno.h>

#define UNITS	 (MAX_BPF_STACK / 4)
#define ANY_OFF	 INT32_MIN

/* ---- sets of units --------------------------------------------------------------------------- */

/* Relative to what an argument points to, offsets from -512 to 511; of a frame's own stack the
 * lower half is used: unit 0 is [-512, -509]. */
struct units {
	u64 w[2 * UNITS / 64];
};
#define UNITS_ALL ((struct units){ { ~0ull, ~0ull, ~0ull, ~0ull } })
static_assert(UNITS == 128, "own units fit into struct stack_mask");

static void units_add(struct units *u, s64 from, s64 to)
{
	from = max_of(from, (s64)-MAX_BPF_STACK);
	to = min_of(to, (s64)MAX_BPF_STACK);
	for (s64 at = from & ~3; at < to; at += 4) {
		u32 n = (u32)(at + MAX_BPF_STACK) / 4;

		u->w[n / 64] |= BIT_ULL(n % 64);
	}
}

static bool units_empty(const struct units *u)
{
	return !(u->w[0] | u->w[1] | u->w[2] | u->w[3]);
}

static void units_merge(struct units *to, const struct units *from)
{
	for (u32 i = 0; i < ARRAY_SIZE(to->w); i++)
		to->w[i] |= from->w[i];
}

/* @from, whose zero is at @off. */
static void units_merge_at(struct units *to, const struct units *from, s32 off)
{
	for (u32 n = 0; n < 2 * UNITS; n++) {
		s64 at = (s64)n * 4 - MAX_BPF_STACK + off;

		if ((from->w[n / 64] >> (n % 64)) & 1)
			units_add(to, at, at + 4);
	}
}

/* ---- what registers hold -------------------------------------------------------------------------- */

enum kind {
	NOTHING, /* no path came here, or never set */
	NUMBER,	 /* also every pointer that is not to a stack */
	CONSTANT,
	MAP,
	OWN, /* the frame's own stack */
	ARG1, ARG2, ARG3, ARG4, ARG5,
	ANY_STACK,
};

struct aval {
	u8 kind;
	bool maybe; /* or a number */
	s32 off;    /* or value, or index of the map */
};

/* Not by bytes: two of them are padding, whose change would start another round. */
static bool aval_equal(struct aval a, struct aval b)
{
	return a.kind == b.kind && a.maybe == b.maybe && a.off == b.off;
}

static bool is_stack(const struct aval *a)
{
	return a->kind >= OWN;
}

static struct aval join(struct aval a, struct aval b)
{
	if (a.kind == NOTHING)
		return b;
	if (b.kind == NOTHING)
		return a;
	if (!is_stack(&a) && !is_stack(&b))
		return a.kind == b.kind && a.off == b.off ? a : (struct aval){ .kind = NUMBER };
	if (is_stack(&a) != is_stack(&b)) {
		if (is_stack(&b))
			a = b;
		a.maybe = true;
		return a;
	}
	if (a.kind != b.kind)
		return (struct aval){ .kind = ANY_STACK, .maybe = true, .off = ANY_OFF };
	a.maybe |= b.maybe;
	if (a.off != b.off)
		a.off = ANY_OFF;
	return a;
}

static struct aval moved(struct aval a, s64 by)
{
	s64 off = (s64)a.off + by;

	if (a.off != ANY_OFF)
		a.off = off >= -MAX_BPF_STACK && off <= MAX_BPF_STACK ? off : ANY_OFF;
	return a;
}

/* ---- one subprogram ---------------------------------------------------------------------------------- */

struct summary {
	struct units arg[5]; /* read through each argument */
	bool any; /* reads through pointers that may go to any frame above */
};

struct regs {
	struct aval r[MAX_BPF_REG];
};

struct pass {
	struct verifier_env *env;
	struct cfg cfg;
	struct regs *entry; /* by block */
	struct summary *subs;
	struct units *use; /* by insn; only the own half is used, and that of def */
	struct units *def;
	bool pointers_stored; /* some insn of the program stores a stack pointer */
	/* the subprogram under way: what its own slots may hold */
	u32 sub;
	struct aval slots[STACK_SLOTS];
	bool slots_changed;
};

/* @a is read, or written, at [off, off + size) from it; @size negative: who knows how far. */
static void touch(struct pass *p, u32 idx, const struct aval *a, s32 off, s64 size, bool write)
{
	struct summary *sum = &p->subs[p->sub];
	struct units got = { 0 };
	s64 at = (s64)a->off + off;

	if (!is_stack(a) || !size)
		return;
	if (a->off == ANY_OFF)
		got = UNITS_ALL;
	else
		units_add(&got, at, size < 0 ? MAX_BPF_STACK : at + size);
	if (write) {
		/* Only what is overwritten whole, and surely. */
		if (a->kind != OWN || a->maybe || a->off == ANY_OFF || size < 4 || at % 4)
			return;
		got = (struct units){ 0 };
		units_add(&got, at, at + (size & ~3));
		units_merge(&p->def[idx], &got);
		return;
	}
	if (a->kind == OWN || a->kind == ANY_STACK)
		units_merge(&p->use[idx], &got);
	if (a->kind == ANY_STACK) {
		sum->any = true;
		for (u32 i = 0; i < 5; i++)
			sum->arg[i] = UNITS_ALL;
	} else if (a->kind != OWN) {
		units_merge(&sum->arg[a->kind - ARG1], &got);
	}
}

static void store(struct pass *p, const struct aval *to, s32 off, u32 size, const struct aval *what)
{
	p->pointers_stored |= is_stack(what);
	if (to->kind != OWN && to->kind != ANY_STACK)
		return;
	for (u32 s = 0; s < STACK_SLOTS; s++) {
		struct aval now;

		if (to->off != ANY_OFF && (size != 8 || SPI((s64)to->off + off) != s))
			continue;
		now = join(p->slots[s], *what);
		p->slots_changed |= !aval_equal(now, p->slots[s]);
		p->slots[s] = now;
	}
}

static struct aval loaded(const struct pass *p, const struct aval *from, s32 off, u32 size)
{
	struct aval a = { .kind = NUMBER };
	s64 at = (s64)from->off + off;

	if (!is_stack(from) || size != 8)
		return a;
	if (from->kind == OWN && from->off != ANY_OFF && at >= -MAX_BPF_STACK && at < 0) {
		a = join(p->slots[SPI(at)], a);
		a.maybe = true;
		return a;
	}
	if (p->pointers_stored)
		a = (struct aval){ .kind = ANY_STACK, .maybe = true, .off = ANY_OFF };
	return a;
}

static struct aval after_add(struct aval dst, struct aval src, bool sub)
{
	if (is_stack(&src) && !is_stack(&dst)) {
		struct aval tmp = dst;

		dst = src;
		src = tmp;
	}
	if (!is_stack(&dst)) {
		s64 sum = (s64)dst.off + src.off;

		return dst.kind == CONSTANT && src.kind == CONSTANT && !sub && sum == (s32)sum ?
			       (struct aval){ .kind = CONSTANT, .off = (s32)sum } :
			       (struct aval){ .kind = NUMBER };
	}
	if (src.kind == CONSTANT)
		return moved(dst, sub ? -(s64)src.off : src.off);
	if (is_stack(&src) && src.kind != dst.kind)
		dst.kind = ANY_STACK;
	dst.off = ANY_OFF;
	return dst;
}

static void do_alu_insn(struct regs *regs, const struct bpf_insn *insn, const struct insn_info *info)
{
	struct aval src = { .kind = CONSTANT, .off = insn->imm }, *dst = &regs->r[insn->dst_reg];

	if (info->uses & USE_SRC)
		src = regs->r[insn->src_reg];
	/* Half of an address is none; what a 32-bit move of a constant gives is its own business. */
	if (info->size != 8 && (info->op != OP_MOV || src.kind != CONSTANT || src.off < 0))
		*dst = (struct aval){ .kind = NUMBER };
	else if (info->op == OP_MOV)
		*dst = src;
	else if (info->op == OP_ADD || info->op == OP_SUB)
		*dst = after_add(*dst, src, info->op == OP_SUB);
	else
		*dst = (struct aval){ .kind = NUMBER };
}

static s64 arg_size(const struct pass *p, const struct regs *regs, const struct helper_proto *proto, u32 i)
{
	u32 next = i < 4 ? ARG_BASE(proto->arg[i + 1]) : (u32)ARG_DONTCARE;
	const struct aval *map = &regs->r[BPF_REG_1];

	switch (ARG_BASE(proto->arg[i])) {
	case ARG_PTR_TO_MEM:
		if (proto->arg[i] & ARG_MEM_FIXED_SIZE)
			return proto->arg_size[i];
		if ((next == ARG_CONST_SIZE || next == ARG_CONST_SIZE_OR_ZERO) &&
		    regs->r[BPF_REG_2 + i].kind == CONSTANT)
			return max_of(regs->r[BPF_REG_2 + i].off, 0);
		return -1;
	case ARG_PTR_TO_MAP_KEY:
		return map->kind == MAP ? (s64)p->env->used_maps[map->off].key_size : (s64)-1;
	case ARG_PTR_TO_MAP_VALUE:
		return map->kind == MAP ? (s64)p->env->used_maps[map->off].value_size : (s64)-1;
	default:
		return -1;
	}
}

/* A Bloom filter is asked about the value (bpf_map_peek_elem), others give theirs. */
static bool is_overwritten(const struct pass *p, const struct regs *regs, u32 arg)
{
	const struct aval *map = &regs->r[BPF_REG_1];

	if (!(arg & ARG_MEM_UNINIT))
		return false;
	return ARG_BASE(arg) != ARG_PTR_TO_MAP_VALUE ||
	       (map->kind == MAP &&
		p->env->used_maps[map->off].type != BPF_MAP_TYPE_BLOOM_FILTER);
}

static void call_helper(struct pass *p, u32 idx, const struct regs *regs)
{
	struct verifier_env *env = p->env;
	const struct helper_proto *proto = NULL;

	env->host->helper(env->host->ctx, env->type, env->prog->attach_type, env->insns[idx].imm, &proto);
	for (u32 i = 0; i < 5 && proto; i++) {
		const struct aval *a = &regs->r[BPF_REG_1 + i];
		u32 base = ARG_BASE(proto->arg[i]);
		s64 size;

		if (!is_stack(a) || base == ARG_DONTCARE || base == ARG_ANYTHING)
			continue;
		size = arg_size(p, regs, proto, i);
		/* What is not known to be overwritten whole counts as read. */
		if (is_overwritten(p, regs, proto->arg[i]) && size >= 0) {
			touch(p, idx, a, 0, size, true);
			continue;
		}
		if (env->notes[idx].calls_callback && is_stack(a)) {
			struct aval all = *a;

			all.off = ANY_OFF;
			touch(p, idx, &all, 0, -1, false);
		} else {
			touch(p, idx, a, 0, size, false);
		}
	}
}

static void call_subprog(struct pass *p, u32 idx, const struct regs *regs)
{
	struct verifier_env *env = p->env;
	u32 callee = subprog_at(env, insn_target(env->insns, idx));
	const struct subprog *sub = &env->subprogs[callee];
	bool global = sub->linkage == BTF_FUNC_GLOBAL && sub->btf_func_id;
	const struct aval any = { .kind = ANY_STACK, .maybe = true, .off = ANY_OFF };

	if (p->subs[callee].any && !global)
		touch(p, idx, &any, 0, -1, false);
	for (u32 i = 0; i < 5; i++) {
		const struct aval *a = &regs->r[BPF_REG_1 + i];
		const struct units *reads = &p->subs[callee].arg[i];
		struct units at = { 0 };

		if (!is_stack(a))
			continue;
		if (global) {
			touch(p, idx, a, 0, -1, false);
			continue;
		}
		if (units_empty(reads))
			continue;
		if (a->kind == ANY_STACK || a->off == ANY_OFF) {
			touch(p, idx, a, 0, -1, false);
			continue;
		}
		units_merge_at(&at, reads, a->off);
		units_merge(a->kind == OWN ? &p->use[idx] : &p->subs[p->sub].arg[a->kind - ARG1], &at);
	}
}

static void do_atomic(struct pass *p, u32 idx, struct regs *regs, const struct bpf_insn *insn,
		      const struct insn_info *info)
{
	const struct aval *mem = &regs->r[info->op == OP_LOAD_ACQ ? insn->src_reg : insn->dst_reg];

	if (info->op == OP_STORE_REL) {
		store(p, mem, insn->off, info->size, &regs->r[insn->src_reg]);
		touch(p, idx, mem, insn->off, info->size, true);
		return;
	}
	touch(p, idx, mem, insn->off, info->size, false);
	if (info->op == OP_LOAD_ACQ)
		regs->r[insn->dst_reg] = loaded(p, mem, insn->off, info->size);
	else if (info->op == OP_CMPXCHG)
		regs->r[BPF_REG_0] = loaded(p, mem, insn->off, info->size);
	else if (info->op >= OP_FETCH_ADD && info->op <= OP_XCHG)
		regs->r[insn->src_reg] = loaded(p, mem, insn->off, info->size);
}

static void do_one(struct pass *p, u32 idx, struct regs *regs)
{
	const struct bpf_insn *insn = &p->env->insns[idx];
	enum insn_form form = p->env->forms[idx];
	const struct insn_info *info = &insn_infos[form];
	const struct aval imm = { .kind = CONSTANT, .off = insn->imm };
	struct aval *dst = &regs->r[insn->dst_reg];
	u16 written = insn_regs_written(insn, form);

	switch (info->kind) {
	case INSN_ALU:
		do_alu_insn(regs, insn, info);
		return;
	case INSN_LDX:
		touch(p, idx, &regs->r[insn->src_reg], insn->off, info->size, false);
		*dst = loaded(p, &regs->r[insn->src_reg], insn->off, info->size);
		return;
	case INSN_ST:
	case INSN_STX:
		store(p, dst, insn->off, info->size, info->kind == INSN_ST ? &imm : &regs->r[insn->src_reg]);
		touch(p, idx, dst, insn->off, info->size, true);
		return;
	case INSN_ATOMIC:
		do_atomic(p, idx, regs, insn, info);
		return;
	case INSN_LD_IMM64:
		if (info->op == OP_LD_MAP_FD || info->op == OP_LD_MAP_IDX) {
			*dst = (struct aval){ .kind = MAP, .off = p->env->notes[idx].map_idx };
			return;
		}
		break;
	case INSN_CALL:
		if (form == FORM_CALL_HELPER)
			call_helper(p, idx, regs);
		else if (form == FORM_CALL_SUBPROG)
			call_subprog(p, idx, regs);
		break;
	}
	for (u32 r = 0; r < BPF_REG_10; r++) {
		if (written & BIT(r))
			regs->r[r] = (struct aval){ .kind = NUMBER };
	}
}

/* ---- forward ------------------------------------------------------------------------------------------- */

static bool merge_entry(struct regs *to, const struct regs *from)
{
	bool changed = false;

	for (u32 r = 0; r < MAX_BPF_REG; r++) {
		struct aval now = join(to->r[r], from->r[r]);

		changed |= !aval_equal(now, to->r[r]);
		to->r[r] = now;
	}
	return changed;
}

static bool forward_block(struct pass *p, const struct cfg_block *b)
{
	struct regs regs = p->entry[b - p->cfg.blocks];
	bool changed = false;
	u32 last = b->start;

	if (regs.r[BPF_REG_10].kind == NOTHING)
		return false; /* not reached yet */
	for (u32 i = b->start; i < b->end; i++) {
		last = i;
		do_one(p, i, &regs);
		i += insn_is_wide(&p->env->insns[i]);
	}
	for (u32 k = 0; k < 2; k++) {
		if (b->succ[k] >= 0 && p->env->notes[last].way != (k ? WAY_FALL : WAY_JUMP))
			changed |= merge_entry(&p->entry[b->succ[k]], &regs);
	}
	for (u32 k = 0; k < b->more_cnt; k++)
		changed |= merge_entry(&p->entry[p->cfg.more[b->more + k]], &regs);
	return changed;
}

/* Every value only grows, and by few steps, so this ends soon. */
static void forward(struct pass *p)
{
	const struct subprog *sub = &p->env->subprogs[p->sub];
	struct regs *first = &p->entry[p->cfg.block_of[sub->start]];
	u32 from = p->cfg.block_of[sub->start], to = p->cfg.block_of[sub->end - 1];
	bool again = true;

	for (u32 r = 0; r < BPF_REG_10; r++)
		first->r[r].kind = NUMBER;
	first->r[BPF_REG_10] = (struct aval){ .kind = OWN };
	for (u32 i = 0; i < 5 && p->sub; i++)
		first->r[BPF_REG_1 + i] = (struct aval){ .kind = ARG1 + i, .maybe = true };
	memset(p->slots, 0, sizeof(p->slots));
	while (again) {
		again = false;
		p->slots_changed = false;
		for (u32 b = from; b <= to; b++)
			again |= forward_block(p, &p->cfg.blocks[b]);
		again |= p->slots_changed;
	}
	/* Once more with what is known in the end: a slot was overwritten "surely" only if so now. */
	for (u32 i = sub->start; i < sub->end; i++)
		p->def[i] = (struct units){ 0 };
	for (u32 b = from; b <= to; b++)
		forward_block(p, &p->cfg.blocks[b]);
}

/* ---- backward ------------------------------------------------------------------------------------------- */

static bool backward_insn(const struct pass *p, struct stack_mask *live, u32 idx)
{
	struct stack_mask in = { { 0, 0 } };
	struct succs it;
	bool changed;
	u32 to;

	for_each_succ(&it, p->env, idx, to) {
		in.w[0] |= live[to].w[0];
		in.w[1] |= live[to].w[1];
	}
	for (u32 i = 0; i < 2; i++)
		in.w[i] = (in.w[i] & ~p->def[idx].w[i]) | p->use[idx].w[i];
	changed = in.w[0] != live[idx].w[0] || in.w[1] != live[idx].w[1];
	live[idx] = in;
	return changed;
}

static void backward(const struct pass *p, struct stack_mask *live)
{
	const struct subprog *sub = &p->env->subprogs[p->sub];
	u32 first = p->cfg.block_of[sub->start], last = p->cfg.block_of[sub->end - 1];
	bool again = true;

	while (again) {
		again = false;
		for (u32 b = last + 1; b-- > first;) {
			const struct cfg_block *blk = &p->cfg.blocks[b];

			for (u32 i = blk->end; i-- > blk->start;) {
				if (i > blk->start && insn_is_wide(&p->env->insns[i - 1]))
					continue; /* the second half */
				again |= backward_insn(p, live, i);
			}
		}
	}
}

/* ---- the log --------------------------------------------------------------------------------------------- */

static void log_units(struct verifier_env *env, const char *word, const u64 w[2])
{
	if (!(w[0] | w[1]))
		return;
	log_printf(env, VLOG_LEVEL2, "%s", word);
	for (u32 n = UNITS; n-- > 0;) {
		if ((w[n / 64] >> (n % 64)) & 1)
			log_printf(env, VLOG_LEVEL2, " fp-%u", MAX_BPF_STACK - n * 4);
	}
}

/* Units are named after their lowest byte; insns that touch none are left out. */
static void log_masks(const struct pass *p)
{
	struct verifier_env *env = p->env;

	if (!env->ex->log_on || !(env->log->level & VLOG_LEVEL2))
		return;
	log_printf(env, VLOG_LEVEL2, "stack use/def subprog#%u %s:\n", p->sub, env->subprogs[p->sub].name);
	for (u32 i = env->subprogs[p->sub].start; i < env->subprogs[p->sub].end; i++) {
		if (p->use[i].w[0] | p->use[i].w[1] | p->def[i].w[0] | p->def[i].w[1]) {
			log_printf(env, VLOG_LEVEL2, "%3u:", i);
			log_units(env, " use:", p->use[i].w);
			log_units(env, " def:", p->def[i].w);
			log_printf(env, VLOG_LEVEL2, "\n");
		}
		i += insn_is_wide(&env->insns[i]);
	}
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

static void all_forward(struct pass *p)
{
	for (u32 t = 0; t < p->env->topo_cnt; t++) {
		p->sub = p->env->topo[t];
		forward(p);
	}
}

int stack_live_compute(struct verifier_env *env, struct stack_mask **ret_live)
{
	struct pass p = { .env = env };
	struct stack_mask *live = calloc((size_t)env->insn_cnt + 1, sizeof(*live));
	int err = cfg_build(env->insns, env->insn_cnt, &env->indirect, &p.cfg);
	bool before;

	if (err) {
		free(live);
		return err;
	}
	p.entry = calloc(p.cfg.block_cnt, sizeof(*p.entry));
	p.subs = calloc(env->subprog_cnt, sizeof(*p.subs));
	p.use = calloc(env->insn_cnt, sizeof(*p.use));
	p.def = calloc(env->insn_cnt, sizeof(*p.def));
	if (!live || !p.entry || !p.subs || !p.use || !p.def) {
		err = -ENOMEM;
	} else {
		/* Whether pointers are stored anywhere matters everywhere; it is known after one round. */
		do {
			before = p.pointers_stored;
			all_forward(&p);
		} while (before != p.pointers_stored);
		for (u32 t = 0; t < env->topo_cnt; t++) {
			p.sub = env->topo[t];
			backward(&p, live);
			log_masks(&p);
		}
		*ret_live = live;
		live = NULL;
	}
	cfg_free(&p.cfg);
	free(p.entry);
	free(p.subs);
	free(p.use);
	free(p.def);
	free(live);
	return err;
}
