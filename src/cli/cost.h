/* SPDX-License-Identifier: BSD-2-Clause */
/* cost.h - where verification's steps went: kept as JSON, printed as tables, written as folded stacks. */
#ifndef SKEP_CLI_COST_H
#define SKEP_CLI_COST_H

#include "cli/cli.h"

/* Of a verdict with skep_measure(); NULL: it has none, or memory is short. */
struct json_object *cost_json(const struct skep_verdict *v);
/* Functions, source lines and uncovered states that took most. */
void cost_print(struct json_object *cost, FILE *to);
/* Lines "PROG;main;parse;file.c:12 345", as flame graph tools read. */
void cost_write_folded(struct json_object *cost, const char *prog, FILE *to);

#endif
