/* SPDX-License-Identifier: BSD-2-Clause */
/* private.h - the helpers of this room by file; table.c lists them. */
#ifndef SKEP_HELPER_PRIVATE_H
#define SKEP_HELPER_PRIVATE_H

#include "helper/helper.h"

#include <errno.h>

#include <linux/bpf.h>

/* Every helper has five registers for arguments; the unused ones are named, not omitted, so that
 * the call through helper_fn is a call of the right type. */
#define HELPER(name)                                                                               \
	u64 helper_##name(u64 r1 __unused_arg, u64 r2 __unused_arg, u64 r3 __unused_arg,           \
			  u64 r4 __unused_arg, u64 r5 __unused_arg)

HELPER(map_lookup_elem);
HELPER(map_update_elem);
HELPER(map_delete_elem);
HELPER(map_push_elem);
HELPER(map_pop_elem);
HELPER(map_peek_elem);
HELPER(map_lookup_percpu_elem);
HELPER(for_each_map_elem);
HELPER(get_local_storage);
HELPER(spin_lock);
HELPER(spin_unlock);
HELPER(ringbuf_reserve);
HELPER(ringbuf_submit);
HELPER(ringbuf_discard);
HELPER(ringbuf_output);
HELPER(ringbuf_query);
HELPER(perf_event_output);
HELPER(ktime_get_ns);
HELPER(ktime_get_boot_ns);
HELPER(ktime_get_coarse_ns);
HELPER(ktime_get_tai_ns);
HELPER(jiffies64);
HELPER(get_prandom_u32);
HELPER(get_smp_processor_id);
HELPER(get_numa_node_id);
HELPER(get_current_pid_tgid);
HELPER(get_current_uid_gid);
HELPER(get_current_comm);
HELPER(trace_printk);
HELPER(trace_vprintk);
HELPER(snprintf);
HELPER(strncmp);
HELPER(strtol);
HELPER(strtoul);
HELPER(csum_diff);
HELPER(probe_read);
HELPER(probe_read_user);
HELPER(probe_read_kernel);
HELPER(probe_read_str);
HELPER(probe_read_user_str);
HELPER(probe_read_kernel_str);
HELPER(copy_from_user);
HELPER(get_ns_current_pid_tgid);
HELPER(get_branch_snapshot);
HELPER(loop);
HELPER(timer_init);
HELPER(timer_set_callback);
HELPER(timer_start);
HELPER(timer_cancel);

#endif
