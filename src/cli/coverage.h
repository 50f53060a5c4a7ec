/* SPDX-License-Identifier: BSD-2-Clause */
/* coverage.h - which source lines and branches ran, over many runs, for lcov and genhtml. */
#ifndef SKEP_CLI_COVERAGE_H
#define SKEP_CLI_COVERAGE_H

#include "cli/cli.h"

struct coverage;

struct coverage *coverage_new(void); /* NULL: no memory */
void coverage_free(struct coverage *cov); /* NULL is fine */
/* What a loaded program of an instance that counts has counted. False: no memory. Without line information or
 * machine code nothing is added. */
bool coverage_add(struct coverage *cov, struct skep *skep, int prog_fd, const char *prog);
/* A tracefile of lcov. False: one line by cli_fail(). */
bool coverage_write(struct coverage *cov, const char *path);

#endif
