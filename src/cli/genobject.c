/* SPDX-License-Identifier: BSD-2-Clause */
/* genobject.c - "skep gen object": several objects linked into one, in bpftool's words. */
#include "cli/cli.h"

#include <errno.h>

/* What the linker said names the files; without that, @path. */
static int failed(const char *path, int err)
{
	const char *text = cli_first_warning();

	return *text ? cli_fail("%s", text) : cli_fail("%s: %s", path, cli_strerror(err));
}

static int link_files(struct bpf_linker *linker, const char *out, int cnt, char **in)
{
	int err;

	for (int i = 0; i < cnt; i++) {
		err = bpf_linker__add_file(linker, in[i], NULL);
		if (err)
			return failed(in[i], err);
	}
	err = bpf_linker__finalize(linker);
	return err ? failed(out, err) : EXIT_OK;
}

static int gen_object(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct bpf_linker *linker;
	int status;

	if (argc < 2)
		return cli_usage_error(cmd, argc ? "which objects?" : "which output file?");
	cli_messages_start();
	linker = bpf_linker__new(argv[0], NULL);
	status = linker ? link_files(linker, argv[0], argc - 1, argv + 1) : failed(argv[0], errno);
	bpf_linker__free(linker);
	cli_messages_end();
	if (!status && opts->json)
		cli_print_json(NULL, opts);
	return status;
}

static const struct cli_option options[] = { OPTION_JSON, OPTION_PRETTY, OPTIONS_END };
const struct cli_command cmd_gen_object = {
	.name = "gen object",
	.usage = "OUT IN... [-j]",
	.help = "Links several BPF objects into one.",
	.words = "  OUT                       the file to write; it appears when all is done\n"
		 "  IN...                     objects that clang made, or that were linked before",
	.options = options,
	.notes = "exit status: 0 linked, 2 the objects do not fit, or a file could not be read or written",
	.example = "  skep gen object app.bpf.o main.bpf.o maps.bpf.o",
	.run = gen_object,
};
