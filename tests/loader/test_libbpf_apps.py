#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Five applications written for libbpf, built with -lbpf and with -lskep from the same sources: both print the
same. The ones with -lbpf load and test-run on the running kernel, where it lets them; nothing is attached.

usage: test_libbpf_apps.py APPS_DIR OBJECT SKEP LIBSKEP CC INCLUDE_DIR UAPI_DIR
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

APPS, OBJECT, SKEP, LIB, CC, INC, UAPI = (os.path.abspath(a) if os.path.exists(a) else a for a in sys.argv[1:8])
NAMES = ("skeleton", "object", "raw", "ringbuf", "types")
BPFTOOL = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin")
# What each must have printed, whichever library it runs on.
SAYS = {
    "skeleton": ("512 bytes: 1\n", "256 bytes: 2\n", "4 packets, shift 7\n"),
    "object": ("map classes: type 1, key 4, value 8, max 16\n", "program classify: section xdp, type 6\n", "class 3: 5\n",
               'done: 0; no map "none": 1\n'),
    "raw": ("run 2: 0, 45\n", "element: 0 45\n", "past the end: -7 7\n"),
    "ringbuf": ("event 3 of 16 bytes: len 100 class 1\n", "polled 3, seen 3\n", "consumed 3, seen 6\n", "nothing left: 0\n"),
    "types": ("event: 16 bytes\n", "  nth at bit 64, 8 bytes\n", "struct event {\n", "ids 1 2, fields 0 0, size 8, types 3\n"),
}
REFUSED = 2  # an application's status where the machine did not let it load


def run(*args):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=60)


def libbpf():
    if not shutil.which("pkg-config") or run("pkg-config", "--exists", "libbpf >= 1.1").returncode:
        return None
    return run("pkg-config", "--cflags", "--libs", "libbpf").stdout.split()


def build_and_run(name, folder, flags):
    exe = os.path.join(folder, name)
    source = os.path.join(APPS, name + ".c")
    built = run(CC, "-O1", "-Wall", "-Wextra", "-Werror", "-I" + folder, source, "-o", exe, *flags)
    return built if built.returncode else run(exe, OBJECT)


def header(folder, tool):
    with open(os.path.join(folder, "app.skel.h"), "w", encoding="utf-8") as f:
        done = subprocess.run([tool, "gen", "skeleton", OBJECT, "name", "app"], stdout=f, check=False)
    return done.returncode == 0


def on_skep(name, folder):
    flags = ["-I" + INC, "-I" + UAPI, LIB, "-Wl,-rpath," + os.path.dirname(LIB)]
    done = build_and_run(name, folder, flags)
    ok = not done.returncode and not done.stderr and all(part in done.stdout for part in SAYS[name])
    return ok, done


def compare(name, folder, flags):
    ok, ours = on_skep(name, folder)
    check(f"{name}: built with -lskep it runs", ok, ours)
    what = f"{name}: built with -lbpf it prints the same on the running kernel"
    if not flags:
        check(what, True, skip="no libbpf of the distribution")
        return
    theirs = build_and_run(name, folder, flags)
    if theirs.returncode == REFUSED:
        check(what, True, skip="the kernel does not let it load")
        return
    check(what, ours.stdout == theirs.stdout and ours.returncode == theirs.returncode, (ours, theirs))


def main():
    flags = libbpf()
    for tool in filter(None, (SKEP, BPFTOOL)):
        with tempfile.TemporaryDirectory() as folder:
            check(f"a skeleton by {os.path.basename(tool)}", header(folder, tool))
            for name in NAMES if tool == SKEP else ("skeleton",):
                compare(name, folder, flags)
    return end()


sys.exit(main())
