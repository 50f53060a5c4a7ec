/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixture.h - what tests of maps run in: virtual CPUs, and memory that must be back at the end.
 * CPUS is defined before it is included.
 */
#ifndef TESTS_MAP_FIXTURE_H
#define TESTS_MAP_FIXTURE_H

#include "core/memacct.h"
#include "core/rcu.h"
#include "core/vcpu.h"

#include <stdlib.h>

static struct memacct mem;
static struct vcpu_set *vcpus;

/* "make tsan" says how many threads; else as many as the test has room for. */
__attribute__((unused)) static u32 thread_cnt(u32 max)
{
	const char *given = getenv("SKEP_TEST_THREADS");
	u32 cnt = given ? (u32)atoi(given) : max;

	return cnt >= 2 && cnt < max ? cnt : max;
}

static int setup(void **state __unused_arg)
{
	vcpus = vcpu_set_new(CPUS);
	return !vcpus || rcu_thread_ready();
}

static int teardown(void **state __unused_arg)
{
	rcu_drain();
	vcpu_set_free(vcpus);
	return mem.used != 0;
}

#endif
