/* SPDX-License-Identifier: BSD-2-Clause */
/* kstructs.h - what programs of this room are given: the kernel's names, our own layouts. */
#ifndef SKEP_TRACE_KSTRUCTS_H
#define SKEP_TRACE_KSTRUCTS_H

#include "base/types.h"

#define PERF_MAX_TRACE_SIZE 8192
#define RAW_TP_ARGS	    12 /* MAX_BPF_FUNC_ARGS */

/* As x86-64 keeps them. */
struct pt_regs {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct perf_sample_data {
	u64 period, addr;
};

struct bpf_perf_event_data_kern {
	struct pt_regs *regs;
	struct perf_sample_data *data;
};

#endif
