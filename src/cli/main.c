/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - finds the command and calls it. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command *const commands[] = {
	&cmd_verify, &cmd_run, &cmd_prog_dump, &cmd_btf_dump, &cmd_version,
};

static int version(const struct cli_command *cmd, int argc, char **argv)
{
	bool json = argc > 1 && (!strcmp(argv[1], "-j") || !strcmp(argv[1], "--json"));
	struct cli_opts opts = { 0 };
	struct json_object *out;

	if (cli_wants_help(cmd, argc, argv))
		return EXIT_OK;
	if (argc > 1 && !json)
		return cli_usage_error(cmd, "unknown argument %s", argv[1]);
	if (!json) {
		printf("skep v%s\nfollows %s\n", skep_version(), skep_profile());
		return EXIT_OK;
	}
	out = json_object_new_object();
	json_object_object_add(out, "version", json_object_new_string(skep_version()));
	json_object_object_add(out, "profile", json_object_new_string(skep_profile()));
	cli_print_json(out, &opts);
	return EXIT_OK;
}

const struct cli_command cmd_version = {
	.name = "version",
	.usage = "[-j]",
	.help = "Prints the version of skep and of the Linux interface that it follows.",
	.details = "  -j, --json    as JSON",
	.example = "  skep version",
	.run = version,
};

static int help(FILE *to)
{
	fputs("usage: skep COMMAND [ARGUMENTS]\n\n"
	      "Checks and runs BPF programs in user space, without root and without the kernel.\n\n"
	      "commands:\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	fputs("\n\"skep COMMAND --help\" tells more about one.\n\n"
	      "exit status: 0 yes, 1 a program was refused, 2 something could not be read or done\n\n"
	      "example:\n  skep verify prog.bpf.o\n", to);
	return to == stdout ? EXIT_OK : EXIT_BAD;
}

/* How many words of argv the command's name takes, 0 when it is another. */
static int matches(const struct cli_command *cmd, int argc, char **argv)
{
	const char *space = strchr(cmd->name, ' ');
	size_t len = space ? (size_t)(space - cmd->name) : strlen(cmd->name);

	if (argc < 2 || strlen(argv[1]) != len || strncmp(argv[1], cmd->name, len))
		return 0;
	if (!space)
		return 1;
	return argc > 2 && !strcmp(argv[2], space + 1) ? 2 : 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return help(stderr);
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(stdout);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		argv[1] = "version";
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		int words = matches(commands[i], argc, argv);

		if (words) {
			int status = commands[i]->run(commands[i], argc - words, argv + words);

			/* A full disk or a closed pipe must not look like success. */
			if (fflush(stdout) || ferror(stdout))
				return cli_fail("the output could not be written");
			return status;
		}
	}
	/* "skep prog" alone: say what goes with it. */
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t len = strlen(argv[1]);

		if (!strncmp(commands[i]->name, argv[1], len) && commands[i]->name[len] == ' ')
			return cli_usage_error(commands[i], "%s", argc > 2 ? "unknown subcommand" : "incomplete command");
	}
	cli_fail("no command \"%s\"", argv[1]);
	return help(stderr);
}
