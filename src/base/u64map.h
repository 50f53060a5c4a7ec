/* SPDX-License-Identifier: BSD-2-Clause */
/* u64map.h - u64 keys to u64 values, open addressing; single-threaded. Zero-initialised is empty. */
#ifndef SKEP_BASE_U64MAP_H
#define SKEP_BASE_U64MAP_H

#include "base/types.h"

struct u64map {
	struct u64map_slot {
		u64 key, val;
		bool used;
	} *slots;
	size_t cnt, cap;
};

/* The value's place, NULL when absent. Valid until the next put. */
u64 *u64map_get(const struct u64map *m, u64 key);
/* Inserts or overwrites; false when memory is short. */
bool u64map_put(struct u64map *m, u64 key, u64 val);
void u64map_free(struct u64map *m);

#endif
