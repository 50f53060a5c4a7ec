/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore.c - the walk: one insn after the other along one path, other ways of branches put aside
 * for later, until no path is left or one is refused. Runs after prog_check(); afterwards
 * env->notes[].seen tells which insns can be reached.
 */
#include "verifier/explore.h"

#include <errno.h>

#define MAX_PENDING   8192

/* ---- paths -------------------------------------------------------------------------------------- */

struct verifier_state *push_path(struct verifier_env *env, u32 insn_idx)
{
	struct explore *ex = env->ex;
	struct verifier_state *st = state_clone(env, env->cur);

	if (!st)
		return NULL;
	if (ex->pending_cnt >= MAX_PENDING) {
		state_free(st);
		reject(env, R_TOO_COMPLEX, -E2BIG, "The sequence of %d jumps is too complex.",
		       ex->pending_cnt + 1);
		return NULL;
	}
	st->insn_idx = insn_idx;
	st->prev_idx = env->insn_idx;
	st->log_pos = env->log ? env->log->end : 0;
	if (st->parent)
		st->parent->branches++;
	st->next_kept = ex->pending;
	ex->pending = st;
	ex->pending_cnt++;
	return st;
}

/* The current path is over: its kept states have one path less to wait for. */
static void end_path(struct verifier_env *env)
{
	finish_paths(env->ex, env->cur->parent);
	state_free(env->cur);
	env->cur = NULL;
}

/* False when none is left. */
static bool next_path(struct verifier_env *env)
{
	struct explore *ex = env->ex;
	struct verifier_state *st = ex->pending;

	if (!st)
		return false;
	ex->pending = st->next_kept;
	ex->pending_cnt--;
	st->next_kept = NULL;
	env->cur = st;
	env->insn_idx = st->insn_idx;
	ex->prev_idx = st->prev_idx;
	/* Level 1 shows only the path that fails: what came after the fork ended well. */
	if (ex->log_on && !(env->log->level & VLOG_LEVEL2))
		vlog_rewind(env->log, st->log_pos);
	ex->log_from = true;
	log_touched_all(env);
	return true;
}

/* ---- single insns --------------------------------------------------------------------------------- */

static int do_ld_func(struct verifier_env *env, const struct bpf_insn *insn)
{
	u32 sub = subprog_at(env, insn_target(env->insns, env->insn_idx));
	struct reg_state reg = reg_pointer(PTR_TO_FUNC);
	int err = check_func_pointer(env, sub);

	if (err)
		return err;
	reg.subprog = sub;
	*cur_reg_mut(env, insn->dst_reg) = reg;
	return 0;
}

static int do_ld_imm64(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	const struct insn_note *note = &env->notes[env->insn_idx];
	struct reg_state reg;
	int err = check_reg_write(env, insn->dst_reg);

	if (err)
		return err;
	switch (info->op) {
	case OP_LD_IMM64:
		mark_reg_known(env, insn->dst_reg, (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32);
		return 0;
	case OP_LD_FUNC:
		return do_ld_func(env, insn);
	case OP_LD_MAP_FD:
	case OP_LD_MAP_IDX:
		reg = reg_pointer(CONST_PTR_TO_MAP);
		break;
	case OP_LD_MAP_VALUE:
	case OP_LD_MAP_IDX_VALUE:
		reg = reg_pointer(PTR_TO_MAP_VALUE);
		reg.val = scalar_const(note->map_off);
		break;
	default:
		return not_modelled(env, "this kind of 64-bit constant");
	}
	reg.map_idx = note->map_idx;
	*cur_reg_mut(env, insn->dst_reg) = reg;
	return 0;
}

static int do_load(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	int err = check_reg_read(env, insn->src_reg);

	if (!err)
		err = check_reg_write(env, insn->dst_reg);
	if (err)
		return err;
	return check_mem_access(env, &(struct mem_access){ .regno = insn->src_reg, .off = insn->off,
							   .size = info->size, .value_regno = insn->dst_reg,
							   .sign = info->op == OP_LDXSX });
}

static int do_store(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	bool imm = info->kind == INSN_ST;
	int err = imm ? 0 : check_reg_read(env, insn->src_reg);

	if (!err)
		err = check_reg_read(env, insn->dst_reg);
	if (err)
		return err;
	return check_mem_access(env, &(struct mem_access){ .regno = insn->dst_reg, .off = insn->off,
							   .size = info->size, .write = true, .is_imm = imm, .imm = insn->imm,
							   .value_regno = imm ? -1 : insn->src_reg });
}

/* Moves env->insn_idx. PATH_ON, PATH_OVER or a negative errno. */
static int do_insn(struct verifier_env *env)
{
	u32 idx = env->insn_idx;
	const struct bpf_insn *insn = &env->insns[idx];
	enum insn_form form = env->forms[idx];
	const struct insn_info *info = &insn_infos[form];
	int err;

	/* What an exit leaves behind is told as a whole. */
	if (env->ex->log_on && info->kind != INSN_EXIT)
		log_touched_regs(env, insn_regs_read(insn, form) | insn_regs_written(insn, form));
	switch ((enum insn_kind)info->kind) {
	case INSN_ALU:
		err = do_alu(env, insn, info);
		break;
	case INSN_MOVSX:
		err = do_movsx(env, insn, info);
		break;
	case INSN_ENDIAN:
		err = do_endian(env, insn, info);
		break;
	case INSN_LD_IMM64:
		err = do_ld_imm64(env, insn, info);
		break;
	case INSN_LDX:
		err = do_load(env, insn, info);
		break;
	case INSN_ST:
	case INSN_STX:
		err = do_store(env, insn, info);
		break;
	case INSN_ATOMIC:
		err = check_atomic(env, insn, form);
		break;
	case INSN_JCOND:
		env->ex->jumps_processed++;
		return do_branch(env, insn, info);
	case INSN_JA:
		env->ex->jumps_processed++;
		env->insn_idx = insn_target(env->insns, idx);
		return PATH_ON;
	case INSN_CALL:
		env->ex->jumps_processed++;
		if (form == FORM_CALL_SUBPROG)
			return do_subprog_call(env, idx);
		err = check_helper_call(env, idx);
		if (!err && insn->imm == BPF_FUNC_tail_call && form == FORM_CALL_HELPER)
			return do_tail_call(env);
		break;
	case INSN_EXIT:
		env->ex->jumps_processed++;
		return do_exit(env);
	case INSN_LD_PKT:
		return do_ld_pkt(env, insn, info);
	case INSN_LDX_ARG:
	case INSN_ST_ARG:
	case INSN_STX_ARG:
		return not_modelled(env, "stack arguments");
	case INSN_MAY_GOTO:
		return do_may_goto(env, idx);
	case INSN_GOTOX:
		env->ex->jumps_processed++;
		return do_gotox(env, idx);
	default:
		return verifier_bug(env, "insn %u of no kind", idx);
	}
	if (err)
		return err;
	env->insn_idx = idx + (insn_is_wide(insn) ? 2 : 1);
	return PATH_ON;
}

/* ---- the walk ----------------------------------------------------------------------------------------- */

static int too_many(struct verifier_env *env)
{
	int err = reject(env, R_TOO_COMPLEX, -E2BIG, "BPF program is too large. Processed %d insn", env->ex->insns_processed);

	diagnose_limit(env);
	return err;
}

static int one_step(struct verifier_env *env)
{
	struct explore *ex = env->ex;
	u32 idx = env->insn_idx;
	int res;

	if (++ex->insns_processed > MAX_PROCESSED)
		return too_many(env);
	if (ex->insns_processed == DIAGNOSE_FROM)
		diagnose_start(env);
	if (ex->cost)
		cost_step(env);
	if (env->notes[idx].prune_point) {
		res = prune(env);
		if (res == PATH_OVER)
			log_safe(env, idx);
		if (res != PATH_ON)
			return res;
	}
	if (env->cur->speculative && env->notes[idx].nospec)
		return PATH_OVER; /* a CPU that guessed waits here */
	log_insn(env, idx);
	env->notes[idx].seen |= !env->cur->speculative;
	if (ex->facts && !env->cur->speculative)
		facts_visit(env, idx);
	res = note_step(env, idx);
	if (res)
		return res;
	ex->in_insn = true;
	res = do_insn(env);
	ex->in_insn = false;
	ex->prev_idx = idx;
	if (ex->oom)
		return -ENOMEM;
	if (res < 0)
		return spec_recovers(env, idx, res) ? PATH_OVER : res;
	return env->cur->speculative && env->notes[idx].nospec_result ? PATH_OVER : res;
}

static int first_state(struct verifier_env *env, u32 sub_idx, const struct async_entry *async)
{
	struct verifier_state *st = state_alloc(env);

	if (!st)
		return -ENOMEM;
	st->frame[0] = frame_new(env, 0, sub_idx, UINT32_MAX);
	env->cur = st;
	if (!st->frame[0])
		return -ENOMEM;
	env->insn_idx = env->subprogs[sub_idx].start;
	if (async)
		async_set_entry(env, async);
	else if (sub_idx || is_extension(env))
		global_set_entry(env, sub_idx);
	else
		st->frame[0]->regs[BPF_REG_1] = reg_pointer(PTR_TO_CTX);
	return 0;
}

static int walk(struct verifier_env *env, u32 sub_idx, const struct async_entry *async)
{
	int err = first_state(env, sub_idx, async);

	if (err)
		return err;
	env->ex->prev_idx = env->insn_idx;
	env->ex->log_line = NULL;
	env->ex->log_from = false;
	log_touched_all(env);
	for (;;) {
		int res = one_step(env);

		if (res < 0)
			return res;
		if (res == PATH_OVER) {
			end_path(env);
			if (!next_path(env))
				break;
		}
	}
	if (env->log && !(env->log->level & VLOG_LEVEL2))
		vlog_rewind(env->log, 0);
	return 0;
}

int explore_subprog(struct verifier_env *env, u32 sub_idx)
{
	u32 before = env->ex->insns_processed;
	struct explore *ex = env->ex;
	int err = walk(env, sub_idx, NULL);

	env->subprogs[sub_idx].insns_processed = ex->insns_processed - before;
	/* What one names may name others. */
	while (!err && ex->asyncs_done < ex->asyncs.cnt) {
		struct async_entry entry = ex->asyncs.at[ex->asyncs_done++];

		before = ex->insns_processed;
		err = walk(env, entry.subprog, &entry);
		env->subprogs[entry.subprog].insns_processed += ex->insns_processed - before;
	}
	return err;
}
