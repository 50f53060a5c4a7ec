/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * freplace.c - extensions take the place of functions. The first one makes a second copy of the
 * target's code in which every function is entered through a pointer, and runs go there from then on;
 * a program that nobody extends pays nothing. Attaching and detaching store one pointer each, which a
 * call reads once; what it led to lives until the read sides that may have seen it are over.
 */
#include "runtime/instance.h"

#include <stdlib.h>

struct ext_link {
	struct skep_link link; /* first */
	struct skep_prog *target;
	u32 func, btf_id, attach_type; /* func: number in the target's rewritten program */
	u64 cookie;
};

struct ext_target skep_ext_target(const struct skep_prog *target)
{
	return (struct ext_target){
		.type = target->run_type, .attach_type = target->attach_type, .btf = target->btf,
		.is_ext = target->type == BPF_PROG_TYPE_EXT, .jited = target->jit, .xlated = target->res.xlated,
	};
}

static int find_func(const struct skep_prog *target, u32 btf_id, u32 *ret_func)
{
	const struct xlated_prog *x = target->res.xlated;

	for (u32 i = 0; i < x->subprog_cnt; i++) {
		if (x->subprogs[i].btf_func_id == btf_id) {
			*ret_func = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* With the target's ext_lock. */
static int make_replaceable(struct skep_prog *target)
{
	if (!target->exts) {
		target->exts = calloc(target->res.xlated->subprog_cnt, sizeof(*target->exts));
		if (!target->exts)
			return -ENOMEM;
	}
	return target->replaceable ? 0 : prog_link_replaceable(target);
}

/* With the target's ext_lock. */
static int put_in_place(struct ext_link *link)
{
	struct skep_prog *target = link->target;
	int err;

	/* Who jumps to a member of a program array may be jumped to by an extension of it: for ever. */
	if (target->in_maps.member_cnt)
		return -EBUSY;
	err = make_replaceable(target);
	if (err)
		return err;
	if (target->exts[link->func])
		return -EBUSY;
	target->exts[link->func] = link->link.prog;
	__atomic_store_n(&target->replaceable->targets[link->func], (u64)(uintptr_t)link->link.prog->jit->entry,
			 __ATOMIC_RELEASE);
	target->in_maps.ext_cnt++;
	rcu_store(target->code, target->replaceable);
	return 0;
}

static void take_out(struct ext_link *link)
{
	struct skep_prog *target = link->target;

	pthread_mutex_lock(&target->in_maps.ext_lock);
	__atomic_store_n(&target->replaceable->targets[link->func], target->replaceable->bodies[link->func],
			 __ATOMIC_RELEASE);
	target->exts[link->func] = NULL;
	if (!--target->in_maps.ext_cnt)
		rcu_store(target->code, target->jit);
	pthread_mutex_unlock(&target->in_maps.ext_lock);
}

static void ext_release(struct skep_link *l)
{
	struct ext_link *link = container_of(l, struct ext_link, link);

	take_out(link);
	skep_prog_put(link->target);
	skep_prog_put(link->link.prog);
	free(link);
}

static void ext_info(const struct skep_link *l, struct bpf_link_info *info)
{
	const struct ext_link *link = container_of(l, struct ext_link, link);

	info->tracing.attach_type = link->attach_type;
	info->tracing.target_obj_id = link->target->id;
	info->tracing.target_btf_id = link->btf_id;
	info->tracing.cookie = link->cookie;
}

static const struct skep_link_ops ext_ops = { .release = ext_release, .info = ext_info };

static int check_other_target(struct skep_prog *prog, struct skep_prog *target, u32 btf_id)
{
	struct ext_target tgt = skep_ext_target(target);
	struct env env = { .skep = prog->skep };
	struct vhost host = env_host(&env);

	if (tgt.type != prog->run_type || tgt.attach_type != prog->attach_type)
		return -EINVAL;
	return verifier_check_ext(&host, prog->btf, prog->res.xlated, &tgt, btf_id);
}

/* Where to, with a reference: the place named at load serves once. */
static int pick_target(struct skep_prog *prog, struct skep_prog *target, u32 btf_id, struct ext_link *link)
{
	int err;

	if (!target && !prog->dst_prog)
		return -EINVAL;
	if (!target || (target == prog->dst_prog && btf_id == prog->dst_btf_id)) {
		target = prog->dst_prog;
		btf_id = prog->dst_btf_id;
	} else {
		err = check_other_target(prog, target, btf_id);
		if (err)
			return err;
	}
	link->btf_id = btf_id;
	err = find_func(target, btf_id, &link->func);
	if (err)
		return err;
	skep_prog_get(target);
	link->target = target;
	return 0;
}

static int attach(struct ext_link *link, struct skep_prog *prog, struct skep_prog *target, u32 btf_id)
{
	int err = pick_target(prog, target, btf_id, link);

	if (err)
		return err;
	err = skep_link_init(&link->link, prog->skep, &ext_ops, BPF_LINK_TYPE_TRACING, prog);
	if (err)
		goto put_target;
	pthread_mutex_lock(&link->target->in_maps.ext_lock);
	err = put_in_place(link);
	pthread_mutex_unlock(&link->target->in_maps.ext_lock);
	if (!err)
		return 0;
	idtab_del(&prog->skep->ids[OBJ_LINK], link->link.id);
put_target:
	skep_prog_put(link->target);
	return err;
}

int skep_ext_attach(struct skep_prog *prog, struct skep_prog *target, u32 btf_id, u32 attach_type, u64 cookie,
		    struct skep_link **ret_link)
{
	struct ext_link *link = calloc(1, sizeof(*link));
	struct skep_prog *first = NULL;
	int err;

	if (!link)
		return -ENOMEM;
	link->attach_type = attach_type;
	link->cookie = cookie;
	pthread_mutex_lock(&prog->dst_lock);
	err = attach(link, prog, target, btf_id);
	if (!err) {
		first = prog->dst_prog;
		prog->dst_prog = NULL;
	}
	pthread_mutex_unlock(&prog->dst_lock);
	skep_prog_put(first);
	if (err) {
		free(link);
		return err;
	}
	skep_prog_get(prog);
	*ret_link = &link->link;
	return 0;
}
