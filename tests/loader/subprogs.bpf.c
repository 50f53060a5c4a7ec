/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * subprogs.bpf.c - functions of every linkage, called from two programs, from each other and as
 * callbacks.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

int calls[8];

/* Addresses of static functions and calls of them name the section; of global ones the symbol. */
static __noinline int leaf(int x)
{
	calls[0]++;
	return x + 1;
}

static __noinline int middle(int x)
{
	calls[1]++;
	return leaf(x) * 2;
}

__noinline int global_one(int x)
{
	calls[2]++;
	return middle(x) + 100;
}

__weak __noinline int weak_one(int x)
{
	calls[3]++;
	return x + 1000;
}

/* As a global function it would be refused: nothing is known of *p there. */
__hidden __noinline int hidden_one(struct xdp_md *ctx, int *p)
{
	calls[4]++;
	return *p + (ctx->data != 0);
}

static long each(__u64 i, void *ctx)
{
	int *total = ctx;

	*total += leaf(i);
	return 0;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	int total = 0, seed = 10;

	bpf_loop(3, each, &total, 0);		/* 1 + 2 + 3 */
	total += global_one(1);			/* 104 */
	total += weak_one(0);			/* 1000 */
	return total + hidden_one(ctx, &seed);	/* 11 */
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	return leaf(ctx->data_end - ctx->data);
}

/* Loaded only when somebody asks. */
SEC("?xdp")
int third(struct xdp_md *ctx)
{
	return middle(ctx->data != 0) + first(ctx);
}

SEC("tc")
int fourth(struct __sk_buff *skb)
{
	return weak_one(skb->len);
}

char LICENSE[] SEC("license") = "GPL";
