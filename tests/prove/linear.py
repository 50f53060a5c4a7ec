# SPDX-License-Identifier: BSD-2-Clause
"""Bit vectors as integers. A sum modulo 2^N is the sum of integers less 2^N times a small unknown
number; so claims that only add, compare and choose become linear arithmetic, which z3 decides in
milliseconds where bit by bit it takes minutes. What is not linear raises NotLinear: nothing is
approximated."""
import z3


class NotLinear(Exception):
    pass


class Translation:
    def __init__(self):
        self.memo = {}
        self.side = []  # what defines the unknowns; each has exactly one solution
        self.count = 0

    def unknown(self, lo, hi):
        self.count += 1
        k = z3.Int("k%d" % self.count)
        self.side += [k >= lo, k <= hi]
        return k

    def modulo(self, total, lo, hi, w):
        """@total, which is in [lo, hi], modulo 2^w."""
        n = 1 << w
        if lo >= 0 and hi < n:
            return total
        k = self.unknown(lo // n, hi // n)
        r = total - n * k
        self.side += [r >= 0, r < n]
        return r

    def term(self, e):
        key = e.get_id()
        if key not in self.memo:
            self.memo[key] = (e, self.boolean(e) if z3.is_bool(e) else self.number(e))
        return self.memo[key][1]

    def boolean(self, e):
        kind, kids = e.decl().kind(), e.children()
        if kind in LOGIC:
            return LOGIC[kind]([self.term(k) for k in kids])
        if kind in (z3.Z3_OP_EQ, z3.Z3_OP_DISTINCT, z3.Z3_OP_ITE):
            t = [self.term(k) for k in kids]
            return t[0] == t[1] if kind == z3.Z3_OP_EQ else t[0] != t[1] if kind == z3.Z3_OP_DISTINCT else z3.If(*t)
        if kind == z3.Z3_OP_UNINTERPRETED:
            fn = z3.Function(e.decl().name(), *[z3.IntSort()] * len(kids), z3.BoolSort())
            return fn(*[self.term(k) for k in kids])
        if kind in UNSIGNED:
            return UNSIGNED[kind](self.term(kids[0]), self.term(kids[1]))
        if kind in SIGNED:
            return SIGNED[kind](self.signed(kids[0]), self.signed(kids[1]))
        raise NotLinear(e.decl().name())

    def signed(self, e):
        w, v = e.size(), self.term(e)
        return z3.If(v >= 1 << (w - 1), v - (1 << w), v)

    def number(self, e):
        w, kids = e.size(), e.children()
        if z3.is_bv_value(e):
            return z3.IntVal(e.as_long())
        kind = e.decl().kind()
        if kind == z3.Z3_OP_UNINTERPRETED and not kids:
            v = z3.Int(e.decl().name())
            self.side += [v >= 0, v < 1 << w]
            return v
        if kind == z3.Z3_OP_ITE:
            return z3.If(*[self.term(k) for k in kids])
        if kind in (z3.Z3_OP_BADD, z3.Z3_OP_BSUB, z3.Z3_OP_BNEG, z3.Z3_OP_BMUL):
            return self.sum(e, w)
        if kind == z3.Z3_OP_BNOT:
            return (1 << w) - 1 - self.term(kids[0])
        if kind == z3.Z3_OP_ZERO_EXT:
            return self.term(kids[0])
        if kind == z3.Z3_OP_SIGN_EXT:
            v, m = self.term(kids[0]), kids[0].size()
            return z3.If(v >= 1 << (m - 1), v + (1 << w) - (1 << m), v)
        if kind == z3.Z3_OP_CONCAT:
            out = z3.IntVal(0)
            for k in kids:
                out = out * (1 << k.size()) + self.term(k)
            return out
        if kind == z3.Z3_OP_EXTRACT:
            high, low = e.params()
            return self.bits(self.term(kids[0]), kids[0].size(), high, low)
        if kind in (z3.Z3_OP_BSHL, z3.Z3_OP_BLSHR, z3.Z3_OP_BASHR) and z3.is_bv_value(kids[1]):
            return self.shift(kind, w, self.term(kids[0]), kids[1].as_long())
        if kind in (z3.Z3_OP_BAND, z3.Z3_OP_BOR, z3.Z3_OP_BXOR):
            return self.bitwise(kind, w, kids)
        raise NotLinear(e.decl().name())

    def shift(self, kind, w, v, n):
        if kind == z3.Z3_OP_BSHL:
            return self.modulo(v * (1 << n), 0, ((1 << w) - 1) << n, w) if n < w else z3.IntVal(0)
        if kind == z3.Z3_OP_BLSHR:
            return self.bits(v, w, w - 1, n) if n < w else z3.IntVal(0)
        n = min(n, w - 1)
        low = self.bits(v, w, w - 1, n)
        # The sign fills the n highest bits.
        return z3.If(v >= 1 << (w - 1), low + (1 << w) - (1 << (w - n)), low)

    def bitwise(self, kind, w, kids):
        if w == 1:
            t = [self.term(k) == 1 for k in kids]
            if kind == z3.Z3_OP_BXOR:
                both = t[0]
                for b in t[1:]:
                    both = z3.Xor(both, b)
            else:
                both = z3.And(*t) if kind == z3.Z3_OP_BAND else z3.Or(*t)
            return z3.If(both, z3.IntVal(1), z3.IntVal(0))
        values = [k for k in kids if z3.is_bv_value(k)]
        rest = [k for k in kids if not z3.is_bv_value(k)]
        if len(values) == 1 and len(rest) == 1:
            v, top = values[0].as_long(), (1 << w) - 1
            t = self.term(rest[0])
            if kind == z3.Z3_OP_BXOR and v == top:
                return top - t
            if kind == z3.Z3_OP_BXOR and v == 1 << (w - 1):  # the sign bit turns over
                return z3.If(t >= v, t - v, t + v)
            if kind == z3.Z3_OP_BAND and not v & (v + 1):
                return self.bits(t, w, v.bit_length() - 1, 0)
        raise NotLinear("bit operation")

    def bits(self, v, w, high, low):
        if low:
            up = self.unknown(0, (1 << (w - low)) - 1)
            rest = v - up * (1 << low)
            self.side += [rest >= 0, rest < 1 << low]
            v = up
        return self.modulo(v, 0, (1 << (w - low)) - 1, high - low + 1)

    def sum(self, e, w):
        coeffs, const = {}, 0
        todo = [(e, 1)]
        while todo:
            t, c = todo.pop()
            kids, kind = t.children(), t.decl().kind()
            if z3.is_bv_value(t):
                const += c * t.as_signed_long()
            elif kind == z3.Z3_OP_BADD:
                todo += [(k, c) for k in kids]
            elif kind == z3.Z3_OP_BSUB:
                todo += [(kids[0], c)] + [(k, -c) for k in kids[1:]]
            elif kind == z3.Z3_OP_BNEG:
                todo.append((kids[0], -c))
            elif kind == z3.Z3_OP_BMUL:
                values = [k for k in kids if z3.is_bv_value(k)]
                rest = [k for k in kids if not z3.is_bv_value(k)]
                if len(rest) != 1:
                    raise NotLinear("product")
                for v in values:
                    c *= v.as_signed_long()
                todo.append((rest[0], c))
            else:
                old = coeffs.get(t.get_id(), (t, 0))[1]
                coeffs[t.get_id()] = (t, old + c)
        total, lo, hi, top = z3.IntVal(const), const, const, (1 << w) - 1
        for t, c in coeffs.values():
            if c:
                total = total + c * self.term(t)
                lo, hi = lo + min(c * top, 0), hi + max(c * top, 0)
        return self.modulo(total, lo, hi, w)


LOGIC = {
    z3.Z3_OP_TRUE: lambda t: z3.BoolVal(True), z3.Z3_OP_FALSE: lambda t: z3.BoolVal(False),
    z3.Z3_OP_AND: lambda t: z3.And(*t), z3.Z3_OP_OR: lambda t: z3.Or(*t), z3.Z3_OP_NOT: lambda t: z3.Not(t[0]),
    z3.Z3_OP_IMPLIES: lambda t: z3.Implies(*t), z3.Z3_OP_XOR: lambda t: z3.Xor(*t),
}
COMPARE = {"LT": lambda a, b: a < b, "GT": lambda a, b: b < a, "LEQ": lambda a, b: a <= b, "GEQ": lambda a, b: b <= a}
UNSIGNED = {getattr(z3, "Z3_OP_U" + n): f for n, f in COMPARE.items()}
SIGNED = {getattr(z3, "Z3_OP_S" + n): f for n, f in COMPARE.items()}


def translate(formula):
    """An integer formula with the same answer; NotLinear when there is none."""
    t = Translation()
    body = t.term(formula)
    return z3.And(body, *t.side)
