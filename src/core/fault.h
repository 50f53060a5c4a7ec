/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.h - memory faults of code that expects them. One SIGSEGV and SIGBUS handler for the
 * process; it looks up the faulting instruction in a table of code ranges and asks the range's
 * owner for the place to go on at. Everything else goes to the application's own handler.
 */
#ifndef SKEP_CORE_FAULT_H
#define SKEP_CORE_FAULT_H

#include "base/types.h"

struct fault {
	u64 pc;	     /* of the instruction that faulted */
	u64 addr;    /* what it touched */
	void *ucontext; /* ucontext_t of the interrupted code, for registers to set */
};

/* In signal context. True: handled, execution goes on at *ret_pc. */
typedef bool (*fault_fn)(void *ctx, struct fault *fault, u64 *ret_pc);

#define FAULT_RANGES_MAX 1024

/*
 * Faults of instructions in [@start, @start + @len) go to @handler. The first call installs the
 * handler. 0; -EINVAL: empty or wrapping; -EEXIST: overlaps another range; -ENOSPC: table full;
 * -EOPNOTSUPP: declined, or a machine whose saved program counter is not known here.
 * Threads: any. Not from a signal handler.
 */
int fault_register_range(const void *start, size_t len, fault_fn handler, void *ctx);
/* The code does not run any more. -ENOENT: no range starts there. */
int fault_unregister_range(const void *start);
/* Never install a handler: the application wants none. -EBUSY: it is installed already. */
int fault_decline(void);
/*
 * Puts the handler back in front after the application installed one of its own over it; that one
 * is then what unknown faults go to. 0, -EOPNOTSUPP when declined.
 */
int fault_reinstall(void);

#endif
