/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * btfcmd.c - "skep btf dump" in bpftool's words. BTF is a file's, or what an instance has of a program, of a map or
 * under an id, once it has loaded an object: FILE then says which.
 */
#include "cli/btfcmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

enum source { FROM_FILE, FROM_PROG, FROM_MAP, FROM_ID };
enum { OF_KEY = BIT(0), OF_VALUE = BIT(1), OF_ALL = BIT(2) };

struct dump_words {
	enum source source;
	const char *file, *name; /* name: of the program or map, NULL: not said */
	u32 id, map_types; /* FROM_ID; OF_*, 0: not said */
	struct btf_choice choice;
};

/* ---- words ----------------------------------------------------------------------------------- */

int btf_take_id(const struct cli_command *cmd, const char *what, const char *text, u32 *ret_id)
{
	u64 num;

	if (!cli_number(text, UINT32_MAX, &num) || !num)
		return cli_usage_error(cmd, "%s takes a number from 1 on, not \"%s\"", what, text);
	*ret_id = (u32)num;
	return EXIT_OK;
}

static int take_format(const struct cli_command *cmd, struct btf_choice *choice, const char *format)
{
	choice->as_c = !strcmp(format, "c");
	if (!choice->as_c && strcmp(format, "raw"))
		return cli_usage_error(cmd, "unknown format \"%s\"; raw or c", format);
	return EXIT_OK;
}

static int take_root(const struct cli_command *cmd, struct btf_choice *choice, const char *text)
{
	if (choice->root_cnt == ROOTS_MAX)
		return cli_usage_error(cmd, "more than %d root_id", ROOTS_MAX);
	return btf_take_id(cmd, "root_id", text, &choice->roots[choice->root_cnt++]);
}

/* A word that another one follows. False: it is none, or nothing follows. */
static bool take_pair(const struct cli_command *cmd, struct dump_words *w, const char *word, const char *next,
		      int *ret_status)
{
	if (!next)
		return false;
	if (!strcmp(word, "file") && !w->file)
		w->file = next;
	else if (!strcmp(word, "format"))
		*ret_status = take_format(cmd, &w->choice, next);
	else if (!strcmp(word, "root_id"))
		*ret_status = take_root(cmd, &w->choice, next);
	else if (!strcmp(word, "name") && (w->source == FROM_PROG || w->source == FROM_MAP) && !w->name)
		w->name = next;
	else if ((!strcmp(word, "id") || !strcmp(word, "tag") || !strcmp(word, "pinned")) && w->source != FROM_FILE)
		*ret_status = cli_usage_error(cmd, "%s %s: the object is given as FILE, what is in it by \"name NAME\"",
					      word, next);
	else
		return false;
	return true;
}

static u32 map_types(const char *word)
{
	return !strcmp(word, "key") ? OF_KEY : !strcmp(word, "value") ? OF_VALUE : !strcmp(word, "kv") ? OF_KEY | OF_VALUE :
	       !strcmp(word, "all") ? OF_ALL : 0;
}

/* The first word, where it says whose BTF it is: how many words that took. */
static int take_source(const struct cli_command *cmd, struct dump_words *w, int argc, char **argv, int *ret_status)
{
	if (argc < 2)
		return 0;
	if (!strcmp(argv[0], "id")) {
		w->source = FROM_ID;
		*ret_status = btf_take_id(cmd, "id", argv[1], &w->id);
		return 2;
	}
	w->source = !strcmp(argv[0], "prog") ? FROM_PROG : !strcmp(argv[0], "map") ? FROM_MAP : FROM_FILE;
	return w->source != FROM_FILE;
}

static int take_words(const struct cli_command *cmd, int argc, char **argv, struct dump_words *w)
{
	int status = EXIT_OK;

	for (int i = take_source(cmd, w, argc, argv, &status); i < argc && !status; i++) {
		if (take_pair(cmd, w, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &status))
			i++;
		else if (w->source == FROM_MAP && !w->map_types && map_types(argv[i]))
			w->map_types = map_types(argv[i]);
		else if (w->choice.as_c && !strcmp(argv[i], "unsorted") && !strcmp(argv[i - 1], "c"))
			continue; /* it never is */
		else if (!w->file)
			w->file = argv[i];
		else
			return cli_usage_error(cmd, "unexpected argument %s", argv[i]);
	}
	if (status)
		return status;
	if (!w->file)
		return cli_usage_error(cmd, "which file?");
	if (w->choice.root_cnt && w->source == FROM_MAP && w->map_types != OF_ALL)
		return cli_usage_error(cmd, "root_id goes with all types of a map: \"map FILE name NAME all\"");
	return EXIT_OK;
}

/* ---- a file's -------------------------------------------------------------------------------- */

static bool is_there(const char *file)
{
	FILE *f = fopen(file, "rb");

	/* So that "no such file" is not taken for "no BTF in it". */
	if (!f) {
		cli_fail("%s: %s", file, strerror(errno));
		return false;
	}
	fclose(f);
	return true;
}

static struct btf *parse_file(const char *file, struct btf *base)
{
	struct btf *btf;

	if (!is_there(file))
		return NULL;
	cli_messages_start();
	btf = btf__parse_split(file, base);
	if (!btf) {
		int err = errno;

		cli_fail("%s: %s", file, *cli_first_warning() ? cli_first_warning() :
			 err == ENODATA || err == ENOENT || err == EPROTO ? "no BTF in it" :
			 err == LIBBPF_ERRNO__FORMAT ? "neither BTF nor an ELF file with BTF" : cli_strerror(err));
	}
	return btf;
}

/* ---- an instance's ---------------------------------------------------------------------------- */

static int print_by_id(u32 id, const char *what, struct btf *base, const struct dump_words *w,
		       const struct cli_opts *opts)
{
	struct btf *btf = id ? btf__load_from_kernel_by_id_split(id, base) : NULL;
	int status;

	if (!id)
		return cli_fail("%s: %s has no BTF", w->file, what);
	if (!btf)
		return cli_fail("%s: no BTF with id %u: %s", w->file, id, cli_strerror(errno));
	status = btf_print(btf, w->file, &w->choice, opts);
	btf__free(btf);
	return status;
}

static int print_prog(struct bpf_program *prog, struct btf *base, const struct dump_words *w,
		      const struct cli_opts *opts)
{
	struct bpf_prog_info info = { 0 };
	u32 len = sizeof(info);
	int err = bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &len);

	if (err)
		return cli_fail("%s: %s: %s", w->file, bpf_program__name(prog), cli_strerror(err));
	return print_by_id(info.btf_id, bpf_program__name(prog), base, w, opts);
}

static int print_map(const struct bpf_map *map, struct btf *base, struct dump_words *w, const struct cli_opts *opts)
{
	u32 types = w->map_types ? w->map_types : OF_KEY | OF_VALUE;
	struct bpf_map_info info = { 0 };
	u32 len = sizeof(info);
	int err = bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &len);

	if (err)
		return cli_fail("%s: %s: %s", w->file, bpf_map__name(map), cli_strerror(err));
	if (types & OF_KEY && info.btf_key_type_id)
		w->choice.roots[w->choice.root_cnt++] = info.btf_key_type_id;
	if (types & OF_VALUE && info.btf_value_type_id)
		w->choice.roots[w->choice.root_cnt++] = info.btf_value_type_id;
	if (info.btf_id && types != OF_ALL && !w->choice.root_cnt)
		return cli_fail("%s: %s has no type for that; \"all\" shows all of its BTF", w->file, bpf_map__name(map));
	return print_by_id(info.btf_id, bpf_map__name(map), base, w, opts);
}

/* The map that was named, or the only one. NULL: told. */
static const struct bpf_map *pick_map(const struct bpf_object *obj, const struct dump_words *w)
{
	const struct bpf_map *map, *found = NULL;
	struct strbuf names = { 0 };
	u32 cnt = 0;

	bpf_object__for_each_map(map, obj) {
		if (!w->name || !strcmp(bpf_map__name(map), w->name)) {
			found = map;
			cnt++;
		}
		strbuf_printf(&names, "%s%s", names.len ? ", " : "", bpf_map__name(map));
	}
	if (!names.len)
		cli_fail("%s: holds no map", w->file);
	else if (!cnt)
		cli_fail("%s: no map %s; it holds %s", w->file, w->name, strbuf_str(&names));
	else if (cnt > 1)
		cli_fail("%s: choose one with \"name NAME\": %s", w->file, strbuf_str(&names));
	strbuf_free(&names);
	return cnt == 1 ? found : NULL;
}

/* Maps need no program. */
static int load_maps(const struct cli_input *in, struct bpf_object *obj)
{
	int err = cli_load_only(obj, NULL);

	if (!err)
		return EXIT_OK;
	return cli_fail("%s: %s", in->file.path, *cli_first_warning() ? cli_first_warning() : cli_strerror(err));
}

static int load_and_print(struct skep *skep, const struct cli_input *in, struct bpf_object *obj, struct btf *base,
			  struct dump_words *w, const struct cli_opts *opts)
{
	struct bpf_program *prog = NULL;
	const struct bpf_map *map = NULL;
	u64 prepare_ns;
	int status;

	if (w->source == FROM_MAP) {
		map = pick_map(obj, w);
		status = map ? load_maps(in, obj) : EXIT_BAD;
		return status ? status : print_map(map, base, w, opts);
	}
	if (w->source == FROM_PROG) {
		prog = cli_pick_prog(obj, w->file, w->name, NULL);
		if (!prog)
			return EXIT_BAD;
	}
	status = cli_load_to_use(skep, in, obj, prog, &prepare_ns);
	if (status)
		return status;
	return prog ? print_prog(prog, base, w, opts) : print_by_id(w->id, "", base, w, opts);
}

static int dump_loaded(struct btf *base, struct dump_words *w, struct cli_opts *opts)
{
	struct bpf_object *obj = NULL;
	struct cli_input in;
	struct skep *skep;
	int status = EXIT_BAD;

	if (cli_input_read(&in, w->file, opts)) {
		skep = cli_instance(opts);
		obj = skep ? cli_input_open(&in) : NULL;
		if (obj)
			status = load_and_print(skep, &in, obj, base, w, opts);
		bpf_object__close(obj);
		cli_instance_end(skep);
	}
	cli_input_free(&in);
	return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int dump_file(struct btf *base, const struct dump_words *w, const struct cli_opts *opts)
{
	struct btf *btf = parse_file(w->file, base);
	int status = btf ? btf_print(btf, w->file, &w->choice, opts) : EXIT_BAD;

	btf__free(btf);
	return status;
}

/* Modules' BTF in sysfs goes on where the kernel's ends, as bpftool knows too. */
static const char *base_of(const struct dump_words *w, const struct cli_opts *opts)
{
	static const char sysfs[] = "/sys/kernel/btf/";

	if (opts->base_btf || w->source != FROM_FILE || strncmp(w->file, sysfs, sizeof(sysfs) - 1) ||
	    !strcmp(w->file + sizeof(sysfs) - 1, "vmlinux"))
		return opts->base_btf;
	return "/sys/kernel/btf/vmlinux";
}

static int btf_dump(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct dump_words w = { 0 };
	struct btf *base = NULL;
	int status = take_words(cmd, argc, argv, &w);

	if (status)
		return status;
	if (w.choice.as_c && opts->json)
		return cli_usage_error(cmd, "C declarations have no JSON form");
	if (base_of(&w, opts)) {
		base = parse_file(base_of(&w, opts), NULL);
		if (!base)
			status = EXIT_BAD;
	}
	if (!status)
		status = w.source == FROM_FILE ? dump_file(base, &w, opts) : dump_loaded(base, &w, opts);
	btf__free(base);
	cli_messages_end();
	return status;
}

static const struct cli_option options[] = {
	OPT("base-btf", 'B', "FILE", TEXT, base_btf, "FILE's types go on where this BTF ends (a module's, the kernel's)"),
	OPTION_KERNEL_BTF, OPTION_KCONFIG, OPTION_JSON, OPTION_PRETTY, OPTIONS_END
};
const struct cli_command cmd_btf_dump = {
	.name = "btf dump",
	.usage = "[file] FILE | {prog | map} FILE [name NAME] | id N FILE [format raw|c] [root_id ID]... [-B FILE] [-j]",
	.help = "Prints the BTF of an object or a raw BTF file, or of what an object becomes.",
	.words = "  file FILE                 an object's or raw BTF\n"
		 "  prog FILE [name NAME]     what a program has once it is loaded\n"
		 "  map FILE [name NAME]      of a map; key, value, kv (default): only those types; all: all\n"
		 "  id N FILE                 by the id that it has when all of FILE is loaded (\"btf show\")\n"
		 "  format raw                one line a type and member (default)\n"
		 "  format c                  C declarations that compile\n"
		 "  root_id ID                only this type, in C with what it needs; may be given again",
	.options = options,
	.notes = "exit status: 0 printed, 1 a program was refused, 2 the file could not be read or its BTF is wrong",
	.example = "  skep btf dump file /sys/kernel/btf/vmlinux format c > vmlinux.h\n"
		   "  skep btf dump map lb.bpf.o name backends value format c",
	.run = btf_dump,
};
