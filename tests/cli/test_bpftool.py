#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep prog show and map show beside bpftool: keys, their order, kinds of values, and what must be equal.

usage: test_bpftool.py SKEP SHAPES FILLED

Where bpffs and bpf(2) are permitted, the same object is loaded in the kernel and asked for by its pins only;
they are removed again. Elsewhere the keys are those recorded here.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, SHAPES, FILLED = (os.path.abspath(a) for a in sys.argv[1:4])

# bpftool 7.1 on Linux 6.1, without those that come from fdinfo, pins and other processes.
PROG_KEYS = ["id", "type", "name", "tag", "gpl_compatible", "loaded_at", "uid", "bytes_xlated", "jited", "bytes_jited",
             "map_ids", "btf_id"]
MAP_KEYS = ["id", "type", "name", "flags", "bytes_key", "bytes_value", "max_entries", "btf_id"]
NOT_INFO = {"bytes_memlock", "frozen", "pinned", "pids", "orphaned", "owner_prog_type", "owner_jited", "error",
            "run_time_ns", "run_cnt", "recursion_misses"}


def run(*args):
    return subprocess.run(args, capture_output=True, text=True)


def in_order(keys, known):
    """Known keys only, in the known order."""
    return [k for k in known if k in keys] == list(keys)


def shape(value):
    if isinstance(value, list):
        return ["list", *sorted({str(shape(v)) for v in value})]
    return type(value).__name__


def shown(what, *files):
    done = run(SKEP, "-j", what, "show", *files)
    check(f"{what} show {' '.join(map(os.path.basename, files))}", done.returncode == 0 and not done.stderr, done)
    return json.loads(done.stdout or "[]")


def alone():
    progs, maps = shown("prog", FILLED), shown("map", FILLED)
    check("keys of programs", progs and all(in_order(p, PROG_KEYS) for p in progs), progs)
    check("keys of maps", maps and all(in_order(m, MAP_KEYS) for m in maps), maps)
    ids = {m["id"] for m in maps}
    check("programs name the maps that are there", all(set(p.get("map_ids", [])) <= ids for p in progs), (progs, ids))
    filled = next(p for p in progs if p["name"] == "filled")
    check("figures of a program", filled["type"] == "xdp" and re.fullmatch("[0-9a-f]{16}", filled["tag"])
          and filled["bytes_xlated"] % 8 == 0 and filled["bytes_xlated"] > 0 and filled["btf_id"] > 0, filled)
    # FILLED says so: two elements each; a 32-bit length before the address of a trie.
    nets = next(m for m in maps if m["name"] == "nets")
    check("figures of a map", [nets[k] for k in MAP_KEYS[1:7]] == ["lpm_trie", "nets", 1, 8, 1, 2], nets)
    interp = json.loads(run(SKEP, "-j", "prog", "show", FILLED, "--engine", "interp").stdout)
    check("not jited", all(p["jited"] is False and "bytes_jited" not in p for p in interp), interp)
    twice = shown("map", FILLED, FILLED)
    check("two files have one instance", len(twice) == 2 * len(maps) and len({m["id"] for m in twice}) == len(twice), twice)
    text = run(SKEP, "map", "show", FILLED).stdout
    check("text of a map", f"{nets['id']}: lpm_trie  name nets  flags 0x1\n\tkey 8B  value 1B  max_entries 2\n\tbtf_id " in text
          or f"{nets['id']}: lpm_trie  name nets  flags 0x1\n\tkey 8B  value 1B  max_entries 2\n" in text, text)
    text = run(SKEP, "prog", "show", FILLED).stdout
    check("text of a program", re.search(rf"^{filled['id']}: xdp  name filled  tag {filled['tag']}(  gpl)?\n"
          rf"\tloaded_at \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{{4}}  uid {filled['uid']}\n"
          rf"\txlated {filled['bytes_xlated']}B  (jited \d+B|not jited)  map_ids [\d,]+\n\tbtf_id \d+\n", text, re.M), text)


def refused():
    done = run(SKEP, "-j", "prog", "show", SHAPES)
    check("a refused program: one line, nothing shown", done.returncode == 1 and not done.stdout
          and done.stderr.count("\n") == 1 and " is refused: " in done.stderr and "too_far" in done.stderr, done)
    for args, words in ((["prog", "show"], "which file?"), (["map", "show", "/nonexistent"], "No such file"),
                        (["prog", "shwo"], '"prog dump", "prog show"'), (["map"], '"map show"'),
                        (["map", "show", __file__], os.path.basename(__file__))):
        done = run(SKEP, *args)
        check("refused: " + " ".join(map(os.path.basename, args)), done.returncode == 2 and not done.stdout
              and done.stderr.count("\n") == 1 and words in done.stderr, done)


# One program and two maps that any Linux since 5.2 has.
SOURCE = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define MAP(name, kind) struct { __uint(type, kind); __type(key, __u32); __type(value, __u64); __uint(max_entries, 4); } name SEC(".maps")
MAP(skept_hash, BPF_MAP_TYPE_HASH);
MAP(skept_each, BPF_MAP_TYPE_PERCPU_ARRAY);
SEC("xdp") int skept(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *a = bpf_map_lookup_elem(&skept_hash, &zero), *b = bpf_map_lookup_elem(&skept_each, &zero);
	return a && b ? XDP_DROP : XDP_PASS;
}
char LICENSE[] SEC("license") = "GPL";
"""


def kernel(tool, obj, pins):
    """What the kernel has of the object, by pins: (program, maps by name); None: it is not permitted."""
    loaded = run(tool, "prog", "loadall", obj, pins, "pinmaps", pins)
    if loaded.returncode:
        return None
    prog = json.loads(run(tool, "-j", "prog", "show", "pinned", f"{pins}/skept").stdout)
    text = run(tool, "prog", "show", "pinned", f"{pins}/skept").stdout
    maps = {n: json.loads(run(tool, "-j", "map", "show", "pinned", f"{pins}/{n}").stdout) for n in ("skept_hash", "skept_each")}
    return prog, maps, text


def compare(theirs, ours, what, equal):
    mine, other = list(ours), [k for k in theirs if k not in NOT_INFO]
    check(f"{what}: the same keys in the same order", mine == other, (mine, other))
    check(f"{what}: the same kinds of values", all(shape(ours[k]) == shape(theirs[k]) for k in mine if k in theirs), (ours, theirs))
    check(f"{what}: the same values", all(ours.get(k) == theirs.get(k) for k in equal), (ours, theirs))


def beside_kernel(tmp, clang, flags):
    tool, pins = shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin"), f"/sys/fs/bpf/skep-test-{os.getpid()}"
    name = "beside bpftool"
    if not tool or not os.access("/sys/fs/bpf", os.W_OK) or os.path.exists(pins):
        check(name, True, skip="no bpftool or no bpffs that may be written")
        return
    obj, src = os.path.join(tmp, "skept.bpf.o"), os.path.join(tmp, "skept.bpf.c")
    with open(src, "w") as f:
        f.write(SOURCE)
    built = run(clang, *flags, "-c", src, "-o", obj)
    check("the object builds", built.returncode == 0, built)
    try:
        got = kernel(tool, obj, pins)
    finally:
        shutil.rmtree(pins, ignore_errors=True)
    check("pins are gone", not os.path.exists(pins))
    if not got:
        check(name, True, skip="bpf(2) is not permitted")
        return
    prog, maps, text = got
    ours = shown("prog", obj)[0]
    compare(prog, ours, "program", ("type", "name", "gpl_compatible", "jited"))
    for m in shown("map", obj):
        compare(maps[m["name"]], m, m["name"], ("type", "name", "flags", "bytes_key", "bytes_value", "max_entries"))

    def words(t):
        return re.sub(r"  memlock \d+B", "", re.sub(r"\b[0-9a-f]{16}\b|\d+", "N", re.sub(r"  memlock \d+B", "", t)))
    mine = run(SKEP, "prog", "show", obj).stdout
    check("text of the program has the same form", words(mine).split() == words(text).split(), (mine, text))


def main():
    alone()
    refused()
    with tempfile.TemporaryDirectory() as tmp:
        beside_kernel(tmp, sys.argv[4], sys.argv[5:])
    return end()


if __name__ == "__main__":
    sys.exit(main())
