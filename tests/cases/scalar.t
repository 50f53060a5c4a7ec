# What is known of numbers: masks, shifts, comparisons.

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
