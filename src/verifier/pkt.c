/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkt.c - packet pointers: what a comparison with the packet's end teaches, accesses under what was
 * learnt, and when it is forgotten.
 *
 * Pointers of one type and id stand at known distances (pkt_off) from one anchor, which is the
 * packet's start plus something that the id names. range is the number of bytes after the anchor
 * that are known to exist: "anchor + range <= end".
 */
#include "verifier/checks.h"

#include <errno.h>

#define MAX_PACKET_OFF 0xffff

int check_packet(struct verifier_env *env, int regno, s32 off, u32 size, bool zero_ok)
{
	const struct reg_state *reg = cur_reg(env, regno);
	s64 at = (s64)reg->pkt_off + off;

	/* The anchor itself must not lie before the packet. */
	if (scalar_smin(&reg->val) < reg->pkt_off)
		return reject(env, R_MIN_NEGATIVE, -EACCES,
			      "R%d min value is negative, either use unsigned index or do a if (index >=0) check.",
			      regno);
	if (at >= 0 && (size || zero_ok) && at + size <= reg->range)
		return 0;
	reject(env, R_PACKET_BOUNDS, -EACCES,
	       "invalid access to packet, off=%d size=%d, R%d(id=%d,off=%d,r=%d)", (int)at, size,
	       regno, reg->id, (int)at, reg->range);
	log_printf(env, VLOG_MASK, "R%d offset is outside of the packet\n", regno);
	return -EACCES;
}

int pkt_access(struct verifier_env *env, const struct mem_access *acc)
{
	int err;

	if (acc->write && !env->type->pkt_write)
		return reject(env, R_PACKET_WRITE, -EACCES, "cannot write into packet");
	err = check_packet(env, acc->regno, acc->off, acc->size, false);
	if (!err && !acc->write && acc->value_regno >= 0)
		mark_reg_unknown(env, acc->value_regno);
	return err;
}

/* What is behind @ptr is known to exist up to @ptr, and one byte more when @below is set: then
 * @ptr < end, not only @ptr <= end. */
static void learn_range(struct verifier_state *state, const struct reg_state *ptr, bool below)
{
	struct reg_iter it;
	struct reg_state *reg;
	s64 range = (s64)ptr->pkt_off + below;
	u32 type = ptr->type, id = ptr->id;

	if (range <= 0)
		return;
	/*
	 * An offset that may be larger than any packet may have wrapped: then "ptr <= end" holds for
	 * a pointer below the packet. Likewise a negative one: the anchor is no place in the packet.
	 */
	if (scalar_umax(&ptr->val) > MAX_PACKET_OFF || range > MAX_PACKET_OFF)
		return;
	for_each_reg(&it, state, reg) {
		if (reg->type == type && reg->id == id && reg->range < range)
			reg->range = range;
	}
}

static bool is_packet_start(const struct reg_state *reg)
{
	return reg->type == PTR_TO_PACKET && !reg->id && scalar_is_const(&reg->val) &&
	       !reg->val.bits.value;
}

/* May @end serve as the end of what @ptr points into? */
static bool is_end_of(const struct reg_state *ptr, const struct reg_state *end)
{
	return (ptr->type == PTR_TO_PACKET && end->type == PTR_TO_PACKET_END) ||
	       (ptr->type == PTR_TO_PACKET_META && is_packet_start(end));
}

/* "a OP b" as "b OP' a". */
static u8 swap_sides(u8 op)
{
	switch (op) {
	case OP_JGT:
		return OP_JLT;
	case OP_JLT:
		return OP_JGT;
	case OP_JGE:
		return OP_JLE;
	default:
		return OP_JGE;
	}
}

/* Puts the packet pointer on the left. False when it is no such comparison. */
static bool normalise(struct reg_state *ptr, struct reg_state *end, u8 *op)
{
	struct reg_state tmp = *ptr;

	if (*op != OP_JGT && *op != OP_JLT && *op != OP_JGE && *op != OP_JLE)
		return false;
	if (is_end_of(ptr, end))
		return true;
	*ptr = *end;
	*end = tmp;
	*op = swap_sides(*op);
	return is_end_of(ptr, end);
}

bool pkt_learn(struct verifier_env *env, const struct pkt_compare *c, struct verifier_state *taken,
	       struct verifier_state *fall)
{
	/* The two states are about to change, and these may live in one of them. */
	struct reg_state ptr = *c->dst, end = *c->src;
	/* "ptr > end" and "ptr >= end" say on the way where they do not hold that bytes exist. */
	struct verifier_state *below, *beyond;
	bool strict;
	u8 op = c->op;
	int regno;

	if (!normalise(&ptr, &end, &op))
		return false;
	regno = is_end_of(c->dst, c->src) ? c->dst_regno : c->src_regno;
	below = op == OP_JGT || op == OP_JGE ? fall : taken;
	beyond = below == fall ? taken : fall;
	strict = op == OP_JGE || op == OP_JLT; /* below: ptr < end */
	learn_range(below, &ptr, strict);
	if (ptr.type == PTR_TO_PACKET)
		frame_mut(env, beyond, beyond->curframe)->regs[regno].range = strict ? AT_PKT_END : BEYOND_PKT_END;
	return true;
}

int pkt_branch_taken(const struct pkt_compare *c)
{
	struct reg_state ptr = *c->dst, end = *c->src;
	u8 op = c->op;

	if (!normalise(&ptr, &end, &op) || ptr.type != PTR_TO_PACKET || ptr.range >= 0)
		return -1;
	if (op == OP_JLT || op == OP_JGE)
		return op == OP_JGE;
	return ptr.range == BEYOND_PKT_END ? op == OP_JGT : -1;
}

/* The helper may have moved or freed the packet. */
void pkt_forget(struct verifier_env *env, struct verifier_state *state)
{
	struct reg_iter it;
	struct reg_state *reg;

	for_each_reg(&it, state, reg) {
		u32 base = reg_base_type(reg);

		if (base == PTR_TO_PACKET || base == PTR_TO_PACKET_META ||
		    base == PTR_TO_PACKET_END)
			reg_invalidate(env, reg);
	}
}
