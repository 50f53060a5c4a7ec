/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * precision.c - the scalar domain against brute force, exhaustively at a few bits: nothing that can happen is
 * left out, and how far each operation is from the best answer that there is. Prints a table (docs/proofs.md).
 *
 * usage: precision [BITS]	4 (default), 5 or 6 for arcs
 *
 * Arcs: the shipped template at 4, 5 and 6 bits; integers of that many bits are clang's _BitInt, so only clang
 * compiles this. A set of results is a mask of 2^bits bits. All pairs of arcs are tried.
 * Known bits: the shipped 64-bit functions on all numbers of 4 bits, sign-extended.
 * Numbers: the shipped scalar_alu(), 64 and 32 bits, on all ranges within [-8, 7], synced.
 */
#include "verifier/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned _BitInt(4) u4;
typedef unsigned _BitInt(5) u5;
typedef unsigned _BitInt(6) u6;
typedef signed _BitInt(4) s4;
typedef signed _BitInt(5) s5;
typedef signed _BitInt(6) s6;

#define ARC(n)                                                                                     \
	struct cnum##n { u##n base, len; };                                                        \
	static u##n cnum##n##_umin(struct cnum##n a) { return (u##n)(a.base + a.len) < a.base ? 0 : a.base; } \
	static u##n cnum##n##_umax(struct cnum##n a)                                               \
	{                                                                                          \
		return (u##n)(a.base + a.len) < a.base ? (u##n)-1 : (u##n)(a.base + a.len);        \
	}                                                                                          \
	static s##n cnum##n##_smin(struct cnum##n a)                                               \
	{                                                                                          \
		return (s##n)(u##n)(a.base + a.len) < (s##n)a.base || a.len == (u##n)-1 ?          \
			       (s##n)((u##n)1 << (n - 1)) : (s##n)a.base;                          \
	}                                                                                          \
	static s##n cnum##n##_smax(struct cnum##n a)                                               \
	{                                                                                          \
		return (s##n)(u##n)(a.base + a.len) < (s##n)a.base || a.len == (u##n)-1 ?          \
			       (s##n)((u##n)-1 >> 1) : (s##n)(u##n)(a.base + a.len);               \
	}
ARC(4)
ARC(5)
ARC(6)
#define CNUM_N 4
#include "verifier/cnum_tmpl.h"
#define CNUM_N 5
#include "verifier/cnum_tmpl.h"
#define CNUM_N 6
#include "verifier/cnum_tmpl.h"

struct arc {
	u32 base, len;
};

#define OPS(n)                                                                                     \
	static struct arc op##n(u32 op, struct arc a, struct arc b)                                \
	{                                                                                          \
		struct cnum##n r = cnum##n##_op(op, (struct cnum##n){ a.base, a.len },             \
						(struct cnum##n){ b.base, b.len });                \
		return (struct arc){ (u32)r.base, (u32)r.len };                                    \
	}                                                                                          \
	static bool narrow##n(u32 op, struct arc *a, struct arc b)                                 \
	{                                                                                          \
		struct cnum##n r = { a->base, a->len };                                            \
		bool some = cnum##n##_narrow(op, &r, (struct cnum##n){ b.base, b.len });           \
		*a = (struct arc){ (u32)r.base, (u32)r.len };                                      \
		return some;                                                                       \
	}                                                                                          \
	static int decide##n(u32 op, struct arc a, struct arc b)                                   \
	{                                                                                          \
		return cnum##n##_decide(op, (struct cnum##n){ a.base, a.len },                     \
					(struct cnum##n){ b.base, b.len });                        \
	}
OPS(4)
OPS(5)
OPS(6)

static const struct width {
	u32 bits;
	struct arc (*op)(u32 op, struct arc a, struct arc b);
	bool (*narrow)(u32 op, struct arc *a, struct arc b);
	int (*decide)(u32 op, struct arc a, struct arc b);
} widths[] = { { 4, op4, narrow4, decide4 }, { 5, op5, narrow5, decide5 }, { 6, op6, narrow6, decide6 } };

static const char *const op_names[] = {
	[OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/", [OP_SDIV] = "s/", [OP_OR] = "|", [OP_AND] = "&",
	[OP_LSH] = "<<", [OP_RSH] = ">>", [OP_MOD] = "%", [OP_SMOD] = "s%", [OP_XOR] = "^", [OP_MOV] = "=",
	[OP_ARSH] = "s>>", [OP_NEG] = "neg",
	[OP_JEQ] = "==", [OP_JNE] = "!=", [OP_JGT] = ">", [OP_JGE] = ">=", [OP_JLT] = "<", [OP_JLE] = "<=",
	[OP_JSGT] = "s>", [OP_JSGE] = "s>=", [OP_JSLT] = "s<", [OP_JSLE] = "s<=",
};
static u64 lost; /* results that were not held: must stay 0 */

/* ---- what really comes out -------------------------------------------------------------------------- */

static s64 sext(u64 v, u32 bits)
{
	return (s64)(v << (64 - bits)) >> (64 - bits);
}

static u64 run(u32 op, u32 bits, u64 a, u64 b)
{
	u64 top = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
	s64 x = sext(a, bits), y = sext(b, bits);
	u64 r;

	switch (op) {
	case OP_ADD: r = a + b; break;
	case OP_SUB: r = a - b; break;
	case OP_MUL: r = a * b; break;
	case OP_DIV: r = b ? a / b : 0; break;
	case OP_MOD: r = b ? a % b : a; break;
	case OP_SDIV: r = !y ? 0 : y == -1 ? -a : (u64)(x / y); break;
	case OP_SMOD: r = !y ? a : y == -1 ? 0 : (u64)(x % y); break;
	case OP_OR: r = a | b; break;
	case OP_AND: r = a & b; break;
	case OP_XOR: r = a ^ b; break;
	case OP_LSH: r = a << (b % bits); break;
	case OP_RSH: r = a >> (b % bits); break;
	case OP_ARSH: r = (u64)(x >> (b % bits)); break;
	case OP_NEG: r = -a; break;
	default: r = b; break;
	}
	return r & top;
}

static bool holds(u32 op, u32 bits, u64 a, u64 b)
{
	s64 x = sext(a, bits), y = sext(b, bits);

	switch (op) {
	case OP_JEQ: return a == b;
	case OP_JNE: return a != b;
	case OP_JGT: return a > b;
	case OP_JGE: return a >= b;
	case OP_JLT: return a < b;
	case OP_JLE: return a <= b;
	case OP_JSGT: return x > y;
	case OP_JSGE: return x >= y;
	case OP_JSLT: return x < y;
	default: return x <= y;
	}
}

/* ---- arcs as masks ------------------------------------------------------------------------------------- */

static u64 full(u32 n)
{
	return n == 64 ? UINT64_MAX : (1ull << n) - 1;
}

static u64 turn(u64 mask, u32 by, u32 n)
{
	by %= n;
	return by ? ((mask << by) | (mask >> (n - by))) & full(n) : mask;
}

static u64 arc_mask(struct arc a, u32 n)
{
	return turn(full(a.len + 1), a.base, n);
}

/* Values in the shortest arc around @mask, which is not empty. */
static u32 hull(u64 mask, u32 n)
{
	u64 gaps = ~mask & full(n);
	u32 longest = 0;

	for (; gaps; gaps &= turn(gaps, 1, n))
		longest++;
	return n - longest;
}

struct score {
	u64 cases, exact, given, best;
};

static void count(struct score *s, u64 given, u64 best)
{
	s->cases++;
	s->exact += given == best;
	s->given += given;
	s->best += best;
}

static void print_score(const char *what, const struct score *s)
{
	printf("%-14s %10llu %7.2f%% %8.3f\n", what, (unsigned long long)s->cases, 100.0 * s->exact / s->cases,
	       (double)s->given / s->best);
}

static u32 arcs(u32 n, struct arc *ret)
{
	u32 cnt = 0;

	for (u32 base = 0; base < n; base++) {
		for (u32 len = 0; len + 1 < n; len++)
			ret[cnt++] = (struct arc){ base, len };
	}
	ret[cnt++] = (struct arc){ 0, n - 1 };
	return cnt;
}

/* All results for @b, by first operand. */
static void results_by_x(u32 op, u32 bits, struct arc b, u64 ret[64])
{
	u32 n = 1u << bits;

	for (u32 x = 0; x < n; x++) {
		ret[x] = 0;
		for (u32 i = 0; i <= b.len; i++)
			ret[x] |= 1ull << run(op, bits, x, (b.base + i) % n);
	}
}

static struct score score_op(const struct width *w, u32 op, const struct arc *all, u32 cnt)
{
	u32 n = 1u << w->bits;
	struct score s = { 0 };
	u64 by_x[64];

	for (u32 j = 0; j < cnt; j++) {
		u64 set = 0;

		results_by_x(op, w->bits, all[j], by_x);
		/* Arcs of one base come in order of length: each adds one first operand. */
		for (u32 i = 0; i < cnt; i++) {
			struct arc res = w->op(op, all[i], all[j]);

			set = all[i].len && all[i].len + 1 < n ? set | by_x[(all[i].base + all[i].len) % n] :
								by_x[all[i].base];
			for (u32 k = 1; all[i].len + 1 == n && k < n; k++)
				set |= by_x[k];
			lost += !!(set & ~arc_mask(res, n));
			count(&s, res.len + 1, hull(set, n));
		}
	}
	return s;
}

/* @ret[0]: what is narrowed to; @ret[1]: decisions, of which there are one or two outcomes. */
static void score_jump(const struct width *w, u32 op, const struct arc *all, u32 cnt, struct score ret[2])
{
	u32 n = 1u << w->bits;

	for (u32 j = 0; j < cnt; j++) {
		u64 may = 0, may_not = 0;

		for (u32 x = 0; x < n; x++) {
			for (u32 i = 0; i <= all[j].len; i++)
				*(holds(op, w->bits, x, (all[j].base + i) % n) ? &may : &may_not) |= 1ull << x;
		}
		for (u32 i = 0; i < cnt; i++) {
			u64 in = arc_mask(all[i], n), left = in & may;
			struct arc a = all[i];
			int said = w->decide(op, a, all[j]);
			bool some = w->narrow(op, &a, all[j]);

			lost += said == 0 ? !!left : said == 1 ? !!(in & may_not) : 0;
			lost += left && (!some || (left & ~arc_mask(a, n)));
			if (left)
				count(&ret[0], a.len + 1, hull(left, n));
			count(&ret[1], 1 + (said < 0), 1 + (left && (in & may_not)));
		}
	}
}

static void table_of_arcs(const struct width *w)
{
	static struct arc all[64 * 64];
	u32 cnt = arcs(1u << w->bits, all);
	char name[32];

	printf("arcs of %u bits: %u, all pairs of them\n%-14s %10s %8s %8s\n", w->bits, cnt, "", "cases", "exact", "size");
	for (u32 op = OP_ADD; op <= OP_NEG; op++) {
		struct score s = score_op(w, op, all, cnt);

		print_score(op_names[op], &s);
	}
	for (u32 op = OP_JEQ; op <= OP_JSLE; op++) {
		struct score s[2] = { 0 };

		if (op == OP_JSET)
			continue;
		score_jump(w, op, all, cnt, s);
		snprintf(name, sizeof(name), "%s narrows", op_names[op]);
		print_score(name, &s[0]);
		snprintf(name, sizeof(name), "%s decides", op_names[op]);
		print_score(name, &s[1]);
	}
}

/* ---- known bits ------------------------------------------------------------------------------------------ */

#define TBITS 4

static void table_of_bits(void)
{
	static struct tnum all[81];
	u32 cnt = 0;

	for (u64 mask = 0; mask < 1 << TBITS; mask++) {
		for (u64 value = 0; value < 1 << TBITS; value++) {
			if (!(value & mask))
				all[cnt++] = tnum_sext((struct tnum){ value, mask }, TBITS);
		}
	}
	printf("known bits, %u bits sign-extended to 64: %u, all pairs of them\n%-14s %10s %8s %8s\n", TBITS, cnt, "",
	       "cases", "exact", "size");
	for (u32 op = OP_ADD; op <= OP_NEG; op++) {
		struct score s = { 0 };

		for (u32 i = 0; i < cnt * cnt; i++) {
			struct tnum a = all[i / cnt], b = all[i % cnt], res = tnum_op(op, a, b);
			u64 ones = UINT64_MAX, any = 0;
			bool shift = op == OP_LSH || op == OP_RSH || op == OP_ARSH;

			/* Counts that are not known are scalar_alu()'s concern. */
			if (shift && b.mask)
				continue;

			for (s64 x = -8; x < 8; x++) {
				for (s64 y = -8; y < 8; y++) {
					u64 r;

					if (!tnum_has(a, (u64)x) || !tnum_has(b, (u64)y))
						continue;
					r = run(op, 64, (u64)x, (u64)y);
					lost += !tnum_has(res, r);
					ones &= r;
					any |= r;
				}
			}
			/* Unknown bits, and those that must be. */
			count(&s, (u64)__builtin_popcountll(res.mask) + 1, (u64)__builtin_popcountll(any & ~ones) + 1);
		}
		print_score(op_names[op], &s);
	}
}

/* ---- numbers ----------------------------------------------------------------------------------------------- */

/* Values from the shortest arc around @vals; sorted here. */
static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 hull64(u64 *vals, u32 cnt, u64 top)
{
	u64 gap;

	qsort(vals, cnt, sizeof(*vals), by_value);
	gap = vals[0] - vals[cnt - 1] + (top == UINT64_MAX ? 0 : top + 1); /* over the top */
	for (u32 i = 1; i < cnt; i++)
		gap = vals[i] - vals[i - 1] > gap ? vals[i] - vals[i - 1] : gap;
	return cnt == 1 || vals[0] == vals[cnt - 1] ? 1 : top - gap + 2;
}

static void score_number(u32 op, bool is64, struct score ret[2], s64 alo, s64 ahi, s64 blo, s64 bhi)
{
	struct scalar a = scalar_srange(alo, ahi), b = scalar_srange(blo, bhi), res = scalar_alu(op, is64, &a, &b);
	u64 vals[256], ones = UINT64_MAX, any = 0, best;
	u32 cnt = 0;

	for (s64 x = alo; x <= ahi; x++) {
		for (s64 y = blo; y <= bhi; y++) {
			u64 r = is64 ? run(op, 64, (u64)x, (u64)y) : run(op, 32, (u32)x, (u32)y);

			lost += !scalar_has(&res, r);
			ones &= r;
			any |= r;
			vals[cnt++] = r;
		}
	}
	best = hull64(vals, cnt, UINT64_MAX);
	/* Lengths differ by powers: what counts is how often the answer is the best one. */
	count(&ret[0], res.r64.len + 1 == best ? 1 : 2, 1);
	count(&ret[1], (u64)__builtin_popcountll(res.bits.mask) + 1, (u64)__builtin_popcountll(any & ~ones) + 1);
}

static void table_of_numbers(void)
{
	printf("numbers: ranges within [-8, 7], all pairs of them; how often the range and the known bits are the best\n"
	       "%-14s %10s %8s %8s %8s %8s\n", "", "cases", "range64", "bits64", "range32", "bits32");
	for (u32 op = OP_ADD; op <= OP_NEG; op++) {
		struct score s[2][2] = { 0 };

		for (s64 alo = -8; alo < 8; alo++) {
			for (s64 ahi = alo; ahi < 8; ahi++) {
				for (s64 blo = -8; blo < 8; blo++) {
					for (s64 bhi = blo; bhi < 8; bhi++) {
						score_number(op, true, s[0], alo, ahi, blo, bhi);
						score_number(op, false, s[1], alo, ahi, blo, bhi);
					}
				}
			}
		}
		printf("%-14s %10llu %7.2f%% %7.2f%% %7.2f%% %7.2f%%\n", op_names[op], (unsigned long long)s[0][0].cases,
		       100.0 * s[0][0].exact / s[0][0].cases, 100.0 * s[0][1].exact / s[0][1].cases,
		       100.0 * s[1][0].exact / s[1][0].cases, 100.0 * s[1][1].exact / s[1][1].cases);
	}
}

int main(int argc, char **argv)
{
	u32 bits = argc > 1 ? (u32)atoi(argv[1]) : 4;

	if (bits < 4 || bits > 6) {
		fprintf(stderr, "usage: precision [4|5|6]\n");
		return 2;
	}
	table_of_arcs(&widths[bits - 4]);
	table_of_bits();
	table_of_numbers();
	printf("1..1\n%s 1 - V-01 arcs of %u bits, known bits and numbers hold every result\n", lost ? "not ok" : "ok", bits);
	return lost > 0;
}
