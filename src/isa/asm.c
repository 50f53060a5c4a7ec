/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asm.c - text to instructions: reads back what print.c writes, and what people write by hand.
 *
 * One statement a line or between ';'. Labels are gathered while parsing and patched at the end,
 * since a jump may go forward over statements of one or two slots. Where the text alone does not
 * tell two forms apart ("r1 = 0x5" may be a move or a 64-bit load), the opcode in front, as the
 * disassembler prints it, decides; without it the shorter form is taken.
 */
#include "isa/optext.h"

#include "base/vec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixup {
	u32 insn;
	char label[64];
	int line, col;
	bool in_imm; /* calls, gotol, function pointers: the distance goes to imm */
};

struct label {
	char name[64];
	u32 insn;
};

struct as {
	const char *pos, *line_start;
	int line;
	int code; /* opcode given in front of the statement, -1 none */
	const struct asm_syms *syms;
	struct strbuf *err;
	VEC(struct bpf_insn) insns;
	VEC(struct fixup) fixups;
	VEC(struct label) labels;
	bool failed;
};

struct reg_ref {
	u8 num;
	bool wide; /* rN, not wN */
};

static bool fail(struct as *as, const char *what)
{
	if (!as->failed)
		strbuf_printf(as->err, "%d:%d: %s", as->line, (int)(as->pos - as->line_start) + 1, what);
	as->failed = true;
	return false;
}

/* ---- words -------------------------------------------------------------------------------- */

static void skip_blank(struct as *as)
{
	while (*as->pos == ' ' || *as->pos == '\t' || *as->pos == '\r')
		as->pos++;
}

static bool at_end(struct as *as)
{
	skip_blank(as);
	return !*as->pos || *as->pos == '\n' || *as->pos == ';' || *as->pos == '#' ||
	       (as->pos[0] == '/' && as->pos[1] == '/');
}

/* Takes @word; a word of letters must not go on with one. */
static bool take(struct as *as, const char *word)
{
	size_t len = strlen(word);

	skip_blank(as);
	if (strncmp(as->pos, word, len))
		return false;
	if (isalnum((u8)word[len - 1]) && (isalnum((u8)as->pos[len]) || as->pos[len] == '_'))
		return false;
	as->pos += len;
	return true;
}

static bool need(struct as *as, const char *word)
{
	char msg[64];

	if (take(as, word))
		return true;
	snprintf(msg, sizeof(msg), "expected '%s'", word);
	return fail(as, msg);
}

static bool take_reg(struct as *as, struct reg_ref *ret_reg)
{
	const char *p;
	char *end;
	long num;

	skip_blank(as);
	p = as->pos;
	if ((*p != 'r' && *p != 'w') || !isdigit((u8)p[1]))
		return false;
	num = strtol(p + 1, &end, 10);
	if (num >= 16 || isalnum((u8)*end) || *end == '_')
		return false;
	ret_reg->num = num;
	ret_reg->wide = *p == 'r';
	as->pos = end;
	return true;
}

static bool need_reg(struct as *as, struct reg_ref *ret_reg)
{
	return take_reg(as, ret_reg) || fail(as, "expected a register (r0..r11, w0..w10)");
}

static bool take_num(struct as *as, u64 *ret_num, bool *ret_hex)
{
	const char *p;
	bool neg = false;
	char *end;
	u64 num;

	skip_blank(as);
	p = as->pos;
	if (*p == '-' || *p == '+')
		neg = *p++ == '-';
	while (*p == ' ')
		p++;
	if (!isdigit((u8)*p))
		return false;
	errno = 0;
	*ret_hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	num = strtoull(p, &end, *ret_hex ? 16 : 10);
	if (errno || isalnum((u8)*end) || *end == '_')
		return fail(as, "not a number of 64 bits");
	*ret_num = neg ? -num : num;
	as->pos = end;
	return true;
}

/* Signed decimals and unsigned hex both fit: -1 and 0xffffffff are the same imm. */
static bool need_imm32(struct as *as, s32 *ret_imm)
{
	const char *start;
	bool hex;
	u64 num;

	skip_blank(as);
	start = as->pos;
	if (!take_num(as, &num, &hex))
		return fail(as, "expected a number");
	if ((s64)num > UINT32_MAX || (s64)num < INT32_MIN) {
		as->pos = start;
		return fail(as, "does not fit into 32 bits");
	}
	*ret_imm = (s32)num;
	return true;
}

static bool need_off16(struct as *as, s16 *ret_off)
{
	const char *start;
	s32 imm = 0;

	skip_blank(as);
	start = as->pos;
	if (!need_imm32(as, &imm))
		return false;
	if (imm < INT16_MIN || imm > INT16_MAX) {
		as->pos = start;
		return fail(as, "offset does not fit into 16 bits");
	}
	*ret_off = imm;
	return true;
}

static bool take_word(struct as *as, char *ret_word, size_t size)
{
	size_t len = 0;

	skip_blank(as);
	while (isalnum((u8)as->pos[len]) || strchr("_.$", as->pos[len] ? as->pos[len] : ' '))
		len++;
	if (!len || len >= size || isdigit((u8)*as->pos))
		return false;
	memcpy(ret_word, as->pos, len);
	ret_word[len] = '\0';
	as->pos += len;
	return true;
}

/* ---- emitting ----------------------------------------------------------------------------- */

/* @fields gives the registers, off and imm; the form supplies opcode and discriminator. */
static bool emit(struct as *as, enum insn_form form, struct bpf_insn fields)
{
	const struct insn_info *info = &insn_infos[form];

	if (form == FORM_INVALID)
		return fail(as, "no such instruction");
	fields.code = info->code;
	if (info->disc == DISC_OFF)
		fields.off = info->disc_val;
	if (info->disc == DISC_IMM)
		fields.imm = info->disc_val;
	if (info->disc == DISC_SRC)
		fields.src_reg = info->disc_val;
	if (info->disc == DISC_OFF_IMM) {
		fields.off = 1;
		fields.imm = info->disc_val;
	}
	return vec_push(&as->insns, fields) || fail(as, "out of memory");
}

static bool emit_wide(struct as *as, enum insn_form form, u8 dst, s32 imm, s32 imm2)
{
	return emit(as, form, (struct bpf_insn){ .dst_reg = dst, .imm = imm }) &&
	       (vec_push(&as->insns, ((struct bpf_insn){ .imm = imm2 })) ||
		fail(as, "out of memory"));
}

static enum insn_form find_form(u8 kind, u8 op, u8 size, bool src)
{
	for (int f = 1; f < FORM_CNT; f++) {
		const struct insn_info *i = &insn_infos[f];

		if (i->kind == kind && i->op == op && i->size == size && !!(i->uses & USE_SRC) == src)
			return f;
	}
	return FORM_INVALID;
}

/* "pc+1", "+1" or a label; the distance goes to off or imm of the insn emitted last. */
static bool target(struct as *as, bool in_imm)
{
	struct bpf_insn *insn = &as->insns.at[as->insns.cnt - 1];
	struct fixup fix = { .insn = as->insns.cnt - 1, .in_imm = in_imm, .line = as->line };
	bool pc;

	skip_blank(as);
	fix.col = as->pos - as->line_start + 1;
	pc = !strncmp(as->pos, "pc", 2) && (as->pos[2] == '+' || as->pos[2] == '-');
	if (pc)
		as->pos += 2;
	if (pc || *as->pos == '+' || *as->pos == '-') {
		s16 off = 0;

		if (in_imm)
			return need_imm32(as, &insn->imm);
		if (!need_off16(as, &off))
			return false;
		insn->off = off;
		return true;
	}
	if (!take_word(as, fix.label, sizeof(fix.label)))
		return fail(as, "expected a label or pc+N");
	return vec_push(&as->fixups, fix) || fail(as, "out of memory");
}

/* ---- operands ----------------------------------------------------------------------------- */

struct mem_ref {
	u8 size, reg;
	bool sign;
	s16 off;
};

/* "(u32 *)(r1 +8)"; the star in front was taken. */
static bool need_mem(struct as *as, struct mem_ref *ret_mem)
{
	static const struct {
		const char *name;
		u8 size;
		bool sign;
	} types[] = { { "u8", 1, false },  { "u16", 2, false }, { "u32", 4, false }, { "u64", 8, false },
		      { "s8", 1, true },   { "s16", 2, true },	{ "s32", 4, true } };
	struct reg_ref reg;
	bool found = false;

	if (!need(as, "("))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types) && !found; i++) {
		if (take(as, types[i].name)) {
			*ret_mem = (struct mem_ref){ .size = types[i].size, .sign = types[i].sign };
			found = true;
		}
	}
	if (!found)
		return fail(as, "expected u8, u16, u32, u64, s8, s16 or s32");
	if (!need(as, "*") || !need(as, ")") || !need(as, "(") || !need_reg(as, &reg))
		return false;
	ret_mem->reg = reg.num;
	skip_blank(as);
	if (*as->pos != ')' && !need_off16(as, &ret_mem->off))
		return false;
	return need(as, ")");
}

static bool stmt_store(struct as *as)
{
	struct bpf_insn f = { 0 };
	struct reg_ref src;
	struct mem_ref mem;
	bool arg;
	s32 imm;

	if (!need_mem(as, &mem) || !need(as, "="))
		return false;
	arg = mem.reg == ISA_REG_PARAMS && mem.size == 8;
	f.dst_reg = mem.reg;
	f.off = mem.off;
	if (take_reg(as, &src)) {
		f.src_reg = src.num;
		return emit(as, arg ? FORM_STX_ARG : find_form(INSN_STX, OP_STX, mem.size, true), f);
	}
	if (!need_imm32(as, &imm))
		return false;
	f.imm = imm;
	return emit(as, arg ? FORM_ST_ARG : find_form(INSN_ST, OP_ST, mem.size, false), f);
}

static bool stmt_lock(struct as *as)
{
	struct reg_ref src;
	struct mem_ref mem;

	if (!need(as, "*") || !need_mem(as, &mem))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(alu_texts); i++) {
		if (!take(as, alu_texts[i].text))
			continue;
		if (!need_reg(as, &src))
			return false;
		return emit(as, find_form(INSN_ATOMIC, alu_texts[i].op, mem.size, true),
			    (struct bpf_insn){ .dst_reg = mem.reg, .src_reg = src.num, .off = mem.off });
	}
	return fail(as, "expected +=, |=, &= or ^=");
}

static bool stmt_store_release(struct as *as)
{
	struct reg_ref src;
	struct mem_ref mem;

	if (!need(as, "(") || !need_mem(as, &mem) || !need(as, ",") || !need_reg(as, &src) ||
	    !need(as, ")"))
		return false;
	return emit(as, find_form(INSN_ATOMIC, OP_STORE_REL, mem.size, true),
		    (struct bpf_insn){ .dst_reg = mem.reg, .src_reg = src.num, .off = mem.off });
}

static bool rhs_load_acquire(struct as *as, u8 dst)
{
	struct mem_ref mem;

	if (!need(as, "(") || !need_mem(as, &mem) || !need(as, ")"))
		return false;
	return emit(as, find_form(INSN_ATOMIC, OP_LOAD_ACQ, mem.size, true),
		    (struct bpf_insn){ .dst_reg = dst, .src_reg = mem.reg, .off = mem.off });
}

/* "atomic_fetch_add((u32 *)(r1 +8), r2)" after "rN = "; "atomic" and "64" were taken. */
static bool rhs_fetch(struct as *as, u8 dst)
{
	struct reg_ref r0 = { 0 }, src;
	struct mem_ref mem;

	for (size_t i = 0; i < ARRAY_SIZE(fetch_texts); i++) {
		u8 op = fetch_texts[i].op;

		if (!take(as, fetch_texts[i].text))
			continue;
		if (!need(as, "(") || !need_mem(as, &mem) || !need(as, ","))
			return false;
		if (op == OP_CMPXCHG && (!need_reg(as, &r0) || !need(as, ",")))
			return false;
		if (!need_reg(as, &src) || !need(as, ")"))
			return false;
		if (op == OP_CMPXCHG ? dst || r0.num : dst != src.num)
			return fail(as, "the result goes to the source register (cmpxchg: r0)");
		return emit(as, find_form(INSN_ATOMIC, op, mem.size, true),
			    (struct bpf_insn){ .dst_reg = mem.reg, .src_reg = src.num, .off = mem.off });
	}
	return fail(as, "no such atomic operation");
}

/* "skb[imm]" or "skb[rN + imm]" after "r0 = *(u32 *)" */
static bool rhs_skb(struct as *as, u8 size)
{
	struct bpf_insn f = { 0 };
	struct reg_ref reg;
	bool ind;
	s32 imm = 0;

	ind = take_reg(as, &reg);
	if (ind)
		f.src_reg = reg.num;
	if (ind && !take(as, "+")) {
		; /* skb[r2] is skb[r2 + 0] */
	} else if (!need_imm32(as, &imm)) {
		return false;
	}
	f.imm = imm;
	return need(as, "]") &&
	       emit(as, find_form(INSN_LD_PKT, ind ? OP_IND : OP_ABS, size, ind), f);
}

/* After "rN = *": a load, or packet access. */
static bool rhs_load(struct as *as, u8 dst)
{
	const char *start = as->pos;
	struct mem_ref mem;
	u8 op;

	for (u32 size = 1; size <= 4; size *= 2) {
		char type[8];

		as->pos = start;
		snprintf(type, sizeof(type), "u%u", size * 8);
		if (take(as, "(") && take(as, type) && take(as, "*") && take(as, ")") &&
		    take(as, "skb") && take(as, "["))
			return rhs_skb(as, size);
	}
	as->pos = start;
	if (!need_mem(as, &mem))
		return false;
	op = mem.sign ? OP_LDXSX : OP_LDX;
	return emit(as, mem.reg == ISA_REG_PARAMS && mem.size == 8 && !mem.sign ?
			    FORM_LDX_ARG : find_form(INSN_LDX, op, mem.size, true),
		    (struct bpf_insn){ .dst_reg = dst, .src_reg = mem.reg, .off = mem.off });
}

/* "[fd:3]", "[idx:3]" or "[NAME]", then perhaps "[0]+OFF", after "map" or "map_value". */
static bool rhs_map(struct as *as, u8 dst, bool value)
{
	enum insn_form form;
	bool idx = false;
	char name[64];
	s32 id = 0, off = 0;

	if (!need(as, "["))
		return false;
	if (take(as, "fd:") || (idx = take(as, "idx:"))) {
		if (!need_imm32(as, &id))
			return false;
	} else if (take_word(as, name, sizeof(name))) {
		id = as->syms && as->syms->map ? as->syms->map(as->syms->ctx, name) : -1;
		if (id < 0)
			return fail(as, "no map of that name");
	} else {
		return fail(as, "expected fd:N, idx:N or a map's name");
	}
	if (!need(as, "]"))
		return false;
	if (take(as, "[0]"))
		value = true;
	if (take(as, "+")) {
		value = true;
		if (!need_imm32(as, &off))
			return false;
	}
	if (idx)
		form = value ? FORM_LD_MAP_IDX_VALUE : FORM_LD_MAP_IDX;
	else
		form = value ? FORM_LD_MAP_VALUE : FORM_LD_MAP_FD;
	return emit_wide(as, form, dst, id, off);
}

/* A function's address: "func LABEL" or "subprog[+5]". */
static bool rhs_func(struct as *as, u8 dst, bool bracket)
{
	struct bpf_insn second = { 0 };

	if (bracket && !need(as, "["))
		return false;
	if (!emit(as, FORM_LD_FUNC, (struct bpf_insn){ .dst_reg = dst }) || !target(as, true))
		return false;
	if (bracket && !need(as, "]"))
		return false;
	return vec_push(&as->insns, second) || fail(as, "out of memory");
}

static bool rhs_btf_id(struct as *as, u8 dst)
{
	s32 id, obj = 0;

	if (!need(as, "[") || !need_imm32(as, &id))
		return false;
	if (take(as, ":") && !need_imm32(as, &obj))
		return false;
	return need(as, "]") && emit_wide(as, FORM_LD_BTF_ID, dst, id, obj);
}

/* After "rN = (": "s8)rM". */
static bool rhs_movsx(struct as *as, struct reg_ref dst)
{
	static const struct op_text widths[] = { { OP_MOVSX8, "s8" }, { OP_MOVSX16, "s16" },
						 { OP_MOVSX32, "s32" } };
	struct reg_ref src;

	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		if (!take(as, widths[i].text))
			continue;
		if (!need(as, ")") || !need_reg(as, &src))
			return false;
		return emit(as, find_form(INSN_MOVSX, widths[i].op, dst.wide ? 8 : 4, true),
			    (struct bpf_insn){ .dst_reg = dst.num, .src_reg = src.num });
	}
	return fail(as, "expected s8, s16 or s32");
}

static bool rhs_cast(struct as *as, u8 dst)
{
	struct reg_ref src;
	s32 to, from;

	if (!need(as, "(") || !need_reg(as, &src) || !need(as, ",") || !need_imm32(as, &to) ||
	    !need(as, ",") || !need_imm32(as, &from) || !need(as, ")"))
		return false;
	if (!((to == 0 && from == 1) || (to == 1 && from == 0)))
		return fail(as, "address spaces are (0, 1) or (1, 0)");
	return emit(as, to ? FORM_CAST_USER : FORM_CAST_KERN,
		    (struct bpf_insn){ .dst_reg = dst, .src_reg = src.num });
}

static bool rhs_percpu(struct as *as, u8 dst)
{
	struct reg_ref src;

	if (!need(as, "(") || !need(as, "void") || !need(as, "__percpu") || !need(as, "*") ||
	    !need(as, ")") || !need(as, "(") || !need_reg(as, &src) || !need(as, ")"))
		return false;
	return emit(as, FORM_MOV_PERCPU, (struct bpf_insn){ .dst_reg = dst, .src_reg = src.num });
}

static bool take_endian(struct as *as, struct reg_ref dst, bool *ret_ok)
{
	struct reg_ref src;
	char word[16];

	for (size_t i = 0; i < ARRAY_SIZE(endian_texts); i++) {
		for (int bits = 16; bits <= 64; bits *= 2) {
			snprintf(word, sizeof(word), "%s%d", endian_texts[i].text, bits);
			if (!take(as, word))
				continue;
			*ret_ok = need_reg(as, &src) &&
				  (src.num == dst.num || fail(as, "operates in place: same register")) &&
				  emit(as, find_form(INSN_ENDIAN, endian_texts[i].op, bits / 8, false),
				       (struct bpf_insn){ .dst_reg = dst.num });
			return true;
		}
	}
	return false;
}

static bool rhs_number(struct as *as, struct reg_ref dst)
{
	const char *start = as->pos;
	bool hex, wide;
	u64 num;

	if (!take_num(as, &num, &hex))
		return fail(as, "expected a register, a number, a load or a map");
	wide = take(as, "ll") || as->code == (BPF_LD | BPF_IMM | BPF_DW);
	if (!wide && dst.wide && as->code < 0)
		wide = (s64)num != (s32)num;
	if (wide)
		return emit_wide(as, FORM_LD_IMM64, dst.num, (s32)num, (s32)(num >> 32));
	if ((s64)num > UINT32_MAX || (s64)num < INT32_MIN) {
		as->pos = start;
		return fail(as, "does not fit into 32 bits");
	}
	return emit(as, dst.wide ? FORM_MOV64_K : FORM_MOV32_K,
		    (struct bpf_insn){ .dst_reg = dst.num, .imm = (s32)num });
}

/* After "rN =". */
static bool rhs(struct as *as, struct reg_ref dst)
{
	struct reg_ref src;
	bool ok;

	if (take_reg(as, &src)) {
		if (src.wide != dst.wide)
			return fail(as, "both registers must be r or both w");
		return emit(as, dst.wide ? FORM_MOV64_X : FORM_MOV32_X,
			    (struct bpf_insn){ .dst_reg = dst.num, .src_reg = src.num });
	}
	if (take(as, "*"))
		return rhs_load(as, dst.num);
	if (take(as, "("))
		return rhs_movsx(as, dst);
	if (take(as, "&"))
		return rhs_percpu(as, dst.num);
	if (take(as, "addr_space_cast"))
		return rhs_cast(as, dst.num);
	if (take(as, "load_acquire"))
		return rhs_load_acquire(as, dst.num);
	skip_blank(as);
	if (!strncmp(as->pos, "atomic64_", 9) || !strncmp(as->pos, "atomic_", 7)) {
		as->pos += as->pos[6] == '_' ? 7 : 9;
		return rhs_fetch(as, dst.num);
	}
	if (take(as, "map"))
		return rhs_map(as, dst.num, false);
	if (take(as, "map_value"))
		return rhs_map(as, dst.num, true);
	if (take(as, "btf_id"))
		return rhs_btf_id(as, dst.num);
	if (take(as, "func"))
		return rhs_func(as, dst.num, false);
	if (take(as, "subprog"))
		return rhs_func(as, dst.num, true);
	if (take_endian(as, dst, &ok))
		return ok;
	if (as->pos[0] == '-' && (as->pos[1] == 'r' || as->pos[1] == 'w')) {
		as->pos++;
		if (!need_reg(as, &src))
			return false;
		if (src.num != dst.num || src.wide != dst.wide)
			return fail(as, "operates in place: same register");
		return emit(as, dst.wide ? FORM_NEG64 : FORM_NEG32, (struct bpf_insn){ .dst_reg = dst.num });
	}
	return rhs_number(as, dst);
}

static bool stmt_reg(struct as *as, struct reg_ref dst)
{
	u8 size = dst.wide ? 8 : 4;
	struct reg_ref src;
	s32 imm;

	for (size_t i = 0; i < ARRAY_SIZE(alu_texts); i++) {
		if (!take(as, alu_texts[i].text))
			continue;
		if (alu_texts[i].op == OP_MOV)
			return rhs(as, dst);
		if (take_reg(as, &src)) {
			if (src.wide != dst.wide)
				return fail(as, "both registers must be r or both w");
			return emit(as, find_form(INSN_ALU, alu_texts[i].op, size, true),
				    (struct bpf_insn){ .dst_reg = dst.num, .src_reg = src.num });
		}
		return need_imm32(as, &imm) &&
		       emit(as, find_form(INSN_ALU, alu_texts[i].op, size, false),
			    (struct bpf_insn){ .dst_reg = dst.num, .imm = imm });
	}
	return fail(as, "expected an assignment");
}

static bool stmt_if(struct as *as)
{
	struct bpf_insn f = { 0 };
	struct reg_ref dst, src;
	enum insn_form form;
	u8 size;
	s32 imm;

	if (!need_reg(as, &dst))
		return false;
	f.dst_reg = dst.num;
	size = dst.wide ? 8 : 4;
	for (size_t i = 0; i < ARRAY_SIZE(jump_texts); i++) {
		if (!take(as, jump_texts[i].text))
			continue;
		if (take_reg(as, &src)) {
			if (src.wide != dst.wide)
				return fail(as, "both registers must be r or both w");
			f.src_reg = src.num;
			form = find_form(INSN_JCOND, jump_texts[i].op, size, true);
		} else if (need_imm32(as, &imm)) {
			f.imm = imm;
			form = find_form(INSN_JCOND, jump_texts[i].op, size, false);
		} else {
			return false;
		}
		return need(as, "goto") && emit(as, form, f) && target(as, false);
	}
	return fail(as, "expected a comparison");
}

static bool stmt_call(struct as *as)
{
	const char *start;
	char name[64];
	bool hex;
	u64 num;
	int id;

	skip_blank(as);
	start = as->pos;
	if (!strncmp(start, "pc+", 3) || !strncmp(start, "pc-", 3))
		return emit(as, FORM_CALL_SUBPROG, (struct bpf_insn){ 0 }) && target(as, true);
	if (take_num(as, &num, &hex))
		return emit(as, FORM_CALL_HELPER, (struct bpf_insn){ .imm = (s32)num });
	if (!take_word(as, name, sizeof(name))) {
		/* "kernel-function#12" is no word */
		if (!take(as, "kernel-function"))
			return fail(as, "expected a function");
		strcpy(name, "kfunc");
	}
	if (!strcmp(name, "kfunc") || !strcmp(name, "kernel")) {
		s32 imm;

		take(as, "-function");
		return need(as, "#") && need_imm32(as, &imm) &&
		       emit(as, FORM_CALL_KFUNC, (struct bpf_insn){ .imm = imm });
	}
	if (as->pos[0] == '#' && (isdigit((u8)as->pos[1]) || as->pos[1] == '-')) {
		s32 imm;

		as->pos++;
		return need_imm32(as, &imm) && emit(as, FORM_CALL_HELPER, (struct bpf_insn){ .imm = imm });
	}
	id = as->syms && as->syms->helper ? as->syms->helper(as->syms->ctx, name) : -1;
	if (id >= 0)
		return emit(as, FORM_CALL_HELPER, (struct bpf_insn){ .imm = id });
	as->pos = start;
	return emit(as, FORM_CALL_SUBPROG, (struct bpf_insn){ 0 }) && target(as, true);
}

/* "insn 0xb7 0 0 0 5": code, dst, src, off, imm of what no text can say. */
static bool stmt_raw(struct as *as)
{
	s32 field[5];

	for (int i = 0; i < 5; i++) {
		if (!need_imm32(as, &field[i]))
			return false;
	}
	if (field[0] != (u8)field[0] || field[1] & ~15 || field[2] & ~15 || field[3] != (s16)field[3])
		return fail(as, "insn CODE DST SRC OFF IMM take 8, 4, 4, 16 and 32 bits");
	return vec_push(&as->insns, ((struct bpf_insn){ .code = field[0], .dst_reg = field[1], .src_reg = field[2],
							.off = field[3], .imm = field[4] })) ||
	       fail(as, "out of memory");
}

static bool statement(struct as *as)
{
	struct reg_ref reg;

	if (take(as, "exit"))
		return emit(as, FORM_EXIT, (struct bpf_insn){ 0 });
	if (take(as, "nospec"))
		return emit(as, FORM_NOSPEC, (struct bpf_insn){ 0 });
	if (take(as, "goto"))
		return emit(as, FORM_JA, (struct bpf_insn){ 0 }) && target(as, false);
	if (take(as, "gotol"))
		return emit(as, FORM_JA32, (struct bpf_insn){ 0 }) && target(as, true);
	if (take(as, "may_goto"))
		return emit(as, FORM_MAY_GOTO, (struct bpf_insn){ 0 }) && target(as, false);
	if (take(as, "gotox"))
		return need_reg(as, &reg) &&
		       emit(as, FORM_GOTOX, (struct bpf_insn){ .dst_reg = reg.num });
	if (take(as, "if"))
		return stmt_if(as);
	if (take(as, "call"))
		return stmt_call(as);
	if (take(as, "lock"))
		return stmt_lock(as);
	if (take(as, "store_release"))
		return stmt_store_release(as);
	if (take(as, "*"))
		return stmt_store(as);
	if (take(as, "insn"))
		return stmt_raw(as);
	if (take_reg(as, &reg))
		return stmt_reg(as, reg);
	return fail(as, "not an instruction");
}

/* ---- the whole text ----------------------------------------------------------------------- */

/* "12: " numbers as logs have them, "name:" labels, "(bf) " opcodes. */
static bool prefixes(struct as *as)
{
	for (;;) {
		const char *start;
		struct label label = { .insn = as->insns.cnt };
		char *end;

		skip_blank(as);
		start = as->pos;
		if (isdigit((u8)*start)) {
			strtoul(start, &end, 10);
			if (*end != ':')
				return fail(as, "a statement cannot start with a number");
			as->pos = end + 1;
			continue;
		}
		if (take_word(as, label.name, sizeof(label.name)) && *as->pos == ':') {
			as->pos++;
			for (size_t i = 0; i < as->labels.cnt; i++) {
				if (!strcmp(as->labels.at[i].name, label.name)) {
					as->pos = start;
					return fail(as, "label stands twice");
				}
			}
			if (!vec_push(&as->labels, label))
				return fail(as, "out of memory");
			continue;
		}
		as->pos = start;
		break;
	}
	as->code = -1;
	if (as->pos[0] == '(' && isxdigit((u8)as->pos[1]) && isxdigit((u8)as->pos[2]) &&
	    as->pos[3] == ')') {
		as->code = strtoul(as->pos + 1, NULL, 16);
		as->pos += 4;
	}
	return true;
}

static bool patch(struct as *as, const struct fixup *fix)
{
	for (size_t i = 0; i < as->labels.cnt; i++) {
		struct bpf_insn *insn = &as->insns.at[fix->insn];
		s64 dist = (s64)as->labels.at[i].insn - fix->insn - 1;

		if (strcmp(as->labels.at[i].name, fix->label))
			continue;
		if (fix->in_imm) {
			insn->imm = dist;
			return true;
		}
		insn->off = dist;
		if (insn->off == dist)
			return true;
		strbuf_printf(as->err, "%d:%d: label %s is too far for 16 bits", fix->line, fix->col,
			      fix->label);
		return false;
	}
	strbuf_printf(as->err, "%d:%d: no label or helper %s", fix->line, fix->col, fix->label);
	return false;
}

static bool assemble_all(struct as *as)
{
	while (*as->pos) {
		if (!prefixes(as))
			return false;
		if (!at_end(as)) {
			if (!statement(as))
				return false;
			if (!at_end(as))
				return fail(as, "unexpected text after the instruction");
		}
		if (*as->pos == ';') {
			as->pos++;
			continue;
		}
		while (*as->pos && *as->pos != '\n') /* comment */
			as->pos++;
		if (*as->pos) {
			as->line_start = ++as->pos;
			as->line++;
		}
	}
	for (size_t i = 0; i < as->fixups.cnt; i++) {
		if (!patch(as, &as->fixups.at[i]))
			return false;
	}
	return true;
}

int insn_assemble(const char *text, const struct asm_syms *syms, struct bpf_insn **ret_insns,
		  u32 *ret_cnt, struct strbuf *err)
{
	struct as as = { .pos = text, .line_start = text, .line = 1, .syms = syms, .err = err };
	bool ok = assemble_all(&as);

	vec_free(&as.fixups);
	vec_free(&as.labels);
	if (!ok) {
		vec_free(&as.insns);
		return -EINVAL;
	}
	*ret_insns = as.insns.at;
	*ret_cnt = as.insns.cnt;
	return 0;
}
