/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields.c - struct bpf_spin_lock in values: where it is, taking it, and copies that leave it alone.
 *
 * A lock is one word, 0 or 1. Whoever waits spins: the holder runs a few verified instructions and
 * calls nothing. Programs that may interrupt a holder on its own thread cannot use such maps (the
 * verifier sees to that), so a thread never waits for itself.
 */
#include "map/private.h"

#include "btf/btf.h"

#include <errno.h>
#include <sched.h>

#define SPIN_LOCK_SIZE 4
#define DEPTH_MAX      32 /* of structures in structures; the verifier refuses what is deeper */

/* ---- where it is ---------------------------------------------------------------------------- */

struct find {
	const struct skep_btf *btf;
	u32 cnt, off;
};

static void find_in(struct find *f, u32 id, u32 off, int depth);

static void find_in_struct(struct find *f, const struct btf_t *t, u32 off, int depth)
{
	struct btf_memb m;

	if (!strcmp(t->name, "bpf_spin_lock")) {
		f->cnt++;
		f->off = off;
		return;
	}
	for (u32 i = 0; i < t->vlen && btf_member(f->btf, t, i, &m); i++)
		find_in(f, m.type, off + m.bit_off / 8, depth + 1);
}

/* As Linux looks: in structures and arrays of one, not in unions and longer arrays, where a lock is
 * but bytes. */
static void find_in(struct find *f, u32 id, u32 off, int depth)
{
	struct btf_secvar var;
	struct btf_arr arr;
	struct btf_t t;

	if (depth > DEPTH_MAX || !btf_type_get(f->btf, btf_skip_mods(f->btf, id), &t))
		return;
	switch (t.kind) {
	case BTF_KIND_ARRAY:
		if (btf_array(&t, &arr) && arr.nelems == 1)
			find_in(f, arr.elem_type, off, depth + 1);
		return;
	case BTF_KIND_VAR:
		find_in(f, t.type, off, depth + 1);
		return;
	case BTF_KIND_DATASEC:
		for (u32 i = 0; i < t.vlen && btf_secvar(&t, i, &var); i++)
			find_in(f, var.type, off + var.off, depth + 1);
		return;
	case BTF_KIND_STRUCT:
		find_in_struct(f, &t, off, depth);
		return;
	default:
		return;
	}
}

static bool type_may_lock(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_RHASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGRP_STORAGE:
		return true;
	default:
		return false;
	}
}

int map_find_lock(const struct map_attr *attr, s32 *ret_off)
{
	struct find f = { .btf = attr->btf };

	*ret_off = -1;
	if (!attr->btf || !attr->btf_value_type_id)
		return 0;
	find_in(&f, attr->btf_value_type_id, 0, 0);
	if (!f.cnt)
		return 0;
	if (f.cnt > 1)
		return -E2BIG;
	if (f.off % SPIN_LOCK_SIZE || f.off + SPIN_LOCK_SIZE > attr->value_size)
		return -EINVAL;
	if (attr->flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG))
		return -EACCES;
	if (!type_may_lock(attr->type))
		return -EOPNOTSUPP;
	*ret_off = (s32)f.off;
	return 0;
}

/* ---- taking it ------------------------------------------------------------------------------- */

#define SPINS_BEFORE_YIELD 256

void value_lock_take(u32 *lock)
{
	for (u32 spins = 0; __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE);) {
		/* Only look while it is taken: writing would pull the line from who holds it. */
		while (__atomic_load_n(lock, __ATOMIC_RELAXED)) {
			if (++spins % SPINS_BEFORE_YIELD)
				cpu_relax();
			else
				sched_yield();
		}
	}
}

void value_lock_drop(u32 *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

/* ---- copies ----------------------------------------------------------------------------------- */

void value_copy_around_lock(const struct skep_map *map, void *to, const void *from)
{
	u32 off = (u32)map->spin_lock_off, rest = off + SPIN_LOCK_SIZE;

	if (off)
		value_copy(to, from, off);
	if (rest < map->value_size)
		value_copy((char *)to + rest, (const char *)from + rest, map->value_size - rest);
}

void value_copy_locked(const struct skep_map *map, void *to, const void *from, bool lock_from)
{
	u32 *lock = (u32 *)((char *)(lock_from ? (void *)(uintptr_t)from : to) + map->spin_lock_off);

	value_lock_take(lock);
	value_copy_around_lock(map, to, from);
	value_lock_drop(lock);
}

void value_copy_out(const struct skep_map *map, void *to, const void *from, u64 flags)
{
	if (map->spin_lock_off < 0) {
		value_copy(to, from, map->value_size);
		return;
	}
	if (flags & BPF_F_LOCK)
		value_copy_locked(map, to, from, true);
	else
		value_copy_around_lock(map, to, from);
	memset((char *)to + map->spin_lock_off, 0, SPIN_LOCK_SIZE);
}
