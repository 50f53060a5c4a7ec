/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mem.c - may this insn touch that memory, and what does a load leave in its register. One entry,
 * check_mem_access(), with an arm a pointer type; check_helper_mem_access() is its twin for memory
 * that a helper touches. A pointer's scalar is its whole offset from the start of its object.
 */
#include "verifier/checks.h"
#include "verifier/zoo.h"

#include <errno.h>

#define MAX_VAR_OFF (1 << 29)

/* ---- bounds -------------------------------------------------------------------------------- */

static int reject_bounds(struct verifier_env *env, const struct reg_state *reg, int regno, s64 off,
			 u32 size, u32 mem_size)
{
	switch (reg_base_type(reg)) {
	case PTR_TO_MAP_KEY:
		return reject(env, R_MAP_KEY_BOUNDS, -EACCES,
			      "invalid access to map key, key_size=%d off=%d size=%d", mem_size,
			      (int)off, size);
	case PTR_TO_MAP_VALUE:
		return reject(env, R_MAP_VALUE_BOUNDS, -EACCES,
			      "invalid access to map value, value_size=%d off=%d size=%d", mem_size,
			      (int)off, size);
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
	case PTR_TO_PACKET_END:
		return reject(env, R_PACKET_BOUNDS, -EACCES,
			      "invalid access to packet, off=%d size=%d, R%d(id=%d,off=%d,r=%d)",
			      (int)off, size, regno, reg->id, (int)off, mem_size);
	case PTR_TO_CTX:
		return reject(env, R_CTX_ACCESS, -EACCES,
			      "invalid access to context, ctx_size=%d off=%d size=%d", mem_size,
			      (int)off, size);
	default:
		return reject(env, R_MEM_BOUNDS, -EACCES,
			      "invalid access to memory, mem_size=%u off=%d size=%d", mem_size,
			      (int)off, size);
	}
}

/* [off, off + size) inside [0, mem_size). An empty access is inside when that is allowed. */
static int check_const_bounds(struct verifier_env *env, const struct reg_state *reg, int regno,
			      s64 off, u32 size, u32 mem_size, bool zero_ok)
{
	if (off >= 0 && (size || zero_ok) && (u64)off + size <= mem_size)
		return 0;
	return reject_bounds(env, reg, regno, off, size, mem_size);
}

/*
 * Both ends of the offset's range must be inside: what lies between then is, too. The lower end is
 * taken signed and the upper one unsigned; with a lower end that is not negative the signed and
 * the unsigned upper end agree, or the unsigned one is too large and refused. A known offset has one end, and may be below 0 where the
 * insn's own makes up for it: "r9 += -1; r1 = *(u8 *)(r9 + 3)".
 */
int check_region(struct verifier_env *env, int regno, s32 off, u32 size, u32 mem_size, bool zero_ok)
{
	const struct reg_state *reg = cur_reg(env, regno);
	s64 smin = scalar_smin(&reg->val);
	u64 umax = scalar_umax(&reg->val);
	int err;

	if (smin < 0 && (smin < INT32_MIN || smin + off < 0))
		return reject(env, R_MIN_NEGATIVE, -EACCES,
			      "R%d min value is negative, either use unsigned index or do a if (index >=0) check.",
			      regno);
	/* A lower end out of reach above is the same error as an upper one. */
	if (smin > INT32_MAX)
		return reject(env, R_UNBOUNDED, -EACCES,
			      "R%d unbounded memory access, make sure to bounds check any such access",
			      regno);
	err = check_const_bounds(env, reg, regno, smin + off, size, mem_size, zero_ok);
	if (err) {
		log_printf(env, VLOG_MASK, "R%d min value is outside of the allowed memory range\n",
			   regno);
		return err;
	}
	if (umax >= MAX_VAR_OFF && !scalar_is_const(&reg->val))
		return reject(env, R_UNBOUNDED, -EACCES,
			      "R%d unbounded memory access, make sure to bounds check any such access",
			      regno);
	err = check_const_bounds(env, reg, regno, umax + off, size, mem_size, zero_ok);
	if (err)
		log_printf(env, VLOG_MASK, "R%d max value is outside of the allowed memory range\n",
			   regno);
	return err;
}

/* For pointers that may be used only as they came. */
int check_unmodified(struct verifier_env *env, int regno, bool fixed_off_ok)
{
	const struct reg_state *reg = cur_reg(env, regno);
	s64 off = scalar_smin(&reg->val);
	char buf[64];

	if (!scalar_is_const(&reg->val))
		return reject(env, R_MODIFIED_PTR, -EACCES, "variable %s access var_off=%s disallowed",
			      reg_type_str(reg->type), tnum_str(buf, sizeof(buf), reg->val.bits));
	if (off < 0)
		return reject(env, R_MODIFIED_PTR, -EACCES,
			      "negative offset %s ptr R%d off=%lld disallowed",
			      reg_type_str(reg->type), regno, (long long)off);
	if (!fixed_off_ok && off)
		return reject(env, R_MODIFIED_PTR, -EACCES,
			      "dereference of modified %s ptr R%d off=%lld disallowed",
			      reg_type_str(reg->type), regno, (long long)off);
	return 0;
}

/* ---- alignment -------------------------------------------------------------------------------- */

static const char *align_words(u32 base_type)
{
	switch (base_type) {
	case PTR_TO_MAP_KEY:
		return "key ";
	case PTR_TO_MAP_VALUE:
		return "value ";
	case PTR_TO_CTX:
		return "context ";
	case PTR_TO_STACK:
		return "stack ";
	case PTR_TO_SOCKET:
		return "sock ";
	case PTR_TO_SOCK_COMMON:
		return "sock_common ";
	case PTR_TO_TCP_SOCK:
		return "tcp_sock ";
	case PTR_TO_XDP_SOCK:
		return "xdp_sock ";
	case PTR_TO_FLOW_KEYS:
		return "flow keys ";
	default:
		return "";
	}
}

static bool bits_aligned(struct tnum bits, s64 add, u32 size)
{
	/* The bits below log2(size) of a sum depend on those of the operands only; they are all known
	 * to be 0 when the operand's are known and the sum of the known ones has them 0. */
	return !(bits.mask & (size - 1)) && !((bits.value + (u64)add) & (size - 1));
}

int check_alignment(struct verifier_env *env, int regno, s32 off, u32 size, bool strict)
{
	/* An Ethernet header of 14 bytes is put 2 bytes past a word so that IP is aligned. */
	enum { IP_ALIGN = 2 };
	const struct reg_state *reg = cur_reg(env, regno);
	u32 base = reg_base_type(reg);
	char buf[64];

	strict |= env->strict_alignment;
	if (base == PTR_TO_STACK && !zoo(STACK_UNALIGNED))
		strict = true; /* spilled registers are tracked by aligned slots */
	if (base == PTR_TO_MAP_VALUE && reg_map(env, reg)->type == BPF_MAP_TYPE_INSN_ARRAY)
		strict = true; /* an address is whole */
	if (!strict || size == 1)
		return 0;
	if (base == PTR_TO_PACKET || base == PTR_TO_PACKET_META) {
		if (bits_aligned(reg->val.bits, (s64)off + IP_ALIGN, size))
			return 0;
		return reject(env, R_MISALIGNED, -EACCES,
			      "misaligned packet access off %d+%s+%d size %d", IP_ALIGN,
			      tnum_str(buf, sizeof(buf), reg->val.bits), off, size);
	}
	if (bits_aligned(reg->val.bits, off, size))
		return 0;
	return reject(env, R_MISALIGNED, -EACCES, "misaligned %saccess off %s+%d size %d",
		      align_words(base), tnum_str(buf, sizeof(buf), reg->val.bits), off, size);
}

/* ---- map values ------------------------------------------------------------------------------- */

static int check_map_direction(struct verifier_env *env, const struct reg_state *reg, s32 off,
			       u32 size, bool write)
{
	const struct map_desc *map = reg_map(env, reg);
	long long at = scalar_smin(&reg->val) + off;

	if (write && (map->map_flags & BPF_F_RDONLY_PROG))
		return reject(env, R_MAP_READ_ONLY, -EACCES,
			      "write into map forbidden, value_size=%d off=%lld size=%d",
			      map->value_size, at, size);
	if (!write && (map->map_flags & BPF_F_WRONLY_PROG))
		return reject(env, R_MAP_WRITE_ONLY, -EACCES,
			      "read from map forbidden, value_size=%d off=%lld size=%d",
			      map->value_size, at, size);
	return 0;
}

/* @acc NULL: a helper's access. */
static int check_map_value(struct verifier_env *env, const struct mem_access *acc, int regno, s32 off, u32 size,
			   bool zero_ok)
{
	const struct reg_state *reg = cur_reg(env, regno);
	const struct map_desc *map = reg_map(env, reg);
	bool insns = map->type == BPF_MAP_TYPE_INSN_ARRAY;
	u32 room = insns ? map->max_entries * INSN_ADDR_SIZE : map->value_size;
	int err = insns && map->max_entries > UINT32_MAX / INSN_ADDR_SIZE ?
			  not_modelled(env, "a jump table of %u entries", map->max_entries) :
			  check_region(env, regno, off, size, room, zero_ok);

	if (err)
		return err;
	return check_map_fields(env, map, acc, scalar_smin(&reg->val) + off,
				(s64)scalar_umax(&reg->val) + off + size);
}

static int check_stored_leak(struct verifier_env *env, const struct mem_access *acc, const char *where)
{
	return acc->write && acc->value_regno >= 0 ? check_leak(env, acc->value_regno, where) : 0;
}

/* An address of an insn, of which all is known that was of its place in the table (V-21). */
static int load_insn_address(struct verifier_env *env, const struct mem_access *acc)
{
	struct reg_state reg = *cur_reg(env, acc->regno);
	struct scalar off = scalar_const((s64)acc->off);

	if (acc->size != INSN_ADDR_SIZE)
		return reject(env, R_GOTOX, -EACCES, "Invalid read of %d bytes from insn_array", acc->size);
	reg.type = PTR_TO_INSN;
	reg.val = scalar_alu(OP_ADD, true, &reg.val, &off);
	*cur_reg_mut(env, acc->value_regno) = reg;
	return 0;
}

static int map_value_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct reg_state *reg = cur_reg(env, acc->regno);
	const struct map_desc *map = reg_map(env, reg);
	s64 at = scalar_smin(&reg->val) + acc->off;
	u64 known;
	int err = check_stored_leak(env, acc, "into map");

	if (!err)
		err = check_map_direction(env, reg, acc->off, acc->size, acc->write);
	if (!err)
		err = check_map_value(env, acc, acc->regno, acc->off, acc->size, false);
	if (!err && scalar_is_const(&reg->val) && pointer_field_at(map, at))
		return check_pointer_access(env, pointer_field_at(map, at), acc);
	if (err || acc->write || acc->value_regno < 0)
		return err;
	if (map->type == BPF_MAP_TYPE_INSN_ARRAY)
		return load_insn_address(env, acc);
	if (scalar_is_const(&reg->val) && map_const_load(map, at, acc->size, acc->sign, &known))
		mark_reg_known(env, acc->value_regno, known);
	else
		mark_reg_unknown(env, acc->value_regno);
	return 0;
}

/* ---- one access of an insn --------------------------------------------------------------------- */

static int mem_region_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct reg_state *reg = cur_reg(env, acc->regno);
	int err;

	if (acc->write && (reg->type & MEM_RDONLY))
		return reject(env, R_MEM_READ_ONLY, -EACCES, "R%d cannot write into %s", acc->regno,
			      reg_type_str(reg->type));
	err = check_stored_leak(env, acc, "into mem");
	if (!err)
		err = check_region(env, acc->regno, acc->off, acc->size, reg->mem_size, false);
	if (!err && !acc->write && acc->value_regno >= 0)
		mark_reg_unknown(env, acc->value_regno);
	return err;
}

static int map_key_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct map_desc *map = reg_map(env, cur_reg(env, acc->regno));
	int err;

	if (acc->write)
		return reject(env, R_MEM_READ_ONLY, -EACCES, "write to change key R%d not allowed",
			      acc->regno);
	err = check_region(env, acc->regno, acc->off, acc->size, map->key_size, false);
	if (!err && acc->value_regno >= 0)
		mark_reg_unknown(env, acc->value_regno);
	return err;
}

/*
 * A narrow load leaves the upper bits 0, or a copy of its sign. The register holds what the arm
 * above knew, which for constants is the narrow value already.
 */
static void narrow_loaded(struct verifier_env *env, const struct mem_access *acc)
{
	struct reg_state *reg;

	if (acc->write || acc->value_regno < 0 || acc->size == 8)
		return;
	reg = cur_reg_mut(env, acc->value_regno);
	if (reg->type != SCALAR_VALUE)
		return;
	reg->val = acc->sign ? scalar_sext(&reg->val, acc->size) : scalar_trunc(&reg->val, acc->size);
}

/* The kernel's structure behind a map, by which Linux calls the pointer. */
static const char *map_struct(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return "bpf_htab";
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PROG_ARRAY:
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
	case BPF_MAP_TYPE_CGROUP_ARRAY:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
		return "bpf_array";
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF:
		return "bpf_ringbuf_map";
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
		return "bpf_queue_stack";
	case BPF_MAP_TYPE_LPM_TRIE:
		return "lpm_trie";
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return "bpf_bloom_filter";
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
		return "bpf_dtab";
	case BPF_MAP_TYPE_CPUMAP:
		return "bpf_cpu_map";
	case BPF_MAP_TYPE_XSKMAP:
		return "xsk_map";
	case BPF_MAP_TYPE_STACK_TRACE:
		return "bpf_stack_map";
	default:
		return "bpf_map";
	}
}

static int dispatch_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct reg_state *reg = cur_reg(env, acc->regno);
	int err;

	/* A pointer that may be NULL, whatever else it is, is no address yet. */
	if (!(reg->type & PTR_MAYBE_NULL)) {
		switch (reg_base_type(reg)) {
		case PTR_TO_MAP_KEY:
			return map_key_access(env, acc);
		case PTR_TO_MAP_VALUE:
			return map_value_access(env, acc);
		case PTR_TO_MEM:
			return mem_region_access(env, acc);
		case PTR_TO_CTX:
			err = check_stored_leak(env, acc, "into ctx");
			return err ? err : ctx_access(env, acc);
		case PTR_TO_STACK:
			return stack_access(env, acc);
		case PTR_TO_PACKET:
		case PTR_TO_PACKET_META:
			if (!acc->write || env->type->pkt_write) {
				err = check_stored_leak(env, acc, "into packet");
				if (err)
					return err;
			}
			return pkt_access(env, acc);
		case PTR_TO_SOCK_COMMON:
		case PTR_TO_SOCKET:
		case PTR_TO_TCP_SOCK:
		case PTR_TO_XDP_SOCK:
			return sock_access(env, acc);
		case PTR_TO_FLOW_KEYS:
			err = check_stored_leak(env, acc, "into flow keys");
			return err ? err : flow_keys_access(env, acc);
		case PTR_TO_TP_BUFFER:
			err = check_stored_leak(env, acc, "into mem");
			return err ? err : tp_buffer_access(env, acc);
		case CONST_PTR_TO_MAP:
			if (!env->allow_ptr_leaks)
				return reject(env, R_CAPABILITY, -EPERM,
					      "'struct %s' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN",
					      map_struct(reg_map(env, reg)->type));
			if (acc->write)
				return reject(env, R_MAP_PTR_ACCESS, -EACCES,
					      "only read from %s is supported",
					      map_struct(reg_map(env, reg)->type));
			return not_modelled(env, "reading fields of struct bpf_map through R%d",
					    acc->regno);
		}
	}
	return reject(env, R_INVALID_MEM, -EACCES, "R%d invalid mem access '%s'", acc->regno,
		      reg_type_str(reg->type));
}

/* Accesses through a view are rewritten, so an insn uses the same one on every visit. */
static int note_pointer(struct verifier_env *env, u8 view)
{
	struct insn_note *note = &env->notes[env->insn_idx];
	bool same = note->on_view ? note->on_view == view : !view || !note->on_other;

	note->on_view |= view;
	note->on_other |= !view;
	if (!same)
		return reject(env, R_MIXED_POINTERS, -EINVAL,
			      "same insn cannot be used with different pointers");
	return 0;
}

int check_mem_access(struct verifier_env *env, const struct mem_access *acc)
{
	/* The load may overwrite its own address. */
	u8 view = view_of_pointer(reg_base_type(cur_reg(env, acc->regno)));
	int err = check_alignment(env, acc->regno, acc->off, acc->size, acc->strict);

	if (!err)
		err = dispatch_access(env, acc);
	if (err)
		return err;
	narrow_loaded(env, acc);
	return note_pointer(env, view);
}

/* ---- atomics ------------------------------------------------------------------------------------ */

/* Memory that others may see change in the middle of an insn, or that is not what it seems. */
static bool atomic_memory(const struct reg_state *reg)
{
	switch (reg_base_type(reg)) {
	case PTR_TO_CTX:
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
	case PTR_TO_SOCK_COMMON:
	case PTR_TO_SOCKET:
	case PTR_TO_TCP_SOCK:
	case PTR_TO_XDP_SOCK:
	case PTR_TO_FLOW_KEYS:
		return false;
	default:
		return true;
	}
}

static int reject_atomic(struct verifier_env *env, int regno, bool load)
{
	return reject(env, R_ATOMIC_MEMORY, -EACCES,
		      load ? "BPF_ATOMIC loads from R%d %s is not allowed" :
			     "BPF_ATOMIC stores into R%d %s is not allowed",
		      regno, reg_type_str(cur_reg(env, regno)->type));
}

static int check_load_acquire(struct verifier_env *env, const struct bpf_insn *insn, u32 size)
{
	int err = check_reg_read(env, insn->src_reg);

	if (err)
		return err;
	err = check_reg_write(env, insn->dst_reg);
	if (err)
		return err;
	if (!atomic_memory(cur_reg(env, insn->src_reg)))
		return reject_atomic(env, insn->src_reg, true);
	return check_mem_access(env, &(struct mem_access){ .regno = insn->src_reg,
							   .off = insn->off,
							   .size = size,
							   .value_regno = insn->dst_reg,
							   .strict = true,
							   .atomic = true });
}

static int check_store_release(struct verifier_env *env, const struct bpf_insn *insn, u32 size)
{
	int err = check_reg_read(env, insn->src_reg);

	if (!err)
		err = check_reg_read(env, insn->dst_reg);
	if (err)
		return err;
	if (!atomic_memory(cur_reg(env, insn->dst_reg)))
		return reject_atomic(env, insn->dst_reg, false);
	return check_mem_access(env, &(struct mem_access){ .regno = insn->dst_reg,
							   .off = insn->off,
							   .size = size,
							   .value_regno = insn->src_reg,
							   .write = true,
							   .strict = true,
							   .atomic = true });
}

/* The register that gets the old value, -1 when none does. */
static int fetch_reg(const struct bpf_insn *insn, u8 op)
{
	if (op == OP_CMPXCHG)
		return BPF_REG_0;
	return op >= OP_FETCH_ADD && op <= OP_XCHG ? insn->src_reg : -1;
}

/*
 * Read, then written with what is not known. The old value is marked before the memory is looked
 * at, so "r1 = atomic_fetch_add(r1 + 0, r1)" finds no pointer in r1 and is refused.
 */
static int check_rmw(struct verifier_env *env, const struct bpf_insn *insn, u8 op, u32 size)
{
	struct mem_access acc = { .regno = insn->dst_reg, .off = insn->off, .size = size,
				  .value_regno = -1, .strict = true, .atomic = true };
	int old = fetch_reg(insn, op), err;

	if (size < 4)
		return reject(env, R_OPCODE, -EINVAL, "invalid atomic operand size");
	err = check_reg_read(env, insn->src_reg);
	if (!err)
		err = check_reg_read(env, insn->dst_reg);
	if (!err && op == OP_CMPXCHG) {
		err = check_reg_read(env, BPF_REG_0);
		if (!err)
			err = check_leak(env, BPF_REG_0, "into mem");
	}
	if (!err)
		err = check_leak(env, insn->src_reg, "into mem");
	if (err)
		return err;
	if (!atomic_memory(cur_reg(env, insn->dst_reg)))
		return reject_atomic(env, insn->dst_reg, false);
	if (old >= 0) {
		err = check_reg_write(env, old);
		if (err)
			return err;
		mark_reg_unknown(env, old);
	}
	err = check_mem_access(env, &acc);
	if (!err && old >= 0) {
		acc.value_regno = old;
		err = check_mem_access(env, &acc);
	}
	if (err)
		return err;
	acc.value_regno = -1;
	acc.write = true;
	return check_mem_access(env, &acc);
}

int check_atomic(struct verifier_env *env, const struct bpf_insn *insn, enum insn_form form)
{
	const struct insn_info *info = &insn_infos[form];

	if (info->op == OP_LOAD_ACQ)
		return check_load_acquire(env, insn, info->size);
	if (info->op == OP_STORE_REL)
		return check_store_release(env, insn, info->size);
	return check_rmw(env, insn, info->op, info->size);
}

/* ---- memory that a helper or a callee touches ---------------------------------------------------- */

int check_helper_mem(struct verifier_env *env, int regno, u32 size, bool write, bool zero_ok,
		     struct call_site *call)
{
	const struct reg_state *reg = cur_reg(env, regno);
	const struct map_desc *map;
	int err;

	if (reg->type & PTR_MAYBE_NULL)
		return reject(env, R_ARG_TYPE, -EACCES, "R%d type=%s expected=%s", regno,
			      reg_type_str(reg->type), reg_type_str(PTR_TO_STACK));
	switch (reg_base_type(reg)) {
	case PTR_TO_PACKET:
	case PTR_TO_PACKET_META:
		if (write && !env->type->pkt_write)
			return reject(env, R_PACKET_WRITE, -EACCES, "cannot write into packet");
		return check_packet(env, regno, 0, size, zero_ok);
	case PTR_TO_MAP_KEY:
		if (write)
			break;
		map = reg_map(env, reg);
		return check_region(env, regno, 0, size, map->key_size, false);
	case PTR_TO_MAP_VALUE:
		if (reg_map(env, reg)->type == BPF_MAP_TYPE_INSN_ARRAY)
			return not_modelled(env, "addresses of instructions as memory of a helper");
		err = check_map_direction(env, reg, 0, size, write && !zoo(HELPER_WRITES_RDONLY));
		return err ? err : check_map_value(env, NULL, regno, 0, size, zero_ok);
	case PTR_TO_MEM:
		if (write && (reg->type & MEM_RDONLY))
			break;
		return check_region(env, regno, 0, size, reg->mem_size, zero_ok);
	case PTR_TO_STACK:
		return check_stack_range(env, regno, 0, size, zero_ok, write, call);
	case SCALAR_VALUE:
		/* An empty range needs no memory, so NULL will do. */
		if (zero_ok && !size && reg_is_null(reg))
			return 0;
		return reject(env, R_ARG_TYPE, -EACCES, "R%d type=%s expected=%s", regno,
			      reg_type_str(reg->type), reg_type_str(PTR_TO_STACK));
	default:
		return reject(env, R_ARG_TYPE, -EACCES, "R%d type=%s expected=%s", regno,
			      reg_type_str(reg->type), reg_type_str(PTR_TO_STACK));
	}
	return reject(env, R_MEM_READ_ONLY, -EACCES, "R%d cannot write into %s", regno,
		      reg_type_str(reg->type));
}
