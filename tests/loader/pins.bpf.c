/* SPDX-License-Identifier: BSD-2-Clause */
/* A map that is found again by its name, one that is not, and what is told apart by the licence. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, int);
	__type(value, long);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} shared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, long);
} mine SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	long *n, one = 1;
	int key = 0;

	n = bpf_map_lookup_elem(&shared, &key);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&shared, &key, &one, BPF_NOEXIST);
	n = bpf_map_lookup_elem(&mine, &key);
	if (n)
		*n += 1;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
