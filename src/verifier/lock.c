/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - bpf_spin_lock: one at a time, in a map value, between two calls in the same path.
 *
 * Which lock is held is told by the map and by the identity of the pointer through which it was
 * taken: two lookups may have found different elements, so only the pointer of the same lookup (or a
 * copy) unlocks. A map of one element whose address is a constant has pointers without identity,
 * and needs none.
 */
#include "verifier/checks.h"

#include <errno.h>

static s32 lock_off(const struct map_desc *map)
{
	return btf_field_off(&map->fields, BTF_FIELD_SPIN_LOCK);
}

int check_map_locks(struct verifier_env *env, const struct map_desc *map)
{
	if (map->inner && lock_off(map->inner) >= 0)
		map = map->inner; /* Linux does not ask */
	if (lock_off(map) < 0)
		return 0;
	switch (env->type->type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
		return reject(env, R_SPIN_LOCK, -EINVAL,
			      "socket filter progs cannot use bpf_spin_lock yet");
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
		/* They may interrupt who holds the lock. */
		return reject(env, R_SPIN_LOCK, -EINVAL, "tracing progs cannot use bpf_spin_lock yet");
	default:
		return 0;
	}
}

static int check_lock_pointer(struct verifier_env *env, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);
	const struct map_desc *map = reg_map(env, reg);

	if (!scalar_is_const(&reg->val))
		return reject(env, R_SPIN_LOCK, -EINVAL,
			      "R%d doesn't have constant offset. bpf_spin_lock has to be at the constant offset",
			      regno);
	if (!map->btf)
		return reject(env, R_SPIN_LOCK, -EINVAL,
			      "map '%s' has to have BTF in order to use bpf_spin_lock", map->name);
	if (lock_off(map) < 0)
		return reject(env, R_SPIN_LOCK, -EINVAL, "map '%s' has no valid bpf_spin_lock",
			      map->name);
	if (reg->val.bits.value != (u64)lock_off(map))
		return reject(env, R_SPIN_LOCK, -EINVAL,
			      "off %lld doesn't point to 'struct bpf_spin_lock' that is at %d",
			      (long long)reg->val.bits.value, lock_off(map));
	return 0;
}

int process_spin_lock(struct verifier_env *env, int regno, bool lock)
{
	const struct reg_state *reg = cur_reg(env, regno);
	struct held_lock *held = &env->cur->lock;
	int err = check_lock_pointer(env, regno);

	if (err)
		return err;
	if (lock) {
		if (held->held)
			return reject(env, R_SPIN_LOCK, -EINVAL,
				      "Locking two bpf_spin_locks are not allowed");
		*held = (struct held_lock){ .held = true, .map_idx = reg->map_idx, .id = reg->id };
		return 0;
	}
	if (!held->held)
		return reject(env, R_SPIN_LOCK, -EINVAL, "bpf_spin_unlock without taking a lock");
	if (held->map_idx != reg->map_idx || held->id != reg->id)
		return reject(env, R_SPIN_LOCK, -EINVAL, "bpf_spin_unlock of different lock");
	*held = (struct held_lock){ 0 };
	return 0;
}

int check_call_under_lock(struct verifier_env *env, u32 helper_id)
{
	if (!env->cur->lock.held || helper_id == BPF_FUNC_spin_unlock)
		return 0;
	return reject(env, R_SPIN_LOCK, -EINVAL, "function calls are not allowed while holding a lock");
}

int check_global_call_under_lock(struct verifier_env *env)
{
	if (!env->cur->lock.held)
		return 0;
	return reject(env, R_SPIN_LOCK, -EINVAL,
		      "global function calls are not allowed while holding a lock,\n"
		      "use static function instead");
}

int check_lock_free(struct verifier_env *env, const char *what)
{
	if (!env->cur->lock.held)
		return 0;
	return reject(env, R_SPIN_LOCK, -EINVAL, "%s cannot be used inside bpf_spin_lock-ed region",
		      what);
}
