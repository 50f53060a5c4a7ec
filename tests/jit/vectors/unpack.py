#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""unpack.py TARBALL OUTDIR - the vectors of Linux's lib/test_bpf.c from Debian's linux-source package.

Nothing of them is kept in the repository: OUTDIR gets vector_table.h, the part of the file that is data (the
table and the functions that fill in long programs), and vector_macros.h, the macros it is written with.
tables.c includes both from the build folder.
"""
import os
import re
import sys
import tarfile

SOURCE = "lib/test_bpf.c"
MACROS = "include/linux/filter.h"


def read_members(tarball, names):
    texts = {}
    with tarfile.open(tarball) as tar:
        for member in tar:
            path = member.name.split("/", 1)[-1]
            if path in names:
                texts[path] = tar.extractfile(member).read().decode()
                if len(texts) == len(names):
                    return texts
    sys.exit(f"unpack.py: {tarball} lacks {' or '.join(set(names) - set(texts))}")


def cut(text, begin, end, what):
    start = text.find(begin)
    stop = text.find(end, start)
    if start < 0 or stop < 0:
        sys.exit(f"unpack.py: {what} is not as expected: no {begin!r} ... {end!r}")
    return text[start:stop]


def macros(text):
    """#define lines with what they go on with: the functions and structures around them are the kernel's."""
    lines = re.findall(r"^#define(?:[^\n\\]|\\.|\\\n)*", text, re.M)
    return "\n".join(f"{line}\n" for line in lines if re.match(r"#define\s+_*BPF_\w+\(", line) and
                     not re.match(r"#define\s+_*BPF_(CALL|SIZEOF|FIELD|CAST_CALL)", line))


def main():
    tarball, out = sys.argv[1:]
    if not os.path.exists(tarball):
        sys.exit(f"unpack.py: {tarball} is not there: run scripts/deps.sh --conformance")
    texts = read_members(tarball, [SOURCE, MACROS])
    with open(os.path.join(out, "vector_table.h"), "w") as f:
        f.write(cut(texts[SOURCE], "/* General test specific settings */", "static struct net_device dev;", SOURCE))
    with open(os.path.join(out, "vector_macros.h"), "w") as f:
        f.write(macros(texts[MACROS]))


main()
