/* SPDX-License-Identifier: BSD-2-Clause */
/* complexity.bpf.c - programs that take many steps to verify, for test_complexity.py. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) int one_round(int i)
{
	return bpf_get_prandom_u32() % 16 == i;
}

SEC("socket")
int rounds(struct __sk_buff *skb)
{
	int hits = 0;

	for (int i = 0; i < 50; i++)
		hits += one_round(i);
	return hits;
}

/* Each round is another number, which the last line relies on. */
SEC("socket")
int endless(struct __sk_buff *skb)
{
	static __u64 cells[4];
	__u64 i;

	for (i = 0; i < 3000000; i++) {
		if (bpf_get_prandom_u32() == i)
			break;
	}
	return i < 4 ? cells[i] : 0;
}

char _license[] SEC("license") = "GPL";
