#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Time to open and load objects: skep beside Debian's libbpf on the running kernel.

usage: load.py [-n ROUNDS] [-j OUT.json] LOAD_SKEP LOAD_LIBBPF|none OBJECT...

Rounds alternate between both, a process each with a few loads, of which the first does not count. Prints the minimum and the
median of opening and loading together, in microseconds, and the ratio of minima and of medians; at most 0.33 is the aim.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

PER_PROCESS = 6


def times(program, path):
    """Nanoseconds of opening and loading, a pair a load; or why there are none."""
    run = subprocess.run([program, str(PER_PROCESS), path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode == 77:
        return "not permitted here"
    if run.returncode:
        return (run.stderr.strip().splitlines() or [f"status {run.returncode}"])[-1]
    return [tuple(map(int, line.split())) for line in run.stdout.splitlines()][1:]


def figures(rounds):
    totals = [(o + l) / 1000 for o, l in rounds]
    return {"min_us": round(min(totals), 1), "median_us": round(statistics.median(totals), 1),
            "open_min_us": round(min(o for o, _ in rounds) / 1000, 1), "load_min_us": round(min(l for _, l in rounds) / 1000, 1),
            "loads": len(totals)}


def measure(programs, path, rounds):
    got = {name: [] for name in programs}
    why = {}
    for _ in range(rounds):
        for name, program in programs.items():
            if name in why:
                continue
            t = times(program, path)
            if isinstance(t, str):
                why[name] = t
            else:
                got[name] += t
    row = {"object": os.path.basename(path)}
    for name in programs:
        row[name] = {"error": why[name]} if name in why else figures(got[name])
    if not why and "libbpf" in programs:
        row["ratio_min"] = round(row["skep"]["min_us"] / row["libbpf"]["min_us"], 3)
        row["ratio_median"] = round(row["skep"]["median_us"] / row["libbpf"]["median_us"], 3)
    return row


def show(value):
    if not value:
        return "-"
    return value["error"][:40] if "error" in value else f"{value['min_us']:.0f} / {value['median_us']:.0f}"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-n", type=int, default=10)
    p.add_argument("-j")
    p.add_argument("load_skep")
    p.add_argument("load_libbpf")
    p.add_argument("objects", nargs="+")
    a = p.parse_args()
    programs = {"skep": a.load_skep}
    if a.load_libbpf != "none":
        programs["libbpf"] = a.load_libbpf
    rows = [measure(programs, path, a.n) for path in a.objects]
    print(f"{'open and load, us: min / median':32} {'skep':>20} {'libbpf and kernel':>20} {'ratio':>14}")
    for r in rows:
        ratio = f"{r['ratio_min']:.2f} / {r['ratio_median']:.2f}" if "ratio_min" in r else "-"
        print(f"{r['object']:32} {show(r['skep']):>20} {show(r.get('libbpf')):>20} {ratio:>14}")
    if a.j:
        with open(a.j, "w", encoding="utf-8") as f:
            json.dump(rows, f, indent=1)
    return any("error" in r["skep"] for r in rows)


sys.exit(main())
