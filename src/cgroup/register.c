/* SPDX-License-Identifier: BSD-2-Clause */
/* register.c - what control groups bring into an instance. */
#include "cgroup/private.h"

#include <linux/bpf.h>

static const char *verdict(u32 ret)
{
	return ret == 0 ? "deny" : ret == 1 ? "allow" : NULL;
}

/* A bind program may also say that the port needs no CAP_NET_BIND_SERVICE. */
static const char *addr_verdict(u32 ret)
{
	static const char *const names[] = { "deny", "allow", "deny, any port", "allow, any port" };

	return ret < ARRAY_SIZE(names) ? names[ret] : NULL;
}

static size_t sockopt_mem_room(const struct run_ctx *run, const void *mem)
{
	const struct bpf_sockopt_kern *ctx = run->hook_ctx;
	const u8 *at = mem;

	return at >= ctx->optval && at < ctx->optval_end ? (size_t)(ctx->optval_end - at) : 0;
}

int cgroup_register(struct skep *skep)
{
	static const struct prog_type_ops types[] = {
		{ .type = BPF_PROG_TYPE_CGROUP_SOCK, .convs = sock_convs, .conv_cnt = SOCK_CONV_CNT,
		  .own_run = sock_own_run, .retval_name = verdict },
		{ .type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR, .convs = sock_addr_convs,
		  .conv_cnt = SOCK_ADDR_CONV_CNT, .own_run = sock_addr_own_run, .retval_name = addr_verdict },
		{ .type = BPF_PROG_TYPE_CGROUP_SOCKOPT, .convs = sockopt_convs, .conv_cnt = SOCKOPT_CONV_CNT,
		  .own_run = sockopt_own_run, .retval_name = verdict, .mem_room = sockopt_mem_room },
		{ .type = BPF_PROG_TYPE_CGROUP_SYSCTL, .convs = sysctl_convs, .conv_cnt = SYSCTL_CONV_CNT,
		  .own_run = sysctl_own_run, .retval_name = verdict },
		{ .type = BPF_PROG_TYPE_CGROUP_DEVICE, .own_run = device_own_run, .retval_name = verdict },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(types) && !err; i++)
		err = skep_register_prog_type(skep, &types[i]);
	if (!err)
		err = cgroup_helpers_register(skep);
	return err ? err : host_cgroup_register(skep);
}
