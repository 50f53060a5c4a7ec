/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vlogfmt.c - the log as tools know it: a line an insn, what it changed behind a semicolon at
 * column 40, whole states where a path begins, source lines between.
 */
#include "verifier/explore.h"

#include <stdio.h>

#define LOG_COLUMN 40u

/* ---- words ------------------------------------------------------------------------------------- */

const char *reg_type_str(u32 type)
{
	static const char *const names[REG_TYPE_CNT] = {
		[NOT_INIT] = "?", [SCALAR_VALUE] = "scalar", [PTR_TO_CTX] = "ctx",
		[CONST_PTR_TO_MAP] = "map_ptr", [PTR_TO_MAP_VALUE] = "map_value",
		[PTR_TO_MAP_KEY] = "map_key", [PTR_TO_STACK] = "fp", [PTR_TO_PACKET_META] = "pkt_meta",
		[PTR_TO_PACKET] = "pkt", [PTR_TO_PACKET_END] = "pkt_end", [PTR_TO_MEM] = "mem",
		[PTR_TO_FUNC] = "func", [PTR_TO_SOCK_COMMON] = "sock_common",
		[PTR_TO_SOCKET] = "sock", [PTR_TO_TCP_SOCK] = "tcp_sock",
		[PTR_TO_XDP_SOCK] = "xdp_sock",
		[PTR_TO_FLOW_KEYS] = "flow_keys", [PTR_TO_TP_BUFFER] = "tp_buffer",
		[PTR_TO_INSN] = "insn",
	};
	/* A message names at most a few types. Per thread, since runs share nothing. */
	static _Thread_local char bufs[4][48];
	static _Thread_local u32 turn;
	char *buf = bufs[turn++ % ARRAY_SIZE(bufs)];
	u32 base = REG_BASE(type);

	snprintf(buf, sizeof(bufs[0]), "%s%s%s%s", type & MEM_RDONLY ? "rdonly_" : "",
		 type & MEM_RINGBUF ? "ringbuf_" : "", base < REG_TYPE_CNT ? names[base] : "?",
		 type & PTR_MAYBE_NULL ? "_or_null" : "");
	return buf;
}

const char *tnum_str(char *buf, size_t size, struct tnum bits)
{
	if (!bits.mask)
		snprintf(buf, size, bits.value <= UINT16_MAX ? "%llu" : "0x%llx", (unsigned long long)bits.value);
	else
		snprintf(buf, size, "(0x%llx; 0x%llx)", (unsigned long long)bits.value,
			 (unsigned long long)bits.mask);
	return buf;
}

/* ---- numbers ------------------------------------------------------------------------------------- */

static void put_unsigned(struct strbuf *out, u64 num)
{
	/* Small ones read better as decimals. */
	strbuf_printf(out, num <= UINT16_MAX / 2 + 1 ? "%llu" : "0x%llx", (unsigned long long)num);
}

static void put_signed(struct strbuf *out, s64 num)
{
	strbuf_printf(out, num >= INT16_MIN && num <= INT16_MAX ? "%lld" : "0x%llx", (long long)num);
}

struct bound {
	const char *name;
	u64 val;
	bool omit, is_signed;
};

/* Bounds with the same value share one "name=name=value". */
static void put_bounds(struct strbuf *out, const struct scalar *s, const char **sep)
{
	struct bound b[] = {
		{ "smin", scalar_smin(s), scalar_smin(s) == INT64_MIN, true },
		{ "smax", scalar_smax(s), scalar_smax(s) == INT64_MAX, true },
		{ "umin", scalar_umin(s), scalar_umin(s) == 0, false },
		{ "umax", scalar_umax(s), scalar_umax(s) == UINT64_MAX, false },
		{ "smin32", (s64)scalar_s32_min(s), scalar_s32_min(s) == INT32_MIN, true },
		{ "smax32", (s64)scalar_s32_max(s), scalar_s32_max(s) == INT32_MAX, true },
		{ "umin32", scalar_u32_min(s), scalar_u32_min(s) == 0, false },
		{ "umax32", scalar_u32_max(s), scalar_u32_max(s) == UINT32_MAX, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(b); i++) {
		bool neg = b[i].is_signed && (s64)b[i].val < 0;

		if (b[i].omit)
			continue;
		strbuf_printf(out, "%s%s=", *sep, b[i].name);
		*sep = ",";
		/* A minimum goes with minima, a maximum with maxima: every second one. */
		for (u32 k = i + 2; k < ARRAY_SIZE(b); k += 2) {
			if (b[k].omit || b[k].val != b[i].val || (b[k].is_signed && (s64)b[k].val < 0) != neg)
				continue;
			strbuf_printf(out, "%s=", b[k].name);
			b[k].omit = true;
		}
		if (b[i].is_signed)
			put_signed(out, b[i].val);
		else
			put_unsigned(out, b[i].val);
	}
}

static void put_var_off(struct strbuf *out, const struct scalar *s, const char **sep)
{
	char buf[64];

	if (s->bits.mask == UINT64_MAX || !s->bits.mask)
		return;
	strbuf_printf(out, "%svar_off=%s", *sep, tnum_str(buf, sizeof(buf), s->bits));
	*sep = ",";
}

/* ---- registers -------------------------------------------------------------------------------------- */

static void put_map(struct strbuf *out, const struct verifier_env *env, const struct reg_state *reg,
		    const char **sep)
{
	const struct map_desc *map = reg_map(env, reg);

	if (map->name[0])
		strbuf_printf(out, "%smap=%s,", *sep, map->name);
	else
		strbuf_puts(out, *sep);
	strbuf_printf(out, "ks=%u,vs=%u", map->key_size, map->value_size);
	*sep = ",";
}

static void put_pointer(struct strbuf *out, const struct verifier_env *env, const struct reg_state *reg)
{
	u32 base = reg_base_type(reg);
	bool packet = base == PTR_TO_PACKET || base == PTR_TO_PACKET_META;
	const char *sep = "";

	strbuf_puts(out, "(");
	if (reg->id) {
		strbuf_printf(out, "id=%u", reg->id);
		sep = ",";
	}
	if (reg->ref_id) {
		strbuf_printf(out, "%sref_obj_id=%u", sep, reg->ref_id);
		sep = ",";
	}
	if (base == CONST_PTR_TO_MAP || base == PTR_TO_MAP_VALUE || base == PTR_TO_MAP_KEY)
		put_map(out, env, reg, &sep);
	if (packet && reg->pkt_off) {
		strbuf_printf(out, "%soff=%d", sep, reg->pkt_off);
		sep = ",";
	} else if (!packet && scalar_is_const(&reg->val) && reg->val.bits.value) {
		strbuf_printf(out, "%soff=%lld", sep, (long long)reg->val.bits.value);
		sep = ",";
	}
	if (packet) {
		strbuf_printf(out, reg->range < 0 ? "%sr=0x%llx" : "%sr=%llu", sep, (long long)reg->range);
		sep = ",";
	}
	if (base == PTR_TO_MEM) {
		strbuf_printf(out, "%ssz=%u", sep, reg->mem_size);
		sep = ",";
	}
	if (!scalar_is_const(&reg->val)) {
		put_bounds(out, &reg->val, &sep);
		put_var_off(out, &reg->val, &sep);
	}
	strbuf_puts(out, ")");
}

/* @frameno: whose register or slot it is. */
void put_value(struct strbuf *out, const struct verifier_env *env, u32 frameno,
		    const struct reg_state *reg)
{
	const char *sep = "";

	if (reg->type == SCALAR_VALUE && scalar_is_const(&reg->val)) {
		if (reg->precise)
			strbuf_puts(out, "P");
		put_signed(out, (s64)reg->val.bits.value);
		return;
	}
	strbuf_printf(out, "%s%s", reg->precise ? "P" : "", reg_type_str(reg->type));
	if (reg->type == SCALAR_VALUE) {
		strbuf_puts(out, "(");
		if (reg->id) {
			strbuf_printf(out, "id=%u", reg->id);
			if (reg->delta)
				strbuf_printf(out, "%+d", reg->delta);
			sep = ",";
		}
		put_bounds(out, &reg->val, &sep);
		put_var_off(out, &reg->val, &sep);
		strbuf_puts(out, ")");
	} else if (reg->type == PTR_TO_STACK) {
		if (reg->frame != frameno)
			strbuf_printf(out, "[%u]", reg->frame);
		if (scalar_is_const(&reg->val)) {
			strbuf_printf(out, "%lld", (long long)reg->val.bits.value);
		} else {
			strbuf_puts(out, "(");
			put_bounds(out, &reg->val, &sep);
			put_var_off(out, &reg->val, &sep);
			strbuf_puts(out, ")");
		}
	} else {
		put_pointer(out, env, reg);
	}
}

static void put_slot(struct strbuf *out, const struct verifier_env *env, u32 frameno,
		     const struct stack_slot *slot, u32 spi)
{
	static const char chars[] = { [SLOT_INVALID] = '?', [SLOT_SPILL] = 'r', [SLOT_MISC] = 'm',
				      [SLOT_ZERO] = '0', [SLOT_POISON] = '?' };
	char kinds[9] = "";
	bool any = false;

	/* The byte at the highest address is printed first. */
	for (u32 i = 0; i < 8; i++) {
		kinds[7 - i] = chars[slot->kind[i]];
		any |= slot->kind[i] != SLOT_INVALID && slot->kind[i] != SLOT_POISON;
	}
	if (!any)
		return;
	strbuf_printf(out, " fp-%u=", (spi + 1) * 8);
	if (slot_is_spill(slot))
		kinds[strcspn(kinds, "r")] = '\0'; /* what lies above the spilled part */
	strbuf_puts(out, kinds);
	if (slot_is_spill(slot))
		put_value(out, env, frameno, &slot->reg);
}

static void put_state(struct strbuf *out, const struct verifier_env *env, const struct verifier_state *st,
		      u32 frameno, u32 regs, u64 slots)
{
	const struct func_state *f = st->frame[frameno];

	if (frameno)
		strbuf_printf(out, " frame%u:", frameno);
	for (u32 r = 0; r < MAX_BPF_REG; r++) {
		if (!(regs & BIT(r)) || f->regs[r].type == NOT_INIT)
			continue;
		strbuf_printf(out, " R%u=", r);
		put_value(out, env, frameno, &f->regs[r]);
	}
	for (u32 s = 0; s < f->slot_cnt; s++) {
		if (slots & BIT_ULL(s))
			put_slot(out, env, frameno, &f->slots[s], s);
	}
	for (u32 i = 0; i < st->refs.cnt; i++)
		strbuf_printf(out, "%s%u", i ? "," : " refs=", st->refs.at[i].id);
	if (f->in_callback)
		strbuf_puts(out, " cb");
	if (f->in_async)
		strbuf_puts(out, " async_cb");
	strbuf_putc(out, '\n');
}

static void log_part(struct verifier_env *env, const struct verifier_state *st, u32 frameno, u32 regs, u64 slots)
{
	struct strbuf text = { 0 };

	put_state(&text, env, st, frameno, regs, slots);
	log_printf(env, VLOG_LEVEL1, "%s", strbuf_str(&text));
	strbuf_free(&text);
}

void log_state(struct verifier_env *env, const struct verifier_state *st, u32 frameno)
{
	if (env->ex->log_on)
		log_part(env, st, frameno, UINT32_MAX, UINT64_MAX);
}

/* ---- insns ------------------------------------------------------------------------------------------- */

static const char *name_helper(void *ctx, u32 id)
{
	const struct verifier_env *env = ctx;
	const struct helper_proto *proto = NULL;

	env->host->helper(env->host->ctx, env->type, env->prog->attach_type, id, &proto);
	return proto ? proto->name : NULL;
}

static bool same_line(const struct bpf_line_info *a, const struct bpf_line_info *b)
{
	return a && b && a->file_name_off == b->file_name_off && a->line_col >> 10 == b->line_col >> 10;
}

static void log_source(struct verifier_env *env, u32 insn_idx)
{
	const struct bpf_line_info *rec = env->line_infos ? btf_line_of(env, insn_idx) : NULL;
	struct source_line line;

	if (!rec || rec == env->ex->log_line || same_line(rec, env->ex->log_line))
		return;
	env->ex->log_line = rec;
	if (btf_line_text(env, insn_idx, &line))
		log_printf(env, VLOG_LEVEL1, "; %s @ %s:%u\n", line.text, line.file, line.line);
}

void put_insn(struct strbuf *out, const struct verifier_env *env, u32 insn_idx)
{
	struct insn_namer namer = { .ctx = (void *)env, .helper = name_helper };

	insn_print(out, &env->insns[insn_idx], &namer);
}

void put_known(struct strbuf *out, const struct verifier_env *env, u32 frameno, u32 regno,
	       const struct reg_state *reg)
{
	strbuf_printf(out, "R%u=", regno);
	put_value(out, env, frameno, reg);
}

void log_insn_text(struct verifier_env *env, u32 insn_idx)
{
	struct strbuf text = { 0 };

	put_insn(&text, env, insn_idx);
	log_printf(env, VLOG_LEVEL1, "%s\n", strbuf_str(&text));
	strbuf_free(&text);
}

void log_touched(struct verifier_env *env, u32 insn_idx)
{
	struct explore *ex = env->ex;
	struct vlog *log = env->log;
	u32 len = ex->log_insn_len, col = round_up_to(max_of(len + 4, LOG_COLUMN), 8) - 1;

	if (!ex->log_on || (!ex->log_regs && !ex->log_slots))
		return;
	if (len && log->end == ex->log_insn_end) {
		vlog_rewind(log, log->end - 1);
		log_printf(env, VLOG_LEVEL1, "%*s;", (int)(col - len), "");
	} else {
		log_printf(env, VLOG_LEVEL1, "%u:", insn_idx);
	}
	log_part(env, env->cur, env->cur->curframe, ex->log_regs, ex->log_slots);
	ex->log_regs = 0;
	ex->log_slots = 0;
}

static const char *guessed(const struct verifier_env *env)
{
	return env->cur->speculative ? " (speculative execution)" : "";
}

/* Before the insn is done: what the one before it changed, then this one. */
void log_insn(struct verifier_env *env, u32 insn_idx)
{
	struct explore *ex = env->ex;
	u64 begin;

	if (!ex->log_on)
		return;
	if (ex->log_from && (env->log->level & VLOG_LEVEL2)) {
		log_printf(env, VLOG_LEVEL2, "\nfrom %u to %u%s:", ex->prev_idx, insn_idx, guessed(env));
		log_state(env, env->cur, env->cur->curframe);
		ex->log_from = false;
	}
	log_touched(env, insn_idx);
	log_source(env, insn_idx);
	begin = env->log->end;
	log_printf(env, VLOG_LEVEL1, "%u: ", insn_idx);
	log_insn_text(env, insn_idx);
	ex->log_insn_end = env->log->end;
	ex->log_insn_len = env->log->end - begin;
}

void log_safe(struct verifier_env *env, u32 insn_idx)
{
	struct explore *ex = env->ex;

	if (!ex->log_on)
		return;
	if (ex->log_from)
		log_printf(env, VLOG_LEVEL1, "\nfrom %u to %u%s: safe\n", ex->prev_idx, insn_idx, guessed(env));
	else
		log_printf(env, VLOG_LEVEL1, "%u: safe\n", insn_idx);
}

void log_live_regs(struct verifier_env *env)
{
	if (!env->ex->log_on || !(env->log->level & VLOG_LEVEL2))
		return;
	log_printf(env, VLOG_LEVEL2, "Live regs before insn:\n");
	for (u32 i = 0; i < env->insn_cnt; i++) {
		char regs[BPF_REG_10 + 1];

		for (u32 r = 0; r < BPF_REG_10; r++)
			regs[r] = env->ex->live[i] & BIT(r) ? '0' + r : '.';
		regs[BPF_REG_10] = '\0';
		log_printf(env, VLOG_LEVEL2, "    %3u: %s ", i, regs);
		log_insn_text(env, i);
		i += insn_is_wide(&env->insns[i]);
	}
}
