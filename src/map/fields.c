/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields.c - special fields in values: which maps may have them, copies that leave them alone, their
 * end; and taking a struct bpf_spin_lock.
 *
 * A lock is one word, 0 or 1. Whoever waits spins: the holder runs a few verified instructions and
 * calls nothing. Programs that may interrupt a holder on its own thread cannot use such maps (the
 * verifier sees to that), so a thread never waits for itself. Timers are timer.c's. The other kinds
 * need kernel types: maps may have them, but no program gets at them (the verifier refuses).
 */
#include "map/private.h"
#include "map/timer.h"

#include <errno.h>
#include <sched.h>

/* ---- which maps --------------------------------------------------------------------------------- */

static bool keeps_locks(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_RHASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGRP_STORAGE:
		return true;
	default:
		return false;
	}
}

/* Timers, work, lists, trees. */
static bool keeps_owned(u32 type)
{
	return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_RHASH || type == BPF_MAP_TYPE_LRU_HASH ||
	       type == BPF_MAP_TYPE_ARRAY;
}

static bool keeps_pointers(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGRP_STORAGE:
		return true;
	default:
		return keeps_owned(type);
	}
}

static bool type_keeps(u32 type, enum btf_field_kind kind)
{
	switch (kind) {
	case BTF_FIELD_SPIN_LOCK:
	case BTF_FIELD_RES_SPIN_LOCK:
		return keeps_locks(type);
	case BTF_FIELD_TIMER:
	case BTF_FIELD_WORKQUEUE:
	case BTF_FIELD_TASK_WORK:
	case BTF_FIELD_LIST_HEAD:
	case BTF_FIELD_RB_ROOT:
		return keeps_owned(type);
	case BTF_FIELD_UPTR:
		return type == BPF_MAP_TYPE_TASK_STORAGE;
	default:
		return keeps_pointers(type);
	}
}

static bool has_lock(const struct btf_fields *fields)
{
	return btf_field_off(fields, BTF_FIELD_SPIN_LOCK) >= 0 || btf_field_off(fields, BTF_FIELD_RES_SPIN_LOCK) >= 0;
}

/* What lists and trees hold is guarded by a lock beside them; and one lock is enough. */
static bool go_together(const struct btf_fields *fields)
{
	bool guarded = btf_field_off(fields, BTF_FIELD_LIST_HEAD) >= 0 || btf_field_off(fields, BTF_FIELD_RB_ROOT) >= 0;

	if (guarded && !has_lock(fields))
		return false;
	return btf_field_off(fields, BTF_FIELD_SPIN_LOCK) < 0 || btf_field_off(fields, BTF_FIELD_RES_SPIN_LOCK) < 0;
}

int map_find_fields(const struct map_attr *attr, struct btf_fields *ret, const char **ret_why)
{
	/* Fields that cannot be are but bytes, as in Linux: no helper takes them. */
	if (btf_fields_find(attr->btf, attr->btf_value_type_id, attr->value_size, ret) || !go_together(ret))
		*ret = (struct btf_fields){ 0 };
	if (!ret->cnt)
		return 0;
	if (attr->flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG))
		return -EACCES;
	for (u32 i = 0; i < ret->cnt; i++) {
		if (!type_keeps(attr->type, ret->at[i].kind))
			return -EOPNOTSUPP;
	}
	if (ret_why && attr->type == BPF_MAP_TYPE_SK_STORAGE && has_lock(ret))
		*ret_why = "not modelled: locks in sk_storage";
	if (attr->type == BPF_MAP_TYPE_SK_STORAGE && has_lock(ret))
		return -EOPNOTSUPP;
	/* Only maps that skep makes for itself. */
	return btf_field_off(ret, BTF_FIELD_TIMER) >= 0 && !attr->timers ? -EOPNOTSUPP : 0;
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

void value_copy_around_fields(const struct skep_map *map, void *to, const void *from)
{
	u32 at = 0, end;

	for (u32 i = 0; i <= map->fields.cnt; i++) {
		end = i < map->fields.cnt ? map->fields.at[i].off : map->value_size;
		if (at < end)
			value_copy((char *)to + at, (const char *)from + at, end - at);
		if (i < map->fields.cnt)
			at = end + btf_field_size(map->fields.at[i].kind);
	}
}

void value_copy_locked(const struct skep_map *map, void *to, const void *from, bool lock_from)
{
	u32 *lock = (u32 *)((char *)(lock_from ? (void *)(uintptr_t)from : to) + map->spin_lock_off);

	value_lock_take(lock);
	value_copy_around_fields(map, to, from);
	value_lock_drop(lock);
}

void value_copy_out(const struct skep_map *map, void *to, const void *from, u64 flags)
{
	if (!map->fields.cnt) {
		value_copy(to, from, map->value_size);
		return;
	}
	if (flags & BPF_F_LOCK)
		value_copy_locked(map, to, from, true);
	else
		value_copy_around_fields(map, to, from);
	for (u32 i = 0; i < map->fields.cnt; i++)
		memset((char *)to + map->fields.at[i].off, 0, btf_field_size(map->fields.at[i].kind));
}

void value_fields_end(const struct skep_map *map, void *value)
{
	if (map->timers)
		value_timer_end(map, value);
}
