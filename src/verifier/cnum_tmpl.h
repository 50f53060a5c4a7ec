/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cnum_tmpl.h - arcs of one width, CNUM_N bits; included once a width, so no include guard. See
 * cnum.h for what the functions do. All arithmetic is modulo 2^N unless a comment says otherwise.
 */
#define CN_CAT2(a, b, c) a##b##c
#define CN_CAT(a, b, c)	 CN_CAT2(a, b, c)
#define CN(name)	 CN_CAT(cnum, CNUM_N, _##name)
#define CN_T		 struct CN_CAT(cnum, CNUM_N, )
#define CN_U		 CN_CAT(u, CNUM_N, )
#define CN_S		 CN_CAT(s, CNUM_N, )
#define CN_UMAX		 ((CN_U)-1)
#define CN_SMIN		 ((CN_S)((CN_U)1 << (CNUM_N - 1)))
#define CN_SMAX		 ((CN_S)(CN_UMAX >> 1))
#define CN_ANY		 ((CN_T){ .base = 0, .len = CN_UMAX })

static inline CN_T CN(make)(CN_U base, CN_U len)
{
	return len == CN_UMAX ? CN_ANY : (CN_T){ .base = base, .len = len };
}

static inline CN_T CN(urange)(CN_U min, CN_U max)
{
	return CN(make)(min, (CN_U)(max - min));
}

static inline CN_T CN(srange)(CN_S min, CN_S max)
{
	return CN(make)((CN_U)min, (CN_U)((CN_U)max - (CN_U)min));
}

static inline bool CN(within)(CN_T out, CN_T in)
{
	CN_U from = in.base - out.base;

	if (out.len == CN_UMAX)
		return true;
	/* in starts inside of out and ends before out does. */
	return from <= out.len && in.len <= (CN_U)(out.len - from);
}

/*
 * Seen from a's base, a is [0, la] and b is [s, s + lb], which may run past the top and on from 0.
 *	piece 1: from s on, as far as a and b go, when s <= la
 *	piece 2: from 0 on, when b ran past the top
 * With both pieces the smallest arc that holds them is a or b itself, whichever is shorter: going
 * round outside of a means going along b.
 */
static inline bool CN(intersect)(CN_T *a, CN_T b)
{
	CN_U s = b.base - a->base, end = s + b.len;
	bool wraps = end < s, one = s <= a->len;

	if (one && wraps) {
		if (b.len < a->len)
			*a = b;
		return true;
	}
	if (one) {
		*a = CN(make)(b.base, (CN_U)((end < a->len ? end : a->len) - s));
		return true;
	}
	if (wraps) {
		*a = CN(make)(a->base, end < a->len ? end : a->len);
		return true;
	}
	return false;
}

/* From the one's base up to the end of both, or from the other's. */
static inline CN_U CN(cover_len)(CN_T a, CN_T b)
{
	CN_U s = b.base - a.base, end = s + b.len;

	if (end < s)
		return CN_UMAX;
	return end > a.len ? end : a.len;
}

static inline CN_T CN(join)(CN_T a, CN_T b)
{
	CN_U from_a = CN(cover_len)(a, b), from_b = CN(cover_len)(b, a);

	return from_a <= from_b ? CN(make)(a.base, from_a) : CN(make)(b.base, from_b);
}

/* Lengths add up; an arc as long as the circle is any value. */
static inline CN_T CN(add)(CN_T a, CN_T b)
{
	CN_U len = a.len + b.len;

	return len < a.len ? CN_ANY : CN(make)(a.base + b.base, len);
}

/* The first difference is a's first value minus b's last one. */
static inline CN_T CN(sub)(CN_T a, CN_T b)
{
	CN_U len = a.len + b.len;

	return len < a.len ? CN_ANY : CN(make)(a.base - (b.base + b.len), len);
}

static inline CN_T CN(neg)(CN_T a)
{
	return CN(make)(-(a.base + a.len), a.len);
}

static inline CN_T CN(shorter)(CN_T a, CN_T b)
{
	return b.len < a.len ? b : a;
}

/* As unsigned numbers and as signed ones; each only when no product leaves the range. */
static inline CN_T CN(mul)(CN_T a, CN_T b)
{
	CN_T best = CN_ANY;
	CN_S p[4], lo, hi;
	CN_U umax;

	if (!__builtin_mul_overflow(CN(umax)(a), CN(umax)(b), &umax))
		best = CN(urange)(CN(umin)(a) * CN(umin)(b), umax);
	if (__builtin_mul_overflow(CN(smin)(a), CN(smin)(b), &p[0]) ||
	    __builtin_mul_overflow(CN(smin)(a), CN(smax)(b), &p[1]) ||
	    __builtin_mul_overflow(CN(smax)(a), CN(smin)(b), &p[2]) ||
	    __builtin_mul_overflow(CN(smax)(a), CN(smax)(b), &p[3]))
		return best;
	lo = hi = p[0];
	for (int i = 1; i < 4; i++) {
		lo = p[i] < lo ? p[i] : lo;
		hi = p[i] > hi ? p[i] : hi;
	}
	return CN(shorter)(best, CN(srange)(lo, hi));
}

/* Signed numbers that all fit in k bits give results of k bits, whatever the bit operation. */
static inline CN_T CN(bit_width)(CN_T a, CN_T b)
{
	CN_S ends[4] = { CN(smin)(a), CN(smax)(a), CN(smin)(b), CN(smax)(b) };
	CN_U m = 0;

	for (int i = 0; i < 4; i++)
		m |= (CN_U)(ends[i] < 0 ? ~ends[i] : ends[i]);
	for (int i = 1; i < CNUM_N; i *= 2)
		m |= m >> i;
	return CN(srange)((CN_S)~m, (CN_S)m);
}

/*
 * Unsigned, x & y is no larger than either. Signed, it is no larger than the larger; and when one is
 * never negative it is in [0, that one]. So {-1, 0} & -13 stays in [-16, 0].
 */
static inline CN_T CN(and)(CN_T a, CN_T b)
{
	CN_U x = CN(umax)(a), y = CN(umax)(b);
	CN_S la = CN(smin)(a), lb = CN(smin)(b), ha = CN(smax)(a), hb = CN(smax)(b);
	CN_T res = CN(urange)(0, x < y ? x : y);

	if (la < 0 && lb < 0) {
		CN(intersect)(&res, CN(bit_width)(a, b));
		CN(intersect)(&res, CN(srange)(CN_SMIN, ha > hb ? ha : hb));
	} else if (la < 0) {
		CN(intersect)(&res, CN(urange)(0, (CN_U)hb));
	} else if (lb < 0) {
		CN(intersect)(&res, CN(urange)(0, (CN_U)ha));
	}
	return res;
}

static inline CN_T CN(not)(CN_T a)
{
	return CN(make)((CN_U)~(a.base + a.len), a.len);
}

/* x | y is ~(~x & ~y). */
static inline CN_T CN(or)(CN_T a, CN_T b)
{
	return CN(not)(CN(and)(CN(not)(a), CN(not)(b)));
}

/* Shift counts: [*min, *max] below the width, or false when they may be taken modulo it. */
static inline bool CN(counts)(CN_T b, CN_U *min, CN_U *max)
{
	*min = CN(umin)(b);
	*max = CN(umax)(b);
	return *max < CNUM_N;
}

static inline CN_T CN(lsh)(CN_T a, CN_T b)
{
	CN_U kmin, kmax, umax = CN(umax)(a);
	CN_S smin = CN(smin)(a), smax = CN(smax)(a);

	if (!CN(counts)(b, &kmin, &kmax))
		return CN_ANY;
	if ((CN_U)(umax << kmax) >> kmax == umax)
		return CN(urange)(CN(umin)(a) << kmin, umax << kmax);
	/* Of signed numbers the lower end goes down with the count and the upper one up. */
	if ((CN_S)((CN_U)smin << kmax) >> kmax == smin && (CN_S)((CN_U)smax << kmax) >> kmax == smax)
		return CN(srange)((CN_S)((CN_U)smin << (smin < 0 ? kmax : kmin)),
				  (CN_S)((CN_U)smax << (smax < 0 ? kmin : kmax)));
	return CN_ANY;
}

static inline CN_T CN(rsh)(CN_T a, CN_T b)
{
	CN_U kmin, kmax;

	if (!CN(counts)(b, &kmin, &kmax))
		return CN(urange)(0, CN(umax)(a)); /* never more than without a shift */
	return CN(urange)(CN(umin)(a) >> kmax, CN(umax)(a) >> kmin);
}

static inline CN_T CN(arsh)(CN_T a, CN_T b)
{
	CN_U kmin, kmax;
	CN_S smin = CN(smin)(a), smax = CN(smax)(a);

	if (!CN(counts)(b, &kmin, &kmax)) {
		kmin = 0;
		kmax = CNUM_N - 1;
	}
	return CN(srange)(smin >> (smin < 0 ? kmin : kmax), smax >> (smax < 0 ? kmax : kmin));
}

/* x / 0 is 0. */
static inline CN_T CN(div)(CN_T a, CN_T b)
{
	CN_U dmin = CN(umin)(b), dmax = CN(umax)(b);

	if (!dmax)
		return CN(urange)(0, 0);
	return CN(urange)(dmin ? CN(umin)(a) / dmax : 0, CN(umax)(a) / (dmin ? dmin : 1));
}

/* x % 0 is x. */
static inline CN_T CN(mod)(CN_T a, CN_T b)
{
	CN_U dmin = CN(umin)(b), dmax = CN(umax)(b), umax = CN(umax)(a);

	if (!dmax || umax < dmin)
		return a;
	if (!dmin)
		return CN(urange)(0, umax);
	return CN(urange)(0, umax < dmax - 1 ? umax : dmax - 1);
}

/* Towards 0; x / 0 is 0; the most negative number divided by -1 is itself. */
static inline CN_T CN(sdiv)(CN_T a, CN_T b)
{
	CN_S lo = CN(smin)(a), hi = CN(smax)(a), d, m;

	if (b.len || !b.base || (CN_S)b.base == -1) {
		if (lo == CN_SMIN)
			return CN_ANY;
		/* No quotient is further from 0 than the dividend. */
		m = -lo > hi ? (CN_S)-lo : hi;
		return CN(srange)((CN_S)-m, m);
	}
	d = (CN_S)b.base;
	return d > 0 ? CN(srange)(lo / d, hi / d) : CN(srange)(hi / d, lo / d);
}

/* The sign is the dividend's; x % 0 is x. */
static inline CN_T CN(smod)(CN_T a, CN_T b)
{
	CN_S lo = CN(smin)(a), hi = CN(smax)(a), m;

	lo = lo < 0 ? lo : 0;
	hi = hi > 0 ? hi : 0;
	if (!b.len && b.base) {
		/* |remainder| < |divisor|; of the most negative divisor that is any number but itself. */
		m = (CN_S)b.base == CN_SMIN ? CN_SMAX : (CN_S)(((CN_S)b.base < 0 ? -(CN_S)b.base : (CN_S)b.base) - 1);
		lo = lo < -m ? (CN_S)-m : lo;
		hi = hi > m ? m : hi;
	}
	return CN(srange)(lo, hi);
}

static inline CN_T CN(op)(u32 op, CN_T a, CN_T b)
{
	switch (op) {
	case OP_ADD:
		return CN(add)(a, b);
	case OP_SUB:
		return CN(sub)(a, b);
	case OP_MUL:
		return CN(mul)(a, b);
	case OP_DIV:
		return CN(div)(a, b);
	case OP_SDIV:
		return CN(sdiv)(a, b);
	case OP_MOD:
		return CN(mod)(a, b);
	case OP_SMOD:
		return CN(smod)(a, b);
	case OP_AND:
		return CN(and)(a, b);
	case OP_OR:
		return CN(or)(a, b);
	case OP_LSH:
		return CN(lsh)(a, b);
	case OP_RSH:
		return CN(rsh)(a, b);
	case OP_ARSH:
		return CN(arsh)(a, b);
	case OP_NEG:
		return CN(neg)(a);
	case OP_MOV:
		return b;
	case OP_XOR: /* of numbers that are not negative the known bits tell more */
		return CN(bit_width)(a, b);
	default:
		return CN_ANY;
	}
}

/* What is left of @a when it holds less than, or as much as, ...: for "a OP b" that came out true.
 * False when nothing is. JEQ and JNE with a known b; JSET is the known bits' business. */
static inline bool CN(narrow)(u32 op, CN_T *a, CN_T b)
{
	CN_U end = a->base + a->len;

	switch (op) {
	case OP_JEQ:
		return CN(intersect)(a, b);
	case OP_JNE:
		if (b.len)
			return true;
		if (!a->len)
			return a->base != b.base;
		/* A point can be taken off the ends only; of "any", off those of the two views. */
		if (a->len == CN_UMAX) {
			if (!b.base || b.base == CN_UMAX || b.base == (CN_U)CN_SMIN || b.base == (CN_U)CN_SMAX)
				*a = (CN_T){ .base = b.base + 1, .len = CN_UMAX - 1 };
			return true;
		}
		if (a->base == b.base)
			*a = CN(make)(a->base + 1, a->len - 1);
		else if (end == b.base)
			*a = CN(make)(a->base, a->len - 1);
		return true;
	case OP_JGT:
		return CN(umin)(b) != CN_UMAX && CN(intersect)(a, CN(urange)(CN(umin)(b) + 1, CN_UMAX));
	case OP_JGE:
		return CN(intersect)(a, CN(urange)(CN(umin)(b), CN_UMAX));
	case OP_JLT:
		return CN(umax)(b) && CN(intersect)(a, CN(urange)(0, CN(umax)(b) - 1));
	case OP_JLE:
		return CN(intersect)(a, CN(urange)(0, CN(umax)(b)));
	case OP_JSGT:
		return CN(smin)(b) != CN_SMAX && CN(intersect)(a, CN(srange)(CN(smin)(b) + 1, CN_SMAX));
	case OP_JSGE:
		return CN(intersect)(a, CN(srange)(CN(smin)(b), CN_SMAX));
	case OP_JSLT:
		return CN(smax)(b) != CN_SMIN && CN(intersect)(a, CN(srange)(CN_SMIN, CN(smax)(b) - 1));
	case OP_JSLE:
		return CN(intersect)(a, CN(srange)(CN_SMIN, CN(smax)(b)));
	default:
		return true;
	}
}

/* "a OP b": 1 always, 0 never, -1 either. */
static inline int CN(decide)(u32 op, CN_T a, CN_T b)
{
	CN_T both = a;

	switch (op) {
	case OP_JEQ:
	case OP_JNE:
		if (!a.len && !b.len && a.base == b.base)
			return op == OP_JEQ;
		return CN(intersect)(&both, b) ? -1 : op == OP_JNE;
	case OP_JGT:
		return CN(umin)(a) > CN(umax)(b) ? 1 : CN(umax)(a) <= CN(umin)(b) ? 0 : -1;
	case OP_JGE:
		return CN(umin)(a) >= CN(umax)(b) ? 1 : CN(umax)(a) < CN(umin)(b) ? 0 : -1;
	case OP_JLT:
		return CN(umax)(a) < CN(umin)(b) ? 1 : CN(umin)(a) >= CN(umax)(b) ? 0 : -1;
	case OP_JLE:
		return CN(umax)(a) <= CN(umin)(b) ? 1 : CN(umin)(a) > CN(umax)(b) ? 0 : -1;
	case OP_JSGT:
		return CN(smin)(a) > CN(smax)(b) ? 1 : CN(smax)(a) <= CN(smin)(b) ? 0 : -1;
	case OP_JSGE:
		return CN(smin)(a) >= CN(smax)(b) ? 1 : CN(smax)(a) < CN(smin)(b) ? 0 : -1;
	case OP_JSLT:
		return CN(smax)(a) < CN(smin)(b) ? 1 : CN(smin)(a) >= CN(smax)(b) ? 0 : -1;
	case OP_JSLE:
		return CN(smax)(a) <= CN(smin)(b) ? 1 : CN(smin)(a) > CN(smax)(b) ? 0 : -1;
	default:
		return -1;
	}
}

#undef CN_CAT2
#undef CN_CAT
#undef CN
#undef CN_T
#undef CN_U
#undef CN_S
#undef CN_UMAX
#undef CN_SMIN
#undef CN_SMAX
#undef CN_ANY
#undef CNUM_N
