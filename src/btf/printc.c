/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printc.c - all types as C that compiles. A type is written when everything that it holds by value has
 * been; behind pointers a declaration is enough. Anonymous structs are written inside of what uses them.
 * Names that stand more than once get "___2", "___3" behind them, as bpftool does it.
 * Hostile BTF: recursion is bounded, and what is too deep is written as a comment, not followed.
 */
#include "base/hash.h"
#include "base/u64map.h"
#include "btf/btf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH     64
#define WORK_PER_TYPE 256 /* BTF_MAX_TYPE times it is below 2^32; the kernel's own needs 12 */

enum { NEW, OPEN, DONE };
enum name_space { TAGS, ORDINARY };

struct dump {
	struct strbuf *out;
	const struct skep_btf *btf;
	u8 *state;	/* by id, of definitions */
	bool *declared; /* "struct x;" was written */
	u32 *version;	/* which of the types with this name it is, from 1 */
	struct u64map counts; /* name and name space: how many there were */
	u8 *needed;	/* by id: BIT(by value) of what was gone through for its needs */
	u8 *align;	/* by id, of structs and unions; 0: not known yet */
	u32 work;	/* types that were written */
	bool oom, over; /* over: there was too much to write, it is cut short */
};

/* Types written in place inside of types written in place: 2^64 times in hostile BTF. Then it is cut short. */
static bool too_much(struct dump *d)
{
	d->over = d->over || ++d->work > WORK_PER_TYPE * btf_id_cnt(d->btf) + (1u << 16);
	return d->over;
}

static bool is_tag(u32 kind)
{
	return btf_kind_is_composite(kind) || btf_kind_is_enum(kind) || kind == BTF_KIND_FWD;
}

static bool is_qualifier(u32 kind)
{
	return kind == BTF_KIND_CONST || kind == BTF_KIND_VOLATILE || kind == BTF_KIND_RESTRICT ||
	       kind == BTF_KIND_TYPE_TAG;
}

static void indent(struct dump *d, u32 level)
{
	for (u32 i = 0; i < level; i++)
		strbuf_putc(d->out, '\t');
}

/* ---- names -------------------------------------------------------------------------------------- */

static u32 count_name(struct dump *d, const char *name, enum name_space space)
{
	u64 key = hash_bytes(name, strlen(name), space + 1), *cnt = u64map_get(&d->counts, key);
	u32 n = cnt ? *cnt + 1 : 1;

	if (!u64map_put(&d->counts, key, n))
		d->oom = true;
	return n;
}

/*
 * Names that compilers have built in are taken: what BTF calls so is another type, for the kernel's compiler
 * had another target, with other variable arguments.
 */
static bool is_builtin(const char *name)
{
	return !strcmp(name, "__builtin_va_list");
}

static void number_names(struct dump *d)
{
	struct btf_t t;

	for (u32 id = 1; id < btf_id_cnt(d->btf); id++) {
		if (!btf_type_get(d->btf, id, &t) || !t.name[0])
			continue;
		/* A declaration names the definition, it is not another one. */
		if (btf_kind_is_composite(t.kind) || btf_kind_is_enum(t.kind))
			d->version[id] = count_name(d, t.name, TAGS);
		else if (t.kind == BTF_KIND_TYPEDEF)
			d->version[id] = count_name(d, t.name, ORDINARY) + is_builtin(t.name);
	}
}

static void put_name(struct dump *d, const struct btf_t *t)
{
	strbuf_puts(d->out, t->name);
	if (d->version[t->id] > 1)
		strbuf_printf(d->out, "___%u", d->version[t->id]);
}

static const char *tag_word(const struct btf_t *t)
{
	if (btf_kind_is_enum(t->kind))
		return "enum";
	if (t->kind == BTF_KIND_FWD)
		return t->kflag ? "union" : "struct";
	return t->kind == BTF_KIND_UNION ? "union" : "struct";
}

/* ---- declarators --------------------------------------------------------------------------------- */

static void put_body(struct dump *d, const struct btf_t *t, u32 level, u32 depth);
static void put_decl(struct dump *d, u32 id, const char *name, u32 level, u32 depth);

static void put_base(struct dump *d, u32 id, u32 level, u32 depth)
{
	struct btf_t t;

	if (!id || !btf_type_get(d->btf, id, &t)) {
		strbuf_puts(d->out, "void");
		return;
	}
	if (is_tag(t.kind)) {
		strbuf_puts(d->out, tag_word(&t));
		if (t.name[0]) {
			strbuf_putc(d->out, ' ');
			put_name(d, &t);
		} else if (t.kind != BTF_KIND_FWD) {
			put_body(d, &t, level, depth + 1);
		}
		return;
	}
	put_name(d, &t);
}

/* Parameters of a prototype. */
static void put_params(struct dump *d, const struct btf_t *proto, u32 depth)
{
	struct btf_parm p;

	strbuf_putc(d->out, '(');
	for (u32 i = 0; i < proto->vlen && btf_param(d->btf, proto, i, &p); i++) {
		strbuf_puts(d->out, i ? ", " : "");
		if (!p.type && i + 1 == proto->vlen)
			strbuf_puts(d->out, "...");
		else
			put_decl(d, p.type, "", 0, depth + 1);
	}
	strbuf_puts(d->out, proto->vlen ? ")" : "void)");
}

/*
 * C's declarations read from the name outwards: "x" becomes "*x", then "(*x)[3]", then the base goes in
 * front. @inner holds what was read so far.
 */
static void put_around(struct dump *d, u32 id, struct strbuf *inner, bool pointer, u32 level, u32 depth)
{
	struct strbuf next = { 0 };
	struct btf_arr arr;
	struct btf_t t;

	if (depth > MAX_DEPTH || too_much(d) || (id && !btf_type_get(d->btf, id, &t))) {
		strbuf_printf(d->out, "void /* too deep */ *%s", strbuf_str(inner));
		return;
	}
	if (!id)
		t = (struct btf_t){ .name = "" };
	if (id && t.kind == BTF_KIND_PTR) {
		strbuf_printf(&next, "*%s", strbuf_str(inner));
		put_around(d, t.type, &next, true, level, depth + 1);
	} else if (id && is_qualifier(t.kind)) {
		const char *word = t.kind == BTF_KIND_CONST ? "const " : t.kind == BTF_KIND_VOLATILE ? "volatile " :
				   t.kind == BTF_KIND_RESTRICT ? "restrict " : "";
		struct btf_t to = { 0 };

		/* Of a pointer the qualifier stands behind the star, of all else in front of the base. */
		btf_type_get(d->btf, btf_skip_quals(d->btf, t.type), &to);
		if (to.kind != BTF_KIND_PTR)
			strbuf_puts(d->out, word);
		strbuf_printf(&next, "%s%s", to.kind == BTF_KIND_PTR ? word : "", strbuf_str(inner));
		put_around(d, t.type, &next, pointer, level, depth + 1);
	} else if (id && t.kind == BTF_KIND_ARRAY && btf_array(&t, &arr)) {
		strbuf_printf(&next, pointer ? "(%s)[%u]" : "%s[%u]", strbuf_str(inner), arr.nelems);
		put_around(d, arr.elem_type, &next, false, level, depth + 1);
	} else if (id && t.kind == BTF_KIND_FUNC_PROTO) {
		struct strbuf *out = d->out;

		strbuf_printf(&next, pointer ? "(%s)" : "%s", strbuf_str(inner));
		d->out = &next;
		put_params(d, &t, depth);
		d->out = out;
		put_around(d, t.type, &next, false, level, depth + 1);
	} else {
		put_base(d, id, level, depth);
		if (inner->len)
			strbuf_printf(d->out, " %s", strbuf_str(inner));
	}
	strbuf_free(&next);
}

static void put_decl(struct dump *d, u32 id, const char *name, u32 level, u32 depth)
{
	struct strbuf inner = { 0 };

	strbuf_puts(&inner, name);
	put_around(d, id, &inner, false, level, depth);
	strbuf_free(&inner);
}

/* ---- bodies ---------------------------------------------------------------------------------------- */

static void put_enum(struct dump *d, const struct btf_t *t, u32 level)
{
	const char *name;
	s64 val;

	strbuf_puts(d->out, " {\n");
	for (u32 i = 0; i < t->vlen && btf_enumerator(d->btf, t, i, &name, &val); i++) {
		u32 n = count_name(d, name, ORDINARY);

		indent(d, level + 1);
		strbuf_puts(d->out, name);
		if (n > 1)
			strbuf_printf(d->out, "___%u", n);
		if (t->kflag)
			strbuf_printf(d->out, " = %lld%s,\n", (long long)val, t->size == 8 ? "LL" : "");
		else
			strbuf_printf(d->out, " = %llu%s,\n",
				      t->size == 8 ? (unsigned long long)val : (unsigned long long)(u32)val,
				      t->size == 8 ? "ULL" : "");
	}
	indent(d, level);
	strbuf_putc(d->out, '}');
	if (t->size < 4)
		strbuf_printf(d->out, " __attribute__((mode(%s)))", t->size == 1 ? "byte" : "HI");
}

static s64 align_of(struct dump *d, u32 id, u32 depth);

/* A member that is not where its alignment wants it, or a size that does not fit: the struct is packed. */
static s64 composite_align(struct dump *d, const struct btf_t *t, u32 depth)
{
	struct btf_memb m;
	s64 best = 1;

	for (u32 i = 0; i < t->vlen && btf_member(d->btf, t, i, &m); i++) {
		s64 a = align_of(d, m.type, depth + 1);

		if (!m.bit_size && m.bit_off % (a * 8))
			return 1;
		best = a > best ? a : best;
	}
	return t->size % best ? 1 : best;
}

static s64 align_of(struct dump *d, u32 id, u32 depth)
{
	struct btf_arr arr;
	struct btf_t t;

	if (depth > MAX_DEPTH || !btf_type_get(d->btf, btf_skip_mods(d->btf, id), &t))
		return 1;
	switch (t.kind) {
	case BTF_KIND_PTR:
		return 8;
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return t.size < 16 ? (t.size ? t.size : 1) : 16;
	case BTF_KIND_ARRAY:
		return btf_array(&t, &arr) ? align_of(d, arr.elem_type, depth + 1) : 1;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		if (!d->align[t.id])
			d->align[t.id] = (u8)composite_align(d, &t, depth);
		return d->align[t.id];
	default:
		return 1;
	}
}

static bool is_packed(struct dump *d, const struct btf_t *t)
{
	struct btf_memb m;
	s64 best = 1;

	for (u32 i = 0; i < t->vlen && btf_member(d->btf, t, i, &m); i++) {
		s64 a = align_of(d, m.type, 0);

		if (!m.bit_size && m.bit_off % (a * 8))
			return true;
		best = a > best ? a : best;
	}
	return t->size % best != 0;
}

/* Bits between the end of one member and the start of the next that C would not leave by itself. */
static void put_gap(struct dump *d, u64 cur, u64 want, s64 align, u32 level)
{
	u64 natural = align > 0 ? (cur + align * 8 - 1) / (align * 8) * (align * 8) : cur;

	if (natural == want || cur >= want)
		return;
	for (; cur % 8 && cur < want; cur++)
		;
	if (cur > want)
		return;
	indent(d, level);
	strbuf_printf(d->out, "char : 0;\n");
	if (want / 8 > cur / 8) {
		indent(d, level);
		strbuf_printf(d->out, "char __pad%llu[%llu];\n", (unsigned long long)cur / 8,
			      (unsigned long long)(want / 8 - cur / 8));
	}
	if (want % 8) {
		indent(d, level);
		strbuf_printf(d->out, "unsigned char : %llu;\n", (unsigned long long)(want % 8));
	}
}

/* In front of a bit-field: unnamed ones of its type, none across the end of a unit. */
static void put_bit_gap(struct dump *d, u64 cur, const struct btf_memb *m, u64 unit, u32 level, u32 depth)
{
	while (unit && cur < m->bit_off) {
		u64 end = cur / unit * unit + unit, to = end < m->bit_off ? end : m->bit_off;

		indent(d, level);
		put_decl(d, m->type, "", level, depth + 1);
		strbuf_printf(d->out, " : %llu;\n", (unsigned long long)(to - cur));
		cur = to;
	}
}

static void put_members(struct dump *d, const struct btf_t *t, bool packed, u32 level, u32 depth)
{
	struct btf_memb m;
	u64 cur = 0;

	for (u32 i = 0; i < t->vlen && btf_member(d->btf, t, i, &m); i++) {
		s64 size = btf_type_size(d->btf, m.type), align = packed ? 1 : align_of(d, m.type, 0);

		/* Bit-fields follow each other bit by bit as long as they stay in one unit. */
		if (t->kind == BTF_KIND_STRUCT && m.bit_size)
			put_bit_gap(d, cur, &m, size > 0 ? (u64)size * 8 : 0, level + 1, depth);
		else if (t->kind == BTF_KIND_STRUCT)
			put_gap(d, cur, m.bit_off, align, level + 1);
		indent(d, level + 1);
		put_decl(d, m.type, m.name, level + 1, depth + 1);
		if (m.bit_size)
			strbuf_printf(d->out, ": %u", m.bit_size);
		strbuf_puts(d->out, ";\n");
		cur = m.bit_off + (m.bit_size ? m.bit_size : size > 0 ? (u64)size * 8 : 0);
	}
	if (t->kind == BTF_KIND_STRUCT && t->vlen) {
		s64 align = packed ? 1 : align_of(d, t->id, 0);

		put_gap(d, cur, (u64)t->size * 8, align, level + 1);
	}
}

static void put_body(struct dump *d, const struct btf_t *t, u32 level, u32 depth)
{
	bool packed;

	if (depth > MAX_DEPTH || too_much(d)) {
		strbuf_puts(d->out, " { /* too deep */ }");
		return;
	}
	if (btf_kind_is_enum(t->kind)) {
		put_enum(d, t, level);
		return;
	}
	packed = t->kind == BTF_KIND_STRUCT && is_packed(d, t);
	strbuf_puts(d->out, " {\n");
	put_members(d, t, packed, level, depth);
	indent(d, level);
	strbuf_putc(d->out, '}');
	if (packed)
		strbuf_puts(d->out, " __attribute__((packed))");
}

/* ---- order ------------------------------------------------------------------------------------------ */

static void need(struct dump *d, u32 id, bool by_value, u32 depth);

static void need_members(struct dump *d, const struct btf_t *t, u32 depth)
{
	struct btf_memb m;

	for (u32 i = 0; i < t->vlen && btf_member(d->btf, t, i, &m); i++)
		need(d, m.type, true, depth + 1);
}

static void define_tag(struct dump *d, const struct btf_t *t, u32 depth)
{
	if (d->state[t->id] != NEW)
		return;
	d->state[t->id] = OPEN;
	if (btf_kind_is_composite(t->kind))
		need_members(d, t, depth);
	d->state[t->id] = DONE;
	if (!t->name[0] && (!btf_kind_is_enum(t->kind) || depth))
		return; /* written where it is used */
	strbuf_puts(d->out, tag_word(t));
	if (t->name[0]) {
		strbuf_putc(d->out, ' ');
		put_name(d, t);
	}
	put_body(d, t, 0, depth);
	strbuf_puts(d->out, ";\n\n");
}

static void declare_tag(struct dump *d, const struct btf_t *t)
{
	if (!t->name[0] || d->declared[t->id] || d->state[t->id] == DONE)
		return;
	d->declared[t->id] = true;
	strbuf_printf(d->out, "%s ", tag_word(t));
	put_name(d, t);
	strbuf_puts(d->out, ";\n\n");
}

static void define_typedef(struct dump *d, const struct btf_t *t, bool by_value, u32 depth)
{
	struct strbuf name = { 0 };

	if (d->state[t->id] == NEW) {
		d->state[t->id] = OPEN;
		need(d, t->type, false, depth + 1);
		d->state[t->id] = DONE;
		strbuf_puts(&name, t->name);
		if (d->version[t->id] > 1)
			strbuf_printf(&name, "___%u", d->version[t->id]);
		strbuf_puts(d->out, "typedef ");
		put_decl(d, t->type, strbuf_str(&name), 0, depth + 1);
		strbuf_puts(d->out, ";\n\n");
		strbuf_free(&name);
	}
	if (by_value)
		need(d, t->type, true, depth + 1);
}

static void need_proto(struct dump *d, const struct btf_t *t, u32 depth)
{
	struct btf_parm p;

	need(d, t->type, false, depth + 1);
	for (u32 i = 0; i < t->vlen && btf_param(d->btf, t, i, &p); i++)
		need(d, p.type, false, depth + 1);
}

/* Writes what must stand before a use of @id: its definition, or behind a pointer a declaration. */
static void need(struct dump *d, u32 id, bool by_value, u32 depth)
{
	struct btf_arr arr;
	struct btf_t t;

	if (!id || depth > MAX_DEPTH || !btf_type_get(d->btf, id, &t) || d->needed[id] & BIT(by_value))
		return;
	/* What a tag or typedef needs it remembers by itself; it may be wanted whole after it was declared. */
	if (!is_tag(t.kind) && t.kind != BTF_KIND_TYPEDEF)
		d->needed[id] |= BIT(by_value);
	if (btf_kind_is_enum(t.kind)) {
		define_tag(d, &t, depth);
	} else if (btf_kind_is_composite(t.kind)) {
		/* Anonymous ones are written in place, with all that they hold. */
		if (by_value || !t.name[0])
			define_tag(d, &t, depth);
		else
			declare_tag(d, &t);
	} else if (t.kind == BTF_KIND_FWD) {
		declare_tag(d, &t);
	} else if (t.kind == BTF_KIND_TYPEDEF) {
		define_typedef(d, &t, by_value, depth);
	} else if (t.kind == BTF_KIND_PTR) {
		need(d, t.type, false, depth + 1);
	} else if (is_qualifier(t.kind)) {
		need(d, t.type, by_value, depth + 1);
	} else if (t.kind == BTF_KIND_ARRAY && btf_array(&t, &arr)) {
		need(d, arr.elem_type, true, depth + 1);
	} else if (t.kind == BTF_KIND_FUNC_PROTO) {
		need_proto(d, &t, depth);
	}
}

static bool start(struct dump *d, struct strbuf *out, const struct skep_btf *btf)
{
	u32 cnt = btf_id_cnt(btf);

	*d = (struct dump){ .out = out, .btf = btf, .state = calloc(cnt, 1), .declared = calloc(cnt, sizeof(bool)),
			    .version = calloc(cnt, sizeof(u32)), .needed = calloc(cnt, 1), .align = calloc(cnt, 1) };
	return d->state && d->declared && d->version && d->needed && d->align;
}

static void finish(struct dump *d)
{
	free(d->state);
	free(d->declared);
	free(d->version);
	free(d->needed);
	free(d->align);
	u64map_free(&d->counts);
}

int btf_print_c(struct strbuf *out, const struct skep_btf *btf)
{
	struct dump d;
	struct btf_t t;

	if (!start(&d, out, btf)) {
		finish(&d);
		return -ENOMEM;
	}
	number_names(&d);
	strbuf_puts(out, "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
			 "#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n"
			 "#endif\n\n");
	for (u32 id = 1; id < btf_id_cnt(btf); id++) {
		if (btf_type_get(btf, id, &t) && (t.name[0] || btf_kind_is_enum(t.kind)) &&
		    (is_tag(t.kind) || t.kind == BTF_KIND_TYPEDEF))
			need(&d, id, true, 0);
	}
	strbuf_puts(out, "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n\n"
			 "#endif /* __VMLINUX_H__ */\n");
	finish(&d);
	return d.oom || out->oom ? -ENOMEM : d.over ? -E2BIG : 0;
}

struct btf_cdump {
	struct dump dump;
};

struct btf_cdump *btf_cdump_new(const struct skep_btf *btf)
{
	struct btf_cdump *cd = malloc(sizeof(*cd));

	if (!cd)
		return NULL;
	if (!start(&cd->dump, NULL, btf)) {
		btf_cdump_free(cd);
		return NULL;
	}
	number_names(&cd->dump);
	return cd;
}

int btf_cdump_type(struct btf_cdump *cd, struct strbuf *out, u32 id)
{
	if (id >= btf_id_cnt(cd->dump.btf))
		return -EINVAL;
	cd->dump.out = out;
	need(&cd->dump, id, true, 0);
	return cd->dump.oom || out->oom ? -ENOMEM : cd->dump.over ? -E2BIG : 0;
}

int btf_cdump_decl(struct btf_cdump *cd, struct strbuf *out, u32 id, const char *name, u32 level)
{
	if (id >= btf_id_cnt(cd->dump.btf))
		return -EINVAL;
	cd->dump.out = out;
	put_decl(&cd->dump, id, name, level, 0);
	return cd->dump.oom || out->oom ? -ENOMEM : cd->dump.over ? -E2BIG : 0;
}

void btf_cdump_free(struct btf_cdump *cd)
{
	if (cd)
		finish(&cd->dump);
	free(cd);
}

void btf_print_decl(struct strbuf *out, const struct skep_btf *btf, u32 id, const char *name)
{
	struct dump d;

	if (start(&d, out, btf))
		put_decl(&d, id, name, 0, 0);
	finish(&d);
}
