#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep run with programs whose types have no test run in Linux.

usage: test_hooks.py SKEP HOOKS
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, HOOKS = (os.path.abspath(a) for a in sys.argv[1:3])


def run(prog, *args):
    done = subprocess.run([SKEP, "run", HOOKS, "--prog", prog, *args], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def main():
    got = run("proxy", "--ctx", "user_ip4=1,user_port=0x5000,protocol=6", "-j")
    left = json.loads(got[1] or "{}")
    check("a connection is redirected: the address that came back",
          left.get("retval_name") == "allow" and left["ctx"]["user_ip4"] == 0x0100007F
          and left["ctx"]["user_port"] == 0x901F, got)
    got = run("proxy", "--ctx", "user_ip4=1,user_port=0x1900,protocol=6")
    check("a connection is refused", got[0] == 0 and "return value: 0 (deny)" in got[1] and "user_ip4" not in got[1], got)
    got = run("proxy", "--ctx", "user_port=65536")
    check("a port that is none", got[0] == 2 and "does not fit" in got[2] and got[2].count("\n") == 1, got)
    got = run("proxy", "--ctx", "msg_src_ip4=1")
    check("a field that the program cannot read", got[0] == 2 and got[2].count("\n") == 1, got)
    got = run("first_arg", "--ctx", "di=41")
    check("registers by name", got[0] == 0 and "return value: 42" in got[1], got)
    stacks = ("--kernel-stack", "0xffffffff81000010,0xffffffff81000020", "--user-stack", "0x401000")
    got = run("where", *stacks, "-j")
    seen = [e["value"] for m in json.loads(got[1] or "{}").get("maps", []) for e in m["elements"]]
    check("stacks that were given are found", got[0] == 0 and json.loads(got[1])["retval"] == 1 and len(seen) == 2,
          (got, seen))
    got = run("where", *stacks[:2])
    check("without a stack there is none", got[0] == 0 and "return value: 0" in got[1], got)
    got = run("where", "--user-stack", "0x401000,main")
    check("an address that is none",
          got[0] == 2 and '--user-stack: "main": addresses are numbers' in got[2] and got[2].count("\n") == 1, got)
    got = run("long_messages")
    check("without a context all is 0", got[0] == 0 and "return value: 0 (SK_DROP)" in got[1], got)
    with tempfile.TemporaryDirectory() as tmp:
        before, after = os.path.join(tmp, "in"), os.path.join(tmp, "out")
        with open(before, "wb") as f:
            f.write(b"\x07\x08\x09")
        got = run("first_byte", "--data-in", before, "--data-out", after)
        with open(after, "rb") as f:
            data = f.read()
        check("an option's value goes in and comes out", data == b"\x08\x08\x09" and "(allow)" in got[1], (got, data))
        got = run("long_messages", "--data-in", before, "--repeat", "3")
        check("a message is too short", "SK_DROP" in got[1], got)
    sys.exit(end())


main()
