#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A BPF object that cannot be compiled: strict stops, tolerant tells, goes on, and its tests are skipped.

usage: test_strict.py SOURCE_ROOT
"""
import os
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

ROOT = sys.argv[1]


def run(*cmd):
    return subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def script(name):
    return os.path.join(ROOT, "scripts", name)


def compile_with(compiler, src, out):
    return run(compiler, "-O2", "-target", "bpf", "-c", src, "-o", out)


def wrapped(tmp, *words):
    """What tap_wrap.py keeps of a test that always fails, with these arguments."""
    kept = os.path.join(tmp, "kept")
    done = run(sys.executable, script("tap_wrap.py"), kept, "/bin/false", *words)
    rows = []
    for name in os.listdir(kept):
        with open(os.path.join(kept, name), encoding="utf-8") as f:
            rows += f.read().splitlines()
        os.unlink(os.path.join(kept, name))
    return done.returncode, rows


def main():
    with tempfile.TemporaryDirectory() as tmp:
        good, bad = os.path.join(tmp, "good.bpf.c"), os.path.join(tmp, "bad.bpf.c")
        for path, text in (good, "int f(void) { return 0; }\n"), (bad, "int f(void) { return nothing; }\n"):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        out = os.path.join(tmp, "out.bpf.o")
        strict = compile_with("clang-19", bad, out)
        check("T-02 strict: a broken object is an error", strict.returncode and not os.path.exists(out), strict.stderr)
        tolerant = compile_with(script("bpf_object.sh"), bad, out)
        last = (tolerant.stderr.splitlines() or [""])[-1]
        check("T-02 T-03 tolerant: it is told in a line, and the build goes on", tolerant.returncode == 0 and
              last.startswith(f"skep: skipped: {out} cannot be built: ") and "nothing" in last, tolerant.stderr)
        told = wrapped(tmp, "x", out)
        check("T-03 its test is skipped and says so", told[0] == 0 and len(told[1]) == 1 and told[1][0].startswith("skip\t") and
              told[1][0].endswith("false"), str(told))
        told = wrapped(tmp, tmp)
        check("T-03 so is a test of a folder with it", told[0] == 0 and told[1][0].startswith("skip\t"), str(told))
        fine = compile_with(script("bpf_object.sh"), good, out)
        check("T-03 tolerant: an object that compiles is as ever", fine.returncode == 0 and os.path.getsize(out) > 100, fine.stderr)
        told = wrapped(tmp, "x", out)
        check("T-03 its test runs", told[0] == 1 and told[1][0].startswith("fail\t"), str(told))
        native = run(script("bpf_object.sh"), "-c", bad, "-o", os.path.join(tmp, "native.o"))
        check("T-03 what is not for BPF is never skipped", native.returncode != 0, native.stderr)
    return end()


sys.exit(main())
