/* SPDX-License-Identifier: BSD-2-Clause */
/* big.bpf.c - 60,000 processed instructions: straight arithmetic with branches that join again, read from a map's value. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, 256);
} words SEC(".maps");

#define STEP(n)                                        \
	x = w[(n) % 32] + (n);                         \
	if (x & (1ull << ((n) % 61)))                  \
		w[((n) + 7) % 32] = x * 3;             \
	else                                           \
		w[((n) + 11) % 32] = x ^ (n);
#define STEP8(n) STEP(n) STEP(n + 1) STEP(n + 2) STEP(n + 3) STEP(n + 4) STEP(n + 5) STEP(n + 6) STEP(n + 7)
#define STEP64(n) STEP8(n) STEP8(n + 8) STEP8(n + 16) STEP8(n + 24) STEP8(n + 32) STEP8(n + 40) STEP8(n + 48) STEP8(n + 56)
#define STEP512(n) STEP64(n) STEP64(n + 64) STEP64(n + 128) STEP64(n + 192) STEP64(n + 256) STEP64(n + 320) \
	STEP64(n + 384) STEP64(n + 448)

SEC("xdp")
int big(struct xdp_md *ctx)
{
	__u32 zero = 0;
	volatile __u64 *w = bpf_map_lookup_elem(&words, &zero);
	__u64 x;

	if (!w)
		return XDP_PASS;
	STEP512(0) STEP512(512) STEP512(1024) STEP512(1536) STEP512(2048) STEP512(2560)
	return XDP_DROP;
}
char LICENSE[] SEC("license") = "GPL";
