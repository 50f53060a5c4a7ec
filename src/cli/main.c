/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - finds the command, takes its options, calls it. */
#include "cli/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_command *const commands[] = {
	&cmd_verify, &cmd_run, &cmd_profile, &cmd_prog_dump, &cmd_prog_show, &cmd_map_show, &cmd_btf_dump, &cmd_btf_show,
	&cmd_btf_list, &cmd_gen_object, &cmd_gen_skeleton, &cmd_gen_subskeleton, &cmd_gen_min_core_btf,
	&cmd_feature_probe, &cmd_feature_list, &cmd_test, &cmd_exec, &cmd_report, &cmd_version, &cmd_batch,
#define TOOL(fn, ...) &cmd_tool_##fn,
#include "cli/tool.def"
#undef TOOL
};

static int help(FILE *to)
{
	fputs("usage: skep COMMAND [ARGUMENTS]\n\n"
	      "Checks and runs BPF programs in user space, without root and without the kernel.\n\n"
	      "commands:\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-22s %s\n", commands[i]->name, commands[i]->help);
	fputs("\n\"skep COMMAND --help\" tells more about one.\n\n"
	      "\"skep help sections\" lists what the names of SEC() stand for.\n\n"
	      "exit status: 0 yes, 1 a program was refused, 2 something could not be read or done\n\n"
	      "example:\n  skep verify prog.bpf.o\n", to);
	return to == stdout ? EXIT_OK : EXIT_BAD;
}

/* How many words of argv the command's name takes, 0 when it is another. */
static int matches(const struct cli_command *cmd, int argc, char **argv)
{
	const char *space = strchr(cmd->name, ' ');
	size_t len = space ? (size_t)(space - cmd->name) : strlen(cmd->name);

	if (!argc || strlen(argv[0]) != len || strncmp(argv[0], cmd->name, len))
		return 0;
	if (!space)
		return 1;
	return argc > 1 && !strcmp(argv[1], space + 1) ? 2 : 0;
}

static const struct cli_command *find(int argc, char **argv, int *ret_words)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		*ret_words = matches(commands[i], argc, argv);
		if (*ret_words)
			return commands[i];
	}
	return NULL;
}

/* One line: what there is instead. */
static int no_command(int argc, char **argv)
{
	struct nearest near = { .word = argv[0] };
	struct strbuf there = { 0 };
	size_t len = strlen(argv[0]);

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *name = commands[i]->name;

		if (!strncmp(name, argv[0], len) && name[len] == ' ')
			strbuf_printf(&there, "%s\"%s\"", there.len ? ", " : "", name);
		nearest_try(&near, name);
	}
	if (there.len) {
		cli_fail("no command \"%s%s%s\"; there is %s", argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "",
			 strbuf_str(&there));
		strbuf_free(&there);
		return EXIT_BAD;
	}
	if (tool_is_not_modelled(argv[0]))
		return cli_fail("\"%s\" is not modelled; of bpftool's objects there are prog, map, link, btf and gen", argv[0]);
	if (argv[0][0] == '-')
		return cli_fail("unknown option %s; options follow the command (\"skep help\" lists commands)", argv[0]);
	if (near.best)
		return cli_fail("no command \"%s\"; did you mean \"%s\"?", argv[0], near.best);
	return cli_fail("no command \"%s\" (\"skep help\" lists them)", argv[0]);
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") || (i == 1 && !strcmp(argv[i], "help")))
			return true;
	}
	return false;
}

static int call(const struct cli_command *cmd, int argc, char **argv, struct cli_opts *opts)
{
	int status;

	if (wants_help(argc, argv)) {
		cli_help(cmd);
		return EXIT_OK;
	}
	status = cli_parse(cmd, opts, &argc, argv);
	/* Formats of "test" are others. */
	if (!status && (opts->json || (cmd != &cmd_test && opts->format == FORMAT_JSON)))
		status = cli_need_json("JSON");
	if (!status)
		status = cmd->run(cmd, opts, argc, argv);
	cli_opts_free(opts);
	return status;
}

/* "skep help", "skep help run", "skep help sections", "skep help --tables". */
static int help_on(int argc, char **argv)
{
	const struct cli_command *cmd;
	int words;

	if (!argc)
		return help(stdout);
	if (!strcmp(argv[0], "--tables")) {
		cli_tables(commands, ARRAY_SIZE(commands));
		return EXIT_OK;
	}
	if (!strcmp(argv[0], "sections"))
		return cli_sections();
	cmd = find(argc, argv, &words);
	if (!cmd)
		return no_command(argc, argv);
	cli_help(cmd);
	return EXIT_OK;
}

/* bpftool has -j, -p and -B before the command; -p is --prog after it. How many words it takes, 0: no such option. */
static int leading_option(int argc, char **argv, struct cli_opts *opts)
{
	const char *word = argv[0];

	if (!strcmp(word, "-j") || !strcmp(word, "--json")) {
		opts->json = true;
	} else if (!strcmp(word, "-p") || !strcmp(word, "--pretty")) {
		opts->json = opts->pretty = true;
	} else if (argc > 1 && (!strcmp(word, "-B") || !strcmp(word, "--base-btf"))) {
		opts->base_btf = argv[1];
		return 2;
	} else {
		return 0;
	}
	return 1;
}

static int dispatch(int argc, char **argv)
{
	const struct cli_command *cmd;
	struct cli_opts opts = { .repeat = 1, .jobs = 1 };
	int words;

	while (argc && (words = leading_option(argc, argv, &opts))) {
		argc -= words;
		argv += words;
	}
	if (!argc)
		return help(stderr);
	if (!strcmp(argv[0], "--version") || !strcmp(argv[0], "-V"))
		argv[0] = "version";
	if (!strcmp(argv[0], "help") || !strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))
		return help_on(argc - 1, argv + 1);
	/* bpftool's other word. */
	if (argc > 1 && !strcmp(argv[1], "list") && (!strcmp(argv[0], "prog") || !strcmp(argv[0], "map") || !strcmp(argv[0], "link")))
		argv[1] = "show";
	cmd = find(argc, argv, &words);
	return cmd ? call(cmd, argc - words + 1, argv + words - 1, &opts) : no_command(argc, argv);
}

int main(int argc, char **argv)
{
	int status = dispatch(argc - 1, argv + 1);

	/* A full disk must not look like success. */
	if (fflush(stdout) || ferror(stdout))
		return cli_fail("the output could not be written");
	return status;
}
