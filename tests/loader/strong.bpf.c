/* SPDX-License-Identifier: BSD-2-Clause */
/* strong.bpf.c - externs that must be there. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#ifdef WITH_KSYM
extern int a_kernel_function(struct xdp_md *) __ksym;
#define VALUE a_kernel_function(ctx)
#else
extern int CONFIG_MUST_BE __kconfig;
#define VALUE CONFIG_MUST_BE
#endif

SEC("xdp")
int strong(struct xdp_md *ctx)
{
	return VALUE;
}
