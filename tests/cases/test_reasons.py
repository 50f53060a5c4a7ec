#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/reasons: every page is of a reason that there is, says what the verifier says of it, and its program
and twin come out as it says. README.md there lists exactly those reasons that have no page.

usage: test_reasons.py SKEP_CASES HELPERS REJECT_DEF DOCS
"""
import os
import re
import subprocess
import sys
import tempfile

cases, helpers, reject_def, docs = sys.argv[1:5]
failed = 0


def check(name, ok):
    global failed
    failed += not ok
    print(("ok" if ok else "not ok") + f" - {name}")


def read(path):
    with open(path) as f:
        return f.read()


reasons = dict(re.findall(r'^REASON\(\w+, "([^"]+)", "(.*)"\)$', read(reject_def), re.M))
pages = sorted(n[:-3] for n in os.listdir(docs) if n.endswith(".md") and n != "README.md")
listed = re.findall(r"^- (\S+)$", read(os.path.join(docs, "README.md")), re.M)
check("a reason has a page or is listed as without", sorted(listed + pages) == sorted(reasons))
with tempfile.NamedTemporaryFile("w", suffix=".t") as out:
    for page in pages:
        text = read(os.path.join(docs, page + ".md"))
        case = "".join(line[4:] for line in text.splitlines(True) if line.startswith("    "))
        check(f"{page}: the page says what the verifier says", text.startswith(f"# {page}\n\n{reasons.get(page)}\n"))
        check(f"{page}: a program and a twin", f"name: {page}\n" in case and "twin:" in case and "want: accept" in case)
        out.write(case + "\n")
    out.flush()
    done = subprocess.run([cases, helpers, "interp,jit", out.name], stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    check("all programs came out as their pages say", done.returncode == 0 and
          all(page in done.stdout for page in pages))
sys.exit(failed != 0)
