#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes one section of an ELF object as the body of a C array.

usage: embed.py OBJCOPY OBJECT SECTION OUT
"""
import os
import subprocess
import sys
import tempfile


def main():
    objcopy, obj, section, out = sys.argv[1:5]
    with tempfile.TemporaryDirectory() as tmp:
        raw = os.path.join(tmp, "section")
        subprocess.run([objcopy, f"--dump-section={section}={raw}", obj, os.path.join(tmp, "copy")], check=True)
        with open(raw, "rb") as f:
            data = f.read()
    with open(out, "w", encoding="ascii") as f:
        f.write(f"/* Made by scripts/embed.py: section {section}, {len(data)} bytes. */\n")
        for i in range(0, len(data), 16):
            f.write(" ".join(f"{b}," for b in data[i:i + 16]) + "\n")


main()
