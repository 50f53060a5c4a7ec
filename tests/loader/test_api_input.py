#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What every function of include/bpf answers to a wrong argument is as api_input.tsv says; libbpf's answers too.

usage: test_api_input.py TABLE PROGRAM OBJECT_DIR [--rebase|--alone]

PROGRAM is test_api_input, which prints a line a call. A call without a row fails, and so does a row without a call.
With --alone libbpf is left out: sanitizers find what it does. With --rebase the table is written anew from what is
answered now; reasons stay. Read what changed before it goes in.
"""
import ctypes.util
import os
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

HEAD = """\
# What functions of include/bpf answer to a wrong argument, the others being right: when objects are opened only, and when
# they are loaded. "+": more than 0; an errno: its negative, and errno the same; "NULL,E...": NULL and errno.
# libbpf: Debian's libbpf 1.1 on the same bpf(2): "=" the same, "crash", "absent" (newer), "left-out" (would talk to the
# running kernel), "no-argument" (the right ones cannot be made there); else its own two answers, and then why.
# Written by test_api_input.py --rebase.
function	argument	value	opened	loaded	libbpf	why
"""
VERSION = b"v1.1"
NO_WORD = {"absent", "left-out", "crash", "no-argument"}
OPTS_WRONG = {"sz=0", "sz=3", "more"}


def none_of(name, bad):
    check(name, not bad, "\n".join(bad))


def run(args):
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0", UBSAN_OPTIONS="halt_on_error=1")
    out = subprocess.run(args, stdout=subprocess.PIPE, text=True, check=False, env=env)
    return {tuple(l[:3]): tuple(l[3:5]) for l in (line.split("\t") for line in out.stdout.splitlines())}


def debian_libbpf():
    """The library that the table is about, or None."""
    name = ctypes.util.find_library("bpf")
    try:
        lib = ctypes.CDLL(name) if name else None
        version = lib.libbpf_version_string
        version.restype = ctypes.c_char_p
    except (OSError, AttributeError):
        return None
    return name if version() == VERSION else None


def word(ours, theirs):
    """The column: what libbpf makes of a call."""
    if theirs == ours:
        return "="
    for w in ("crash", "hang", "absent", "left-out", "no-argument"):
        if w in theirs:
            return w
    return "|".join(theirs)


def read_table(path):
    rows = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            cells = line.rstrip("\n").split("\t")
            if not line.startswith("#") and len(cells) >= 6 and cells[0] != "function":
                rows[tuple(cells[:3])] = (cells[3], cells[4], cells[5], cells[6] if len(cells) > 6 else "")
    return rows


def rebase(path, ours, theirs):
    old = read_table(path)
    with open(path, "w", encoding="utf-8") as f:
        f.write(HEAD)
        for call, answers in ours.items():
            was = old.get(call, ("", "", "", ""))
            libbpf = word(answers, theirs[call]) if theirs else was[2]
            why = (was[3],) if was[3] and libbpf not in NO_WORD | {"="} else ()
            f.write("\t".join(call + answers + (libbpf,) + why) + "\n")


def is_error(answer):
    return answer.startswith("E") or (answer.startswith("NULL,E"))


def unsound(row):
    """Answers that no row excuses."""
    for answer in row[:2]:
        if answer in ("crash", "hang", "no-argument"):
            yield answer
        # A failure that errno does not tell is only right where libbpf is the same, or with a reason.
        if (answer == "NULL" or ",errno=" in answer) and row[2] != "=" and not row[3]:
            yield f"{answer} without a reason"


def check_ours(rows, ours):
    by_func = {}
    for call in dict.fromkeys([*ours, *rows]):
        by_func.setdefault(call[0], []).append(call)
    for func, calls in by_func.items():
        bad = []
        for call in calls:
            tell, row, got = f"{func}({call[1]} {call[2]})", rows.get(call), ours.get(call)
            if not row or not got:
                bad.append(f"{tell}: {'no row for it' if got else 'a row, but no such call'}; see --rebase")
            elif got != row[:2]:
                bad.append(f"{tell}: {'|'.join(got)}, not {'|'.join(row[:2])}")
            elif list(unsound(row)):
                bad.append(f"{tell}: {', '.join(unsound(row))}")
        none_of(f"{func}: {len(calls)} wrong calls", bad)


def main():
    table, program, obj_dir = sys.argv[1:4]
    ours = run([program, obj_dir])
    lib = debian_libbpf() if sys.argv[4:] != ["--alone"] else None
    theirs = run([program, obj_dir, lib]) if lib else {}
    if sys.argv[4:] == ["--rebase"]:
        rebase(table, ours, theirs)
        return
    rows = read_table(table)
    check_ours(rows, ours)
    none_of("Y-04 options of a wrong size, or with bytes set that nobody knows, are refused",
            [f"{c[0]}({c[1]} {c[2]}): {'|'.join(r[:2])}" for c, r in rows.items() if c[2] in OPTS_WRONG and not r[3]
             and not (is_error(r[0]) and is_error(r[1]))])
    none_of("where libbpf answers otherwise the table says why",
            [f"{c[0]}({c[1]} {c[2]}): {r[2]}" for c, r in rows.items() if r[2] not in NO_WORD | {"=", "hang"} and not r[3]])
    if theirs:
        none_of("libbpf's answers are as the table says",
              [f"{c[0]}({c[1]} {c[2]}): {word(ours[c], theirs[c])}, not {rows[c][2]}" for c in ours
               if c in rows and word(rows[c][:2], theirs[c]) != rows[c][2]])
    else:
        print("# without libbpf 1.1: its answers are not looked at")
    sys.exit(end())


main()
