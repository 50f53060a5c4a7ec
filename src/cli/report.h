/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - one file that does a verification or a run again: docs/report.md. */
#ifndef SKEP_CLI_REPORT_H
#define SKEP_CLI_REPORT_H

#include "cli/cli.h"

#define REPORT_FORMAT 1

/* An object file never begins with "{". */
bool report_looks_like(const u8 *bytes, size_t size);
/* @in holds a report: leaves in it the object, in @opts what the command line does not say. False: told on
 * stderr. */
bool report_read(struct cli_input *in, struct cli_opts *opts);

/* Everything but results. NULL: told on stderr. */
struct json_object *report_start(const struct cli_input *in, struct cli_opts *opts);

/* When the input was a report and nothing on the command line changes it: tells on stderr if @result is not
 * what the report has under @key. Frees @result. */
void report_compare(const struct cli_opts *opts, const char *path, const char *key, struct json_object *result);

#endif
