/* SPDX-License-Identifier: BSD-2-Clause */
/* ops.h - what ops.bpf.c and bench_map_ops agree on. */
#ifndef SKEP_BENCH_MAPS_OPS_H
#define SKEP_BENCH_MAPS_OPS_H

#include <linux/types.h>

#define OPS	  256	    /* operations a run */
#define RING_SIZE (1 << 20) /* OPS records of 16 bytes are 1/256 of it */

/* Keys are base + (random & mask). */
struct ops_config {
	__u32 base[2]; /* a thread */
	__u32 mask;
};

#endif
