/* SPDX-License-Identifier: BSD-2-Clause */
/* testout.h - results of "skep test" as text, TAP, JUnit's XML, tab-separated values, JSON, annotations or SARIF. */
#ifndef SKEP_CLI_TESTOUT_H
#define SKEP_CLI_TESTOUT_H

#include "cli/testrun.h"

#include <stdio.h>

enum { TESTOUT_TEXT, TESTOUT_TAP, TESTOUT_JUNIT, TESTOUT_TSV, TESTOUT_JSON, TESTOUT_GITHUB, TESTOUT_SARIF };
extern const char *const testout_formats[]; /* NULL-terminated, in this order */

typedef VEC(struct test_result) test_results;
/* JSON goes to stdout only. False: told by cli_fail(). */
bool testout_print(const test_results *results, u32 format, bool pretty, FILE *out);
bool testout_write(const test_results *results, u32 format, const char *path);

#endif
