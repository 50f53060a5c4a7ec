/* SPDX-License-Identifier: BSD-2-Clause */
/* run.h - what "skep report" needs of "skep run". */
#ifndef SKEP_CLI_RUN_H
#define SKEP_CLI_RUN_H

#include "cli/cli.h"

/* What "skep profile" does beside: with it, machine code counts. @json NULL: text is wanted. */
struct run_hooks {
	void (*before)(struct run_hooks *hooks); /* right before the first run */
	int (*after)(struct run_hooks *hooks, struct skep *skep, int fd, const struct cli_opts *opts,
		     struct json_object *json); /* EXIT_*, told */
};

/* Without other input, programs of this type get 64 zero bytes. */
bool run_takes_packets(u32 prog_type);

/* Options that do not go together: one line, EXIT_BAD. */
int run_check_options(const struct cli_command *cmd, const struct cli_opts *opts);

/* Runs as @opts says and prints what came of it unless JSON was asked for. @ret_json, when not NULL: the same
 * as JSON, on EXIT_OK. Other exit codes after one line by cli_fail(). */
int run_input(const struct cli_command *cmd, struct cli_opts *opts, const struct cli_input *in,
	      struct json_object **ret_json);

#endif
