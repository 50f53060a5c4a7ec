/* SPDX-License-Identifier: BSD-2-Clause */
/* links.bpf.c - functions that replace global functions of subprogs.bpf.c, and programs that go elsewhere. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("freplace/weak_one")
int weak_one_other(int x)
{
	return x + 5000;
}

SEC("?freplace/no_such_function")
int nowhere(int x)
{
	return x;
}

SEC("?kprobe/do_nothing")
int probe(void *ctx)
{
	return 0;
}

SEC("xdp")
int plain(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
