/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opaque_tnum.h - tnum.h for claims that do not turn on how known bits work: only on which numbers a
 * tnum holds. Each function is replaced by what arcs.c shows of the shipped one, and nothing more.
 * Claims over it are linear arithmetic. Functions of tnum.h that are missing here cannot be used.
 */
#ifndef SKEP_TESTS_OPAQUE_TNUM_H
#define SKEP_TESTS_OPAQUE_TNUM_H
#define SKEP_VERIFIER_TNUM_H /* this instead of that */

#include "obligations.h"

struct tnum {
	u64 value, mask;
};
#define TNUM_UNKNOWN ((struct tnum){ .value = 0, .mask = UINT64_MAX })

/* The numbers that a claim is about. */
static u64 watched[8];
static u32 watched_cnt;

static inline void watch(u64 v)
{
	watched[watched_cnt++] = v;
}

/* Some function of its arguments. */
__attribute__((const)) bool prove_member(u64 value, u64 mask, u64 v);

static inline bool tnum_has(struct tnum t, u64 v)
{
	bool is = prove_member(t.value, t.mask, v);

	prove_assume(t.mask || is == (v == t.value));
	prove_assume(t.mask != UINT64_MAX || t.value || is);
	return is;
}

static inline struct tnum tnum_any(void)
{
	return (struct tnum){ .value = prove_any64(), .mask = prove_any64() };
}

static inline struct tnum tnum_const(u64 v) { return (struct tnum){ .value = v }; }

#define FOR_WATCHED(v) for (u32 i_##v = 0, more = 1; more && i_##v < watched_cnt; i_##v++) \
	for (u64 v = (more = 0, watched[i_##v]); !more; more = 1)

static inline bool tnum_intersect(struct tnum *a, struct tnum b)
{
	struct tnum res = tnum_any();
	bool some = prove_any1();

	FOR_WATCHED(v)
		prove_assume(!tnum_has(*a, v) || !tnum_has(b, v) || (some && tnum_has(res, v)));
	*a = res;
	return some;
}

static inline struct tnum tnum_range(u64 min, u64 max)
{
	struct tnum res = tnum_any();

	FOR_WATCHED(v)
		prove_assume(v < min || v > max || tnum_has(res, v));
	return res;
}

static inline struct tnum tnum_low(struct tnum a, u32 bits)
{
	u64 keep = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
	struct tnum res = tnum_any();

	FOR_WATCHED(v)
		prove_assume(!tnum_has(a, v) || tnum_has(res, v & keep));
	return res;
}

static inline struct tnum tnum_sext(struct tnum a, u32 bits)
{
	struct tnum res = tnum_any();
	u32 n = 64 - bits;

	FOR_WATCHED(v)
		prove_assume(!tnum_has(a, v) || tnum_has(res, (u64)((s64)(v << n) >> n)));
	return res;
}

/* The member that is found is the first from @v on: no watched one is between. */
static inline bool tnum_next(struct tnum t, u64 v, u64 *ret_member)
{
	u64 m = prove_any64();
	bool some = prove_any1();

	prove_assume(!some || (m >= v && tnum_has(t, m)));
	FOR_WATCHED(w)
		prove_assume(!tnum_has(t, w) || w < v || (some && m <= w));
	if (some)
		*ret_member = m;
	return some;
}

static inline bool tnum_prev(struct tnum t, u64 v, u64 *ret_member)
{
	u64 m = prove_any64();
	bool some = prove_any1();

	prove_assume(!some || (m <= v && tnum_has(t, m)));
	FOR_WATCHED(w)
		prove_assume(!tnum_has(t, w) || w > v || (some && m >= w));
	if (some)
		*ret_member = m;
	return some;
}

struct tnum tnum_op(u32 op, struct tnum a, struct tnum b);
struct tnum tnum_bswap(struct tnum a, u32 bytes);
bool tnum_within(struct tnum out, struct tnum in);
struct tnum tnum_join(struct tnum a, struct tnum b);

#endif
