/* SPDX-License-Identifier: BSD-2-Clause */
/* timers.c - an instance's timers: callbacks run as programs do, on a vCPU and in an RCU read side. */
#include "runtime/instance.h"

static void prog_get(void *prog)
{
	skep_prog_get(prog);
}

static void prog_put(void *prog)
{
	skep_prog_put_later(prog);
}

/* The vCPU may be bound to another thread: then the callback runs on the one that this thread gets. */
static bool run_inside(struct timer_host *host, const u32 *cpu, void (*fn)(void *arg), void *arg)
{
	bool bound = cpu && !vcpu_bind(host->vcpus, *cpu);
	struct vcpu *vcpu = vcpu_enter(host->vcpus);

	if (vcpu) {
		rcu_enter();
		fn(arg);
		rcu_leave();
		vcpu_leave(vcpu);
	}
	if (bound)
		vcpu_unbind(host->vcpus);
	return vcpu;
}

/* Not inlined into its caller's frame: mem.c takes the program's stack to lie below @run. */
static __noinline void call_prog(struct run_ctx *run, u64 func, const u64 args[5])
{
	run->call_func(run, func, args);
}

static void call(struct timer_host *host, void *prog, u64 func, const u64 args[5])
{
	struct vcpu *vcpu = vcpu_current();
	struct run_ctx run = { .prev = vcpu->run, .skep = container_of(host, struct skep, timers), .prog = prog };

	prog_set_engine(prog, &run);
	vcpu->run = &run;
	call_prog(&run, func, args);
	vcpu->run = run.prev;
}

static void thread_init(void)
{
	(void)rcu_thread_ready(); /* else entering a vCPU fails: missed runs */
}

void skep_timers_init(struct skep *skep)
{
	struct timer_host *host = &skep->timers;

	*host = (struct timer_host){
		.queue = { .clock = &skep->host.clock, .thread_init = thread_init, .name = "skep-timers" },
		.vcpus = skep->vcpus, .get = prog_get, .put = prog_put, .inside = run_inside, .call = call,
	};
	timerq_init(&host->queue);
}

int skep_advance_time(struct skep *skep, u64 ns)
{
	if (!skep->host.clock.virtual_time)
		return -EINVAL;
	timerq_advance(&skep->timers.queue, ns);
	return 0;
}
