/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * btfvalue.c - the bytes of a value as its type says, in bpftool's form: whole numbers in decimal, bit fields and
 * numbers of 16 bytes in hex, enumerators and texts by name. Where bpftool prints no JSON (floating point), numbers.
 */
#include "cli/btfvalue.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Little-endian hosts are all there are: bit 0 is the lowest of the first byte. */
static u64 bits_at(const u8 *bytes, u32 bit_off, u32 bit_cnt)
{
	u64 val = 0;

	for (u32 i = 0; i < bit_cnt && i < 64; i++)
		val |= (u64)(bytes[(bit_off + i) / 8] >> (bit_off + i) % 8 & 1) << i;
	return val;
}

static s64 sign_extended(u64 val, u32 size)
{
	u32 unused = 64 - 8 * min_of(size, 8u);

	return (s64)(val << unused) >> unused;
}

static void print_int(struct jout *j, const struct btf_type *t, const u8 *bytes)
{
	u32 bits = btf_int_bits(t), encoding = btf_int_encoding(t);
	u64 val = bits_at(bytes, btf_int_offset(t), bits);

	if (bits == 128)
		jout_hex(j, bits_at(bytes, 64, 64), val);
	else if (bits != t->size * 8 || btf_int_offset(t))
		jout_hex(j, 0, val);
	else if (encoding & BTF_INT_BOOL)
		jout_word(j, val ? "true" : "false");
	else if (encoding & BTF_INT_CHAR && isprint((int)(val & 0xff)) && val < 0x80)
		jout_str(j, (char[]){ (char)val, '\0' });
	else if (encoding & BTF_INT_SIGNED)
		jout_word(j, "%lld", (long long)sign_extended(val, t->size));
	else
		jout_num(j, val);
}

static void print_enum(struct jout *j, const struct btf *btf, const struct btf_type *t, const u8 *bytes)
{
	u64 val = bits_at(bytes, 0, t->size * 8);

	for (u32 i = 0; i < btf_vlen(t); i++) {
		u64 known = btf_is_enum(t) ? (u64)(u32)btf_enum(t)[i].val : btf_enum64_value(&btf_enum64(t)[i]);
		u32 name = btf_is_enum(t) ? btf_enum(t)[i].name_off : btf_enum64(t)[i].name_off;

		if (bits_at((const u8 *)&known, 0, t->size * 8) == val) {
			jout_str(j, btf__name_by_offset(btf, name));
			return;
		}
	}
	/* bpftool takes values without a name for signed, but those of 64-bit enums that are not. */
	if (btf_is_enum(t) || btf_kflag(t))
		jout_word(j, "%lld", (long long)sign_extended(val, t->size));
	else
		jout_num(j, val);
}

static void print_float(struct jout *j, const struct btf_type *t, const u8 *bytes)
{
	double val = 0;
	float small;

	if (t->size == sizeof(small)) {
		memcpy(&small, bytes, sizeof(small));
		val = small;
	} else if (t->size == sizeof(val)) {
		memcpy(&val, bytes, sizeof(val));
	} else {
		jout_word(j, "null");
		return;
	}
	if (__builtin_isfinite(val))
		jout_word(j, "%.17g", val);
	else
		jout_word(j, "null");
}

/* Of char itself, maybe const; a typedef of it is taken for a number. */
static bool is_char(const struct btf *btf, u32 type_id)
{
	const struct btf_type *t = btf__type_by_id(btf, type_id);

	while (t && (btf_kind(t) == BTF_KIND_CONST || btf_kind(t) == BTF_KIND_VOLATILE))
		t = btf__type_by_id(btf, t->type);
	return t && btf_is_int(t) && t->size == 1 && !strcmp(btf__name_by_offset(btf, t->name_off), "char");
}

/* Printable up to a NUL, and nothing behind it. */
static bool is_text(const u8 *bytes, u32 cnt)
{
	u32 len = (u32)strnlen((const char *)bytes, cnt);

	for (u32 i = 0; i < len; i++) {
		if (bytes[i] >= 0x80 || !isprint(bytes[i]))
			return false;
	}
	for (u32 i = len; i < cnt; i++) {
		if (bytes[i])
			return false;
	}
	return len < cnt;
}

static void print_array(struct jout *j, const struct btf *btf, const struct btf_type *t, const u8 *bytes)
{
	const struct btf_array *a = btf_array(t);
	s64 size = btf__resolve_size(btf, a->type);

	if (is_char(btf, a->type) && is_text(bytes, a->nelems)) {
		jout_str(j, (const char *)bytes);
		return;
	}
	jout_open(j, '[');
	for (u32 i = 0; size > 0 && i < a->nelems; i++)
		btfvalue_print(j, btf, a->type, bytes + i * (size_t)size);
	jout_close(j, ']');
}

static void print_members(struct jout *j, const struct btf *btf, const struct btf_type *t, const u8 *bytes)
{
	jout_open(j, '{');
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		u32 off = btf_member_bit_offset(t, i), bits = btf_member_bitfield_size(t, i);

		jout_name(j, btf__name_by_offset(btf, m->name_off));
		if (bits)
			jout_hex(j, 0, bits_at(bytes, off, bits));
		else
			btfvalue_print(j, btf, m->type, bytes + off / 8);
	}
	jout_close(j, '}');
}

static void print_section(struct jout *j, const struct btf *btf, const struct btf_type *t, const u8 *bytes)
{
	jout_open(j, '{');
	jout_name(j, btf__name_by_offset(btf, t->name_off));
	jout_open(j, '[');
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_var_secinfo *v = &btf_var_secinfos(t)[i];

		btfvalue_print(j, btf, v->type, bytes + v->offset);
	}
	jout_close(j, ']');
	jout_close(j, '}');
}

static void print_var(struct jout *j, const struct btf *btf, const struct btf_type *t, const u8 *bytes)
{
	jout_open(j, '{');
	jout_name(j, btf__name_by_offset(btf, t->name_off));
	btfvalue_print(j, btf, t->type, bytes);
	jout_close(j, '}');
}

static void print_pointer(struct jout *j, const u8 *bytes)
{
	u64 val = bits_at(bytes, 0, 64);

	if (!j->loose)
		jout_num(j, val);
	else if (val)
		jout_hex(j, 0, val);
	else
		jout_word(j, "(nil)");
}

void btfvalue_print(struct jout *j, const struct btf *btf, u32 type_id, const u8 *bytes)
{
	const struct btf_type *t = btf__type_by_id(btf, type_id);

	while (t && (btf_is_mod(t) || btf_kind(t) == BTF_KIND_TYPEDEF || btf_kind(t) == BTF_KIND_TYPE_TAG))
		t = btf__type_by_id(btf, t->type);
	switch (t ? btf_kind(t) : BTF_KIND_UNKN) {
	case BTF_KIND_INT:
		print_int(j, t, bytes);
		break;
	case BTF_KIND_PTR:
		print_pointer(j, bytes);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		print_enum(j, btf, t, bytes);
		break;
	case BTF_KIND_ARRAY:
		print_array(j, btf, t, bytes);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		print_members(j, btf, t, bytes);
		break;
	case BTF_KIND_FLOAT:
		print_float(j, t, bytes);
		break;
	case BTF_KIND_VAR:
		print_var(j, btf, t, bytes);
		break;
	case BTF_KIND_DATASEC:
		print_section(j, btf, t, bytes);
		break;
	default:
		jout_word(j, "null");
	}
}
