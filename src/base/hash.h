/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.h - a keyed hash of bytes, for tables inside skep. Not for anything an attacker may aim at
 * unless @seed is secret and random. */
#ifndef SKEP_BASE_HASH_H
#define SKEP_BASE_HASH_H

#include "base/types.h"

u64 hash_bytes(const void *bytes, size_t len, u64 seed);

/* Two rounds of multiply and fold: every input bit reaches every output bit. */
static inline u64 hash_u64(u64 v, u64 seed)
{
	unsigned __int128 m = (unsigned __int128)(v ^ seed ^ 0x9e3779b97f4a7c15ULL) * 0xd6e8feb86659fd93ULL;

	v = (u64)m ^ (u64)(m >> 64);
	m = (unsigned __int128)(v ^ 0xa0761d6478bd642fULL) * 0xe7037ed1a0b428dbULL;
	return (u64)m ^ (u64)(m >> 64);
}

#endif
