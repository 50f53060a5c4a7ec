# SPDX-License-Identifier: BSD-2-Clause
"""Runs a function of llvmir.py on z3 bit vectors: all paths at once, merged where they meet. Loops are
run round after round until no path goes on (a bound that no path can be shown to end by is an error,
never an assumption). Memory is what the function allocates itself, at offsets that are constants."""
import z3

from llvmir import Unsupported, width

MAX_ROUNDS = 80


class Ptr:
    """A place in an object; or, where paths with different places met, one of several by condition."""

    def __init__(self, alts):
        self.alts = alts  # [(condition, object, offset)]


class Path:
    """What holds at the entry of a block: the condition, values, memory, and where it came from."""

    def __init__(self, cond, vals, mem):
        self.cond, self.vals, self.mem = cond, vals, mem


def ite(cond, a, b):
    if a is b:
        return a
    if isinstance(a, Ptr):
        return Ptr([(z3.And(cond, c), o, f) for c, o, f in a.alts] +
                   [(z3.And(z3.Not(cond), c), o, f) for c, o, f in b.alts])
    if isinstance(a, tuple):
        return tuple(ite(cond, x, y) for x, y in zip(a, b))
    if a.eq(b):
        return a
    return z3.If(cond, a, b)


def merge_maps(cond, a, b):
    out = {}
    for k, va in a.items():
        vb = b.get(k)
        if vb is not None:
            out[k] = ite(cond, va, vb)
    return out


def to_bytes(mem, other):
    """@mem with the cells that @other has not alike cut into their bytes."""
    out = {}
    for (obj, off), v in mem.items():
        o = other.get((obj, off))
        if v.size() == 8 or (o is not None and o.size() == v.size()):
            out[(obj, off)] = v
        else:
            for i in range(v.size() // 8):
                out[(obj, off + i)] = z3.simplify(z3.Extract(i * 8 + 7, i * 8, v))
    return out


def merge_memory(cond, a, b):
    if a is b:
        return a
    return merge_maps(cond, to_bytes(a, b), to_bytes(b, a))


def as_bv1(b):
    return z3.If(b, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))


def cond_of(v):
    return z3.simplify(v == z3.BitVecVal(1, 1))


class Machine:
    def __init__(self, module):
        self.module = module
        self.assumed = []
        self.failed = []  # conditions under which undefined behaviour is reached
        self.fresh = 0
        self.objects = 0

    # ---- values ---------------------------------------------------------------------------------

    def value(self, ty, text, path):
        if text.startswith("%"):
            return path.vals[text]
        if text.startswith("@"):
            name, _, off = text.partition("+")
            return Ptr([(z3.BoolVal(True), name, int(off or 0))])
        if ty == "ptr":
            raise Unsupported("pointer " + text)
        if ty.startswith("{"):
            return tuple(self.any(width(t.strip())) for t in ty[1:-1].split(","))
        w = width(ty)
        if text in ("true", "false"):
            return z3.BitVecVal(text == "true", 1)
        if text in ("poison", "undef"):
            return self.any(w)
        return z3.BitVecVal(int(text), w)

    def any(self, w):
        self.fresh += 1
        return z3.BitVec("any%d" % self.fresh, w)

    # ---- one function ---------------------------------------------------------------------------

    def run(self, name, args, path):
        """Returns (value, memory) at the end of the function."""
        fn = self.module.functions[name]
        vals = {p: a for (_, p), a in zip(fn.params, args)}
        loops = loops_of(fn)
        rpo = {b: i for i, b in enumerate(reverse_postorder(fn))}
        entry = fn.order[0]
        start = self.key(fn, loops, rpo, entry, {})
        pending = {start: [(entry, {}, None, Path(path.cond, vals, path.mem))]}
        returns = []
        while pending:
            key = min(pending)
            arrivals = pending.pop(key)
            block, rounds = arrivals[0][0], arrivals[0][1]
            cur = self.join(fn, block, arrivals)
            for succ, cond, p in self.block(fn, block, cur, returns):
                if z3.is_false(cond):
                    continue
                r = {h: n for h, n in rounds.items() if block in loops[h] and succ in loops[h]}
                if succ in loops and succ in r and block in loops[succ]:
                    r[succ] += 1
                    if r[succ] > MAX_ROUNDS:
                        raise Unsupported("a loop of %s does not end" % name)
                elif succ in loops:
                    r[succ] = 0
                k = self.key(fn, loops, rpo, succ, r)
                pending.setdefault(k, []).append((succ, r, block, Path(cond, p.vals, p.mem)))
        if not returns:
            raise Unsupported("%s never returns" % name)
        cond, val, mem = returns[0]
        for c, v, m in returns[1:]:
            mem = merge_memory(c, m, mem)
            val = None if v is None else ite(c, v, val)
        return val, mem

    @staticmethod
    def key(fn, loops, rpo, block, rounds):
        """Orders the visits of blocks so that all that lead to one come before it."""
        key = []
        for h in sorted((h for h in rounds if block in loops[h]), key=lambda h: rpo[h]):
            key += [rpo[h], rounds[h]]
        return tuple(key + [rpo[block], -1])

    def join(self, fn, block, arrivals):
        phis = [i for i in fn.blocks[block] if i[0] == "phi"]
        path = None
        for _, _, pred, p in arrivals:
            vals = dict(p.vals)
            for _, dst, ty, ins in phis:
                vals[dst] = self.value(ty, dict(ins)[pred], p)
            if path is None:
                path = Path(p.cond, vals, p.mem)
            else:
                path = Path(z3.simplify(z3.Or(path.cond, p.cond)), merge_maps(p.cond, vals, path.vals),
                            merge_memory(p.cond, p.mem, path.mem))
        return path

    def block(self, fn, block, path, returns):
        path = Path(path.cond, dict(path.vals), dict(path.mem))
        for insn in fn.blocks[block]:
            op, dst = insn[0], insn[1]
            if op == "phi":
                continue
            if op == "jmp":
                return [(insn[2], path.cond, path)]
            if op == "br":
                c = cond_of(self.value("i1", insn[2], path))
                return [(insn[3], z3.simplify(z3.And(path.cond, c)), path),
                        (insn[4], z3.simplify(z3.And(path.cond, z3.Not(c))), path)]
            if op == "switch":
                return self.switch(insn, path)
            if op == "ret":
                val = None if insn[2] is None else self.value(insn[2][0], insn[2][1], path)
                returns.append((path.cond, val, path.mem))
                return []
            if op == "unreachable":
                self.failed.append(path.cond)
                return []
            val = self.step(insn, path)
            if dst:
                path.vals[dst] = val
        raise Unsupported("block without an end")

    def switch(self, insn, path):
        _, _, w, text, default, arms = insn
        v = self.value("i%d" % w, text, path)
        other, out = [], []
        for num, target in arms:
            c = v == z3.BitVecVal(int(num), w)
            other.append(z3.Not(c))
            out.append((target, z3.simplify(z3.And(path.cond, c)), path))
        out.append((default, z3.simplify(z3.And(path.cond, *other)), path))
        return out

    # ---- instructions ---------------------------------------------------------------------------

    def step(self, insn, path):
        op = insn[0]
        if op in BINARY:
            _, _, w, a, b = insn
            ty = "i%d" % w
            return z3.simplify(BINARY[op](self.value(ty, a, path), self.value(ty, b, path)))
        if op in ("trunc", "zext", "sext"):
            _, _, w, a, to = insn
            v = self.value("i%d" % w, a, path)
            return z3.simplify(z3.Extract(to - 1, 0, v) if op == "trunc" else
                               (z3.ZeroExt if op == "zext" else z3.SignExt)(to - w, v))
        if op == "freeze":
            return self.value(insn[2], insn[3], path)
        if op == "icmp":
            _, _, pred, ty, a, b = insn
            return z3.simplify(as_bv1(COMPARE[pred](self.value(ty, a, path), self.value(ty, b, path))))
        if op == "select":
            _, _, c, ty, a, b = insn
            return ite(cond_of(self.value("i1", c, path)), self.value(ty, a, path), self.value(ty, b, path))
        if op == "alloca":
            self.objects += 1
            return Ptr([(z3.BoolVal(True), self.objects, 0)])
        if op == "gep":
            return self.gep(insn, path)
        if op == "load":
            return self.load(insn[2], self.value("ptr", insn[3], path), path)
        if op == "store":
            return self.store(insn[2], self.value(insn[2], insn[3], path), self.value("ptr", insn[4], path), path)
        if op == "extractvalue":
            return path.vals[insn[2]][insn[3]]
        if op == "insertvalue":
            _, _, agg, ty, val, idx = insn
            have = list(path.vals[agg]) if agg.startswith("%") else [None, None]
            have[idx] = self.value(ty, val, path)
            return tuple(have)
        if op == "call":
            return self.call(insn[2], insn[3], path)
        raise Unsupported(op)

    def gep(self, insn, path):
        _, _, ty, base, idx = insn
        ptr = self.value("ptr", base, path)
        off = 0
        for level, text in enumerate(idx):
            n = z3.simplify(self.value("i64", text, path))
            if n.size() < 64:
                n = z3.simplify(z3.SignExt(64 - n.size(), n))
            if not z3.is_bv_value(n):
                raise Unsupported("an offset that is not a constant: %s in %s" % (str(n)[:80], insn))
            n = n.as_signed_long()
            if level == 0:
                off += n * self.module.size_of(ty)
            elif ty in self.module.types:
                fields = self.module.types[ty]
                pos = 0
                for i, f in enumerate(fields[:n + 1]):
                    a = self.module.align_of(f)
                    pos = (pos + a - 1) // a * a
                    if i < n:
                        pos += self.module.size_of(f)
                off += pos
                ty = fields[n]
            else:
                ty = ty[ty.index(" x ") + 3:-1]
                off += n * self.module.size_of(ty)
        return Ptr([(c, o, f + off) for c, o, f in ptr.alts])

    def load(self, ty, ptr, path):
        out = None
        for c, obj, off in ptr.alts:
            v = self.cell(ty, obj, off, path)
            out = v if out is None else ite(c, v, out)
        return out

    def cell(self, ty, obj, off, path):
        """What is stored at a place: one cell, a part of one, or several in a row."""
        size = self.module.size_of(ty)
        v = path.mem.get((obj, off))
        if v is None or v.size() != size * 8:
            v = self.gather(obj, off, size, path)
        return z3.simplify(z3.Extract(width(ty) - 1, 0, v)) if width(ty) < size * 8 else v

    def gather(self, obj, off, size, path):
        parts, at = [], off
        while at < off + size:
            got = self.covering(obj, at, path)
            if got is None:  # never written: any value
                path.mem[(obj, at)] = self.any(8)
                got = (obj, at), path.mem[(obj, at)]
            (_, start), v = got
            end = min(start + v.size() // 8, off + size)
            parts.append(z3.Extract((end - start) * 8 - 1, (at - start) * 8, v))
            at = end
        return z3.simplify(z3.Concat(*parts[::-1]) if len(parts) > 1 else parts[0])

    @staticmethod
    def covering(obj, at, path):
        for back in range(8):
            v = path.mem.get((obj, at - back))
            if v is not None and v.size() > back * 8:
                return (obj, at - back), v
        return None

    def put(self, obj, off, val, path):
        """Cells never overlap: one that is written over in part is cut into its bytes first."""
        for at in range(off, off + val.size() // 8):
            got = self.covering(obj, at, path)
            if got is None:
                continue
            (_, start), v = got
            del path.mem[(obj, start)]
            for i in range(v.size() // 8):
                if not off <= start + i < off + val.size() // 8:
                    path.mem[(obj, start + i)] = z3.simplify(z3.Extract(i * 8 + 7, i * 8, v))
        path.mem[(obj, off)] = z3.simplify(val)

    def store(self, ty, val, ptr, path):
        if val.size() < 8:
            val = z3.ZeroExt(8 - val.size(), val)
        for c, obj, off in ptr.alts:
            if len(ptr.alts) > 1:
                val = z3.If(c, val, self.cell("i%d" % val.size(), obj, off, path))
            self.put(obj, off, val, path)

    def copy(self, dst, src, n, path):
        if len(dst.alts) != 1 or len(src.alts) != 1:
            raise Unsupported("a copy between places that depend on the path")
        (_, do, df), (_, so, sf) = dst.alts[0], src.alts[0]
        for (_, f), v in [(k, v) for k, v in path.mem.items() if k[0] == so and sf <= k[1] < sf + n]:
            if f + v.size() // 8 > sf + n:
                raise Unsupported("a copy of a part of a value")
            self.put(do, f - sf + df, v, path)

    def call(self, name, args, path):
        if name in ("llvm.lifetime.start.p0", "llvm.lifetime.end.p0", "llvm.experimental.noalias.scope.decl"):
            return None
        if name == "llvm.ubsantrap":
            self.failed.append(path.cond)
            return None
        vals = [self.value(t, v, path) for t, v in args if t != "metadata"]
        if name == "prove_any64":
            return self.any(64)
        if name == "prove_any32":
            return self.any(32)
        if name == "prove_member":
            bits = z3.BitVecSort(64)
            return as_bv1(z3.Function("member", bits, bits, bits, z3.BoolSort())(*vals))
        if name == "prove_any1":
            return self.any(1)
        if name in ("prove_assume", "llvm.assume"):
            if name == "prove_assume":
                self.assumed.append(z3.Implies(path.cond, cond_of(z3.Extract(0, 0, vals[0]))))
            return None
        if name.startswith("llvm.memcpy"):
            return self.copy(vals[0], vals[1], z3.simplify(vals[2]).as_long(), path)
        if name.startswith("llvm.memset"):
            raise Unsupported(name)
        if name.startswith("llvm."):
            return intrinsic(name, vals)
        if name not in self.module.functions:
            raise Unsupported("call of " + name)
        val, mem = self.run(name, vals, path)
        path.mem.clear()
        path.mem.update(mem)
        return val


BINARY = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "udiv": z3.UDiv, "sdiv": lambda a, b: a / b, "urem": z3.URem, "srem": z3.SRem,
    "and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b, "lshr": z3.LShR, "ashr": lambda a, b: a >> b,
}
COMPARE = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
    "ugt": z3.UGT, "uge": z3.UGE, "ult": z3.ULT, "ule": z3.ULE,
    "sgt": lambda a, b: a > b, "sge": lambda a, b: a >= b, "slt": lambda a, b: a < b, "sle": lambda a, b: a <= b,
}


def wide(a, b, fn, ext, extra):
    w = a.size()
    r = fn(ext(extra, a), ext(extra, b))
    low = z3.Extract(w - 1, 0, r)
    return low, as_bv1(ext(extra, low) != r)


def leading_zeros(v):
    """By halves, so that the solver sees a tree and no chain."""
    w = v.size()
    n = z3.BitVecVal(0, w)
    x = v
    half = w // 2
    while half:
        high_zero = z3.Extract(w - 1, w - half, x) == 0
        n = z3.If(high_zero, n + half, n)
        x = z3.If(high_zero, x << half, x)
        half //= 2
    return z3.If(v == 0, z3.BitVecVal(w, w), n)


def intrinsic(name, v):
    op = name.split(".")[1]
    if op in ("umin", "umax", "smin", "smax"):
        less = z3.ULT(v[0], v[1]) if op[0] == "u" else v[0] < v[1]
        return z3.If(less, v[0], v[1]) if op.endswith("min") else z3.If(less, v[1], v[0])
    if op == "abs":
        return z3.If(v[0] < 0, -v[0], v[0])
    if op == "ctlz":
        return leading_zeros(v[0])
    if op == "bswap":
        w = v[0].size()
        return z3.Concat(*[z3.Extract(i * 8 + 7, i * 8, v[0]) for i in range(w // 8)])
    if op == "ctpop":
        w = v[0].size()
        return sum((z3.ZeroExt(w - 1, z3.Extract(i, i, v[0])) for i in range(1, w)),
                   z3.ZeroExt(w - 1, z3.Extract(0, 0, v[0])))
    if name.startswith("llvm.uadd.sat"):
        s = v[0] + v[1]
        return z3.If(z3.ULT(s, v[0]), z3.BitVecVal(-1, s.size()), s)
    if name.startswith("llvm.usub.sat"):
        return z3.If(z3.ULT(v[0], v[1]), z3.BitVecVal(0, v[0].size()), v[0] - v[1])
    if ".with.overflow" in name:
        ext = z3.SignExt if op[0] == "s" else z3.ZeroExt
        fn = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b}[op[1:]]
        return wide(v[0], v[1], fn, ext, v[0].size() if op[1:] == "mul" else 1)
    if op == "fshl":
        w = v[0].size()
        return z3.Extract(2 * w - 1, w, z3.Concat(v[0], v[1]) << z3.ZeroExt(w, z3.URem(v[2], z3.BitVecVal(w, w))))
    raise Unsupported(name)


# ---- the shape of a function -----------------------------------------------------------------------


def successors(insns):
    last = insns[-1]
    if last[0] == "jmp":
        return [last[2]]
    if last[0] == "br":
        return [last[3], last[4]]
    if last[0] == "switch":
        return [last[4]] + [t for _, t in last[5]]
    return []


def reverse_postorder(fn):
    seen, out, todo = set(), [], [(fn.order[0], False)]
    while todo:
        b, done = todo.pop()
        if done:
            out.append(b)
        elif b not in seen:
            seen.add(b)
            todo.append((b, True))
            todo += [(s, False) for s in successors(fn.blocks[b])]
    return out[::-1]


def loops_of(fn):
    """Header -> the blocks of its loop."""
    order = reverse_postorder(fn)
    pos = {b: i for i, b in enumerate(order)}
    preds = {b: [] for b in order}
    for b in order:
        for s in successors(fn.blocks[b]):
            preds[s].append(b)
    loops = {}
    for b in order:
        for s in successors(fn.blocks[b]):
            if pos[s] <= pos[b]:
                body, todo = {s}, [b]
                while todo:
                    x = todo.pop()
                    if x not in body:
                        body.add(x)
                        todo += preds[x]
                loops.setdefault(s, set()).update(body)
    return loops
