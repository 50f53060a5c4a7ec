#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep test: each word of Linux's selftests means what it means there, or the test is skipped and says why.

usage: test_vocabulary.py SKEP OBJECT
"""
import json
import os
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, OBJECT = (os.path.realpath(a) for a in sys.argv[1:3])
# Name: how it comes out, and what stands in the reason.
WANT = {
    "regex": ("passed", ""),
    "no_regex": ("failed", '"^0: R9=" is not there'),
    "wrong_regex": ("failed", '"(": '),
    "regex_unpriv": ("passed", ""),
    "regex_unpriv @unpriv": ("passed", ""),
    "any_value": ("passed", ""),
    "any_number": ("passed", ""),
    "int_min": ("passed", ""),
    "data_len": ("passed", ""),
    "not_int_min": ("failed", "returns 3 (0x3), not INT_MIN"),
    "caps_by_number @unpriv": ("passed", ""),
    "caps_by_name @unpriv": ("passed", ""),
    "another_machine": ("skipped", "it is for other machines"),
    "jited_unpriv": ("passed", ""),
    "jited_unpriv @unpriv": ("failed", 'no line "there is no such insn"'),
    "to_stderr": ("skipped", "not modelled: __stderr: programs have no streams"),
    "to_stdout": ("skipped", "not modelled: __stdout: programs have no streams"),
    "to_stderr_unpriv": ("skipped", "not modelled: __stderr: programs have no streams"),
    "to_stderr_unpriv @unpriv": ("skipped", "not modelled: __stderr: programs have no streams"),
    "linear_size": ("skipped", "not modelled: __linear_size: packets of test runs are in one piece"),
    "btf_path": ("skipped", "not modelled: __btf_path: "),
    "old_tags": ("passed", ""),
    "old_numbers": ("failed", '"first" is not there\n'),
}


def run(*args):
    return subprocess.run([SKEP, *args], capture_output=True, text=True)


rows = {r["prog_name"]: r for r in json.loads(run("test", OBJECT, "-j").stdout)}
check("all are there", rows.keys() == WANT.keys(), rows.keys() ^ WANT.keys())
for name, (status, why) in WANT.items():
    row = rows.get(name, {"status": "none", "why": ""})
    check(f"{name}: {status}", row["status"] == status and why in row["why"], row)
sys.exit(end())
