/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cost.c - where the instructions processed went: how often each insn was done, by the chain of calls that led
 * to it; and why states were not covered by earlier ones: in what they differed first. With VOPT_COST only.
 */
#include "verifier/explore.h"

#include "base/u64map.h"

#include <stdio.h>

struct cost {
	VEC(struct vcost_chain) chains;
	VEC(struct vcost_miss) misses;
	/* Indices of both, and counts of visits, by what makes them one: see the keys below. */
	struct u64map chain_of, miss_of, visits;
	bool oom; /* there is less to tell */
};

struct cost *cost_new(void)
{
	return calloc(1, sizeof(struct cost));
}

void cost_free(struct cost *cost)
{
	if (!cost)
		return;
	for (size_t i = 0; i < cost->misses.cnt; i++) {
		free(cost->misses.at[i].kept);
		free(cost->misses.at[i].arrived);
	}
	vec_free(&cost->chains);
	vec_free(&cost->misses);
	u64map_free(&cost->chain_of);
	u64map_free(&cost->miss_of);
	u64map_free(&cost->visits);
	free(cost);
}

/* ---- visits ------------------------------------------------------------------------------------------ */

/* @frame, called from within @parent; UINT32_MAX: no memory. */
static u32 chain_under(struct cost *cost, const struct verifier_env *env, u32 parent, const struct func_state *frame)
{
	struct vcost_chain chain = { .parent = parent, .callsite = frame->callsite,
				     .name = env->subprogs[frame->subprog].name, .subprog = frame->subprog };
	/* A call site is in one function and, but for callbacks, calls one; parents have numbers below 2^22. */
	u64 key = (u64)(parent + 1) << 42 | (u64)(frame->callsite + 1) << 20 | frame->subprog, *known;

	known = u64map_get(&cost->chain_of, key);
	if (known)
		return (u32)*known;
	if (!u64map_put(&cost->chain_of, key, cost->chains.cnt) || !vec_push(&cost->chains, chain))
		return UINT32_MAX;
	return (u32)cost->chains.cnt - 1;
}

void cost_step(struct verifier_env *env)
{
	struct cost *cost = env->ex->cost;
	u32 chain = UINT32_MAX;
	u64 key, *cnt;

	for (u32 i = 0; i <= env->cur->curframe; i++) {
		chain = chain_under(cost, env, chain, env->cur->frame[i]);
		cost->oom |= chain == UINT32_MAX;
	}
	key = (u64)chain << 32 | env->insn_idx;
	cnt = u64map_get(&cost->visits, key);
	if (cnt)
		++*cnt;
	else
		cost->oom |= !u64map_put(&cost->visits, key, 1);
}

/* ---- states that were not covered ----------------------------------------------------------------------- */

static void put_slot(struct strbuf *out, const struct verifier_env *env, u32 frameno, const struct stack_slot *slot)
{
	static const char names[] = { [SLOT_INVALID] = '?', [SLOT_SPILL] = 'r', [SLOT_MISC] = 'm', [SLOT_ZERO] = '0',
				      [SLOT_POISON] = 'd' };

	if (slot_is_spill(slot)) {
		put_value(out, env, frameno, &slot->reg);
		return;
	}
	for (u32 i = 8; i--;)
		strbuf_printf(out, "%c", slot->kind[i] < sizeof(names) && names[slot->kind[i]] ? names[slot->kind[i]] : '?');
}

static char *describe(const struct verifier_env *env, const struct verifier_state *st, const struct state_diff *diff)
{
	static const struct stack_slot nothing;
	const struct func_state *frame = st->frame[min_of(diff->frame, st->curframe)];
	struct strbuf out = { 0 };

	switch (diff->kind) {
	case DIFF_REG:
		put_value(&out, env, diff->frame, &frame->regs[diff->at]);
		break;
	case DIFF_SLOT:
		put_slot(&out, env, diff->frame, diff->at < frame->slot_cnt ? &frame->slots[diff->at] : &nothing);
		break;
	case DIFF_REFS:
		strbuf_printf(&out, "%zu held", st->refs.cnt);
		break;
	case DIFF_ROUNDS:
		strbuf_printf(&out, "%u rounds", frame->callback_depth + frame->may_goto_depth);
		break;
	case DIFF_CALLS:
		strbuf_printf(&out, "%u calls deep", st->curframe);
		break;
	case DIFF_LOCK:
		strbuf_printf(&out, "%s", st->lock.held ? "held" : "not held");
		break;
	default:
		strbuf_printf(&out, "%s", st->speculative ? "guessed" : "real");
		break;
	}
	return out.str;
}

static void name_place(const struct verifier_state *st, const struct state_diff *diff, char *to, size_t size)
{
	static const char *const names[] = { [DIFF_REFS] = "references", [DIFF_ROUNDS] = "rounds of a callback",
					     [DIFF_CALLS] = "calls", [DIFF_LOCK] = "the lock", [DIFF_PATH] = "the way here" };
	char frame[16] = "";

	/* As the log names them: of the innermost frame without its number. */
	if (diff->frame != st->curframe)
		snprintf(frame, sizeof(frame), "frame%u: ", diff->frame);
	if (diff->kind == DIFF_REG)
		snprintf(to, size, "%sR%u", frame, diff->at);
	else if (diff->kind == DIFF_SLOT)
		snprintf(to, size, "%sfp-%u", frame, 8 * (diff->at + 1));
	else
		snprintf(to, size, "%s", names[diff->kind]);
}

void cost_miss(struct verifier_env *env, const struct verifier_state *old, const struct state_diff *diff)
{
	struct cost *cost = env->ex->cost;
	u64 key = (u64)env->insn_idx << 24 | (u64)diff->kind << 20 | (u64)diff->frame << 12 | diff->at, *known;
	struct vcost_miss miss = { .insn_idx = env->insn_idx, .cnt = 1, .in_loop = old->branches > 0 };

	known = u64map_get(&cost->miss_of, key);
	if (known) {
		cost->misses.at[*known].cnt++;
		return;
	}
	name_place(env->cur, diff, miss.where, sizeof(miss.where));
	miss.kept = describe(env, old, diff);
	miss.arrived = describe(env, env->cur, diff);
	if (!u64map_put(&cost->miss_of, key, cost->misses.cnt) || !vec_push(&cost->misses, miss)) {
		cost->oom = true;
		free(miss.kept);
		free(miss.arrived);
	}
}

/* ---- the result ------------------------------------------------------------------------------------------- */

static void put_line(const struct verifier_env *env, u32 insn_idx, const char **ret_file, u32 *ret_line)
{
	struct source_line line;

	if (!env->line_infos || !btf_line_text(env, insn_idx, &line))
		return;
	*ret_file = line.file;
	*ret_line = line.line;
}

static int by_count(const void *a, const void *b)
{
	const struct vcost_miss *x = a, *y = b;

	return x->cnt != y->cnt ? (x->cnt < y->cnt ? 1 : -1) : (x->insn_idx > y->insn_idx) - (x->insn_idx < y->insn_idx);
}

static int by_place(const void *a, const void *b)
{
	const struct vcost_place *x = a, *y = b;

	return x->chain != y->chain ? (x->chain > y->chain ? 1 : -1) : (x->insn_idx > y->insn_idx) - (x->insn_idx < y->insn_idx);
}

/* Moves what there is out. Without memory for it nothing is told. */
void cost_finish(struct verifier_env *env, struct vcost *ret)
{
	struct cost *cost = env->ex->cost;

	ret->places = calloc(cost->visits.cnt + 1, sizeof(*ret->places));
	if (cost->oom || !ret->places)
		return;
	for (size_t i = 0; i < cost->visits.cap; i++) {
		const struct u64map_slot *slot = &cost->visits.slots[i];
		struct vcost_place *place = &ret->places[ret->place_cnt];

		if (!slot->used)
			continue;
		*place = (struct vcost_place){ .chain = (u32)(slot->key >> 32), .insn_idx = (u32)slot->key, .cnt = slot->val };
		put_line(env, place->insn_idx, &place->file, &place->line);
		ret->place_cnt++;
	}
	qsort(ret->places, ret->place_cnt, sizeof(*ret->places), by_place);
	for (size_t i = 0; i < cost->misses.cnt; i++)
		put_line(env, cost->misses.at[i].insn_idx, &cost->misses.at[i].file, &cost->misses.at[i].line);
	if (cost->misses.cnt)
		qsort(cost->misses.at, cost->misses.cnt, sizeof(*cost->misses.at), by_count);
	ret->chains = cost->chains.at;
	ret->chain_cnt = (u32)cost->chains.cnt;
	ret->misses = cost->misses.at;
	ret->miss_cnt = (u32)cost->misses.cnt;
	cost->chains.at = NULL;
	cost->misses.at = NULL;
	cost->chains.cnt = cost->misses.cnt = 0;
}

void vcost_free(struct vcost *cost)
{
	for (u32 i = 0; i < cost->miss_cnt; i++) {
		free(cost->misses[i].kept);
		free(cost->misses[i].arrived);
	}
	free(cost->misses);
	free(cost->chains);
	free(cost->places);
}
