/* SPDX-License-Identifier: BSD-2-Clause */
/* common.c - what the commands share: error lines, files that go in, the instance, JSON. */
#include "cli/cli.h"
#include "cli/kernelbtf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KCONFIG_MAX (4u << 20)

static _Thread_local struct strbuf *fail_to;

void cli_fail_to(struct strbuf *text)
{
	fail_to = text;
}

int cli_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (fail_to) {
		strbuf_vprintf(fail_to, fmt, args);
	} else {
		fputs("skep: ", stderr);
		vfprintf(stderr, fmt, args);
		fputc('\n', stderr);
	}
	va_end(args);
	return EXIT_BAD;
}

int cli_usage_error(const struct cli_command *cmd, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (fail_to) {
		strbuf_vprintf(fail_to, fmt, args);
	} else {
		fprintf(stderr, "skep %s: ", cmd->name);
		vfprintf(stderr, fmt, args);
		fprintf(stderr, " (see \"skep %s --help\")\n", cmd->name);
	}
	va_end(args);
	return EXIT_BAD;
}

bool cli_number(const char *text, u64 max, u64 *ret_num)
{
	char *end;

	errno = 0;
	*ret_num = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text >= '0' && *text <= '9' && *ret_num <= max;
}

const char *cli_strerror(int err)
{
	static _Thread_local char text[128];

	libbpf_strerror(err, text, sizeof(text));
	return text;
}

/* ---- files that go in ------------------------------------------------------------------------ */

static bool read_stream(FILE *f, const char *path, size_t max, struct strbuf *data)
{
	char buf[65536];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), f))) {
		strbuf_add(data, buf, n);
		if (data->len > max) {
			cli_fail("%s: more than the %zu bytes that can be used here", path, max);
			return false;
		}
	}
	if (ferror(f) || data->oom) {
		cli_fail("%s: %s", path, data->oom ? "out of memory" : strerror(errno));
		return false;
	}
	return true;
}

bool in_file_read(struct in_file *file, size_t max)
{
	struct strbuf data = { 0 };
	FILE *f;

	if (file->bytes)
		return true;
	f = fopen(file->path, "rb");
	if (!f) {
		cli_fail("%s: %s", file->path, strerror(errno));
		return false;
	}
	if (!read_stream(f, file->path, max, &data)) {
		strbuf_free(&data);
		fclose(f);
		return false;
	}
	fclose(f);
	file->bytes = data.str ? (u8 *)data.str : calloc(1, 1);
	file->size = data.len;
	return file->bytes || !cli_fail("out of memory");
}

void in_file_free(struct in_file *file)
{
	free(file->bytes);
	file->bytes = NULL;
}

int cli_write_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");
	struct stat st;
	int err;

	if (!f)
		return cli_fail("%s: %s", path, strerror(errno));
	err = fwrite(data, 1, size, f) == size ? 0 : errno;
	if (fclose(f) && !err)
		err = errno;
	if (!err)
		return EXIT_OK;
	if (!lstat(path, &st) && S_ISREG(st.st_mode))
		remove(path); /* not half of it; a device, or a link to one, is not ours to remove */
	return cli_fail("%s: %s", path, strerror(err));
}

void cli_opts_free(struct cli_opts *opts)
{
	in_file_free(&opts->kernel_btf);
	in_file_free(&opts->kconfig);
	in_file_free(&opts->pcap);
	in_file_free(&opts->data_in);
	in_file_free(&opts->ctx_in);
	json_object_put(opts->report);
	free(opts->map);
}

/* ---- the instance ---------------------------------------------------------------------------- */

struct skep *cli_instance(struct cli_opts *opts)
{
	struct skep_config config = { .sz = sizeof(config), .engine = opts->engine,
				      .count_insns = opts->hooks || opts->count_insns, .cpu_cnt = (u32)opts->cpus,
				      .seeded = opts->seeded, .seed = opts->seed, .virtual_time = opts->has_clock,
				      .start_ns = opts->clock_ns, .tick_ns = opts->has_clock,
				      .unprivileged_bpf = opts->unprivileged_bpf };
	struct kernel_btf kernel = { 0 };
	struct skep *skep = NULL;
	const char *observe;
	int err;

	if (opts->kernel_btf.path && !kernel_btf_read(&opts->kernel_btf, &kernel))
		return NULL;
	config.kernel_btf = opts->kernel_btf.bytes;
	config.kernel_btf_size = opts->kernel_btf.size;
	config.module_btfs = kernel.modules;
	config.module_btf_cnt = kernel.module_cnt;
	if (opts->kconfig.path) {
		if (!in_file_read(&opts->kconfig, KCONFIG_MAX)) {
			kernel_btf_free(&kernel);
			return NULL;
		}
		if (opts->kconfig.size > 1 && !memcmp(opts->kconfig.bytes, "\x1f\x8b", 2)) {
			cli_fail("%s: compressed; unpack it first (zcat)", opts->kconfig.path);
			kernel_btf_free(&kernel);
			return NULL;
		}
		config.kernel_config = (const char *)opts->kconfig.bytes;
	}
	if (opts->observe && setenv("SKEP_OBSERVE", opts->observe, 1)) {
		cli_fail("out of memory");
		kernel_btf_free(&kernel);
		return NULL;
	}
	err = skep_create(&config, &skep);
	observe = getenv("SKEP_OBSERVE");
	kernel_btf_free(&kernel);
	if (err == -EOPNOTSUPP && opts->engine == SKEP_RUN_JIT)
		cli_fail("no JIT for this machine; use --engine interp");
	else if (err == -EINVAL && observe && *observe)
		cli_fail("%s \"%s\": the words are perf-map, jitdump, gdb, unwind, joined by commas",
			 opts->observe ? "--observe" : "SKEP_OBSERVE is", observe);
	else if (err == -EINVAL && opts->kernel_btf.path)
		cli_fail("%s: not BTF of a kernel%s", opts->kernel_btf.path, kernel.is_dir ? " and its modules" : "");
	else if (err)
		cli_fail("cannot make an instance: %s", strerror(-err));
	if (!err)
		skep_default_instance_set(skep);
	return skep;
}

void cli_instance_end(struct skep *skep)
{
	skep_default_instance_set(NULL);
	skep_destroy(skep);
	cli_messages_end();
}

/* ---- output ---------------------------------------------------------------------------------- */

void cli_print_json(struct json_object *json, const struct cli_opts *opts)
{
	puts(json_object_to_json_string_ext(json, opts->pretty ? JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE : JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(json);
}

void json_add_str(struct json_object *obj, const char *key, const char *val)
{
	json_object_object_add(obj, key, json_object_new_string(val ? val : ""));
}

const char *json_text(struct json_object *obj, const char *key)
{
	struct json_object *val = NULL;

	json_object_object_get_ex(obj, key, &val);
	return val ? json_object_get_string(val) : "";
}

void json_add_num(struct json_object *obj, const char *key, u64 val)
{
	json_object_object_add(obj, key, json_object_new_int64(val));
}

#ifdef HAVE_JSON_C
int cli_need_json(const char *what)
{
	(void)what;
	return EXIT_OK;
}

/* Nesting is limited by json-c; the size by who read it. */
struct json_object *json_parse(const char *path, const u8 *text, size_t size)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *top = NULL;
	enum json_tokener_error err;

	if (!tok || size > INT32_MAX) {
		cli_fail("%s: out of memory", path);
		goto out;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	top = json_tokener_parse_ex(tok, (const char *)text, size);
	err = json_tokener_get_error(tok);
	if (err != json_tokener_success) {
		cli_fail("%s: not JSON: %s at offset %zu", path, err == json_tokener_continue ? "it ends early" :
			 json_tokener_error_desc(err), json_tokener_get_parse_end(tok));
		json_object_put(top);
		top = NULL;
	}
out:
	if (tok)
		json_tokener_free(tok);
	return top;
}
#else
int cli_need_json(const char *what)
{
	return cli_fail("%s: this skep was built without json-c", what);
}

struct json_object *json_parse(const char *path, const u8 *text, size_t size)
{
	(void)text, (void)size;
	cli_fail("%s: JSON cannot be read: this skep was built without json-c", path);
	return NULL;
}
#endif

struct json_object *cli_hex_bytes(const void *bytes, size_t size)
{
	struct json_object *list = json_object_new_array();
	char text[8];

	for (size_t i = 0; i < size; i++) {
		snprintf(text, sizeof(text), "0x%02x", ((const u8 *)bytes)[i]);
		json_object_array_add(list, json_object_new_string(text));
	}
	return list;
}

void cli_add_hex(struct strbuf *out, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		strbuf_printf(out, "%s%02x", i ? " " : "", ((const u8 *)bytes)[i]);
}

const char *cli_tail(const char *text, int lines)
{
	const char *p = text + strlen(text);

	if (p > text && p[-1] == '\n')
		p--;
	for (; p > text; p--) {
		if (p[-1] == '\n' && !--lines)
			break;
	}
	return p;
}
