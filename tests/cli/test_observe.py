#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What perf and gdb are told about machine code: files read back here, and the tools themselves where they are.

usage: test_observe.py SKEP OBSERVED_OBJ OBSERVED_SOURCE
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, OBJ, SOURCE = (os.path.abspath(a) for a in sys.argv[1:4])
LOAD, DEBUG_INFO, UNWINDING_INFO = 0, 2, 4


def run(observe, *args, **env):
    """Returns (exit status, stdout, stderr, pid)."""
    p = subprocess.Popen([SKEP, "run", OBJ, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         env={**os.environ, "SKEP_OBSERVE": observe, **env})
    out, err = p.communicate()
    return p.returncode, out, err, p.pid


def perf_map(pid):
    path = f"/tmp/perf-{pid}.map"
    with open(path, encoding="utf-8") as f:
        rows = [line.split(None, 2) for line in f.read().splitlines()]
    private = os.stat(path).st_mode & 0o077 == 0
    os.unlink(path)
    return [(int(start, 16), int(size, 16), name) for start, size, name in rows], private


def dump_records(path):
    """The records of a jitdump file as (id, bytes behind the prefix); the header is checked."""
    with open(path, "rb") as f:
        data = f.read()
    magic, version, size, machine, _, pid, _, flags = struct.unpack_from("<IIIIIIQQ", data)
    check("jitdump: the header", (magic, version, size, machine, flags) == (0x4A695444, 1, 40, 62, 0) and
          path.endswith(f"jit-{pid}.dump"), tell=data[:40])
    at, found, last = size, [], 0
    while at < len(data):
        kind, size, when = struct.unpack_from("<IIQ", data, at)
        if size < 16 or size % 8 or at + size > len(data) or when < last:
            break
        found.append((kind, data[at + 16 : at + size]))
        at, last = at + size, when
    check("jitdump: records fill the file, in the order of time", at == len(data), tell=(at, len(data)))
    return found


def cstring(data, at):
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 1


def parse_load(body):
    pid, tid, vma, addr, size, index = struct.unpack_from("<IIQQQQ", body)
    name, at = cstring(body, 40)
    return {"pid": pid, "tid": tid, "vma": vma, "addr": addr, "size": size, "index": index, "name": name, "code": body[at : at + size]}


def parse_lines(body):
    addr, cnt = struct.unpack_from("<QQ", body)
    at, rows = 16, []
    for _ in range(cnt):
        where, line, _ = struct.unpack_from("<QiI", body, at)
        name, at = cstring(body, at + 16)
        rows.append((where, line, name))
    return addr, rows


def check_unwinding(body, load):
    """The table behind .eh_frame leads to a frame description of the function, which perf puts at address 0."""
    size, header_size, mapped = struct.unpack_from("<QQQ", body)
    frames = body[24 : 24 + size]
    section = (load["size"] + 7) // 8 * 8
    head_at = size - header_size
    head = frames[head_at:]
    version, frame_enc, cnt_enc, table_enc, frame_ptr, cnt, func, fde = struct.unpack_from("<BBBBiIii", head)
    here = section + head_at
    fde_at = here + fde - section
    length, cie_back, pc, extent = struct.unpack_from("<IIiI", frames, fde_at)
    check(f"jitdump: unwinding information of {load['name']}",
          (header_size, mapped, version, frame_enc, cnt_enc, table_enc, cnt) == (20, 0, 1, 0x1B, 3, 0x3B, 1) and
          here + 4 + frame_ptr == section and here + func == 0 and fde_at + 4 - cie_back == 0 and
          section + fde_at + 8 + pc == 0 and extent == load["size"] and frames[8:12] == b"\1zR\0", tell=frames)
    return length


def source_lines():
    with open(SOURCE, encoding="utf-8") as f:
        return [line.rstrip() for line in f]


def test_files(tmp):
    status, out, err, pid = run("perf-map,jitdump", JITDUMPDIR=tmp)
    check("a run that is observed", status == 0 and not err and "XDP_PASS" in out, tell=(out, err))
    if not os.path.exists(f"/tmp/perf-{pid}.map"):
        check("a perf map", False, tell="no file")
        return
    rows, private = perf_map(pid)
    check("perf map: a line a function, by Linux's names", [re.sub("_[0-9a-f]{16}_", "_TAG_", r[2]) for r in rows] == [
          "bpf_prog_TAG_bee_outer", "bpf_prog_TAG_bee_inner"] and private, tell=rows)
    check("perf map: functions stand one behind the other", rows[0][0] + rows[0][1] <= rows[1][0], tell=rows)
    records = dump_records(os.path.join(tmp, f"jit-{pid}.dump"))
    check("jitdump: lines and frames before the code of each function",
          [kind for kind, _ in records] == [DEBUG_INFO, UNWINDING_INFO, LOAD] * 2, tell=[k for k, _ in records])
    loads = [parse_load(body) for kind, body in records if kind == LOAD]
    check("jitdump: the functions of the perf map", [(l["addr"], l["size"], l["name"]) for l in loads] == rows and
          all(l["vma"] == l["addr"] and l["pid"] == pid and len(l["code"]) == l["size"] for l in loads) and
          [l["index"] for l in loads] == [0, 1], tell=loads)
    dumped = subprocess.run([SKEP, "prog", "dump", "jited", OBJ, "opcodes"], capture_output=True, text=True).stdout
    first = bytes.fromhex(dumped.split("bee_inner:\n", 1)[1].split("\n\t", 1)[1].split("\n")[0])
    check("jitdump: the code is what prog dump shows", loads[1]["code"].startswith(first), tell=(first, loads[1]["code"]))
    for (_, body), load in zip([r for r in records if r[0] == UNWINDING_INFO], loads):
        check_unwinding(body, load)
    for (_, body), load in zip([r for r in records if r[0] == DEBUG_INFO], loads):
        check_lines(*parse_lines(body), load)


def check_lines(addr, rows, load):
    source = source_lines()
    name = load["name"][len("bpf_prog_0123456789abcdef_"):]
    check(f"jitdump: lines of {name}: ascending, inside the code, from its first byte on", addr == load["addr"] and
          rows[0][0] == addr and all(a[0] < b[0] for a, b in zip(rows, rows[1:])) and rows[-1][0] < addr + load["size"] and
          all(os.path.samefile(r[2], SOURCE) for r in rows), tell=rows)
    texts = [source[r[1] - 1] for r in rows]
    begin = next(i for i, text in enumerate(source) if f" {name}(" in text)
    end = source.index("}", begin)
    comment = "/* the loop */" if name == "bee_inner" else "/* the call */"
    check(f"jitdump: lines of {name} are its own, and those of the source", all(begin <= r[1] - 1 <= end for r in rows) and
          any(comment in text for text in texts), tell=texts)


def test_refusals(tmp):
    for words in ("perf", "gdb,perf_map"):
        status, out, err, _ = run(words)
        check(f"SKEP_OBSERVE={words}: one line that names the words there are", status == 2 and not out and err.count("\n") == 1 and
              "SKEP_OBSERVE" in err and "perf-map, jitdump, gdb, unwind" in err, tell=err)
    status, out, err, _ = run("jitdump", JITDUMPDIR=os.path.join(tmp, "none"))
    check("no such folder for jitdump", status == 2 and not out and err.count("\n") == 1 and "No such file" in err, tell=err)
    status, out, err, pid = run("")
    check("off: no files", status == 0 and not os.path.exists(f"/tmp/perf-{pid}.map") and not os.path.exists(f"/tmp/jit-{pid}.dump"))
    status, out, err, pid = run("", "--observe", "perf-map")
    check("--observe is the same", status == 0 and perf_map(pid)[0], tell=err)
    status, out, err, pid = run("perf-map", "--engine", "interp")
    check("the interpreter has nothing to tell", status == 0 and not err and not perf_map(pid)[0], tell=err)


def test_perf(tmp):
    names = ["perf report names BPF functions", "perf annotates them with source lines"]
    why = "" if shutil.which("perf") else "no perf here"
    data, joined = os.path.join(tmp, "perf.data"), os.path.join(tmp, "perf.jit.data")
    env = {**os.environ, "SKEP_OBSERVE": "jitdump", "JITDUMPDIR": tmp, "HOME": tmp}
    if not why:
        # Recorded for as long as it takes to be seen often.
        recorded = subprocess.run(["perf", "record", "-k", "mono", "-e", "cpu-clock", "-F", "2000", "-o", data, "--", SKEP, "run",
                                   OBJ, "--repeat", "3000000"], capture_output=True, text=True, env=env)
        why = "" if recorded.returncode == 0 else "perf record is not permitted here"
    if why:
        for name in names:
            check(name, True, why)
        return
    injected = subprocess.run(["perf", "inject", "--jit", "-i", data, "-o", joined], capture_output=True, text=True, env=env)
    report = subprocess.run(["perf", "report", "-i", joined, "--stdio", "--sort", "symbol"], capture_output=True, text=True, env=env)
    check(names[0], re.search(r"bpf_prog_[0-9a-f]{16}_bee_inner", report.stdout), tell=(injected.stderr, report.stdout[:2000]))
    made = sorted(f for f in os.listdir(tmp) if f.startswith("jitted-"))
    if not shutil.which("readelf") or not made:
        check(names[1], made, skip="" if not made else "no readelf here", tell=os.listdir(tmp))
        return
    lines = "".join(subprocess.run(["readelf", "--debug-dump=decodedline", os.path.join(tmp, f)], capture_output=True, text=True).stdout
                    for f in made)
    numbers = {int(m) for m in re.findall(r"bpf\.c\s+(\d+)\s+0x", lines)}
    loop = next(i for i, text in enumerate(source_lines(), 1) if "/* the loop */" in text)
    check(names[1], loop in numbers, tell=lines[:2000])


def test_gdb():
    names = ["gdb: a breakpoint by the name of a BPF function", "gdb: the backtrace leads from BPF to main",
             "gdb: source lines", "gdb: stepping out of a function"]
    why = "" if shutil.which("gdb") else "no gdb here"
    if not why:
        script = ["set pagination off", "set breakpoint pending on", "set environment SKEP_OBSERVE=gdb", "set environment ASAN_OPTIONS=detect_leaks=0",
                  "set debuginfod enabled off",
                  "break bee_inner", f"run run {OBJ}", "bt", "info line", "finish", "delete", "continue"]
        done = subprocess.run(["gdb", "-nx", "-batch"] + [w for s in script for w in ("-ex", s)] + [SKEP],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        text = done.stdout + done.stderr
        if "Operation not permitted" in text or "Could not trace" in text:
            why = "gdb may not trace here"
    if why:
        for name in names:
            check(name, True, why)
        return
    check(names[0], re.search(r"hit Breakpoint 1\S*, (0x\w+ in )?bee_inner \(\)", text), tell=text)
    check(names[1], re.search(r"#0 .*bee_inner \(\).*\n#1 .*bee_outer \(\).*\n(#.*\n)*#\d+ .* main \(", text), tell=text)
    check(names[2], re.search(r"Line \d+ of \".*observed\.bpf\.c\"", text), tell=text)
    check(names[3], re.search(r"\nLine [^#]*\bin bee_outer \(\) at .*:\d+\n", text) and "exited normally" in text, tell=text)


with tempfile.TemporaryDirectory() as folder:
    if run("gdb", "--engine", "jit")[0]:
        check("machine code", True, skip="no JIT here")
    else:
        test_files(folder)
        test_refusals(folder)
        test_perf(folder)
        test_gdb()
sys.exit(end())
