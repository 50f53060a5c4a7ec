/* SPDX-License-Identifier: BSD-2-Clause */
/* gen.c - "skep gen skeleton" and "gen subskeleton", in bpftool's words: FILE [name NAME]. */
#include "cli/gen.h"

#include <stdio.h>
#include <string.h>

static int gen_header(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv,
		      bool (*put)(struct gen *g))
{
	const char *name = NULL;
	int status = EXIT_BAD;
	struct gen g;

	if (opts->use_loader)
		return cli_usage_error(cmd, "-L: not modelled: light skeletons need a loader program");
	if (!argc)
		return cli_usage_error(cmd, "which object file?");
	if (argc > 1 && strcmp(argv[1], "name"))
		return cli_usage_error(cmd, "unexpected argument %s; a name is given as \"name NAME\"", argv[1]);
	if (argc == 2)
		return cli_usage_error(cmd, "name what?");
	if (argc > 3)
		return cli_usage_error(cmd, "unexpected argument %s", argv[3]);
	if (argc == 3)
		name = argv[2];
	if (gen_open(&g, argv[0], name) && put(&g)) {
		fwrite(g.out.str, 1, g.out.len, stdout);
		status = EXIT_OK;
	}
	gen_close(&g);
	return status;
}

static int gen_skeleton(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	return gen_header(cmd, opts, argc, argv, gen_put_skeleton);
}

static int gen_subskeleton(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	return gen_header(cmd, opts, argc, argv, gen_put_subskeleton);
}

static const struct cli_option options[] = {
	OPT("use-loader", 'L', NULL, FLAG, use_loader, "a light skeleton: not modelled"),
	OPTIONS_END,
};
#define NAME_WORDS "  name NAME                 of the structure; default: the file's, \"a.bpf.o\" is a_bpf\n"
#define NOTES	   "exit status: 0 printed, 2 the object could not be read or has no C form"

const struct cli_command cmd_gen_skeleton = {
	.name = "gen skeleton",
	.usage = "FILE [name NAME]",
	.help = "Prints a C and C++ header with the object in it, its maps, programs and variables as members.",
	.words = NAME_WORDS,
	.options = options,
	.notes = NOTES,
	.example = "  skep gen skeleton prog.bpf.o name prog > prog.skel.h",
	.run = gen_skeleton,
};

const struct cli_command cmd_gen_subskeleton = {
	.name = "gen subskeleton",
	.usage = "FILE [name NAME]",
	.help = "Prints a header by which a BPF library finds its maps, programs and variables in an object.",
	.words = NAME_WORDS,
	.options = options,
	.notes = NOTES,
	.example = "  skep gen subskeleton lib.bpf.o name lib > lib.subskel.h",
	.run = gen_subskeleton,
};
