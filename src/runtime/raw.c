/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw.c - program types whose context is plain memory: raw tracepoints (an array of 64-bit
 * arguments) and syscall programs (what the caller passes). Both are only ever test-run here.
 */
#include "runtime/instance.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RAW_TP_ARGS 12 /* MAX_BPF_FUNC_ARGS */
#define SYSCALL_CTX_MAX 65535

struct pinned_run {
	struct skep *skep;
	struct skep_prog *prog;
	void *ctx;
	u32 cpu, ret;
	int err;
};

static void *run_pinned(void *arg)
{
	struct pinned_run *run = arg;

	run->err = vcpu_bind(run->skep->vcpus, run->cpu);
	if (!run->err)
		run->ret = skep_prog_run(run->prog, run->ctx);
	return NULL;
}

/* On a thread of its own: binding the caller would outlive the call. */
static int run_on_cpu(struct skep *skep, struct skep_prog *prog, void *ctx, u32 cpu, u32 *ret)
{
	struct pinned_run run = { .skep = skep, .prog = prog, .ctx = ctx, .cpu = cpu };
	pthread_t thread;

	if (cpu >= skep_cpu_cnt(skep))
		return -ENXIO;
	if (pthread_create(&thread, NULL, run_pinned, &run))
		return -ENOMEM;
	pthread_join(thread, NULL);
	*ret = run.ret;
	return run.err;
}

static int raw_tp_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run)
{
	u64 args[RAW_TP_ARGS] = { 0 };

	if (run->data_in || run->data_out || run->ctx_out || run->duration_ns || run->repeat ||
	    run->batch_size)
		return -EINVAL;
	if (run->ctx_size_in > sizeof(args) || run->ctx_size_in < prog->res.max_ctx_off)
		return -EINVAL;
	if (!(run->flags & BPF_F_TEST_RUN_ON_CPU) && run->cpu)
		return -EINVAL;
	if (run->ctx_size_in)
		memcpy(args, run->ctx_in, run->ctx_size_in);
	if (run->flags & BPF_F_TEST_RUN_ON_CPU)
		return run_on_cpu(skep, prog, args, run->cpu, &run->retval);
	run->retval = skep_prog_run(prog, args);
	return 0;
}

/*
 * The program writes into the caller's context itself (ctx_in). It gets a copy of the largest size
 * there is: the verifier has bounded its accesses by that, not by what this caller brings.
 */
static int syscall_test_run(struct skep *skep __unused_arg, struct skep_prog *prog,
			    struct test_run *run)
{
	void *ctx;

	if (run->data_in || run->data_out || run->ctx_out || run->duration_ns || run->repeat ||
	    run->flags || run->batch_size)
		return -EINVAL;
	if (run->ctx_size_in > SYSCALL_CTX_MAX || run->ctx_size_in < prog->res.max_ctx_off)
		return -EINVAL;
	ctx = calloc(1, SYSCALL_CTX_MAX + 1);
	if (!ctx)
		return -ENOMEM;
	if (run->ctx_size_in)
		memcpy(ctx, run->ctx_in, run->ctx_size_in);
	run->retval = skep_prog_run(prog, ctx);
	if (run->ctx_size_in)
		memcpy((void *)run->ctx_in, ctx, run->ctx_size_in);
	free(ctx);
	return 0;
}

static size_t raw_tp_mem_room(const struct run_ctx *run, const void *mem)
{
	const u8 *args = run->hook_ctx, *at = mem;
	size_t size = RAW_TP_ARGS * sizeof(u64);

	return at >= args && at < args + size ? (size_t)(args + size - at) : 0;
}

static int raw_tp_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u64 args[RAW_TP_ARGS];

	if (run->data_size_in || run->flags || run->cpu || run->batch_size)
		return -EINVAL;
	run->data_size_out = 0;
	return test_plain_run(prog, run, args, sizeof(args));
}

/* The context goes back by ctx_out, not by ctx_in. */
static int syscall_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u32 size = run->ctx_size_in;
	void *ctx;
	int err;

	if (run->data_size_in || run->flags || run->cpu || run->batch_size ||
	    size > SYSCALL_CTX_MAX || size < prog->res.max_ctx_off)
		return -EINVAL;
	ctx = calloc(1, SYSCALL_CTX_MAX + 1);
	if (!ctx)
		return -ENOMEM;
	run->data_size_out = 0;
	err = test_plain_run(prog, run, ctx, size);
	free(ctx);
	return err;
}

int raw_register(struct skep *skep)
{
	static const struct prog_type_ops raw_tp = { .type = BPF_PROG_TYPE_RAW_TRACEPOINT,
						     .test_run = raw_tp_test_run,
						     .own_run = raw_tp_own_run,
						     .mem_room = raw_tp_mem_room };
	static const struct prog_type_ops sys = { .type = BPF_PROG_TYPE_SYSCALL,
						  .test_run = syscall_test_run,
						  .own_run = syscall_own_run };
	int err = skep_register_prog_type(skep, &raw_tp);

	return err ? err : skep_register_prog_type(skep, &sys);
}
