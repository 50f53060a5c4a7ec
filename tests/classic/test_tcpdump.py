#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""skep run --classic with what "tcpdump -ddd" prints, against tcpdump's own filtering of the same capture.

usage: test_tcpdump.py SKEP TCPDUMP
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import check, end

SKEP, TCPDUMP = sys.argv[1:]
EXPRESSIONS = """ip|ip6|arp|tcp|udp|icmp|icmp6|vlan|vlan 7|vlan and tcp|tcp port 80|udp port 53|port 443
src port 53|dst portrange 50-90|host 10.0.0.1|src host 10.0.0.2|net 10.0.0.0/30|dst net 192.168.0.0/16
ip6 host 2001:db8::1|ip6 net 2001:db8::/32|ether host 02:00:00:00:00:01|ether broadcast|ether multicast|ether proto 0x88b5
greater 100|less 80|len >= 90|len % 3 == 1|tcp[tcpflags] & (tcp-syn|tcp-fin) != 0|tcp[13] = 2|ip[8] < 5|ip[6:2] & 0x1fff = 0
ip[2:2] > 60|udp[4:2] - 8 > 20|ether[0] & 1 = 0|ip[0] & 0xf != 5|tcp and not port 22|(tcp or udp) and (port 80 or port 443)
ip and ip[9] = 17|ip proto 47|ip6 proto 17|icmp[0] = 8|tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420|ip[1] / 3 = 2
ip[8] * 2 + 1 > 129|ether[14:4] ^ ether[18:4] > 0x40000000|ether[len - 1] = 0|ip[8] / (ip[1] & 1) = 64|not ip
tcp src port 80 and dst host 10.0.0.3|ip broadcast|ip multicast|mpls|pppoes|host 10.0.0.1 or host 10.0.0.2 or host 10.0.0.3""".replace("\n", "|").split("|")
# An expression may hold a bar of its own.
EXPRESSIONS = "\0".join(EXPRESSIONS).replace("(tcp-syn\0tcp-fin)", "(tcp-syn|tcp-fin)").split("\0")


def addr4(rng):
    return bytes(rng.choice([(10, 0, 0, rng.randrange(6)), (192, 168, rng.randrange(3), 1), (224, 0, 0, 1)]))


def segment(rng, proto):
    ports = struct.pack(">HH", *(rng.choice([22, 53, 80, 443, rng.randrange(65536)]) for _ in "ab"))
    body = rng.choice([b"", b"GET / HTTP/1.0", bytes(rng.randrange(256) for _ in range(rng.randrange(90)))])
    if proto == 6:
        return ports + rng.randbytes(8) + bytes([0x50, rng.choice([2, 16, 17, 18])]) + bytes(6) + body
    if proto == 17:
        return ports + struct.pack(">HH", 8 + len(body), 0) + body
    return bytes([rng.choice([0, 8, 128]), 0, 0, 0]) + body


def ipv4(rng):
    proto = rng.choice([1, 6, 17, 47])
    options = b"\1" * rng.choice([0, 0, 4, 8])
    data = segment(rng, proto)
    frag = rng.choice([0, 0, 0, 0x2000, 0x1003])
    return struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, rng.randrange(9), 20 + len(options) + len(data), 1, frag,
                       rng.choice([1, 64, 255]), proto, 0) + addr4(rng) + addr4(rng) + options + data


def ipv6(rng):
    proto = rng.choice([6, 17, 58])
    data = segment(rng, proto)
    ends = b"".join(rng.choice([b"\x20\x01\x0d\xb8", b"\xfe\x80\0\0"]) + bytes(11) + bytes([rng.randrange(3)]) for _ in "ab")
    return struct.pack(">IHBB", 6 << 28, len(data), proto, 64) + ends + data


def packet(rng):
    ether = rng.choice([b"\xff" * 6, b"\1\0\x5e\0\0\1", b"\2\0\0\0\0\1"]) + b"\2\0\0\0\0" + bytes([rng.randrange(3)])
    tag = rng.choice([b""] * 4 + [b"\x81\0\0\7", b"\x81\0\0\x09"])
    kind, data = rng.choice([(0x800, ipv4), (0x800, ipv4), (0x86DD, ipv6), (0x806, None), (0x88B5, None), (0x8847, None)])
    data = data(rng) if data else rng.randbytes(46)
    whole = ether + tag + struct.pack(">H", kind) + data
    # A test run refuses packets that end within the fixed part of an IP header.
    return whole[:rng.choice([len(whole)] * 5 + [14 + max(40, rng.randrange(len(data) + 1))])]


def write_capture(path, packets):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, data in enumerate(packets):
            f.write(struct.pack("<IIII", number, 0, len(data), len(data)) + data)


def read_capture(path):
    found = []
    with open(path, "rb") as f:
        f.read(24)
        while head := f.read(16):
            sec, _, size, _ = struct.unpack("<IIII", head)
            found.append((sec, f.read(size)))
    return found


def run(*args, **kw):
    return subprocess.run(args, capture_output=True, check=False, **kw)


def compare(tmp, capture, expression, engine):
    theirs, ours = os.path.join(tmp, "theirs.pcap"), os.path.join(tmp, "ours.pcap")
    text = run(TCPDUMP, "-r", capture, "-ddd", expression)
    kept = run(TCPDUMP, "-r", capture, "-w", theirs, expression)
    if text.returncode or kept.returncode:
        return False, (text.stderr, kept.stderr)
    got = run(SKEP, "run", "--classic", "-", "--pcap", capture, "--pcap-out", ours, "--engine", engine, "-j", input=text.stdout)
    if got.returncode:
        return False, got.stderr
    wanted = read_capture(theirs)
    return read_capture(ours) == wanted, (len(read_capture(ours)), len(wanted))


def options(tmp, capture):
    filt = os.path.join(tmp, "filter")
    with open(filt, "wb") as f:
        f.write(run(TCPDUMP, "-r", capture, "-ddd", "arp").stdout.replace(b"6 0 0 65535", b"6 0 0 40"))
    data = os.path.join(tmp, "packet")
    with open(data, "wb") as f:
        f.write(b"\xff" * 12 + b"\x08\x06" + bytes(46))
    got = run(SKEP, "run", "--classic", filt, "--data-in", data, "-j")
    check("one packet: the accepted length, without a name", json.loads(got.stdout or "{}").get("retval") == 40
          and b"retval_name" not in got.stdout, got)
    got = run(SKEP, "run", "--classic", filt, "--data-in", data)
    check("the same as text", b"return value: 40\n" in got.stdout, got)
    got = run(SKEP, "prog", "dump", "xlated", "--classic", filt)
    check("rewritten insns of a classic program", got.returncode == 0 and b"w0 = 40\n" in got.stdout
          and b"exit" in got.stdout, got)
    out = os.path.join(tmp, "short.pcap")
    got = run(SKEP, "run", "--classic", filt, "--pcap", capture, "--pcap-out", out)
    check("of a packet as much is written as is accepted", got.returncode == 0 and read_capture(out)
          and all(len(data) <= 40 for _, data in read_capture(out)), got)
    got = run(SKEP, "run", "--classic", data)
    check("what is no filter", got.returncode == 2 and got.stderr.count(b"\n") == 1 and b"line 1" in got.stderr, got)
    # Of call 59 the low half of the last argument comes back, others are allowed.
    seccomp = b"5\n32 0 0 0\n21 1 0 59\n6 0 0 2147418112\n32 0 0 56\n22 0 0 0\n"
    got = run(SKEP, "run", "--seccomp", "-", "--ctx", "nr=1,arch=0xc000003e,args[5]=7", input=seccomp)
    check("a filter of system calls allows", b"return value: 2147418112" in got.stdout, got)
    got = run(SKEP, "run", "--seccomp", "-", "--ctx", "nr=59,args[5]=7", input=seccomp)
    check("a filter of system calls reads an argument", b"return value: 7\n" in got.stdout, got)
    got = run(SKEP, "run", "--seccomp", "-", "--pcap", capture, input=seccomp)
    check("no packets for it", got.returncode == 2 and got.stderr.count(b"\n") == 1, got)


def main():
    rng = random.Random(5)
    with tempfile.TemporaryDirectory() as tmp:
        capture = os.path.join(tmp, "in.pcap")
        write_capture(capture, [packet(rng) for _ in range(400)])
        for number, expression in enumerate(EXPRESSIONS):
            ok, tell = compare(tmp, capture, expression, ("jit", "interp")[number % 2])
            check(f"as tcpdump: {expression}", ok, tell)
        options(tmp, capture)
    sys.exit(end())


main()
