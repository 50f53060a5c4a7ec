/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helper.h - helpers that need no subsystem: maps, ring buffer, clocks, text, checksums, loops.
 * Their registration is the runtime's; the code runs inside a vCPU and an RCU read side.
 */
#ifndef SKEP_HELPER_HELPER_H
#define SKEP_HELPER_HELPER_H

#include "base/types.h"
#include "core/clock.h"
#include "core/vcpu.h"

/* A helper's code; the value that SYM_HELPER resolves to. */
typedef u64 (*helper_fn)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);

/* Address spaces of the simulated machine. */
enum helper_mem { HELPER_MEM_KERNEL, HELPER_MEM_USER, HELPER_MEM_CNT };

/*
 * What helpers need of an instance. It is the first member of struct skep, so run_ctx.skep points
 * to one: this room lies below the runtime and cannot see the rest.
 */
struct helper_host {
	struct skep_clock clock;
	u32 tgid;	/* of the process that made the instance: what get_current_pid_tgid() tells */
	u32 uid, gid;
	u64 ptr_key;	/* hides addresses that %p prints */
	/* One line for the trace buffer, without its newline. */
	void (*trace)(struct helper_host *host, const char *text, size_t len);
	/*
	 * Where the program's address @addr lies, for a pointer that the verifier has not looked at;
	 * *ret_room: how many bytes from there on. NULL: nowhere, a fault to the program.
	 */
	const void *(*mem_at)(struct helper_host *host, const struct run_ctx *run, u64 addr,
			      enum helper_mem space, size_t *ret_room);
	/* The pid namespace as get_ns_current_pid_tgid() is asked for it. */
	u64 pidns_dev, pidns_ino;
};

static inline struct run_ctx *helper_run(void)
{
	return vcpu_current()->run;
}

static inline struct helper_host *helper_host(void)
{
	return (struct helper_host *)helper_run()->skep;
}

struct helper_def {
	u32 id; /* BPF_FUNC_* */
	helper_fn fn;
};
extern const struct helper_def helper_defs[];
extern const u32 helper_def_cnt;

/* ---- pure functions that tests and other rooms use ---------------------------------------- */

/*
 * Linux's subset of printf for programs. Returns the length that the whole text has (as
 * vsnprintf()), -EINVAL for a format that it refuses, -ENOSPC when strings exceed its buffer.
 * @out gets at most @out_size bytes, NUL-terminated.
 */
long bprintf(struct helper_host *host, const struct run_ctx *run, char *out, size_t out_size,
	     const char *fmt, u32 fmt_size, const u64 *args, u32 arg_cnt);

/*
 * Memory behind an address that the verifier has not looked at. -EFAULT, and @to all zeros, when a
 * byte of it is out of reach; an address that no kernel has gives -ERANGE as in Linux.
 */
long mem_read(struct helper_host *host, const struct run_ctx *run, void *to, u32 size, u64 addr,
	      enum helper_mem space);
/* A string, cut to @size with its NUL: its length with the NUL. Errors as mem_read(). */
long mem_read_str(struct helper_host *host, const struct run_ctx *run, char *to, u32 size, u64 addr,
		  enum helper_mem space);

/* One's complement sum over @len bytes onto @sum, folded to 32 bits. */
u32 csum_bytes(const void *data, size_t len, u32 sum);
/* To 16 bits, without inverting. */
u16 csum_fold(u32 sum);

#endif
