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

# Program types whose contexts hold the kernel's own types: rows with modelled = false.
TYPED = {"TRACING", "STRUCT_OPS", "LSM", "EXT"}
# Types that nobody could probe: which helpers they may call the documentation says.
BY_DOCS = {"LIRC_MODE2"}
# Newer than the probed kernel: L-06.
SLEEPABLE = {"TRACEPOINT", "RAW_TRACEPOINT"}
LD_ABS = {"SOCKET_FILTER", "SCHED_CLS", "SCHED_ACT"}

# Which of Linux's selecting functions a type asks, the nearest first (column selected_in of
# helper-protos.tsv).
SELECTORS = {
    "XDP": ["xdp_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"],
    "SCHED_CLS": ["tc_cls_act_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"],
    "SCHED_ACT": ["tc_cls_act_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"],
    "SOCKET_FILTER": ["sk_filter_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"],
    **{t: [f, "bpf_tracing_func_proto", "bpf_base_func_proto"] for t, f in (
        ("RAW_TRACEPOINT", "raw_tp_prog_func_proto"),
        ("RAW_TRACEPOINT_WRITABLE", "raw_tp_prog_func_proto"), ("TRACEPOINT", "tp_prog_func_proto"),
        ("PERF_EVENT", "pe_prog_func_proto"), ("KPROBE", "kprobe_prog_func_proto"))},
    **{t: [f, "bpf_sk_base_func_proto", "bpf_base_func_proto"] for t, f in (
        ("LWT_IN", "lwt_in_func_proto"), ("LWT_OUT", "lwt_out_func_proto"),
        ("LWT_XMIT", "lwt_xmit_func_proto"), ("LWT_SEG6LOCAL", "lwt_seg6local_func_proto"),
        ("SK_SKB", "sk_skb_func_proto"), ("SK_MSG", "sk_msg_func_proto"),
        ("SOCK_OPS", "sock_ops_func_proto"), ("FLOW_DISSECTOR", "flow_dissector_func_proto"),
        ("SK_REUSEPORT", "sk_reuseport_func_proto"), ("SK_LOOKUP", "sk_lookup_func_proto"))},
    **{t: [f, "cgroup_common_func_proto", "bpf_sk_base_func_proto", "bpf_base_func_proto"] for t, f in (
        ("CGROUP_SKB", "cg_skb_func_proto"), ("CGROUP_SOCK", "sock_filter_func_proto"),
        ("CGROUP_SOCK_ADDR", "sock_addr_func_proto"), ("CGROUP_SOCKOPT", "cg_sockopt_func_proto"),
        ("CGROUP_SYSCTL", "sysctl_func_proto"), ("CGROUP_DEVICE", "cgroup_dev_func_proto"))},
    "NETFILTER": ["bpf_base_func_proto"],
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
            "pkt_end": "CTX_PACKET_END", "sock": "CTX_SOCK", "sock_or_null": "CTX_SOCK_OR_NULL",
            "sock_common_or_null": "CTX_SOCK_COMMON_OR_NULL", "flow_keys": "CTX_FLOW_KEYS",
            "tp_buffer": "CTX_TP_BUFFER"}

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
    yield f"static const char avail[][{len(columns) + len(BY_DOCS) + 1}] = {{"
    docs = {(r["prog_type"].removeprefix("BPF_PROG_TYPE_"), r["helper"])
            for r in rows(data, "helpers-by-progtype-docs.tsv")}
    for hid in range(max(ids.values()) + 1):
        if hid in known:
            cells = [cell[known[hid][c]] for c in columns]
            cells += [str(int((t, known[hid]["helper"]) in docs)) for t in sorted(BY_DOCS)]
            yield f'\t[{hid}] = "' + "".join(cells) + '",'
    yield "};"
    yield """
u32 tab_helper_avail(u32 helper_id, s32 column)
{
	if (column < 0 || helper_id >= ARRAY_SIZE(avail) || !avail[helper_id][0])
		return TAB_UNPROBED;
	return avail[helper_id][column] - '0';
}"""


# Fields that callers without CAP_BPF may not read, or write (the tables were probed with it).
CAP_BPF = {("CGROUP_SKB", "data"): "CTX_READ_BPF", ("CGROUP_SKB", "data_end"): "CTX_READ_BPF",
           ("CGROUP_SKB", "tstamp"): "CTX_WRITE_BPF"}


def ctx_rows(table):
    """(C initialiser, end) of each row of a view"""
    for r in table:
        access = [f for c, f in (("read", "CTX_READ"), ("write_reg", "CTX_WRITE"),
                                 ("write_imm", "CTX_WRITE_IMM")) if r[c] == "1"]
        cap = CAP_BPF.get((r.get("context", "").split("/")[0], r["field"]))
        access += [cap] if cap else []
        val = CTX_VALS.get(r["reg_type_after_read"], "CTX_NOT_MODELLED")
        yield (f'{r["offset"]}, {r["size"]}, {" | ".join(access)}, {val}, "{r["field"]}"',
               int(r["offset"]) + int(r["size"]))


def ctx_ranges(table):
    for r in table:
        access = [f for c, f in (("read", "CTX_READ"), ("write", "CTX_WRITE | CTX_WRITE_IMM"))
                  if r[c] == "1"]
        yield (f'{r["from"]}, {r["to"]}, {r["sizes"].replace(",", " | ")}, {" | ".join(access)}, '
               f'{CTX_VALS[r["type"]]}', int(r["to"]))


class Arrays:
    """C arrays of rows; equal ones are written once."""
    def __init__(self):
        self.known, self.text = {}, []

    def add(self, ctype, name, entries):
        key = (ctype, tuple(entries))
        if key not in self.known:
            self.known[key] = name
            self.text.append(f"static const struct {ctype} {name}[] = {{")
            self.text += [f"\t{{ {e} }}," for e in entries] + ["};"]
        return self.known[key]

    def view(self, name, label, row_table, range_table):
        """(fields of a struct ctx_view, its size)"""
        out, end = [f'.name = "{name}"'], 0
        for ctype, member, entries in (("ctx_row", "row", list(ctx_rows(row_table))),
                                       ("ctx_range", "range", list(ctx_ranges(range_table)))):
            if not entries:
                continue
            arr = self.add(ctype, f"{member}s_" + re.sub(r"\W", "_", label).lower(),
                           [e for e, _ in entries])
            out.append(f".{member}s = {arr}, .{member}_cnt = ARRAY_SIZE({arr})")
            end = max([end] + [e for _, e in entries])
        return "{ " + ", ".join(out) + " }", end


def gen_views(data, arrays):
    table = rows(data, "sock-access.tsv")
    out = ["const struct ctx_view tab_views[VIEW_CNT] = {"]
    for view in dict.fromkeys(r["view"] for r in table):
        mine = [r for r in table if r["view"] == view]
        text, _ = arrays.view(mine[0]["ctx_struct"], "view_" + view, mine, [])
        out.append(f"\t[VIEW_{view}] = {text},")
    return out + ["};"]


def gen_progs(data, columns):
    ctx_table, range_table = rows(data, "ctx-access.tsv"), rows(data, "ctx-ranges.tsv")
    types = [(r["constant"].removeprefix("BPF_PROG_TYPE_"), int(r["value"]))
             for r in rows(data, "uapi-enums.tsv")
             if r["enum"] == "bpf_prog_type" and r["constant"].startswith("BPF_PROG_TYPE_")]
    probed = {}
    for r in rows(data, "prog-types.tsv"):
        probed.setdefault(r["prog_type"].removeprefix("BPF_PROG_TYPE_"), []).append(r)
    sizes = {r["type"]: int(r["size"]) for r in rows(data, "uapi-structs.tsv") if not r["member"]}
    arrays, entries = Arrays(), []
    for name, value in types:
        if name == "UNSPEC":
            continue
        common = f'.type = BPF_PROG_TYPE_{name}, .name = "{name}"'
        if name in BY_DOCS:
            probed[name] = [{"context": name, "expected_attach_type": "0", "ctx_struct": "",
                             "retval_unknown_ok": "1", "retval_accepted": "0"}]
        if name in TYPED or name not in probed:
            entries.append(f"\t{{ .row = {{ {common}, .ctx = {{ .name = \"\" }} }}, .column = -1 }},")
            continue
        seen = set()
        for i, r in enumerate(probed[name]):
            # A sleepable program has the context of its type; which helpers it may call the rows say.
            if r["expected_attach_type"] in seen:
                continue
            seen.add(r["expected_attach_type"])
            ranges = [x for x in range_table if x["context"] == name]
            ctx = ranges[0]["ctx_struct"] if ranges else re.match(r"\w+", r["ctx_struct"]).group(0)
            view, end = arrays.view("" if name == "SYSCALL" else ctx, r["context"],
                                    [x for x in ctx_table if x["context"] == r["context"]], ranges)
            f = [common, f".ctx = {view}", ".modelled = true",
                 f".ctx_size = {65535 if name == 'SYSCALL' else end if ranges else sizes.get(ctx, end)}"]
            if name == "SYSCALL":
                f.append(".ctx_is_mem = true")
            if name == "CGROUP_SOCKOPT":
                f.append(".pkt_any_helper = true")
            f += [f".{c} = true" for c in ("pkt_read", "pkt_write") if r.get(c) == "1"]
            if name in LD_ABS:
                f.append(".ld_abs = true")
            if r.get("sleepable_load_ok") == "1" or name in SLEEPABLE:
                f.append(".sleepable_ok = true")
            vals = [int(v) for v in r["retval_accepted"].split(",")]
            if r["retval_unknown_ok"] != "1":
                f.append(f".ret_checked = true, .ret_min = {min(vals)}, .ret_max = {max(vals)}")
            given = "" if i == 0 else f", .attach_given = true, .attach_type = {r['expected_attach_type']}"
            entries.append("\t{ .row = { " + ", ".join(f) +
                           f" }}{given}, .column = {columns.index(r['context'])} }},")
    views = gen_views(data, arrays)
    yield from arrays.text
    yield from views
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
    columns = [c for c in rows(data, "helpers-by-progtype.tsv")[0] if c not in ("id", "helper")] + sorted(BY_DOCS)
    out += gen_matrix(data, ids)
    out += gen_progs(data, columns)
    out += gen_map_helpers(data, ids)
    out += gen_attach(data)
    with open(out_c, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


main()
