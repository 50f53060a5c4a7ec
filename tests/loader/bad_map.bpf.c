/* SPDX-License-Identifier: BSD-2-Clause */
/* bad_map.bpf.c - definitions that are refused; -DBAD=N chooses. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
};

struct {
#if BAD == 1 /* no type */
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
#elif BAD == 2 /* size against type */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(value_size, 8);
	__type(value, int);
#elif BAD == 3 /* unknown member */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(colour, 3);
#elif BAD == 4 /* not a map of maps */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__array(values, struct inner);
#elif BAD == 5
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(pinning, 2);
#elif BAD == 6 /* fine to open, not to create */
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 3);
	__uint(value_size, 8);
#elif BAD == 7
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
#endif
} bad SEC(".maps");

SEC("xdp")
int prog(struct xdp_md *ctx)
{
	return bpf_map_delete_elem(&bad, &(int){ 0 });
}
