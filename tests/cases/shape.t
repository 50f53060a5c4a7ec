# The shape of programs: opcodes, reserved fields, jumps, loops, ends.

name: a program ends with exit
asm:  r0 = 0; exit
want: accept; r0=0
twin: "r0 = 0; exit" -> "r0 = 0" rejects "last insn is not an exit or jmp"
twin: "r0 = 0; " -> "" rejects "R0 !read_ok"

name: a jump lands inside the program
pre:  r1=scalar
asm:  r0 = 0; if r1 > 3 goto +1; r0 = 1; exit
in:   3 | 4
want: accept; r0=1,0
twin: "goto +1" -> "goto +9" rejects "jump out of range"
twin: "goto +1" -> "goto -9" rejects "jump out of range"

name: every instruction can be reached
asm:  goto out
      out: r0 = 0
      exit
want: accept; r0=0
twin: "goto out\n" -> "goto out\n r0 = 5\n" rejects "unreachable insn 1"

name: a jump into the second half of a 64-bit constant is refused
pre:  r1=scalar
asm:  if r1 > 1 goto +2; r0 = 0x100000000 ll; r0 = 0; exit
want: accept; r0=0,0
twin: "goto +2" -> "goto +1" rejects "jump"

name: a loop with a known count is followed
asm:  r0 = 0; r1 = 10
      again: r0 += 2
      r1 -= 1
      if r1 != 0 goto again
      exit
want: accept; r0=20
twin: "r0 += 2" -> "r0 = 2", "r1 -= 1" -> "r1 -= 0" rejects "infinite loop detected at insn"

name: a loop over an unknown but bounded count is followed
pre:  r1=u8
asm:  r0 = 0
      r1 &= 31
      again: if r1 == 0 goto out
      r0 += 3
      r1 -= 1
      goto again
      out: exit
in:   31 | 0 | 5
want: accept; r0=93,0,15
twin: "r0 += 3" -> "r0 = 3", "r1 -= 1" -> "r2 = 1" rejects "infinite loop detected at insn"

name: a loop that writes a value in turn
pre:  r2=map_value(32)
asm:  r1 = 0
      again: r3 = r2
      r3 += r1
      *(u64 *)(r3 + 0) = 1
      r1 += 8
      if r1 < 32 goto again
      r0 = *(u64 *)(r2 + 24)
      exit
want: accept; r0=1
twin: "r1 < 32 goto" -> "r1 < 40 goto" rejects "invalid access to map value, value_size=32 off=32 size=8"

name: an endless loop is found
asm:  r0 = 0
      again: if r0 == 0 goto out
      goto again
      out: exit
want: accept; r0=0
twin: "r0 == 0 goto" -> "r0 == 1 goto" rejects "infinite loop detected at insn"

name: V-08 dead code behind a constant condition is not checked
asm:  r1 = 5
      r0 = 0
      if r1 == 5 goto out
      r0 = *(u64 *)(r9 + 0)
      out: exit
want: accept; r0=0
twin: "r1 == 5" -> "r1 != 5" rejects "R9 !read_ok"

name: V-23 reserved fields of moves and arithmetic
asm:  r0 = 0; r0 += 1; exit
want: accept; r0=1
twin: "r0 += 1" -> "r0 += r10" accepts
twin: "r0 += 1" -> "r0 += r11" rejects "R11 is invalid"

name: V-06 register numbers are checked before anything is followed
asm:  r0 = 0
      if r0 == 0 goto out
      r1 = 3
      out: exit
want: accept; r0=0
kernel: 6.18 looks at the registers of reached insns only; later versions look before (V-06)
twin: "r1 = 3" -> "r1 = r12" rejects "R12 is invalid"
twin: "r1 = 3" -> "r10 = 3" accepts

name: a 64-bit constant
asm:  r0 = 0x1122334455667788 ll; r0 >>= 32; exit
want: accept; r0=0x11223344
twin: ">>= 32" -> ">>= 64" rejects "invalid shift 64"

name: gotol jumps far
asm:  r0 = 1
      gotol out
      out: exit
want: accept; r0=1
twin: "gotol out" -> "gotol +1000" rejects "jump out of range"

name: byte order conversions
pre:  r1=scalar
asm:  r0 = r1; r0 = be16 r0; exit
in:   0x1234 | 0xff0001
want: accept; r0=0x3412,0x100
twin: "be16 r0" -> "-r0" accepts
twin: "r0 = r1; r0 = be16 r0" -> "r0 = be16 r0" rejects "R0 !read_ok"

name: bswap32 clears the upper half
pre:  r1=scalar
asm:  r0 = r1; r0 = bswap32 r0; r0 >>= 24; exit
in:   0xaabbccdd11223344
want: accept; r0=0x44
twin: "r0 >>= 24" -> "r0 += r8" rejects "R8 !read_ok"

name: le32 keeps the lower half only
pre:  r1=scalar
asm:  r0 = r1; r0 = le32 r0; r0 >>= 16; exit
in:   0xaabbccdd11223344
want: accept; r0=0x1122
twin: "le32 r0" -> "le64 r0" accepts

name: 32-bit moves zero-extend
pre:  r1=scalar
asm:  w0 = w1; r0 >>= 32; exit
in:   -1
want: accept; r0=0
twin: "r0 >>= 32" -> "w0 >>= 32" rejects "invalid shift 32"

name: sign-extending moves
pre:  r1=scalar
asm:  r0 = (s16)r1; r0 s>>= 15; exit
in:   0x8000 | 0x7fff
want: accept; r0=-1,0
twin: "(s16)r1" -> "(s16)r9" rejects "R9 !read_ok"

name: 32-bit sign-extending moves zero the upper half
pre:  r1=scalar
asm:  w0 = (s8)w1; r0 >>= 24; exit
in:   0x80 | 0x7f
want: accept; r0=0xff,0
twin: "w0 = (s8)w1" -> "r9 = r9" rejects "R9 !read_ok"

name: signed 32-bit comparisons look at the lower half
pre:  r1=scalar
asm:  r0 = 0; if w1 s< 0 goto neg; exit; neg: r0 = 1; exit
in:   0x80000000 | 0x7fffffff | 0xffffffff00000000
want: accept; r0=1,0,0
twin: "w1 s< 0" -> "w8 s< 0" rejects "R8 !read_ok"

name: unsigned comparisons treat immediates as sign-extended
pre:  r1=scalar
asm:  r0 = 0; if r1 > -2 goto yes; exit; yes: r0 = 1; exit
in:   -1 | -2 | 5
want: accept; r0=1,0,0
twin: "r1 > -2" -> "r9 > -2" rejects "R9 !read_ok"

name: every comparison, taken and not
pre:  r1=scalar r2=scalar
asm:  r0 = 0
      if r1 == r2 goto +1
      r0 |= 1
      if r1 > r2 goto +1
      r0 |= 2
      if r1 >= r2 goto +1
      r0 |= 4
      if r1 & r2 goto +1
      r0 |= 8
      if r1 s> r2 goto +1
      r0 |= 16
      if r1 s>= r2 goto +1
      r0 |= 32
      if r1 < r2 goto +1
      r0 |= 64
      if r1 <= r2 goto +1
      r0 |= 128
      if r1 s< r2 goto +1
      r0 |= 256
      if r1 s<= r2 goto +1
      r0 |= 512
      exit
in:   1 1 | 1 2 | 2 1 | -1 1 | 1 -1 | 0 0
want: accept
twin: "r1 == r2" -> "r1 == r9" rejects "R9 !read_ok"

name: the return value of a program is a number
asm:  r0 = 5; exit
want: accept; r0=5
twin: "r0 = 5; " -> "" rejects "R0 !read_ok"

name: comparing a pointer with a number
pre:  r2=map_value(8)
asm:  r0 = 0; if r2 == 0 goto out; r0 = 1; out: exit
want: accept; r0=1
twin: "r2 == 0" -> "r9 == 0" rejects "R9 !read_ok"

name: atomics with fetch give the value before
pre:  r1=scalar r2=scalar
asm:  *(u64 *)(r10 -8) = r1
      r2 = atomic64_fetch_and((u64 *)(r10 -8), r2)
      r0 = *(u64 *)(r10 -8)
      r0 <<= 8
      r0 |= r2
      exit
in:   0x7f 0x0f | 0x33 0x55
want: accept; r0=0xf7f,0x1133
twin: "atomic64_fetch_and((u64 *)(r10 -8), r2)" -> "atomic64_fetch_and((u64 *)(r10 -520), r2)" rejects "invalid read from stack R10 off=-520 size=8"

name: 32-bit atomics touch four bytes
pre:  r1=scalar
asm:  *(u64 *)(r10 -8) = -1
      w1 = w1
      lock *(u32 *)(r10 -8) ^= r1
      r0 = *(u64 *)(r10 -8)
      r0 >>= 16
      exit
in:   0xffffffff | 0
want: accept; r0=0xffff0000,0xffffffff
twin: "(r10 -8) ^= r1" -> "(r10 -8) ^= r9" rejects "R9 !read_ok"
