/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel_btf.c - the BTF of the simulated kernel, made at build time from kernel_btf.bpf.c. */
#include "net/net.h"

static const u8 kernel_btf[] __attribute__((aligned(8))) = {
#include "kernel_btf.inc"
};

const void *net_kernel_btf(u32 *ret_size)
{
	*ret_size = sizeof(kernel_btf);
	return kernel_btf;
}
