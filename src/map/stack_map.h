/* SPDX-License-Identifier: BSD-2-Clause */
/* stack_map.h - maps of stacks, as programs fill them. */
#ifndef SKEP_MAP_STACK_MAP_H
#define SKEP_MAP_STACK_MAP_H

#include "map/map.h"

#define STACK_FRAMES_MAX 127 /* kernel.perf_event_max_stack */

/* The number of the stack with these addresses, as many of them as a value has room for. @flags:
 * BPF_F_FAST_STACK_CMP, BPF_F_REUSE_STACKID. -EEXIST: another one has its place; -ENOMEM: the map is full.
 * Inside RCU, signal handlers included. */
long stack_map_store(struct skep_map *map, const u64 *ips, u32 cnt, u64 flags);
/* Frames of @frame bytes each: 8, or sizeof(struct bpf_stack_build_id). */
void stack_frames_copy(void *to, const u64 *ips, u32 cnt, u32 frame);

#endif
