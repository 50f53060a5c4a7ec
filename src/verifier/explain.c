/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain.c - why what is known of a register is no better than it is: from a refusal back along the path,
 * over the insns that made the register what it is and the branches that compared it. The way back is that of
 * precision (backtrack.c), asked after the register that the refusal is about.
 *
 * While paths are walked, explain_note() keeps what each step left in its register: kept states have that
 * only of the insns where they stand. With VOPT_EXPLAIN only, as it takes a register's size for each insn
 * processed.
 */
#include "verifier/explore.h"

#include <ctype.h>
#include <stdio.h>

#define MAX_CAUSES 32

/* ---- what steps leave ------------------------------------------------------------------------------ */

/* The register that tells what a step did; negative: none. */
static int telling_reg(const struct bpf_insn *insn, enum insn_form form)
{
	switch (insn_infos[form].kind) {
	case INSN_JCOND:
		return insn->dst_reg;
	case INSN_STX:
		return insn->src_reg;
	case INSN_CALL:
	case INSN_EXIT:
	case INSN_LD_PKT:
		return BPF_REG_0;
	default:
		return insn_regs_written(insn, form) ? __builtin_ctz(insn_regs_written(insn, form)) : -1;
	}
}

/* Both ways of a branch have a step of their own, so each learns what its way left. */
void explain_note(struct verifier_env *env)
{
	struct verifier_state *st = env->cur->steps.cnt ? env->cur : env->cur->parent;
	struct step *step;
	int regno;

	if (!st || !st->steps.cnt)
		return;
	step = &st->steps.at[st->steps.cnt - 1];
	regno = telling_reg(&env->insns[step->insn_idx], env->forms[step->insn_idx]);
	if (regno < 0 || step->value || (env->forms[step->insn_idx] == FORM_CALL_SUBPROG &&
					 step->frameno != env->cur->curframe))
		return;
	/* Without memory there is less to tell. */
	if (vec_push(&env->ex->values, *cur_reg(env, regno)))
		step->value = env->ex->values.cnt;
}

/* ---- what it is about ------------------------------------------------------------------------------- */

/* Messages name the register that they are about ("R2 !read_ok"); else it is the one that an access goes
 * through. */
static int subject_of(const struct verifier_env *env)
{
	const char *text = env->res->message;
	const struct bpf_insn *insn = &env->insns[env->res->insn_idx];
	enum insn_form form = env->forms[env->res->insn_idx];

	for (const char *at = text; (at = strchr(at, 'R')); at++) {
		int regno = atoi(at + 1);

		if (isdigit((unsigned char)at[1]) && regno < MAX_BPF_REG && (at == text || at[-1] == ' '))
			return regno;
	}
	switch (insn_infos[form].kind) {
	case INSN_LDX:
		return insn->src_reg;
	case INSN_ALU:
	case INSN_ST:
	case INSN_STX:
	case INSN_ATOMIC:
	case INSN_JCOND:
		return insn->dst_reg;
	case INSN_EXIT:
		return BPF_REG_0;
	default:
		return -1;
	}
}

/* Bytes of what the pointer points to; negative: not known. */
static s64 object_size(const struct verifier_env *env, const struct reg_state *reg)
{
	switch (reg_base_type(reg)) {
	case PTR_TO_MAP_VALUE:
		return reg_map(env, reg)->value_size;
	case PTR_TO_MAP_KEY:
		return reg_map(env, reg)->key_size;
	case PTR_TO_MEM:
		return reg->mem_size;
	default:
		return -1;
	}
}

static bool is_access(const struct insn_info *info)
{
	return info->kind == INSN_LDX || info->kind == INSN_ST || info->kind == INSN_STX || info->kind == INSN_ATOMIC;
}

static void require_bounds(const struct verifier_env *env, int regno, struct strbuf *out)
{
	const struct bpf_insn *insn = &env->insns[env->res->insn_idx];
	const struct insn_info *info = &insn_infos[env->forms[env->res->insn_idx]];
	const struct reg_state *reg = cur_reg(env, regno);
	s64 size = object_size(env, reg);

	if (!is_access(info))
		return;
	if (reg_base_type(reg) == PTR_TO_PACKET) {
		strbuf_printf(out, "a branch that is taken only when R%d + %d is at most the end of the packet", regno,
			      insn->off + info->size);
	} else if (reg_base_type(reg) == PTR_TO_STACK) {
		strbuf_printf(out, "R%d from %d to %d below the frame pointer", regno, MAX_BPF_STACK + insn->off,
			      info->size + insn->off);
	} else if (size >= 0 && size < info->size) {
		strbuf_printf(out, "an object of at least %d bytes; this one has %lld", info->size, (long long)size);
	} else if (size >= 0) {
		strbuf_printf(out, "an offset of R%d from %d to %lld: the access takes %d bytes at %+d, the object has %lld",
			      regno, -insn->off, (long long)size - info->size - insn->off, info->size, insn->off,
			      (long long)size);
	}
}

/* What would have been enough, as far as it can be said more exactly than for all refusals of the kind. */
static void require(const struct verifier_env *env, int regno, struct strbuf *out)
{
	const struct reg_state *reg = regno < 0 ? NULL : cur_reg(env, regno);

	switch (env->res->reason) {
	case R_UNINIT:
		if (regno >= 0)
			strbuf_printf(out, "a write to R%d on every path that comes here, after the last call", regno);
		break;
	case R_INVALID_MEM:
		if (reg && (reg->type & PTR_MAYBE_NULL))
			strbuf_printf(out, "a branch that compares R%d with 0", regno);
		else if (regno >= 0)
			strbuf_printf(out, "a pointer in R%d", regno);
		break;
	case R_MAP_VALUE_BOUNDS:
	case R_MAP_KEY_BOUNDS:
	case R_MEM_BOUNDS:
	case R_PACKET_BOUNDS:
	case R_STACK_BOUNDS:
	case R_UNBOUNDED:
	case R_MIN_NEGATIVE:
		if (regno >= 0)
			require_bounds(env, regno, out);
		break;
	case R_RETURN:
		strbuf_printf(out, "R0 from %lld to %lld", (long long)env->type->ret_min, (long long)env->type->ret_max);
		break;
	case R_REF_LEAK:
		strbuf_puts(out, "a call that releases it, on this path too");
		break;
	default:
		break;
	}
}

/* ---- the way back ------------------------------------------------------------------------------------- */

struct search {
	struct verifier_env *env;
	struct demand d;
	struct next_step next;
	struct vcause causes[MAX_CAUSES]; /* the last one first */
	u32 cnt, left_out;
	bool oom;
};

static char *take(struct search *s, struct strbuf *text)
{
	char *str = strdup(strbuf_str(text));

	s->oom |= !str;
	strbuf_free(text);
	return str;
}

static void add_cause(struct search *s, const struct step *step, const char *role)
{
	struct verifier_env *env = s->env;
	struct vcause *c;
	struct source_line line;
	struct strbuf text = { 0 };

	for (u32 i = 0; i < s->cnt; i++) {
		if (s->causes[i].insn_idx == step->insn_idx) {
			s->causes[i].times++;
			return;
		}
	}
	if (s->cnt == MAX_CAUSES) {
		s->left_out++;
		return;
	}
	c = &s->causes[s->cnt++];
	*c = (struct vcause){ .insn_idx = step->insn_idx, .times = 1, .role = role };
	put_insn(&text, env, step->insn_idx);
	c->insn = take(s, &text);
	if (step->value && env->ex->values.at[step->value - 1].type != NOT_INIT) {
		put_known(&text, env, step->frameno,
			  telling_reg(&env->insns[step->insn_idx], env->forms[step->insn_idx]),
			  &env->ex->values.at[step->value - 1]);
		c->known = take(s, &text);
	}
	if (env->line_infos && btf_line_text(env, step->insn_idx, &line))
		snprintf(c->source, sizeof(c->source), "%s:%u: %s", line.file, line.line, line.text);
}

/* What a step has to do with what was demanded after it; NULL: nothing. */
static const char *role_of(const struct search *s, const struct step *step, const struct demand *after)
{
	const struct bpf_insn *insn = &s->env->insns[step->insn_idx];
	enum insn_form form = s->env->forms[step->insn_idx];
	const struct insn_info *info = &insn_infos[form];
	u16 regs = after->regs[step->frameno];
	bool passed = s->next.frameno != step->frameno; /* a call or an exit went to another frame */

	switch (info->kind) {
	case INSN_JCOND:
		if (regs & (BIT(insn->dst_reg) | (info->uses & USE_SRC ? BIT(insn->src_reg) : 0)))
			return "compared";
		/* Any pointer into the packet that is compared may tell how long it is. */
		if (s->env->res->reason == R_PACKET_BOUNDS && step->value &&
		    reg_base_type(&s->env->ex->values.at[step->value - 1]) == PTR_TO_PACKET)
			return "compared";
		return NULL;
	case INSN_ST:
	case INSN_STX:
		return step->slot_frame >= 0 && (after->slots[step->slot_frame] & BIT_ULL(step->spi)) ? "stored" : NULL;
	case INSN_CALL:
		if (passed)
			return after->regs[s->next.frameno] & (0x1f << BPF_REG_1) ? "passed" : NULL;
		if (regs & BIT(BPF_REG_0))
			return "returned";
		return regs & (0x1f << BPF_REG_1) ? "lost in the call" : NULL;
	case INSN_EXIT:
		if (!passed)
			return NULL;
		if (after->regs[s->next.frameno] & BIT(BPF_REG_0))
			return "returned";
		return after->regs[s->next.frameno] & (0x1f << BPF_REG_1) ? "lost in the call" : NULL;
	default:
		break;
	}
	if (!(insn_regs_written(insn, form) & regs))
		return NULL;
	if (info->kind == INSN_LDX)
		return step->slot_frame >= 0 ? "filled" : "loaded";
	if (info->kind == INSN_LD_IMM64 || (info->op == OP_MOV && !(info->uses & USE_SRC)))
		return "set";
	return info->op == OP_MOV || info->kind == INSN_MOVSX ? "copied" : "computed";
}

/* r10 is what it is. */
static bool is_answered(struct demand *d)
{
	u32 left = 0;

	for (u32 n = 0; n < MAX_CALL_FRAMES; n++) {
		d->regs[n] &= ~BIT(BPF_REG_10);
		left |= d->regs[n] || d->slots[n];
	}
	return !left;
}

static void search_back(struct search *s)
{
	const struct verifier_state *st = s->env->cur;
	size_t i = st->steps.cnt;

	/* The refused insn itself, when it came to be done. */
	if (i && st->steps.at[i - 1].insn_idx == s->next.insn_idx)
		i--;
	for (;;) {
		for (; i; i--) {
			const struct step *step = &st->steps.at[i - 1];
			struct demand after = s->d;
			const char *role = role_of(s, step, &after);

			step_back(s->env, st, step, &s->next, &s->d);
			if (role)
				add_cause(s, step, role);
			s->next = (struct next_step){ step->insn_idx, step->frameno };
			if (is_answered(&s->d))
				return;
		}
		st = st->parent;
		if (!st)
			return;
		i = st->steps.cnt;
	}
}

/* What was acquired is where the story begins. */
static void add_acquired(struct search *s)
{
	const struct verifier_state *cur = s->env->cur;

	for (size_t i = 0; i < cur->refs.cnt; i++)
		add_cause(s, &(struct step){ .insn_idx = cur->refs.at[i].insn_idx }, "acquired");
}

/* In the order of the path. */
static void hand_over(struct search *s, struct vexplain *ret)
{
	ret->causes = calloc(s->cnt + 1, sizeof(*ret->causes));
	ret->left_out = s->left_out;
	for (u32 i = 0; i < s->cnt; i++) {
		if (ret->causes) {
			ret->causes[ret->cause_cnt++] = s->causes[s->cnt - 1 - i];
		} else {
			free(s->causes[i].insn);
			free(s->causes[i].known);
		}
	}
}

void explain_refusal(struct verifier_env *env)
{
	struct search s = { .env = env };
	struct vexplain *ret = &env->res->explain;
	struct strbuf text = { 0 };
	int regno;

	/* Refused before or after the walk: no path led there. */
	if (!env->cur || env->res->insn_idx >= env->insn_cnt)
		return;
	regno = subject_of(env);
	s.next = (struct next_step){ env->res->insn_idx, env->cur->curframe };
	require(env, regno, &text);
	if (text.len)
		ret->required = take(&s, &text);
	if (env->res->reason == R_REF_LEAK) {
		add_acquired(&s);
	} else if (regno >= 0) {
		if (cur_reg(env, regno)->type != NOT_INIT) {
			put_known(&text, env, env->cur->curframe, regno, cur_reg(env, regno));
			ret->known = take(&s, &text);
		}
		s.d.regs[env->cur->curframe] = BIT(regno);
		if (!is_answered(&s.d))
			search_back(&s);
	}
	hand_over(&s, ret);
}
