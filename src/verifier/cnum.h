/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cnum.h - an arc on the circle of 2^N values: base, base + 1, ... base + len. Never empty.
 * One representation for signed and unsigned ranges: whether an arc crosses 0 or the sign line
 * only matters to the views. "Any value" has one spelling: base 0, len all ones.
 */
#ifndef SKEP_VERIFIER_CNUM_H
#define SKEP_VERIFIER_CNUM_H

#include "base/types.h"
#include "isa/isa.h"

struct cnum64 {
	u64 base, len;
};
struct cnum32 {
	u32 base, len;
};
#define CNUM64_ANY ((struct cnum64){ .base = 0, .len = UINT64_MAX })
#define CNUM32_ANY ((struct cnum32){ .base = 0, .len = UINT32_MAX })

static inline bool cnum64_has(struct cnum64 a, u64 v) { return v - a.base <= a.len; }
static inline bool cnum32_has(struct cnum32 a, u32 v) { return (u32)(v - a.base) <= a.len; }

/* An arc that passes from the largest value to the smallest holds both of them. */
static inline u64 cnum64_umin(struct cnum64 a) { return a.base + a.len < a.base ? 0 : a.base; }
static inline u64 cnum64_umax(struct cnum64 a)
{
	return a.base + a.len < a.base ? UINT64_MAX : a.base + a.len;
}
static inline s64 cnum64_smin(struct cnum64 a)
{
	return (s64)(a.base + a.len) < (s64)a.base || a.len == UINT64_MAX ? INT64_MIN : (s64)a.base;
}
static inline s64 cnum64_smax(struct cnum64 a)
{
	return (s64)(a.base + a.len) < (s64)a.base || a.len == UINT64_MAX ? INT64_MAX :
									    (s64)(a.base + a.len);
}
static inline u32 cnum32_umin(struct cnum32 a) { return (u32)(a.base + a.len) < a.base ? 0 : a.base; }
static inline u32 cnum32_umax(struct cnum32 a)
{
	return (u32)(a.base + a.len) < a.base ? UINT32_MAX : a.base + a.len;
}
static inline s32 cnum32_smin(struct cnum32 a)
{
	return (s32)(a.base + a.len) < (s32)a.base || a.len == UINT32_MAX ? INT32_MIN : (s32)a.base;
}
static inline s32 cnum32_smax(struct cnum32 a)
{
	return (s32)(a.base + a.len) < (s32)a.base || a.len == UINT32_MAX ? INT32_MAX :
									    (s32)(a.base + a.len);
}

/*
 * The rest is one template (cnum_tmpl.h) for both widths, and for 8 bits in the tests, where every
 * pair of arcs is tried. For N in 64, 32:
 *	cnumN_urange(min, max)	 the arc of unsigned [min, max]
 *	cnumN_srange(min, max)	 the arc of signed [min, max]
 *	cnumN_within(out, in)	 every value of in is one of out
 *	cnumN_intersect(&a, b)	 a becomes the smallest arc that holds what both hold; false: nothing
 *	cnumN_join(a, b)	 the smallest arc that holds both
 *	cnumN_add, _sub, _neg, _mul
 *	cnumN_op(op, a, b)	 what dst OP src can be, for every OP_* of isa.h that has two operands
 */
#define CNUM_N 64
#include "verifier/cnum_tmpl.h"
#define CNUM_N 32
#include "verifier/cnum_tmpl.h"

#endif
