/* SPDX-License-Identifier: BSD-2-Clause */
/* colour.h - colours on terminals, and nowhere else: not with NO_COLOR (https://no-color.org), not with TERM=dumb. */
#ifndef SKEP_CLI_COLOUR_H
#define SKEP_CLI_COLOUR_H

#include <stdio.h>

enum colour { COLOUR_GOOD, COLOUR_BAD, COLOUR_LACKING };

/* What makes text that follows on @to have a colour, and ends it; "" where there are to be none. */
const char *colour_begin(enum colour colour, FILE *to);
const char *colour_end(FILE *to);

/* Prints @text, whose lines end with newlines, with its last line that holds @what in the colour. */
void colour_line(const char *text, const char *what, enum colour colour, FILE *to);

#endif
