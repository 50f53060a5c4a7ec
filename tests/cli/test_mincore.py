#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep gen min_core_btf: programs find in the part what they find in the whole, and it is the part that bpftool writes.

usage: test_mincore.py SKEP OBJECT KERNEL_OBJECT CORE CORE_TARGET

BTF of the running kernel is read where there is some.
"""
import json
import os
import shutil
import struct
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from command import refuses, run
from tap import check, end

SKEP, OBJECT, KERNEL, CORE, CORE_KERNEL = map(os.path.abspath, sys.argv[1:])
BPFTOOL = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin:/sbin")
VMLINUX = "/sys/kernel/btf/vmlinux"
TYPE_EXISTS, TYPE_MATCHES = 8, 12 # enum bpf_core_relo_kind


def skip(name, why):
    check(name, True, skip=why)


def raw(path):
    return run(SKEP, "btf", "dump", "file", path).stdout


def xlated(obj, kernel):
    """What a program became, and why not. Type ids are other ones in a part."""
    done = run(SKEP, "prog", "dump", "xlated", obj, "--kernel-btf", kernel)
    return done.returncode, done.stdout, done.stderr


def with_kind(obj, type_name, old, new, path):
    """The object with one relocation changed: type id, access string, kind follow each other in .BTF.ext."""
    types = json.loads(run(SKEP, "-j", "btf", "dump", "file", obj).stdout)["types"]
    type_id = next(t["id"] for t in types if t["kind"] == "STRUCT" and t["name"] == type_name)
    with open(obj, "rb") as f:
        data = bytearray(f.read())
    at = [i for i in range(0, len(data) - 12) if data[i:i + 4] == struct.pack("<I", type_id) and
          data[i + 8:i + 12] == struct.pack("<I", old) and struct.unpack_from("<I", data, i + 4)[0] < 1 << 16 and
          struct.unpack_from("<I", data, i - 4)[0] % 8 == 0 and struct.unpack_from("<I", data, i - 4)[0] < 4096]
    check(f"one relocation of {type_name} to change", len(at) == 1, at)
    data[at[0] + 8:at[0] + 12] = struct.pack("<I", new)
    with open(path, "wb") as f:
        f.write(data)
    return path


def part_of(name, tmp, whole, *objs):
    ours, theirs = os.path.join(tmp, "ours.btf"), os.path.join(tmp, "theirs.btf")
    done = run(SKEP, "gen", "min_core_btf", whole, ours, *objs)
    check(f"{name}: written", done.returncode == 0 and not done.stdout and not done.stderr, done)
    check(f"{name}: it is a part", 0 < os.path.getsize(ours) < os.path.getsize(whole))
    for obj in objs:
        a, b = xlated(obj, whole), xlated(obj, ours)
        check(f"{name}: {os.path.basename(obj)} becomes the same", a[0] == 0 and a == b, (a, b))
    if not BPFTOOL:
        skip(f"{name}: as bpftool's", "no bpftool")
        return ours
    run(BPFTOOL, "gen", "min_core_btf", whole, theirs, *objs)
    for fmt in ("raw", "c"):
        a, b = (run(BPFTOOL, "btf", "dump", "file", f, "format", fmt).stdout for f in (ours, theirs))
        check(f"{name}: as bpftool's, format {fmt}", a == b, (a, b))
    return ours


def linked(out, *objs):
    """Objects as they come from a compiler lack what a kernel's BTF has: offsets of variables."""
    done = run(SKEP, "gen", "object", out, *objs)
    check(f"{os.path.basename(out)} is linked", done.returncode == 0, done)
    return out


def own_kernels(tmp):
    part_of("an object", tmp, linked(os.path.join(tmp, "kernel.o"), KERNEL), OBJECT)
    ours = part_of("one with every kind of relocation", tmp, linked(os.path.join(tmp, "core_kernel.o"), CORE_KERNEL), CORE)
    check("what nothing asks for is left out", "DATASEC" not in raw(ours) and "VAR" not in raw(ours), raw(ours))
    part_of("two objects", tmp, linked(os.path.join(tmp, "both.o"), KERNEL, CORE_KERNEL), OBJECT, CORE)


def matches(tmp):
    obj = with_kind(OBJECT, "matched", TYPE_EXISTS, TYPE_MATCHES, os.path.join(tmp, "matches.bpf.o"))
    whole = linked(os.path.join(tmp, "kernel.o"), KERNEL)
    ours = part_of("a type that must match", tmp, whole, obj)
    check("it is kept with its members", "STRUCT 'matched' size=104 vlen=4" in raw(ours), raw(ours))
    check("a structure inside of it with its own", "STRUCT 'crate' size=80 vlen=3" in raw(ours), raw(ours))
    other = with_kind(OBJECT, "matched", TYPE_EXISTS, TYPE_MATCHES, os.path.join(tmp, "matches_not.bpf.o"))
    part = os.path.join(tmp, "less.btf")
    run(SKEP, "gen", "min_core_btf", whole, part, OBJECT)
    check("without members it would not match", xlated(other, part) != xlated(other, whole))


def running_kernel(tmp):
    if not os.access(VMLINUX, os.R_OK):
        skip("of the running kernel", "no " + VMLINUX)
        return
    out = os.path.join(tmp, "none.btf")
    done = run(SKEP, "gen", "min_core_btf", VMLINUX, out, OBJECT)
    check("an object of which the kernel has nothing", done.returncode == 0 and os.path.getsize(out) < 4096, done)


def refused(tmp):
    out = os.path.join(tmp, "out.btf")
    refuses("no words", run(SKEP, "gen", "min_core_btf"), "which BTF")
    refuses("no output", run(SKEP, "gen", "min_core_btf", KERNEL), "which output")
    refuses("no objects", run(SKEP, "gen", "min_core_btf", KERNEL, out), "which objects?")
    refuses("no kernel", run(SKEP, "gen", "min_core_btf", KERNEL + "x", out, OBJECT), KERNEL + "x")
    refuses("no such object", run(SKEP, "gen", "min_core_btf", KERNEL, out, OBJECT + "x"), OBJECT + "x")
    refuses("an object that is none", run(SKEP, "gen", "min_core_btf", KERNEL, out, SKEP), SKEP)
    check("nothing was written", not os.path.exists(out))
    refuses("an output that cannot be", run(SKEP, "gen", "min_core_btf", KERNEL, tmp + "/a/b", OBJECT), tmp + "/a/b")
    if os.path.exists("/dev/full"):
        full = os.path.join(tmp, "full")
        os.symlink("/dev/full", full)
        refuses("a full disk", run(SKEP, "gen", "min_core_btf", KERNEL, full, OBJECT), full, "No space left")
        check("only a file of its own is removed then", os.path.islink(full))
    broken = with_kind(OBJECT, "matched", TYPE_EXISTS, 77, os.path.join(tmp, "broken.bpf.o"))
    refuses("a relocation of no kind", run(SKEP, "gen", "min_core_btf", KERNEL, out, broken), broken, "CO-RE relocation")
    check("JSON", run(SKEP, "-j", "gen", "min_core_btf", KERNEL, out, OBJECT).stdout == "null\n")


def main():
    with tempfile.TemporaryDirectory() as tmp:
        own_kernels(tmp)
        matches(tmp)
        running_kernel(tmp)
        refused(tmp)
    return end()


if __name__ == "__main__":
    sys.exit(main())
