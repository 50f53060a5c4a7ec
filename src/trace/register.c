/* SPDX-License-Identifier: BSD-2-Clause */
/* register.c - what tracing brings into an instance, and runs on contexts that the user describes: Linux has
 * no test run for any of these types. */
#include "runtime/runtime.h"
#include "trace/kstructs.h"
#include "trace/private.h"
#include "trace/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

/* struct bpf_perf_event_data: the registers, then period and address of the sample. */
#define REGS_SIZE sizeof(struct pt_regs)
static const struct ctx_conv perf_convs[] = {
	{ .off = 0, .size = REGS_SIZE, .load_cnt = 2,
	  .load = { STEP(bpf_perf_event_data_kern, regs), { .size = REGS_SIZE } } },
	{ .off = REGS_SIZE, .size = 8, .load_cnt = 2,
	  .load = { STEP(bpf_perf_event_data_kern, data), STEP(perf_sample_data, period) } },
	{ .off = REGS_SIZE + 8, .size = 8, .load_cnt = 2,
	  .load = { STEP(bpf_perf_event_data_kern, data), STEP(perf_sample_data, addr) } },
};

static int check_plain(const struct test_run *run)
{
	return run->data_size_in || run->flags || run->cpu || run->batch_size ? -EINVAL : 0;
}

static int perf_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct pt_regs regs = { 0 };
	struct perf_sample_data data = { 0 };
	struct bpf_perf_event_data_kern ctx = { &regs, &data };
	int err = check_plain(run);

	run->data_size_out = 0;
	return err ? err : test_own_run(prog, run, &ctx);
}

static int kprobe_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct pt_regs regs;
	int err = check_plain(run);

	run->data_size_out = 0;
	return err ? err : test_plain_run(prog, run, &regs, sizeof(regs));
}

/* A pulse or a space of an infrared remote control. */
static int lirc_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u32 sample;
	int err = check_plain(run);

	run->data_size_out = 0;
	return err ? err : test_plain_run(prog, run, &sample, sizeof(sample));
}

/* A record may be shorter than what the program reads of it: the rest is 0. */
static int tracepoint_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u8 *record;
	int err = check_plain(run);

	if (err)
		return err;
	record = calloc(1, PERF_MAX_TRACE_SIZE);
	if (!record)
		return -ENOMEM;
	run->data_size_out = 0;
	err = test_plain_run(prog, run, record, PERF_MAX_TRACE_SIZE);
	free(record);
	return err;
}

/* The first argument leads to the data, of which there must be as much as the program touches. */
static int writable_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u64 args[RAW_TP_ARGS];
	u32 size = run->data_size_in;
	bool given;
	u8 *buf;
	int err = run->flags || run->cpu || run->batch_size ? -EINVAL :
		  test_data_in(run, skep_prog_tp_size(prog), UINT16_MAX);

	if (!err)
		err = test_ctx_in(run, args, sizeof(args), &given);
	if (!err && args[0])
		err = -EINVAL;
	if (err)
		return err;
	buf = calloc(1, size + 1);
	if (!buf)
		return -ENOMEM;
	if (size)
		memcpy(buf, run->data_in, size);
	args[0] = (uintptr_t)buf;
	err = test_repeat(prog, run, args);
	args[0] = 0;
	if (!err)
		err = test_ctx_out(run, args, sizeof(args));
	if (!err || err == -ENOSPC)
		err = test_finish_data(run, buf, size) ?: err;
	free(buf);
	return err;
}

int trace_register(struct skep *skep)
{
	static const struct prog_type_ops types[] = {
		{ .type = BPF_PROG_TYPE_KPROBE, .own_run = kprobe_own_run },
		{ .type = BPF_PROG_TYPE_TRACEPOINT, .own_run = tracepoint_own_run },
		{ .type = BPF_PROG_TYPE_PERF_EVENT, .convs = perf_convs, .conv_cnt = ARRAY_SIZE(perf_convs),
		  .own_run = perf_own_run },
		{ .type = BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, .own_run = writable_own_run },
		{ .type = BPF_PROG_TYPE_LIRC_MODE2, .own_run = lirc_own_run },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(types) && !err; i++)
		err = skep_register_prog_type(skep, &types[i]);
	if (!err)
		err = stack_helpers_register(skep);
	return err ? err : given_helpers_register(skep);
}
