/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cfg.c - successors, subprograms and basic blocks of a program in kernel form. A block ends at
 * each jump, exit, and before each jump target; calls do not end one.
 */
#include "isa/cfg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

s64 insn_target(const struct bpf_insn *insns, u32 idx)
{
	const struct bpf_insn *insn = &insns[idx];
	enum insn_form form = insn_decode(insn);

	switch (insn_infos[form].kind) {
	case INSN_JA:
		if (form == FORM_JA32)
			return (s64)idx + 1 + insn->imm;
		return form == FORM_JA ? (s64)idx + 1 + insn->off : -1;
	case INSN_JCOND:
	case INSN_MAY_GOTO:
		return (s64)idx + 1 + insn->off;
	case INSN_CALL:
		return form == FORM_CALL_SUBPROG ? (s64)idx + 1 + insn->imm : -1;
	case INSN_LD_IMM64:
		return form == FORM_LD_FUNC ? (s64)idx + 1 + insn->imm : -1;
	default:
		return -1;
	}
}

int insn_succs(const struct bpf_insn *insns, u32 idx, s64 ret_succ[2])
{
	switch (insn_infos[insn_decode(&insns[idx])].kind) {
	case INSN_EXIT:
	case INSN_GOTOX: /* where to is the jump table's business */
		return 0;
	case INSN_JA:
		ret_succ[0] = insn_target(insns, idx);
		return 1;
	case INSN_JCOND:
	case INSN_MAY_GOTO:
		ret_succ[0] = (s64)idx + 1;
		ret_succ[1] = insn_target(insns, idx);
		return 2;
	default:
		ret_succ[0] = (s64)idx + (insn_is_wide(&insns[idx]) ? 2 : 1);
		return 1;
	}
}

/* How many lie below @bound. */
static u32 indirect_below(const struct indirect *ind, u32 bound)
{
	u32 lo = 0, hi = ind ? ind->cnt : 0;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (ind->targets[mid] < bound)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

u32 indirect_range(const struct indirect *ind, u32 start, u32 end, u32 *ret_first)
{
	*ret_first = indirect_below(ind, start);
	return indirect_below(ind, end) - *ret_first;
}

static int cmp_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* Starts of subprograms: insn 0, call targets, targets of function pointers. */
static int find_subprogs(const struct bpf_insn *insns, u32 cnt, struct cfg *cfg)
{
	u32 *starts = malloc((cnt + 1) * sizeof(*starts)), n = 0, kept = 0;

	if (!starts)
		return -ENOMEM;
	starts[n++] = 0;
	for (u32 i = 0; i < cnt; i += insn_is_wide(&insns[i]) ? 2 : 1) {
		enum insn_form form = insn_decode(&insns[i]);
		s64 to = insn_target(insns, i);

		if (form != FORM_CALL_SUBPROG && form != FORM_LD_FUNC)
			continue;
		if (to < 0 || to >= cnt) {
			free(starts);
			return -EINVAL;
		}
		starts[n++] = to;
	}
	qsort(starts, n, sizeof(*starts), cmp_u32);
	for (u32 i = 0; i < n; i++) {
		if (!kept || starts[kept - 1] != starts[i])
			starts[kept++] = starts[i];
	}
	cfg->subprogs = calloc(kept, sizeof(*cfg->subprogs));
	if (!cfg->subprogs) {
		free(starts);
		return -ENOMEM;
	}
	cfg->subprog_cnt = kept;
	for (u32 i = 0; i < kept; i++)
		cfg->subprogs[i] = (struct cfg_subprog){ starts[i], i + 1 < kept ? starts[i + 1] : cnt };
	free(starts);
	return 0;
}

static int mark_leaders(const struct bpf_insn *insns, u32 cnt, const struct cfg *cfg, u8 *leader)
{
	for (u32 s = 0; s < cfg->subprog_cnt; s++)
		leader[cfg->subprogs[s].start] = 1;
	for (u32 i = 0; i < cnt; i += insn_is_wide(&insns[i]) ? 2 : 1) {
		u8 kind = insn_infos[insn_decode(&insns[i])].kind;
		s64 succ[2];
		int n;

		if (kind != INSN_JA && kind != INSN_JCOND && kind != INSN_MAY_GOTO &&
		    kind != INSN_EXIT && kind != INSN_GOTOX)
			continue;
		n = insn_succs(insns, i, succ);
		for (int k = 0; k < n; k++) {
			if (succ[k] < 0 || succ[k] >= cnt)
				return -EINVAL;
			leader[succ[k]] = 1;
		}
		if (i + 1 < cnt)
			leader[i + 1] = 1;
	}
	return 0;
}

/* The blocks behind the last insn of a block. */
static void set_succs(const struct bpf_insn *insns, u32 cnt, const struct indirect *ind, struct cfg *cfg,
		      struct cfg_block *blk)
{
	const struct cfg_subprog *sub = &cfg->subprogs[blk->subprog];
	u32 last = blk->end - 1;
	s64 succ[2];
	int n;

	if (last > blk->start && insn_is_wide(&insns[last - 1]))
		last--;
	n = insn_succs(insns, last, succ);
	blk->succ[0] = n > 0 && succ[0] < cnt ? (s32)cfg->block_of[succ[0]] : -1;
	blk->succ[1] = n > 1 ? (s32)cfg->block_of[succ[1]] : -1;
	if (insn_decode(&insns[last]) == FORM_GOTOX)
		blk->more_cnt = indirect_range(ind, sub->start, sub->end, &blk->more);
}

static int make_blocks(const struct bpf_insn *insns, u32 cnt, const struct indirect *ind, struct cfg *cfg,
		       const u8 *leader)
{
	u32 blocks = 0, sub = 0;

	for (u32 i = 0; i < cnt; i++)
		blocks += leader[i];
	cfg->blocks = calloc(blocks, sizeof(*cfg->blocks));
	cfg->block_of = calloc(cnt, sizeof(*cfg->block_of));
	if (!cfg->blocks || !cfg->block_of)
		return -ENOMEM;
	for (u32 i = 0; i < cnt; i++) {
		if (leader[i]) {
			while (i >= cfg->subprogs[sub].end)
				sub++;
			cfg->blocks[cfg->block_cnt++] = (struct cfg_block){ .start = i, .subprog = sub };
		}
		cfg->block_of[i] = cfg->block_cnt - 1;
		cfg->blocks[cfg->block_cnt - 1].end = i + 1;
	}
	for (u32 b = 0; b < cfg->block_cnt; b++)
		set_succs(insns, cnt, ind, cfg, &cfg->blocks[b]);
	if (!ind || !ind->cnt)
		return 0;
	cfg->more = malloc(ind->cnt * sizeof(*cfg->more));
	for (u32 i = 0; cfg->more && i < ind->cnt; i++)
		cfg->more[i] = cfg->block_of[ind->targets[i]];
	return cfg->more ? 0 : -ENOMEM;
}

int cfg_build(const struct bpf_insn *insns, u32 insn_cnt, const struct indirect *ind, struct cfg *ret_cfg)
{
	u8 *leader = calloc(insn_cnt ? insn_cnt : 1, 1);
	int err;

	*ret_cfg = (struct cfg){ 0 };
	if (!leader)
		return -ENOMEM;
	err = insn_cnt ? find_subprogs(insns, insn_cnt, ret_cfg) : -EINVAL;
	if (!err)
		err = mark_leaders(insns, insn_cnt, ret_cfg, leader);
	for (u32 i = 0; !err && ind && i < ind->cnt; i++)
		leader[ind->targets[i]] = 1;
	if (!err)
		err = make_blocks(insns, insn_cnt, ind, ret_cfg, leader);
	free(leader);
	if (err)
		cfg_free(ret_cfg);
	return err;
}

void cfg_free(struct cfg *cfg)
{
	free(cfg->subprogs);
	free(cfg->blocks);
	free(cfg->block_of);
	free(cfg->more);
	*cfg = (struct cfg){ 0 };
}

/* Record labels give these characters a meaning. */
static void put_escaped(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>{}|\"\\", *text))
			strbuf_putc(out, '\\');
		strbuf_putc(out, *text);
	}
}

void cfg_print_dot(struct strbuf *out, const struct cfg *cfg, const struct bpf_insn *insns,
		   const struct insn_namer *namer)
{
	struct strbuf line = { 0 };

	strbuf_puts(out, "digraph \"DOT graph for eBPF program\" {\n");
	for (u32 s = 0; s < cfg->subprog_cnt; s++) {
		strbuf_printf(out, "\tsubgraph \"cluster_%u\" {\n\t\tlabel=\"func_%u\";\n", s, s);
		for (u32 b = 0; b < cfg->block_cnt; b++) {
			const struct cfg_block *blk = &cfg->blocks[b];

			if (blk->subprog != s)
				continue;
			strbuf_printf(out, "\t\tbb_%u [shape=record,style=filled,label=\"{", b);
			for (u32 i = blk->start; i < blk->end; i += insn_is_wide(&insns[i]) ? 2 : 1) {
				strbuf_reset(&line);
				strbuf_printf(&line, "%u: ", i);
				insn_print(&line, &insns[i], namer);
				put_escaped(out, strbuf_str(&line));
				strbuf_puts(out, "\\l");
			}
			strbuf_puts(out, "}\"];\n");
		}
		strbuf_puts(out, "\t}\n");
	}
	for (u32 b = 0; b < cfg->block_cnt; b++) {
		for (int k = 0; k < 2; k++) {
			if (cfg->blocks[b].succ[k] >= 0)
				strbuf_printf(out, "\tbb_%u -> bb_%d [style=\"%s\"];\n", b,
					      cfg->blocks[b].succ[k], k ? "solid,bold" : "solid");
		}
		for (u32 k = 0; k < cfg->blocks[b].more_cnt; k++)
			strbuf_printf(out, "\tbb_%u -> bb_%u [style=\"dashed\"];\n", b,
				      cfg->more[cfg->blocks[b].more + k]);
	}
	strbuf_puts(out, "}\n");
	strbuf_free(&line);
}
