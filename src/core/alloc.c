/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alloc.c - the lists are Treiber stacks. Popping reads the link of an object that another thread
 * may pop and push meanwhile; the count in the head's upper half then differs and the exchange
 * fails, whatever was read. Links have an array of their own, so that a stale read never meets the
 * object's user writing to it.
 */
#include "core/alloc.h"

#include <errno.h>
#include <string.h>

void idx_put(struct idx_set *set, u32 cpu, u32 idx)
{
	u64 *head = &set->lists[cpu % set->list_cnt].head;
	u64 old = __atomic_load_n(head, __ATOMIC_RELAXED), new;

	do {
		__atomic_store_n(&set->links[idx], (u32)old, __ATOMIC_RELAXED);
		new = ((old >> 32) + 1) << 32 | (idx + 1);
	} while (!__atomic_compare_exchange_n(head, &old, new, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
}

static u32 list_pop(struct idx_set *set, u64 *head)
{
	u64 old = __atomic_load_n(head, __ATOMIC_ACQUIRE), new;
	u32 idx;

	do {
		if (!(u32)old)
			return SLAB_NONE;
		idx = (u32)old - 1;
		new = ((old >> 32) + 1) << 32 |
		      __atomic_load_n(&set->links[idx], __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(head, &old, new, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_ACQUIRE));
	return idx;
}

u32 idx_get(struct idx_set *set, u32 cpu)
{
	u32 idx;

	for (u32 i = 0; i < set->list_cnt; i++) {
		idx = list_pop(set, &set->lists[(cpu + i) % set->list_cnt].head);
		if (idx != SLAB_NONE)
			return idx;
	}
	return SLAB_NONE;
}

int slab_init(struct slab *slab, struct memacct *acct, u64 obj_size, u32 max, u32 cpu_cnt, u32 flags)
{
	u64 mem_size;

	*slab = (struct slab){ .obj_size = round_up_to(obj_size, 8),
			       .obj_cost = round_up_to(obj_size, 8), .max = max, .acct = acct,
			       .prealloc = flags & SLAB_PREALLOC };
	if (!obj_size || !max || max == SLAB_NONE || !cpu_cnt ||
	    __builtin_mul_overflow(slab->obj_size, (u64)max, &mem_size))
		return -EINVAL;
	if (slab->prealloc && memacct_charge(acct, mem_size))
		return -ENOMEM;
	slab->mem = mem_reserve(mem_size);
	slab->free.links = mem_reserve((u64)max * sizeof(u32));
	slab->free.lists = mem_reserve((u64)cpu_cnt * sizeof(struct idx_list));
	slab->free.list_cnt = cpu_cnt;
	if (slab->mem && slab->free.links && slab->free.lists)
		return 0;
	slab_free(slab);
	return -ENOMEM;
}

void slab_free(struct slab *slab)
{
	mem_unreserve(slab->mem, slab->obj_size * slab->max);
	mem_unreserve(slab->free.links, (u64)slab->max * sizeof(u32));
	mem_unreserve(slab->free.lists, (u64)slab->free.list_cnt * sizeof(struct idx_list));
	memacct_release(slab->acct, slab_mem_usage(slab));
	memset(slab, 0, sizeof(*slab));
}

u64 slab_mem_usage(const struct slab *slab)
{
	u32 used = __atomic_load_n(&slab->next, __ATOMIC_RELAXED);

	return slab->prealloc ? slab->obj_size * slab->max : slab->obj_cost * used;
}

/* The next object nobody has used yet. */
static u32 slab_fresh(struct slab *slab)
{
	u32 next = __atomic_load_n(&slab->next, __ATOMIC_RELAXED);

	if (next >= slab->max)
		return SLAB_NONE;
	if (!slab->prealloc && memacct_charge(slab->acct, slab->obj_cost))
		return SLAB_NONE;
	while (next < slab->max) {
		if (__atomic_compare_exchange_n(&slab->next, &next, next + 1, true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return next;
	}
	if (!slab->prealloc)
		memacct_release(slab->acct, slab->obj_cost);
	return SLAB_NONE;
}

u32 slab_get(struct slab *slab, u32 cpu)
{
	u32 idx = list_pop(&slab->free, &slab->free.lists[cpu % slab->free.list_cnt].head);

	if (idx == SLAB_NONE)
		idx = slab_fresh(slab);
	/* Others' lists last: what lies there is warm in another CPU's cache. */
	return idx != SLAB_NONE ? idx : idx_get(&slab->free, cpu);
}

void slab_put(struct slab *slab, u32 cpu, u32 idx)
{
	idx_put(&slab->free, cpu, idx);
}
