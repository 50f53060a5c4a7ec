/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - time and randomness of an instance: the host's by default, virtual and seeded on
 * request, so that a test repeats exactly. Any thread, signal handlers too. */
#ifndef SKEP_CORE_CLOCK_H
#define SKEP_CORE_CLOCK_H

#include "base/types.h"

enum clock_id { CLOCK_KTIME /* monotonic */, CLOCK_KTIME_BOOT, CLOCK_KTIME_TAI, CLOCK_KTIME_COARSE,
		CLOCK_KTIME_REAL /* of day */ };

struct skep_clock {
	bool virtual_time, seeded;
	u64 now_ns;	  /* virtual time; atomic */
	u64 tick_ns;	  /* each reading moves virtual time on by this much */
	u64 random_state; /* atomic */
};

void clock_init(struct skep_clock *clock); /* real time, the host's randomness */
/* These two before the instance is shared between threads. */
void clock_set_virtual(struct skep_clock *clock, u64 start_ns, u64 tick_ns);
void clock_set_seed(struct skep_clock *clock, u64 seed);
/* Moves virtual time on; nothing sees it while time is real. */
void clock_advance(struct skep_clock *clock, u64 ns);
u64 clock_read(struct skep_clock *clock, enum clock_id id); /* ns */
/* Looks at it only: virtual time does not move. */
u64 clock_look(const struct skep_clock *clock, enum clock_id id);
static inline u64 clock_now(const struct skep_clock *clock)
{
	return clock_look(clock, CLOCK_KTIME);
}
/* Not for secrets: who sees outputs can compute the next ones. */
u32 clock_random(struct skep_clock *clock);
u64 host_now_ns(void); /* the host's monotonic clock, for measuring */

#endif
