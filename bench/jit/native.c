/* SPDX-License-Identifier: BSD-2-Clause */
/* native.c - what the natively compiled programs call: out of line, as the programs' helpers are. */
#include "maps.h"

struct bench_hash hash;
static struct bench_entry entries[MAP_SIZE];

static u32 head_of(u64 key)
{
	return (u32)(key * 0x9e3779b97f4a7c15ull >> 32) % MAP_SIZE;
}

u64 *hash_lookup(struct bench_hash *h, const u64 *key)
{
	struct bench_entry *e = h->heads[head_of(*key)];

	while (e && e->key != *key)
		e = e->next;
	return e ? &e->value : NULL;
}

void native_hash_fill(u32 cnt);
void native_hash_fill(u32 cnt)
{
	for (u32 i = 0; i < cnt; i++) {
		struct bench_entry **head = &hash.heads[head_of(i)];

		entries[i] = (struct bench_entry){ .next = *head, .key = i, .value = 3 * i };
		*head = &entries[i];
	}
}

long bpf_loop(u32 cnt, long (*body)(u64, void *), void *data, u64 flags __attribute__((unused)))
{
	u32 i;

	for (i = 0; i < cnt; i++)
		if (body(i, data))
			return i + 1;
	return i;
}
