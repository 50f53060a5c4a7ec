/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * args.c - options by the rows of a command's table: "--name VALUE", "--name=VALUE", "-n VALUE",
 * "-nVALUE", flags in one word ("-jx"); "--" ends them. Not getopt: its errors cannot name the letter
 * of a word, and help comes from the same rows.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const cli_formats[] = { "table", "csv", "json", "github", "sarif", NULL };
const char *const cli_engines[] = { "auto", "jit", "interp", NULL };
static_assert(SKEP_RUN_AUTO == 0 && SKEP_RUN_JIT == 1 && SKEP_RUN_INTERP == 2, "cli_engines has this order");

static const struct cli_option *by_name(const struct cli_command *cmd, const char *name, size_t len)
{
	for (const struct cli_option *o = cmd->options; o->name; o++) {
		if (strlen(o->name) == len && !strncmp(o->name, name, len))
			return o;
	}
	return NULL;
}

static const struct cli_option *by_letter(const struct cli_command *cmd, char letter)
{
	for (const struct cli_option *o = cmd->options; o->name; o++) {
		if (o->letter == letter)
			return o;
	}
	return NULL;
}

static int set_choice(const struct cli_command *cmd, const struct cli_option *o, u32 *choice, const char *value)
{
	struct strbuf names = { 0 };

	for (u32 i = 0; o->choices[i]; i++) {
		if (!strcmp(o->choices[i], value)) {
			*choice = i;
			return EXIT_OK;
		}
	}
	for (u32 i = 0; o->choices[i]; i++)
		strbuf_printf(&names, "%s%s", i ? ", " : "", o->choices[i]);
	cli_usage_error(cmd, "--%s is one of %s, not \"%s\"", o->name, strbuf_str(&names), value);
	strbuf_free(&names);
	return EXIT_BAD;
}

static int add_to_list(char **list, const char *value)
{
	char *joined;

	if (asprintf(&joined, "%s%s%s", *list ? *list : "", *list ? "," : "", value) < 0)
		return cli_fail("out of memory");
	free(*list);
	*list = joined;
	return EXIT_OK;
}

int cli_set_option(const struct cli_command *cmd, const struct cli_option *o, struct cli_opts *opts,
		   const char *value)
{
	void *at = (char *)opts + o->at;

	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return EXIT_OK;
	case OPTION_TEXT:
		*(const char **)at = value;
		return EXIT_OK;
	case OPTION_LIST:
		return add_to_list(at, value);
	case OPTION_FILE:
		((struct in_file *)at)->path = value;
		return EXIT_OK;
	case OPTION_NUMBER:
		if (cli_number(value, o->max, at) && *(u64 *)at >= o->min)
			return EXIT_OK;
		return cli_usage_error(cmd, "--%s takes a number from %llu to %llu, not \"%s\"", o->name,
				       (unsigned long long)o->min, (unsigned long long)o->max, value);
	case OPTION_CHOICE:
		return set_choice(cmd, o, at, value);
	}
	return EXIT_BAD;
}

bool cli_is_given(const struct cli_opts *opts, size_t at)
{
	for (u32 i = 0; i < opts->given_cnt; i++) {
		if (opts->given[i] == at)
			return true;
	}
	return false;
}

static int take_option(const struct cli_command *cmd, const struct cli_option *o, struct cli_opts *opts,
		       const char *value)
{
	if (!cli_is_given(opts, o->at) && opts->given_cnt < GIVEN_MAX)
		opts->given[opts->given_cnt++] = o->at;
	return cli_set_option(cmd, o, opts, value);
}

static int unknown_option(const struct cli_command *cmd, const char *word, size_t len)
{
	char name[64];
	struct nearest near = { .word = name };

	snprintf(name, sizeof(name), "%.*s", (int)len, word + 2);
	for (const struct cli_option *o = cmd->options; o->name; o++)
		nearest_try(&near, o->name);
	if (near.best)
		return cli_usage_error(cmd, "unknown option --%s; did you mean --%s?", name, near.best);
	return cli_usage_error(cmd, "unknown option --%s", name);
}

/* "--name" or "--name=VALUE" at argv[*i]. */
static int long_option(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv, int *i)
{
	const char *word = argv[*i], *value = strchr(word, '=');
	size_t len = (value ? (size_t)(value - word) : strlen(word)) - 2;
	const struct cli_option *o = by_name(cmd, word + 2, len);

	if (!o)
		return unknown_option(cmd, word, len);
	if (o->kind == OPTION_FLAG && value)
		return cli_usage_error(cmd, "--%s takes no value", o->name);
	if (value)
		value++;
	else if (o->kind != OPTION_FLAG && ++*i == argc)
		return cli_usage_error(cmd, "--%s needs a value", o->name);
	return take_option(cmd, o, opts, value ? value : argv[*i]);
}

/* "-j", "-jP", "-n 3", "-n3" at argv[*i]. */
static int letters(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv, int *i)
{
	int status = EXIT_OK;

	for (const char *at = argv[*i] + 1; *at && !status; at++) {
		const struct cli_option *o = by_letter(cmd, *at);

		if (!o)
			return cli_usage_error(cmd, "unknown option -%c%s%s", *at, argv[*i][2] ? " in " : "",
					       argv[*i][2] ? argv[*i] : "");
		if (o->kind == OPTION_FLAG) {
			status = take_option(cmd, o, opts, NULL);
			continue;
		}
		if (!at[1] && ++*i == argc)
			return cli_usage_error(cmd, "-%c needs a value", *at);
		return take_option(cmd, o, opts, at[1] ? at + 1 : argv[*i]);
	}
	return status;
}

int cli_parse(const struct cli_command *cmd, struct cli_opts *opts, int *argc, char **argv)
{
	int kept = 0, status = EXIT_OK;

	for (int i = 1; i < *argc && !status; i++) {
		if (!strcmp(argv[i], "--")) {
			while (++i < *argc)
				argv[kept++] = argv[i];
		} else if (!strncmp(argv[i], "--", 2)) {
			status = long_option(cmd, opts, *argc, argv, &i);
		} else if (argv[i][0] == '-' && argv[i][1]) {
			status = letters(cmd, opts, *argc, argv, &i);
		} else {
			argv[kept++] = argv[i];
		}
	}
	*argc = kept;
	opts->json |= opts->pretty;
	return status;
}

static void help_options(const struct cli_option *options)
{
	for (const struct cli_option *o = options; o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%c%s--%s%s%s", o->letter ? "-" : " ", o->letter ? o->letter : ' ',
			 o->letter ? ", " : "  ", o->name, o->value ? " " : "", o->value ? o->value : "");
		printf("  %-24s  %s\n", left, o->help);
	}
}

void cli_help(const struct cli_command *cmd)
{
	printf("usage: skep %s %s\n\n%s\n\n", cmd->name, cmd->usage, cmd->help);
	if (cmd->words)
		printf("%s\n", cmd->words);
	help_options(cmd->options);
	if (cmd->notes)
		printf("\n%s\n", cmd->notes);
	printf("\nexample:\n%s\n", cmd->example);
}

/* ---- words that are nearly right ------------------------------------------------------------- */

/* Insertions, deletions and replacements between two short words; words of 64 and more are far. */
static u32 edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	u32 row[65];

	if (la >= 64 || lb >= 64)
		return UINT32_MAX;
	for (u32 j = 0; j <= lb; j++)
		row[j] = j;
	for (u32 i = 1; i <= la; i++) {
		u32 diag = row[0];

		row[0] = i;
		for (u32 j = 1; j <= lb; j++) {
			u32 replaced = diag + (a[i - 1] != b[j - 1]);

			diag = row[j];
			row[j] = min_of(min_of(row[j] + 1, row[j - 1] + 1), replaced);
		}
	}
	return row[lb];
}

void nearest_try(struct nearest *n, const char *candidate)
{
	u32 dist = edit_distance(n->word, candidate);
	size_t len = strlen(n->word);

	if (dist > 1 && dist > len / 2)
		return;
	if (!n->best || dist < n->dist) {
		n->best = candidate;
		n->dist = dist;
	}
}
