#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the section names that "skep help sections" lists, from data/libbpf-sec-names.tsv: a C string a row.

usage: gen_section_help.py DATA_DIR OUT
"""
import os
import sys

with open(os.path.join(sys.argv[1], "libbpf-sec-names.tsv"), encoding="utf-8") as f:
    names = [line.split("\t")[0] for line in f if line.strip() and not line.startswith("#")][1:]
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write("/* Made by scripts/gen_section_help.py from data/libbpf-sec-names.tsv. */\n")
    out.writelines(f'"{name}",\n' for name in names)
