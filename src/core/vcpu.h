/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpu.h - virtual CPUs. A thread that runs programs holds one until it ends or the CPUs run out,
 * so that taking it costs nothing per run; bpf_get_smp_processor_id() and per-CPU maps count these.
 */
#ifndef SKEP_CORE_VCPU_H
#define SKEP_CORE_VCPU_H

#include "base/types.h"

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
	u64 scratch[8];	      /* for helpers of the hook, e.g. a redirect target */
};

struct vcpu {
	u32 id; /* 0 .. vcpu set's count - 1 */
	struct run_ctx *run; /* innermost activation, NULL when none */
	struct vcpu_set *set;
};

/* The vCPUs of one instance. */
struct vcpu_set;
struct vcpu_set *vcpu_set_new(u32 cnt); /* 1..VCPU_MAX; NULL: no memory */
void vcpu_set_free(struct vcpu_set *set); /* no thread runs a program of the instance any more */
u32 vcpu_set_cnt(const struct vcpu_set *set);

/*
 * The calling thread's vCPU in @set: kept from its last run, else a free one, else waits for one
 * (an idle thread's vCPU may be taken from it). Registers the thread with RCU at its first time.
 * NULL with errno EAGAIN inside a signal handler on an unregistered thread (a missed run).
 * Between vcpu_enter() and vcpu_leave() no other thread has the same vCPU. Nests.
 */
struct vcpu *vcpu_enter(struct vcpu_set *set);
void vcpu_leave(struct vcpu *vcpu);
/* Binds the calling thread to vCPU @id from its next vcpu_enter() on (tests, --cpu). 0, -EINVAL,
 * -EBUSY. */
int vcpu_bind(struct vcpu_set *set, u32 id);

/* The vCPU that the running program is on; NULL outside of a run. Async-signal-safe. */
struct vcpu *vcpu_current(void);

#endif
