#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep run --map: elements that are in maps before a program runs; what a program tells through records and the trace.

usage: test_maps.py SKEP FILLED
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, FILLED = (os.path.abspath(a) for a in sys.argv[1:3])

# What each is told, the bit that the program then returns, and a wrong one beside it.
ELEMENTS = [
    ("macs:02:00:00:00:00:af=net:80", 1, "macs:02:00:00:00:00:af=80"),
    ("hosts6:2001:db8::10=hex:0a00000000FB", 2, "hosts6:2001:db8::11=hex:0a00000000FB"),
    ("nets:10.1.0.0/16=9", 4, "nets:10.2.0.0/16=9"),
    ("each_cpu:1=-2", 8, "each_cpu:0=-2"),
    ("ports:port:443=0x10", 16, "ports:443=0x10"),
]
# Refused: what is given, and what the line on stderr says.
WRONG = [
    ("port:port:443=1", "has no map port; did you mean ports?"),
    ("nothing_like:1=1", "has no map nothing_like"),
    ("ports", '"ports" is not NAME:KEY=VALUE'),
    ("ports:1", '"ports:1" is not NAME:KEY=VALUE'),
    ("ports:1=1,", '"" is not NAME:KEY=VALUE'),
    ("ports:=1", 'key "" is no number'),
    ("ports:x=1", 'key "x" is no number'),
    ("ports:port:65536=1", "key port:65536 does not fit its 2 bytes"),
    ("ports:4294967296=1", "key 4294967296 does not fit its 4 bytes"),
    ("ports:1=18446744073709551616", "is no number"),
    ("ports:1=hex:00", "value hex:00: 8 bytes are wanted"),
    ("ports:1=hex:00112233445566zz", "8 bytes are wanted"),
    ("macs:02:00:00:00:00=1", "is no number"),
    ("macs:02:00:00:00:00:af:01=1", "is no number"),
    ("macs:1=65536", "value 65536 does not fit its 2 bytes"),
    ("nets:10.0.0.0/33=1", "is no number"),
    ("nets:hex:215000000a000000=1", "nets:hex:215000000a000000=1: Invalid argument"),
    ("each_cpu:2=1", "each_cpu:2=1: the map is full, or the key beyond its end"),
    ("ports:1=1,ports:2=2,ports:3=3", "ports:3=3: the map is full"),
    ("devs:1=77", "devs:1=77: "),
    ("jumps:0=3", "what a map of this type holds cannot be given here"),
    ("filled.rodata:0=4", "filled.rodata:0=4: the map is read-only"),
]


def run(*args):
    return subprocess.run([SKEP, *args], capture_output=True, text=True)


def value(*maps):
    done = run("run", FILLED, "--prog", "filled", "-j", *(word for m in maps for word in ("--map", m)))
    return json.loads(done.stdout)["retval"] if not done.returncode and not done.stderr else done


def told(mark, times=1):
    return json.loads(run("run", FILLED, "-p", "tells", "-c", f"mark={mark}", "-n", str(times), "-j").stdout)


def records():
    one = told(1)
    check("records of both kinds", one["retval"] == 2 and one["maps"] == [
        {"name": "events", "records": 1, "bytes": 12, "lost": 0, "data": [
            {"cpu": 0, "bytes": ["0x00"] * 4 + ["0x44", "0x33", "0x22", "0x11", "0x40"] + ["0x00"] * 3}], "elements": []},
        {"name": "ring", "records": 1, "bytes": 4, "data": [{"bytes": ["0x00"] * 4}], "elements": []}], one)
    check("a line of the trace", len(one["trace"]) == 1 and one["trace"][0].endswith(": bpf_trace_printk: record 0 of 1"),
          one["trace"])
    none = told(0)
    check("nothing told", none["retval"] == 0 and none["maps"] == [] and none["trace"] == [], none)
    text = run("run", FILLED, "-p", "tells", "-c", "mark=40").stdout
    check("text shows the first 32", text.count("\n  (CPU 00)  ") == 32 and "(CPU 00)  1f 00 00 00 44 33 22 11 40 00 00 00\n" in text
          and text.count("  ... and 8 more (-j shows the first 1024)\n") == 2, text)
    check("and the end of the trace", text.count("bpf_trace_printk") == 32 and "  ... (-j shows more)\n" in text
          and text.endswith("bpf_trace_printk: record 39 of 40\n"), text)
    full = told(50, 300)
    by_name = {m["name"]: m for m in full["maps"]}
    events, ring = by_name["events"], by_name["ring"]
    # 24 bytes a record in 64 pages; 16 bytes a record in 4096. What does not fit is the program's to know: a perf
    # buffer says how many were lost once there is room again.
    check("a perf buffer takes what fits", events["records"] == 64 * 4096 // 24 and events["lost"] == 0, events["records"])
    check("a ring buffer takes what fits", ring["records"] in (255, 256) and full["retval"] == 0, (ring["records"], full["retval"]))
    check("as many are kept as said", len(events["data"]) == 1024 and len(ring["data"]) == ring["records"], len(events["data"]))


def main():
    check("no element", value() == 0, value())
    for right, bit, wrong in ELEMENTS:
        check(right, value(right) == bit, value(right))
        check(f"twin: {wrong}", value(wrong) == 0, value(wrong))
    all_maps = [e[0] for e in ELEMENTS]
    check("--map again and again", value(*all_maps) == 31, value(*all_maps))
    check("after commas", value(",".join(all_maps)) == 31, value(",".join(all_maps)))
    check("the last of a key counts", value(all_maps[0], ELEMENTS[0][2]) == 0, value(all_maps[0], ELEMENTS[0][2]))
    shown = json.loads(run("run", FILLED, "-p", "filled", "-m", all_maps[4], "-m", all_maps[0], "-j").stdout)
    check("only what the program changed is shown", shown["maps"] == [{"name": "ports", "elements": [
        {"change": "changed", "key": ["0x01", "0xbb", "0x00", "0x00"], "value": ["0x11"] + ["0x00"] * 7}]}], shown)
    sent = json.loads(run("run", FILLED, "-p", "forward", "--devs", "eth0", "--map", "devs:4000000000=2", "-j").stdout)
    check("a device", sent["sent"] == {"eth0": {"packets": 1, "bytes": 64}}, sent)
    for given, words in WRONG:
        done = run("run", FILLED, "--prog", "jump" if given[0] == "j" else "filled", "--map", given)
        ok = done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1 and words in done.stderr
        check(f"refused: {given}", ok, done)
    records()
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "maps.json")
        run("report", FILLED, "--prog", "tells", "-c", "mark=3", "-o", out)
        again = run("run", out, "-j")
        check("a report with a trace is the same again", json.loads(again.stdout)["retval"] == 6 and not again.stderr, again)
        run("report", FILLED, "--prog", "filled", "--map", all_maps[0], "-m", all_maps[3], "-o", out)
        again = run("run", out, "-j")
        check("run of a report", json.loads(again.stdout)["retval"] == 9 and not again.stderr, again)
        other = run("run", out, "-j", "--map", all_maps[1])
        check("the command line wins", json.loads(other.stdout)["retval"] == 2, other)
    return end()


if __name__ == "__main__":
    sys.exit(main())
