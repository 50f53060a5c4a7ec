/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * global.c - subprograms with global linkage. Each is verified once, alone, for any arguments that
 * fit its BTF signature; a caller is checked against the signature and follows no path into it.
 */
#include "verifier/checks.h"

#include <errno.h>
#include <string.h>

#define MAX_REG_ARGS 5

static u32 resolve(const struct skep_btf *btf, u32 id, struct btf_t *ret_t)
{
	id = btf_skip_mods(btf, id);
	if (!btf_type_get(btf, id, ret_t))
		*ret_t = (struct btf_t){ .name = "" };
	return id;
}

static bool is_number(const struct btf_t *t)
{
	return t->kind == BTF_KIND_INT || t->kind == BTF_KIND_ENUM || t->kind == BTF_KIND_ENUM64;
}

/* ---- signatures --------------------------------------------------------------------------------- */

#define TAG_CTX	    BIT(0)
#define TAG_NONNULL BIT(1)
#define TAG_OTHER   BIT(2) /* of Linux, but not modelled */
#define TAG_BAD	    BIT(3)

static const struct {
	const char *name;
	u32 tag;
} arg_tags[] = {
	{ "ctx", TAG_CTX },	   { "nonnull", TAG_NONNULL }, { "trusted", TAG_OTHER },
	{ "nullable", TAG_OTHER }, { "untrusted", TAG_OTHER }, { "arena", TAG_OTHER },
};

/* Declaration tags "arg:NAME" on parameter @i of function @func. */
static u32 arg_tags_of(const struct skep_btf *btf, u32 func, u32 i)
{
	u32 tags = 0, cnt = btf_id_cnt(btf);
	struct btf_t t;

	for (u32 id = 1; id < cnt; id++) {
		u32 tag = TAG_BAD;

		if (!btf_type_get(btf, id, &t) || t.kind != BTF_KIND_DECL_TAG || t.type != func ||
		    btf_decl_tag_idx(&t) != (s32)i || strncmp(t.name, "arg:", 4))
			continue;
		for (u32 k = 0; k < ARRAY_SIZE(arg_tags); k++) {
			if (!strcmp(t.name + 4, arg_tags[k].name))
				tag = arg_tags[k].tag;
		}
		tags |= tag;
	}
	return tags;
}

/* The context structure by its user-visible name. Linux also takes the typedef of some types,
 * whose contexts are not modelled. */
static bool points_to_ctx(const struct verifier_env *env, const struct btf_t *pointee)
{
	return pointee->kind == BTF_KIND_STRUCT && pointee->name[0] &&
	       !strcmp(pointee->name, env->type->ctx.name);
}

static int set_pointer_arg(struct verifier_env *env, const struct skep_btf *btf, struct subprog *sub, u32 i,
			   const struct btf_t *ptr, u32 tags)
{
	struct global_arg *arg = &sub->args[i];
	struct btf_t to;
	s64 size;
	u32 id = resolve(btf, ptr->type, &to);

	if ((tags & TAG_CTX) || points_to_ctx(env, &to)) {
		if (tags & ~TAG_CTX)
			return reject(env, R_GLOBAL_SIGNATURE, -EINVAL,
				      "arg#%d has invalid combination of tags", i);
		/* With the tag Linux compares the type with the program type's own; here it must be
		 * the context's, or anything that is never looked into: void. */
		if (!points_to_ctx(env, &to) && id)
			return not_modelled(env, "context argument of type '%s'", to.name);
		arg->kind = GLOBAL_ARG_CTX;
		return 0;
	}
	if (to.kind == BTF_KIND_STRUCT && !strcmp(to.name, "bpf_dynptr"))
		return not_modelled(env, "dynptr arguments of global functions");
	size = id ? btf_type_size(btf, id) : -EINVAL;
	if (size < 0)
		return reject(env, R_GLOBAL_SIGNATURE, -EINVAL,
			      "arg#%d reference type('%s %s') size cannot be determined: %ld", i,
			      btf_kind_name(to.kind), id ? to.name : "", (long)size);
	if (size > INT32_MAX) /* V-17: offsets into it are computed as s32 */
		return reject(env, R_GLOBAL_SIGNATURE, -EINVAL, "R%d memory size %u is too large",
			      i + 1, (u32)size);
	arg->kind = GLOBAL_ARG_MEM;
	arg->mem_size = size;
	arg->nonnull = tags & TAG_NONNULL;
	return 0;
}

static int set_arg(struct verifier_env *env, const struct skep_btf *btf, struct subprog *sub, u32 i, u32 type)
{
	u32 tags = arg_tags_of(btf, sub->btf_func_id, i);
	struct btf_t t;

	resolve(btf, type, &t);
	if (tags & TAG_BAD)
		return reject(env, R_GLOBAL_SIGNATURE, -EOPNOTSUPP,
			      "arg#%d has unsupported set of tags", i);
	if (tags & TAG_OTHER)
		return not_modelled(env, "this tag on argument %u of global function %s()", i,
				    sub->name);
	if (t.kind == BTF_KIND_PTR)
		return set_pointer_arg(env, btf, sub, i, &t, tags);
	if (tags)
		return reject(env, R_GLOBAL_SIGNATURE, -EINVAL,
			      "arg#%d has pointer tag, but is not a pointer type", i);
	if (!is_number(&t))
		return reject(env, R_GLOBAL_SIGNATURE, -EINVAL,
			      "Arg#%d type %s in %s() is not supported yet.", i,
			      btf_kind_name(t.kind), sub->name);
	sub->args[i].kind = GLOBAL_ARG_SCALAR;
	return 0;
}

int global_prepare(struct verifier_env *env, u32 sub_idx)
{
	return global_signature(env, env->prog->btf, &env->subprogs[sub_idx]);
}

int global_signature(struct verifier_env *env, const struct skep_btf *btf, struct subprog *sub)
{
	struct btf_t func, proto, ret;
	struct btf_parm parm;
	int err;

	if (sub->args_known)
		return 0;
	if (!btf || !sub->btf_func_id || !btf_type_get(btf, sub->btf_func_id, &func) ||
	    !btf_type_get(btf, func.type, &proto) || proto.kind != BTF_KIND_FUNC_PROTO)
		return reject(env, R_GLOBAL_SIGNATURE, -EFAULT, "Global functions need valid BTF");
	if (proto.vlen > MAX_REG_ARGS)
		return reject(env, R_GLOBAL_SIGNATURE, -EINVAL,
			      "global function %s has %d > %d args, stack args not supported",
			      sub->name, proto.vlen, MAX_REG_ARGS);
	sub->returns_void = !resolve(btf, proto.type, &ret);
	if (!sub->returns_void && !is_number(&ret))
		return reject(env, R_GLOBAL_SIGNATURE, -EINVAL,
			      "Global function %s() return value not void or scalar. Only those are supported.",
			      sub->name);
	for (u32 i = 0; i < proto.vlen; i++) {
		if (!btf_param(btf, &proto, i, &parm))
			return verifier_bug(env, "parameter %u of %s", i, sub->name);
		err = set_arg(env, btf, sub, i, parm.type);
		if (err)
			return err;
	}
	sub->arg_cnt = proto.vlen;
	sub->args_known = true;
	return 0;
}

/* ---- the function by itself ----------------------------------------------------------------------- */

/* What r1..r5 hold on entry: anything that fits. The rest is not initialised. */
void global_set_entry(struct verifier_env *env, u32 sub_idx)
{
	const struct subprog *sub = &env->subprogs[sub_idx];

	for (u32 i = 0; i < sub->arg_cnt; i++) {
		const struct global_arg *arg = &sub->args[i];
		struct reg_state *reg;

		mark_reg_unknown(env, BPF_REG_1 + i);
		reg = cur_reg_mut(env, BPF_REG_1 + i);
		if (arg->kind == GLOBAL_ARG_CTX) {
			*reg = reg_pointer(PTR_TO_CTX);
		} else if (arg->kind == GLOBAL_ARG_MEM) {
			*reg = reg_pointer(PTR_TO_MEM | (arg->nonnull ? 0 : PTR_MAYBE_NULL));
			reg->mem_size = arg->mem_size;
			reg->id = arg->nonnull ? 0 : ++env->id_gen;
		}
	}
}

/* Callers take the result for a number. */
int global_check_exit(struct verifier_env *env, u32 sub_idx)
{
	const struct subprog *sub = &env->subprogs[sub_idx];
	const struct reg_state *r0;
	int err;

	if (sub->returns_void)
		return 0;
	err = check_reg_read(env, BPF_REG_0);
	if (!err)
		err = check_leak(env, BPF_REG_0, "as return value");
	if (err)
		return err;
	r0 = cur_reg(env, BPF_REG_0);
	if (r0->type != SCALAR_VALUE)
		return reject(env, R_GLOBAL_RETURN, -EINVAL,
			      "At subprogram exit the register R0 is not a scalar value (%s)",
			      reg_type_str(r0->type));
	return 0;
}

/* ---- a call --------------------------------------------------------------------------------------- */

/* The callee may read and write all of it; NULL is fine where it must test for NULL. */
static int check_mem_arg(struct verifier_env *env, int regno, const struct global_arg *arg,
			 u32 sub_idx)
{
	struct reg_state *reg = cur_reg_mut(env, regno);
	struct reg_state saved = *reg;
	u32 base = reg_base_type(reg);
	int err;

	if ((base == PTR_TO_PACKET || base == PTR_TO_PACKET_META) &&
	    env->subprogs[sub_idx].changes_pkt_data)
		return reject(env, R_GLOBAL_CALL, -EINVAL,
			      "R%d is a packet pointer, but func#%d may change packet data", regno,
			      sub_idx);
	if (reg_is_null(reg)) {
		if (!arg->nonnull)
			return 0;
		return reject(env, R_GLOBAL_CALL, -EINVAL, "R%d is expected to be non-NULL", regno);
	}
	/* What a pointer would point to is checked as if it was not NULL. */
	if (saved.type & PTR_MAYBE_NULL)
		reg->type &= ~PTR_MAYBE_NULL;
	err = check_helper_mem(env, regno, arg->mem_size, false, true, NULL);
	if (!err)
		err = check_helper_mem(env, regno, arg->mem_size, true, true, NULL);
	reg = cur_reg_mut(env, regno);
	*reg = saved;
	if (err)
		return err;
	if (arg->nonnull && (saved.type & PTR_MAYBE_NULL))
		return reject(env, R_GLOBAL_CALL, -EINVAL, "R%d is expected to be non-NULL", regno);
	return 0;
}

static int check_call_arg(struct verifier_env *env, u32 sub_idx, u32 i)
{
	const struct global_arg *arg = &env->subprogs[sub_idx].args[i];
	const struct reg_state *reg;
	int regno = BPF_REG_1 + i;
	int err = check_reg_read(env, regno);

	if (err)
		return err;
	reg = cur_reg(env, regno);
	switch (arg->kind) {
	case GLOBAL_ARG_SCALAR:
		if (reg->type != SCALAR_VALUE)
			return reject(env, R_GLOBAL_CALL, -EINVAL, "R%d is not a scalar", regno);
		return 0;
	case GLOBAL_ARG_CTX:
		if (reg->type == PTR_TO_CTX)
			return check_unmodified(env, regno, false);
		return reject(env, R_GLOBAL_CALL, -EINVAL, "R%d expects pointer to ctx", regno);
	default:
		return check_mem_arg(env, regno, arg, sub_idx);
	}
}

int global_check_call(struct verifier_env *env, u32 sub_idx)
{
	const struct subprog *sub = &env->subprogs[sub_idx];
	int err = global_prepare(env, sub_idx);

	if (err)
		return err;
	for (u32 i = 0; i < sub->arg_cnt && !err; i++)
		err = check_call_arg(env, sub_idx, i);
	if (err) {
		log_printf(env, VLOG_LEVEL1, "Caller passes invalid args into func#%d ('%s')\n",
			   sub_idx, sub->name);
		return err;
	}
	log_printf(env, VLOG_LEVEL1, "Func#%d ('%s') is global and assumed valid.\n", sub_idx,
		   sub->name);
	return 0;
}

void global_after_call(struct verifier_env *env, u32 sub_idx)
{
	struct subprog *sub = &env->subprogs[sub_idx];

	if (sub->changes_pkt_data)
		pkt_forget(env, env->cur);
	sub->called = true; /* so it will be verified */
	for (u32 r = BPF_REG_0; r <= BPF_REG_5; r++)
		mark_reg_not_init(env, r);
	if (!sub->returns_void)
		mark_reg_unknown(env, BPF_REG_0);
}

/* ---- addresses of functions ------------------------------------------------------------------------ */

/* A callback is followed from its caller's state, which only static functions are. Without BTF
 * nobody knows which it is. */
int check_func_pointer(struct verifier_env *env, u32 sub_idx)
{
	if (!sub_idx)
		return reject(env, R_CALLBACK, -EINVAL, "callback function cannot be the main program");
	if (!env->func_infos)
		return reject(env, R_CALLBACK, -EINVAL, "missing btf func_info");
	if (env->subprogs[sub_idx].linkage != BTF_FUNC_STATIC)
		return reject(env, R_CALLBACK, -EINVAL, "callback function not static");
	return 0;
}
