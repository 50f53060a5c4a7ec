#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the names of helpers by number for the command, from data/helpers.tsv.

usage: gen_helper_names.py DATA_DIR OUT
"""
import os
import sys


def main():
    with open(os.path.join(sys.argv[1], "helpers.tsv"), encoding="utf-8") as f:
        rows = [l.split("\t") for l in f if l.strip() and not l.startswith("# ")][1:]
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("/* Made by scripts/gen_helper_names.py from data/helpers.tsv. */\n"
                  'static const char *const helper_names[] = {\n\t[0] = "bpf_unspec",\n')
        out.writelines(f'\t[{num}] = "{name}",\n' for num, name, *_ in rows if int(num))
        out.write("};\n")


main()
