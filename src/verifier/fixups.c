/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixups.c - from the accepted program to the one that runs (struct xlated_prog).
 *
 * Every insn of the program as loaded is given the list of insns that stand for it, and nothing is
 * moved: an insn nobody reached has an empty list, a context access a chain of loads. When all
 * lists are known each one's place is the sum of the lengths before it, and one pass writes them
 * out with the jumps and calls aimed anew. A jump to an insn with an empty list lands on what
 * follows it.
 *
 * What depends on where the program will run becomes a row of symbols, never an address. Insns
 * keep BPF's own meaning of division by 0 and of shifts: the engines implement it.
 */
#include "verifier/explore.h"

#include "core/vcpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MAY_GOTO (8 * 1024 * 1024)

/* The list of one insn: new insns [first, first + cnt) of fixer.pool. */
struct repl {
	u32 first;
	u16 cnt;
	u16 entry; /* insns before this one run on entry of the subprogram only; jumps skip them */
	bool jump;   /* the last insn jumps to the original insn @target */
	bool nop;    /* goto +0 in the end: dropped */
	u32 target;
	u16 call_at; /* 1 + place in the list of a call of @target; 0: none */
};

struct fixer {
	struct verifier_env *env;
	struct repl *repls; /* by original insn */
	VEC(struct bpf_insn) pool;
	VEC(u32) pool_sym; /* row of syms, by pool index */
	VEC(struct xlated_sym) syms;
	u32 *sub_new; /* new number by old number of a subprogram */
	u32 *place;   /* new index by original insn, insn_cnt + 1 of them */
	struct repl *cur;
	u32 extra_stack; /* the most that a subprogram needs */
	bool oom;
};

/* ---- building lists ------------------------------------------------------------------------- */

static void put_sym(struct fixer *fx, struct bpf_insn insn, u32 sym)
{
	if (!vec_push(&fx->pool, insn) || !vec_push(&fx->pool_sym, sym))
		fx->oom = true;
	fx->cur->cnt++;
}

static void put(struct fixer *fx, struct bpf_insn insn)
{
	put_sym(fx, insn, 0);
}

static u8 size_code(u32 size)
{
	static const u8 codes[9] = { [1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW };

	return codes[size];
}

static void put_load(struct fixer *fx, u32 size, u8 dst, u8 src, s16 off)
{
	put(fx, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | size_code(size), .dst_reg = dst,
				   .src_reg = src, .off = off });
}

static void put_alu_k(struct fixer *fx, u8 class, u8 op, u8 dst, s32 imm)
{
	put(fx, (struct bpf_insn){ .code = class | op | BPF_K, .dst_reg = dst, .imm = imm });
}

static void put_alu_x(struct fixer *fx, u8 op, u8 dst, u8 src)
{
	put(fx, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_X, .dst_reg = dst, .src_reg = src });
}

static void put_mov_k(struct fixer *fx, u8 dst, s32 imm)
{
	put_alu_k(fx, BPF_ALU64, BPF_MOV, dst, imm);
}

static void put_nospec(struct fixer *fx)
{
	put(fx, (struct bpf_insn){ .code = insn_infos[FORM_NOSPEC].code });
}

/*
 * ax = all ones when @reg is at most @limit (both may be 0: then it does not matter), else 0, without
 * anything to guess:
 *	ax = limit - reg	negative when reg is larger
 *	ax |= reg		negative when reg is larger or negative
 *	ax = -ax >> 63, signed	all ones when neither (and reg or limit - reg is not 0), else 0
 */
#define MASK_INSNS 5
static void put_mask_to(struct fixer *fx, u8 reg, u32 limit)
{
	put_alu_k(fx, BPF_ALU, BPF_MOV, ISA_REG_AX, limit);
	put_alu_x(fx, BPF_SUB, ISA_REG_AX, reg);
	put_alu_x(fx, BPF_OR, ISA_REG_AX, reg);
	put(fx, (struct bpf_insn){ .code = BPF_ALU64 | BPF_NEG, .dst_reg = ISA_REG_AX });
	put_alu_k(fx, BPF_ALU64, BPF_ARSH, ISA_REG_AX, 63);
}

/* Same symbols share a row. */
static u32 sym_row(struct fixer *fx, u32 kind, u32 idx, u64 off)
{
	struct xlated_sym sym = { .kind = kind, .idx = idx, .off = off };

	for (u32 i = 0; i < fx->syms.cnt; i++) {
		const struct xlated_sym *have = &fx->syms.at[i];

		if (have->kind == kind && have->idx == idx && have->off == off)
			return i;
	}
	if (!vec_push(&fx->syms, sym))
		fx->oom = true;
	return fx->syms.cnt ? fx->syms.cnt - 1 : 0;
}

/* ---- context accesses ------------------------------------------------------------------------- */

static const struct ctx_conv *find_conv(const struct ctx_view *view, u32 off, u32 size)
{
	const struct ctx_conv *best = NULL;

	for (u32 i = 0; i < view->conv_cnt; i++) {
		const struct ctx_conv *conv = &view->convs[i];

		if (conv->off > off || off + size > (u32)conv->off + conv->size)
			continue;
		if (!best || conv->size < best->size) /* the narrowest needs the least work */
			best = conv;
	}
	return best;
}

/* The user-visible bytes are the structure's own, in the same order. */
static bool conv_is_plain(const struct ctx_conv *conv)
{
	return !conv->shift && !conv->mask && !conv->as_bool && !conv->be16 &&
	       conv->load[conv->load_cnt - 1].size == conv->size;
}

/* As plain, but the structure keeps only the lower bytes. */
static bool conv_is_cut(const struct ctx_conv *conv)
{
	return !conv->shift && !conv->mask && !conv->as_bool && !conv->be16 &&
	       conv->load[conv->load_cnt - 1].size < conv->size;
}

static bool row_is_scalar(const struct ctx_view *view, u32 off, u32 size)
{
	for (u32 i = 0; i < view->row_cnt; i++) {
		if (view->rows[i].off == off && view->rows[i].size == size)
			return view->rows[i].val == CTX_SCALAR;
	}
	return true;
}

/* Follows all but the last load; leaves the base of the last one in the returned register. */
static u8 put_chain(struct fixer *fx, const struct ctx_conv *conv, u8 tmp, u8 base)
{
	for (u32 i = 0; i + 1 < conv->load_cnt; i++) {
		put_load(fx, 8, tmp, base, conv->load[i].off);
		base = tmp;
	}
	return base;
}

static void put_mask(struct fixer *fx, u8 dst, u64 mask)
{
	if (mask == UINT32_MAX) {
		put(fx, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = dst,
					   .src_reg = dst });
	} else if (mask <= INT32_MAX) {
		put_alu_k(fx, BPF_ALU64, BPF_AND, dst, mask);
	} else if (mask != UINT64_MAX) {
		put(fx, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = ISA_REG_AX,
					   .imm = (s32)mask });
		put(fx, (struct bpf_insn){ .imm = (s32)(mask >> 32) });
		put(fx, (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND | BPF_X, .dst_reg = dst,
					   .src_reg = ISA_REG_AX });
	}
}

static u64 size_mask(u32 size)
{
	return size >= 8 ? UINT64_MAX : (1ULL << 8 * size) - 1;
}

/* The whole field into @dst. */
static void put_field(struct fixer *fx, const struct ctx_conv *conv, u8 dst, u8 base, bool scalar)
{
	u32 size = conv->load[conv->load_cnt - 1].size;

	base = put_chain(fx, conv, dst, base);
	put_load(fx, size, dst, base, conv->load[conv->load_cnt - 1].off);
	if (conv->shift)
		put_alu_k(fx, BPF_ALU64, BPF_RSH, dst, conv->shift);
	if (conv->mask)
		put_mask(fx, dst, conv->mask);
	if (conv->as_bool) {
		put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = dst,
					   .off = 1 });
		put_alu_k(fx, BPF_ALU, BPF_MOV, dst, 1);
	}
	if (conv->be16)
		put(fx, (struct bpf_insn){ .code = BPF_ALU | BPF_END | BPF_TO_BE, .dst_reg = dst,
					   .imm = 16 });
	/* Pointers are read as 4 bytes and are 8. */
	if (scalar && size > conv->size && !conv->as_bool && !conv->be16 &&
	    (!conv->mask || conv->mask > size_mask(conv->size)))
		put_mask(fx, dst, size_mask(conv->size));
}

static void put_sign(struct fixer *fx, u8 dst, u32 size)
{
	put(fx, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = dst,
				   .src_reg = dst, .off = 8 * size });
}

static void put_ctx_read(struct fixer *fx, const struct bpf_insn *insn, enum insn_form form,
			 const struct ctx_view *view, const struct ctx_conv *conv, u32 off)
{
	const struct insn_info *info = &insn_infos[form];
	u32 delta = off - conv->off, size = info->size, kept = conv->load[conv->load_cnt - 1].size;
	u8 dst = insn->dst_reg, base;

	if (conv_is_plain(conv) && size < conv->size) {
		base = put_chain(fx, conv, dst, insn->src_reg);
		put_load(fx, size, dst, base, conv->load[conv->load_cnt - 1].off + delta);
	} else {
		put_field(fx, conv, dst, insn->src_reg,
			  row_is_scalar(view, off, size));
		/* Who reads no less than is kept gets all of it, wherever in the field: so Linux has it (two bytes
		 * at pkt_type + 2 are pkt_type). Little-endian hosts only, as everything here that loads part of
		 * a value. */
		if (delta && size < kept)
			put_alu_k(fx, BPF_ALU64, BPF_RSH, dst, 8 * delta);
		if (size < conv->size && size < kept)
			put_mask(fx, dst, size_mask(size));
	}
	if (info->op == OP_LDXSX)
		put_sign(fx, dst, size);
}

static int put_ctx_write(struct fixer *fx, const struct bpf_insn *insn, enum insn_form form,
			 const struct ctx_conv *conv, u32 off)
{
	struct bpf_insn store = *insn;
	u8 base;

	/* Part of a converted field cannot be written without reading the rest first; the whole of a
	 * field that is kept in fewer bytes can, and loses its upper ones (__sk_buff.tc_index). */
	if (insn_infos[form].kind == INSN_ATOMIC ||
	    (!conv_is_plain(conv) && !(conv_is_cut(conv) && off == conv->off &&
				       insn_infos[form].size == conv->size)))
		return not_modelled(fx->env, "a write to the context at offset %u", off);
	if (conv_is_cut(conv))
		store.code = (store.code & ~0x18) |
			     size_code(conv->load[conv->load_cnt - 1].size);
	base = put_chain(fx, conv, ISA_REG_AX, insn->dst_reg);
	store.dst_reg = base;
	store.off = conv->load[conv->load_cnt - 1].off + (off - conv->off);
	put(fx, store);
	return 0;
}

static int fix_ctx(struct fixer *fx, u32 idx, enum insn_form form)
{
	const struct bpf_insn *insn = &fx->env->insns[idx];
	const struct insn_info *info = &insn_infos[form];
	const struct ctx_view *view = find_view(fx->env, fx->env->notes[idx].on_view - 1);
	const struct ctx_conv *conv = find_conv(view, (u16)insn->off, info->size);

	if (!conv || insn->off < 0)
		return not_modelled(fx->env, "context access at offset %d size %u", insn->off,
				    info->size);
	if (info->kind != INSN_LDX)
		return put_ctx_write(fx, insn, form, conv, insn->off);
	put_ctx_read(fx, insn, form, view, conv, insn->off);
	return 0;
}

/* ---- each insn ---------------------------------------------------------------------------------- */

/* Tables are numbered in the order of their maps. */
static u32 table_of(const struct verifier_env *env, u32 map_idx)
{
	u32 nr = 0;

	for (u32 m = 0; m < map_idx; m++)
		nr += env->used_maps[m].insn_values != NULL;
	return nr;
}

static void fix_ld_imm64(struct fixer *fx, u32 idx, enum insn_form form)
{
	const struct verifier_env *env = fx->env;
	const struct insn_note *note = &env->notes[idx];
	struct bpf_insn pair[2] = { env->insns[idx], env->insns[idx + 1] };
	u32 sym = 0;

	switch (form) {
	case FORM_LD_MAP_FD:
	case FORM_LD_MAP_IDX:
		pair[0].src_reg = BPF_PSEUDO_MAP_FD;
		pair[0].imm = note->map_idx;
		sym = sym_row(fx, SYM_MAP, note->map_idx, 0);
		break;
	case FORM_LD_MAP_VALUE:
	case FORM_LD_MAP_IDX_VALUE:
		pair[0].src_reg = BPF_PSEUDO_MAP_VALUE;
		pair[0].imm = note->map_idx;
		if (env->used_maps[note->map_idx].insn_values)
			sym = sym_row(fx, SYM_JUMP_TABLE, table_of(env, note->map_idx), note->map_off);
		else
			sym = sym_row(fx, SYM_MAP_VALUE, note->map_idx, note->map_off);
		break;
	case FORM_LD_FUNC:
		/* Nobody called it, so its code is gone: the value is never used as an address. */
		if (!env->notes[insn_target(env->insns, idx)].seen) {
			pair[0] = (struct bpf_insn){ .code = pair[0].code, .dst_reg = pair[0].dst_reg };
			pair[1] = (struct bpf_insn){ 0 };
			break;
		}
		fx->cur->jump = true; /* aimed like a call */
		fx->cur->target = insn_target(env->insns, idx);
		sym = sym_row(fx, SYM_FUNC, fx->sub_new[subprog_at(env, fx->cur->target)], 0);
		break;
	default:
		break;
	}
	put_sym(fx, pair[0], sym);
	put(fx, pair[1]);
}

static bool has_map_op(u32 helper)
{
	return helper == BPF_FUNC_map_lookup_elem || helper == BPF_FUNC_map_update_elem ||
	       helper == BPF_FUNC_map_delete_elem;
}

/* ---- helpers that are a few insns; r1..r5 are a call's to lose ----------------------------------- */

static void put_imm64_sym(struct fixer *fx, u8 dst, u32 sym)
{
	put_sym(fx, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst }, sym);
	put(fx, (struct bpf_insn){ 0 });
}

/* The running vCPU's number. */
static void put_cpu_id(struct fixer *fx, u8 dst)
{
	put_alu_k(fx, BPF_ALU64, BPF_MOV, dst, 0);
	put(fx, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = dst, .src_reg = dst,
				   .off = insn_infos[FORM_MOV_PERCPU].disc_val });
	put_load(fx, 4, dst, dst, offsetof(struct vcpu, id));
}

static void put_array_lookup(struct fixer *fx, u32 map_idx)
{
	const struct map_desc *map = &fx->env->used_maps[map_idx];
	bool percpu = map->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	u32 size = round_up_to(map->value_size, 8);

	put_load(fx, 4, BPF_REG_0, BPF_REG_2, 0);
	put(fx, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JGE | BPF_K, .dst_reg = BPF_REG_0,
				   .off = percpu ? 12 : 5, .imm = map->max_entries }); /* to the last */
	if (size & (size - 1))
		put_alu_k(fx, BPF_ALU64, BPF_MUL, BPF_REG_0, size);
	else
		put_alu_k(fx, BPF_ALU64, BPF_LSH, BPF_REG_0, __builtin_ctz(size));
	if (percpu) {
		put_cpu_id(fx, BPF_REG_1);
		put_imm64_sym(fx, BPF_REG_3, sym_row(fx, SYM_MAP_ROW, map_idx, 0));
		put_alu_x(fx, BPF_MUL, BPF_REG_1, BPF_REG_3);
		put_alu_x(fx, BPF_ADD, BPF_REG_0, BPF_REG_1);
	}
	put_imm64_sym(fx, BPF_REG_1, sym_row(fx, SYM_MAP_MEM, map_idx, 0));
	put_alu_x(fx, BPF_ADD, BPF_REG_0, BPF_REG_1);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = 1 });
	put_alu_k(fx, BPF_ALU, BPF_MOV, BPF_REG_0, 0);
}

/* The one map that a lookup here can be in is an array, and not a map of maps. */
static bool is_array_lookup(const struct fixer *fx, const struct insn_note *note, u32 helper)
{
	u32 type;

	if (helper != BPF_FUNC_map_lookup_elem || !note->map_seen || note->map_mixed || !fx->env->bypass_spec)
		return false;
	type = fx->env->used_maps[note->map_idx].type;
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/*
 * A CPU may guess that the key is in the array and jump through what is behind it. So a key that is not
 * there does not come to the call, and one that only a guess lets through is 0.
 */
static int put_tail_guard(struct fixer *fx, u32 idx)
{
	const struct insn_note *note = &fx->env->notes[idx];
	u32 cnt;

	if (note->map_mixed)
		return reject_at(fx->env, idx, R_TAIL_CALL, -EINVAL, "tail_call abusing map_ptr");
	cnt = fx->env->used_maps[note->map_idx].max_entries;
	if (cnt > INT32_MAX)
		return not_modelled(fx->env, "tail calls through %u slots without CAP_PERFMON", cnt);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JGE | BPF_K, .dst_reg = BPF_REG_3,
				   .off = MASK_INSNS + 2, .imm = cnt });
	put_mask_to(fx, BPF_REG_3, cnt - 1);
	put_alu_x(fx, BPF_AND, BPF_REG_3, ISA_REG_AX);
	return 0;
}

static int fix_tail_call(struct fixer *fx, u32 idx)
{
	const struct insn_note *note = &fx->env->notes[idx];
	int err = 0;
	u32 sym;

	/* A slot that is known is nobody's guess. */
	if (!fx->env->bypass_spec && (note->map_mixed || !note->tail_key))
		err = put_tail_guard(fx, idx);
	if (err)
		return err;
	sym = note->map_mixed ? sym_row(fx, SYM_TAIL_CALL, SYM_ANY_MAP, 0) :
				sym_row(fx, SYM_TAIL_CALL, note->map_idx, note->tail_key);
	put_sym(fx, fx->env->insns[idx], sym);
	return 0;
}

static void put_store(struct fixer *fx, s16 off, u8 src)
{
	put(fx, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .src_reg = src,
				   .off = off });
}

/*
 * r0 = bpf_loop(r1, callback, r3, 0), written out, with r6 as its bound, r7 as its counter and r8 as the
 * callback's context; they wait in the frame meanwhile. As in Linux all of r1 is the number of iterations,
 * where the helper takes its lower half, and an error has no upper half.
 */
static void put_loop(struct fixer *fx, u32 idx, u32 callback)
{
	const struct subprog *sub = &fx->env->subprogs[subprog_of(fx->env, idx)];
	s16 slot = -(s16)(round_up_to(sub->stack_depth, 8) + sub->loop_slot);

	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JLE | BPF_K, .dst_reg = BPF_REG_1, .off = 2,
				   .imm = MAX_MAY_GOTO });
	put_alu_k(fx, BPF_ALU, BPF_MOV, BPF_REG_0, -E2BIG);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = 16 }); /* to the end */
	for (u32 i = 0; i < 3; i++)
		put_store(fx, slot + 8 * i, BPF_REG_6 + i);
	put_alu_x(fx, BPF_MOV, BPF_REG_6, BPF_REG_1);
	put_mov_k(fx, BPF_REG_7, 0);
	put_alu_x(fx, BPF_MOV, BPF_REG_8, BPF_REG_3);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JGE | BPF_X, .dst_reg = BPF_REG_7, .src_reg = BPF_REG_6,
				   .off = 5 });
	put_alu_x(fx, BPF_MOV, BPF_REG_1, BPF_REG_7);
	put_alu_x(fx, BPF_MOV, BPF_REG_2, BPF_REG_8);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL });
	fx->cur->call_at = fx->cur->cnt;
	fx->cur->target = fx->env->subprogs[callback].start;
	put_alu_k(fx, BPF_ALU64, BPF_ADD, BPF_REG_7, 1);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K, .off = -6 });
	put_alu_x(fx, BPF_MOV, BPF_REG_0, BPF_REG_7);
	for (u32 i = 0; i < 3; i++)
		put_load(fx, 8, BPF_REG_6 + i, BPF_REG_10, slot + 8 * i);
}

/* A callback that no visit reached was never called: its code is gone. */
static bool is_plain_loop(const struct verifier_env *env, u32 idx)
{
	u32 sub = env->notes[idx].loop_sub;

	return env->insns[idx].imm == BPF_FUNC_loop && sub && sub != LOOP_ANY &&
	       env->notes[env->subprogs[sub - 1].start].seen;
}

static int fix_helper_call(struct fixer *fx, u32 idx)
{
	const struct insn_note *note = &fx->env->notes[idx];
	u32 helper = fx->env->insns[idx].imm, sym;

	if (helper == BPF_FUNC_tail_call)
		return fix_tail_call(fx, idx);
	if (helper == BPF_FUNC_get_smp_processor_id) {
		put_cpu_id(fx, BPF_REG_0);
		return 0;
	}
	if (is_plain_loop(fx->env, idx)) {
		put_loop(fx, idx, note->loop_sub - 1);
		return 0;
	}
	if (is_array_lookup(fx, note, helper)) {
		put_array_lookup(fx, note->map_idx);
		return 0;
	}
	if (helper == BPF_FUNC_timer_set_callback) {
		put_sym(fx, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_3 },
			sym_row(fx, SYM_PROG, 0, 0));
		put(fx, (struct bpf_insn){ 0 });
	}
	if (has_map_op(helper) && note->map_seen && !note->map_mixed)
		sym = sym_row(fx, SYM_MAP_OP, note->map_idx, helper);
	else
		sym = sym_row(fx, SYM_HELPER, helper, 0);
	put_sym(fx, fx->env->insns[idx], sym);
	return 0;
}

/* ---- packet loads of classic BPF ---------------------------------------------------------------- */

/* Offsets from here up, and below the next, count from the network and from the link header. */
#define OFF_NET	 (-0x100000)
#define OFF_LINK (-0x200000)

static void put_helper(struct fixer *fx, u32 helper)
{
	put_sym(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = helper },
		sym_row(fx, SYM_HELPER, helper, 0));
}

static void put_jump32(struct fixer *fx, u8 op, u8 dst, s32 imm, s16 off)
{
	put(fx, (struct bpf_insn){ .code = BPF_JMP32 | op | BPF_K, .dst_reg = dst, .imm = imm,
				   .off = off });
}

/*
 * A load is a helper call that copies the bytes to a slot of the frame. When they are not there the
 * function returns 0, as LD_ABS always did. r1 to r5 are lost in the exchange; nobody may read
 * them afterwards. w2 holds the offset, of which the sign is known only now for LD_IND.
 */
static void fix_ld_pkt(struct fixer *fx, u32 idx, enum insn_form form)
{
	const struct bpf_insn *insn = &fx->env->insns[idx];
	const struct subprog *sub = &fx->env->subprogs[subprog_of(fx->env, idx)];
	s16 slot = -(s16)(round_up_to(sub->stack_depth, 8) + sub->ld_abs_slot);
	u32 size = insn_infos[form].size;

	if (insn_infos[form].op == OP_IND) {
		put(fx, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2,
					   .src_reg = insn->src_reg });
		put_alu_k(fx, BPF_ALU, BPF_ADD, BPF_REG_2, insn->imm);
	} else {
		put_alu_k(fx, BPF_ALU, BPF_MOV, BPF_REG_2, insn->imm);
	}
	put(fx, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1,
				   .src_reg = BPF_REG_6 });
	put(fx, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3,
				   .src_reg = BPF_REG_10 });
	put_alu_k(fx, BPF_ALU64, BPF_ADD, BPF_REG_3, slot);
	put_mov_k(fx, BPF_REG_4, size);
	put_jump32(fx, BPF_JSLT, BPF_REG_2, 0, 2);
	put_helper(fx, BPF_FUNC_skb_load_bytes);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = 7 }); /* to the test */
	put_jump32(fx, BPF_JSLT, BPF_REG_2, OFF_LINK, 7);		   /* to the failure */
	put_mov_k(fx, BPF_REG_5, BPF_HDR_START_NET);
	put_jump32(fx, BPF_JSGE, BPF_REG_2, OFF_NET, 2);
	put_mov_k(fx, BPF_REG_5, BPF_HDR_START_MAC);
	put_alu_k(fx, BPF_ALU, BPF_ADD, BPF_REG_2, OFF_NET - OFF_LINK);
	put_alu_k(fx, BPF_ALU, BPF_SUB, BPF_REG_2, OFF_NET);
	put_helper(fx, BPF_FUNC_skb_load_bytes_relative);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K, .off = 2 }); /* the test */
	put_alu_k(fx, BPF_ALU, BPF_MOV, BPF_REG_0, 0);				   /* the failure */
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	put_load(fx, size, BPF_REG_0, BPF_REG_10, slot);
	if (size > 1)
		put(fx, (struct bpf_insn){ .code = BPF_ALU | BPF_END | BPF_TO_BE, .imm = 8 * size });
}

/* ---- jumps ---------------------------------------------------------------------------------------- */

/* A condition that came out one way on every visit is none. */
static void fix_cond(struct fixer *fx, u32 idx)
{
	const struct verifier_env *env = fx->env;
	s64 target = insn_target(env->insns, idx);
	u8 way = env->notes[idx].way;
	bool fall = env->notes[idx + 1].seen && way != WAY_JUMP;
	bool taken = env->notes[target].seen && way != WAY_FALL;

	if (!taken)
		return;
	fx->cur->jump = true;
	fx->cur->target = target;
	if (fall)
		put(fx, env->insns[idx]);
	else
		put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JA });
}

/* A counter below the subprogram's stack is taken down; at 0 the jump is made. */
static void fix_may_goto(struct fixer *fx, u32 idx)
{
	const struct subprog *sub = &fx->env->subprogs[subprog_of(fx->env, idx)];
	s16 slot = -(s16)(round_up_to(sub->stack_depth, 8) + 8);
	u8 ax = ISA_REG_AX;

	/* It decides nothing. */
	if (!fx->env->insns[idx].off)
		return;
	/* The jump to the target stands last, where the aiming pass looks for it. */
	put_load(fx, 8, ax, BPF_REG_10, slot);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = ax, .off = 3 });
	put_alu_k(fx, BPF_ALU64, BPF_SUB, ax, 1);
	put(fx, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10,
				   .src_reg = ax, .off = slot });
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = 1 });
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JA });
	fx->cur->jump = true;
	fx->cur->target = insn_target(fx->env->insns, idx);
}

/*
 * Adds to or subtracts from a pointer a number that is at most the limit, and 0 where a CPU that guesses
 * has another one (spec.c). A negative offset is turned round before, and the operation with it.
 */
static void fix_masked(struct fixer *fx, u32 idx)
{
	const struct insn_note *note = &fx->env->notes[idx];
	struct bpf_insn insn = fx->env->insns[idx];
	const struct bpf_insn as_loaded = insn;
	bool in_src = note->alu_state & SPEC_OFF_IN_SRC, negative = note->alu_state & SPEC_NEGATIVE;
	bool known = note->alu_state & SPEC_CONST;
	u8 off = in_src ? insn.src_reg : insn.dst_reg, ax = ISA_REG_AX;

	if (known) {
		put_alu_k(fx, BPF_ALU, BPF_MOV, ax, note->alu_limit);
	} else {
		if (negative)
			put_alu_k(fx, BPF_ALU64, BPF_MUL, off, -1);
		put_mask_to(fx, off, note->alu_limit);
		put_alu_x(fx, BPF_AND, ax, off);
	}
	if (!in_src)
		put_alu_x(fx, BPF_MOV, insn.dst_reg, insn.src_reg);
	insn.src_reg = ax;
	if (negative)
		insn.code = (insn.code & ~0xf0) | (BPF_OP(insn.code) == BPF_ADD ? BPF_SUB : BPF_ADD);
	put(fx, insn);
	/* The program's own register keeps its value. */
	if (in_src && negative && !known && as_loaded.src_reg != as_loaded.dst_reg)
		put_alu_k(fx, BPF_ALU64, BPF_MUL, off, -1);
}

static int fix_insn(struct fixer *fx, u32 idx)
{
	const struct verifier_env *env = fx->env;
	const struct bpf_insn *insn = &env->insns[idx];
	enum insn_form form = insn_decode(insn);
	const struct insn_info *info = &insn_infos[form];

	switch (info->kind) {
	case INSN_LDX:
	case INSN_ST:
	case INSN_STX:
	case INSN_ATOMIC:
		if (env->notes[idx].on_view && find_view(env, env->notes[idx].on_view - 1)->convs)
			return fix_ctx(fx, idx, form);
		break;
	case INSN_ALU:
		if (env->notes[idx].alu_state & ~SPEC_NUMBER) {
			fix_masked(fx, idx);
			return 0;
		}
		break;
	case INSN_LD_IMM64:
		fix_ld_imm64(fx, idx, form);
		return 0;
	case INSN_LD_PKT:
		fix_ld_pkt(fx, idx, form);
		return 0;
	case INSN_CAST:
		return not_modelled(fx->env, "running %s", info->name);
	case INSN_JCOND:
		fix_cond(fx, idx);
		return 0;
	case INSN_MAY_GOTO:
		fix_may_goto(fx, idx);
		return 0;
	case INSN_JA:
		fx->cur->jump = true;
		fx->cur->target = insn_target(env->insns, idx);
		break;
	case INSN_CALL:
		if (form == FORM_CALL_HELPER)
			return fix_helper_call(fx, idx);
		fx->cur->jump = true;
		fx->cur->target = insn_target(env->insns, idx);
		break;
	default:
		break;
	}
	put(fx, *insn);
	return 0;
}

/* Slots below the subprogram's own stack that rewriting needs. */
static int reserve_stack(struct verifier_env *env, struct subprog *sub, bool *ret_may_goto)
{
	u32 depth = round_up_to(sub->stack_depth, 8);
	bool ld_pkt = false, loop = false;

	*ret_may_goto = false;
	for (u32 i = sub->start; i < sub->end; i++) {
		enum insn_form form = env->forms[i];

		if (env->notes[i].seen) {
			*ret_may_goto |= form == FORM_MAY_GOTO && env->insns[i].off;
			ld_pkt |= insn_infos[form].kind == INSN_LD_PKT;
			loop |= form == FORM_CALL_HELPER && is_plain_loop(env, i);
		}
		i += insn_is_wide(&env->insns[i]);
	}
	sub->extra_stack = 8 * *ret_may_goto;
	/* Machine code has room for it, in Linux too. */
	if (!env->host->jit && depth + sub->extra_stack > MAX_BPF_STACK)
		return reject(env, R_STACK_SIZE, -EACCES, "stack size %d(extra %d) is too large", depth,
			      sub->extra_stack);
	/* Linux does not count these. */
	sub->extra_stack += 8 * ld_pkt;
	sub->ld_abs_slot = sub->extra_stack; /* the last one */
	sub->extra_stack += 24 * loop;
	sub->loop_slot = sub->extra_stack; /* the lowest of three */
	return 0;
}

/* Sets the counter of may_goto up before the first insn. */
static int put_entry(struct fixer *fx, struct subprog *sub)
{
	bool may_goto;
	int err = reserve_stack(fx->env, sub, &may_goto);

	if (sub->extra_stack > fx->extra_stack)
		fx->extra_stack = sub->extra_stack;
	if (err || !may_goto)
		return err;
	put(fx, (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10,
				   .off = -(s16)(round_up_to(sub->stack_depth, 8) + 8),
				   .imm = MAX_MAY_GOTO });
	fx->cur->entry = 1;
	return 0;
}

static int build_lists(struct fixer *fx)
{
	struct verifier_env *env = fx->env;
	u32 live_subs = 0;
	int err;

	for (u32 s = 0; s < env->subprog_cnt; s++)
		fx->sub_new[s] = env->notes[env->subprogs[s].start].seen ? live_subs++ : UINT32_MAX;
	for (u32 i = 0; i < env->insn_cnt; i++) {
		u32 s = subprog_of(env, i);

		fx->cur = &fx->repls[i];
		fx->cur->first = fx->pool.cnt;
		if (!env->notes[i].seen)
			continue;
		err = i == env->subprogs[s].start ? put_entry(fx, &env->subprogs[s]) : 0;
		if (!err && env->notes[i].dropped)
			continue;
		if (!err && env->notes[i].nospec)
			put_nospec(fx);
		if (!err)
			err = fix_insn(fx, i);
		if (err)
			return err;
		if (env->notes[i].nospec_result)
			put_nospec(fx);
		if (insn_is_wide(&env->insns[i])) {
			i++;
			fx->repls[i].first = fx->pool.cnt;
		}
	}
	return fx->oom ? -ENOMEM : 0;
}

/* A goto over nothing but dropped insns goes nowhere. From the end, so that those behind it have
 * been judged. Functions whose address is taken are aimed the same way and are no jumps. */
static void drop_empty_jumps(struct fixer *fx)
{
	const struct verifier_env *env = fx->env;
	u32 next = env->insn_cnt; /* the next insn with something in its list */

	for (u32 i = env->insn_cnt; i-- > 0;) {
		struct repl *r = &fx->repls[i];
		const struct bpf_insn *last;

		if (!r->cnt)
			continue;
		last = &fx->pool.at[r->first + r->cnt - 1];
		if (r->jump && r->cnt == 1 && BPF_OP(last->code) == BPF_JA &&
		    (last->code == (BPF_JMP | BPF_JA) || last->code == (BPF_JMP32 | BPF_JA)) &&
		    r->target > i && r->target <= next) {
			r->nop = true;
			r->cnt = 0;
			r->jump = false;
			continue;
		}
		next = i;
	}
}

/* ---- writing out ---------------------------------------------------------------------------------- */

static s64 jump_dist(const struct fixer *fx, u32 orig)
{
	const struct repl *r = &fx->repls[orig];

	/* Where a jump to an original insn lands: its list without what is for entry only. */
	return (s64)fx->place[r->target] + fx->repls[r->target].entry -
	       (fx->place[orig] + r->cnt - 1) - 1;
}

/*
 * A condition reaches 32767 insns, its target may lie further off now:
 *	if COND goto far	if COND goto +1
 *				goto +1
 *				goto far		; 32 bits of distance
 */
static void lengthen(struct fixer *fx, u32 orig)
{
	struct repl *r = &fx->repls[orig], was = *r;
	struct bpf_insn cond = fx->pool.at[was.first + was.cnt - 1];

	fx->cur = r;
	r->first = fx->pool.cnt;
	r->cnt = 0;
	for (u32 k = 0; k + 1 < was.cnt; k++)
		put_sym(fx, fx->pool.at[was.first + k], fx->pool_sym.at[was.first + k]);
	cond.off = 1;
	put(fx, cond);
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = 1 });
	put(fx, (struct bpf_insn){ .code = BPF_JMP | BPF_JA });
}

static bool is_far_condition(const struct fixer *fx, u32 orig)
{
	const struct repl *r = &fx->repls[orig];
	const struct bpf_insn *last = &fx->pool.at[r->first + r->cnt - 1];
	s64 dist;

	if (!r->cnt || !r->jump || insn_infos[insn_decode(last)].kind != INSN_JCOND)
		return false;
	dist = jump_dist(fx, orig);
	return dist != (s16)dist;
}

static u32 place_once(struct fixer *fx)
{
	u32 at = 0;

	for (u32 i = 0; i < fx->env->insn_cnt; i++) {
		fx->place[i] = at;
		at += fx->repls[i].cnt;
	}
	fx->place[fx->env->insn_cnt] = at;
	return at;
}

/* Lists only grow, so this ends. */
static u32 place_all(struct fixer *fx)
{
	bool grown = true;
	u32 cnt = 0;

	while (grown && !fx->oom) {
		grown = false;
		cnt = place_once(fx);
		for (u32 i = 0; i < fx->env->insn_cnt && !fx->oom; i++) {
			if (is_far_condition(fx, i)) {
				lengthen(fx, i);
				grown = true;
			}
		}
	}
	return cnt;
}

static int aim(struct fixer *fx, u32 orig, struct bpf_insn *insn, u32 at)
{
	const struct repl *r = &fx->repls[orig];
	enum insn_form form = insn_decode(insn);
	s64 dist;

	if (form == FORM_CALL_SUBPROG || form == FORM_LD_FUNC) {
		insn->imm = (s64)fx->place[r->target] - at - 1;
		return 0;
	}
	dist = jump_dist(fx, orig);
	if (dist == (s16)dist && form != FORM_JA32) {
		insn->off = dist;
		return 0;
	}
	if (insn_infos[form].kind != INSN_JA)
		return verifier_bug(fx->env, "insn %u is a jump that was not lengthened", orig);
	*insn = (struct bpf_insn){ .code = BPF_JMP32 | BPF_JA, .imm = dist };
	return 0;
}

/* Conservative: any 32-bit result may be read as 64 bits later. */
static u32 zext_flag(const struct bpf_insn *insn)
{
	enum insn_form form = insn_decode(insn);
	const struct insn_info *info = &insn_infos[form];

	switch (info->kind) {
	case INSN_ENDIAN: /* the size is that of the result */
		return info->size < 8 ? AUX_ZEXT : 0;
	case INSN_ALU:
	case INSN_MOVSX:
		return BPF_CLASS(insn->code) == BPF_ALU ? AUX_ZEXT : 0;
	case INSN_LDX:
		return info->size < 8 && info->op == OP_LDX ? AUX_ZEXT : 0;
	case INSN_ATOMIC:
		return info->size < 8 && insn_regs_written(insn, form) ? AUX_ZEXT : 0;
	default:
		return 0;
	}
}

static int write_list(struct fixer *fx, u32 orig, struct xlated_prog *x)
{
	const struct repl *r = &fx->repls[orig];
	u32 at = fx->place[orig];
	bool wide;

	for (u32 k = 0; k < r->cnt; k++) {
		struct bpf_insn *insn = &x->insns[at + k];
		struct insn_aux *aux = &x->aux[at + k];
		int err = 0;

		*insn = fx->pool.at[r->first + k];
		wide = insn_is_wide(insn);
		aux->orig_idx = orig;
		aux->flags = zext_flag(insn);
		aux->sym = fx->pool_sym.at[r->first + k];
		if (r->call_at == k + 1)
			insn->imm = (s64)fx->place[r->target] - (at + k) - 1;
		if (r->jump && (k + 1 == r->cnt || (wide && k + 2 == r->cnt)))
			err = aim(fx, orig, insn, at + k);
		if (err)
			return err;
		if (wide) {
			k++;
			x->insns[at + k] = fx->pool.at[r->first + k];
			x->aux[at + k].orig_idx = orig;
		}
	}
	return 0;
}

/* Insns that gotox may go to, whether it does or not (J-09: those it does go to are marked). */
static int write_tables(struct fixer *fx, struct xlated_prog *x)
{
	const struct verifier_env *env = fx->env;

	x->tables = calloc(env->used_map_cnt + 1, sizeof(*x->tables));
	if (!x->tables)
		return -ENOMEM;
	for (u32 m = 0; m < env->used_map_cnt; m++) {
		const struct map_desc *map = &env->used_maps[m];
		struct xlated_table *table = &x->tables[x->table_cnt];

		if (!map->insn_values)
			continue;
		*table = (struct xlated_table){ .map_idx = m, .cnt = map->max_entries };
		table->targets = calloc(table->cnt, sizeof(*table->targets));
		if (!table->targets)
			return -ENOMEM;
		x->table_cnt++;
		for (u32 i = 0; i < table->cnt; i++) {
			u32 orig = map->insn_values[i].orig_off, at = fx->place[orig] + fx->repls[orig].entry;

			table->targets[i] = env->notes[orig].seen ? at : INSN_GONE;
			if (env->notes[orig].gotox_dest)
				x->aux[at].flags |= AUX_INDIRECT_DEST | AUX_GOTOX_DEST;
		}
	}
	return 0;
}

static void mark_targets(struct xlated_prog *x)
{
	for (u32 i = 0; i < x->insn_cnt; i++) {
		enum insn_form form = insn_decode(&x->insns[i]);
		s64 to = insn_target(x->insns, i);

		if (to >= 0 && form == FORM_LD_FUNC)
			x->aux[to].flags |= AUX_INDIRECT_DEST;
		else if (to >= 0 && form != FORM_CALL_SUBPROG)
			x->aux[to].flags |= AUX_JMP_TARGET;
		i += insn_is_wide(&x->insns[i]);
	}
}

static void write_subprogs(struct fixer *fx, struct xlated_prog *x)
{
	struct verifier_env *env = fx->env;

	for (u32 s = 0; s < env->subprog_cnt; s++) {
		const struct subprog *sub = &env->subprogs[s];
		struct xlated_subprog *out;

		if (fx->sub_new[s] == UINT32_MAX)
			continue;
		out = &x->subprogs[x->subprog_cnt++];
		out->start = fx->place[sub->start];
		out->end = fx->place[sub->end];
		out->stack_depth = round_up_to(sub->stack_depth, 8) + sub->extra_stack;
		out->in_arg_cnt = sub->in_arg_cnt;
		out->out_arg_cnt = sub->out_arg_cnt;
		out->has_tail_call = sub->has_tail_call;
		out->is_global = sub->btf_func_id && sub->linkage == BTF_FUNC_GLOBAL;
		out->changes_pkt_data = sub->changes_pkt_data;
		out->might_sleep = sub->might_sleep;
		out->btf_func_id = sub->btf_func_id;
		strncpy(out->name, sub->name, sizeof(out->name) - 1);
	}
	for (u32 i = 0; i < fx->syms.cnt; i++) {
		if (fx->syms.at[i].kind == SYM_FUNC)
			x->subprogs[fx->syms.at[i].idx].is_callback = true;
	}
}

static int write_out(struct fixer *fx, struct xlated_prog *x)
{
	struct verifier_env *env = fx->env;
	u32 cnt = place_all(fx);
	int err = 0;

	if (fx->oom)
		return -ENOMEM;
	x->insns = calloc(cnt, sizeof(*x->insns));
	x->aux = calloc(cnt, sizeof(*x->aux));
	x->subprogs = calloc(env->subprog_cnt, sizeof(*x->subprogs));
	if (!x->insns || !x->aux || !x->subprogs)
		return -ENOMEM;
	x->insn_cnt = cnt;
	for (u32 i = 0; i < env->insn_cnt && !err; i++)
		err = write_list(fx, i, x);
	if (err)
		return err;
	write_subprogs(fx, x);
	mark_targets(x);
	err = write_tables(fx, x);
	if (err)
		return err;
	x->syms = fx->syms.at;
	x->sym_cnt = fx->syms.cnt;
	fx->syms.at = NULL;
	x->max_stack_depth = env->max_stack_depth + MAX_CALL_FRAMES * fx->extra_stack;
	return 0;
}

int fixups_run(struct verifier_env *env, struct xlated_prog **ret_prog)
{
	struct xlated_prog *x = calloc(1, sizeof(*x));
	struct fixer fx = { .env = env };
	int err = -ENOMEM;

	fx.repls = calloc(env->insn_cnt + 1, sizeof(*fx.repls));
	fx.place = calloc(env->insn_cnt + 1, sizeof(*fx.place));
	fx.sub_new = calloc(env->subprog_cnt, sizeof(*fx.sub_new));
	if (x && fx.repls && fx.place && fx.sub_new &&
	    vec_push(&fx.syms, ((struct xlated_sym){ .kind = SYM_NONE })))
		err = build_lists(&fx);
	if (!err) {
		drop_empty_jumps(&fx);
		err = write_out(&fx, x);
	}
	free(fx.repls);
	free(fx.place);
	free(fx.sub_new);
	vec_free(&fx.pool);
	vec_free(&fx.pool_sym);
	vec_free(&fx.syms);
	if (err)
		xlated_free(x);
	else
		*ret_prog = x;
	return err;
}
