/* SPDX-License-Identifier: BSD-2-Clause */
/* base.c - the few functions behind types.h, vec.h and hash.h. */
#include "base/hash.h"
#include "base/types.h"
#include "base/vec.h"

#include <stdio.h>
#include <string.h>

void skep_assert_failed(const char *file, int line, const char *cond)
{
	fprintf(stderr, "skep: %s:%d: does not hold: %s\n", file, line, cond);
	abort();
}

bool vec_reserve_raw(void **at, size_t *cap, size_t need, size_t elem_size)
{
	size_t grown = *cap ? *cap : 8, bytes;
	void *mem;

	if (need <= *cap)
		return true;
	while (grown < need) {
		if (__builtin_mul_overflow(grown, 2, &grown))
			return false;
	}
	if (__builtin_mul_overflow(grown, elem_size, &bytes))
		return false;
	mem = realloc(*at, bytes);
	if (!mem)
		return false;
	*at = mem;
	*cap = grown;
	return true;
}

u64 hash_bytes(const void *bytes, size_t len, u64 seed)
{
	const u8 *p = bytes;
	u64 h = seed ^ (len * 0x9e3779b97f4a7c15ULL), word;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = hash_u64(word, h);
	}
	if (len) {
		word = 0;
		memcpy(&word, p, len);
		h = hash_u64(word, h);
	}
	return h;
}
