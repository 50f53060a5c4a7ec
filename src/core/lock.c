/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/lock.h"

#include "core/clock.h"

#include <errno.h>
#include <sched.h>

#define SPINS_BEFORE_YIELD 200

__thread u32 thread_token_tls;

u32 thread_token_new(void)
{
	static u32 last;
	u32 token, none = 0;

	do {
		token = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	} while (!token);
	/* A handler may have come in between and given the thread its number: that one stays. */
	if (!__atomic_compare_exchange_n(&thread_token_tls, &none, token, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		token = none;
	return token;
}

int rlock_take_slow(struct rlock *lock, u32 me, u64 timeout_ns)
{
	u64 deadline = 0;
	u32 owner;

	for (u32 spins = 0;; spins++) {
		owner = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);
		if (owner == me)
			return -EDEADLK;
		if (!owner && __atomic_compare_exchange_n(&lock->owner, &owner, me, false,
							  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return 0;
		if (spins < SPINS_BEFORE_YIELD) {
			cpu_relax();
			continue;
		}
		/* The clock is read only once it is worth its price. */
		if (!deadline)
			deadline = host_now_ns() + timeout_ns;
		else if (host_now_ns() >= deadline)
			return -ETIMEDOUT;
		sched_yield();
	}
}
