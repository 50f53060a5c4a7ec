/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ref.c - what a program acquired and must give back: one node an object, with the node it was
 * derived from as parent. Releasing a node kills every register that names it or a descendant.
 */
#include "verifier/checks.h"

#include <errno.h>

int ref_acquire(struct verifier_env *env, u32 insn_idx, u32 parent, u32 *ret_id)
{
	struct ref_node node = { .id = ++env->id_gen, .parent = parent, .insn_idx = insn_idx };

	if (!vec_push(&env->cur->refs, node))
		return -ENOMEM;
	*ret_id = node.id;
	return 0;
}

static struct ref_node *find_ref(struct verifier_state *state, u32 id, u32 *ret_at)
{
	for (u32 i = 0; i < state->refs.cnt; i++) {
		if (state->refs.at[i].id == id) {
			*ret_at = i;
			return &state->refs.at[i];
		}
	}
	return NULL;
}

bool ref_is_live(struct verifier_state *state, u32 id)
{
	u32 at;

	return find_ref(state, id, &at);
}

/* Registers and spilled ones that point to the object point to nothing from now on. */
static void kill_registers(struct verifier_env *env, u32 id)
{
	struct reg_iter it;
	struct reg_state *reg;

	for_each_reg(&it, env->cur, reg) {
		if (reg->ref_id == id)
			reg_invalidate(env, reg);
	}
}

int ref_release(struct verifier_env *env, u32 id)
{
	struct verifier_state *state = env->cur;
	struct ref_node *node;
	u32 at;

	if (!find_ref(state, id, &at))
		return reject(env, R_REF_RELEASE, -EINVAL,
			      "reference id=%d has not been acquired before", id);
	for (u32 i = 0; i < state->refs.cnt; i++) {
		node = &state->refs.at[i];
		if (node->parent == id)
			return reject(env, R_REF_LEAK, -EINVAL,
				      "Leaking reference id=%d alloc_insn=%d. Release it first.",
				      node->id, node->insn_idx);
	}
	state->refs.cnt--;
	for (u32 i = at; i < state->refs.cnt; i++)
		state->refs.at[i] = state->refs.at[i + 1];
	kill_registers(env, id);
	return 0;
}

int ref_check_leak(struct verifier_env *env, const char *what)
{
	const struct verifier_state *state = env->cur;

	if (!state->refs.cnt)
		return 0;
	for (u32 i = 0; i < state->refs.cnt; i++) {
		const struct ref_node *node = &state->refs.at[i];

		if (!i)
			reject(env, R_REF_LEAK, -EINVAL, "Unreleased reference id=%d alloc_insn=%d",
			       node->id, node->insn_idx);
		else
			log_printf(env, VLOG_MASK, "Unreleased reference id=%d alloc_insn=%d\n",
				   node->id, node->insn_idx);
	}
	log_printf(env, VLOG_MASK, "%s would lead to reference leak\n", what);
	return -EINVAL;
}
