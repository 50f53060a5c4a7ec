#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes C that compiles only when the functions and structures of include/bpf are as the facts say.

usage: gen_api_check.py DATA_DIR INCLUDE_BPF_DIR OUT

Each function that a header declares is declared again with its prototype of libbpf-api.tsv; of each
option structure size and offsets are asserted as in libbpf-structs.tsv.
"""
import os
import re
import sys

HEADERS = ("bpf.h", "btf.h", "libbpf.h", "libbpf_legacy.h")


def rows(name):
    with open(os.path.join(sys.argv[1], name), encoding="utf-8") as f:
        return [l.rstrip("\n").split("\t") for l in f if l.strip() and not l.startswith("#")][1:]


def main():
    text = "".join(open(os.path.join(sys.argv[2], h), encoding="utf-8").read() for h in HEADERS)
    declared = set(re.findall(r"LIBBPF_API[^;]*?\b(\w+)\(", text))
    structs = set(re.findall(r"^struct (\w+) \{", text, re.M))
    out = ["/* Made by gen_api_check.py. */", "#include <bpf/bpf.h>", "#include <bpf/btf.h>",
           "#include <bpf/libbpf.h>", "#include <stddef.h>", ""]
    known = {}
    for row in rows("libbpf-api.tsv"):
        known[row[0]] = row[2]
    for name in sorted(declared):
        if name in known and "(" in known[name]:
            out.append(known[name].rstrip(";") + ";")
        elif name not in ("btf__find_var",):
            sys.exit(f"{name} is none of libbpf's functions")
    for row in rows("libbpf-structs.tsv"):
        struct, member, offset, size = row[:4]
        if struct not in structs or "<union>" in member:
            continue
        if member:
            out.append(f'_Static_assert(offsetof(struct {struct}, {member}) == {offset}, "{struct}.{member}");')
        else:
            out.append(f'_Static_assert(sizeof(struct {struct}) == {size}, "size of {struct}");')
    with open(sys.argv[3], "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


main()
