#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the fields of program contexts for "skep run --ctx" from data/uapi-structs.tsv and prog-types.tsv.

usage: gen_ctx_fields.py DATA_DIR OUT

Members of anonymous structures stand under their own names; pointers cannot be given and are left out.
"""
import os
import re
import sys

# What a test run takes where it is not the context that the program sees.
INSTEAD = {"BPF_PROG_TYPE_FLOW_DISSECTOR": "bpf_flow_keys"}
# The table has its array without a length; Linux passes at most twelve arguments.
RAW_ARGS = ("bpf_raw_tracepoint_args", 96, [("args", 0, 8, 12, 0, 0)])
# Linux's names of the registers of x86-64, and what a performance event adds.
REGS = [(name, 8 * i, 8, 1, 0, 0) for i, name in enumerate(
    "r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss".split())]
TRACED = {"bpf_user_pt_regs_t": (168, REGS),
          "bpf_perf_event_data": (184, REGS + [("sample_period", 168, 8, 1, 0, 0), ("addr", 176, 8, 1, 0, 0)])}
TYPE = re.compile(r"^__(u|s|be)(8|16|32|64)(?:\[(\d+)\])?$")


def rows(path):
    with open(path, encoding="utf-8") as f:
        lines = [l.rstrip("\n").split("\t") for l in f if l.strip() and not l.startswith("# ")]
    return [dict(zip(lines[0], l)) for l in lines[1:]]


def structs(data):
    found = {}
    for r in rows(os.path.join(data, "uapi-structs.tsv")):
        if not r["member"]:
            found[r["type"]] = (int(r["size"]), [])
            continue
        m = TYPE.match(r["ctype"])
        if m and not int(r["bitfield_bits"]):
            name = r["member"].rsplit(">.", 1)[-1]
            found[r["type"]][1].append((name, int(r["byte_offset"]), int(m.group(2)) // 8, int(m.group(3) or 1),
                                        int(m.group(1) == "s"), int(m.group(1) == "be")))
    found[RAW_ARGS[0]] = RAW_ARGS[1:]
    found.update(TRACED)
    return found


def main():
    data, out = sys.argv[1:]
    known, types = structs(data), {}
    for r in rows(os.path.join(data, "prog-types.tsv")):
        struct = INSTEAD.get(r["prog_type"], r["ctx_struct"].split(" ")[0])
        if known.get(struct, (0, []))[1]:
            types[r["value"]] = struct
    used = sorted(set(types.values()))
    with open(out, "w", encoding="utf-8") as f:
        f.write("/* Made by scripts/gen_ctx_fields.py from data/uapi-structs.tsv and data/prog-types.tsv. */\n")
        for s in used:
            f.write(f"static const struct ctx_field fields_{s}[] = {{\n")
            for name, *numbers in known[s][1]:
                f.write(f'\t{{ "{name}", {", ".join(map(str, numbers))} }},\n')
            f.write("};\n")
        f.write("static const struct ctx_layout layouts[] = {\n")
        for value, s in sorted(types.items(), key=lambda t: int(t[0])):
            f.write(f'\t[{value}] = {{ "{s}", {known[s][0]}, fields_{s}, ARRAY_SIZE(fields_{s}) }},\n')
        f.write("};\n")


main()
