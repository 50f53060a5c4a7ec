/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sk_storage.c - a value for each socket. The values are in a hash table by the number that a socket has to
 * itself (its cookie), which gives them the table's locks and lifetimes; who ends a socket takes its values out.
 * bpf(2) names sockets by descriptors, which those of the simulated machine have not.
 */
#include "map/sk_storage.h"

#include "btf/btf.h"
#include "map/private.h"

#include <errno.h>
#include <sys/stat.h>

#define SOCKS_MAX 16384 /* with a value in one map; in Linux as many as there is memory for */
/* What Linux counts lengths of values by has 16 bits, less its own heads. */
#define VALUE_MAX 65112

struct sk_storage {
	struct skep_map map; /* first */
	struct skep_map *table;
};

static int storage_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NO_PREALLOC | BPF_F_CLONE;

	if (attr->flags & ~ok || !(attr->flags & BPF_F_NO_PREALLOC) || attr->max_entries ||
	    attr->key_size != sizeof(s32) || !attr->value_size || !attr->btf_key_type_id || !attr->btf_value_type_id)
		return -EINVAL;
	return attr->value_size > VALUE_MAX ? -E2BIG : 0;
}

static int storage_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct map_attr table = { .type = BPF_MAP_TYPE_HASH, .key_size = sizeof(u64), .value_size = attr->value_size,
				  .max_entries = SOCKS_MAX, .flags = BPF_F_NO_PREALLOC, .cpu_cnt = attr->cpu_cnt,
				  .acct = attr->acct, .seed = attr->seed };
	struct sk_storage *s = acct_alloc(attr->acct, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	err = map_create(&table, &s->table, NULL);
	if (err) {
		acct_free(attr->acct, s, sizeof(*s));
		return err;
	}
	*ret_map = &s->map;
	return 0;
}

static void storage_free(struct skep_map *map)
{
	struct sk_storage *s = container_of(map, struct sk_storage, map);

	s->table->ops->free(s->table); /* nobody else had it */
	acct_free(map->acct, s, sizeof(*s));
}

static int no_such_socket(const void *key)
{
	struct stat st;
	s32 fd;

	memcpy(&fd, key, sizeof(fd));
	if (fstat(fd, &st))
		return -EBADF;
	return S_ISSOCK(st.st_mode) ? -EOPNOTSUPP : -ENOTSOCK;
}

static int storage_sys_lookup(struct skep_map *map __unused_arg, const void *key, void *value __unused_arg,
			      u64 flags __unused_arg)
{
	return no_such_socket(key);
}

static int storage_sys_update(struct skep_map *map __unused_arg, const void *key, const void *value __unused_arg,
			      u64 flags __unused_arg)
{
	return no_such_socket(key);
}

static long storage_delete(struct skep_map *map __unused_arg, const void *key)
{
	return no_such_socket(key);
}

static u64 storage_mem_usage(const struct skep_map *map)
{
	return sizeof(struct sk_storage) + map_mem_usage(container_of(map, struct sk_storage, map)->table);
}

static struct skep_map *table_of(struct skep_map *map)
{
	return container_of(map, struct sk_storage, map)->table;
}

void *sk_storage_find(struct skep_map *map, u64 cookie)
{
	struct skep_map *table = table_of(map);

	return table->ops->lookup(table, &cookie);
}

void *sk_storage_make(struct skep_map *map, u64 cookie, const void *value)
{
	struct skep_map *table = table_of(map);
	long err = table->ops->update(table, &cookie, value, BPF_NOEXIST);

	/* -EEXIST: another thread was faster. */
	return err && err != -EEXIST ? NULL : table->ops->lookup(table, &cookie);
}

long sk_storage_drop(struct skep_map *map, u64 cookie)
{
	struct skep_map *table = table_of(map);

	return table->ops->delete(table, &cookie);
}

const struct map_ops sk_storage_map_ops = {
	.name = "sk_storage",
	.check = storage_check,
	.alloc = storage_alloc,
	.free = storage_free,
	.sys_lookup = storage_sys_lookup,
	.sys_update = storage_sys_update,
	.delete = storage_delete,
	.mem_usage = storage_mem_usage,
};
