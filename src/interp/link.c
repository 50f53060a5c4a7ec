/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.c - decodes a rewritten program once, resolves its symbols, and works out how much stack
 * each entry needs. Afterwards every insn is executable and every target is an insn of the
 * program: run.c checks nothing.
 */
#include "interp/image.h"

#include "isa/cfg.h"

#include <errno.h>
#include <stdlib.h>

#define FRAME_MAX (64 * 1024)

/* Why @form cannot be executed, NULL when it can. */
static const char *form_refused(enum insn_form form, const struct insn_aux *aux)
{
	switch (insn_infos[form].kind) {
	case INSN_CAST:
		return form == FORM_MOV_PERCPU ? NULL : "not modelled: address-space casts";
	case INSN_LD_PKT:
		return "not modelled: BPF_LD_ABS and BPF_LD_IND that were not rewritten";
	case INSN_LDX:
		return aux->flags & AUX_PROBE_MEM ? "not modelled: loads that may fault" : NULL;
	}
	return form == FORM_INVALID ? "unknown opcode" : NULL;
}

const char *interp_why_not(const struct xlated_prog *prog)
{
	for (u32 i = 0; i < prog->insn_cnt; i += insn_is_wide(&prog->insns[i]) ? 2 : 1) {
		const char *why = form_refused(insn_decode(&prog->insns[i]), &prog->aux[i]);

		if (why)
			return why;
	}
	return NULL;
}

static s64 func_at(const struct xlated_prog *prog, s64 start)
{
	u32 lo = 0, hi = prog->subprog_cnt;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (prog->subprogs[mid].start < start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < prog->subprog_cnt && prog->subprogs[lo].start == start ? (s64)lo : -1;
}

struct linker {
	const struct xlated_prog *prog;
	const struct sym_resolver *resolver;
	struct interp_prog *ret;
	u64 *sym_values;
};

static int resolve_syms(struct linker *l)
{
	l->sym_values = calloc(l->prog->sym_cnt + 1, sizeof(u64));
	if (!l->sym_values)
		return -ENOMEM;
	for (u32 i = 1; i < l->prog->sym_cnt; i++) {
		const struct xlated_sym *sym = &l->prog->syms[i];
		int err;

		if (sym->kind == SYM_FUNC) {
			if (sym->idx >= l->prog->subprog_cnt)
				return -EINVAL;
			l->sym_values[i] = (uintptr_t)&l->ret->funcs[sym->idx];
			continue;
		}
		if (sym->kind == SYM_JUMP_TABLE) {
			if (sym->idx >= l->prog->table_cnt)
				return -EINVAL;
			l->sym_values[i] = (uintptr_t)l->ret->tables[sym->idx] + sym->off;
			continue;
		}
		if (!l->resolver)
			return -ENOENT;
		err = l->resolver->resolve(l->resolver->ctx, sym, &l->sym_values[i]);
		if (err)
			return err;
	}
	return 0;
}

static int link_target(struct linker *l, u32 func, u32 idx, struct interp_insn *out)
{
	const struct xlated_subprog *sub = &l->prog->subprogs[func];
	s64 target = insn_target(&l->prog->insns[0], idx);

	if (target < sub->start || target >= sub->end)
		return -EINVAL;
	out->off = target - idx;
	return 0;
}

/* R11 - 8 is the first outgoing stack argument, R11 + 8 the first incoming one. */
static int link_arg(const struct xlated_subprog *sub, bool out, s32 off, struct interp_insn *insn)
{
	s32 nr = (out ? -off : off) / 8 - 1;

	if (off % 8 || nr < 0 || nr >= INTERP_MAX_OUT_ARGS ||
	    nr >= (out ? sub->out_arg_cnt : sub->in_arg_cnt))
		return -EINVAL;
	insn->off = nr;
	return 0;
}

static int link_call(struct linker *l, u32 idx, const struct insn_info *info,
		     struct interp_insn *out)
{
	u32 sym = l->prog->aux[idx].sym;

	if (info->op == OP_SUBPROG) {
		s64 callee = func_at(l->prog, (s64)idx + 1 + l->prog->insns[idx].imm);

		if (callee < 0)
			return -EINVAL;
		out->off = callee;
		return 0;
	}
	if (!sym || !l->sym_values[sym])
		return -EINVAL;
	out->imm = l->sym_values[sym];
	if (l->prog->syms[sym].kind == SYM_TAIL_CALL) {
		out->form = FORM_TAIL_CALL;
		out->off = l->prog->syms[sym].idx == SYM_ANY_MAP ? TAIL_DISTANCE :
			   l->prog->syms[sym].off		 ? TAIL_SLOT :
								   TAIL_SLOTS;
	}
	return 0;
}

static int link_imm64(struct linker *l, u32 func, u32 idx, const struct insn_info *info,
		      struct interp_insn *out)
{
	const struct bpf_insn *insn = &l->prog->insns[idx];
	u32 sym = l->prog->aux[idx].sym;

	if (idx + 1 >= l->prog->subprogs[func].end)
		return -EINVAL;
	if (sym)
		out->imm = l->sym_values[sym];
	else if (info->op == OP_LD_IMM64)
		out->imm = (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;
	else
		return -EINVAL; /* a reference, to what? */
	return 0;
}

static int link_insn(struct linker *l, u32 func, u32 idx, const struct insn_info *info,
		     struct interp_insn *out)
{
	const struct bpf_insn *insn = &l->prog->insns[idx];
	const struct xlated_subprog *sub = &l->prog->subprogs[func];

	switch (info->kind) {
	case INSN_LD_IMM64:
		return link_imm64(l, func, idx, info, out);
	case INSN_LDX_ARG:
		return link_arg(sub, false, insn->off, out);
	case INSN_ST_ARG:
	case INSN_STX_ARG:
		return link_arg(sub, true, insn->off, out);
	case INSN_JCOND:
	case INSN_JA:
	case INSN_MAY_GOTO:
		return link_target(l, func, idx, out);
	case INSN_CALL:
		return link_call(l, idx, info, out);
	}
	return 0;
}

/* Execution leaves a subprogram by exit or a jump only, never by falling off its end. */
static bool ends_well(const struct insn_info *info)
{
	return info->kind == INSN_EXIT || info->kind == INSN_JA || info->kind == INSN_GOTOX;
}

static int link_func(struct linker *l, u32 func)
{
	const struct xlated_subprog *sub = &l->prog->subprogs[func];
	struct interp_func *ret = &l->ret->funcs[func];
	const struct insn_info *info = &insn_infos[FORM_INVALID];

	if (sub->start >= sub->end || sub->end > l->prog->insn_cnt || sub->stack_depth > FRAME_MAX ||
	    sub->out_arg_cnt > INTERP_MAX_OUT_ARGS || sub->in_arg_cnt > INTERP_MAX_OUT_ARGS)
		return -EINVAL;
	ret->prog = l->ret;
	ret->start = sub->start;
	ret->stack_size = round_up_to(sub->stack_depth, 16);
	for (u32 i = sub->start; i < sub->end; i += insn_is_wide(&l->prog->insns[i]) ? 2 : 1) {
		const struct bpf_insn *insn = &l->prog->insns[i];
		enum insn_form form = insn_decode(insn);
		struct interp_insn *out = &l->ret->insns[i];
		int err;

		if (form_refused(form, &l->prog->aux[i]))
			return -EOPNOTSUPP;
		info = &insn_infos[form];
		if (insn->dst_reg >= ISA_REG_CNT || insn->src_reg >= ISA_REG_CNT ||
		    l->prog->aux[i].sym >= max_of(l->prog->sym_cnt, 1U))
			return -EINVAL;
		*out = (struct interp_insn){ form, insn->dst_reg, insn->src_reg, insn->off,
					     (u64)(s64)insn->imm };
		err = link_insn(l, func, i, info, out);
		if (err)
			return err;
	}
	return ends_well(info) ? 0 : -EINVAL;
}

/*
 * Stack of @func and all below it. A cycle of calls has no bound: refused. The recursion here is
 * as deep as INTERP_MAX_FRAMES, not as the program is long.
 */
static int size_stacks(struct linker *l, u32 func, u32 depth)
{
	struct interp_func *f = &l->ret->funcs[func];
	const struct xlated_subprog *sub = &l->prog->subprogs[func];

	if (f->mark == 2)
		return 0;
	if (f->mark == 1 || depth > INTERP_MAX_FRAMES)
		return -EINVAL;
	f->mark = 1;
	f->need = 0;
	f->frames = 1;
	for (u32 i = sub->start; i < sub->end; i++) {
		const struct interp_insn *insn = &l->ret->insns[i];
		const struct interp_func *callee = &l->ret->funcs[insn->off];
		int err;

		if (insn->form != FORM_CALL_SUBPROG)
			continue;
		if (l->prog->subprogs[insn->off].in_arg_cnt > sub->out_arg_cnt)
			return -EINVAL;
		err = size_stacks(l, insn->off, depth + 1);
		if (err)
			return err;
		f->need = max_of(f->need, callee->need);
		f->frames = max_of(f->frames, callee->frames + 1);
	}
	f->need += f->stack_size;
	f->mark = 2;
	return f->frames > INTERP_MAX_FRAMES ? -EINVAL : 0;
}

/* What gotox goes to is an insn of the linked form. */
static int make_tables(struct linker *l)
{
	l->ret->tables = calloc(l->prog->table_cnt + 1, sizeof(*l->ret->tables));
	if (!l->ret->tables)
		return -ENOMEM;
	for (u32 t = 0; t < l->prog->table_cnt; t++) {
		const struct xlated_table *table = &l->prog->tables[t];

		l->ret->tables[t] = calloc(table->cnt, sizeof(u64));
		if (!l->ret->tables[t])
			return -ENOMEM;
		l->ret->table_cnt++;
		for (u32 i = 0; i < table->cnt; i++)
			if (table->targets[i] != INSN_GONE)
				l->ret->tables[t][i] = (uintptr_t)&l->ret->insns[table->targets[i]];
	}
	return 0;
}

static int link_all(struct linker *l)
{
	int err = make_tables(l);

	if (!err)
		err = resolve_syms(l);

	for (u32 i = 0; !err && i < l->prog->subprog_cnt; i++)
		err = link_func(l, i);
	for (u32 i = 0; !err && i < l->prog->subprog_cnt; i++)
		err = size_stacks(l, i, 1);
	free(l->sym_values);
	return err;
}

int interp_link(const struct xlated_prog *prog, const struct sym_resolver *resolver,
		struct interp_prog **ret_prog)
{
	struct linker l = { .prog = prog, .resolver = resolver };
	int err;

	if (!prog->subprog_cnt)
		return -EINVAL;
	l.ret = calloc(1, sizeof(*l.ret));
	if (!l.ret)
		return -ENOMEM;
	l.ret->insn_cnt = prog->insn_cnt;
	l.ret->func_cnt = prog->subprog_cnt;
	l.ret->insns = calloc(prog->insn_cnt, sizeof(*l.ret->insns));
	l.ret->funcs = calloc(prog->subprog_cnt, sizeof(*l.ret->funcs));
	err = l.ret->insns && l.ret->funcs ? link_all(&l) : -ENOMEM;
	if (err) {
		interp_unlink(l.ret);
		return err;
	}
	*ret_prog = l.ret;
	return 0;
}

void interp_unlink(struct interp_prog *prog)
{
	if (!prog)
		return;
	for (u32 t = 0; t < prog->table_cnt; t++)
		free(prog->tables[t]);
	free(prog->tables);
	free(prog->insns);
	free(prog->funcs);
	free(prog);
}
