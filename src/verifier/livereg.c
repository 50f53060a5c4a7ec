/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * livereg.c - registers that some path reads before it writes them, for each insn: a backward
 * data-flow over each subprogram, repeated until nothing changes. A call of a subprogram reads
 * r1..r5, a helper's its arguments; all of them write r0..r5.
 */
#include "verifier/explore.h"

static u16 regs_read(const struct verifier_env *env, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];
	enum insn_form form = env->forms[idx];
	const struct helper_proto *proto = NULL;
	u16 args = 0;

	if (form != FORM_CALL_HELPER)
		return insn_regs_read(insn, form) & 0x7ff;
	env->host->helper(env->host->ctx, env->type, env->prog->attach_type, insn->imm, &proto);
	if (!proto)
		return 0x3e;
	for (u32 i = 0; i < 5; i++) {
		if (ARG_BASE(proto->arg[i]) != ARG_DONTCARE)
			args |= BIT(BPF_REG_1 + i);
	}
	return args;
}

static bool update(const struct verifier_env *env, u16 *live, u32 idx)
{
	enum insn_form form = env->forms[idx];
	struct succs it;
	u16 out = 0, in;
	u32 to;

	for_each_succ(&it, env, idx, to)
		out |= live[to];
	in = (out & ~insn_regs_written(&env->insns[idx], form)) | regs_read(env, idx);
	if (in == live[idx])
		return false;
	live[idx] = in;
	return true;
}

u16 *live_regs(struct verifier_env *env)
{
	u16 *live = calloc(env->insn_cnt + 1, sizeof(*live));
	u8 *second = calloc(env->insn_cnt + 1, 1);
	bool changed = live && second;

	for (u32 i = 0; second && i < env->insn_cnt; i++) {
		if (insn_is_wide(&env->insns[i]))
			second[++i] = 1;
	}
	while (changed) {
		changed = false;
		for (u32 i = env->insn_cnt; i-- > 0;) {
			if (!second[i])
				changed |= update(env, live, i);
		}
	}
	free(second);
	if (!second) {
		free(live);
		return NULL;
	}
	return live;
}
