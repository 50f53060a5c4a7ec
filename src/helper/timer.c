/* SPDX-License-Identifier: BSD-2-Clause */
/* timer.c - helpers on struct bpf_timer in a map's value; the verifier has seen to where it is. */
#include "helper/private.h"
#include "map/timer.h"

static void *ptr_of(u64 reg)
{
	return (void *)(uintptr_t)reg;
}

HELPER(timer_init)
{
	return timer_init(ptr_of(r2), ptr_of(r1), r3);
}

/* r3 is the program, which the verifier puts there: after a tail call it is not the one that was run. */
HELPER(timer_set_callback)
{
	return timer_set_callback(ptr_of(r1), r2, ptr_of(r3));
}

HELPER(timer_start)
{
	return timer_start(ptr_of(r1), r2, r3);
}

HELPER(timer_cancel)
{
	return timer_cancel(ptr_of(r1));
}
