/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrong.c - claims that are false, each a slip that is easily made. prove.py must find arguments that
 * refute each of them; a prover that proves these proves nothing.
 */
#include "opaque_tnum.h"

#include "verifier/scalar.c"
#include "verifier/scalar_sync.c"

#define TWO_ARCS u64 ab, u64 al, u64 bb, u64 bl, u64 dx, u64 dy
#define ARCS                                                                             \
	struct cnum64 a = { .base = ab, .len = al }, b = { .base = bb, .len = bl };      \
	u64 x = ab + dx, y = bb + dy;                                                    \
	UNLESS(dx <= al && dy <= bl)

/* The lengths' sum may be longer than the circle. */
OB ob_wrong_sum_of_lengths(TWO_ARCS)
{
	ARCS;
	struct cnum64 r = { .base = a.base + b.base, .len = a.len + b.len };
	return cnum64_has(r, x + y);
}

/* An arc may begin inside of another and end outside. */
OB ob_wrong_within_looks_at_the_base_only(TWO_ARCS)
{
	ARCS;
	UNLESS(cnum64_has(a, b.base) && b.len <= a.len);
	return cnum64_has(a, y) || x != x;
}

/* Carries out of unknown bits. */
OB ob_wrong_sum_of_known_bits(u64 av, u64 am, u64 bv, u64 bm, u64 x, u64 y)
{
	UNLESS(!(av & am) && !(bv & bm) && (x & ~am) == av && (y & ~bm) == bv);
	u64 mask = am | bm, value = (av + bv) & ~mask;
	return ((x + y) & ~mask) == value;
}

/* A long arc's lower halves are not those of its ends. */
OB ob_wrong_lower_half(u64 base, u64 len, u64 dx)
{
	UNLESS(dx <= len);
	struct cnum32 low = cnum32_make((u32)base, (u32)len);
	return cnum32_has(low, (u32)(base + dx));
}
