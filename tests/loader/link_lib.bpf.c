/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link_lib.bpf.c - the other half of link_main.bpf.c. WRONG makes it disagree: 1 another prototype, 2 another
 * definition of the map, 3 a second strong program, 4 another license.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct config {
	int factor;
	char pad;
	long sum;
};

extern struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WRONG == 2 ? 5 : 4);
	__type(key, int);
	__type(value, long);
} counts SEC(".maps");

struct config shared = { .factor = 2 };
int numbers[3] = { 7, 8, 9 };
static volatile int kept = 100;
static volatile int zeroed;

static __noinline int helper(int x)
{
	return x * kept + zeroed;
}

#if WRONG == 1
__noinline long lib_scale(long x)
#else
__noinline int lib_scale(int x)
#endif
{
	int key = 1;
	long *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		*count += 10;
	return helper(x) + shared.factor;
}

__hidden __attribute__((weak)) __noinline int lib_weak(int x)
{
	return x + kept;
}

__noinline int chosen(int x)
{
	return x + 1000 + kept;
}

#if WRONG == 3
SEC("xdp") int first(struct xdp_md *ctx)
{
	return 1;
}
#endif

SEC("tc") int second(struct __sk_buff *skb)
{
	return lib_weak(40) + chosen(2);
}

#if WRONG == 4
char LICENSE[] SEC("license") = "BSD";
#else
char _license[] SEC("license") = "GPL";
#endif
