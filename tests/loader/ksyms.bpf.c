/* SPDX-License-Identifier: BSD-2-Clause */
/* ksyms.bpf.c - functions and variables of the kernel: declared, or with -DKERNEL defined, which makes the BTF
 * of a kernel that has them. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#ifdef KERNEL
struct arg {
	int in_kernel;
};

__attribute__((noinline)) int there(struct arg *arg, int n)
{
	return n + arg->in_kernel;
}

__attribute__((noinline)) int changed(struct arg *arg, struct arg *other)
{
	return arg->in_kernel - other->in_kernel;
}

SEC("kernel")
int uses(struct arg *arg)
{
	return there(arg, 1) + changed(arg, arg);
}
#else
struct arg {
	long in_program;
	int more;
};
extern int there(struct arg *arg, int n) __ksym __weak;
extern int changed(struct arg *arg, int other) __ksym __weak;
extern int gone(struct arg *arg) __ksym __weak;
struct rq {
	int nr;
};
extern const struct rq runqueues __ksym __weak;

SEC("?xdp")
int calls(struct xdp_md *ctx)
{
	struct arg arg = { 1, 2 };
	int sum = 0;

	if (bpf_ksym_exists(there))
		sum += there(&arg, 3);
	if (bpf_ksym_exists(changed))
		sum += changed(&arg, 3);
	if (bpf_ksym_exists(gone))
		sum += gone(&arg);
	return sum;
}

SEC("?fentry/there")
int enters(void *ctx)
{
	return 0;
}

SEC("?fexit/uses_not")
int leaves(void *ctx)
{
	return 0;
}

SEC("?xdp")
int variable(struct xdp_md *ctx)
{
	return &runqueues != 0;
}

char _license[] SEC("license") = "GPL";
#endif
