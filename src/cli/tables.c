/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tables.c - "skep help --tables": all commands with their options, for the scripts that make man pages and completions
 * of them. A line a row, fields between tabs; newlines and tabs in texts are \n and \t, a backslash is two:
 *	command  NAME  USAGE  HELP  WORDS  NOTES  EXAMPLE
 *	option   NAME  LETTER  VALUE  KIND  CHOICES  HELP	(of the command above)
 */
#include "cli/cli.h"

#include <stdio.h>

/* @text NULL: an empty field. */
static void field(const char *text)
{
	putchar('\t');
	for (; text && *text; text++) {
		switch (*text) {
		case '\n':
			fputs("\\n", stdout);
			break;
		case '\t':
			fputs("\\t", stdout);
			break;
		case '\\':
			fputs("\\\\", stdout);
			break;
		default:
			putchar(*text);
		}
	}
}

static void option(const struct cli_option *o)
{
	static const char *const kinds[] = {
		[OPTION_FLAG] = "flag", [OPTION_TEXT] = "text", [OPTION_LIST] = "list",
		[OPTION_FILE] = "file", [OPTION_NUMBER] = "number", [OPTION_CHOICE] = "choice",
	};
	const char letter[2] = { o->letter };

	fputs("option", stdout);
	field(o->name);
	field(letter);
	field(o->value);
	field(kinds[o->kind]);
	putchar('\t');
	for (const char *const *c = o->choices; c && *c; c++)
		printf("%s%s", c == o->choices ? "" : " ", *c);
	field(o->help);
	putchar('\n');
}

void cli_tables(const struct cli_command *const *commands, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct cli_command *c = commands[i];

		fputs("command", stdout);
		field(c->name);
		field(c->usage);
		field(c->help);
		field(c->words);
		field(c->notes);
		field(c->example);
		putchar('\n');
		for (const struct cli_option *o = c->options; o->name; o++)
			option(o);
	}
}
