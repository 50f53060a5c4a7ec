/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states.c - pruning: a path that arrives at an insn in a state that an earlier, finished one covers
 * needs no second walk. "Covers" compares what may still matter: registers that are read later, and
 * of numbers only those that were relied on after the kept state (backtrack.c marked them).
 *
 * Two cases compare with a state whose paths are not finished, where those marks are not complete:
 * - the same state again, to the letter: the program loops for ever, and is refused;
 * - rounds of something that ends by itself: iterations of one call that calls back, and may_goto in
 *   one invocation of a function. There every number must be covered, relied on or not, and all
 *   numbers of the arriving state are then marked as relied on. Whatever the unfinished state will
 *   turn out to rely on, the states between the two have it marked, so later arrivals there are
 *   compared in it.
 *
 * That accepted programs end: follow "went on to", and "was covered by" where a path was cut short. A
 * finished state was finished before whatever it covers, so a circle must pass a cut of the second
 * kind, and with it an iteration that the helper counts, or a may_goto that took its counter down.
 * Hence "one call" and "one invocation": "l: bpf_loop(3, ...); goto l" meets its call insn again in
 * a state that an unfinished one covers, and yet never ends.
 */
#include "verifier/explore.h"
#include "verifier/zoo.h"

#include <errno.h>

#define MAX_STATES_NOPRIV 64 /* of one insn, for callers without CAP_BPF */

enum mode {
	BY_USE, /* numbers that were relied on must be covered */
	BY_RANGE, /* every number must be covered */
	EXACTLY,
};

/* Identities are equal when they pair up the same way throughout both states. */
#define MAX_IDS 512
struct idmap {
	struct {
		u32 old, cur;
	} at[MAX_IDS];
	u32 cnt;
	u32 fresh; /* stands for "no identity" of a current number, each time another one */
	enum mode mode;
	bool every_window, uninit_ok;
	struct state_diff diff; /* set where a state turns out not to be covered */
};

static bool differs(struct idmap *map, enum diff_kind kind, u32 frame, u32 at)
{
	map->diff = (struct state_diff){ kind, frame, at };
	return false;
}

static bool ids_pair(struct idmap *map, u32 old, u32 cur)
{
	if (!old != !cur)
		return false;
	if (!old)
		return true;
	for (u32 i = 0; i < map->cnt; i++) {
		if (map->at[i].old == old)
			return map->at[i].cur == cur;
		if (map->at[i].cur == cur)
			return false;
	}
	if (map->cnt == MAX_IDS)
		return false; /* not proved, so not covered */
	map->at[map->cnt].old = old;
	map->at[map->cnt++].cur = cur;
	return true;
}

/* ---- registers ------------------------------------------------------------------------------ */

/*
 * What the kept state learnt of one number through its links it would not learn in a state without
 * them. A number without links must pair up with a number without, or with anything when it is the
 * only one of its identity: "no identity" becomes a fresh one, which a second member would miss.
 */
static bool links_fit(struct idmap *map, const struct reg_state *old, const struct reg_state *cur)
{
	if (!old->id)
		return true;
	/* V-13: equal identities at another distance are other numbers. */
	if (cur->id && old->delta != cur->delta && !zoo(DELTA_IGNORED))
		return false;
	if (!cur->id && old->delta)
		return false;
	return ids_pair(map, old->id, cur->id ? cur->id : --map->fresh);
}

static bool number_covered(struct idmap *map, const struct reg_state *old, const struct reg_state *cur)
{
	switch (map->mode) {
	case EXACTLY:
		return scalar_equal(&old->val, &cur->val) && old->delta == cur->delta &&
		       ids_pair(map, old->id, cur->id);
	case BY_USE:
		if (!old->precise && !map->every_window)
			return true;
		/* fall through */
	default:
		if (map->every_window && !scalar_equal(&old->val, &cur->val))
			return false;
		return scalar_within(&old->val, &cur->val) && links_fit(map, old, cur);
	}
}

static bool pointer_covered(struct idmap *map, const struct reg_state *old, const struct reg_state *cur)
{
	bool same = scalar_equal(&old->val, &cur->val);

	if (!ids_pair(map, old->id, cur->id) || !ids_pair(map, old->ref_id, cur->ref_id))
		return false;
	if (map->mode == EXACTLY && !same)
		return false;
	switch (reg_base_type(old)) {
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MAP_KEY:
	case PTR_TO_INSN:
		return old->map_idx == cur->map_idx && ids_pair(map, old->map_uid, cur->map_uid) &&
		       scalar_within(&old->val, &cur->val);
	case PTR_TO_MEM:
		return old->mem_size == cur->mem_size && scalar_within(&old->val, &cur->val);
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
		/* With less known to exist some access might not fit any more. */
		return old->range <= cur->range && old->pkt_off == cur->pkt_off &&
		       ((map->mode != EXACTLY && old->range >= 0) || old->range == cur->range) &&
		       scalar_within(&old->val, &cur->val);
	case PTR_TO_STACK:
		return old->frame == cur->frame && same;
	case CONST_PTR_TO_MAP:
		return old->map_idx == cur->map_idx && ids_pair(map, old->map_uid, cur->map_uid) && same;
	case PTR_TO_FUNC:
		return old->subprog == cur->subprog && same;
	case PTR_TO_CTX:
	case PTR_TO_PACKET_END:
	case PTR_TO_SOCK_COMMON:
	case PTR_TO_SOCKET:
	case PTR_TO_TCP_SOCK:
	case PTR_TO_XDP_SOCK:
	case PTR_TO_FLOW_KEYS:
		return same;
	case PTR_TO_TP_BUFFER:
		return scalar_within(&old->val, &cur->val);
	default:
		return false;
	}
}

static bool reg_covered(struct idmap *map, const struct reg_state *old, const struct reg_state *cur)
{
	if (map->mode == EXACTLY)
		; /* also what is not initialised must be so in both */
	else if (old->type == NOT_INIT)
		return true; /* nobody read it */
	if (old->type != cur->type)
		return false;
	if (old->type == NOT_INIT)
		return true;
	return old->type == SCALAR_VALUE ? number_covered(map, old, cur) : pointer_covered(map, old, cur);
}

/* ---- stack ------------------------------------------------------------------------------------ */

/* What is dead may never have been written. */
static u8 shown_kind(u8 kind)
{
	return kind == SLOT_POISON ? SLOT_INVALID : kind;
}

static bool kinds_equal(const struct stack_slot *a, const struct stack_slot *b)
{
	for (u32 i = 0; i < 8; i++) {
		if (shown_kind(a->kind[i]) != shown_kind(b->kind[i]))
			return false;
	}
	return true;
}

/* Any bytes will do where a kept path saw a number that it did not rely on. */
static bool bytes_are_numbers(const struct stack_slot *slot)
{
	return !slot_is_spill(slot) || slot->reg.type == SCALAR_VALUE;
}

static bool byte_covered(const struct idmap *map, const struct stack_slot *old,
			 const struct stack_slot *cur, u32 i)
{
	u8 was = old->kind[i], is = cur->kind[i];

	switch (was) {
	case SLOT_INVALID:
		return true; /* read as unknown, if at all */
	case SLOT_POISON:
		return true; /* read never */
	case SLOT_ZERO:
		return is == SLOT_ZERO;
	case SLOT_MISC:
		return is == SLOT_MISC || is == SLOT_ZERO || (is == SLOT_INVALID && map->uninit_ok) ||
		       (is == SLOT_SPILL && cur->reg.type == SCALAR_VALUE);
	default:
		return false;
	}
}

static bool spill_covered(struct idmap *map, const struct stack_slot *old, const struct stack_slot *cur)
{
	if (map->mode == BY_USE && old->reg.type == SCALAR_VALUE && !old->reg.precise && !map->every_window &&
	    bytes_are_numbers(cur)) {
		/* Bytes beside a narrow spill count as they are. */
		for (u32 i = 0; i < 8; i++) {
			if (old->kind[i] != SLOT_SPILL && !byte_covered(map, old, cur, i))
				return false;
		}
		return true;
	}
	if (!slot_is_spill(cur))
		return false;
	for (u32 i = 0; i < 8; i++) {
		if (old->kind[i] == SLOT_SPILL ? cur->kind[i] != SLOT_SPILL : !byte_covered(map, old, cur, i))
			return false;
	}
	return reg_covered(map, &old->reg, &cur->reg);
}

static bool slot_covered(struct idmap *map, const struct stack_slot *old, const struct stack_slot *cur)
{
	if (map->mode == EXACTLY && !kinds_equal(old, cur))
		return false;
	if (slot_is_spill(old))
		return spill_covered(map, old, cur);
	for (u32 i = 0; i < 8; i++) {
		if (!byte_covered(map, old, cur, i))
			return false;
	}
	return true;
}

static bool stack_covered(struct idmap *map, const struct func_state *old, const struct func_state *cur, u32 n)
{
	static const struct stack_slot nothing;
	u32 cnt = max_of(old->slot_cnt, cur->slot_cnt);

	for (u32 s = 0; s < cnt; s++) {
		const struct stack_slot *a = s < old->slot_cnt ? &old->slots[s] : &nothing;
		const struct stack_slot *b = s < cur->slot_cnt ? &cur->slots[s] : &nothing;

		if (!slot_covered(map, a, b))
			return differs(map, DIFF_SLOT, n, s);
	}
	return true;
}

/* ---- states ------------------------------------------------------------------------------------ */

/* Registers of frame @n that can be read from here on. Of frames above the current one: after the
 * call returns, when r0..r5 are the callee's result or nothing. In a callback's caller the call insn
 * itself is done again. */
u16 live_in_frame(const struct verifier_env *env, const struct verifier_state *st, u32 n, u32 insn_idx)
{
	const struct func_state *callee;

	if (n == st->curframe)
		return env->ex->live[insn_idx];
	callee = st->frame[n + 1];
	if (callee->in_callback)
		return env->ex->live[callee->callsite] | 0x3e;
	return env->ex->live[callee->callsite + 1] & ~0x3f;
}

static bool frame_covered(struct idmap *map, const struct func_state *old, const struct func_state *cur,
			  u16 live, u32 n)
{
	if (old->callback_depth > cur->callback_depth && map->mode != EXACTLY)
		return differs(map, DIFF_ROUNDS, n, 0);
	if (map->mode == EXACTLY && (old->callback_depth != cur->callback_depth ||
				     old->may_goto_depth != cur->may_goto_depth))
		return differs(map, DIFF_ROUNDS, n, 0);
	for (u32 r = 0; r < MAX_BPF_REG; r++) {
		if ((map->mode == EXACTLY || (live & BIT(r))) && !reg_covered(map, &old->regs[r], &cur->regs[r]))
			return differs(map, DIFF_REG, n, r);
	}
	return stack_covered(map, old, cur, n);
}

static bool refs_covered(struct idmap *map, const struct verifier_state *old, const struct verifier_state *cur)
{
	if (old->refs.cnt != cur->refs.cnt)
		return false;
	for (u32 i = 0; i < old->refs.cnt; i++) {
		if (!ids_pair(map, old->refs.at[i].id, cur->refs.at[i].id) ||
		    !ids_pair(map, old->refs.at[i].parent, cur->refs.at[i].parent))
			return false;
	}
	return true;
}

static bool lock_covered(struct idmap *map, const struct held_lock *old, const struct held_lock *cur)
{
	return old->held == cur->held && old->map_idx == cur->map_idx && ids_pair(map, old->id, cur->id);
}

/* The same functions called from the same places: otherwise they return to different insns. */
static bool same_calls(const struct verifier_state *a, const struct verifier_state *b)
{
	if (a->curframe != b->curframe)
		return false;
	for (u32 i = 0; i <= a->curframe; i++) {
		if (a->frame[i]->callsite != b->frame[i]->callsite || a->frame[i]->subprog != b->frame[i]->subprog ||
		    a->frame[i]->in_callback != b->frame[i]->in_callback ||
		    a->frame[i]->in_async != b->frame[i]->in_async)
			return false;
	}
	return true;
}

static bool state_covered(struct idmap *map, const struct verifier_env *env, const struct verifier_state *old,
			  const struct verifier_state *cur, u32 insn_idx)
{
	/* What holds where the CPU only guessed may hold nowhere else. */
	if (old->speculative && !cur->speculative)
		return differs(map, DIFF_PATH, 0, 0);
	if (!same_calls(old, cur))
		return differs(map, DIFF_CALLS, 0, 0);
	if (!refs_covered(map, old, cur))
		return differs(map, DIFF_REFS, 0, 0);
	if (!lock_covered(map, &old->lock, &cur->lock))
		return differs(map, DIFF_LOCK, 0, 0);
	for (u32 i = 0; i <= old->curframe; i++) {
		if (!frame_covered(map, old->frame[i], cur->frame[i], live_in_frame(env, old, i, insn_idx), i))
			return false;
	}
	return true;
}

static bool covered(struct verifier_env *env, const struct verifier_state *old,
		    const struct verifier_state *cur, u32 insn_idx, enum mode mode)
{
	struct idmap map;

	map.cnt = 0;
	map.fresh = 0;
	map.mode = mode;
	map.every_window = env->ex->every_window;
	map.uninit_ok = env->allow_ptr_leaks;
	if (state_covered(&map, env, old, cur, insn_idx))
		return true;
	if (env->ex->cost)
		cost_miss(env, old, &map.diff);
	return false;
}

/* ---- keeping ----------------------------------------------------------------------------------- */

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		typeof(a) tmp_ = (a);                                                              \
		(a) = (b);                                                                         \
		(b) = tmp_;                                                                        \
	} while (0)

/*
 * Where states like @st are kept at @insn_idx. Those of other calls never cover each other, so they must
 * not be compared either: a miss says nothing of how useful a state is to arrivals from its own call, and
 * a function called from a hundred places would lose each of its states before that call comes again.
 * The lists are Linux's, chance meetings of two calls in one of them included: how many states are in one
 * is told in the log, and limited for callers without CAP_BPF.
 */
static struct verifier_state **kept_list(const struct verifier_env *env, const struct verifier_state *st,
					 u32 insn_idx)
{
	return &env->ex->kept[(insn_idx ^ st->frame[st->curframe]->callsite) % env->insn_cnt];
}

/* The current state becomes the parent of what goes on from here; it takes the steps with it. */
static int keep(struct verifier_env *env, u32 insn_idx)
{
	struct explore *ex = env->ex;
	struct verifier_state *cur = env->cur, *kept, **list = kept_list(env, cur, insn_idx);

	kept = state_alloc(env);
	if (!kept)
		return -ENOMEM;
	kept->curframe = cur->curframe;
	for (u32 i = 0; i <= cur->curframe; i++) {
		kept->frame[i] = cur->frame[i];
		kept->frame[i]->refs++;
	}
	for (u32 i = 0; i < cur->refs.cnt; i++) {
		if (!vec_push(&kept->refs, cur->refs.at[i])) {
			state_free(kept);
			return -ENOMEM;
		}
	}
	kept->lock = cur->lock;
	SWAP(kept->steps, cur->steps);
	SWAP(kept->links, cur->links);
	cur->history = 0;
	kept->parent = cur->parent;
	kept->insn_idx = insn_idx;
	kept->prev_idx = ex->prev_idx;
	kept->speculative = cur->speculative;
	kept->branches = 1;
	cur->parent = kept;
	kept->next_kept = *list;
	*list = kept;
	ex->insns_at_keep = ex->insns_processed;
	ex->jumps_at_keep = ex->jumps_processed;
	ex->total_kept++;
	ex->kept_cnt++;
	ex->peak_kept = max_of(ex->peak_kept, ex->kept_cnt);
	return 0;
}

/*
 * A state that is compared often and covers seldom costs more than it saves. Rounds of what ends by
 * itself need their unfinished states, to be covered by them.
 */
static bool is_useless(const struct verifier_state *st, const struct insn_note *note)
{
	u32 patience = note->force_checkpoint && st->branches ? 64 : 3;

	return st->misses > st->hits * patience + patience;
}

/* Out of the list that @link is a place of; gone for good once its paths are finished. */
static void drop(struct explore *ex, struct verifier_state **link)
{
	struct verifier_state *st = *link;

	*link = st->next_kept;
	if (!st->branches) {
		ex->kept_cnt--;
		state_free(st);
		return;
	}
	st->dropped = true;
	st->dropped_prev = NULL;
	st->dropped_next = ex->dropped;
	if (ex->dropped)
		ex->dropped->dropped_prev = st;
	ex->dropped = st;
}

/*
 * One path from @st is finished. Nobody traces back through a state without unfinished paths, so a
 * dropped one is not needed any more then.
 */
void finish_paths(struct explore *ex, struct verifier_state *st)
{
	while (st && --st->branches == 0) {
		struct verifier_state *parent = st->parent;

		if (st->dropped) {
			if (st->dropped_next)
				st->dropped_next->dropped_prev = st->dropped_prev;
			if (st->dropped_prev)
				st->dropped_prev->dropped_next = st->dropped_next;
			else
				ex->dropped = st->dropped_next;
			ex->kept_cnt--;
			state_free(st);
		}
		st = parent;
	}
}

static bool is_in_progress(const struct verifier_state *st)
{
	return st->branches > 0;
}

static int reject_endless(struct verifier_env *env, u32 insn_idx, const struct verifier_state *old)
{
	int err = reject(env, R_ENDLESS_LOOP, -EINVAL, "infinite loop detected at insn %d", insn_idx);

	log_printf(env, VLOG_LEVEL1, "cur state:");
	log_state(env, env->cur, env->cur->curframe);
	log_printf(env, VLOG_LEVEL1, "old state:");
	log_state(env, old, old->curframe);
	return err;
}

/* Frames above wait for a call to return: it counts as not done yet, so what the callee may read of
 * theirs is live. */
static const struct stack_mask *stack_live_at(const struct verifier_env *env, u32 n)
{
	const struct verifier_state *cur = env->cur;

	return &env->ex->stack_live[n == cur->curframe ? env->insn_idx : cur->frame[n + 1]->callsite];
}

/* Has something that is counted at run time been counted between the unfinished @old and here. */
static bool is_counted_round(const struct verifier_env *env, const struct verifier_state *old, u32 insn_idx)
{
	const struct func_state *cur = cur_frame(env), *was = old->frame[old->curframe];

	if (env->notes[insn_idx].calls_callback)
		return cur->callback_call == was->callback_call && cur->callback_depth > was->callback_depth;
	return env->notes[insn_idx].is_may_goto && cur->invocation == was->invocation &&
	       cur->may_goto_depth > was->may_goto_depth;
}

int prune(struct verifier_env *env)
{
	struct explore *ex = env->ex;
	u32 insn_idx = env->insn_idx;
	const struct insn_note *note = &env->notes[insn_idx];
	struct verifier_state **link = kept_list(env, env->cur, insn_idx), *st;
	u32 insns = ex->insns_processed - ex->insns_at_keep, jumps = ex->jumps_processed - ex->jumps_at_keep;
	bool force = note->force_checkpoint || (env->prog->flags & BPF_F_TEST_STATE_FREQ) ||
		     env->cur->history > 40;
	bool add = force || (jumps >= 2 && insns >= 8);
	u32 here = 0;
	int err;

	if (note->calls_callback && !cur_frame(env)->callback_depth)
		frame_mut(env, env->cur, env->cur->curframe)->callback_call = ++env->ex->invocations;

	for (u32 n = 0; n <= env->cur->curframe; n++)
		stack_poison(env, n, stack_live_at(env, n));
	while ((st = *link)) {
		here++;
		if (st->insn_idx != insn_idx) {
			link = &st->next_kept;
			continue;
		}
		if (is_in_progress(st)) {
			if (is_counted_round(env, st, insn_idx)) {
				if (covered(env, st, env->cur, insn_idx, BY_RANGE)) {
					if (!env->cur->speculative)
						facts_pruned(env, insn_idx, st, true);
					err = mark_like(env, NULL);
					return err ? err : PATH_OVER;
				}
			} else if (covered(env, st, env->cur, insn_idx, EXACTLY)) {
				return reject_endless(env, insn_idx, st);
			}
			/* Iterations of a short loop need not all be kept. */
			if (!force && jumps < 20 && insns < 100)
				add = false;
		} else if (covered(env, st, env->cur, insn_idx, BY_USE)) {
			st->hits++;
			if (!env->cur->speculative)
				facts_pruned(env, insn_idx, st, false);
			err = mark_like(env, st);
			return err ? err : PATH_OVER;
		}
		if (add)
			st->misses++;
		if (is_useless(st, note))
			drop(ex, link);
		else
			link = &st->next_kept;
	}
	ex->max_kept_per_insn = max_of(ex->max_kept_per_insn, here);
	if (!add || (!env->bpf_capable && here > MAX_STATES_NOPRIV))
		return PATH_ON;
	err = keep(env, insn_idx);
	return err ? err : PATH_ON;
}

/* ---- widening ------------------------------------------------------------------------------------ */

static void widen_number(const struct reg_state *old, struct reg_state *cur)
{
	if (old->type != SCALAR_VALUE || cur->type != SCALAR_VALUE || old->precise ||
	    scalar_equal(&old->val, &cur->val))
		return;
	cur->val = scalar_unknown();
	cur->id = 0;
	cur->delta = 0;
}

/*
 * Taking a number for unknown is right for any number. Without it a counter in the caller's stack
 * would be another one in each iteration, and no state would ever cover the next. What was relied
 * on stays as it is: the reliance might fail with an unknown number.
 */
void widen_iteration(struct verifier_env *env, struct verifier_state *cur, u32 insn_idx, bool here)
{
	const struct verifier_state *old = cur->parent;

	if (here && old && old->insn_idx == insn_idx)
		old = old->parent; /* kept a moment ago: this round itself */
	while (old && !(old->insn_idx == insn_idx && same_calls(old, cur)))
		old = old->parent;
	if (!old)
		return;
	for (u32 n = 0; n <= cur->curframe; n++) {
		struct func_state *f = frame_mut(env, cur, n);
		const struct func_state *was = old->frame[n];

		for (u32 r = 0; r < BPF_REG_10; r++)
			widen_number(&was->regs[r], &f->regs[r]);
		for (u32 s = 0; s < f->slot_cnt && s < was->slot_cnt; s++) {
			if (slot_is_spill(&f->slots[s]) && slot_is_spill(&was->slots[s]))
				widen_number(&was->slots[s].reg, &f->slots[s].reg);
		}
	}
}
