# What is known of numbers: masks, shifts, arithmetic, comparisons.

name: V-01 a masked index stays inside an 8-byte value
pre:  r1=scalar r2=map_value(8)
asm:  r1 &= 7; r2 += r1; r0 = *(u8 *)(r2 + 0); exit
want: accept; log "R1=scalar({{.*}}var_off=(0x0; 0x7))"
twin: "&= 7" -> "&= 8" rejects "invalid access to map value, value_size=8 off=8 size=1"

name: a comparison bounds an index from above
pre:  r1=scalar r2=map_value(16)
asm:  r0 = 0
      if r1 > 15 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   0 | 15 | 16 | -1
want: accept; r0=1,1,0,0
twin: "> 15" -> "> 16" rejects "invalid access to map value, value_size=16 off=16 size=1"
twin: "> 15" -> "s> 15" rejects "math between map_value pointer and register with unbounded min value is not allowed"

name: a right shift bounds an index
pre:  r1=u32 r2=map_value(16)
asm:  r1 >>= 28; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   0 | 0xffffffff | 0x80000000
want: accept; r0=0,15,8
twin: ">>= 28" -> ">>= 27" rejects "invalid access to map value, value_size=16 off=31 size=1"

name: a 32-bit comparison bounds a zero-extended index
pre:  r1=scalar r2=map_value(16)
asm:  w1 = w1
      r0 = 0
      if w1 > 15 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   0x100000003 | 15 | 0xf0000000f | 16
want: accept; r0=1,1,1,0
twin: "w1 = w1" -> "r1 = r1" rejects "math between map_value pointer and register with unbounded min value is not allowed"

name: signed bounds from both sides make an index
pre:  r1=scalar r2=map_value(16)
asm:  r0 = 0
      if r1 s< 0 goto out
      if r1 s> 15 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   0 | 15 | 16 | -1 | 0x8000000000000000
want: accept; r0=1,1,0,0,0
twin: "if r1 s< 0 goto out" -> "if r1 s< -1 goto out" rejects "R2 min value is negative"
twin: "s> 15" -> "s> 16" rejects "invalid access to map value, value_size=16 off=16 size=1"

name: the product of two small numbers is bounded
pre:  r1=scalar r3=scalar r2=map_value(64)
asm:  r1 &= 7; r3 &= 9; r1 *= r3; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   7 9 | 0 0 | 5 8
want: accept; r0=63,0,40
twin: "r3 &= 9" -> "r3 &= 15" rejects "invalid access to map value, value_size=64 off=105 size=1"

name: adding a constant moves the whole range
pre:  r1=scalar r2=map_value(16)
asm:  r1 &= 7; r1 += 8; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   0 | 7
want: accept; r0=8,15
twin: "+= 8" -> "+= 9" rejects "invalid access to map value, value_size=16 off=16 size=1"
twin: "+= 8" -> "+= -8" rejects "R2 min value is negative"

name: subtracting a number from a constant turns its range round
pre:  r1=scalar r2=map_value(8)
asm:  r1 &= 7; r3 = 7; r3 -= r1; r2 += r3; r0 = *(u8 *)(r2 + 0); r0 = r3; exit
in:   0 | 7 | 3
want: accept; r0=7,0,4
twin: "r3 = 7" -> "r3 = 8" rejects "invalid access to map value, value_size=8 off=8 size=1"
twin: "r3 = 7" -> "r3 = 6" rejects "R2 min value is negative"

name: a remainder by a mask of a negated number is still masked
pre:  r1=scalar r2=map_value(8)
asm:  r1 = -r1; r1 &= 7; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   1 | 0 | -1
want: accept; r0=7,0,1
twin: "&= 7" -> "&= 15" rejects "invalid access to map value, value_size=8 off=15 size=1"

name: or with a constant sets known bits
pre:  r1=scalar r2=map_value(16)
asm:  r1 &= 7; r1 |= 8; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   0 | 7
want: accept; r0=8,15
twin: "|= 8" -> "|= 16" rejects "invalid access to map value, value_size=16 off=16 size=1"

name: xor of two masked numbers stays below the mask
pre:  r1=scalar r3=scalar r2=map_value(16)
asm:  r1 &= 15; r3 &= 15; r1 ^= r3; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   5 3 | 15 15
want: accept; r0=6,0
twin: "r3 &= 15" -> "r3 &= 31" rejects "invalid access to map value, value_size=16 off=31 size=1"

name: a left shift of a small number is bounded and aligned
pre:  r1=scalar r2=map_value(32)
asm:  r1 &= 3; r1 <<= 3; r2 += r1; r0 = *(u64 *)(r2 + 0); r0 = r1; exit
in:   3 | 0
want: accept; r0=24,0
twin: "<<= 3" -> "<<= 4" rejects "invalid access to map value, value_size=32 off=48 size=8"

name: an arithmetic shift right keeps the sign
pre:  r1=s32 r2=map_value(16)
asm:  r1 s>>= 31; r1 += 1; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   0x80000000 | 0x7fffffff
want: accept; r0=0,1
twin: "r1 += 1" -> "r1 += 0" rejects "R2 min value is negative"

name: a sign-extending move of a byte is bounded both ways
pre:  r1=scalar r2=map_value(256)
asm:  r1 = (s8)r1; r1 += 128; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   0x7f | 0x80 | 0
want: accept; r0=255,0,128
twin: "+= 128" -> "+= 127" rejects "R2 min value is negative"
twin: "(s8)r1" -> "(s16)r1" rejects "min value is negative"

name: a byte load is at most 255
pre:  r1=u8 r2=map_value(256)
asm:  r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   0 | 255
want: accept; r0=0,255
twin: "*(u8 *)(r2 + 0)" -> "*(u16 *)(r2 + 0)" rejects "invalid access to map value, value_size=256 off=255 size=2"

name: a sign-extending load is negative on some path
pre:  r1=s8 r2=map_value(256)
asm:  r0 = 0
      if r1 s< 0 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 128)
      r0 = 1
      out: exit
in:   0x7f | 0x80
want: accept; r0=1,0
twin: "r2 + 128" -> "r2 + 129" rejects "invalid access to map value, value_size=256 off=256 size=1"

name: equality with a constant makes a constant
pre:  r1=scalar r2=map_value(8)
asm:  r0 = 0
      if r1 != 5 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 2)
      r0 = 1
      out: exit
in:   5 | 6
want: accept; r0=1,0
twin: "r2 + 2" -> "r2 + 3" rejects "invalid access to map value, value_size=8 off=8 size=1"
twin: "!= 5" -> "== 5" rejects "unbounded"

name: inequality trims the edge of a range
pre:  r1=scalar r2=map_value(8)
asm:  r1 &= 7
      r0 = 0
      if r1 == 0 goto out
      r1 -= 1
      r2 += r1
      r0 = *(u8 *)(r2 + 1)
      r0 = 1
      out: exit
in:   0 | 1 | 7
want: accept; r0=0,1,1
twin: "r1 == 0" -> "r1 == 7" rejects "R2 unbounded memory access, make sure to bounds check any such access"

name: two numbers compared with each other bound one another
pre:  r1=scalar r3=scalar r2=map_value(16)
asm:  r3 &= 15
      r0 = 0
      if r1 > r3 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   3 5 | 6 5 | -1 15
want: accept; r0=1,0,0
twin: "r3 &= 15" -> "r3 &= 31" rejects "invalid access to map value, value_size=16 off=31 size=1"

name: equal numbers share what is known of either
pre:  r1=scalar r3=scalar r2=map_value(8)
asm:  r3 &= 7
      r0 = 0
      if r1 != r3 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   3 3 | 4 3
want: accept; r0=1,0
twin: "r3 &= 7" -> "r3 &= 8" rejects "off=8 size=1"

name: a test of bits that fails tells which bits are zero
pre:  r1=scalar r2=map_value(8)
asm:  r0 = 0
      r1 &= 15
      if r1 & 8 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   7 | 8
want: accept; r0=1,0
twin: "r1 & 8 goto" -> "r1 & 4 goto" rejects "invalid access to map value, value_size=8 off=11 size=1"

name: V-05 a branch that known bits exclude is not followed
pre:  r1=scalar r2=map_value(8)
asm:  r1 &= 6
      r0 = 0
      if r1 != 5 goto out
      r0 = *(u8 *)(r2 + 99)
      out: exit
want: accept; r0=0,0,0
twin: "&= 6" -> "&= 7" rejects "invalid access to map value, value_size=8 off=99 size=1"

name: V-05 a branch that the range excludes is not followed
pre:  r1=u8 r2=map_value(8)
asm:  r0 = 0
      if r1 < 256 goto out
      r0 = *(u8 *)(r2 + 99)
      out: exit
want: accept
twin: "< 256" -> "< 255" rejects "invalid access to map value, value_size=8 off=99 size=1"

name: V-04 contradicting comparisons leave no path
pre:  r1=scalar r2=map_value(8)
asm:  r0 = 0
      if r1 > 7 goto out
      if r1 < 8 goto out
      r0 = *(u8 *)(r2 + 99)
      out: exit
want: accept
twin: "< 8" -> "< 7" rejects "invalid access to map value, value_size=8 off=99 size=1"

name: V-01 a 64-bit range follows from 32-bit knowledge and an upper half of zero
pre:  r1=scalar r2=map_value(16)
asm:  r0 = 0
      r3 = r1
      r3 >>= 32
      if r3 != 0 goto out
      w1 = w1
      if w1 > 15 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   3 | 0x100000003
want: accept; r0=1,0
twin: "w1 > 15" -> "w1 s> 15" rejects "R2 unbounded memory access"

name: dividing by a constant divides what is known
pre:  r1=u8 r2=map_value(64)
asm:  r1 >>= 2; r2 += r1; r0 = *(u8 *)(r2 + 0); r0 = r1; exit
in:   255 | 0
want: accept; r0=63,0
twin: ">>= 2" -> ">>= 1" rejects "invalid access to map value, value_size=64 off=127 size=1"

name: a number of unknown size is no index
pre:  r1=scalar r2=map_value(8)
asm:  r0 = 0
      if r1 > 7 goto out
      r2 += r1
      r0 = *(u8 *)(r2 + 0)
      out: exit
want: accept
twin: "if r1 > 7 goto out" -> "r0 = 1" rejects "math between map_value pointer and register with unbounded min value is not allowed"

name: the lower half of a constant is a constant
pre:  r2=map_value(8)
asm:  r1 = 0x700000003 ll; w1 = w1; r2 += r1; r0 = *(u8 *)(r2 + 4); r0 = r1; exit
want: accept; r0=3
twin: "w1 = w1" -> "r1 >>= 32" rejects "invalid access to map value, value_size=8 off=11 size=1"

name: 32-bit addition wraps at 32 bits
pre:  r2=map_value(8)
asm:  w1 = -1; w1 += 3; r2 += r1; r0 = *(u8 *)(r2 + 5); r0 = r1; exit
want: accept; r0=2
twin: "w1 += 3" -> "r1 += 3" rejects "map_value pointer and 4294967298"

name: byte swaps of a constant are constants
pre:  r2=map_value(8)
asm:  r1 = 0x0100; r1 = bswap16 r1; r2 += r1; r0 = *(u8 *)(r2 + 6); r0 = r1; exit
want: accept; r0=1
twin: "r2 + 6" -> "r2 + 7" rejects "invalid access to map value, value_size=8 off=8 size=1"

name: V-13 copies of a number are bounded together
pre:  r1=scalar r2=map_value(8)
asm:  r3 = r1
      r0 = 0
      if r1 > 7 goto out
      r2 += r3
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   7 | 8
want: accept; r0=1,0
twin: "if r1 > 7 goto out" -> "r1 += 0; if r1 > 8 goto out" rejects "invalid access to map value, value_size=8 off=8 size=1"
twin: "r3 = r1" -> "r3 = r1; r3 ^= 1; r3 ^= 1" rejects "unbounded"

name: V-14 a copy plus a constant is bounded with its origin
pre:  r1=scalar r2=map_value(16)
asm:  r3 = r1
      r3 += 4
      r0 = 0
      if r1 > 11 goto out
      r2 += r3
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   11 | 12 | -1
want: accept; r0=1,0,0
twin: "r1 > 11" -> "r1 > 12" rejects "invalid access to map value, value_size=16 off=16 size=1"

name: V-14 adding a register to itself ends the link
pre:  r1=scalar r2=map_value(16)
asm:  r3 = r1
      r3 += r3
      r0 = 0
      if r1 > 3 goto out
      if r3 > 15 goto out
      r2 += r3
      r0 = *(u8 *)(r2 + 0)
      r0 = 1
      out: exit
in:   3 | 4
want: accept; r0=1,0
twin: "if r3 > 15 goto out" -> "r0 = 2" rejects "unbounded"

name: a spilled number keeps its bounds
pre:  r1=scalar r2=map_value(8)
asm:  r1 &= 7; *(u64 *)(r10 -8) = r1; r1 = *(u64 *)(r10 -8); r2 += r1; r0 = *(u8 *)(r2 + 0); exit
want: accept
twin: "r1 &= 7" -> "r1 &= 15" rejects "invalid access to map value, value_size=8 off=15 size=1"

name: joining two branches takes both values
pre:  r1=scalar r2=map_value(8)
asm:  r3 = 3
      if r1 > 10 goto join
      r3 = 7
      join: r2 += r3
      r0 = *(u8 *)(r2 + 0)
      r0 = r3
      exit
in:   5 | 11
want: accept; r0=7,3
twin: "r3 = 7" -> "r3 = 8" rejects "invalid access to map value, value_size=8 off=8 size=1"

name: unsigned division by zero gives zero and modulo leaves the number
pre:  r1=scalar r3=scalar
asm:  r0 = r1; r0 /= r3; r4 = r1; r4 %= r3; r0 <<= 8; r0 |= r4; exit
in:   7 2 | 7 0 | 200 100
want: accept; r0=0x301,7,0x200
twin: "r0 /= r3" -> "r0 /= 0" rejects "div by zero"

name: signed division rounds towards zero
pre:  r1=scalar r3=scalar
asm:  r0 = r1; r0 s/= r3; exit
in:   -7 2 | 7 -2 | 5 0 | 0x8000000000000000 -1
want: accept; r0=-3,-3,0,0
twin: "s/= r3" -> "s/= 0" rejects "div by zero"

name: signed 32-bit division of INT_MIN by -1 wraps
pre:  r1=scalar r3=scalar
asm:  w0 = w1; w0 s/= w3; exit
in:   0x80000000 0xffffffff | 0xfffffff9 2
want: accept; r0=0x80000000,0xfffffffd
twin: "s/= w3" -> "s/= 0" rejects "div by zero"

name: signed remainder takes the dividend's sign
pre:  r1=scalar r3=scalar
asm:  r0 = r1; r0 s%= r3; exit
in:   -7 2 | 7 -2 | -7 0 | 0x8000000000000000 -1
want: accept; r0=-1,1,-7,0
twin: "s%= r3" -> "s%= 0" rejects "div by zero"

name: shift counts of registers are taken modulo the width
pre:  r1=scalar r3=scalar
asm:  r0 = r1; r0 <<= r3; exit
in:   1 4 | 1 64 | 1 65
want: accept; r0=16,1,2
twin: "<<= r3" -> "<<= 64" rejects "invalid shift 64"

name: shifts by a constant must be below the width
pre:  r1=scalar
asm:  w0 = w1; w0 >>= 31; exit
in:   0x80000000 | 0x7fffffff
want: accept; r0=1,0
twin: ">>= 31" -> ">>= 32" rejects "invalid shift 32"

name: a number that was never written cannot be read
pre:  r1=scalar
asm:  r0 = r1; r0 += 1; exit
in:   1
want: accept; r0=2
twin: "r0 = r1" -> "r1 = 0" rejects "R0 !read_ok"
twin: "r0 += 1" -> "r0 += r9" rejects "R9 !read_ok"

name: E-06 a range that holds one of the numbers which the known bits allow, its largest
pre:  r1=scalar r2=map_value(8)
asm:  r0 = 0
      r1 &= 0xf0
      if r1 < 0xe5 goto out
      if r1 == 0xf0 goto out
      r0 = *(u8 *)(r2 + 99)
      out: exit
in:   0xf0 | 0xe4 | 0xe8
want: accept; r0=0,0,0; log "R1=240"
twin: "&= 0xf0" -> "&= 0xf8" rejects "invalid access to map value, value_size=8 off=99 size=1"
kernel: 6.18 does not look at known bits there

name: E-06 its smallest
pre:  r1=scalar r2=map_value(8)
asm:  r0 = 0
      r1 &= 0xf0
      if r1 < 0x10 goto out
      if r1 > 0x1f goto out
      if r1 == 0x10 goto out
      r0 = *(u8 *)(r2 + 99)
      out: exit
in:   0x10 | 0x20 | 0x1f
want: accept; r0=0,0,0; log "R1=16"
twin: "> 0x1f" -> "> 0x20" rejects "invalid access to map value, value_size=8 off=99 size=1"
kernel: 6.18 does not look at known bits there

name: E-06 one in the middle
pre:  r1=scalar r2=map_value(8)
asm:  r0 = 0
      r1 &= 0xf0
      if r1 < 0x15 goto out
      if r1 > 0x25 goto out
      if r1 == 0x20 goto out
      r0 = *(u8 *)(r2 + 99)
      out: exit
in:   0x20 | 0x10 | 0x30
want: accept; r0=0,0,0; log "R1=32"
twin: "< 0x15" -> "< 0x10" rejects "invalid access to map value, value_size=8 off=99 size=1"
kernel: 6.18 does not look at known bits there

name: E-06 none at all
pre:  r1=scalar r2=map_value(8)
asm:  r0 = 0
      r1 &= 0xf0
      if r1 < 0x15 goto out
      if r1 > 0x1f goto out
      r0 = *(u8 *)(r2 + 99)
      out: exit
in:   0x15 | 0x20
want: accept; r0=0,0
twin: "> 0x1f" -> "> 0x20" rejects "invalid access to map value, value_size=8 off=99 size=1"
kernel: 6.18 does not look at known bits there
