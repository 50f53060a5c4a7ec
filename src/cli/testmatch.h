/* SPDX-License-Identifier: BSD-2-Clause */
/* testmatch.h - expected texts against a log, a trace, or the lines of a program. */
#ifndef SKEP_CLI_TESTMATCH_H
#define SKEP_CLI_TESTMATCH_H

#include "cli/testspec.h"

/* Each behind the one before; those that must be absent not between their neighbours. *ret_found: how many of the
 * patterns held. False: *why gets a line. */
bool match_in_order(const char *text, const test_patterns *patterns, u32 *ret_found, struct strbuf *why);

/* The first may stand in any line, each other one in the line behind, or after "..." in a later one. Numbers of lines
 * and opcodes in parentheses do not count in @text, a dump of a program. */
bool match_lines(const char *text, const test_patterns *patterns, u32 *ret_found, struct strbuf *why);

#endif
