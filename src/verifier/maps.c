/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * maps.c - the maps a program refers to: found through the host, numbered once each, and judged
 * against the program as a whole. Contents of read-only frozen maps are constants.
 */
#include "verifier/checks.h"

#include <errno.h>
#include <string.h>

#define MAX_USED_MAPS 64

/* Programs that run wherever the kernel is, also inside of the map's own operations. */
static bool is_tracing(u32 prog_type)
{
	return prog_type == BPF_PROG_TYPE_KPROBE || prog_type == BPF_PROG_TYPE_TRACEPOINT ||
	       prog_type == BPF_PROG_TYPE_PERF_EVENT || prog_type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
	       prog_type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
}

/* It names insns of this program, and of no other, for good. */
static int check_insn_array(struct verifier_env *env, const struct map_desc *map)
{
	int err = !map->frozen ? -EINVAL : map->insns_used ? -EBUSY : 0;

	if (!map->insn_values)
		return verifier_bug(env, "a map of instructions without any");
	for (u32 i = 0; i < map->max_entries && !err; i++) {
		u32 off = map->insn_values[i].orig_off;

		/* The second half of a wide insn is none. */
		if (off >= env->insn_cnt || (off && insn_is_wide(&env->insns[off - 1])))
			err = -EINVAL;
	}
	return err ? reject(env, R_GOTOX, err, "Failed to properly initialize insn array") : 0;
}

/* What an attachment has one of each kind of. An extension would find its target's, of another size. */
static int check_storage(struct verifier_env *env, const struct map_desc *map)
{
	for (u32 i = 0; i < env->used_map_cnt; i++) {
		if (env->used_maps[i].type == map->type)
			return reject(env, R_MAP_PROG, -EBUSY, "only one cgroup storage of each type is allowed");
	}
	return env->prog->ext ? not_modelled(env, "an extension with a map of type %u", map->type) : 0;
}

static int check_map_for_prog(struct verifier_env *env, const struct map_desc *map)
{
	const struct vhost *host = env->host;

	if (map->foreign)
		return reject(env, R_MAP_EXCLUSIVE, -EACCES,
			      "program's hash doesn't match map's excl_prog_hash");
	if (map->type == BPF_MAP_TYPE_RHASH && is_tracing(env->prog->type))
		return reject(env, R_MAP_PROG, -EINVAL, "tracing progs cannot use resizable hash maps yet");
	if (map->type == BPF_MAP_TYPE_STRUCT_OPS)
		return reject(env, R_MAP_PROG, -EINVAL, "bpf_struct_ops map cannot be used in prog");
	/* Their values hold more than bytes, which nothing here follows. */
	if (map->type == BPF_MAP_TYPE_ARENA)
		return not_modelled(env, "a program with a map of type %u", map->type);
	if (map->type == BPF_MAP_TYPE_INSN_ARRAY)
		return check_insn_array(env, map);
	if (map->type == BPF_MAP_TYPE_CGROUP_STORAGE || map->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE) {
		int err = check_storage(env, map);

		if (err)
			return err;
	}
	if (host->prog_map_ok(host->ctx, env->type, map->type))
		return check_map_locks(env, map);
	if (env->prog->flags & BPF_F_SLEEPABLE)
		return reject(env, R_MAP_PROG, -EINVAL,
			      "Sleepable programs can only use array, hash, ringbuf and local storage maps");
	return not_modelled(env, "a program of type %s with a map of type %u",
			    env->type->name, map->type);
}

/* Finds or adds the map behind @fd. Its index, or negative. */
static int use_map(struct verifier_env *env, int fd)
{
	const struct vhost *host = env->host;
	struct map_desc map;
	int err = host->map_get(host->ctx, fd, &map);

	if (err == -ENOMEM)
		return err;
	if (err)
		return reject(env, R_MAP_FD, err, "fd %d is not pointing to valid bpf_map", fd);
	for (u32 i = 0; i < env->used_map_cnt; i++) {
		if (env->used_maps[i].cookie == map.cookie) {
			host->map_put(host->ctx, &map);
			return i;
		}
	}
	err = check_map_for_prog(env, &map);
	if (!err && env->used_map_cnt >= MAX_USED_MAPS)
		err = reject(env, R_MAP_LIMIT, -E2BIG,
			     "The total number of maps per program has reached the limit of %u",
			     MAX_USED_MAPS);
	if (!err && !env->used_maps) {
		/* One allocation: registers point to these while exploring. */
		env->used_maps = calloc(MAX_USED_MAPS, sizeof(*env->used_maps));
		err = env->used_maps ? 0 : -ENOMEM;
	}
	if (err) {
		host->map_put(host->ctx, &map);
		return err;
	}
	env->used_maps[env->used_map_cnt] = map;
	return env->used_map_cnt++;
}

int maps_use_fd_array(struct verifier_env *env)
{
	int idx = 0;

	for (u32 i = 0; i < env->prog->fd_array_cnt && idx >= 0; i++)
		idx = use_map(env, env->prog->fd_array[i]);
	return idx < 0 ? idx : 0;
}

static int map_fd_of_insn(struct verifier_env *env, u32 idx, int *ret_fd)
{
	const struct bpf_insn *insn = &env->insns[idx];
	const struct vprog *prog = env->prog;

	if (insn->src_reg != BPF_PSEUDO_MAP_IDX && insn->src_reg != BPF_PSEUDO_MAP_IDX_VALUE) {
		*ret_fd = insn->imm;
		return 0;
	}
	if (!prog->fd_array)
		return reject_at(env, idx, R_MAP_FD, -EPROTO, "fd_idx without fd_array is invalid");
	if (insn->imm < 0 || (u32)insn->imm >= prog->fd_array_cnt)
		return reject_at(env, idx, R_MAP_FD, -EFAULT,
				 "fd_idx %d is outside of fd_array (%u entries)", insn->imm,
				 prog->fd_array_cnt);
	*ret_fd = prog->fd_array[insn->imm];
	return 0;
}

static int check_direct_value(struct verifier_env *env, u32 idx, const struct map_desc *map)
{
	u32 off = env->insns[idx + 1].imm;

	/* As far as programs see it, it holds addresses. */
	if (map->type == BPF_MAP_TYPE_INSN_ARRAY) {
		if (!(off % INSN_ADDR_SIZE) && off / INSN_ADDR_SIZE < map->max_entries)
			return 0;
		return reject_at(env, idx, R_MAP_DIRECT_VALUE, -EINVAL,
				 "invalid access to map value pointer, value_size=%u off=%u", map->value_size, off);
	}
	/* Linux knows the address of element 0 of arrays only, and offers it when there is no other. */
	if (!map->direct_value && map->type != BPF_MAP_TYPE_ARRAY)
		return reject_at(env, idx, R_MAP_DIRECT_VALUE, -EINVAL,
				 "no direct value access support for this map type");
	if (!map->direct_value || off >= map->value_size)
		return reject_at(env, idx, R_MAP_DIRECT_VALUE,
				 map->direct_value ? -EINVAL : -ENOTSUPP_KERNEL,
				 "invalid access to map value pointer, value_size=%u off=%u",
				 map->value_size, off);
	return 0;
}

int maps_bind_insn(struct verifier_env *env, u32 idx)
{
	u8 src = env->insns[idx].src_reg;
	int fd = -1, map_idx, err = map_fd_of_insn(env, idx, &fd);

	if (err)
		return err;
	map_idx = use_map(env, fd);
	if (map_idx < 0)
		return map_idx;
	env->notes[idx].map_idx = map_idx;
	if (src == BPF_PSEUDO_MAP_VALUE || src == BPF_PSEUDO_MAP_IDX_VALUE) {
		env->notes[idx].map_off = env->insns[idx + 1].imm;
		return check_direct_value(env, idx, &env->used_maps[map_idx]);
	}
	return 0;
}

void maps_put_all(struct verifier_env *env)
{
	for (u32 i = 0; i < env->used_map_cnt; i++)
		env->host->map_put(env->host->ctx, &env->used_maps[i]);
	free(env->used_maps);
	env->used_maps = NULL;
	env->used_map_cnt = 0;
}

bool map_const_load(const struct map_desc *map, s64 off, u32 size, bool sign, u64 *ret_value)
{
	const u8 *at = map->const_data;
	union {
		u8 b1;
		u16 b2;
		u32 b4;
		u64 b8;
	} v;

	if (!at || !map->frozen || !(map->map_flags & BPF_F_RDONLY_PROG) || off < 0 ||
	    (u64)off + size > map->value_size)
		return false;
	memcpy(&v, at + off, size);
	switch (size) {
	case 1:
		*ret_value = sign ? (u64)(s8)v.b1 : v.b1;
		return true;
	case 2:
		*ret_value = sign ? (u64)(s16)v.b2 : v.b2;
		return true;
	case 4:
		*ret_value = sign ? (u64)(s32)v.b4 : v.b4;
		return true;
	case 8:
		*ret_value = v.b8;
		return true;
	}
	return false;
}
