#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the names of program, attach and link types for the loader from data/uapi-enums.tsv.

usage: gen_names.py DATA_DIR OUT
"""
import os
import sys

ENUMS = {"bpf_prog_type": "BPF_PROG_TYPE_", "bpf_attach_type": "BPF_", "bpf_link_type": "BPF_LINK_TYPE_"}


def main():
    with open(os.path.join(sys.argv[1], "uapi-enums.tsv"), encoding="utf-8") as f:
        rows = [l.rstrip("\n").split("\t") for l in f if l.strip() and not l.startswith("#")][1:]
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("/* Made by scripts/gen_names.py from data/uapi-enums.tsv. */\n")
        for enum, prefix in ENUMS.items():
            out.write(f"static const char *const {enum}_names[] = {{\n")
            for row in rows:
                if row[0] == enum and row[1].startswith(prefix):
                    out.write(f'\t[{row[2]}] = "{row[1][len(prefix):].lower()}",\n')
            out.write("};\n")


main()
