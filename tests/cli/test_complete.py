#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Completions of bash and zsh, asked as the shells do.

usage: test_complete.py SKEP COMPLETIONS_DIR SOURCE_ROOT
"""
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, COMPLETIONS, ROOT = (os.path.abspath(a) for a in sys.argv[1:4])
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import tables


def bash(folder, *words):
    """What bash offers for the last of @words, which it has taken apart at "=" as it does."""
    script = (f"source {shlex.quote(os.path.join(COMPLETIONS, 'skep'))}; COMP_WORDS=({' '.join(map(shlex.quote, words))}); "
              f'COMP_CWORD={len(words) - 1}; _skep; printf "%s\\n" "${{COMPREPLY[@]}}"')
    done = subprocess.run(["bash", "-c", script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return set(done.stdout.split("\n")) - {""} if not done.stderr else {"stderr: " + done.stderr}


def bash_tests(commands, folder):
    firsts = {c.name.split()[0] for c in commands} | {"help"}
    prog_words = {c.name.split()[1] for c in commands if c.name.startswith("prog ")}
    dump_words = {n: set(tables.keywords(next(c for c in commands if c.name == n))) for n in ("prog dump", "btf dump")}
    cases = [
        ("commands", ("skep", ""), firsts),
        ("commands by their beginning", ("skep", "ver"), {"verify", "version"}),
        ("behind bpftool's options", ("skep", "-j", "ver"), {"verify", "version"}),
        ("second words", ("skep", "prog", ""), prog_words),
        ("commands behind help", ("skep", "help", "prog", "du"), {"dump"}),
        ("choices", ("skep", "verify", "--format", ""), {"table", "csv", "json", "github", "sarif"}),
        ("choices behind a letter", ("skep", "verify", "-f", "s"), {"sarif"}),
        ("choices behind an equals sign", ("skep", "verify", "--format", "=", "c"), {"csv"}),
        ("choices, nothing typed behind it", ("skep", "test", "--engine", "="), {"auto", "jit", "interp"}),
        ("files of an option", ("skep", "run", "x.bpf.o", "--pcap", "in"), {"in.pcap"}),
        ("values that nobody knows", ("skep", "run", "--devs", ""), set()),
        ("files", ("skep", "verify", "lb"), {"lb.bpf.o"}),
        ("words and files", ("skep", "prog", "dump", ""), dump_words["prog dump"] | {"in.pcap", "lb.bpf.o"}),
        ("words by their beginning", ("skep", "btf", "dump", "f"), {w for w in dump_words["btf dump"] if w[0] == "f"}),
        ("an unknown command", ("skep", "nothing", "lb"), {"lb.bpf.o"}),
    ]
    check("words of usage texts are found", dump_words["prog dump"] >= {"xlated", "jited", "cfg", "opcodes", "linum", "insns", "visual"} and
          dump_words["btf dump"] >= {"file", "format", "raw", "c"} and not dump_words["prog dump"] & {"prog", "section", "classic"}, dump_words)
    for name, words, want in cases:
        got = bash(folder, *words)
        check(f"bash: {name}", got == want, f"{words}: {sorted(got)}, not {sorted(want)}")
    for c in commands:
        want = {"--" + o.name for o in c.options} | {"--help"}
        got = bash(folder, "skep", *c.name.split(), "--")
        check(f"bash: options of {c.name}", got == want, f"{sorted(got)}, not {sorted(want)}")


class Zsh:
    """An interactive zsh with our function in its path."""

    def __init__(self, folder):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": folder, "COLUMNS": "200"})
        self.say(f"PS1=; unsetopt zle_bracketed_paste beep; fpath=({shlex.quote(COMPLETIONS)} $fpath); "
                 "autoload -U compinit; compinit -u -D; setopt list_packed; LISTMAX=1000; stty cols 200; echo rea''dy\n", {"ready"})

    def say(self, text, until, seconds=20):
        """Types @text; the words that come, until all of @until did."""
        os.write(self.fd, text.encode())
        got, words, end = "", set(), time.monotonic() + seconds
        while not until <= words and time.monotonic() < end:
            if select.select([self.fd], [], [], 1)[0]:
                got += os.read(self.fd, 65536).decode("utf-8", "replace")
                words = set(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", got).split())
        return words

    def complete(self, line, want):
        """What ^D lists for @line; it is taken back then. A key that comes too early is not heeded, so it is pressed again."""
        got = self.say(line + "\x04", want, 2)
        for _ in range(9):
            if not want <= got:
                got |= self.say("\x04", want, 2)
        self.say("\x15echo don''e\n", {"done"})
        return got

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def zsh_tests(commands, folder):
    if not shutil.which("zsh"):
        check("zsh", True, skip="no zsh here")
        return
    done = subprocess.run(["zsh", "-n", os.path.join(COMPLETIONS, "_skep")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    check("zsh: the function is one", not done.returncode and not done.stdout, done.stdout)
    zsh = Zsh(folder)
    for name, line, want in (
            ("commands", "skep ", {c.name.split()[0] for c in commands} | {"help"}),
            ("second words", "skep prog ", {"dump", "show"}),
            ("choices", "skep verify --format ", {"table", "csv", "json", "github", "sarif"}),
            ("files of an option", "skep run x --pcap ", {"in.pcap", "lb.bpf.o"}),
            ("words", "skep prog dump ", {"xlated", "jited", "cfg", "lb.bpf.o"})):
        got = zsh.complete(line, want)
        check(f"zsh: {name}", want <= got, f"{line!r}: {sorted(got)}, not {sorted(want)}")
    for c in commands:
        want = {"--" + o.name for o in c.options}
        got = zsh.complete(f"skep {c.name} --", want)
        check(f"zsh: options of {c.name}", want <= got, f"{sorted(got)}, not {sorted(want)}")
    zsh.close()


def main():
    commands = tables.read(SKEP)
    with tempfile.TemporaryDirectory() as folder:
        for name in "lb.bpf.o", "in.pcap":
            with open(os.path.join(folder, name), "w", encoding="utf-8"):
                pass
        bash_tests(commands, folder)
        zsh_tests(commands, folder)
    return end()


sys.exit(main())
