#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every declaration of Debian's libbpf headers beside include/bpf: types of functions and typedefs, members
of structures, values of enumerators and macros. What include/bpf lacks or says in another way stands in
libbpf_absent.tsv with the reason.

usage: test_debian_api.py CC INCLUDE_DIR UAPI_DIR
"""
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

CC, INC, UAPI = sys.argv[1:4]
NO_LIMIT = "-ferror-limit=0" if "clang" in CC else "-fmax-errors=0"
HERE = os.path.dirname(os.path.abspath(__file__))
# Headers of applications are compared by what they declare; of those for BPF programs only macros can be.
APP = ("bpf.h", "btf.h", "libbpf.h", "libbpf_common.h", "libbpf_legacy.h", "libbpf_version.h")
BPF = ("bpf_helpers.h", "bpf_core_read.h", "bpf_tracing.h", "bpf_endian.h", "usdt.bpf.h")
TOP = "#include <stddef.h>\n#include <stdio.h>\n#include <bpf/bpf.h>\n#include <bpf/btf.h>\n#include <bpf/libbpf.h>\n"


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S).replace("\\\n", " ")


def compile_c(text, *flags):
    """(executable or None, errors); the folder is the caller's."""
    with tempfile.TemporaryDirectory() as folder:
        src, exe = os.path.join(folder, "a.c"), os.path.join(folder, "a.out")
        with open(src, "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run([CC, "-std=gnu11", "-w", *flags, src, "-o", exe], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode or "-fsyntax-only" in flags:
            return "", done.stderr
        return subprocess.run([exe], stdout=subprocess.PIPE, text=True, check=True).stdout, ""


def ours(text, *flags):
    return compile_c(TOP + text, "-I" + INC, "-I" + UAPI, *flags)


def theirs(text, *flags):
    return compile_c(TOP + text, *flags)


def failed(lines, flags=()):
    """Those of {name: C text} that do not compile with our headers, each with the error."""
    names = list(lines)
    text = "".join(f'#line {i + 1} "check"\n{lines[n]}\n' for i, n in enumerate(names))
    _, errors = ours(text, "-fsyntax-only", NO_LIMIT, *flags)
    bad = {}
    for m in re.finditer(r"^check:(\d+):.*?error: (.*)$", errors, re.M):
        bad.setdefault(names[int(m.group(1)) - 1], m.group(2))
    return bad


# ---- what Debian's headers declare -----------------------------------------------------------------------

def without_directives(text):
    return re.sub(r"^\s*#.*$", "", text, flags=re.M)


def functions(text):
    found = {}
    for decl in re.findall(r"\bLIBBPF_API\b([^;{]*?\));", text, re.S) + \
            re.findall(r"\bstatic inline\b([^;{]*?\))\s*\{", text, re.S):
        decl = re.sub(r"LIBBPF_DEPRECATED\w*\(.*?\)|__printf\(.*?\)", "", " ".join(decl.split()))
        m = re.match(r"(.*?\W)(\w+)(\(.*\))$", decl)
        if m:
            found[m.group(2)] = (m.group(1), m.group(3))
    return found


def typedefs(text):
    return {m.group(2): " ".join(m.group(0).split()) for m in re.finditer(r"\btypedef ([^;{}]*?)\(\*(\w+)\)\([^;]*;", text)}


def structs(text):
    """{struct: members}; a nested structure's own members are left to it."""
    found = {}
    for m in re.finditer(r"^struct (\w+) \{\n(.*?)^\}", text, re.M | re.S):
        body = m.group(2)
        while re.search(r"\b(?:struct|union)\s*\{[^{}]*\}\s*;", body):
            body = re.sub(r"\b(?:struct|union)\s*\{([^{}]*)\}\s*;", r"\1", body)
        body = re.sub(r"\{[^{}]*\}", "", body)
        members = []
        for field in body.split(";"):
            if ":" in field or not field.strip():
                continue
            for part in field.split(","):
                name = re.search(r"\(\*(\w+)\)\(", part) or re.search(r"(\w+)(?:\s*\[[^\]]*\])*\s*$", part)
                if name and "(" not in part.replace("(*", ""):
                    members.append(name.group(1))
                elif name and "(*" in part:
                    members.append(name.group(1))
        found[m.group(1)] = members
    return found


def enumerators(text):
    return [n for body in re.findall(r"\benum\s*\w*\s*\{([^}]*)\}", text) for n in re.findall(r"(?:^|,)\s*(\w+)", body)]


def macros(text):
    """Without those that only the header itself uses: guards, "___x", the last member of an option structure."""
    names = re.findall(r"^\s*#\s*define\s+(\w+)", text, re.M)
    return sorted({n for n in names if not re.match(r"__.*_H_*$|___|\w+__last_field$|bpf_target_", n)})


# ---- comparisons -----------------------------------------------------------------------------------------

def compare_functions(text):
    lines = {n: f"{pre} debian_{n}{args}; _Static_assert(__builtin_types_compatible_p(__typeof__({n}), "
                f"__typeof__(debian_{n})), \"{n}\");" for n, (pre, args) in functions(text).items()}
    return lines, failed(lines)


def compare_typedefs(text):
    lines = {n: re.sub(rf"\(\*{n}\)", f"(*debian_{n})", t) + f" _Static_assert(__builtin_types_compatible_p({n}, debian_{n}), \"{n}\");"
             for n, t in typedefs(text).items()}
    return lines, failed(lines)


def printed(exprs, side):
    """{name: value} of {name: integer expression}."""
    body = "".join(f'printf("%s %lld\\n", "{n}", (long long)({e}));' for n, e in exprs.items())
    out, errors = side(f"int main(void) {{ {body} return 0; }}")
    return dict(l.split() for l in out.splitlines()), errors


def compare_values(exprs):
    """(absent, different): what our headers lack, and what they say otherwise."""
    absent = failed({n: f"_Static_assert(sizeof(({e}) + 0) > 0, \"\");" for n, e in exprs.items()})
    have = {n: e for n, e in exprs.items() if n not in absent}
    (a, a_err), (b, b_err) = printed(have, ours), printed(have, theirs)
    check("both sides could be printed", a and len(a) == len(b), (a_err[:500], b_err[:500]))
    # Option structures grow at their ends; "sz" tells how much of one a program knows.
    return absent, {n: (a[n], b.get(n)) for n in a
                    if a[n] != b.get(n) and not (n + ".sz" in a and int(a[n]) > int(b.get(n, 0)))}


def struct_values(text):
    exprs = {}
    for name, members in structs(text).items():
        exprs[name] = f"sizeof(struct {name})"
        for m in members:
            exprs[f"{name}.{m}"] = f"offsetof(struct {name}, {m}) * 1000 + sizeof(((struct {name} *)0)->{m})"
    return exprs


def is_listed(name, rows, how):
    return any(r[1] == how and fnmatch.fnmatchcase(name, r[0]) for r in rows)


def listed():
    with open(os.path.join(HERE, "libbpf_absent.tsv"), encoding="utf-8") as f:
        rows = [l.rstrip("\n").split("\t") for l in f if l.strip() and not l.startswith("#")][1:]
    return rows


def main():
    probe = subprocess.run(["pkg-config", "--exists", "libbpf >= 1.1", "libbpf < 1.2"],
                           check=False) if shutil.which("pkg-config") else None
    if not probe or probe.returncode:
        print("1..0 # SKIP no libbpf 1.1 of the distribution")
        return 77
    folder = subprocess.run(["pkg-config", "--variable=includedir", "libbpf"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.strip() or "/usr/include"
    raw = "\n".join(read(os.path.join(folder, "bpf", h)) for h in APP)
    text = without_directives(raw)
    missing, differ = {}, {}
    for what, compare in (("functions", compare_functions), ("function types", compare_typedefs)):
        lines, bad = compare(text)
        absent = {n: e for n, e in bad.items() if "undeclared" in e or "unknown type" in e or "expected" in e}
        missing.update(absent)
        differ.update({n: e for n, e in bad.items() if n not in absent})
        check(f"{what}: {len(lines)} declarations of libbpf 1.1 were found", len(lines) > 5, len(lines))
    exprs = struct_values(text)
    exprs.update({n: n for n in enumerators(text)})
    absent, other = compare_values(exprs)
    missing.update(absent)
    differ.update(other)
    check(f"{len(exprs)} sizes, members and enumerators were found", len(exprs) > 200, len(exprs))
    our_text = "\n".join(read(os.path.join(d, "bpf", h)) for d in (INC, UAPI) for h in os.listdir(os.path.join(d, "bpf")))
    their_macros = macros(raw + "\n".join(read(os.path.join(folder, "bpf", h)) for h in BPF))
    unknown = [n for n in their_macros if n not in set(macros(our_text))]
    # Of kinds and the like the UAPI headers tell, as enumerators.
    missing.update(failed({n: f'_Static_assert(sizeof({n}) > 0, "");' for n in unknown}))
    known = listed()
    lacks = {n: e for n, e in missing.items() if not is_listed(n.split(".")[0], known, "absent")}
    differs = {n: e for n, e in differ.items() if not is_listed(n, known, "different")}
    check("what include/bpf lacks is listed with the reason", not lacks, lacks)
    check("what include/bpf says in another way is listed with the reason", not differs, differs)
    check("each row says how and why", all(len(r) == 3 and r[1] in ("absent", "different") and len(r[2]) > 8 for r in known))
    idle = [r[0] for r in known if not any(fnmatch.fnmatchcase(n.split(".")[0], r[0]) for n in [*missing, *differ])]
    print(f"# listed, and now there and the same: {idle}")
    return end()


sys.exit(main())
