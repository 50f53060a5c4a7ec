#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""capstone and libpcap are loaded when they are used; what happens where they are not there.

usage: test_late.py SKEP LIBSKEP OBJECT PCAP
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, LIBSKEP, OBJECT, PCAP = (os.path.abspath(a) for a in sys.argv[1:5])
LATE = ("libcapstone", "libpcap")


def run(*cmd, **env):
    return subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, env=dict(os.environ, **env))


def main():
    for path in SKEP, LIBSKEP:
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", path).stdout)
        check(f"{os.path.basename(path)} does not need them to start", "libc.so.6" in needed and not [n for n in needed if n.startswith(LATE)], needed)
    told = run(SKEP, "version", LD_DEBUG="statistics")
    cnt = re.search(r"number of relative relocations: (\d+)", told.stderr)
    check("relocations before it starts are few", told.returncode == 0 and (not cnt or int(cnt.group(1)) < 20000), told)
    dump = run(SKEP, "prog", "dump", "jited", OBJECT)
    check("machine code is shown as instructions", dump.returncode == 0 and "pushq\t%rbp" in dump.stdout and not dump.stderr, dump)
    capture = run(SKEP, "run", OBJECT, "--pcap", PCAP)
    check("a capture is read", capture.returncode == 0 and "XDP_" in capture.stdout and not capture.stderr, capture)
    with tempfile.TemporaryDirectory() as folder:
        for name in "libcapstone.so.4", "libcapstone.so.5", "libpcap.so.0.8", "libpcap.so.1":
            with open(os.path.join(folder, name), "w", encoding="utf-8"):
                pass  # no library, and found first
        without = run(SKEP, "prog", "dump", "jited", OBJECT, LD_LIBRARY_PATH=folder)
        check("without capstone it is shown as bytes", without.returncode == 0 and ".byte" in without.stdout and
              "pushq" not in without.stdout and not without.stderr, without)
        without = run(SKEP, "run", OBJECT, "--pcap", PCAP, LD_LIBRARY_PATH=folder)
        check("without libpcap that is told in a line", without.returncode == 2 and not without.stdout and
              "libpcap is not installed (libpcap.so.0.8)" in without.stderr and without.stderr.count("\n") == 1, without)
    return end()


sys.exit(main())
