#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the calls of test_api_input.c: each function of include/bpf with each argument wrong in turn.

usage: gen_api_input.py INCLUDE_BPF_DIR OUT

What is wrong of an argument is told by its type and name; the others are right. A type that nobody has described
here ends the build, so that no new function is left out.
"""
import os
import re
import sys

HEADERS = ("bpf.h", "btf.h", "libbpf.h", "libbpf_legacy.h")

# Objects: the right one is what test_api_input.c makes for it, good_NAME().
OBJECTS = {"bpf_object", "bpf_program", "bpf_map", "btf", "btf_ext", "btf_dump", "ring_buffer", "ring", "perf_buffer",
           "bpf_link", "bpf_linker", "bpf_prog_linfo", "bpf_object_skeleton", "bpf_object_subskeleton", "btf_type"}
SKELETONS = {"bpf_object_skeleton", "bpf_object_subskeleton"}
TWO_STATES = {"bpf_object", "bpf_program", "bpf_map", "btf"}  # opened and loaded; BTF being built and read
OPTIONAL = re.compile(r"^(ctx|fn|opts)$")
CALLBACK = re.compile(r"_fn(_t)?$")
FD = re.compile(r"(^|_)fd$|^target$")
# Lengths of buffers: more than is there cannot be told from what is right.
LENGTH = re.compile(r"^(btf_size|obj_buf_sz|buf_sz|data_sz|data_size|log_size|buf_len)$")
# Functions that read files.
FILE = re.compile(r"parse|__open|linker|uprobe|usdt")
NO_WAIT = "timeout_ms"


class Unknown(Exception):
    pass


def declarations(folder):
    for name in HEADERS:
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        for decl in re.findall(r"^LIBBPF_API\b(.*?);", text, re.M | re.S):
            m = re.match(r"(.*?)(\w+)\s*\((.*)\)$", " ".join(decl.split()))
            yield m.group(1).strip(), m.group(2), [] if m.group(3) == "void" else m.group(3).split(", ")


def split(param):
    m = re.match(r"(.*?)(\w+)$", param)
    return m.group(1).strip(), m.group(2)


def options(struct):
    return [("sz=0", f"options(0, 0, {struct})"), ("sz=3", f"options(3, 0, {struct})"),
            ("more", f"options(sizeof({struct}) + 8, 1, {struct})")]


def pointer(func, ctype, name, before):
    """The right argument, and [(word, wrong argument)]."""
    m = re.match(r"(?:const )?((?:struct|union) (\w+)) (\*+)$", ctype)
    null = [("NULL", "NULL")]
    if m and m.group(3) == "*":
        struct, short = m.group(1), m.group(2)
        if short in OBJECTS:
            more = [("zero", f"zeroed({struct})")] if short in SKELETONS else []
            # One of another object.
            more += [("foreign", f"foreign_{short}()")] if before and short in ("bpf_program", "bpf_map") else []
            return f"good_{short}()", null + more
        if short == "user_ring_buffer":
            return "NULL", null
        if short.endswith("_opts") or short == "bpf_tc_hook":
            return "NULL", options(struct)
        if short == "bpf_insn":
            return "(void *)two_insns", null
        return "out()", null  # structures that are filled
    if ctype in ("const char *",):
        right = "a_file()" if FILE.search(func) and re.search("path|file", name) else '"a_name"'
        if "pin" in func or func.startswith("bpf_obj_"):
            right = '"/sys/fs/bpf/skep_no_such_pin"'
        return right, null + [("empty", '""'), ("long", "long_text")]
    if name in ("info_len", "count", "prog_cnt") and ctype == "__u32 *":
        return "a_number()", null
    if name == "obj_buf":
        return "file_bytes", null
    if ctype.endswith("*"):
        return ("NULL", []) if OPTIONAL.match(name) else ("out()", null)
    raise Unknown


def number(func, ctype, name):
    if ctype.startswith("enum "):
        return "1", [("-1", f"({ctype})-1"), ("max", f"({ctype})0x7fffffff")]
    if ctype == "bool":
        return "false", []
    if FD.search(name):
        kind = "ringbuf" if func.startswith("ring_buffer") else "perf" if func.startswith("perf_buffer") else \
            "map" if func.startswith("bpf_map") or "map_fd" in name else \
            "prog" if "prog" in name or func.startswith("bpf_prog") else "link" if "link" in name else "file"
        wrong = [("-1", "-1"), ("unknown", "0x7ffffff"), ("closed", "closed_fd()"), ("file", "good_fd(FILE_FD)")]
        return f"good_fd({kind.upper()}_FD)", wrong
    if name == NO_WAIT:
        return "0", []
    if LENGTH.match(name) or (name == "size" and re.search("new|strerror|initial_value", func)):
        right = "file_size" if name == "obj_buf_sz" else "64"
        return right, [("0", "0"), ("1", "1")]
    if name == "insn_cnt" or name == "new_insn_cnt":
        return "2", [("0", "0"), ("max", "SIZE_MAX")]
    if name == "page_cnt":
        return "1", [("0", "0"), ("3", "3"), ("max", "SIZE_MAX")]
    if name in ("key_sz", "value_sz"):
        return ("4" if name == "key_sz" else "8"), [("0", "0"), ("1", "1"), ("max", "SIZE_MAX")]
    if name in ("ifindex", "pid"):
        right = "0x7ffffff0"
        return right, [("-1", f"({ctype})-1"), ("0", "0")]
    if ctype in ("int", "__s32", "__s64", "long", "pid_t"):
        top, low = ("INT64_MAX", "INT64_MIN") if ctype in ("__s64", "long") else ("INT_MAX", "INT_MIN")
        return "1", [("-1", "-1"), ("max", top), ("min", low)]
    if ctype in ("__u32", "__u64", "size_t", "unsigned int"):
        return ("0" if "flags" in name else "4"), [("0", "0"), ("3", "3"), ("max", f"({ctype})-1")]
    raise Unknown


def argument(func, ctype, name, before):
    if "*" in ctype:
        return pointer(func, ctype, name, before)
    if CALLBACK.search(ctype):
        return ("good_callback" if ctype != "libbpf_print_fn_t" else "NULL"), [("NULL", "NULL")]
    return number(func, ctype, name)


def answer_kind(ctype):
    if ctype == "void":
        return "VOID"
    if ctype.endswith("*") or ctype == "libbpf_print_fn_t":
        return "PTR"
    if ctype == "enum btf_endianness":
        return "ENUM"
    return "INT" if ctype in ("int", "long", "__s32", "__s64") else "NUM"


def case(num, func, ret, wrong, types, values):
    """The wrong argument is made last: a descriptor that is closed stays so."""
    lines = [f"static void case_{num}(void)", "{"]
    for i in sorted(range(len(values)), key=lambda i: i == wrong):
        lines.append(f"\t{types[i]} a{i} = {'(void *)' if values[i] == 'good_callback' else ''}{values[i]};")
    names = ", ".join(f"a{i}" for i in range(len(values)))
    return "\n".join(lines + ["", f"\tANSWER_{answer_kind(ret)}({func}, ({names}));", "}", ""])


def main():
    out = ["/* Made by gen_api_input.py. */"]
    funcs, cases = [], []
    for ret, func, params in declarations(sys.argv[1]):
        args, two = [], False
        for param in params:
            ctype, name = split(param)
            try:
                args.append((name, ctype) + argument(func, ctype, name, args))
            except Unknown:
                sys.exit(f"gen_api_input.py: {func}: argument '{param}' is of no kind that is described here: add it")
            m = re.match(r"(?:const )?struct (\w+) \*$", ctype)
            two |= bool(m) and m.group(1) in TWO_STATES
        funcs.append((func, len(cases), two))
        right = [a[2] for a in args]
        wrongs = [(i, word, value) for i, a in enumerate(args) for word, value in a[3]]
        for i, word, value in wrongs or ([] if args else [(-1, "-", "")]):
            arg = args[i][0] if args else "-"
            cases.append(f'\t{{ {len(funcs) - 1}, "{arg}", "{word}", case_{len(cases)} }},')
            out.append(case(len(cases) - 1, func, ret, i, [a[1] for a in args], [value if j == i else r for j, r in enumerate(right)]))
    out.insert(1, "enum {\n" + "\n".join(f"\tFN_{f}," for f, _, _ in funcs) + "\n\tFN_CNT,\n};\n")
    table = ["static struct api_func funcs[] = {"]
    table += [f'\t{{ "{f}", (void *){f}, {first}, {str(two).lower()} }},' for f, first, two in funcs]
    table += ["};\n", "static const struct api_case cases[] = {"] + cases + ["};\n"]
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        f.write("#ifndef API_INPUT_CASES\n" + out[1] + "#else\n" + "\n".join(out[2:]) + "\n".join(table) + "\n#endif\n")


main()
