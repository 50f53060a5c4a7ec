# Map values, packets, contexts: what may be read and written where.

name: a map value has the size it was made with
pre:  r2=map_value(16)
asm:  r0 = *(u64 *)(r2 + 8); exit
want: accept; r0=0
twin: "r2 + 8" -> "r2 + 9" rejects "invalid access to map value, value_size=16 off=9 size=8"
twin: "r2 + 8" -> "r2 -8" rejects "invalid access to map value, value_size=16 off=-8 size=8"

name: a map value can be written
pre:  r2=map_value(16)
asm:  *(u64 *)(r2 + 8) = 5; r0 = *(u64 *)(r2 + 8); exit
want: accept; r0=5
twin: "*(u64 *)(r2 + 8) = 5" -> "*(u64 *)(r2 + 12) = 5" rejects "invalid access to map value, value_size=16 off=12 size=8"

name: a map read-only for programs cannot be written
pre:  r2=rdonly_value(16)
asm:  r0 = *(u64 *)(r2 + 8); exit
want: accept; r0=0
run:  no
twin: "r0 = *(u64 *)(r2 + 8)" -> "r0 = 0; *(u64 *)(r2 + 8) = 5" rejects "write into map forbidden, value_size=16 off=8 size=8"

name: a looked-up value must be tested for NULL
maps: h=hash(4,8,16)
asm:  *(u32 *)(r10 -4) = 0; r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r0 = *(u64 *)(r0 + 0)
      out: r0 = 1
      exit
want: accept; r0=1
twin: "if r0 == 0 goto out" -> "r6 = 0" rejects "R0 invalid mem access 'map_value_or_null'"
twin: "r0 == 0 goto" -> "r0 != 0 goto" rejects "R0 invalid mem access 'scalar'"

name: a test of one copy of a maybe-NULL pointer holds for the other
maps: h=hash(4,8,16)
asm:  *(u32 *)(r10 -4) = 0; r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_lookup_elem
      r6 = r0
      if r0 == 0 goto out
      r0 = *(u64 *)(r6 + 0)
      out: r0 = 1
      exit
want: accept; r0=1
twin: "r0 == 0 goto" -> "r0 == 1 goto" rejects "R6 invalid mem access 'map_value_or_null'"

name: two lookups give two pointers, each to be tested
maps: h=hash(4,8,16)
asm:  *(u32 *)(r10 -4) = 0; r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_lookup_elem
      r6 = r0
      r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      if r6 == 0 goto out
      r0 = *(u64 *)(r6 + 0)
      out: r0 = 1
      exit
want: accept; r0=1
twin: "if r6 == 0 goto out" -> "r1 = 0" rejects "R6 invalid mem access 'map_value_or_null'"

name: arithmetic on a maybe-NULL pointer waits for the test
maps: h=hash(4,8,16)
asm:  *(u32 *)(r10 -4) = 0; r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_lookup_elem
      r7 = 0
      if r0 == 0 goto out
      r0 += 4
      r0 = *(u32 *)(r0 + 0)
      out: r0 = 1
      exit
want: accept; r0=1
twin: "r7 = 0" -> "r0 += 4" rejects "R0 pointer arithmetic on map_value_or_null prohibited"

name: the key of a lookup must be initialised
prog: socket
maps: h=hash(8,8,16)
asm:  *(u64 *)(r10 -8) = 0; r2 = r10; r2 += -8; r1 = map[h]
      call bpf_map_lookup_elem
      r0 = 0
      exit
want: accept; r0=0
twin: "r2 += -8" -> "r2 += -4" rejects "invalid"
twin: "r1 = map[h]" -> "r1 = r2" rejects "R1 type=fp expected=map_ptr"

name: a value to store is read whole
maps: h=hash(4,8,16)
asm:  *(u32 *)(r10 -4) = 0; *(u64 *)(r10 -16) = 7
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[h]; r4 = 0
      call bpf_map_update_elem
      exit
want: accept; r0=0
twin: "r3 += -16" -> "r3 += -7" rejects "invalid"
twin: "r3 = r10; r3 += -16" -> "r3 = 0" rejects "R3 type=scalar expected=fp"

name: a map pointer is no memory
maps: h=hash(4,8,16)
asm:  r1 = map[h]; r0 = 0; r2 = r1; exit
want: accept; r0=0
twin: "r2 = r1" -> "*(u64 *)(r1 + 0) = 0" rejects "R1"
twin: "r2 = r1" -> "r1 += 8" rejects "R1 pointer arithmetic on map_ptr prohibited"

name: a direct value address stays inside the value
maps: a=array(4,16,1)
asm:  r1 = map_value[a] + 8; r0 = *(u64 *)(r1 + 0); exit
want: accept; r0=0
twin: "+ 8; r0" -> "+ 9; r0" rejects "invalid access to map value, value_size=16 off=9 size=8"
twin: "+ 8; r0" -> "+ 16; r0" rejects "invalid access to map value pointer, value_size=16 off=16"

name: a packet byte is readable after a comparison with its end
prog: xdp
pre:  r2=pkt r3=pkt_end
asm:  r4 = r2
      r4 += 14
      r0 = 1
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 + 13)
      r0 = 2
      out: exit
want: accept; r0=2
twin: "r2 + 13" -> "r2 + 14" rejects "invalid access to packet, off=14 size=1, R2("
twin: "if r4 > r3 goto out" -> "r5 = 0" rejects "invalid access to packet"

name: the comparison may stand the other way round
prog: xdp
pre:  r2=pkt r3=pkt_end
asm:  r4 = r2
      r4 += 14
      r0 = 1
      if r3 >= r4 goto fine
      exit
      fine: r0 = *(u8 *)(r2 + 13)
      r0 = 2
      exit
want: accept; r0=2
twin: "r3 >= r4" -> "r3 < r4" rejects "invalid access to packet"
twin: "r2 + 13" -> "r2 + 14" rejects "invalid access to packet, off=14 size=1, R2("

name: strictly below the end leaves one byte more
prog: xdp
pre:  r2=pkt r3=pkt_end
asm:  r4 = r2
      r4 += 14
      r0 = 1
      if r4 >= r3 goto out
      r0 = *(u8 *)(r2 + 14)
      r0 = 2
      out: exit
want: accept; r0=2
twin: "r2 + 14" -> "r2 + 15" rejects "invalid access to packet, off=15 size=1, R2("

name: a variable packet offset is checked by its own comparison
prog: xdp
pre:  r5=u8 r2=pkt r3=pkt_end
data: 400
asm:  r2 += r5
      r4 = r2
      r4 += 8
      r0 = 1
      if r4 > r3 goto out
      r0 = *(u64 *)(r2 + 0)
      r0 = 2
      out: exit
in:   0 | 255
run:  no
want: accept
twin: "*(u64 *)(r2 + 0)" -> "*(u64 *)(r2 + 1)" rejects "invalid access to packet"

name: the range of one packet pointer is not that of another
prog: xdp
pre:  r2=pkt r3=pkt_end
asm:  r4 = r2
      r4 += 14
      r0 = 1
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 + 0)
      r0 = 2
      out: exit
want: accept; r0=2
twin: "r0 = *(u8 *)(r2 + 0)" -> "r5 = *(u32 *)(r1 + 4); r0 = *(u8 *)(r5 + 0)" rejects "R5 invalid mem access 'pkt_end'"

name: packet data of XDP can be written
prog: xdp
pre:  r2=pkt r3=pkt_end
asm:  r4 = r2
      r4 += 2
      r0 = 1
      if r4 > r3 goto out
      *(u16 *)(r2 + 0) = 0x1234
      r0 = *(u8 *)(r2 + 0)
      out: exit
want: accept; r0=0x34
twin: "*(u16 *)(r2 + 0) = 0x1234" -> "*(u32 *)(r2 + 0) = 0x1234" rejects "invalid access to packet, off=0 size=4, R2("

name: V-15 arithmetic on the packet's end is refused
prog: xdp
pre:  r2=pkt r3=pkt_end
asm:  r4 = r2
      r4 += 14
      r0 = 1
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 + 13)
      r0 = 2
      out: exit
want: accept; r0=2
twin: "r4 += 14" -> "r4 += 14; r3 += 4" rejects "R3 pointer arithmetic on pkt_end prohibited"

name: meta data lies between data_meta and data
prog: xdp
pre:  r2=pkt_meta r3=pkt
asm:  r4 = r2
      r4 += 4
      r0 = 1
      if r4 > r3 goto out
      r0 = *(u32 *)(r2 + 0)
      r0 = 2
      out: exit
want: accept; r0=1
twin: "*(u32 *)(r2 + 0)" -> "*(u64 *)(r2 + 0)" rejects "invalid access to packet"

name: a helper that moves the packet ends what was known of it
prog: xdp
pre:  r2=pkt r3=pkt_end r6=ctx
asm:  r4 = r2
      r4 += 14
      r0 = 1
      if r4 > r3 goto out
      r7 = r2
      r0 = *(u8 *)(r7 + 0)
      r1 = r6; r2 = 0
      call bpf_xdp_adjust_tail
      r0 = 2
      out: exit
want: accept; r0=2
twin: "r0 = 2" -> "r0 = *(u8 *)(r7 + 0)" rejects "R7 invalid mem access 'scalar'"

name: context fields are read at their size
prog: xdp
asm:  r0 = *(u32 *)(r1 + 12); r0 = 2; exit
want: accept; r0=2
twin: "*(u32 *)(r1 + 12)" -> "*(u64 *)(r1 + 12)" rejects "invalid bpf_context access off=12 size=8"
twin: "r1 + 12" -> "r1 + 64" rejects "invalid bpf_context access off=64 size=4"
twin: "r0 = *(u32 *)(r1 + 12)" -> "*(u32 *)(r1 + 12) = 5" rejects "invalid bpf_context access off=12 size=4"

name: the context pointer cannot move by a variable
prog: xdp
pre:  r2=u8
asm:  r0 = *(u32 *)(r1 + 12); r0 = 2; exit
want: accept; r0=2,2
twin: "r0 = *(u32 *)(r1 + 12)" -> "r1 += r2; r0 = *(u32 *)(r1 + 0)" rejects "variable ctx access"

name: socket buffer fields of a socket filter
prog: socket
asm:  r0 = *(u32 *)(r1 + 0); exit
data: 80
want: accept
twin: "r1 + 0" -> "r1 + 76" rejects "invalid bpf_context access off=76 size=4"
twin: "r0 = *(u32 *)(r1 + 0)" -> "r0 = 0; *(u32 *)(r1 + 8) = 5" rejects "invalid bpf_context access off=8 size=4"

name: tc programs write the mark
prog: tc
asm:  r0 = 0; *(u32 *)(r1 + 8) = 5; r0 = *(u32 *)(r1 + 8); exit
want: accept; r0=5
twin: "*(u32 *)(r1 + 8) = 5" -> "*(u32 *)(r1 + 0) = 5" rejects "invalid bpf_context access off=0 size=4"

name: the scratch area of a socket buffer
prog: tc
asm:  *(u32 *)(r1 + 48) = 5; r0 = *(u32 *)(r1 + 48); exit
want: accept; r0=5
twin: "*(u32 *)(r1 + 48) = 5" -> "*(u32 *)(r1 + 68) = 5" rejects "invalid bpf_context access off=68 size=4"

name: a narrow read of a context field
prog: tc
asm:  *(u32 *)(r1 + 8) = 0x12345678; r0 = *(u16 *)(r1 + 10); exit
want: accept; r0=0x1234
twin: "*(u16 *)(r1 + 10)" -> "*(u32 *)(r1 + 10)" rejects "invalid bpf_context access off=10 size=4"

name: raw tracepoint arguments are words
prog: raw_tp
asm:  r0 = *(u64 *)(r1 + 8); r0 = 0; exit
want: accept; r0=0
twin: "*(u64 *)(r1 + 8)" -> "*(u64 *)(r1 + 96)" rejects "invalid bpf_context access off=96 size=8"
twin: "*(u64 *)(r1 + 8)" -> "*(u64 *)(r1 + 4)" rejects "invalid bpf_context access off=4 size=8"

name: V-18 a syscall context is memory
prog: syscall
asm:  *(u64 *)(r1 + 8) = 6; r0 = *(u64 *)(r1 + 8); exit
want: accept; r0=6
twin: "r0 = *(u64 *)(r1 + 8)" -> "r0 = *(u64 *)(r1 -8)" rejects "invalid"

name: a plain number is no address
pre:  r1=scalar
asm:  r0 = r1; r0 = 0; exit
want: accept; r0=0,0
twin: "r0 = r1" -> "r0 = *(u8 *)(r1 + 0)" rejects "R1 invalid mem access 'scalar'"
twin: "r0 = r1" -> "r0 = 1; *(u8 *)(r1 + 0) = 1" rejects "R1 invalid mem access 'scalar'"

name: two pointers cannot be added
pre:  r2=map_value(8) r3=map_value(8)
asm:  r2 += 4; r0 = *(u32 *)(r2 + 0); exit
want: accept; r0=0
twin: "r2 += 4" -> "r2 += r3" rejects "R2 pointer += pointer prohibited"

name: atomic addition to a map value
pre:  r2=map_value(8) r3=u32
asm:  lock *(u64 *)(r2 + 0) += r3; r0 = *(u64 *)(r2 + 0); exit
in:   5
want: accept; r0=5
twin: "lock *(u64 *)(r2 + 0) += r3" -> "lock *(u64 *)(r2 + 8) += r3" rejects "invalid access to map value, value_size=8 off=8 size=8"
twin: "lock *(u64 *)(r2 + 0) += r3" -> "lock *(u64 *)(r2 + 4) += r3" rejects "misaligned value access"

name: atomics on the context are refused
prog: tc
pre:  r2=map_value(8)
asm:  r3 = 1; r3 = atomic64_fetch_add((u64 *)(r2 + 0), r3); r0 = r3; exit
want: accept; r0=0
twin: "(u64 *)(r2 + 0)" -> "(u64 *)(r1 + 48)" rejects "BPF_ATOMIC stores into R1 ctx is not allowed"

name: compare-and-exchange works through r0
pre:  r2=map_value(8)
asm:  r0 = 0; r3 = 9; r0 = atomic64_cmpxchg((u64 *)(r2 + 0), r0, r3); r0 = *(u64 *)(r2 + 0); exit
want: accept; r0=9
twin: "r0 = 0; " -> "" rejects "R0 !read_ok"

name: exchange gives the old value
pre:  r2=map_value(8)
asm:  *(u32 *)(r2 + 0) = 4; r3 = 9; r3 = atomic_xchg((u32 *)(r2 + 0), r3); r0 = r3; exit
want: accept; r0=4
twin: "(u32 *)(r2 + 0), r3" -> "(u32 *)(r2 + 8), r3" rejects "invalid access to map value, value_size=8 off=8 size=4"

name: D-01 load-acquire and store-release on a map value
pre:  r2=map_value(8)
asm:  r3 = 7; store_release((u32 *)(r2 + 4), r3); r0 = load_acquire((u32 *)(r2 + 4)); exit
want: accept; r0=7
twin: "load_acquire((u32 *)(r2 + 4))" -> "load_acquire((u32 *)(r2 + 8))" rejects "invalid access to map value, value_size=8 off=8 size=4"

name: D-01 byte-wide release and acquire on the stack
asm:  r3 = 0x1ff; store_release((u8 *)(r10 -1), r3); r0 = load_acquire((u8 *)(r10 -1)); exit
want: accept; r0=0xff
twin: "store_release((u8 *)(r10 -1), r3)" -> "store_release((u8 *)(r10 +1), r3)" rejects "invalid write to stack R10 off=1 size=1"

name: a known offset below a value, made up for by the insn's own
pre: r7=map_value(32)
asm:
	r7 += -1
	r0 = *(u8 *)(r7 + 3)
	exit
want: accept; r0=0
twin: "r7 + 3" -> "r7 + 0" rejects "R7 min value is"
twin: "r7 + 3" -> "r7 + 33" rejects "invalid access to map value, value_size=32 off=32 size=1"
