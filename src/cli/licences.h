/* SPDX-License-Identifier: BSD-2-Clause */
/* licences.h - whose code the command consists of: scripts/gen_licences.py writes the table from what the linker took. */
#ifndef SKEP_CLI_LICENCES_H
#define SKEP_CLI_LICENCES_H

#include <stdbool.h>

struct licence {
	const char *name;    /* "libelf"; NULL ends the table */
	const char *version; /* the distribution's package's */
	const char *spdx;    /* an SPDX expression */
	const char *text;    /* NULL: it is not in here, but loaded when the command starts */
	bool contained;
};
extern const struct licence skep_licences[];

#endif
