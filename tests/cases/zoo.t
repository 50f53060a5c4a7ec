# Bugs that Linux's verifier had, each as a program that the right verifier refuses (or, once, looks at
# in a certain way). Insns that compute nothing are there so that a state is kept where paths meet.
# "bug:" is the switch that puts it back (src/verifier/zoo.h); tests/zoo runs all of them.

name: CVE-2017-16995 a 32-bit constant is not sign-extended
bug: signed mov32
pre: r7=map_value(8)
asm:
	w1 = -1
	*(u64 *)(r10 - 8) = r1
	r1 = *(u64 *)(r10 - 8)
	if r1 != -1 goto wide
	r0 = 0
	exit
 wide:
	r0 = *(u8 *)(r7 + 8)
	exit
want: reject "invalid access to map value, value_size=8 off=8 size=1"
twin: "r7 + 8" -> "r7 + 7" accepts

name: CVE-2017-17852 a 32-bit sum has 32 bits
bug: alu32 not cut
pre: r1=scalar r7=map_value(8)
asm:
	r1 &= 7
	w2 = -8
	r1 |= r2
	w1 += 8
	r2 = 1
	r2 <<= 32
	r1 -= r2
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
want: reject "makes map_value pointer be out of bounds"
twin: "r1 -= r2" -> "r1 -= 0" accepts

name: CVE-2017-17853 a shift to the right fills with zeros
bug: signed rsh
pre: r1=scalar r7=map_value(8)
asm:
	r1 &= 7
	r1 |= -8
	r1 >>= 1
	r1 += 4
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
want: reject "map_value pointer"
twin: "r1 >>= 1" -> "r1 s>>= 1" accepts

name: CVE-2017-17854 a pointer is not moved by just any number
bug: insane offset
pre: r1=scalar r7=map_value(8)
asm:
	r1 ^= 0
	r7 += r1
	r0 = 0
	exit
want: reject "math between map_value pointer and register with unbounded min value is not allowed"
twin: "r1 ^= 0" -> "r1 &= 7" accepts

name: CVE-2017-17856 the stack is accessed at aligned offsets
bug: stack unaligned
asm:
	*(u32 *)(r10 - 6) = 1
	r0 = 0
	exit
want: reject "misaligned stack access off"
twin: "r10 - 6" -> "r10 - 8" accepts

name: CVE-2018-18445 a 32-bit shift to the right sees 32 bits
bug: rsh32 wide
pre: r7=map_value(8)
asm:
	r1 = 1
	r1 <<= 32
	w1 >>= 31
	r1 -= 2
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
want: reject "R7 min value is"
twin: "w1 >>= 31" -> "r1 >>= 31" accepts

name: CVE-2019-7308 offsets of callers without CAP_PERFMON are masked, so they need one sign
bug: no masks
prog: socket no_perfmon
pre: r1=scalar r7=map_value(64)
asm:
	r7 += 8
	r1 &= 7
	r1 -= 3
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
want: reject "R1 has unknown scalar with mixed signed bounds"
twin: "r1 -= 3" -> "r1 += 3" accepts

name: CVE-2020-8835 a 32-bit comparison tells of the lower half only
bug: jmp32 wide
pre: r1=scalar r7=map_value(8)
asm:
	if w1 > 7 goto out
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
 out:
	r0 = 0
	exit
want: reject "map_value pointer"
twin: "if w1 > 7" -> "if r1 > 7" accepts

name: CVE-2020-27194 the range of a 32-bit OR is not the wide one, cut
bug: or32 cut
pre: r1=scalar r7=map_value(8)
asm:
	r3 = 1
	r3 <<= 32
	r3 |= 7
	if r1 > r3 goto out
	w1 |= 0
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
 out:
	r0 = 0
	exit
want: reject "R7 unbounded memory access"
twin: "w1 |= 0" -> "r1 &= 7" accepts

name: CVE-2021-3490 lower halves that are known are known after AND
bug: and32 stale
pre: r1=scalar r2=scalar r7=map_value(8)
asm:
	r1 <<= 32
	r1 |= 5
	r2 <<= 32
	r2 |= 2
	r1 &= r2
	w1 = w1
	r1 -= 5
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
want: reject "R7 min value is"
twin: "r2 |= 2" -> "r2 |= 5" accepts

name: CVE-2021-31440 the lower half of a large number may be small
bug: r64 ends in r32
pre: r1=scalar r7=map_value(8)
asm:
	if r1 < 5 goto out
	w1 = w1
	if r1 > 12 goto out
	r1 -= 5
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
 out:
	r0 = 0
	exit
want: reject "R7 min value is negative"
twin: "if r1 < 5" -> "if w1 < 5" accepts

name: CVE-2021-33624 a CPU may guess the way that is never taken
bug: no guessed ways
prog: socket no_perfmon
pre: r7=map_value(8)
asm:
	r1 = 0
	*(u64 *)(r10 - 8) = r1
	r1 = *(u64 *)(r10 - 8)
	if r1 == 0 goto zero
	r0 = *(u8 *)(r7 + 0)
 zero:
	r0 = 0
	exit
want: accept; log "(speculative execution)"

name: CVE-2021-34866 helpers get maps that they are for
bug: map type
maps: h=hash(4,8,4) rb=ringbuf(4096)
asm:
	r1 = map[h]
	r2 = 8
	r3 = 0
	call bpf_ringbuf_reserve
	if r0 == 0 goto out
	r1 = r0
	r2 = 0
	call bpf_ringbuf_discard
 out:
	r0 = 0
	exit
want: reject "cannot pass map_type 1 into func bpf_ringbuf_reserve#131"
twin: "map[h]" -> "map[rb]" accepts

name: CVE-2021-4204 a record is given back as it came
bug: record moved
maps: rb=ringbuf(4096)
asm:
	r1 = map[rb]
	r2 = 16
	r3 = 0
	call bpf_ringbuf_reserve
	if r0 == 0 goto out
	r1 = r0
	r1 += 8
	r2 = 0
	call bpf_ringbuf_discard
 out:
	r0 = 0
	exit
want: reject "R1 must have zero offset when passed to release func"
twin: "r1 += 8" -> "r1 += 0" accepts

name: CVE-2021-45402 half of a pointer is not a number for just anybody
bug: mov32 leak
prog: socket no_perfmon
asm:
	w0 = w10
	exit
want: reject "R10 partial copy of pointer"
twin: "w0 = w10" -> "w0 = 10" accepts

name: CVE-2022-23222 what may be NULL is not moved
bug: or_null arith
maps: h=hash(4,16,4)
asm:
	*(u32 *)(r10 - 4) = 0
	r2 = r10
	r2 += -4
	r1 = map[h]
	call bpf_map_lookup_elem
	r1 = r0
	r1 += 8
	if r0 == 0 goto out
	r0 = *(u8 *)(r1 + 0)
	exit
 out:
	r0 = 0
	exit
want: reject "pointer arithmetic on map_value_or_null prohibited, null-check it first"
twin: "r1 += 8" -> "r2 = 8" accepts

name: CVE-2023-2163 what a number was compared with is relied on, too
bug: branch precision
pre: r1=scalar r2=scalar r7=map_value(32)
asm:
	r6 = 100
	if r2 > 5 goto j
	r6 = 4
	if r2 == 1 goto +0
	if r2 == 2 goto +0
	if r2 == 3 goto +0
	if r2 == 4 goto +0
	r0 = 1
	r0 = 2
	r0 = 3
	r0 = 4
	r0 = 5
	r0 = 6
	r0 = 7
	r0 = 8
 j:
	if r1 != r6 goto out
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
 out:
	r0 = 0
	exit
want: reject "value_size=32 off=100 size=1"
twin: "r6 = 100" -> "r6 = 8" accepts

name: CVE-2023-52920 a number that went through the stack is relied on, whichever register pointed there
bug: spill precision
pre: r2=scalar r7=map_value(32)
asm:
	r6 = 100
	if r2 > 5 goto j
	r6 = 4
	if r2 == 1 goto +0
	if r2 == 2 goto +0
	if r2 == 3 goto +0
	if r2 == 4 goto +0
	r0 = 1
	r0 = 2
	r0 = 3
	r0 = 4
	r0 = 5
	r0 = 6
	r0 = 7
	r0 = 8
 j:
	r9 = r10
	r9 += -8
	*(u64 *)(r9 + 0) = r6
	r1 = *(u64 *)(r10 - 8)
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
want: reject "value_size=32 off=100 size=1"
twin: "r6 = 100" -> "r6 = 8" accepts

name: CVE-2024-49861 helpers do not write where the program may not
bug: helper writes rdonly
pre: r7=rdonly_value(8) r8=map_value(8)
asm:
	r2 = 0
	r3 = r7
	r4 = 8
	call bpf_skb_load_bytes
	r0 = 0
	exit
want: reject "write into map forbidden"
twin: "r3 = r7" -> "r3 = r8" accepts

name: what an atomic fetches from the stack is relied on there
bug: fetch precision
kernel: 6.18 forgets it there ("fetches lose precision")
pre: r2=scalar r7=map_value(32)
asm:
	r6 = 100
	if r2 > 5 goto j
	r6 = 4
	if r2 == 1 goto +0
	if r2 == 2 goto +0
	if r2 == 3 goto +0
	if r2 == 4 goto +0
	r0 = 1
	r0 = 2
	r0 = 3
	r0 = 4
	r0 = 5
	r0 = 6
	r0 = 7
	r0 = 8
 j:
	*(u64 *)(r10 - 8) = r6
	r1 = 1
	r1 = atomic64_fetch_add((u64 *)(r10 - 8), r1)
	r7 += r1
	r0 = *(u8 *)(r7 + 0)
	exit
want: reject "value_size=32 off=100 size=1"
twin: "r6 = 100" -> "r6 = 8" accepts

name: packet pointers end where a helper may move the packet
bug: packet kept
prog: tc
pre: r2=pkt r3=pkt_end
asm:
	r6 = r1
	r7 = r2
	r2 += 8
	if r2 > r3 goto out
	r2 = 0
	r1 = r6
	call bpf_skb_pull_data
	r0 = *(u8 *)(r7 + 0)
	exit
 out:
	r0 = 0
	exit
want: reject "R7 invalid mem access 'scalar'"
twin: "call bpf_skb_pull_data" -> "call bpf_get_smp_processor_id" accepts

name: V-02 a number between the ends of an arc is not always in it
bug: within by ends
kernel: V-01: 6.18 has no range without the numbers from 10 to 20
pre: r1=scalar r2=scalar r7=map_value(8)
asm:
	r0 = 1
	r0 = 2
	r0 = 3
	r0 = 4
	if r2 == 11 goto +0
	if r2 == 12 goto +0
	r0 = 5
	r0 = 6
	r0 = 7
	r0 = 8
	if r2 > 5 goto b
	r1 += -10
	if r1 <= 10 goto out
	r1 += 10
	goto j
 b:
	r1 = 15
 j:
	if r1 < 10 goto out
	if r1 > 20 goto out
	r0 = *(u8 *)(r7 + 8)
	exit
 out:
	r0 = 0
	exit
want: reject "value_size=8 off=8 size=1"
twin: "r1 = 15" -> "r1 = 25" accepts

name: V-13 numbers with another distance are other numbers
bug: delta ignored
pre: r1=scalar r2=scalar r7=map_value(8)
asm:
	r0 = 1
	r0 = 2
	r0 = 3
	r0 = 4
	if r2 == 11 goto +0
	if r2 == 12 goto +0
	r0 = 5
	r0 = 6
	r0 = 7
	r0 = 8
	if r2 > 5 goto b
	r3 = r1
	r3 += 4
	goto j
 b:
	r3 = r1
	r3 += 8
 j:
	if r1 > 3 goto out
	r7 += r3
	r0 = *(u8 *)(r7 + 0)
	exit
 out:
	r0 = 0
	exit
want: reject "value_size=8 off="
twin: "r3 += 8" -> "r3 += 3" accepts

name: V-15 a pointer moved from behind the packet's end may be in the packet
bug: pkt_end kept
kernel: V-15: 6.18 keeps that it was behind the end
prog: xdp
pre: r2=pkt r3=pkt_end r7=map_value(8)
asm:
	r4 = r2
	r4 += 8
	if r4 > r3 goto beyond
	r0 = 0
	exit
 beyond:
	r4 += -8
	if r4 > r3 goto out
	r0 = *(u8 *)(r7 + 8)
	exit
 out:
	r0 = 0
	exit
want: reject "value_size=8 off=8 size=1"
twin: "r7 + 8" -> "r7 + 7" accepts
