/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scalar.c - operations and comparisons on the three descriptions of a number: each is done on each
 * of them alone, and scalar_sync() (scalar_sync.c) lets them narrow one another.
 */
#include "verifier/scalar.h"
#include "verifier/zoo.h"

/* ---- making and comparing -------------------------------------------------------------------- */

struct scalar scalar_unknown(void)
{
	return (struct scalar){ .bits = TNUM_UNKNOWN, .r64 = CNUM64_ANY, .r32 = CNUM32_ANY };
}

struct scalar scalar_const(u64 v)
{
	return (struct scalar){ .bits = tnum_const(v), .r64 = { .base = v }, .r32 = { .base = (u32)v } };
}

static struct scalar from_arc(struct cnum64 arc)
{
	struct scalar s = scalar_unknown();

	s.r64 = arc;
	scalar_sync(&s);
	return s;
}

struct scalar scalar_range(u64 umin, u64 umax)
{
	return from_arc(cnum64_urange(umin, umax));
}

struct scalar scalar_srange(s64 smin, s64 smax)
{
	return from_arc(cnum64_srange(smin, smax));
}

bool scalar_is_unknown(const struct scalar *s)
{
	return s->bits.mask == UINT64_MAX && s->r64.len == UINT64_MAX && s->r32.len == UINT32_MAX;
}

bool scalar_has(const struct scalar *s, u64 v)
{
	return tnum_has(s->bits, v) && cnum64_has(s->r64, v) && cnum32_has(s->r32, (u32)v);
}

bool scalar_equal(const struct scalar *a, const struct scalar *b)
{
	return a->bits.value == b->bits.value && a->bits.mask == b->bits.mask && a->r64.base == b->r64.base &&
	       a->r64.len == b->r64.len && a->r32.base == b->r32.base && a->r32.len == b->r32.len;
}

bool scalar_within(const struct scalar *outer, const struct scalar *inner)
{
	if (zoo(WITHIN_BY_ENDS))
		return scalar_umin(inner) >= scalar_umin(outer) && scalar_umax(inner) <= scalar_umax(outer) &&
		       scalar_smin(inner) >= scalar_smin(outer) && scalar_smax(inner) <= scalar_smax(outer);
	return tnum_within(outer->bits, inner->bits) && cnum64_within(outer->r64, inner->r64) &&
	       cnum32_within(outer->r32, inner->r32);
}

struct scalar scalar_join(const struct scalar *a, const struct scalar *b)
{
	return (struct scalar){ .bits = tnum_join(a->bits, b->bits), .r64 = cnum64_join(a->r64, b->r64),
				.r32 = cnum32_join(a->r32, b->r32) };
}

bool scalar_sane(const struct scalar *s)
{
	struct scalar copy = *s;

	return !(s->bits.value & s->bits.mask) && (s->r64.len < UINT64_MAX || !s->r64.base) &&
	       (s->r32.len < UINT32_MAX || !s->r32.base) && scalar_sync(&copy);
}

/* ---- parts ---------------------------------------------------------------------------------------- */

static struct scalar synced(struct scalar s)
{
	/* What an operation gives describes at least one number; should the parts not agree on that,
	 * saying nothing is still true. */
	return scalar_sync(&s) ? s : scalar_unknown();
}

struct scalar scalar_zext32(const struct scalar *s)
{
	return scalar_trunc(s, 4);
}

/* The lowest @bits of an arc shorter than their circle are an arc, or two when it passes the top. */
static struct cnum64 low_arc(struct cnum64 arc, u32 bits)
{
	u64 top = (1ull << bits) - 1, base = arc.base & top;

	if (arc.len <= top && base + arc.len <= top)
		return (struct cnum64){ .base = base, .len = arc.len };
	return cnum64_urange(0, top);
}

struct scalar scalar_trunc(const struct scalar *s, u32 size)
{
	struct scalar res = scalar_unknown();

	if (size >= 8 || scalar_umax(s) <= (1ull << (size * 8)) - 1)
		return *s;
	res.bits = tnum_low(s->bits, size * 8);
	if (size == 4) {
		res.r32 = s->r32;
		res.r64 = cnum64_urange(scalar_u32_min(s), scalar_u32_max(s));
	} else {
		struct cnum64 short_arc = { .base = s->r32.base, .len = s->r32.len };

		res.r64 = low_arc(s->r64, size * 8);
		cnum64_intersect(&res.r64, low_arc(short_arc, size * 8));
	}
	return synced(res);
}

struct scalar scalar_sext(const struct scalar *s, u32 size)
{
	struct scalar res = scalar_unknown(), low;
	u64 half = size < 8 ? 1ull << (size * 8 - 1) : 0;
	s64 lo, hi;

	if (size >= 8 || (scalar_smin(s) >= -(s64)half && scalar_smax(s) < (s64)half))
		return *s; /* nothing is cut off */
	res.bits = tnum_sext(s->bits, size * 8);
	if (size == 4) {
		res.r64 = cnum64_srange(scalar_s32_min(s), scalar_s32_max(s));
		res.r32 = s->r32;
		return synced(res);
	}
	low = scalar_trunc(s, size);
	lo = -(s64)half;
	hi = (s64)half - 1;
	if (scalar_umax(&low) < half) {
		lo = (s64)scalar_umin(&low);
		hi = (s64)scalar_umax(&low);
	} else if (scalar_umin(&low) >= half) {
		lo = (s64)(scalar_umin(&low) - 2 * half);
		hi = (s64)(scalar_umax(&low) - 2 * half);
	}
	res.r64 = cnum64_srange(lo, hi);
	return synced(res);
}

struct scalar scalar_movsx(u32 op, bool is64, const struct scalar *src)
{
	struct scalar res = scalar_sext(src, op == OP_MOVSX8 ? 1 : op == OP_MOVSX16 ? 2 : 4);

	return is64 ? res : scalar_zext32(&res);
}

struct scalar scalar_endian(u32 op, u32 size, bool little, const struct scalar *src)
{
	struct scalar res = scalar_unknown();

	if (op != OP_BSWAP && (op == OP_LE) == little)
		return scalar_trunc(src, size);
	res.bits = tnum_bswap(src->bits, size);
	return synced(res);
}

/* ---- arithmetic ------------------------------------------------------------------------------------ */

static u64 fold64(u32 op, u64 a, u64 b)
{
	switch (op) {
	case OP_ADD: return a + b;
	case OP_SUB: return a - b;
	case OP_MUL: return a * b;
	case OP_DIV: return b ? a / b : 0;
	case OP_MOD: return b ? a % b : a;
	case OP_SDIV: return !b ? 0 : b == UINT64_MAX ? -a : (u64)((s64)a / (s64)b);
	case OP_SMOD: return !b ? a : b == UINT64_MAX ? 0 : (u64)((s64)a % (s64)b);
	case OP_OR: return a | b;
	case OP_AND: return a & b;
	case OP_XOR: return a ^ b;
	case OP_LSH: return a << (b & 63);
	case OP_RSH: return a >> (b & 63);
	case OP_ARSH: return (u64)((s64)a >> (b & 63));
	case OP_NEG: return -a;
	default: return b;
	}
}

static u32 fold32(u32 op, u32 a, u32 b)
{
	switch (op) {
	case OP_DIV: return b ? a / b : 0;
	case OP_MOD: return b ? a % b : a;
	case OP_SDIV: return !b ? 0 : b == UINT32_MAX ? -a : (u32)((s32)a / (s32)b);
	case OP_SMOD: return !b ? a : b == UINT32_MAX ? 0 : (u32)((s32)a % (s32)b);
	case OP_LSH: return a << (b & 31);
	case OP_RSH: return a >> (b & 31);
	case OP_ARSH: return (u32)((s32)a >> (b & 31));
	default: return (u32)fold64(op, a, b);
	}
}

/* The lower half of the result depends on the lower halves of the operands only. */
static bool low_depends_on_low(u32 op, const struct scalar *src)
{
	switch (op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_OR:
	case OP_AND:
	case OP_XOR:
	case OP_NEG:
		return true;
	case OP_LSH: /* a count of 32 and more is another one for 32 bits */
		return scalar_umax(src) < 32;
	default:
		return false;
	}
}

static struct scalar alu64(u32 op, const struct scalar *dst, const struct scalar *src)
{
	struct scalar res = scalar_unknown();

	if (op == OP_MOV)
		return *src;
	res.bits = tnum_op(op, dst->bits, src->bits);
	res.r64 = cnum64_op(op, dst->r64, src->r64);
	if (low_depends_on_low(op, src))
		res.r32 = cnum32_op(op, dst->r32, src->r32);
	if (zoo(AND32_STALE) && op == OP_AND && !dst->r32.len && !src->r32.len)
		return (struct scalar){ .bits = tnum_low(dst->bits, 32), .r64 = { .base = dst->r32.base }, .r32 = dst->r32 };
	if (zoo(SIGNED_RSH) && op == OP_RSH)
		res = (struct scalar){ .bits = TNUM_UNKNOWN, .r64 = cnum64_op(OP_ARSH, dst->r64, src->r64),
				       .r32 = CNUM32_ANY };
	return synced(res);
}

/* Known bits of a 32-bit operation: those that a 64-bit one on the lower halves gives, cut. */
static struct tnum bits32(u32 op, const struct scalar *dst, const struct scalar *src)
{
	struct tnum a = tnum_low(dst->bits, 32), b = tnum_low(src->bits, 32);

	switch (op) {
	case OP_ARSH:
		a = tnum_sext(a, 32);
		/* fall through */
	case OP_LSH:
	case OP_RSH:
		if (b.mask)
			return TNUM_UNKNOWN;
		b.value &= 31;
		break;
	}
	return tnum_op(op, a, b);
}

static struct scalar alu32(u32 op, const struct scalar *dst, const struct scalar *src)
{
	struct scalar res = scalar_unknown();

	if (op == OP_MOV)
		return scalar_zext32(src);
	if (zoo(ALU32_NOT_CUT) && op == OP_ADD)
		return alu64(op, dst, src);
	if (zoo(OR32_CUT) && op == OP_OR && (u32)scalar_umin(dst) <= (u32)scalar_umax(dst))
		return scalar_range((u32)scalar_umin(dst), (u32)scalar_umax(dst) | scalar_u32_max(src));
	res.bits = tnum_low(bits32(op, dst, src), 32);
	res.r32 = cnum32_op(op, dst->r32, src->r32);
	res.r64 = cnum64_urange(scalar_u32_min(&res), scalar_u32_max(&res));
	return synced(res);
}

/* The engines cut a shift's count to the width, as RFC 9669 wants it; Linux calls the result of a
 * larger one unknown. */
static bool shifts_too_far(u32 op, bool is64, const struct scalar *count)
{
	if (op != OP_LSH && op != OP_RSH && op != OP_ARSH)
		return false;
	return is64 ? scalar_umax(count) > 63 : scalar_u32_max(count) > 31;
}

struct scalar scalar_alu(u32 op, bool is64, const struct scalar *dst, const struct scalar *src)
{
	if (shifts_too_far(op, is64, src)) {
		struct scalar any = scalar_unknown();

		return is64 ? any : scalar_zext32(&any);
	}
	if (zoo(RSH32_WIDE) && op == OP_RSH && !is64) {
		struct scalar wide = alu64(op, dst, src);

		return scalar_zext32(&wide);
	}
	if (scalar_is_const(dst) && scalar_is_const(src))
		return scalar_const(is64 ? fold64(op, dst->bits.value, src->bits.value) :
					   fold32(op, (u32)dst->bits.value, (u32)src->bits.value));
	return is64 ? alu64(op, dst, src) : alu32(op, dst, src);
}

/* ---- comparisons ------------------------------------------------------------------------------------- */

#define OP_JNSET OP_CNT /* no bit in common: what JSET that is not taken tells */

static u32 inverse(u32 op)
{
	switch (op) {
	case OP_JEQ: return OP_JNE;
	case OP_JNE: return OP_JEQ;
	case OP_JGT: return OP_JLE;
	case OP_JLE: return OP_JGT;
	case OP_JGE: return OP_JLT;
	case OP_JLT: return OP_JGE;
	case OP_JSGT: return OP_JSLE;
	case OP_JSLE: return OP_JSGT;
	case OP_JSGE: return OP_JSLT;
	case OP_JSLT: return OP_JSGE;
	default: return OP_JNSET;
	}
}

/* "a OP b" as "b OP' a". */
static u32 mirrored(u32 op)
{
	switch (op) {
	case OP_JGT: return OP_JLT;
	case OP_JLT: return OP_JGT;
	case OP_JGE: return OP_JLE;
	case OP_JLE: return OP_JGE;
	case OP_JSGT: return OP_JSLT;
	case OP_JSLT: return OP_JSGT;
	case OP_JSGE: return OP_JSLE;
	case OP_JSLE: return OP_JSGE;
	default: return op;
	}
}

/* For 32-bit comparisons only the lower halves count. */
static struct scalar compared(const struct scalar *s, bool is64)
{
	return is64 ? *s : scalar_zext32(s);
}

static bool have_common(const struct scalar *a, const struct scalar *b)
{
	struct scalar both = *a;

	return tnum_intersect(&both.bits, b->bits) && cnum64_intersect(&both.r64, b->r64) &&
	       cnum32_intersect(&both.r32, b->r32) && scalar_sync(&both);
}

int scalar_branch_taken(u32 op, bool is64, const struct scalar *dst, const struct scalar *src)
{
	struct scalar a = compared(dst, is64), b = compared(src, is64);

	switch (op) {
	case OP_JSET:
		if (a.bits.value & b.bits.value)
			return 1;
		return (a.bits.value | a.bits.mask) & (b.bits.value | b.bits.mask) ? -1 : 0;
	case OP_JEQ:
	case OP_JNE:
		if (scalar_is_const(&a) && scalar_is_const(&b))
			return (a.bits.value == b.bits.value) == (op == OP_JEQ);
		return have_common(&a, &b) ? -1 : op == OP_JNE;
	default:
		return is64 ? cnum64_decide(op, a.r64, b.r64) : cnum32_decide(op, a.r32, b.r32);
	}
}

/* The bits of @a after "a & b" came out as @set. */
static bool refine_bits(struct scalar *a, const struct scalar *b, bool is64, bool set)
{
	u64 width = is64 ? UINT64_MAX : UINT32_MAX, test = b->bits.value & width;

	if (set) {
		/* When only one bit can have been set in both, it was. */
		u64 may = (b->bits.value | b->bits.mask) & (a->bits.value | a->bits.mask) & width;

		if (!may)
			return false;
		if (may & (may - 1))
			return true;
		a->bits.value |= may;
		a->bits.mask &= ~may;
		return true;
	}
	if (a->bits.value & test)
		return false;
	a->bits.mask &= ~test;
	return true;
}

static bool refine_one(u32 op, bool is64, struct scalar *a, const struct scalar *b)
{
	struct tnum low = tnum_low(b->bits, 32);

	switch (op) {
	case OP_JSET:
	case OP_JNSET:
		return refine_bits(a, b, is64, op == OP_JSET) && scalar_sync(a);
	case OP_JEQ:
		if (is64)
			return tnum_intersect(&a->bits, b->bits) && cnum64_intersect(&a->r64, b->r64) &&
			       cnum32_intersect(&a->r32, b->r32) && scalar_sync(a);
		low.mask |= ~(u64)UINT32_MAX;
		return tnum_intersect(&a->bits, low) && cnum32_intersect(&a->r32, b->r32) && scalar_sync(a);
	default:
		if (zoo(JMP32_WIDE) && !is64)
			cnum64_narrow(op, &a->r64, cnum64_urange(scalar_u32_min(b), scalar_u32_max(b)));
		return (is64 ? cnum64_narrow(op, &a->r64, b->r64) : cnum32_narrow(op, &a->r32, b->r32)) &&
		       scalar_sync(a);
	}
}

bool scalar_refine(u32 op, bool is64, bool taken, struct scalar *dst, struct scalar *src)
{
	struct scalar dst_before = *dst;

	if (!taken)
		op = inverse(op);
	return refine_one(op, is64, dst, src) && refine_one(mirrored(op), is64, src, &dst_before);
}
