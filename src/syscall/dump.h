/* SPDX-License-Identifier: BSD-2-Clause */
/* dump.h - private: what the files that print loaded programs share. */
#ifndef SKEP_SYSCALL_DUMP_H
#define SKEP_SYSCALL_DUMP_H

#include "base/strbuf.h"
#include "jit/jit.h"
#include "runtime/runtime.h"

#include <skep/skep.h>

struct dump {
	struct skep_prog_info info;
	const struct xlated_prog *x;
	u32 flags; /* SKEP_DUMP_* */
	struct strbuf out;
};

/* "(b7) r0 = 1", of a rewritten instruction; no newline. */
void dump_insn(struct dump *d, u32 idx);
/* "; text", with SKEP_DUMP_LINUM where that is; nothing when there is no text. */
void dump_line(struct dump *d, const struct prog_line *line);
/* "int two(struct xdp_md * ctx):"; false, and nothing printed, when BTF does not tell. */
bool dump_proto(struct dump *d, const struct xlated_subprog *sub);

/* dumpjit.c: 0, -ENOMEM. There is machine code. */
int dump_jited(struct dump *d);

#endif
