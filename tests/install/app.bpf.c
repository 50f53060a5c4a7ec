/* SPDX-License-Identifier: BSD-2-Clause */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int length(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data == 64 ? XDP_DROP : XDP_PASS;
}
char LICENSE[] SEC("license") = "GPL";
