#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Proves claims about the scalar domain with z3: compiles obligations and shipped sources to LLVM's
intermediate form, runs that on bit vectors, and asks for arguments that make a claim false.

usage: prove.py --include DIR... [--cc CLANG] [--seconds N] [--budget N] [--jobs N] [--only REGEX] [--tap]

A claim is proved, FALSE (with arguments that show it), or unknown: not finished in its time. Claims
named ob_wrong_* are false on purpose and must be refuted. Undefined behaviour in the shipped code
counts as false. Exit status: 0 nothing was wrong, 1 something was, 2 it could not be done, 77 there
is no z3 for Python here."""
import argparse
import multiprocessing
import os
import re
import subprocess
import sys
import time

try:
    import z3
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)
    print("1..0 # SKIP no z3 for Python (python3-z3)")
    sys.exit(77)

import linear
import symbolic
from llvmir import Module, Unsupported

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ["wrong", "steps", "sets", "whole", "arcs"]
FLAGS = ["-O2", "-fno-vectorize", "-fno-slp-vectorize", "-fno-jump-tables", "-mllvm", "-inline-threshold=1000000",
         "-mllvm", "-unroll-threshold=100000", "-fsanitize=shift,signed-integer-overflow,integer-divide-by-zero",
         "-fsanitize-trap=all", "-Wno-tautological-compare", "-S", "-emit-llvm", "-o", "-"]
# Arguments of a claim about two arcs, see ARC_ARGS in arcs.c.
B_BASE, B_LEN, DY = 2, 3, 5


def compile_ir(args, name):
    cmd = [args.cc] + FLAGS + ["-I" + d for d in args.include] + [os.path.join(HERE, name + ".c")]
    res = subprocess.run(cmd, capture_output=True, text=True)
    if res.returncode:
        print("prove.py: %s.c does not compile:\n%s" % (name, res.stderr), file=sys.stderr)
        sys.exit(2)
    return res.stdout


def claim_of(module, name, fixed):
    """(formula that has a solution when the claim is false, argument variables)."""
    fn = module.functions[name]
    args = [z3.BitVec("arg%d" % i, int(ty[1:])) for i, (ty, _) in enumerate(fn.params)]
    given = [z3.BitVecVal(fixed[i], a.size()) if i in fixed else a for i, a in enumerate(args)]
    m = symbolic.Machine(module)
    val, _ = m.run(name, given, symbolic.Path(z3.BoolVal(True), {}, {}))
    return z3.simplify(z3.And(*m.assumed, z3.Or(val == 0, *m.failed))), args


def cases(name, formula_of):
    """The claim, in cases that together are all of it. A shift by an unknown count is no business for
    a solver, one by a known count is: an arc of counts below the width is tried with each lowest,
    largest and actual count, all other arcs of counts at once."""
    m = re.fullmatch(r"ob_arc(\d+)_(lsh|rsh|arsh)", name)
    if not m:
        yield formula_of({})
        return
    n = int(m.group(1))
    formula, args = formula_of({})
    base, length = args[B_BASE], args[B_LEN]
    yield z3.And(formula, z3.Not(z3.And(z3.ULT(base, n), z3.ULT(length, n), z3.ULT(base + length, n)))), args
    for low in range(n):
        for high in range(low, n):
            for k in range(low, high + 1):
                yield formula_of({B_BASE: low, B_LEN: high - low, DY: k - low})


def solve(formula, args, seconds):
    """As integers where the claim is linear, else bit by bit."""
    if z3.is_false(formula):
        return z3.unsat, "evident"
    try:
        s, how = z3.SolverFor("QF_UFLIA"), "linear"
        s.add(linear.translate(formula))
        names = [z3.Int(a.decl().name()) for a in args]
    except linear.NotLinear:
        s, how = z3.SolverFor("QF_BV"), "bits"
        s.add(formula)
        names = args
    s.set("timeout", int(seconds * 1000))
    res = s.check()
    if res == z3.sat:
        model = s.model()
        how = " ".join("%s=%#x" % (a, model.eval(n, True).as_long()) for a, n in zip(args, names))
    return res, how


MODULES = {}


def prove_one(job):
    name, text, seconds, deadline = job
    start = time.time()
    if deadline and start > deadline:
        return name, "unknown", "no time left", 0
    try:
        if text not in MODULES:
            MODULES[text] = Module(text)
        for formula, args in cases(name, lambda fixed: claim_of(MODULES[text], name, fixed)):
            left = seconds - (time.time() - start)
            if left <= 0:
                return name, "unknown", "", time.time() - start
            res, detail = solve(formula, args, left)
            if res != z3.unsat:
                break
    except Unsupported as e:
        return name, "error", str(e), time.time() - start
    word = {"unsat": "proved", "sat": "FALSE"}.get(str(res), "unknown")
    return name, word, detail, time.time() - start


def is_wrong(name, word):
    if word == "unknown":
        return name.startswith("ob_wrong_")
    return word != ("FALSE" if name.startswith("ob_wrong_") else "proved")


def report(tap, n, name, word, detail, took):
    bad = is_wrong(name, word)
    if name.startswith("ob_wrong_") and word == "FALSE":
        word = "refuted"
    if tap:
        skip = " # SKIP not finished in time" if word == "unknown" and not bad else ""
        print("%s %d - V-01 proof %s: %s %s%s" % ("not ok" if bad else "ok", n, name[3:], word, detail, skip), flush=True)
    else:
        print("%-9s %-36s %7.2f s  %s" % (word, name[3:], took, detail), flush=True)
    return bad, word


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cc", default="clang-19")
    p.add_argument("--include", action="append", default=[])
    p.add_argument("--seconds", type=float, default=60, help="a claim's time")
    p.add_argument("--budget", type=float, default=0, help="seconds in all; what is left then is unknown")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--only", default="", help="claims whose names match")
    p.add_argument("--tap", action="store_true")
    args = p.parse_args()
    todo, count, failed = [], {}, False
    deadline = time.time() + args.budget if args.budget else 0
    for f in FILES:
        text = compile_ir(args, f)
        names = re.findall(r"^define .*@(ob_\w+)\(", text, re.M)
        todo += [(n, text, args.seconds, deadline) for n in names if re.search(args.only, n)]
    if args.tap:
        print("1..%d" % len(todo))
    with multiprocessing.Pool(args.jobs, maxtasksperchild=40) as pool:
        for n, (name, word, detail, took) in enumerate(pool.imap_unordered(prove_one, todo), 1):
            bad, word = report(args.tap, n, name, word, detail, took)
            failed |= bad
            count[word] = count.get(word, 0) + 1
    print("# " + ", ".join("%d %s" % (n, r) for r, n in sorted(count.items())))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
