/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * subprog.c - frames: calls of static subprograms are followed with what the caller passes, global
 * ones are checked apart; callbacks run zero or more times; exits give back to the caller.
 */
#include "verifier/explore.h"

#include <errno.h>
#include <stdio.h>

#define MAX_TAIL_STACK 256

/* ---- calls ------------------------------------------------------------------------------------ */

static int enter(struct verifier_env *env, struct verifier_state *state, u32 sub_idx, u32 insn_idx)
{
	struct func_state *callee;

	if (state->curframe + 1 >= MAX_CALL_FRAMES)
		return reject(env, R_FRAMES, -E2BIG, "the call stack of %d frames is too deep",
			      state->curframe + 2);
	callee = frame_new(env, state->curframe + 1, sub_idx, insn_idx);
	if (!callee)
		return -ENOMEM;
	state->frame[++state->curframe] = callee;
	return 0;
}

static void forget_caller_saved(struct verifier_env *env, struct verifier_state *state, u32 frameno)
{
	struct func_state *f = frame_mut(env, state, frameno);

	for (u32 r = BPF_REG_0; r <= BPF_REG_5; r++)
		f->regs[r] = (struct reg_state){ .type = NOT_INIT };
}

int do_subprog_call(struct verifier_env *env, u32 insn_idx)
{
	u32 sub_idx = subprog_at(env, insn_target(env->insns, insn_idx));
	struct verifier_state *cur = env->cur;
	struct func_state *callee;
	int err;

	if (env->subprogs[sub_idx].linkage == BTF_FUNC_GLOBAL && env->subprogs[sub_idx].btf_func_id) {
		err = check_global_call_under_lock(env);
		if (!err && env->subprogs[sub_idx].might_sleep && !may_sleep(env))
			err = reject(env, R_SLEEPABLE, -EINVAL, "sleepable global function %s() called in %s",
				     env->subprogs[sub_idx].name, "non-sleepable prog");
		if (!err)
			err = global_check_call(env, sub_idx);
		if (err)
			return err;
		global_after_call(env, sub_idx);
		env->insn_idx = insn_idx + 1;
		return PATH_ON;
	}
	err = enter(env, cur, sub_idx, insn_idx);
	if (err)
		return err;
	callee = frame_mut(env, cur, cur->curframe);
	for (u32 r = BPF_REG_1; r <= BPF_REG_5; r++)
		callee->regs[r] = cur->frame[cur->curframe - 1]->regs[r];
	forget_caller_saved(env, cur, cur->curframe - 1);
	env->insn_idx = env->subprogs[sub_idx].start;
	log_printf(env, VLOG_LEVEL1, "caller:\n");
	log_state(env, cur, cur->curframe - 1);
	log_printf(env, VLOG_LEVEL1, "callee:\n");
	log_state(env, cur, cur->curframe);
	log_touched_all(env);
	return PATH_ON;
}

/* ---- callbacks ---------------------------------------------------------------------------------- */

/* Behind the call there is no call under way: the count is not the next call's. */
static void end_callbacks(struct verifier_env *env)
{
	struct func_state *f;

	if (!cur_frame(env)->callback_call)
		return;
	f = frame_mut(env, env->cur, env->cur->curframe);
	f->callback_call = 0;
	f->callback_depth = 0;
}

bool callback_wanted(struct verifier_env *env, u64 max)
{
	if (cur_frame(env)->callback_depth < max)
		return true;
	end_callbacks(env);
	return false;
}

/*
 * Zero iterations: the current state goes on behind the call. One more: the pending state runs the
 * callback, whose return leads back to this very insn, where both ways are open again. That ends
 * when a state here is covered by an earlier one (states.c).
 */
int push_callback(struct verifier_env *env, u32 insn_idx, u32 subprog, const struct reg_state args[5])
{
	struct verifier_state *next = push_path(env, env->subprogs[subprog].start);
	struct func_state *callee;
	int err;

	if (!next)
		return env->ex->oom ? -ENOMEM : env->res->err;
	frame_mut(env, next, next->curframe)->callback_depth++;
	err = enter(env, next, subprog, insn_idx);
	if (err)
		return err;
	callee = frame_mut(env, next, next->curframe);
	callee->in_callback = true;
	env->subprogs[subprog].is_sync = true;
	for (u32 i = 0; i < 5; i++) {
		callee->regs[BPF_REG_1 + i] = args[i];
		callee->regs[BPF_REG_1 + i].precise = false;
	}
	forget_caller_saved(env, next, next->curframe - 1);
	/* r1..r5 of the caller are needed when the call insn is looked at again. */
	for (u32 r = BPF_REG_1; r <= BPF_REG_5; r++)
		frame_mut(env, next, next->curframe - 1)->regs[r] = env->cur->frame[env->cur->curframe]->regs[r];
	end_callbacks(env);
	log_touched_all(env);
	return 0;
}

/* Only the ends that are known are told. */
static int reject_r0_range(struct verifier_env *env, enum reject_reason reason, const char *where, int min,
			   int max)
{
	const struct scalar *val = &cur_reg(env, BPF_REG_0)->val;
	s64 smin = scalar_smin(val), smax = scalar_smax(val);
	char has[80] = "";

	if (smin > INT64_MIN)
		snprintf(has, sizeof(has), " smin=%lld", (long long)smin);
	if (smax < INT64_MAX)
		snprintf(has + strlen(has), sizeof(has) - strlen(has), " smax=%lld", (long long)smax);
	return reject(env, reason, -EINVAL, "At %s the register R0 has%s should have been in [%d, %d]", where,
		      has[0] ? has : " unknown scalar value", min, max);
}

static int check_callback_return(struct verifier_env *env)
{
	const struct reg_state *r0 = cur_reg(env, BPF_REG_0);
	int err;

	if (r0->type != SCALAR_VALUE)
		return reject(env, R_CALLBACK_RETURN, -EACCES, "R0 not a scalar value");
	err = mark_precise(env, BPF_REG_0);
	if (err)
		return err;
	if (scalar_smin(&r0->val) >= 0 && scalar_smax(&r0->val) <= 1)
		return 0;
	return reject_r0_range(env, R_CALLBACK_RETURN, "callback return", 0, 1);
}

/* ---- exits ------------------------------------------------------------------------------------------ */

/* Pointers into the frame that goes away may not stay behind in the frames above. The check of
 * writes sees to the caller's stack; registers other than r0 are the caller's own. */
static int leave(struct verifier_env *env)
{
	struct verifier_state *cur = env->cur;
	struct func_state *callee = cur->frame[cur->curframe], *caller;
	struct reg_state r0 = callee->regs[BPF_REG_0];
	bool callback = callee->in_callback;
	u32 callsite = callee->callsite;
	int err;

	if (reg_base_type(&r0) == PTR_TO_STACK)
		return reject(env, R_STACK_LEAK, -EINVAL, "cannot return stack pointer to the caller");
	if (callback) {
		err = check_callback_return(env);
		if (err)
			return err;
	}
	env->insn_idx = callback ? callsite : callsite + 1;
	log_printf(env, VLOG_LEVEL1, "returning from callee:\n");
	log_state(env, cur, cur->curframe);
	cur->frame[cur->curframe] = NULL;
	cur->curframe--;
	caller = frame_mut(env, cur, cur->curframe);
	if (!callback)
		caller->regs[BPF_REG_0] = r0;
	log_printf(env, VLOG_LEVEL1, "to caller at %d:\n", env->insn_idx);
	log_state(env, cur, cur->curframe);
	env->ex->log_from = true;
	if (callback)
		widen_iteration(env, cur, callsite, false);
	frame_put(env->ex, callee);
	return PATH_ON;
}

/*
 * V-16: with too few bytes in the packet the function returns 0 there and then. In main that ends the
 * run; in a subprogram it is a second way back to the caller, followed before the plain one.
 */
int do_ld_pkt(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	const struct prog_type_row *type = env->type;
	u32 idx = env->insn_idx;
	int err = check_ld_pkt(env, insn, info);

	if (err)
		return err;
	env->insn_idx = idx + 1;
	if (!env->cur->curframe) {
		if (type->ret_checked && (type->ret_min > 0 || type->ret_max < 0))
			return not_modelled(env, "LD_ABS where a program cannot return 0");
		return PATH_ON;
	}
	if (!push_path(env, idx + 1))
		return env->ex->oom ? -ENOMEM : env->res->err;
	mark_reg_known(env, BPF_REG_0, 0);
	return leave(env);
}

/*
 * A tail call that succeeds ends the function, with any number the other program may return, after
 * that program may have changed the packet. In main that ends the run; in a subprogram it is a second
 * way back to the caller. One that fails has done nothing.
 */
int do_tail_call(struct verifier_env *env)
{
	u32 idx = env->insn_idx;

	if (!env->cur->curframe) {
		env->insn_idx = idx + 1;
		return PATH_ON;
	}
	if (!push_path(env, idx + 1))
		return env->ex->oom ? -ENOMEM : env->res->err;
	pkt_forget(env, env->cur);
	mark_reg_unknown(env, BPF_REG_0);
	return leave(env);
}

static int check_return_in(struct verifier_env *env, enum reject_reason reason, const char *where, s64 min, s64 max)
{
	const struct reg_state *r0 = cur_reg(env, BPF_REG_0);
	int err;

	if (r0->type != SCALAR_VALUE)
		return reject(env, reason, -EINVAL, "At %s the register R0 is not a known value (%s)", where,
			      reg_type_str(r0->type));
	err = mark_precise(env, BPF_REG_0);
	if (err)
		return err;
	if (scalar_smin(&r0->val) >= min && scalar_smax(&r0->val) <= max)
		return 0;
	return reject_r0_range(env, reason, where, min, max);
}

static int check_program_return(struct verifier_env *env)
{
	const struct prog_type_row *type = env->type;
	int err = check_reg_read(env, BPF_REG_0);

	if (!err)
		err = check_leak(env, BPF_REG_0, "as return value");
	if (err)
		return err;
	if (env->cur->frame[0]->in_async)
		return check_return_in(env, R_CALLBACK_RETURN, "async callback return", 0, 0);
	return type->ret_checked ? check_return_in(env, R_RETURN, "program exit", type->ret_min, type->ret_max) : 0;
}

int do_exit(struct verifier_env *env)
{
	struct verifier_state *cur = env->cur;
	int err;

	if (cur->curframe)
		return leave(env);
	err = ref_check_leak(env, "BPF_EXIT instruction in main prog");
	if (!err)
		err = check_lock_free(env, "BPF_EXIT instruction in main prog");
	if (err)
		return err;
	if (!cur->frame[0]->in_async && (cur->frame[0]->subprog || is_extension(env)))
		err = global_check_exit(env, cur->frame[0]->subprog);
	else
		err = check_program_return(env);
	return err ? err : PATH_OVER;
}

/* ---- depth of the whole call graph (R-02) -------------------------------------------------------------- */

/* With machine code a frame takes what it uses, in 16 bytes; else at least one unit of 32. */
static u32 rounded(const struct verifier_env *env, u32 bytes)
{
	return env->host->jit ? round_up_to(bytes, 16) : round_up_to(max_of(bytes, 1u), 32);
}

#define MIN_PRIVATE_STACK 64

/*
 * Programs that may run on anybody's stack, at any depth, have their larger frames elsewhere in Linux, one a
 * CPU: those do not count. A tail call anywhere needs all of them on the one stack. Here a frame is on the
 * thread's own stack, which has room for 8 of 512 bytes.
 */
static bool may_have_private_stacks(const struct verifier_env *env)
{
	switch (env->prog->type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
		break;
	default:
		return false;
	}
	for (u32 s = 0; s < env->subprog_cnt; s++) {
		if (env->subprogs[s].has_tail_call)
			return false;
	}
	return true;
}

/* The deepest chain below a subprogram: all bytes; those that count, of how many frames; and most frames of
 * any chain. */
struct depth {
	u32 all_bytes, bytes, frames, most_frames;
};

/* What runs later has a stack of its own. */
static bool is_below(const struct verifier_env *env, enum insn_form form, u32 callee)
{
	const struct subprog *sub = &env->subprogs[callee];

	return form == FORM_CALL_SUBPROG || (form == FORM_LD_FUNC && (sub->is_sync || !sub->is_async));
}

static struct depth depth_below(const struct verifier_env *env, const struct depth *depths, u32 sub_idx)
{
	struct depth below = { 0 };

	for (u32 i = env->subprogs[sub_idx].start; i < env->subprogs[sub_idx].end; i++) {
		enum insn_form form = env->forms[i];

		s64 target = insn_target(env->insns, i);

		if (target >= 0 && is_below(env, form, subprog_at(env, target))) {
			const struct depth *d = &depths[subprog_at(env, target)];

			if (d->bytes > below.bytes || !below.frames) {
				below.bytes = d->bytes;
				below.frames = d->frames;
			}
			below.all_bytes = max_of(below.all_bytes, d->all_bytes);
			below.most_frames = max_of(below.most_frames, d->most_frames);
		}
		i += insn_is_wide(&env->insns[i]);
	}
	return below;
}

/*
 * A tail call in a subprogram keeps the frames of its callers: 33 times that must fit, so they are
 * bounded. Callers come first in the reversed order; @above is the deepest way down to each.
 */
static int check_tail_depth(struct verifier_env *env)
{
	u32 above[MAX_SUBPROGS] = { 0 };

	for (u32 t = env->topo_cnt; t-- > 0;) {
		const struct subprog *sub = &env->subprogs[env->topo[t]];
		u32 depth = above[env->topo[t]];

		if (env->topo[t] && sub->has_tail_call && depth >= MAX_TAIL_STACK)
			return reject_at(env, sub->start, R_TAIL_CALL, -EACCES,
					 "tail_calls are not allowed when call stack of previous frames is %d bytes. Too large",
					 depth);
		depth += rounded(env, sub->stack_depth);
		for (u32 i = sub->start; i < sub->end; i++) {
			enum insn_form form = env->forms[i];

			if (form == FORM_CALL_SUBPROG || form == FORM_LD_FUNC) {
				u32 callee = subprog_at(env, insn_target(env->insns, i));

				above[callee] = max_of(above[callee], depth);
			}
			i += insn_is_wide(&env->insns[i]);
		}
	}
	return 0;
}

/* Callees come first in topological order, so what is below each is known in turn. */
int check_stack_depth(struct verifier_env *env)
{
	struct depth *depths = calloc(env->subprog_cnt, sizeof(*depths));
	bool private = may_have_private_stacks(env);
	int err = 0;

	if (!depths)
		return -ENOMEM;
	for (u32 t = 0; t < env->topo_cnt && !err; t++) {
		u32 s = env->topo[t];
		struct depth d = depth_below(env, depths, s);
		u32 own;

		own = rounded(env, env->subprogs[s].stack_depth);
		d.all_bytes += own;
		if (!private || own < MIN_PRIVATE_STACK)
			d.bytes += own;
		d.frames++;
		d.most_frames++;
		depths[s] = d;
		if (d.most_frames > MAX_CALL_FRAMES)
			err = reject(env, R_FRAMES, -E2BIG, "the call stack of %d frames is too deep !",
				     d.most_frames - 1); /* as Linux counts them: main's is none */
		else if (d.bytes > MAX_BPF_STACK)
			err = reject(env, R_STACK_SIZE, -EACCES,
				     "combined stack size of %d calls is %d. Too large", d.frames, d.bytes);
	}
	if (!err)
		err = check_tail_depth(env);
	env->max_stack_depth = depths[0].all_bytes;
	free(depths);
	return err;
}
