#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Cuts BPF objects out of binaries: a skeleton keeps the whole ELF file among the program's constants.

usage: cut_objects.py OUT_DIR BINARY...     writes OUT_DIR/NAME.bpf.o, NAME.2.bpf.o ...
"""
import os
import struct
import sys

EM_BPF = 247
EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
SHDR = struct.Struct("<IIQQQQIIQQ")
SHT_NOBITS = 8


def end_of(data, start):
    """Size of the 64-bit little-endian BPF file that begins at start, 0: none does."""
    if start + EHDR.size > len(data):
        return 0
    ident, _, machine, _, _, _, shoff, _, _, _, _, shentsize, shnum, _ = EHDR.unpack_from(data, start)
    if ident[4:6] != b"\x02\x01" or machine != EM_BPF or shentsize != SHDR.size or not shnum:
        return 0
    end = shoff + shnum * shentsize
    if start + end > len(data):
        return 0
    for i in range(shnum):
        _, kind, _, _, off, size, _, _, _, _ = SHDR.unpack_from(data, start + shoff + i * shentsize)
        if kind != SHT_NOBITS:
            end = max(end, off + size)
    return end if start + end <= len(data) else 0


def objects(data):
    at = data.find(b"\x7fELF", 1)
    while at >= 0:
        size = end_of(data, at)
        if size:
            yield data[at : at + size]
        at = data.find(b"\x7fELF", at + max(size, 4))


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: cut_objects.py OUT_DIR BINARY...")
    os.makedirs(sys.argv[1], exist_ok=True)
    for path in sys.argv[2:]:
        with open(path, "rb") as f:
            data = f.read()
        for nr, obj in enumerate(objects(data), 1):
            name = os.path.basename(path) + ("" if nr == 1 else f".{nr}") + ".bpf.o"
            with open(os.path.join(sys.argv[1], name), "wb") as f:
                f.write(obj)


main()
