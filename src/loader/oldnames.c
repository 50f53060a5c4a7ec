/* SPDX-License-Identifier: BSD-2-Clause */
/* oldnames.c - functions whose name libbpf kept for applications of before 1.0. */
#include "loader/internal.h"

#include <errno.h>

enum bpf_prog_type bpf_program__get_type(const struct bpf_program *prog)
{
	return bpf_program__type(prog);
}

enum bpf_attach_type bpf_program__get_expected_attach_type(const struct bpf_program *prog)
{
	return bpf_program__expected_attach_type(prog);
}

const void *btf__get_raw_data(const struct btf *btf, __u32 *size)
{
	return btf__raw_data(btf, size);
}

const void *btf_ext__get_raw_data(const struct btf_ext *btf_ext, __u32 *size)
{
	return btf_ext__raw_data(btf_ext, size);
}

struct btf *libbpf_find_kernel_btf(void)
{
	return btf__load_vmlinux_btf();
}

/* Maps are counted against the instance's own limit (skep_config.mem_limit), not against RLIMIT_MEMLOCK. */
int libbpf_set_memlock_rlim(size_t memlock_bytes __unused_arg)
{
	return 0;
}
