#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""BTF as C: what "skep btf dump FILE format c" writes compiles, and structures have the size and their members
the offsets that the BTF says.

usage: test_printc.py SKEP CLANG OBJECT...
"""
import collections
import os
import re
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

VMLINUX = "/sys/kernel/btf/vmlinux"


def checks(raw):
    """Static assertions of the size of every struct and union whose name stands once, and of where its members are."""
    tags = collections.Counter(re.findall(r"^\[\d+\] (?:STRUCT|UNION|ENUM|ENUM64) '(\w+)'", raw, re.M))
    holder = None
    for line in raw.splitlines():
        head = re.match(r"\[\d+\] (\w+) '(\S+)'(?: size=(\d+))?", line)
        if head:
            holder = None
            if head[1] in ("STRUCT", "UNION") and tags[head[2]] == 1:
                holder = f"{head[1].lower()} {head[2]}"
                yield f'_Static_assert(sizeof({holder}) == {head[3]}, "{holder}");'
        member = re.match(r"\t'(\w+)' type_id=\d+ bits_offset=(\d+)$", line)
        if member and holder and int(member[2]) % 8 == 0:
            yield f'_Static_assert(__builtin_offsetof({holder}, {member[1]}) == {int(member[2]) // 8}, "{holder}.{member[1]}");'


def main():
    skep, clang, *objects = sys.argv[1:]
    for path in objects + [VMLINUX]:
        name = f"types of {os.path.basename(path)} as C compile, with all sizes and offsets"
        if not os.path.exists(path):
            check(name, True, skip=f"no {path} here")
            continue
        text = subprocess.run([skep, "btf", "dump", path, "format", "c"], capture_output=True, text=True)
        raw = subprocess.run([skep, "btf", "dump", path], capture_output=True, text=True).stdout
        source = text.stdout + "\n" + "\n".join(checks(raw)) + "\n"
        cc = subprocess.run([clang, "-target", "bpf", "-w", "-fsyntax-only", "-xc", "-"], input=source,
                            capture_output=True, text=True)
        ok = text.returncode == 0 and len(text.stdout) > 500 and "_Static_assert" in source and cc.returncode == 0
        check(name, ok, cc.stderr)
    sys.exit(end())


main()
