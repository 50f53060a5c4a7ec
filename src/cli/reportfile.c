/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reportfile.c - the format of docs/report.md: one JSON object; files in it are base64. A report comes
 * from strangers: every member is checked for its type, names may not lead out of a folder or into the
 * terminal, sizes are those of the file that was read.
 */
#include "cli/report.h"
#include "cli/kernelbtf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- base64 (RFC 4648, section 4) ------------------------------------------------------------ */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct json_object *base64_encode(const u8 *bytes, size_t size)
{
	size_t len = (size + 2) / 3 * 4;
	char *text = malloc(len + 1);
	struct json_object *obj;

	if (!text)
		return NULL;
	for (size_t i = 0, o = 0; i < size; i += 3) {
		u32 left = size - i, word = bytes[i] << 16;

		if (left > 1)
			word |= bytes[i + 1] << 8;
		if (left > 2)
			word |= bytes[i + 2];
		text[o++] = digits[word >> 18];
		text[o++] = digits[word >> 12 & 63];
		text[o++] = left > 1 ? digits[word >> 6 & 63] : '=';
		text[o++] = left > 2 ? digits[word & 63] : '=';
	}
	obj = json_object_new_string_len(text, len);
	free(text);
	return obj;
}

/* -1: no digit. */
static int digit_value(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? at - digits : -1;
}

/* NULL: not base64, or no memory. */
static u8 *base64_decode(const char *text, size_t len, size_t *ret_size)
{
	u8 *bytes = len % 4 ? NULL : malloc(len / 4 * 3 + 1);
	size_t size = 0;

	for (size_t i = 0; bytes && i < len; i += 4) {
		u32 word = 0, chars = 4;

		/* "=" stands at the very end only. */
		if (i + 4 == len && text[i + 3] == '=')
			chars = text[i + 2] == '=' ? 2 : 3;
		for (u32 k = 0; k < 4; k++) {
			int value = k < chars ? digit_value(text[i + k]) : 0;

			if (value < 0) {
				free(bytes);
				return NULL;
			}
			word = word << 6 | value;
		}
		bytes[size++] = word >> 16;
		if (chars > 2)
			bytes[size++] = word >> 8;
		if (chars > 3)
			bytes[size++] = word;
	}
	if (bytes)
		bytes[size] = 0; /* a configuration is read as text */
	*ret_size = size;
	return bytes;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool is_input(const struct cli_option *o)
{
	return o->at != OPTION_AT(out);
}

static struct json_object *file_json(const struct in_file *file)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *data = base64_encode(file->bytes, file->size);

	if (!data) {
		json_object_put(obj);
		cli_fail("out of memory");
		return NULL;
	}
	json_add_str(obj, "name", cli_base_name(file->path));
	json_object_object_add(obj, "data", data);
	return obj;
}

static bool add_option(struct json_object *options, struct json_object *files, const struct cli_option *o,
		       struct cli_opts *opts)
{
	void *at = (char *)opts + o->at;
	struct json_object *file;

	switch (o->kind) {
	case OPTION_TEXT:
	case OPTION_LIST:
		json_add_str(options, o->name, *(const char **)at);
		break;
	case OPTION_NUMBER:
		json_add_num(options, o->name, *(u64 *)at);
		break;
	case OPTION_CHOICE:
		json_add_str(options, o->name, o->choices[*(u32 *)at]);
		break;
	case OPTION_FILE:
		if (o->at == OPTION_AT(kernel_btf) && kernel_btf_is_dir(((struct in_file *)at)->path)) {
			cli_fail("not modelled: reports with the BTF of modules; give --kernel-btf the file vmlinux");
			return false;
		}
		if (!(o->at == OPTION_AT(kernel_btf) ? cli_read_kernel_btf(at) : in_file_read(at, FILE_MAX)))
			return false;
		file = file_json(at);
		if (!file)
			return false;
		json_object_object_add(files, o->name, file);
		break;
	case OPTION_FLAG:
		break;
	}
	return true;
}

struct json_object *report_start(const struct cli_input *in, struct cli_opts *opts)
{
	struct json_object *top = json_object_new_object(), *made_by = json_object_new_object();
	struct json_object *options = json_object_new_object(), *files = json_object_new_object();
	struct json_object *object = file_json(&in->file);
	bool ok = object != NULL;

	json_add_num(top, "skep_report", REPORT_FORMAT);
	json_add_str(made_by, "version", skep_version());
	json_add_str(made_by, "profile", skep_profile());
	json_object_object_add(top, "made_by", made_by);
	json_object_object_add(top, "options", options);
	json_object_object_add(top, "object", object);
	json_object_object_add(top, "files", files);
	for (const struct cli_option *o = cmd_report.options; o->name && ok; o++) {
		if (is_input(o) && cli_is_given(opts, o->at))
			ok = add_option(options, files, o, opts);
	}
	if (ok)
		return top;
	json_object_put(top);
	return NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

bool report_looks_like(const u8 *bytes, size_t size)
{
	size_t i = 0;

	while (i < size && bytes[i] && strchr(" \t\r\n", bytes[i]))
		i++;
	return i < size && bytes[i] == '{';
}

static struct json_object *member(struct json_object *obj, const char *key, enum json_type type)
{
	struct json_object *val = NULL;

	json_object_object_get_ex(obj, key, &val);
	return val && json_object_get_type(val) == type ? val : NULL;
}

/* A plain file name, so that neither a path nor the terminal is led astray. */
static bool is_plain_name(const char *name, size_t len)
{
	if (!len || len > 255 || strlen(name) != len)
		return false;
	for (; *name; name++) {
		if (*name == '/' || (unsigned char)*name < ' ' || *name == 127)
			return false;
	}
	return true;
}

/* { "name": NAME, "data": BASE64 } */
static bool read_file(const char *path, const char *what, struct json_object *obj, struct in_file *file)
{
	struct json_object *name = member(obj, "name", json_type_string);
	struct json_object *data = member(obj, "data", json_type_string);

	if (!name || !is_plain_name(json_object_get_string(name), json_object_get_string_len(name)))
		return !cli_fail("%s: report: %s: \"name\" is no file name", path, what);
	if (data)
		file->bytes = base64_decode(json_object_get_string(data), json_object_get_string_len(data),
					    &file->size);
	if (!file->bytes)
		return !cli_fail("%s: report: %s: \"data\" is not base64", path, what);
	file->path = json_object_get_string(name);
	return true;
}

static const struct cli_option *option_by_name(const char *name, bool file)
{
	for (const struct cli_option *o = cmd_report.options; o->name; o++) {
		if (is_input(o) && !strcmp(o->name, name) && (o->kind == OPTION_FILE) == file)
			return o;
	}
	return NULL;
}

/* Options of which one stands in for another: what the command line says of one makes the report's void. */
static bool is_overridden(const struct cli_opts *opts, size_t at)
{
	static const size_t groups[][2] = {
		{ OPTION_AT(prog), OPTION_AT(section) },
		{ OPTION_AT(pcap), OPTION_AT(data_in) },
		{ OPTION_AT(ctx), OPTION_AT(ctx_in) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(groups); i++) {
		if ((at == groups[i][0] || at == groups[i][1]) &&
		    (cli_is_given(opts, groups[i][0]) || cli_is_given(opts, groups[i][1])))
			return true;
	}
	return cli_is_given(opts, at);
}

static bool set_from_report(const char *path, const struct cli_option *o, struct cli_opts *opts,
			    const char *value)
{
	struct strbuf why = { 0 };
	int status;

	cli_fail_to(&why);
	status = cli_set_option(&cmd_report, o, opts, value);
	cli_fail_to(NULL);
	if (status)
		cli_fail("%s: report: %s", path, strbuf_str(&why));
	strbuf_free(&why);
	return !status;
}

static bool read_options(const char *path, struct json_object *options, struct cli_opts *opts)
{
	json_object_object_foreach(options, name, val) {
		const struct cli_option *o = option_by_name(name, false);
		enum json_type type = json_object_get_type(val);
		const char *text = json_object_get_string(val);

		if (!o)
			return !cli_fail("%s: report: option \"%.60s\" is not known to this version", path, name);
		if ((type != json_type_string && type != json_type_int) ||
		    (type == json_type_string && strlen(text) != (size_t)json_object_get_string_len(val)))
			return !cli_fail("%s: report: option \"%s\" is neither text nor a number", path, name);
		if (!is_overridden(opts, o->at) && !set_from_report(path, o, opts, text))
			return false;
	}
	return true;
}

static bool read_files(const char *path, struct json_object *files, struct cli_opts *opts)
{
	json_object_object_foreach(files, name, val) {
		const struct cli_option *o = option_by_name(name, true);

		if (!o)
			return !cli_fail("%s: report: file \"%.60s\" is not known to this version", path, name);
		if (!is_overridden(opts, o->at) && !read_file(path, name, val, (void *)((char *)opts + o->at)))
			return false;
	}
	return true;
}

static bool read_members(const char *path, struct json_object *top, struct cli_input *in,
			 struct cli_opts *opts)
{
	struct json_object *format = member(top, "skep_report", json_type_int);
	struct json_object *options = member(top, "options", json_type_object);
	struct json_object *files = member(top, "files", json_type_object);
	struct in_file object = { 0 };

	if (!format)
		return !cli_fail("%s: neither an ELF file nor a report", path);
	if (json_object_get_int64(format) != REPORT_FORMAT)
		return !cli_fail("%s: a report of format %lld; this version reads %d", path,
				 (long long)json_object_get_int64(format), REPORT_FORMAT);
	if (!options || !files)
		return !cli_fail("%s: report: \"options\" or \"files\" is missing or no object", path);
	if (!read_file(path, "object", member(top, "object", json_type_object), &object))
		return false;
	in_file_free(&in->file);
	in->file.bytes = object.bytes;
	in->file.size = object.size;
	cli_input_name(in, object.path);
	return read_options(path, options, opts) && read_files(path, files, opts);
}

bool report_read(struct cli_input *in, struct cli_opts *opts)
{
	opts->report = json_parse(in->file.path, in->file.bytes, in->file.size);
	return opts->report && read_members(in->file.path, opts->report, in, opts);
}

/* ---- the same again? ------------------------------------------------------------------------- */

/* Without what differs from run to run, and from machine to machine. */
static void strip(struct json_object *result)
{
	static const char *const volatile_keys[] = { "duration_us", "ns_per_run", "prepare_us",
						     "file_name",   "log",	  "log_tail",
						     "trace" };

	for (u32 i = 0; i < ARRAY_SIZE(volatile_keys) && json_object_is_type(result, json_type_object); i++)
		json_object_object_del(result, volatile_keys[i]);
	if (!json_object_is_type(result, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(result); i++)
		strip(json_object_array_get_idx(result, i));
}

static bool changes_report(const struct cli_opts *opts)
{
	for (const struct cli_option *o = cmd_report.options; o->name; o++) {
		if (is_input(o) && o->at != OPTION_AT(log_level) && cli_is_given(opts, o->at))
			return true;
	}
	return false;
}

void report_compare(const struct cli_opts *opts, const char *path, const char *key, struct json_object *result)
{
	struct json_object *then, *made_by, *version = NULL, *now = NULL;

	if (!opts->report || changes_report(opts) || !json_object_object_get_ex(opts->report, key, &then)) {
		json_object_put(result);
		return;
	}
	made_by = member(opts->report, "made_by", json_type_object);
	if (made_by)
		version = member(made_by, "version", json_type_string);
	/* What is printed later must stay whole. */
	if (json_object_deep_copy(result, &now, NULL) == 0) {
		strip(then);
		strip(now);
		if (!json_object_equal(then, now))
			cli_fail("%s: the result of \"%s\" is not the one in the report (made by version %.40s)", path, key,
				 version ? json_object_get_string(version) : "unknown");
	}
	json_object_put(now);
	json_object_put(result);
}
