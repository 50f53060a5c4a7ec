/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts.c - what holds for a register before an insn on every visit: the join over all of them.
 *
 * Pruning ends a path although some of its numbers lie outside of what the kept state had there:
 * nobody relied on them, so they were not compared. Behind that insn the kept state's facts are not
 * theirs. So every number that was not relied on is taken for tainted from there: a forward data-flow
 * after the walk carries the taint to whatever is computed from it, and a tainted number's fact is
 * "any". What nobody reads later was not compared at all, not even whether it is a pointer: that is
 * a taint of its own, LOST, which ends where the register is written.
 *
 * A comparison with a tainted number teaches nothing: in "if r2 < r1" the bound of r2 came from r1,
 * and all that is linked with r2 moved along. So the walk notes what each jump refined.
 *
 * One bit stands for all stack slots of all frames: once a tainted number may have been stored,
 * every load from anywhere may give it. Coarse, and never too narrow.
 */
#include "verifier/explore.h"

#define TAINT_MEMORY BIT(15)
#define TAINT_ABOVE  BIT(14) /* of jumps: a register of a frame above was refined */
#define LOST(regs)   ((u32)(regs) << 16)
#define REGS_SAVED   0x3c0
#define REGS_ARGS    0x3e

struct facts {
	struct reg_fact (*rows)[MAX_BPF_REG];
	u32 *taint; /* by insn: registers, TAINT_MEMORY, LOST() registers */
	u16 *refined; /* by insn: what a jump taught something about; TAINT_MEMORY, TAINT_ABOVE */
	bool *visited;
	bool refined_above; /* some jump did */
};

struct facts *facts_new(struct verifier_env *env)
{
	struct facts *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->rows = calloc(env->insn_cnt, sizeof(*f->rows));
	f->taint = calloc(env->insn_cnt + 1, sizeof(*f->taint));
	f->refined = calloc(env->insn_cnt, sizeof(*f->refined));
	f->visited = calloc(env->insn_cnt, sizeof(*f->visited));
	if (!f->rows || !f->taint || !f->refined || !f->visited) {
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
	free(f->refined);
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

/* A jump taught something about @regs, and about what is linked with them. */
void facts_refined(struct verifier_env *env, u32 insn_idx, u16 regs)
{
	struct facts *f = env->ex->facts;
	const struct verifier_state *cur = env->cur;
	const struct step *step = &cur->steps.at[cur->steps.cnt - 1];

	if (!f)
		return;
	for (u32 i = 0; i < step->link_cnt; i++) {
		const struct place *p = &cur->links.at[step->link + i];

		if (p->spi >= 0)
			regs |= TAINT_MEMORY;
		else if (p->frameno == cur->curframe)
			regs |= BIT(p->regno);
		else
			regs |= TAINT_ABOVE;
	}
	f->refined[insn_idx] |= regs;
	f->refined_above |= !!(regs & TAINT_ABOVE);
}

/* What was not compared in a frame, of the registers that are read later and of the others. */
static u32 not_compared(const struct func_state *frame, u16 live, bool all_numbers)
{
	u32 taint = LOST(~live & 0x3ff);

	for (u32 r = 0; r < BPF_REG_10; r++) {
		const struct reg_state *reg = &frame->regs[r];

		/* A register that was not initialised is never read, whatever liveness says. */
		if (reg->type == NOT_INIT)
			taint |= LOST(BIT(r));
		else if (reg->type == SCALAR_VALUE && !reg->precise && !all_numbers)
			taint |= BIT(r);
	}
	return taint;
}

void facts_pruned(struct verifier_env *env, u32 insn_idx, const struct verifier_state *old,
		  bool all_numbers)
{
	struct facts *f = env->ex->facts;

	if (!f)
		return;
	facts_visit(env, insn_idx);
	/* Frames above the current one come back at an exit: their registers are tainted where the call
	 * returns to, or where a helper that calls back is looked at again. */
	for (u32 n = 0; n <= old->curframe; n++) {
		u32 taint = not_compared(old->frame[n], live_in_frame(env, old, n, insn_idx), all_numbers);
		u32 at = n == old->curframe ? insn_idx : old->frame[n + 1]->callsite;

		if (!all_numbers)
			taint |= TAINT_MEMORY;
		f->taint[at] |= taint;
		if (n < old->curframe)
			f->taint[at + 1] |= taint & ~(0x3f | LOST(0x3f));
	}
}

/* ---- the taint's way -------------------------------------------------------------------------------- */

static u32 after_insn(const struct facts *f, const struct bpf_insn *insn, enum insn_form form, u32 idx)
{
	u32 in = f->taint[idx];
	u16 wr = insn_regs_written(insn, form), rd = insn_regs_read(insn, form);
	u32 out = in & ~(wr | LOST(wr));

	switch (insn_infos[form].kind) {
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
	case INSN_JCOND:
		if (in & rd)
			out |= f->refined[idx] & ~TAINT_ABOVE;
		break;
	}
	return out;
}

static bool flow(struct facts *f, u32 to, u32 taint)
{
	if ((f->taint[to] | taint) == f->taint[to])
		return false;
	f->taint[to] |= taint;
	return true;
}

/* What a function with tainted numbers inside may leave behind in its caller. */
static u32 after_return(const struct facts *f)
{
	return BIT(BPF_REG_0) | TAINT_MEMORY | (f->refined_above ? REGS_SAVED : 0);
}

static bool spread_from(const struct verifier_env *env, struct facts *f, u32 idx, const bool *tainted_sub)
{
	const struct bpf_insn *insn = &env->insns[idx];
	enum insn_form form = insn_decode(insn);
	u32 in = f->taint[idx], out = after_insn(f, insn, form, idx);
	struct succs it;
	bool changed = false;
	u32 to;

	if (form == FORM_CALL_SUBPROG) {
		u32 callee = insn_target(env->insns, idx);

		changed |= flow(f, callee, in & (REGS_ARGS | LOST(REGS_ARGS) | TAINT_MEMORY));
		if ((in & (REGS_ARGS | TAINT_MEMORY)) || tainted_sub[subprog_at(env, callee)])
			out |= after_return(f);
	} else if (form == FORM_LD_FUNC) {
		/* Whenever it runs: with memory as tainted as anything ever is, and any arguments. */
		changed |= flow(f, insn_target(env->insns, idx), TAINT_MEMORY | REGS_ARGS);
	} else if (env->notes[idx].calls_callback) {
		/* After an iteration this very insn is looked at again. */
		changed |= flow(f, idx, TAINT_MEMORY | REGS_ARGS | (after_return(f) & REGS_SAVED));
		out |= after_return(f);
	} else if (form == FORM_CALL_HELPER && in) {
		out |= TAINT_MEMORY; /* it may copy what is tainted */
	}
	for_each_succ(&it, env, idx, to)
		changed |= flow(f, to, out);
	return changed;
}

/* Only called when something is tainted at all. */
static bool spread_once(const struct verifier_env *env, struct facts *f)
{
	bool tainted_sub[MAX_SUBPROGS] = { 0 };
	bool changed = false;

	for (u32 s = 0; s < env->subprog_cnt; s++) {
		for (u32 i = env->subprogs[s].start; i < env->subprogs[s].end; i++)
			tainted_sub[s] |= f->taint[i] & 0xffff;
	}
	for (u32 i = 0; i < env->insn_cnt; i++) {
		changed |= spread_from(env, f, i, tainted_sub);
		i += insn_is_wide(&env->insns[i]);
	}
	return changed;
}

static void spread_taint(const struct verifier_env *env, struct facts *f)
{
	u32 any = 0;

	for (u32 i = 0; i < env->insn_cnt; i++)
		any |= f->taint[i];
	while (any && spread_once(env, f))
		;
}

/* A number was not compared: it is any number. Lost: it may even be a pointer. */
static void forget(struct reg_fact *row, bool lost)
{
	if (row->kind == FACT_NEVER)
		return;
	if (row->kind == FACT_SCALAR || lost)
		row->kind = FACT_MIXED;
	row->scalar = scalar_unknown();
}

struct reg_fact (*facts_finish(struct verifier_env *env))[11]
{
	struct facts *f = env->ex->facts;
	struct reg_fact(*rows)[MAX_BPF_REG] = f->rows;

	spread_taint(env, f);
	for (u32 i = 0; i < env->insn_cnt; i++) {
		for (u32 r = 0; r < BPF_REG_10; r++) {
			if (f->taint[i] & (BIT(r) | LOST(BIT(r))))
				forget(&rows[i][r], f->taint[i] & LOST(BIT(r)));
		}
	}
	f->rows = NULL;
	return rows;
}
