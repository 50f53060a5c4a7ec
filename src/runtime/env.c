/* SPDX-License-Identifier: BSD-2-Clause */
/* env.c - the verifier's questions (struct vhost), answered from Linux's tables and the instance. */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>

static const struct prog_type_row *env_prog_type(void *ctx, u32 type, u32 attach_type)
{
	struct env *env = ctx;

	return skep_prog_type_row(env->skep, type, attach_type);
}

static const struct ctx_view *env_view(void *ctx, enum view_kind kind)
{
	struct env *env = ctx;

	return env->skep->views[kind].rows ? &env->skep->views[kind] : NULL;
}

static const struct helper_proto *proto_of(u32 prog_type, u32 id)
{
	for (u32 i = 0; i < tab_variant_cnt; i++)
		if (tab_variants[i].prog_type == prog_type && tab_variants[i].proto.id == id)
			return &tab_variants[i].proto;
	return &tab_helpers[id];
}

/* Where nothing waits for an answer. */
static bool hook_has_answer(u32 attach_type)
{
	switch (attach_type) {
	case BPF_CGROUP_INET_INGRESS:
	case BPF_CGROUP_INET_EGRESS:
	case BPF_CGROUP_SOCK_OPS:
	case BPF_CGROUP_UDP4_RECVMSG:
	case BPF_CGROUP_UDP6_RECVMSG:
	case BPF_CGROUP_UNIX_RECVMSG:
	case BPF_CGROUP_INET4_GETPEERNAME:
	case BPF_CGROUP_INET6_GETPEERNAME:
	case BPF_CGROUP_UNIX_GETPEERNAME:
	case BPF_CGROUP_INET4_GETSOCKNAME:
	case BPF_CGROUP_INET6_GETSOCKNAME:
	case BPF_CGROUP_UNIX_GETSOCKNAME:
		return false;
	default:
		return true;
	}
}

/* These types are loaded with any attach type, and asked about by it; the table was probed with 0. */
static bool asks_attach_type(u32 type, u32 id)
{
	return (type == BPF_PROG_TYPE_CGROUP_DEVICE || type == BPF_PROG_TYPE_CGROUP_SYSCTL) &&
	       (id == BPF_FUNC_get_retval || id == BPF_FUNC_set_retval);
}

static u32 avail_of(const struct tab_prog *prog, u32 attach_type, u32 id)
{
	if (asks_attach_type(prog->row.type, id))
		return hook_has_answer(attach_type) ? TAB_YES : TAB_NO;
	return tab_helper_avail(id, prog->column);
}

static enum helper_avail env_helper(void *ctx, const struct prog_type_row *type, u32 attach_type, u32 id,
				    const struct helper_proto **ret_proto)
{
	struct env *env = ctx;
	const struct tab_prog *prog = container_of(type, struct tab_prog, row);
	u32 need;

	if (id >= tab_helper_cnt || !tab_helpers[id].name)
		return HELPER_UNKNOWN;
	*ret_proto = proto_of(type->type, id);
	need = tab_helper_caps[id];
	if ((env->load->caps & need) != need)
		return HELPER_NOT_ALLOWED;
	switch (avail_of(prog, attach_type, id)) {
	case TAB_YES:
	case TAB_SLEEPABLE: /* the prototype says might_sleep: the verifier looks at the place */
		break;
	case TAB_UNPROBED:
		return HELPER_NOT_MODELLED;
	default:
		return HELPER_NOT_ALLOWED;
	}
	if (id == BPF_FUNC_tail_call) /* the engines' own */
		return HELPER_OK;
	return skep_helper_fn(env->skep, type->type, id) ? HELPER_OK : HELPER_NOT_MODELLED;
}

static bool env_helper_map_ok(void *ctx __unused_arg, u32 helper_id, u32 map_type)
{
	return tab_helper_map_ok(helper_id, map_type);
}

/* Maps that a program which may sleep can use: their elements outlive a plain RCU read side. */
static bool sleepable_map(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_RHASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGRP_STORAGE:
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
	case BPF_MAP_TYPE_ARENA:
	case BPF_MAP_TYPE_INSN_ARRAY:
	case BPF_MAP_TYPE_PROG_ARRAY:
		return true;
	default:
		return false;
	}
}

static bool env_prog_map_ok(void *ctx, const struct prog_type_row *type __unused_arg, u32 map_type)
{
	struct env *env = ctx;

	/* Programs reach struct_ops maps never, others of these at every rate. */
	if (map_type == BPF_MAP_TYPE_STRUCT_OPS)
		return false;
	return !(env->load->v.flags & BPF_F_SLEEPABLE) || sleepable_map(map_type);
}

/* Maps of maps: the template as a map that nobody has yet. NULL: no memory. */
static struct map_desc *describe_template(const struct map_template *t)
{
	struct map_desc *desc = malloc(sizeof(*desc));

	if (!desc)
		return NULL;
	*desc = (struct map_desc){
		.type = t->type, .key_size = t->key_size, .value_size = t->value_size,
		.max_entries = t->max_entries, .map_flags = t->flags, .btf = t->btf,
		.btf_key_type_id = t->btf_key_type_id, .btf_value_type_id = t->btf_value_type_id,
		.fields = t->fields,
	};
	return desc;
}

static void describe_map(struct skep_map *map, struct map_desc *desc)
{
	u64 addr;

	*desc = (struct map_desc){
		.cookie = map, .id = map->id, .type = map->type, .key_size = map->key_size,
		.value_size = map->value_size, .max_entries = map->max_entries,
		.map_flags = map->flags, .btf = map->btf, .btf_key_type_id = map->btf_key_type_id,
		.btf_value_type_id = map->btf_value_type_id, .frozen = map->frozen,
	};
	memcpy(desc->name, map->name, sizeof(desc->name));
	desc->direct_value = map->ops->direct_value && map->max_entries == 1 &&
			     !map->ops->direct_value(map, 0, &addr);
	if (desc->direct_value && map->frozen && map->flags & BPF_F_RDONLY_PROG)
		desc->const_data = (const void *)(uintptr_t)addr;
	if (map->ops->insn_values) {
		desc->insn_values = map->ops->insn_values(map);
		desc->insns_used = map->ops->insn_is_used(map);
	}
	desc->fields = map->fields;
}

/* Whether the map is exclusive to another program than the one that is loaded. */
static int is_foreign(struct env *env, const struct skep_map *map, bool *ret_foreign)
{
	int err = 0;

	*ret_foreign = false;
	if (!map->exclusive)
		return 0;
	if (!env->digest_known)
		err = prog_digest(&env->load->v, env->digest);
	if (err)
		return err;
	env->digest_known = true;
	*ret_foreign = memcmp(env->digest, map->excl_hash, sizeof(env->digest));
	return 0;
}

static int env_map_get(void *ctx, int fd, struct map_desc *ret_map)
{
	struct env *env = ctx;
	struct skep_map *map;
	int err;

	if (!env->load->map_by_fd)
		return -EBADF;
	err = env->load->map_by_fd(env->load->fd_ctx, fd, &map);
	if (err)
		return err;
	describe_map(map, ret_map);
	err = is_foreign(env, map, &ret_map->foreign);
	if (!err && map->inner) {
		ret_map->inner = describe_template(map->inner);
		err = ret_map->inner ? 0 : -ENOMEM;
	}
	if (err)
		map_put(map);
	return err;
}

static void env_map_put(void *ctx __unused_arg, const struct map_desc *map)
{
	free((void *)map->inner);
	map_put((struct skep_map *)map->cookie);
}

struct vhost env_host(struct env *env)
{
	return (struct vhost){
		.ctx = env,
		.caps = env->load ? env->load->caps : 0,
		.jit = env->skep->engine != SKEP_ENGINE_INTERP && jit_target_host(),
		.kernel_btf = env->skep->kernel_btf,
		.prog_type = env_prog_type,
		.view = env_view,
		.helper = env_helper,
		.helper_map_ok = env_helper_map_ok,
		.prog_map_ok = env_prog_map_ok,
		.map_get = env_map_get,
		.map_put = env_map_put,
	};
}
