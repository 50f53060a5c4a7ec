/* SPDX-License-Identifier: BSD-2-Clause */
/* testrun.h - one test of "skep test": a program, loaded and run one way, and what came of it. */
#ifndef SKEP_CLI_TESTRUN_H
#define SKEP_CLI_TESTRUN_H

#include "cli/coverage.h"
#include "cli/place.h"
#include "cli/testspec.h"

enum test_status { TEST_PASSED, TEST_FAILED, TEST_SKIPPED };

#define TEST_NAME_SIZE 160
struct test_result {
	const char *file;
	char name[TEST_NAME_SIZE]; /* the program's, "@unpriv" behind it for a caller without capabilities */
	const char *description;
	enum test_status status;
	struct strbuf why; /* lines; empty when it passed */
	bool want_refused, refused;
	int err; /* of the load */
	u32 msgs_wanted, msgs_found;
	const char *retval_wanted; /* "" */
	bool ran;
	u32 retval, insns;
	u64 verify_us;
	/* For those who show it beside the source. */
	struct place place; /* where it was refused, or the function begins */
	char rule[64];	    /* finding.h */
	char message[512];  /* of an unexpected refusal: what the verifier says; "" */
	struct json_object *explain; /* of an unexpected refusal; or NULL */
};

/* As results have it; @ret_name has TEST_NAME_SIZE bytes. */
void test_name(const struct test_spec *spec, bool unpriv, char *ret_name);

/* In an instance of its own, on this thread. @in: the object's file. @cov, when not NULL, gets what ran. The spec
 * must outlive the result. */
void test_run(const struct cli_opts *opts, const struct cli_input *in, const struct test_specs *specs,
	      const struct test_spec *spec, bool unpriv, struct coverage *cov, struct test_result *ret);
void test_result_free(struct test_result *result);

#endif
