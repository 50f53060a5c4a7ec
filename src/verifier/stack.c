/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack.c - what is known of stack memory: spills and fills, bytes written one by one, variable
 * offsets, and what helpers and callees read and write.
 *
 * With CAP_PERFMON reading stack that was never written is allowed and gives an unknown number, as in
 * Linux; without it, it might be what another program left there.
 */
#include "verifier/explore.h"

#include <errno.h>
#include <stdio.h>

/* ---- bounds --------------------------------------------------------------------------------- */

/* All of [off, off + size) from every possible offset lies within the frame, or, for who may not read
 * what was never written, within the part used so far. An access of nothing is fine anywhere in it. */
static int check_bounds(struct verifier_env *env, int regno, s32 off, u32 size, bool write)
{
	const struct reg_state *reg = cur_reg(env, regno);
	s64 min = scalar_smin(&reg->val), max = scalar_smax(&reg->val);
	bool fixed = scalar_is_const(&reg->val);
	const char *why = write ? " write to" : " read from";
	s64 lowest = write || env->allow_ptr_leaks ? -MAX_BPF_STACK :
						     -8 * (s64)env->cur->frame[reg->frame]->slot_cnt;
	char name[8], buf[64];
	int err;

	snprintf(name, sizeof(name), "R%d", regno);
	if (!fixed && (min <= -(1 << 29) || max >= 1 << 29))
		return reject(env, R_STACK_BOUNDS, -EACCES, "invalid unbounded variable-offset%s stack %s",
			      why, name);
	min += off;
	max += off;
	if (min >= lowest && max + size <= 0 && (max < 0 || !size))
		return 0;
	/* Below the frame it is another errno than above. */
	err = min < lowest ? -EACCES : -EINVAL;
	if (fixed)
		return reject(env, R_STACK_BOUNDS, err, "invalid%s stack %s off=%lld size=%d",
			      why, name, (long long)min, size);
	return reject(env, R_STACK_BOUNDS, err,
		      "invalid variable-offset%s stack %s var_off=%s off=%d size=%d", why, name,
		      tnum_str(buf, sizeof(buf), reg->val.bits), (int)off, size);
}

/* The frame has slots down to @min, and its subprogram is known to use that much. */
static bool reach(struct verifier_env *env, u32 frameno, s64 min)
{
	struct subprog *sub = &env->subprogs[env->cur->frame[frameno]->subprog];

	fastcall_touch(env, sub, min);
	if (sub->stack_depth < (u32)-min)
		sub->stack_depth = (u32)round_up_to(-min, 8);
	return frame_grow(env, env->cur, frameno, SPI(min) + 1);
}

/* ---- one slot -------------------------------------------------------------------------------- */

static struct stack_slot *slot_mut(struct verifier_env *env, u32 frameno, u32 spi)
{
	log_touched_slot(env, spi);
	return &frame_mut(env, env->cur, frameno)->slots[spi];
}

/* Byte @i of a slot, counted from its lowest address, for stack offset @off. */
static u32 byte_of(s64 off)
{
	return (u32)(off + MAX_BPF_STACK) % 8;
}

/* A register that was spilled here is none any more: its bytes are just bytes. */
static void scrub(struct stack_slot *slot)
{
	if (!slot_is_spill(slot))
		return;
	for (u32 i = 0; i < 8; i++) {
		if (slot->kind[i] == SLOT_SPILL)
			slot->kind[i] = SLOT_MISC;
	}
	slot->reg = (struct reg_state){ 0 };
}

static u32 spill_size(const struct stack_slot *slot)
{
	u32 n = 0;

	while (n < 8 && slot->kind[n] == SLOT_SPILL)
		n++;
	return n;
}

/* ---- dead slots ------------------------------------------------------------------------------------ */

/* What of @slot is dead becomes poison; bit 0 of @live is its lower half. A spilled register lives as
 * long as any of its bytes. */
static bool has_dead(const struct stack_slot *slot, u32 live)
{
	if (slot_is_spill(slot) && (live & (spill_size(slot) > 4 ? 3 : 1)))
		live |= 1 | (spill_size(slot) > 4 ? 2 : 0);
	for (u32 i = 0; i < 8; i++) {
		if (!(live & BIT(i / 4)) && slot->kind[i] != SLOT_INVALID && slot->kind[i] != SLOT_POISON)
			return true;
	}
	return false;
}

static void poison_slot(struct stack_slot *slot, u32 live)
{
	u32 spilled = spill_size(slot);

	if (spilled && (live & (spilled > 4 ? 3 : 1)))
		live |= 1 | (spilled > 4 ? 2 : 0);
	else
		scrub(slot);
	for (u32 i = 0; i < 8; i++) {
		if (!(live & BIT(i / 4)) && slot->kind[i] != SLOT_INVALID)
			slot->kind[i] = SLOT_POISON;
	}
}

void stack_poison(struct verifier_env *env, u32 frameno, const struct stack_mask *live)
{
	const struct func_state *f = env->cur->frame[frameno];
	struct func_state *mut = NULL;

	for (u32 s = 0; s < f->slot_cnt; s++) {
		u32 unit = STACK_SLOTS * 2 - 2 - 2 * s;
		u32 slot_live = (live->w[unit / 64] >> (unit % 64)) & 3;

		if (slot_live == 3 || !has_dead(&f->slots[s], slot_live))
			continue;
		if (!mut) {
			mut = frame_mut(env, env->cur, frameno);
			f = mut;
		}
		poison_slot(&mut->slots[s], slot_live);
	}
}

static bool is_poisoned(const struct func_state *f, s64 from, s64 to)
{
	for (s64 off = from; off < to; off++) {
		if (f->slots[SPI(off)].kind[byte_of(off)] == SLOT_POISON)
			return true;
	}
	return false;
}

/* ---- writes ------------------------------------------------------------------------------------ */

static bool is_scalar(const struct reg_state *reg)
{
	return reg->type == SCALAR_VALUE;
}

/* What the insn stores: a register, or an immediate as a known number. */
static struct reg_state stored_value(struct verifier_env *env, const struct mem_access *acc)
{
	if (acc->value_regno < 0)
		return acc->is_imm ? reg_number(scalar_const((s64)env->insns[env->insn_idx].imm)) :
				     reg_number(scalar_unknown());
	return *cur_reg(env, acc->value_regno);
}

static void spill(struct stack_slot *slot, struct reg_state reg, u32 size)
{
	scrub(slot);
	slot->reg = reg;
	slot->reg.precise = false;
	for (u32 i = 0; i < size; i++)
		slot->kind[i] = SLOT_SPILL;
}

/* A number that fits into the bytes written keeps its identity; a cut one is another number. */
static void spill_number(struct verifier_env *env, struct stack_slot *slot, struct reg_state reg,
			 const struct mem_access *acc)
{
	if (acc->size < 8) {
		struct scalar cut = scalar_trunc(&reg.val, acc->size);

		if (!scalar_equal(&cut, &reg.val)) {
			reg.id = 0;
			reg.delta = 0;
		}
		reg.val = cut;
	}
	(void)env;
	spill(slot, reg, acc->size);
}

static int write_bytes(struct verifier_env *env, u32 frameno, s64 off, u32 size, bool zero)
{
	for (u32 i = 0; i < size; i++) {
		struct stack_slot *slot = slot_mut(env, frameno, SPI(off + i));

		scrub(slot);
		slot->kind[byte_of(off + i)] = zero ? SLOT_ZERO : SLOT_MISC;
	}
	return 0;
}

/*
 * Without CAP_PERFMON: half a spilled address must not become a number; and a load behind the store
 * might see what was there before it, an address as a number or a number as an address (spec.c).
 */
static int check_overwrite(struct verifier_env *env, u32 frameno, s64 off, u32 size, bool pointer)
{
	const struct func_state *f = env->cur->frame[frameno];
	bool plain = !pointer;

	for (u32 i = 0; i < size; i++) {
		const struct stack_slot *slot = &f->slots[SPI(off + i)];
		u8 kind = slot->kind[byte_of(off + i)];

		if (!env->allow_ptr_leaks && slot_is_spill(slot) && !is_scalar(&slot->reg) && size != 8)
			return reject(env, R_POINTER_LEAK, -EACCES,
				      "attempt to corrupt spilled pointer on stack");
		plain &= kind == SLOT_MISC || kind == SLOT_ZERO;
	}
	if (!env->bypass_spec && !plain)
		env->notes[env->insn_idx].nospec_result = true;
	return 0;
}

static int write_fixed(struct verifier_env *env, const struct mem_access *acc, u32 frameno, s64 off)
{
	struct reg_state reg;
	u32 spi = SPI(off);
	bool aligned = byte_of(off) == 0;
	int err;

	note_slot(env, frameno, spi);
	reg = stored_value(env, acc);
	err = check_overwrite(env, frameno, off, acc->size, !is_scalar(&reg));
	if (err)
		return err;
	if (!is_scalar(&reg)) {
		if (acc->size != 8 || !aligned)
			return reject(env, R_SPILL_SIZE, -EACCES, "invalid size of register spill");
		if (frameno != env->cur->curframe && reg_base_type(&reg) == PTR_TO_STACK)
			return reject(env, R_STACK_LEAK, -EINVAL,
				      "cannot spill pointers to stack into stack frame of the caller");
		spill(slot_mut(env, frameno, spi), reg, 8);
		return 0;
	}
	/* Without CAP_BPF numbers are not followed through the stack. */
	if (aligned && env->bpf_capable) {
		/* A stored register and the slot are one number from now on. */
		if (acc->value_regno >= 0) {
			share_id(env, cur_reg_mut(env, acc->value_regno));
			reg = *cur_reg(env, acc->value_regno);
		}
		spill_number(env, slot_mut(env, frameno, spi), reg, acc);
		return 0;
	}
	if (!reg_is_null(&reg))
		return write_bytes(env, frameno, off, acc->size, false);
	/* That the bytes are zero will be relied on without another look at the register. */
	if (acc->value_regno >= 0) {
		err = mark_precise(env, acc->value_regno);
		if (err)
			return err;
	}
	return write_bytes(env, frameno, off, acc->size, true);
}

static int check_variable_byte(struct verifier_env *env, u32 frameno, s64 off, s64 min)
{
	const struct stack_slot *slot = &env->cur->frame[frameno]->slots[SPI(off)];

	if (env->allow_ptr_leaks)
		return 0;
	if (slot_is_spill(slot) && !is_scalar(&slot->reg))
		return reject(env, R_POINTER_LEAK, -EINVAL,
			      "spilled ptr in range of var-offset stack write; insn %d, ptr off: %d",
			      env->insn_idx, (int)min);
	if (slot->kind[byte_of(off)] == SLOT_INVALID)
		return reject(env, R_POINTER_LEAK, -EINVAL,
			      "uninit stack in range of var-offset write prohibited for !root; insn %d, off: %d",
			      env->insn_idx, (int)off);
	return 0;
}

/*
 * Any of [min, max + size) may be written, or not: bytes keep what is true in both cases, and that
 * is nothing but "zero" when zero is written to zero.
 */
static int write_variable(struct verifier_env *env, const struct mem_access *acc, u32 frameno, s64 min,
			  s64 max)
{
	struct reg_state reg = stored_value(env, acc);

	if (!is_scalar(&reg) && acc->size != 8)
		return reject(env, R_SPILL_SIZE, -EACCES, "invalid size of register spill");
	for (s64 off = min; off < max + acc->size; off++) {
		int err = check_variable_byte(env, frameno, off, min);
		struct stack_slot *slot;

		if (err)
			return err;
		slot = slot_mut(env, frameno, SPI(off));

		scrub(slot);
		slot->kind[byte_of(off)] = SLOT_MISC;
	}
	return 0;
}

/* ---- reads --------------------------------------------------------------------------------------- */

static int fill(struct verifier_env *env, const struct mem_access *acc, u32 frameno, u32 spi, s64 off)
{
	const struct stack_slot *slot = &env->cur->frame[frameno]->slots[spi];
	struct reg_state reg = slot->reg;
	u32 spilled = spill_size(slot);
	bool whole = byte_of(off) == 0 && acc->size == spilled;
	struct scalar shift;

	reg.precise = false;
	if (!is_scalar(&reg)) {
		if (!whole || acc->size != 8 || acc->sign)
			return reject(env, R_SPILL_SIZE, -EACCES, "invalid size of register fill");
		if (acc->value_regno >= 0)
			*cur_reg_mut(env, acc->value_regno) = reg;
		else if (!env->allow_ptr_leaks) /* an atomic operation would use it as a number */
			return reject(env, R_POINTER_LEAK, -EACCES, "leaking pointer from stack off %d", (int)off);
		return 0;
	}
	if (acc->value_regno < 0)
		return 0;
	if (byte_of(off) == 0 && acc->size <= spilled) {
		/* The low bytes come first on a little-endian target. A cut number is another one. */
		struct scalar cut = scalar_trunc(&reg.val, acc->size);

		if (acc->sign || !scalar_equal(&cut, &reg.val)) {
			reg.id = 0;
			reg.delta = 0;
		}
		reg.val = cut;
		*cur_reg_mut(env, acc->value_regno) = reg;
		return 0;
	}
	/* Bytes further up: of a known number they are known. */
	shift = scalar_const(byte_of(off) * 8);
	*cur_reg_mut(env, acc->value_regno) = reg_number(scalar_alu(OP_RSH, true, &reg.val, &shift));
	return 0;
}

static bool all_zero(const struct func_state *f, s64 from, s64 to)
{
	for (s64 off = from; off < to; off++) {
		const struct stack_slot *slot = &f->slots[SPI(off)];
		u8 kind = slot->kind[byte_of(off)];

		if (kind == SLOT_ZERO)
			continue;
		if (kind != SLOT_SPILL || !reg_is_null(&slot->reg))
			return false;
	}
	return true;
}

/* Spilled zeros among the bytes are relied on from here. */
static int rely_on_zeros(struct verifier_env *env, u32 frameno, s64 from, s64 to)
{
	for (s64 off = from; off < to; off++) {
		u32 spi = SPI(off);

		if (slot_is_spill(&env->cur->frame[frameno]->slots[spi])) {
			int err = mark_slot_precise(env, frameno, spi);

			if (err)
				return err;
		}
	}
	return 0;
}

/* Without CAP_PERFMON what was never written is not read. */
static int check_written(struct verifier_env *env, s64 from, s64 to, u32 size, u32 frameno)
{
	const struct func_state *f = env->cur->frame[frameno];

	for (s64 off = from; !env->allow_ptr_leaks && off < to; off++) {
		if (f->slots[SPI(off)].kind[byte_of(off)] == SLOT_INVALID)
			return reject(env, R_UNINIT_STACK, -EACCES, "invalid read from stack off %d+%d size %d",
				      (int)from, (int)(off - from), size);
	}
	return 0;
}

static int read_bytes(struct verifier_env *env, const struct mem_access *acc, u32 frameno, s64 from,
		      s64 to)
{
	int err = check_written(env, from, to, acc->size, frameno);

	if (err || acc->value_regno < 0)
		return err;
	if (!all_zero(env->cur->frame[frameno], from, to)) {
		mark_reg_unknown(env, acc->value_regno);
		return 0;
	}
	err = rely_on_zeros(env, frameno, from, to);
	mark_reg_known(env, acc->value_regno, 0);
	return err;
}

static int read_fixed(struct verifier_env *env, const struct mem_access *acc, u32 frameno, s64 off)
{
	u32 spi = SPI(off);
	const struct stack_slot *slot = &env->cur->frame[frameno]->slots[spi];
	u8 kind = slot->kind[byte_of(off)];

	log_touched_slot(env, spi);
	/* One slot: accesses to the stack are aligned. */
	if (kind == SLOT_SPILL && !(is_scalar(&slot->reg) && byte_of(off) + acc->size > spill_size(slot))) {
		note_slot(env, frameno, spi);
		return fill(env, acc, frameno, spi, off);
	}
	/* Bytes beside a spilled pointer tell nothing of it. */
	return read_bytes(env, acc, frameno, off, off + acc->size);
}

int stack_access(struct verifier_env *env, const struct mem_access *acc)
{
	const struct reg_state *reg = cur_reg(env, acc->regno);
	s64 min = scalar_smin(&reg->val) + acc->off, max = scalar_smax(&reg->val) + acc->off;
	u32 frameno = reg->frame;
	bool fixed = scalar_is_const(&reg->val);
	int err = check_bounds(env, acc->regno, acc->off, acc->size, acc->write);

	if (err)
		return err;
	if (!reach(env, frameno, min))
		return -ENOMEM;
	if (!acc->write && is_poisoned(env->cur->frame[frameno], min, max + acc->size))
		return reject(env, R_POISON, -EFAULT,
			      "reading from stack off %d+%d size %d, slot poisoned by dead code elimination",
			      (int)min, (int)(max - min), acc->size);
	if (acc->write)
		return fixed ? write_fixed(env, acc, frameno, min) :
			       write_variable(env, acc, frameno, min, max);
	return fixed ? read_fixed(env, acc, frameno, min) :
		       read_bytes(env, acc, frameno, min, max + acc->size);
}

/* ---- helpers and callees ------------------------------------------------------------------------- */

/* A helper writes byte by byte. */
static int check_overwrite_bytes(struct verifier_env *env, u32 frameno, s64 from, u32 size)
{
	int err = 0;

	for (u32 i = 0; i < size && !err; i++)
		err = check_overwrite(env, frameno, from + i, 1, false);
	return err;
}

/* Without CAP_PERFMON a helper reads neither what was never written nor addresses. */
static int check_readable(struct verifier_env *env, int regno, u32 frameno, s64 from, s64 to, u32 size)
{
	const struct func_state *f = env->cur->frame[frameno];

	for (s64 off = from; !env->allow_ptr_leaks && off < to; off++) {
		const struct stack_slot *slot = &f->slots[SPI(off)];
		u8 kind = slot->kind[byte_of(off)];

		if (kind == SLOT_MISC || kind == SLOT_ZERO || (kind == SLOT_SPILL && is_scalar(&slot->reg)))
			continue;
		return reject(env, R_UNINIT_STACK, -EACCES, "invalid read from stack R%d off %d+%d size %d",
			      regno, (int)from, (int)(off - from), size);
	}
	return 0;
}

int check_stack_range(struct verifier_env *env, int regno, s32 off, u32 size, bool zero_ok, bool write,
		      struct call_site *call)
{
	const struct reg_state *reg = cur_reg(env, regno);
	s64 min = scalar_smin(&reg->val) + off, max = scalar_smax(&reg->val) + off;
	u32 frameno = reg->frame;
	char buf[64];
	int err;

	if (!size && !zero_ok)
		return reject(env, R_SIZE_ZERO, -EACCES, "invalid zero-sized read");
	err = check_bounds(env, regno, off, size, write);
	if (err || !size)
		return err;
	if (!scalar_is_const(&reg->val)) {
		if (!env->bypass_spec)
			return reject(env, R_SPECULATION, -EACCES,
				      "R%d variable offset stack access prohibited for !root, var_off=%s", regno,
				      tnum_str(buf, sizeof(buf), reg->val.bits));
		call = NULL; /* which bytes are overwritten is not known: all of them are read, too */
	}
	if (!reach(env, frameno, min))
		return -ENOMEM;
	/* What a helper overwrites whole may be dead before. */
	if (!(write && call) && is_poisoned(env->cur->frame[frameno], min, max + size))
		return reject(env, R_POISON, -EFAULT,
			      "reading from stack R%d off %d+%d size %d, slot poisoned by dead code elimination",
			      regno, (int)min, (int)(max - min), size);
	err = write && call ? check_overwrite_bytes(env, frameno, min, size) :
			      check_readable(env, regno, frameno, min, max + size, size);
	if (err)
		return err;
	for (s64 at = min; write && at < max + size; at++) {
		struct stack_slot *slot = slot_mut(env, frameno, SPI(at));

		/* It may write all of it or a part: what was known of a byte holds no more. */
		scrub(slot);
		slot->kind[byte_of(at)] = SLOT_MISC;
	}
	return 0;
}

int stack_const_key(struct verifier_env *env, int regno, u32 size, u64 *ret_key, bool *ret_known)
{
	const struct reg_state *reg = cur_reg(env, regno);
	const struct stack_slot *slot;
	s64 off = scalar_smin(&reg->val);
	u32 frameno = reg->frame;

	*ret_known = false;
	if (reg->type != PTR_TO_STACK || !scalar_is_const(&reg->val) || size > 8)
		return 0;
	if (all_zero(env->cur->frame[frameno], off, off + size)) {
		*ret_key = 0;
		*ret_known = true;
		return rely_on_zeros(env, frameno, off, off + size);
	}
	slot = &env->cur->frame[frameno]->slots[SPI(off)];
	if (byte_of(off) != 0 || !slot_is_spill(slot) || !is_scalar(&slot->reg) ||
	    spill_size(slot) != size || !scalar_is_const(&slot->reg.val))
		return 0;
	*ret_key = scalar_trunc(&slot->reg.val, size).bits.value;
	*ret_known = true;
	return mark_slot_precise(env, frameno, SPI(off));
}
