/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * magic.h - division by a constant as a multiplication by its scaled inverse, rounded up. Source:
 * Granlund, Montgomery: Division by Invariant Integers using Multiplication (PLDI 1994).
 *
 * With 2^k / d < M and e = M * d - 2^k: n * M / 2^k = n / d + n * e / (d * 2^k). Its integer part is
 * that of n / d when n * e < 2^k, because the fraction of n / d is at most 1 - 1/d. For a negative n
 * the same argument, from the other side, gives one less than the quotient that is cut towards 0.
 */
#ifndef SKEP_JIT_MAGIC_H
#define SKEP_JIT_MAGIC_H

#include "base/types.h"

typedef unsigned __int128 u128;

static inline u32 magic_log2_up(u64 d)
{
	return d > 1 ? 64 - __builtin_clzll(d - 1) : 0;
}

/*
 * Unsigned, 64 bits: hi = (mul * n) >> 64; n / d = hi >> shift, or with @add, whose multiplier has a
 * 65th bit, (hi + ((n - hi) >> 1)) >> shift. @d is no power of 2 and below 2^63.
 */
struct magic_u64 {
	u64 mul;
	u8 shift;
	bool add;
};

static inline struct magic_u64 magic_u64(u64 d)
{
	u32 l = magic_log2_up(d);

	/* n < 2^64, so e <= 2^s is enough where k = 64 + s; the fewer bits the better. */
	for (u32 s = 0; s < l; s++) {
		u128 m = ((u128)1 << (64 + s)) / d + 1;

		if (m >> 64 == 0 && m * d - ((u128)1 << (64 + s)) <= (u64)1 << s)
			return (struct magic_u64){ .mul = (u64)m, .shift = s };
	}
	return (struct magic_u64){ .mul = (u64)(((u128)1 << (64 + l)) / d + 1), .shift = l - 1, .add = true };
}

/* Unsigned, 32 bits: (mul * n) >> 64, with n zero-extended. e <= d < 2^32 and n < 2^32: exact for
 * every @d that is no power of 2. */
static inline u64 magic_u32(u32 d)
{
	return (u64)(((u128)1 << 64) / d + 1);
}

/*
 * Signed, by |d| = @d >= 3, no power of 2, at most 2^31. 32 bits: (mul * n) >> shift, arithmetic, plus
 * 1 when n is negative; mul has 32 bits, so the product has 64. 64 bits: hi = (mul * n) >> 64 with both
 * signed, (n + hi) >> shift, plus 1 when n is negative.
 */
struct magic_s {
	u64 mul;
	u8 shift;
};

static inline struct magic_s magic_s32(u32 d)
{
	u32 l = magic_log2_up(d);

	return (struct magic_s){ .mul = ((u64)1 << (31 + l)) / d + 1, .shift = 31 + l };
}

/* The multiplier lies in (2^63, 2^64): as a signed number it is 2^64 less, which n makes good. */
static inline struct magic_s magic_s64(u64 d)
{
	u32 l = magic_log2_up(d);

	return (struct magic_s){ .mul = (u64)(((u128)1 << (63 + l)) / d + 1), .shift = l - 1 };
}

#endif
