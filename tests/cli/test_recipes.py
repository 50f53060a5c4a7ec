#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests by name (--list, --run), and the recipes of docs/test.md for other people's test runners, taken from there, with objects that pass and that do not.

usage: test_recipes.py SKEP GOOD BAD DOCS
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, GOOD, BAD = (os.path.realpath(a) for a in sys.argv[1:4])
DOCS = sys.argv[4]


def lines_of(title):
    """The indented lines below a heading."""
    with open(DOCS, encoding="utf-8") as f:
        part = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", f.read(), re.M | re.S)[1]
    return "\n".join(line[4:] for line in part.splitlines() if line.startswith("    ")) + "\n"


def in_project(name, text, steps, tmp):
    """How the last step ended with each object."""
    ends = []
    env = dict(os.environ, PATH=os.path.dirname(SKEP) + os.pathsep + os.environ["PATH"])
    for obj in (GOOD, BAD):
        folder = os.path.join(tmp, name + str(len(ends)))
        os.mkdir(folder)
        shutil.copy(obj, os.path.join(folder, "filter_test.bpf.o"))
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
        for step in steps:
            done = subprocess.run(step, cwd=folder, capture_output=True, text=True, env=env)
        ends.append(done)
    return ends


def run(*args):
    return subprocess.run([SKEP, *args], capture_output=True, text=True)


listed = [line.split("\t") for line in run("test", GOOD, "--list").stdout.splitlines()]
check("--list: all tests, in their order, none run", len(listed) == 26 and ["both @unpriv"] == [n for _, n, _ in listed if n == "both @unpriv"]
      and all(f == GOOD for f, _, _ in listed) and [n for _, n, _ in listed] ==
      [r["prog_name"] for r in json.loads(run("test", GOOD, "-j").stdout)], listed)
check("--run: names by an expression", [line.split("\t")[1] for line in run("test", GOOD, "--list", "--run", "^(both|maps)$| @unpriv$").stdout.splitlines()]
      == [n for _, n, _ in listed if n in ("both", "maps") or n.endswith(" @unpriv")])
check("--run: what it runs", "1 passed, 0 failed, 0 skipped\n" in run("test", GOOD, "-r", "^maps$").stdout)
done = run("test", GOOD, "--run", "nothing")
check("--run: none is like that", done.returncode == 2 and done.stderr == 'skep: no test has a name like "nothing" (--list tells them)\n', done)
done = run("test", GOOD, "--run", "(")
check("--run: no expression", done.returncode == 2 and done.stderr.startswith('skep: --run: "(": ') and done.stderr.count("\n") == 1, done)
done = run("exec", "--", "true", "--help")
check("skep exec refuses in a line", done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1
      and "true was not run: bpf(2) of other programs cannot be answered yet" in done.stderr, done)

with tempfile.TemporaryDirectory() as folder:
    if shutil.which("meson"):
        text = "project('t')\n" + lines_of("Meson")
        good, bad = in_project("meson.build", text, (["meson", "setup", "b"], ["meson", "test", "-C", "b", "-v"]), folder)
        check("Meson: subtests that pass", good.returncode == 0 and "by_name" in good.stdout, good)
        check("Meson: and that do not", bad.returncode != 0 and "by_name" in bad.stdout and "Fail:" in bad.stdout, bad)
    if shutil.which("ctest"):
        text = "cmake_minimum_required(VERSION 3.13)\nproject(t NONE)\nenable_testing()\n" + lines_of("CTest")
        good, bad = in_project("CMakeLists.txt", text, (["cmake", "-S", ".", "-B", "b"], ["ctest", "--test-dir", "b"]), folder)
        check("CTest: a test each, that pass", good.returncode == 0 and "bpf.by_name" in good.stdout and "100% tests passed" in good.stdout, good)
        check("CTest: and that do not", bad.returncode != 0 and re.search(r"bpf\.by_name \.+\*\*\*Failed", bad.stdout), bad)
    # What a runner in Python is told needs no runner: one case for each row, by its name.
    namespace = {}
    source = lines_of("pytest").replace("import pytest\n", "")
    source = re.sub(r"^@pytest.*\n", "", source, flags=re.M)
    for obj, passes in ((GOOD, True), (BAD, False)):
        work = os.path.join(folder, f"py{passes}")
        os.mkdir(work)
        shutil.copy(obj, os.path.join(work, "filter_test.bpf.o"))
        os.environ["PATH"] = os.path.dirname(SKEP) + os.pathsep + os.environ["PATH"]
        os.chdir(work)
        exec(compile(source, "docs/test.md", "exec"), namespace)
        failed = 0
        for row in namespace["rows"]:
            try:
                namespace["test_bpf"](row)
            except AssertionError:
                failed += 1
        os.chdir("/")
        check(f"pytest: {'all pass' if passes else 'what fails'}", len(namespace["rows"]) == 26 and failed == (0 if passes else 22), failed)
sys.exit(end())
