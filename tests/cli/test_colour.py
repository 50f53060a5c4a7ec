#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Colours: on terminals that want them, and nowhere else.

usage: test_colour.py SKEP PASS BAD SESSION UNIT_BAD
"""
import os
import pty
import re
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, PASS, BAD, SESSION, UNIT_BAD = (os.path.abspath(a) for a in sys.argv[1:6])
GREEN, RED, YELLOW, END = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[0m"


def environment(**env):
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    return {**clean, **env}


def on_terminal(*args, **env):
    """What it prints with its standard output on a terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([SKEP, *args], stdout=theirs, stderr=subprocess.DEVNULL, env=environment(**env))
    os.close(theirs)
    out = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not more:
            break
        out += more
    os.close(ours)
    child.wait()
    return out.decode().replace("\r\n", "\n")


def in_pipe(*args, **env):
    return subprocess.run([SKEP, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          env=environment(TERM="xterm", **env)).stdout


def coloured(text, colour):
    return re.findall(re.escape(colour) + r"(.*?)" + re.escape(END), text)


def verify():
    text = on_terminal("verify", PASS, BAD, SESSION, TERM="xterm")
    check("verify: accepted is green", [t.strip() for t in coloured(text, GREEN)] == ["success"], text)
    red = [t.strip() for t in coloured(text, RED)]
    check("verify: refused is red, and the line of the log that refuses", len(red) == 2 and red[0] == "failure" and
          red[1].startswith("invalid access to packet, off=0 size=1"), text)
    check("verify: not modelled is yellow", (coloured(text, YELLOW) or [""])[0].strip() == "not modelled", text)
    plain = re.sub(r"\x1b\[\d+m", "", text)
    times = r" +\d[\d.]*"
    piped = in_pipe("verify", PASS, BAD, SESSION)
    check("verify: else it is the same as in a pipe", re.sub(times, " N", plain) == re.sub(times, " N", piped), (plain, piped))
    for name, env in (("NO_COLOR", {"TERM": "xterm", "NO_COLOR": "1"}), ("a dumb terminal", {"TERM": "dumb"}), ("no TERM", {})):
        text = on_terminal("verify", PASS, BAD, **env)
        check(f"verify: none with {name}", "\x1b" not in text and "failure" in text, text)
    check("verify: an empty NO_COLOR is none", GREEN in on_terminal("verify", PASS, TERM="xterm", NO_COLOR=""))
    for form in "csv", "json", "github", "sarif":
        text = on_terminal("verify", PASS, BAD, "--format", form, TERM="xterm")
        check(f"verify: none in {form}", "\x1b" not in text and len(text) > 100, text)


def test():
    text = on_terminal("test", UNIT_BAD, TERM="xterm")
    words = [t.strip() for t in coloured(text, GREEN)], [t.strip() for t in coloured(text, RED)]
    check("test: passed is green, failed is red", set(words[0]) <= {"passed"} and "failed" in words[1], text)
    lines = [w for w in words[1] if w != "failed"]
    check("test: so is the line of the log that refuses", lines and all(f"is refused: {line}\n" in text for line in lines), (lines, text))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out.xml")
        text = on_terminal("test", UNIT_BAD, "--format", "tap", "--junit", path, TERM="xterm")
        with open(path, encoding="utf-8") as f:
            junit = f.read()
        check("test: none in tap or in files", "\x1b" not in text + junit and "not ok" in text and "<failure" in junit, text)
    check("test: none in a pipe", "\x1b" not in in_pipe("test", UNIT_BAD))


verify()
test()
sys.exit(end())
