/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lru.h - which element of a full LRU hash goes next. Knows elements by number and by the node each
 * has; the hash tells it what was used and takes an element out of its bucket when asked to.
 */
#ifndef SKEP_MAP_LRU_H
#define SKEP_MAP_LRU_H

#include "core/alloc.h"
#include "core/lock.h"

struct lru_link {
	u32 prev, next; /* numbers of elements, or of list heads (lru.c) */
};

/* In each element. Zero when the map is made. */
struct lru_node {
	struct lru_link at;
	u32 bucket;	    /* what lru_get() was told */
	u8 cpu, list;	    /* whose list it is on, and which; atomic */
	u8 ref;		    /* used since it was last looked at; atomic */
	u8 dead;	    /* in no bucket any more, but its list was locked; atomic */
};

struct lru_set;
struct lru_local;

struct lru {
	char *nodes; /* of element i at nodes + i * stride */
	u64 stride;
	/* Takes the element out of bucket @bucket; false when it is not (yet) there or the bucket
	 * cannot be locked. Called with lists locked: must not call back. */
	bool (*evict)(void *ctx, u32 idx, u32 bucket);
	void *ctx;
	/* lru.c's */
	struct memacct *acct;
	struct lru_set *sets;	  /* one, or with BPF_F_NO_COMMON_LRU one a vCPU */
	struct lru_local *locals; /* one a vCPU; NULL with BPF_F_NO_COMMON_LRU */
	u32 set_cnt, cpu_cnt, scans, target_free;
};

/* The caller has set the first four. 0 or -ENOMEM. */
int lru_init(struct lru *lru, struct memacct *acct, u32 elem_cnt, u32 cpu_cnt, bool common);
void lru_destroy(struct lru *lru);
u64 lru_mem_usage(const struct lru *lru);
/*
 * An element in no bucket, to be put into @bucket or given back: a free one, else the one that goes
 * next. SLAB_NONE: there is none that can be had, for all are on their way in or locked by what this
 * interrupted. Any context; no bucket may be locked by the caller.
 */
u32 lru_get(struct lru *lru, u32 bucket);
/* Takes an element back that is in no bucket. Any context, never fails. */
void lru_put(struct lru *lru, u32 idx);

static inline struct lru_node *lru_node_at(const struct lru *lru, u32 idx)
{
	return (struct lru_node *)(lru->nodes + lru->stride * idx);
}

/* A program has looked the element up. */
static inline void lru_mark(struct lru_node *node)
{
	if (!__atomic_load_n(&node->ref, __ATOMIC_RELAXED))
		__atomic_store_n(&node->ref, 1, __ATOMIC_RELAXED);
}

#endif
