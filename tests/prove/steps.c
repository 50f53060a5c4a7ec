/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steps.c - claims about each step of scalar_sync(): a number that all three parts hold is held by
 * all of them after the step, and the step does not say that there is none. scalar_sync() does such
 * steps in a row, so it keeps the number too; and from it every caller.
 */
#include "opaque_tnum.h"

#include "verifier/scalar.c"
#include "verifier/scalar_sync.c"

/* A number of the long arc, as base and distance. */
#define STEP_ARGS u64 v, u64 m, u64 b64, u64 l64, u32 b32, u32 l32, u64 dx
#define STEP(fn)                                                               \
	OB ob_step_##fn(STEP_ARGS)                                             \
	{                                                                      \
		struct scalar s = { .bits = { .value = v, .mask = m },         \
				    .r64 = { .base = b64, .len = l64 },        \
				    .r32 = { .base = b32, .len = l32 } };      \
		u64 x = b64 + dx;                                              \
		UNLESS((l64 != UINT64_MAX || !b64) && (l32 != UINT32_MAX || !b32)); \
		watched_cnt = 0;                                               \
		watch(x);                                                      \
		watch((u32)x);                                                 \
		watch(x | ~(u64)UINT32_MAX);                                   \
		UNLESS(dx <= l64 && scalar_has(&s, x));                        \
		return fn(&s) && scalar_has(&s, x) &&                          \
		       (s.r64.len != UINT64_MAX || !s.r64.base) &&             \
		       (s.r32.len != UINT32_MAX || !s.r32.base);               \
	}
STEP(bits_narrow_r64)
STEP(bits_narrow_r32)
STEP(r64_narrow_r32)
STEP(r32_narrow_r64)
