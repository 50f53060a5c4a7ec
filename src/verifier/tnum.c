/* SPDX-License-Identifier: BSD-2-Clause */
/* tnum.c - arithmetic on partly known numbers. */
#include "verifier/tnum.h"

#include "isa/isa.h"

static struct tnum make(u64 value, u64 mask)
{
	return (struct tnum){ .value = value & ~mask, .mask = mask };
}

/*
 * The sum with all unknown bits 0 and the one with all of them 1 differ in every bit that a carry
 * out of an unknown bit can reach.
 */
static struct tnum add(struct tnum a, struct tnum b)
{
	u64 low = a.value + b.value, high = low + (a.mask + b.mask);

	return make(low, (low ^ high) | a.mask | b.mask);
}

/* Likewise with borrows: largest minus smallest, smallest minus largest. */
static struct tnum sub(struct tnum a, struct tnum b)
{
	u64 diff = a.value - b.value;

	return make(diff, ((diff + a.mask) ^ (diff - b.mask)) | a.mask | b.mask);
}

static struct tnum shl(struct tnum a, u32 n)
{
	return make(a.value << n, a.mask << n);
}

/*
 * Long multiplication. Where a's bit is known to be 1 the shifted b is added; where it is unknown,
 * the shifted b or 0 is: every bit that b may have set becomes unknown.
 */
static struct tnum mul(struct tnum a, struct tnum b)
{
	struct tnum sum = tnum_const(0);

	/* With all of a unknown the loop would end in "unknown" anyhow, but for low zeros. */
	for (u32 i = 0; i < 64 && (a.value | a.mask) >> i; i++) {
		struct tnum part = shl(b, i);

		if ((a.mask >> i) & 1)
			sum = add(sum, make(0, part.value | part.mask));
		else if ((a.value >> i) & 1)
			sum = add(sum, part);
	}
	return sum;
}

struct tnum tnum_op(u32 op, struct tnum a, struct tnum b)
{
	u64 one_a = a.value | a.mask, one_b = b.value | b.mask;

	switch (op) {
	case OP_ADD:
		return add(a, b);
	case OP_SUB:
		return sub(a, b);
	case OP_NEG:
		return sub(tnum_const(0), a);
	case OP_MUL:
		/* The side with fewer bits to look at in front. */
		return one_a < one_b ? mul(a, b) : mul(b, a);
	case OP_AND:
		return make(a.value & b.value, (one_a & one_b) & ~(a.value & b.value));
	case OP_OR:
		return make(a.value | b.value, (a.mask | b.mask) & ~(a.value | b.value));
	case OP_XOR:
		return make(a.value ^ b.value, a.mask | b.mask);
	case OP_MOV:
		return b;
	case OP_LSH:
		return b.mask ? TNUM_UNKNOWN : shl(a, b.value & 63);
	case OP_RSH:
		return b.mask ? TNUM_UNKNOWN : make(a.value >> (b.value & 63), a.mask >> (b.value & 63));
	case OP_ARSH:
		/* An unknown sign makes what it is copied to unknown. */
		return b.mask ? TNUM_UNKNOWN : make((u64)((s64)a.value >> (b.value & 63)),
						    (u64)((s64)a.mask >> (b.value & 63)));
	default:
		return TNUM_UNKNOWN;
	}
}

struct tnum tnum_sext(struct tnum a, u32 bits)
{
	u32 n = 64 - bits;

	return make((u64)((s64)(a.value << n) >> n), (u64)((s64)(a.mask << n) >> n));
}

static u64 swap(u64 v, u32 bytes)
{
	return __builtin_bswap64(v) >> (64 - bytes * 8);
}

struct tnum tnum_bswap(struct tnum a, u32 bytes)
{
	return make(swap(a.value, bytes), swap(a.mask, bytes));
}

/*
 * Let x be the member that has v's bits wherever the tnum leaves the choice. It differs from v in
 * known bits only; d is the highest of those.
 * - x has 1 there: everything below d may be as small as it can.
 * - v has 1 there: x is too small whatever is below d. The lowest free bit above d that v has 0
 *   must go up, and everything below it be as small as it can. Without such a bit there is none.
 */
bool tnum_next(struct tnum t, u64 v, u64 *ret_member)
{
	u64 x = t.value | (v & t.mask), differ = x ^ v, above, up;
	u32 d;

	if (!differ) {
		*ret_member = v;
		return true;
	}
	d = 63 - __builtin_clzll(differ);
	above = d == 63 ? 0 : UINT64_MAX << (d + 1);
	if ((x >> d) & 1) {
		*ret_member = t.value | (v & t.mask & above);
		return true;
	}
	up = t.mask & ~v & above;
	if (!up)
		return false;
	up &= -up;
	*ret_member = t.value | (v & t.mask & ~(up | (up - 1))) | up;
	return true;
}

/* The largest member up to v is the complement of the smallest complement from ~v on. */
bool tnum_prev(struct tnum t, u64 v, u64 *ret_member)
{
	struct tnum flipped = { .value = ~(t.value | t.mask), .mask = t.mask };

	if (!tnum_next(flipped, ~v, ret_member))
		return false;
	*ret_member = ~*ret_member;
	return true;
}
