/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diagnose.c - what the log says when the limit of processed insns is hit: the call chains and loops in which
 * the walk was, and what kept earlier states from covering later ones. Only the last insns before the limit are
 * counted, so that programs that stay below it pay nothing; whoever gets that far goes round and round by then.
 */
#include "verifier/explore.h"

#include "verifier/checks.h"

#include <stdlib.h>

#define FEW	  5  /* rows of each kind */
#define MANY	  32 /* loops looked at, hottest first */
#define PER_CENT  1  /* loops below that are not told */

/* A jump back and what lies between; the header reaches the jump, or it would be none. */
struct loop {
	u32 header, latch;
	u64 visits; /* of all its insns */
};

struct diagnosis {
	struct verifier_env *env;
	const struct vcost *cost;
	u64 *visits; /* by insn */
	u64 total;
	VEC(struct loop) loops;
};

#define say(d, ...) log_printf((d)->env, VLOG_MASK, __VA_ARGS__)

static unsigned int share(const struct diagnosis *d, u64 cnt)
{
	return d->total ? (unsigned int)(cnt * 100 / d->total) : 0;
}

static void say_place(const struct diagnosis *d, u32 insn_idx)
{
	struct source_line line;

	if (d->env->line_infos && btf_line_text(d->env, insn_idx, &line))
		say(d, " (%s:%u)", line.file, line.line);
}

/* ---- call chains ------------------------------------------------------------------------------------------ */

static void say_chain_name(const struct diagnosis *d, u32 chain)
{
	const struct vcost_chain *c = &d->cost->chains[chain];

	if (c->parent != UINT32_MAX) {
		say_chain_name(d, c->parent); /* no deeper than frames are */
		say(d, ";");
	}
	if (c->name && c->name[0])
		say(d, "%s", c->name);
	else
		say(d, "func#%u", c->subprog);
}

/* Takes the visits of each out of @sums, largest first. */
static void say_chains(const struct diagnosis *d)
{
	u64 *sums = calloc(d->cost->chain_cnt + 1, sizeof(*sums));

	for (u32 i = 0; sums && i < d->cost->place_cnt; i++)
		sums[d->cost->places[i].chain] += d->cost->places[i].cnt;
	say(d, "hottest call chains of the last %llu insns:\n", (unsigned long long)d->total);
	for (int row = 0; sums && row < FEW; row++) {
		u32 best = 0;

		for (u32 i = 1; i < d->cost->chain_cnt; i++)
			best = sums[i] > sums[best] ? i : best;
		if (!sums[best])
			break;
		say(d, "%4u%% ", share(d, sums[best]));
		say_chain_name(d, best);
		say(d, "\n");
		sums[best] = 0;
	}
	free(sums);
}

/* ---- loops ------------------------------------------------------------------------------------------------- */

static bool reaches(const struct verifier_env *env, u32 from, u32 to, u8 *seen, u32 *stack)
{
	u32 depth = 0, next;
	struct succs it;

	memset(seen, 0, env->insn_cnt);
	stack[depth++] = from;
	seen[from] = 1;
	while (depth) {
		u32 idx = stack[--depth];

		if (idx == to)
			return true;
		for_each_succ(&it, env, idx, next) {
			if (!seen[next]) {
				seen[next] = 1;
				stack[depth++] = next;
			}
		}
	}
	return false;
}

/* One loop a header, with the last jump back to it. */
static bool add_loop(struct diagnosis *d, u32 header, u32 latch)
{
	struct loop loop = { .header = header, .latch = latch };

	for (size_t i = 0; i < d->loops.cnt; i++) {
		if (d->loops.at[i].header == header) {
			d->loops.at[i].latch = max_of(d->loops.at[i].latch, latch);
			return true;
		}
	}
	return vec_push(&d->loops, loop);
}

static int hotter(const void *a, const void *b)
{
	const struct loop *x = a, *y = b;

	return x->visits != y->visits ? (x->visits < y->visits ? 1 : -1) : (x->header > y->header) - (x->header < y->header);
}

static int outer_first(const void *a, const void *b)
{
	const struct loop *x = a, *y = b;

	return x->header != y->header ? (x->header > y->header) - (x->header < y->header) :
					(x->latch < y->latch) - (x->latch > y->latch);
}

static bool find_loops(struct diagnosis *d)
{
	u32 to;
	struct succs it;

	for (u32 i = 0; i < d->env->insn_cnt; i++) {
		if (!d->visits[i])
			continue;
		for_each_succ(&it, d->env, i, to) {
			if (to <= i && d->visits[to] && !add_loop(d, to, i))
				return false;
		}
	}
	for (size_t i = 0; i < d->loops.cnt; i++) {
		for (u32 k = d->loops.at[i].header; k <= d->loops.at[i].latch; k++)
			d->loops.at[i].visits += d->visits[k];
	}
	return true;
}

/* Drops what is cold or no loop. */
static bool pick_loops(struct diagnosis *d)
{
	u8 *seen = malloc(d->env->insn_cnt + 1);
	u32 *stack = malloc((d->env->insn_cnt + 1) * sizeof(*stack));
	size_t kept = 0, cnt = min_of(d->loops.cnt, (size_t)MANY);
	bool ok = seen && stack;

	if (d->loops.cnt)
		qsort(d->loops.at, d->loops.cnt, sizeof(*d->loops.at), hotter);
	for (size_t i = 0; ok && i < cnt; i++) {
		struct loop loop = d->loops.at[i];

		if (share(d, loop.visits) >= PER_CENT && reaches(d->env, loop.header, loop.latch, seen, stack))
			d->loops.at[kept++] = loop;
	}
	d->loops.cnt = kept;
	if (kept)
		qsort(d->loops.at, kept, sizeof(*d->loops.at), outer_first);
	free(seen);
	free(stack);
	return ok;
}

static u32 depth_of(const struct diagnosis *d, size_t at)
{
	u32 depth = 0;

	for (size_t i = 0; i < at; i++)
		depth += d->loops.at[i].latch >= d->loops.at[at].latch;
	return depth;
}

static void say_loops(struct diagnosis *d)
{
	if (!find_loops(d) || !pick_loops(d))
		return;
	say(d, d->loops.cnt ? "loops, inner ones below outer ones:\n" : "no loop among them\n");
	for (size_t i = 0; i < d->loops.cnt; i++) {
		const struct loop *loop = &d->loops.at[i];

		say(d, "%4u%% %*sinsns %u-%u", share(d, loop->visits), (int)(2 * depth_of(d, i)), "", loop->header, loop->latch);
		say_place(d, loop->header);
		say(d, ", begun %llu times\n", (unsigned long long)d->visits[loop->header]);
	}
}

/* ---- states ------------------------------------------------------------------------------------------------- */

static void say_misses(const struct diagnosis *d)
{
	if (d->cost->miss_cnt)
		say(d, "earlier states did not cover later ones, which differed first in:\n");
	for (u32 i = 0; i < d->cost->miss_cnt && i < FEW; i++) {
		const struct vcost_miss *m = &d->cost->misses[i];

		say(d, "%6llu times %s at insn %u", (unsigned long long)m->cnt, m->where, m->insn_idx);
		say_place(d, m->insn_idx);
		if (m->kept && m->arrived)
			say(d, ", first %s then %s", m->kept, m->arrived);
		say(d, "\n");
	}
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

void diagnose_start(struct verifier_env *env)
{
	if (env->ex->cost || !vlog_wanted(env->log))
		return;
	env->ex->cost = cost_new(); /* without memory it is not told */
	env->ex->cost_is_late = true;
}

void diagnose_limit(struct verifier_env *env)
{
	struct vcost late = { 0 }, *cost = env->ex->cost_is_late ? &late : &env->res->cost;
	struct diagnosis d = { .env = env, .cost = cost, .visits = calloc(env->insn_cnt + 1, sizeof(*d.visits)) };

	if (env->ex->cost && d.visits) {
		cost_finish(env, cost);
		for (u32 i = 0; i < cost->place_cnt; i++) {
			d.visits[cost->places[i].insn_idx] += cost->places[i].cnt;
			d.total += cost->places[i].cnt;
		}
		if (cost->place_cnt) {
			say_chains(&d);
			say_loops(&d);
			say_misses(&d);
		}
		cost_free(env->ex->cost);
		env->ex->cost = NULL;
	}
	vcost_free(&late);
	vec_free(&d.loops);
	free(d.visits);
}
