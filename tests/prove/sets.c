/* SPDX-License-Identifier: BSD-2-Clause */
/* sets.c - claims about scalars that turn on known bits: the step that narrows them, and constants. */
#include "obligations.h"

#include "verifier/scalar.c"
#include "verifier/scalar_sync.c"
#include "verifier/tnum.c"

OB ob_step_ranges_narrow_bits(u64 v, u64 m, u64 b64, u64 l64, u32 b32, u32 l32, u64 x)
{
	struct scalar s = { .bits = { .value = v, .mask = m },
			    .r64 = { .base = b64, .len = l64 },
			    .r32 = { .base = b32, .len = l32 } };

	UNLESS(!(v & m) && (l64 != UINT64_MAX || !b64) && (l32 != UINT32_MAX || !b32));
	UNLESS(scalar_has(&s, x));
	return ranges_narrow_bits(&s) && scalar_has(&s, x) && !(s.bits.value & s.bits.mask);
}

/* Two constants are calculated; shifts beyond the width need not be, but what they give is held. */
DEFINE_VALUE_OPS(64)
DEFINE_VALUE_OPS(32)
#define FOLD(name, op, _)                                                      \
	OB ob_fold64_##name(u64 x, u64 y)                                      \
	{                                                                      \
		struct scalar a = scalar_const(x), b = scalar_const(y);        \
		struct scalar r = scalar_alu(op, true, &a, &b);                \
		return scalar_has(&r, value64(op, x, y));                      \
	}                                                                      \
	OB ob_fold32_##name(u64 x, u64 y)                                      \
	{                                                                      \
		struct scalar a = scalar_const(x), b = scalar_const(y);        \
		struct scalar r = scalar_alu(op, false, &a, &b);               \
		return scalar_has(&r, value32(op, (u32)x, (u32)y));            \
	}
FOR_EASY_OPS(FOLD, )
FOR_HARD_OPS(FOLD, )
