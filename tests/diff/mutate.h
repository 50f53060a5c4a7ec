/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKEP_TESTS_MUTATE_H
#define SKEP_TESTS_MUTATE_H

#include "isa/isa.h"

/* Changes one to three insns; constants of two slots stay. Same seed, same changes. */
void mutate(struct bpf_insn *insns, u32 cnt, u64 seed);

#endif
