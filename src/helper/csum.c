/* SPDX-License-Identifier: BSD-2-Clause */
/* csum.c - the Internet checksum (RFC 1071): sums in one's complement, carries added back in. */
#include "helper/private.h"

#include <string.h>

u32 csum_bytes(const void *data, size_t len, u32 sum)
{
	const u8 *p = data;
	u64 total = sum;
	u32 word;

	/* 2^32 is 1 modulo 2^16 - 1, so words of 32 bits may be added as they are: up to 2^32 of
	 * them fit the 64-bit total. The value is the host's byte order, as the packet has it. */
	for (; len >= 4; len -= 4, p += 4) {
		memcpy(&word, p, 4);
		total += word;
	}
	word = 0;
	memcpy(&word, p, len);
	total += word;
	total = (total & 0xffffffff) + (total >> 32);
	return (u32)total + (u32)(total >> 32);
}

u16 csum_fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)(sum + (sum >> 16));
}

/* a - b in one's complement is a + ~b. */
static u32 csum_sub(u32 a, u32 b)
{
	u64 sum = (u64)a + (u32)~b;

	return (u32)sum + (u32)(sum >> 32);
}

HELPER(csum_diff)
{
	const void *from = (const void *)(uintptr_t)r1, *to = (const void *)(uintptr_t)r3;
	u32 from_size = (u32)r2, to_size = (u32)r4, seed = (u32)r5;
	u32 sum = seed;

	if ((from_size | to_size) & 3)
		return -EINVAL;
	if (to_size)
		sum = csum_bytes(to, to_size, sum);
	if (from_size)
		sum = to_size ? csum_sub(sum, csum_bytes(from, from_size, 0))
			      : ~csum_bytes(from, from_size, ~seed);
	return csum_fold(sum);
}
