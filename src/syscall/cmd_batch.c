/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_batch.c - BPF_MAP_*_BATCH, built from single operations. Where a walk continues is told by
 * in_batch and out_batch: hash maps give a 32-bit number (Linux: of the bucket; here: of elements
 * passed), other maps the last key. A hash map that changes in between may repeat or miss elements
 * that were there all along only while it is being deleted from.
 */
#include "syscall/private.h"

#include <stdlib.h>
#include <string.h>

enum { B_LOOKUP = BIT(0), B_UPDATE = BIT(1), B_DELETE = BIT(2), B_LOOKUP_DELETE = BIT(3) };

/* Which of the four a map type has (data/map-ops.tsv). */
static u32 batch_ops(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_RHASH:
		return B_LOOKUP | B_UPDATE | B_DELETE | B_LOOKUP_DELETE;
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
		return B_LOOKUP | B_UPDATE;
	case BPF_MAP_TYPE_LPM_TRIE:
		return B_LOOKUP | B_UPDATE | B_DELETE;
	default:
		return 0;
	}
}

/* A resizable hash is walked by key: its order stays while it is resized. */
static bool is_hash(const struct skep_map *map)
{
	return batch_ops(map->type) & B_LOOKUP_DELETE && map->type != BPF_MAP_TYPE_RHASH;
}

struct batch {
	struct call *call;
	struct skep_map *map;
	u32 max, done, value_size;
	void *key, *next, *value;
};

/* Values go to CPUs or come from one; nothing here has a lock in its values, and whether an element
 * may exist is not asked in batches. The upper half is a CPU number. */
static int check_elem_flags(const struct skep_map *map, u64 flags, u32 op)
{
	u32 cpu_flags = op == B_UPDATE ? BPF_F_CPU | BPF_F_ALL_CPUS : op & (B_LOOKUP | B_LOOKUP_DELETE) ?
						       BPF_F_CPU : 0;

	if ((u32)flags & ~cpu_flags || (flags && !map->ops->lookup_percpu))
		return -EINVAL;
	return flags >> 32 && !(flags & BPF_F_CPU) ? -EINVAL : 0;
}

static int batch_open(struct call *call, struct batch *b, u32 op, u32 need)
{
	u32 mode;
	int err;

	*b = (struct batch){ .call = call };
	err = fdtab_get(call->skep, (int)call->attr.batch.map_fd, FD_MAP, (void **)&b->map, &mode);
	if (err)
		return err;
	if (b->map->frozen)
		mode &= ~FD_WRITE;
	if ((mode & need) != need)
		return -EPERM;
	if (!(batch_ops(b->map->type) & op))
		return -ENOTSUPP;
	/* Linux looks at the flags word in its hash maps only. */
	if (call->attr.batch.flags && is_hash(b->map))
		return -EINVAL;
	err = check_elem_flags(b->map, call->attr.batch.elem_flags, op);
	if (err)
		return err;
	b->max = call->attr.batch.count;
	b->value_size = map_sys_value_size_of(b->map, call->attr.batch.elem_flags);
	b->key = calloc(1, b->map->key_size + 1);
	b->next = calloc(1, b->map->key_size + 1);
	b->value = calloc(1, b->value_size + 1);
	return b->key && b->next && b->value ? 0 : -ENOMEM;
}

/* The number of elements done is told in any case. */
static long batch_close(struct batch *b, int err)
{
	if (b->value) {
		b->call->attr.batch.count = b->done;
		if (WRITE_BACK(b->call, batch.count))
			err = -EFAULT;
	}
	free(b->key);
	free(b->next);
	free(b->value);
	if (b->map)
		map_put(b->map);
	return err;
}

static u64 key_at(const struct batch *b, u32 i)
{
	return b->call->attr.batch.keys + (u64)i * b->map->key_size;
}

static u64 value_at(const struct batch *b, u32 i)
{
	return b->call->attr.batch.values + (u64)i * b->value_size;
}

/* Puts the first key of the walk into b->next. 0, -ENOENT (nothing left), -EFAULT. */
static int walk_start(struct batch *b, bool from_start, u32 *ret_passed)
{
	u64 in = b->call->attr.batch.in_batch;
	u32 skip = 0;
	int err;

	*ret_passed = 0;
	if (!in || from_start)
		return map_sys_next_key(b->map, NULL, b->next);
	if (!is_hash(b->map)) {
		err = user_read(b->key, in, b->map->key_size);
		return err ? err : map_sys_next_key(b->map, b->key, b->next);
	}
	err = user_read(&skip, in, sizeof(skip));
	if (!err)
		err = map_sys_next_key(b->map, NULL, b->next);
	for (u32 i = 0; i < skip && !err; i++) {
		memcpy(b->key, b->next, b->map->key_size);
		err = map_sys_next_key(b->map, b->key, b->next);
	}
	*ret_passed = skip;
	return err;
}

static int walk_token(struct batch *b, u32 passed)
{
	u64 out = b->call->attr.batch.out_batch;

	if (is_hash(b->map))
		return user_write(out, &passed, sizeof(passed));
	return user_write(out, b->key, b->map->key_size);
}

static int copy_out(struct batch *b)
{
	int err = user_write(key_at(b, b->done), b->key, b->map->key_size);

	return err ? err : user_write(value_at(b, b->done), b->value, b->value_size);
}

static long lookup_batch(struct call *call, u32 op)
{
	bool deletes = op == B_LOOKUP_DELETE;
	struct batch b;
	u32 passed;
	int err = batch_open(call, &b, op, deletes ? FD_READ | FD_WRITE : FD_READ);

	if (err || !b.max)
		return batch_close(&b, err);
	err = walk_start(&b, deletes, &passed);
	while (!err && b.done < b.max) {
		memcpy(b.key, b.next, b.map->key_size);
		err = map_sys_lookup(b.map, b.key, b.value, call->attr.batch.elem_flags);
		if (!err)
			err = copy_out(&b);
		if (err == -EFAULT)
			break;
		/* Gone since the walk saw it: another thread deletes. */
		b.done += !err;
		passed++;
		err = map_sys_next_key(b.map, b.key, b.next);
		if (deletes)
			map_sys_delete(b.map, b.key);
	}
	/* But for hashes Linux finds the end only when it looks for one more. */
	if (err == -ENOENT && !is_hash(b.map) && b.done == b.max)
		err = 0;
	if (!err || err == -ENOENT) {
		int fault = b.done ? walk_token(&b, deletes ? 0 : passed) : 0;

		err = fault ? fault : err;
	}
	return batch_close(&b, err);
}

long cmd_map_lookup_batch(struct call *call)
{
	return lookup_batch(call, B_LOOKUP);
}

long cmd_map_lookup_and_delete_batch(struct call *call)
{
	return lookup_batch(call, B_LOOKUP_DELETE);
}

long cmd_map_update_batch(struct call *call)
{
	struct batch b;
	int err = batch_open(call, &b, B_UPDATE, FD_WRITE);

	while (!err && b.done < b.max) {
		err = user_read(b.key, key_at(&b, b.done), b.map->key_size);
		if (!err)
			err = user_read(b.value, value_at(&b, b.done), b.value_size);
		if (!err)
			err = map_sys_update(b.map, b.key, b.value, call->attr.batch.elem_flags);
		b.done += !err;
	}
	return batch_close(&b, err);
}

long cmd_map_delete_batch(struct call *call)
{
	struct batch b;
	int err = batch_open(call, &b, B_DELETE, FD_WRITE);

	while (!err && b.done < b.max) {
		err = user_read(b.key, key_at(&b, b.done), b.map->key_size);
		if (!err)
			err = map_sys_delete(b.map, b.key);
		b.done += !err;
	}
	return batch_close(&b, err);
}
