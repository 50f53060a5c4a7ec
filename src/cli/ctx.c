/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctx.c - contexts by field names. Names, offsets and sizes are those of the UAPI structure that goes
 * with the program type (a generated table); where there is none, syscall programs, those of the
 * structure that the program's own BTF says it takes.
 *
 * A number stands in the field as given, but in fields declared big-endian, which take it as people
 * write it (443). "net:443" does the same for ports that are declared as plain __u32. Addresses are
 * in network order wherever they fit.
 */
#include "cli/ctx.h"

#include "base/vec.h"
#include "cli/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx_fields.h"

#define FIELDS_MAX 4096 /* of a structure that a program brings along */

/* ---- layouts --------------------------------------------------------------------------------- */

static const struct btf_type *skip_modifiers(const struct btf *btf, u32 id)
{
	int resolved = btf__resolve_type(btf, id);

	return resolved < 0 ? NULL : btf__type_by_id(btf, resolved);
}

/* struct NAME of "int prog(struct NAME *ctx)", NULL when its BTF says something else. */
static const struct btf_type *first_param(const struct btf *btf, const char *prog)
{
	int id = btf ? btf__find_by_name_kind(btf, prog, BTF_KIND_FUNC) : -ENOENT;
	const struct btf_type *t;

	if (id < 0)
		return NULL;
	t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	if (!t || !btf_is_func_proto(t) || !btf_vlen(t))
		return NULL;
	t = skip_modifiers(btf, ((const struct btf_param *)(t + 1))->type);
	if (!t || !btf_is_ptr(t))
		return NULL;
	t = skip_modifiers(btf, t->type);
	return t && btf_is_struct(t) ? t : NULL;
}

/* Whole numbers and arrays of them; false for a member that is something else. */
static bool number_field(const struct btf *btf, u32 type_id, struct ctx_field *ret_field)
{
	const struct btf_type *t = skip_modifiers(btf, type_id);

	ret_field->cnt = 1;
	if (t && btf_is_array(t)) {
		ret_field->cnt = btf_array(t)->nelems;
		t = skip_modifiers(btf, btf_array(t)->type);
	}
	if (!t || !(btf_is_int(t) || btf_is_any_enum(t)) || t->size > 8 || !ret_field->cnt)
		return false;
	ret_field->size = t->size;
	ret_field->is_signed = btf_is_int(t) ? btf_int_encoding(t) & BTF_INT_SIGNED : btf_kflag(t);
	return true;
}

struct field_vec {
	struct ctx_field *at;
	size_t cnt, cap;
};

static bool add_member(struct field_vec *fields, const struct btf *btf, const struct btf_type *t, u32 i,
		       struct ctx_field f, const char *prefix)
{
	const char *name = btf__name_by_offset(btf, btf_members(t)[i].name_off);

	if (asprintf(&f.name, "%s%s", prefix, name) < 0)
		return false;
	if (vec_push(fields, f))
		return true;
	free(f.name);
	return false;
}

/* Numbers of the structure, those of structures in it as "regs.ip". False: no memory. */
static bool add_members(struct field_vec *fields, const struct btf *btf, const struct btf_type *t, u32 base,
			const char *prefix, u32 depth)
{
	bool ok = true;

	for (u32 i = 0; i < btf_vlen(t) && ok; i++) {
		struct ctx_field f = { .off = base + btf_member_bit_offset(t, i) / 8 };
		const struct btf_type *inner = skip_modifiers(btf, btf_members(t)[i].type);
		const char *name = btf__name_by_offset(btf, btf_members(t)[i].name_off);
		char below[128];

		if (btf_member_bitfield_size(t, i) || fields->cnt == FIELDS_MAX)
			continue;
		if (number_field(btf, btf_members(t)[i].type, &f)) {
			ok = add_member(fields, btf, t, i, f, prefix);
		} else if (inner && btf_is_composite(inner) && depth < 4) {
			snprintf(below, sizeof(below), "%s%s%s", prefix, name, *name ? "." : "");
			ok = add_members(fields, btf, inner, f.off, below, depth + 1);
		}
	}
	return ok;
}

static bool layout_from_btf(struct ctx_image *img, const struct btf *btf, const struct btf_type *t)
{
	struct field_vec fields = { 0 };
	bool ok = add_members(&fields, btf, t, 0, "", 0);
	size_t kept = 0;

	/* BTF that was checked keeps members inside; nothing here relies on it. */
	for (size_t i = 0; i < fields.cnt; i++) {
		struct ctx_field *f = &fields.at[i];

		if (f->off <= t->size && (u64)f->size * f->cnt <= t->size - f->off)
			fields.at[kept++] = *f;
		else
			free(f->name);
	}
	img->own = fields.at;
	img->layout = (struct ctx_layout){ btf__name_by_offset(btf, t->name_off), t->size, fields.at, kept };
	return ok;
}

/* struct seccomp_data, which no program type has for its context. */
static const struct ctx_field seccomp_fields[] = {
	{ "nr", 0, 4, 1, 1, 0 },
	{ "arch", 4, 4, 1, 0, 0 },
	{ "instruction_pointer", 8, 8, 1, 0, 0 },
	{ "args", 16, 8, 6, 0, 0 },
};
static const struct ctx_layout seccomp_layout = { "seccomp_data", 64, seccomp_fields, ARRAY_SIZE(seccomp_fields) };

bool ctx_start(struct ctx_image *img, const struct bpf_program *prog, const struct bpf_object *obj,
	       const struct cli_input *in)
{
	const char *path = in->file.path;
	u32 type = bpf_program__type(prog);
	const struct btf *btf = bpf_object__btf(obj);
	const struct btf_type *t;

	*img = (struct ctx_image){ 0 };
	if (in->seccomp) {
		img->layout = seccomp_layout;
	} else if (type < ARRAY_SIZE(layouts) && layouts[type].name) {
		img->layout = layouts[type];
	} else {
		t = first_param(btf, bpf_program__name(prog));
		if (!t || t->size > UINT16_MAX) {
			cli_fail("%s: %s: the context of %s programs has no field names here; --ctx-in takes bytes", path,
				 bpf_program__name(prog), libbpf_bpf_prog_type_str(type));
			return false;
		}
		if (!layout_from_btf(img, btf, t))
			return !cli_fail("out of memory");
	}
	img->bytes = calloc(1, img->layout.size + 1);
	img->given = calloc(img->layout.field_cnt + 1, sizeof(*img->given));
	return (img->bytes && img->given) || !cli_fail("out of memory");
}

void ctx_free(struct ctx_image *img)
{
	for (u32 i = 0; img->own && i < img->layout.field_cnt; i++)
		free(img->own[i].name);
	free(img->own);
	free(img->bytes);
	free(img->given);
	*img = (struct ctx_image){ 0 };
}

/* ---- values ---------------------------------------------------------------------------------- */

/* "name" or "name[3]"; *ret_idx is -1 without brackets. NULL: told on stderr. */
static const struct ctx_field *find_field(const struct ctx_image *img, const char *name, int *ret_idx)
{
	size_t len = strcspn(name, "[");
	struct nearest near = { .word = name };
	struct strbuf all = { 0 };
	char *end;
	u64 idx;

	for (u32 i = 0; i < img->layout.field_cnt; i++) {
		const struct ctx_field *f = &img->layout.fields[i];

		if (strlen(f->name) != len || strncmp(f->name, name, len)) {
			nearest_try(&near, f->name);
			strbuf_printf(&all, "%s%s", all.len ? ", " : "", f->name);
			continue;
		}
		strbuf_free(&all);
		*ret_idx = -1;
		if (!name[len])
			return f;
		idx = strtoull(name + len + 1, &end, 0);
		if (end == name + len + 1 || strcmp(end, "]") || idx >= f->cnt) {
			cli_fail("context: %s: struct %s has %s[0] to [%u]", name, img->layout.name, f->name, f->cnt - 1);
			return NULL;
		}
		*ret_idx = idx;
		return f;
	}
	if (near.best)
		cli_fail("context: struct %s has no field %s; did you mean %s?", img->layout.name, name, near.best);
	else
		cli_fail("context: struct %s has no field %s; it has %s", img->layout.name, name, strbuf_str(&all));
	strbuf_free(&all);
	return NULL;
}

/* The port of struct bpf_sock_addr is that of a socket address, 16 bits, in the first half of a __u32; other
 * ports in network order, such as remote_port, fill theirs. */
static bool is_short_port(const struct ctx_field *f)
{
	return f->size == 4 && !strcmp(f->name, "user_port");
}

/* A number, "net:NUMBER" or, in a field of their size, an address. */
static bool set_value(struct ctx_image *img, const char *name, const char *text)
{
	const struct ctx_field *f;
	u32 total, size;
	int idx;
	u8 *at;

	f = find_field(img, name, &idx);
	if (!f)
		return false;
	img->given[f - img->layout.fields] = true;
	at = img->bytes + f->off + (idx > 0 ? idx * f->size : 0);
	total = idx < 0 ? f->size * f->cnt : f->size;
	if ((f->size == 4 && value_address(text, at, 4)) || (total == 16 && value_address(text, at, 16)))
		return true;
	if (idx < 0 && f->cnt > 1)
		return !cli_fail("context: %s is an array: %s[0] to [%u]", name, f->name, f->cnt - 1);
	size = is_short_port(f) && !strncmp(text, "net:", 4) ? 2 : f->size;
	switch (value_number(text, at, size, f->is_be)) {
	case VALUE_NO_NUMBER:
		return !cli_fail("context: %s: \"%s\" is neither a number%s", name, text,
				 f->size == 4 ? ", net:NUMBER nor an address" : " nor net:NUMBER");
	case VALUE_TOO_LARGE:
		return !cli_fail("context: %s: %s does not fit its %u bytes", name, text, f->size);
	default:
		return true;
	}
}

bool ctx_set_text(struct ctx_image *img, const char *text)
{
	char *copy = strdup(text), *rest = copy, *one;
	bool ok = copy || !cli_fail("out of memory");

	while (ok && (one = strsep(&rest, ","))) {
		char *value = strchr(one, '=');

		if (!value) {
			ok = !cli_fail("context: \"%s\" is not FIELD=VALUE", one);
			break;
		}
		*value++ = '\0';
		ok = set_value(img, one, value);
	}
	free(copy);
	return ok;
}

bool ctx_looks_like_json(const u8 *bytes, size_t size)
{
	size_t i = 0;

	while (i < size && strchr(" \t\r\n", bytes[i]) && bytes[i])
		i++;
	/* Bytes of a structure have zeros somewhere. */
	return i < size && bytes[i] == '{' && !memchr(bytes, 0, size);
}

static bool set_json_value(struct ctx_image *img, const char *path, const char *name, struct json_object *val)
{
	switch (json_object_get_type(val)) {
	case json_type_int:
	case json_type_string:
		return set_value(img, name, json_object_get_string(val));
	case json_type_boolean:
		return set_value(img, name, json_object_get_boolean(val) ? "1" : "0");
	default:
		return !cli_fail("%s: context: %s is neither a number, a string nor a list of them", path, name);
	}
}

static bool set_json_field(struct ctx_image *img, const char *path, const char *name, struct json_object *val)
{
	char elem[128];

	if (json_object_get_type(val) != json_type_array)
		return set_json_value(img, path, name, val);
	for (size_t i = 0; i < json_object_array_length(val); i++) {
		snprintf(elem, sizeof(elem), "%.100s[%zu]", name, i);
		if (!set_json_value(img, path, elem, json_object_array_get_idx(val, i)))
			return false;
	}
	return true;
}

bool ctx_set_json(struct ctx_image *img, const char *path, const u8 *text, size_t size)
{
	struct json_object *top = json_parse(path, text, size);
	bool ok = top != NULL;

	if (top && json_object_get_type(top) != json_type_object) {
		cli_fail("%s: not a JSON object", path);
		ok = false;
	}
	if (ok) {
		json_object_object_foreach(top, name, val) {
			ok = set_json_field(img, path, name, val);
			if (!ok)
				break;
		}
	}
	json_object_put(top);
	return ok;
}

void ctx_default(struct ctx_image *img, const char *name, u64 val)
{
	for (u32 i = 0; i < img->layout.field_cnt; i++) {
		const struct ctx_field *f = &img->layout.fields[i];

		if (!strcmp(f->name, name) && !img->given[i])
			value_store(img->bytes + f->off, val, f->size, f->is_be);
	}
}

/* ---- what the program left ------------------------------------------------------------------- */

static u64 load(const struct ctx_field *f, const u8 *bytes, u32 idx)
{
	const u8 *at = bytes + f->off + idx * f->size;
	u64 val = 0;

	for (u32 i = 0; i < f->size; i++)
		val |= (u64)at[f->is_be ? f->size - 1 - i : i] << 8 * i;
	if (f->is_signed && f->size < 8 && val >> (f->size * 8 - 1))
		val |= ~0ull << f->size * 8;
	return val;
}

static void print_value(const struct ctx_field *f, u64 val)
{
	if (f->is_signed)
		printf("%lld", (long long)val);
	else
		printf("%llu", (unsigned long long)val);
}

void ctx_print_changes(const struct ctx_image *img, const u8 *before, const u8 *after)
{
	for (u32 i = 0; i < img->layout.field_cnt; i++) {
		const struct ctx_field *f = &img->layout.fields[i];

		for (u32 k = 0; k < f->cnt; k++) {
			if (load(f, before, k) == load(f, after, k))
				continue;
			printf("context %s", f->name);
			if (f->cnt > 1)
				printf("[%u]", k);
			fputs(": ", stdout);
			print_value(f, load(f, before, k));
			fputs(" -> ", stdout);
			print_value(f, load(f, after, k));
			fputc('\n', stdout);
		}
	}
}

static struct json_object *json_value(const struct ctx_field *f, const u8 *bytes, u32 idx)
{
	u64 val = load(f, bytes, idx);

	return f->is_signed ? json_object_new_int64(val) : json_object_new_uint64(val);
}

struct json_object *ctx_json(const struct ctx_image *img, const u8 *bytes)
{
	struct json_object *obj = json_object_new_object(), *list;

	for (u32 i = 0; i < img->layout.field_cnt; i++) {
		const struct ctx_field *f = &img->layout.fields[i];

		if (f->cnt == 1) {
			json_object_object_add(obj, f->name, json_value(f, bytes, 0));
			continue;
		}
		list = json_object_new_array();
		for (u32 k = 0; k < f->cnt; k++)
			json_object_array_add(list, json_value(f, bytes, k));
		json_object_object_add(obj, f->name, list);
	}
	return obj;
}
