/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_map.c - BPF_MAP_*: one map, one element. */
#include "syscall/private.h"

#include <stdlib.h>
#include <string.h>

/* ---- create ------------------------------------------------------------------------------- */

/* What the map room cannot see: it knows no kernel BTF. */
static int check_create(const union bpf_attr *a)
{
	if (a->btf_vmlinux_value_type_id &&
	    (a->map_type != BPF_MAP_TYPE_STRUCT_OPS || a->btf_key_type_id || a->btf_value_type_id))
		return -EINVAL;
	if (a->btf_key_type_id && !a->btf_value_type_id)
		return -EINVAL; /* before the BTF is looked for */
	return map_type_name(a->map_type) ? 0 : -EINVAL;
}

static const char *unmodelled_create(const union bpf_attr *a)
{
	if (a->map_flags & BPF_F_TOKEN_FD)
		return "not modelled: BPF tokens";
	if (a->map_ifindex)
		return "not modelled: maps offloaded to a device";
	if (a->map_flags & BPF_F_VTYPE_BTF_OBJ_FD)
		return "not modelled: value types of a module's BTF";
	return NULL;
}

static int get_btf(struct call *call, struct map_attr *attr, struct skep_btf **ret_btf)
{
	const union bpf_attr *a = &call->attr;
	int err;

	if (!a->btf_key_type_id && !a->btf_value_type_id)
		return 0;
	err = skep_btf_from_fd(call->skep, (int)a->btf_fd, ret_btf);
	if (err)
		return err;
	attr->btf = *ret_btf;
	return btf_is_kernel(*ret_btf) ? -EACCES : 0;
}

/* The hash of the program that the map is for, into @hash, which lives as long as @attr. */
static int get_excl_hash(struct call *call, struct map_attr *attr, u8 hash[32], struct vlog *log)
{
	const union bpf_attr *a = &call->attr;

	if (!a->excl_prog_hash)
		return a->excl_prog_hash_size ? -EINVAL : 0;
	if (a->excl_prog_hash_size != 32) {
		vlog_printf(log, "Invalid excl_prog_hash_size.\n");
		return -EINVAL;
	}
	attr->excl_hash = hash;
	return user_read(hash, a->excl_prog_hash, 32);
}

/* Those that callers without CAP_BPF may make where unprivileged BPF is on; of the rest some take CAP_NET_ADMIN. */
static bool may_create(const struct call *call, u32 type)
{
	if (!capable(call, VCAP_BPF) && !skep_unprivileged_bpf(call->skep))
		return false;
	switch (type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PROG_ARRAY:
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
	case BPF_MAP_TYPE_CGROUP_ARRAY:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF:
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		return true;
	case BPF_MAP_TYPE_SOCKMAP:
	case BPF_MAP_TYPE_SOCKHASH:
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
	case BPF_MAP_TYPE_XSKMAP:
		return capable(call, VCAP_NET_ADMIN);
	default:
		return capable(call, VCAP_BPF);
	}
}

static u32 file_mode(u32 flags)
{
	if (flags & BPF_F_RDONLY)
		return FD_READ;
	return flags & BPF_F_WRONLY ? FD_WRITE : FD_READ | FD_WRITE;
}

static long create(struct call *call, struct vlog *log)
{
	const union bpf_attr *a = &call->attr;
	struct map_attr attr = { .type = a->map_type, .key_size = a->key_size,
				 .value_size = a->value_size, .max_entries = a->max_entries,
				 .flags = a->map_flags, .extra = a->map_extra,
				 .numa_node = a->numa_node, .inner_fd = (int)a->inner_map_fd,
				 .btf_key_type_id = a->btf_key_type_id, .btf_value_type_id = a->btf_value_type_id };
	const char *why = unmodelled_create(a);
	struct skep_btf *btf = NULL;
	struct skep_map *map;
	u8 excl_hash[32];
	int err;

	if (!why) {
		err = check_create(a);
		if (!err && !may_create(call, attr.type))
			err = -EPERM;
		memcpy(attr.name, a->map_name, sizeof(attr.name)); /* map_create() checks it */
		if (!err)
			err = map_check(&attr);
		if (err == -EOPNOTSUPP)
			err = 0; /* map_create() says why */
		if (!err)
			err = get_btf(call, &attr, &btf);
		if (!err)
			err = get_excl_hash(call, &attr, excl_hash, log);
		if (!err)
			err = skep_map_create(call->skep, &attr, &map, &why);
		btf_put(btf);
		if (!err)
			return fdtab_open(call->skep, FD_MAP, map, file_mode(a->map_flags));
		if (err != -EOPNOTSUPP)
			return err;
	}
	vlog_printf(log, "%s\n", why);
	return call_not_modelled(call, why);
}

long cmd_map_create(struct call *call)
{
	struct call_log log;
	u32 true_size;
	long ret = log_open(&log, call, 0, 0, 0);
	int err;

	if (ret)
		return ret;
	ret = create(call, &log.log);
	err = log_close(&log, call, &true_size);
	if (err && ret < 0)
		ret = err;
	return ret;
}

/* ---- elements ------------------------------------------------------------------------------ */

/* One command on one map: what is fetched and freed the same way each time. */
struct elem {
	struct skep_map *map;
	void *key, *value;
	u32 value_size;
};

static void elem_put(struct elem *e)
{
	free(e->key);
	free(e->value);
	if (e->map)
		map_put(e->map);
}

static int elem_map(struct call *call, struct elem *e, u32 need, u64 flags)
{
	u32 mode;
	int err;

	*e = (struct elem){ 0 };
	err = fdtab_get(call->skep, (int)call->attr.map_fd, FD_MAP, (void **)&e->map, &mode);
	if (err)
		return err;
	if (e->map->frozen)
		mode &= ~FD_WRITE;
	if ((mode & need) != need)
		return -EPERM;
	e->value_size = map_sys_value_size_of(e->map, flags);
	return 0;
}

/* A map without keys takes none. */
static int elem_key(struct call *call, struct elem *e)
{
	int err;

	if (!e->map->key_size)
		return call->attr.key ? -EINVAL : 0;
	e->key = user_dup(call->attr.key, e->map->key_size, &err);
	return err;
}

static int elem_value(struct elem *e)
{
	e->value = calloc(1, e->value_size + 1);
	return e->value ? 0 : -ENOMEM;
}

long cmd_map_lookup(struct call *call)
{
	struct elem e;
	int err;

	err = elem_map(call, &e, FD_READ, call->attr.flags);
	if (!err)
		err = map_sys_check_flags(e.map, call->attr.flags, BPF_F_LOCK | BPF_F_CPU);
	if (!err)
		err = elem_key(call, &e);
	if (!err)
		err = elem_value(&e);
	/* A bloom filter is asked about a value, not a key. */
	if (!err && e.map->type == BPF_MAP_TYPE_BLOOM_FILTER)
		err = user_read(e.value, call->attr.value, e.value_size);
	if (!err)
		err = map_sys_lookup(e.map, e.key, e.value, call->attr.flags);
	if (!err)
		err = user_write(call->attr.value, e.value, e.value_size);
	elem_put(&e);
	return err;
}

long cmd_map_update(struct call *call)
{
	struct elem e;
	int err = elem_map(call, &e, FD_WRITE, call->attr.flags);

	if (!err)
		err = map_sys_check_flags(e.map, call->attr.flags, ~0u);
	if (!err)
		err = elem_key(call, &e);
	if (!err)
		e.value = user_dup(call->attr.value, e.value_size, &err);
	if (!err)
		err = map_sys_update(e.map, e.key, e.value, call->attr.flags);
	elem_put(&e);
	return err;
}

long cmd_map_delete(struct call *call)
{
	struct elem e;
	int err = elem_map(call, &e, FD_WRITE, 0);

	if (!err)
		err = elem_key(call, &e);
	if (!err)
		err = map_sys_delete(e.map, e.key);
	elem_put(&e);
	return err;
}

long cmd_map_next_key(struct call *call)
{
	struct elem e;
	void *next = NULL;
	int err = elem_map(call, &e, FD_READ, 0);

	if (!err && call->attr.key)
		err = elem_key(call, &e);
	if (!err) {
		next = calloc(1, e.map->key_size + 1);
		err = next ? map_sys_next_key(e.map, e.key, next) : -ENOMEM;
	}
	if (!err)
		err = user_write(call->attr.next_key, next, e.map->key_size);
	free(next);
	elem_put(&e);
	return err;
}

long cmd_map_lookup_and_delete(struct call *call)
{
	struct elem e;
	int err;

	if (call->attr.flags & ~(u64)BPF_F_LOCK)
		return -EINVAL;
	err = elem_map(call, &e, FD_READ | FD_WRITE, 0);
	if (!err && call->attr.flags & BPF_F_LOCK && e.map->spin_lock_off < 0)
		err = -EINVAL;
	if (!err)
		err = elem_key(call, &e);
	if (!err)
		err = elem_value(&e);
	if (!err)
		err = map_sys_lookup_and_delete(e.map, e.key, e.value, call->attr.flags);
	if (!err)
		err = user_write(call->attr.value, e.value, e.value_size);
	elem_put(&e);
	return err;
}

long cmd_map_freeze(struct call *call)
{
	struct elem e;
	u32 mode;
	int err;

	e = (struct elem){ 0 };
	err = fdtab_get(call->skep, (int)call->attr.map_fd, FD_MAP, (void **)&e.map, &mode);
	/* Nobody may write to a frozen one. */
	if (!err && (!(mode & FD_WRITE) || __atomic_load_n(&e.map->frozen, __ATOMIC_RELAXED)))
		err = -EPERM;
	if (!err)
		err = map_sys_freeze(e.map);
	elem_put(&e);
	return err;
}
