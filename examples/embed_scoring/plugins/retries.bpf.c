/* SPDX-License-Identifier: BSD-2-Clause */
/* retries.bpf.c - the same host's next idea: whoever keeps trying. */
#include "plugin.h"

SEC("syscall")
int score(struct request *req)
{
	__u32 hash = req->path_hash;

	for (int i = 0; i < 8; i++)
		hash = hash * 31 + req->retries;
	req->score = hash % 50 + req->retries * 10 + reputation_of(req->client);
	return 0;
}
