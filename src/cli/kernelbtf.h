/* SPDX-License-Identifier: BSD-2-Clause */
/* kernelbtf.h - the types of a kernel, from a file, or with those of its modules from a folder as /sys/kernel/btf. */
#ifndef SKEP_CLI_KERNELBTF_H
#define SKEP_CLI_KERNELBTF_H

#include "cli/cli.h"

#include <skep/skep.h>

struct kernel_btf {
	bool is_dir;
	struct skep_btf_blob *modules; /* in the order of their names */
	u32 module_cnt;
};

bool kernel_btf_is_dir(const char *path);
/* The kernel's own stays in @file; false after one line by cli_fail(), with nothing to free. */
bool kernel_btf_read(struct in_file *file, struct kernel_btf *ret);
void kernel_btf_free(struct kernel_btf *kernel);

#endif
