/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields.c - special fields of map values: no access touches them as plain bytes; and bpf_timer, whose
 * callbacks run later, in a state of their own (explore.c follows them when the program is done).
 */
#include "verifier/explore.h"

#include <errno.h>

/* ---- accesses ----------------------------------------------------------------------------------- */

static bool is_pointer_field(enum btf_field_kind kind)
{
	return kind >= BTF_FIELD_KPTR_UNREF;
}

/* [@lo, @hi) of a value, the bytes that some access may touch. @acc NULL: a helper's. A pointer is
 * accessed as one, at a known place, by *ret_ptr. */
static int check_pointer_field(struct verifier_env *env, const struct btf_field *field, const struct mem_access *acc,
			       s64 lo)
{
	const char *name = btf_field_name(field->kind);
	const struct reg_state *reg;

	if (!acc)
		return reject(env, R_SPECIAL_FIELD, -EACCES, "%s cannot be accessed indirectly by helper", name);
	reg = cur_reg(env, acc->regno);
	if (!scalar_is_const(&reg->val))
		return reject(env, R_SPECIAL_FIELD, -EACCES, "%s access cannot have variable offset", name);
	if (lo != field->off)
		return reject(env, R_SPECIAL_FIELD, -EACCES, "%s access misaligned expected=%u off=%llu", name, field->off,
			      (unsigned long long)lo);
	if (acc->size != btf_field_size(field->kind))
		return reject(env, R_SPECIAL_FIELD, -EACCES, "%s access size must be BPF_DW", name);
	return 0;
}

int check_map_fields(struct verifier_env *env, const struct map_desc *map, const struct mem_access *acc, s64 lo,
		     s64 hi)
{
	for (u32 i = 0; i < map->fields.cnt; i++) {
		const struct btf_field *field = &map->fields.at[i];
		int err;

		if (hi <= field->off || lo >= field->off + btf_field_size(field->kind))
			continue;
		if (!is_pointer_field(field->kind))
			return reject(env, R_SPECIAL_FIELD, -EACCES, "%s cannot be accessed directly by load/store",
				      btf_field_name(field->kind));
		err = check_pointer_field(env, field, acc, lo);
		if (err)
			return err;
	}
	return 0;
}

const struct btf_field *pointer_field_at(const struct map_desc *map, s64 at)
{
	for (u32 i = 0; i < map->fields.cnt; i++) {
		if (is_pointer_field(map->fields.at[i].kind) && map->fields.at[i].off == at)
			return &map->fields.at[i];
	}
	return NULL;
}

/* The access fits the field (check_map_fields()). What a kernel pointer points to nobody here knows: only
 * storing NULL needs no more than that. */
int check_pointer_access(struct verifier_env *env, const struct btf_field *field, const struct mem_access *acc)
{
	if (acc->sign || acc->atomic)
		return reject(env, R_SPECIAL_FIELD, -EACCES,
			      "kptr in map can only be accessed using BPF_MEM instruction mode");
	if (acc->write && (field->kind == BTF_FIELD_KPTR_REF || field->kind == BTF_FIELD_KPTR_PERCPU))
		return reject(env, R_SPECIAL_FIELD, -EACCES, "store to referenced kptr disallowed");
	if (acc->write && field->kind == BTF_FIELD_UPTR)
		return reject(env, R_SPECIAL_FIELD, -EACCES, "store to uptr disallowed");
	if (acc->write && acc->is_imm) {
		if (!acc->imm)
			return 0;
		return reject(env, R_SPECIAL_FIELD, -EACCES, "BPF_ST imm must be 0 when storing to kptr at off=%u",
			      field->off);
	}
	if (acc->write && reg_is_null(cur_reg(env, acc->value_regno)))
		return 0;
	return not_modelled(env, "%s of a %s in a map's value", acc->write ? "store" : "load", btf_field_name(field->kind));
}

/* The destination of bpf_kptr_xchg(). */
int check_kptr_arg(struct verifier_env *env, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);
	const struct map_desc *map = reg_map(env, reg);
	const struct btf_field *field;
	bool any = false;

	if (!scalar_is_const(&reg->val))
		return reject(env, R_SPECIAL_FIELD, -EINVAL,
			      "R%d doesn't have constant offset. kptr has to be at the constant offset", regno);
	if (!map->btf)
		return reject(env, R_SPECIAL_FIELD, -EINVAL, "map '%s' has to have BTF in order to use bpf_kptr_xchg",
			      map->name);
	for (u32 i = 0; i < map->fields.cnt; i++)
		any |= is_pointer_field(map->fields.at[i].kind);
	if (!any)
		return reject(env, R_SPECIAL_FIELD, -EINVAL, "R%d has no valid kptr", regno);
	field = pointer_field_at(map, (s64)reg->val.bits.value);
	if (!field)
		return reject(env, R_SPECIAL_FIELD, -EACCES, "off=%d doesn't point to kptr", (int)reg->val.bits.value);
	if (field->kind != BTF_FIELD_KPTR_REF && field->kind != BTF_FIELD_KPTR_PERCPU)
		return reject(env, R_SPECIAL_FIELD, -EACCES, "off=%d kptr isn't referenced kptr", (int)reg->val.bits.value);
	return 0;
}

/* ---- timers --------------------------------------------------------------------------------------- */

int check_timer_arg(struct verifier_env *env, struct call_site *call, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);
	const struct map_desc *map = reg_map(env, reg);
	s32 off = btf_field_off(&map->fields, BTF_FIELD_TIMER);

	if (!scalar_is_const(&reg->val))
		return reject(env, R_TIMER, -EINVAL,
			      "R%d doesn't have constant offset. bpf_timer has to be at the constant offset", regno);
	if (!map->btf)
		return reject(env, R_TIMER, -EINVAL, "map '%s' has to have BTF in order to use bpf_timer", map->name);
	if (off < 0)
		return reject(env, R_TIMER, -EINVAL, "map '%s' has no valid bpf_timer", map->name);
	if (reg->val.bits.value != (u64)off)
		return reject(env, R_TIMER, -EINVAL, "off %lld doesn't point to 'struct bpf_timer' that is at %d",
			      (long long)reg->val.bits.value, off);
	call->map = map;
	call->map_idx = reg->map_idx;
	call->map_uid = reg->map_uid;
	call->is_timer = true;
	return 0;
}

int check_timer_map_arg(struct verifier_env *env, const struct call_site *call, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);

	if (reg->map_idx == call->map_idx && reg->map_uid == call->map_uid)
		return 0;
	return reject(env, R_TIMER, -EINVAL, "timer pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d",
		      (int)call->map_uid, (int)reg->map_uid);
}

/* The state in which a callback begins is known from here, so each pair is followed once. */
int push_async(struct verifier_env *env, u32 subprog, u32 map_idx)
{
	struct async_entry entry = { subprog, map_idx };

	if (env->cur->speculative)
		return 0;
	for (u32 i = 0; i < env->ex->asyncs.cnt; i++) {
		if (env->ex->asyncs.at[i].subprog == subprog && env->ex->asyncs.at[i].map_idx == map_idx)
			return 0;
	}
	env->subprogs[subprog].is_async = true;
	return vec_push(&env->ex->asyncs, entry) ? 0 : -ENOMEM;
}

/* callback(struct bpf_map *map, void *key, void *value), with a stack of its own. */
void async_set_entry(struct verifier_env *env, const struct async_entry *entry)
{
	static const u32 types[] = { CONST_PTR_TO_MAP, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE };
	struct func_state *f = env->cur->frame[0];
	u32 uid = entry->map_idx & MAP_IDX_INNER ? ++env->id_gen : 0, id = ++env->id_gen;

	f->in_async = true;
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		struct reg_state *reg = &f->regs[BPF_REG_1 + i];

		*reg = reg_pointer(types[i]);
		reg->map_idx = entry->map_idx;
		reg->map_uid = uid;
		if (reg->type == PTR_TO_MAP_VALUE && value_has_identity(env, reg))
			reg->id = id;
	}
}
