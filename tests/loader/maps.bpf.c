/* SPDX-License-Identifier: BSD-2-Clause */
/* maps.bpf.c - a map of each modelled kind, defined in each way that there is. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct pair {
	__u32 a, b;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct pair);
	__uint(max_entries, 3);
} an_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, sizeof(__u64));
	__uint(max_entries, 2);
} a_percpu_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct pair);
	__type(value, __u64);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} a_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 16);
	__uint(pinning, LIBBPF_PIN_NONE);
} a_percpu_hash SEC(".maps");

/* Not a power of two: made one. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
} a_ringbuf SEC(".maps");

SEC("xdp")
int touch(struct xdp_md *ctx)
{
	__u32 idx = 2, percpu_idx = 1, *len, bytes = ctx->data_end - ctx->data;
	struct pair key = { 1, 2 }, *p;
	__u64 one = 1, *n;

	p = bpf_map_lookup_elem(&an_array, &idx);
	if (p)
		p->b += bytes;
	n = bpf_map_lookup_elem(&a_percpu_array, &percpu_idx);
	if (n)
		*n += bytes;
	n = bpf_map_lookup_elem(&a_hash, &key);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&a_hash, &key, &one, BPF_NOEXIST);
	bpf_map_update_elem(&a_percpu_hash, &idx, &one, BPF_ANY);
	len = bpf_ringbuf_reserve(&a_ringbuf, sizeof(*len), 0);
	if (len) {
		*len = bytes;
		bpf_ringbuf_submit(len, 0);
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
