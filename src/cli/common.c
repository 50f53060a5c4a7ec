/* SPDX-License-Identifier: BSD-2-Clause */
/* common.c - what the commands share. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int cli_fail(const char *fmt, ...)
{
	va_list args;

	fputs("skep: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_BAD;
}

int cli_usage_error(const struct cli_command *cmd, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "skep %s: ", cmd->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\nusage: skep %s %s\n(\"skep %s --help\" tells more)\n", cmd->name, cmd->usage,
		cmd->name);
	return EXIT_BAD;
}

void cli_help(const struct cli_command *cmd)
{
	printf("usage: skep %s %s\n\n%s\n\n%s\n\nexample:\n%s\n", cmd->name, cmd->usage, cmd->help,
	       cmd->details, cmd->example);
}

bool cli_wants_help(const struct cli_command *cmd, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") ||
		    (i == 1 && !strcmp(argv[i], "help"))) {
			cli_help(cmd);
			return true;
		}
	}
	return false;
}

bool cli_number(const char *text, u64 max, u64 *ret_num)
{
	char *end;

	errno = 0;
	*ret_num = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text != '-' && *ret_num <= max;
}

u8 *cli_read_file(const char *path, size_t max, size_t *ret_size)
{
	FILE *f = fopen(path, "rb");
	struct strbuf data = { 0 };
	char buf[65536];
	size_t n;

	if (!f) {
		cli_fail("%s: %s", path, strerror(errno));
		return NULL;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) && data.len <= max)
		strbuf_add(&data, buf, n);
	if (ferror(f) || data.oom || data.len > max) {
		cli_fail("%s: %s", path, data.oom ? "out of memory" :
			 data.len > max ? "larger than can be used here" : strerror(errno));
		fclose(f);
		strbuf_free(&data);
		return NULL;
	}
	fclose(f);
	*ret_size = data.len;
	return data.str ? (u8 *)data.str : calloc(1, 1);
}

struct skep *cli_instance(const struct cli_opts *opts)
{
	struct skep_config config = { .sz = sizeof(config), .engine = opts->engine };
	struct skep *skep = NULL;
	size_t size = 0;
	u8 *raw = NULL;
	int err;

	if (opts->kernel_btf) {
		struct btf *btf = btf__parse(opts->kernel_btf, NULL);
		u32 raw_size = 0;
		const void *bytes;

		if (!btf) {
			cli_fail("%s: no BTF could be read from it: %s", opts->kernel_btf, strerror(errno));
			return NULL;
		}
		bytes = btf__raw_data(btf, &raw_size);
		raw = malloc(raw_size);
		if (raw && bytes)
			memcpy(raw, bytes, raw_size);
		size = raw_size;
		btf__free(btf);
		config.kernel_btf = raw;
		config.kernel_btf_size = size;
	}
	err = skep_create(&config, &skep);
	free(raw);
	if (err) {
		if (err == -EOPNOTSUPP && opts->engine == SKEP_RUN_JIT)
			cli_fail("no JIT for this machine; use --engine interp");
		else
			cli_fail("cannot make an instance: %s", strerror(-err));
		return NULL;
	}
	skep_default_instance_set(skep);
	return skep;
}

/* The print callback has no context argument, so what it keeps stands here; the command line is
 * single-threaded. */
static struct strbuf first_warning;

static int keep_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level != LIBBPF_WARN || first_warning.len)
		return 0;
	strbuf_vprintf(&first_warning, fmt, args);
	return 0;
}

void cli_messages_start(void)
{
	strbuf_reset(&first_warning);
	libbpf_set_print(keep_message);
}

const char *cli_first_warning(void)
{
	char *text = first_warning.str;
	size_t skip = 0;

	if (!text)
		return "";
	text[strcspn(text, "\n")] = '\0';
	if (!strncmp(text, "libbpf: ", 8))
		skip = 8;
	return text + skip;
}

void cli_messages_end(void)
{
	strbuf_free(&first_warning);
}

struct bpf_object *cli_open(const char *path)
{
	struct bpf_object *obj;
	struct stat st;

	if (stat(path, &st)) {
		cli_fail("%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		cli_fail("%s: not a regular file", path);
		return NULL;
	}
	cli_messages_start();
	errno = 0;
	obj = bpf_object__open_file(path, NULL);
	if (!obj) {
		const char *why = cli_first_warning();
		char text[128];

		if (!*why) {
			libbpf_strerror(errno, text, sizeof(text));
			why = text;
		}
		if (strstr(why, path))
			cli_fail("%s", why);
		else
			cli_fail("%s: %s", path, why);
	}
	return obj;
}

static struct bpf_program *first_matching(struct bpf_object *obj, const char *name, const char *section,
					  u32 *ret_cnt)
{
	struct bpf_program *prog, *found = NULL;

	*ret_cnt = 0;
	bpf_object__for_each_program(prog, obj) {
		if (name && strcmp(bpf_program__name(prog), name))
			continue;
		if (section && strcmp(bpf_program__section_name(prog), section))
			continue;
		if (!found)
			found = prog;
		++*ret_cnt;
	}
	return found;
}

static void list_progs(struct bpf_object *obj, struct strbuf *out)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
		strbuf_printf(out, "%s%s (%s)", out->len ? ", " : "", bpf_program__name(prog),
			      bpf_program__section_name(prog));
}

struct bpf_program *cli_pick_prog(struct bpf_object *obj, const char *path, const char *name,
				  const char *section)
{
	struct strbuf names = { 0 };
	struct bpf_program *prog;
	u32 cnt;

	prog = first_matching(obj, name, section, &cnt);
	if (cnt == 1)
		return prog;
	list_progs(obj, &names);
	if (!names.len)
		cli_fail("%s: holds no program", path);
	else if (!cnt)
		cli_fail("%s: no program %s%s; it holds %s", path, name ? "" : "in section ",
			 name ? name : section, strbuf_str(&names));
	else
		cli_fail("%s: choose one with --prog: %s", path, strbuf_str(&names));
	strbuf_free(&names);
	return NULL;
}

int cli_load_only(struct bpf_object *obj, struct bpf_program *prog)
{
	struct bpf_program *other;

	bpf_object__for_each_program(other, obj)
		bpf_program__set_autoload(other, other == prog);
	cli_messages_start();
	return bpf_object__load(obj);
}

void cli_print_json(struct json_object *json, const struct cli_opts *opts)
{
	puts(json_object_to_json_string_ext(json, opts->pretty ? JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE : JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(json);
}

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
