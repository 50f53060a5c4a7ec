/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_trace.c - stacks by the hash of what is on them, which is their number. Programs store them
 * (stack_map_store()) and pass the number on; user space reads and deletes them. Two stacks of one hash have one
 * place: which stays, the program's flags say.
 *
 * All stacks there may be are allocated at the start. A stack that is replaced or deleted is free at once, as in
 * Linux: a program that compares with it just then may compare with something else, and gets a number that
 * shows another stack. User space takes a stack out of its place while it copies it, so it reads what was stored.
 */
#include "map/stack_map.h"

#include "base/hash.h"
#include "core/alloc.h"
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

struct stack {
	u32 hash;
	u32 size; /* bytes, at most the value size */
	u64 data[];
};

struct stack_map {
	struct skep_map map; /* first */
	struct slab stacks;
	u32 place_cnt; /* a power of two */
	u32 *places;   /* each atomic: a stack's number + 1, 0: empty */
};

static struct stack_map *stacks_of(const struct skep_map *map)
{
	return (struct stack_map *)map;
}

static u32 frame_size(u32 flags)
{
	return flags & BPF_F_STACK_BUILD_ID ? sizeof(struct bpf_stack_build_id) : sizeof(u64);
}

static int stack_map_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_STACK_BUILD_ID;
	u32 frame = frame_size(attr->flags);

	if (attr->flags & ~ok || !attr->max_entries || attr->key_size != 4 || attr->value_size < sizeof(u64) ||
	    attr->value_size % frame || attr->value_size / frame > STACK_FRAMES_MAX)
		return -EINVAL;
	return 0;
}

/* 0: there is no such power. */
static u32 power_of_two_from(u32 n)
{
	return n > 1u << 31 ? 0 : n == 1 ? 1 : 1u << (32 - __builtin_clz(n - 1));
}

static int stack_map_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct stack_map *m;

	if (!power_of_two_from(attr->max_entries))
		return -E2BIG;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->place_cnt = power_of_two_from(attr->max_entries);
	m->places = acct_alloc(attr->acct, sizeof(*m->places) * (u64)m->place_cnt);
	if (!m->places || slab_init(&m->stacks, attr->acct, sizeof(struct stack) + attr->value_size,
				    attr->max_entries, attr->cpu_cnt, SLAB_PREALLOC)) {
		acct_free(attr->acct, m->places, sizeof(*m->places) * (u64)m->place_cnt);
		free(m);
		return -ENOMEM;
	}
	*ret_map = &m->map;
	return 0;
}

static void stack_map_free(struct skep_map *map)
{
	struct stack_map *m = stacks_of(map);

	acct_free(map->acct, m->places, sizeof(*m->places) * (u64)m->place_cnt);
	slab_free(&m->stacks);
	free(m);
}

/* @nr: as places have it, not 0. */
static struct stack *stack_at(const struct stack_map *m, u32 nr)
{
	return slab_at(&m->stacks, nr - 1);
}

static void give_back(struct stack_map *m, u32 nr)
{
	if (nr)
		slab_put(&m->stacks, vcpu_hint(), nr - 1);
}

static u32 put_in_place(u32 *place, u32 nr)
{
	return __atomic_exchange_n(place, nr, __ATOMIC_ACQ_REL);
}

/* A frame as the map has it. No simulated stack runs through a mapped file: of each frame the address is known. */
static void frame_to(u8 *to, u64 ip, u32 size)
{
	struct bpf_stack_build_id id = { .status = BPF_STACK_BUILD_ID_IP, .ip = ip };

	if (size == sizeof(ip))
		memcpy(to, &ip, sizeof(ip));
	else
		memcpy(to, &id, sizeof(id));
}

void stack_frames_copy(void *to, const u64 *ips, u32 cnt, u32 frame)
{
	for (u32 i = 0; i < cnt; i++)
		frame_to((u8 *)to + (u64)i * frame, ips[i], frame);
}

/* Who reads what is being freed reads something: see above. */
#ifdef SKEP_TSAN
__attribute__((no_sanitize("thread"), noinline))
#endif
static bool same_frames(const struct stack *s, u32 hash, const u64 *ips, u32 cnt, u32 frame, bool by_hash)
{
	if (s->hash != hash || by_hash)
		return s->hash == hash;
	if (s->size != cnt * frame)
		return false;
	for (u32 i = 0; i < cnt; i++) {
		if (s->data[(u64)i * (frame / 8) + frame / 8 - 1] != ips[i])
			return false;
	}
	return true;
}

static long store(struct stack_map *m, u32 id, u32 hash, const u64 *ips, u32 cnt)
{
	u32 frame = frame_size(m->map.flags), nr = slab_get(&m->stacks, vcpu_hint());
	struct stack *s;

	if (nr == SLAB_NONE)
		return -ENOMEM;
	s = stack_at(m, ++nr);
	stack_frames_copy(s->data, ips, cnt, frame);
	s->hash = hash;
	s->size = cnt * frame;
	give_back(m, put_in_place(&m->places[id], nr));
	return id;
}

long stack_map_store(struct skep_map *map, const u64 *ips, u32 cnt, u64 flags)
{
	struct stack_map *m = stacks_of(map);
	u32 frame = frame_size(map->flags), max = map->value_size / frame, hash, id, old;

	cnt = min_of(cnt, max);
	hash = (u32)hash_bytes(ips, cnt * sizeof(*ips), 0);
	id = hash & (m->place_cnt - 1);
	old = __atomic_load_n(&m->places[id], __ATOMIC_ACQUIRE);
	if (old && same_frames(stack_at(m, old), hash, ips, cnt, frame, flags & BPF_F_FAST_STACK_CMP))
		return id;
	if (old && !(flags & BPF_F_REUSE_STACKID))
		return -EEXIST;
	return store(m, id, hash, ips, cnt);
}

static int read_out(struct skep_map *map, const void *key, void *value, bool keep)
{
	struct stack_map *m = stacks_of(map);
	u32 id = key_index(key), nr = id < m->place_cnt ? put_in_place(&m->places[id], 0) : 0;
	const struct stack *s;

	if (!nr)
		return -ENOENT;
	s = stack_at(m, nr);
	memcpy(value, s->data, s->size);
	memset((u8 *)value + s->size, 0, map->value_size - s->size);
	give_back(m, keep ? put_in_place(&m->places[id], nr) : nr);
	return 0;
}

static int stack_map_lookup(struct skep_map *map, const void *key, void *value, u64 flags __unused_arg)
{
	return read_out(map, key, value, true);
}

static int stack_map_take(struct skep_map *map, const void *key, void *value, u64 flags __unused_arg)
{
	return read_out(map, key, value, false);
}

static int stack_map_update(struct skep_map *map __unused_arg, const void *key __unused_arg,
			    const void *value __unused_arg, u64 flags __unused_arg)
{
	return -EINVAL; /* stacks come from programs only */
}

static long stack_map_delete(struct skep_map *map, const void *key)
{
	struct stack_map *m = stacks_of(map);
	u32 id = key_index(key), nr;

	if (id >= m->place_cnt)
		return -E2BIG;
	nr = put_in_place(&m->places[id], 0);
	give_back(m, nr);
	return nr ? 0 : -ENOENT;
}

static int stack_map_next_key(struct skep_map *map, const void *key, void *ret_next)
{
	struct stack_map *m = stacks_of(map);
	u32 id = key && key_index(key) < m->place_cnt ? key_index(key) + 1 : 0;

	while (id < m->place_cnt && !__atomic_load_n(&m->places[id], __ATOMIC_RELAXED))
		id++;
	if (id == m->place_cnt)
		return -ENOENT;
	memcpy(ret_next, &id, sizeof(id));
	return 0;
}

static u64 stack_map_mem_usage(const struct skep_map *map)
{
	const struct stack_map *m = stacks_of(map);

	return sizeof(*m) + sizeof(*m->places) * (u64)m->place_cnt + slab_mem_usage(&m->stacks);
}

const struct map_ops stack_trace_map_ops = {
	.name = "stack_trace",
	.check = stack_map_check,
	.alloc = stack_map_alloc,
	.free = stack_map_free,
	.delete = stack_map_delete,
	.sys_lookup = stack_map_lookup,
	.sys_lookup_and_delete = stack_map_take,
	.sys_update = stack_map_update,
	.next_key = stack_map_next_key,
	.mem_usage = stack_map_mem_usage,
};
