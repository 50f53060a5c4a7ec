#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Pages of docs/reasons as rows of C: REASON_HELP("name", "explanation", "what helps", "the page").

usage: gen_reason_help.py FOLDER OUT
"""
import os
import sys


def c_string(text):
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char == "\n":
            out.append("\\n")
        elif char in "\"\\":
            out.append("\\" + char)
        else:
            out.append(char if 32 <= byte < 127 else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def main():
    folder, out = sys.argv[1:3]
    rows = []
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".md") and n != "README.md"):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            page = f.read()
        title, explanation, *rest = page.strip().split("\n\n")
        if title != "# " + name[:-3]:
            sys.exit(f"{name}: begins with \"{title}\"")
        helps = []
        for paragraph in rest:
            if paragraph.startswith(("The program is accepted", "No program triggers it")):
                break
            helps.append(paragraph)
        rows.append((name[:-3], explanation, "\n\n".join(helps) or explanation, page.split("\n\n", 1)[1].strip()))
    with open(out, "w", encoding="ascii") as f:
        f.write("/* Made by scripts/gen_reason_help.py of docs/reasons. */\n")
        for row in rows:
            f.write("REASON_HELP(" + ", ".join(map(c_string, row)) + ")\n")


main()
