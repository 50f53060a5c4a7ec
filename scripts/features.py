#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A row for each feature id: how many tests carry it in their name, and how they came out.

usage: features.py FEATURES_TSV RESULT_DIR

Reads the results of the last "make test". A test carries an id as a word: "V-13 ...".
"""
import glob
import os
import re
import sys


def ids_of(test):
    """The ids in a test's name: "V-13 ...", or "v13_..." where the name is a C function's."""
    found = set(re.findall(r"\b([A-Z]-\d\d)\b", test))
    return found | {f"{a.upper()}-{n}" for a, n in re.findall(r"\b([A-Za-z])(\d\d)_", test)}


def main():
    tally = {}
    for path in glob.glob(os.path.join(sys.argv[2], "*.tsv")):
        with open(path, encoding="utf-8") as f:
            for line in f:
                verdict, _, test = line.rstrip("\n").split("\t", 2)
                for fid in ids_of(test):
                    tally.setdefault(fid, {"pass": 0, "fail": 0, "skip": 0})[verdict] += 1
    with open(sys.argv[1], encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    known = {r[0] for r in rows}
    print(f"{'id':5} {'tests':>5} {'passed':>6} {'failed':>6}  result   name")
    shown = 0
    for fid, name in rows:
        t = tally.get(fid)
        if not t:
            print(f"{fid:5} {0:5} {0:6} {0:6}  none     {name}")
            continue
        shown += 1
        result = "failed" if t["fail"] else "passed" if t["pass"] else "skipped"
        print(f"{fid:5} {sum(t.values()):5} {t['pass']:6} {t['fail']:6}  {result:8} {name}")
    print(f"{shown} of {len(rows)} rows have tests")
    for fid in sorted(set(tally) - known):
        print(f"a test names {fid}, which {sys.argv[1]} does not have")
    sys.exit(1 if set(tally) - known else 0)


main()
