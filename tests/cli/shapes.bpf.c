/* SPDX-License-Identifier: BSD-2-Clause */
/* shapes.bpf.c - programs of several types for test_cli.py: they change packets, contexts and maps. */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
#ifdef UNKNOWN_MAP
	__uint(type, 200);
#else
	__uint(type, BPF_MAP_TYPE_HASH);
#endif
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 16);
} first_bytes SEC(".maps");

__u32 runs;

static void count(__u32 key)
{
	__u64 one = 1, *cnt = bpf_map_lookup_elem(&first_bytes, &key);

	if (cnt)
		(*cnt)++;
	else
		bpf_map_update_elem(&first_bytes, &key, &one, BPF_ANY);
}

/* Packets with an odd first byte are dropped; others leave with their first two bytes exchanged. */
SEC("xdp")
int swap(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, first;

	if (data + 2 > end)
		return XDP_ABORTED;
	first = data[0];
	count(first);
	if (first & 1)
		return XDP_DROP;
	data[0] = data[1];
	data[1] = first;
	return XDP_TX;
}

/* Four bytes longer each time. */
SEC("xdp")
int grow(struct xdp_md *ctx)
{
	runs++;
	return bpf_xdp_adjust_tail(ctx, 4) ? XDP_ABORTED : XDP_PASS;
}

/* An action that has no name. */
SEC("xdp")
int nameless(struct xdp_md *ctx)
{
	return 77;
}

SEC("xdp")
int queue(struct xdp_md *ctx)
{
	return ctx->rx_queue_index + 10 * (ctx->data - ctx->data_meta);
}

SEC("xdp")
int too_far(struct xdp_md *ctx)
{
	return *(__u8 *)(long)ctx->data;
}

SEC("tc")
int mark(struct __sk_buff *skb)
{
	__u32 got = skb->mark;

	skb->mark = got + skb->cb[1];
	skb->cb[4] = 0x55;
	return got == 7 ? 2 : 0;
}

SEC("cgroup_skb/ingress")
int peer(struct __sk_buff *skb)
{
	return skb->remote_ip4 == bpf_htonl(0x0a000001) && skb->remote_port == bpf_htonl(443);
}

SEC("cgroup/connect6")
int target(struct bpf_sock_addr *ctx)
{
	return ctx->user_ip6[0] == bpf_htonl(0xfd000000) && ctx->user_ip6[3] == bpf_htonl(1) &&
	       ctx->user_port == bpf_htons(443);
}

SEC("socket")
int length(struct __sk_buff *skb)
{
	return skb->len;
}

struct sums {
	__u32 a;
	__s16 b[2];
	struct {
		__u64 sum;
		struct {
			__s8 sign;
		};
	} out;
};

SEC("syscall")
int add(struct sums *ctx)
{
	ctx->out.sum = ctx->a + ctx->b[0] + ctx->b[1];
	ctx->out.sign = -ctx->out.sign;
	return 5;
}

SEC("raw_tp/any")
int args(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0] * 10 + ctx->args[3];
}

char LICENSE[] SEC("license") = "GPL";
