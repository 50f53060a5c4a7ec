/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * whole.c - claims about functions of scalar.c as the verifier calls them: decided comparisons and
 * casts. scalar_sync() is replaced by what steps.c shows of it: it may narrow a scalar in any way, but a
 * number that was held stays held.
 */
#include "opaque_tnum.h"

#define scalar_sync assumed_sync
#include "verifier/scalar.c"

DEFINE_VALUE_OPS(64)
DEFINE_VALUE_OPS(32)

/* ---- what the parts are known to do ------------------------------------------------------------ */

bool scalar_sync(struct scalar *s)
{
	struct scalar narrowed = { .bits = tnum_any(),
				   .r64 = { .base = prove_any64(), .len = prove_any64() },
				   .r32 = { .base = prove_any32(), .len = prove_any32() } };
	bool some = prove_any1();

	FOR_WATCHED(v)
		prove_assume(!scalar_has(s, v) || (some && scalar_has(&narrowed, v)));
	*s = narrowed;
	return some;
}

/* The number that is turned round, and what becomes of it. */
static u64 swap_x, swap_z;

struct tnum tnum_bswap(struct tnum a, u32 bytes)
{
	struct tnum res = tnum_any();

	prove_assume(!tnum_has(a, swap_x) || tnum_has(res, swap_z));
	return res;
}

/* ---- comparisons -------------------------------------------------------------------------------- */

/* Numbers of the long arcs, as base and distance. */
#define WHOLE_ARGS u64 av, u64 am, u64 a64, u64 al64, u32 a32, u32 al32, \
		   u64 bv, u64 bm, u64 b64, u64 bl64, u32 b32, u32 bl32, u64 dx, u64 dy
#define OPERANDS                                                               \
	struct scalar a = { .bits = { .value = av, .mask = am },               \
			    .r64 = { .base = a64, .len = al64 },               \
			    .r32 = { .base = a32, .len = al32 } };             \
	struct scalar b = { .bits = { .value = bv, .mask = bm },               \
			    .r64 = { .base = b64, .len = bl64 },               \
			    .r32 = { .base = b32, .len = bl32 } };             \
	u64 x = a64 + dx, y = b64 + dy;                                        \
	UNLESS((al64 != UINT64_MAX || !a64) && (al32 != UINT32_MAX || !a32) && \
	       (bl64 != UINT64_MAX || !b64) && (bl32 != UINT32_MAX || !b32));  \
	UNLESS(dx <= al64 && dy <= bl64 && scalar_has(&a, x) && scalar_has(&b, y)); \
	watched_cnt = 0

#define WHOLE_CMP(name, op, _)                                                                 \
	OB ob_taken64_##name(WHOLE_ARGS)                                                       \
	{                                                                                      \
		OPERANDS;                                                                      \
		watch(x);                                                                      \
		int known = scalar_branch_taken(op, true, &a, &b);                             \
		return known == -1 || known == holds64(op, x, y);                              \
	}                                                                                      \
	OB ob_taken32_##name(WHOLE_ARGS)                                                       \
	{                                                                                      \
		OPERANDS;                                                                      \
		watch(x), watch(y), watch((u32)x), watch((u32)y);                              \
		int known = scalar_branch_taken(op, false, &a, &b);                            \
		return known == -1 || known == holds32(op, (u32)x, (u32)y);                    \
	}
/* clang-format off */
#define FOR_RANGE_COMPARISONS(X, ...) \
	X(jgt, OP_JGT, __VA_ARGS__) X(jge, OP_JGE, __VA_ARGS__) X(jlt, OP_JLT, __VA_ARGS__) \
	X(jle, OP_JLE, __VA_ARGS__) X(jsgt, OP_JSGT, __VA_ARGS__) X(jsge, OP_JSGE, __VA_ARGS__) \
	X(jslt, OP_JSLT, __VA_ARGS__) X(jsle, OP_JSLE, __VA_ARGS__)
/* clang-format on */
FOR_RANGE_COMPARISONS(WHOLE_CMP, )

/* ---- casts --------------------------------------------------------------------------------------- */

#define ONE_ARGS u64 av, u64 am, u64 a64, u64 al64, u32 a32, u32 al32, u64 dx
#define OPERAND                                                                \
	struct scalar a = { .bits = { .value = av, .mask = am },               \
			    .r64 = { .base = a64, .len = al64 },               \
			    .r32 = { .base = a32, .len = al32 } };             \
	u64 x = a64 + dx;                                                      \
	UNLESS((al64 != UINT64_MAX || !a64) && (al32 != UINT32_MAX || !a32));  \
	UNLESS(dx <= al64 && scalar_has(&a, x));                               \
	watched_cnt = 0

#define WHOLE_CAST(bytes, unsigned_type, signed_type)                          \
	OB ob_trunc##bytes(ONE_ARGS)                                           \
	{                                                                      \
		OPERAND;                                                       \
		watch(x), watch((unsigned_type)x);                             \
		struct scalar r = scalar_trunc(&a, bytes);                     \
		return scalar_has(&r, (unsigned_type)x);                       \
	}                                                                      \
	OB ob_sext##bytes(ONE_ARGS)                                            \
	{                                                                      \
		OPERAND;                                                       \
		watch(x), watch((unsigned_type)x);                             \
		watch((u64)(s64)(signed_type)x);                               \
		struct scalar r = scalar_sext(&a, bytes);                      \
		return scalar_has(&r, (u64)(s64)(signed_type)x);               \
	}
WHOLE_CAST(1, u8, s8)
WHOLE_CAST(2, u16, s16)
WHOLE_CAST(4, u32, s32)
WHOLE_CAST(8, u64, s64)

OB ob_bswap(ONE_ARGS, u64 z)
{
	OPERAND;
	watch(x), watch(z);
	swap_x = x;
	swap_z = z;
	struct scalar r = scalar_endian(OP_BSWAP, 8, true, &a);
	return scalar_has(&r, z);
}
