/* SPDX-License-Identifier: BSD-2-Clause */
/* size.bpf.c - large requests of clients with a bad name score high. */
#include "plugin.h"

SEC("syscall")
int score(struct request *req)
{
	req->score = req->size / 1024 + (100 - reputation_of(req->client)) * 2;
	return 0;
}
