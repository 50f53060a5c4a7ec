/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/colour.h"

#include "base/types.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_wanted(FILE *to)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && strcmp(term, "dumb") && isatty(fileno(to));
}

const char *colour_begin(enum colour colour, FILE *to)
{
	static const char *const codes[] = {
		[COLOUR_GOOD] = "\033[32m", [COLOUR_BAD] = "\033[31m", [COLOUR_LACKING] = "\033[33m",
	};

	return is_wanted(to) ? codes[colour] : "";
}

const char *colour_end(FILE *to)
{
	return is_wanted(to) ? "\033[0m" : "";
}

/* Where the last line with @what begins; NULL: none has it. */
static const char *last_line(const char *text, const char *what)
{
	const char *last = NULL;

	for (const char *at = strstr(text, what); *what && at; at = strstr(at + 1, what))
		last = at;
	while (last && last > text && last[-1] != '\n')
		last--;
	return last;
}

void colour_line(const char *text, const char *what, enum colour colour, FILE *to)
{
	const char *line = last_line(text, what);
	int before = line ? (int)(line - text) : 0, len = line ? (int)strcspn(line, "\n") : 0;

	fprintf(to, "%.*s%s%.*s%s%s", before, text, len ? colour_begin(colour, to) : "", len, text + before,
		len ? colour_end(to) : "", text + before + len);
}
