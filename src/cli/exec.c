/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec.c - "skep exec": the name that wrappers ("go test -exec") will use. Commands that make system calls of their own
 * would have to be stopped at each bpf(2), which nothing in skep does yet. To run them as they are would load into the
 * running kernel what was meant for skep, so they are not run at all.
 */
#include "cli/cli.h"

static int exec_command(const struct cli_command *cmd, struct cli_opts *opts __unused_arg, int argc, char **argv)
{
	if (!argc)
		return cli_usage_error(cmd, "which command?");
	return cli_fail("%s was not run: bpf(2) of other programs cannot be answered yet; link -lskep, or see \"skep test\"", argv[0]);
}

static const struct cli_option options[] = { OPTIONS_END };
const struct cli_command cmd_exec = {
	.name = "exec",
	.usage = "-- COMMAND [ARGUMENTS]",
	.help = "Would run a command with skep in place of the kernel's bpf(2); refuses, as it cannot yet.",
	.options = options,
	.notes = "exit status: 2",
	.example = "  go test -exec 'skep exec --' ./...",
	.run = exec_command,
};
