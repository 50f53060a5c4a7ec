/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scalar_sync.c - what the three descriptions of a number tell one another. Each step leaves out
 * only values that one of the three excludes, so whatever order and however often, the result is
 * sound; "make prove" shows it for each step alone, and the rest rests on that.
 */
#include "verifier/scalar.h"
#include "verifier/zoo.h"

/* The ends of an arc move inwards to numbers whose bits fit (V-05). */
static bool bits_narrow_r64(struct scalar *s)
{
	u64 first = s->r64.base, last = s->r64.base + s->r64.len;

	if (last >= first) {
		if (!tnum_next(s->bits, first, &first) || !tnum_prev(s->bits, last, &last) || first > last)
			return false;
		s->r64 = cnum64_urange(first, last);
		return true;
	}
	/* The arc passes the top: [first, max] and [0, last]. */
	if (!tnum_next(s->bits, first, &first)) {
		if (!tnum_next(s->bits, 0, &first) || first > last || !tnum_prev(s->bits, last, &last))
			return false;
	} else if (!tnum_prev(s->bits, last, &last)) {
		if (!tnum_prev(s->bits, UINT64_MAX, &last))
			return false;
	}
	s->r64 = cnum64_make(first, last - first);
	return true;
}

static bool bits_narrow_r32(struct scalar *s)
{
	struct tnum low = tnum_low(s->bits, 32);
	u64 first = s->r32.base, last = (u32)(s->r32.base + s->r32.len);

	if (last >= first) {
		if (!tnum_next(low, first, &first) || !tnum_prev(low, last, &last) || first > last)
			return false;
		s->r32 = cnum32_urange((u32)first, (u32)last);
		return true;
	}
	if (!tnum_next(low, first, &first) || first > UINT32_MAX) {
		if (!tnum_next(low, 0, &first) || first > last || !tnum_prev(low, last, &last))
			return false;
	} else if (!tnum_prev(low, last, &last)) {
		if (!tnum_prev(low, UINT32_MAX, &last))
			return false;
	}
	s->r32 = cnum32_make((u32)first, (u32)(last - first));
	return true;
}

static bool ranges_narrow_bits(struct scalar *s)
{
	struct tnum low = tnum_range(scalar_u32_min(s), scalar_u32_max(s));

	low.mask |= ~(u64)UINT32_MAX; /* of the upper half the lower range tells nothing */
	return tnum_intersect(&s->bits, tnum_range(scalar_umin(s), scalar_umax(s))) &&
	       tnum_intersect(&s->bits, low);
}

/* An arc shorter than 2^32 is an arc of lower halves too. */
static bool r64_narrow_r32(struct scalar *s)
{
	if (zoo(R64_ENDS_IN_R32) && s->r64.len > UINT32_MAX && scalar_umin(s) <= UINT32_MAX)
		return cnum32_intersect(&s->r32, cnum32_urange((u32)scalar_umin(s), UINT32_MAX));
	if (s->r64.len > UINT32_MAX)
		return true;
	return cnum32_intersect(&s->r32, cnum32_make((u32)s->r64.base, (u32)s->r64.len));
}

/* The ends of the long arc move inwards to numbers whose lower half is in the short one. */
static bool r32_narrow_r64(struct scalar *s)
{
	u64 first = s->r64.base, last = first + s->r64.len, gap;

	if (s->r32.len == UINT32_MAX)
		return true;
	if (!cnum32_has(s->r32, (u32)first)) {
		gap = (u32)(s->r32.base - (u32)first);
		if (gap > s->r64.len)
			return false;
		s->r64 = (struct cnum64){ .base = first + gap, .len = s->r64.len - gap };
	}
	if (!cnum32_has(s->r32, (u32)last)) {
		gap = (u32)((u32)last - (s->r32.base + s->r32.len));
		if (gap > s->r64.len)
			return false;
		s->r64.len -= gap;
	}
	return true;
}

bool scalar_sync(struct scalar *s)
{
	struct scalar before;

	/* Constants have nothing to learn but whether they contradict. */
	if (!s->bits.mask) {
		if (!cnum64_has(s->r64, s->bits.value) || !cnum32_has(s->r32, (u32)s->bits.value))
			return false;
		*s = scalar_const(s->bits.value);
		return true;
	}
	/* Two rounds find nearly all there is; the bound keeps rare long chains from costing time. */
	for (int round = 0; round < 4; round++) {
		before = *s;
		if (!ranges_narrow_bits(s) || !bits_narrow_r64(s) || !bits_narrow_r32(s) || !r64_narrow_r32(s) ||
		    !r32_narrow_r64(s))
			return false;
		if (scalar_equal(&before, s))
			break;
	}
	if (!s->r64.len || !s->bits.mask) {
		u64 v = s->bits.mask ? s->r64.base : s->bits.value;

		if (!scalar_has(s, v))
			return false;
		*s = scalar_const(v);
	}
	return true;
}
