/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/memacct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* From here on whole pages from the kernel: zero for free, and only touched ones cost memory. */
#define PAGED_SIZE (64u << 10)

int memacct_charge(struct memacct *acct, u64 bytes)
{
	u64 used, sum;

	if (!acct)
		return 0;
	used = __atomic_load_n(&acct->used, __ATOMIC_RELAXED);
	do {
		if (__builtin_add_overflow(used, bytes, &sum) || (acct->limit && sum > acct->limit))
			return -ENOMEM;
	} while (!__atomic_compare_exchange_n(&acct->used, &used, sum, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return 0;
}

void memacct_release(struct memacct *acct, u64 bytes)
{
	if (acct)
		__atomic_fetch_sub(&acct->used, bytes, __ATOMIC_RELAXED);
}

#define HUGE_PAGE (2u << 20)

/*
 * Elements of a large map are all over it, and where each small page costs a walk through the tables of the host
 * (and of its host) that is dearer than the element: large pieces ask for large pages. It is a wish only.
 */
static void *map_large(u64 bytes)
{
	u64 size = round_up_to(bytes, 4096), before;
	char *mem = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)mem % HUGE_PAGE;
	if (before)
		munmap(mem, before);
	if (before != HUGE_PAGE)
		munmap(mem + before + size, HUGE_PAGE - before);
	madvise(mem + before, size, MADV_HUGEPAGE);
	return mem + before;
}

void *mem_reserve(u64 bytes)
{
	void *mem;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	if (bytes >= 2 * HUGE_PAGE)
		return map_large(bytes);
	if (bytes >= PAGED_SIZE) {
		mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		return mem == MAP_FAILED ? NULL : mem;
	}
	bytes = round_up_to(bytes ? bytes : 1, 64);
	mem = aligned_alloc(64, bytes);
	return mem ? memset(mem, 0, bytes) : NULL;
}

void mem_unreserve(void *mem, u64 bytes)
{
	if (mem && bytes >= PAGED_SIZE)
		munmap(mem, bytes);
	else
		free(mem);
}

void *acct_alloc(struct memacct *acct, u64 bytes)
{
	void *mem;

	if (memacct_charge(acct, bytes))
		return NULL;
	mem = mem_reserve(bytes);
	if (!mem)
		memacct_release(acct, bytes);
	return mem;
}

void acct_free(struct memacct *acct, void *mem, u64 bytes)
{
	if (!mem)
		return;
	mem_unreserve(mem, bytes);
	memacct_release(acct, bytes);
}
