#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Adds up what tap_wrap.py kept: failed tests by name, reasons for skips, and the closing line.

usage: report_tests.py RESULT_DIR     exit 1 when a test failed or none ran
"""
import glob
import os
import sys


def main():
    rows = []
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.tsv"))):
        with open(path, encoding="utf-8") as f:
            rows += [line.rstrip("\n").split("\t", 2) for line in f]
    count = {"pass": 0, "fail": 0, "skip": 0}
    for verdict, prog, test in rows:
        count[verdict] += 1
        if verdict == "fail":
            print(f"FAILED  {prog}: {test}")
    for verdict, prog, test in rows:
        if verdict == "skip":
            print(f"skipped {prog}: {test}")
    print(f"{count['pass']} passed, {count['fail']} failed, {count['skip']} skipped")
    sys.exit(1 if count["fail"] or not rows else 0)


main()
