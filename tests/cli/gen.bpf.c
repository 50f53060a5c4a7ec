/* SPDX-License-Identifier: BSD-2-Clause */
/* gen.bpf.c - variables of many types and places, for headers made of this object. */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

enum color { RED, GREEN = 5 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} sums SEC(".maps");

/* Set by the application before it is loaded. */
const volatile int limit = 3;
const volatile struct {
	int factor;
	const char tag[4];
} scale = { 2, "abc" };
const volatile short steps[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
const volatile bool twice;
const volatile enum color color = RED;

static volatile int only_here = 7; /* no member */
volatile long seen = 10;
volatile char letter = 'x';
const char *volatile text;
volatile int apart SEC(".data.apart") = 4;
volatile __u64 total;
static volatile char also_only_here;
volatile int last __attribute__((aligned(32)));

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u64 *sum = bpf_map_lookup_elem(&sums, &key);

	seen++;
	only_here++;
	also_only_here++;
	total = limit * scale.factor + steps[1][2] + apart + color + (scale.tag[0] == 'a');
	if (twice)
		total *= 2;
	last = (int)total + letter + !text;
	if (sum)
		*sum = total;
	return XDP_PASS;
}

SEC("socket")
int other(struct __sk_buff *skb)
{
	return skb->len;
}

char LICENSE[] SEC("license") = "GPL";
