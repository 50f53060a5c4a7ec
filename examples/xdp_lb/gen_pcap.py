#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes a capture with traffic for the load balancer: the same bytes every time.

usage: gen_pcap.py OUT.pcap [PACKETS]

Flows of TCP and UDP over IPv4 and IPv6, some in one or two VLAN tags, some with IPv4 options, to the
virtual address; and what must not be balanced: ARP, other addresses, other ports, fragments, packets
cut short. Checksums are right, so that tcpdump -v can judge the rewritten ones.
"""
import random
import struct
import sys

CLIENT_MAC = bytes.fromhex("020000000001")
LB_MAC = bytes.fromhex("0200000000fe")
VIP4 = bytes([192, 0, 2, 10])
VIP6 = bytes.fromhex("20010db8000000000000000000000010")
PORTS = (80, 443)


def csum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def l4(proto, pseudo, sport, dport, payload, udp_csum=True):
    if proto == 6:
        head = struct.pack("!HHIIBBHHH", sport, dport, 1000, 2000, 5 << 4, 0x18, 8192, 0, 0)
        check_at = 16
    else:
        head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
        check_at = 6
    segment = bytearray(head + payload)
    if proto == 6 or udp_csum:
        check = csum(pseudo + struct.pack("!H", len(segment)) + bytes(segment))
        if proto == 17 and check == 0:
            check = 0xFFFF
        segment[check_at:check_at + 2] = struct.pack("!H", check)
    return bytes(segment)


def ipv4(src, dst, proto, body, options=b"", frag=0, ident=1):
    ihl = 5 + len(options) // 4
    head = bytearray(struct.pack("!BBHHHBBH4s4s", 0x40 | ihl, 0, ihl * 4 + len(body), ident, frag, 64,
                                 proto, 0, src, dst) + options)
    head[10:12] = struct.pack("!H", csum(bytes(head)))
    return bytes(head) + body


def packet4(rng, src, sport, dst=VIP4, dport=80, proto=6, options=b"", frag=0, udp_csum=True):
    payload = bytes(rng.randrange(256) for _ in range(rng.randrange(8, 200)))
    pseudo = src + dst + bytes([0, proto])
    return 0x0800, ipv4(src, dst, proto, l4(proto, pseudo, sport, dport, payload, udp_csum), options,
                        frag, rng.randrange(65536))


def packet6(rng, src, sport, dst=VIP6, dport=443, proto=6):
    payload = bytes(rng.randrange(256) for _ in range(rng.randrange(8, 200)))
    length = (20 if proto == 6 else 8) + len(payload)
    pseudo = src + dst + struct.pack("!IBBBB", length, 0, 0, 0, proto)
    if proto == 6:
        head = bytearray(struct.pack("!HHIIBBHHH", sport, dport, 1, 2, 5 << 4, 0x18, 8192, 0, 0))
        at = 16
    else:
        head = bytearray(struct.pack("!HHHH", sport, dport, length, 0))
        at = 6
    check = csum(pseudo + bytes(head) + payload) or 0xFFFF
    head[at:at + 2] = struct.pack("!H", check)
    return 0x86DD, struct.pack("!IHBB", 6 << 28, length, proto, 64) + src + dst + bytes(head) + payload


def frame(ethertype, body, tags=()):
    head = LB_MAC + CLIENT_MAC
    for tpid, vid in tags:
        head += struct.pack("!HH", tpid, vid)
    data = head + struct.pack("!H", ethertype) + body
    return data + bytes(max(0, 60 - len(data)))


def traffic(rng, count):
    flows = [(bytes([198, 51, 100, rng.randrange(1, 255)]), rng.randrange(1024, 65535), rng.choice(PORTS),
              rng.choice((6, 6, 17))) for _ in range(120)]
    flows6 = [(bytes.fromhex("20010db8000100000000000000000000")[:14] + struct.pack("!H", rng.randrange(65536)),
               rng.randrange(1024, 65535), rng.choice(PORTS), rng.choice((6, 17))) for _ in range(60)]
    for _ in range(count):
        kind = rng.randrange(100)
        src, sport, dport, proto = rng.choice(flows)
        src6, sport6, dport6, proto6 = rng.choice(flows6)
        if kind < 50:
            yield frame(*packet4(rng, src, sport, dport=dport, proto=proto))
        elif kind < 70:
            yield frame(*packet6(rng, src6, sport6, dport=dport6, proto=proto6))
        elif kind < 76:
            yield frame(*packet4(rng, src, sport, dport=dport, proto=proto), tags=[(0x8100, 7)])
        elif kind < 79:
            yield frame(*packet6(rng, src6, sport6, dport=dport6, proto=proto6), tags=[(0x88A8, 9), (0x8100, 7)])
        elif kind < 83:
            yield frame(*packet4(rng, src, sport, dport=dport, proto=proto, options=b"\x01" * 8))
        elif kind < 86:
            yield frame(*packet4(rng, src, sport, dport=dport, proto=17, udp_csum=False))
        elif kind < 89:
            yield frame(0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + CLIENT_MAC + src + bytes(6) + VIP4)
        elif kind < 92:
            yield frame(*packet4(rng, src, sport, dst=bytes([203, 0, 113, 5]), proto=proto))
        elif kind < 95:
            yield frame(*packet4(rng, src, sport, dport=8080, proto=proto))
        elif kind < 97:
            yield frame(*packet4(rng, src, sport, dport=dport, proto=proto, frag=0x2000))
        else:
            whole = frame(*packet4(rng, src, sport, dport=dport, proto=6))
            yield whole[:rng.randrange(15, 34)]  # cut within the IPv4 header


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    rng = random.Random(20260601)
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, data in enumerate(traffic(rng, count)):
            out.write(struct.pack("<IIII", 1780000000 + i // 1000, i % 1000 * 1000, len(data), len(data)) + data)


main()
