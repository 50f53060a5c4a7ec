/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.h - how a refusal came about, as JSON: what would have been enough, what was known, the causes in order. */
#ifndef SKEP_CLI_EXPLAIN_H
#define SKEP_CLI_EXPLAIN_H

#include "cli/cli.h"

/* NULL: the verdict explains nothing. */
struct json_object *explain_json(const struct skep_verdict *v);
/* Adds to each cause the "path", "line" and "column" that line information knows. NULL @explain does nothing. */
void explain_add_places(struct json_object *explain, const struct bpf_object *obj, const struct bpf_program *prog,
			const char *object);

#endif
