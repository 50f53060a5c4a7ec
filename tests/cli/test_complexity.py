#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep verify --complexity and --profile: where the instructions processed went.

usage: test_complexity.py SKEP OBJECT
"""
import json
import os
import subprocess
import sys
import tempfile

SKEP, OBJ = (os.path.abspath(a) for a in sys.argv[1:3])
results = []


def verify(*args):
    done = subprocess.run([SKEP, "verify", OBJ, *args], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def check(name, ok, tell):
    results.append((name, bool(ok)))
    if not ok:
        print(f"# {name}: {tell!r}"[:2000])


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
    print(f"1..{len(results)}")
    for number, (name, ok) in enumerate(results, 1):
        print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    sys.exit(not all(ok for _, ok in results))


main()
