#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""encodings.py PRINTER ENC_H [LLVM_MC LLVM_OBJCOPY] - the JIT's x86-64 encodings beside LLVM's assembler.

PRINTER (encodings.c) prints a line for each call of an encoding function: its name, the bytes and what they
are to mean. The text is assembled in one run, and the bytes must be the same: where two encodings of one
meaning exist, both sides take the shorter, and the form that stores the first operand. Each line begins at a
multiple of 16 bytes, so that a wrong length is one wrong line. Every function of ENC_H that returns an encoding
must have been called.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

SLOT = 16
SHOWN = 5
PAD = b"\xcc"


def assemble(texts, llvm_mc, objcopy):
    with tempfile.TemporaryDirectory() as folder:
        source, obj, flat = (os.path.join(folder, name) for name in ("in.s", "in.o", "in.bin"))
        with open(source, "w") as f:
            f.writelines(f".balign {SLOT}, {PAD[0]}\n{text}\n" for text in texts)
        subprocess.run([llvm_mc, "-triple=x86_64-linux-gnu", "-filetype=obj", source, "-o", obj], check=True)
        subprocess.run([objcopy, "-O", "binary", "-j", ".text", obj, flat], check=True)
        with open(flat, "rb") as f:
            return f.read().ljust(SLOT * len(texts), PAD)


def compare(rows, code):
    """By function: how many lines, and those that differ."""
    counts, wrong = collections.Counter(), collections.defaultdict(list)
    for i, (function, own, text) in enumerate(rows):
        counts[function] += 1
        if code[i * SLOT:(i + 1) * SLOT] != own.ljust(SLOT, PAD):
            wrong[function].append(f"{text}: {own.hex()}, should be {code[i * SLOT:(i + 1) * SLOT].hex()} with filler")
    return counts, wrong


def main():
    if len(sys.argv) < 5:
        print("1..0 # SKIP no llvm-mc and llvm-objcopy (package llvm-19): encodings have nothing to be compared with")
        return 77
    printer, header, llvm_mc, objcopy = sys.argv[1:]
    lines = subprocess.run([printer], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    rows = [(name, bytes.fromhex(own), text) for name, own, text in (line.split("\t") for line in lines)]
    code = assemble([text for _, _, text in rows], llvm_mc, objcopy)
    counts, wrong = compare(rows, code)
    with open(header) as f:
        names = re.findall(r"^static inline struct x64_enc (\w+)\(", f.read(), re.M)
    print(f"1..{len(names) + 1}")
    for nr, name in enumerate(names, 1):
        bad = wrong[name] if counts[name] else ["never called"]
        print(f"{'not ok' if bad else 'ok'} {nr} - {name}: {counts[name]} encodings as LLVM's assembler has them")
        for text in bad[:SHOWN]:
            print(f"# {text}")
        if len(bad) > SHOWN:
            print(f"# and {len(bad) - SHOWN} more")
    strangers = sorted(set(counts) - set(names))
    print(f"{'not ok' if strangers or not names else 'ok'} {len(names) + 1} - {len(rows)} encodings, "
          f"no function that enc.h lacks {' '.join(strangers)}")
    return 1 if strangers or not names or any(wrong.values()) or any(not counts[n] for n in names) else 0


sys.exit(main())
