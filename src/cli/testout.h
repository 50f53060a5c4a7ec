/* SPDX-License-Identifier: BSD-2-Clause */
/* testout.h - results of "skep test" as text, TAP, JUnit's XML, tab-separated values or JSON. */
#ifndef SKEP_CLI_TESTOUT_H
#define SKEP_CLI_TESTOUT_H

#include "cli/testrun.h"

enum { TESTOUT_TEXT, TESTOUT_TAP, TESTOUT_JUNIT, TESTOUT_TSV, TESTOUT_JSON };
extern const char *const testout_formats[]; /* NULL-terminated, in this order */

typedef VEC(struct test_result) test_results;
void testout_print(const test_results *results, u32 format, bool pretty);

#endif
