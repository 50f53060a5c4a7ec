/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scalar.h - what is known of a number: known bits (tnum), a 64-bit circular range (cnum64) of the
 * whole and a 32-bit one of its lower half (cnum32). Values in, values out: every function is
 * pure, so each is tested exhaustively at small widths. V-01.
 */
#ifndef SKEP_VERIFIER_SCALAR_H
#define SKEP_VERIFIER_SCALAR_H

#include "verifier/cnum.h"
#include "verifier/tnum.h"

struct scalar {
	struct tnum bits;
	struct cnum64 r64;
	struct cnum32 r32;
};

/* Signed and unsigned bounds are views of the arcs. */
static inline u64 scalar_umin(const struct scalar *s) { return cnum64_umin(s->r64); }
static inline u64 scalar_umax(const struct scalar *s) { return cnum64_umax(s->r64); }
static inline s64 scalar_smin(const struct scalar *s) { return cnum64_smin(s->r64); }
static inline s64 scalar_smax(const struct scalar *s) { return cnum64_smax(s->r64); }
static inline u32 scalar_u32_min(const struct scalar *s) { return cnum32_umin(s->r32); }
static inline u32 scalar_u32_max(const struct scalar *s) { return cnum32_umax(s->r32); }
static inline s32 scalar_s32_min(const struct scalar *s) { return cnum32_smin(s->r32); }
static inline s32 scalar_s32_max(const struct scalar *s) { return cnum32_smax(s->r32); }

struct scalar scalar_unknown(void);
struct scalar scalar_const(u64 v);
struct scalar scalar_range(u64 umin, u64 umax); /* umin <= umax */
struct scalar scalar_srange(s64 smin, s64 smax);
static inline bool scalar_is_const(const struct scalar *s) { return !s->bits.mask; }
bool scalar_is_unknown(const struct scalar *s);
bool scalar_has(const struct scalar *s, u64 v);
bool scalar_equal(const struct scalar *a, const struct scalar *b);
/* Every value of @inner is one of @outer's, for each of the three parts (V-02). */
bool scalar_within(const struct scalar *outer, const struct scalar *inner);
/* The smallest description that holds both; for joined facts. */
struct scalar scalar_join(const struct scalar *a, const struct scalar *b);
/* Each part narrowed by the two others until nothing changes. False when no value is left: the
 * path cannot happen (V-04). */
bool scalar_sync(struct scalar *s);
/* True when the parts agree that at least one value may exist; run by test builds after each insn. */
bool scalar_sane(const struct scalar *s);

/* dst = dst OP src for the ALU operations (OP_ADD ... OP_ARSH, OP_NEG, OP_MOV), 64 bits wide or
 * 32 bits with a zero-extended result. Divisions are BPF's: x / 0 = 0, x % 0 = x, and
 * INT_MIN / -1 wraps. Shift counts are taken modulo the width. Always sound. */
struct scalar scalar_alu(u32 op, bool is64, const struct scalar *dst, const struct scalar *src);
/* OP_MOVSX8/16/32 with a 64- or 32-bit (zero-extended) destination. */
struct scalar scalar_movsx(u32 op, bool is64, const struct scalar *src);
/* OP_LE, OP_BE, OP_BSWAP with @size 2, 4 or 8; @little is the target's byte order. */
struct scalar scalar_endian(u32 op, u32 size, bool little, const struct scalar *src);
struct scalar scalar_zext32(const struct scalar *s); /* lower half, upper half 0 */
/* The @size lowest bytes, zero- or sign-extended: what a narrow load of a known value gives. */
struct scalar scalar_trunc(const struct scalar *s, u32 size);
struct scalar scalar_sext(const struct scalar *s, u32 size);

/* Does "dst OP src" (OP_JEQ ... OP_JSLE; 64 or 32 bits) hold: 1 always, 0 never, -1 either.
 * Uses tnum and range intersections (V-05). */
int scalar_branch_taken(u32 op, bool is64, const struct scalar *dst, const struct scalar *src);
/* Narrows both to what holds when the comparison came out as @taken. False when that cannot
 * happen; the two are then undefined. */
bool scalar_refine(u32 op, bool is64, bool taken, struct scalar *dst, struct scalar *src);

#endif
