/* SPDX-License-Identifier: BSD-2-Clause */
#include "checker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 200000

__printf_like(2, 3) static bool wrong(struct checker *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, args);
	va_end(args);
	return false;
}

/* ---- facts ------------------------------------------------------------------------------------ */

static bool check_facts(struct checker *c, u32 idx, const u64 regs[ISA_REG_CNT])
{
	u32 orig = c->x->aux[idx].orig_idx;

	/* Facts stand before the insn as loaded, not between the ones that it was rewritten to. */
	if (orig >= c->fact_cnt || (idx && c->x->aux[idx - 1].orig_idx == orig))
		return true;
	for (u32 r = 0; r < BPF_REG_10; r++) {
		const struct reg_fact *fact = &c->facts[orig][r];

		if (fact->kind != FACT_SCALAR)
			continue;
		c->checked++;
		c->narrow += !scalar_is_unknown(&fact->scalar);
		if (!scalar_has(&fact->scalar, regs[r]))
			return wrong(c, "before insn %u r%u is 0x%llx, outside of its fact (bits 0x%llx of mask "
				     "0x%llx, arc 0x%llx + 0x%llx, low 0x%x + 0x%x)", orig, r,
				     (unsigned long long)regs[r], (unsigned long long)fact->scalar.bits.value,
				     (unsigned long long)~fact->scalar.bits.mask,
				     (unsigned long long)fact->scalar.r64.base, (unsigned long long)fact->scalar.r64.len,
				     fact->scalar.r32.base, fact->scalar.r32.len);
	}
	return true;
}

/* ---- objects ------------------------------------------------------------------------------------- */

static const struct xlated_subprog *subprog_at(const struct xlated_prog *x, u32 idx)
{
	for (u32 i = 0; i < x->subprog_cnt; i++) {
		if (idx >= x->subprogs[i].start && idx < x->subprogs[i].end)
			return &x->subprogs[i];
	}
	return &x->subprogs[0];
}

/* Frames are told by r10: a function that was entered has a lower one, one that was left is gone. */
static void follow_frames(struct checker *c, u32 idx, u64 fp)
{
	u64 lo = fp - subprog_at(c->x, idx)->stack_depth;

	while (c->frame_cnt && c->frames[c->frame_cnt - 1].hi < fp)
		c->frame_cnt--;
	if (c->frame_cnt && c->frames[c->frame_cnt - 1].hi == fp) {
		/* One without a stack called one with: the two share r10. */
		c->frames[c->frame_cnt - 1].lo = min_of(c->frames[c->frame_cnt - 1].lo, lo);
	} else if (c->frame_cnt < ARRAY_SIZE(c->frames)) {
		memset(c->written[c->frame_cnt], 0, sizeof(c->written[0]));
		c->frames[c->frame_cnt].lo = lo;
		c->frames[c->frame_cnt++].hi = fp;
	}
}

/* Marks, or looks for what is not marked; nothing where no frame is. */
static void use_stack(struct checker *c, u64 at, u64 size, bool write)
{
	for (u32 i = 0; i < c->frame_cnt; i++) {
		const struct span *f = &c->frames[i];

		for (u64 byte = at; f->hi - byte <= 512 && byte < f->hi && byte >= f->lo && byte < at + size; byte++) {
			u64 n = f->hi - 1 - byte, bit = 1ull << (n % 64), *word = &c->written[i][n / 64];

			c->garbage |= !write && !(*word & bit);
			*word |= write ? bit : 0;
		}
	}
}

/* What helpers read of the stack: keys and values of maps. Whatever they are given they may write. */
static void pass_stack(struct checker *c, u32 helper, const u64 regs[ISA_REG_CNT])
{
	const struct skep_map *map = (const void *)(uintptr_t)regs[1];

	if (helper == BPF_FUNC_map_lookup_elem || helper == BPF_FUNC_map_update_elem ||
	    helper == BPF_FUNC_map_delete_elem)
		use_stack(c, regs[2], map->key_size, false);
	if (helper == BPF_FUNC_map_update_elem)
		use_stack(c, regs[3], map->value_size, false);
	for (u32 r = 1; r < 6; r++)
		use_stack(c, regs[r], 512, true);
}

/* The oldest goes when there are too many. */
static void add_object(struct checker *c, u64 at, u64 size)
{
	u32 i = c->object_cnt < ARRAY_SIZE(c->objects) ? c->object_cnt++ : c->oldest++ % ARRAY_SIZE(c->objects);

	c->objects[i] = (struct span){ at, at + size };
}

static void drop_object(struct checker *c, u64 at)
{
	for (u32 i = 0; i < c->object_cnt; i++) {
		if (c->objects[i].lo == at)
			c->objects[i] = c->objects[--c->object_cnt];
	}
}

static void follow_call(struct checker *c, u32 helper, const u64 regs[ISA_REG_CNT])
{
	const struct skep_map *map = (const void *)(uintptr_t)regs[1];

	c->each = NULL;
	pass_stack(c, helper, regs);
	switch (helper) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_lookup_percpu_elem:
	case BPF_FUNC_get_local_storage:
		c->given = map->value_size;
		break;
	case BPF_FUNC_for_each_map_elem:
		c->each = map;
		break;
	case BPF_FUNC_ringbuf_reserve:
		c->given = regs[2];
		break;
	case BPF_FUNC_ringbuf_submit:
	case BPF_FUNC_ringbuf_discard:
		drop_object(c, regs[1]);
	}
}

static void follow_objects(struct checker *c, u32 idx, const u64 regs[ISA_REG_CNT])
{
	const struct xlated_sym *sym = &c->x->syms[c->x->aux[idx].sym];
	const struct xlated_subprog *sub = subprog_at(c->x, idx);

	if (c->given && regs[0])
		add_object(c, regs[0], c->given);
	c->given = 0;
	if (c->each && sub->is_callback && idx == sub->start) {
		add_object(c, regs[2], c->each->key_size);
		add_object(c, regs[3], c->each->value_size);
	}
	if (!idx)
		add_object(c, regs[1], c->ctx_size);
	if (insn_decode(&c->x->insns[idx]) != FORM_CALL_HELPER)
		return;
	if (sym->kind == SYM_HELPER)
		follow_call(c, sym->idx, regs);
	else if (sym->kind == SYM_MAP_OP)
		follow_call(c, (u32)sym->off, regs);
}

static bool in_own(const struct checker *c, u64 at, u32 size)
{
	for (u32 i = 0; i < c->frame_cnt; i++) {
		if (at >= c->frames[i].lo && at + size <= c->frames[i].hi)
			return true;
	}
	for (u32 i = 0; i < c->object_cnt; i++) {
		if (at >= c->objects[i].lo && at + size <= c->objects[i].hi)
			return true;
	}
	return false;
}

static bool in_given(u64 at, u32 size)
{
	struct run_ctx *run = helper_run();
	size_t room = 0;

	/* Between here and the run lies the machine's stack: only frames of the program are its own. */
	if (at >= (uintptr_t)__builtin_frame_address(0) && at < (uintptr_t)run)
		return false;
	return helper_host()->mem_at(helper_host(), run, at, HELPER_MEM_KERNEL, &room) && room >= size;
}

static bool check_access(struct checker *c, u32 idx, const u64 regs[ISA_REG_CNT])
{
	const struct bpf_insn *insn = &c->x->insns[idx];
	enum insn_form form = insn_decode(insn);
	const struct insn_info *info = &insn_infos[form];
	bool load = info->kind == INSN_LDX || info->op == OP_LOAD_ACQ;
	u64 at;

	/* What a call was rewritten to is skep's own code. */
	if (c->is_call[c->x->aux[idx].orig_idx])
		return true;
	if (info->kind != INSN_LDX && info->kind != INSN_ST && info->kind != INSN_STX && info->kind != INSN_ATOMIC)
		return true;
	at = regs[load ? insn->src_reg : insn->dst_reg] + (s64)insn->off;
	c->accesses++;
	if (info->kind != INSN_ST && info->kind != INSN_STX)
		use_stack(c, at, info->size, false);
	if (!load)
		use_stack(c, at, info->size, true);
	if (in_own(c, at, info->size) || in_given(at, info->size))
		return true;
	return wrong(c, "insn %u (rewritten: %u) reaches 0x%llx, %u bytes, in no object of the program",
		     c->x->aux[idx].orig_idx, idx, (unsigned long long)at, info->size);
}

/* ---- hooks --------------------------------------------------------------------------------------- */

static bool check(void *ctx, u32 idx, const u64 regs[ISA_REG_CNT])
{
	struct checker *c = ctx;

	if (!c->x) /* a program of the world, not the one looked at */
		return true;
	follow_frames(c, idx, regs[10]);
	follow_objects(c, idx, regs);
	return check_facts(c, idx, regs) && check_access(c, idx, regs);
}

static void done(void *ctx, int err)
{
	struct checker *c = ctx;

	c->err = err;
	c->frame_cnt = c->object_cnt = c->oldest = 0;
	c->given = 0;
	c->each = NULL;
}

static void on_load(void *ctx, const struct prog_load *load, const struct vresult *res,
		    const struct skep_prog *prog)
{
	struct checker *c = ctx;
	struct skep_prog_info info;

	c->x = NULL;
	c->err = 0;
	c->garbage = false;
	c->why[0] = '\0';
	if (!prog || !res->facts)
		return;
	free(c->facts);
	free(c->is_call);
	c->facts = malloc(load->v.insn_cnt * sizeof(*c->facts));
	c->is_call = malloc(load->v.insn_cnt);
	if (!c->facts || !c->is_call)
		abort();
	for (u32 i = 0; i < load->v.insn_cnt; i++)
		c->is_call[i] = insn_infos[insn_decode(&load->v.insns[i])].kind == INSN_CALL;
	memcpy(c->facts, res->facts, load->v.insn_cnt * sizeof(*c->facts));
	c->fact_cnt = load->v.insn_cnt;
	skep_prog_info(prog, &info);
	c->x = info.xlated;
}

void checker_start(struct checker *c, struct skep *skep)
{
	struct run_checker hooks = { .check = check, .done = done, .ctx = c, .max_insns = MAX_STEPS };

	*c = (struct checker){ .skep = skep };
	skep_check_runs(skep, &hooks);
	skep_on_load(skep, on_load, c);
}

void checker_stop(struct checker *c)
{
	skep_check_runs(c->skep, NULL);
	skep_on_load(c->skep, NULL, NULL);
	free(c->facts);
	free(c->is_call);
	c->facts = NULL;
	c->is_call = NULL;
}
