#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep verify --complexity and --profile: where the instructions processed went.

usage: test_complexity.py SKEP OBJECT
"""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, OBJ = (os.path.abspath(a) for a in sys.argv[1:3])


def verify(*args):
    done = subprocess.run([SKEP, "verify", OBJ, *args], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def diagnosis():
    log = json.loads(verify("--prog", "nested", "-j")[1])[0]["log_tail"]
    chains = re.findall(r"^ *(\d+)% (nested(?:;inner)?)$", log, re.M)
    check("R-03 the hottest call chains, hottest first", [c for _, c in chains] == ["nested;inner", "nested"]
          and int(chains[0][0]) > int(chains[1][0]) and 98 <= sum(int(p) for p, _ in chains) <= 100, log)
    loops = re.findall(r"^ *(\d+)% ( *)insns (\d+)-(\d+) \(complexity.bpf.c:\d+\), begun (\d+) times$", log, re.M)
    inside = [l for l in loops if l[1]]
    check("R-03 loops, inner ones below outer ones", len(loops) == 3 and len(inside) == 1 and loops[1] == inside[0]
          and int(loops[0][2]) <= int(inside[0][2]) and int(inside[0][3]) <= int(loops[0][3]), loops)
    # Each call of inner() goes round ten times.
    check("R-03 how often they were begun", abs(int(loops[2][4]) / int(inside[0][4]) - 10) < 0.2, loops)
    misses = re.findall(r"^ *(\d+) times (.*) at insn (\d+) \(complexity.bpf.c:\d+\), first (.*) then (.*)$", log, re.M)
    check("R-03 what differed between visits", misses and all(first != then for *_, first, then in misses)
          and any(re.fullmatch(r"(frame0: )?R\d", where) for _, where, *_ in misses), log)
    below = verify("--prog", "rounds", "--log-level", "2")[1]
    check("R-03 below the limit nothing of that", "processed" in below and "hottest" not in below, below[-500:])


def main():
    got = verify("--prog", "rounds", "--complexity", "-j")
    row = json.loads(got[1])[0]
    places = row["complexity"]["places"]
    check("every instruction processed has its place", sum(p["times"] for p in places) == row["insns"] > 500, row["insns"])
    inner = [p for p in places if p["calls"] == "rounds;one_round"]
    check("a function that is called stands under its caller",
          {p["calls"] for p in places} == {"rounds", "rounds;one_round"}
          and sum(p["times"] for p in inner if p["file"] == "complexity.bpf.c") >= 50, places)
    misses = row["complexity"]["not_covered"]
    check("what differed is told with both values",
          misses and all(m["where"] and m["kept"] != m["arrived"] and m["times"] > 0 for m in misses), misses)
    check("without being asked nothing is told", "complexity" not in json.loads(verify("-j", "--prog", "rounds")[1])[0], "")
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "folded")
        got = verify("--prog", "rounds", "--profile", path)
        with open(path, encoding="utf-8") as f:
            lines = [line.rsplit(" ", 1) for line in f.read().splitlines()]
        check("folded stacks", got[0] == 0 and sum(int(n) for _, n in lines) == row["insns"]
              and all(s.startswith("rounds;rounds;") for s, _ in lines)
              and any(s.startswith("rounds;rounds;one_round;complexity.bpf.c:") for s, _ in lines), lines)
    got = verify("--prog", "rounds", "--profile", "/nowhere/at/all")
    check("a profile that cannot be written", got[0] == 2 and "/nowhere/at/all: No such file" in got[2], got)
    got = verify("--prog", "endless", "--complexity")
    check("the limit: the loop, and the register that is another one in each round",
          got[0] == 1 and "(too-complex)" in got[1] and "source line" in got[1] and "in a loop" in got[1]
          and "endless" in got[1].split("function")[1], got[1])
    got = verify("--prog", "endless")
    check("the limit: how to see more", "--complexity shows where" in got[1], got[1])
    diagnosis()
    sys.exit(end())


main()
