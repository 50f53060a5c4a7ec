/* SPDX-License-Identifier: BSD-2-Clause */
/* insns.h - instructions as C values, for tests that build small programs. */
#ifndef TESTS_RUNTIME_INSNS_H
#define TESTS_RUNTIME_INSNS_H

#include <linux/bpf.h>

#define INSN_(c, d, s, o, i)                                                                       \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV_K(d, i)	   INSN_(0xb7, d, 0, 0, i)
#define MOV_X(d, s)	   INSN_(0xbf, d, s, 0, 0)
#define ADD_K(d, i)	   INSN_(0x07, d, 0, 0, i)
#define LDX(sz, d, s, o)   INSN_(0x61 + ((sz) == 8 ? 0x18 : (sz) == 2 ? 8 : (sz) == 1 ? 0x10 : 0), d, s, o, 0)
#define STX(sz, d, s, o)   INSN_(0x63 + ((sz) == 8 ? 0x18 : (sz) == 2 ? 8 : (sz) == 1 ? 0x10 : 0), d, s, o, 0)
#define ST_K(sz, d, o, i)  INSN_(0x62 + ((sz) == 8 ? 0x18 : (sz) == 2 ? 8 : (sz) == 1 ? 0x10 : 0), d, 0, o, i)
#define JEQ_K(d, i, o)	   INSN_(0x15, d, 0, o, i)
#define JNE_K(d, i, o)	   INSN_(0x55, d, 0, o, i)
#define JGT_X(d, s, o)	   INSN_(0x2d, d, s, o, 0)
#define CALL_H(id)	   INSN_(0x85, 0, 0, 0, id)
#define EXIT_()		   INSN_(0x95, 0, 0, 0, 0)
#define LD_MAP(d, fd)	   INSN_(0x18, d, 1, 0, fd), INSN_(0, 0, 0, 0, 0)
#define LD_MAP_VAL(d, fd, o) INSN_(0x18, d, 2, 0, fd), INSN_(0, 0, 0, 0, o)

#endif
