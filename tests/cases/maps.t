# Map types: what programs may do with them, and what comes of it.

name: a queue gives back what was pushed first
maps: q=queue(0,8,4)
asm:  *(u64 *)(r10 -8) = 11; r2 = r10; r2 += -8; r1 = map[q]; r3 = 0
      call bpf_map_push_elem
      *(u64 *)(r10 -8) = 22; r2 = r10; r2 += -8; r1 = map[q]; r3 = 0
      call bpf_map_push_elem
      r2 = r10; r2 += -16; r1 = map[q]
      call bpf_map_pop_elem
      r6 = *(u64 *)(r10 -16)
      r2 = r10; r2 += -16; r1 = map[q]
      call bpf_map_pop_elem
      r0 = r6
      exit
want: accept; r0=11
twin: "r6 = *(u64 *)(r10 -16)" -> "r6 = *(u64 *)(r10 -528)" rejects "invalid read from stack"

name: a stack gives back what was pushed last, and peeking leaves it there
maps: s=stack(0,8,4)
asm:  *(u64 *)(r10 -8) = 11; r2 = r10; r2 += -8; r1 = map[s]; r3 = 0
      call bpf_map_push_elem
      *(u64 *)(r10 -8) = 22; r2 = r10; r2 += -8; r1 = map[s]; r3 = 0
      call bpf_map_push_elem
      r2 = r10; r2 += -16; r1 = map[s]
      call bpf_map_peek_elem
      r2 = r10; r2 += -24; r1 = map[s]
      call bpf_map_pop_elem
      r0 = *(u64 *)(r10 -16)
      r1 = *(u64 *)(r10 -24)
      r0 += r1
      exit
want: accept; r0=44
twin: "r2 += -24" -> "r2 += -4" rejects "R2"
twin: "call bpf_map_peek_elem" -> "call bpf_map_delete_elem" rejects ""

name: a full queue refuses, or drops its oldest value when told so
maps: q=queue(0,8,1)
asm:  *(u64 *)(r10 -8) = 1; r2 = r10; r2 += -8; r1 = map[q]; r3 = 0
      call bpf_map_push_elem
      *(u64 *)(r10 -8) = 2; r2 = r10; r2 += -8; r1 = map[q]; r3 = 0
      call bpf_map_push_elem
      r6 = r0
      *(u64 *)(r10 -8) = 3; r2 = r10; r2 += -8; r1 = map[q]; r3 = 2
      call bpf_map_push_elem
      r2 = r10; r2 += -16; r1 = map[q]
      call bpf_map_pop_elem
      r0 = *(u64 *)(r10 -16)
      r6 *= 100
      r0 -= r6
      exit
want: accept; r0=703
twin: "r1 = map[q]; r3 = 2" -> "r1 = 0; r3 = 2" rejects "R1 type=scalar expected=map_ptr"

name: a queue that programs may only read
maps: q=queue(0,8,4,rdonly_prog)
asm:  r2 = r10; r2 += -8; r1 = map[q]
      call bpf_map_peek_elem
      r0 = *(u64 *)(r10 -8)
      exit
want: accept; r0=0
twin: "peek" -> "pop" rejects "write into map forbidden"

name: what push takes no other type has
maps: h=hash(4,8,4)
asm:  *(u64 *)(r10 -8) = 1; *(u32 *)(r10 -12) = 0
      r2 = r10; r2 += -12; r3 = r10; r3 += -8; r1 = map[h]; r4 = 0
      call bpf_map_update_elem
      exit
want: accept; r0=0
twin: "call bpf_map_update_elem" -> "call bpf_map_push_elem" rejects "cannot pass map_type 1 into func bpf_map_push_elem#87"

name: an element of an LRU hash may be used like any map value
maps: l=lru_hash(4,16,2)
asm:  *(u32 *)(r10 -4) = 5; *(u64 *)(r10 -24) = 7; *(u64 *)(r10 -16) = 8
      r2 = r10; r2 += -4; r3 = r10; r3 += -24; r1 = map[l]; r4 = 0
      call bpf_map_update_elem
      r2 = r10; r2 += -4; r1 = map[l]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r0 = *(u64 *)(r0 + 8)
      exit
      none: r0 = 0
      exit
want: accept; r0=8
twin: "(r0 + 8)" -> "(r0 + 9)" rejects "invalid access to map value, value_size=16 off=9 size=8"
twin: "if r0 == 0 goto none" -> "if r0 != 0 goto none" rejects "R0 invalid mem access 'scalar'"

name: a full LRU hash takes one more
maps: l=lru_hash(4,8,1)
asm:  r6 = 0
      r7 = 0
      again: *(u32 *)(r10 -4) = r6; *(u64 *)(r10 -16) = r6
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[l]; r4 = 1
      call bpf_map_update_elem
      r7 += r0
      r6 += 1
      if r6 < 8 goto again
      r0 = r7
      exit
want: accept; r0=0
twin: "map[l]; r4" -> "map[l]; r5" rejects "R4 !read_ok"

name: each CPU has its own value in an LRU hash
maps: l=lru_percpu_hash(8,8,8)
asm:  *(u64 *)(r10 -8) = 5; *(u64 *)(r10 -16) = 9
      r2 = r10; r2 += -8; r3 = r10; r3 += -16; r1 = map[l]; r4 = 0
      call bpf_map_update_elem
      call bpf_get_smp_processor_id
      r3 = r0
      r2 = r10; r2 += -8; r1 = map[l]
      call bpf_map_lookup_percpu_elem
      if r0 == 0 goto none
      r0 = *(u64 *)(r0 + 0)
      none: exit
want: accept; r0=9
twin: "if r0 == 0 goto none" -> "r1 = 0" rejects "R0 invalid mem access 'map_value_or_null'"

name: all elements of an LRU hash can be walked
maps: l=lru_hash(4,8,8)
asm:  *(u32 *)(r10 -4) = 1; *(u64 *)(r10 -16) = 100
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[l]; r4 = 0
      call bpf_map_update_elem
      *(u32 *)(r10 -4) = 2; *(u64 *)(r10 -16) = 1000
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[l]; r4 = 0
      call bpf_map_update_elem
      *(u64 *)(r10 -24) = 0
      r1 = map[l]; r2 = func each; r3 = r10; r3 += -24; r4 = 0
      call bpf_for_each_map_elem
      r1 = *(u64 *)(r10 -24)
      r0 += r1
      exit
      each: r0 = *(u64 *)(r3 + 0)
      r1 = *(u64 *)(r4 + 0)
      r1 += r0
      *(u64 *)(r4 + 0) = r1
      r0 = 0
      exit
want: accept; r0=1102
twin: "r0 = *(u64 *)(r3 + 0)" -> "r0 = *(u64 *)(r3 + 8)" rejects "invalid access to map value, value_size=8 off=8 size=8"
twin: "r0 = *(u64 *)(r3 + 0)" -> "r0 = *(u64 *)(r2 + 0)" rejects "invalid access to map key, key_size=4 off=0 size=8"

name: the elements of a trie cannot be walked
maps: t=lpm_trie(8,8,8,no_prealloc) h=hash(8,8,8)
asm:  r1 = map[h]; r2 = func each; r3 = 0; r4 = 0
      call bpf_for_each_map_elem
      exit
      each: r0 = 0
      exit
want: accept; r0=0
twin: "map[h]" -> "map[t]" rejects "callback function not allowed for map"

name: a trie finds the longest prefix
maps: t=lpm_trie(8,8,8,no_prealloc)
asm:  *(u32 *)(r10 -8) = 8; *(u32 *)(r10 -4) = 10; *(u64 *)(r10 -16) = 8
      r2 = r10; r2 += -8; r3 = r10; r3 += -16; r1 = map[t]; r4 = 0
      call bpf_map_update_elem
      *(u32 *)(r10 -8) = 16; *(u32 *)(r10 -4) = 0x010a; *(u64 *)(r10 -16) = 16
      r2 = r10; r2 += -8; r3 = r10; r3 += -16; r1 = map[t]; r4 = 0
      call bpf_map_update_elem
      *(u32 *)(r10 -8) = 32; *(u32 *)(r10 -4) = 0x0901010a
      r2 = r10; r2 += -8; r1 = map[t]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r6 = *(u64 *)(r0 + 0)
      *(u32 *)(r10 -4) = 0x0902020a
      r2 = r10; r2 += -8; r1 = map[t]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r0 = *(u64 *)(r0 + 0)
      r6 *= 100
      r0 += r6
      none: exit
want: accept; r0=1608
twin: "r0 = *(u64 *)(r0 + 0)" -> "r0 = *(u64 *)(r0 + 1)" rejects "invalid access to map value, value_size=8 off=1 size=8"

name: a Bloom filter is asked about a value
maps: b=bloom_filter(0,8,100)
asm:  *(u64 *)(r10 -8) = 77; r2 = r10; r2 += -8; r1 = map[b]; r3 = 0
      call bpf_map_push_elem
      r2 = r10; r2 += -8; r1 = map[b]
      call bpf_map_peek_elem
      exit
want: accept; r0=0
twin: "call bpf_map_peek_elem" -> "call bpf_map_pop_elem" rejects "cannot pass map_type 30 into func bpf_map_pop_elem#88"
twin: "map[b]; r3 = 0" -> "map[b]; r4 = 0" rejects "R3 !read_ok"

name: a lookup in a map of maps gives a map to look up in
maps: in1=hash(4,8,4) o=array_of_maps(4,4,2,inner=in1)
asm:  *(u32 *)(r10 -4) = 0
      r2 = r10; r2 += -4; r1 = map[o]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r1 = r0
      *(u32 *)(r10 -4) = 7; *(u64 *)(r10 -16) = 42
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r4 = 0
      call bpf_map_update_elem
      r1 = map[in1]; r2 = r10; r2 += -4
      call bpf_map_lookup_elem
      r1 = 0
      if r0 == 0 goto done
      r1 = *(u64 *)(r0 + 0)
      done: r0 = r1
      exit
      none: r0 = 0
      exit
want: accept; r0=42; log "R0=map_ptr(ks=4,vs=8)"
twin: "if r0 == 0 goto none" -> "if r10 == 0 goto none" rejects "R1 type=map_value_or_null expected=map_ptr"
twin: "r1 = r0" -> "r1 = r0; r1 += 8" rejects "R1 pointer arithmetic on map_ptr prohibited"
twin: "r1 = *(u64 *)(r0 + 0)" -> "r1 = *(u64 *)(r0 + 8)" rejects "invalid access to map value, value_size=8 off=8 size=8"

name: values of inner maps are as large as the template's
maps: in1=hash(8,16,4) o=hash_of_maps(8,4,2,inner=in1)
asm:  *(u64 *)(r10 -8) = 0
      r2 = r10; r2 += -8; r1 = map[o]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r1 = r0; r2 = r10; r2 += -8
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r0 = *(u64 *)(r0 + 8)
      none: r0 = 3
      exit
want: accept; r0=3
twin: "(r0 + 8)" -> "(r0 + 16)" rejects "invalid access to map value, value_size=16 off=16 size=8"
twin: "*(u64 *)(r10 -8) = 0" -> "*(u64 *)(r10 -8) = 0; r0 = map[o]", "r1 = map[o]" -> "r1 = *(u64 *)(r0 + 0)" rejects ""

name: inner maps are not put in by programs
maps: in1=hash(4,8,4) o=hash_of_maps(4,4,2,inner=in1)
asm:  *(u32 *)(r10 -4) = 0; *(u64 *)(r10 -16) = 0
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[in1]; r4 = 0
      call bpf_map_update_elem
      r0 = 0
      exit
want: accept; r0=0
twin: "map[in1]" -> "map[o]" rejects "cannot pass map_type 13 into func bpf_map_update_elem#2"

name: an inner ring buffer gives records
maps: rb=ringbuf(4096) o=array_of_maps(4,4,1,inner=rb)
asm:  *(u32 *)(r10 -4) = 0
      r2 = r10; r2 += -4; r1 = map[o]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r1 = r0; r2 = 16; r3 = 0
      call bpf_ringbuf_reserve
      if r0 == 0 goto none
      *(u64 *)(r0 + 8) = 1
      r1 = r0; r2 = 0
      call bpf_ringbuf_submit
      r0 = 1
      exit
      none: r0 = 0
      exit
want: accept; r0=1
twin: "(r0 + 8) = 1" -> "(r0 + 16) = 1" rejects "invalid access to memory, mem_size=16 off=16 size=8"

name: the elements of an inner map can be walked
maps: in1=array(4,8,3) o=array_of_maps(4,4,2,inner=in1)
asm:  *(u32 *)(r10 -4) = 0
      r2 = r10; r2 += -4; r1 = map[o]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r1 = r0; r2 = func each; r3 = 0; r4 = 0
      call bpf_for_each_map_elem
      none: exit
      each: r0 = *(u64 *)(r3 + 0)
      r0 = 0
      exit
want: accept; r0=3
twin: "*(u64 *)(r3 + 0)" -> "*(u64 *)(r3 + 1)" rejects "invalid access to map value, value_size=8 off=1 size=8"

name: an inner array's elements are there when all inner arrays are of one length
maps: in1=array(4,8,3) o=array_of_maps(4,4,2,inner=in1)
asm:  *(u32 *)(r10 -4) = 0
      r2 = r10; r2 += -4; r1 = map[o]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      *(u32 *)(r10 -16) = 2
      r1 = r0; r2 = r10; r2 += -16
      call bpf_map_lookup_elem
      r0 = *(u64 *)(r0 + 0)
      none: exit
want: accept; r0=0
twin: "(r10 -16) = 2" -> "(r10 -16) = 3" rejects "R0 invalid mem access 'map_value_or_null'"

name: an inner array of some other length may lack an element
maps: in1=array(4,8,3,inner_map) o=array_of_maps(4,4,2,inner=in1)
asm:  *(u32 *)(r10 -4) = 0
      r2 = r10; r2 += -4; r1 = map[o]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      *(u32 *)(r10 -16) = 2
      r1 = r0; r2 = r10; r2 += -16
      call bpf_map_lookup_elem
      r0 = *(u64 *)(r0 + 0)
      none: exit
run:  no
want: reject "R0 invalid mem access 'map_value_or_null'"
twin: "r0 = *(u64 *)(r0 + 0)" -> "if r0 == 0 goto none; r0 = *(u64 *)(r0 + 0)" accepts

name: M-01 a resizable hash is used as a hash
kernel: 6.18 has no such map
maps: r=rhash(4,8,100,no_prealloc)
asm:  r6 = 0
      again: *(u32 *)(r10 -4) = r6; *(u64 *)(r10 -16) = r6
      r2 = r10; r2 += -4; r3 = r10; r3 += -16; r1 = map[r]; r4 = 1
      call bpf_map_update_elem
      r6 += 1
      if r6 < 50 goto again
      *(u32 *)(r10 -4) = 33
      r2 = r10; r2 += -4; r1 = map[r]
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r0 = *(u64 *)(r0 + 0)
      none: exit
want: accept; r0=33
twin: "r0 = *(u64 *)(r0 + 0)" -> "r0 = *(u64 *)(r0 + 1)" rejects "invalid access to map value, value_size=8 off=1 size=8"

name: M-01 tracing programs do not use resizable hashes
kernel: 6.18 has no such map
prog: raw_tp
maps: r=rhash(4,8,100,no_prealloc) h=hash(4,8,100)
asm:  *(u32 *)(r10 -4) = 0
      r2 = r10; r2 += -4; r1 = map[h]
      call bpf_map_lookup_elem
      r0 = 0
      exit
want: accept; r0=0
twin: "map[h]" -> "map[r]" rejects "tracing progs cannot use resizable hash maps yet"

name: M-02 all elements of a resizable hash are walked
kernel: 6.18 has no such map
maps: r=rhash(8,8,200,no_prealloc)
asm:  r6 = 0
      again: *(u64 *)(r10 -8) = r6; *(u64 *)(r10 -16) = r6
      r2 = r10; r2 += -8; r3 = r10; r3 += -16; r1 = map[r]; r4 = 0
      call bpf_map_update_elem
      r6 += 1
      if r6 < 100 goto again
      *(u64 *)(r10 -24) = 0
      r1 = map[r]; r2 = func each; r3 = r10; r3 += -24; r4 = 0
      call bpf_for_each_map_elem
      r0 = *(u64 *)(r10 -24)
      exit
      each: r0 = *(u64 *)(r3 + 0)
      r1 = *(u64 *)(r4 + 0)
      r1 += r0
      *(u64 *)(r4 + 0) = r1
      r0 = 0
      exit
want: accept; r0=4950
twin: "r0 = *(u64 *)(r3 + 0)" -> "r0 = *(u64 *)(r3 + 8)" rejects "invalid access to map value, value_size=8 off=8 size=8"

name: the value of an attachment starts with zeros
prog: cgroup_skb
maps: s=cgroup_storage(16,8,0) p=percpu_cgroup_storage(8,4,0)
asm:  *(u64 *)(r10 -8) = 0
      r1 = map[s]; r2 = 0
      call bpf_get_local_storage
      r6 = r0
      r0 = *(u64 *)(r6 + 0)
      r0 += 1
      *(u64 *)(r6 + 0) = r0
      r1 = map[p]; r2 = 0; call bpf_get_local_storage
      r1 = *(u32 *)(r0 + 0)
      r0 = *(u64 *)(r6 + 0)
      r0 += r1
      r0 &= 1
      exit
want: accept; r0=1
twin: "r1 = *(u32 *)(r0 + 0)" -> "r1 = *(u64 *)(r0 + 0)" rejects "invalid access to map value, value_size=4 off=0 size=8"
twin: "r1 = map[p]; r2 = 0" -> "r1 = map[p]; r2 = 1" rejects "get_local_storage() doesn't support non-zero flags"
twin: "r2 = 0; call bpf_get_local_storage" -> "r2 = r10; r2 += -8; call bpf_map_lookup_elem" rejects "cannot pass map_type 21 into func bpf_map_lookup_elem"

name: an attachment has one value of a kind
prog: cgroup_skb
maps: a=cgroup_storage(16,8,0) b=cgroup_storage(16,8,0)
asm:  r1 = map[a]; r2 = 0
      call bpf_get_local_storage
      r1 = map[a]; r2 = 0; call bpf_get_local_storage
      r0 = 0
      exit
want: accept; r0=0
twin: "r1 = map[a]; r2 = 0; call" -> "r1 = map[b]; r2 = 0; call" rejects "only one cgroup storage of each type is allowed"
