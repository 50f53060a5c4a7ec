#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep batch: bpftool's commands on one instance, and what bpftool itself prints for the same lines.

usage: test_batch.py SKEP SHAPES CLANG FLAGS...

Where bpffs and bpf(2) are permitted the same file is given to bpftool, with pins of its own, which are removed again.
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

SKEP, SHAPES = (os.path.abspath(a) for a in sys.argv[1:3])
PINS = "/sys/fs/bpf/typed"

# Names of types and members are what the output consists of.
SOURCE = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
enum colour { RED, GREEN = 5 };
enum sign { MINUS = -1, PLUS = 1 };
typedef struct { int a; } pair_part;
typedef char byte_like;
struct in { __u8 a; char c; _Bool b; };
struct value {
	__u64 n; __s32 s; enum colour e; __u32 x : 3, y : 5; struct in in; char name[8]; __u16 arr[3]; void *p;
	union { __u32 u; __u8 v; }; pair_part t[2]; int m[2][2]; int sb : 3; unsigned __int128 wide; byte_like other[2];
	enum sign minus; union { __u32 second; __u8 third; };
};
#define MAP(name, kind, key_type, value_type) struct { __uint(type, kind); __type(key, key_type); __type(value, value_type); \
	__uint(max_entries, 2); } name SEC(".maps")
#define RAW(name, kind, k, v) struct { __uint(type, kind); __uint(key_size, k); __uint(value_size, v); \
	__uint(max_entries, 2); } name SEC(".maps")
MAP(one, BPF_MAP_TYPE_HASH, __u32, struct value);
MAP(each, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct in);
MAP(texts, BPF_MAP_TYPE_ARRAY, __u32, char[4]);
RAW(raw, BPF_MAP_TYPE_HASH, 4, 8);
RAW(big, BPF_MAP_TYPE_HASH, 24, 40);
RAW(mid, BPF_MAP_TYPE_HASH, 12, 13);
RAW(jumps, BPF_MAP_TYPE_PROG_ARRAY, 4, 4);
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(value_size, 4); __uint(max_entries, 2); } waiting SEC(".maps");
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u32); __uint(max_entries, 1); } inner SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(key_size, 4); __uint(value_size, 4); __uint(max_entries, 2);
	 __array(values, struct inner); } outer SEC(".maps");
int glob = 7; char text[4] = "ab"; long neg = -3;
SEC("xdp") int typed(struct xdp_md *ctx)
{
	__u32 k = 0; char big_key[24] = {}; struct value *v;
	bpf_map_lookup_elem(&each, &k); bpf_map_lookup_elem(&raw, &k); bpf_map_lookup_elem(&inner, &k);
	bpf_map_lookup_elem(&outer, &k); bpf_map_lookup_elem(&texts, &k); bpf_map_peek_elem(&waiting, &k);
	bpf_map_lookup_elem(&big, big_key); bpf_map_lookup_elem(&mid, big_key); bpf_tail_call(ctx, &jumps, 1);
	v = bpf_map_lookup_elem(&one, &k);
	if (v) {
		v->n = 1ull << 40; v->s = -2; v->e = GREEN; v->x = 3; v->y = 17; v->in.c = -1; v->in.b = 1;
		__builtin_memcpy(v->name, "abcd", 4); v->arr[2] = 65535; v->p = (void *)0x1234; v->u = 0x01020304;
		v->t[1].a = -9; v->m[1][0] = 4; v->sb = -2; v->wide = 7; v->other[0] = 'a'; v->minus = MINUS; v->second = 5;
	}
	text[1] = glob + neg; neg--;
	return XDP_DROP;
}
char LICENSE[] SEC("license") = "GPL";
"""

# Everything whose output does not depend on ids and times.
LINES = """
# a comment
prog loadall typed.bpf.o PINS pinmaps PINS
map update pinned PINS/one key 0 0 0 0 value hex ZEROS
prog run pinned PINS/typed data_in packet data_out out.bin   # so that values are there
map dump pinned PINS/one
map lookup pinned PINS/one key 0 0 0 0
map getnext pinned PINS/one
map getnext pinned PINS/one key 9 0 0 0
map update pinned PINS/one key 1 0 0 0 value hex ONES any
map lookup pinned PINS/one key hex 01 00 00 00
map delete pinned PINS/one key 0 0 0 0
map delete pinned PINS/one key 1 0 0 0
map dump pinned PINS/one
map update pinned PINS/raw key hex 01 02 0a ff \\
  value 1 2 3 0x41 66 67 68 010
map dump pinned PINS/raw
map lookup pinned PINS/raw key "1" '2' 10 255
map update pinned PINS/big key TWENTYFOUR value FORTY
map dump pinned PINS/big
map update pinned PINS/mid key TWELVE value TWELVE 13 noexist
map dump pinned PINS/mid
map update pinned PINS/texts key 1 0 0 0 value 104 105 10 0
map dump pinned PINS/texts
map dump pinned PINS/typed_data
map lookup pinned PINS/typed_data key 0 0 0 0
map push pinned PINS/waiting value 1 2 3 4
map enqueue pinned PINS/waiting value 5 6 7 8
map peek pinned PINS/waiting
map pop pinned PINS/waiting
map dequeue pinned PINS/waiting
map dump pinned PINS/outer
map create PINS/made type hash key 4 value 4 entries 2 name made flags 1
map freeze pinned PINS/made
map pin pinned PINS/made PINS/again
map dump pinned PINS/again
prog pin pinned PINS/typed PINS/typed2
prog load typed.bpf.o PINS/third map name raw pinned PINS/raw
map dump pinned PINS/raw
"""
VALUE_SIZE = 0  # asked of skep


def lines(pins):
    def numbers(n):
        return " ".join(map(str, range(1, n + 1)))
    text = LINES.replace("PINS", pins).replace("ZEROS", " ".join(["00"] * VALUE_SIZE)).replace("ONES", " ".join(["ff"] * VALUE_SIZE))
    for word, n in (("TWENTYFOUR", 24), ("FORTY", 40), ("TWELVE", 12)):
        text = text.replace(word, numbers(n))
    return text


def run(*args, text=None):
    return subprocess.run(args, capture_output=True, text=True, input=text)


def batch(text, *options):
    return run(SKEP, *options, "batch", "-", text=text)


def outputs(text):
    done = batch(text, "-j")
    return [c["output"] for c in json.loads(done.stdout)]


def timeless(text):
    return re.sub(r'duration(": ?|: )\d+', r"duration\g<1>N", text)


LOAD = f"prog loadall typed.bpf.o {PINS} pinmaps {PINS}\n"


def typed_values():
    done = batch(lines(PINS))
    check("all lines of a batch", done.returncode == 0 and not done.stderr and done.stdout.endswith("processed 36 commands\n"),
          (done.returncode, done.stdout[-200:], done.stderr))
    done = run(SKEP, "-j", "batch", "file", "lines")
    out = {" ".join(c["command"][:5]): c["output"] for c in json.loads(done.stdout)}
    check("a batch as JSON", done.returncode == 0 and len(json.loads(done.stdout)) == 36, done.stderr)
    one = outputs(LOAD + f"map update pinned {PINS}/one key 0 0 0 0 value hex {'00 ' * VALUE_SIZE}\n"
                  f"prog run name typed data_in packet\nmap dump name one\n")
    got = one[3][0]["formatted"]
    want = {"key": 0, "value": {
        "n": 1 << 40, "s": -2, "e": "GREEN", "x": "0x3", "y": "0x11", "in": {"a": 0, "c": -1, "b": True}, "name": "abcd",
        "arr": [0, 0, 65535], "p": 0x1234, "": {"second": 5, "third": 5}, "t": [{"a": 0}, {"a": -9}], "m": [[0, 0], [4, 0]],
        "sb": "0x6", "wide": "0x7", "other": [97, 0], "minus": "MINUS"}}
    check("values by type", got == want, got)
    check("bytes beside them", one[3][0]["key"] == ["0x00"] * 4 and len(one[3][0]["value"]) == VALUE_SIZE, one[3])
    check("what a run says", one[2]["retval"] == 1 and one[2]["duration"] >= 0 and one[0] is None, one)
    check("a data section", out[f"map lookup pinned {PINS}/typed_data key"]["formatted"] ==
          {"value": {".data": [{"glob": 7}, {"text": [97, 4, 0, 0]}, {"neg": -4}]}}, out)
    check("the output of a run is a file", os.path.getsize("out.bin") == 64, os.stat("out.bin"))
    both = batch(LOAD + f"map update name one key 0 0 0 0 value hex {'00 ' * VALUE_SIZE}\nmap dump name one\n").stdout
    check("members without a name are both there", both.count('"": {') == 2, both)


def handles():
    got = outputs(LOAD + "prog show\nmap show name raw\nprog show name typed\nmap show\nlink show\nmap list id 1\n"
                  f"prog dump xlated name typed\nmap update name outer key 1 0 0 0 value pinned {PINS}/inner\nmap dump name outer\n"
                  "map update name jumps key 0 0 0 0 value name typed\nmap dump name jumps\n"
                  "map update name each key 1 0 0 0 value 1 2 1\nmap lookup name each key 1 0 0 0\n")
    prog = got[1][0]
    check("lists of programs and links", got[3] == [prog] and got[5] == [] and prog["name"] == "typed", got[:6])
    check("lists of maps", {m["name"] for m in got[4]} >= {"one", "each", "raw", "outer", "typed.data"} and got[2][0] in got[4]
          and got[6]["id"] == 1, got[4])
    tag = outputs(LOAD + f"prog show tag {prog['tag']}\nprog show id {prog['id']}\nprog show pinned {PINS}/typed\n")
    check("a program by tag, id and pin", [p["tag"] for p in (tag[1][0], tag[2], tag[3])] == [prog["tag"]] * 3, tag)
    check("a dump of a program", got[7][0]["disasm"].startswith("(") and "proto" in got[7][0], got[7][:1])
    inner = next(m["id"] for m in got[4] if m["name"] == "inner")
    check("a map in a map", [e["value"][0] for e in got[9]] == [f"0x{inner:02x}"], got[9])
    check("a program in a map", got[11] == [{"key": ["0x00"] * 4, "value": [f"0x{prog['id']:02x}", "0x00", "0x00", "0x00"]}], got[11])
    cpus = got[13]["values"]
    check("a value on every CPU", all(c["value"] == ["0x01", "0x02", "0x01"] for c in cpus) and [c["cpu"] for c in cpus] ==
          list(range(len(cpus))) and got[13]["formatted"]["values"][0] == {"cpu": 0, "value": {"a": 1, "c": 2, "b": True}}, got[13])


def stops():
    for text, status, where, words in (
            ("\n# c\nmap show id 99\nmap show\n", 2, 3, "get map by id (99): No such file"),
            (LOAD + "map lookup name raw \\\n key 1 1 1 1\nmap show\n", 1, 2, "not found"),
            (LOAD + "\n\nmap pop name waiting", 1, 4, "empty map"), (LOAD + "map delete name raw key 1 1 1 1", 1, 2, "delete failed"),
            (LOAD + "map getnext name raw", 1, 2, "can't get next key"), (LOAD + "map lookup name raw key 1 1 1", 2, 2, "key expected 4 bytes got 3"),
            (LOAD + "map lookup name raw key 1 1 1 256", 2, 2, "error parsing byte: 256"), (LOAD + "map update name raw key 1 1 1 1", 2, 2, "did not find value"),
            (LOAD + "map update name raw key 1 1 1 1 value 1 2 3 4 5 6 7 8 foo", 2, 2, "expected key or value, got: foo"),
            (LOAD + "map update name raw key 1 1 1 1 value 1 2 3 4 5 6 7 8 exist", 2, 2, "update failed: No such file"),
            (LOAD + f"map show pinned {PINS}/typed", 2, 2, "not a map"), (LOAD + f"prog show pinned {PINS}/raw", 2, 2, "not a prog"),
            (LOAD + f"map pin name raw {PINS}/raw", 2, 2, "File exists"), (LOAD + "map pin name raw /tmp/raw", 2, 2, "/tmp/raw"),
            (LOAD + "map freeze name raw\nmap update name raw key 1 1 1 1 value 1 2 3 4 5 6 7 8", 2, 3, "Operation not permitted"),
            (LOAD + LOAD.replace(PINS, PINS + "2") + "map dump name raw", 2, 3, "2 of them match"), (LOAD + "prog run name typed", 2, 2, "data_in"),
            (LOAD + "prog attach name typed nowhere", 2, 2, "invalid attach"), (LOAD + f"prog load typed.bpf.o {PINS}/b map idx 77 name raw", 2, 2, "map idx '77'"),
            (f"prog load typed.bpf.o {PINS}/b map name missing", 2, 1, "which map?"), (f"prog load typed.bpf.o {PINS}/b type nosuch", 2, 1, "nosuch"),
            (f"map create {PINS}/m type nosuch", 2, 1, "unrecognized map type: nosuch"), (f"map create {PINS}/m type hash key 4 value 4 entries 1", 2, 1, "name not"),
            (f"prog loadall {SHAPES} {PINS}", 1, 1, "is refused: "), ("net list", 2, 1, "not modelled"), ("struct_ops show", 2, 1, "not modelled"),
            ("batch x", 2, 1, "no command"), ("map show 'a", 2, 1, "unterminated quoted string"), ("prog show nowhere x", 2, 1, 'what is "nowhere"')):
        for options in ((), ("-j",)):
            done = batch(text, *options)
            check(f"stops: {words} {' '.join(options)}", done.returncode == status and done.stderr.startswith(f"skep: -:{where}: ")
                  and done.stderr.count("\n") == 1 and words in done.stderr and "processed" not in done.stdout, done)
            if options:
                got = json.loads(done.stdout)
                check(f"its JSON: {words}", "unterminated" in words or "processed" not in done.stdout and
                      (got[-1]["output"] is None or words in got[-1]["output"]["error"]), done.stdout)
    check("nothing to do", batch("").stdout == "processed 0 commands\n" and batch("# c\n", "-j").stdout == "[]\n")
    for args, words in ((["batch"], "which file?"), (["batch", "/nonexistent"], "No such file"), (["batch", "a", "b"], "one file"),
                        (["batch", SKEP], "not a text file"), (["map", "dump", "id", "1"], "get map by id (1)"), (["prog", "run"], "which prog?"),
                        (["prog", "show", "id", "5"], "get prog by id (5)"), (["prog", "dump", "xlated", "id", "5"], "get prog by id (5)"),
                        (["net", "list"], "not modelled"), (["cgroup", "tree"], "not modelled"), (["perf"], "not modelled"), (["iter", "pin"], "not modelled")):
        done = run(SKEP, *args)
        check("refused: " + " ".join(map(os.path.basename, args)), done.returncode == 2 and not done.stdout
              and done.stderr.count("\n") == 1 and words in done.stderr, done)


def alone():
    create = ["map", "create", f"{PINS}/m", "type", "hash", "key", "4", "value", "4", "entries", "1", "name", "m"]
    text, js = run(SKEP, *create), run(SKEP, "-j", *create)
    check("a command alone", (text.returncode, text.stdout, text.stderr, js.stdout) == (0, "", "", "null\n"), (text, js))
    check("alone: load", run(SKEP, "prog", "load", "typed.bpf.o", f"{PINS}/a").returncode == 0)
    check("alone: no links", run(SKEP, "-j", "link", "list").stdout == "[]\n" and run(SKEP, "link", "show").stdout == "")
    check("alone: list takes files as show does", run(SKEP, "-j", "map", "list", "typed.bpf.o").stdout == run(SKEP, "-j", "map", "show", "typed.bpf.o").stdout)
    help_text = run(SKEP, "help").stdout
    check("help lists the commands", all(f"\n  {c} " in help_text for c in ("batch", "prog loadall", "map update", "link detach")), help_text)
    for name in re.findall(r"^  ((?:batch|(?:prog|map|link) \w+)) ", help_text, re.M):
        done = run(SKEP, *name.split(), "--help")
        check(f"help of {name}", done.returncode == 0 and f"usage: skep {name} " in done.stdout and "example:" in done.stdout, done)




def beside_kernel():
    tool, pins = shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin"), f"/sys/fs/bpf/skep-batch-{os.getpid()}"
    name = "beside bpftool"
    if not tool or not os.access("/sys/fs/bpf", os.W_OK) or os.path.exists(pins):
        check(name, True, skip="no bpftool or no bpffs that may be written")
        return
    got = {}
    for options in ((), ("-j",), ("-p",)):
        try:
            got[options] = run(tool, *options, "batch", "file", "-", text=lines(pins))
        finally:
            shutil.rmtree(pins, ignore_errors=True)
    check("pins are gone", not os.path.exists(pins))
    if got[()].returncode:
        why = got[()].stderr.strip().splitlines()
        check(name, True, skip=f"bpf(2) is not permitted, or bpftool knows less: {why[-1] if why else got[()].stdout[-90:]!r}")
        return
    for options, theirs in got.items():
        mine = batch(lines(pins), *options)
        a, b = timeless(mine.stdout), timeless(theirs.stdout)
        differs = [(x, y) for x, y in zip(a.splitlines(), b.splitlines()) if x != y][:3]
        check(f"the same output as bpftool {' '.join(options) or 'in text'}", a.strip() == b.strip(), differs or (len(a), len(b)))


def main():
    os.environ["LC_ALL"] = "C"
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        with open("typed.bpf.c", "w") as f:
            f.write(SOURCE)
        with open("packet", "wb") as f:
            f.write(bytes(64))
        built = run(sys.argv[3], *sys.argv[4:], "-c", "typed.bpf.c", "-o", "typed.bpf.o")
        check("the object builds", built.returncode == 0, built)
        globals()["VALUE_SIZE"] = next(m["bytes_value"] for m in json.loads(run(SKEP, "-j", "map", "show", "typed.bpf.o").stdout)
                                       if m["name"] == "one")
        with open("lines", "w") as f:
            f.write(lines(PINS))
        for part in (typed_values, handles, stops, alone, beside_kernel):
            part()
        os.chdir(here)
    return end()


if __name__ == "__main__":
    sys.exit(main())
