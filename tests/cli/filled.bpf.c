/* SPDX-License-Identifier: BSD-2-Clause */
/* filled.bpf.c - a program that tells which elements test_maps.py put into its maps. */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct mac {
	__u8 byte[6];
};
struct in6 {
	__u8 byte[16];
};
struct prefix {
	__u32 bits;
	__u8 addr[4];
};

#define MAP(name, map_type, key_type, value_type, how)                                             \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
		__uint(max_entries, 2);                                                            \
		__uint(map_flags, how);                                                            \
	} name SEC(".maps")

MAP(macs, BPF_MAP_TYPE_HASH, struct mac, __u16, 0);
MAP(hosts6, BPF_MAP_TYPE_HASH, struct in6, struct mac, 0);
MAP(nets, BPF_MAP_TYPE_LPM_TRIE, struct prefix, __u8, BPF_F_NO_PREALLOC);
MAP(each_cpu, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __s32, 0);
MAP(ports, BPF_MAP_TYPE_HASH, __u32, __u64, 0);
MAP(devs, BPF_MAP_TYPE_DEVMAP_HASH, __u32, __u32, 0);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 1);
} jumps SEC(".maps");

const volatile __u32 fixed = 3;

/* A bit for each element that is as the test says. */
SEC("xdp")
int filled(struct xdp_md *ctx)
{
	struct mac mac = { { 2, 0, 0, 0, 0, 0xaf } };
	struct in6 host = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 } };
	struct prefix net = { 32, { 10, 1, 2, 3 } };
	__u32 one = 1, port = bpf_htons(443), found = fixed ? 0 : 128;
	struct mac *to = bpf_map_lookup_elem(&hosts6, &host);
	__u16 *vlan = bpf_map_lookup_elem(&macs, &mac);
	__u8 *where = bpf_map_lookup_elem(&nets, &net);
	__s32 *here = bpf_map_lookup_elem(&each_cpu, &one);
	__u64 *hits = bpf_map_lookup_elem(&ports, &port);

	if (vlan && *vlan == bpf_htons(80))
		found |= 1;
	if (to && to->byte[0] == 0x0a && to->byte[5] == 0xFB)
		found |= 2;
	if (where && *where == 9)
		found |= 4;
	if (here && *here == -2)
		found |= 8;
	if (hits) {
		found |= 16;
		(*hits)++;
	}
	return found;
}

SEC("xdp")
int forward(struct xdp_md *ctx)
{
	return bpf_redirect_map(&devs, 4000000000, XDP_DROP);
}

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 0);
	return XDP_PASS;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* mark records of each kind, and lines of the trace. */
SEC("tc")
int tells(struct __sk_buff *skb)
{
	__u32 record[3] = { 0, 0x11223344, skb->len }, sent = 0;

	for (__u32 i = 0; i < 64 && i < skb->mark; i++) {
		record[0] = i;
		sent += !bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, record, sizeof(record));
		sent += !bpf_ringbuf_output(&ring, record, 4, 0);
		bpf_printk("record %d of %d", i, skb->mark);
	}
	return sent;
}

char LICENSE[] SEC("license") = "GPL";
