/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arcs.c - claims about arcs (cnum_tmpl.h) at 64 and 32 bits, and, for what no solver finishes at
 * full width, the same template at 16 and 8 bits; and about partly known numbers (tnum.c).
 */
#include "obligations.h"

#include "verifier/cnum.h"
#include "verifier/tnum.c"

#define DEFINE_SMALL_ARC(N)                                                                         \
	struct cnum##N {                                                                            \
		u##N base, len;                                                                     \
	};                                                                                          \
	static inline bool cnum##N##_has(struct cnum##N a, u##N v)                                  \
	{                                                                                           \
		return (u##N)(v - a.base) <= a.len;                                                 \
	}                                                                                           \
	static inline u##N cnum##N##_umin(struct cnum##N a)                                         \
	{                                                                                           \
		return (u##N)(a.base + a.len) < a.base ? 0 : a.base;                                \
	}                                                                                           \
	static inline u##N cnum##N##_umax(struct cnum##N a)                                         \
	{                                                                                           \
		return (u##N)(a.base + a.len) < a.base ? (u##N)-1 : (u##N)(a.base + a.len);         \
	}                                                                                           \
	static inline s##N cnum##N##_smin(struct cnum##N a)                                         \
	{                                                                                           \
		return (s##N)(a.base + a.len) < (s##N)a.base || a.len == (u##N)-1 ? INT##N##_MIN :  \
										    (s##N)a.base;   \
	}                                                                                           \
	static inline s##N cnum##N##_smax(struct cnum##N a)                                         \
	{                                                                                           \
		return (s##N)(a.base + a.len) < (s##N)a.base || a.len == (u##N)-1 ?                 \
			       INT##N##_MAX :                                                       \
			       (s##N)(a.base + a.len);                                              \
	}
DEFINE_SMALL_ARC(16)
DEFINE_SMALL_ARC(8)
#define CNUM_N 16
#include "verifier/cnum_tmpl.h"
#define CNUM_N 8
#include "verifier/cnum_tmpl.h"

DEFINE_VALUE_OPS(64)
DEFINE_VALUE_OPS(32)
DEFINE_VALUE_OPS(16)
DEFINE_VALUE_OPS(8)

/* ---- arcs ------------------------------------------------------------------------------------ */

/* "Any" has one spelling. */
#define ARC_OK(N, a) ((a).len != (u##N)-1 || !(a).base)

/* A number of an arc is its base and a distance: the solver need not subtract them again. */
#define ARC_ARGS(N) u##N ab, u##N al, u##N bb, u##N bl, u##N dx, u##N dy
#define ARCS(N)                                                                      \
	struct cnum##N a = { .base = ab, .len = al }, b = { .base = bb, .len = bl }; \
	u##N x = (u##N)(ab + dx), y = (u##N)(bb + dy);                               \
	UNLESS(ARC_OK(N, a) && ARC_OK(N, b) && dx <= al && dy <= bl)

#define ARC_OP(name, op, N)                                                          \
	OB ob_arc##N##_##name(ARC_ARGS(N))                                           \
	{                                                                            \
		ARCS(N);                                                             \
		struct cnum##N r = cnum##N##_op(op, a, b);                           \
		return cnum##N##_has(r, value##N(op, x, y)) && ARC_OK(N, r);         \
	}
FOR_EASY_OPS(ARC_OP, 64)
FOR_EASY_OPS(ARC_OP, 32)
FOR_HARD_OPS(ARC_OP, 64)
FOR_HARD_OPS(ARC_OP, 32)
FOR_HARD_OPS(ARC_OP, 16)
FOR_HARD_OPS(ARC_OP, 8)

#define ARC_CMP(name, op, N)                                                         \
	OB ob_arc##N##_decide_##name(ARC_ARGS(N))                                    \
	{                                                                            \
		ARCS(N);                                                             \
		int known = cnum##N##_decide(op, a, b);                              \
		return known == -1 || known == holds##N(op, x, y);                   \
	}                                                                            \
	OB ob_arc##N##_narrow_##name(ARC_ARGS(N))                                    \
	{                                                                            \
		ARCS(N);                                                             \
		bool some = cnum##N##_narrow(op, &a, b);                             \
		UNLESS(holds##N(op, x, y));                                          \
		return some && cnum##N##_has(a, x) && ARC_OK(N, a);                  \
	}
FOR_COMPARISONS(ARC_CMP, 64)
FOR_COMPARISONS(ARC_CMP, 32)

#define ARC_SETS(N)                                                                  \
	OB ob_arc##N##_has(ARC_ARGS(N))                                              \
	{                                                                            \
		ARCS(N);                                                             \
		return cnum##N##_has(a, x) && cnum##N##_has(b, y);                   \
	}                                                                            \
	OB ob_arc##N##_within(ARC_ARGS(N))                                           \
	{                                                                            \
		ARCS(N);                                                             \
		return !cnum##N##_within(a, b) || (cnum##N##_has(a, y) && cnum##N##_has(a, x)); \
	}                                                                            \
	OB ob_arc##N##_intersect(ARC_ARGS(N))                                        \
	{                                                                            \
		ARCS(N);                                                             \
		UNLESS(cnum##N##_has(b, x));                                         \
		return cnum##N##_intersect(&a, b) && cnum##N##_has(a, x) && ARC_OK(N, a) && y == y; \
	}                                                                            \
	/* and no larger than the smaller of both */                                 \
	OB ob_arc##N##_intersect_no_larger(ARC_ARGS(N))                              \
	{                                                                            \
		ARCS(N);                                                             \
		return !cnum##N##_intersect(&a, b) || (a.len <= al && a.len <= bl) || x != x || y != y; \
	}                                                                            \
	OB ob_arc##N##_join(ARC_ARGS(N))                                             \
	{                                                                            \
		ARCS(N);                                                             \
		struct cnum##N r = cnum##N##_join(a, b);                             \
		return cnum##N##_has(r, x) && cnum##N##_has(r, y) && ARC_OK(N, r);   \
	}                                                                            \
	OB ob_arc##N##_views(ARC_ARGS(N))                                            \
	{                                                                            \
		ARCS(N);                                                             \
		return x >= cnum##N##_umin(a) && x <= cnum##N##_umax(a) &&           \
		       (s##N)y >= cnum##N##_smin(b) && (s##N)y <= cnum##N##_smax(b); \
	}                                                                            \
	OB ob_arc##N##_urange(u##N min, u##N max, u##N v)                            \
	{                                                                            \
		UNLESS(min <= v && v <= max);                                        \
		return cnum##N##_has(cnum##N##_urange(min, max), v);                 \
	}                                                                            \
	OB ob_arc##N##_srange(s##N min, s##N max, s##N v)                            \
	{                                                                            \
		UNLESS(min <= v && v <= max);                                        \
		return cnum##N##_has(cnum##N##_srange(min, max), (u##N)v);           \
	}
ARC_SETS(64)
ARC_SETS(32)

/* ---- partly known numbers -------------------------------------------------------------------- */

#define TNUM_ARGS u64 av, u64 am, u64 bv, u64 bm, u64 x, u64 y
#define TNUMS                                                                          \
	struct tnum a = { .value = av, .mask = am }, b = { .value = bv, .mask = bm }; \
	UNLESS(!(av & am) && !(bv & bm))
#define TNUM_OK(t) (!((t).value & (t).mask))

#define TNUM_OP(name, op, _)                                          \
	OB ob_tnum_##name(TNUM_ARGS)                                  \
	{                                                             \
		TNUMS;                                                \
		struct tnum r = tnum_op(op, a, b);                    \
		UNLESS(tnum_has(a, x) && tnum_has(b, y));             \
		return tnum_has(r, value64(op, x, y)) && TNUM_OK(r);  \
	}
FOR_EASY_OPS(TNUM_OP, )

/* The same function, on numbers of which only the lowest N bits can be set. */
#define TNUM_MUL(N)                                                   \
	OB ob_tnum_mul_##N##_bits(TNUM_ARGS)                          \
	{                                                             \
		TNUMS;                                                \
		UNLESS(!((av | am | bv | bm) >> N));                  \
		struct tnum r = tnum_op(OP_MUL, a, b);                \
		UNLESS(tnum_has(a, x) && tnum_has(b, y));             \
		return tnum_has(r, x * y) && TNUM_OK(r);              \
	}
TNUM_MUL(4)
TNUM_MUL(6)
TNUM_MUL(8)
TNUM_MUL(12)

OB ob_tnum_within(TNUM_ARGS)
{
	TNUMS;
	UNLESS(tnum_within(a, b) && tnum_has(b, y));
	return tnum_has(a, y) || x != x;
}

OB ob_tnum_intersect(TNUM_ARGS)
{
	TNUMS;
	UNLESS(tnum_has(a, x) && tnum_has(b, x));
	return tnum_intersect(&a, b) && tnum_has(a, x) && TNUM_OK(a);
}

OB ob_tnum_join(TNUM_ARGS)
{
	TNUMS;
	UNLESS(tnum_has(a, x) || tnum_has(b, x));
	return tnum_has(tnum_join(a, b), x) && TNUM_OK(tnum_join(a, b));
}

OB ob_tnum_range(TNUM_ARGS)
{
	UNLESS(av <= x && x <= am);
	return tnum_has(tnum_range(av, am), x) && TNUM_OK(tnum_range(av, am));
}

OB ob_tnum_low(TNUM_ARGS)
{
	u32 bits = bv & 127;

	TNUMS;
	UNLESS(bits >= 1 && bits <= 64 && tnum_has(a, x));
	return tnum_has(tnum_low(a, bits), bits == 64 ? x : x & ((1ull << bits) - 1));
}

OB ob_tnum_sext(TNUM_ARGS)
{
	u32 n = 64 - (bv & 127);

	TNUMS;
	UNLESS(n < 64 && tnum_has(a, x));
	return tnum_has(tnum_sext(a, 64 - n), (u64)((s64)(x << n) >> n));
}

#define TNUM_BSWAP(bytes)                                                                            \
	OB ob_tnum_bswap##bytes(TNUM_ARGS)                                                           \
	{                                                                                            \
		TNUMS;                                                                               \
		UNLESS(tnum_has(a, x));                                                              \
		return tnum_has(tnum_bswap(a, bytes), __builtin_bswap64(x) >> (64 - bytes * 8));     \
	}
TNUM_BSWAP(2)
TNUM_BSWAP(4)
TNUM_BSWAP(8)

/* The next member is one, is not before the number, and none is between. */
OB ob_tnum_next(TNUM_ARGS)
{
	u64 m = 0;

	TNUMS;
	if (!tnum_next(a, x, &m))
		return !(tnum_has(a, y) && y >= x);
	return tnum_has(a, m) && m >= x && !(tnum_has(a, y) && y >= x && y < m);
}

OB ob_tnum_prev(TNUM_ARGS)
{
	u64 m = 0;

	TNUMS;
	if (!tnum_prev(a, x, &m))
		return !(tnum_has(a, y) && y <= x);
	return tnum_has(a, m) && m <= x && !(tnum_has(a, y) && y <= x && y > m);
}
