#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every source file says under which licence it is, in its first lines.

usage: check_spdx.py ROOT

Tables of facts (data/), text cases, seeds of fuzzers, packet captures and documents carry no code.
"""
import os
import sys

CODE = (".c", ".h", ".def", ".py", ".sh", ".map", ".S")
OTHERS = {"Makefile"}
SKIP = {".git", "corpus", "data"}


def sources(root):
    for folder, dirs, names in os.walk(root):
        dirs[:] = sorted(d for d in dirs if d not in SKIP and not (folder == root and d.startswith("build")))
        yield from (os.path.join(folder, n) for n in names if n.endswith(CODE) or n in OTHERS)


def main():
    bad = 0
    for path in sources(sys.argv[1]):
        with open(path, encoding="utf-8", errors="replace") as f:
            head = "".join(f.readline() for _ in range(3))
        if "SPDX-License-Identifier: BSD-2-Clause" not in head:
            print(f"{os.path.relpath(path, sys.argv[1])}: no \"SPDX-License-Identifier: BSD-2-Clause\" in its first lines")
            bad += 1
    return bad > 0


sys.exit(main())
