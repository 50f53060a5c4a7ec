#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes bpf/bpf_helper_defs.h, the helpers that BPF programs call, from data/helpers.tsv.

usage: gen_helper_defs.py DATA_DIR OUT [COPY]
"""
import os
import re
import shutil
import sys


def main():
    with open(os.path.join(sys.argv[1], "helpers.tsv"), encoding="utf-8") as f:
        rows = [l.rstrip("\n").split("\t") for l in f if l.strip() and not l.startswith("# ")][1:]
    protos, structs = [], set()
    for row in rows:
        num, name, proto = int(row[0]), row[1], row[2]
        m = re.match(rf"^(.*?)\b{name}\((.*)\)$", proto)
        if not num or not m:
            continue
        structs |= set(re.findall(r"\bstruct (\w+)", proto))
        ret = m.group(1).strip()
        star = "" if ret.endswith("*") else " "
        protos.append(f"static {ret}{star}(* const {name})({m.group(2)}) = (void *) {num};")
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("/* SPDX-License-Identifier: BSD-2-Clause */\n"
                  "/* Made by scripts/gen_helper_defs.py from data/helpers.tsv. Do not edit. */\n"
                  "#pragma once\n\n")
        for s in sorted(structs):
            out.write(f"struct {s};\n")
        out.write("\n" + "\n".join(protos) + "\n")
    if len(sys.argv) > 3:
        os.makedirs(os.path.dirname(sys.argv[3]), exist_ok=True)
        shutil.copy(sys.argv[2], sys.argv[3])


main()
