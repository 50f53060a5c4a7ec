# Packet loads of old, may_goto, linked numbers across frames, and what is refused by name.

name: LD_ABS reads a byte of the packet
prog: socket
asm:  r6 = r1
      r0 = *(u8 *)skb[2]
      exit
data: 000102030405060708090a0b0c0d0e0f10111213
want: accept; r0=16
twin: "r6 = r1\n" -> "r6 = 0\n" rejects "at the time of BPF_LD_ABS|IND R6 != pointer to skb"

name: LD_IND adds a register
prog: socket
asm:  r6 = r1
      r2 = 1
      r0 = *(u16 *)skb[r2 + 1]
      exit
data: 000102030405060708090a0b0c0d0e0f10111213
want: accept; r0=0x1011
twin: "r2 = 1\n" -> "r7 = 1\n" rejects "R2 !read_ok"

name: may_goto ends a loop that nothing else bounds
asm:  r0 = 1
      again: may_goto out
      r0 = 2
      goto again
      out: r0 = 3
      exit
want: accept; r0=3
twin: "may_goto out" -> "r1 = 1", "out: r0 = 3" -> "r0 = 3" rejects "unreachable insn"

name: a callee's comparison bounds the caller's copy
pre:  r1=scalar r7=map_value(8)
asm:  r6 = r1
      call sub
      if r0 == 0 goto out
      r7 += r6
      r0 = *(u8 *)(r7 + 0)
      r0 = 1
      out: exit
      sub: r0 = 0
      if r1 > 7 goto back
      r0 = 1
      back: exit
in:   7 | 8
want: accept; r0=1,0
twin: "r1 > 7" -> "r1 > 8" rejects "invalid access to map value, value_size=8 off=8 size=1"

name: V-02 a loop counter is bounded by its comparison in each iteration
pre:  r6=map_value(64)
asm:  r1 = 0
      again: r2 = r6
      r2 += r1
      *(u8 *)(r2 + 0) = 1
      r1 += 1
      if r1 != 64 goto again
      r0 = r1
      exit
want: accept; r0=64
twin: "r1 != 64" -> "r1 != 65" rejects "invalid access to map value, value_size=64 off=64 size=1"

name: a number kept across two frames is still relied on
pre:  r1=scalar r6=map_value(16)
asm:  r1 &= 15
      *(u64 *)(r10 -8) = r1
      r1 = r10
      r1 += -8
      call sub
      r6 += r0
      r0 = *(u8 *)(r6 + 0)
      exit
      sub: r0 = *(u64 *)(r1 + 0)
      exit
want: accept; r0=0,0
twin: "r1 &= 15" -> "r1 &= 31" rejects "invalid access to map value, value_size=16 off=31 size=1"

name: two ways into one insn are both checked
pre:  r1=scalar r2=scalar r6=map_value(16)
asm:  r3 = 8
      if r1 == 0 goto join
      r3 = 15
      if r2 == 0 goto join
      r3 = 4
      join: r6 += r3
      r0 = *(u8 *)(r6 + 0)
      r0 = r3
      exit
in:   0 0 | 1 0 | 1 1
want: accept; r0=8,15,4
twin: "r3 = 15" -> "r3 = 16" rejects "invalid access to map value, value_size=16 off=16 size=1"

name: a value found in a hash map may be written through
maps: h=hash(4,8,16)
asm:  *(u32 *)(r10 -4) = 3; *(u64 *)(r10 -16) = 1
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[h]; r4 = 0
      call bpf_map_update_elem
      r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r1 = 41
      lock *(u64 *)(r0 + 0) += r1
      r0 = *(u64 *)(r0 + 0)
      exit
      none: r0 = 0
      exit
want: accept; r0=42
twin: "lock *(u64 *)(r0 + 0) += r1" -> "lock *(u64 *)(r0 + 8) += r1" rejects "invalid access to map value, value_size=8 off=8 size=8"

name: a loop for ever around a callback is found
asm:  r6 = 0
      again: r1 = 3
      r2 = func cb
      r3 = 0
      r4 = 0
      call bpf_loop
      if r6 == 0 goto out
      goto again
      out: r0 = 0
      exit
      cb: r0 = 0
      exit
want: accept; r0=0
kernel: 6.18 accepts the twin, which never ends
twin: "r6 == 0" -> "r6 == 1" rejects "infinite loop detected"

name: a loop for ever around may_goto is found
asm:  r6 = 0
      again: may_goto next
      r0 = 1
      next: r0 = 2
      if r6 == 0 goto out
      goto again
      out: exit
want: accept; r0=2
twin: "r6 == 0" -> "r6 == 1" rejects "infinite loop detected"

name: two bytes in the middle of a field that is kept in two are the field
prog: tc
asm:  r6 = r1
      r0 = *(u16 *)(r6 + 18)
      r1 = *(u16 *)(r6 + 16)
      r0 -= r1
      exit
want: accept; r0=0
twin: "r0 = *(u16 *)(r6 + 18)" -> "r0 = *(u16 *)(r6 + 17)" rejects ""

name: a may_goto that goes nowhere needs no counter
asm:  *(u64 *)(r10 - 512) = 7
      may_goto next
      next: r0 = *(u64 *)(r10 - 512)
      exit
want: accept; r0=7
twin: "r0 = *(u64 *)(r10 - 512)" -> "r0 = *(u64 *)(r10 - 520)" rejects "invalid read from stack R10 off=-520 size=8"
