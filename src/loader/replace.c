/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replace.c - calls of a helper made calls of a function of the object. It is done before functions are linked, by
 * adding the relocation that a compiler would have written for such a call: what is loaded, verified and run is an
 * ordinary program. A replacement's own calls stay, so that it can lean on the helper it stands for.
 */
#include "loader/internal.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <skep/skep.h>

/* What no function in their place could do. */
static const struct {
	u32 helper;
	const char *why;
} refused[] = {
	{ BPF_FUNC_for_each_map_elem, "what it calls back would never run" },
	{ BPF_FUNC_timer_set_callback, "what it calls back would never run" },
	{ BPF_FUNC_find_vma, "what it calls back would never run" },
	{ BPF_FUNC_loop, "what it calls back would never run" },
	{ BPF_FUNC_user_ringbuf_drain, "what it calls back would never run" },
	{ BPF_FUNC_spin_lock, "nothing would be locked" },
	{ BPF_FUNC_spin_unlock, "nothing would be locked" },
};

struct pair {
	u32 helper;
	struct bpf_program *func;
	u32 calls;
};

static int fail(int err, const char *helper, const char *why)
{
	pr_warn("%s cannot be replaced: %s\n", helper, why);
	return err;
}

static int pair_of(struct bpf_object *obj, const struct skep_replacement *r, struct pair *ret)
{
	int id = r->helper ? skep_helper_id(r->helper) : -ENOENT;

	*ret = (struct pair){ 0 };
	if (id <= 0)
		return fail(-ENOENT, r->helper ? r->helper : "NULL", "there is no helper of this name (kernel functions are not modelled)");
	for (u32 i = 0; i < ARRAY_SIZE(refused); i++) {
		if (refused[i].helper == (u32)id)
			return fail(-EOPNOTSUPP, r->helper, refused[i].why);
	}
	for (u32 i = 0; r->func && i < obj->prog_cnt; i++) {
		if (!strcmp(obj->progs[i].name, r->func))
			ret->func = &obj->progs[i];
	}
	if (!ret->func)
		return fail(-ENOENT, r->helper, "the object has no function of the name given; is it static, and nobody uses it?");
	if (!ret->func->is_subprog)
		return fail(-EINVAL, r->helper, "what shall be called instead is a program, not a function");
	ret->helper = (u32)id;
	return 0;
}

static bool is_replacement(const struct bpf_program *func, const struct pair *pairs, u32 cnt)
{
	for (u32 i = 0; i < cnt; i++) {
		if (pairs[i].func == func)
			return true;
	}
	return false;
}

static int by_insn(const void *a, const void *b)
{
	const struct relo *x = a, *y = b;

	return (x->insn_idx > y->insn_idx) - (x->insn_idx < y->insn_idx);
}

/* Relocations stay sorted when all have been added. */
static int redirect(struct bpf_program *prog, u32 insn_idx, struct pair *pair)
{
	struct relo relo = { .kind = RELO_CALL, .insn_idx = insn_idx, .sec = pair->func->sec_idx, .target = pair->func->sec_off };

	if (!vec_push(&prog->relos, relo))
		return -ENOMEM;
	prog->orig[insn_idx].src_reg = BPF_PSEUDO_CALL;
	prog->orig[insn_idx].imm = -1;
	pair->calls++;
	return 0;
}

static int redirect_all(struct bpf_program *prog, struct pair *pairs, u32 cnt)
{
	int err = 0;

	for (u32 i = 0; !err && i < prog->sec_cnt; i++) {
		const struct bpf_insn *insn = &prog->orig[i];

		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW)) {
			i++;
			continue;
		}
		if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg)
			continue;
		for (u32 k = 0; k < cnt; k++) {
			if (insn->imm == (s32)pairs[k].helper) {
				err = redirect(prog, i, &pairs[k]);
				break;
			}
		}
	}
	if (prog->relos.cnt)
		qsort(prog->relos.at, prog->relos.cnt, sizeof(*prog->relos.at), by_insn);
	return err;
}

int skep_replace_helpers(struct bpf_object *obj, const struct skep_replacement *list, uint32_t cnt)
{
	struct pair *pairs;
	int err = 0;

	if (!obj || (cnt && !list))
		return -EINVAL;
	if (obj->loaded)
		return -EBUSY;
	pairs = calloc((size_t)cnt + 1, sizeof(*pairs));
	if (!pairs)
		return -ENOMEM;
	for (u32 i = 0; !err && i < cnt; i++)
		err = pair_of(obj, &list[i], &pairs[i]);
	for (u32 i = 0; !err && i < obj->prog_cnt; i++) {
		if (!is_replacement(&obj->progs[i], pairs, cnt))
			err = redirect_all(&obj->progs[i], pairs, cnt);
	}
	for (u32 i = 0; !err && i < cnt; i++) {
		if (!pairs[i].calls)
			err = fail(-ENOENT, list[i].helper, "nothing in the object calls it");
	}
	free(pairs);
	return err;
}
