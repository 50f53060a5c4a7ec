/* SPDX-License-Identifier: BSD-2-Clause */
/* observed.bpf.c - for test_observe.py: functions whose names nothing else has, a loop, a helper. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__u64 total;

static __attribute__((noinline)) __u32 bee_inner(__u32 rounds)
{
	__u32 sum = bpf_get_smp_processor_id();

	for (__u32 i = 0; i < 200; i++) {
		if (i >= rounds)
			break;
		sum += sum * 31 + i;
		__sync_fetch_and_add(&total, sum); /* the loop */
	}
	return sum; /* the end */
}

SEC("xdp")
int bee_outer(struct xdp_md *ctx)
{
	__u32 len = ctx->data_end - ctx->data;

	if (len == 77)
		return XDP_ABORTED; /* never */
	bee_inner(len > 100 ? 100 : len); /* the call */
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
