/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perf.h - perf events that programs write to (PERF_COUNT_SW_BPF_OUTPUT), with the buffer that a
 * consumer maps: one page of struct perf_event_mmap_page, then a power of two of data pages, with
 * Linux's records in them.
 */
#ifndef SKEP_MAP_PERF_H
#define SKEP_MAP_PERF_H

#include "base/types.h"
#include "core/memacct.h"

struct perf_event;
struct perf_event_attr;
struct skep_clock;

/* One reference. @cpu: the vCPU whose programs may write, negative: any. @id: what records of lost
 * records say. 0, -EINVAL, -ENOENT (no such software event), -EOPNOTSUPP (*ret_why), -ENOMEM, -EMFILE. */
int perf_event_new(const struct perf_event_attr *attr, int cpu, u64 id, struct skep_clock *clock,
		   struct memacct *acct, struct perf_event **ret_event, const char **ret_why);
void perf_event_get(struct perf_event *event);
void perf_event_put(struct perf_event *event); /* the memory after a grace period */

/*
 * What to mmap() for a mapping of @len bytes: the first one decides how large the buffer is.
 * Writable ones only; -EINVAL: another size, no power of two; -EOPNOTSUPP: read-only, which makes
 * Linux overwrite old records. The descriptor belongs to the event.
 */
int perf_event_mmap_file(struct perf_event *event, u64 off, u64 len, int prot, int *ret_fd);
/* An eventfd, the event's: readable since the last wake-up. Read it empty, then look for records. */
int perf_event_poll_fd(const struct perf_event *event);

/* What a record holds, one after the other. */
struct perf_frag {
	const void *data;
	u32 size;
};
/* Any context. 0; -ENOSPC: full, or nobody has mapped it; -EBUSY: this interrupted another output to
 * the same event; -E2BIG: no record is that long; -EOPNOTSUPP: another vCPU's event. */
long perf_event_output(struct perf_event *event, const struct perf_frag *frags, u32 cnt);

struct skep_map;
/* To the event in slot @flags (BPF_F_INDEX_MASK, BPF_F_CURRENT_CPU) of a perf event array. */
long perf_array_output(struct skep_map *map, u64 flags, const struct perf_frag *frags, u32 cnt);

#endif
