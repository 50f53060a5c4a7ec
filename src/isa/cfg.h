/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cfg.h - subprograms and control flow of a program in kernel form (relative jumps and calls).
 * Pure; any thread. Used by the verifier's checks, the dump commands and the JITs.
 */
#ifndef SKEP_ISA_CFG_H
#define SKEP_ISA_CFG_H

#include "isa/isa.h"

#include "base/strbuf.h"

/* Up to two successors of insn @idx inside its subprogram: returns how many. Calls fall through.
 * The target of a jump may lie outside [0, insn_cnt): the caller checks. Of gotox there are none here:
 * see indirect_range(). */
int insn_succs(const struct bpf_insn *insns, u32 idx, s64 ret_succ[2]);
/* Jump or call target of insn @idx (absolute), or -1 when it has none. */
s64 insn_target(const struct bpf_insn *insns, u32 idx);

/* All that indirect jumps may go to, ascending and without doubles: each stays in its subprogram. */
struct indirect {
	u32 *targets;
	u32 cnt;
};
/* Those in [start, end): returns how many, *ret_first is the first one's place. @ind may be NULL. */
u32 indirect_range(const struct indirect *ind, u32 start, u32 end, u32 *ret_first);

struct cfg_subprog {
	u32 start, end;
};

struct cfg_block {
	u32 start, end; /* insns [start, end) */
	u32 subprog;
	s32 succ[2]; /* block numbers, -1 none; succ[0] is the fall-through or the only one */
	u32 more, more_cnt; /* after gotox: cfg.more[more ...] */
};

struct cfg {
	struct cfg_subprog *subprogs;
	u32 subprog_cnt;
	struct cfg_block *blocks;
	u32 block_cnt;
	u32 *block_of; /* by insn */
	u32 *more; /* block numbers of struct indirect */
};

/* Builds blocks for a program whose jumps are known to be in range. @ind: NULL when nothing is known of
 * indirect ones. 0, -EINVAL or -ENOMEM. */
int cfg_build(const struct bpf_insn *insns, u32 insn_cnt, const struct indirect *ind, struct cfg *ret_cfg);
void cfg_free(struct cfg *cfg);
/* Graphviz text, as "bpftool prog dump xlated visual". @namer may be NULL. */
void cfg_print_dot(struct strbuf *out, const struct cfg *cfg, const struct bpf_insn *insns,
		   const struct insn_namer *namer);

#endif
