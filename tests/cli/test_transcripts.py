#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every example of README.md, of the commands' help and of docs/man runs as it is written: exit status and, where it is
shown, output, in which "..." stands for anything (in a line of its own for any lines).

usage: test_transcripts.py SKEP SOURCE_ROOT BUILD_ROOT LB UNIT BAD PASS TC FILTER MAIN MAPS NAMED     (objects)

Each example runs in a folder of its own that has the files it speaks of (FILES: name there what a new one needs); what makes pictures of skep's output, and what
measures (perf), is a stand-in. docs/test.md has a test of its own, test_recipes.py.
"""
import glob
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import textwrap

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, ROOT, BUILD, LB, UNIT, BAD, PASS, TC, FILTER, MAIN, MAPS, NAMED = (os.path.realpath(a) for a in sys.argv[1:13])
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import tables

# Ethernet, IPv4 to 10.0.0.2: UDP to port 53, TCP to port 80.
PACKETS = [bytes.fromhex("020000000002020000000001080045000028000040004011" "0000" "0a0000010a000002" "04d20035001400000000000000000000" "00000000"),
           bytes.fromhex("020000000002020000000001080045000028000040004006" "0000" "0a0000010a000002" "04d20050000000000000000050020000" "00000000")]
CAPTURE = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + b"".join(
    struct.pack("<IIII", 1, 0, len(p), len(p)) + p for p in PACKETS)
# A path, or the bytes.
FILES = {"lb.bpf.o": LB, "in.pcap": CAPTURE, "filter_test.bpf.o": UNIT, "bad.bpf.o": BAD, "pass.bpf.o": PASS, "tc.bpf.o": TC,
         "filter.bpf.o": FILTER, "main.bpf.o": MAIN, "maps.bpf.o": MAPS, "prog.bpf.o": PASS, "lib.bpf.o": FILTER,
         "app.bpf.o": PASS, "vmlinux-5.4.btf": PASS, "packet.bin": PACKETS[0]}
# Lines for "skep batch" go on with objects that others made: what a line names, and what makes it.
MADE = (
    (r"name lb\b|pinned /sys/fs/bpf/lb\b", ["prog load lb.bpf.o /sys/fs/bpf/lb"]),
    (r"name m /|pinned /sys/fs/bpf/m\b", ["map create /sys/fs/bpf/m type hash key 4 value 8 entries 16 name m",
                                          "map update pinned /sys/fs/bpf/m key 1 0 0 0 value hex 01 02 03 04 05 06 07 08"]),
    (r"pinned /sys/fs/bpf/q\b", ["map create /sys/fs/bpf/q type queue key 0 value 4 entries 4 name q",
                                 "map push pinned /sys/fs/bpf/q value 1 2 3 4"]),
)
# Nothing here makes these: a link, a program for sockets.
NOT_MADE = re.compile(r"link (pin id|detach)|pinned /sys/fs/bpf/p\b")
# What "*.bpf.o" finds.
GLOBS = {"skep test": ["filter_test.bpf.o"], "skep verify": ["lb.bpf.o", "pass.bpf.o"]}
# By the beginning of the line; all others 0.
STATUS = {"skep verify bad.bpf.o": 1, "skep verify pass.bpf.o bad.bpf.o": 1, "go test": 2}
STAND_INS = {
    "flamegraph.pl": 'exec cat "$1"', "dot": "exec cat", "go": "exec skep exec -- ./pkg.test",
    "genhtml": 'for last; do :; done; grep -q ^SF: "$last"',
    # A thousand runs in place of ten million.
    "perf": 'while [ "$1" != skep ]; do shift; done; exec $(echo "$@" | sed "s/10000000/1000/")',
}
# Lines of examples that are no commands: C.
NO_COMMAND = re.compile(r"^(SEC\(|int \w+\()")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def provide(folder, text):
    """The files that a text names."""
    names = {n for n in FILES if re.search(rf"(?<![\w.]){re.escape(n)}", text)}
    if "*.bpf.o" in text:
        names |= set(next(files for start, files in GLOBS.items() if start in text))
    other = {"lb.bpf.o": NAMED} if re.search(r"backends|^\s*(prog|map) ", text) else {}
    for name in names:
        source = other.get(name, FILES[name])
        to = os.path.join(folder, name)
        if isinstance(source, str):
            shutil.copy(source, to)
        else:
            with open(to, "wb") as f:
                f.write(source)


def batch(folder, line):
    """The command that runs a line for "skep batch" after what makes the objects that it names."""
    before = [made for named, lines in MADE if re.search(named, line) for made in lines]
    provide(folder, " lb.bpf.o backends")
    with open(os.path.join(folder, "commands"), "w", encoding="utf-8") as f:
        f.writelines(text + "\n" for text in before + [line])
    return "skep batch commands"


def lacks(line):
    """Why it cannot run here."""
    if NOT_MADE.search(line):
        return "it goes on with what no example makes"
    if "tcpdump" in line and not shutil.which("tcpdump"):
        return "no tcpdump here"
    missing = [p for p in re.findall(r"/sys/kernel/\S+", line) if not os.path.exists(p)]
    return f"no {missing[0]} here" if missing else ""


class Shell:
    """Runs lines in one folder, with the command and the stand-ins before all else."""

    def __init__(self, folder, bin_folder):
        self.folder = folder
        self.env = dict(os.environ, PATH=os.pathsep.join((bin_folder, os.path.dirname(SKEP), os.environ["PATH"])), LC_ALL="C")

    def run(self, text):
        return subprocess.run(["bash", "-o", "pipefail", "-c", text], cwd=self.folder, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, stdin=subprocess.DEVNULL)


def is_like(got, wanted):
    parts = re.split(r"^\.\.\.\n", wanted, flags=re.M)
    pattern = r"(?:.*\n)*?".join(re.escape(p).replace(r"\.\.\.", ".*") for p in parts)
    return re.fullmatch(pattern, got)


def status_of(line):
    return next((status for start, status in STATUS.items() if line.startswith(start)), 0)


def examples(commands, bin_folder):
    """Lines of one example follow each other in one folder."""
    for c in commands:
        with tempfile.TemporaryDirectory() as folder:
            provide(folder, c.example)
            shell = Shell(folder, bin_folder)
            for line in filter(None, map(str.strip, c.example.splitlines())):
                if NO_COMMAND.match(line):
                    continue
                why = lacks(line)
                done = None if why else shell.run(batch(folder, line) if line.startswith(c.name) else line)
                check(f"{c.name}: {line}", why or (done.returncode == status_of(line) and (done.returncode == 2 or not done.stderr)),
                      done, skip=why)


def transcripts(bin_folder):
    """Blocks with "$ " in docs/man: a command, and what it prints up to the next."""
    cnt = 0
    for path in sorted(glob.glob(os.path.join(ROOT, "docs", "man", "*.md"))):
        text = read(path)
        for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M):
            block = textwrap.dedent(block).strip("\n") + "\n"
            if not block.startswith("$ "):
                continue
            with tempfile.TemporaryDirectory() as folder:
                provide(folder, block)
                shell = Shell(folder, bin_folder)
                for line, wanted in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M):
                    cnt += 1
                    done = shell.run(line)
                    check(f"{os.path.basename(path)}: {line}", done.returncode == status_of(line) and is_like(done.stdout, wanted),
                          f"{done}, not {wanted!r}")
    check("there are transcripts in docs/man", cnt >= 5, cnt)


def readme(bin_folder):
    """The first program, where its lines find what they name, as at the top of the tree."""
    text = read(os.path.join(ROOT, "README.md"))
    blocks = [textwrap.dedent(b) for b in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M)]
    targets = set(re.findall(r"^([\w-]+):", read(os.path.join(ROOT, "Makefile")), re.M))
    for block in blocks:
        made = re.findall(r"^make ([\w-]+)", block, re.M)
        if made:
            check("README.md: targets of make are there", set(made) <= targets, made)
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(BUILD, os.path.join(folder, "build"))
            os.symlink(os.path.join(ROOT, "include"), os.path.join(folder, "include"))
            here = os.uname().machine == "x86_64" and shutil.which("clang-19")
            done = Shell(folder, bin_folder).run("set -e\n" + block) if here else None
            check("README.md: the first program", not here or (done.returncode == 0 and not done.stderr and "success" in done.stdout and
                  "(XDP_PASS)" in done.stdout and "exit" in done.stdout), done, skip="" if here else "its lines are for x86-64 and clang-19")
    check("README.md: the rows of targets are there", set(re.findall(r"^\| `make ([\w-]+)", text, re.M)) <= targets, sorted(targets))


def main():
    with tempfile.TemporaryDirectory() as bin_folder:
        for name, script in STAND_INS.items():
            path = os.path.join(bin_folder, name)
            with open(path, "w", encoding="utf-8") as f:
                f.write(f"#!/bin/sh\n{script}\n")
            os.chmod(path, 0o755)
        examples(tables.read(SKEP), bin_folder)
        transcripts(bin_folder)
        readme(bin_folder)
    return end()


sys.exit(main())
