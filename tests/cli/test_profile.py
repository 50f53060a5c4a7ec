#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep profile: counts against what a program is known to do.

usage: test_profile.py SKEP OBSERVED_OBJ OBSERVED_SOURCE
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, OBJ, SOURCE = (os.path.abspath(a) for a in sys.argv[1:4])


def profile(*args):
    done = subprocess.run([SKEP, "profile", *args], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def number_of(mark):
    with open(SOURCE, encoding="utf-8") as f:
        return next(i for i, line in enumerate(f, 1) if mark in line)


def runs_of(out, mark):
    return [line["runs"] for line in out["lines"] if line["line_num"] == number_of(mark)]


def test_counts(tmp):
    packet = os.path.join(tmp, "packet")
    for size, rounds in ((60, 60), (99, 99), (250, 100)):
        with open(packet, "wb") as f:
            f.write(bytes(size))
        status, text, err = profile(OBJ, "--data-in", packet, "--repeat", "3", "-j")
        out = json.loads(text) if status == 0 else {}
        check(f"a packet of {size} bytes, three times: the loop, the call and what never runs", status == 0 and not err and
              runs_of(out, "/* the loop */") == [3 * rounds] and runs_of(out, "/* the call */") == [3] and
              runs_of(out, "/* the end */") == [3], tell=(status, text, err))
        if not out:
            return
        check(f"a packet of {size} bytes: instructions add up", out["total_insns"] == sum(i["count"] for i in out["insns"]) ==
              sum(line["insns"] for line in out["lines"]) and out["retval"] == 2, tell=out)
    xlated = json.loads(subprocess.run([SKEP, "prog", "dump", "xlated", OBJ, "-j"], capture_output=True, text=True).stdout)
    check("every rewritten instruction has a row", [i["disasm"] for i in xlated] == [i["disasm"] for i in out["insns"]])
    entries = [i["count"] for i in out["insns"] if i["disasm"].startswith("(95)")]
    check("each function returns as often as it is called", entries[0] == entries[-1] == 3, tell=entries)


def test_text():
    loop, end = number_of("/* the loop */"), number_of("/* the end */")
    status, text, err = profile(OBJ)
    check("text: lines and instructions", status == 0 and not err and f"observed.bpf.c:{loop}: " in text and "   0: (" in text and
          ("cycles: not available (" in text or "of this process" in text), tell=(text, err))
    status, text, err = profile(OBJ, "--annotate")
    rows = [line.split(None, 2) for line in text.splitlines()]
    check("--annotate: counts beside the source", status == 0 and ["64", str(loop)] in [r[:2] for r in rows] and
          ["1", str(end)] in [r[:2] for r in rows] and any(len(r) == 2 and r[1] == "}" or r == [str(end + 1), "}"] for r in rows),
          tell=text)


def test_refusals():
    for name, args, part in (("no file", [], "which file?"), ("--annotate in JSON", [OBJ, "-a", "-j"], "--annotate"),
                             ("no such file", ["/nowhere.o"], "/nowhere.o"), ("no engine to choose", [OBJ, "--engine", "interp"], "--engine")):
        status, out, err = profile(*args)
        check(name, status == 2 and not out and err.count("\n") == 1 and part in err, tell=(out, err))


if "no JIT" in profile(OBJ)[2]:
    check("machine code", True, skip="no JIT here")
else:
    with tempfile.TemporaryDirectory() as folder:
        test_counts(folder)
    test_text()
    test_refusals()
sys.exit(end())
