/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - states, frames and registers: making, copying, sharing, changing. */
#include "verifier/explore.h"

#include <errno.h>

/* ---- frames -------------------------------------------------------------------------------- */

/*
 * Frames and states come and go by the thousand, so those put are kept for the next, with the memory
 * they had for slots and steps.
 */
static struct func_state *frame_alloc(struct explore *ex, u32 slot_cnt)
{
	struct func_state *f = ex->free_frames;
	struct stack_slot *slots;

	if (f)
		ex->free_frames = f->next_free;
	else if (!(f = calloc(1, sizeof(*f))))
		return NULL;
	f->refs = 1;
	if (f->slot_cap >= slot_cnt)
		return f;
	slots = realloc(f->slots, slot_cnt * sizeof(*f->slots));
	if (!slots) {
		f->next_free = ex->free_frames;
		ex->free_frames = f;
		return NULL;
	}
	f->slots = slots;
	f->slot_cap = slot_cnt;
	return f;
}

struct func_state *frame_new(struct verifier_env *env, u32 frameno, u32 subprog, u32 callsite)
{
	struct func_state *f = frame_alloc(env->ex, 0);
	struct stack_slot *slots;
	u32 cap;

	if (!f) {
		env->ex->oom = true;
		return NULL;
	}
	slots = f->slots;
	cap = f->slot_cap;
	*f = (struct func_state){ .refs = 1, .frameno = frameno, .subprog = subprog, .callsite = callsite,
				  .invocation = ++env->ex->invocations, .slots = slots, .slot_cap = cap };
	f->regs[BPF_REG_10] = reg_pointer(PTR_TO_STACK);
	f->regs[BPF_REG_10].frame = frameno;
	return f;
}

void frame_put(struct explore *ex, struct func_state *frame)
{
	if (!frame || --frame->refs)
		return;
	frame->next_free = ex->free_frames;
	ex->free_frames = frame;
}

/*
 * When memory is short the writes go to a frame that nobody reads, with room for all slots; the walk
 * ends with -ENOMEM before the next insn. So no caller needs a way out in the middle of a change.
 */
static struct func_state *frame_spare(struct verifier_env *env)
{
	env->ex->oom = true;
	env->ex->spare->slot_cnt = STACK_SLOTS;
	return env->ex->spare;
}

struct func_state *frame_mut(struct verifier_env *env, struct verifier_state *state, u32 frameno)
{
	struct func_state *old = state->frame[frameno], *f;
	struct stack_slot *slots;
	u32 cap;

	if (old->refs == 1)
		return old;
	f = frame_alloc(env->ex, old->slot_cnt);
	if (!f)
		return frame_spare(env);
	slots = f->slots;
	cap = f->slot_cap;
	*f = *old;
	f->slots = slots;
	f->slot_cap = cap;
	f->refs = 1;
	if (old->slot_cnt)
		memcpy(f->slots, old->slots, old->slot_cnt * sizeof(*f->slots));
	old->refs--;
	state->frame[frameno] = f;
	return f;
}

bool frame_grow(struct verifier_env *env, struct verifier_state *state, u32 frameno, u32 slot_cnt)
{
	struct func_state *f = frame_mut(env, state, frameno);
	struct stack_slot *slots;

	if (f->slot_cnt >= slot_cnt)
		return true;
	if (f->slot_cap < slot_cnt) {
		slots = realloc(f->slots, slot_cnt * sizeof(*slots));
		if (!slots) {
			env->ex->oom = true;
			return false;
		}
		f->slots = slots;
		f->slot_cap = slot_cnt;
	}
	memset(f->slots + f->slot_cnt, 0, (slot_cnt - f->slot_cnt) * sizeof(*slots));
	f->slot_cnt = slot_cnt;
	return true;
}

/* ---- states -------------------------------------------------------------------------------- */

struct verifier_state *state_alloc(struct verifier_env *env)
{
	struct verifier_state *st = env->ex->free_states, had;

	if (!st) {
		st = calloc(1, sizeof(*st));
		if (st)
			st->env = env;
		else
			env->ex->oom = true;
		return st;
	}
	env->ex->free_states = st->next_kept;
	had = *st;
	memset(st, 0, sizeof(*st));
	st->env = env;
	st->refs.at = had.refs.at;
	st->refs.cap = had.refs.cap;
	st->steps.at = had.steps.at;
	st->steps.cap = had.steps.cap;
	st->links.at = had.links.at;
	st->links.cap = had.links.cap;
	return st;
}

void state_free(struct verifier_state *state)
{
	struct explore *ex;

	if (!state)
		return;
	ex = state->env->ex;
	for (u32 i = 0; i <= state->curframe; i++)
		frame_put(ex, state->frame[i]);
	state->next_kept = ex->free_states;
	ex->free_states = state;
}

u64 states_free_all(struct explore *ex)
{
	struct verifier_state *st;
	struct func_state *f;
	u64 bytes = 0;

	while ((st = ex->free_states)) {
		ex->free_states = st->next_kept;
		bytes += sizeof(*st) + st->refs.cap * sizeof(*st->refs.at) +
			 st->steps.cap * sizeof(*st->steps.at) + st->links.cap * sizeof(*st->links.at);
		vec_free(&st->refs);
		vec_free(&st->steps);
		vec_free(&st->links);
		free(st);
	}
	while ((f = ex->free_frames)) {
		ex->free_frames = f->next_free;
		bytes += sizeof(*f) + f->slot_cap * sizeof(*f->slots);
		free(f->slots);
		free(f);
	}
	return bytes;
}

#define COPY_VEC(to, from)                                                                         \
	(!(from)->cnt || (vec_reserve((to), (from)->cnt) &&                                        \
			  (memcpy((to)->at, (from)->at, (from)->cnt * sizeof(*(to)->at)),          \
			   (to)->cnt = (from)->cnt, true)))

struct verifier_state *state_clone(struct verifier_env *env, const struct verifier_state *from)
{
	struct verifier_state *st = state_alloc(env);

	if (!st)
		return NULL;
	st->curframe = from->curframe;
	for (u32 i = 0; i <= from->curframe; i++) {
		st->frame[i] = from->frame[i];
		st->frame[i]->refs++;
	}
	st->lock = from->lock;
	st->parent = from->parent;
	st->insn_idx = from->insn_idx;
	st->speculative = from->speculative;
	st->history = from->history;
	if (!COPY_VEC(&st->refs, &from->refs) || !COPY_VEC(&st->steps, &from->steps) ||
	    !COPY_VEC(&st->links, &from->links)) {
		state_free(st);
		env->ex->oom = true;
		return NULL;
	}
	return st;
}

/* ---- registers ------------------------------------------------------------------------------ */

void mark_reg_unknown(struct verifier_env *env, int regno)
{
	*cur_reg_mut(env, regno) = reg_number(scalar_unknown());
}

void mark_reg_known(struct verifier_env *env, int regno, u64 val)
{
	*cur_reg_mut(env, regno) = reg_number(scalar_const(val));
}

void mark_reg_not_init(struct verifier_env *env, int regno)
{
	*cur_reg_mut(env, regno) = (struct reg_state){ .type = NOT_INIT };
}

int check_reg_read(struct verifier_env *env, int regno)
{
	if (cur_reg(env, regno)->type == NOT_INIT)
		return reject(env, R_UNINIT, -EACCES, "R%d !read_ok", regno);
	return 0;
}

bool is_pointer_value(const struct verifier_env *env, int regno)
{
	return !env->allow_ptr_leaks && cur_reg(env, regno)->type != SCALAR_VALUE;
}

int check_leak(struct verifier_env *env, int regno, const char *where)
{
	if (!is_pointer_value(env, regno))
		return 0;
	return reject(env, R_POINTER_LEAK, -EACCES, "R%d leaks addr %s", regno, where);
}

int check_reg_write(struct verifier_env *env, int regno)
{
	if (regno == BPF_REG_10)
		return reject(env, R_FRAME_POINTER, -EACCES, "frame pointer is read only");
	return 0;
}

/* ---- walking over all registers --------------------------------------------------------------- */

void reg_iter_start(struct reg_iter *it, struct verifier_state *state)
{
	*it = (struct reg_iter){ .state = state };
}

/*
 * Frames are made the state's own as they are reached, whether or not something changes: what this
 * is used for (packet pointers, releases, links) is rare beside plain steps.
 */
struct reg_state *reg_iter_next(struct reg_iter *it)
{
	while (it->frameno <= it->state->curframe) {
		struct func_state *f = it->state->frame[it->frameno];

		if (!it->pos && f->refs > 1) {
			f = frame_mut(it->state->env, it->state, it->frameno);
			if (f != it->state->frame[it->frameno])
				return NULL; /* no memory: the walk is about to end */
		}
		if (it->pos < MAX_BPF_REG)
			return &f->regs[it->pos++];
		while (it->pos - MAX_BPF_REG < f->slot_cnt) {
			struct stack_slot *slot = &f->slots[it->pos++ - MAX_BPF_REG];

			if (slot_is_spill(slot))
				return &slot->reg;
		}
		it->frameno++;
		it->pos = 0;
	}
	return NULL;
}
