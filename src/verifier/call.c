/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call.c - calls of helpers: may it be called, does each argument fit its kind, what changes.
 *
 * check_* decide; the order is Linux's, since the first error is the one that is reported: the
 * helper, its arguments from first to last, the map against the helper, then the effects.
 */
#include "verifier/checks.h"
#include "verifier/zoo.h"

#include <errno.h>

#define MAX_VAR_SIZE (1 << 29)
#define MAX_ERRNO    4095

/* ---- what fits an argument ---------------------------------------------------------------------- */

struct arg_fit {
	u32 types[8]; /* register types with flags, 0 ends */
	const char *expected;
};

#define MEM_TYPES                                                                                  \
	{                                                                                          \
		PTR_TO_STACK, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, \
			PTR_TO_MEM, PTR_TO_MEM | MEM_RINGBUF,                                      \
	}
#define MEM_EXPECTED                                                                               \
	"fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_"

#define SOCK_EXPECTED "sock_common, sock, tcp_sock, xdp_sock"

static const struct arg_fit arg_fits[ARG_TYPE_CNT] = {
	[ARG_CONST_MAP_PTR] = { { CONST_PTR_TO_MAP }, "map_ptr" },
	[ARG_PTR_TO_MAP_KEY] = { MEM_TYPES, MEM_EXPECTED },
	[ARG_PTR_TO_MAP_VALUE] = { MEM_TYPES, MEM_EXPECTED },
	[ARG_PTR_TO_MEM] = { MEM_TYPES, MEM_EXPECTED },
	[ARG_CONST_SIZE] = { { SCALAR_VALUE }, "scalar" },
	[ARG_CONST_SIZE_OR_ZERO] = { { SCALAR_VALUE }, "scalar" },
	[ARG_CONST_ALLOC_SIZE_OR_ZERO] = { { SCALAR_VALUE }, "scalar" },
	[ARG_PTR_TO_CTX] = { { PTR_TO_CTX }, "ctx" },
	[ARG_PTR_TO_SOCK_COMMON] = { { PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK }, SOCK_EXPECTED },
	[ARG_PTR_TO_BTF_ID_SOCK_COMMON] = { { PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK },
					    SOCK_EXPECTED ", ptr_, trusted_ptr_" },
	[ARG_PTR_TO_SOCKET] = { { PTR_TO_SOCKET }, "sock" },
	[ARG_PTR_TO_RINGBUF_MEM] = { { PTR_TO_MEM | MEM_RINGBUF }, "ringbuf_mem" },
	[ARG_PTR_TO_FUNC] = { { PTR_TO_FUNC }, "func" },
	[ARG_PTR_TO_STACK] = { { PTR_TO_STACK }, "fp" },
	[ARG_PTR_TO_SPIN_LOCK] = { { PTR_TO_MAP_VALUE }, "map_value, ptr_" },
	[ARG_PTR_TO_CONST_STR] = { { PTR_TO_MAP_VALUE }, "map_value" },
	[ARG_PTR_TO_TIMER] = { { PTR_TO_MAP_VALUE }, "map_value" },
	[ARG_KPTR_XCHG_DEST] = { { PTR_TO_MAP_VALUE }, "map_value, ptr_, percpu_ptr_" },
};

static int check_arg_type(struct verifier_env *env, int regno, u32 arg)
{
	const struct arg_fit *fit = &arg_fits[ARG_BASE(arg)];
	const struct reg_state *reg = cur_reg(env, regno);
	u32 type = reg->type;

	if (arg & ARG_MEM_RDONLY)
		type &= ~MEM_RDONLY;
	if (arg & ARG_MAYBE_NULL)
		type &= ~PTR_MAYBE_NULL;
	for (u32 i = 0; i < ARRAY_SIZE(fit->types) && fit->types[i]; i++) {
		if (type == fit->types[i])
			return 0;
	}
	return reject(env, R_ARG_TYPE, -EACCES, "R%d type=%s expected=%s", regno,
		      reg_type_str(reg->type), fit->expected);
}

/* Where an offset is fine it is checked with the access; other pointers must be as they came. */
static int check_arg_offset(struct verifier_env *env, int regno, u32 arg)
{
	const struct reg_state *reg = cur_reg(env, regno);

	if (arg & ARG_OBJ_RELEASE) {
		if (reg->type != SCALAR_VALUE && scalar_is_const(&reg->val) && reg->val.bits.value &&
		    !zoo(RECORD_MOVED))
			return reject(env, R_MODIFIED_PTR, -EINVAL,
				      "R%d must have zero offset when passed to release func or trusted arg to kfunc",
				      regno);
		return reg->type == SCALAR_VALUE || zoo(RECORD_MOVED) ? 0 : check_unmodified(env, regno, false);
	}
	switch (reg_base_type(reg)) {
	case SCALAR_VALUE:
	case PTR_TO_STACK:
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
	case PTR_TO_MAP_KEY:
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MEM:
		return 0;
	default:
		return check_unmodified(env, regno, false);
	}
}

/* ---- each kind of argument -------------------------------------------------------------------------- */

/* A size says how much of the memory in the register before it is used. */
static int check_size_arg(struct verifier_env *env, struct call_site *call, int regno, u32 mem_arg,
			  bool zero_ok)
{
	const struct reg_state *reg = cur_reg(env, regno);
	u64 umin = scalar_umin(&reg->val), umax = scalar_umax(&reg->val);
	bool known = scalar_is_const(&reg->val);
	int err;

	call->size_max = umax;
	if (scalar_smin(&reg->val) < 0)
		return reject(env, R_SIZE_NEGATIVE, -EACCES,
			      "R%d min value is negative, either use unsigned or 'var &= const'", regno);
	if (!umin && !zero_ok)
		return reject(env, R_SIZE_ZERO, -EACCES,
			      "R%d invalid zero-sized read: u64=[%lld,%lld]", regno, (long long)umin,
			      (long long)umax);
	if (umax >= MAX_VAR_SIZE)
		return reject(env, R_SIZE_UNBOUNDED, -EACCES,
			      "R%d unbounded memory access, use 'var &= const' or 'if (var < const)'",
			      regno);
	/* Of a buffer of unknown size the helper may fill a part only: then all of it must have been
	 * initialised before, so the buffer is not taken as an uninitialised one. */
	err = check_helper_mem(env, regno - 1, umax, mem_arg & ARG_MEM_WRITE, zero_ok,
			       known && (mem_arg & ARG_MEM_UNINIT) ? call : NULL);
	return err ? err : mark_precise(env, regno);
}

/* Of an inner map the number of elements is the template's only when Linux lets no other one in. */
static bool elems_are_known(const struct call_site *call)
{
	return !(call->map_idx & MAP_IDX_INNER) ||
	       (call->map->type == BPF_MAP_TYPE_ARRAY && !(call->map->map_flags & BPF_F_INNER_MAP));
}

static int check_key_arg(struct verifier_env *env, struct call_site *call, int regno)
{
	u32 type;
	int err;

	if (!call->map)
		return verifier_bug(env, "a map key without a map");
	err = check_helper_mem(env, regno, call->map->key_size, false, false, NULL);
	type = call->map->type;
	/* An element that exists for sure is found for sure (arrays only: nothing deletes there). */
	if (!err && elems_are_known(call) &&
	    (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY))
		err = stack_const_key(env, regno, call->map->key_size, &call->key, &call->key_known);
	return err;
}

static int check_value_arg(struct verifier_env *env, struct call_site *call, int regno, u32 arg)
{
	if ((arg & ARG_MAYBE_NULL) && reg_is_null(cur_reg(env, regno)))
		return 0;
	if (!call->map)
		return verifier_bug(env, "a map value without a map");
	if (call->map->type == BPF_MAP_TYPE_SOCKMAP || call->map->type == BPF_MAP_TYPE_SOCKHASH)
		return not_modelled(env, "sockets as values of map '%s'", call->map->name);
	/* A Bloom filter is asked about a value, it does not give one. */
	if (call->map->type == BPF_MAP_TYPE_BLOOM_FILTER)
		arg &= ~(ARG_MEM_UNINIT | ARG_MEM_WRITE);
	return check_helper_mem(env, regno, call->map->value_size, arg & ARG_MEM_WRITE, false,
				arg & ARG_MEM_UNINIT ? call : NULL);
}

static int check_map_arg(struct verifier_env *env, struct call_site *call, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);

	if (call->is_timer)
		return check_timer_map_arg(env, call, regno);
	if (call->map)
		return verifier_bug(env, "two maps in one call");
	call->map = reg_map(env, reg);
	call->map_idx = reg->map_idx;
	call->map_uid = reg->map_uid;
	return 0;
}

static int check_fixed_mem_arg(struct verifier_env *env, struct call_site *call, int regno, u32 arg,
			       u32 size)
{
	int err = check_helper_mem(env, regno, size, arg & ARG_MEM_WRITE, false,
				   arg & ARG_MEM_UNINIT ? call : NULL);

	if (!err && (arg & ARG_MEM_ALIGNED))
		err = check_alignment(env, regno, 0, size, true);
	return err;
}

static int check_const_str_arg(struct verifier_env *env, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);
	const struct map_desc *map = reg_map(env, reg);
	const char *text = map->const_data;
	u64 off = reg->val.bits.value;

	if (map->type == BPF_MAP_TYPE_INSN_ARRAY)
		return reject(env, R_CONST_STR, -EACCES,
			      "R%d points to insn_array map which cannot be used as const string", regno);
	if (!map->frozen || !(map->map_flags & BPF_F_RDONLY_PROG))
		return reject(env, R_CONST_STR, -EACCES, "R%d does not point to a readonly map'",
			      regno);
	if (!scalar_is_const(&reg->val))
		return reject(env, R_CONST_STR, -EACCES, "R%d is not a constant address'", regno);
	if (!map->direct_value || !text)
		return reject(env, R_CONST_STR, -EACCES,
			      "no direct value access support for this map type");
	/* The terminator may stand in the last byte of the value. */
	for (u64 i = off; i < map->value_size; i++) {
		if (!text[i])
			return check_region(env, regno, 0, i + 1 - off, map->value_size, false);
	}
	return reject(env, R_CONST_STR, -EINVAL, "string is not zero-terminated");
}

static int check_alloc_size_arg(struct verifier_env *env, struct call_site *call, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);

	if (!scalar_is_const(&reg->val))
		return reject(env, R_CONST_SIZE, -EACCES, "R%d is not a known constant'", regno);
	/* Linux keeps 32 bits of it and the helper gets 64: then less is reserved than the verifier
	 * would believe, or nothing at all. */
	if (reg->val.bits.value > UINT32_MAX)
		return not_modelled(env, "allocation of %llu bytes",
				    (unsigned long long)reg->val.bits.value);
	call->mem_size = reg->val.bits.value;
	return mark_precise(env, regno);
}

static bool is_size_arg(u32 arg)
{
	return ARG_BASE(arg) == ARG_CONST_SIZE || ARG_BASE(arg) == ARG_CONST_SIZE_OR_ZERO;
}

static int check_arg_kind(struct verifier_env *env, struct call_site *call, u32 i)
{
	u32 arg = call->proto->arg[i], prev = i ? call->proto->arg[i - 1] : 0;
	int regno = BPF_REG_1 + i;

	switch (ARG_BASE(arg)) {
	case ARG_CONST_MAP_PTR:
		return check_map_arg(env, call, regno);
	case ARG_PTR_TO_MAP_KEY:
		return check_key_arg(env, call, regno);
	case ARG_PTR_TO_MAP_VALUE:
		return check_value_arg(env, call, regno, arg);
	case ARG_PTR_TO_MEM:
		if (!(arg & ARG_MEM_FIXED_SIZE)) /* together with the size, the next argument */
			return i < 4 && is_size_arg(call->proto->arg[i + 1]) ?
				       0 :
				       verifier_bug(env, "memory argument without a size");
		if ((arg & ARG_MAYBE_NULL) && reg_is_null(cur_reg(env, regno)))
			return 0;
		return check_fixed_mem_arg(env, call, regno, arg, call->proto->arg_size[i]);
	case ARG_CONST_SIZE:
	case ARG_CONST_SIZE_OR_ZERO:
		if (ARG_BASE(prev) != ARG_PTR_TO_MEM)
			return verifier_bug(env, "size argument without memory");
		return check_size_arg(env, call, regno, prev,
				      ARG_BASE(arg) == ARG_CONST_SIZE_OR_ZERO);
	case ARG_CONST_ALLOC_SIZE_OR_ZERO:
		return check_alloc_size_arg(env, call, regno);
	case ARG_PTR_TO_FUNC:
		call->subprog = cur_reg(env, regno)->subprog;
		return 0;
	case ARG_PTR_TO_CONST_STR:
		return check_const_str_arg(env, regno);
	case ARG_PTR_TO_SPIN_LOCK:
		return process_spin_lock(env, regno, call->proto->id == BPF_FUNC_spin_lock);
	case ARG_PTR_TO_TIMER:
		return check_timer_arg(env, call, regno);
	case ARG_KPTR_XCHG_DEST:
		return check_kptr_arg(env, regno);
	case ARG_PTR_TO_CTX:
	case ARG_PTR_TO_RINGBUF_MEM:
	case ARG_PTR_TO_STACK:
		return 0;
	case ARG_PTR_TO_SOCK_COMMON:
	case ARG_PTR_TO_SOCKET:
	case ARG_PTR_TO_BTF_ID_SOCK_COMMON:
		call->sock_ref = cur_reg(env, regno)->ref_id;
		return 0;
	default:
		return not_modelled(env, "argument %u of %s", i + 1, call->proto->name);
	}
}

static int check_release_arg(struct verifier_env *env, struct call_site *call, int regno)
{
	const struct reg_state *reg = cur_reg(env, regno);

	if (!reg->ref_id && !reg_is_null(reg))
		return reject(env, R_REF_RELEASE, -EINVAL,
			      "release helper %s expects referenced PTR_TO_BTF_ID passed to R%d",
			      call->proto->name, regno);
	call->release_ref = reg->ref_id;
	return 0;
}

static bool arg_is_modelled(u32 arg)
{
	return ARG_BASE(arg) < ARG_TYPE_CNT && arg_fits[ARG_BASE(arg)].expected &&
	       !(arg & ARG_UNKNOWN_FLAG);
}

static int check_arg(struct verifier_env *env, struct call_site *call, u32 i)
{
	u32 arg = call->proto->arg[i];
	int regno = BPF_REG_1 + i, err;
	const struct reg_state *reg;

	if (ARG_BASE(arg) == ARG_DONTCARE)
		return 0;
	err = check_reg_read(env, regno);
	if (err)
		return err;
	if (ARG_BASE(arg) == ARG_ANYTHING)
		return check_leak(env, regno, "into helper function");
	if (!arg_is_modelled(arg))
		return not_modelled(env, "argument %u of %s", i + 1, call->proto->name);
	reg = cur_reg(env, regno);
	if ((reg_base_type(reg) == PTR_TO_PACKET || reg_base_type(reg) == PTR_TO_PACKET_META) &&
	    !(env->type->pkt_read && (call->proto->pkt_access || env->type->pkt_any_helper)))
		return reject(env, R_PACKET_HELPER, -EACCES,
			      "helper access to the packet is not allowed");
	if (!((arg & ARG_MAYBE_NULL) && reg_is_null(reg))) {
		err = check_arg_type(env, regno, arg);
		if (!err)
			err = check_arg_offset(env, regno, arg);
	}
	if (!err && (arg & ARG_OBJ_RELEASE))
		err = check_release_arg(env, call, regno);
	return err ? err : check_arg_kind(env, call, i);
}

/* ---- the helper as a whole --------------------------------------------------------------------- */

/* Their rules are their own, and nobody follows them yet. */
static bool helper_is_special(u32 id)
{
	switch (id) {
	case BPF_FUNC_find_vma:
	case BPF_FUNC_user_ringbuf_drain:
		return true;
	default:
		return false;
	}
}

/* Callbacks of timers never do. */
bool may_sleep(const struct verifier_env *env)
{
	return (env->prog->flags & BPF_F_SLEEPABLE) && !env->cur->frame[0]->in_async;
}

static int check_available(struct verifier_env *env, u32 id, const struct helper_proto **ret_proto)
{
	const struct vhost *host = env->host;
	const struct helper_proto *proto = NULL;

	switch (host->helper(host->ctx, env->type, env->prog->attach_type, id, &proto)) {
	case HELPER_OK:
		break;
	case HELPER_UNKNOWN:
		return reject(env, R_HELPER_UNKNOWN, -EINVAL, "invalid func unknown#%d", (int)id);
	case HELPER_NOT_ALLOWED:
		return reject(env, R_HELPER_NOT_ALLOWED, -EINVAL,
			      "program of this type cannot use helper %s#%d",
			      proto ? proto->name : "unknown", (int)id);
	default:
		/* Its first argument is looked at; what the other one needs is not modelled. */
		if (id != BPF_FUNC_kptr_xchg)
			return not_modelled(env, "helper %s#%u", proto ? proto->name : "unknown", id);
	}
	if (proto->gpl_only && !env->prog->gpl)
		return reject(env, R_GPL, -EINVAL,
			      "cannot call GPL-restricted function from non-GPL compatible program");
	if (proto->might_sleep && !may_sleep(env))
		return reject(env, R_SLEEPABLE, -EINVAL, "sleepable helper %s#%d in %s",
			      proto->name, id, "non-sleepable prog");
	if (proto->deprecated && !env->cur->speculative)
		warn(env, "%s#%u is deprecated%s%s", proto->name, id, *proto->deprecated ? ", use " : "",
		     proto->deprecated);
	if (helper_is_special(id))
		return not_modelled(env, "helper %s#%u", proto->name, id);
	*ret_proto = proto;
	return 0;
}

static bool changes_map(u32 id)
{
	return id == BPF_FUNC_map_update_elem || id == BPF_FUNC_map_delete_elem ||
	       id == BPF_FUNC_map_push_elem || id == BPF_FUNC_map_pop_elem;
}

/* A value found in these is a socket with a reference. */
static bool lookup_gives_object(u32 map_type)
{
	return map_type == BPF_MAP_TYPE_SOCKMAP || map_type == BPF_MAP_TYPE_SOCKHASH ||
	       map_type == BPF_MAP_TYPE_REUSEPORT_SOCKARRAY;
}

static int check_map_use(struct verifier_env *env, const struct call_site *call)
{
	const struct map_desc *map = call->map;
	const struct vhost *host = env->host;

	/* Maps that cannot have timers have none. */
	if (!map || call->is_timer)
		return 0;
	if (call->proto->id == BPF_FUNC_tail_call && map->type != BPF_MAP_TYPE_PROG_ARRAY)
		return reject(env, R_MAP_HELPER, -EINVAL, "expected prog array map for tail call");
	if (changes_map(call->proto->id) && (map->map_flags & BPF_F_RDONLY_PROG))
		return reject(env, R_MAP_READ_ONLY, -EACCES, "write into map forbidden");
	/* That a trie cannot be walked is found with the callback. */
	if (call->proto->id == BPF_FUNC_for_each_map_elem && map->type == BPF_MAP_TYPE_LPM_TRIE)
		return 0;
	if (!host->helper_map_ok(host->ctx, call->proto->id, map->type) && !zoo(MAP_TYPE))
		return reject(env, R_MAP_HELPER, -EINVAL, "cannot pass map_type %d into func %s#%d",
			      map->type, call->proto->name, call->proto->id);
	if (RET_BASE(call->proto->ret) == RET_PTR_TO_MAP_VALUE && lookup_gives_object(map->type))
		return not_modelled(env, "lookup in a map of type %u", map->type);
	return 0;
}

/* r3 points to a constant string (its kind of argument saw to that), r5 says how many bytes of
 * arguments there are. */
static int check_snprintf(struct verifier_env *env)
{
	const struct reg_state *fmt = cur_reg(env, BPF_REG_3);
	u64 size = cur_reg(env, BPF_REG_5)->val.bits.value;
	const char *data = reg_map(env, fmt)->const_data;

	if (!scalar_is_const(&cur_reg(env, BPF_REG_5)->val))
		return not_modelled(env, "arguments of unknown size for bpf_snprintf");
	if (size % 8)
		return reject(env, R_FORMAT, -EINVAL, "Invalid format string");
	if (!format_is_valid(data + fmt->val.bits.value, size / 8))
		return reject(env, R_FORMAT, -EINVAL, "Invalid format string");
	return 0;
}

/* Linux has the helper for all that trace, and then asks what the program is. */
static int check_func_ip(struct verifier_env *env)
{
	if (env->type->type == BPF_PROG_TYPE_KPROBE)
		return 0;
	if (env->type->type == BPF_PROG_TYPE_TRACING)
		return not_modelled(env, "helper bpf_get_func_ip#%d of programs that watch functions", BPF_FUNC_get_func_ip);
	return reject(env, R_HELPER_NOT_ALLOWED, -ENOTSUPP_KERNEL, "func %s#%d not supported for program type %d",
		      "bpf_get_func_ip", BPF_FUNC_get_func_ip, env->type->type);
}

/* All that the call may change; the registers are those from before it. */
static int check_helper_args(struct verifier_env *env, u32 insn_idx, struct call_site *call)
{
	int err = check_call_under_lock(env, env->insns[insn_idx].imm);

	if (!err)
		err = check_available(env, env->insns[insn_idx].imm, &call->proto);
	for (u32 i = 0; i < 5 && !err; i++)
		err = check_arg(env, call, i);
	if (!err && call->proto->id == BPF_FUNC_snprintf)
		err = check_snprintf(env);
	if (!err && call->proto->id == BPF_FUNC_get_func_ip)
		err = check_func_ip(env);
	if (!err && call->proto->id == BPF_FUNC_get_local_storage && !reg_is_null(cur_reg(env, BPF_REG_2)))
		err = reject(env, R_ARG_TYPE, -EINVAL, "get_local_storage() doesn't support non-zero flags");
	return err ? err : check_map_use(env, call);
}

/* ---- tail calls ------------------------------------------------------------------------------------ */

bool in_callback(const struct verifier_env *env)
{
	for (u32 i = 0; i <= env->cur->curframe; i++) {
		if (env->cur->frame[i]->in_callback)
			return true;
	}
	return false;
}

/* A key that is the same number on every visit names its slot for good; so the number was relied on. */
static int note_tail_key(struct verifier_env *env, u32 insn_idx, const struct call_site *call)
{
	struct insn_note *note = &env->notes[insn_idx];
	const struct reg_state *key = cur_reg(env, BPF_REG_3);
	u32 tail_key = 0;
	int err = 0;

	if (key->type == SCALAR_VALUE && scalar_is_const(&key->val) &&
	    key->val.bits.value < call->map->max_entries) {
		tail_key = key->val.bits.value + 1;
		err = mark_precise(env, BPF_REG_3);
	}
	if (note->map_seen && note->tail_key != tail_key)
		tail_key = 0;
	note->tail_key = tail_key;
	return err;
}

/* What the function holds, nobody would give back: the jump does not return. A callback's frame is
 * not a program's to be replaced. */
static int check_tail_call(struct verifier_env *env, u32 insn_idx, const struct call_site *call)
{
	int err;

	if (in_callback(env))
		return reject(env, R_TAIL_CALL, -EINVAL, "cannot tail call within callback");
	err = ref_check_leak(env, "tail_call");
	return err ? err : note_tail_key(env, insn_idx, call);
}

/* ---- effects -------------------------------------------------------------------------------------- */

/* The insn is specialised for its map when every visit brought the same one. */
static void note_call_map(struct verifier_env *env, u32 insn_idx, const struct call_site *call)
{
	struct insn_note *note = &env->notes[insn_idx];

	if (!call->map)
		return;
	if (call->map_idx & MAP_IDX_INNER) {
		note->map_seen = note->map_mixed = true; /* any map like the template */
	} else if (!note->map_seen) {
		note->map_seen = true;
		note->map_idx = call->map_idx;
	} else if (note->map_idx != call->map_idx) {
		note->map_mixed = true;
	}
}

/* Helpers that give the length of what they wrote, or an error. */
static void refine_return(const struct call_site *call, struct reg_state *r0)
{
	switch (call->proto->id) {
	case BPF_FUNC_get_stack:
	case BPF_FUNC_get_task_stack:
	case BPF_FUNC_probe_read_str:
	case BPF_FUNC_probe_read_kernel_str:
	case BPF_FUNC_probe_read_user_str:
		r0->val = scalar_srange(-MAX_ERRNO, call->size_max);
		break;
	default:
		break;
	}
}

/* The socket that was found must be given back. */
static bool acquires_socket(u32 id)
{
	return id == BPF_FUNC_sk_lookup_tcp || id == BPF_FUNC_sk_lookup_udp ||
	       id == BPF_FUNC_skc_lookup_tcp;
}

/* The result is the argument by another name: it goes when the argument is given back. */
static bool casts_socket(u32 id)
{
	return id == BPF_FUNC_tcp_sock || id == BPF_FUNC_sk_fullsock;
}

static int return_socket(struct verifier_env *env, u32 insn_idx, const struct call_site *call, u32 type)
{
	u32 helper = call->proto->id, id = ++env->id_gen;
	struct reg_state *r0 = cur_reg_mut(env, BPF_REG_0);
	int err;

	*r0 = reg_pointer(type);
	if (acquires_socket(helper)) {
		err = ref_acquire(env, insn_idx, 0, &id);
		if (err)
			return err;
		r0->ref_id = id;
	} else if (casts_socket(helper)) {
		r0->ref_id = call->sock_ref;
	}
	if (call->proto->ret & RET_MAYBE_NULL) {
		r0->type |= PTR_MAYBE_NULL;
		r0->id = id;
	}
	return 0;
}

static int set_return(struct verifier_env *env, u32 insn_idx, const struct call_site *call)
{
	u32 ret = call->proto->ret, id;
	struct reg_state *r0;
	int err;

	if (ret & RET_UNKNOWN_FLAG)
		return not_modelled(env, "return value of %s", call->proto->name);
	mark_reg_unknown(env, BPF_REG_0);
	r0 = cur_reg_mut(env, BPF_REG_0);
	switch (RET_BASE(ret)) {
	case RET_INTEGER:
		refine_return(call, r0);
		return 0;
	case RET_VOID:
		mark_reg_not_init(env, BPF_REG_0);
		return 0;
	case RET_PTR_TO_MAP_VALUE:
		if (!call->map)
			return verifier_bug(env, "a map value without a map");
		*r0 = reg_pointer(PTR_TO_MAP_VALUE);
		r0->map_idx = call->map_idx;
		r0->map_uid = call->map_uid;
		/* Linux masks the index in the map; ours compare it, which a CPU may guess wrong. */
		env->notes[insn_idx].nospec_result |= !env->bypass_spec;
		if ((ret & RET_MAYBE_NULL) &&
		    !(call->proto->id == BPF_FUNC_map_lookup_elem && call->key_known &&
		      call->key < call->map->max_entries))
			r0->type |= PTR_MAYBE_NULL;
		if ((r0->type & PTR_MAYBE_NULL) || value_has_identity(env, r0))
			r0->id = ++env->id_gen;
		return 0;
	case RET_PTR_TO_SOCK_COMMON:
		return return_socket(env, insn_idx, call, PTR_TO_SOCK_COMMON);
	case RET_PTR_TO_SOCKET:
		return return_socket(env, insn_idx, call, PTR_TO_SOCKET);
	case RET_PTR_TO_TCP_SOCK:
		return return_socket(env, insn_idx, call, PTR_TO_TCP_SOCK);
	case RET_PTR_TO_MEM:
		if (!(ret & RET_MEM_RINGBUF) || !(ret & RET_MAYBE_NULL))
			break;
		*r0 = reg_pointer(PTR_TO_MEM | MEM_RINGBUF | PTR_MAYBE_NULL);
		r0->mem_size = call->mem_size;
		err = ref_acquire(env, insn_idx, 0, &id);
		if (err)
			return err;
		r0->id = id;
		r0->ref_id = id;
		return 0;
	}
	return not_modelled(env, "return value of %s", call->proto->name);
}

/* ---- callbacks -------------------------------------------------------------------------------------- */

/* callback(u64 index, void *ctx) */
static int call_back_loop(struct verifier_env *env, u32 insn_idx, const struct call_site *call)
{
	struct reg_state args[5] = { 0 };

	reg_set_unknown(env, &args[0]);
	args[1] = *cur_reg(env, BPF_REG_3);
	return push_callback(env, insn_idx, call->subprog, args);
}

static bool map_can_be_walked(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_RHASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return true;
	default:
		return false;
	}
}

/* callback(struct bpf_map *map, void *key, void *value, void *ctx) */
static int call_back_elem(struct verifier_env *env, u32 insn_idx, const struct call_site *call)
{
	struct reg_state args[5] = { 0 };

	if (!map_can_be_walked(call->map->type))
		return reject(env, R_MAP_HELPER, -ENOTSUPP_KERNEL,
			      "callback function not allowed for map");
	args[0] = reg_pointer(CONST_PTR_TO_MAP);
	args[1] = reg_pointer(PTR_TO_MAP_KEY);
	args[2] = reg_pointer(PTR_TO_MAP_VALUE);
	for (u32 i = 0; i < 3; i++) {
		args[i].map_idx = call->map_idx;
		args[i].map_uid = call->map_uid;
	}
	/* Each element has its own lock. */
	if (value_has_identity(env, &args[2]))
		args[2].id = ++env->id_gen;
	args[3] = *cur_reg(env, BPF_REG_3);
	return push_callback(env, insn_idx, call->subprog, args);
}

/* A loop whose callback and flags are the same on every visit is written out (fixups.c). */
static int note_loop(struct verifier_env *env, u32 insn_idx, const struct call_site *call)
{
	struct insn_note *note = &env->notes[insn_idx];
	bool plain = reg_is_null(cur_reg(env, BPF_REG_4));
	u32 sub = plain ? call->subprog + 1 : LOOP_ANY;

	note->loop_sub = !note->loop_sub || note->loop_sub == sub ? sub : LOOP_ANY;
	return plain ? mark_precise(env, BPF_REG_4) : 0;
}

static int call_back(struct verifier_env *env, u32 insn_idx, const struct call_site *call)
{
	const struct reg_state *r1;
	int err;

	if (call->proto->id == BPF_FUNC_for_each_map_elem)
		return call_back_elem(env, insn_idx, call);
	if (call->proto->id == BPF_FUNC_timer_set_callback)
		return push_async(env, call->subprog, call->map_idx);
	if (call->proto->id != BPF_FUNC_loop)
		return not_modelled(env, "callbacks of %s", call->proto->name);
	/* The number of calls decides whether the callback is followed once more. */
	r1 = cur_reg(env, BPF_REG_1);
	if (r1->type != SCALAR_VALUE)
		return reject(env, R_ARG_TYPE, -EINVAL, "R1 is not a scalar");
	err = note_loop(env, insn_idx, call);
	if (!err)
		err = mark_precise(env, BPF_REG_1);
	if (err || !callback_wanted(env, scalar_umax(&r1->val)))
		return err;
	return call_back_loop(env, insn_idx, call);
}

static bool takes_callback(const struct helper_proto *proto)
{
	for (u32 i = 0; i < 5; i++) {
		if (ARG_BASE(proto->arg[i]) == ARG_PTR_TO_FUNC)
			return true;
	}
	return false;
}

int check_helper_call(struct verifier_env *env, u32 insn_idx)
{
	struct call_site call = { 0 };
	int err = check_helper_args(env, insn_idx, &call);

	if (!err && call.release_ref)
		err = ref_release(env, call.release_ref);
	if (!err && takes_callback(call.proto))
		err = call_back(env, insn_idx, &call);
	if (!err && call.proto->id == BPF_FUNC_tail_call)
		err = check_tail_call(env, insn_idx, &call);
	if (err)
		return err;
	note_call_map(env, insn_idx, &call);
	for (int r = BPF_REG_0; r <= BPF_REG_5; r++)
		mark_reg_not_init(env, r);
	err = set_return(env, insn_idx, &call);
	/* do_tail_call() follows the way on which the packet was changed. */
	if (!err && call.proto->changes_pkt_data && call.proto->id != BPF_FUNC_tail_call && !zoo(PACKET_KEPT))
		pkt_forget(env, env->cur);
	return err;
}

/* ---- LD_ABS, LD_IND --------------------------------------------------------------------------------- */

/* Reads the packet through r6, as a call would; when there are too few bytes the function returns 0,
 * a path of its own that do_ld_pkt() follows. */
int check_ld_pkt(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	int err;

	if (!env->type->ld_abs)
		return reject(env, R_LD_ABS, -EINVAL,
			      "BPF_LD_[ABS|IND] instructions not allowed for this program type");
	/* A callback's return value means something to its caller. */
	if (in_callback(env))
		return reject(env, R_LD_ABS, -EINVAL, "cannot use BPF_LD_[ABS|IND] within callback");
	err = check_reg_read(env, BPF_REG_6);
	if (!err)
		err = ref_check_leak(env, "BPF_LD_[ABS|IND]");
	if (!err)
		err = check_lock_free(env, "BPF_LD_[ABS|IND]");
	if (err)
		return err;
	if (cur_reg(env, BPF_REG_6)->type != PTR_TO_CTX)
		return reject(env, R_LD_ABS, -EINVAL,
			      "at the time of BPF_LD_ABS|IND R6 != pointer to skb");
	if (info->op == OP_IND)
		err = check_reg_read(env, insn->src_reg);
	if (!err)
		err = check_unmodified(env, BPF_REG_6, false);
	if (err)
		return err;
	for (int r = BPF_REG_1; r <= BPF_REG_5; r++)
		mark_reg_not_init(env, r);
	mark_reg_unknown(env, BPF_REG_0);
	return 0;
}
