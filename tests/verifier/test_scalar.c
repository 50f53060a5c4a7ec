/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_scalar.c - V-01, V-02, V-04, V-05. Descriptions are made from a number that they must hold
 * (the witness), so after each operation membership of the true result can be checked.
 */
#include "verifier/scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ROUNDS 150000

static u64 seed = 88172645463325252ull;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Numbers near 0, the sign lines and the tops of 8 to 64 bits, as well as any. */
static u64 number(void)
{
	static const u32 lines[] = { 0, 7, 8, 15, 16, 31, 32, 63 };
	u64 near = 1ull << lines[rnd() % 8];

	switch (rnd() % 4) {
	case 0:
		return rnd();
	case 1:
		return near + rnd() % 5 - 2;
	case 2:
		return -near + rnd() % 5 - 2;
	default:
		return rnd() >> (rnd() % 64);
	}
}

static u64 length(void)
{
	return rnd() % 4 ? rnd() >> (rnd() % 64) : 0;
}

static struct scalar around(u64 v)
{
	struct scalar s = scalar_unknown();
	u64 mask = rnd() % 3 ? rnd() & rnd() : rnd() >> (rnd() % 64), len = length();
	u32 len32 = (u32)length();

	if (rnd() % 8 == 0)
		return scalar_const(v);
	if (rnd() % 2)
		s.bits = (struct tnum){ .value = v & ~mask, .mask = mask };
	if (rnd() % 2)
		s.r64 = cnum64_make(v - (len ? rnd() % len : 0), len);
	if (rnd() % 2)
		s.r32 = cnum32_make((u32)v - (len32 ? (u32)rnd() % len32 : 0), len32);
	if (rnd() % 2) {
		assert_true(scalar_sync(&s));
		assert_true(scalar_sane(&s));
	}
	assert_true(scalar_has(&s, v));
	return s;
}

static u64 run32(u32 op, u32 a, u32 b)
{
	switch (op) {
	case OP_ADD: return (u32)(a + b);
	case OP_SUB: return (u32)(a - b);
	case OP_MUL: return (u32)(a * b);
	case OP_DIV: return b ? a / b : 0;
	case OP_MOD: return b ? a % b : a;
	case OP_SDIV: return !b ? 0 : (u32)((s64)(s32)a / (s32)b);
	case OP_SMOD: return !b ? a : (u32)((s64)(s32)a % (s32)b);
	case OP_OR: return a | b;
	case OP_AND: return a & b;
	case OP_XOR: return a ^ b;
	case OP_LSH: return (u32)(a << (b % 32));
	case OP_RSH: return a >> (b % 32);
	case OP_ARSH: return (u32)((s32)a >> (b % 32));
	case OP_NEG: return (u32)-a;
	default: return b;
	}
}

static u64 run64(u32 op, u64 a, u64 b)
{
	switch (op) {
	case OP_ADD: return a + b;
	case OP_SUB: return a - b;
	case OP_MUL: return a * b;
	case OP_DIV: return b ? a / b : 0;
	case OP_MOD: return b ? a % b : a;
	case OP_SDIV: return !b ? 0 : (u64)((__int128)(s64)a / (s64)b);
	case OP_SMOD: return !b ? a : (u64)((__int128)(s64)a % (s64)b);
	case OP_OR: return a | b;
	case OP_AND: return a & b;
	case OP_XOR: return a ^ b;
	case OP_LSH: return a << (b % 64);
	case OP_RSH: return a >> (b % 64);
	case OP_ARSH: return (u64)((s64)a >> (b % 64));
	case OP_NEG: return -a;
	default: return b;
	}
}

static void v01_alu_holds_the_result(void **state __unused_arg)
{
	for (u32 op = OP_ADD; op <= OP_NEG; op++) {
		for (u32 i = 0; i < ROUNDS; i++) {
			u64 x = number(), y = rnd() % 2 ? number() : rnd() % 66;
			struct scalar a = around(x), b = around(y), res = scalar_alu(op, i & 1, &a, &b);
			u64 want = i & 1 ? run64(op, x, y) : run32(op, (u32)x, (u32)y);

			if (!scalar_has(&res, want) || !scalar_sane(&res))
				fail_msg("op %u %s: %#llx, %#llx lost %#llx", op, i & 1 ? "64" : "32",
					 (unsigned long long)x, (unsigned long long)y,
					 (unsigned long long)want);
		}
	}
}

static void v01_extensions_hold_the_result(void **state __unused_arg)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 x = number();
		struct scalar a = around(x), res;

		res = scalar_movsx(OP_MOVSX8, true, &a);
		assert_true(scalar_has(&res, (u64)(s64)(s8)x));
		res = scalar_movsx(OP_MOVSX16, true, &a);
		assert_true(scalar_has(&res, (u64)(s64)(s16)x));
		res = scalar_movsx(OP_MOVSX32, true, &a);
		assert_true(scalar_has(&res, (u64)(s64)(s32)x));
		res = scalar_movsx(OP_MOVSX8, false, &a);
		assert_true(scalar_has(&res, (u32)(s32)(s8)x));
		res = scalar_movsx(OP_MOVSX16, false, &a);
		assert_true(scalar_has(&res, (u32)(s32)(s16)x));
		res = scalar_zext32(&a);
		assert_true(scalar_has(&res, (u32)x));
		res = scalar_trunc(&a, 1);
		assert_true(scalar_has(&res, (u8)x));
		res = scalar_trunc(&a, 2);
		assert_true(scalar_has(&res, (u16)x));
		res = scalar_endian(OP_BSWAP, 8, true, &a);
		assert_true(scalar_has(&res, __builtin_bswap64(x)));
		res = scalar_endian(OP_BE, 4, true, &a);
		assert_true(scalar_has(&res, __builtin_bswap32((u32)x)));
		res = scalar_endian(OP_BE, 2, true, &a);
		assert_true(scalar_has(&res, __builtin_bswap16((u16)x)));
		res = scalar_endian(OP_LE, 2, true, &a);
		assert_true(scalar_has(&res, (u16)x));
		res = scalar_endian(OP_LE, 4, false, &a);
		assert_true(scalar_has(&res, __builtin_bswap32((u32)x)));
	}
}

static bool holds(u32 op, bool is64, u64 x, u64 y)
{
	s64 sx = is64 ? (s64)x : (s32)x, sy = is64 ? (s64)y : (s32)y;

	if (!is64) {
		x = (u32)x;
		y = (u32)y;
	}
	switch (op) {
	case OP_JEQ: return x == y;
	case OP_JNE: return x != y;
	case OP_JGT: return x > y;
	case OP_JGE: return x >= y;
	case OP_JLT: return x < y;
	case OP_JLE: return x <= y;
	case OP_JSGT: return sx > sy;
	case OP_JSGE: return sx >= sy;
	case OP_JSLT: return sx < sy;
	case OP_JSLE: return sx <= sy;
	default: return x & y;
	}
}

static void v04_v05_branches_keep_the_witness(void **state __unused_arg)
{
	for (u32 op = OP_JEQ; op <= OP_JSLE; op++) {
		for (u32 i = 0; i < ROUNDS; i++) {
			u64 x = number(), y = rnd() % 3 ? number() : x + rnd() % 3 - 1;
			struct scalar a = around(x), b = around(y), na = a, nb = b;
			bool is64 = i & 1, came = holds(op, is64, x, y);
			int taken = scalar_branch_taken(op, is64, &a, &b);

			if (taken == !came || !scalar_refine(op, is64, came, &na, &nb) ||
			    !scalar_has(&na, x) || !scalar_has(&nb, y) || !scalar_sane(&na) ||
			    !scalar_sane(&nb))
				fail_msg("op %u %s: %#llx, %#llx", op, is64 ? "64" : "32",
					 (unsigned long long)x, (unsigned long long)y);
		}
	}
}

static void v02_join_and_within(void **state __unused_arg)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 x = number(), y = number();
		struct scalar a = around(x), b = around(y), both = scalar_join(&a, &b);

		assert_true(scalar_has(&both, x) && scalar_has(&both, y));
		assert_true(scalar_within(&both, &a) && scalar_within(&both, &b));
		if (scalar_within(&a, &b))
			assert_true(scalar_has(&a, y));
		assert_true(scalar_within(&a, &a));
	}
}

/* As min and max both pairs look alike; as arcs, one passes the top and one does not. */
static void v02_min_max_alone_would_say_within(void **state __unused_arg)
{
	struct scalar around_zero = scalar_srange(-2, 2), all = scalar_range(0, UINT64_MAX);
	struct scalar five = scalar_const(5);

	assert_true(scalar_umin(&around_zero) == 0 && scalar_umax(&around_zero) == UINT64_MAX);
	assert_true(scalar_within(&all, &around_zero));
	assert_false(scalar_within(&around_zero, &five));
}

static void v04_contradiction_is_found(void **state __unused_arg)
{
	struct scalar s = scalar_range(0, 7);

	s.bits = (struct tnum){ .value = 8, .mask = 7 };
	assert_false(scalar_sync(&s));
}

static void v05_known_bits_and_range_do_not_meet(void **state __unused_arg)
{
	struct scalar odd = scalar_unknown(), two = scalar_const(2), upper = scalar_range(9, 15);
	struct scalar eight = scalar_unknown();

	odd.bits = (struct tnum){ .value = 1, .mask = ~1ull };
	assert_int_equal(scalar_branch_taken(OP_JEQ, true, &odd, &two), 0);
	assert_int_equal(scalar_branch_taken(OP_JNE, true, &odd, &two), 1);
	eight.bits = (struct tnum){ .value = 0, .mask = ~7ull }; /* multiples of 8 */
	assert_int_equal(scalar_branch_taken(OP_JEQ, true, &eight, &upper), 0);
}

static void v01_edges_are_trimmed(void **state __unused_arg)
{
	struct scalar s = scalar_range(0, 10), zero = scalar_const(0), ten = scalar_const(10);

	assert_true(scalar_refine(OP_JNE, true, true, &s, &zero));
	assert_true(scalar_umin(&s) == 1);
	assert_true(scalar_refine(OP_JEQ, true, false, &s, &ten));
	assert_true(scalar_umax(&s) == 9);
}

/* Neither the known bits nor unsigned ends see anything here. */
static void v01_signed_bit_operations(void **state __unused_arg)
{
	struct scalar sign = scalar_srange(-1, 0), err = scalar_const((u64)-13), a = scalar_srange(-16, 7),
		      res = scalar_alu(OP_AND, true, &sign, &err);

	assert_true(scalar_smin(&res) >= -16 && scalar_smax(&res) == 0);
	res = scalar_alu(OP_OR, true, &sign, &sign);
	assert_true(scalar_smin(&res) == -1 && scalar_smax(&res) == 0);
	res = scalar_alu(OP_XOR, true, &a, &sign);
	assert_true(scalar_smin(&res) == -16 && scalar_smax(&res) == 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v01_alu_holds_the_result),
		cmocka_unit_test(v01_extensions_hold_the_result),
		cmocka_unit_test(v04_v05_branches_keep_the_witness),
		cmocka_unit_test(v02_join_and_within),
		cmocka_unit_test(v02_min_max_alone_would_say_within),
		cmocka_unit_test(v04_contradiction_is_found),
		cmocka_unit_test(v05_known_bits_and_range_do_not_meet),
		cmocka_unit_test(v01_edges_are_trimmed),
		cmocka_unit_test(v01_signed_bit_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
