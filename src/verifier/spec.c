/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec.c - what a CPU does before it knows better (Spectre), for callers without CAP_PERFMON.
 *
 * A CPU guesses a branch and goes ahead; what it did is undone, but not its traces in the caches. A
 * program that reads out of bounds on such a path leaks memory. Three things prevent it:
 *
 * 1. Paths that only a wrong guess takes are followed, too, as speculative states: the way that a decided
 *    branch never takes, with what it compared unknown. Whatever would be refused there is not reached:
 *    a barrier (nospec) goes before that insn, and the path ends.
 * 2. An offset that is added to a pointer is masked: 0 when it is not what was verified. The window
 *    is what this very insn moves the pointer by at most, so one insn has one window. With the offset
 *    masked to 0 the pointer stays where it was: that is a speculative path as well.
 * 3. A store to the stack may be late, and a load behind it see what was there before: after a store of
 *    a pointer, or to bytes that may hold one, there is a barrier (v4).
 *
 * Source: "Reducing Spectre v1 and v4 in BPF" of the kernel's documentation and log messages; the
 * running kernel without CAP_PERFMON is the judge (docs/conformance.md).
 */
#include "verifier/explore.h"
#include "verifier/zoo.h"

#include <errno.h>
#include <stdlib.h>

/* ---- words -------------------------------------------------------------------------------------- */

enum why { WHY_NONE, WHY_BOUNDS, WHY_TYPE, WHY_PATHS, WHY_LIMIT };

#define PROHIBITED "pointer arithmetic with it prohibited for !root"

static int refuse(struct verifier_env *env, const struct ptr_move *m, enum why why)
{
	const struct bpf_insn *insn = &env->insns[env->insn_idx];
	const char *verb = m->op == OP_ADD ? "add" : "sub";
	int dst = insn->dst_reg, src = insn->src_reg;

	switch (why) {
	case WHY_NONE:
		return 0;
	case WHY_BOUNDS:
		return reject(env, R_SPECULATION, -EACCES,
			      "R%d has unknown scalar with mixed signed bounds, " PROHIBITED,
			      m->ptr_is_dst ? src : dst);
	case WHY_TYPE:
		return reject(env, R_SPECULATION, -EACCES,
			      "R%d has pointer with unsupported alu operation, " PROHIBITED,
			      m->ptr_is_dst ? dst : src);
	case WHY_PATHS:
		return reject(env, R_SPECULATION, -EACCES,
			      "R%d tried to %s from different maps, paths or scalars, " PROHIBITED, dst, verb);
	default:
		return reject(env, R_SPECULATION, -EACCES,
			      "R%d tried to %s beyond pointer bounds, " PROHIBITED, dst, verb);
	}
}

/* ---- speculative paths ---------------------------------------------------------------------------- */

static struct verifier_state *push_speculative(struct verifier_env *env, u32 insn_idx)
{
	struct verifier_state *st = push_path(env, insn_idx);

	if (st)
		st->speculative = true;
	return st;
}

static int push_failed(const struct verifier_env *env)
{
	return env->ex->oom ? -ENOMEM : env->res->err;
}

int spec_branch(struct verifier_env *env, const struct bpf_insn *insn, bool src_is_reg, u32 other_idx)
{
	struct verifier_state *st;
	struct func_state *f;

	if (env->bypass_spec || zoo(NO_GUESSED_WAYS))
		return 0;
	st = push_speculative(env, other_idx);
	if (!st)
		return push_failed(env);
	f = frame_mut(env, st, st->curframe);
	reg_set_unknown(env, &f->regs[insn->dst_reg]);
	if (src_is_reg)
		reg_set_unknown(env, &f->regs[insn->src_reg]);
	return 0;
}

bool spec_recovers(struct verifier_env *env, u32 insn_idx, int err)
{
	struct insn_note *note = &env->notes[insn_idx];

	if (!env->cur->speculative ||
	    (err != -EPERM && err != -EACCES && err != -EINVAL && err != -EOPNOTSUPP))
		return false;
	/* What lies behind a barrier needs no mask: nothing there is guessed. */
	note->nospec = true;
	note->alu_state = 0;
	forget_refusal(env);
	return true;
}

/* ---- masks ------------------------------------------------------------------------------------------ */

static bool needs_no_mask(const struct verifier_env *env)
{
	const struct insn_note *note = &env->notes[env->insn_idx];
	enum insn_form form = env->forms[env->insn_idx];

	return env->bypass_spec || zoo(NO_MASKS) || note->nospec || !(insn_infos[form].uses & USE_SRC);
}

/* One insn is rewritten once, whichever path comes to it. */
static enum why note_window(struct verifier_env *env, u8 state, u32 limit)
{
	struct insn_note *note = &env->notes[env->insn_idx];

	if (note->alu_state && (note->alu_state != state || note->alu_limit != limit))
		return WHY_PATHS;
	note->alu_state = state;
	note->alu_limit = limit;
	return WHY_NONE;
}

/* Bytes between the pointer and the edge that the offset moves it towards; of values, measured from the
 * start, since only differences count. One past the lower end of the stack may be a start. */
static enum why find_room(const struct verifier_env *env, const struct reg_state *ptr, bool to_left,
			  u32 *ret_room)
{
	s64 room, max;

	switch (reg_base_type(ptr)) {
	case PTR_TO_STACK:
		max = MAX_BPF_STACK + to_left;
		room = -(s64)ptr->val.bits.value;
		break;
	case PTR_TO_MAP_VALUE:
		max = reg_map(env, ptr)->value_size;
		room = to_left ? scalar_smin(&ptr->val) : (s64)scalar_umax(&ptr->val);
		break;
	default:
		return WHY_TYPE;
	}
	/* As Linux has it, a negative room is a large unsigned one. */
	if ((u64)(u32)room >= (u64)max)
		return WHY_LIMIT;
	*ret_room = room;
	return WHY_NONE;
}

/* With the offset masked to 0 the result is the pointer as it was. */
static int push_unmoved(struct verifier_env *env, const struct ptr_move *m)
{
	struct verifier_state *st;

	if (scalar_is_const(&m->off->val))
		return 0; /* becomes an immediate, which nobody guesses */
	st = push_speculative(env, env->insn_idx + 1);
	if (!st)
		return push_failed(env);
	frame_mut(env, st, st->curframe)->regs[env->insns[env->insn_idx].dst_reg] = *m->ptr;
	return 0;
}

int spec_before_move(struct verifier_env *env, struct ptr_move *m)
{
	bool known = scalar_is_const(&m->off->val);
	bool negative = scalar_smin(&m->off->val) < 0;
	enum why why;

	if (needs_no_mask(env))
		return 0;
	if (env->cur->speculative)
		return push_unmoved(env, m);
	if (!known && negative != (scalar_smax(&m->off->val) < 0))
		return refuse(env, m, WHY_BOUNDS);
	m->to_left = (m->op == OP_ADD) == negative;
	why = find_room(env, m->ptr, m->to_left, &m->room);
	if (why)
		return refuse(env, m, why);
	m->state = (negative ? SPEC_NEGATIVE : 0) | (known ? SPEC_CONST : 0) |
		   (m->ptr_is_dst ? SPEC_OFF_IN_SRC : SPEC_OFF_IN_DST);
	/* Another window on another path must be found, so no path is cut short for being covered. */
	if (!known)
		env->ex->every_window = true;
	return push_unmoved(env, m);
}

/* A pointer that is not dereferenced must stay inside all the same: a masked offset is measured from it. */
static int check_result(struct verifier_env *env, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);
	s64 off = (s64)reg->val.bits.value;
	char buf[64];
	int err;

	switch (reg_base_type(reg)) {
	case PTR_TO_STACK:
		if (!scalar_is_const(&reg->val))
			return reject(env, R_SPECULATION, -EACCES,
				      "R%d variable stack access prohibited for !root, var_off=%s off=%d", regno,
				      tnum_str(buf, sizeof(buf), reg->val.bits), (int)off);
		if (off >= 0 || off < -MAX_BPF_STACK)
			return reject(env, R_SPECULATION, -EACCES,
				      "R%d stack pointer arithmetic goes out of range, prohibited for !root; off=%d",
				      regno, (int)off);
		return 0;
	case PTR_TO_MAP_VALUE:
		err = check_region(env, regno, 0, 1, reg_map(env, reg)->value_size, false);
		if (err)
			log_printf(env, VLOG_MASK,
				   "R%d pointer arithmetic of map value goes out of range, prohibited for !root\n",
				   regno);
		return err;
	default:
		return 0;
	}
}

int spec_after_move(struct verifier_env *env, struct ptr_move *m)
{
	int regno = env->insns[env->insn_idx].dst_reg, err;
	enum why why;
	u32 room = 0;

	if (env->bypass_spec)
		return 0;
	err = check_result(env, regno);
	if (err || needs_no_mask(env) || env->cur->speculative)
		return err;
	why = find_room(env, cur_reg(env, regno), m->to_left, &room);
	if (!why)
		why = note_window(env, m->state, (u32)llabs((s64)m->room - room));
	return refuse(env, m, why);
}

int spec_number(struct verifier_env *env, u8 op)
{
	struct ptr_move m = { .op = op };

	if ((op != OP_ADD && op != OP_SUB) || needs_no_mask(env))
		return 0;
	return refuse(env, &m, note_window(env, SPEC_NUMBER, 0));
}
