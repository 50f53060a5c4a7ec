#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fails when a room includes what it may not: only rooms below it, and of those only public headers.

usage: check_rooms.py SRC_DIR [--self-test]

The order is that of docs/architecture.md, lowest first. base, core and isa are open: all their headers
are public. Of other rooms ROOM/ROOM.h is, and the headers that PUBLIC names.
"""
import os
import re
import sys

ORDER = ["late", "base", "core", "isa", "btf", "verifier", "interp", "jit", "map", "helper", "runtime",
         "net", "cgroup", "task", "trace", "syscall", "loader", "cli"]
OPEN = {"base", "core", "isa"}
# core stands below isa for its users, yet neither needs the other.
PUBLIC = {"btf/fields.h", "map/timer.h", "map/cgroup_array.h", "map/perf.h", "map/sk_storage.h", "map/stack_map.h", "map/xsk.h", "verifier/scalar.h", "verifier/cnum.h", "verifier/tnum.h", "net/kstructs.h"}
# Compiled for its types alone: the simulated kernel's BTF holds the structures of all rooms.
TYPES_ONLY = {"net/kernel_btf.bpf.c"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def problems(path, room, lines):
    for number, line in enumerate(lines, 1):
        m = INCLUDE.match(line)
        if not m or "/" not in m.group(1):
            continue
        target = m.group(1)
        other = target.split("/")[0]
        if other == room or other not in ORDER:
            continue
        where = f"{path}:{number}: {room} includes {target}"
        if ORDER.index(other) > ORDER.index(room):
            yield f"{where}: {other} is above {room}"
        elif other not in OPEN and target != f"{other}/{other}.h" and target not in PUBLIC:
            yield f"{where}: not a public header of {other}"


def check(src):
    for room in sorted(os.listdir(src)):
        top = os.path.join(src, room)
        if not os.path.isdir(top):
            continue
        if room not in ORDER:
            yield f"{top}: a room that check_rooms.py does not know"
            continue
        for folder, _, files in os.walk(top):
            for name in files:
                path = os.path.join(folder, name)
                if name.endswith((".c", ".h", ".def")) and os.path.relpath(path, src) not in TYPES_ONLY:
                    with open(path, encoding="utf-8") as f:
                        yield from problems(path, room, f)


# V-22: the passes of the verifier, each in a file of its own that a reader can take in.
UNITS = ["fixups", "stacklive", "livereg", "states", "backtrack", "check_btf", "constregs", "explore", "branch", "alu",
         "mem", "call", "subprog", "fastcall"]
UNIT_LINES = 1100


def units(src):
    for name in UNITS + ["../isa/cfg"]:
        path = os.path.normpath(os.path.join(src, "verifier", name + ".c"))
        if not os.path.exists(path):
            yield f"{path}: not there"
            continue
        with open(path, encoding="utf-8") as f:
            lines = f.readlines()
        if len(lines) > UNIT_LINES:
            yield f"{path}: {len(lines)} lines"
        if f"{os.path.basename(path)} - " not in "".join(lines[:4]):
            yield f"{path}: does not say what it is for"
        yield from (f"{path}: includes {m.group(1)}" for m in map(INCLUDE.match, lines) if m and m.group(1).endswith(".c"))


def self_test():
    bad = list(problems("x.c", "btf", ['#include "verifier/verifier.h"\n']))
    private = list(problems("x.c", "runtime", ['#include "verifier/state.h"\n']))
    good = list(problems("x.c", "runtime", ['#include "verifier/verifier.h"\n', '#include "base/vec.h"\n']))
    assert len(bad) == 1 and "above" in bad[0]
    assert len(private) == 1 and "public" in private[0]
    assert not good


def main():
    self_test()
    failed = False
    print("1..2")
    for number, (name, found) in enumerate((("rooms include only what is below them", list(check(sys.argv[1]))),
                                            ("V-22 the verifier's passes are units of their own", list(units(sys.argv[1])))), 1):
        for line in found:
            print(f"# {line}")
        print(f"{'not ok' if found else 'ok'} {number} - {name}")
        failed = failed or bool(found)
    sys.exit(1 if failed else 0)


main()
