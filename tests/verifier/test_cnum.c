/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cnum.c - V-01: the template of cnum.h at 8 bits, where results are compared with what the
 * members of the arcs really give.
 */
#include "verifier/cnum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct cnum8 {
	u8 base, len;
};
static u8 cnum8_umin(struct cnum8 a) { return (u8)(a.base + a.len) < a.base ? 0 : a.base; }
static u8 cnum8_umax(struct cnum8 a) { return (u8)(a.base + a.len) < a.base ? 255 : a.base + a.len; }
static s8 cnum8_smin(struct cnum8 a)
{
	return (s8)(a.base + a.len) < (s8)a.base || a.len == 255 ? -128 : (s8)a.base;
}
static s8 cnum8_smax(struct cnum8 a)
{
	return (s8)(a.base + a.len) < (s8)a.base || a.len == 255 ? 127 : (s8)(a.base + a.len);
}
#define CNUM_N 8
#include "verifier/cnum_tmpl.h"

static bool has(struct cnum8 a, u8 v)
{
	return (u8)(v - a.base) <= a.len;
}

static const u8 bases[] = { 0, 1, 2, 3, 7, 31, 64, 100, 126, 127, 128, 129, 130, 200, 250, 254, 255 };
static const u8 lens[] = { 0, 1, 2, 3, 6, 15, 64, 127, 128, 200, 253, 254, 255 };
#define ARCS (ARRAY_LEN(bases) * ARRAY_LEN(lens))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct cnum8 arc(u32 i)
{
	return cnum8_make(bases[i / ARRAY_LEN(lens)], lens[i % ARRAY_LEN(lens)]);
}

static u8 run(u32 op, u8 a, u8 b)
{
	s8 x = (s8)a, y = (s8)b;

	switch (op) {
	case OP_ADD: return a + b;
	case OP_SUB: return a - b;
	case OP_MUL: return a * b;
	case OP_DIV: return b ? a / b : 0;
	case OP_MOD: return b ? a % b : a;
	case OP_SDIV: return y ? x / y : 0;
	case OP_SMOD: return y ? x % y : x;
	case OP_OR: return a | b;
	case OP_AND: return a & b;
	case OP_XOR: return a ^ b;
	case OP_LSH: return a << (b & 7);
	case OP_RSH: return a >> (b & 7);
	case OP_ARSH: return x >> (b & 7);
	case OP_NEG: return -a;
	default: return b;
	}
}

static void v01_every_result_is_held(void **state __unused_arg)
{
	for (u32 op = OP_ADD; op <= OP_NEG; op++) {
		for (u32 i = 0; i < ARCS; i++) {
			for (u32 j = 0; j < ARCS; j += 1 + (i + op) % 5) {
				struct cnum8 a = arc(i), b = arc(j), res = cnum8_op(op, a, b);

				for (u32 x = 0; x <= a.len; x += 1 + (x > 3 && x + 4 < a.len) * 6) {
					for (u32 y = 0; y <= b.len; y += 1 + (y > 3 && y + 4 < b.len) * 5)
						if (!has(res, run(op, a.base + x, b.base + y)))
							fail_msg("op %u: %u+%u, %u+%u", op, a.base, a.len, b.base, b.len);
				}
			}
		}
	}
}

/* Of an arc [s, ...] that holds all of @in: the shortest length. */
static u32 shortest(const bool in[256], u32 *ret_cnt)
{
	u32 run_len = 0, longest_gap = 0, cnt = 0;

	for (u32 v = 0; v < 512; v++) {
		run_len = in[v & 255] ? 0 : run_len + 1;
		longest_gap = run_len > longest_gap ? run_len : longest_gap;
		cnt += v < 256 && in[v];
	}
	*ret_cnt = cnt;
	return longest_gap >= 256 ? 0 : 255 - longest_gap;
}

/* Intersection and union are the smallest arc there is; containment is exact. */
static void v01_v02_sets_are_exact(void **state __unused_arg)
{
	for (u32 i = 0; i < ARCS; i++) {
		for (u32 j = 0; j < ARCS; j++) {
			struct cnum8 a = arc(i), b = arc(j), both = a, join = cnum8_join(a, b);
			bool in_both[256], in_any[256], some = cnum8_intersect(&both, b), within = true;
			u32 cnt, len;

			for (u32 v = 0; v < 256; v++) {
				in_both[v] = has(a, v) && has(b, v);
				in_any[v] = has(a, v) || has(b, v);
				within &= !has(b, v) || has(a, v);
				assert_true(!in_both[v] || (some && has(both, v)));
				assert_true(!in_any[v] || has(join, v));
			}
			len = shortest(in_both, &cnt);
			assert_int_equal(some, cnt != 0);
			/* Of two pieces the arc kept is a or b, which may be longer than the shortest. */
			assert_true(!some || both.len == len || both.len == a.len || both.len == b.len);
			assert_int_equal(join.len, shortest(in_any, &cnt));
			assert_int_equal(cnum8_within(a, b), within);
		}
	}
}

static bool holds(u32 op, u8 x, u8 y)
{
	switch (op) {
	case OP_JEQ: return x == y;
	case OP_JNE: return x != y;
	case OP_JGT: return x > y;
	case OP_JGE: return x >= y;
	case OP_JLT: return x < y;
	case OP_JLE: return x <= y;
	case OP_JSGT: return (s8)x > (s8)y;
	case OP_JSGE: return (s8)x >= (s8)y;
	case OP_JSLT: return (s8)x < (s8)y;
	default: return (s8)x <= (s8)y;
	}
}

static void v04_comparisons_decide_and_narrow_soundly(void **state __unused_arg)
{
	for (u32 op = OP_JEQ; op <= OP_JSLE; op++) {
		for (u32 i = 0; op != OP_JSET && i < ARCS; i++) {
			for (u32 j = op % 3; j < ARCS; j += 3) {
				struct cnum8 a = arc(i), b = arc(j), left = a;
				int decided = cnum8_decide(op, a, b);
				bool some = cnum8_narrow(op, &left, b);

				for (u32 x = 0; x <= a.len; x += 1 + (x > 2 && x + 3 < a.len) * 4) {
					for (u32 y = 0; y <= b.len; y += 1 + (y > 2 && y + 3 < b.len) * 4) {
						bool came = holds(op, a.base + x, b.base + y);

						assert_true(decided != !came);
						assert_true(!came || (some && has(left, a.base + x)));
					}
				}
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v01_every_result_is_held),
		cmocka_unit_test(v01_v02_sets_are_exact),
		cmocka_unit_test(v04_comparisons_decide_and_narrow_soundly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
