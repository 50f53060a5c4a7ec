/* SPDX-License-Identifier: BSD-2-Clause */
/* progcmd.c - bpftool's commands on programs of the instance, but "prog run": load, pin, show, dump, attach. */
#include "cli/tool.h"

#include "base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- load ----------------------------------------------------------------------------------------- */

/* A map that is there already, for one of the object by place or name. */
struct replaced {
	const char *name; /* NULL: by idx */
	u64 idx;
	int fd;
};

struct load {
	const char *file, *path, *pinmaps;
	const char *type; /* NULL: as its section says */
	bool all, autoattach;
	VEC(struct replaced) maps;
};

static bool take_map(struct words *w, struct load *load)
{
	struct replaced r = { .fd = -1 };
	const char *how = words_next(w), *word = words_next(w);

	if (!word)
		return !cli_fail("map needs \"idx N MAP\" or \"name NAME MAP\"");
	if (!strcmp(how, "name"))
		r.name = word;
	else if (strcmp(how, "idx"))
		return !cli_fail("expected 'idx' or 'name', got: '%s'?", how);
	else if (!cli_number(word, UINT32_MAX, &r.idx))
		return !cli_fail("can't parse %s as IDX", word);
	r.fd = tool_object(w, TOOL_MAP);
	if (r.fd < 0)
		return false;
	if (vec_push(&load->maps, r))
		return true;
	close(r.fd);
	return !cli_fail("out of memory");
}

static bool load_word(struct words *w, struct load *load)
{
	if (words_take(w, "map"))
		return take_map(w, load);
	if (words_take(w, "type"))
		return (load->type = words_next(w)) || !cli_fail("type needs a name");
	if (words_take(w, "pinmaps"))
		return (load->pinmaps = words_next(w)) || !cli_fail("pinmaps needs a folder");
	if (words_take(w, "autoattach"))
		return load->autoattach = true;
	if (words_take(w, "dev"))
		return !cli_fail("dev: programs of a device are not modelled");
	return !cli_fail("expected 'type', 'map', 'pinmaps' or 'autoattach', got: '%s'?", w->argv[0]);
}

/* "xdp", or a section's name up to where its target follows: "kprobe". */
static bool set_types(struct bpf_object *obj, const struct load *load)
{
	enum bpf_attach_type attach;
	struct bpf_program *prog;
	enum bpf_prog_type type;
	char with_slash[128];
	int err;

	if (!load->type)
		return true;
	err = libbpf_prog_type_by_name(load->type, &type, &attach);
	snprintf(with_slash, sizeof(with_slash), "%s/", load->type);
	if (err)
		err = libbpf_prog_type_by_name(with_slash, &type, &attach);
	if (err)
		return !cli_fail("%s: no program type is called \"%s\"", load->file, load->type);
	bpf_object__for_each_program(prog, obj) {
		bpf_program__set_type(prog, type);
		bpf_program__set_expected_attach_type(prog, attach);
	}
	return true;
}

static struct bpf_map *map_of(struct bpf_object *obj, const struct replaced *r)
{
	struct bpf_map *map;
	u64 idx = 0;

	if (r->name)
		return bpf_object__find_map_by_name(obj, r->name);
	bpf_object__for_each_map(map, obj) {
		if (idx++ == r->idx)
			return map;
	}
	return NULL;
}

static bool replace_maps(struct bpf_object *obj, const struct load *load)
{
	for (size_t i = 0; i < load->maps.cnt; i++) {
		const struct replaced *r = &load->maps.at[i];
		struct bpf_map *map = map_of(obj, r);

		if (!map && r->name)
			return !cli_fail("%s: unable to find map '%s'", load->file, r->name);
		if (!map)
			return !cli_fail("%s: map idx '%llu' not used", load->file, (unsigned long long)r->idx);
		if (bpf_map__reuse_fd(map, r->fd))
			return !cli_fail("%s: map '%s' cannot be replaced: %s", load->file, bpf_map__name(map), cli_strerror(errno));
	}
	return true;
}

/* What is pinned then is the link. */
static int attach_and_pin(const struct load *load, struct bpf_program *prog, const char *path)
{
	struct bpf_link *link = bpf_program__attach(prog);
	int status = EXIT_OK;

	if (!link)
		return cli_fail("%s: %s cannot be attached: %s", load->file, bpf_program__name(prog),
				*cli_first_warning() ? cli_first_warning() : cli_strerror(errno));
	if (bpf_link__pin(link, path))
		status = cli_fail("can't pin the link (%s): %s", path, cli_strerror(errno));
	else
		bpf_link__disconnect(link);
	bpf_link__destroy(link);
	return status;
}

static int pin_one(const struct load *load, struct bpf_program *prog, const char *path)
{
	return load->autoattach ? attach_and_pin(load, prog, path) : tool_pin(bpf_program__fd(prog), path);
}

static int pin_progs(struct bpf_object *obj, const struct load *load)
{
	struct bpf_program *prog = bpf_object__next_program(obj, NULL);
	struct strbuf path = { 0 };
	int status = EXIT_OK;

	if (!prog)
		return cli_fail("%s: holds no program", load->file);
	if (!load->all)
		return pin_one(load, prog, load->path);
	for (; prog && !status; prog = bpf_object__next_program(obj, prog)) {
		strbuf_reset(&path);
		strbuf_printf(&path, "%s/%s", load->path, bpf_program__name(prog));
		status = pin_one(load, prog, strbuf_str(&path));
	}
	strbuf_free(&path);
	return status;
}

static int load_object(struct tool *t, const struct load *load)
{
	struct bpf_object *obj = NULL;
	struct cli_input in;
	int status = EXIT_BAD;
	u64 prepare_ns;

	if (cli_input_read(&in, load->file, t->opts))
		obj = cli_input_open(&in);
	if (obj && set_types(obj, load) && replace_maps(obj, load))
		status = cli_load_to_use(t->skep, &in, obj, NULL, &prepare_ns);
	if (!status)
		status = pin_progs(obj, load);
	if (!status && load->pinmaps && bpf_object__pin_maps(obj, load->pinmaps))
		status = cli_fail("%s: maps cannot be pinned in %s: %s", load->file, load->pinmaps,
				  *cli_first_warning() ? cli_first_warning() : cli_strerror(errno));
	bpf_object__close(obj);
	cli_input_free(&in);
	return status;
}

static int load_command(struct tool *t, struct words *w, bool all)
{
	struct load load = { .all = all };
	int status = EXIT_OK;

	load.file = words_next(w);
	load.path = words_next(w);
	if (!load.path)
		return cli_fail("say which object and where to pin its program%s", all ? "s" : "");
	while (w->argc && !status)
		status = load_word(w, &load) ? EXIT_OK : EXIT_BAD;
	if (!status)
		status = load_object(t, &load);
	for (size_t i = 0; i < load.maps.cnt; i++)
		close(load.maps.at[i].fd);
	vec_free(&load.maps);
	return status;
}

int tool_prog_load(struct tool *t, struct words *w)
{
	return load_command(t, w, false);
}

int tool_prog_loadall(struct tool *t, struct words *w)
{
	return load_command(t, w, true);
}

/* ---- pin, show, dump ------------------------------------------------------------------------------ */

int tool_prog_pin(struct tool *t, struct words *w)
{
	return tool_pin_command(t, w, TOOL_PROG);
}

int tool_prog_show(struct tool *t, struct words *w)
{
	return tool_each_object(t, w, TOOL_PROG, show_prog_fd);
}

static bool dump_words(struct words *w, enum skep_dump_kind *kind, u32 *ret_flags)
{
	*ret_flags = 0;
	while (w->argc) {
		const char *word = words_next(w);

		if (prog_dump_flag(word))
			*ret_flags |= prog_dump_flag(word);
		else if (!strcmp(word, "visual") && *kind == SKEP_DUMP_XLATED)
			*kind = SKEP_DUMP_CFG;
		else
			return !cli_fail("unexpected argument \"%s\"", word);
	}
	if (*ret_flags & SKEP_DUMP_INSNS && *kind != SKEP_DUMP_JITED)
		return !cli_fail("insns goes with jited");
	if (*ret_flags && *kind == SKEP_DUMP_CFG)
		return !cli_fail("opcodes, linum and insns do not go with the control-flow graph");
	return true;
}

int tool_prog_dump(struct tool *t, struct words *w)
{
	enum skep_dump_kind kind = SKEP_DUMP_XLATED;
	int fd, status = EXIT_BAD;
	u32 flags;

	if (words_take(w, "jited"))
		kind = SKEP_DUMP_JITED;
	else if (!words_take(w, "xlated"))
		return cli_fail("expected 'xlated' or 'jited', got: '%s'", w->argc ? w->argv[0] : "");
	fd = tool_object(w, TOOL_PROG);
	if (fd < 0)
		return EXIT_BAD;
	if (dump_words(w, &kind, &flags))
		status = t->out && kind == SKEP_DUMP_CFG ? cli_fail("the control-flow graph has no JSON form") :
							   prog_dump_fd(t, fd, kind, flags);
	close(fd);
	return status;
}

/* ---- attach --------------------------------------------------------------------------------------- */

static const struct attach_row {
	const char *name, *other; /* bpftool's older word */
	enum bpf_attach_type type;
	bool to_map;
} attach_rows[] = {
	{ "sk_msg_verdict", "msg_verdict", BPF_SK_MSG_VERDICT, true },
	{ "sk_skb_verdict", "skb_verdict", BPF_SK_SKB_VERDICT, true },
	{ "sk_skb_stream_verdict", "stream_verdict", BPF_SK_SKB_STREAM_VERDICT, true },
	{ "sk_skb_stream_parser", "stream_parser", BPF_SK_SKB_STREAM_PARSER, true },
	{ "flow_dissector", "flow_dissector", BPF_FLOW_DISSECTOR, false },
};

static const struct attach_row *take_attach_type(struct words *w)
{
	const char *word = words_next(w);

	for (size_t i = 0; word && i < ARRAY_SIZE(attach_rows); i++) {
		if (!strcmp(word, attach_rows[i].name) || !strcmp(word, attach_rows[i].other))
			return &attach_rows[i];
	}
	cli_fail("invalid attach/detach type \"%s\": sk_msg_verdict, sk_skb_verdict, sk_skb_stream_verdict, "
		 "sk_skb_stream_parser, flow_dissector", word ? word : "");
	return NULL;
}

static int attach_command(struct words *w, bool attach)
{
	int fd = tool_object(w, TOOL_PROG), target = 0, status = EXIT_BAD, err;
	const struct attach_row *row = fd < 0 ? NULL : take_attach_type(w);

	if (row && row->to_map)
		target = tool_object(w, TOOL_MAP);
	if (row && target >= 0)
		status = words_end(w);
	if (!status) {
		cli_messages_start();
		err = attach ? bpf_prog_attach(fd, target, row->type, 0) : bpf_prog_detach2(fd, target, row->type);
		if (err)
			status = cli_fail("failed prog %s: %s", attach ? "attach" : "detach",
					  *cli_first_warning() ? cli_first_warning() : cli_strerror(errno));
	}
	if (target > 0)
		close(target);
	if (fd >= 0)
		close(fd);
	return status;
}

int tool_prog_attach(struct tool *t, struct words *w)
{
	(void)t;
	return attach_command(w, true);
}

int tool_prog_detach(struct tool *t, struct words *w)
{
	(void)t;
	return attach_command(w, false);
}
