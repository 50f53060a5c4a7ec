/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fastcall.c - spills and fills around helpers that take no registers away (bpf_fastcall).
 *
 * A compiler that does not know whether the helper is such a one writes, below all other stack it uses,
 *	*(u64 *)(r10 - 24) = r2
 *	*(u64 *)(r10 - 32) = r1
 *	call helper
 *	r1 = *(u64 *)(r10 - 32)
 *	r2 = *(u64 *)(r10 - 24)
 * and where it is, all but the call goes, and with it the stack that only such patterns use. That is right
 * as long as nobody else looks at those slots, which the exploration sees, and nobody jumps in between.
 *
 * fastcall_mark() runs before the exploration, fastcall_touch() during it, fastcall_shrink() after it.
 */
#include "verifier/checks.h"

#include <errno.h>
#include <stdlib.h>

#define CALLER_SAVED_ARGS 5 /* r1 to r5 */

struct marker {
	struct verifier_env *env;
	u8 *target; /* by insn: some jump leads there */
};

/* Registers that the helper may not touch, if it keeps to its part: all that are no argument of its. */
static u32 kept_regs(const struct verifier_env *env, u32 idx, bool *ret_fast)
{
	const struct helper_proto *proto = NULL;
	u32 kept = 0;

	env->host->helper(env->host->ctx, env->type, env->prog->attach_type, env->insns[idx].imm, &proto);
	if (!proto)
		return 0;
	*ret_fast = proto->allow_fastcall;
	for (u32 i = 0; i < CALLER_SAVED_ARGS; i++) {
		if (ARG_BASE(proto->arg[i]) == ARG_DONTCARE)
			kept |= BIT(BPF_REG_1 + i);
	}
	return kept;
}

static bool is_pair(const struct bpf_insn *spill, const struct bpf_insn *fill, s32 off)
{
	return spill->code == (BPF_STX | BPF_MEM | BPF_DW) && fill->code == (BPF_LDX | BPF_MEM | BPF_DW) &&
	       spill->dst_reg == BPF_REG_10 && fill->src_reg == BPF_REG_10 && spill->src_reg == fill->dst_reg &&
	       spill->off == off && fill->off == off;
}

/* The pattern around the call at @idx, from the lowest slot @lowest up. */
static void mark_call(const struct marker *m, struct subprog *sub, u32 idx, s32 lowest)
{
	struct verifier_env *env = m->env;
	bool fast = false;
	u32 kept = kept_regs(env, idx, &fast), n = 0;
	s32 off = lowest;

	while (n < CALLER_SAVED_ARGS) {
		u32 first = idx - n - 1, last = idx + n + 1;

		if (idx < sub->start + n + 1 || last >= sub->end || !is_pair(&env->insns[first], &env->insns[last], off) ||
		    !(kept & BIT(env->insns[first].src_reg)))
			break;
		/* Who came from elsewhere has not spilled what is filled here. */
		if (m->target[first + 1] || m->target[last])
			break;
		kept &= ~BIT(env->insns[first].src_reg);
		env->notes[first].fastcall = env->notes[last].fastcall = true;
		off += 8;
		n++;
	}
	if (!n)
		return;
	sub->fastcall_top = max_of(sub->fastcall_top, off);
	if (fast)
		env->notes[idx].fastcall_spills = n;
	else
		sub->fastcall_keep = true;
}

static void mark_subprog(const struct marker *m, struct subprog *sub)
{
	const struct verifier_env *env = m->env;
	s32 lowest = 0;

	for (u32 i = sub->start; i < sub->end; i++) {
		const struct bpf_insn *insn = &env->insns[i];

		if (insn->code == (BPF_STX | BPF_MEM | BPF_DW) && insn->dst_reg == BPF_REG_10)
			lowest = min_of(lowest, (s32)insn->off);
		i += insn_is_wide(insn);
	}
	sub->fastcall_top = -MAX_BPF_STACK;
	for (u32 i = sub->start; i < sub->end; i++) {
		if (insn_decode(&env->insns[i]) == FORM_CALL_HELPER)
			mark_call(m, sub, i, lowest);
		i += insn_is_wide(&env->insns[i]);
	}
}

int fastcall_mark(struct verifier_env *env)
{
	struct marker m = { .env = env, .target = calloc((size_t)env->insn_cnt + 1, 1) };

	if (!m.target)
		return -ENOMEM;
	for (u32 i = 0; i < env->insn_cnt; i++) {
		u8 kind = insn_infos[insn_decode(&env->insns[i])].kind;

		if (kind == INSN_JA || kind == INSN_JCOND || kind == INSN_MAY_GOTO)
			m.target[insn_target(env->insns, i)] = 1;
		i += insn_is_wide(&env->insns[i]);
	}
	for (u32 i = 0; i < env->indirect.cnt; i++)
		m.target[env->indirect.targets[i]] = 1;
	for (u32 s = 0; s < env->subprog_cnt; s++)
		mark_subprog(&m, &env->subprogs[s]);
	free(m.target);
	return 0;
}

void fastcall_touch(struct verifier_env *env, struct subprog *sub, s64 off)
{
	if (off >= sub->fastcall_top || env->notes[env->insn_idx].fastcall)
		return;
	/* Somebody else's slot: nothing in this subprogram is a pattern any more. */
	sub->fastcall_top = -MAX_BPF_STACK;
	for (u32 i = sub->start; i < sub->end; i++) {
		env->notes[i].fastcall = false;
		env->notes[i].fastcall_spills = 0;
	}
}

void fastcall_shrink(struct verifier_env *env)
{
	for (u32 s = 0; s < env->subprog_cnt; s++) {
		struct subprog *sub = &env->subprogs[s];
		bool found = false;

		for (u32 i = sub->start; i < sub->end; i++) {
			u32 n = env->notes[i].fastcall_spills;

			for (u32 k = 1; k <= n; k++)
				env->notes[i - k].dropped = env->notes[i + k].dropped = true;
			found |= n;
		}
		if (found && !sub->fastcall_keep)
			sub->stack_depth = min_of(sub->stack_depth, (u32)-sub->fastcall_top);
	}
}
