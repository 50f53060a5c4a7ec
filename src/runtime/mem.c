/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mem.c - which memory a running program may look into through a pointer that the verifier has not
 * proved: its own stack, values of its maps, and what its hook gave it. Nothing else of the host.
 */
#include "runtime/instance.h"

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

size_t skep_mem_room(struct helper_host *host __unused_arg, const struct run_ctx *run,
		     const void *mem)
{
	const struct skep_prog *prog = run->prog;
	const struct prog_type_ops *ops = prog->skep->types[prog->type];
	uintptr_t at = (uintptr_t)mem, frame = (uintptr_t)__builtin_frame_address(0);
	size_t room;

	/* The program's frames lie between this helper's and the run_ctx on the same stack. */
	room = room_in(at, frame, (uintptr_t)run > frame ? (uintptr_t)run - frame : 0);
	for (u32 i = 0; i < prog->res.used_map_cnt && !room; i++)
		room = map_room(prog->maps[i], at);
	if (!room && ops && ops->mem_room)
		room = ops->mem_room(run, mem);
	return room;
}
