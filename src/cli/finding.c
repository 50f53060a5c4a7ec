/* SPDX-License-Identifier: BSD-2-Clause */
/* finding.c - annotations of a workflow of GitHub's: commands on stdout, in which some characters must be escaped. */
#include "cli/finding.h"

#include <stdlib.h>
#include <string.h>

/* In a property ":" and "," end it, too. */
static void put_escaped(const char *text, bool property, FILE *out)
{
	for (; *text; text++) {
		if (strchr(property ? "%\r\n:," : "%\r\n", *text))
			fprintf(out, "%%%02X", *text);
		else
			fputc(*text, out);
	}
}

static void put_property(const char *before, const char *text, FILE *out)
{
	fputs(before, out);
	put_escaped(text, true, out);
}

static void put_place(const struct finding *f, FILE *out)
{
	char *object;

	if (f->place->path) {
		put_property(" file=", f->place->path, out);
		fprintf(out, ",line=%u,col=%u", f->place->line, f->place->col ? f->place->col : 1);
		return;
	}
	object = place_relative(f->object);
	put_property(" file=", object ? object : f->object, out);
	free(object);
}

void findings_github(const findings *all, FILE *out)
{
	static const char *const commands[] = { "notice", "warning", "error" };

	for (size_t i = 0; i < all->cnt; i++) {
		const struct finding *f = &all->at[i];

		fprintf(out, "::%s", commands[f->level]);
		put_place(f, out);
		put_property(",title=", cli_base_name(f->object), out);
		put_property(*f->prog ? "%3A " : "", f->prog, out);
		put_property(" (", f->rule, out);
		fputs(")::", out);
		put_escaped(f->message, false, out);
		if (*f->more)
			fputs("%0A", out);
		put_escaped(f->more, false, out);
		fputc('\n', out);
	}
}
