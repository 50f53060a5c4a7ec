/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memacct.h - memory of maps and programs, counted against an instance's limit. A large map must
 * fail with -ENOMEM or -E2BIG as in Linux, not take the host down.
 */
#ifndef SKEP_CORE_MEMACCT_H
#define SKEP_CORE_MEMACCT_H

#include "base/types.h"

struct memacct {
	u64 used, limit; /* bytes; updated atomically */
};

/* 0 or -ENOMEM when the limit would be passed. */
int memacct_charge(struct memacct *acct, u64 bytes);
void memacct_release(struct memacct *acct, u64 bytes);
/* Zeroed, page-backed for large sizes (untouched pages cost nothing), charged; NULL on failure. */
void *acct_alloc(struct memacct *acct, u64 bytes);
void acct_free(struct memacct *acct, void *mem, u64 bytes);

#endif
