#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What verify and test found wrong, for those who show it beside the source: annotations of GitHub's workflows, SARIF
2.1.0 (its required structure is checked here), JUnit's XML in a file.

usage: test_findings.py SKEP GOOD BAD SHAPES UNKNOWN_MAP ROOT
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import xml.etree.ElementTree

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, GOOD, BAD, SHAPES, UNKNOWN, ROOT = (os.path.realpath(a) for a in sys.argv[1:7])


def run(*args, **kw):
    return subprocess.run([SKEP, *args], capture_output=True, text=True, **kw)


# ---- SARIF: section numbers are those of the standard --------------------------------------------------------------

def is_message(obj):
    return isinstance(obj, dict) and isinstance(obj.get("text"), str) and obj["text"]  # 3.11


def location_errors(loc):
    if "physicalLocation" not in loc:
        return []
    physical = loc["physicalLocation"]
    uri = physical["artifactLocation"]["uri"]  # 3.29.2, 3.4.3
    errors = []
    parts = urllib.parse.urlsplit(uri)
    if not parts.scheme and physical["artifactLocation"].get("uriBaseId") != "%SRCROOT%":  # 3.4.4
        errors.append(f"{uri}: relative to what?")
    if parts.scheme not in ("", "file") or re.search(r"[^A-Za-z0-9._~/%:-]", uri):
        errors.append(f"{uri} is no URI")
    region = physical.get("region", {"startLine": 1})
    if region["startLine"] < 1 or region.get("startColumn", 1) < 1:  # 3.30.5, 3.30.6
        errors.append(f"region {region}")
    return errors


def sarif_errors(log):
    errors = []
    if log.get("version") != "2.1.0" or not isinstance(log.get("runs"), list) or "sarif-2.1.0" not in log.get("$schema", ""):
        return ["3.13: version, $schema, runs"]
    for one in log["runs"]:
        driver = one["tool"]["driver"]  # 3.14.6, 3.18.2
        if driver["name"] != "skep":
            errors.append("3.19.8: name")
        ids = [r["id"] for r in driver.get("rules", [])]
        if len(ids) != len(set(ids)):
            errors.append("a rule twice")
        for rule in driver["rules"]:
            if not is_message(rule["help"]) or not is_message(rule["shortDescription"]):
                errors.append(f"3.49: {rule}")
        if one["columnKind"] not in ("utf16CodeUnits", "unicodeCodePoints"):  # 3.14.17
            errors.append("columnKind")
        if any(not isinstance(i.get("executionSuccessful"), bool) for i in one["invocations"]):  # 3.20.14
            errors.append("executionSuccessful")
        for res in one["results"]:  # 3.27
            if not is_message(res["message"]) or res["level"] not in ("none", "note", "warning", "error"):
                errors.append(f"3.27: {res}")
            if ids[res["ruleIndex"]] != res["ruleId"]:
                errors.append(f"3.27.6: {res['ruleId']}")
            for loc in res["locations"]:
                errors += location_errors(loc)
            for flow in res.get("codeFlows", []):  # 3.36.3
                if not flow["threadFlows"]:
                    errors.append("3.36.3")
                for thread in flow["threadFlows"]:
                    if not thread["locations"]:  # 3.37.6
                        errors.append("3.37.6")
                    for step in thread["locations"]:
                        errors += location_errors(step["location"])
    return errors


def results_of(log):
    return {r["locations"][0]["logicalLocations"][0]["name"]: r for r in log["runs"][0]["results"]}


def place_of(res):
    physical = res["locations"][0]["physicalLocation"]
    return urllib.parse.unquote(physical["artifactLocation"]["uri"]), physical.get("region", {}).get("startLine")


def line_with(source, text):
    with open(os.path.join(ROOT, source), encoding="utf-8") as f:
        lines = f.read().splitlines()
    return next(i for i, l in enumerate(lines, 1) if text in l)


def sarif(tmp):
    done = run("verify", SHAPES, "--format", "sarif")
    log = json.loads(done.stdout)
    check("verify: SARIF has what the standard requires", not sarif_errors(log), sarif_errors(log))
    found = results_of(log)
    check("verify: of what is refused only", done.returncode == 1 and list(found) == ["too_far"], list(found))
    res = found["too_far"]
    told = json.loads(run("verify", SHAPES, "-j", "--explain", "-p", "too_far").stdout)[0]
    check("verify: its rule is the reason, with help from its page", res["ruleId"] == "packet-bounds" == told["reason"]
          and "data_end" in log["runs"][0]["tool"]["driver"]["rules"][0]["help"]["markdown"], log["runs"][0]["tool"])
    line = int(told["source"].split(":")[1])
    check("verify: where, as the root of the repository sees it", place_of(res) == ("tests/cli/shapes.bpf.c", line), place_of(res))
    steps = res["codeFlows"][0]["threadFlows"][0]["locations"]
    check("verify: the code flow is what --explain tells, then the place itself",
          [s["location"]["message"]["text"] for s in steps[:-1]] == [f"{c['role']}: {c['insn']}: {c['known']}"
          for c in told["explain"]["causes"]] and steps[-1]["location"]["message"]["text"] == told["message"], steps)
    check("verify: causes have places in JSON, too", {c["path"] for c in told["explain"]["causes"]} == {"tests/cli/shapes.bpf.c"}
          and all(c["line"] > 0 for c in told["explain"]["causes"]), told["explain"])
    out = os.path.join(tmp, "out.sarif")
    both = run("verify", SHAPES, "--sarif", out)
    with open(out, encoding="utf-8") as f:
        check("verify: the same in a file, beside the table", json.load(f) == log and "too_far" in both.stdout
              and "how it came about" not in both.stdout, both)
    none = json.loads(run("verify", GOOD, "-p", "loads", "--format", "sarif").stdout)
    check("verify: nothing wrong, no results", not sarif_errors(none) and none["runs"][0]["results"] == [], none)
    done = run("verify", UNKNOWN, "--format", "sarif")
    log = json.loads(done.stdout)
    check("verify: what cannot be loaded is there, too", done.returncode == 2 and not sarif_errors(log) and
          {r["ruleId"] for r in log["runs"][0]["results"]} == {"not-loadable"}, sarif_errors(log) or done)
    log = json.loads(run("verify", SHAPES, "/nowhere/a.bpf.o", "--format", "sarif").stdout)
    check("verify: a file that could not be read", log["runs"][0]["invocations"] == [{"executionSuccessful": False}], log)
    done = run("verify", SHAPES, "--sarif", "/nowhere/out.sarif")
    check("verify: cannot be written", done.returncode == 2 and "skep: /nowhere/out.sarif: No such file or directory\n" in done.stderr, done)


def sarif_of_tests(tmp):
    out, xml_out = os.path.join(tmp, "t.sarif"), os.path.join(tmp, "t.xml")
    done = run("test", BAD, "--format", "tap", "--sarif", out, "--junit", xml_out)
    with open(out, encoding="utf-8") as f:
        log = json.load(f)
    check("test: three outputs of one run", done.stdout.startswith("TAP version 14\n1..26\n") and done.returncode == 1
          and xml.etree.ElementTree.parse(xml_out).getroot().get("failures") == "22", done)
    check("test: SARIF has what the standard requires", not sarif_errors(log), sarif_errors(log))
    found = results_of(log)
    check("test: a result for each that failed or was skipped", len(found) == 23 and
          sum(r["level"] == "note" for r in found.values()) == 1 == sum(r["ruleId"] == "test-skipped" for r in found.values()), found)
    res = found["refused"]
    check("test: an unexpected refusal has the verifier's reason, place and code flow", res["ruleId"] == "packet-bounds"
          and place_of(res) == ("tests/cli/unit.bpf.c", line_with("tests/cli/unit.bpf.c", "return *(char *)(long)ctx->data;"))
          and res["codeFlows"], res)
    res = found["by_name"]
    where = place_of(res)
    begin = line_with("tests/cli/unit.bpf.c", "int by_name(")
    check("test: another one stands where its function begins", res["ruleId"] == "test-failed"
          and where[0] == "tests/cli/unit.bpf.c" and begin <= where[1] <= begin + 2 and "returns 2" in res["message"]["text"], res)
    check("test: the same on stdout", json.loads(run("test", BAD, "-f", "sarif").stdout)["runs"][0]["tool"] == log["runs"][0]["tool"])
    for option in ("--sarif", "--junit"):
        done = run("test", GOOD, option, "/nowhere/out")
        check(f"test: {option} cannot be written", done.returncode == 2 and
              done.stderr == "skep: /nowhere/out: No such file or directory\n", done)


# ---- annotations ---------------------------------------------------------------------------------------------------

def unescape(text):
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def annotations(text):
    """As a runner reads them: command, properties, message."""
    found = []
    for line in text.split("\n"):
        m = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        if m:
            props = dict(p.split("=", 1) for p in m[2].split(","))
            found.append((m[1], {k: unescape(v) for k, v in props.items()}, unescape(m[3])))
    return found


def github(tmp):
    done = run("verify", SHAPES, "--format", "github")
    found = annotations(done.stdout)
    check("verify: an annotation of what is refused", done.returncode == 1 and len(found) == 1 and found[0][0] == "error"
          and found[0][1]["file"] == "tests/cli/shapes.bpf.c" and int(found[0][1]["line"]) > 1 and int(found[0][1]["col"]) >= 1
          and found[0][1]["title"] == "shapes.bpf.o: too_far (packet-bounds)" and "invalid access to packet" in found[0][2], found)
    check("verify: and sums", done.stdout.endswith(" s\n") and "1 refused" in done.stdout.splitlines()[-1], done.stdout)
    done = run("test", BAD, "-f", "github")
    found = annotations(done.stdout)
    check("test: one for each that failed, a notice of what was skipped", [f[0] for f in found].count("error") == 22
          and [f[0] for f in found].count("notice") == 1 and done.stdout.endswith("3 passed, 22 failed, 1 skipped\n"), found)
    texts = {f[1]["title"].split(": ")[1].split(" (")[0]: f for f in found}
    check("test: several lines in one", "\n     not fe02030405060708090a0b0c0d0e" in texts["packet"][2], texts["packet"])
    check("test: a passed run says nothing", not annotations(run("test", GOOD, "-f", "github", "-p", "by_name").stdout))
    odd = os.path.join(tmp, "50%, a:b\nc.bpf.o")
    shutil.copy(SHAPES, odd)
    done = run("verify", odd, "--format", "github", cwd=tmp)
    found = annotations(done.stdout)
    check("an odd name is escaped", len(found) == 1 and found[0][1]["title"] == os.path.basename(odd) + ": too_far (packet-bounds)"
          and len(done.stdout.splitlines()) == 2 + (done.stdout.splitlines()[1] == ""), done.stdout)


# ---- a file that changes while it is read ---------------------------------------------------------------------------

def changing(tmp):
    path = os.path.join(tmp, "changing.bpf.o")
    with open(SHAPES, "rb") as f:
        image = f.read()
    wrong = []
    for delay in range(12):
        with open(path, "wb") as f:
            f.write(image)
        proc = subprocess.Popen([SKEP, "verify", path, path, "-J", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay / 400)
        with open(path, "wb") as f:
            f.write(image[:delay * 700])
        if proc.wait() not in (1, 2):
            wrong.append((delay, proc.returncode))
    check("a file that is cut while it is verified: an answer, no crash", not wrong, wrong)


with tempfile.TemporaryDirectory() as folder:
    sarif(folder)
    sarif_of_tests(folder)
    github(folder)
    changing(folder)
sys.exit(end())
