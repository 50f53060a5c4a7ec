# Arguments of helpers: what each kind takes, and what it does not.

name: a result of 64 bits goes to 8 aligned bytes
asm:  *(u64 *)(r10 -16) = 0x3231
      r1 = r10; r1 += -16; r2 = 2; r3 = 10; r4 = r10; r4 += -8
      call bpf_strtol
      r0 = *(u64 *)(r10 -8)
      exit
want: accept; r0=12
twin: "r4 += -8" -> "r4 += -4" rejects "R4"
twin: "r4 += -8" -> "r4 += -12" rejects "misaligned stack access"
twin: "r4 = r10" -> "r4 = 0" rejects "R4 type=scalar expected="
twin: "r2 = 2" -> "r2 = 0" rejects "R2 invalid zero-sized read"
twin: "r2 = 2" -> "r2 = 17" rejects "R1"

name: what a helper reads and writes must have been written before
prog: tc
pre:  r6=ctx
asm:  *(u32 *)(r10 -4) = 0
      r1 = r6; r2 = 0; r3 = r10; r3 += -4; r4 = 0; r5 = 0
      call bpf_check_mtu
      exit
want: accept; r0=0
twin: "*(u32 *)(r10 -4) = 0" -> "r0 = 0" accepts
twin: "r3 += -4" -> "r3 += -2" rejects "R3"
twin: "r3 = r10" -> "r3 = 0" rejects "R3 type=scalar expected="

name: a number's place is written, so it must be writable
maps: a=array(4,16,1,rdonly_prog)
prog: tc
pre:  r6=ctx
asm:  *(u32 *)(r10 -4) = 0
      r2 = r10; r2 += -4; r1 = map[a]
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r1 = r6; r2 = 0; r3 = r10; r3 += -4; r4 = 0; r5 = 0
      call bpf_check_mtu
      out: r0 = 0
      exit
want: accept; r0=0
twin: "r3 = r10; r3 += -4" -> "r3 = r0" rejects "write into map forbidden"

name: an empty range needs no memory, another one does
prog: tc
asm:  r1 = 0; r2 = 0; r3 = 0; r4 = 0; r5 = 7
      call bpf_csum_diff
      exit
want: accept; r0=7
twin: "r2 = 0" -> "r2 = 4" rejects "R1 type=scalar expected=fp"
twin: "r2 = 0" -> "r2 = 4", "r1 = 0" -> "r1 = r10; r1 += -3" rejects "invalid"

name: a probe fills a buffer that nobody has written
prog: raw_tp
asm:  r1 = r10; r1 += -16; r2 = 16; r3 = r10
      call bpf_probe_read_kernel
      r0 = *(u64 *)(r10 -16)
      r0 &= 0
      exit
want: accept; r0=0
twin: "r2 = 16" -> "r2 = 17" rejects "R1"
twin: "r2 = 16" -> "r2 = -1" rejects "R2 min value is negative"
twin: "r1 += -16" -> "r1 += 16" rejects "R1"

name: the length of a probed string is bounded by its room
prog: raw_tp
asm:  *(u64 *)(r10 -8) = 0x6162
      r1 = r10; r1 += -24; r2 = 8; r3 = r10; r3 += -8
      call bpf_probe_read_kernel_str
      if r0 s< 0 goto out
      r1 = r10; r1 += -40; r2 = r0
      r3 = 0
      call bpf_probe_read_kernel
      out: r0 = 0
      exit
want: accept; r0=0
twin: "r1 += -40" -> "r1 += -4" rejects "R1"

name: sleepable helpers need a sleepable program
prog: syscall sleepable
asm:  r1 = r10; r1 += -8; r2 = 8; r3 = 0
      call bpf_copy_from_user
      r0 = *(u64 *)(r10 -8)
      exit
want: accept; r0=0
twin: "r2 = 8" -> "r2 = 9" rejects "R1"

name: another program type has no such helper
prog: raw_tp
asm:  r1 = r10; r1 += -8; r2 = 8; r3 = 0
      call bpf_copy_from_user
      r0 = 0
      exit
run:  no
want: reject "non-sleepable prog"
twin: "bpf_copy_from_user" -> "bpf_probe_read_user" accepts

name: packet pointers mean nothing after the packet was changed
prog: tc
pre:  r6=ctx
asm:  r1 = r6; r2 = 8; r3 = 1; r4 = 0
      call bpf_skb_adjust_room
      r7 = *(u32 *)(r6 +76)
      r8 = *(u32 *)(r6 +80)
      r1 = r7; r1 += 14
      if r1 > r8 goto out
      r0 = *(u8 *)(r7 +0)
      out: r0 = 0
      exit
want: accept; r0=0
twin: "r0 = *(u8 *)(r7 +0)" -> "r1 = r6; r2 = 0; call bpf_skb_pull_data; r0 = *(u8 *)(r7 +0)" rejects "R7 invalid mem access 'scalar'"
twin: "r0 = *(u8 *)(r7 +0)" -> "r1 = r6; r2 = 0; r3 = 0; call bpf_skb_vlan_push; r0 = *(u8 *)(r7 +0)" rejects "R7 invalid mem access 'scalar'"
twin: "r0 = *(u8 *)(r7 +0)" -> "r1 = r6; r2 = 0xdd86; r3 = 0; call bpf_skb_change_proto; r0 = *(u8 *)(r7 +0)" rejects "R7 invalid mem access 'scalar'"
twin: "r0 = *(u8 *)(r7 +0)" -> "r1 = r6; r2 = 9; r3 = 9; call bpf_clone_redirect; r0 = *(u8 *)(r7 +0)" rejects "R7 invalid mem access 'scalar'"
twin: "r0 = *(u8 *)(r7 +0)" -> "r1 = r6; call bpf_skb_ecn_set_ce; r0 = *(u8 *)(r7 +0)" accepts
twin: "r0 = *(u8 *)(r7 +0)" -> "r1 = r6; call bpf_get_hash_recalc; r0 = *(u8 *)(r7 +0)" accepts
