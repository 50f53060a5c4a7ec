#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Headers made of objects: the same members as bpftool's, and programs written for those compile and run.

usage: test_gen.py SKEP LIBSKEP CC INCLUDE_DIR UAPI_DIR GEN_OBJECT OBJECT...

LIBSKEP is empty where a program of its own cannot load the library (sanitizers).
"""
import os
import re
import shutil
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from command import refuses, run
from tap import check, end

SKEP, LIB, CC, INC, UAPI, OBJECT = sys.argv[1:7]
SKEP, LIB = os.path.abspath(SKEP), LIB and os.path.abspath(LIB)
OBJECTS = sys.argv[6:]
HERE = os.path.dirname(os.path.abspath(__file__))
USER = os.path.join(HERE, "gen_user.c")
BPFTOOL = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin")


def members(header):
    """The structure's lines, without what says the same in other words: methods, paddings, pointers to arrays."""
    text = re.search(r"^struct \w+ \{.*?^\};", header, re.M | re.S)
    lines = text.group(0).split("\n") if text else []
    lines = [l for l in lines if l.strip() and not re.search(r"^#|static inline|__pad\d", l)]
    lines = [l.replace("* *", "**") for l in lines]
    return [re.sub(r"typeof\(([^\[]*\w)((?:\[\d+\])+)\) \*(\w+)", r"\1 (*\3)\2", l) for l in lines]


def test_members():
    for kind in ("skeleton", "subskeleton"):
        differ, compared = [], 0
        for path in OBJECTS:
            theirs, ours = run(BPFTOOL, "gen", kind, path), run(SKEP, "gen", kind, path)
            if theirs.returncode or not members(theirs.stdout):
                continue
            compared += 1
            want = [l for l in members(theirs.stdout) if "hidden_data" not in l]
            if ours.returncode or not want or members(ours.stdout) != want:
                differ.append((path, set(want) ^ set(members(ours.stdout)), ours.stderr))
        check(f"gen {kind}: the members of bpftool's header, for {len(OBJECTS)} objects",
              not differ and compared > len(OBJECTS) // 2, (differ, compared))


def make_headers(folder, tool):
    for kind, name, out in (("skeleton", "gen", "gen.skel.h"), ("subskeleton", "part", "part.subskel.h")):
        done = run(tool, "gen", kind, OBJECT, "name", name)
        if done.returncode:
            return done.stderr
        with open(os.path.join(folder, out), "w", encoding="utf-8") as f:
            f.write(done.stdout)
    return ""


def build(folder, compiler, *flags):
    exe = os.path.join(folder, "user")
    # linux/bpf.h of C++ programs is the host's: the one made here has assertions that only C takes.
    uapi = [] if "-xc++" in compiler else ["-I" + UAPI]
    cmd = [*compiler, "-Wall", "-Wextra", "-Werror", *flags, "-I" + folder, "-I" + INC, *uapi, USER]
    done = run(*cmd, *(["-xnone", "-o", exe, LIB, "-Wl,-rpath," + os.path.dirname(LIB)] if LIB else ["-c", "-o", "/dev/null"]))
    return exe, done.stderr


# limit 11 * factor 3 + steps 20 (21 with the part) + apart 100 + the tag's letter, twice
EXPECTED = """returned 2
sum {sum} total {sum} seen 41 last {last} letter {letter}
bytes 1, links 0
attach 0
again 2
"""
PART = ("part: limit 11, same map 1, same program 1\n", "part: total 310, seen 41\n")


def expected(with_part):
    if not with_part:
        return EXPECTED.format(sum=308, last=308 + ord("x") + 1, letter="x")
    lines = EXPECTED.format(sum=310, last=310 + ord("y") + 1, letter="y").splitlines(keepends=True)
    return "".join([PART[0], *lines[:2], PART[1], *lines[2:]])


def compilers():
    """Those that there are, as C and as C++."""
    found = [("C", [CC])]
    for name, cmd in (("C++", ["g++", "-xc++"]), ("clang C", ["clang-19"]), ("clang C++", ["clang-19", "-xc++"])):
        probe = run(*cmd, "-fsyntax-only", "-include", "cstdlib" if "++" in name else "stdlib.h", "/dev/null") \
            if shutil.which(cmd[0]) else None
        if probe and not probe.returncode:
            found.append((name, cmd))
    return found


def test_program(tool, path, language, compiler, with_part):
    what = "skeleton and subskeleton" if with_part else "skeleton"
    name = f"{tool} gen {what}: a program in {language} compiles and runs with skep's library"
    if not path:
        check(name, True, skip="no bpftool")
        return
    with tempfile.TemporaryDirectory() as folder:
        broken = make_headers(folder, path)
        exe, errors = build(folder, compiler, *(["-DSUBSKEL"] if with_part else []))
        if broken or errors or not LIB:
            check(name, not broken and not errors, (broken, errors), skip="" if LIB else "only compiled")
            return
        done = run(exe)
        check(name, done.stdout == expected(with_part) and not done.returncode, done)


def test_programs():
    for tool, path in (("skep", SKEP), ("bpftool", BPFTOOL)):
        test_program(tool, path, "C", [CC], False)
        for language, compiler in compilers():
            test_program(tool, path, language, compiler, True)


def test_stable():
    one, two = run(SKEP, "gen", "skeleton", OBJECT), run(SKEP, "gen", "skeleton", OBJECT)
    check("the same object gives the same header", one.stdout == two.stdout and len(one.stdout) > 1000)
    check("static variables have no member", "only_here" not in "\n".join(members(one.stdout)))
    check("the name is the file's", re.search(r"^struct gen_bpf \{", one.stdout, re.M))


def test_bad_input(folder):
    text = os.path.join(folder, "text.o")
    with open(text, "w", encoding="utf-8") as f:
        f.write("no object\n" * 30)
    for kind in ("skeleton", "subskeleton"):
        refuses(f"gen {kind}: no file named", run(SKEP, "gen", kind), "which object file?")
        refuses(f"gen {kind}: no such file", run(SKEP, "gen", kind, "/none.o"), "/none.o", "No such file")
        refuses(f"gen {kind}: a file that is no object", run(SKEP, "gen", kind, text), text)
        refuses(f"gen {kind}: a name that C does not take", run(SKEP, "gen", kind, OBJECT, "name", "a.b"), '"a.b"', "name NAME")
        refuses(f"gen {kind}: a name that is too long", run(SKEP, "gen", kind, OBJECT, "name", "a" * 64), "63 characters")
        refuses(f"gen {kind}: no name after \"name\"", run(SKEP, "gen", kind, OBJECT, "name"), "name what?")
        refuses(f"gen {kind}: a word too many", run(SKEP, "gen", kind, OBJECT, "name", "x", "y"), "unexpected argument y")
        refuses(f"gen {kind}: another word than \"name\"", run(SKEP, "gen", kind, OBJECT, "as", "x"), "unexpected argument as")
        refuses(f"gen {kind} -L is not modelled", run(SKEP, "gen", kind, "-L", OBJECT), "not modelled", "loader program")
    digit = shutil.copy(OBJECT, os.path.join(folder, "4.bpf.o"))
    refuses("gen skeleton: a file whose name is no C name", run(SKEP, "gen", "skeleton", digit), '"4_bpf"', "name NAME")


def main():
    test_stable()
    if BPFTOOL:
        test_members()
    else:
        check("gen: the members of bpftool's header", True, skip="no bpftool")
    test_programs()
    with tempfile.TemporaryDirectory() as folder:
        test_bad_input(folder)
    sys.exit(end())


main()
