/* SPDX-License-Identifier: BSD-2-Clause */
/* runaway.bpf.c - verified, so it ends, but not in this century: three loops of 8 million rounds inside each other. */
#include "plugin.h"

#define ROUNDS (1 << 23)

static __u32 sum;

static long innermost(__u32 i, void *ctx)
{
	__sync_fetch_and_add(&sum, 1);
	return 0;
}

static long third(__u32 i, void *ctx)
{
	bpf_loop(ROUNDS, innermost, (void *)0, 0);
	return 0;
}

static long second(__u32 i, void *ctx)
{
	bpf_loop(ROUNDS, third, (void *)0, 0);
	return 0;
}

SEC("syscall")
int score(struct request *req)
{
	/* Only some requests set it off: it is no use to try a plugin once before it is let in. */
	if (req->retries >= 3)
		bpf_loop(ROUNDS, second, (void *)0, 0);
	req->score = 0;
	return 0;
}
