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

static inline bool tnum_within(struct tnum out, struct tnum in)
{
	return !(in.mask & ~out.mask) && (in.value & ~out.mask) == out.value;
}
/* The numbers that fit both; false when the known bits contradict each other. */
static inline bool tnum_intersect(struct tnum *a, struct tnum b)
{
	u64 mask = a->mask & b.mask;

	if ((a->value ^ b.value) & ~a->mask & ~b.mask)
		return false;
	*a = (struct tnum){ .value = (a->value | b.value) & ~mask, .mask = mask };
	return true;
}
/* A bit that differs, or is unknown in one, is unknown. */
static inline struct tnum tnum_join(struct tnum a, struct tnum b)
{
	u64 mask = a.mask | b.mask | (a.value ^ b.value);

	return (struct tnum){ .value = a.value & ~mask, .mask = mask };
}
/* The bits that all numbers of [min, max] share. */
static inline struct tnum tnum_range(u64 min, u64 max)
{
	u64 differ = min ^ max, mask;

	if (!differ)
		return tnum_const(min);
	mask = UINT64_MAX >> __builtin_clzll(differ);
	return (struct tnum){ .value = min & ~mask, .mask = mask };
}
static inline struct tnum tnum_low(struct tnum a, u32 bits)
{
	u64 keep = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;

	return (struct tnum){ .value = a.value & keep, .mask = a.mask & keep };
}
/* dst OP src for 64-bit operands; shifts by a known count only. Unknown where it is not worth it. */
struct tnum tnum_op(u32 op, struct tnum a, struct tnum b);
struct tnum tnum_sext(struct tnum a, u32 bits);
struct tnum tnum_bswap(struct tnum a, u32 bytes);
/* The smallest member from @v on, the largest up to @v; false when there is none. */
bool tnum_next(struct tnum t, u64 v, u64 *ret_member);
bool tnum_prev(struct tnum t, u64 v, u64 *ret_member);

#endif
