/* SPDX-License-Identifier: BSD-2-Clause */
/* btfcmd.h - what the commands on BTF share. */
#ifndef SKEP_CLI_BTFCMD_H
#define SKEP_CLI_BTFCMD_H

#include "cli/cli.h"

#define ROOTS_MAX 64

/* The number after @what. EXIT_OK, or EXIT_BAD after one line. */
int btf_take_id(const struct cli_command *cmd, const char *what, const char *text, u32 *ret_id);

/* What is printed of a BTF, and how. */
struct btf_choice {
	bool as_c;
	u32 roots[ROOTS_MAX], root_cnt; /* types; none: all */
};
/* EXIT_OK, or EXIT_BAD after one line that names @file. */
int btf_print(const struct btf *btf, const char *file, const struct btf_choice *choice, const struct cli_opts *opts);

#endif
