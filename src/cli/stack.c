/* SPDX-License-Identifier: BSD-2-Clause */
/* stack.c - stacks that programs are to find, as the command line gives them. */
#include "cli/stack.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 127 /* kernel.perf_event_max_stack: more, nobody sees */

/* One address and the comma behind it; NULL: it is none. */
static const char *read_address(const char *at, u64 *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(at, &end, 0);
	if (end == at || errno || *at == '-' || *at == '+' || *at == ' ' || (*end && *end != ','))
		return NULL;
	return *end && end[1] ? end + 1 : *end ? NULL : end;
}

bool stack_read(const char *option, const char *text, struct stack_arg *ret)
{
	*ret = (struct stack_arg){ 0 };
	if (!text)
		return true;
	ret->ips = malloc(FRAMES_MAX * sizeof(*ret->ips));
	if (!ret->ips) {
		cli_fail("out of memory");
		return false;
	}
	do {
		const char *at = text;

		text = ret->cnt < FRAMES_MAX ? read_address(at, &ret->ips[ret->cnt]) : NULL;
		if (!text) {
			cli_fail("%s: \"%s\": %s", option, at,
				 ret->cnt < FRAMES_MAX ? "addresses are numbers, as 0xffffffff81000000,0x401000" :
							 "a stack has at most 127 addresses");
			free(ret->ips);
			return false;
		}
		ret->cnt++;
	} while (*text);
	return true;
}
