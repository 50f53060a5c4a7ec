/* SPDX-License-Identifier: BSD-2-Clause */
/* finding.h - what "verify" and "test" found wrong, for those who show it beside the source: annotations of GitHub's
 * workflows, and SARIF 2.1.0 (OASIS). */
#ifndef SKEP_CLI_FINDING_H
#define SKEP_CLI_FINDING_H

#include "cli/place.h"

#include "base/vec.h"

#include <stdio.h>

enum finding_level { FINDING_NOTE, FINDING_WARNING, FINDING_ERROR };

/* All texts and objects are those of whom it was found by. */
struct finding {
	enum finding_level level;
	const char *rule; /* a reason, or a name of finding_rules */
	const char *object, *prog, *message;
	const char *more; /* lines below the message; "" */
	const struct place *place;
	struct json_object *explain; /* or NULL */
};
typedef VEC(struct finding) findings;

/* Rules that are no reasons of the verifier. */
#define RULE_TEST_FAILED  "test-failed"
#define RULE_TEST_SKIPPED "test-skipped"

/* A line each: "::error file=...,line=...,col=...,title=...::...". */
void findings_github(const findings *all, FILE *out);
/* One run. @ok: skep could read and do all it was asked for. */
void findings_sarif(const findings *all, bool ok, FILE *out);
/* The same into a file; false after one line by cli_fail(). */
bool findings_write_sarif(const findings *all, bool ok, const char *path);

#endif
