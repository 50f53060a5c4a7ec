/* SPDX-License-Identifier: BSD-2-Clause */
/* btfdump.c - types printed in bpftool's text and JSON keys. */
#include "cli/btfcmd.h"

#include <skep/btf.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
	[BTF_KIND_INT] = "INT", [BTF_KIND_PTR] = "PTR", [BTF_KIND_ARRAY] = "ARRAY",
	[BTF_KIND_STRUCT] = "STRUCT", [BTF_KIND_UNION] = "UNION", [BTF_KIND_ENUM] = "ENUM",
	[BTF_KIND_FWD] = "FWD", [BTF_KIND_TYPEDEF] = "TYPEDEF", [BTF_KIND_VOLATILE] = "VOLATILE",
	[BTF_KIND_CONST] = "CONST", [BTF_KIND_RESTRICT] = "RESTRICT", [BTF_KIND_FUNC] = "FUNC",
	[BTF_KIND_FUNC_PROTO] = "FUNC_PROTO", [BTF_KIND_VAR] = "VAR", [BTF_KIND_DATASEC] = "DATASEC",
	[BTF_KIND_FLOAT] = "FLOAT", [BTF_KIND_DECL_TAG] = "DECL_TAG", [BTF_KIND_TYPE_TAG] = "TYPE_TAG",
	[BTF_KIND_ENUM64] = "ENUM64",
};

/* ---- JSON ------------------------------------------------------------------------------------ */

static const char *name_of(const struct btf *btf, u32 off)
{
	const char *name = off ? btf__name_by_offset(btf, off) : NULL;

	return name && *name ? name : "(anon)";
}

static const char *linkage_name(u32 linkage)
{
	static const char *const names[] = { "static", "global", "extern" };

	return linkage < ARRAY_SIZE(names) ? names[linkage] : "(unknown)";
}

static const char *int_encoding(u32 encoding)
{
	switch (encoding) {
	case 0:
		return "(none)";
	case BTF_INT_SIGNED:
		return "SIGNED";
	case BTF_INT_CHAR:
		return "CHAR";
	case BTF_INT_BOOL:
		return "BOOL";
	}
	return "UNKN";
}

static void add_members(struct json_object *obj, const struct btf *btf, const struct btf_type *t)
{
	struct json_object *list = json_object_new_array();

	json_add_num(obj, "size", t->size);
	json_add_num(obj, "vlen", btf_vlen(t));
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		struct json_object *one = json_object_new_object();

		json_add_str(one, "name", name_of(btf, m->name_off));
		json_add_num(one, "type_id", m->type);
		json_add_num(one, "bits_offset", btf_member_bit_offset(t, i));
		if (btf_member_bitfield_size(t, i))
			json_add_num(one, "bitfield_size", btf_member_bitfield_size(t, i));
		json_object_array_add(list, one);
	}
	json_object_object_add(obj, "members", list);
}

static void add_values(struct json_object *obj, const struct btf *btf, const struct btf_type *t)
{
	struct json_object *list = json_object_new_array();

	json_add_str(obj, "encoding", btf_kflag(t) ? "SIGNED" : "UNSIGNED");
	json_add_num(obj, "size", t->size);
	json_add_num(obj, "vlen", btf_vlen(t));
	for (u32 i = 0; i < btf_vlen(t); i++) {
		struct json_object *one = json_object_new_object(), *val;

		if (btf_is_enum(t)) {
			const struct btf_enum *e = &btf_enum(t)[i];

			json_add_str(one, "name", name_of(btf, e->name_off));
			val = json_object_new_int64(btf_kflag(t) ? (s64)e->val : (s64)(u32)e->val);
		} else {
			const struct btf_enum64 *e = &btf_enum64(t)[i];

			json_add_str(one, "name", name_of(btf, e->name_off));
			val = btf_kflag(t) ? json_object_new_int64((s64)btf_enum64_value(e)) :
					     json_object_new_uint64(btf_enum64_value(e));
		}
		json_object_object_add(one, "val", val);
		json_object_array_add(list, one);
	}
	json_object_object_add(obj, "values", list);
}

static void add_params(struct json_object *obj, const struct btf *btf, const struct btf_type *t)
{
	struct json_object *list = json_object_new_array();

	json_add_num(obj, "ret_type_id", t->type);
	json_add_num(obj, "vlen", btf_vlen(t));
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_param *p = (const struct btf_param *)(t + 1) + i;
		struct json_object *one = json_object_new_object();

		json_add_str(one, "name", name_of(btf, p->name_off));
		json_add_num(one, "type_id", p->type);
		json_object_array_add(list, one);
	}
	json_object_object_add(obj, "params", list);
}

static void add_vars(struct json_object *obj, const struct btf_type *t)
{
	struct json_object *list = json_object_new_array();

	json_add_num(obj, "size", t->size);
	json_add_num(obj, "vlen", btf_vlen(t));
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_var_secinfo *v = &btf_var_secinfos(t)[i];
		struct json_object *one = json_object_new_object();

		json_add_num(one, "type_id", v->type);
		json_add_num(one, "offset", v->offset);
		json_add_num(one, "size", v->size);
		json_object_array_add(list, one);
	}
	json_object_object_add(obj, "vars", list);
}

static void add_kind(struct json_object *obj, const struct btf *btf, const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		json_add_num(obj, "size", t->size);
		json_add_num(obj, "bits_offset", btf_int_offset(t));
		json_add_num(obj, "nr_bits", btf_int_bits(t));
		json_add_str(obj, "encoding", int_encoding(btf_int_encoding(t)));
		break;
	case BTF_KIND_ARRAY:
		json_add_num(obj, "type_id", btf_array(t)->type);
		json_add_num(obj, "index_type_id", btf_array(t)->index_type);
		json_add_num(obj, "nr_elems", btf_array(t)->nelems);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		add_members(obj, btf, t);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		add_values(obj, btf, t);
		break;
	case BTF_KIND_FWD:
		json_add_str(obj, "fwd_kind", btf_kflag(t) ? "union" : "struct");
		break;
	case BTF_KIND_FUNC:
		json_add_num(obj, "type_id", t->type);
		json_add_str(obj, "linkage", linkage_name(btf_vlen(t)));
		break;
	case BTF_KIND_FUNC_PROTO:
		add_params(obj, btf, t);
		break;
	case BTF_KIND_VAR:
		json_add_num(obj, "type_id", t->type);
		json_add_str(obj, "linkage", linkage_name(btf_var(t)->linkage));
		break;
	case BTF_KIND_DATASEC:
		add_vars(obj, t);
		break;
	case BTF_KIND_FLOAT:
		json_add_num(obj, "size", t->size);
		break;
	case BTF_KIND_DECL_TAG:
		json_add_num(obj, "type_id", t->type);
		json_object_object_add(obj, "component_idx", json_object_new_int(btf_decl_tag(t)->component_idx));
		break;
	default:
		json_add_num(obj, "type_id", t->type);
	}
}

static struct json_object *type_json(const struct btf *btf, u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	struct json_object *obj = json_object_new_object();

	json_add_num(obj, "id", id);
	json_add_str(obj, "kind", btf_kind(t) < ARRAY_SIZE(kinds) && kinds[btf_kind(t)] ? kinds[btf_kind(t)] : "UNKNOWN");
	json_add_str(obj, "name", name_of(btf, t->name_off));
	add_kind(obj, btf, t);
	return obj;
}

/* ---- text ------------------------------------------------------------------------------------ */

static int put_raw(const struct btf *btf, u32 id)
{
	char *text = NULL;
	int err = skep_btf_type_text(btf, id, &text);

	if (!err)
		fputs(text, stdout);
	free(text);
	return err;
}

static __printf_like(2, 0) void put_c(void *ctx __unused_arg, const char *fmt, va_list args)
{
	vprintf(fmt, args);
}

/* ---- all, or what was chosen ----------------------------------------------------------------- */

/* The first of the types that are printed when none is chosen: of split BTF own ones, but C has to stand alone. */
static u32 first_id(const struct btf *btf, const struct btf_choice *choice)
{
	const struct btf *base = btf__base_btf(btf);

	return base && !choice->as_c ? btf__type_cnt(base) : 1;
}

static u32 chosen_cnt(const struct btf *btf, const struct btf_choice *choice)
{
	return choice->root_cnt ? choice->root_cnt : btf__type_cnt(btf) - first_id(btf, choice);
}

static u32 chosen_id(const struct btf *btf, const struct btf_choice *choice, u32 i)
{
	return choice->root_cnt ? choice->roots[i] : first_id(btf, choice) + i;
}

static void print_json(const struct btf *btf, const struct btf_choice *choice, const struct cli_opts *opts)
{
	struct json_object *top = json_object_new_object(), *list = json_object_new_array();

	for (u32 i = 0; i < chosen_cnt(btf, choice); i++)
		json_object_array_add(list, type_json(btf, chosen_id(btf, choice, i)));
	json_object_object_add(top, "types", list);
	cli_print_json(top, opts);
}

static int print_raw(const struct btf *btf, const struct btf_choice *choice)
{
	int err = 0;

	for (u32 i = 0; i < chosen_cnt(btf, choice) && !err; i++)
		err = put_raw(btf, chosen_id(btf, choice, i));
	return err;
}

/* What has no name of its own stands inside of what uses it. */
static bool has_c_form(const struct btf_type *t)
{
	return btf_is_any_enum(t) || (t->name_off && (btf_is_composite(t) || btf_is_fwd(t) || btf_is_typedef(t)));
}

/* A chosen type; of what is no type in C, a variable, a function, a section, those that it has. */
static int dump_root(struct btf_dump *dump, const struct btf *btf, u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	int err = 0;

	while (btf_is_var(t) || btf_is_func(t) || btf_is_decl_tag(t)) {
		id = t->type;
		t = btf__type_by_id(btf, id);
	}
	if (!btf_is_datasec(t))
		return btf_dump__dump_type(dump, id);
	for (u32 i = 0; i < btf_vlen(t) && !err; i++)
		err = btf_dump__dump_type(dump, btf__type_by_id(btf, btf_var_secinfos(t)[i].type)->type);
	return err;
}

static int print_c(const struct btf *btf, const struct btf_choice *choice)
{
	struct btf_dump *dump = btf_dump__new(btf, put_c, NULL, NULL);
	int err = dump ? 0 : -errno;

	if (err)
		return err;
	puts("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	     "#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n#endif\n");
	for (u32 i = 0; i < chosen_cnt(btf, choice) && !err; i++) {
		u32 id = chosen_id(btf, choice, i);

		if (choice->root_cnt)
			err = dump_root(dump, btf, id);
		else if (has_c_form(btf__type_by_id(btf, id)))
			err = btf_dump__dump_type(dump, id);
	}
	puts("#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n\n#endif /* __VMLINUX_H__ */");
	btf_dump__free(dump);
	return err;
}

int btf_print(const struct btf *btf, const char *file, const struct btf_choice *choice, const struct cli_opts *opts)
{
	int err = 0;

	for (u32 i = 0; i < choice->root_cnt; i++) {
		if (!choice->roots[i] || choice->roots[i] >= btf__type_cnt(btf))
			return cli_fail("%s: no type %u; the last is %u", file, choice->roots[i], btf__type_cnt(btf) - 1);
	}
	if (opts->json)
		print_json(btf, choice, opts);
	else
		err = choice->as_c ? print_c(btf, choice) : print_raw(btf, choice);
	return err ? cli_fail("%s: %s", file, cli_strerror(err)) : EXIT_OK;
}
