#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""BTF as C: what "skep btf dump FILE format c" writes compiles, and structures have the size that the
BTF says.

usage: test_printc.py SKEP CLANG OBJECT...
"""
import os
import re
import subprocess
import sys

VMLINUX = "/sys/kernel/btf/vmlinux"


def checks(raw):
    """Static assertions of the size of every struct and union whose name stands once."""
    found = re.findall(r"^\[\d+\] (STRUCT|UNION) '(\w+)' size=(\d+)", raw, re.M)
    tags = [name for _, name, _ in found] + re.findall(r"^\[\d+\] ENUM(?:64)? '(\w+)'", raw, re.M)
    for kind, name, size in found:
        if tags.count(name) == 1 and len(found) < 500 or kind == "STRUCT" and name in ("task_struct", "sk_buff", "pt_regs", "file", "inode", "net_device"):
            yield f'_Static_assert(sizeof({kind.lower()} {name}) == {size}, "{name}");'


def main():
    skep, clang, *objects = sys.argv[1:]
    results = []
    for path in objects + [VMLINUX]:
        name = f"types of {os.path.basename(path)} as C compile and have their sizes"
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
