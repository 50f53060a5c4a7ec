#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The command skep as its help promises: outputs, exit codes, options, and bad input in one line.

usage: test_cli.py SKEP SHAPES UNKNOWN_MAP MISSING LB STRONG
"""
import base64
import csv
import io
import itertools
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, SHAPES, UNKNOWN_MAP, MISSING, LB, STRONG = (os.path.abspath(a) for a in sys.argv[1:7])


class Run:
    def __init__(self, *args, stdout=subprocess.PIPE):
        done = subprocess.run([SKEP, *map(str, args)], stdout=stdout, stderr=subprocess.PIPE)
        self.args, self.status = args, done.returncode
        self.out = (done.stdout or b"").decode("utf-8", "surrogateescape")
        self.err = done.stderr.decode("utf-8", "surrogateescape")

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{self.args} -> {self.status}: {self.out[:2000]} {self.err[:2000]}"


def ran(name, run, status, *parts):
    """The exit status, all parts in the output, nothing on stderr."""
    check(name, run.status == status and not run.err and all(p in run.out for p in parts), tell=run)


def refuses(name, run, *parts, status=2):
    """One line on stderr with all parts, nothing on stdout."""
    ok = run.status == status and not run.out and run.err.count("\n") == 1 and all(p in run.err for p in parts)
    check(name, ok, tell=run)


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def pcap(packets, linktype=1):
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, linktype)
    for number, p in enumerate(packets):
        out += struct.pack("<IIII", number, 0, len(p), len(p)) + p
    return out


def pcap_packets(path):
    with open(path, "rb") as f:
        data = f.read()
    at, found = 24, []
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at + 16 : at + 16 + size])
        at += 16 + size
    return found


PACKETS = [bytes([n, 0xAA]) + bytes(58 + n) for n in (2, 3, 4, 2, 9)]


def test_words():
    ran("help lists the commands", Run("help"), 0, "verify", "run", "prog dump", "btf dump", "version", "example:")
    check("--help and help say the same", Run("--help").out == Run("help").out)
    for words in (["verify"], ["run"], ["profile"], ["report"], ["prog", "dump"], ["btf", "dump"], ["version"]):
        name = " ".join(words)
        ran(f"{name} --help has an example", Run(*words, "--help"), 0, f"usage: skep {name}", "example:\n  skep")
        check(f"help {name} says the same", Run("help", *words).out == Run(*words, "--help").out)
    ran("version in words", Run("version"), 0, "skep v", "follows bpf-next")
    check("--version says the same", Run("--version").out == Run("version").out)
    check("version in JSON", set(Run("version", "-j").json()) == {"version", "profile", "features"})
    check("options may stand first, as with bpftool", Run("-j", "version").out == Run("version", "-j").out)
    bare = Run()
    check("without a command: help on stderr, status 2", bare.status == 2 and "commands:" in bare.err and not bare.out)


def test_wrong_words():
    refuses("a wrong command names the nearest", Run("verfy"), '"verfy"', '"verify"')
    refuses("a command that is like none", Run("zzzzzzzz"), '"zzzzzzzz"', "skep help")
    refuses("half a command", Run("prog"), "prog dump")
    refuses("a wrong second word", Run("btf", "remove"), '"btf remove"', "btf dump")
    refuses("an option in place of a command", Run("-x"), "-x")
    refuses("a wrong option names the nearest", Run("run", "--jsn", SHAPES), "--jsn", "did you mean --json?")
    refuses("a wrong letter", Run("verify", "-x", SHAPES), "unknown option -x")
    refuses("a wrong letter in a cluster is named", Run("run", "-jx", SHAPES), "unknown option -x in -jx")
    refuses("a wrong letter after a value", Run("run", "--prog", "swap", "-x", SHAPES), "unknown option -x")
    refuses("a long option without its value", Run("run", SHAPES, "--prog"), "--prog needs a value")
    refuses("a letter without its value", Run("run", SHAPES, "-jp"), "-p needs a value")
    refuses("a flag with a value", Run("run", "--json=yes", SHAPES), "--json takes no value")
    refuses("a number that is none", Run("run", "--repeat", "many", SHAPES), "--repeat", '"many"')
    refuses("a number out of range", Run("run", "--repeat", "0", SHAPES), "--repeat", "from 1")
    refuses("a choice that there is not", Run("run", "--engine", "gpu", SHAPES), "jit", "interp", '"gpu"')
    refuses("a log level that there is not", Run("verify", "--log-level", "8", SHAPES), "--log-level")
    refuses("a format that there is not", Run("verify", "--format", "xml", SHAPES), "table, csv, json")
    refuses("--prog and --section", Run("run", "--prog", "swap", "--section", "tc", SHAPES), "not both")
    refuses("--pcap and --data-in", Run("run", "--pcap", "a", "--data-in", "b", SHAPES), "not both")
    refuses("--pcap-out alone", Run("run", "--pcap-out", "a", SHAPES), "--pcap-out needs --pcap")
    refuses("no file", Run("run"), "which file?")
    refuses("two files", Run("run", SHAPES, SHAPES), "one file")
    refuses("nothing to verify", Run("verify", "-j"), "which file?")
    refuses("a dump of what there is not", Run("prog", "dump", "source", SHAPES), '"source"', "xlated, jited or cfg")
    refuses("a dump of nothing", Run("prog", "dump", "xlated"), "which file")
    refuses("a BTF format that there is not", Run("btf", "dump", SHAPES, "format", "rust"), '"rust"', "raw or c")
    check("options and values in each spelling", len({Run("verify", *o, LB, "--format=csv").out.split(",")[13] for o in (
        ["-pxdp_lb"], ["-p", "xdp_lb"], ["--prog", "xdp_lb"], ["--prog=xdp_lb"])}) == 1)


def test_verify(tmp):
    ran("an accepted program: a table, status 0", Run("verify", LB), 0, "File", "Verdict", "xdp_lb", "success")
    mixed = Run("verify", SHAPES)
    ran("some refused: status 1, log, source and reason", mixed, 1, "too_far", "failure", "invalid access to packet",
        "shapes.bpf.c:", "why:", "processed ")
    ran("--prog takes one", Run("verify", SHAPES, "--prog", "swap"), 0, "swap")
    check("--prog leaves the others", "too_far" not in Run("verify", SHAPES, "--prog", "swap").out)
    rows = Run("verify", SHAPES, "-j")
    found = rows.json()
    check("JSON: a row a program in the file's order", [r["prog_name"] for r in found] == [
        "swap", "grow", "nameless", "queue", "too_far", "mark", "peer", "target", "length", "add", "args"] and rows.status == 1, tell=rows)
    keys = {"file_name", "prog_name", "verdict", "duration_us", "insns", "total_states", "peak_states", "stack_depth"}
    check("JSON: the keys of an accepted program", set(found[0]) == keys, tell=found[0])
    check("JSON: the keys of a refused one", set(found[4]) == keys | {"errno", "reason", "message", "explanation",
          "source", "log_tail"} and found[4]["reason"] == "packet-bounds" and found[4]["errno"] == 13, tell=found[4])
    ran("--explain: what would have been enough, and how it came about",
        Run("verify", SHAPES, "--prog", "too_far", "--explain"), 1, "enough would have been: a branch",
        "R1 + 1 is at most the end of the packet", "known was: R1=pkt(r=0)", "loaded      R1=pkt(r=0)")
    told = Run("verify", SHAPES, "--explain", "-j").json()
    check("--explain in JSON: of refused ones", all(("explain" in r) == (r["verdict"] == "failure") for r in told) and
          [(c["role"], c["insn"], c["times"]) for c in told[4]["explain"]["causes"]] ==
          [("loaded", "(61) r1 = *(u32 *)(r1 +0)", 1)] and
          "shapes.bpf.c:" in told[4]["explain"]["causes"][0]["source"], tell=told)
    check("--pretty is the same JSON, indented", Run("verify", LB, "--pretty").json()[0].keys() == keys and
          Run("verify", LB, "--pretty").out.count("\n") > 5)
    check("--format json is -j", Run("verify", LB, "--format", "json").json()[0].keys() == keys)
    odd = os.path.join(tmp, 'a "b", c\nd.bpf.o')
    shutil.copy(SHAPES, odd)
    table = Run("verify", odd, LB, "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(table.out, newline="")))
    check("CSV: odd file names are quoted", len(lines) == 12 and lines[0]["file_name"] == odd and
          lines[11]["file_name"] == LB, tell=table)
    check("CSV: a comma in a message is quoted", lines[4]["message"] == found[4]["message"] and "," in lines[4]["message"])
    check("CSV: reasons go to stderr", "why:" in table.err and "why:" not in table.out)
    for level, part in ((1, "processed"), (2, "0: R1=ctx()"), (4, "processed")):
        ran(f"--log-level {level}", Run("verify", LB, "--log-level", level), 0, part, "success")
    check("--log-level 0 prints no log", "processed" not in Run("verify", LB, "--log-level", "0").out)
    check("the log in JSON", "processed" in Run("verify", LB, "-j", "--log-level", "1").json()[0]["log"])
    refuses("--kernel-btf of an object", Run("verify", LB, "--kernel-btf", SHAPES), SHAPES, "not BTF of a kernel")
    with tempfile.TemporaryDirectory() as folder:
        refuses("--kernel-btf of a folder without vmlinux", Run("verify", LB, "--kernel-btf", folder), folder + "/vmlinux")
    here = "/sys/kernel/btf/vmlinux"
    if os.path.exists(here):
        ran("--kernel-btf of this machine's kernel", Run("verify", LB, "--kernel-btf", here), 0, "success")
        ran("--kernel-btf of a folder", Run("verify", LB, "--kernel-btf", os.path.dirname(here)), 0, "success")
    else:
        check("--kernel-btf of this machine's kernel", True, skip="no " + here)
    config = write(os.path.join(tmp, "config"), b"# CONFIG_A is not set\nCONFIG_MUST_BE=7\n")
    refuses("an extern of the configuration, without one", Run("verify", STRONG), "extern 'CONFIG_MUST_BE' (strong): not resolved")
    ran("--kconfig: with one", Run("verify", STRONG, "--kconfig", config), 0, "success")
    refuses("--kconfig of a compressed file", Run("verify", STRONG, "--kconfig", write(config + ".gz", b"\x1f\x8b\x08")),
            "config.gz", "unpack")
    unresolved = Run("verify", MISSING, "-j").json()
    check("what could not be resolved is named", [r.get("reason") for r in unresolved[1:3]] == [
        "core-relocation", "missing-kfunc"] and "subject___other" in unresolved[1]["message"], tell=unresolved[1:3])
    check("what is not modelled is no failure", unresolved[5]["verdict"] == "not modelled", tell=unresolved[5])
    many = Run("verify", LB, SHAPES)
    ran("several files end with a summary", many, 1, "12 programs in 2 files: 11 accepted, 1 refused, 0 not modelled")
    check("no progress where stderr is no terminal", "\r" not in many.err)
    main_end, their_end = pty.openpty()
    out = subprocess.run([SKEP, "verify", LB, SHAPES], stdout=subprocess.PIPE, stderr=their_end).stdout
    os.close(their_end)
    told = os.read(main_end, 65536).decode()
    check("progress on stderr where it is a terminal", "[1/2] " in told and "[2/2] " in told and "xdp_lb" in told and
          told.endswith("\r\x1b[K") and b"\r" not in out, tell=told)


def same_but_time(run):
    rows = run.json()
    for row in rows:
        row.pop("duration_us")
    return rows


def test_threads():
    files = [SHAPES, LB, MISSING, SHAPES, LB] * 3
    one = same_but_time(Run("verify", "-j", *files))
    check("-J gives the same rows in the same order", all(one == same_but_time(Run("verify", "-j", "-J", n, *files))
          for n in (2, 8)) and len(one) == len(files) // 5 * (2 * 11 + 2 + len(json.loads(Run('verify', '-j', MISSING).out))))
    log = Run("verify", "-J", "4", "--log-level", "2", LB, SHAPES, LB).out
    at = [log.index(f"{f}: {p}:\n") for f, p in ((LB, "xdp_lb"), (SHAPES, "swap"), (SHAPES, "grow"), (SHAPES, "mark"))]
    check("-J: logs come in order, whole", at == sorted(at) and log.count("processed ") == 13 + 1, tell=log)
    refuses("-J 0", Run("verify", "-J", "0", LB), "--jobs", "from 1")


def test_run(tmp):
    packet = write(os.path.join(tmp, "packet"), PACKETS[0])
    after = os.path.join(tmp, "after")
    ran("--prog: the return value by its name, time and maps", Run("run", SHAPES, "--prog", "swap", "--data-in", packet,
        "--data-out", after), 0, "return value: 3 (XDP_TX)", "ns per run", "us to prepare", "map first_bytes:", "new")
    with open(after, "rb") as f:
        check("--data-out: the packet as the program left it", f.read() == b"\xaa\x02" + PACKETS[0][2:])
    ran("--section", Run("run", SHAPES, "--section", "tc"), 0, "return value: 0 (TC_ACT_OK)")
    ran("a value without a name", Run("run", SHAPES, "-p", "length", "--data-in", packet), 0, "return value: 48\n")
    ran("no map changed", Run("run", SHAPES, "--prog", "nameless"), 0, "return value: 77\n", "no map changed")
    shown = Run("run", SHAPES, "--prog", "swap", "--data-in", packet, "-j")
    got = shown.json()
    check("JSON: retval, retval_name, ns_per_run, prepare_us, maps, sent, trace", set(got) == {"retval", "retval_name",
          "ns_per_run", "prepare_us", "maps", "sent", "trace"} and got["retval"] == 3 and got["retval_name"] == "XDP_TX", tell=shown)
    check("JSON: a new element, bytes as bpftool has them", got["maps"] == [{"name": "first_bytes", "elements": [{
          "change": "new", "key": ["0x02", "0x00", "0x00", "0x00"], "value": ["0x01"] + ["0x00"] * 7}]}], tell=got["maps"])
    check("JSON: what was sent", got["sent"] == {"lo": {"packets": 1, "bytes": len(PACKETS[0])}}, tell=got["sent"])
    ran("--devs: where packets went", Run("run", SHAPES, "--prog", "swap", "--data-in", packet, "--devs", "eth0,eth1",
        "--ctx", "ingress_ifindex=3", "-n", "4"), 0, f"sent:\n  eth1           4 packets, {4 * len(PACKETS[0])} bytes\n")
    refuses("--devs: a name twice", Run("run", SHAPES, "-p", "swap", "--devs", "a,a"), '--devs: "a": there is one already')
    refuses("--devs: a long name", Run("run", SHAPES, "-p", "swap", "--devs", "a" * 16), "names have 1 to 15 bytes")
    grown = Run("run", SHAPES, "--prog", "grow", "--data-in", packet, "--repeat", "5", "-j", "--data-out", after).json()
    check("--repeat runs so often", grown["maps"][0]["elements"][0]["value"][0] == "0x05", tell=grown)
    check("each run finds what the last one left", os.path.getsize(after) == len(PACKETS[0]) + 20)
    refused = Run("run", SHAPES, "--prog", "too_far")
    refuses("a refused program: status 1", refused, "too_far is refused: invalid access to packet", "skep verify", status=1)
    refuses("which of several", Run("run", SHAPES), "--prog", "swap (xdp)", "mark (tc)")
    refuses("a wrong name: those there are", Run("run", SHAPES, "--prog", "swop"), "no program swop", "swap (xdp)")
    refuses("a wrong section: those there are", Run("run", SHAPES, "--section", "lsm"), "section lsm", "mark (tc)")
    refuses("verify: a wrong name", Run("verify", SHAPES, "--prog", "swop"), "no program swop", "swap")
    refuses("a packet that is too short", Run("run", SHAPES, "-p", "swap", "--data-in", write(packet + "2", b"123")), "14 bytes")


def test_context(tmp):
    # struct __sk_buff: mark at 8, cb at 48
    skb = bytearray(192)
    struct.pack_into("<I", skb, 8, 7)
    struct.pack_into("<I", skb, 52, 100)
    ctx, after = write(os.path.join(tmp, "ctx"), skb), os.path.join(tmp, "ctx.out")
    ran("--ctx-in is what the program gets", Run("run", SHAPES, "--prog", "mark", "--ctx-in", ctx, "--ctx-out", after), 0,
        "return value: 2 (TC_ACT_SHOT)")
    with open(after, "rb") as f:
        left = f.read()
    check("--ctx-out is what it leaves", struct.unpack_from("<I", left, 8)[0] == 107 and left[64] == 0x55, tell=left)
    refuses("a context with more than there is", Run("run", SHAPES, "-p", "mark", "--ctx-in", write(ctx + "2", b"\1" * 500)),
            "mark")
    refuses("--ctx-out alone", Run("run", SHAPES, "-p", "mark", "--ctx-out", after), "--ctx-out needs")


def test_named_context(tmp):
    def mark(*args):
        return Run("run", SHAPES, "--prog", "mark", *args)

    ran("--ctx sets fields; what changed is told", mark("--ctx", "mark=7,cb[1]=0x64"), 0, "return value: 2 (TC_ACT_SHOT)",
        "context mark: 7 -> 107\n", "context cb[4]: 0 -> 85\n")
    left = mark("-c", "mark=7,cb[1]=100", "-j").json()["ctx"]
    check("JSON: the context afterwards", left["mark"] == 107 and left["cb"] == [0, 100, 0, 0, 0x55], tell=left)
    given = os.path.join(tmp, "given.json")
    write(given, b' {"mark": 7, "cb": [0, 3], "priority": "0x10"}\n')
    left = mark("--ctx-in", given, "-j").json()["ctx"]
    check("--ctx-in of JSON", left["mark"] == 10 and left["priority"] == 16, tell=left)
    left = mark("--ctx-in", given, "--ctx", "cb[1]=4", "-j").json()["ctx"]
    check("--ctx wins over --ctx-in", left["mark"] == 11, tell=left)
    after = os.path.join(tmp, "named.out")
    mark("--ctx", "mark=1", "--ctx-out", after)
    check("--ctx-out of a named context is its bytes", os.path.getsize(after) == 192)
    ran("xdp_md: metadata; data_end is the packet's length", Run("run", SHAPES, "-p", "queue", "--ctx", "data=8"), 0,
        "return value: 80\n")
    refuses("xdp_md: a data_end that is not the packet's", Run("run", SHAPES, "-p", "queue", "--ctx", "data_end=1000"), "queue")
    source = write(os.path.join(tmp, "ctx.pcap"), pcap(PACKETS))
    got = Run("run", SHAPES, "-p", "queue", "--ctx", "data=4", "--pcap", source, "-j").json()
    check("xdp_md: each packet of a capture has its own data_end", got["actions"] == {"40": 5}, tell=got)
    ran("syscall: the fields of the program's own structure", Run("run", SHAPES, "-p", "add", "--ctx",
        "a=5,b[0]=-3,b[1]=7,out.sign=-1"), 0, "return value: 5\n", "context out.sum: 0 -> 9\n", "context out.sign: -1 -> 1\n")
    ran("raw_tp: args", Run("run", SHAPES, "-p", "args", "--ctx", "args[0]=4,args[3]=2"), 0, "return value: 42\n")
    ran("fields that BPF_PROG_TEST_RUN does not take", mark("--ctx", "mark=7,protocol=8,hash=5,napi_id=3"), 0, "TC_ACT_SHOT")
    ran("addresses and ports: __sk_buff", Run("run", SHAPES, "-p", "peer", "--ctx", "remote_ip4=10.0.0.1,remote_port=net:443"),
        0, "return value: 1")
    ran("another port", Run("run", SHAPES, "-p", "peer", "--ctx", "remote_ip4=10.0.0.1,remote_port=443"), 0, "return value: 0")
    ran("addresses and ports: bpf_sock_addr", Run("run", SHAPES, "-p", "target", "--ctx", "user_ip6=fd00::1,user_port=net:443"),
        0, "return value: 1")
    refuses("a port that is none", Run("run", SHAPES, "-p", "target", "--ctx", "user_port=net:65536"), "user_port")
    refuses("a field that the program may not read", mark("--ctx", "remote_ip4=10.0.0.1"), "may read")
    refuses("an unknown field names the nearest", mark("--ctx", "mrk=7"), "__sk_buff", "mrk", "did you mean mark?")
    refuses("an unknown field like none: all there are", mark("--ctx", "zzz=7"), "zzz", "len, pkt_type, mark")
    refuses("an unknown field of the program's structure", Run("run", SHAPES, "-p", "add", "--ctx", "c[1]=1"), "struct sums")
    refuses("a pointer is no field", Run("run", SHAPES, "-p", "mark", "--ctx", "flow_keys=1"), "flow_keys")
    refuses("a value that does not fit", mark("--ctx", "mark=4294967296"), "mark", "4 bytes")
    refuses("a negative value that does not fit", Run("run", SHAPES, "-p", "add", "--ctx", "b[0]=-32769"), "2 bytes")
    refuses("a value that is none", mark("--ctx", "mark=much"), '"much"', "net:NUMBER")
    refuses("no value", mark("--ctx", "mark"), '"mark" is not FIELD=VALUE')
    refuses("an index out of range", mark("--ctx", "cb[5]=1"), "cb[5]", "[4]")
    refuses("an array as one number", mark("--ctx", "cb=1"), "cb is an array")
    for name, text, part in (("cut", b'{"mark": 7', "ends early"), ("wrong", b'{"mark" 7}', "offset 8"),
                             ("deep", b'{"mark":' + b"[" * 100, "not JSON"), ("a list", b'{"mark": {}}', "mark"),
                             ("a long list", b'{"cb": [1, 2, 3, 4, 5, 6]}', "cb[5]"), ("a text", b'{"mark": "x"}', '"x"')):
        refuses(f"--ctx-in of JSON: {name}", mark("--ctx-in", write(given, text)), part)
    refuses("--ctx and bytes", mark("--ctx", "mark=1", "--ctx-in", write(given, bytes(192))), "not both")


def test_capture(tmp):
    source = write(os.path.join(tmp, "in.pcap"), pcap(PACKETS))
    outs, told = {}, {}
    for engine in ("jit", "interp"):
        out = os.path.join(tmp, engine + ".pcap")
        run = Run("run", SHAPES, "--prog", "swap", "--pcap", source, "--pcap-out", out, "--engine", engine, "-j")
        told[engine] = run.json() if run.status == 0 else {"failed": repr(run)}
        outs[engine] = pcap_packets(out)
        for key in ("ns_per_run", "prepare_us"):
            told[engine].pop(key, None)
    check("--pcap: packets and actions", told["jit"].get("packets") == 5 and told["jit"].get("actions") == {
          "XDP_TX": 3, "XDP_DROP": 2}, tell=told)
    check("--pcap-out: what was not dropped, as it was left", outs["jit"] == [
          bytes([p[1], p[0]]) + p[2:] for p in PACKETS if not p[0] & 1], tell=outs)
    check("both engines: the same actions and maps", told["jit"] == told["interp"], tell=told)
    check("both engines: the same packets", outs["jit"] == outs["interp"])
    lb = [Run("run", LB, "--pcap", source, "--engine", e, "-j").json() for e in ("jit", "interp")]
    check("both engines: the load balancer", lb[0]["actions"] == lb[1]["actions"] and lb[0]["maps"] == lb[1]["maps"])
    ran("actions in words", Run("run", SHAPES, "--prog", "swap", "--pcap", source), 0, "packets: 5", "XDP_TX         3")
    ran("an action without a name is a number", Run("run", SHAPES, "--prog", "nameless", "--pcap", source), 0, "  77             5")
    empty = write(os.path.join(tmp, "empty.pcap"), pcap([]))
    check("a capture without packets", Run("run", SHAPES, "-p", "swap", "--pcap", empty, "-j").json()["packets"] == 0)
    refuses("a capture that is none", Run("run", SHAPES, "-p", "swap", "--pcap", SHAPES), SHAPES, "not a capture")
    refuses("a capture of something else", Run("run", SHAPES, "-p", "swap", "--pcap",
            write(empty + "2", pcap(PACKETS, 101))), "RAW", "Ethernet")
    whole = pcap(PACKETS)
    for cut, parts in ((10, ["not a capture"]), (24 + 8, ["after packet 0"]), (len(whole) - 20, ["after packet 4"])):
        refuses(f"a capture of its first {cut} bytes", Run("run", SHAPES, "-p", "swap", "--pcap",
                write(os.path.join(tmp, "cut.pcap"), whole[:cut])), "cut.pcap", *parts)
    refuses("a packet that cannot be run names its number", Run("run", SHAPES, "-p", "swap", "--pcap",
            write(empty + "3", pcap(PACKETS[:2] + [b"tiny"]))), "packet 3 (4 bytes)")
    refuses("no such folder for the output", Run("run", SHAPES, "-p", "swap", "--pcap", source, "--pcap-out",
            os.path.join(tmp, "none", "x")), "none/x")


def jited_dumps(code):
    """Machine code of SHAPES' swap: @code is the plain JSON."""
    words = ["prog", "dump", "jited", SHAPES, "--prog", "swap"]
    text = Run(*words)
    ran("jited: prototype, name and source lines", text, 0, "int swap(struct xdp_md * ctx):\nswap:\n; ", "\n   0:\t")
    func = code[0]
    check("jited in JSON has bpftool's keys", func["name"] == "swap" and func["proto"] == "int swap(struct xdp_md * ctx)" and
          set(func["insns"][0]) == {"src", "pc", "operation", "operands"} and func["insns"][0]["pc"] == "0x0", tell=func)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "shapes.bpf.c"), encoding="utf-8") as f:
        source = f.readlines()
    lines = [i for i in Run(*words, "linum", "-j").json()[0]["insns"] if "src" in i]
    check("jited linum: each line says where it is", lines and all(i["file"].endswith("shapes.bpf.c") and
          source[i["line_num"] - 1].strip() == i["src"].strip() for i in lines), tell=lines[:3])
    places = [(i["line_num"], i["line_col"]) for i in lines]
    check("jited: a line stands once where its code begins", "data[1] = first;" in [i["src"] for i in lines] and
          all(a != b for a, b in zip(places, places[1:])), tell=places)
    ran("jited linum in text", Run(*words, "linum"), 0, "; data[1] = first; [file:", " line_num:")
    coded = Run(*words, "opcodes", "-j").json()[0]["insns"]
    check("jited opcodes: sizes lead from one pc to the next", all(int(a["pc"], 16) + len(a["opcodes"]) == int(b["pc"], 16)
          for a, b in zip(coded, coded[1:])) and [i["pc"] for i in coded] == [i["pc"] for i in func["insns"]], tell=coded[:3])
    ran("jited opcodes in text", Run(*words, "opcodes"), 0, "\n\t" + " ".join(b[2:] for b in coded[0]["opcodes"]) + " \n")
    with_insns = Run(*words, "insns", "-j").json()[0]["insns"]
    told = [one for i in with_insns for one in i.get("bpf_insns", [])]
    xlated = Run("prog", "dump", "xlated", SHAPES, "--prog", "swap", "-j").json()
    check("jited insns: every rewritten instruction, in order", [t["disasm"] for t in told] == [i["disasm"] for i in xlated] and
          [t["idx"] for t in told] == sorted({t["idx"] for t in told}), tell=told)
    ran("jited insns in text", Run(*words, "insns"), 0, "\n# 0: " + xlated[0]["disasm"] + "\n")
    refuses("insns of what is no machine code", Run("prog", "dump", "xlated", SHAPES, "-p", "swap", "insns"), "insns goes with jited")
    refuses("line numbers of the graph", Run("prog", "dump", "cfg", SHAPES, "-p", "swap", "linum"), "control-flow graph")
    placed = [i for i in Run("prog", "dump", "xlated", SHAPES, "-p", "swap", "linum", "-j").json() if "src" in i]
    check("xlated linum", placed and all(source[i["line_num"] - 1].strip() == i["src"].strip() for i in placed), tell=placed[:3])


def test_dumps(tmp):
    text = Run("prog", "dump", "xlated", LB)
    ran("xlated: source lines and instructions", text, 0, "int xdp_lb(struct xdp_md * ctx):\n; ", "   0: (79) r2 = *(u64 *)(r1 +0)\n")
    ran("xlated opcodes", Run("prog", "dump", "xlated", LB, "opcodes"), 0, "       79 12 00 00 00 00 00 00\n")
    insns = Run("prog", "dump", "xlated", LB, "-j").json()
    check("xlated in JSON has bpftool's keys", insns[0]["disasm"] == "(79) r2 = *(u64 *)(r1 +0)" and
          "src" in insns[0] and insns[0]["proto"] == "int xdp_lb(struct xdp_md * ctx)" and len(insns) == text.out.count(": ("), tell=insns[:2])
    coded = Run("prog", "dump", "xlated", LB, "opcodes", "-j").json()
    check("xlated opcodes in JSON", coded[0]["opcodes"] == {"code": "0x79", "src_reg": "0x1", "dst_reg": "0x2",
          "off": ["0x00", "0x00"], "imm": ["0x00"] * 4} and
          all(len(i["opcodes"]["imm"]) == (12 if i["disasm"].startswith("(18)") else 4) for i in coded), tell=coded[:2])
    jited = Run("prog", "dump", "jited", SHAPES, "--prog", "swap", "-j")
    if "no machine code" in jited.err:
        check("jited", True, skip="no JIT here")
    else:
        jited_dumps(jited.json())
    graph = Run("prog", "dump", "cfg", SHAPES, "--section", "tc")
    ran("cfg is Graphviz", graph, 0, "digraph")
    check("xlated visual is cfg", Run("prog", "dump", "xlated", SHAPES, "--section", "tc", "visual").out == graph.out)
    refuses("the graph in JSON", Run("prog", "dump", "cfg", LB, "-j"), "JSON")
    refuses("a dump of a refused program: status 1", Run("prog", "dump", "xlated", SHAPES, "--prog", "too_far"),
            "too_far is refused", status=1)
    refuses("a dump of a wrong name", Run("prog", "dump", "xlated", SHAPES, "--prog", "no"), "swap (xdp)")
    types = Run("btf", "dump", LB)
    ran("btf dump", types, 0, "] STRUCT 'xdp_md' size=", "\t'data' type_id=")
    check("btf dump file FILE is the same", Run("btf", "dump", "file", LB).out == types.out)
    found = Run("btf", "dump", "file", LB, "-j").json()["types"]
    check("btf dump in JSON: a type a record", len(found) == types.out.count("\n[") + 1 and found[0]["id"] == 1)
    c = write(os.path.join(tmp, "types.c"), Run("btf", "dump", LB, "format", "c").out.encode())
    if shutil.which("gcc"):
        check("btf dump format c compiles", subprocess.run(["gcc", "-fsyntax-only", c]).returncode == 0)
    refuses("C in JSON", Run("btf", "dump", LB, "format", "c", "-j"), "JSON")
    if not shutil.which("bpftool"):
        check("bpftool prints the same", True, skip="no bpftool here")
        return
    theirs = subprocess.run(["bpftool", "-j", "btf", "dump", "file", LB], capture_output=True, text=True)
    check("bpftool prints the same JSON", theirs.returncode or json.loads(theirs.stdout)["types"] == found)


def section(elf, name):
    """Offset of the section header called @name."""
    shoff, shentsize, shnum, shstrndx = struct.unpack_from("<Q", elf, 40)[0], *struct.unpack_from("<HHH", elf, 58)
    strings = struct.unpack_from("<Q", elf, shoff + shstrndx * shentsize + 24)[0]
    for i in range(shnum):
        at = shoff + i * shentsize
        start = strings + struct.unpack_from("<I", elf, at)[0]
        if elf[start : elf.index(b"\0", start)] == name.encode():
            return at
    raise KeyError(name)


def test_bad_objects(tmp):
    with open(SHAPES, "rb") as f:
        elf = f.read()
    cuts = sorted({0, 1, 3, 15, 16, 40, 63, 64, 65, len(elf) - 1} | set(range(100, len(elf), len(elf) // 40)))
    files = [write(os.path.join(tmp, f"cut{n}.o"), elf[:n]) for n in cuts]
    run = Run("verify", *files)
    check(f"a file cut at {len(cuts)} places: one line each, status 2", run.status == 2 and not run.out and
          [line.split(": ")[1] for line in run.err.splitlines()] == files, tell=run)
    run = [Run("btf", "dump", f) for f in files[::6]]
    check("btf dump of cut files", all(r.status in (0, 2) and r.err.count("\n") == (r.status == 2) and
          "Unknown error" not in r.err for r in run), tell=run)
    at = section(elf, ".symtab")
    refuses("no symbol table", Run("verify", write(os.path.join(tmp, "a.o"), elf[: at + 4] + b"\0\0\0\0" + elf[at + 8 :])),
            "a.o", "symbol table")
    at = section(elf, "xdp")
    beyond = struct.pack("<Q", len(elf) - 8)
    refuses("a section beyond the end names section and offset", Run("verify", write(os.path.join(tmp, "b.o"),
            elf[: at + 24] + beyond + elf[at + 32 :])), "b.o", "section xdp", f"offset {len(elf) - 8}")
    at = section(elf, ".BTF")
    start = struct.unpack_from("<Q", elf, at + 24)[0]
    bad = write(os.path.join(tmp, "c.o"), elf[: start + 8] + b"\xff" * 8 + elf[start + 16 :])
    refuses("damaged BTF", Run("verify", bad), "c.o")
    refuses("damaged BTF, dumped", Run("btf", "dump", bad), "c.o")
    none = bytearray(elf)
    for name in ("xdp", "tc", "socket", "cgroup_skb/ingress", "cgroup/connect6", "syscall", "raw_tp/any"):
        struct.pack_into("<Q", none, section(elf, name) + 8, 2)  # SHF_ALLOC: no code
    without = write(os.path.join(tmp, "d.o"), none)
    refuses("an object without programs: run", Run("run", without), "d.o")
    refuses("an object without programs: verify", Run("verify", without), "")
    for command in (["verify"], ["run"], ["prog", "dump", "xlated"]):
        refuses("an unknown map type: " + " ".join(command), Run(*command, UNKNOWN_MAP, "--prog", "swap"),
                os.path.basename(UNKNOWN_MAP), "'first_bytes' (.maps+0x", "unknown map type")
    rows = Run("verify", UNKNOWN_MAP, LB, "-j")
    check("what cannot be loaded has a row in JSON", rows.status == 2 and rows.err.count("\n") == 1 and
          {r["verdict"] for r in rows.json() if r.get("reason") == "not-loadable"} == {"failure"} and
          any(r["verdict"] == "success" for r in rows.json()), tell=rows)
    refuses("an ELF file of this machine", Run("verify", SKEP), os.path.basename(SKEP))
    for what, path, why in (("a directory", tmp, "directory"), ("no such file", tmp + "/none", "No such file"),
                            ("a text file", os.path.abspath(__file__), "not an ELF file"), ("a device", "/dev/null", "")):
        for command in (["verify"], ["run"], ["prog", "dump", "xlated"]):
            refuses(f"{what}: {' '.join(command)}", Run(*command, path), path, why if path != tmp else "")
        refuses(f"{what}: btf dump", Run("btf", "dump", path), path)
    refuses("--data-in of a directory", Run("run", SHAPES, "-p", "swap", "--data-in", tmp), tmp, "Is a directory")
    refuses("--kernel-btf without BTF", Run("verify", SHAPES, "--kernel-btf", os.path.abspath(__file__)), "no BTF")
    both = Run("verify", LB, tmp + "/none", "-j")
    check("one bad file does not hide the others", both.status == 2 and len(both.json()) == 1 and both.err.count("\n") == 1)
    if os.geteuid():
        secret = write(os.path.join(tmp, "e.o"), elf)
        os.chmod(secret, 0)
        refuses("a file that may not be read", Run("verify", secret), "e.o", "Permission denied")


def test_report(tmp):
    out = os.path.join(tmp, "bug.json")
    source = write(os.path.join(tmp, "report.pcap"), pcap(PACKETS))
    ran("report of a run", Run("report", SHAPES, "--prog", "swap", "--pcap", source, "--engine", "interp", "-o", out), 0,
        "bug.json: 1 programs, 0 refused; the run returned XDP_DROP")
    with open(out, encoding="utf-8") as f:
        report = json.load(f)
    os.unlink(source)
    with open(SHAPES, "rb") as f:
        check("a report holds the object, options and files", base64.b64decode(report["object"]["data"]) == f.read() and
              report["options"] == {"prog": "swap", "engine": "interp"} and
              base64.b64decode(report["files"]["pcap"]["data"]) == pcap(PACKETS), tell=report["options"])
    check("a report holds version, log and results", report["made_by"]["version"] and report["run"]["actions"] == {
          "XDP_TX": 3, "XDP_DROP": 2} and "processed" in report["verify"][0]["log"], tell=report["verify"])
    check("a report names no folder", tmp not in json.dumps(report) and os.path.dirname(SHAPES) not in json.dumps(report))
    again = Run("run", out, "-j")
    check("run of a report: the same again", not again.err and again.json()["actions"] == report["run"]["actions"] and
          again.json()["maps"] == report["run"]["maps"], tell=again)
    ran("run of a report in words", Run("run", out), 0, "packets: 5", "XDP_TX         3", "map first_bytes:")
    ran("verify of a report", Run("verify", out), 0, "swap", "success")
    ran("dump of a report", Run("prog", "dump", "xlated", out), 0, "int swap(struct xdp_md * ctx):\n")
    left = os.path.join(tmp, "left.pcap")
    Run("run", out, "--pcap-out", left)
    check("run of a report: output files", len(pcap_packets(left)) == 3)
    ran("the command line wins", Run("run", out, "--prog", "nameless"), 0, "  77             5")
    ran("of --pcap and --data-in the command line's wins", Run("run", out, "--data-in", write(source, PACKETS[0])), 0,
        "return value: 3 (XDP_TX)")
    report["run"]["actions"]["XDP_TX"] = 4
    write(out, json.dumps(report).encode())
    check("another result than the report's is told", "not the one in the report" in Run("run", out, "-j").err and
          not Run("verify", out).err and Run("run", out, "-j").status == 0)
    ran("report of a refusal", Run("report", SHAPES, "--prog", "too_far", "-o", out), 0, "1 refused")
    check("verify of it: the same words", Run("verify", out, "-j").json()[0]["message"] == [
          r for r in Run("verify", SHAPES, "-j").json() if r["prog_name"] == "too_far"][0]["message"])
    check("run of it: refused, status 1", Run("run", out).status == 1 and "is refused" in Run("run", out).err)
    ran("report of a context", Run("report", SHAPES, "-p", "mark", "-c", "mark=7,cb[1]=5", "-o", out), 0, "TC_ACT_SHOT")
    ran("run of it", Run("run", out), 0, "context mark: 7 -> 12\n")
    ran("report of a run that fails", Run("report", SHAPES, "-p", "mark", "-c", "mrk=7", "-o", out), 0, "no field mrk")
    ran("report of a whole file", Run("report", SHAPES, "-o", out), 0, "11 programs, 1 refused\n")
    refuses("report to nowhere", Run("report", SHAPES), "-o OUT")
    refuses("report to no folder", Run("report", LB, "-o", tmp + "/none/x"), "none/x", "No such file")
    refuses("report to a full disk", Run("report", LB, "-o", "/dev/full"), "/dev/full", "No space")
    refuses("report of a missing capture", Run("report", LB, "--pcap", tmp + "/none", "-o", out), "none", "No such file")
    refuses("report of what is no object", Run("report", os.path.abspath(__file__), "-o", out), "not an ELF file")
    hostile_reports(tmp, report)


def hostile_reports(tmp, good):
    path = os.path.join(tmp, "hostile.json")

    def bad(name, part, change=None, text=None):
        report = json.loads(json.dumps(good))
        if change:
            change(report)
        write(path, text if text is not None else json.dumps(report).encode())
        command = next(commands)
        refuses(f"{command} of a hostile report: {name}", Run(command, path), "hostile.json", part)

    commands = itertools.cycle(("run", "verify"))
    text = json.dumps(good).encode()
    bad("cut", "ends early", text=text[: len(text) // 2])
    bad("only a brace", "ends early", text=b"{")
    bad("deep", "not JSON", text=b'{"a":' * 1000)
    bad("another JSON", "neither an ELF file nor a report", text=b'{"a": 1}')
    bad("a zero byte", "not JSON", text=text[:40] + b"\0" + text[40:])
    bad("a format to come", "format 2", lambda r: r.update(skep_report=2))
    bad("no options", '"options"', lambda r: r.pop("options"))
    bad("files as a list", '"files"', lambda r: r.update(files=[]))
    bad("no object", "object", lambda r: r.pop("object"))
    bad("a number as data", "base64", lambda r: r["object"].update(data=5))
    bad("data that is not base64", "base64", lambda r: r["object"].update(data="A===" * 4))
    bad("data of a wrong length", "base64", lambda r: r["object"].update(data="AAAAA"))
    bad("empty data", "an empty file", lambda r: r["object"].update(data=""))
    bad("data that is no object file", "not an ELF file", lambda r: r["object"].update(data="AAAA"))
    bad("a name with a folder", "no file name", lambda r: r["object"].update(name="../x"))
    bad("a name with a control character", "no file name", lambda r: r["object"].update(name="\x1b[2J"))
    bad("an unknown option", '"shell"', lambda r: r["options"].update(shell="x"))
    bad("an output file", '"output"', lambda r: r["options"].update(output="x"))
    bad("an option of a wrong type", "prog", lambda r: r["options"].update(prog=[]))
    bad("an option out of range", "from 1", lambda r: r["options"].update(repeat=-1))
    bad("an engine that there is not", "gpu", lambda r: r["options"].update(engine="gpu"))
    bad("an unknown file", '"passwd"', lambda r: r["files"].update(passwd={"name": "a", "data": ""}))
    bad("a file that is none", "pcap", lambda r: r["files"].update(pcap="/etc/passwd"))
    both = json.loads(json.dumps(good))
    both["options"].update(prog="swap", section="tc")
    refuses("run of a hostile report: options that do not go together", Run("run", write(path, json.dumps(both).encode())), "not both")
    beside = Run("verify", write(path, text), LB)
    check("a report beside another file", beside.status == 2 and "stands alone" in beside.err and "xdp_lb" in beside.out)


def test_full_disk():
    if not os.path.exists("/dev/full"):
        check("a full disk", True, skip="no /dev/full here")
        return
    for args in (["verify", LB], ["verify", LB, "-j"], ["run", LB], ["prog", "dump", "xlated", LB], ["btf", "dump", LB],
                 ["version"], ["help"]):
        with open("/dev/full", "w") as full:
            refuses(f"a full disk: {' '.join(args[:2])}", Run(*args, stdout=full), "could not be written")
    refuses("a full disk: --data-out", Run("run", SHAPES, "-p", "swap", "--data-out", "/dev/full"), "/dev/full", "No space")


def main():
    with tempfile.TemporaryDirectory() as tmp:
        test_words()
        test_wrong_words()
        test_verify(tmp)
        test_threads()
        test_run(tmp)
        test_context(tmp)
        test_named_context(tmp)
        test_capture(tmp)
        test_dumps(tmp)
        test_bad_objects(tmp)
        test_report(tmp)
        test_full_disk()
    sys.exit(end())


main()
