/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_test.c - BPF_PROG_TEST_RUN: user memory in and out; the program type does the rest. */
#include "syscall/private.h"

#include <stdlib.h>
#include <string.h>

/* No test run takes or gives more. */
#define FETCH_MAX 65535

/* More than @max is refused by the type before it looks at bytes, so it is not fetched. */
static int fetch(u64 from, u32 size, u32 max, const void **ret_mem)
{
	int err = 0;

	if (!from)
		return 0;
	*ret_mem = user_dup(from, size <= max ? size : 0, &err);
	return err;
}

struct test_call {
	struct call *call;
	struct test_run run;
	struct skep_prog *prog;
	/* Where results are put together. A type that gives none of a kind clears its pointer in run. */
	void *data_out, *ctx_out;
};

static int hand_out(struct test_call *t, const struct test_run *run)
{
	union bpf_attr *a = &t->call->attr;
	u32 data_room = a->test.data_size_out, ctx_room = a->test.ctx_size_out, n;
	int err = 0;

	if (run->data_out) {
		n = data_room ? min_of(data_room, run->data_size_out) : run->data_size_out;
		err = user_write(a->test.data_out, run->data_out, n);
	}
	if (!err && run->ctx_out)
		err = user_write(a->test.ctx_out, run->ctx_out, min_of(ctx_room, run->ctx_size_out));
	return err;
}

/* A syscall program writes into the context that it was given. */
static int hand_back_ctx(struct test_call *t, u32 type)
{
	if (type != BPF_PROG_TYPE_SYSCALL || !t->run.ctx_in)
		return 0;
	return user_write(t->call->attr.test.ctx_in, t->run.ctx_in, t->call->attr.test.ctx_size_in);
}

static int write_results(struct test_call *t, u32 type)
{
	struct call *call = t->call;
	union bpf_attr *a = &call->attr;
	bool short_form = type == BPF_PROG_TYPE_SYSCALL || type == BPF_PROG_TYPE_RAW_TRACEPOINT;
	int err;

	a->test.retval = t->run.retval;
	err = WRITE_BACK(call, test.retval);
	if (err || short_form)
		return err;
	a->test.duration = t->run.duration_ns;
	a->test.data_size_out = t->run.data_size_out;
	a->test.ctx_size_out = t->run.ctx_size_out;
	err = WRITE_BACK(call, test.duration);
	if (!err)
		err = WRITE_BACK(call, test.data_size_out);
	return err ? err : WRITE_BACK(call, test.ctx_size_out);
}

static int run_prog(struct test_call *t)
{
	const union bpf_attr *a = &t->call->attr;
	struct skep_prog_info info;
	const struct prog_type_ops *ops;
	int err, fault;

	skep_prog_info(t->prog, &info);
	ops = skep_prog_type_ops(t->call->skep, info.type);
	if (!ops || !ops->test_run)
		return -ENOTSUPP;
	t->run = (struct test_run){ .data_size_in = a->test.data_size_in,
				    .data_size_out = a->test.data_size_out,
				    .ctx_size_in = a->test.ctx_size_in,
				    .ctx_size_out = a->test.ctx_size_out,
				    .repeat = a->test.repeat, .flags = a->test.flags,
				    .cpu = a->test.cpu, .batch_size = a->test.batch_size,
				    .duration_ns = a->test.duration };
	err = fetch(a->test.data_in, a->test.data_size_in, FETCH_MAX, &t->run.data_in);
	if (!err)
		err = fetch(a->test.ctx_in, a->test.ctx_size_in,
			    info.type == BPF_PROG_TYPE_SYSCALL ? FETCH_MAX : TEST_CTX_MAX, &t->run.ctx_in);
	if (err)
		return err;
	if (a->test.data_out)
		t->run.data_out = t->data_out = malloc(FETCH_MAX);
	if (a->test.ctx_out)
		t->run.ctx_out = t->ctx_out = malloc(FETCH_MAX);
	if ((a->test.data_out && !t->run.data_out) || (a->test.ctx_out && !t->run.ctx_out))
		return -ENOMEM;
	err = ops->test_run(t->call->skep, t->prog, &t->run);
	if (err == -EOPNOTSUPP)
		return (int)call_not_modelled(t->call, "this form of test run (live frames, fragments, "
						  "CHECKSUM_COMPLETE)");
	if (err && err != -ENOSPC)
		return err;
	fault = hand_out(t, &t->run);
	if (!fault)
		fault = hand_back_ctx(t, info.type);
	if (!fault)
		fault = write_results(t, info.type);
	return fault ? fault : err;
}

long cmd_prog_test_run(struct call *call)
{
	const union bpf_attr *a = &call->attr;
	struct test_call t = { .call = call };
	int err;

	if (!a->test.ctx_size_in != !a->test.ctx_in || !a->test.ctx_size_out != !a->test.ctx_out)
		return -EINVAL;
	err = skep_prog_from_fd(call->skep, (int)a->test.prog_fd, &t.prog);
	if (err)
		return err;
	err = run_prog(&t);
	free((void *)t.run.data_in);
	free((void *)t.run.ctx_in);
	free(t.data_out);
	free(t.ctx_out);
	skep_prog_put(t.prog);
	return err;
}
