/* SPDX-License-Identifier: BSD-2-Clause */
/* run.c - programs of this room on contexts that the user describes (skep_prog_test()). */
#include "cgroup/private.h"

#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define OPTVAL_MAX 4096

/* Nothing but a context goes in. */
static int check_plain(const struct test_run *run)
{
	return run->data_size_in || run->flags || run->cpu || run->batch_size ? -EINVAL : 0;
}

/* A denial that says nothing else is -EPERM. */
static int run_hook(struct skep_prog *prog, struct test_run *run, void *ctx, struct sock *sk)
{
	int err = test_own_run(prog, run, ctx);

	if (sk)
		net_sock_end(sk);
	if ((!err || err == -ENOSPC) && !(run->retval & 1) && run->hook_ret >= 0)
		run->hook_ret = -EPERM;
	return err;
}

int sock_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct tcp_sock tp = new_sock();
	int err = check_plain(run);

	run->data_size_out = 0;
	return err ? err : run_hook(prog, run, &tp.sk, &tp.sk);
}

int sock_addr_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct tcp_sock tp = new_sock();
	struct sockaddr_inet addr = { 0 };
	u8 msg_src[16] = { 0 };
	struct bpf_sock_addr_kern ctx = { &tp.sk, &addr, msg_src };
	int err = check_plain(run);

	run->data_size_out = 0;
	return err ? err : run_hook(prog, run, &ctx, &tp.sk);
}

/* The data is the option's value. */
int sockopt_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u32 size = run->data_size_in;
	struct tcp_sock tp = new_tcp_sock();
	u8 optval[OPTVAL_MAX];
	struct bpf_sockopt_kern ctx = { .sk = &tp.sk, .optval = optval, .optval_end = optval + size,
					.retval = &run->hook_ret };
	int err = run->flags || run->cpu || run->batch_size ? -EINVAL : test_data_in(run, 0, OPTVAL_MAX);

	if (err)
		return err;
	if (size)
		memcpy(optval, run->data_in, size);
	err = run_hook(prog, run, &ctx, &tp.sk);
	return err ? err : test_finish_data(run, optval, size);
}

/* Takes the next string of @text (*len bytes, which the last one need not end with a NUL in). */
static char *next_string(char **text, u32 *len)
{
	char *str = *text;
	u32 n = (u32)strnlen(str, *len);

	str[n] = '\0';
	*text += *len > n ? n + 1 : n;
	*len -= *len > n ? n + 1 : n;
	return str;
}

/* The data is up to three strings with a NUL between: the name below /proc/sys, the value that it has,
 * and the one that is being written. The data afterwards is the value that is written then. */
int sysctl_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u32 len = run->data_size_in;
	char text[SYSCTL_VAL_MAX + 1] = "", val[SYSCTL_VAL_MAX + 1] = "", *at = text;
	u64 pos = 0;
	struct bpf_sysctl_kern ctx = { .new_val = val, .ppos = &pos };
	int err = run->flags || run->cpu || run->batch_size ? -EINVAL : test_data_in(run, 0, SYSCTL_VAL_MAX);

	if (err)
		return err;
	if (len)
		memcpy(text, run->data_in, len);
	ctx.name = next_string(&at, &len);
	ctx.cur_val = next_string(&at, &len);
	ctx.cur_len = (u32)strlen(ctx.cur_val);
	ctx.new_len = len;
	memcpy(val, at, len);
	err = run_hook(prog, run, &ctx, NULL);
	return err ? err : test_finish_data(run, val, ctx.new_len);
}

int device_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct bpf_cgroup_dev_ctx ctx;
	int err = check_plain(run);

	run->data_size_out = 0;
	if (!err)
		err = test_plain_run(prog, run, &ctx, sizeof(ctx));
	if ((!err || err == -ENOSPC) && !run->retval && run->hook_ret >= 0)
		run->hook_ret = -EPERM;
	return err;
}
