#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs one test program and keeps its results, a line a test, for report_tests.py and features.py.

usage: tap_wrap.py RESULT_DIR PROGRAM [ARGS]

Used as meson's exe_wrapper. A cmocka program reports as TAP; a program that prints no TAP is one test
judged by its exit status (77: skipped). A program that dies counts as a failed test of its own, so
that a crash is never mistaken for fewer tests.
"""
import glob
import hashlib
import os
import re
import subprocess
import sys

LINE = re.compile(r"^(not ok|ok) \d+\s*(?:- )?(.*)$")


def results(text):
    for line in text.splitlines():
        m = LINE.match(line.strip())
        if not m:
            continue
        ok, name = m.group(1) == "ok", m.group(2)
        skip = re.search(r"# SKIP\s*(.*)", name)
        if skip:
            # cmocka words it "not ok 1 # SKIP name", TAP itself "ok 1 - name # SKIP why"
            yield "skip", (name[: skip.start()].strip() or skip.group(1)).strip()
        else:
            yield ("pass" if ok else "fail"), name


def not_built(words):
    """BPF objects among a test's arguments, or in folders that it is given, which could not be compiled (bpf_object.sh)."""
    for word in words:
        names = glob.glob(os.path.join(word, "*.bpf.o")) if os.path.isdir(word) else [word]
        yield from (n for n in names if n.endswith(".bpf.o") and os.path.isfile(n) and not os.path.getsize(n))


def main():
    out_dir, cmd = sys.argv[1], sys.argv[2:]
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    name = os.path.basename(cmd[0]) if os.path.basename(cmd[0]) not in ("python3", "sh", "bash") else os.path.basename(cmd[1])
    missing = sorted(os.path.basename(n) for n in not_built(cmd[1:]))
    skip = ["echo", f"ok 1 - {name} # SKIP not built: {', '.join(missing)}"]
    run = subprocess.run(skip if missing else cmd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = run.stdout.decode("utf-8", "replace")
    sys.stdout.write(text)
    sys.stdout.flush()
    rows = list(results(text))
    planned = [int(m) for m in re.findall(r"^1\.\.(\d+)\s*$", text, re.M)]
    if not rows:
        rows = [({0: "pass", 77: "skip"}.get(run.returncode, "fail"), name)]
    elif len(rows) < sum(planned):
        rows.append(("fail", f"{name}: ended after {len(rows)} of {sum(planned)} tests (status {run.returncode})"))
    elif run.returncode not in (0, 77) and all(r[0] != "fail" for r in rows):
        rows.append(("fail", f"{name}: exit status {run.returncode}"))
    os.makedirs(out_dir, exist_ok=True)
    key = hashlib.sha1("\0".join(cmd).encode()).hexdigest()[:8]
    with open(os.path.join(out_dir, f"{name}.{key}.tsv"), "w", encoding="utf-8") as f:
        for verdict, test in rows:
            f.write(f"{verdict}\t{name}\t{test}\n")
    sys.exit(1 if any(r[0] == "fail" for r in rows) else 0)


main()
