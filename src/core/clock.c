/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.c - no locks and no allocation: helpers call this from any context. */
#include "core/clock.h"

#include <sys/random.h>
#include <time.h>

static u64 host_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (u64)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

u64 host_now_ns(void)
{
	return host_ns(CLOCK_MONOTONIC);
}

void clock_init(struct skep_clock *clock)
{
	*clock = (struct skep_clock){ 0 };
	/* Early at boot the pool may be empty; time is then the best there is. */
	if (getrandom(&clock->random_state, sizeof(clock->random_state), GRND_NONBLOCK) !=
	    sizeof(clock->random_state))
		clock->random_state = host_ns(CLOCK_REALTIME);
}

void clock_set_virtual(struct skep_clock *clock, u64 start_ns, u64 tick_ns)
{
	clock->now_ns = start_ns;
	clock->tick_ns = tick_ns;
	clock->virtual_time = true;
}

void clock_set_seed(struct skep_clock *clock, u64 seed)
{
	clock->random_state = seed;
	clock->seeded = true;
}

void clock_advance(struct skep_clock *clock, u64 ns)
{
	__atomic_fetch_add(&clock->now_ns, ns, __ATOMIC_RELAXED);
}

u64 clock_look(const struct skep_clock *clock, enum clock_id id)
{
	static const clockid_t host_ids[] = {
		[CLOCK_KTIME] = CLOCK_MONOTONIC,
		[CLOCK_KTIME_BOOT] = CLOCK_BOOTTIME,
		[CLOCK_KTIME_TAI] = CLOCK_TAI,
		[CLOCK_KTIME_COARSE] = CLOCK_MONOTONIC_COARSE,
		[CLOCK_KTIME_REAL] = CLOCK_REALTIME,
	};

	if (clock->virtual_time)
		return __atomic_load_n(&clock->now_ns, __ATOMIC_RELAXED);
	return host_ns(host_ids[id]);
}

u64 clock_read(struct skep_clock *clock, enum clock_id id)
{
	if (clock->virtual_time)
		return __atomic_fetch_add(&clock->now_ns, clock->tick_ns, __ATOMIC_RELAXED);
	return clock_look(clock, id);
}

/*
 * A counter that steps by an odd constant visits all 2^64 states; mixing it (Stafford's variant 13,
 * as in SplitMix64) makes the outputs look random. One atomic addition keeps threads apart.
 */
u32 clock_random(struct skep_clock *clock)
{
	u64 z = __atomic_add_fetch(&clock->random_state, 0x9e3779b97f4a7c15ULL, __ATOMIC_RELAXED);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) >> 32;
}
