#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What skep says of BPF objects that other people compiled: a line a program, then reasons by count.

usage: objects.py SKEP OBJECT_DIR [ON_KERNEL]

OBJECT_DIR is filled by fetch_objects.sh: libxdp1/ is verified against skep's own kernel BTF, libbpf-tools/
against /sys/kernel/btf/vmlinux when there is one. ON_KERNEL (build/tests/objects/on_kernel) loads
the same programs into the running kernel and adds its verdict.
"""
import collections
import glob
import json
import os
import re
import subprocess
import sys

VMLINUX = "/sys/kernel/btf/vmlinux"


def verify(skep, files, kernel_btf):
    """Rows of skep's JSON, and what it said of files that it could not open. A crash is a row of its own."""
    cmd = [skep, "verify", "--json"] + (["--kernel-btf", kernel_btf] if kernel_btf else [])
    run = subprocess.run(cmd + files, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode < 0 and len(files) > 1:
        for path in files:  # which one was it?
            yield from verify(skep, [path], kernel_btf)
        return
    if run.returncode < 0:
        yield files[0], "*", "CRASH", f"signal {-run.returncode}"
        return
    seen = set()
    for r in json.loads(run.stdout):
        seen.add(r["file_name"])
        yield r["file_name"], r["prog_name"], r["verdict"], r.get("message", "")
    for line in run.stderr.splitlines():
        for path in files:
            if path not in seen and line.startswith(f"skep: {path}: "):
                yield path, "*", "not opened", line[len(path) + 8 :]


def kernel_rows(on_kernel, files):
    """{(path, program): verdict}, and why when it was refused or there is no answer."""
    run = subprocess.run([on_kernel] + files, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode == 77:
        return {}
    rows = [line.split("\t") for line in run.stdout.splitlines()]
    return {(r[0], r[1]): (r[2], r[3]) for r in rows if len(r) == 4}


def reason(message):
    """Same things under one name, whatever they are called in the object."""
    if "not modelled: " in message:
        message = message[message.index("not modelled: ") :]
    message = re.sub(r" \(section '[^']*'\)", "", message)
    message = re.sub(r"R\d+", "R*", message)
    return re.sub(r"\b\d+\b", "N", message)


def main():
    skep, base = sys.argv[1], sys.argv[2]
    on_kernel = sys.argv[3] if len(sys.argv) > 3 else None
    counts, why, clash = collections.Counter(), collections.Counter(), collections.Counter()
    for group in ("libxdp1", "libbpf-tools"):
        files = sorted(glob.glob(os.path.join(base, group, "*.o")))
        btf = VMLINUX if group == "libbpf-tools" and os.path.exists(VMLINUX) else None
        if not files:
            continue
        kernel = kernel_rows(on_kernel, files) if on_kernel and btf else {}
        for path, prog, verdict, message in sorted(verify(skep, files, btf)):
            them, their_why = kernel.get((path, prog), ("", ""))
            counts[group, verdict] += 1
            if them:
                clash[verdict, them] += 1
            if verdict != "success":
                why[reason(message)] += 1
            row = f"{group}/{os.path.basename(path):28} {prog:34} {verdict:14} {them:9} {message}"
            if them == "failure":
                row += f"  [kernel: {their_why}]"
            print(row.rstrip())
    print("\nreasons:")
    for text, n in why.most_common():
        print(f"{n:5}  {text}")
    print("\nverdicts:")
    for (group, verdict), n in sorted(counts.items()):
        print(f"{n:5}  {group}: {verdict}")
    if clash:
        print("\nskep, kernel:")
        for (ours, them), n in sorted(clash.items()):
            print(f"{n:5}  {ours}, {them}")


main()
