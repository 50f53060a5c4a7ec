/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/u64map.h"

#include "base/hash.h"

#include <stdlib.h>

static struct u64map_slot *find_slot(const struct u64map *m, u64 key)
{
	size_t i = hash_u64(key, 0) & (m->cap - 1);

	while (m->slots[i].used && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

u64 *u64map_get(const struct u64map *m, u64 key)
{
	struct u64map_slot *slot;

	if (!m->cap)
		return NULL;
	slot = find_slot(m, key);
	return slot->used ? &slot->val : NULL;
}

static bool grow(struct u64map *m)
{
	struct u64map bigger = { .cap = m->cap ? m->cap * 2 : 16, .cnt = m->cnt };

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].used)
			*find_slot(&bigger, m->slots[i].key) = m->slots[i];
	}
	free(m->slots);
	*m = bigger;
	return true;
}

bool u64map_put(struct u64map *m, u64 key, u64 val)
{
	struct u64map_slot *slot;

	/* At most three quarters full, so that a probe always meets an empty slot. */
	if ((m->cnt + 1) * 4 > m->cap * 3 && !grow(m))
		return false;
	slot = find_slot(m, key);
	if (!slot->used)
		m->cnt++;
	*slot = (struct u64map_slot){ .key = key, .val = val, .used = true };
	return true;
}

void u64map_free(struct u64map *m)
{
	free(m->slots);
	*m = (struct u64map){ 0 };
}
