/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alloc.h - objects of one size for update paths: no malloc, no lock, so also from a signal handler
 * that interrupted an allocation of its own thread.
 *
 * Address space for the largest number of objects is set aside at the start; pages cost memory only
 * when an object on them is first used. Free objects wait on one lock-free list a vCPU. So nothing
 * has to be refilled, and an object is named by a 32-bit number as well as by its address.
 */
#ifndef SKEP_CORE_ALLOC_H
#define SKEP_CORE_ALLOC_H

#include "base/types.h"
#include "core/memacct.h"

#define SLAB_NONE UINT32_MAX

/* A set of numbers below some bound: lists a vCPU that share one array of links. Several sets may
 * share the links as long as a number is in one of them at most. */
struct idx_list {
	u64 head; /* number + 1 in the low half (0: empty), a count against ABA in the high half */
} __cacheline_aligned;

struct idx_set {
	struct idx_list *lists;
	u32 *links;
	u32 list_cnt;
};
/* @cpu is a hint, any value: which list to use first. */
void idx_put(struct idx_set *set, u32 cpu, u32 idx);
u32 idx_get(struct idx_set *set, u32 cpu); /* SLAB_NONE: empty */

struct slab {
	char *mem;
	u64 obj_size;	/* a multiple of 8 */
	u64 obj_cost;	/* bytes charged at an object's first use; obj_size at first, the owner may add
			 * what belongs to an object elsewhere, before any is used */
	u32 max, next;	/* objects; never used ones begin at next (atomic) */
	struct idx_set free;
	struct memacct *acct;
	bool prealloc;
};

#define SLAB_PREALLOC BIT(0) /* all memory is charged at once: slab_get() fails only when all are in use */

/* 0, -EINVAL (sizes), -ENOMEM. The first use of a page is a page fault, never an allocation call. */
int slab_init(struct slab *slab, struct memacct *acct, u64 obj_size, u32 max, u32 cpu_cnt, u32 flags);
/* No object is in use any more. */
void slab_free(struct slab *slab);
/* An object's number; contents: zero when never used, else as it was put back. SLAB_NONE when all
 * are in use or the memory limit is reached. Any context. */
u32 slab_get(struct slab *slab, u32 cpu);
void slab_put(struct slab *slab, u32 cpu, u32 idx);
u64 slab_mem_usage(const struct slab *slab);
static inline void *slab_at(const struct slab *slab, u32 idx)
{
	return slab->mem + (u64)idx * slab->obj_size;
}

#endif
