/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.c - each program with the subprograms that it needs: its own insns come first, then every
 * function that is reached from what is there already, once each, in the order in which a walk meets
 * it first that goes into a callee before it goes on (the order that libbpf has, so that insn numbers
 * in logs agree). Calls and function addresses get their distances, records of functions and lines
 * their new insn numbers. Before: relocations collected, CO-RE applied.
 */
#include "loader/internal.h"

#include <errno.h>
#include <string.h>

#define INSNS_MAX 1000000 /* the verifier takes no more */

/* ---- records -------------------------------------------------------------------------------------- */

static struct rec_range *range_of(struct bpf_program *p, bool lines)
{
	return lines ? &p->line_recs : &p->func_recs;
}

/* Records stand by section and ascend, so those of a function are neighbours. */
static int assign_records(struct bpf_object *obj, const struct btf_ext_info *info, bool lines)
{
	const char *sec = NULL;
	u32 sec_idx = 0;

	for (u32 i = 0; i < info->rec_cnt; i++) {
		const struct btf_ext_rec *rec = &info->recs[i];
		struct bpf_program *p;
		struct rec_range *range;

		if (rec->sec != sec)
			sec_idx = elf_find_section(obj, rec->sec);
		sec = rec->sec;
		p = sec_idx && rec->insn_off % sizeof(struct bpf_insn) == 0 ?
			    prog_at(obj, sec_idx, rec->insn_off / sizeof(struct bpf_insn)) : NULL;
		if (!p)
			continue; /* of code that was thrown away */
		range = range_of(p, lines);
		if (!range->cnt)
			range->first = i;
		if (range->first + range->cnt != i) {
			pr_warn("BTF: %s: section .BTF.ext: %s of section %s at offset %u: out of order\n", obj->path,
				lines ? "line_info" : "func_info", rec->sec, rec->insn_off);
			return -EINVAL;
		}
		range->cnt++;
	}
	return 0;
}

int links_collect(struct bpf_object *obj)
{
	int err;

	if (!obj->ext)
		return 0;
	err = assign_records(obj, &obj->ext->func, false);
	return err ? err : assign_records(obj, &obj->ext->line, true);
}

/* ---- one program ------------------------------------------------------------------------------------ */

struct visit {
	struct bpf_program *func;
	u32 next; /* insn to look at */
};

struct linker {
	struct bpf_program *main;
	u32 main_idx;
	VEC(struct visit) stack;
};

static bool is_linked(const struct linker *l, const struct bpf_program *func)
{
	return func->link_main == l->main_idx;
}

/* Appends a function's insns; its data relocations move with them. */
static int append(struct linker *l, struct bpf_program *func)
{
	struct bpf_program *main = l->main;
	size_t cnt = main->insn_cnt + func->sec_cnt;
	struct bpf_insn *insns;

	if (cnt > INSNS_MAX) {
		pr_warn("prog '%s': more than %d insns with the functions that it calls\n", main->name, INSNS_MAX);
		return -E2BIG;
	}
	insns = realloc(main->insns, cnt * sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	main->insns = insns;
	func->link_main = l->main_idx;
	func->link_off = main->insn_cnt;
	memcpy(insns + main->insn_cnt, func->orig, func->sec_cnt * sizeof(*insns));
	main->insn_cnt = cnt;
	for (size_t i = 0; i < func->relos.cnt; i++) {
		struct relo relo = func->relos.at[i];

		if (relo.kind == RELO_CALL || relo.kind == RELO_FUNC)
			continue;
		relo.insn_idx += func->link_off;
		if (!vec_push(&main->linked_relos, relo))
			return -ENOMEM;
	}
	if (!vec_push(&main->parts, ((struct link_part){ func, func->link_off })) ||
	    !vec_push(&l->stack, ((struct visit){ func, 0 })))
		return -ENOMEM;
	return 0;
}

static bool is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

/* The function that insn @i of @func calls or takes the address of, NULL when it does neither. */
static int callee_of(struct bpf_object *obj, const struct bpf_program *func, u32 i, struct bpf_program **ret_callee,
		     bool *ret_addr)
{
	const struct bpf_insn *insn = &func->orig[i];
	const struct relo *relo = relo_of(func, i);
	u32 sec = func->sec_idx;
	s64 target;

	*ret_callee = NULL;
	*ret_addr = relo && relo->kind == RELO_FUNC;
	if (!*ret_addr && !is_call(insn))
		return 0;
	if (relo && relo->kind == RELO_KFUNC)
		return 0;
	if (relo && relo->kind != RELO_FUNC && relo->kind != RELO_CALL)
		return -LIBBPF_ERRNO__INTERNAL;
	target = (s64)func->sec_off + i + insn->imm + 1;
	if (relo) {
		sec = relo->sec;
		target = relo->target;
	}
	*ret_callee = target >= 0 ? prog_at(obj, sec, target) : NULL;
	if (*ret_callee && (*ret_callee)->sec_off == target)
		return 0;
	pr_warn("prog '%s': insn %u: calls something that is not the start of a function\n", func->name, i);
	return -LIBBPF_ERRNO__RELOC;
}

/* Looks at one more insn of the function on top. */
static int visit_insn(struct linker *l)
{
	struct visit *top = &l->stack.at[l->stack.cnt - 1];
	struct bpf_program *func = top->func, *callee;
	struct bpf_insn *insn;
	u32 i = top->next;
	bool addr;
	int err;

	if (i >= func->sec_cnt) {
		l->stack.cnt--;
		return 0;
	}
	top->next += func->orig[i].code == (BPF_LD | BPF_IMM | BPF_DW) ? 2 : 1;
	err = callee_of(l->main->obj, func, i, &callee, &addr);
	if (err || !callee)
		return err;
	if (!is_linked(l, callee)) {
		err = append(l, callee);
		if (err)
			return err;
	}
	insn = &l->main->insns[func->link_off + i];
	if (addr) {
		insn->src_reg = BPF_PSEUDO_FUNC;
		insn[1].imm = 0;
	}
	insn->imm = (s32)callee->link_off - (s32)(func->link_off + i) - 1;
	return 0;
}

/* Records of all functions in the program, counted in its insns: they ascend, as the kernel wants. */
static int copy_records(const struct bpf_program *main, const struct btf_ext_info *info, bool lines, void **ret_recs,
			u32 *ret_cnt)
{
	u64 cnt = 0;
	u8 *to;

	*ret_recs = NULL;
	*ret_cnt = 0;
	/* All or nothing of func_info: the kernel wants one for each function. */
	for (size_t i = 0; i < main->parts.cnt; i++) {
		u32 have = range_of(main->parts.at[i].func, lines)->cnt;

		if (!have && !lines)
			return 0;
		cnt += have;
	}
	if (!cnt)
		return 0;
	to = malloc(cnt * info->rec_size);
	if (!to)
		return -ENOMEM;
	*ret_recs = to;
	*ret_cnt = cnt;
	for (size_t i = 0; i < main->parts.cnt; i++) {
		struct bpf_program *func = main->parts.at[i].func;
		const struct rec_range *range = range_of(func, lines);

		for (u32 k = range->first; k < range->first + range->cnt; k++, to += info->rec_size) {
			u32 insn = info->recs[k].insn_off / sizeof(struct bpf_insn) - func->sec_off + main->parts.at[i].off;

			memcpy(to, info->recs[k].rec, info->rec_size);
			memcpy(to, &insn, sizeof(insn));
		}
	}
	return 0;
}

static int link_one(struct bpf_program *main)
{
	struct bpf_object *obj = main->obj;
	struct linker l = { .main = main, .main_idx = main - obj->progs + 1 };
	int err = append(&l, main);

	while (!err && l.stack.cnt)
		err = visit_insn(&l);
	if (!err && obj->ext)
		err = copy_records(main, &obj->ext->func, false, &main->func_info, &main->func_info_cnt);
	/* Lines without functions are refused by the kernel. */
	if (!err && main->func_info)
		err = copy_records(main, &obj->ext->line, true, &main->line_info, &main->line_info_cnt);
	vec_free(&l.stack);
	return err;
}

int progs_link(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		const struct bpf_program *p = &obj->progs[i];
		int err = p->autoload && !p->is_subprog && !p->own_insns ? link_one(&obj->progs[i]) : 0;

		if (err)
			return err;
	}
	return 0;
}
