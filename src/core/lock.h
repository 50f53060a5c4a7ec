/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - a spin lock that cannot hang its thread ("resilient"): it finds out when the same
 * thread, for example through a program in a signal handler, wants it again, and gives up after a
 * bound when two threads wait for each other. Linux's bound and errors.
 *
 * The word holds the owner, which makes the re-entry check exact. Waiters are not queued: in user
 * space the next in a queue may be off its CPU, and all behind it would wait for the scheduler.
 * A waiter spins shortly, then yields.
 *
 * fork(): a lock held by another thread stays held in the child, where it times out.
 */
#ifndef SKEP_CORE_LOCK_H
#define SKEP_CORE_LOCK_H

#include "base/types.h"

#define RLOCK_TIMEOUT_NS 250000000ull /* Linux's for resilient locks */

/* What a thread does between two looks at a word that another one will change. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/* Zero-initialised is free. */
struct rlock {
	u32 owner; /* thread_token(), 0: free; atomic */
};

extern __thread u32 thread_token_tls __attribute__((tls_model("initial-exec"), visibility("hidden")));
u32 thread_token_new(void);
/* A number of the calling thread, not 0, no other thread of the process has had it (until 2^32
 * threads were made). Async-signal-safe. */
static inline u32 thread_token(void)
{
	return likely(thread_token_tls) ? thread_token_tls : thread_token_new();
}

int rlock_take_slow(struct rlock *lock, u32 me, u64 timeout_ns);
/* 0; -EDEADLK: this thread holds it already; -ETIMEDOUT after RLOCK_TIMEOUT_NS. Any context. */
static inline __must_check int rlock_take(struct rlock *lock)
{
	u32 free = 0, me = thread_token();

	if (likely(__atomic_compare_exchange_n(&lock->owner, &free, me, false, __ATOMIC_ACQUIRE,
					       __ATOMIC_RELAXED)))
		return 0;
	return rlock_take_slow(lock, me, RLOCK_TIMEOUT_NS);
}
/* With a bound of the caller's. */
static inline __must_check int rlock_take_for(struct rlock *lock, u64 timeout_ns)
{
	return rlock_take_slow(lock, thread_token(), timeout_ns);
}
/* By the thread that took it. */
static inline void rlock_drop(struct rlock *lock)
{
	skep_assert(__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == thread_token_tls);
	__atomic_store_n(&lock->owner, 0, __ATOMIC_RELEASE);
}

#endif
