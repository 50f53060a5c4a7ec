/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rcu.h - the one place that knows liburcu (memb flavour). Readers: registered threads, between
 * rcu_enter() and rcu_leave(), which nest. An object reached under RCU is freed with rcu_defer()
 * after a grace period. Threads register themselves at their first vCPU (vcpu.h).
 */
#ifndef SKEP_CORE_RCU_H
#define SKEP_CORE_RCU_H

#include "base/types.h"

struct rcu_item {
	struct rcu_item *next;
	void (*func)(struct rcu_item *item);
	void *priv[2]; /* liburcu's head lives here */
};

void rcu_enter(void);
void rcu_leave(void);
/* Registers the calling thread once; undone by itself at thread exit. 0 or -ENOMEM. */
int rcu_thread_ready(void);
/* Calls @func(@item) on a worker after a grace period. Never blocks, never allocates; may be
 * called from a signal handler. */
void rcu_defer(struct rcu_item *item, void (*func)(struct rcu_item *item));
/* Waits for a grace period. Not from a reader. */
void rcu_wait(void);
/* Waits until all callbacks deferred so far have run. Not from a reader or a callback. */
void rcu_drain(void);

#define rcu_load(p)	__atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_store(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

#endif
