/* SPDX-License-Identifier: BSD-2-Clause */
/* run.c - the way into a program: vCPU, RCU read side, activation record, code. */
#include "runtime/instance.h"

/* A run that was stopped returned nothing; whoever stopped it knows. */
static __noinline u64 run_checked(const struct skep_prog *prog, void *ctx)
{
	const struct run_checker *checker = &prog->skep->checker;
	u64 ret = 0;
	int err = interp_run_checked(prog->interp, ctx, checker->check, checker->ctx, checker->max_insns, &ret);

	if (checker->done)
		checker->done(checker->ctx, err);
	return ret;
}

JIT_CALLER static inline u64 call_code(const struct skep_prog *prog, void *ctx)
{
	const struct jit_code *code = rcu_load(prog->code);

	if (code)
		return code->entry(ctx);
	return prog->skep->checker.check ? run_checked(prog, ctx) : interp_run(prog->interp, ctx);
}

/* Not inlined into its caller's frame: mem.c takes the program's stack to lie below @run. */
static __noinline u32 run_counted(struct skep_prog *prog, void *ctx)
{
	u64 start = host_now_ns();
	u32 ret = (u32)call_code(prog, ctx);

	__atomic_fetch_add(&prog->run_time_ns, host_now_ns() - start, __ATOMIC_RELAXED);
	__atomic_fetch_add(&prog->run_cnt, 1, __ATOMIC_RELAXED);
	return ret;
}

static inline u32 run_once(struct skep_prog *prog, struct run_ctx *run, void *ctx)
{
	run->hook_ctx = ctx;
	run->tail_calls = 0;
	if (unlikely(__atomic_load_n(&prog->skep->stats_on, __ATOMIC_RELAXED)))
		return run_counted(prog, ctx);
	return (u32)call_code(prog, ctx);
}

/* NULL: no vCPU can be had here, the run is missed. */
static inline struct vcpu *enter(struct skep_prog *prog, struct run_ctx *run)
{
	struct vcpu *vcpu = vcpu_enter(prog->skep->vcpus);

	if (unlikely(!vcpu)) {
		__atomic_fetch_add(&prog->miss_cnt, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	rcu_enter();
	*run = (struct run_ctx){
		.prev = vcpu->run,
		.skep = prog->skep,
		.prog = prog,
	};
	prog_set_engine(prog, run);
	vcpu->run = run;
	return vcpu;
}

static inline void leave(struct skep *skep, struct vcpu *vcpu, const struct run_ctx *run)
{
	bool outermost = !run->prev;

	vcpu->run = run->prev;
	rcu_leave();
	vcpu_leave(vcpu);
	/* With virtual time nobody else looks after timers. */
	if (unlikely(outermost && timerq_is_due(&skep->timers.queue)))
		timerq_run(&skep->timers.queue);
}

void skep_explain_refusals(struct skep *skep, bool on)
{
	skep->explain = on;
}

void skep_measure_loads(struct skep *skep, bool on)
{
	skep->measure = on;
}

void skep_check_runs(struct skep *skep, const struct run_checker *checker)
{
	skep->checker = checker ? *checker : (struct run_checker){ 0 };
}

u32 skep_prog_run(struct skep_prog *prog, void *ctx)
{
	struct run_ctx run;
	struct vcpu *vcpu = enter(prog, &run);
	u32 ret;

	if (!vcpu)
		return 0;
	ret = run_once(prog, &run, ctx);
	leave(prog->skep, vcpu, &run);
	return ret;
}

u32 skep_prog_run_batch(struct skep_prog *prog, void *(*next)(void *arg, u32 prev_ret), void *arg,
			u64 *ret_cnt)
{
	struct run_ctx run;
	struct vcpu *vcpu = enter(prog, &run);
	u64 cnt = 0;
	u32 ret = 0;
	void *ctx;

	if (vcpu) {
		while ((ctx = next(arg, ret))) {
			ret = run_once(prog, &run, ctx);
			cnt++;
		}
		leave(prog->skep, vcpu, &run);
	}
	*ret_cnt = cnt;
	return ret;
}
