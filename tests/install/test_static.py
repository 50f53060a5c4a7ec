#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The static command needs no dynamic loader and nothing else of the system.

usage: test_static.py SKEP_STATIC OBJECT     status 77 when there is no static command ("make static" builds it)
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, OBJECT = sys.argv[1:3]


def run(*cmd):
    r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, env={})
    return r.returncode, r.stdout, r.stderr


def licences():
    status, out, err = run(SKEP, "version", "-j", "--licenses")
    told = json.loads(out) if status == 0 else {}
    rows = {r["name"]: r for r in told.get("licences", [])}
    check("version --licenses names what is contained, with a text each", {"skep", "glibc", "elfutils", "liburcu"} <= set(rows) and
          all(r["how"] == "contained" and r["licence"] and r["version"] and len(r.get("text", "")) > 100 for r in rows.values()),
          f"{err} { {n: (r['how'], r['licence'], len(r.get('text', ''))) for n, r in rows.items()} }")
    check("no licence is unknown", not any("LicenseRef" in r["licence"] for r in rows.values()), str(rows.keys()))
    check("version -j tells that it is static", told.get("features", {}).get("static") is True, out[:200])


def alone():
    """In a root of its own there is nothing but the command and the object."""
    chroot = shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if os.geteuid() or not chroot:
        check("T-05 runs with nothing else around", True, skip="needs root and chroot")
        return
    top = tempfile.mkdtemp(prefix="skep-static-")
    try:
        shutil.copy(SKEP, os.path.join(top, "skep"))
        shutil.copy(OBJECT, os.path.join(top, "app.bpf.o"))
        told = [run(chroot, top, "/skep", *args) for args in (["version"], ["verify", "app.bpf.o"])]
        check("T-05 runs with nothing else around", all(t[0] == 0 for t in told) and "success" in told[1][1], str(told))
    finally:
        shutil.rmtree(top)


def main():
    if not os.path.exists(SKEP):
        print("ok 1 - T-05 static command # SKIP \"make static\" builds it")
        return 0
    segments = run("/usr/bin/readelf", "-lW", SKEP)[1]
    check("T-05 no dynamic loader is asked for", "LOAD" in segments and "INTERP" not in segments and "DYNAMIC" not in segments, segments)
    status, out, err = run(SKEP, "run", OBJECT)
    check("T-05 runs without an environment", status == 0 and "1 (XDP_DROP)" in out, out + err)
    alone()
    licences()
    return end()


sys.exit(main())
