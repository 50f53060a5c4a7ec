#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the decoder's index of src/isa/insn.def: by opcode the first form, by form the next one.

usage: gen_decode.py INSN_DEF OUT

Forms that are told apart by R11 come first in their chain, since the plain form matches any register.
"""
import re
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        rows = re.findall(r"^INSN\((\w+), \w+, (0x\w+), \d, \w+, (\w+), (\S+),", f.read(), re.M)
    chains = {}
    for name, code, disc, val in rows:
        chain = chains.setdefault(int(code, 16), [])
        if disc in ("SRC", "DST") and val == "11":
            chain.insert(0, name)
        else:
            chain.append(name)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("/* Made by scripts/gen_decode.py from insn.def. */\n")
        out.write("static const u8 form_first[256] = {\n")
        for code, chain in sorted(chains.items()):
            out.write(f"\t[0x{code:02x}] = FORM_{chain[0]},\n")
        out.write("};\nstatic const u8 form_next[FORM_CNT] = {\n")
        for chain in chains.values():
            for a, b in zip(chain, chain[1:]):
                out.write(f"\t[FORM_{a}] = FORM_{b},\n")
        out.write("};\n")


main()
