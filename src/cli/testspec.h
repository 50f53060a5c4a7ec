/* SPDX-License-Identifier: BSD-2-Clause */
/* testspec.h - what the declaration tags of an object say of its functions: the tests of "skep test". */
#ifndef SKEP_CLI_TESTSPEC_H
#define SKEP_CLI_TESTSPEC_H

#include "cli/cli.h"

#include "base/vec.h"

/* Texts stand in the object's BTF. */
struct test_pattern {
	const char *text;
	bool absent; /* must not be there */
	bool regex;  /* as a whole, not only between {{ and }} */
};
typedef VEC(struct test_pattern) test_patterns;

/* One way to load and run it. */
struct test_want {
	bool wanted; /* something was said of it */
	bool said_verdict, refused;
	const char *retval; /* NULL: it is not run for it */
	test_patterns msgs, xlated, jited;
	u32 caps;
};

struct test_spec {
	const char *prog, *description; /* description: "" */
	struct test_want priv, unpriv;
	bool auxiliary, auxiliary_unpriv;
	u64 log_level, repeat, cpus, seed, clock_ns;
	bool seeded, has_clock;
	u32 flags_set, flags_clear;
	u32 arch_mask; /* 0: any; BIT(0): the host's is among those said */
	bool needs_jit, needs_no_jit;
	const char *lacking; /* what it takes that is not modelled; NULL: nothing */
	const char *data_in, *data_out, *ctx, *ctx_out, *devs; /* NULL: not said */
	test_patterns maps, maps_out, events, traces;
	test_patterns replaced; /* "HELPER:FUNCTION" */
};

struct test_specs {
	VEC(struct test_spec) at;
};

/* Of all functions with such tags, in the order of their first one. False: one line by cli_fail(), which names
 * the function and the tag that is wrong. */
bool test_specs_read(const struct bpf_object *obj, const char *path, struct test_specs *ret_specs);
void test_specs_free(struct test_specs *specs);

/* One tag, "test_retval=3": @text must outlive @spec. False: it makes no sense, one line by cli_fail(). */
bool test_spec_apply(struct test_spec *spec, const char *text, const char *path);
void test_spec_free(struct test_spec *spec); /* its lists */

#endif
