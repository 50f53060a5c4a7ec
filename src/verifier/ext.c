/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ext.c - extensions (freplace): programs that take the place of a global function of another program.
 * Callers of that function were verified against its signature and know nothing else of it; so the
 * extension is verified as a function with that signature, under the rules of the target's type.
 */
#include "verifier/checks.h"

#include <errno.h>
#include <string.h>

#define MAX_REG_ARGS 5

/* The two functions. */
struct pair {
	const struct skep_btf *btf1, *btf2; /* the extension's, the target's */
	struct btf_t fn1, fn2, proto1, proto2;
};

#define bad(env, ...) reject(env, R_EXT, -EINVAL, __VA_ARGS__)

/* Kind, number of members and kind flag are what Linux compares. */
static bool same_info(const struct btf_t *a, const struct btf_t *b)
{
	return a->kind == b->kind && a->vlen == b->vlen && a->kflag == b->kflag;
}

static const char *type_word(const struct btf_t *t)
{
	return t->id ? btf_kind_name(t->kind) : "UNKNOWN";
}

static bool plain(const struct skep_btf *btf, u32 id, struct btf_t *ret_t)
{
	return btf_type_get(btf, btf_skip_mods(btf, id), ret_t);
}

static bool has_size(u32 kind)
{
	return kind == BTF_KIND_INT || kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION || kind == BTF_KIND_ENUM ||
	       kind == BTF_KIND_ENUM64 || kind == BTF_KIND_FLOAT || kind == BTF_KIND_DATASEC;
}

static bool is_struct(const struct btf_t *t)
{
	return t->kind == BTF_KIND_STRUCT || t->kind == BTF_KIND_UNION;
}

static int check_pointer_arg(struct verifier_env *env, const struct pair *p, u32 i, const struct btf_t *t1,
			     const struct btf_t *t2)
{
	const char *fn1 = p->fn1.name, *fn2 = p->fn2.name;
	struct btf_t s1, s2;

	if (!plain(p->btf1, t1->type, &s1) || !plain(p->btf2, t2->type, &s2))
		return verifier_bug(env, "argument %u of an extension", i);
	if (!is_struct(&s1))
		return bad(env, "arg%d in %s() is not a pointer to context", i, fn1);
	if (!is_struct(&s2))
		return bad(env, "arg%d in %s() is not a pointer to context", i, fn2);
	if (strcmp(s1.name, s2.name))
		return bad(env, "arg%d %s(struct %s *) doesn't match %s(struct %s *)", i, fn1, s1.name, fn2,
			   s2.name);
	return 0;
}

static int check_arg(struct verifier_env *env, const struct pair *p, u32 i)
{
	const char *fn1 = p->fn1.name, *fn2 = p->fn2.name;
	struct btf_parm parm1, parm2;
	struct btf_t t1, t2;

	if (!btf_param(p->btf1, &p->proto1, i, &parm1) || !btf_param(p->btf2, &p->proto2, i, &parm2) ||
	    !plain(p->btf1, parm1.type, &t1) || !plain(p->btf2, parm2.type, &t2))
		return verifier_bug(env, "argument %u of an extension", i);
	if (!same_info(&t1, &t2))
		return bad(env, "arg%d in %s() is %s while %s() has %s", i, fn1, type_word(&t1), fn2,
			   type_word(&t2));
	if (has_size(t1.kind) && t1.size != t2.size)
		return bad(env, "arg%d in %s() has size %d while %s() has %d", i, fn1, t1.size, fn2, t2.size);
	if (t1.kind == BTF_KIND_INT || t1.kind == BTF_KIND_ENUM || t1.kind == BTF_KIND_ENUM64)
		return 0;
	if (t1.kind != BTF_KIND_PTR)
		return bad(env, "arg%d in %s() has unrecognized type", i, fn1);
	return check_pointer_arg(env, p, i, &t1, &t2);
}

static int check_types(struct verifier_env *env, const struct pair *p)
{
	const char *fn1 = p->fn1.name, *fn2 = p->fn2.name;
	struct btf_t r1, r2;
	int err = 0;

	if (p->fn1.vlen != BTF_FUNC_GLOBAL)
		return bad(env, "%s() is not a global function", fn1);
	if (p->fn2.vlen != BTF_FUNC_GLOBAL)
		return bad(env, "%s() is not a global function", fn2);
	if (p->proto1.vlen != p->proto2.vlen)
		return bad(env, "%s() has %d args while %s() has %d args", fn1, p->proto1.vlen, fn2,
			   p->proto2.vlen);
	if (!plain(p->btf1, p->proto1.type, &r1) || !plain(p->btf2, p->proto2.type, &r2))
		return verifier_bug(env, "return type of an extension");
	if (!same_info(&r1, &r2))
		return bad(env, "Return type %s of %s() doesn't match type %s of %s()", type_word(&r1), fn1,
			   type_word(&r2), fn2);
	for (u32 i = 0; i < p->proto1.vlen && !err; i++)
		err = check_arg(env, p, i);
	return err;
}

/*
 * Linux compares names of structures and nothing of them. What the target's callers pass is as large
 * as the target's BTF says, and may be NULL unless that says otherwise: the extension may not count
 * on more.
 */
static int check_promises(struct verifier_env *env, const struct pair *p)
{
	struct subprog sub1 = { .name = p->fn1.name, .btf_func_id = p->fn1.id };
	struct subprog sub2 = { .name = p->fn2.name, .btf_func_id = p->fn2.id };
	int err = global_signature(env, p->btf1, &sub1);

	if (!err)
		err = global_signature(env, p->btf2, &sub2);
	for (u32 i = 0; i < sub1.arg_cnt && !err; i++) {
		const struct global_arg *a = &sub1.args[i], *b = &sub2.args[i];

		if (a->kind != b->kind)
			err = bad(env, "arg%d in %s() is not what %s() has", i, sub1.name, sub2.name);
		else if (a->mem_size > b->mem_size)
			err = bad(env, "arg%d in %s() has size %d while %s() has %d", i, sub1.name, a->mem_size,
				  sub2.name, b->mem_size);
		else if (a->nonnull && !b->nonnull)
			err = bad(env, "arg%d in %s() is never NULL while %s() may be passed NULL", i, sub1.name,
				  sub2.name);
	}
	return err;
}

/* The main function of a program of this type takes the context and nothing else; Linux does not
 * trust the BTF of others. */
static int check_main(struct verifier_env *env, const struct ext_target *tgt, u32 target_id)
{
	struct subprog sub = { .name = "", .btf_func_id = target_id };
	struct verifier_env quiet = *env;
	struct vresult why = { 0 };

	quiet.log = NULL;
	quiet.res = &why;
	if (!global_signature(&quiet, tgt->btf, &sub) && sub.arg_cnt == 1 && sub.args[0].kind == GLOBAL_ARG_CTX)
		return 0;
	return bad(env, "Cannot replace static functions");
}

static int check_target(struct verifier_env *env, const struct ext_target *tgt, u32 target_id, struct btf_t *ret_fn,
			const struct xlated_subprog **ret_sub)
{
	*ret_sub = NULL;
	if (!target_id)
		return bad(env, "Tracing programs must provide btf_id");
	if (!tgt)
		return bad(env, "Cannot replace kernel functions");
	if (!tgt->btf)
		return bad(env, "Tracing program can only be attached to another program annotated with BTF");
	if (!btf_type_get(tgt->btf, target_id, ret_fn))
		return bad(env, "attach_btf_id %u is invalid", target_id);
	for (u32 s = 0; s < tgt->xlated->subprog_cnt; s++) {
		if (tgt->xlated->subprogs[s].btf_func_id == target_id)
			*ret_sub = &tgt->xlated->subprogs[s];
	}
	if (!*ret_sub)
		return bad(env, "Subprog %s doesn't exist", ret_fn->name);
	if (*ret_sub == tgt->xlated->subprogs)
		return check_main(env, tgt, target_id);
	return (*ret_sub)->is_global ? 0 : bad(env, "Cannot replace static functions");
}

static int check_pair(struct verifier_env *env, const struct skep_btf *btf, u32 func_id, bool changes_pkt_data,
		      bool might_sleep, const struct ext_target *tgt, u32 target_id)
{
	struct pair p = { .btf1 = btf, .btf2 = tgt ? tgt->btf : NULL };
	const struct xlated_subprog *sub;
	int err = check_target(env, tgt, target_id, &p.fn2, &sub);

	if (err)
		return err;
	if (!env->host->jit)
		return bad(env, "Extension programs should be JITed");
	if (changes_pkt_data && !sub->changes_pkt_data)
		return bad(env, "Extension program changes packet data, while original does not");
	if (might_sleep && !sub->might_sleep)
		return bad(env, "Extension program may sleep, while original does not");
	if (!tgt->jited)
		return bad(env, "Can attach to only JITed progs");
	if (tgt->is_ext)
		return bad(env, "Cannot recursively attach");
	if (!btf || !func_id)
		return bad(env, "Program extension requires BTF");
	if (!btf_type_get(btf, func_id, &p.fn1) || !btf_type_get(btf, p.fn1.type, &p.proto1) ||
	    !btf_type_get(tgt->btf, p.fn2.type, &p.proto2))
		return verifier_bug(env, "types of an extension");
	err = check_types(env, &p);
	if (!err && p.proto1.vlen > MAX_REG_ARGS)
		err = bad(env, "freplace programs with >%d args not supported yet", MAX_REG_ARGS);
	return err ? err : check_promises(env, &p);
}

int ext_check_target(struct verifier_env *env)
{
	const struct vprog *prog = env->prog;
	const struct subprog *main = env->subprogs;

	if (!is_extension(env))
		return 0;
	if (!prog->ext)
		return check_pair(env, NULL, 0, false, false, NULL, prog->attach_btf_id);
	return check_pair(env, prog->btf, main->btf_func_id, main->changes_pkt_data, main->might_sleep, prog->ext,
			  prog->attach_btf_id);
}

int ext_prepare(struct verifier_env *env)
{
	return is_extension(env) ? global_prepare(env, 0) : 0;
}

int verifier_check_ext(const struct vhost *host, const struct skep_btf *btf, const struct xlated_prog *xlated,
		       const struct ext_target *target, u32 target_btf_id)
{
	const struct xlated_subprog *main = &xlated->subprogs[0];
	struct vprog prog = { .type = BPF_PROG_TYPE_EXT, .btf = btf, .ext = target };
	struct vresult res = { 0 };
	struct verifier_env env = { .prog = &prog, .host = host, .res = &res };

	env.type = host->prog_type(host->ctx, target->type, target->attach_type);
	return check_pair(&env, btf, main->btf_func_id, main->changes_pkt_data, main->might_sleep, target,
			  target_btf_id);
}
