#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demo end to end: what it prints, and its packets as tcpdump reads them.

usage: test_demo.py DEMO OBJECT PCAP
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end


def main():
    demo, obj, pcap = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "out.pcap")
        run = subprocess.run([demo, obj, pcap, out], capture_output=True, text=True)
        text = run.stdout
        check("the demo ends well", run.returncode == 0)
        check("it tells instructions and states explored", re.search(r"accepted in \d+ us; \d+ instructions and \d+ states", text))
        actions = dict(re.findall(r"(XDP_\w+)\s+(\d+)", text))
        check("every packet has an action", sum(map(int, actions.values())) == 4000)
        backends = [int(n) for n in re.findall(r"02:00:00:00:10:0\d\s+(\d+)", text)]
        check("the backends got what was sent", len(backends) == 4 and sum(backends) == int(actions.get("XDP_TX", -1)))
        events = re.search(r"ring buffer: (\d+) events \((\d+) new flows, (\d+) malformed, (\d+) table full\)", text)
        check("every malformed packet made an event", events and events.group(3) == actions.get("XDP_DROP"))
        check("both engines were timed", re.search(r"JIT\s+\d+ ns per packet", text) and
              re.search(r"interpreter\s+\d+ ns per packet", text))
        if not shutil.which("tcpdump"):
            check("tcpdump reads the rewritten packets", True, skip="no tcpdump here")
        else:
            dump = subprocess.run(["tcpdump", "-nvr", out], capture_output=True, text=True).stdout
            check("tcpdump finds no wrong checksum in the rewritten packets", "incorrect" not in dump)
            check("tcpdump sees packets for the backends", len(re.findall(r"> 10\.0\.0\.[1-4]\.", dump)) > 2000)
    sys.exit(end())


main()
