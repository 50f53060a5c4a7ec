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

static struct memacct mem;
static struct vcpu_set *vcpus;

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
