/* SPDX-License-Identifier: BSD-2-Clause */
/* gen.h - programs made at random, for comparing judges and for checking facts. Same seed, same program. */
#ifndef SKEP_TESTS_GEN_H
#define SKEP_TESTS_GEN_H

#include "base/types.h"
#include "isa/isa.h"

#define GEN_MAX_INSNS 256
#define GEN_IN_SIZE   64
#define GEN_VAL_SIZE  32

struct gen {
	u64 state;
	struct bpf_insn insns[GEN_MAX_INSNS];
	u32 cnt;
	int in_fd, val_fd;
};

/* A socket filter: r6 is the address of the input map's value, r7 that of the value map's. */
void gen_program(struct gen *g, u64 seed);
/* Contents of the input map for run number @set: small numbers, large ones, sign lines, anything. */
void gen_inputs(u64 seed, u32 set, u64 ret_in[GEN_IN_SIZE / 8]);

#endif
