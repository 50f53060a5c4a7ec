/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * branch.c - conditional jumps: which ways can be taken, and what each way teaches of numbers,
 * maybe-NULL pointers and packet pointers.
 */
#include "verifier/explore.h"

#include <errno.h>

/* ---- links ------------------------------------------------------------------------------------ */

/* Every register and slot of @state that is linked with @id, in the step under way. One alone moves
 * nothing else. */
static int note_linked(struct verifier_env *env, u32 id)
{
	struct verifier_state *cur = env->cur;
	u32 found = 0;

	for (u32 pass = 0; pass < 2; pass++) {
		if (pass && found < 2)
			return 0;
		for (u32 fr = 0; fr <= cur->curframe; fr++) {
			const struct func_state *f = cur->frame[fr];

			for (u32 r = 0; r < BPF_REG_10; r++) {
				if (f->regs[r].type != SCALAR_VALUE || f->regs[r].id != id)
					continue;
				found++;
				if (pass && !note_link(env, (struct place){ fr, -1, r }))
					return -ENOMEM;
			}
			for (u32 s = 0; s < f->slot_cnt; s++) {
				if (!slot_is_spill(&f->slots[s]) || f->slots[s].reg.type != SCALAR_VALUE ||
				    f->slots[s].reg.id != id)
					continue;
				found++;
				if (pass && !note_link(env, (struct place){ fr, s, 0 }))
					return -ENOMEM;
			}
		}
	}
	return 0;
}

/* Gives every number linked with @known the bounds that follow from its new ones: each is the root
 * plus its own distance, modulo 2^64. */
static void spread(struct verifier_state *state, const struct reg_state *known)
{
	struct reg_state from = *known;
	struct reg_iter it;
	struct reg_state *reg;

	if (!from.id)
		return;
	for_each_reg(&it, state, reg) {
		struct scalar dist;

		if (reg->type != SCALAR_VALUE || reg->id != from.id)
			continue;
		if (reg->delta == from.delta) {
			reg->val = from.val;
			continue;
		}
		dist = scalar_const((u64)((s64)reg->delta - from.delta));
		reg->val = scalar_alu(OP_ADD, true, &from.val, &dist);
	}
}

/* ---- NULL ---------------------------------------------------------------------------------------- */

static void drop_ref(struct verifier_state *state, u32 id)
{
	for (u32 i = 0; i < state->refs.cnt; i++) {
		if (state->refs.at[i].id != id)
			continue;
		memmove(&state->refs.at[i], &state->refs.at[i + 1],
			(state->refs.cnt - i - 1) * sizeof(*state->refs.at));
		state->refs.cnt--;
		return;
	}
}

/* All pointers with this id are NULL, or none is. A NULL acquired nothing; one that was made of what
 * was acquired before (bpf_sk_fullsock()) has an id of its own, and that still has to be released. */
static void learn_null(const struct verifier_env *env, struct verifier_state *state, u32 id, u32 ref_id,
		       bool null)
{
	struct reg_iter it;
	struct reg_state *reg;

	if (null && ref_id && ref_id == id)
		drop_ref(state, ref_id);
	for_each_reg(&it, state, reg) {
		if (!(reg->type & PTR_MAYBE_NULL) || reg->id != id)
			continue;
		if (null) {
			*reg = reg_number(scalar_const(0));
			continue;
		}
		reg->type &= ~PTR_MAYBE_NULL;
		/* What a map of maps gives is a map, what one of sockets a socket; of a value with a lock the identity says which lock
		 * it is. */
		if (reg->type == PTR_TO_MAP_VALUE && reg_map(env, reg)->inner) {
			reg->type = CONST_PTR_TO_MAP;
			reg->map_idx |= MAP_IDX_INNER;
			if (btf_field_off(&reg_map(env, reg)->fields, BTF_FIELD_TIMER) >= 0)
				reg->map_uid = reg->id;
			reg->id = 0;
		} else if (reg->type == PTR_TO_MAP_VALUE && reg_map(env, reg)->type == BPF_MAP_TYPE_XSKMAP) {
			*reg = reg_pointer(PTR_TO_XDP_SOCK);
		} else if (reg_base_type(reg) != PTR_TO_MAP_VALUE || !value_has_identity(env, reg)) {
			reg->id = 0;
		}
	}
}

/* ---- which way ------------------------------------------------------------------------------------- */

/* Addresses of objects are not 0. Nor are those of the stack and the context, but Linux does not say so
 * and goes both ways, on one of which it may refuse. */
static bool is_address(const struct reg_state *reg)
{
	if (reg->type & PTR_MAYBE_NULL)
		return false;
	switch (reg_base_type(reg)) {
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MAP_KEY:
	case PTR_TO_MEM:
	case CONST_PTR_TO_MAP:
	case PTR_TO_SOCK_COMMON:
	case PTR_TO_SOCKET:
	case PTR_TO_TCP_SOCK:
	case PTR_TO_XDP_SOCK:
		return true;
	default:
		return false;
	}
}

struct compare {
	u8 op, dst_regno;
	int src_regno; /* -1: an immediate */
	bool is64;
	struct reg_state dst, src; /* as they were before */
	bool numbers;
};

static struct pkt_compare as_pkt_compare(const struct compare *c)
{
	return (struct pkt_compare){ .dst = &c->dst, .src = &c->src, .op = c->op, .dst_regno = c->dst_regno,
				     .src_regno = c->src_regno };
}

/* 1 always taken, 0 never, -1 either. For pointers. */
static int decide_pointers(const struct compare *c)
{
	struct pkt_compare pkt = as_pkt_compare(c);

	if (!c->is64)
		return -1;
	if (c->src.type == SCALAR_VALUE && is_address(&c->dst) && reg_is_null(&c->src)) {
		if (c->op == OP_JEQ)
			return 0;
		if (c->op == OP_JNE)
			return 1;
	}
	return pkt_branch_taken(&pkt);
}

/* 1 always taken, 0 never, -1 either. For numbers, what both ways would know. */
static int decide(const struct compare *c, struct scalar taken[2], struct scalar fall[2])
{
	int pred;

	if (!c->numbers)
		return decide_pointers(c);
	pred = scalar_branch_taken(c->op, c->is64, &c->dst.val, &c->src.val);
	if (pred >= 0)
		return pred;
	taken[0] = fall[0] = c->dst.val;
	taken[1] = fall[1] = c->src.val;
	/* A way whose bounds contradict each other cannot be taken (V-04, V-05). */
	if (!scalar_refine(c->op, c->is64, true, &taken[0], &taken[1]))
		return 0;
	if (!scalar_refine(c->op, c->is64, false, &fall[0], &fall[1]))
		return 1;
	return -1;
}

static int rely_on_operands(struct verifier_env *env, const struct compare *c)
{
	int err = 0;

	if (c->dst.type == SCALAR_VALUE)
		err = mark_precise(env, c->dst_regno);
	if (!err && c->src_regno >= 0 && c->src.type == SCALAR_VALUE)
		err = mark_precise(env, c->src_regno);
	return err;
}

/* ---- what each way teaches --------------------------------------------------------------------------- */

static void set_number(struct verifier_env *env, struct verifier_state *state, int regno,
		       const struct scalar *val)
{
	frame_mut(env, state, state->curframe)->regs[regno].val = *val;
}

static void learn_numbers(struct verifier_env *env, struct verifier_state *state, const struct compare *c,
			  const struct scalar val[2])
{
	struct reg_state dst, src;

	set_number(env, state, c->dst_regno, &val[0]);
	dst = state->frame[state->curframe]->regs[c->dst_regno];
	if (c->src_regno >= 0)
		set_number(env, state, c->src_regno, &val[1]);
	spread(state, &dst);
	if (c->src_regno < 0 || c->src_regno == c->dst_regno)
		return;
	/* The first spread may have reached the source: what it had learnt itself is put back. */
	set_number(env, state, c->src_regno, &val[1]);
	src = state->frame[state->curframe]->regs[c->src_regno];
	if (src.id != dst.id)
		spread(state, &src);
}

static bool is_null_test(const struct compare *c)
{
	return c->is64 && (c->op == OP_JEQ || c->op == OP_JNE) && (c->dst.type & PTR_MAYBE_NULL) &&
	       reg_is_null(&c->src) && c->src_regno < 0;
}

static bool is_packet_any(const struct reg_state *reg)
{
	switch (reg_base_type(reg)) {
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
	case PTR_TO_PACKET_END:
		return true;
	default:
		return false;
	}
}

/* Which of two addresses is larger, or what number one is equal to, is part of an address. */
static int check_compare(struct verifier_env *env, int regno)
{
	if (!is_pointer_value(env, regno))
		return 0;
	return reject(env, R_POINTER_LEAK, -EACCES, "R%d pointer comparison prohibited", regno);
}

static int learn(struct verifier_env *env, const struct compare *c, struct verifier_state *taken,
		  const struct scalar taken_val[2], const struct scalar fall_val[2])
{
	struct verifier_state *fall = env->cur;

	if (c->numbers) {
		learn_numbers(env, taken, c, taken_val);
		learn_numbers(env, fall, c, fall_val);
	} else if (is_null_test(c)) {
		learn_null(env, taken, c->dst.id, c->dst.ref_id, c->op == OP_JEQ);
		learn_null(env, fall, c->dst.id, c->dst.ref_id, c->op == OP_JNE);
	} else if (c->is64) {
		struct pkt_compare pkt = as_pkt_compare(c);

		if (pkt_learn(env, &pkt, taken, fall))
			return 0;
		return check_compare(env, c->dst_regno);
	} else {
		return check_compare(env, c->dst_regno);
	}
	return 0;
}

static int read_operands(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info,
			 struct compare *c)
{
	int err = 0;

	*c = (struct compare){ .op = info->op, .dst_regno = insn->dst_reg, .src_regno = -1,
			       .is64 = info->size == 8 };
	if (info->uses & USE_SRC) {
		c->src_regno = insn->src_reg;
		err = check_reg_read(env, insn->src_reg);
	}
	if (!err)
		err = check_reg_read(env, insn->dst_reg);
	if (err)
		return err;
	c->dst = *cur_reg(env, insn->dst_reg);
	c->src = c->src_regno >= 0 ? *cur_reg(env, c->src_regno) : reg_number(scalar_const((s64)insn->imm));
	c->numbers = c->dst.type == SCALAR_VALUE && c->src.type == SCALAR_VALUE;
	return 0;
}

int do_branch(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	struct scalar taken_val[2], fall_val[2];
	u32 idx = env->insn_idx, target = insn_target(env->insns, idx);
	struct verifier_state *taken;
	struct compare c;
	int err, pred;

	err = read_operands(env, insn, info, &c);
	if (err)
		return err;
	if (env->notes[idx].way != WAY_ANY) {
		/* It becomes a jump or nothing (fixups.c): what decided it need not be relied on, and no CPU
		 * can guess it. */
		log_touched(env, idx);
		env->insn_idx = env->notes[idx].way == WAY_JUMP ? target : idx + 1;
		return PATH_ON;
	}
	if (c.src_regno >= 0 && !(is_packet_any(&c.dst) && is_packet_any(&c.src)))
		err = check_compare(env, c.src_regno);
	if (err)
		return err;
	pred = decide(&c, taken_val, fall_val);
	if (pred >= 0) {
		err = rely_on_operands(env, &c);
		if (!err)
			err = spec_branch(env, insn, c.src_regno >= 0, pred ? idx + 1 : target);
		log_touched(env, idx);
		env->insn_idx = pred ? target : idx + 1;
		return err ? err : PATH_ON;
	}
	if (c.numbers && c.dst.id)
		err = note_linked(env, c.dst.id);
	if (!err && c.numbers && c.src_regno >= 0 && c.src.id && c.src.id != c.dst.id)
		err = note_linked(env, c.src.id);
	if (err)
		return err;
	taken = push_path(env, target);
	if (!taken)
		return env->ex->oom ? -ENOMEM : env->res->err;
	if (c.numbers && !env->cur->speculative)
		facts_refined(env, idx, BIT(c.dst_regno) | (c.src_regno >= 0 ? BIT(c.src_regno) : 0));
	err = learn(env, &c, taken, taken_val, fall_val);
	if (err)
		return err;
	log_touched(env, idx);
	env->insn_idx = idx + 1;
	return PATH_ON;
}

/*
 * Either way, and nobody knows which: a hidden counter decides, which also ends the loop one day. The
 * way on is put aside as one more round, in which numbers that changed since the last one are
 * unknown, so that a round is covered by an earlier one soon. The jump is followed first.
 */
int do_may_goto(struct verifier_env *env, u32 insn_idx)
{
	struct verifier_state *next = push_path(env, insn_idx + 1);

	if (!next)
		return env->ex->oom ? -ENOMEM : env->res->err;
	frame_mut(env, next, next->curframe)->may_goto_depth++;
	widen_iteration(env, next, insn_idx, true);
	env->insn_idx = insn_target(env->insns, insn_idx);
	return PATH_ON;
}

/* ---- gotox ----------------------------------------------------------------------------------------- */

/* The elements of the table that the register may have been read from. */
static int gotox_elems(struct verifier_env *env, int regno, u32 *ret_min, u32 *ret_max)
{
	const struct reg_state *reg = cur_reg(env, regno);
	const struct map_desc *map = reg_map(env, reg);
	u64 umin = scalar_umin(&reg->val), umax = scalar_umax(&reg->val), most = UINT32_MAX * (u64)INSN_ADDR_SIZE;

	if (umin > most)
		return reject(env, R_GOTOX, -ERANGE, "the sum of R%u umin_value %llu is too big", regno,
			      (unsigned long long)umin);
	if (umax > most)
		return reject(env, R_GOTOX, -ERANGE, "the sum of R%u umax_value %llu is too big", regno,
			      (unsigned long long)umax);
	umin /= INSN_ADDR_SIZE;
	umax /= INSN_ADDR_SIZE;
	if (umax >= map->max_entries)
		return reject(env, R_GOTOX, -EINVAL,
			      "R%u points to outside of jump table: [%llu,%llu] max_entries %u", regno,
			      (unsigned long long)umin, (unsigned long long)umax, map->max_entries);
	*ret_min = umin;
	*ret_max = umax;
	return 0;
}

/* Each insn that the elements name is a way to go, once; the last one is gone first. @gotox_visit tells
 * which ones were named in this visit. */
int do_gotox(struct verifier_env *env, u32 insn_idx)
{
	int regno = env->insns[insn_idx].dst_reg, err;
	const struct subprog *sub = &env->subprogs[subprog_of(env, insn_idx)];
	const struct reg_state *reg = cur_reg(env, regno);
	const struct map_desc *map;
	u32 min = 0, max = 0, to, visit;

	if (reg->type != PTR_TO_INSN)
		return reject(env, R_GOTOX, -EINVAL, "R%d has type %s, expected PTR_TO_INSN", regno,
			      reg_type_str(reg->type));
	err = gotox_elems(env, regno, &min, &max);
	if (err)
		return err;
	map = reg_map(env, reg);
	visit = ++env->gotox_visits;
	env->notes[map->insn_values[max].orig_off].gotox_visit = visit;
	for (u32 i = min; i <= max; i++) {
		to = map->insn_values[i].orig_off;
		/* A caller's address may have been passed: its code is not for this frame. */
		if (to < sub->start || to >= sub->end)
			return reject(env, R_GOTOX, -EINVAL, "jump table for insn %d points outside of the subprog [%u,%u]",
				      insn_idx, sub->start, sub->end);
		env->notes[to].gotox_dest = true;
		if (env->notes[to].gotox_visit == visit)
			continue;
		env->notes[to].gotox_visit = visit;
		if (!push_path(env, to))
			return env->ex->oom ? -ENOMEM : env->res->err;
	}
	env->insn_idx = map->insn_values[max].orig_off;
	return PATH_ON;
}
