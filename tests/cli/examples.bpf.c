/* SPDX-License-Identifier: BSD-2-Clause */
/* examples.bpf.c - the programs that examples of help texts, man pages and README.md speak of; one a macro. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#ifdef PASS
SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
#endif

#ifdef BAD
SEC("xdp")
int bad(struct xdp_md *ctx)
{
	return *(char *)(long)ctx->data; /* may be behind the end */
}
#endif

#ifdef SESSION
SEC("fsession.multi")
int session(void *ctx)
{
	return 0;
}
#endif

#ifdef TC
SEC("tc")
int marked(struct __sk_buff *skb)
{
	return skb->mark == 7 && skb->cb[1] == 100 ? 2 : 0;
}
#endif

#ifdef FILTER
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
} blocked SEC(".maps");

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	__u32 saddr = 0;

	return bpf_xdp_load_bytes(ctx, 26, &saddr, 4) || !bpf_map_lookup_elem(&blocked, &saddr) ? XDP_PASS : XDP_DROP;
}
#endif

#ifdef MAIN
extern int count;

SEC("xdp")
int app(struct xdp_md *ctx)
{
	count++;
	return XDP_PASS;
}
#endif

#ifdef MAPS
int count;
#endif

#ifdef LB
struct backend {
	__u32 addr;
	__u16 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct backend);
	__uint(max_entries, 4);
} backends SEC(".maps");

SEC("xdp")
int lb(struct xdp_md *ctx)
{
	__u32 idx = 0;

	return bpf_map_lookup_elem(&backends, &idx) ? XDP_TX : XDP_PASS;
}
#endif
