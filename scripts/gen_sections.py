#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the SEC() name table of the loader from data/libbpf-sec-names.tsv.

usage: gen_sections.py DATA_DIR OUT
"""
import os
import sys


def main():
    with open(os.path.join(sys.argv[1], "libbpf-sec-names.tsv"), encoding="utf-8") as f:
        rows = [l.rstrip("\n").split("\t") for l in f if l.strip() and not l.startswith("#")][1:]
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("/* Made by scripts/gen_sections.py from data/libbpf-sec-names.tsv. */\n")
        for sec, ptype, attach, flags in (r + [""] * (4 - len(r)) for r in rows):
            plus = "true" if sec.endswith("+") else "false"
            load = []
            if "SEC_SLEEPABLE" in flags:
                load.append("BPF_F_SLEEPABLE")
            if "SEC_XDP_FRAGS" in flags:
                load.append("BPF_F_XDP_HAS_FRAGS")
            btf = "true" if "SEC_ATTACH_BTF" in flags else "false"
            auto = "true" if ", attach_" in flags else "false"
            out.write(f'{{ "{sec.rstrip("+")}", {plus}, {ptype}, {attach or 0}, '
                      f'{" | ".join(load) or 0}, {btf}, {auto} }},\n')


main()
