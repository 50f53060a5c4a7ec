#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/reasons: every reason has a page, which says what the verifier says of it, and whose program and twin come
out as it says. Programs are text cases, objects (NAME.bpf.c) or applications (NAME.c); what comes before the last
two stands in README.md there. A twin that is refused for another reason fails.

usage: test_reasons.py SKEP_CASES HELPERS REJECT_DEF DOCS SKEP LIBSKEP CLANG INCLUDE_DIR UAPI_DIR
"""
import json
import os
import re
import subprocess
import sys
import tempfile

CASES, HELPERS, REJECT_DEF, DOCS, SKEP, LIBSKEP, CLANG, INC, UAPI = sys.argv[1:10]
NO_PROGRAM = {"verifier-bug", "poisoned-slot", "program-size", "program-attributes"}
failed = 0


def check(name, ok, tell=""):
    global failed
    failed += not ok
    if not ok and tell:
        print("# " + tell.strip().replace("\n", "\n# "))
    print(("ok" if ok else "not ok") + f" - {name}")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def blocks(text):
    return re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M)


def dedent(block):
    return re.sub(r"^    ", "", block, flags=re.M).strip("\n") + "\n"


def twin_of(program):
    """The text with the twin's replacements, and the message it must be refused with."""
    line = re.search(r"^// twin: (.*) rejects \"(.*)\"$", program, re.M)
    text = program[:line.start()]
    for old, new in re.findall(r'"((?:[^"]|"(?! -> |, "|$))*)" -> "((?:[^"]|"(?! -> |, "|$))*)"(?:, |$)', line[1]):
        if text.count(old) != 1:
            return None, f"'{old}' stands {text.count(old)} times"
        text = text.replace(old, new.replace("\\n", "\n"))
    return text, line[2]


def run(args):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def verdict_of_object(path, text):
    with open(path + ".bpf.c", "w", encoding="utf-8") as f:
        f.write(preludes["bpf.c"] + text)
    err, out = run([CLANG, "-O2", "-g", "-mcpu=v3", "-target", "bpf", "-I" + UAPI, "-I" + INC, "-idirafter",
                    "/usr/include/x86_64-linux-gnu", "-c", path + ".bpf.c", "-o", path + ".o"])
    if err:
        return "compiler", out
    rows = json.loads(subprocess.run([SKEP, "verify", "-j", path + ".o"], stdout=subprocess.PIPE, text=True, check=False).stdout)
    refused = [r for r in rows if r["verdict"] != "success"]
    return (refused[0]["reason"], refused[0]["message"]) if refused else ("accepted", "")


def verdict_of_application(path, text):
    with open(path + ".c", "w", encoding="utf-8") as f:
        f.write(preludes["c"] + text)
    err, out = run([CLANG, "-g", "-I" + UAPI, "-I" + INC, path + ".c", "-o", path, os.path.abspath(LIBSKEP),
                    "-Wl,-rpath," + os.path.dirname(os.path.abspath(LIBSKEP))])
    if err:
        return "compiler", out
    err, out = run([path])
    last = out.splitlines()[-1] if out and not err else f"application: {err} {out}"
    reason, _, message = last.partition(": ")
    return reason, message


def check_program(page, program, verdict, folder):
    path = os.path.join(folder, page)
    reason, message = verdict(path, program)
    check(f"{page}: the program is accepted", reason == "accepted", f"{reason}: {message}")
    twin, wanted = twin_of(program)
    reason, message = verdict(path, twin) if twin else ("test", wanted)
    check(f"{page}: its twin is refused for this reason", reason == page and wanted in message, f"{reason}: {message}")


def check_cases(pages, texts, folder):
    path = os.path.join(folder, "cases.t")
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(texts))
    err, said = run([CASES, HELPERS, "interp,jit", path])
    print(said, end="")
    check("all text cases came out as their pages say", err == 0 and all(page in said for page in pages))


reasons = dict(re.findall(r'^REASON\(\w+, "([^"]+)", "(.*)"\)$', read(REJECT_DEF), re.M))
names = sorted(n[:-3] for n in os.listdir(DOCS) if n.endswith(".md") and n != "README.md")
check("a reason has a page", names == sorted(reasons), f"{set(names) ^ set(reasons)}")
preludes = {}
for block in map(dedent, blocks(read(os.path.join(DOCS, "README.md")))):
    kind = re.match(r"// NAME\.(bpf\.c|c) begins with this\n", block)
    if kind:
        preludes[kind[1]] = block
cases = {}
with tempfile.TemporaryDirectory() as tmp:
    for name in names:
        page_text = read(os.path.join(DOCS, name + ".md"))
        found = [dedent(b) for b in blocks(page_text)]
        check(f"{name}: the page says what the verifier says", page_text.startswith(f"# {name}\n\n{reasons.get(name)}\n"))
        if name in NO_PROGRAM:
            check(f"{name}: no program triggers it", not found and "No program triggers it" in page_text)
        elif len(found) == 1 and found[0].startswith(f"// {name}.bpf.c\n"):
            check_program(name, found[0], verdict_of_object, tmp)
        elif len(found) == 1 and found[0].startswith(f"// {name}.c\n"):
            if LIBSKEP != "none":
                check_program(name, found[0], verdict_of_application, tmp)
        else:
            check(f"{name}: a program and a twin", len(found) == 1 and found[0].startswith(f"name: {name}\n") and
                  "twin:" in found[0] and "want: accept" in found[0])
            cases[name] = found[0]
    check_cases(cases, cases.values(), tmp)
sys.exit(failed != 0)
