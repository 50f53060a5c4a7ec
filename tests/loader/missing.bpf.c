/* SPDX-License-Identifier: BSD-2-Clause */
/* missing.bpf.c - programs that reach what is not there; and what a program type forbids. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} a_map SEC(".maps");

struct subject___other {
	int never;
} __attribute__((preserve_access_index));

extern int a_kernel_function(struct xdp_md *, int) __ksym __weak;

SEC("?xdp")
int reaches_map(struct xdp_md *ctx)
{
	__u32 zero = 0, *v = bpf_map_lookup_elem(&a_map, &zero);

	return v ? *v : 0;
}

SEC("?xdp")
int reaches_field(struct xdp_md *ctx)
{
	return bpf_core_field_offset(struct subject___other, never);
}

SEC("?xdp")
int reaches_function(struct xdp_md *ctx)
{
	return a_kernel_function(ctx, 1);
}

SEC("?xdp")
int reads_too_far(struct xdp_md *ctx)
{
	return *(char *)(long)ctx->data;
}

SEC("?nonsense")
int no_such_section(void *ctx)
{
	return 0;
}

struct bpf_nf_ctx {
	const void *state, *skb;
};

SEC("?netfilter")
int not_modelled(struct bpf_nf_ctx *ctx)
{
	return ctx->state == 0;
}

SEC("?fentry/something")
int no_such_function(void *ctx)
{
	return 0;
}

SEC("?tp_btf")
int of_nothing(void *ctx)
{
	return 0;
}
