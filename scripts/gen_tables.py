#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the runtime's C tables (src/runtime/tables.h) from the fact tables in data/.

usage: gen_tables.py DATA_DIR OUT_C

A flag, an argument kind or a return kind that verifier.h has no word for becomes
ARG_UNKNOWN_FLAG or RET_UNKNOWN_FLAG, so that the verifier refuses the helper by name.
"""
import os
import re
import sys

# Program types that skep runs. Every other type of Linux gets a row with modelled = false.
MODELLED = {"SOCKET_FILTER", "SCHED_CLS", "SCHED_ACT", "XDP", "RAW_TRACEPOINT", "SYSCALL"}
LD_ABS = {"SOCKET_FILTER", "SCHED_CLS", "SCHED_ACT"}

# Which of Linux's selecting functions a type asks, the nearest first (column selected_in of
# helper-protos.tsv).
SELECTORS = {
    "XDP": ["xdp_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"],
    "SCHED_CLS": ["tc_cls_act_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"],
    "SCHED_ACT": ["tc_cls_act_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"],
    "SOCKET_FILTER": ["sk_filter_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"],
    "RAW_TRACEPOINT": ["raw_tp_prog_func_proto", "bpf_tracing_func_proto", "bpf_base_func_proto"],
    "SYSCALL": ["syscall_prog_func_proto", "tracing_prog_func_proto", "bpf_tracing_func_proto",
                "bpf_base_func_proto"],
}

# Helpers after which packet pointers mean nothing any more (they may move, grow or unshare the
# packet). A tail call counts: the program it goes to may have called any of them.
CHANGES_PKT_DATA = {
    "clone_redirect", "l3_csum_replace", "l4_csum_replace", "lwt_push_encap", "lwt_seg6_action",
    "lwt_seg6_adjust_srh", "lwt_seg6_store_bytes", "msg_pop_data", "msg_pull_data",
    "msg_push_data", "skb_adjust_room", "skb_change_head", "skb_change_proto", "skb_change_tail",
    "skb_pull_data", "skb_store_bytes", "skb_vlan_pop", "skb_vlan_push", "store_hdr_opt",
    "tail_call", "xdp_adjust_head", "xdp_adjust_meta", "xdp_adjust_tail",
}

CTX_VALS = {"scalar": "CTX_SCALAR", "pkt": "CTX_PACKET", "pkt_meta": "CTX_PACKET_META",
            "pkt_end": "CTX_PACKET_END"}

ARG_KINDS = {
    "ANYTHING", "CONST_MAP_PTR", "PTR_TO_MAP_KEY", "PTR_TO_MAP_VALUE", "PTR_TO_MEM",
    "PTR_TO_ARENA", "CONST_SIZE", "CONST_SIZE_OR_ZERO", "PTR_TO_CTX", "PTR_TO_SPIN_LOCK",
    "PTR_TO_SOCK_COMMON", "PTR_TO_SOCKET", "PTR_TO_BTF_ID", "PTR_TO_RINGBUF_MEM",
    "CONST_ALLOC_SIZE_OR_ZERO", "PTR_TO_BTF_ID_SOCK_COMMON", "PTR_TO_PERCPU_BTF_ID", "PTR_TO_FUNC",
    "PTR_TO_STACK", "PTR_TO_CONST_STR", "PTR_TO_TIMER", "KPTR_XCHG_DEST", "PTR_TO_DYNPTR",
}
ARG_FLAGS = {"PTR_MAYBE_NULL": "ARG_MAYBE_NULL", "MEM_UNINIT": "ARG_MEM_UNINIT",
             "MEM_WRITE": "ARG_MEM_WRITE", "MEM_RDONLY": "ARG_MEM_RDONLY",
             "OBJ_RELEASE": "ARG_OBJ_RELEASE", "MEM_FIXED_SIZE": "ARG_MEM_FIXED_SIZE",
             "MEM_ALIGNED": "ARG_MEM_ALIGNED"}
RET_KINDS = {"INTEGER", "VOID", "PTR_TO_MAP_VALUE", "PTR_TO_SOCKET", "PTR_TO_TCP_SOCK",
             "PTR_TO_SOCK_COMMON", "PTR_TO_MEM", "PTR_TO_MEM_OR_BTF_ID", "PTR_TO_BTF_ID"}


def rows(data, name):
    with open(os.path.join(data, name), encoding="utf-8") as f:
        lines = [l.rstrip("\n") for l in f if l.strip() and not l.startswith("# ")]
    cols = lines[0].split("\t")
    return [dict(zip(cols, l.split("\t") + [""] * len(cols))) for l in lines[1:]]


def parse_arg(text):
    """'ARG_PTR_TO_MEM | MEM_RDONLY | MEM_FIXED_SIZE [size:40]' -> (C expression, size)"""
    if not text:
        return "ARG_DONTCARE", 0
    size = re.search(r"\[size:(\d+)\]", text)
    flags = ["ARG_UNKNOWN_FLAG"] if re.search(r"\[btf:struct ", text) else []
    words = re.sub(r"\[[^]]*\]", "", text).split("|")
    kind = words[0].strip().removeprefix("ARG_")
    if kind == "PTR_TO_UNINIT_MEM":
        kind = "PTR_TO_MEM"
        flags += ["ARG_MEM_UNINIT", "ARG_MEM_WRITE"]
    if kind not in ARG_KINDS and kind.endswith("_OR_NULL"):
        kind = kind.removesuffix("_OR_NULL")
        flags.append("ARG_MAYBE_NULL")
    if kind not in ARG_KINDS:
        kind, flags = "ANYTHING", flags + ["ARG_UNKNOWN_FLAG"]
    flags += [ARG_FLAGS.get(w.strip(), "ARG_UNKNOWN_FLAG") for w in words[1:]]
    return " | ".join(["ARG_" + kind] + sorted(set(flags))), int(size.group(1)) if size else 0


def parse_ret(text):
    flags = ["RET_UNKNOWN_FLAG"] if "[" in text else []
    words = re.sub(r"\[[^]]*\]", "", text).split("|")
    kind = words[0].strip().removeprefix("RET_")
    if kind == "PTR_TO_RINGBUF_MEM_OR_NULL":
        kind, flags = "PTR_TO_MEM_OR_NULL", flags + ["RET_MEM_RINGBUF"]
    if kind not in RET_KINDS and kind.endswith("_OR_NULL"):
        kind = kind.removesuffix("_OR_NULL")
        flags.append("RET_MAYBE_NULL")
    if kind not in RET_KINDS:
        kind, flags = "INTEGER", flags + ["RET_UNKNOWN_FLAG"]
    for w in words[1:]:
        known = w.strip() == "PTR_MAYBE_NULL"
        flags.append("RET_MAYBE_NULL" if known else "RET_UNKNOWN_FLAG")
    return " | ".join(["RET_" + kind] + sorted(set(flags)))


def proto(hid, name, r):
    args = [parse_arg(r[f"arg{i}"]) for i in range(1, 6)]
    bools = "".join(f" .{c} = true," for c in
                    ("gpl_only", "pkt_access", "might_sleep", "allow_fastcall") if r[c] == "1")
    if name.removeprefix("bpf_") in CHANGES_PKT_DATA:
        bools += " .changes_pkt_data = true,"
    text = f'.id = {hid}, .name = "{name}",{bools} .ret = {parse_ret(r["ret"])}'
    text += ", .arg = { " + ", ".join(a for a, _ in args) + " }"
    if any(s for _, s in args):
        text += ", .arg_size = { " + ", ".join(str(s) for _, s in args) + " }"
    return text


def gen_helpers(data, ids):
    by_name = {}
    for r in rows(data, "helper-protos.tsv"):
        by_name.setdefault(r["helper"], []).append(r)
    yield "const struct helper_proto tab_helpers[] = {"
    defaults = {}
    for r in rows(data, "helpers.tsv"):
        defaults[r["name"]] = proto(r["id"], r["name"], r)
        yield f"\t[{r['id']}] = {{ {defaults[r['name']]} }},"
    yield "};"
    yield f"const u32 tab_helper_cnt = {max(ids.values()) + 1};"
    yield "const struct tab_variant tab_variants[] = {"
    for ptype, selectors in SELECTORS.items():
        for name, variants in by_name.items():
            if len(variants) < 2 or name not in ids:
                continue
            for sel in selectors:
                match = [v for v in variants if sel in v["selected_in"].split(",")]
                if match:
                    text = proto(ids[name], name, match[0])
                    if text != defaults[name]:
                        yield f"\t{{ BPF_PROG_TYPE_{ptype}, {{ {text} }} }},"
                    break
    yield "};"
    yield "const u32 tab_variant_cnt = ARRAY_SIZE(tab_variants);"


def gen_caps(data, ids):
    """A capability that every program type of the documentation's table asks for."""
    caps = {}
    for r in rows(data, "helpers-by-progtype-docs.tsv"):
        caps.setdefault(r["helper"], []).append(set(c for c in r["cap"].split(",") if c))
    yield "const u8 tab_helper_caps[] = {"
    for name, sets in caps.items():
        need = [c for c in ("CAP_BPF", "CAP_PERFMON")
                if 2 * sum(c in s for s in sets) > len(sets)]
        if need and name in ids:
            yield f"\t[{ids[name]}] = " + " | ".join("V" + c for c in need) + ","
    yield f"\t[{max(ids.values())}] = 0,\n}};"


def gen_matrix(data, ids):
    table = rows(data, "helpers-by-progtype.tsv")
    columns = [c for c in table[0] if c not in ("id", "helper")]
    cell = {"0": "0", "1": "1", "S": "2", "A": "3"}
    known = {int(r["id"]): r for r in table}
    yield f"static const char avail[][{len(columns) + 1}] = {{"
    for hid in range(max(ids.values()) + 1):
        if hid in known:
            yield f'\t[{hid}] = "' + "".join(cell[known[hid][c]] for c in columns) + '",'
    yield "};"
    yield """
u32 tab_helper_avail(u32 helper_id, s32 column)
{
	if (column < 0 || helper_id >= ARRAY_SIZE(avail) || !avail[helper_id][0])
		return TAB_UNPROBED;
	return avail[helper_id][column] - '0';
}"""
    return columns


def ctx_rows(context, ctx_table):
    if context == "RAW_TRACEPOINT":
        # Twelve arguments of 8 bytes, read in any size at its natural alignment.
        return [(off, size, "CTX_READ", "CTX_SCALAR", f"args[{off // 8}]")
                for size in (8, 4, 2, 1) for off in range(0, 96, size)]
    out = []
    for r in ctx_table:
        if r["context"] != context:
            continue
        access = [f for c, f in (("read", "CTX_READ"), ("write_reg", "CTX_WRITE"),
                                 ("write_imm", "CTX_WRITE_IMM")) if r[c] == "1"]
        val = CTX_VALS.get(r["reg_type_after_read"], "CTX_NOT_MODELLED")
        out.append((int(r["offset"]), int(r["size"]), " | ".join(access), val, r["field"]))
    return out


def gen_progs(data, columns):
    ctx_table = rows(data, "ctx-access.tsv")
    types = [(r["constant"].removeprefix("BPF_PROG_TYPE_"), int(r["value"]))
             for r in rows(data, "uapi-enums.tsv")
             if r["enum"] == "bpf_prog_type" and r["constant"].startswith("BPF_PROG_TYPE_")]
    probed = {}
    for r in rows(data, "prog-types.tsv"):
        probed.setdefault(r["prog_type"].removeprefix("BPF_PROG_TYPE_"), []).append(r)
    sizes = {r["type"]: int(r["size"]) for r in rows(data, "uapi-structs.tsv") if not r["member"]}
    arrays, entries = [], []
    for name, value in types:
        if name == "UNSPEC":
            continue
        common = f'.type = BPF_PROG_TYPE_{name}, .name = "{name}"'
        if name not in MODELLED or name not in probed:
            entries.append(f"\t{{ .row = {{ {common}, .ctx_struct = \"\" }}, .column = -1 }},")
            continue
        for i, r in enumerate(probed[name]):
            ctx = re.match(r"\w+", r["ctx_struct"]).group(0)
            rws = ctx_rows(r["context"], ctx_table)
            f = [common, f'.ctx_struct = "{ctx}"', ".modelled = true"]
            if rws:
                arr = "ctx_" + re.sub(r"\W", "_", r["context"]).lower()
                arrays.append(f"static const struct ctx_row {arr}[] = {{")
                arrays += [f'\t{{ {o}, {s}, {a}, {v}, "{n}" }},' for o, s, a, v, n in rws]
                arrays.append("};")
                f.append(f".rows = {arr}, .row_cnt = ARRAY_SIZE({arr})")
            size = 65535 if name == "SYSCALL" else 96 if name == "RAW_TRACEPOINT" else sizes[ctx]
            f.append(f".ctx_size = {size}")
            if name == "SYSCALL":
                f[1] = '.ctx_struct = ""'
                f.append(".ctx_is_mem = true")
            f += [f".{c} = true" for c in ("pkt_read", "pkt_write") if r[c] == "1"]
            if name in LD_ABS:
                f.append(".ld_abs = true")
            if r["sleepable_load_ok"] == "1":
                f.append(".sleepable_ok = true")
            vals = [int(v) for v in r["retval_accepted"].split(",")]
            if r["retval_unknown_ok"] != "1":
                f.append(f".ret_checked = true, .ret_min = {min(vals)}, .ret_max = {max(vals)}")
            given = "" if i == 0 else f", .attach_given = true, .attach_type = {r['expected_attach_type']}"
            entries.append("\t{ .row = { " + ", ".join(f) +
                           f" }}{given}, .column = {columns.index(r['context'])} }},")
    yield from arrays
    yield "const struct tab_prog tab_progs[] = {"
    yield from entries
    yield "};"
    yield "const u32 tab_prog_cnt = ARRAY_SIZE(tab_progs);"


def gen_map_helpers(data, ids):
    docs = {(r["map_type"], r["helper"]) for r in rows(data, "helpers-by-maptype-docs.tsv")}
    table = {r["map_type"]: r for r in rows(data, "map-helpers.tsv")}
    mtypes = [r["constant"] for r in rows(data, "uapi-enums.tsv")
              if r["enum"] == "bpf_map_type" and r["constant"].startswith("BPF_MAP_TYPE_")]
    takers = set(next(iter(table.values()))) - {"map_type"} | {h for _, h in docs}
    yield "static bool map_helper(u32 map_type, u32 helper_id)\n{\n\tswitch (map_type) {"
    done = set()
    for m in mtypes:
        # The resizable hash map takes what the hash map takes (map-types-7x.tsv).
        as_type = "BPF_MAP_TYPE_HASH" if m == "BPF_MAP_TYPE_RHASH" else m
        as_type = as_type.replace("_DEPRECATED", "")
        ok = []
        for h in sorted(takers & set(ids), key=lambda n: ids[n]):
            cell = table.get(as_type, {}).get(h, "?")
            if cell == "1" or (cell == "?" and (as_type, h) in docs):
                ok.append(ids[h])
        if not ok or as_type in done and m != "BPF_MAP_TYPE_RHASH":
            continue
        done.add(as_type)
        yield f"\tcase {m}:\n\t\tswitch (helper_id) {{"
        yield "\n".join(f"\t\tcase {i}:" for i in ok)
        yield "\t\t\treturn true;\n\t\t}\n\t\treturn false;"
    yield "\tdefault:\n\t\treturn false;\n\t}\n}"
    yield "bool tab_helper_map_ok(u32 helper_id, u32 map_type)\n{\n" \
          "\treturn map_helper(map_type, helper_id);\n}"


def gen_attach(data):
    yield "const struct tab_attach tab_attaches[] = {"
    for r in rows(data, "prog-attach-types.tsv"):
        text = r["expected_attach_types_accepted_at_load"]
        vals = [] if text.startswith("(") else text.split(",")
        yield f"\t{{ {r['prog_type']}, {len(vals)}, {{ {', '.join(vals) or 0} }} }},"
    yield "};"
    yield "const u32 tab_attach_cnt = ARRAY_SIZE(tab_attaches);"


def main():
    data, out_c = sys.argv[1:3]
    ids = {r["name"]: int(r["id"]) for r in rows(data, "helpers.tsv")}
    out = ["/* SPDX-License-Identifier: BSD-2-Clause */",
           "/* Generated by scripts/gen_tables.py from data/; do not edit. */",
           '#include "runtime/tables.h"', ""]
    out += gen_helpers(data, ids)
    out += gen_caps(data, ids)
    columns = [c for c in rows(data, "helpers-by-progtype.tsv")[0] if c not in ("id", "helper")]
    out += gen_matrix(data, ids)
    out += gen_progs(data, columns)
    out += gen_map_helpers(data, ids)
    out += gen_attach(data)
    with open(out_c, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


main()
