/* SPDX-License-Identifier: BSD-2-Clause */
/* tool.c - the table of bpftool's commands; words; one command alone in an instance. */
#include "cli/tool.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
	OPTION_KERNEL_BTF, OPTION_KCONFIG, OPTION_ENGINE, OPTION_JSON, OPTION_PRETTY, OPTIONS_END
};

/* A command that knows its function: cli_command has no place for one. */
#define TOOL(fn, text, words_text, help_text, example_text)                                                 \
	static int run_##fn(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)   \
	{                                                                                                   \
		return tool_alone(cmd, tool_##fn, opts, argc, argv);                                        \
	}                                                                                                   \
	const struct cli_command cmd_tool_##fn = {                                                          \
		.name = text,                                                                               \
		.usage = words_text " [-j]",                                                                \
		.help = help_text,                                                                          \
		.words = "  PROG, MAP, LINK   id N, pinned PATH, name NAME (not links), tag TAG (programs)\n", \
		.options = options,                                                                         \
		.notes = "Objects and pins live in one run of skep: \"skep batch\" runs several commands in it.\n" \
			 "exit status: 0 done, 1 refused or not there, 2 something could not be read or done", \
		.example = example_text,                                                                    \
		.run = run_##fn,                                                                            \
	};
#include "cli/tool.def"
#undef TOOL

static const struct tool_row {
	const struct cli_command *cmd;
	tool_fn fn;
} rows[] = {
#define TOOL(fn, ...) { &cmd_tool_##fn, tool_##fn },
#include "cli/tool.def"
#undef TOOL
	{ &cmd_prog_show, tool_prog_show },
	{ &cmd_map_show, tool_map_show },
	{ &cmd_prog_dump, tool_prog_dump },
};

/* What bpftool has and no instance does. */
static const char *const not_modelled[] = { "net", "cgroup", "perf", "iter", "struct_ops", "feature" };

/* ---- words ----------------------------------------------------------------------------------- */

const char *words_next(struct words *w)
{
	if (!w->argc)
		return NULL;
	w->argc--;
	return *w->argv++;
}

bool words_take(struct words *w, const char *word)
{
	return w->argc && !strcmp(w->argv[0], word) && words_next(w);
}

int words_end(const struct words *w)
{
	return w->argc ? cli_fail("unexpected argument \"%s\"", w->argv[0]) : EXIT_OK;
}

bool tool_is_handle(int argc, char **argv)
{
	static const char *const handles[] = { "id", "pinned", "name", "tag" };

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(handles); i++) {
		if (!strcmp(argv[0], handles[i]))
			return true;
	}
	return false;
}

/* ---- which command --------------------------------------------------------------------------- */

static const struct tool_row *find_row(const char *object, const char *verb)
{
	char name[64];

	snprintf(name, sizeof(name), "%s %s", object, strcmp(verb, "list") ? verb : "show");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].cmd->name, name))
			return &rows[i];
	}
	return NULL;
}

bool tool_is_not_modelled(const char *object)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_modelled); i++) {
		if (!strcmp(not_modelled[i], object))
			return true;
	}
	return false;
}

tool_fn tool_find(struct words *w, const struct cli_command **ret_cmd)
{
	const char *object = words_next(w), *verb = w->argc ? words_next(w) : "show";
	const struct tool_row *row = find_row(object, verb);

	if (row) {
		*ret_cmd = row->cmd;
		return row->fn;
	}
	if (tool_is_not_modelled(object))
		cli_fail("\"%s\" is not modelled; in a batch there are prog, map and link", object);
	else
		cli_fail("no command \"%s %s\" in a batch (\"skep help\" lists them: prog, map, link)", object, verb);
	return NULL;
}

/* ---- one alone ------------------------------------------------------------------------------- */

int tool_alone(const struct cli_command *cmd, tool_fn fn, struct cli_opts *opts, int argc, char **argv)
{
	struct jout out = { .to = stdout, .pretty = opts->pretty };
	struct tool t = { .opts = opts, .out = opts->json ? &out : NULL, .cmd = cmd };
	struct words w = { argc, argv };
	int status = EXIT_BAD;

	t.skep = cli_instance(opts);
	if (t.skep)
		status = fn(&t, &w);
	if (t.out && !status && !out.any)
		jout_word(&out, "null");
	if (out.any)
		fputc('\n', stdout);
	cli_instance_end(t.skep);
	return status;
}
