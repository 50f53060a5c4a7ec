# Helpers, subprograms, callbacks, references.

name: a helper gives a number
asm:  call bpf_get_prandom_u32; r0 &= 0; exit
want: accept; r0=0
twin: "call bpf_get_prandom_u32" -> "call 9999" rejects "invalid func unknown#9999"
twin: "call bpf_get_prandom_u32" -> "r1 = r10; call bpf_xdp_adjust_head" rejects "program of this type cannot use helper bpf_xdp_adjust_head#44"

name: a GPL-only helper needs a GPL program
prog: raw_tp
asm:  *(u64 *)(r10 -8) = 0x6968; r1 = r10; r1 += -8; r2 = 3
      call bpf_trace_printk
      r0 = 0
      exit
want: accept; r0=0
twin: "r2 = 3" -> "r2 = 0" rejects "R2 invalid zero-sized read"
twin: "r2 = 3" -> "r2 = 9" rejects "invalid"

name: without a GPL licence such a helper is refused
prog: raw_tp proprietary
asm:  *(u64 *)(r10 -8) = 0x6968; r1 = r10; r1 += -8; r2 = 3
      call bpf_trace_printk
      r0 = 0
      exit
run:  no
want: reject "cannot call GPL-restricted function from non-GPL compatible program"
twin: "bpf_trace_printk" -> "bpf_get_smp_processor_id" accepts

name: arguments of the wrong type are named
maps: h=hash(4,8,16)
asm:  *(u32 *)(r10 -4) = 0; r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_delete_elem
      r0 = 0
      exit
want: accept; r0=0
twin: "r1 = map[h]" -> "r1 = 0" rejects "R1 type=scalar expected=map_ptr"
twin: "r2 += -4" -> "r2 = 5" rejects "R2 type=scalar expected=fp"

name: a size argument must have an upper bound
prog: tc
pre:  r4=scalar r6=ctx
asm:  r1 = r6
      r2 = 0
      r3 = r10
      r3 += -16
      *(u64 *)(r10 -16) = 0; *(u64 *)(r10 -8) = 0
      r4 &= 15
      r4 += 1
      call bpf_skb_load_bytes
      r0 = 0
      exit
want: accept; r0=0,0
twin: "r4 &= 15" -> "r5 = 1" rejects "R4"
twin: "r4 += 1" -> "r4 += 2" rejects "R"

name: an array index beyond the array gives NULL
maps: a=array(4,8,2)
asm:  *(u32 *)(r10 -8) = 1; r2 = r10; r2 += -8; r1 = map[a]
      call bpf_map_lookup_elem
      r6 = r0
      r0 = 0
      if r6 == 0 goto out
      r0 = 1
      out: exit
want: accept; r0=1
twin: "if r6 == 0 goto out" -> "r0 = *(u8 *)(r6 + 0)" accepts
twin: "(r10 -8) = 1" -> "(r10 -8) = 2", "if r6 == 0 goto out" -> "r0 = *(u8 *)(r6 + 0)" rejects "R6 invalid mem access 'map_value_or_null'"

name: an update is seen by a lookup
maps: h=hash(4,8,16)
asm:  *(u32 *)(r10 -4) = 3; *(u64 *)(r10 -16) = 77
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[h]; r4 = 0
      call bpf_map_update_elem
      r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r0 = *(u64 *)(r0 + 0)
      exit
      none: r0 = 0
      exit
want: accept; r0=77
twin: "r0 == 0 goto none" -> "r0 == 5 goto none" rejects "R0 invalid mem access 'map_value_or_null'"

name: a helper cannot write through a read-only map
maps: h=hash(4,8,16,rdonly_prog)
asm:  *(u32 *)(r10 -4) = 3; *(u64 *)(r10 -16) = 77
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[h]; r4 = 0
      call bpf_map_update_elem
      r0 = 0
      exit
run:  no
want: reject "write into map forbidden"
twin: "call bpf_map_update_elem" -> "call bpf_map_lookup_elem" accepts

name: a map of the wrong kind is refused
maps: rb=ringbuf(4096) h=hash(4,8,16)
asm:  r1 = map[rb]; r2 = 1
      call bpf_ringbuf_query
      exit
want: accept; r0=4096
twin: "map[rb]" -> "map[h]" rejects "cannot pass map_type 1 into func bpf_ringbuf_query#134"

name: a reserved record must be submitted or discarded
prog: socket
maps: rb=ringbuf(4096)
asm:  r1 = map[rb]; r2 = 8; r3 = 0
      call bpf_ringbuf_reserve
      if r0 == 0 goto out
      *(u64 *)(r0 + 0) = 5
      r1 = r0
      r2 = 0
      call bpf_ringbuf_submit
      out: r0 = 0
      exit
want: accept; r0=0
twin: "call bpf_ringbuf_submit" -> "r0 = 1" rejects "Unreleased reference id="
twin: "call bpf_ringbuf_submit" -> "call bpf_ringbuf_discard" accepts
twin: "*(u64 *)(r0 + 0) = 5" -> "*(u64 *)(r0 + 8) = 5" rejects "invalid access to memory, mem_size=8 off=8 size=8"
twin: "if r0 == 0 goto out" -> "r6 = 0" rejects "R0 invalid mem access 'ringbuf_mem_or_null'"

name: a record is gone once submitted
maps: rb=ringbuf(4096)
asm:  r1 = map[rb]; r2 = 8; r3 = 0
      call bpf_ringbuf_reserve
      if r0 == 0 goto out
      r6 = r0
      r1 = r0
      r2 = 0
      call bpf_ringbuf_submit
      r7 = 0
      out: r0 = 0
      exit
want: accept; r0=0
twin: "r7 = 0" -> "*(u64 *)(r6 + 0) = 5" rejects "R6 invalid mem access 'scalar'"
twin: "r7 = 0" -> "r1 = r6; r2 = 0; call bpf_ringbuf_discard" rejects "R1 type=scalar expected=ringbuf_mem"

name: only the start of a record can be submitted
maps: rb=ringbuf(4096)
asm:  r1 = map[rb]; r2 = 8; r3 = 0
      call bpf_ringbuf_reserve
      if r0 == 0 goto out
      r1 = r0
      r1 += 0
      r2 = 0
      call bpf_ringbuf_submit
      out: r0 = 0
      exit
want: accept; r0=0
twin: "r1 += 0" -> "r1 += 4" rejects "R1"

name: the size of a record is a constant
maps: rb=ringbuf(4096)
pre:  r2=u8
asm:  r1 = map[rb]; r2 = 16; r3 = 0
      call bpf_ringbuf_reserve
      if r0 == 0 goto out
      r1 = r0; r2 = 0
      call bpf_ringbuf_discard
      out: r0 = 0
      exit
want: accept; r0=0,0
twin: "r2 = 16" -> "r2 &= 16" rejects "R2 is not a known constant"

name: a static subprogram is checked with its caller's values
pre:  r1=scalar r6=map_value(8)
asm:  r1 &= 7
      call sub
      r6 += r0
      r0 = *(u8 *)(r6 + 0)
      exit
      sub: r0 = r1
      exit
want: accept; r0=0,0
twin: "r1 &= 7" -> "r1 &= 15" rejects "invalid access to map value, value_size=8 off=15 size=1"
twin: "sub: r0 = r1" -> "sub: r0 = r6" rejects "R6 !read_ok"

name: a caller's stack can be written through a pointer
asm:  *(u64 *)(r10 -8) = 1
      r1 = r10
      r1 += -8
      call sub
      r0 = *(u64 *)(r10 -8)
      exit
      sub: *(u64 *)(r1 + 0) = 9
      r0 = 0
      exit
want: accept; r0=9
twin: "*(u64 *)(r1 + 0) = 9" -> "*(u64 *)(r1 + 8) = 9" rejects "invalid write to stack R1 off=0 size=8"

name: the callee's stack is its own
asm:  *(u64 *)(r10 -8) = 1
      call sub
      r0 = *(u64 *)(r10 -8)
      exit
      sub: *(u64 *)(r10 -8) = 9
      r0 = 0
      exit
want: accept; r0=1
twin: "sub: *(u64 *)(r10 -8) = 9" -> "sub: r1 = r10", "r0 = 0" -> "r0 = r1" rejects "cannot return stack pointer to the caller"

name: callee-saved registers come back
asm:  r6 = 6; r7 = 7; r8 = 8; r9 = 9
      call sub
      r0 = r6
      r0 += r7
      r0 += r8
      r0 += r9
      exit
      sub: r6 = 0; r7 = 0; r8 = 0; r9 = 0; r0 = 0
      exit
want: accept; r0=30
twin: "r0 = r6" -> "r0 = r1" rejects "R1 !read_ok"

name: stack of a call chain adds up to at most 512 bytes
asm:  *(u64 *)(r10 -256) = 1
      call sub
      exit
      sub: *(u64 *)(r10 -256) = 1
      r0 = 0
      exit
want: accept; r0=0
twin: "sub: *(u64 *)(r10 -256) = 1" -> "sub: *(u64 *)(r10 -264) = 1" rejects "combined stack size of 2 calls is"

name: V-07 recursion is refused
asm:  call sub
      exit
      sub: r0 = 0
      exit
want: accept; r0=0
twin: "sub: r0 = 0" -> "sub: call sub" rejects "insn"

name: the callback of bpf_loop runs
asm:  *(u64 *)(r10 -8) = 0
      r1 = 10
      r2 = func cb
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r0 = *(u64 *)(r10 -8)
      exit
      cb: r3 = *(u64 *)(r2 + 0)
      r3 += r1
      *(u64 *)(r2 + 0) = r3
      r0 = 0
      exit
want: accept; r0=45
twin: "r0 = 0\n      exit" -> "r0 = 2\n      exit" rejects "should have been in [0, 1]"
twin: "r4 = 0" -> "r4 = 1" accepts
twin: "r3 = *(u64 *)(r2 + 0)" -> "r3 = *(u64 *)(r2 + 8)" rejects "invalid read from stack R2 off=0 size=8"

name: a callback may end the loop
pre:  r1=u8
asm:  r2 = func cb
      r3 = 0
      r4 = 0
      call bpf_loop
      exit
      cb: r0 = 0
      if r1 < 3 goto out
      r0 = 1
      out: exit
in:   100 | 2
want: accept; r0=4,2
twin: "r3 = 0" -> "r3 = r9" rejects "R9 !read_ok"

name: what a callback writes is unknown after the loop
pre:  r6=map_value(8)
asm:  *(u64 *)(r10 -8) = 1
      r1 = 3
      r2 = func cb
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r1 = *(u64 *)(r10 -8)
      r1 &= 7
      r6 += r1
      r0 = *(u8 *)(r6 + 0)
      exit
      cb: *(u64 *)(r2 + 0) = 9
      r0 = 0
      exit
want: accept; r0=0
twin: "r1 &= 7" -> "r2 = 0" rejects "R6"

name: a subprogram without an exit runs into the next
asm:  call sub
      exit
      sub: r0 = 1
      exit
want: accept; r0=1
twin: "r0 = 1\n      exit" -> "r0 = 1" rejects "last insn is not an exit or jmp"

name: eight frames, no more
asm:  call f1; exit
      f1: call f2; exit
      f2: call f3; exit
      f3: call f4; exit
      f4: call f5; exit
      f5: call f6; exit
      f6: call f7; exit
      f7: r0 = 7; exit
want: accept; r0=7
twin: "f7: r0 = 7; exit" -> "f7: call f8; exit\n f8: r0 = 8; exit" rejects "the call stack of"

name: larger frames of programs that trace do not count
prog: raw_tp
maps: t=prog_array(4,4,2)
asm:  r6 = r1
      *(u64 *)(r10 - 400) = 0
      call sub
      r0 = 0
      exit
      sub: *(u64 *)(r10 - 400) = 0
      r1 = r10
      r0 = 1
      exit
run:  no
want: accept
twin: "r6 = r1\n" -> "r6 = r1; r2 = map[t]; r3 = 0; call bpf_tail_call\n" rejects "combined stack size of 2 calls is "

name: those of others do
asm:  *(u64 *)(r10 - 400) = 0
      call sub
      exit
      sub: *(u64 *)(r10 - 400) = 0
      r0 = 1
      exit
want: reject "combined stack size of 2 calls is "
twin: "sub: *(u64 *)(r10 - 400) = 0" -> "sub: *(u64 *)(r10 - 64) = 0" accepts

name: what is spilled around a helper that keeps registers takes no stack
prog: xdp
asm:  *(u64 *)(r10 - 480) = 0
      r1 = 1
      r2 = 2
      *(u64 *)(r10 - 488) = r2
      *(u64 *)(r10 - 496) = r1
      call bpf_get_smp_processor_id
      r1 = *(u64 *)(r10 - 496)
      r2 = *(u64 *)(r10 - 488)
      r6 = r1
      r6 += r2
      call sub
      r0 = r6
      exit
      sub: *(u64 *)(r10 - 32) = 0
      r0 = 0
      exit
want: accept; r0=3
twin: "r6 = r1\n" -> "r6 = *(u64 *)(r10 - 496)\n" rejects "combined stack size of 2 calls is "
twin: "r6 = r1\n" -> "r6 = r10; r6 += -488; r6 = *(u64 *)(r6 + 0)\n" rejects "combined stack size of 2 calls is "
twin: "bpf_get_smp_processor_id" -> "bpf_get_prandom_u32" rejects "combined stack size of 2 calls is "
twin: "r2 = *(u64 *)(r10 - 488)\n" -> "r2 = 2\n" rejects "combined stack size of 2 calls is "

name: socket filters have another helper of that name, which keeps none
asm:  *(u64 *)(r10 - 480) = 0
      r1 = 1
      *(u64 *)(r10 - 488) = r1
      call bpf_get_smp_processor_id
      r1 = *(u64 *)(r10 - 488)
      r6 = r1
      call sub
      r0 = r6
      exit
      sub: *(u64 *)(r10 - 32) = 0
      r0 = 0
      exit
want: reject "combined stack size of 2 calls is "
twin: "r10 - 480)" -> "r10 - 400)", "r10 - 488) = r1" -> "r10 - 408) = r1", "r1 = *(u64 *)(r10 - 488)" -> "r1 = *(u64 *)(r10 - 408)" accepts

name: who jumps in between has spilled nothing
prog: xdp
pre:  r7=scalar
asm:  *(u64 *)(r10 - 8) = 0
      r1 = 1
      *(u64 *)(r10 - 16) = r1
      call bpf_get_smp_processor_id
      r1 = *(u64 *)(r10 - 16)
      r1 = 5
      if r7 == 0 goto out
      r7 = 0
      *(u64 *)(r10 - 16) = r1
      call bpf_get_smp_processor_id
      fill: r1 = *(u64 *)(r10 - 16)
      out: r0 = r1
      exit
in:   0 | 1
want: accept; r0=5,5
twin: "r7 = 0\n" -> "r7 = 0; r1 = 9; goto fill\n" rejects "unreachable insn"

name: bpf_loop() with a number of iterations that nobody knows
pre:  r9=scalar r8=scalar
asm:  *(u64 *)(r10 - 8) = 0
      r6 = 3; r7 = 5
      r1 = r9
      r2 = func cb
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r1 = *(u64 *)(r10 - 8)
      r0 <<= 8
      r0 |= r1
      r6 += r7
      r0 += r6
      exit
      cb: r3 = *(u64 *)(r2 + 0)
      r3 += 1
      r3 &= 0xff
      *(u64 *)(r2 + 0) = r3
      r0 = 0
      if r1 != 6 goto out
      r0 = 1
      out: exit
in:   0 0 | 1 0 | 6 0 | 7 0 | 100 0 | 0x800001 0 | 0x100000001 0 | -1 0
want: accept; r0=8,265,1550,1807,1807,4294965512,4294965512,4294965512
twin: "r4 = 0" -> "r4 = r8" accepts; r0=8,265,1550,1807,1807,4294965512,265,4294965512
twin: "r0 = 1\n" -> "r0 = 2\n" rejects "should have been in [0, 1]"

name: states of a function are kept for each of its calls: those of others do not wear them out
asm:  r1 = 0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      call f
      r1 = r0
      r0 = 0
      exit
      f: r6 = r1
      call bpf_get_prandom_u32
      if r0 < 8 goto a
      r6 += 1
      a: call bpf_get_prandom_u32
      if r0 < 10 goto b
      r6 ^= 5
      b: call bpf_get_prandom_u32
      if r0 < 12 goto c
      r6 |= 5
      c: r0 = r6
      exit
want: accept; log "processed 801 insns"
