/* SPDX-License-Identifier: BSD-2-Clause */
/* link_more.bpf.c - a third object for test_linker, without anything of the others but a function. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int lib_scale(int x);
static const volatile char greeting[] = "hello";

SEC("tc") int third(struct __sk_buff *skb)
{
	return lib_scale(greeting[1]);
}
