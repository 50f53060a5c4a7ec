/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.c - what is the same for all map types: the table of types, creation, references, and the
 * answers of bpf(2) where a type has no operation of its own. The order of checks is Linux's,
 * because it decides which of two errors is seen.
 */
#include "map/private.h"
#include "map/timer.h"

#include "btf/btf.h"

#include <ctype.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

struct type_row {
	const char *name;
	const struct map_ops *ops; /* NULL: not modelled */
	const char *why;
};

#define ABSENT(name) { name, NULL, "not modelled: map type " name }
static const struct type_row types[] = {
	[BPF_MAP_TYPE_HASH] = { "hash", &hash_map_ops, NULL },
	[BPF_MAP_TYPE_ARRAY] = { "array", &array_map_ops, NULL },
	[BPF_MAP_TYPE_PROG_ARRAY] = { "prog_array", &prog_array_map_ops, NULL },
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = { "perf_event_array", &perf_event_array_map_ops, NULL },
	[BPF_MAP_TYPE_PERCPU_HASH] = { "percpu_hash", &percpu_hash_map_ops, NULL },
	[BPF_MAP_TYPE_PERCPU_ARRAY] = { "percpu_array", &percpu_array_map_ops, NULL },
	[BPF_MAP_TYPE_STACK_TRACE] = { "stack_trace", &stack_trace_map_ops, NULL },
	[BPF_MAP_TYPE_CGROUP_ARRAY] = { "cgroup_array", &cgroup_array_map_ops, NULL },
	[BPF_MAP_TYPE_LRU_HASH] = { "lru_hash", &lru_hash_map_ops, NULL },
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = { "lru_percpu_hash", &lru_percpu_hash_map_ops, NULL },
	[BPF_MAP_TYPE_LPM_TRIE] = { "lpm_trie", &lpm_trie_map_ops, NULL },
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = { "array_of_maps", &array_of_maps_map_ops, NULL },
	[BPF_MAP_TYPE_HASH_OF_MAPS] = { "hash_of_maps", &hash_of_maps_map_ops, NULL },
	[BPF_MAP_TYPE_DEVMAP] = { "devmap", &devmap_ops, NULL },
	[BPF_MAP_TYPE_SOCKMAP] = ABSENT("sockmap"),
	[BPF_MAP_TYPE_CPUMAP] = { "cpumap", &cpumap_ops, NULL },
	[BPF_MAP_TYPE_XSKMAP] = { "xskmap", &xskmap_ops, NULL },
	[BPF_MAP_TYPE_SOCKHASH] = ABSENT("sockhash"),
	[BPF_MAP_TYPE_CGROUP_STORAGE] = { "cgroup_storage", &cgroup_storage_map_ops, NULL },
	[BPF_MAP_TYPE_REUSEPORT_SOCKARRAY] = ABSENT("reuseport_sockarray"),
	[BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE] = { "percpu_cgroup_storage", &percpu_cgroup_storage_map_ops, NULL },
	[BPF_MAP_TYPE_QUEUE] = { "queue", &queue_map_ops, NULL },
	[BPF_MAP_TYPE_STACK] = { "stack", &stack_map_ops, NULL },
	[BPF_MAP_TYPE_SK_STORAGE] = { "sk_storage", &sk_storage_map_ops, NULL },
	[BPF_MAP_TYPE_DEVMAP_HASH] = { "devmap_hash", &devmap_hash_ops, NULL },
	[BPF_MAP_TYPE_STRUCT_OPS] = ABSENT("struct_ops"),
	[BPF_MAP_TYPE_RINGBUF] = { "ringbuf", &ringbuf_map_ops, NULL },
	[BPF_MAP_TYPE_INODE_STORAGE] = ABSENT("inode_storage"),
	[BPF_MAP_TYPE_TASK_STORAGE] = ABSENT("task_storage"),
	[BPF_MAP_TYPE_BLOOM_FILTER] = { "bloom_filter", &bloom_filter_map_ops, NULL },
	[BPF_MAP_TYPE_USER_RINGBUF] = ABSENT("user_ringbuf"),
	[BPF_MAP_TYPE_CGRP_STORAGE] = ABSENT("cgrp_storage"),
	[BPF_MAP_TYPE_ARENA] = ABSENT("arena"),
	[BPF_MAP_TYPE_INSN_ARRAY] = { "insn_array", &insn_array_map_ops, NULL },
	[BPF_MAP_TYPE_RHASH] = { "rhash", &rhash_map_ops, NULL },
};
static_assert(ARRAY_SIZE(types) == __MAX_BPF_MAP_TYPE, "a map type has no row");

const struct map_ops *map_ops_of(u32 type)
{
	return type < ARRAY_SIZE(types) ? types[type].ops : NULL;
}

const char *map_type_name(u32 type)
{
	return type < ARRAY_SIZE(types) ? types[type].name : NULL;
}

int map_memfd(const char *name, u64 size)
{
	int fd = memfd_create(name, MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, size))
		return fd;
	err = -errno;
	close(fd);
	return err == -EFBIG || err == -EINVAL ? -ENOMEM : err;
}

/* ---- creation ------------------------------------------------------------------------------ */

static int check_name(const char *name)
{
	u32 len = strnlen(name, BPF_OBJ_NAME_LEN);

	if (len == BPF_OBJ_NAME_LEN)
		return -EINVAL;
	for (u32 i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '.')
			return -EINVAL;
	}
	return 0;
}

static int check_any_type(const struct map_attr *attr)
{
	u32 both = BPF_F_RDONLY | BPF_F_WRONLY;

	if (attr->btf_key_type_id && !attr->btf_value_type_id)
		return -EINVAL;
	if (attr->extra && attr->type != BPF_MAP_TYPE_BLOOM_FILTER && attr->type != BPF_MAP_TYPE_ARENA &&
	    attr->type != BPF_MAP_TYPE_RHASH)
		return -EINVAL;
	if ((attr->flags & both) == both)
		return -EINVAL;
	/* The simulated machine has one node. */
	if ((attr->flags & BPF_F_NUMA_NODE) && attr->numa_node)
		return -EINVAL;
	return 0;
}

static bool key_is_i32(const struct map_attr *attr)
{
	struct btf_t t;

	return btf_type_get(attr->btf, btf_skip_mods(attr->btf, attr->btf_key_type_id), &t) &&
	       t.kind == BTF_KIND_INT && btf_int_bits(&t) == 32;
}

/* Array keys are 32-bit integers; one value that is a section has no key type. */
static int check_array_btf(const struct map_attr *attr)
{
	struct btf_t t;

	if (!attr->btf_key_type_id) {
		if (attr->type != BPF_MAP_TYPE_ARRAY || attr->max_entries != 1 ||
		    !btf_type_get(attr->btf, attr->btf_value_type_id, &t) ||
		    t.kind != BTF_KIND_DATASEC)
			return -EINVAL;
		return 0;
	}
	return key_is_i32(attr) ? 0 : -EINVAL;
}

static int check_btf(const struct map_attr *attr)
{
	struct btf_t t;

	if (!attr->btf || !attr->btf_value_type_id)
		return 0;
	if (attr->btf_key_type_id &&
	    btf_type_size(attr->btf, attr->btf_key_type_id) != attr->key_size)
		return -EINVAL;
	if (btf_type_size(attr->btf, attr->btf_value_type_id) != attr->value_size)
		return -EINVAL;
	if (attr->type == BPF_MAP_TYPE_ARRAY || attr->type == BPF_MAP_TYPE_PERCPU_ARRAY)
		return check_array_btf(attr);
	if (attr->type == BPF_MAP_TYPE_SK_STORAGE)
		return key_is_i32(attr) ? 0 : -EINVAL;
	/* What user space writes is not what is stored. */
	if (attr->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY || attr->type == BPF_MAP_TYPE_CGROUP_ARRAY ||
	    attr->type == BPF_MAP_TYPE_STACK_TRACE || attr->type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	    attr->type == BPF_MAP_TYPE_HASH_OF_MAPS)
		return -ENOTSUPP;
	if (attr->type == BPF_MAP_TYPE_BLOOM_FILTER) /* has no keys */
		return attr->btf_key_type_id ? -EINVAL : 0;
	if (!attr->btf_key_type_id)
		return -EINVAL;
	if (attr->type == BPF_MAP_TYPE_CGROUP_STORAGE || attr->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE)
		return cgroup_storage_key_ok(attr) ? 0 : -EINVAL;
	/* A prefix length and then bytes: no single number is that. */
	if (attr->type == BPF_MAP_TYPE_LPM_TRIE &&
	    (!btf_type_get(attr->btf, btf_skip_mods(attr->btf, attr->btf_key_type_id), &t) ||
	     t.kind != BTF_KIND_STRUCT))
		return -EINVAL;
	return 0;
}

static void map_init(struct skep_map *map, const struct map_attr *attr, const struct map_ops *ops,
		     const struct btf_fields *fields)
{
	if (!map->ops)
		map->ops = ops;
	map->refs = 1;
	map->type = attr->type;
	map->key_size = attr->key_size;
	map->value_size = attr->value_size;
	if (!map->max_entries)
		map->max_entries = attr->max_entries;
	map->flags = attr->flags | map->ops->flags_always;
	map->extra = attr->extra;
	map->cpu_cnt = attr->cpu_cnt;
	map->acct = attr->acct;
	map->fields = *fields;
	map->spin_lock_off = btf_field_off(fields, BTF_FIELD_SPIN_LOCK);
	map->objs = attr->objs;
	map->exclusive = attr->excl_hash;
	if (attr->excl_hash)
		memcpy(map->excl_hash, attr->excl_hash, sizeof(map->excl_hash));
	memcpy(map->name, attr->name, sizeof(map->name));
	if (attr->btf) {
		btf_get(attr->btf);
		map->btf = attr->btf;
		map->btf_key_type_id = attr->btf_key_type_id;
		map->btf_value_type_id = attr->btf_value_type_id;
	}
}

int map_check(const struct map_attr *attr)
{
	const struct map_ops *ops = map_ops_of(attr->type);
	int err = check_any_type(attr);

	if (err)
		return err;
	if (!ops)
		return map_type_name(attr->type) ? -EOPNOTSUPP : -EINVAL;
	return ops->check(attr);
}

int map_create(const struct map_attr *attr, struct skep_map **ret_map, const char **ret_why)
{
	const struct map_ops *ops = map_ops_of(attr->type);
	struct map_timers *timers = NULL;
	struct btf_fields fields;
	struct skep_map *map;
	int err;

	if (ret_why)
		*ret_why = NULL;
	err = map_check(attr);
	if (err == -EOPNOTSUPP && ret_why)
		*ret_why = ops ? "not modelled: map flag BPF_F_RB_OVERWRITE" : types[attr->type].why;
	if (!err && (!attr->cpu_cnt || attr->cpu_cnt > VCPU_MAX))
		err = -EINVAL;
	if (!err)
		err = check_name(attr->name);
	if (!err)
		err = check_btf(attr);
	if (!err)
		err = map_find_fields(attr, &fields, ret_why);
	if (!err)
		err = rcu_thread_ready(); /* starts the worker that will free what is deferred */
	if (!err && btf_field_off(&fields, BTF_FIELD_TIMER) >= 0)
		err = map_timers_new(attr, (u32)btf_field_off(&fields, BTF_FIELD_TIMER), &timers);
	if (!err)
		err = ops->alloc(attr, &map);
	if (err) {
		map_timers_free(timers);
		return err;
	}
	map_init(map, attr, ops, &fields);
	map->timers = timers;
	*ret_map = map;
	return 0;
}

void map_get(struct skep_map *map)
{
	__atomic_fetch_add(&map->refs, 1, __ATOMIC_RELAXED);
}

static void map_free_deferred(struct rcu_item *item)
{
	struct skep_map *map = container_of(item, struct skep_map, rcu);
	const struct skep_btf *btf = map->btf;
	struct map_timers *timers = map->timers;

	/* What its last readers deferred is behind it in the queue: see mapinmap.c. */
	if (map->was_inner) {
		map->was_inner = false;
		rcu_defer(item, map_free_deferred);
		return;
	}
	map->ops->free(map);
	map_timers_free(timers); /* each timer held the map: none is left */
	if (btf)
		btf_put(btf);
}

void map_put(struct skep_map *map)
{
	if (__atomic_sub_fetch(&map->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (map->on_free)
		map->on_free(map, map->on_free_ctx);
	rcu_defer(&map->rcu, map_free_deferred);
}

void map_user_get(struct skep_map *map)
{
	__atomic_fetch_add(&map->users, 1, __ATOMIC_RELAXED);
}

void map_user_put(struct skep_map *map)
{
	if (__atomic_sub_fetch(&map->users, 1, __ATOMIC_SEQ_CST))
		return;
	if (map->ops->users_gone)
		map->ops->users_gone(map);
	if (map->timers)
		map_timers_end(map);
}

/* ---- bpf(2) -------------------------------------------------------------------------------- */

#define CPU_FLAGS (BPF_F_CPU | BPF_F_ALL_CPUS)

static bool is_percpu(const struct skep_map *map)
{
	return map->ops->lookup_percpu;
}

u32 map_sys_value_size_of(const struct skep_map *map, u64 flags)
{
	if (is_percpu(map) && !(flags & CPU_FLAGS))
		return round_up_to(map->value_size, 8) * map->cpu_cnt;
	return map->value_size;
}

u32 map_sys_value_size(const struct skep_map *map)
{
	return map_sys_value_size_of(map, 0);
}

int map_sys_check_flags(const struct skep_map *map, u64 flags, u32 allowed)
{
	if ((u32)flags & ~allowed)
		return -EINVAL;
	if ((flags & BPF_F_LOCK) && map->spin_lock_off < 0)
		return -EINVAL;
	if (!(flags & BPF_F_CPU) && flags >> 32)
		return -EINVAL;
	if (!(flags & CPU_FLAGS))
		return 0;
	if (!is_percpu(map) || (flags & CPU_FLAGS) == CPU_FLAGS)
		return -EINVAL;
	return (flags & BPF_F_CPU) && flags >> 32 >= map->cpu_cnt ? -ERANGE : 0;
}

int map_write_begin(struct skep_map *map)
{
	/* Count first, look after: one of freeze and this sees the other. */
	__atomic_add_fetch(&map->write_users, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&map->frozen, __ATOMIC_SEQ_CST))
		return 0;
	map_write_end(map);
	return -EPERM;
}

void map_write_end(struct skep_map *map)
{
	__atomic_sub_fetch(&map->write_users, 1, __ATOMIC_SEQ_CST);
}

static int reader_begin(void)
{
	int err = rcu_thread_ready();

	if (!err)
		rcu_enter();
	return err;
}

/* Copies what a program would be pointed to. */
static int copy_out(struct skep_map *map, const void *key, void *value, u64 flags)
{
	const void *from;

	if (!is_percpu(map)) {
		from = map->ops->lookup(map, key);
		if (!from)
			return -ENOENT;
		value_copy_out(map, value, from, flags);
		return 0;
	}
	for (u32 cpu = 0; cpu < map->cpu_cnt; cpu++) {
		void *to = (void *)percpu_src(value, map->value_size, flags, cpu);

		from = map->ops->lookup_percpu(map, key, cpu);
		if (!from)
			return -ENOENT;
		if (to)
			value_copy(to, from, map->value_size);
	}
	return 0;
}

int map_sys_lookup(struct skep_map *map, const void *key, void *value, u64 flags)
{
	int err = map_sys_check_flags(map, flags, BPF_F_LOCK | BPF_F_CPU);

	if (err)
		return err;
	if (!map->ops->sys_lookup && !map->ops->lookup)
		return -ENOTSUPP;
	err = reader_begin();
	if (err)
		return err;
	/* Slots are rounded up to 8 bytes: no byte of the caller's buffer stays as it was. */
	if (is_percpu(map))
		memset(value, 0, map_sys_value_size_of(map, flags));
	err = map->ops->sys_lookup ? map->ops->sys_lookup(map, key, value, flags) :
				     copy_out(map, key, value, flags);
	rcu_leave();
	return err;
}

int map_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	int err = map_write_begin(map);

	if (err)
		return err;
	err = map_sys_check_flags(map, flags, UINT32_MAX);
	if (!err && !map->ops->sys_update && !map->ops->update)
		err = -ENOTSUPP;
	if (!err)
		err = reader_begin();
	if (!err) {
		err = map->ops->sys_update ? map->ops->sys_update(map, key, value, flags) :
					     (int)map->ops->update(map, key, value, flags);
		rcu_leave();
	}
	map_write_end(map);
	return err;
}

int map_sys_delete(struct skep_map *map, const void *key)
{
	int err = map_write_begin(map);

	if (err)
		return err;
	if (!map->ops->delete)
		err = -ENOTSUPP;
	if (!err)
		err = reader_begin();
	if (!err) {
		err = (int)map->ops->delete (map, key);
		rcu_leave();
	}
	map_write_end(map);
	return err;
}

int map_sys_next_key(struct skep_map *map, const void *key, void *ret_next)
{
	int err;

	if (!map->ops->next_key)
		return -ENOTSUPP;
	err = reader_begin();
	if (err)
		return err;
	err = map->ops->next_key(map, key, ret_next);
	rcu_leave();
	return err;
}

int map_sys_lookup_and_delete(struct skep_map *map, const void *key, void *value, u64 flags)
{
	int err;

	if (flags & ~(u64)BPF_F_LOCK)
		return -EINVAL;
	err = map_write_begin(map);
	if (err)
		return err;
	err = map_sys_check_flags(map, flags, BPF_F_LOCK);
	if (!err && !map->ops->sys_lookup_and_delete)
		err = -ENOTSUPP;
	if (!err)
		err = reader_begin();
	if (!err) {
		if (is_percpu(map))
			memset(value, 0, map_sys_value_size(map));
		err = map->ops->sys_lookup_and_delete(map, key, value, flags);
		rcu_leave();
	}
	map_write_end(map);
	return err;
}

int map_sys_freeze(struct skep_map *map)
{
	if (__atomic_exchange_n(&map->frozen, true, __ATOMIC_SEQ_CST))
		return -EBUSY;
	if (!__atomic_load_n(&map->write_users, __ATOMIC_SEQ_CST))
		return 0;
	__atomic_store_n(&map->frozen, false, __ATOMIC_SEQ_CST);
	return -EBUSY;
}

int map_sys_mmap_file(struct skep_map *map, u64 off, u64 len, int prot, int *ret_fd, u64 *ret_off)
{
	bool writes = prot & PROT_WRITE;
	int err = 0;

	if (!map->ops->mmap_file || map->fields.cnt)
		return -ENOTSUPP;
	if (writes) {
		err = map_write_begin(map);
		if (err)
			return err;
		/* Programs take such a map for constant. */
		if (map->flags & BPF_F_RDONLY_PROG)
			err = -EACCES;
	}
	if (!err)
		err = map->ops->mmap_file(map, off, len, prot, ret_fd, ret_off);
	if (err && writes)
		map_write_end(map);
	return err;
}

u64 map_mem_usage(const struct skep_map *map)
{
	return map->ops->mem_usage(map);
}
