/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctx.c - accesses to structures that programs see through a view: the context, sockets. What may be
 * read and written is the rows of the view; a row names one offset and size, so a narrow access has
 * a row of its own.
 */
#include "verifier/checks.h"

#include <errno.h>

#define SYSCALL_CTX_MAX 65535

u8 view_of_pointer(u32 base_type)
{
	switch (base_type) {
	case PTR_TO_CTX:
		return VIEW_CTX + 1;
	case PTR_TO_SOCK_COMMON:
		return VIEW_SOCK_COMMON + 1;
	case PTR_TO_SOCKET:
		return VIEW_SOCK + 1;
	case PTR_TO_TCP_SOCK:
		return VIEW_TCP_SOCK + 1;
	case PTR_TO_XDP_SOCK:
		return VIEW_XDP_SOCK + 1;
	default:
		return 0;
	}
}

const struct ctx_view *find_view(const struct verifier_env *env, enum view_kind kind)
{
	if (kind == VIEW_CTX)
		return &env->type->ctx;
	return env->host->view ? env->host->view(env->host->ctx, kind) : NULL;
}

static bool may_access(const struct verifier_env *env, const struct ctx_row *row, u8 need)
{
	u8 only_bpf = need == CTX_READ ? CTX_READ_BPF : CTX_WRITE_BPF;

	return (row->access & need) && (!(row->access & only_bpf) || (env->host->caps & VCAP_BPF));
}

static const struct ctx_row *find_row(const struct verifier_env *env, const struct ctx_view *view, s64 off,
				      u32 size, u8 need)
{
	for (u32 i = 0; i < view->row_cnt; i++) {
		const struct ctx_row *row = &view->rows[i];

		if (row->off == off && row->size == size && may_access(env, row, need))
			return row;
	}
	return NULL;
}

static bool in_range(const struct ctx_range *range, s64 off, u32 size, u8 need)
{
	return off >= range->from && off + size <= range->to && (range->sizes & size) &&
	       !(off % size) && (range->access & need) == need;
}

/* What a read of the bytes gives (enum ctx_val), *ret_field their name; -1: there is no such access. */
static int find_field(const struct verifier_env *env, const struct ctx_view *view, s64 off, u32 size, u8 need,
		      const char **ret_field)
{
	const struct ctx_row *row = find_row(env, view, off, size, need);

	*ret_field = row ? row->field : "";
	if (row)
		return row->val;
	for (u32 i = 0; i < view->range_cnt; i++) {
		if (in_range(&view->ranges[i], off, size, need))
			return view->ranges[i].val;
	}
	return -1;
}

static int reject_ctx(struct verifier_env *env, s64 off, u32 size)
{
	return reject(env, R_CTX_ACCESS, -EACCES, "invalid bpf_context access off=%d size=%d",
		      (int)off, size);
}

static void load_field(struct verifier_env *env, int regno, u8 val)
{
	static const u32 types[] = {
		[CTX_PACKET] = PTR_TO_PACKET,
		[CTX_PACKET_META] = PTR_TO_PACKET_META,
		[CTX_PACKET_END] = PTR_TO_PACKET_END,
		[CTX_SOCK_COMMON_OR_NULL] = PTR_TO_SOCK_COMMON | PTR_MAYBE_NULL,
		[CTX_SOCK] = PTR_TO_SOCKET,
		[CTX_SOCK_OR_NULL] = PTR_TO_SOCKET | PTR_MAYBE_NULL,
		[CTX_FLOW_KEYS] = PTR_TO_FLOW_KEYS,
		[CTX_TP_BUFFER] = PTR_TO_TP_BUFFER,
	};
	struct reg_state *reg;

	mark_reg_unknown(env, regno);
	if (val == CTX_SCALAR)
		return;
	reg = cur_reg_mut(env, regno);
	*reg = reg_pointer(types[val]);
	if (reg->type & PTR_MAYBE_NULL)
		reg->id = ++env->id_gen;
}

static void note_end(const struct verifier_env *env, u32 *end, u64 at)
{
	if (at > *end && !env->cur->speculative)
		*end = at;
}

static int view_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct ctx_view *view = &env->type->ctx;
	u8 need = !acc->write ? CTX_READ : acc->is_imm ? CTX_WRITE_IMM : CTX_WRITE;
	const char *field;
	int err, val;
	s64 off;

	/* Where accesses are rewritten the offset must be known from the insn alone. */
	err = check_unmodified(env, acc->regno, !view->convs);
	if (err)
		return err;
	off = scalar_smin(&cur_reg(env, acc->regno)->val) + acc->off;
	val = find_field(env, view, off, acc->size, need, &field);
	if (val < 0)
		return reject_ctx(env, off, acc->size);
	if (val == CTX_NOT_MODELLED && field[0])
		return not_modelled(env, "context field %s of %s", field, view->name);
	if (val == CTX_NOT_MODELLED)
		return not_modelled(env, "context field at offset %d of %s", (int)off, view->name);
	/* Half a pointer with a copied sign is no pointer. */
	if (val != CTX_SCALAR && (acc->sign || acc->write))
		return reject_ctx(env, off, acc->size);
	note_end(env, &env->res->max_ctx_off, off + acc->size);
	if (!acc->write && acc->value_regno >= 0)
		load_field(env, acc->value_regno, val);
	return 0;
}

/* V-18: plain memory, at any bounded offset. How much of it there is is known when the program is
 * run: whoever runs it must give at least vresult.max_ctx_off bytes. */
static int mem_ctx_access(struct verifier_env *env, const struct mem_access *acc)
{
	int err = check_region(env, acc->regno, acc->off, acc->size, SYSCALL_CTX_MAX, false);

	if (err)
		return err;
	note_end(env, &env->res->max_ctx_off,
		 scalar_umax(&cur_reg(env, acc->regno)->val) + acc->off + acc->size);
	if (!acc->write && acc->value_regno >= 0)
		mark_reg_unknown(env, acc->value_regno);
	return 0;
}

int ctx_access(struct verifier_env *env, const struct mem_access *acc)
{
	return env->type->ctx_is_mem ? mem_ctx_access(env, acc) : view_access(env, acc);
}

/* Sockets are read-only, and all of their fields numbers. Nothing is added to pointers to them. */
int sock_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct reg_state *reg = cur_reg(env, acc->regno);
	const struct ctx_view *view = find_view(env, view_of_pointer(reg_base_type(reg)) - 1);
	const char *field;

	if (acc->write)
		return reject(env, R_MEM_READ_ONLY, -EACCES, "R%d cannot write into %s", acc->regno,
			      reg_type_str(reg->type));
	if (!view)
		return not_modelled(env, "reading through %s", reg_type_str(reg->type));
	if (!scalar_is_const(&reg->val) || reg->val.bits.value)
		return verifier_bug(env, "a socket pointer with an offset");
	if (find_field(env, view, acc->off, acc->size, CTX_READ, &field) != CTX_SCALAR)
		return reject(env, R_SOCK_ACCESS, -EACCES, "R%d invalid %s access off=%d size=%d",
			      acc->regno, reg_type_str(reg->type), acc->off, acc->size);
	if (acc->value_regno >= 0)
		mark_reg_unknown(env, acc->value_regno);
	return 0;
}

int flow_keys_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct reg_state *reg = cur_reg(env, acc->regno);
	s64 off = scalar_smin(&reg->val) + acc->off;
	char buf[64];

	if (!scalar_is_const(&reg->val))
		return reject(env, R_MODIFIED_PTR, -EACCES,
			      "R%d invalid variable offset to flow keys: off=%d, var_off=%s",
			      acc->regno, acc->off, tnum_str(buf, sizeof(buf), reg->val.bits));
	if (off < 0 || off + acc->size > (s64)sizeof(struct bpf_flow_keys))
		return reject(env, R_MEM_BOUNDS, -EACCES, "invalid access to flow keys off=%d size=%d",
			      (int)off, acc->size);
	if (!acc->write && acc->value_regno >= 0)
		mark_reg_unknown(env, acc->value_regno);
	return 0;
}

/* How long the buffer is is known when the program is attached or run: vresult.max_tp_off. */
int tp_buffer_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct reg_state *reg = cur_reg(env, acc->regno);
	s64 off = scalar_smin(&reg->val) + acc->off;
	char buf[64];

	if (!scalar_is_const(&reg->val))
		return reject(env, R_MODIFIED_PTR, -EACCES,
			      "R%d invalid variable buffer offset: off=%d, var_off=%s", acc->regno,
			      acc->off, tnum_str(buf, sizeof(buf), reg->val.bits));
	if (off < 0)
		return reject(env, R_MEM_BOUNDS, -EACCES,
			      "R%d invalid negative tracepoint buffer offset: off=%d, var_off=%lld",
			      acc->regno, acc->off, (long long)scalar_smin(&reg->val));
	if (off > UINT16_MAX)
		return not_modelled(env, "tracepoint buffers beyond 64 KiB");
	note_end(env, &env->res->max_tp_off, off + acc->size);
	if (!acc->write && acc->value_regno >= 0)
		mark_reg_unknown(env, acc->value_regno);
	return 0;
}
