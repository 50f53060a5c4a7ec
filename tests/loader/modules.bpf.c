/* SPDX-License-Identifier: BSD-2-Clause */
/* modules.bpf.c - programs that return where test_modules.c's kernel and modules have a member, one a program. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define TYPE(name)                                                                                 \
	struct name {                                                                              \
		int value;                                                                         \
	} __attribute__((preserve_access_index))

#define FIELD_INFO(name, what)                                                                     \
	SEC("?xdp") int prog_##name(struct xdp_md *ctx)                                            \
	{                                                                                          \
		return __builtin_preserve_field_info(((struct name *)0)->value, what);             \
	}
#define OFFSET 0
#define EXISTS 2

TYPE(in_kernel);
TYPE(in_module);
TYPE(in_two);
TYPE(in_two_else);
TYPE(nowhere);

FIELD_INFO(in_kernel, OFFSET)
FIELD_INFO(in_module, OFFSET)
FIELD_INFO(in_two, OFFSET)
FIELD_INFO(in_two_else, OFFSET)
FIELD_INFO(nowhere, EXISTS)

char _license[] SEC("license") = "GPL";
