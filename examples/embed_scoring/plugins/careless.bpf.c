/* SPDX-License-Identifier: BSD-2-Clause */
/* careless.bpf.c - reads behind the end of its context: refused before it ever runs. */
#include "plugin.h"

SEC("syscall")
int score(struct request *req)
{
	return *(__u32 *)((char *)req + 65536 * 4);
}
