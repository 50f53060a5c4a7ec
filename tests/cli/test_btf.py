#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep btf dump, show and list: bpftool's words, and its text and JSON of the same files.

usage: test_btf.py SKEP FILLED OBJECT...
"""
import json
import os
import re
import shutil
import struct
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from command import refuses, run
from tap import check, end

SKEP, FILLED, *OBJECTS = map(os.path.abspath, sys.argv[1:])
BPFTOOL = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin:/sbin")


def skep(*args):
    return run(SKEP, *args)


def types_of(*args):
    done = skep("-j", "btf", "dump", *args)
    return json.loads(done.stdout)["types"] if not done.returncode else done


def without_forwards(c):
    """skep declares a structure that points to itself before it defines it; bpftool does not."""
    return re.sub(r"^(struct|union) \w+;\n\n", "", c, flags=re.M)


def same_as_bpftool(name, *args):
    if not BPFTOOL:
        check(name, True, skip="no bpftool")
        return
    ours, theirs = skep(*args), run(BPFTOOL, *args)
    a, b = ours.stdout, theirs.stdout
    if "-j" in args:
        a, b = json.loads(a), json.loads(b)
    elif "c" in args:
        a, b = without_forwards(a), without_forwards(b)
    check(name, ours.returncode == theirs.returncode == 0 and a == b, (ours, theirs))


def files():
    for obj in [FILLED, *OBJECTS]:
        base = os.path.basename(obj)
        same_as_bpftool(f"{base}: raw as bpftool's", "btf", "dump", "file", obj)
        same_as_bpftool(f"{base}: format raw", "btf", "dump", "file", obj, "format", "raw")
        same_as_bpftool(f"{base}: C as bpftool's", "btf", "dump", "file", obj, "format", "c")
        same_as_bpftool(f"{base}: JSON as bpftool's", "-j", "btf", "dump", "file", obj)


def roots():
    types = types_of("file", FILLED)
    raw = skep("btf", "dump", "file", FILLED).stdout
    prefix = next(t for t in types if t["kind"] == "STRUCT" and t["name"] == "prefix")
    two = [str(prefix["id"]), "1"]
    check("root_id in JSON", types_of("file", FILLED, "root_id", two[0], "root_id", two[1]) == [prefix, types[0]])
    text = skep("btf", "dump", "file", FILLED, "root_id", two[0]).stdout
    check("root_id as text", text.startswith(f"[{two[0]}] STRUCT 'prefix'") and text in raw and text.count("\n[") == 0, text)
    c = skep("btf", "dump", "file", FILLED, "format", "c", "root_id", two[0]).stdout
    check("root_id in C comes with what it needs", c.count("struct prefix {") == 1 and "typedef unsigned int __u32;" in c
          and "xdp_md" not in c and "struct xdp_md {" in skep("btf", "dump", FILLED, "format", "c").stdout, c)
    check("format c unsorted", skep("btf", "dump", "file", FILLED, "format", "c", "unsorted").stdout ==
          skep("btf", "dump", "file", FILLED, "format", "c").stdout)
    section = next(t for t in types if t["kind"] == "DATASEC")
    check("root_id of a section is its variables' types",
          skep("btf", "dump", FILLED, "format", "c", "root_id", str(section["id"])).returncode == 0)
    refuses("root_id that is not there", skep("btf", "dump", "file", FILLED, "root_id", "99999"), FILLED, "no type 99999")
    refuses("root_id that is no number", skep("btf", "dump", "file", FILLED, "root_id", "x"), "root_id", '"x"')
    return types


def sources(types):
    by_id = {t["id"]: t for t in types}

    def names(*args):
        got = types_of(*args)
        return [(t["kind"], t["name"]) for t in got] if isinstance(got, list) else got
    both = [("STRUCT", "prefix"), ("TYPEDEF", "__u8")]
    check("map: key and value", names("map", FILLED, "name", "nets") == both, names("map", FILLED, "name", "nets"))
    check("map: kv", names("map", "name", "nets", "kv", "file", FILLED) == both)
    check("map: key", names("map", FILLED, "name", "nets", "key") == both[:1])
    check("map: value", names("map", FILLED, "name", "nets", "value") == both[1:])
    everything = names("map", FILLED, "name", "nets", "all")
    check("map: all", everything == [(t["kind"], t["name"]) for t in by_id.values()], everything)
    check("prog", names("prog", FILLED, "name", "forward") == everything)
    c = skep("btf", "dump", "map", FILLED, "name", "nets", "format", "c").stdout
    check("map in C", "struct prefix {" in c and "typedef unsigned char __u8;" in c, c)
    refuses("map that is not there", skep("btf", "dump", "map", FILLED, "name", "no"), FILLED, "no map no", "nets")
    refuses("map of several", skep("btf", "dump", "map", FILLED), "name NAME", "nets")
    refuses("prog that is not there", skep("btf", "dump", "prog", FILLED, "name", "no"), FILLED, "no program no")
    refuses("pinned", skep("btf", "dump", "map", "pinned", "/sys/fs/bpf/x"), "pinned", "FILE")
    refuses("no file", skep("btf", "dump", "map", "name", "nets"), "which file?")
    refuses("roots and kv", skep("btf", "dump", "map", FILLED, "name", "nets", "root_id", "1"), "root_id", "all")
    refuses("C in JSON", skep("-j", "btf", "dump", FILLED, "format", "c"), "JSON")


def show():
    shown = json.loads(skep("-j", "btf", "show", FILLED).stdout)
    check("btf show: keys in bpftool's order", [list(b) for b in shown] == [["id", "size", "prog_ids", "map_ids", "kernel"]], shown)
    progs, maps = (json.loads(skep("-j", w, "show", FILLED).stdout) for w in ("prog", "map"))
    check("btf show: who has it", shown[0]["prog_ids"] == [p["id"] for p in progs if p.get("btf_id") == shown[0]["id"]] and
          shown[0]["map_ids"] == [m["id"] for m in maps if m.get("btf_id") == shown[0]["id"]], (shown, progs, maps))
    text = skep("btf", "list", FILLED).stdout
    check("btf list: text", re.fullmatch(r"\d+: name <anon>  size \d+B  prog_ids [\d,]+  map_ids [\d,]+\n", text), text)
    one = json.loads(skep("-j", "btf", "show", "id", str(shown[0]["id"]), FILLED).stdout)
    check("btf show id: one alone", one == shown[0], one)
    check("two files", len(json.loads(skep("-j", "btf", "show", FILLED, FILLED).stdout)) == 2)
    by_id = types_of("id", str(shown[0]["id"]), FILLED)
    check("btf dump id", isinstance(by_id, list) and len(by_id) == len(types_of("prog", FILLED, "name", "forward")), by_id)
    refuses("btf dump of an id that is not there", skep("btf", "dump", "id", "77", FILLED), FILLED, "77")
    refuses("btf show of an id that is not there", skep("btf", "show", "id", "77", FILLED), "77")
    refuses("btf show without a file", skep("btf", "show"), "which file?")


def blob(path, types, strings):
    """Raw BTF: a header, records of words, names."""
    body = b"".join(struct.pack(f"<{len(t)}I", *t) for t in types)
    with open(path, "wb") as f:
        f.write(struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(body), len(body), len(strings)) + body + strings)
    return path


def split(tmp):
    name = "BTF that is split from another"
    names = b"\0int\0inside\0x\0unused\0"
    at = {n: names.index(n + b"\0") for n in (b"int", b"inside", b"x", b"unused")}
    a = blob(os.path.join(tmp, "base.btf"), [(at[b"int"], 1 << 24, 4, 0x01000020), (at[b"inside"], 4 << 24 | 1, 4, at[b"x"], 1, 0),
                                             (at[b"unused"], 4 << 24 | 1, 4, at[b"x"], 1, 0)], names)
    b = blob(os.path.join(tmp, "more.btf"), [(len(names), 4 << 24 | 2, 8, len(names) + 4, 2, 0, len(names) + 7, 1, 32)],
             b"own\0in\0y\0")
    text = skep("btf", "dump", "file", b, "-B", a).stdout
    check(name, text == "[4] STRUCT 'own' size=8 vlen=2\n\t'in' type_id=2 bits_offset=0\n\t'y' type_id=1 bits_offset=32\n", text)
    for what, args in (("raw", ["-B", a, "btf", "dump", "file", b]), ("in C", ["-B", a, "btf", "dump", "file", b, "format", "c"]),
                       ("in JSON", ["-j", "-B", a, "btf", "dump", "file", b])):
        same_as_bpftool(f"{name}: {what} as bpftool's", *args)
    check(f"{name}: a root of the base", skep("-B", a, "btf", "dump", "file", b, "root_id", "1").stdout ==
          "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n")
    refuses(f"{name}: without its base", skep("btf", "dump", "file", b), b)
    refuses("a base that is not there", skep("btf", "dump", "file", b, "-B", a + "x"), a + "x")


def main():
    files()
    sources(roots())
    show()
    with tempfile.TemporaryDirectory() as tmp:
        split(tmp)
    return end()


if __name__ == "__main__":
    sys.exit(main())
