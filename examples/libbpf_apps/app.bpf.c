/* SPDX-License-Identifier: BSD-2-Clause */
/* app.bpf.c - what the five applications load: counts packets by size class and tells of each one. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
	__u32 len;
	__u32 class;
	__u64 nth;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} classes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/* So that the type stays in BTF. */
const struct event *unused __attribute__((unused));

const volatile __u32 shift = 6; /* a class is 1 << shift bytes wide */
__u64 packets;

SEC("xdp")
int classify(struct xdp_md *ctx)
{
	__u32 len = ctx->data_end - ctx->data, class = len >> (shift & 31);
	__u64 one = 1, *cnt = bpf_map_lookup_elem(&classes, &class);
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	packets++;
	if (e) {
		e->len = len;
		e->class = class;
		e->nth = packets;
		bpf_ringbuf_submit(e, 0);
	}
	if (cnt)
		*cnt += 1;
	else
		bpf_map_update_elem(&classes, &class, &one, BPF_ANY);
	return class > 2 ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
