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

/* One pid namespace: the one that the process lives in, by its inode. */
HELPER(get_ns_current_pid_tgid)
{
	const struct helper_host *host = helper_host();
	struct bpf_pidns_info *info = (struct bpf_pidns_info *)(uintptr_t)r3;
	bool sized = (u32)r4 == sizeof(*info);

	if (!sized || (u32)r1 != r1 || r1 != host->pidns_dev || r2 != host->pidns_ino) {
		memset(info, 0, (u32)r4);
		return -EINVAL;
	}
	*info = (struct bpf_pidns_info){ .pid = (u32)gettid(), .tgid = host->tgid };
	return 0;
}

/* The simulated CPUs keep no record of branches. */
HELPER(get_branch_snapshot)
{
	memset((void *)(uintptr_t)r1, 0, (u32)r2);
	return r3 ? -EINVAL : -ENOENT;
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
