/* SPDX-License-Identifier: BSD-2-Clause */
/* stack.h - stacks that programs are to find, as the command line gives them. */
#ifndef SKEP_CLI_STACK_H
#define SKEP_CLI_STACK_H

#include "base/types.h"

struct stack_arg {
	u64 *ips; /* malloc()ed; NULL: none given */
	u32 cnt;
};

/* "0x1000,0x2000", innermost first; NULL: none. False after one line by cli_fail(), with nothing to free. */
bool stack_read(const char *option, const char *text, struct stack_arg *ret);

#endif
