#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes linux/bpf.h and linux/btf.h from the fact tables in data/.

usage: gen_uapi.py DATA_DIR OUT_DIR [STAMP_DIR]

STAMP_DIR, when given, gets a copy of both, for build systems that want flat outputs.

Sources: uapi-enums.tsv, uapi-defines.tsv, uapi-structs.tsv. Distributions ship headers older than
the interface that skep follows, so the whole project compiles against these. Every struct carries
static assertions of its size and of each named member's offset, so a wrong row does not compile.
"""
import os
import re
import shutil
import sys


def rows(path):
    with open(path, encoding="utf-8") as f:
        lines = [l.rstrip("\n") for l in f if l.strip() and not l.startswith("# ")]
    cols = lines[0].split("\t")
    for line in lines[1:]:
        vals = line.split("\t")
        yield dict(zip(cols, vals + [""] * (len(cols) - len(vals))))


# Macros that take something apart: name, what is done with the argument.
PARTS = {
    "BPF_CLASS": "& 0x07", "BPF_SIZE": "& 0x18", "BPF_MODE": "& 0xe0", "BPF_OP": "& 0xf0", "BPF_SRC": "& 0x08",
    "BPF_LINE_INFO_LINE_NUM": ">> 10", "BPF_LINE_INFO_LINE_COL": "& 0x3ff",
}

UNSIGNED = {"BPF_OBJ_NAME_LEN": "16U"}


def gen_defines(data, header):
    for name, what in PARTS.items() if header == "bpf.h" else ():
        yield f"#ifndef {name}\n#define {name}(code) ((code) {what})\n#endif"
    for r in rows(os.path.join(data, "uapi-defines.tsv")):
        hdrs = (header, "bpf_common.h") if header == "bpf.h" else (header,)
        if r["header"] in hdrs:
            yield f"#ifndef {r['define']}\n#define {r['define']} {UNSIGNED.get(r['define'], r['hex'])}\n#endif"


def gen_enums(data, header):
    groups = {}
    for r in rows(os.path.join(data, "uapi-enums.tsv")):
        if r["header"] == header:
            groups.setdefault(r["enum"], []).append(r)
    for name, rs in groups.items():
        tag = "" if name.startswith("anon(") else name + " "
        body = []
        for r in rs:
            v = int(r["value"])
            suffix = "ULL" if v > 0x7FFFFFFF else ""
            body.append(f"\t{r['constant']} = {v}{suffix},")
        yield f"enum {tag}{{\n" + "\n".join(body) + "\n};"


class Node:
    def __init__(self, name, row):
        self.name, self.row, self.kids = name, row, []


def build_tree(rs):
    root = Node("", rs[0])
    index = {"": root}
    for r in rs[1:]:
        path = r["member"]
        parent, _, leaf = path.rpartition(".")
        node = Node(leaf, r)
        index[path] = node
        index[parent].kids.append(node)
    return root


def decl(ctype, name):
    m = re.match(r"^(.*?)((?:\[\d*\])+)$", ctype)
    if m:
        return f"{m.group(1)} {name}{m.group(2)}"
    if "(*)" in ctype:
        return ctype.replace("(*)", f"(*{name})")
    return f"{ctype} {name}" if not ctype.endswith("*") else f"{ctype}{name}"


def emit_members(node, depth):
    """Members in order, with explicit padding so that packed gaps keep the recorded offsets."""
    out, tabs = [], "\t" * depth
    is_union = node.row["ctype"] == "union"
    for kid in node.kids:
        r = kid.row
        anon = kid.name.startswith("<")
        if kid.kids or r["ctype"] in ("struct", "union"):
            out.append(f"{tabs}{r['ctype']} {{")
            out += emit_members(kid, depth + 1)
            end = "" if anon else " " + kid.name
            out.append(f"{tabs}}}{end};")
            continue
        # 64-bit members of the UAPI are 8-aligned also where the ABI's own alignment is 4.
        align = " __attribute__((aligned(8)))" if r["ctype"] in ("__u64", "__s64") and not is_union else ""
        if int(r["byte_offset"]) % 8:
            align = ""
        bits = f":{r['bitfield_bits']}" if r["bitfield_bits"] not in ("", "0") else ""
        out.append(f"{tabs}{decl(r['ctype'], '' if anon else kid.name).rstrip()}{bits}{align if not bits else ''};")
    return out


def tail_pad(rs):
    """A hole at the end that no member's alignment would make is an unnamed member in the UAPI."""
    end = max(int(r["byte_offset"]) + int(r["size"]) for r in rs[1:]) if len(rs) > 1 else 0
    wide = any(int(r["size"]) % 8 == 0 and int(r["size"]) for r in rs[1:])
    hole = int(rs[0]["size"]) - end
    return ["\t__u32 :32;"] if hole == 4 and not wide and rs[0]["ctype"] == "struct" else []


def gen_structs(data, header):
    groups, order = {}, []
    for r in rows(os.path.join(data, "uapi-structs.tsv")):
        if r["type"] not in groups:
            groups[r["type"]] = []
            order.append(r["type"])
        groups[r["type"]].append(r)
    for name in order:
        rs = groups[name]
        if rs[0]["used_by"] != header and not (header == "bpf.h" and name == "bpf_attr"):
            continue
        kind = rs[0]["ctype"] if rs[0]["ctype"] in ("struct", "union") else "struct"
        root = build_tree(rs)
        body = emit_members(root, 1) + tail_pad(rs)
        size = int(rs[0]["size"])
        yield f"{kind} {name} {{\n" + "\n".join(body) + "\n};"
        yield f'_Static_assert(sizeof({kind} {name}) == {size}, "{name}");'
        for r in rs[1:]:
            path = re.sub(r"<(struct|union)\d+>\.?", "", r["member"])
            bit = r["bitfield_bits"] not in ("", "0")
            if path and not path.endswith(".") and not bit and not r["member"].endswith(">"):
                yield (f"_Static_assert(__builtin_offsetof({kind} {name}, {path}) == "
                       f'{r["byte_offset"]}, "{name}.{path}");')


# C++ knows only the other spelling.
CXX_ASSERT = "#ifdef __cplusplus\n#define _Static_assert static_assert\n#endif"


def write_header(data, out, header, guard):
    parts = ["/* SPDX-License-Identifier: BSD-2-Clause */ /* Made by scripts/gen_uapi.py from data/uapi-*.tsv. */",
             f"#ifndef {guard}", CXX_ASSERT, "#include <linux/types.h>", f"#define {guard}"]
    parts += gen_defines(data, header)
    parts += gen_enums(data, header)
    parts += gen_structs(data, header)
    parts.append(f"\n#endif /* {guard} */")
    with open(os.path.join(out, header), "w", encoding="utf-8") as f:
        f.write("\n".join(parts) + "\n")


def main():
    data, out = sys.argv[1:3]
    os.makedirs(out, exist_ok=True)
    write_header(data, out, "bpf.h", "__LINUX_BPF_H__")
    write_header(data, out, "btf.h", "__LINUX_BTF_H__")
    if len(sys.argv) > 3:
        for name in ("bpf.h", "btf.h"):
            shutil.copy(os.path.join(out, name), os.path.join(sys.argv[3], name))


main()
