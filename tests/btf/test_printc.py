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
    results = []
    for path in objects + [VMLINUX]:
        name = f"types of {os.path.basename(path)} as C compile, with all sizes and offsets"
        if not os.path.exists(path):
            results.append((True, f"{name} # SKIP no {path} here"))
            continue
        text = subprocess.run([skep, "btf", "dump", path, "format", "c"], capture_output=True, text=True)
        raw = subprocess.run([skep, "btf", "dump", path], capture_output=True, text=True).stdout
        source = text.stdout + "\n" + "\n".join(checks(raw)) + "\n"
        cc = subprocess.run([clang, "-target", "bpf", "-w", "-fsyntax-only", "-xc", "-"], input=source,
                            capture_output=True, text=True)
        ok = text.returncode == 0 and len(text.stdout) > 500 and "_Static_assert" in source and cc.returncode == 0
        results.append((ok, name))
        if not ok:
            print("\n".join("# " + line for line in cc.stderr.splitlines()[:10]))
    for number, (ok, name) in enumerate(results, 1):
        print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    print(f"1..{len(results)}")
    sys.exit(0 if all(ok for ok, _ in results) else 1)


main()
