/* SPDX-License-Identifier: BSD-2-Clause */
/* btfdump.c - "skep btf dump", in bpftool's words, text and JSON keys. */
#include "cli/cli.h"

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

static void print_json(const struct btf *btf, const struct cli_opts *opts)
{
	struct json_object *top = json_object_new_object(), *list = json_object_new_array();

	for (u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		struct json_object *obj = json_object_new_object();

		json_add_num(obj, "id", id);
		json_add_str(obj, "kind", btf_kind(t) < ARRAY_SIZE(kinds) && kinds[btf_kind(t)] ?
			     kinds[btf_kind(t)] : "UNKNOWN");
		json_add_str(obj, "name", name_of(btf, t->name_off));
		add_kind(obj, btf, t);
		json_object_array_add(list, obj);
	}
	json_object_object_add(top, "types", list);
	cli_print_json(top, opts);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int take_words(const struct cli_command *cmd, int argc, char **argv, const char **ret_file,
		      const char **ret_format)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "file") && i + 1 < argc && !*ret_file)
			*ret_file = argv[++i];
		else if (!strcmp(argv[i], "format") && i + 1 < argc)
			*ret_format = argv[++i];
		else if (!*ret_file)
			*ret_file = argv[i];
		else
			return cli_usage_error(cmd, "unexpected argument %s", argv[i]);
	}
	if (!*ret_file)
		return cli_usage_error(cmd, "which file?");
	if (strcmp(*ret_format, "raw") && strcmp(*ret_format, "c"))
		return cli_usage_error(cmd, "unknown format \"%s\"; raw or c", *ret_format);
	return EXIT_OK;
}

static struct btf *parse_file(const char *file)
{
	struct btf *btf;
	FILE *f = fopen(file, "rb");

	/* So that "no such file" is not taken for "no BTF in it". */
	if (!f) {
		cli_fail("%s: %s", file, strerror(errno));
		return NULL;
	}
	fclose(f);
	cli_messages_start();
	btf = btf__parse(file, NULL);
	if (!btf) {
		int err = errno;

		cli_fail("%s: %s", file, *cli_first_warning() ? cli_first_warning() :
			 err == ENODATA || err == ENOENT || err == EPROTO ? "no BTF in it" :
			 err == LIBBPF_ERRNO__FORMAT ? "neither BTF nor an ELF file with BTF" : cli_strerror(err));
	}
	return btf;
}

/* skep_btf_dump() also checks; JSON must not show what it refuses. */
static int print_btf(const struct btf *btf, const char *file, bool as_c, const struct cli_opts *opts)
{
	char *text = NULL;
	const void *data;
	u32 size;
	int err;

	data = btf__raw_data(btf, &size);
	err = skep_btf_dump(data, size, as_c, &text);
	if (err)
		cli_fail("%s: %s", file, text ? text : cli_strerror(err));
	else if (opts->json)
		print_json(btf, opts);
	else
		fputs(text, stdout);
	free(text);
	return err ? EXIT_BAD : EXIT_OK;
}

static int btf_dump(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	const char *file = NULL, *format = "raw";
	bool as_c;
	struct btf *btf;
	int status = take_words(cmd, argc, argv, &file, &format);

	if (status)
		return status;
	as_c = !strcmp(format, "c");
	if (as_c && opts->json)
		return cli_usage_error(cmd, "C declarations have no JSON form");
	btf = parse_file(file);
	status = btf ? print_btf(btf, file, as_c, opts) : EXIT_BAD;
	btf__free(btf);
	cli_messages_end();
	return status;
}

static const struct cli_option options[] = { OPTION_JSON, OPTION_PRETTY, OPTIONS_END };
const struct cli_command cmd_btf_dump = {
	.name = "btf dump",
	.usage = "[file] FILE [format raw|c] [-j]",
	.help = "Prints the BTF of an object or a raw BTF file.",
	.words = "  format raw                one line a type and member (default)\n"
		 "  format c                  C declarations that compile",
	.options = options,
	.notes = "exit status: 0 printed, 2 the file could not be read or its BTF is wrong",
	.example = "  skep btf dump /sys/kernel/btf/vmlinux format c > vmlinux.h",
	.run = btf_dump,
};
