/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rcu.h - the one place that knows liburcu (memb flavour). Readers: registered threads, between
 * rcu_enter() and rcu_leave(), which nest. An object reached under RCU is freed with rcu_defer()
 * after a grace period. Threads register themselves at their first vCPU (vcpu.h).
 *
 * RCU is one for the process: its state is the exception that DESIGN.md names.
 *
 * fork(): grace periods and registrations are not under way while a process forks (pthread_atfork).
 * The child knows only the thread that forked; read sides of other threads count as ended, for
 * those threads are gone. Callbacks deferred before run in parent and child, each on its own copy,
 * in the child once a thread there registers, defers and drains. vfork() and a bare clone() are
 * not served: such a child must exec. Do not fork() from a reader.
 */
#ifndef SKEP_CORE_RCU_H
#define SKEP_CORE_RCU_H

#include "base/types.h"

/* Part of an object that is freed through RCU. */
struct rcu_item {
	struct rcu_item *next;
	void (*func)(struct rcu_item *item);
	void *priv[2]; /* of rcu.c */
};

/* Async-signal-safe on a thread that rcu_is_ready(). The thread must be registered. */
void rcu_enter(void);
void rcu_leave(void);
/* Registers the calling thread once; undone by itself at thread exit. 0, -ENOMEM or -EAGAIN (no
 * worker thread to be had; the thread is ending and was unregistered). Not from a signal handler. */
int rcu_thread_ready(void);
/* Whether the calling thread is registered. Async-signal-safe: what a handler asks first. */
bool rcu_is_ready(void);
/* Calls @func(@item) on a worker after a grace period; @item belongs to RCU until then. Never
 * blocks, never allocates; may be called from a signal handler, also on unregistered threads. */
void rcu_defer(struct rcu_item *item, void (*func)(struct rcu_item *item));
/* Waits for a grace period. Not from a reader (test builds stop there) or a signal handler. */
void rcu_wait(void);
/* Waits until all callbacks deferred so far have run. Not from a reader, a callback or a signal
 * handler. */
void rcu_drain(void);

#define rcu_load(p)	__atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_store(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

#endif
