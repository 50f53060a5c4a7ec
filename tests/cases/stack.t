# The stack: initialisation, spills and fills, partial slots, variable offsets, depth.

name: a written slot can be read
asm:  *(u64 *)(r10 -8) = 7; r0 = *(u64 *)(r10 -8); exit
want: accept; r0=7
twin: "*(u64 *)(r10 -8) = 7" -> "r0 = 0" accepts
twin: "r0 = *(u64 *)(r10 -8)" -> "r0 = *(u64 *)(r10 +8)" rejects "invalid read from stack R10 off=8 size=8"

name: the stack has 512 bytes
asm:  *(u64 *)(r10 -512) = 7; r0 = *(u64 *)(r10 -512); exit
want: accept; r0=7
twin: "*(u64 *)(r10 -512) = 7" -> "*(u64 *)(r10 -520) = 7" rejects "invalid write to stack R10 off=-520 size=8"

name: stack accesses are aligned to their size
prog: strict
asm:  *(u32 *)(r10 -8) = 7; r0 = *(u32 *)(r10 -8); exit
want: accept; r0=7
twin: "*(u32 *)(r10 -8) = 7" -> "*(u32 *)(r10 -6) = 7" rejects "misaligned stack access"

name: a spilled pointer comes back as the same pointer
pre:  r2=map_value(8)
asm:  *(u64 *)(r10 -8) = r2; r3 = *(u64 *)(r10 -8); r0 = *(u8 *)(r3 + 7); exit
want: accept; r0=0
twin: "r3 + 7" -> "r3 + 8" rejects "invalid access to map value, value_size=8 off=8 size=1"

name: a pointer with a byte overwritten is no pointer any more
pre:  r2=map_value(8)
asm:  *(u64 *)(r10 -8) = r2; *(u8 *)(r10 -16) = 1; r3 = *(u64 *)(r10 -8); r0 = *(u8 *)(r3 + 0); exit
want: accept; r0=0
twin: "*(u8 *)(r10 -16) = 1" -> "*(u8 *)(r10 -8) = 1" rejects "R3 invalid mem access 'scalar'"

name: part of a spilled pointer cannot be read on its own
pre:  r2=map_value(8)
asm:  *(u64 *)(r10 -8) = r2; r0 = *(u64 *)(r10 -8); r0 = 0; exit
want: accept; r0=0
twin: "r0 = *(u64 *)(r10 -8)" -> "r0 = *(u32 *)(r10 -8)" rejects "invalid size of register fill"

name: zero written to a slot is known to be zero
pre:  r2=map_value(8)
asm:  r1 = 0; *(u64 *)(r10 -8) = r1; r3 = *(u8 *)(r10 -5); r2 += r3; r0 = *(u8 *)(r2 + 7); exit
want: accept; r0=0
twin: "r1 = 0" -> "r1 = r10" rejects "R2"

name: a constant stored by ST is known when filled
pre:  r2=map_value(8)
asm:  *(u64 *)(r10 -8) = 3; r3 = *(u64 *)(r10 -8); r2 += r3; r0 = *(u8 *)(r2 + 4); exit
want: accept; r0=0
twin: "r2 + 4" -> "r2 + 5" rejects "invalid access to map value, value_size=8 off=8 size=1"

name: the lower half of a spilled small number keeps its range
pre:  r1=u8 r2=map_value(256)
asm:  *(u64 *)(r10 -8) = r1; r3 = *(u32 *)(r10 -8); r2 += r3; r0 = *(u8 *)(r2 + 0); r0 = r3; exit
in:   255 | 1
want: accept; r0=255,1
twin: "r2 + 0" -> "r2 + 1" rejects "invalid access to map value, value_size=256 off=256 size=1"

name: a 32-bit spill keeps its range
pre:  r1=scalar r2=map_value(16)
asm:  w1 &= 15; *(u32 *)(r10 -8) = r1; r3 = *(u32 *)(r10 -8); r2 += r3; r0 = *(u8 *)(r2 + 0); r0 = r3; exit
in:   15 | 0x1f
want: accept; r0=15,15
twin: "w1 &= 15" -> "w1 &= 31" rejects "invalid access to map value, value_size=16 off=31 size=1"

name: fills of a spilled number share its identity
pre:  r1=scalar r2=map_value(8)
asm:  *(u64 *)(r10 -8) = r1
      r3 = *(u64 *)(r10 -8)
      r0 = 0
      if r3 > 7 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   7 | 8
want: accept; r0=1,0
twin: "r3 > 7" -> "r3 > 8" rejects "invalid access to map value, value_size=8 off=8 size=1"

name: a variable stack offset within written slots can be read
pre:  r1=scalar
asm:  *(u64 *)(r10 -16) = 0; *(u64 *)(r10 -8) = 0
      r1 &= 7
      r2 = r10
      r2 += -16
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      exit
want: accept; r0=0,0
twin: "r1 &= 7" -> "r1 &= 31" rejects "R2"
twin: "r2 += r1" -> "r2 -= r1; r2 += -512" rejects "R2"

name: a variable stack offset can be written
pre:  r1=scalar
asm:  *(u64 *)(r10 -16) = 0; *(u64 *)(r10 -8) = 0
      r1 &= 15
      r2 = r10
      r2 += -16
      r2 += r1
      *(u8 *)(r2 + 0) = 5
      r0 = *(u64 *)(r10 -16)
      exit
in:   0 | 15
want: accept; r0=5,0
twin: "r1 &= 15" -> "r1 &= 31" rejects "R2"

name: a variable write spoils what is known of every slot that it may reach
pre:  r1=scalar r4=map_value(16)
asm:  *(u64 *)(r10 -16) = 3
      r1 &= 8
      r2 = r10
      r2 += -16
      r2 += r1
      r5 = *(u64 *)(r10 -16)
      *(u8 *)(r2 + 0) = 9
      r4 += r5
      r0 = *(u8 *)(r4 + 12)
      exit
want: accept; r0=0,0
twin: "r5 = *(u64 *)(r10 -16)" -> "r5 = 1", "*(u8 *)(r2 + 0) = 9" -> "*(u8 *)(r2 + 0) = 9; r5 = *(u64 *)(r10 -16)" rejects "unbounded"

name: r10 cannot be written
asm:  r0 = 0; r1 = r10; r1 += -8; *(u64 *)(r1 + 0) = 1; exit
want: accept; r0=0
twin: "r1 += -8" -> "r10 += -8" rejects "frame pointer is read only"

name: a stack pointer may not be shifted out by multiplication
asm:  r1 = r10; r1 += -8; *(u64 *)(r1 + 0) = 3; r0 = *(u64 *)(r10 -8); exit
want: accept; r0=3
twin: "r1 += -8" -> "r1 *= 8" rejects "pointer arithmetic with *= operator prohibited"
twin: "r1 += -8" -> "w1 += -8" rejects "32-bit pointer arithmetic prohibited"

name: spilled bounds survive a call
pre:  r1=scalar r6=map_value(8)
asm:  r1 &= 7; *(u64 *)(r10 -8) = r1
      call bpf_get_prandom_u32
      r1 = *(u64 *)(r10 -8)
      r6 += r1
      r0 = *(u8 *)(r6 + 0)
      exit
want: accept; r0=0,0
twin: "r1 = *(u64 *)(r10 -8)" -> "r2 = r1" rejects "R1 !read_ok"

name: registers r1 to r5 do not survive a call
asm:  r6 = 1; call bpf_get_prandom_u32; r0 = r6; exit
want: accept; r0=1
twin: "r0 = r6" -> "r0 = r5" rejects "R5 !read_ok"

name: V-11 slots that differ but are dead do not keep states apart
pre:  r1=scalar
asm:  r2 = 0
      if r1 > 5 goto +1
      r2 = 1
      *(u64 *)(r10 -8) = r2
      r0 = 0
      exit
want: accept; r0=0,0
twin: "r0 = 0" -> "r0 = r9" rejects "R9 !read_ok"

name: the two halves of a slot are written apart and read together
pre:  r1=u32 r2=u32
asm:  *(u32 *)(r10 -8) = r1; *(u32 *)(r10 -4) = r2; r0 = *(u64 *)(r10 -8); r0 >>= 32; exit
in:   1 2
want: accept; r0=2
twin: "r0 >>= 32" -> "r0 += r9" rejects "R9 !read_ok"
