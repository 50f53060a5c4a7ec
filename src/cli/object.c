/* SPDX-License-Identifier: BSD-2-Clause */
/* object.c - an object file: read once, opened from those bytes, one program of it loaded. */
#include "cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The print callback has no context argument, so what it keeps stands here, for each thread. */
static _Thread_local struct strbuf first_warning;

static int keep_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level != LIBBPF_WARN || first_warning.len)
		return 0;
	strbuf_vprintf(&first_warning, fmt, args);
	/* What went wrong then is not this. */
	if (strstr(strbuf_str(&first_warning), "BTF is optional, ignoring"))
		strbuf_reset(&first_warning);
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

	if (!text || !first_warning.len)
		return "";
	text[strcspn(text, "\n")] = '\0';
	return text + (strncmp(text, "libbpf: ", 8) ? 0 : 8);
}

void cli_messages_end(void)
{
	strbuf_free(&first_warning);
}

const char *cli_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void cli_input_name(struct cli_input *in, const char *path)
{
	const char *base = cli_base_name(path);

	snprintf(in->name, sizeof(in->name), "%.*s", (int)strcspn(base, "."), base);
}

bool cli_input_read(struct cli_input *in, const char *path, struct cli_opts *opts)
{
	struct stat st;

	*in = (struct cli_input){ .file.path = path };
	cli_input_name(in, path);
	if (opts) {
		in->seccomp = opts->seccomp;
		in->classic = opts->classic || opts->seccomp;
	}
	if (in->classic && !strcmp(path, "-")) {
		in->file.path = "/dev/stdin";
		return in_file_read(&in->file, FILE_MAX);
	}
	if (stat(path, &st)) {
		cli_fail("%s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		cli_fail("%s: not a regular file", path);
		return false;
	}
	if (!in_file_read(&in->file, FILE_MAX))
		return false;
	if (in->classic)
		return true;
	if (!report_looks_like(in->file.bytes, in->file.size))
		return true;
	return opts ? report_read(in, opts) : !cli_fail("%s: a report stands alone; no other file with it", path);
}

void cli_input_free(struct cli_input *in)
{
	in_file_free(&in->file);
}

/* The loader names what it reads by the object's name; people know the file's path. */
static const char *without_name(const char *why, const char *name)
{
	size_t len = strlen(name);

	if (!strncmp(why, "elf: ", 5))
		why += 5;
	if (len && !strncmp(why, name, len) && !strncmp(why + len, ": ", 2))
		why += len + 2;
	return why;
}

struct bpf_object *cli_input_open(const struct cli_input *in)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = in->name);
	struct bpf_object *obj;
	size_t size = in->file.size;
	u8 *made = NULL;
	int err;

	if (!size) {
		cli_fail("%s: an empty file", in->file.path);
		return NULL;
	}
	if (in->classic) {
		made = classic_object(in, &size);
		if (!made)
			return NULL;
	}
	cli_messages_start();
	obj = bpf_object__open_mem(made ? made : in->file.bytes, size, &opts);
	err = errno;
	free(made);
	if (!obj)
		cli_fail("%s: %s", in->file.path, *cli_first_warning() ?
			 without_name(cli_first_warning(), in->name) : cli_strerror(err));
	return obj;
}

const struct bpf_map *cli_find_map(const struct bpf_object *obj, const char *name, size_t len)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		if (strlen(bpf_map__name(map)) == len && !strncmp(bpf_map__name(map), name, len))
			return map;
	}
	return NULL;
}

/* ---- which program --------------------------------------------------------------------------- */

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

struct last_verdict {
	u64 prepare_ns;
	char prog_name[128], refusal[512]; /* the verifier's words, of the first refusal: the loader asks again for a log */
};

static void keep_verdict(void *ctx, const struct skep_verdict *v)
{
	struct last_verdict *last = ctx;

	last->prepare_ns = v->prepare_ns;
	if (!v->err || last->refusal[0])
		return;
	snprintf(last->refusal, sizeof(last->refusal), "%s", v->message);
	snprintf(last->prog_name, sizeof(last->prog_name), "%s", v->prog_name);
}

int cli_load_to_use(struct skep *skep, const struct cli_input *in, struct bpf_object *obj, struct bpf_program *prog,
		    u64 *ret_prepare_ns)
{
	struct last_verdict last = { 0 };
	int err;

	skep_on_verdict(skep, keep_verdict, &last);
	if (prog) {
		err = cli_load_only(obj, prog);
	} else {
		cli_messages_start();
		err = bpf_object__load(obj);
	}
	skep_on_verdict(skep, NULL, NULL);
	*ret_prepare_ns = last.prepare_ns;
	if (!err)
		return EXIT_OK;
	if (!last.refusal[0] && !cli_is_not_modelled(cli_first_warning()))
		return cli_fail("%s: %s", in->file.path, *cli_first_warning() ? cli_first_warning() : cli_strerror(err));
	cli_fail("%s: %s is refused: %s (\"skep verify\" tells why)", in->file.path,
		 prog ? bpf_program__name(prog) : last.refusal[0] ? last.prog_name : "a program",
		 last.refusal[0] ? last.refusal : cli_first_warning());
	return EXIT_REFUSED;
}

bool cli_is_not_modelled(const char *message)
{
	return strstr(message, "not modelled: ") != NULL;
}
