/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tail.h - tail calls, as maps, engines and the runtime share them: what can be jumped to, and the
 * slots that programs choose from. How many were made is counted in the activation (run_ctx), which
 * all frames of a run share: subprograms, and the programs that were jumped to.
 *
 * A slot is replaced atomically (rcu_store()) and read once by who jumps; the program that was in it
 * lives on until all read sides that may have seen it are over.
 */
#ifndef SKEP_CORE_TAIL_H
#define SKEP_CORE_TAIL_H

#include "base/types.h"

#define TAIL_CALLS_MAX 33 /* Linux: MAX_TAIL_CALL_CNT, of one run */

struct interp_prog;

/* One engine's entry is set: maps let only programs of one engine in. */
struct tail_prog {
	u64 (*entry)(void *ctx);
	const struct interp_prog *interp;
};

struct tail_slots {
	u32 cnt;
	struct tail_prog *at[];
};

#endif
