/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mem.c - which memory a running program may look into through a pointer that the verifier has not
 * proved: its own stack, values of its maps, what its hook gave it, and what the application
 * registered. Nothing else of the host.
 *
 * What the application registered is one sorted table an address space, replaced as a whole:
 * readers take the table they find, inside RCU.
 */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the application registered --------------------------------------------------------- */

struct mem_region {
	u64 addr, size; /* as programs see it */
	const u8 *mem;
};

struct mem_table {
	struct rcu_item rcu;
	u32 cnt;
	struct mem_region at[]; /* ascending, apart */
};

static void free_table(struct rcu_item *item)
{
	free(container_of(item, struct mem_table, rcu));
}

/* The number of regions that begin at or below @addr. */
static u32 regions_until(const struct mem_table *table, u64 addr)
{
	u32 lo = 0, hi = table ? table->cnt : 0;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (table->at[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct mem_region *find_region(const struct mem_table *table, u64 addr)
{
	u32 n = regions_until(table, addr);

	if (!n || addr - table->at[n - 1].addr >= table->at[n - 1].size)
		return NULL;
	return &table->at[n - 1];
}

/* @old with @add at @pos, or without what is there when @add is NULL. */
static struct mem_table *table_with(const struct mem_table *old, u32 pos, const struct mem_region *add)
{
	u32 cnt = old ? old->cnt : 0, tail = cnt - pos;
	struct mem_table *table = malloc(sizeof(*table) + (cnt + 1) * sizeof(table->at[0]));

	if (!table)
		return NULL;
	if (pos)
		memcpy(table->at, old->at, pos * sizeof(table->at[0]));
	if (add) {
		table->at[pos] = *add;
		if (tail)
			memcpy(table->at + pos + 1, old->at + pos, tail * sizeof(table->at[0]));
		table->cnt = cnt + 1;
	} else {
		memcpy(table->at + pos, old->at + pos + 1, (tail - 1) * sizeof(table->at[0]));
		table->cnt = cnt - 1;
	}
	return table;
}

static bool overlaps(const struct mem_table *table, u32 pos, u64 addr, u64 size)
{
	if (pos && addr - table->at[pos - 1].addr < table->at[pos - 1].size)
		return true;
	return table && pos < table->cnt && table->at[pos].addr - addr < size;
}

int skep_mem_add(struct skep *skep, enum helper_mem space, u64 addr, const void *mem, u64 size)
{
	struct mem_region add = { .addr = addr, .size = size, .mem = mem };
	struct mem_table *old, *table = NULL;
	int err = -EEXIST;
	u32 pos;

	if (!size || !mem || addr + size < addr)
		return -EINVAL;
	pthread_mutex_lock(&skep->mem.lock);
	old = skep->mem.tables[space];
	pos = regions_until(old, addr);
	if (!overlaps(old, pos, addr, size)) {
		table = table_with(old, pos, &add);
		err = table ? 0 : -ENOMEM;
	}
	if (table)
		rcu_store(skep->mem.tables[space], table);
	pthread_mutex_unlock(&skep->mem.lock);
	if (table && old)
		rcu_defer(&old->rcu, free_table);
	return err;
}

int skep_mem_del(struct skep *skep, enum helper_mem space, u64 addr)
{
	struct mem_table *old, *table;
	int err = -ENOENT;
	u32 n;

	pthread_mutex_lock(&skep->mem.lock);
	old = skep->mem.tables[space];
	n = regions_until(old, addr);
	if (n && old->at[n - 1].addr == addr) {
		table = table_with(old, n - 1, NULL);
		err = table ? 0 : -ENOMEM;
		if (table)
			rcu_store(skep->mem.tables[space], table);
	}
	pthread_mutex_unlock(&skep->mem.lock);
	if (err)
		return err;
	/* Who looks at the memory now has found it before: after this nobody does. */
	rcu_wait();
	free(old);
	return 0;
}

void skep_register_mem(struct skep *skep, enum helper_mem space, skep_mem_fn fn)
{
	skep->mem.made[space] = fn;
}

void mem_destroy(struct skep *skep)
{
	for (u32 i = 0; i < HELPER_MEM_CNT; i++)
		free(skep->mem.tables[i]);
	pthread_mutex_destroy(&skep->mem.lock);
}

/* ---- the program's own ------------------------------------------------------------------------- */

static size_t room_in(uintptr_t at, uintptr_t start, u64 size)
{
	return at >= start && at - start < size ? size - (at - start) : 0;
}

struct find_value {
	uintptr_t at;
	u32 value_size;
	size_t room;
};

static long find_value(void *ctx, struct skep_map *map __unused_arg, void *key __unused_arg,
		       void *value)
{
	struct find_value *find = ctx;

	find->room = room_in(find->at, (uintptr_t)value, find->value_size);
	return find->room != 0;
}

static size_t map_room(struct skep_map *map, uintptr_t at)
{
	struct find_value find = { .at = at, .value_size = map->value_size };
	u64 start;

	if (map->ops->direct_value && !map->ops->direct_value(map, 0, &start))
		find.room = room_in(at, start, map->value_size);
	if (!find.room && map->ops->for_each)
		map->ops->for_each(map, find_value, &find, 0);
	return find.room;
}

static size_t own_room(const struct run_ctx *run, const void *mem)
{
	const struct skep_prog *prog = run->prog;
	const struct prog_type_ops *ops = prog->skep->types[prog->run_type];
	uintptr_t at = (uintptr_t)mem, frame = (uintptr_t)__builtin_frame_address(0);
	size_t room;

	/* The program's frames lie between this helper's and the run_ctx on the same stack. */
	room = room_in(at, frame, (uintptr_t)run > frame ? (uintptr_t)run - frame : 0);
	if (!room && ops && ops->mem_room)
		room = ops->mem_room(run, mem);
	for (u32 i = 0; i < prog->res.used_map_cnt && !room; i++)
		room = map_room(prog->maps[i], at);
	return room;
}

const void *skep_mem_at(struct helper_host *host, const struct run_ctx *run, u64 addr,
			enum helper_mem space, size_t *ret_room)
{
	struct skep *skep = container_of(host, struct skep, host);
	const struct mem_region *region = find_region(rcu_load(skep->mem.tables[space]), addr);
	const void *own = (const void *)(uintptr_t)addr;

	*ret_room = 0;
	if (region) {
		*ret_room = region->size - (addr - region->addr);
		return region->mem + (addr - region->addr);
	}
	if (space == HELPER_MEM_KERNEL)
		*ret_room = own_room(run, own);
	if (*ret_room)
		return own;
	return skep->mem.made[space] ? skep->mem.made[space](skep, addr, ret_room) : NULL;
}
