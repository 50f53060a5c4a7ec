# Tail calls: what a program must have given back before, what it may take for granted behind them.
# What really jumps is in tail_calls.c; slots are empty here, so every tail call fails.

name: an empty slot fails and goes on behind
maps: t=prog_array(4,4,2)
asm:  r2 = map[t]
      r3 = 1
      call bpf_tail_call
      r0 = 7
      exit
want: accept; r0=7
twin: "r0 = 7\n" -> "r3 = 7\n" rejects "R0 !read_ok"
twin: "r0 = 7\n" -> "r0 = r2\n" rejects "R2 !read_ok"

name: the other program gets the context
maps: t=prog_array(4,4,2)
pre:  r3=scalar
asm:  r1 = r10
      r2 = map[t]
      call bpf_tail_call
      r0 = 7
      exit
want: reject "R1 type=fp expected=ctx"
twin: "r1 = r10\n" -> "r1 = r6\n" rejects "R6 !read_ok"

name: a key that is not known
maps: t=prog_array(4,4,2)
pre:  r6=ctx r3=scalar
asm:  r1 = r6
      r2 = map[t]
      call bpf_tail_call
      r0 = 7
      exit
in:   0 | 2 | 0xffffffff | 0x100000000
want: accept; r0=7,7,7,7
twin: "r1 = r6" -> "r1 = r3" rejects "R1 type=scalar expected=ctx"

name: only program arrays are jumped through
maps: t=prog_array(4,4,2) a=array(4,4,2)
asm:  r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 7
      exit
want: accept; r0=7
twin: "map[t]" -> "map[a]" rejects "expected prog array map for tail call"

name: one of two program arrays
maps: t=prog_array(4,4,2) u=prog_array(4,4,5)
pre:  r6=ctx r7=scalar
asm:  r1 = r6
      r2 = map[t]
      if r7 == 0 goto one
      r2 = map[u]
      one: r3 = 1
      call bpf_tail_call
      r0 = 7
      exit
in:   0 | 1
want: accept; r0=7,7
twin: "r3 = 1" -> "r2 += 8" rejects "R2 pointer arithmetic on map_ptr prohibited"

name: programs do not look into a program array
maps: a=array(4,4,2) t=prog_array(4,4,2)
asm:  *(u32 *)(r10 - 4) = 0
      r2 = r10
      r2 += -4
      r1 = map[a]
      call bpf_map_lookup_elem
      r0 = 7
      exit
want: accept; r0=7
twin: "map[a]" -> "map[t]" rejects "cannot pass map_type 3 into func bpf_map_lookup_elem#1"

name: what is held is given back before
maps: t=prog_array(4,4,2) rb=ringbuf(4096)
asm:  r6 = r1
      r1 = map[rb]
      r2 = 8
      r3 = 0
      call bpf_ringbuf_reserve
      if r0 == 0 goto jump
      r1 = r0
      r2 = 0
      call bpf_ringbuf_discard
      jump: r1 = r6
      r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 7
      exit
want: accept; r0=7
twin: "call bpf_ringbuf_discard" -> "r0 = 0" rejects "tail_call would lead to reference leak"

name: a callback does not jump away
maps: t=prog_array(4,4,2)
asm:  *(u64 *)(r10 - 8) = r1
      r1 = 1
      r2 = func cb
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r0 = 7
      exit
      cb: r1 = *(u64 *)(r2 + 0)
      r2 = map[t]
      r3 = 0
      r0 = 0
      exit
want: accept; r0=7
twin: "r0 = 0\n" -> "r0 = 2\n" rejects "should have been in [0, 1]"

name: a callback that jumps away
kernel: 6.18 runs into "verifier bug: callback unexpected regs" there
maps: t=prog_array(4,4,2)
asm:  *(u64 *)(r10 - 8) = r1
      r1 = 1
      r2 = func cb
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r0 = 7
      exit
      cb: r1 = *(u64 *)(r2 + 0)
      r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 0
      exit
want: reject "cannot tail call within callback"
twin: "call bpf_tail_call\n" -> "" accepts

name: a subprogram that jumps returns a number nobody knows
maps: t=prog_array(4,4,2)
pre:  r6=ctx r7=map_value(8)
asm:  r1 = r6
      call sub
      r0 &= 7
      r7 += r0
      r0 = *(u8 *)(r7 + 0)
      r0 = 7
      exit
      sub: r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 3
      exit
want: accept; r0=7
twin: "r0 &= 7" -> "r1 = 7" rejects "math between map_value pointer and register with unbounded min value is not allowed"

name: the frames above one that jumps are bounded
maps: t=prog_array(4,4,2)
asm:  *(u64 *)(r10 - 224) = 0
      call sub
      exit
      sub: r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 3
      exit
want: accept; r0=3
twin: "r10 - 224" -> "r10 - 256" rejects "tail_calls are not allowed when call stack of previous frames is 256 bytes. Too large"

name: main jumps from any depth of its own
maps: t=prog_array(4,4,2)
asm:  *(u64 *)(r10 - 512) = 0
      r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 3
      exit
want: accept; r0=3
twin: "r10 - 512" -> "r10 - 520" rejects "invalid write to stack R10 off=-520 size=8"

name: V-16 a tail call does not end a function
maps: t=prog_array(4,4,2)
asm:  call sub
      exit
      sub: r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 3
      exit
want: accept; r0=3
twin: "r0 = 3\n      exit" -> "" rejects "last insn is not an exit or jmp"
twin: "r0 = 3\n      exit" -> "goto -1" rejects "infinite loop"

name: a packet pointer holds behind a tail call that failed
prog: xdp
maps: t=prog_array(4,4,2)
pre:  r6=ctx r7=pkt r8=pkt_end
asm:  r0 = r7
      r0 += 8
      if r0 > r8 goto out
      r1 = r6
      r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = *(u8 *)(r7 + 0)
      out: r0 = 2
      exit
want: accept; r0=2

name: V-16 a packet pointer is lost behind a function that jumps
prog: xdp
maps: t=prog_array(4,4,2)
pre:  r6=ctx r7=pkt r8=pkt_end
asm:  r0 = r7
      r0 += 8
      if r0 > r8 goto out
      r1 = r6
      call sub
      r0 = *(u8 *)(r6 + 0)
      out: r0 = 2
      exit
      sub: r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 3
      exit
want: reject "invalid bpf_context access"
twin: "r0 = *(u8 *)(r6 + 0)" -> "r0 = *(u8 *)(r7 + 0)" rejects "R7 invalid mem access 'scalar'"

name: without CAP_PERFMON a key is masked
prog: socket no_perfmon
maps: t=prog_array(4,4,3)
pre:  r6=ctx r7=scalar
asm:  r1 = r6
      r2 = map[t]
      r3 = r7
      call bpf_tail_call
      r0 = 7
      exit
in:   0 | 2 | 3 | 0xffffffff | 0x100000000 | -1
want: accept; r0=7,7,7,7,7,7
twin: "r3 = r7" -> "r3 = r6" rejects "R3 leaks addr into helper function"

name: without CAP_PERFMON the array that is jumped through is one
prog: socket no_perfmon
kernel: there it depends on who made the map, here on who loads the program
maps: t=prog_array(4,4,3) u=prog_array(4,4,2)
pre:  r6=ctx r7=scalar r8=scalar
asm:  r2 = map[t]
      if r8 == 0 goto one
      r2 = map[t]
      one: r1 = r6
      r3 = r7
      call bpf_tail_call
      r0 = 7
      exit
in:   0 0 | 3 1
want: accept; r0=7,7
twin: "r2 = map[t]\n      one" -> "r2 = map[u]\n      one" rejects "tail_call abusing map_ptr"

name: without CAP_PERFMON a known slot needs no mask
prog: socket no_perfmon
maps: t=prog_array(4,4,3)
asm:  r2 = map[t]
      r3 = 2
      call bpf_tail_call
      r0 = 7
      exit
want: accept; r0=7
twin: "r3 = 2" -> "r3 = r1" rejects "R3 leaks addr into helper function"

name: S-05 stack arguments are refused by name, whether a tail call is reachable
maps: t=prog_array(4,4,2)
asm:  r6 = r1
      *(u64 *)(r11 - 8) = 7
      r1 = r6
      r2 = map[t]
      r3 = 0
      call bpf_tail_call
      r0 = 0
      exit
want: reject "not modelled: stack arguments"
twin: "*(u64 *)(r11 - 8) = 7\n" -> "*(u64 *)(r10 - 8) = 7\n" accepts
kernel: 6.18 has none: "R11 is invalid"

name: S-05 or none is
asm:  *(u64 *)(r11 - 8) = 7
      r0 = 0
      exit
want: reject "not modelled: stack arguments"
twin: "r11 - 8" -> "r10 - 8" accepts
kernel: 6.18 has none: "R11 is invalid"
