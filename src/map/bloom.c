/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bloom.c - bloom_filter: "surely not" or "perhaps" there. A value sets a bit for each of a few hash
 * functions. Bits are only ever set, so neither side needs a lock. The hash is Bob Jenkins' lookup3
 * with seed + i, as Linux's is: with BPF_F_ZERO_SEED the same values collide in both.
 */
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

#define HASHES_DEFAULT 5
#define HASHES_MAX     15

struct bloom_map {
	struct skep_map map; /* first */
	u32 seed, mask, hash_cnt;
	u64 bytes;
	u64 *words; /* atomic */
};

static struct bloom_map *bloom_of(const struct skep_map *map)
{
	return (struct bloom_map *)map;
}

static int bloom_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | MAP_ACCESS_FLAGS;

	if (attr->key_size || !attr->value_size || !attr->max_entries || (attr->flags & ~ok) ||
	    !map_access_ok(attr->flags) || attr->extra > HASHES_MAX)
		return -EINVAL;
	return 0;
}

/* About 7 bits for 5 hashes of an element (k / ln 2), as a power of two. */
static u32 bloom_mask(u32 max_entries, u32 hash_cnt)
{
	u64 bits = (u64)max_entries * hash_cnt, pow = 64;

	if (bits > UINT32_MAX || bits / 5 * 7 > 1ull << 31)
		return UINT32_MAX;
	bits = bits / 5 * 7;
	while (pow < bits)
		pow *= 2;
	return (u32)(pow - 1);
}

static int bloom_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct bloom_map *bloom = calloc(1, sizeof(*bloom));

	if (!bloom)
		return -ENOMEM;
	bloom->hash_cnt = attr->extra ? (u32)attr->extra : HASHES_DEFAULT;
	bloom->seed = attr->flags & BPF_F_ZERO_SEED ? 0 : (u32)(attr->seed ^ attr->seed >> 32);
	bloom->mask = bloom_mask(attr->max_entries, bloom->hash_cnt);
	bloom->bytes = ((u64)bloom->mask + 1) / 8;
	bloom->words = acct_alloc(attr->acct, bloom->bytes);
	if (!bloom->words) {
		free(bloom);
		return -ENOMEM;
	}
	*ret_map = &bloom->map;
	return 0;
}

static void bloom_free(struct skep_map *map)
{
	struct bloom_map *bloom = bloom_of(map);

	acct_free(map->acct, bloom->words, bloom->bytes);
	free(bloom);
}

static inline u32 rol(u32 x, u32 by)
{
	return x << by | x >> (32 - by);
}

/* lookup3 over @size bytes, the last up to 12 of them apart; whole words or not, it is one function
 * on a little-endian machine. */
static u32 lookup3(const u8 *at, u32 size, u32 seed)
{
	u32 s[3], k[3];

	s[0] = s[1] = s[2] = 0xdeadbeef + size + seed;
	for (; size > 12; size -= 12, at += 12) {
		static const u8 rot[6] = { 4, 6, 8, 16, 19, 4 };

		memcpy(k, at, 12);
		for (u32 i = 0; i < 3; i++)
			s[i] += k[i];
		for (u32 i = 0; i < 6; i++) {
			u32 *a = &s[i % 3], *b = &s[(i + 1) % 3], *c = &s[(i + 2) % 3];

			*a -= *c;
			*a ^= rol(*c, rot[i]);
			*c += *b;
		}
	}
	if (!size)
		return s[2];
	memset(k, 0, sizeof(k));
	memcpy(k, at, size);
	for (u32 i = 0; i < 3; i++)
		s[i] += k[i];
	for (u32 i = 0; i < 7; i++) {
		static const u8 rot[7] = { 14, 11, 25, 16, 4, 14, 24 };
		u32 *to = &s[(i + 2) % 3], *from = &s[(i + 1) % 3];

		*to ^= *from;
		*to -= rol(*from, rot[i]);
	}
	return s[2];
}

static inline u32 bit_of(const struct bloom_map *bloom, const void *value, u32 i)
{
	return lookup3(value, bloom->map.value_size, bloom->seed + i) & bloom->mask;
}

static long bloom_push(struct skep_map *map, const void *value, u64 flags)
{
	struct bloom_map *bloom = bloom_of(map);

	if (flags != BPF_ANY)
		return -EINVAL;
	for (u32 i = 0; i < bloom->hash_cnt; i++) {
		u32 bit = bit_of(bloom, value, i);

		__atomic_fetch_or(&bloom->words[bit / 64], 1ull << bit % 64, __ATOMIC_RELAXED);
	}
	return 0;
}

static long bloom_peek(struct skep_map *map, void *value)
{
	struct bloom_map *bloom = bloom_of(map);

	for (u32 i = 0; i < bloom->hash_cnt; i++) {
		u32 bit = bit_of(bloom, value, i);

		if (!(__atomic_load_n(&bloom->words[bit / 64], __ATOMIC_RELAXED) >> bit % 64 & 1))
			return -ENOENT;
	}
	return 0;
}

static int bloom_sys_lookup(struct skep_map *map, const void *key __unused_arg, void *value,
			    u64 flags __unused_arg)
{
	return (int)bloom_peek(map, value);
}

static int bloom_sys_update(struct skep_map *map, const void *key __unused_arg, const void *value,
			    u64 flags)
{
	return (int)bloom_push(map, value, flags);
}

static long bloom_delete(struct skep_map *map __unused_arg, const void *key __unused_arg)
{
	return -EOPNOTSUPP;
}

static int bloom_next_key(struct skep_map *map __unused_arg, const void *key __unused_arg,
			  void *ret_next __unused_arg)
{
	return -EOPNOTSUPP;
}

static u64 bloom_mem_usage(const struct skep_map *map)
{
	return sizeof(struct bloom_map) + bloom_of(map)->bytes;
}

const struct map_ops bloom_filter_map_ops = {
	.name = "bloom_filter",
	.check = bloom_check,
	.alloc = bloom_alloc,
	.free = bloom_free,
	.push = bloom_push,
	.peek = bloom_peek,
	.delete = bloom_delete,
	.sys_lookup = bloom_sys_lookup,
	.sys_update = bloom_sys_update,
	.next_key = bloom_next_key,
	.mem_usage = bloom_mem_usage,
};
