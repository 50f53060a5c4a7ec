/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memacct.h - memory of maps and programs, counted against an instance's limit. A large map must
 * fail with -ENOMEM or -E2BIG as in Linux, not take the host down. Threads: any, in parallel.
 */
#ifndef SKEP_CORE_MEMACCT_H
#define SKEP_CORE_MEMACCT_H

#include "base/types.h"

struct memacct {
	u64 used, limit; /* bytes; updated atomically; limit 0: none */
};

/* 0 or -ENOMEM when the limit would be passed. @acct NULL: not counted. Async-signal-safe. */
int memacct_charge(struct memacct *acct, u64 bytes);
void memacct_release(struct memacct *acct, u64 bytes);
/* Zeroed, page-backed for large sizes (untouched pages cost nothing), cache-line aligned, charged;
 * NULL on failure. Freed with acct_free() and the same size. */
void *acct_alloc(struct memacct *acct, u64 bytes);
void acct_free(struct memacct *acct, void *mem, u64 bytes);
/* The same without a charge: for what is charged as it comes into use (alloc.h). */
void *mem_reserve(u64 bytes);
void mem_unreserve(void *mem, u64 bytes);

#endif
