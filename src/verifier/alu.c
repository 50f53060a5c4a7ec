/* SPDX-License-Identifier: BSD-2-Clause */
/* alu.c - arithmetic: numbers through scalar.h, pointers by the few operations that keep them
 * pointers, and what a copy or a sum keeps of a number's identity. */
#include "verifier/explore.h"
#include "verifier/zoo.h"

#include <errno.h>

#define MAX_VAR_OFF (1 << 29)

void share_id(struct verifier_env *env, struct reg_state *reg)
{
	/* A constant needs no link: it is known already. */
	if (reg->type == SCALAR_VALUE && !reg->id && !scalar_is_const(&reg->val)) {
		reg->id = ++env->id_gen;
		reg->delta = 0;
	}
}

static const char *op_words(u8 op)
{
	static const char *const words[] = {
		[OP_ADD] = "+=", [OP_SUB] = "-=", [OP_MUL] = "*=",   [OP_DIV] = "/=",	[OP_SDIV] = "s/=",
		[OP_OR] = "|=",	 [OP_AND] = "&=", [OP_LSH] = "<<=",  [OP_RSH] = ">>=",	[OP_MOD] = "%=",
		[OP_SMOD] = "s%=", [OP_XOR] = "^=", [OP_MOV] = "=", [OP_ARSH] = "s>>=", [OP_NEG] = "neg",
	};

	return op < ARRAY_SIZE(words) && words[op] ? words[op] : "?";
}

/* ---- pointers -------------------------------------------------------------------------------- */

/* A number that is added, or a pointer's offset, this far away could wrap round when added to. */
static int check_sane_offset(struct verifier_env *env, const struct reg_state *reg, u32 ptr_type)
{
	s64 val = (s64)reg->val.bits.value, smin = scalar_smin(&reg->val);

	if (zoo(INSANE_OFFSET))
		return 0;
	if (scalar_is_const(&reg->val) && (val >= MAX_VAR_OFF || val <= -MAX_VAR_OFF))
		return reject(env, R_PTR_RANGE, -EINVAL, "math between %s pointer and %lld is not allowed",
			      reg_type_str(ptr_type), (long long)val);
	if (smin == INT64_MIN)
		return reject(env, R_PTR_RANGE, -EINVAL,
			      "math between %s pointer and register with unbounded min value is not allowed",
			      reg_type_str(ptr_type));
	if (smin >= MAX_VAR_OFF || smin <= -MAX_VAR_OFF)
		return reject(env, R_PTR_RANGE, -EINVAL, "value %lld makes %s pointer be out of bounds",
			      (long long)smin, reg_type_str(ptr_type));
	return 0;
}

static int check_sane_pointer(struct verifier_env *env, const struct reg_state *ptr)
{
	s64 smin = scalar_smin(&ptr->val);

	if ((smin < MAX_VAR_OFF && smin > -MAX_VAR_OFF) || zoo(INSANE_OFFSET))
		return 0;
	return reject(env, R_PTR_RANGE, -EINVAL, "%s pointer offset %lld is not allowed",
		      reg_type_str(ptr->type), (long long)smin);
}

static int check_ptr_kind(struct verifier_env *env, u8 dst, const struct reg_state *ptr,
			  const struct reg_state *off, u8 op)
{
	if ((ptr->type & PTR_MAYBE_NULL) && !zoo(OR_NULL_ARITH))
		return reject(env, R_PTR_ARITH, -EACCES,
			      "R%d pointer arithmetic on %s prohibited, null-check it first", dst,
			      reg_type_str(ptr->type));
	switch (reg_base_type(ptr)) {
	case PTR_TO_CTX:
	case PTR_TO_MAP_VALUE:
	case PTR_TO_MAP_KEY:
	case PTR_TO_STACK:
	case PTR_TO_PACKET_META:
	case PTR_TO_PACKET:
	case PTR_TO_MEM:
	case PTR_TO_TP_BUFFER:
		return 0;
	case PTR_TO_FLOW_KEYS:
		if (scalar_is_const(&off->val))
			return 0;
		break;
	case CONST_PTR_TO_MAP:
		if (op == OP_ADD && scalar_is_const(&off->val) && !off->val.bits.value)
			return 0;
		break;
	}
	return reject(env, R_PTR_ARITH, -EACCES, "R%d pointer arithmetic on %s prohibited", dst,
		      reg_type_str(ptr->type));
}

static int check_ptr_op(struct verifier_env *env, u8 dst, const struct reg_state *ptr, bool ptr_is_dst,
			u8 op)
{
	switch (op) {
	case OP_ADD:
		return 0;
	case OP_SUB:
		if (!ptr_is_dst)
			return reject(env, R_PTR_ARITH, -EACCES, "R%d tried to subtract pointer from scalar",
				      dst);
		/* Frame offsets only go down from r10 by adding negative numbers. */
		if (ptr->type == PTR_TO_STACK)
			return reject(env, R_PTR_ARITH, -EACCES,
				      "R%d subtraction from stack pointer prohibited", dst);
		return 0;
	case OP_AND:
	case OP_OR:
	case OP_XOR:
		return reject(env, R_PTR_ARITH, -EACCES, "R%d bitwise operator %s on pointer prohibited", dst,
			      op_words(op));
	default:
		return reject(env, R_PTR_ARITH, -EACCES,
			      "R%d pointer arithmetic with %s operator prohibited", dst, op_words(op));
	}
}

static bool is_packet(const struct reg_state *reg)
{
	u32 base = reg_base_type(reg);

	return base == PTR_TO_PACKET || base == PTR_TO_PACKET_META;
}

/*
 * A packet pointer moved by a known number keeps its anchor; moved by an unknown one it gets a new
 * anchor, of which nothing is known to exist.
 */
static int move_packet(struct verifier_env *env, struct reg_state *ptr, const struct reg_state *off, u8 op)
{
	s64 at;

	/* V-15: moved, it is no longer where it was compared. */
	if (ptr->range < 0 && !zoo(PKT_END_KEPT))
		ptr->range = 0;
	if (!scalar_is_const(&off->val)) {
		ptr->id = ++env->id_gen;
		ptr->range = 0;
		return 0;
	}
	at = op == OP_ADD ? ptr->pkt_off + (s64)off->val.bits.value : ptr->pkt_off - (s64)off->val.bits.value;
	if (at <= -MAX_VAR_OFF || at >= MAX_VAR_OFF)
		return reject(env, R_PTR_RANGE, -EINVAL, "%s pointer offset %lld is not allowed",
			      reg_type_str(ptr->type), (long long)at);
	ptr->pkt_off = at;
	return 0;
}

/* @dst = @ptr OP @off; both are copies. The number is relied on: it decides where the pointer goes. */
static int move_pointer(struct verifier_env *env, u8 dst, struct reg_state ptr, struct reg_state off,
			bool ptr_is_dst, u8 op)
{
	struct reg_state was = ptr;
	struct ptr_move move = { .ptr = &was, .off = &off, .ptr_is_dst = ptr_is_dst, .op = op };
	int err = check_ptr_kind(env, dst, &ptr, &off, op);

	if (!err)
		err = check_sane_offset(env, &off, ptr.type);
	if (!err)
		err = check_sane_pointer(env, &ptr);
	if (!err && (op == OP_ADD || op == OP_SUB))
		err = spec_before_move(env, &move);
	if (!err)
		err = check_ptr_op(env, dst, &ptr, ptr_is_dst, op);
	if (!err && is_packet(&ptr))
		err = move_packet(env, &ptr, &off, op);
	if (err)
		return err;
	ptr.val = scalar_alu(op, true, &ptr.val, &off.val);
	err = check_sane_pointer(env, &ptr);
	if (err)
		return err;
	*cur_reg_mut(env, dst) = ptr;
	return spec_after_move(env, &move);
}

/* ---- numbers ------------------------------------------------------------------------------------ */

/* rX += const keeps the link to the numbers that rX was linked with, at a new distance. */
static void keep_link(struct reg_state *res, const struct reg_state *dst, const struct reg_state *src, u8 op,
		      bool is64)
{
	s64 delta;

	if (!dst->id || !is64 || (op != OP_ADD && op != OP_SUB) || !scalar_is_const(&src->val))
		return;
	delta = (s64)src->val.bits.value;
	if (delta < INT32_MIN / 2 || delta > INT32_MAX / 2)
		return;
	delta = dst->delta + (op == OP_ADD ? delta : -delta);
	if (delta < INT32_MIN || delta > INT32_MAX)
		return;
	res->id = dst->id;
	res->delta = delta;
}

static int number_op(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info,
		     const struct reg_state *src)
{
	struct reg_state dst = *cur_reg(env, insn->dst_reg), res;
	bool is64 = info->size == 8;
	int err = spec_number(env, info->op);

	if (err)
		return err;
	res = reg_number(scalar_alu(info->op, is64, &dst.val, &src->val));
	/* V-14: with rX += rX the "constant" would be rX itself; it has no fixed distance. */
	if (!(info->uses & USE_SRC) || insn->src_reg != insn->dst_reg)
		keep_link(&res, &dst, src, info->op, is64);
	*cur_reg_mut(env, insn->dst_reg) = res;
	return 0;
}

static int do_mov(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	struct reg_state reg;

	if (!(info->uses & USE_SRC)) {
		bool wide = info->size == 8 || zoo(SIGNED_MOV32);

		mark_reg_known(env, insn->dst_reg, wide ? (u64)(s64)insn->imm : (u32)insn->imm);
		return 0;
	}
	if (info->size == 8) {
		share_id(env, cur_reg_mut(env, insn->src_reg));
		*cur_reg_mut(env, insn->dst_reg) = *cur_reg(env, insn->src_reg);
		return 0;
	}
	if (is_pointer_value(env, insn->src_reg) && !zoo(MOV32_LEAK))
		return reject(env, R_POINTER_LEAK, -EACCES, "R%d partial copy of pointer", insn->src_reg);
	reg = *cur_reg(env, insn->src_reg);
	if (reg.type != SCALAR_VALUE) {
		/* Half of an address is a number like any other. */
		reg = reg_number(scalar_unknown());
		reg.val = scalar_zext32(&reg.val);
	} else if (scalar_umax(&reg.val) <= UINT32_MAX) {
		share_id(env, cur_reg_mut(env, insn->src_reg));
		reg = *cur_reg(env, insn->src_reg);
	} else {
		reg = reg_number(scalar_zext32(&reg.val));
	}
	*cur_reg_mut(env, insn->dst_reg) = reg;
	return 0;
}

static int check_constants(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	if (info->uses & USE_SRC)
		return 0;
	switch (info->op) {
	case OP_DIV:
	case OP_SDIV:
	case OP_MOD:
	case OP_SMOD:
		return insn->imm ? 0 : reject(env, R_DIV_ZERO, -EINVAL, "div by zero");
	case OP_LSH:
	case OP_RSH:
	case OP_ARSH:
		if (insn->imm >= 0 && insn->imm < info->size * 8)
			return 0;
		return reject(env, R_SHIFT, -EINVAL, "invalid shift %d", insn->imm);
	default:
		return 0;
	}
}

/* At least one of the two is a pointer. */
static int pointer_op(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info,
		      const struct reg_state *src)
{
	struct reg_state dst = *cur_reg(env, insn->dst_reg);
	int err;

	if (dst.type != SCALAR_VALUE && src->type != SCALAR_VALUE) {
		/* The distance of two addresses is a number. */
		if (info->op == OP_SUB && env->allow_ptr_leaks) {
			mark_reg_unknown(env, insn->dst_reg);
			if (info->size == 4)
				cur_reg_mut(env, insn->dst_reg)->val = scalar_zext32(&cur_reg(env, insn->dst_reg)->val);
			return 0;
		}
		return reject(env, R_PTR_ARITH, -EACCES, "R%d pointer %s pointer prohibited", insn->dst_reg,
			      op_words(info->op));
	}
	if (info->size == 4) {
		if (info->op == OP_SUB && env->allow_ptr_leaks) {
			*cur_reg_mut(env, insn->dst_reg) = reg_number(scalar_unknown());
			cur_reg_mut(env, insn->dst_reg)->val = scalar_zext32(&cur_reg(env, insn->dst_reg)->val);
			return 0;
		}
		return reject(env, R_PTR_ARITH, -EACCES, "R%d 32-bit pointer arithmetic prohibited",
			      insn->dst_reg);
	}
	if (dst.type == SCALAR_VALUE) {
		err = mark_precise(env, insn->dst_reg);
		return err ? err : move_pointer(env, insn->dst_reg, *src, dst, false, info->op);
	}
	if (info->uses & USE_SRC) {
		err = mark_precise(env, insn->src_reg);
		if (err)
			return err;
	}
	return move_pointer(env, insn->dst_reg, dst, *src, true, info->op);
}

static int reject_number_use(struct verifier_env *env, int regno)
{
	return reject(env, R_POINTER_LEAK, -EACCES, "R%d pointer arithmetic prohibited", regno);
}

static int do_neg(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	struct reg_state reg = *cur_reg(env, insn->dst_reg);
	struct scalar unknown = scalar_unknown();

	if (is_pointer_value(env, insn->dst_reg))
		return reject_number_use(env, insn->dst_reg);
	if (reg.type != SCALAR_VALUE)
		reg.val = unknown;
	*cur_reg_mut(env, insn->dst_reg) =
		reg_number(scalar_alu(OP_NEG, info->size == 8, &reg.val, &reg.val));
	return 0;
}

int do_alu(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	struct reg_state src;
	int err;

	if (info->uses & USE_SRC) {
		err = check_reg_read(env, insn->src_reg);
		if (err)
			return err;
	}
	if (info->op != OP_MOV) {
		err = check_reg_read(env, insn->dst_reg);
		if (err)
			return err;
	}
	err = check_constants(env, insn, info);
	if (!err)
		err = check_reg_write(env, insn->dst_reg);
	if (err)
		return err;
	if (info->op == OP_MOV)
		return do_mov(env, insn, info);
	if (info->op == OP_NEG)
		return do_neg(env, insn, info);
	if (info->uses & USE_SRC)
		src = *cur_reg(env, insn->src_reg);
	else
		src = reg_number(scalar_const((s64)insn->imm));
	if (cur_reg(env, insn->dst_reg)->type != SCALAR_VALUE || src.type != SCALAR_VALUE)
		return pointer_op(env, insn, info, &src);
	return number_op(env, insn, info, &src);
}

int do_movsx(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	struct reg_state reg;
	struct scalar res;
	int err = check_reg_read(env, insn->src_reg);

	if (!err)
		err = check_reg_write(env, insn->dst_reg);
	if (err)
		return err;
	if (is_pointer_value(env, insn->src_reg))
		return reject(env, R_POINTER_LEAK, -EACCES,
			      info->size == 8 ? "R%d sign-extension part of pointer" :
						"R%d partial copy of pointer",
			      insn->src_reg);
	reg = *cur_reg(env, insn->src_reg);
	if (reg.type != SCALAR_VALUE)
		reg = reg_number(scalar_unknown());
	res = scalar_movsx(info->op, info->size == 8, &reg.val);
	/* When nothing was cut off both are one number. */
	if (info->size == 8 && reg.type == SCALAR_VALUE && scalar_equal(&res, &reg.val) &&
	    cur_reg(env, insn->src_reg)->type == SCALAR_VALUE && scalar_smin(&reg.val) >= 0 &&
	    scalar_smax(&reg.val) <= INT8_MAX) {
		share_id(env, cur_reg_mut(env, insn->src_reg));
		*cur_reg_mut(env, insn->dst_reg) = *cur_reg(env, insn->src_reg);
		return 0;
	}
	*cur_reg_mut(env, insn->dst_reg) = reg_number(res);
	return 0;
}

int do_endian(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info)
{
	struct reg_state reg;
	int err = check_reg_read(env, insn->dst_reg);

	if (!err)
		err = check_reg_write(env, insn->dst_reg);
	if (err)
		return err;
	if (is_pointer_value(env, insn->dst_reg))
		return reject_number_use(env, insn->dst_reg);
	reg = *cur_reg(env, insn->dst_reg);
	if (reg.type != SCALAR_VALUE)
		reg = reg_number(scalar_unknown());
	*cur_reg_mut(env, insn->dst_reg) = reg_number(scalar_endian(info->op, info->size, true, &reg.val));
	return 0;
}
