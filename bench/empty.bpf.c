/* SPDX-License-Identifier: BSD-2-Clause */
/* empty.bpf.c - does nothing: what a run costs without a program. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int empty(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
