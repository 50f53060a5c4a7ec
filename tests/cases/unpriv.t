# Callers without CAP_PERFMON: nothing tells an address, and no guess of the CPU reads out of bounds.

name: addresses stay out of maps
prog: socket no_perfmon
pre:  r2=map_value(16)
asm:  r3 = 1; *(u64 *)(r2 + 0) = r3; r0 = 0; exit
want: accept; r0=0
twin: "r3 = 1" -> "r3 = r10" rejects "R3 leaks addr into map"

name: addresses stay out of the context
prog: socket no_perfmon
asm:  r3 = 1; *(u32 *)(r1 + 48) = r3; r0 = 0; exit
want: accept; r0=0
twin: "r3 = 1" -> "r3 = r10" rejects "R3 leaks addr into ctx"

name: addresses are not used as numbers by atomics
prog: socket no_perfmon
pre:  r2=map_value(16)
asm:  r3 = 1; lock *(u64 *)(r2 + 0) += r3; r0 = 0; exit
want: accept; r0=0
twin: "r3 = 1" -> "r3 = r10" rejects "R3 leaks addr into mem"

name: addresses on the stack are not read by atomics
prog: socket no_perfmon
asm:  r3 = 1; *(u64 *)(r10 -8) = r3; lock *(u64 *)(r10 -8) += r3; r0 = 0; exit
want: accept; r0=0
twin: "*(u64 *)(r10 -8) = r3" -> "*(u64 *)(r10 -8) = r10" rejects "leaking pointer from stack off -8"

name: addresses are not told to helpers
prog: socket no_perfmon
asm:  r6 = r1; r1 = 3; r2 = 4; *(u64 *)(r10 -8) = r2; r2 = r10; r2 += -8; r1 = r6; r2 = 0; r3 = r10; r3 += -8; r4 = 4; call bpf_skb_load_bytes; exit
want: accept; r0=0
twin: "r2 = 0; r3" -> "r2 = r10; r3" rejects "R2 leaks addr into helper function"

name: addresses are not compared with numbers
prog: socket no_perfmon
asm:  r0 = 0; r2 = 5; if r2 == 7 goto +1; r0 = 1; exit
want: accept; r0=1
twin: "r2 = 5" -> "r2 = r10" rejects "R2 pointer comparison prohibited"

name: addresses are not partly copied
prog: socket no_perfmon
asm:  r2 = 5; w0 = w2; exit
want: accept; r0=5
twin: "r2 = 5" -> "r2 = r10" rejects "R2 partial copy of pointer"

name: the distance of two addresses stays unknown
prog: socket
asm:  r2 = r10; r2 -= r1; r0 = 0; exit
want: accept; r0=0

name: so it is without the right
prog: socket no_perfmon
asm:  r2 = 7; r2 -= r2; r0 = r2; exit
want: accept; r0=0
twin: "r2 = 7" -> "r2 = r10" rejects "R2 pointer -= pointer prohibited"

name: a spilled address is overwritten as a whole
prog: socket no_perfmon
asm:  *(u64 *)(r10 -8) = r10; r2 = 0; *(u64 *)(r10 -8) = r2; r0 = *(u64 *)(r10 -8); exit
want: accept; r0=0
twin: "*(u64 *)(r10 -8) = r2" -> "*(u32 *)(r10 -8) = r2" rejects "attempt to corrupt spilled pointer on stack"

name: stack that was never written is not read
prog: socket no_perfmon
asm:  r2 = 3; *(u64 *)(r10 -8) = r2; *(u8 *)(r10 -16) = r2; r0 = *(u64 *)(r10 -8); exit
want: accept; r0=3
twin: "r0 = *(u64 *)(r10 -8)" -> "r0 = *(u64 *)(r10 -16)" rejects "invalid read from stack off -16+1 size 8"

name: nor by helpers
prog: socket no_perfmon
maps: h=hash(8,8,4)
asm:  r2 = 3; *(u64 *)(r10 -8) = r2; *(u8 *)(r10 -16) = r2; r2 = r10; r2 += -8; r1 = map[h]; call bpf_map_lookup_elem; r0 = 0; exit
want: accept; r0=0
twin: "r2 += -8" -> "r2 += -16" rejects "invalid read from stack R2 off -16+1 size 8"
kernel: 6.18 takes a slot with a spilled number in its first bytes for written as a whole

name: the stack has no variable offsets
prog: socket no_perfmon
pre:  r3=scalar
asm:  r2 = 3; *(u64 *)(r10 -8) = r2; *(u64 *)(r10 -16) = r2; r3 &= 8; r3 = 0; r2 = r10; r2 += -16; r2 += r3; r0 = *(u64 *)(r2 + 0); exit
want: accept; r0=3
twin: "r3 = 0;" -> "" rejects "R2 variable stack access prohibited for !root, var_off=(0xfffffffffffffff0; 0x8) off=-16"
kernel: 6.18 keeps the known part of the offset apart and says var_off=(0x0; 0x8)

name: a masked offset gives the same element
prog: socket no_perfmon
pre:  r1=scalar r2=map_value(64)
asm:  r3 = 9; *(u8 *)(r2 + 5) = r3; r1 &= 7; r4 = r2; r4 += r1; r0 = *(u8 *)(r4 + 0); r0 = r1; exit
want: accept
twin: "r4 = r2; r4 += r1" -> "r4 = r2; r1 += -3; r4 += r1" rejects "R1 has unknown scalar with mixed signed bounds, pointer arithmetic with it prohibited for !root"

name: a masked negative offset
prog: socket no_perfmon
pre:  r1=scalar r2=map_value(64)
asm:  r1 &= 7; r2 += 16; r2 -= r1; r3 = 0x55; *(u8 *)(r2 + 0) = r3; r0 = r1; exit
want: accept
kernel: 6.18 keeps the known part of the offset apart, and the rest is negative then

name: an offset in the destination
prog: socket no_perfmon
pre:  r1=scalar r2=map_value(64)
asm:  r1 &= 7; r3 = r1; r3 += r2; r4 = 0x55; *(u8 *)(r3 + 0) = r4; r0 = r1; exit
want: accept

name: one window an insn
prog: socket no_perfmon
pre:  r1=scalar r2=map_value(64) r5=scalar
asm:  r4 = r1
      if r5 > 100 goto other
      r1 &= 7
      goto add
      other: r1 &= 7
      add: r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 0
      exit
want: accept; r0=0
twin: "other: r1 &= 7" -> "other: r1 &= 15" rejects "R2 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root"

name: a pointer may not leave its value even unused
prog: socket no_perfmon
pre:  r2=map_value(16)
asm:  r2 += 15; r0 = 0; exit
want: accept; r0=0
twin: "r2 += 15" -> "r2 += 16" rejects "R2 pointer arithmetic of map value goes out of range, prohibited for !root"

name: a guessed branch gets a barrier, not a refusal
prog: socket no_perfmon
pre:  r2=map_value(16)
asm:  r1 = *(u32 *)(r2 + 0)
      r1 &= 0
      if r1 == 0 goto out
      r0 = *(u64 *)(r1 + 0)
      out: r0 = 7
      exit
want: accept; r0=7; log "(speculative execution)"
twin: "if r1 == 0" -> "if r1 != 0" rejects "R1 invalid mem access 'scalar'"

name: windows differ behind a barrier
prog: socket no_perfmon
pre:  r1=scalar r2=map_value(64)
asm:  r1 &= 15; r3 = r2; r3 += r1; r0 = *(u8 *)(r3 + 0); if r1 > 7 goto out; r4 = r2; r4 += r1; r0 = *(u8 *)(r4 + 56); out: r0 = r1; exit
want: accept
twin: "r4 + 56" -> "r4 + 57" rejects "R4 max value is outside of the allowed memory range"

name: fields of a map are for CAP_PERFMON
prog: socket no_perfmon
maps: h=hash(8,8,4)
asm:  r1 = map[h]; r0 = 0; exit
want: accept; r0=0
twin: "r0 = 0; exit" -> "r0 = *(u32 *)(r1 + 0); exit" rejects "'struct bpf_htab' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN"

name: without CAP_BPF there are no loops
prog: socket no_bpf
asm:  r0 = 0; l: r0 += 1; if r0 == 1 goto out; out: exit
want: accept; r0=1
twin: "goto out;" -> "goto l;" rejects "back-edge from insn 2 to 1"
kernel: it is asked with CAP_BPF

name: without CAP_BPF there are no calls
prog: socket no_bpf
asm:  r0 = 1; exit
want: accept; r0=1
twin: "r0 = 1; exit" -> "call f; exit; f: r0 = 1; exit" rejects "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN"
kernel: it is asked with CAP_BPF
