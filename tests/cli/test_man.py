#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Man pages: one a command, with all that its table has, free of warnings; and fsession is named wherever types are.

usage: test_man.py SKEP MAN_DIR SOURCE_ROOT LIBSKEP UAPI_BPF_H     (LIBSKEP "": a build that cannot be loaded here)
"""
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, MAN, ROOT, LIBSKEP, UAPI = sys.argv[1:6]
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import tables


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def run(*cmd):
    return subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          env=dict(os.environ, MANWIDTH="200", LC_ALL="C.UTF-8"))


def words(path):
    """A page's text without what roff makes of it, in single spaces."""
    text = re.sub(r"\\f[BIR]|^\.(?:TP|PP|SH|nf|fi|RS.*|RE|BR|nh|ad l)\b ?", "", read(path), flags=re.M)
    return " ".join(text.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\").split())


def page_of(command):
    return os.path.join(MAN, f"skep-{command.name.replace(' ', '-')}.1")


def pages(commands):
    there = {os.path.basename(p) for p in glob.glob(os.path.join(MAN, "*"))}
    wanted = {os.path.basename(page_of(c)) for c in commands} | {"skep.1", "skep-sections.7"}
    check("a page for each command, and no other", there == wanted, sorted(there ^ wanted))
    main = words(os.path.join(MAN, "skep.1"))
    check("skep.1 names all commands and what they do", all(f"skep-{c.name.replace(' ', '-')} (1) {c.help}" in main for c in commands), main)
    listed = run(SKEP, "help").stdout
    check("so does skep help", all(re.search(rf"^  {c.name} +{re.escape(c.help)}$", listed, re.M) for c in commands), listed)


def told(commands):
    """What of a command's table its page lacks."""
    for c in commands:
        text = words(page_of(c))
        parts = [" ".join(c.usage.split()), c.help] + [" ".join(p.split()) for p in re.split(r"\n\n", c.notes) if "exit status" not in p]
        parts += [" ".join(line.split()) for line in c.example.splitlines()]
        parts += [f"--{o.name}{' ' + o.value if o.value else ''} {o.help}" for o in c.options]
        parts += [choice for o in c.options for choice in o.choices]
        yield from (f"{c.name}: {p}" for p in parts if p not in text)


def lint(commands):
    found = sorted(glob.glob(os.path.join(MAN, "*.[17]")))
    for tool, cmd in ("man", ["man", "--warnings", "-l"]), ("mandoc", ["mandoc", "-T", "lint", "-W", "warning"]):
        if not shutil.which(tool):
            check(f"{tool} warns of nothing", True, skip=f"no {tool} here")
            continue
        runs = [run(*cmd, page) for page in found]
        said = "".join(r.stderr + (r.stdout if tool == "mandoc" else "") for r in runs)
        check(f"{tool} warns of nothing", len(runs) == len(commands) + 2 and not said and not any(r.returncode for r in runs), said)


def attach_names():
    """By the library itself: the words for attach types to functions, by the constants of the header."""
    numbers = re.findall(r"^\t(BPF_TRACE_F\w+) = (\d+),$", read(UAPI), re.M)
    ask = ("import ctypes, sys; f = ctypes.CDLL(None).libbpf_bpf_attach_type_str; f.restype = ctypes.c_char_p\n"
           "for n in sys.argv[1:]: print((f(int(n)) or b'').decode())")
    done = subprocess.run([sys.executable, "-c", ask, *(n for _, n in numbers)], stdout=subprocess.PIPE, text=True, check=False,
                          env=dict(os.environ, LD_PRELOAD=LIBSKEP))
    return dict(zip((name for name, _ in numbers), done.stdout.splitlines()))


def fsession(commands):
    if LIBSKEP:
        names = attach_names()
        check("R-06 libbpf_bpf_attach_type_str() names fsession", names.get("BPF_TRACE_FSESSION") == "trace_fsession" and
              names.get("BPF_TRACE_FENTRY") == "trace_fentry", names)
    else:
        check("R-06 libbpf_bpf_attach_type_str() names fsession", True, skip="the library has a sanitizer")
    usage = run(SKEP, "help", "sections").stdout
    rows = {line.split()[0]: line.split()[1:] for line in usage.splitlines()}
    check("R-06 the usage text of section names has it", rows.get("fsession[/...]") == ["tracing", "trace_fsession"] and
          rows.get("fsession.s[/...]") == ["tracing", "trace_fsession"] and rows.get("xdp") == ["xdp", "xdp"] and
          rows.get("fentry[/...]") == ["tracing", "trace_fentry"], usage)
    for c in commands:
        if c.name.startswith("feature list"):
            listed = run(SKEP, *c.name.split(), "attach_types").stdout
            check(f"R-06 skep {c.name} has it", "trace_fsession" in listed.split(), listed)
    check("R-06 skep help says where they are listed", '"skep help sections"' in run(SKEP, "help").stdout)
    page = words(os.path.join(MAN, "skep-sections.7"))
    check("R-06 the man page has it", "fsession[/...] tracing trace_fsession" in page and "(fsession)" in page, page)
    check("R-06 the documents have it", "`fsession`" in read(os.path.join(ROOT, "docs", "command.md")))


def main():
    commands = tables.read(SKEP)
    pages(commands)
    lacking = list(told(commands))
    check("each page has all of its command's table", len(commands) > 10 and not lacking, lacking)
    lint(commands)
    fsession(commands)
    return end()


sys.exit(main())
