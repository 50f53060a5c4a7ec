/* SPDX-License-Identifier: BSD-2-Clause */
/* families.c - the tables of the linux-source package, from the build folder (unpack.py). */
#include "conf.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/bpf_common.h>
#include <linux/bpf_perf_event.h>
#include <linux/btf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>

#include <test_btf.h>

#define offsetofend(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

/* Numbers with few or many bits set anywhere, the same in each run. */
static u64 bpf_semi_rand_get(void)
{
	static u64 seed = 0x5eed;
	u32 shift;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	shift = seed % 64;
	switch (seed >> 8 & 3) {
	case 0:
		return (seed >> 32 & 0xff) << shift;
	case 1:
		return ~((seed >> 32 & 0xffff) << shift);
	case 2:
		return seed << shift;
	default:
		return seed >> shift;
	}
}

#include "fills.h"

#define FAMILY(id) { .name = #id, .tests = family_##id, .cnt = ARRAY_SIZE(family_##id) },
#include "families.h"
const u32 family_cnt = ARRAY_SIZE(families);
