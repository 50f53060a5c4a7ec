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

static __attribute__((noinline)) int inner(__u32 x)
{
	__u32 sum = x;

	for (__u32 i = 0; i < 10; i++) {
		asm volatile("" : "+r"(i));
		sum = x & 1 ? sum + i : sum ^ i;
	}
	return sum;
}

SEC("socket")
int nested(struct __sk_buff *skb)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < 1000; i++) {
		asm volatile("" : "+r"(i));
		for (__u32 k = 0; k < 1000; k++) {
			asm volatile("" : "+r"(k));
			sum += inner(k);
		}
	}
	return sum;
}

char _license[] SEC("license") = "GPL";
