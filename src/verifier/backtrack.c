/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backtrack.c - precision: a number that a check relied on is traced back, insn by insn along the
 * steps that led here, to the numbers it was computed from, and these are marked in each kept state
 * on the way. A number without the mark in a kept state can be any other one there: nothing that
 * followed depended on it. So pruning compares marked ones only.
 *
 * What is demanded is a set of registers and stack slots of each frame, as it stands before the
 * insn that is looked at. A step back turns the set after an insn into the set before it.
 */
#include "verifier/explore.h"
#include "verifier/zoo.h"

#include <errno.h>

#define REGS_ARGS   (0x1f << BPF_REG_1)
#define REGS_CALLER (0x3f << BPF_REG_0)

static_assert(STACK_SLOTS <= 64, "a frame's slots fit into a mask");

/* ---- steps ------------------------------------------------------------------------------------ */

int note_step(struct verifier_env *env, u32 insn_idx)
{
	struct verifier_state *cur = env->cur;
	struct step step = { .insn_idx = insn_idx, .frameno = cur->curframe, .slot_frame = -1,
			     .link = cur->links.cnt, .in_history = env->notes[insn_idx].jmp_point };

	if (env->ex->explain)
		explain_note(env);
	cur->history += step.in_history;
	return vec_push(&cur->steps, step) ? 0 : -ENOMEM;
}

static struct step *step_under_way(struct verifier_env *env)
{
	struct step *step = &env->cur->steps.at[env->cur->steps.cnt - 1];

	env->cur->history += !step->in_history;
	step->in_history = true;
	return step;
}

void note_slot(struct verifier_env *env, u32 frameno, u32 spi)
{
	struct step *step = step_under_way(env);

	step->slot_frame = frameno;
	step->spi = spi;
}

bool note_link(struct verifier_env *env, struct place place)
{
	struct step *step = step_under_way(env);

	if (step->link_cnt == UINT16_MAX || !vec_push(&env->cur->links, place))
		return false;
	step->link_cnt++;
	return true;
}

/* ---- one step back ------------------------------------------------------------------------------- */

/* A step leaves demand in its own frame and those above only. */
static bool is_empty(const struct demand *d, u32 top)
{
	for (u32 i = 0; i <= top; i++) {
		if (d->regs[i] || d->slots[i])
			return false;
	}
	return true;
}

static void back_alu(const struct bpf_insn *insn, const struct insn_info *info, u16 *regs)
{
	if (!(*regs & BIT(insn->dst_reg)))
		return;
	if (info->op == OP_MOV || info->kind == INSN_MOVSX)
		*regs &= ~BIT(insn->dst_reg);
	if (info->uses & USE_SRC)
		*regs |= BIT(insn->src_reg);
}

static void back_load(u8 dst, const struct step *step, struct demand *d)
{
	u16 *regs = &d->regs[step->frameno];

	if (!(*regs & BIT(dst)))
		return;
	*regs &= ~BIT(dst);
	if (step->slot_frame >= 0)
		d->slots[step->slot_frame] |= BIT_ULL(step->spi);
}

/* @src negative: an immediate, or something unknown. */
static void back_store(int src, const struct step *step, struct demand *d)
{
	if (zoo(SPILL_PRECISION) && src >= 0)
		src = -1;
	if (step->slot_frame < 0 || !(d->slots[step->slot_frame] & BIT_ULL(step->spi)))
		return;
	d->slots[step->slot_frame] &= ~BIT_ULL(step->spi);
	if (src >= 0)
		d->regs[step->frameno] |= BIT(src);
}

static void back_atomic(const struct bpf_insn *insn, const struct insn_info *info, const struct step *step,
			struct demand *d)
{
	if (info->op == OP_LOAD_ACQ) {
		back_load(insn->dst_reg, step, d);
	} else if (info->op == OP_STORE_REL) {
		back_store(insn->src_reg, step, d);
	} else if (zoo(FETCH_PRECISION)) {
		d->regs[step->frameno] &= ~BIT(insn->src_reg);
	} else {
		back_store(-1, step, d); /* what it leaves is unknown */
		if (info->op == OP_CMPXCHG)
			back_load(BPF_REG_0, step, d);
		else if (info->op >= OP_FETCH_ADD && info->op <= OP_XCHG)
			back_load(insn->src_reg, step, d);
	}
}

static bool place_demanded(const struct demand *d, const struct place *p)
{
	return p->spi < 0 ? d->regs[p->frameno] & BIT(p->regno) : (d->slots[p->frameno] >> p->spi) & 1;
}

/* Bounds of one became bounds of the others here, so all of them are behind each. */
static void back_links(const struct verifier_state *st, const struct step *step, struct demand *d)
{
	const struct place *places;
	bool any = false;

	if (!step->link_cnt)
		return;
	places = st->links.at + step->link;
	for (u32 i = 0; i < step->link_cnt; i++)
		any |= place_demanded(d, &places[i]);
	for (u32 i = 0; any && i < step->link_cnt; i++) {
		if (places[i].spi < 0)
			d->regs[places[i].frameno] |= BIT(places[i].regno);
		else
			d->slots[places[i].frameno] |= BIT_ULL(places[i].spi);
	}
}

static void back_branch(const struct verifier_state *st, const struct bpf_insn *insn,
			const struct insn_info *info, const struct step *step, struct demand *d)
{
	u16 both = BIT(insn->dst_reg) | (info->uses & USE_SRC ? BIT(insn->src_reg) : 0);

	/* After the links: they hold for what is demanded behind the jump. */
	back_links(st, step, d);
	/* The range of one came out of the range of the other. */
	if ((d->regs[step->frameno] & both) && !zoo(BRANCH_PRECISION))
		d->regs[step->frameno] |= both;
	back_links(st, step, d);
}

static void back_call(const struct verifier_env *env, const struct step *step, const struct next_step *next,
		      struct demand *d)
{
	u32 f = step->frameno;
	u16 args;

	if (next->frameno == f) { /* a helper, a global function, a callback that did not run again */
		d->regs[f] &= ~REGS_CALLER;
		return;
	}
	args = d->regs[f + 1] & REGS_ARGS;
	d->regs[f + 1] = 0;
	d->slots[f + 1] = 0;
	if (env->forms[step->insn_idx] == FORM_CALL_SUBPROG)
		d->regs[f] |= args;
	else if (args) /* what callbacks get of their caller's is its r3 */
		d->regs[f] |= BIT(BPF_REG_3);
}

static void back_exit(const struct verifier_env *env, const struct step *step, const struct next_step *next,
		      struct demand *d)
{
	u32 f = step->frameno;

	if (next->frameno + 1 != f || env->notes[next->insn_idx].calls_callback)
		return;
	if (d->regs[next->frameno] & BIT(BPF_REG_0))
		d->regs[f] |= BIT(BPF_REG_0);
	d->regs[next->frameno] &= ~REGS_CALLER;
}

/* Packet loads and tail calls. Also when they left the function: the caller's r0 is out of nothing. */
static void back_abnormal(const struct step *step, const struct next_step *next, struct demand *d)
{
	d->regs[next->frameno] &= ~REGS_CALLER;
	d->regs[step->frameno] &= ~REGS_CALLER;
}

void step_back(const struct verifier_env *env, const struct verifier_state *st, const struct step *step,
	      const struct next_step *next, struct demand *d)
{
	const struct bpf_insn *insn = &env->insns[step->insn_idx];
	const struct insn_info *info = &insn_infos[env->forms[step->insn_idx]];
	u16 *regs = &d->regs[step->frameno];

	switch (info->kind) {
	case INSN_ALU:
	case INSN_MOVSX:
	case INSN_ENDIAN:
		back_alu(insn, info, regs);
		break;
	case INSN_LD_IMM64:
		*regs &= ~BIT(insn->dst_reg);
		break;
	case INSN_LD_PKT:
		back_abnormal(step, next, d);
		break;
	case INSN_LDX:
		back_load(insn->dst_reg, step, d);
		break;
	case INSN_ST:
		back_store(-1, step, d);
		break;
	case INSN_STX:
		back_store(insn->src_reg, step, d);
		break;
	case INSN_ATOMIC:
		back_atomic(insn, info, step, d);
		break;
	case INSN_JCOND:
		back_branch(st, insn, info, step, d);
		break;
	case INSN_CALL:
		if (env->forms[step->insn_idx] == FORM_CALL_HELPER && insn->imm == BPF_FUNC_tail_call)
			back_abnormal(step, next, d);
		else
			back_call(env, step, next, d);
		break;
	case INSN_EXIT:
		back_exit(env, step, next, d);
		break;
	default:
		break;
	}
}

/* ---- marking ---------------------------------------------------------------------------------------- */

/* Marks what is demanded in a kept state; what is marked already was traced from there before. */
static void mark_kept(struct verifier_env *env, struct verifier_state *st, struct demand *d)
{
	for (u32 n = 0; n < MAX_CALL_FRAMES; n++) {
		struct func_state *f;

		if (!d->regs[n] && !d->slots[n])
			continue;
		if (n > st->curframe) { /* frames that did not exist yet hold nothing */
			d->regs[n] = 0;
			d->slots[n] = 0;
			continue;
		}
		f = frame_mut(env, st, n);
		for (u32 r = 0; r < MAX_BPF_REG; r++) {
			if (!(d->regs[n] & BIT(r)))
				continue;
			if (f->regs[r].type != SCALAR_VALUE || f->regs[r].precise)
				d->regs[n] &= ~BIT(r);
			else
				f->regs[r].precise = true;
		}
		for (u32 s = 0; s < STACK_SLOTS; s++) {
			if (!(d->slots[n] & BIT_ULL(s)))
				continue;
			if (s >= f->slot_cnt || !slot_is_spill(&f->slots[s]) ||
			    f->slots[s].reg.type != SCALAR_VALUE || f->slots[s].reg.precise)
				d->slots[n] &= ~BIT_ULL(s);
			else
				f->slots[s].reg.precise = true;
		}
	}
}

/* ---- the log of it ------------------------------------------------------------------------------------ */

static bool is_logged(const struct verifier_env *env)
{
	return env->ex->log_on && (env->log->level & VLOG_LEVEL2);
}

static void log_places(struct verifier_env *env, const struct demand *d, u32 frameno)
{
	const char *sep = "";

	for (u32 r = 0; r < MAX_BPF_REG; r++) {
		if (d->regs[frameno] & BIT(r)) {
			log_printf(env, VLOG_LEVEL2, "%sr%u", sep, r);
			sep = ",";
		}
	}
	log_printf(env, VLOG_LEVEL2, " stack=");
	sep = "";
	for (u32 s = 0; s < STACK_SLOTS; s++) {
		if (d->slots[frameno] & BIT_ULL(s)) {
			log_printf(env, VLOG_LEVEL2, "%s-%u", sep, (s + 1) * 8);
			sep = ",";
		}
	}
}

/* The demand behind the insn, in the frame that went on from it. */
static void log_demand(struct verifier_env *env, const struct demand *d, u32 frameno, u32 insn_idx)
{
	log_printf(env, VLOG_LEVEL2, "mark_precise: frame%u: regs=", frameno);
	log_places(env, d, frameno);
	log_printf(env, VLOG_LEVEL2, " before %u: ", insn_idx);
	log_insn_text(env, insn_idx);
}

static void log_range(struct verifier_env *env, const struct verifier_state *st, u32 frameno, u32 last_idx,
		      int subseq_idx)
{
	u32 first = st->parent ? st->parent->insn_idx : env->subprogs[st->frame[0]->subprog].start;

	log_printf(env, VLOG_LEVEL2, "mark_precise: frame%u: last_idx %u first_idx %u subseq_idx %d \n", frameno,
		   last_idx, first, subseq_idx);
}

static void log_parent(struct verifier_env *env, const struct verifier_state *st, const struct demand *d,
		       u32 frameno)
{
	for (u32 n = frameno + 1; n-- > 0;) {
		log_printf(env, VLOG_LEVEL2, "mark_precise: frame%u: parent state regs=", n);
		log_places(env, d, n);
		log_printf(env, VLOG_LEVEL2, ": ");
		log_state(env, st, n);
	}
}

/* ---- all the way --------------------------------------------------------------------------------------- */

/* From the current state backwards until nothing is demanded any more. The insn that is being done
 * has its step already; what it demands stands before it. */
static int trace(struct verifier_env *env, struct demand *d)
{
	struct verifier_state *st = env->cur;
	struct next_step next = { .insn_idx = env->insn_idx, .frameno = st->curframe };
	u32 cnt = st->steps.cnt;
	bool logged = is_logged(env);

	if (is_empty(d, next.frameno))
		return 0;
	if (env->ex->in_insn) {
		next.insn_idx = st->steps.at[cnt - 1].insn_idx;
		cnt--;
	}
	if (logged)
		log_range(env, st, next.frameno, env->ex->in_insn ? next.insn_idx : env->ex->prev_idx,
			  env->ex->in_insn ? -1 : (int)env->insn_idx);
	for (;;) {
		while (cnt) {
			const struct step *step = &st->steps.at[--cnt];

			if (is_empty(d, next.frameno))
				return 0;
			if (logged)
				log_demand(env, d, next.frameno, step->insn_idx);
			step_back(env, st, step, &next, d);
			next = (struct next_step){ step->insn_idx, step->frameno };
		}
		if (is_empty(d, next.frameno) || !st->parent)
			return 0; /* at the start of the program its arguments are what they are */
		st = st->parent;
		mark_kept(env, st, d);
		if (env->ex->oom)
			return -ENOMEM;
		if (logged)
			log_parent(env, st, d, min_of(next.frameno, st->curframe));
		if (is_empty(d, next.frameno))
			return 0;
		cnt = st->steps.cnt;
		if (logged)
			log_range(env, st, next.frameno, st->prev_idx, st->insn_idx);
	}
}

int mark_precise(struct verifier_env *env, int regno)
{
	struct demand d = { 0 };

	if (cur_reg(env, regno)->type != SCALAR_VALUE)
		return 0;
	d.regs[env->cur->curframe] = BIT(regno);
	return trace(env, &d);
}

int mark_slot_precise(struct verifier_env *env, u32 frameno, u32 spi)
{
	struct demand d = { 0 };

	d.slots[frameno] = BIT_ULL(spi);
	return trace(env, &d);
}

static void log_propagated(struct verifier_env *env, const struct demand *d, u32 frameno)
{
	const char *sep = "propagating ";

	if (!is_logged(env) || (!d->regs[frameno] && !d->slots[frameno]))
		return;
	log_printf(env, VLOG_LEVEL2, "frame %u: ", frameno);
	for (u32 r = 0; r < BPF_REG_10; r++) {
		if (d->regs[frameno] & BIT(r)) {
			log_printf(env, VLOG_LEVEL2, "%sr%u", sep, r);
			sep = ",";
		}
	}
	for (u32 s = 0; s < STACK_SLOTS; s++) {
		if (d->slots[frameno] & BIT_ULL(s)) {
			log_printf(env, VLOG_LEVEL2, "%sfp-%u", sep, (s + 1) * 8);
			sep = ",";
		}
	}
	log_printf(env, VLOG_LEVEL2, "\n");
}

static bool wanted(const struct reg_state *cur, const struct reg_state *old)
{
	return cur->type == SCALAR_VALUE && (!old || (old->type == SCALAR_VALUE && old->precise));
}

int mark_like(struct verifier_env *env, const struct verifier_state *old)
{
	const struct verifier_state *cur = env->cur;
	struct demand d = { 0 };

	for (u32 n = 0; n <= cur->curframe; n++) {
		const struct func_state *f = cur->frame[n], *o = old ? old->frame[n] : NULL;

		for (u32 r = 0; r < BPF_REG_10; r++) {
			if (wanted(&f->regs[r], o ? &o->regs[r] : NULL))
				d.regs[n] |= BIT(r);
		}
		for (u32 s = 0; s < f->slot_cnt; s++) {
			if (!slot_is_spill(&f->slots[s]) || (o && (s >= o->slot_cnt || !slot_is_spill(&o->slots[s]))))
				continue;
			if (wanted(&f->slots[s].reg, o ? &o->slots[s].reg : NULL))
				d.slots[n] |= BIT_ULL(s);
		}
		log_propagated(env, &d, n);
	}
	return trace(env, &d);
}
