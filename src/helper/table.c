/* SPDX-License-Identifier: BSD-2-Clause */
/* table.c - which helper number each helper of this room has. */
#include "helper/private.h"

#define ROW(name) { BPF_FUNC_##name, helper_##name }

const struct helper_def helper_defs[] = {
	ROW(map_lookup_elem),
	ROW(map_update_elem),
	ROW(map_delete_elem),
	ROW(map_push_elem),
	ROW(map_pop_elem),
	ROW(map_peek_elem),
	ROW(map_lookup_percpu_elem),
	ROW(for_each_map_elem),
	ROW(ringbuf_reserve),
	ROW(ringbuf_submit),
	ROW(ringbuf_discard),
	ROW(ringbuf_output),
	ROW(ringbuf_query),
	ROW(ktime_get_ns),
	ROW(ktime_get_boot_ns),
	ROW(ktime_get_coarse_ns),
	ROW(ktime_get_tai_ns),
	ROW(jiffies64),
	ROW(get_prandom_u32),
	ROW(get_smp_processor_id),
	ROW(get_numa_node_id),
	ROW(get_current_pid_tgid),
	ROW(get_current_uid_gid),
	ROW(get_current_comm),
	ROW(trace_printk),
	ROW(trace_vprintk),
	ROW(snprintf),
	ROW(strncmp),
	ROW(strtol),
	ROW(strtoul),
	ROW(csum_diff),
	ROW(loop),
};
const u32 helper_def_cnt = ARRAY_SIZE(helper_defs);
