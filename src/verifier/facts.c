/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts.c - what holds for a register before an insn on every visit: the join over all of them.
 *
 * Pruning ends a path although some of its numbers lie outside of what the kept state had there:
 * nobody relied on them, so they were not compared. Behind that insn the kept state's facts are not
 * theirs. So every number that was not relied on is taken for tainted from there: a forward data-flow
 * after the walk carries the taint to whatever is computed from it, and a tainted number's fact is
 * "any". One bit stands for all stack slots of all frames: once a tainted number may have been stored,
 * every load from anywhere may give it. Coarse, and never too narrow.
 */
#include "verifier/explore.h"

#define TAINT_MEMORY BIT(15)

struct facts {
	struct reg_fact (*rows)[MAX_BPF_REG];
	u16 *taint; /* by insn: registers, and TAINT_MEMORY */
	u16 *links; /* by branch: registers whose bounds ever moved with an operand's; TAINT_MEMORY: slots */
	bool *visited;
};

struct facts *facts_new(struct verifier_env *env)
{
	struct facts *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->rows = calloc(env->insn_cnt, sizeof(*f->rows));
	f->taint = calloc(env->insn_cnt + 1, sizeof(*f->taint));
	f->links = calloc(env->insn_cnt, sizeof(*f->links));
	f->visited = calloc(env->insn_cnt, sizeof(*f->visited));
	if (!f->rows || !f->taint || !f->links || !f->visited) {
		facts_free(f);
		return NULL;
	}
	return f;
}

void facts_free(struct facts *f)
{
	if (!f)
		return;
	free(f->rows);
	free(f->taint);
	free(f->links);
	free(f->visited);
	free(f);
}

static void join_reg(struct reg_fact *fact, const struct reg_state *reg, bool first)
{
	u8 kind = reg->type == NOT_INIT ? FACT_NEVER : reg->type == SCALAR_VALUE ? FACT_SCALAR : FACT_POINTER;

	if (first) {
		fact->kind = kind;
		fact->scalar = kind == FACT_SCALAR ? reg->val : scalar_unknown();
		return;
	}
	/* Not initialised on one path: nothing holds on all of them. */
	if (fact->kind == FACT_NEVER || kind == FACT_NEVER) {
		fact->kind = FACT_NEVER;
		return;
	}
	if (fact->kind != kind) {
		fact->kind = FACT_MIXED;
		return;
	}
	if (kind == FACT_SCALAR)
		fact->scalar = scalar_join(&fact->scalar, &reg->val);
}

void facts_visit(struct verifier_env *env, u32 insn_idx)
{
	struct facts *f = env->ex->facts;
	const struct func_state *frame = cur_frame(env);

	for (u32 r = 0; r < MAX_BPF_REG; r++)
		join_reg(&f->rows[insn_idx][r], &frame->regs[r], !f->visited[insn_idx]);
	f->visited[insn_idx] = true;
}

void facts_link(struct verifier_env *env, struct place place)
{
	struct facts *f = env->ex->facts;

	if (!f)
		return;
	if (place.frameno == env->cur->curframe && place.spi < 0)
		f->links[env->insn_idx] |= BIT(place.regno);
	else
		f->links[env->insn_idx] |= TAINT_MEMORY;
}

void facts_pruned(struct verifier_env *env, u32 insn_idx, const struct verifier_state *old)
{
	struct facts *f = env->ex->facts;

	if (!f)
		return;
	facts_visit(env, insn_idx);
	if (!old) { /* every number was compared that can be read */
		f->taint[insn_idx] |= TAINT_MEMORY | (~env->ex->live[insn_idx] & 0x3ff);
		return;
	}
	/* Frames above the current one come back at an exit: their registers are tainted where the call
	 * returns to. */
	for (u32 n = 0; n <= old->curframe; n++) {
		const struct func_state *frame = old->frame[n];
		u32 at = n == old->curframe ? insn_idx : old->frame[n + 1]->callsite;
		/* What is not read later was not compared either, relied on (through a link) or not. */
		u16 taint = TAINT_MEMORY | (~live_in_frame(env, old, n, insn_idx) & 0x3ff);

		for (u32 r = 0; r < BPF_REG_10; r++) {
			if (frame->regs[r].type == NOT_INIT || !frame->regs[r].precise)
				taint |= BIT(r);
		}
		f->taint[at] |= taint;
		if (n < old->curframe)
			f->taint[at + 1] |= taint & ~0x3f;
	}
}

/* ---- the taint's way -------------------------------------------------------------------------------- */

/*
 * A comparison narrows one operand by the range of the other, and what is linked with either. With a
 * tainted operand that range is not the one of every arrival, so none of it holds:
 *	0: r1 = 15 or anything (not compared when pruned), r4 in [7, 100]
 *	1: if r4 s>= r1 goto	; r4 in [7, 14] only where r1 was 15
 */
static u16 after_branch(const struct bpf_insn *insn, const struct insn_info *info, u16 links, u16 in)
{
	u16 operands = BIT(insn->dst_reg) | (info->uses & USE_SRC ? BIT(insn->src_reg) : 0);

	return in & operands ? in | operands | links : in;
}

static u16 after_insn(const struct bpf_insn *insn, enum insn_form form, u16 links, u16 in)
{
	u16 wr = insn_regs_written(insn, form), rd = insn_regs_read(insn, form), out = in & ~wr;

	switch (insn_infos[form].kind) {
	case INSN_JCOND:
		return after_branch(insn, &insn_infos[form], links, in);
	case INSN_LD_IMM64:
		return out;
	case INSN_LDX:
	case INSN_ATOMIC:
		if (in & TAINT_MEMORY)
			out |= wr;
		break;
	case INSN_ALU:
	case INSN_MOVSX:
	case INSN_ENDIAN:
		if (in & rd)
			out |= wr;
		break;
	}
	return out;
}

static bool flow(struct facts *f, u32 to, u16 taint)
{
	if ((f->taint[to] | taint) == f->taint[to])
		return false;
	f->taint[to] |= taint;
	return true;
}

static bool spread_from(const struct verifier_env *env, struct facts *f, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];
	enum insn_form form = insn_decode(insn);
	u16 in = f->taint[idx], out = after_insn(insn, form, f->links[idx], in);
	s64 succ[2], callee = insn_target(env->insns, idx);
	bool changed = false;
	int n = insn_succs(env->insns, idx, succ);

	if (form == FORM_CALL_SUBPROG) {
		/* In: the arguments. Back: the result may come of any of them, or of memory. */
		changed |= flow(f, callee, (in & 0x3e) | (in & TAINT_MEMORY));
		if (in & (0x3e | TAINT_MEMORY))
			out |= BIT(BPF_REG_0) | TAINT_MEMORY;
	} else if (form == FORM_LD_FUNC) {
		/* Whenever it runs: with memory as tainted as anything ever is, and any arguments. */
		changed |= flow(f, callee, in ? TAINT_MEMORY | 0x3e : 0);
	} else if (form == FORM_CALL_HELPER && in) {
		out |= TAINT_MEMORY; /* it may copy what is tainted */
	}
	for (int k = 0; k < n; k++) {
		if (succ[k] >= 0 && succ[k] < env->insn_cnt)
			changed |= flow(f, succ[k], out);
	}
	return changed;
}

/* A subprogram with taint anywhere inside gives it back to all its callers: in its result, in memory,
 * and in their registers that were linked with what it compared. */
static bool spread_returns(const struct verifier_env *env, struct facts *f)
{
	bool changed = false;

	for (u32 i = 0; i < env->insn_cnt; i++) {
		u32 callee;
		u16 inside = 0;

		if (insn_decode(&env->insns[i]) != FORM_CALL_SUBPROG)
			continue;
		callee = subprog_at(env, insn_target(env->insns, i));
		for (u32 k = env->subprogs[callee].start; k < env->subprogs[callee].end; k++)
			inside |= f->taint[k];
		if (inside)
			changed |= flow(f, i + 1, BIT(BPF_REG_0) | 0x3c0 | TAINT_MEMORY);
	}
	return changed;
}

static void spread_taint(const struct verifier_env *env, struct facts *f)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (u32 i = 0; i < env->insn_cnt; i++) {
			if (f->taint[i])
				changed |= spread_from(env, f, i);
			i += insn_is_wide(&env->insns[i]);
		}
		changed |= spread_returns(env, f);
	}
}

struct reg_fact (*facts_finish(struct verifier_env *env))[11]
{
	struct facts *f = env->ex->facts;
	struct reg_fact(*rows)[MAX_BPF_REG] = f->rows;

	spread_taint(env, f);
	for (u32 i = 0; i < env->insn_cnt; i++) {
		for (u32 r = 0; r < MAX_BPF_REG; r++) {
			/* Even whether it is a pointer was not compared for what nobody reads. */
			if ((f->taint[i] & BIT(r)) && r != BPF_REG_10 && rows[i][r].kind != FACT_NEVER)
				rows[i][r] = (struct reg_fact){ .kind = rows[i][r].kind == FACT_POINTER ? FACT_POINTER :
												    FACT_MIXED,
								.scalar = scalar_unknown() };
		}
	}
	f->rows = NULL;
	return rows;
}
