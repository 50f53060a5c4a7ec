/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verifier.c - one run from program to verdict: checks without paths, liveness, the walk over main
 * and over every global function that is called, stack depth, rewriting. See verifier.h.
 */
#include "verifier/explore.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>


static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int start(struct verifier_env *env, const struct vprog *prog, const struct vhost *host,
		 const struct vopts *opts)
{
	struct explore *ex = env->ex;

	ex->log_on = vlog_wanted(env->log) && (env->log->level & (VLOG_LEVEL1 | VLOG_LEVEL2));
	ex->explain = opts && (opts->flags & VOPT_EXPLAIN);
	if (opts && (opts->flags & VOPT_COST)) {
		ex->cost = cost_new();
		if (!ex->cost)
			return -ENOMEM;
	}
	env->insn_cnt = prog->insn_cnt;
	/* One slot more: what follows a cut 64-bit constant is looked at before it is refused. */
	env->insns = calloc((size_t)prog->insn_cnt + 1, sizeof(*env->insns));
	env->forms = calloc((size_t)prog->insn_cnt + 1, sizeof(*env->forms));
	env->notes = calloc((size_t)prog->insn_cnt + 3, sizeof(*env->notes));
	ex->kept = calloc((size_t)prog->insn_cnt + 1, sizeof(*ex->kept));
	ex->spare = calloc(1, sizeof(*ex->spare));
	if (!env->insns || !env->forms || !env->notes || !ex->kept || !ex->spare)
		return -ENOMEM;
	ex->spare->slots = calloc(STACK_SLOTS, sizeof(*ex->spare->slots));
	if (!ex->spare->slots)
		return -ENOMEM;
	memcpy(env->insns, prog->insns, prog->insn_cnt * sizeof(*env->insns));
	if (prog->ext)
		env->type = host->prog_type(host->ctx, prog->ext->type, prog->ext->attach_type);
	else
		env->type = host->prog_type(host->ctx, prog->type, prog->attach_type);
	env->bpf_capable = host->caps & VCAP_BPF;
	env->allow_ptr_leaks = env->bypass_spec = host->caps & VCAP_PERFMON;
	env->strict_alignment = (prog->flags & BPF_F_STRICT_ALIGNMENT) && !(prog->flags & BPF_F_ANY_ALIGNMENT);
	if (opts && (opts->flags & VOPT_FACTS)) {
		ex->facts = facts_new(env);
		if (!ex->facts)
			return -ENOMEM;
	}
	return 0;
}

/* A global function that is called somewhere is verified by itself; that may call more of them. */
static int explore_globals(struct verifier_env *env)
{
	bool done[256] = { true };
	bool again = true;
	int err = 0;

	while (again && !err) {
		again = false;
		for (u32 s = 1; s < env->subprog_cnt && !err; s++) {
			if (done[s] || !env->subprogs[s].called)
				continue;
			done[s] = again = true;
			log_printf(env, VLOG_LEVEL1 | VLOG_LEVEL2, "Validating %s() func#%u...\n",
				   env->subprogs[s].name, s);
			err = global_prepare(env, s);
			if (!err)
				err = explore_subprog(env, s);
			if (!err)
				log_printf(env, VLOG_LEVEL1 | VLOG_LEVEL2,
					   "Func#%u ('%s') is safe for any args that match its prototype\n", s,
					   env->subprogs[s].name);
		}
	}
	return err;
}

static int verify(struct verifier_env *env)
{
	int err = prog_check(env);

	if (err)
		return err;
	for (u32 i = 0; i < env->insn_cnt; i++)
		env->forms[i] = insn_decode(&env->insns[i]);
	err = const_regs_compute(env);
	if (err)
		return err;
	env->ex->live = live_regs(env);
	if (!env->ex->live)
		return -ENOMEM;
	log_live_regs(env);
	err = stack_live_compute(env, &env->ex->stack_live);
	if (err)
		return err;
	err = fastcall_mark(env);
	if (!err)
		err = ext_prepare(env);
	if (!err)
		err = explore_subprog(env, 0);
	if (!err)
		err = explore_globals(env);
	if (!err)
		err = prog_check_named(env);
	if (!err)
		fastcall_shrink(env);
	if (!err)
		err = check_stack_depth(env);
	if (!err)
		err = fixups_run(env, &env->res->xlated);
	return err;
}

/* Whatever the level: it was asked for a log. */
static void log_warnings(struct verifier_env *env)
{
	if (vlog_wanted(env->log) && env->warnings.len)
		vlog_printf(env->log, "%s", strbuf_str(&env->warnings));
}

static void log_stats(struct verifier_env *env, u64 ns)
{
	const struct explore *ex = env->ex;

	if (!vlog_wanted(env->log))
		return;
	if (env->log->level & VLOG_STATS) {
		vlog_printf(env->log, "verification time %llu usec\n", (unsigned long long)ns / 1000);
		vlog_printf(env->log, "stack depth ");
		for (u32 s = 0; s < env->subprog_cnt; s++)
			vlog_printf(env->log, "%s%u", s ? "+" : "", env->subprogs[s].stack_depth);
		vlog_printf(env->log, " max %u\n", env->max_stack_depth);
		vlog_printf(env->log, "insns processed ");
		for (u32 s = 0; s < env->subprog_cnt; s++)
			vlog_printf(env->log, "%s%u", s ? "+" : "", env->subprogs[s].insns_processed);
		vlog_printf(env->log, "\n");
	}
	vlog_printf(env->log,
		    "processed %u insns (limit %d) max_states_per_insn %u total_states %u peak_states %u mark_read %u\n",
		    ex->insns_processed, MAX_PROCESSED, ex->max_kept_per_insn, ex->total_kept, ex->peak_kept, 0);
}

static void fill_result(struct verifier_env *env, u64 ns)
{
	const struct explore *ex = env->ex;
	struct vresult *res = env->res;
	struct source_line line;

	res->stats = (struct vstats){ .insns_processed = ex->insns_processed, .total_states = ex->total_kept,
				      .peak_states = ex->peak_kept, .max_states_per_insn = ex->max_kept_per_insn,
				      .verification_ns = ns, .max_stack_depth = env->max_stack_depth };
	if (ex->cost && !ex->cost_is_late)
		cost_finish(env, &res->cost);
	if (res->err) {
		if (ex->explain)
			explain_refusal(env);
		if (env->line_infos && btf_line_text(env, res->insn_idx, &line))
			snprintf(res->source, sizeof(res->source), "%s:%u: %s", line.file, line.line, line.text);
		return;
	}
	res->used_maps = env->used_maps;
	res->used_map_cnt = env->used_map_cnt;
	env->used_maps = NULL;
	env->used_map_cnt = 0;
	res->warnings = env->warnings.str;
	env->warnings = (struct strbuf){ 0 };
	if (ex->facts)
		res->facts = facts_finish(env);
}

static void finish(struct verifier_env *env)
{
	struct explore *ex = env->ex;
	struct verifier_state *st;

	state_free(env->cur);
	while ((st = ex->pending)) {
		ex->pending = st->next_kept;
		state_free(st);
	}
	for (u32 i = 0; ex->kept && i < env->insn_cnt; i++) {
		while ((st = ex->kept[i])) {
			ex->kept[i] = st->next_kept;
			state_free(st);
		}
	}
	while ((st = ex->dropped)) {
		ex->dropped = st->dropped_next;
		state_free(st);
	}
	env->res->stats.state_bytes = states_free_all(ex);
	maps_put_all(env);
	strbuf_free(&env->warnings);
	free(env->used_maps);
	facts_free(ex->facts);
	cost_free(ex->cost);
	if (ex->spare)
		free(ex->spare->slots);
	free(ex->spare);
	vec_free(&ex->values);
	vec_free(&ex->asyncs);
	free(ex->kept);
	free(ex->live);
	free(ex->stack_live);
	free(env->insns);
	free(env->forms);
	free(env->notes);
	free(env->subprogs);
	free(env->topo);
	free(env->indirect.targets);
	free(env->func_infos);
	free(env->line_infos);
}

int verifier_run(const struct vprog *prog, const struct vhost *host, const struct vopts *opts,
		 struct vresult *ret)
{
	struct explore ex = { 0 };
	struct verifier_env env = { .prog = prog, .host = host, .res = ret, .ex = &ex,
				    .log = opts ? opts->log : NULL };
	u64 begin = now_ns();
	int err;

	memset(ret, 0, sizeof(*ret));
	err = start(&env, prog, host, opts);
	if (!err)
		err = verify(&env);
	if (err && !ret->err && err != -ENOMEM)
		err = verifier_bug(&env, "refused with %d and no reason", err);
	if (!err)
		log_warnings(&env);
	log_stats(&env, now_ns() - begin);
	if (ret->err || !err)
		fill_result(&env, now_ns() - begin);
	if (err && ret->xlated) {
		xlated_free(ret->xlated);
		ret->xlated = NULL;
	}
	if (err && !ret->err)
		ret->err = err; /* no verdict: the machine is short */
	finish(&env);
	return err == -ENOMEM && ret->reason == R_NONE ? -ENOMEM : 0;
}

void vresult_free(const struct vhost *host, struct vresult *ret)
{
	xlated_free(ret->xlated);
	for (u32 i = 0; i < ret->used_map_cnt; i++)
		host->map_put(host->ctx, &ret->used_maps[i]);
	free(ret->used_maps);
	free(ret->facts);
	free(ret->warnings);
	free(ret->explain.required);
	free(ret->explain.known);
	for (u32 i = 0; i < ret->explain.cause_cnt; i++) {
		free(ret->explain.causes[i].insn);
		free(ret->explain.causes[i].known);
	}
	free(ret->explain.causes);
	vcost_free(&ret->cost);
	memset(ret, 0, sizeof(*ret));
}
