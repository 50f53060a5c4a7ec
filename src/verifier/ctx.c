/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctx.c - accesses to the context. What a program type may read and write is the rows of its
 * prog_type_row; a row names one offset and size, so a narrow access has a row of its own.
 */
#include "verifier/checks.h"

#include <errno.h>

#define SYSCALL_CTX_MAX 65535

static const struct ctx_row *find_row(const struct prog_type_row *type, s64 off, u32 size, u8 need)
{
	for (u32 i = 0; i < type->row_cnt; i++) {
		const struct ctx_row *row = &type->rows[i];

		if (row->off == off && row->size == size && (row->access & need) == need)
			return row;
	}
	return NULL;
}

static int reject_ctx(struct verifier_env *env, s64 off, u32 size)
{
	return reject(env, R_CTX_ACCESS, -EACCES, "invalid bpf_context access off=%d size=%d",
		      (int)off, size);
}

static void load_row(struct verifier_env *env, int regno, const struct ctx_row *row)
{
	struct reg_state *reg;

	mark_reg_unknown(env, regno);
	if (row->val == CTX_SCALAR)
		return;
	reg = cur_reg_mut(env, regno);
	reg->val = scalar_const(0);
	reg->type = row->val == CTX_PACKET	? PTR_TO_PACKET :
		    row->val == CTX_PACKET_META ? PTR_TO_PACKET_META :
						  PTR_TO_PACKET_END;
}

static void note_end(struct verifier_env *env, u64 end)
{
	if (end > env->res->max_ctx_off && !env->cur->speculative)
		env->res->max_ctx_off = end;
}

static int row_access(struct verifier_env *env, const struct mem_access *acc)
{
	u8 need = !acc->write ? CTX_READ : acc->is_imm ? CTX_WRITE_IMM : CTX_WRITE;
	const struct ctx_row *row;
	s64 off;
	int err;

	/* Where accesses are rewritten the offset must be known from the insn alone. */
	err = check_unmodified(env, acc->regno, !env->type->convs);
	if (err)
		return err;
	off = scalar_smin(&cur_reg(env, acc->regno)->val) + acc->off;
	row = find_row(env->type, off, acc->size, need);
	if (!row)
		return reject_ctx(env, off, acc->size);
	if (row->val == CTX_NOT_MODELLED)
		return not_modelled(env, "context field %s of %s", row->field,
				    env->type->ctx_struct);
	/* Half a pointer with a copied sign is no pointer. */
	if (row->val != CTX_SCALAR && (acc->sign || acc->write))
		return reject_ctx(env, off, acc->size);
	note_end(env, off + acc->size);
	if (!acc->write && acc->value_regno >= 0)
		load_row(env, acc->value_regno, row);
	return 0;
}

/* V-18: plain memory, at any bounded offset. How much of it there is is known when the program is
 * run: whoever runs it must give at least vresult.max_ctx_off bytes. */
static int mem_ctx_access(struct verifier_env *env, const struct mem_access *acc)
{
	int err = check_region(env, acc->regno, acc->off, acc->size, SYSCALL_CTX_MAX, false);

	if (err)
		return err;
	note_end(env, scalar_umax(&cur_reg(env, acc->regno)->val) + acc->off + acc->size);
	if (!acc->write && acc->value_regno >= 0)
		mark_reg_unknown(env, acc->value_regno);
	return 0;
}

int ctx_access(struct verifier_env *env, const struct mem_access *acc)
{
	return env->type->ctx_is_mem ? mem_ctx_access(env, acc) : row_access(env, acc);
}
