/* SPDX-License-Identifier: BSD-2-Clause */
/* misc.c - clocks, randomness, and who is running. */
#include "helper/private.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

HELPER(ktime_get_ns)
{
	return clock_read(&helper_host()->clock, CLOCK_KTIME);
}

HELPER(ktime_get_boot_ns)
{
	return clock_read(&helper_host()->clock, CLOCK_KTIME_BOOT);
}

HELPER(ktime_get_coarse_ns)
{
	return clock_read(&helper_host()->clock, CLOCK_KTIME_COARSE);
}

HELPER(ktime_get_tai_ns)
{
	return clock_read(&helper_host()->clock, CLOCK_KTIME_TAI);
}

/* The simulated machine ticks 1000 times a second (CONFIG_HZ_1000) and counts from boot; Linux
 * starts five minutes below the wrap of 32 bits, which nobody may rely on. */
HELPER(jiffies64)
{
	return clock_read(&helper_host()->clock, CLOCK_KTIME) / 1000000;
}

HELPER(get_prandom_u32)
{
	return clock_random(&helper_host()->clock);
}

HELPER(get_smp_processor_id)
{
	return vcpu_current()->id;
}

/* The simulated machine has one node. */
HELPER(get_numa_node_id)
{
	return 0;
}

/* The running task is the host's thread: its thread id, and the process that made the instance. */
HELPER(get_current_pid_tgid)
{
	return (u64)helper_host()->tgid << 32 | (u32)gettid();
}

HELPER(get_current_uid_gid)
{
	const struct helper_host *host = helper_host();

	return (u64)host->gid << 32 | host->uid;
}

HELPER(get_current_comm)
{
	char comm[16] = { 0 };
	char *out = (char *)(uintptr_t)r1;

	prctl(PR_GET_NAME, comm, 0, 0, 0);
	/* Padded with zeros and always terminated: the verifier takes all of it for initialised. */
	memset(out, 0, (u32)r2);
	memcpy(out, comm, min_of((u32)r2 - 1, (u32)sizeof(comm) - 1));
	return 0;
}
