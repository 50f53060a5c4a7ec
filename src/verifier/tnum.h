/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tnum.h - a number of which some bits are known: bit i is mask ? unknown : value. A bit is known
 * or unknown, never both: value & mask == 0.
 */
#ifndef SKEP_VERIFIER_TNUM_H
#define SKEP_VERIFIER_TNUM_H

#include "base/types.h"

struct tnum {
	u64 value, mask;
};
#define TNUM_UNKNOWN ((struct tnum){ .value = 0, .mask = UINT64_MAX })

static inline struct tnum tnum_const(u64 v) { return (struct tnum){ .value = v }; }
static inline bool tnum_has(struct tnum a, u64 v) { return (v & ~a.mask) == a.value; }

#endif
