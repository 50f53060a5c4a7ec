#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep test: every kind of expectation holds where it should, and fails for its own reason where it should not.

usage: test_unit.py SKEP GOOD BAD WITHOUT SOURCE
"""
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, GOOD, BAD, WITHOUT, SOURCE = (os.path.realpath(a) for a in sys.argv[1:6])
TWICE = {"leaks", "both", "some_caps"}  # also as a caller without capabilities
UNPRIV_ONLY = TWICE  # what is wrong with these is wrong there


def run(*args):
    return subprocess.run([SKEP, "test", *args], capture_output=True, text=True)


def rows(*args):
    return {r["prog_name"]: r for r in json.loads(run(*args, "-j").stdout)}


def expectations():
    good, bad = rows(GOOD), rows(BAD)
    check("the same tests in both", good.keys() == bad.keys() and len(good) == 26, sorted(good))
    check("those that say so are run twice", {n[:-8] for n in good if n.endswith(" @unpriv")} == TWICE, sorted(good))
    for name, row in good.items():
        if name == "elsewhere":
            check("another machine's test is skipped", row["status"] == bad[name]["status"] == "skipped", row)
            continue
        check(f"{name}: {row['description']}", row["status"] == "passed" and not row["why"], row)
        if name not in UNPRIV_ONLY:
            check(f"twin: {name} fails for its reason",
                  bad[name]["status"] == "failed" and bad[name]["description"] in bad[name]["why"], bad[name])
    check("randomness repeats", good["seeded"]["retval"] == rows(GOOD)["seeded"]["retval"] > 0, good["seeded"])
    check("messages are counted", (good["messages"]["messages_expected"], good["messages"]["messages_found"]) == (4, 4),
          good["messages"])
    check("a refusal's number", good["refused"]["errno"] == 13 and good["refused"]["verdict"] == "failure", good["refused"])


def formats():
    good, bad = run(GOOD), run(BAD)
    check("exit status 0: all passed", good.returncode == 0 and "25 passed, 0 failed, 1 skipped\n" in good.stdout, good)
    check("exit status 1: some failed", bad.returncode == 1 and "3 passed, 22 failed, 1 skipped\n" in bad.stdout, bad)
    check("one of them", run(GOOD, "-p", "by_name").stdout.count("passed") == 2, run(GOOD, "-p", "by_name"))
    tap = run(BAD, "-f", "tap").stdout.splitlines()
    check("TAP", tap[:2] == ["TAP version 14", "1..26"] and sum(l.startswith("not ok ") for l in tap) == 22
          and sum(l.endswith("# SKIP") for l in tap) == 1, tap)
    suite = xml.etree.ElementTree.fromstring(run(BAD, "-f", "junit").stdout)
    check("JUnit", suite.get("tests") == "26" and suite.get("failures") == "22" and len(suite.findall("testcase")) == 26
          and len(suite.findall("testcase/failure")) == 22 and len(suite.findall("testcase/skipped")) == 1, suite.attrib)
    table = [line.split("\t") for line in run(GOOD, BAD, "-f", "tsv").stdout.splitlines()]
    check("tsv: a row each, as many columns as the head", len(table) == 53 and all(len(r) == 11 for r in table)
          and table[0][:4] == ["file", "program", "expected", "verdict"], table[:2])
    by_name = [r for r in table if r[1] == "by_name"]
    check("tsv: what was returned", [r[7:9] for r in by_name] == [["XDP_PASS", "2"], ["XDP_DROP", "2"]], by_name)


def interpreter():
    done = run(GOOD, "--engine", "interp")
    check("on the interpreter", done.returncode == 0 and "25 passed, 0 failed, 1 skipped\n" in done.stdout, done)


def coverage():
    with open(SOURCE, encoding="utf-8") as f:
        source = f.read().splitlines()
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "out.info")
        done = run(GOOD, "--coverage", out)
        with open(out, encoding="utf-8") as f:
            text = f.read().splitlines()
    lines = {int(l[3:].split(",")[0]): int(l.split(",")[1]) for l in text if l.startswith("DA:")}
    branches = {}
    for l in text:
        if l.startswith("BRDA:"):
            line, block, branch, taken = l[5:].split(",")
            branches.setdefault(int(line), {})[int(block), int(branch)] = taken

    def at(code):
        return source.index(code) + 1
    check("coverage: one file, with its totals", done.returncode == 0 and [l for l in text if l.startswith("SF:")] == ["SF:" + SOURCE]
          and f"LF:{len(lines)}" in text and f"LH:{sum(n > 0 for n in lines.values())}" in text
          and f"BRF:{sum(map(len, branches.values()))}" in text and text[-1] == "end_of_record", text[-4:])
    # Each test is run for two callers where it says so; twice over where it says that.
    check("coverage: how often lines ran", lines[at('	bpf_printk("round %d", skb->len);')] == 2
          and lines[at("	data[0] = 0xff;")] == 1 and lines[at("	++*hit;")] == 1, lines)
    check("coverage: a line that was refused has no count", at("	return *(char *)(long)ctx->data;") not in lines, lines)
    check("coverage: a line that never ran has 0", lines[at("			skb->mark = 7;")] == 0, lines)
    # The other way of a condition never ran; or it was never asked.
    once = branches[at("	if (data + 14 > (__u8 *)(long)ctx->data_end)")]
    check("coverage: one way of a branch", sorted(once.values()) == ["0", "1"], once)
    loop = branches[at("	for (__u32 i = 0; i < skb->mark && i < 16; i++)")]
    # However the compiler turns the loop: one condition goes back twice and out once.
    check("coverage: a loop of three rounds", ["1", "2"] in [sorted((loop[b, 0], loop[b, 1])) for b, _ in loop], loop)
    check("coverage: a condition that was never evaluated", set(branches[at("		if (then > 5)")].values()) == {"-"}, branches)
    done = run(GOOD, "--coverage", "/nowhere/out.info")
    check("coverage: cannot be written", done.returncode == 2 and done.stderr == "skep: /nowhere/out.info: No such file or directory\n",
          done)


def wrong():
    done = run(WITHOUT)
    check("no tests", done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1
          and "<skep/test.h>" in done.stderr, done)
    done = run(GOOD, "-p", "nobody")
    check("no such test", done.returncode == 2 and done.stderr == "skep: no test of nobody\n", done)
    done = run()
    check("no file", done.returncode == 2 and "which file?" in done.stderr, done)
    done = run(GOOD, "/nowhere.o")
    check("a file that is not there", done.returncode == 2 and "25 passed" in done.stdout
          and done.stderr == "skep: /nowhere.o: No such file or directory\n", done)
    with open(GOOD, "rb") as f:
        image = f.read()
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "odd.bpf.o")
        for old, new, words in ((b"test_prog_flags", b"test_prog_flogs", "is no tag of tests that skep knows"),
                                (b"test_log_level=2", b"test_log_level=9", "makes no sense"),
                                (b"BPF_F_STRICT_ALIGNMENT", b"BPF_F_STRICT_ALIGNMANT", "makes no sense"),
                                (b"skep_repeat=2", b"skep_repeat=z", "makes no sense")):
            with open(path, "wb") as f:
                f.write(image.replace(old, new))
            done = run(path)
            check(f"a tag that is wrong: {new.decode()}", done.returncode == 2 and not done.stdout
                  and done.stderr.count("\n") == 1 and words in done.stderr, done)
        for old, new, words in ((b"01 02 03 04", b"01 02 0x 04", "is not bytes in hex"),
                                (b"hits:5=7,", b"hots:5=7,", "has no map hots"),
                                (b"skep_event=ring:05", b"skep_event=rung:05", "no ring buffer or perf event array"),
                                (b"mark=7", b"murk=7", "murk")):
            with open(path, "wb") as f:
                f.write(image.replace(old, new))
            done = run(path)
            check(f"one test that is wrong: {new.decode()}", done.returncode == 1 and words in done.stdout
                  and " 1 failed, 1 skipped" in done.stdout, done)


expectations()
formats()
interpreter()
coverage()
wrong()
sys.exit(end())
