#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep test: helpers replaced by the test's own; each test of GOOD passes, its twin in BAD fails for its own reason.

usage: test_replaced.py SKEP GOOD BAD
"""
import json
import os
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, GOOD, BAD = (os.path.realpath(a) for a in sys.argv[1:4])


def rows(*args):
    done = subprocess.run([SKEP, "test", *args, "-j"], capture_output=True, text=True)
    return {r["prog_name"]: r for r in json.loads(done.stdout)}


for engine in ("jit", "interp"):
    good, bad = rows(GOOD, "--engine", engine), rows(BAD, "--engine", engine)
    check(f"{engine}: all there", len(good) == 9 and len(bad) == 14, (len(good), len(bad)))
    for name, row in good.items():
        check(f"{engine}: {name}: {row['description']}", row["status"] == "passed" and not row["why"], row)
    for name, row in bad.items():
        check(f"{engine}: twin: {name} fails for its reason", row["status"] == "failed" and row["description"] in row["why"], row)
sys.exit(end())
