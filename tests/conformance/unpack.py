#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""unpack.py TARBALL OUTDIR - Linux's verifier test tables from Debian's linux-source package.

Nothing of them is kept in the repository: they are unpacked into the build folder and included by
families.c from there. OUTDIR gets linux/filter.h (the instruction macros), test_btf.h, verifier/*.c,
fills.h (the functions that generate long programs and the macros that tables share, cut out of
test_verifier.c) and families.h (one FAMILY(name) a table file).
"""
import os
import re
import shutil
import sys
import tarfile

SELFTESTS = "tools/testing/selftests/bpf/"
FILTER = "tools/include/linux/filter.h"


def wanted(name):
    if name == FILTER:
        return "linux/filter.h"
    if name in (SELFTESTS + "test_verifier.c", SELFTESTS + "test_btf.h"):
        return os.path.basename(name)
    m = re.fullmatch(re.escape(SELFTESTS) + r"verifier/([a-z0-9_]+\.c)", name)
    return "verifier/" + m.group(1) if m else None


def unpack(tarball, out):
    with tarfile.open(tarball) as tar:
        for member in tar:
            if not member.isfile() or "/" not in member.name:
                continue
            path = wanted(member.name.split("/", 1)[1])
            if not path:
                continue
            os.makedirs(os.path.dirname(os.path.join(out, path)) or out, exist_ok=True)
            with open(os.path.join(out, path), "wb") as f:
                shutil.copyfileobj(tar.extractfile(member), f)


def cut_fills(out):
    """All between the structures that the tables need, which we describe ourselves, and the table."""
    text = open(os.path.join(out, "test_verifier.c")).read()
    begin = text.index("static void bpf_fill_")
    end = text.index("static struct bpf_test tests[]")
    with open(os.path.join(out, "fills.h"), "w") as f:
        f.write(text[begin:end])


def main():
    tarball, out = sys.argv[1:]
    if not os.path.exists(tarball):
        sys.exit(f"unpack.py: {tarball} is not there: run scripts/deps.sh --conformance")
    os.makedirs(os.path.join(out, "verifier"), exist_ok=True)
    unpack(tarball, out)
    cut_fills(out)
    names = sorted(n[:-2] for n in os.listdir(os.path.join(out, "verifier")) if n.endswith(".c"))
    if not names:
        sys.exit(f"unpack.py: {tarball} has no {SELFTESTS}verifier/*.c")
    includes = "".join(f'static struct bpf_test family_{n}[] = {{\n#include "verifier/{n}.c"\n}};\n'
                       for n in names)
    rows = "".join(f"FAMILY({n})\n" for n in names)
    with open(os.path.join(out, "families.h"), "w") as f:
        f.write(f"{includes}const struct family families[] = {{\n{rows}}};\n")


main()
