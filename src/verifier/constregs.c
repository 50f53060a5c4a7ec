/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * constregs.c - branches that constants decide, found before the walk (V-08): a forward data-flow over
 * the blocks of each subprogram that does not follow a branch's dead way, so a constant is one on every
 * path that there is. Constants come from moves, arithmetic, and read-only frozen maps (".rodata").
 *
 * Writes notes[].way. What only a dead way reaches is then neither walked nor kept alive, its branch is
 * rewritten to a jump or to nothing, and nobody relies on the numbers that decided it.
 */
#include "verifier/explore.h"

#include <errno.h>

enum kind { UNKNOWN, NUMBER, MAP_VALUE /* at offset val of map map_idx */ };

struct creg {
	u8 kind;
	u32 map_idx;
	u64 val;
};

/* Before the first insn of a block; r10 is never a constant. */
struct consts {
	bool reached;
	struct creg r[BPF_REG_10];
};

struct pass {
	struct verifier_env *env;
	struct cfg cfg;
	struct consts *entry;
};

static struct creg number(struct scalar val)
{
	if (!scalar_is_const(&val))
		return (struct creg){ .kind = UNKNOWN };
	return (struct creg){ .kind = NUMBER, .val = val.bits.value };
}

static struct creg reg_at(const struct consts *c, u8 regno)
{
	return regno < BPF_REG_10 ? c->r[regno] : (struct creg){ .kind = UNKNOWN };
}

static struct creg operand(const struct consts *c, const struct bpf_insn *insn, const struct insn_info *info)
{
	if (info->uses & USE_SRC)
		return reg_at(c, insn->src_reg);
	return (struct creg){ .kind = NUMBER, .val = (u64)(s64)insn->imm };
}

/* ---- insns ------------------------------------------------------------------------------------ */

static struct creg after_alu(const struct consts *c, const struct bpf_insn *insn, const struct insn_info *info)
{
	struct creg src = operand(c, insn, info), dst = reg_at(c, insn->dst_reg);
	bool is64 = info->size == 8;
	struct scalar a = scalar_const(dst.val), b = scalar_const(src.val);

	if (info->op == OP_MOV && is64)
		return src;
	if (info->op == OP_MOV) /* the other operand does not matter */
		dst = src;
	if (info->op == OP_NEG)
		src = dst;
	if (dst.kind == NUMBER && src.kind == NUMBER)
		return number(scalar_alu(info->op, is64, &a, &b));
	if (dst.kind == MAP_VALUE && src.kind == NUMBER && is64 && info->op == OP_ADD) {
		dst.val += src.val;
		return dst;
	}
	return (struct creg){ .kind = UNKNOWN };
}

static struct creg after_load(const struct pass *p, const struct consts *c, const struct bpf_insn *insn,
			      const struct insn_info *info)
{
	struct creg from = reg_at(c, insn->src_reg);
	u64 val;

	if (from.kind == MAP_VALUE && map_const_load(&p->env->used_maps[from.map_idx], (s64)(from.val + (u64)(s64)insn->off),
						     info->size, info->op == OP_LDXSX, &val))
		return (struct creg){ .kind = NUMBER, .val = val };
	return (struct creg){ .kind = UNKNOWN };
}

static struct creg after_imm64(const struct pass *p, u32 idx, const struct insn_info *info)
{
	const struct bpf_insn *insn = &p->env->insns[idx];
	const struct insn_note *note = &p->env->notes[idx];

	switch (info->op) {
	case OP_LD_IMM64:
		return (struct creg){ .kind = NUMBER, .val = (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32 };
	case OP_LD_MAP_VALUE:
	case OP_LD_MAP_IDX_VALUE:
		return (struct creg){ .kind = MAP_VALUE, .map_idx = note->map_idx, .val = note->map_off };
	default:
		return (struct creg){ .kind = UNKNOWN };
	}
}

static struct creg after_unary(const struct consts *c, const struct bpf_insn *insn, const struct insn_info *info)
{
	bool endian = info->kind == INSN_ENDIAN;
	struct creg from = reg_at(c, endian ? insn->dst_reg : insn->src_reg);
	struct scalar a = scalar_const(from.val);

	if (from.kind != NUMBER)
		return (struct creg){ .kind = UNKNOWN };
	return number(endian ? scalar_endian(info->op, info->size, true, &a) :
			       scalar_movsx(info->op, info->size == 8, &a));
}

static void do_one(const struct pass *p, u32 idx, struct consts *c)
{
	const struct bpf_insn *insn = &p->env->insns[idx];
	enum insn_form form = p->env->forms[idx];
	const struct insn_info *info = &insn_infos[form];
	u16 written = insn_regs_written(insn, form);
	struct creg res = { .kind = UNKNOWN };

	switch (info->kind) {
	case INSN_ALU:
		res = after_alu(c, insn, info);
		break;
	case INSN_MOVSX:
	case INSN_ENDIAN:
		res = after_unary(c, insn, info);
		break;
	case INSN_LDX:
		res = after_load(p, c, insn, info);
		break;
	case INSN_LD_IMM64:
		res = after_imm64(p, idx, info);
		break;
	}
	for (u32 r = 0; r < BPF_REG_10; r++) {
		if (written & BIT(r))
			c->r[r] = res; /* what writes several leaves all of them unknown */
	}
}

/* ---- blocks ------------------------------------------------------------------------------------ */

static enum way decide(const struct pass *p, u32 idx, const struct consts *c)
{
	const struct bpf_insn *insn = &p->env->insns[idx];
	const struct insn_info *info = &insn_infos[p->env->forms[idx]];
	struct creg dst, src;
	struct scalar a, b;

	if (info->kind != INSN_JCOND)
		return WAY_ANY;
	dst = reg_at(c, insn->dst_reg);
	src = operand(c, insn, info);
	if (dst.kind != NUMBER || src.kind != NUMBER)
		return WAY_ANY;
	a = scalar_const(dst.val);
	b = scalar_const(src.val);
	switch (scalar_branch_taken(info->op, info->size == 8, &a, &b)) {
	case 1:
		return WAY_JUMP;
	case 0:
		return WAY_FALL;
	default:
		return WAY_ANY;
	}
}

static bool merge(struct consts *to, const struct consts *from)
{
	bool changed = !to->reached;

	if (!to->reached) {
		*to = *from;
		return true;
	}
	for (u32 r = 0; r < BPF_REG_10; r++) {
		if (to->r[r].kind == UNKNOWN || (to->r[r].kind == from->r[r].kind && to->r[r].val == from->r[r].val &&
						 to->r[r].map_idx == from->r[r].map_idx))
			continue;
		to->r[r] = (struct creg){ .kind = UNKNOWN };
		changed = true;
	}
	return changed;
}

static bool forward_block(struct pass *p, u32 blk)
{
	const struct cfg_block *b = &p->cfg.blocks[blk];
	struct consts c = p->entry[blk];
	bool changed = false;
	u32 last = b->start;

	if (!c.reached)
		return false;
	for (u32 i = b->start; i < b->end; i++) {
		last = i;
		p->env->notes[i].way = decide(p, i, &c);
		do_one(p, i, &c);
		i += insn_is_wide(&p->env->insns[i]);
	}
	for (u32 k = 0; k < 2; k++) {
		if (b->succ[k] >= 0 && p->env->notes[last].way != (k ? WAY_FALL : WAY_JUMP))
			changed |= merge(&p->entry[b->succ[k]], &c);
	}
	for (u32 k = 0; k < b->more_cnt; k++)
		changed |= merge(&p->entry[p->cfg.more[b->more + k]], &c);
	return changed;
}

int const_regs_compute(struct verifier_env *env)
{
	struct pass p = { .env = env };
	bool again = true;
	int err = cfg_build(env->insns, env->insn_cnt, &env->indirect, &p.cfg);

	if (err)
		return err;
	p.entry = calloc(p.cfg.block_cnt, sizeof(*p.entry));
	for (u32 s = 0; p.entry && s < env->subprog_cnt; s++)
		p.entry[p.cfg.block_of[env->subprogs[s].start]].reached = true;
	/* A register only ever goes from constant to unknown, and a block from unreached to reached. */
	while (p.entry && again) {
		again = false;
		for (u32 b = 0; b < p.cfg.block_cnt; b++)
			again |= forward_block(&p, b);
	}
	err = p.entry ? 0 : -ENOMEM;
	free(p.entry);
	cfg_free(&p.cfg);
	return err;
}

void succs_start(struct succs *it, const struct verifier_env *env, u32 idx)
{
	const struct subprog *sub;

	*it = (struct succs){ .env = env };
	switch (env->notes[idx].way) {
	case WAY_JUMP:
		it->near[it->near_cnt++] = insn_target(env->insns, idx);
		return;
	case WAY_FALL:
		it->near[it->near_cnt++] = idx + 1;
		return;
	}
	it->near_cnt = insn_succs(env->insns, idx, it->near);
	if (env->forms[idx] != FORM_GOTOX)
		return;
	sub = &env->subprogs[subprog_of(env, idx)];
	it->far_cnt = indirect_range(&env->indirect, sub->start, sub->end, &it->far);
}

bool succs_next(struct succs *it, u32 *ret_idx)
{
	if (it->near_cnt) {
		*ret_idx = it->near[--it->near_cnt];
		return true;
	}
	if (!it->far_cnt)
		return false;
	it->far_cnt--;
	*ret_idx = it->env->indirect.targets[it->far++];
	return true;
}
