/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpu.h - virtual CPUs. A thread that runs programs holds one until it ends or the CPUs run out,
 * so that taking it costs nothing per run; bpf_get_smp_processor_id() and per-CPU maps count these.
 */
#ifndef SKEP_CORE_VCPU_H
#define SKEP_CORE_VCPU_H

#include "base/types.h"
#include "core/lock.h"
#include "core/tail.h"

#define VCPU_MAX 64

struct skep;

/* One activation of a program. The runtime puts it on the stack of the running thread. */
struct run_ctx {
	struct run_ctx *prev; /* the program that this one interrupted or was called from */
	struct skep *skep;
	const void *prog;     /* struct skep_prog */
	void *hook_ctx;	      /* the structure the program's context pointer stands for */
	/* Calls a subprogram that was passed to a helper as a callback. @func is what SYM_FUNC
	 * resolved to in the engine that runs the program. */
	u64 (*call_func)(struct run_ctx *run, u64 func, const u64 args[5]);
	void *engine;	      /* the engine's own */
	u32 tail_calls;	      /* made so far; see tail.h */
	u64 scratch[8];	      /* for helpers of the hook, e.g. a redirect target */
};

struct ip_list {
	const u64 *ips; /* innermost first */
	u32 cnt;
};

/* What a simulated kernel has none of, and a test run may give; 0 where it does not. */
struct run_given {
	struct ip_list kernel_stack, user_stack;
	u64 attach_cookie;
	u64 func_ip;	    /* the function that a probe is at the entry of */
	u64 event_value[3]; /* as struct bpf_perf_event_value */
};

/* What a program meets beside its context. */
struct run_env {
	void *storage[2]; /* values of the attachment that it runs for: see map_owner */
	struct run_given given;
	s32 *hook_ret; /* what the operation that the hook is part of would answer: bpf_get_retval() */
};

struct vcpu {
	u32 id; /* 0 .. vcpu set's count - 1 */
	struct run_ctx *run; /* innermost activation, NULL when none */
	struct vcpu_set *set;
	const struct run_env *env; /* NULL: all of it is empty */
} __cacheline_aligned;

/* The vCPUs of one instance. */
struct vcpu_set;
struct vcpu_set *vcpu_set_new(u32 cnt); /* 1..VCPU_MAX; NULL: no memory, or @cnt out of range */
void vcpu_set_free(struct vcpu_set *set); /* no thread runs a program of the instance any more */
u32 vcpu_set_cnt(const struct vcpu_set *set);

/*
 * The calling thread's vCPU in @set: kept from its last run, else a free one, else waits for one
 * (an idle thread's vCPU may be taken from it). Registers the thread with RCU at its first time.
 * Between vcpu_enter() and vcpu_leave() no other thread has the same vCPU. Nests, also from a
 * signal handler and across instances (at most VCPU_SETS_PER_THREAD of them at a time).
 * NULL with errno EAGAIN: a handler interrupted this thread while it was getting its vCPU, or 16
 * runs are nested (a missed run); ENOMEM: the thread cannot be registered; EMFILE: nested in too many instances.
 */
struct vcpu *vcpu_enter(struct vcpu_set *set);
/*
 * For signal handlers: as vcpu_enter(), but never waits, locks or registers. NULL with errno EAGAIN
 * when the thread has no vCPU in @set, or lost it to another thread: a missed run, to be counted.
 */
struct vcpu *vcpu_try_enter(struct vcpu_set *set);
/* Innermost first. */
void vcpu_leave(struct vcpu *vcpu);
/* Binds the calling thread to vCPU @id from its next vcpu_enter() on (tests, --cpu). 0; -EINVAL: no
 * such vCPU; -EBUSY: another thread is bound to it, or this one is inside a run; -ENOMEM. */
int vcpu_bind(struct vcpu_set *set, u32 id);
/* Ends the binding; the vCPU is kept as any other. */
void vcpu_unbind(struct vcpu_set *set);

#define VCPU_SETS_PER_THREAD 8

extern __thread struct vcpu *vcpu_current_tls
	__attribute__((tls_model("initial-exec"), visibility("hidden")));
/* The vCPU that the running program is on; NULL outside of a run. Async-signal-safe. */
static inline struct vcpu *vcpu_current(void)
{
	return vcpu_current_tls;
}
/* Which of several equal things to use first: the vCPU's number, or a thread's own outside of runs. */
static inline u32 vcpu_hint(void)
{
	return vcpu_current_tls ? vcpu_current_tls->id : thread_token();
}

#endif
