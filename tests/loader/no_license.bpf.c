/* SPDX-License-Identifier: BSD-2-Clause */
/* no_license.bpf.c - calls a helper that only GPL programs may call. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int needs_gpl(struct xdp_md *ctx)
{
	bpf_printk("hello");
	return XDP_PASS;
}
