/* SPDX-License-Identifier: BSD-2-Clause */
/* link_main.bpf.c - what test_linker links with link_lib.bpf.c: everything that one object can want of another. */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct config {
	int factor;
	char pad;
	long sum;
};

extern int lib_scale(int x);
extern int lib_weak(int x) __attribute__((weak));
extern struct config shared;
extern int numbers[];
extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern const void skep_no_such_symbol __ksym __attribute__((weak));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} counts SEC(".maps");

const volatile int limit = 11;
static volatile int kept = 5;
int total;
int own SEC(".data.mine") = 3;

struct with_field {
	int before, field;
} __attribute__((preserve_access_index));

static __noinline int helper(int x)
{
	return x + kept;
}

/* Loses to link_lib's. */
__attribute__((weak)) __noinline int chosen(int x)
{
	return x + kept + total;
}

SEC("xdp") int first(struct xdp_md *ctx)
{
	struct with_field local = { 1, 2 };
	int key = 0;
	long *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		*count += 1;
	total += helper(limit) + lib_scale(own) + chosen(1) + numbers[1];
	shared.sum += key;
	if (bpf_core_field_exists(local.field)) /* of a type that no kernel has */
		total += 5000;
	if (&skep_no_such_symbol || LINUX_KERNEL_VERSION < 0x040000)
		total++;
	return total + shared.factor + lib_weak(2);
}

char LICENSE[] SEC("license") = "GPL";
