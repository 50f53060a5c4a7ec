/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgroup_array.c - control groups by number. User space puts them in by descriptor and cannot read them back;
 * programs ask whether a task or a socket is in one.
 */
#include "map/cgroup_array.h"

#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

struct cgroup_array {
	struct skep_map map; /* first */
	struct cgroup **places; /* each atomic, a reference */
};

static struct cgroup_array *array_of(const struct skep_map *map)
{
	return (struct cgroup_array *)map;
}

struct cgroup *cgroup_new(const char *path)
{
	size_t size = strlen(path) + 1;
	struct cgroup *cgrp = malloc(sizeof(*cgrp) + size);

	if (!cgrp)
		return NULL;
	cgrp->refs = 1;
	memcpy(cgrp->path, path, size);
	return cgrp;
}

static void cgroup_free(struct rcu_item *item)
{
	free(container_of(item, struct cgroup, rcu));
}

void cgroup_put(struct cgroup *cgrp)
{
	if (cgrp && !__atomic_sub_fetch(&cgrp->refs, 1, __ATOMIC_ACQ_REL))
		rcu_defer(&cgrp->rcu, cgroup_free);
}

static int cgroup_array_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

	return attr->key_size != 4 || attr->value_size != 4 || !attr->max_entries || attr->flags & ~ok ? -EINVAL : 0;
}

static u64 places_size(u32 cnt)
{
	return sizeof(struct cgroup *) * (u64)cnt;
}

static int cgroup_array_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct cgroup_array *array = calloc(1, sizeof(*array));

	if (!array)
		return -ENOMEM;
	array->places = acct_alloc(attr->acct, places_size(attr->max_entries));
	if (!array->places) {
		free(array);
		return -ENOMEM;
	}
	*ret_map = &array->map;
	return 0;
}

static bool set_place(struct cgroup **place, struct cgroup *cgrp)
{
	struct cgroup *old = __atomic_exchange_n(place, cgrp, __ATOMIC_ACQ_REL);

	cgroup_put(old);
	return old;
}

static void clear_all(struct skep_map *map)
{
	for (u32 i = 0; i < map->max_entries; i++)
		set_place(&array_of(map)->places[i], NULL);
}

static void cgroup_array_free(struct skep_map *map)
{
	struct cgroup_array *array = array_of(map);

	clear_all(map);
	acct_free(map->acct, array->places, places_size(map->max_entries));
	free(array);
}

static struct cgroup **place_at(const struct skep_map *map, u32 idx)
{
	return idx < map->max_entries ? &array_of(map)->places[idx] : NULL;
}

int cgroup_array_at(struct skep_map *map, u32 idx, const struct cgroup **ret_cgrp)
{
	struct cgroup **place = place_at(map, idx);

	if (!place)
		return -E2BIG;
	*ret_cgrp = __atomic_load_n(place, __ATOMIC_ACQUIRE);
	return *ret_cgrp ? 0 : -EAGAIN;
}

static int cgroup_array_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct cgroup **place = place_at(map, key_index(key)), *cgrp;
	int fd, err;

	if (flags != BPF_ANY)
		return -EINVAL;
	if (!place)
		return -E2BIG;
	memcpy(&fd, value, sizeof(fd));
	err = map->objs && map->objs->cgroup_by_fd ? map->objs->cgroup_by_fd(map->objs->ctx, fd, &cgrp) : -EBADF;
	if (!err)
		set_place(place, cgrp);
	return err;
}

static long cgroup_array_delete(struct skep_map *map, const void *key)
{
	struct cgroup **place = place_at(map, key_index(key));

	if (!place)
		return -E2BIG;
	return set_place(place, NULL) ? 0 : -ENOENT;
}

static u64 cgroup_array_mem_usage(const struct skep_map *map)
{
	return sizeof(struct cgroup_array) + places_size(map->max_entries);
}

const struct map_ops cgroup_array_map_ops = {
	.name = "cgroup_array",
	.check = cgroup_array_check,
	.alloc = cgroup_array_alloc,
	.free = cgroup_array_free,
	.delete = cgroup_array_delete,
	.sys_update = cgroup_array_update,
	.next_key = array_next_key, /* empty places have keys too */
	.mem_usage = cgroup_array_mem_usage,
	.users_gone = clear_all, /* groups do not outlive who put them in */
};
