/* SPDX-License-Identifier: BSD-2-Clause */
/* test_trace.c - programs of probes, tracepoints and performance events on registers, records and buffers. */
#include "../runtime/progs.h"

/* x86-64's first argument is in rdi, the 15th of the saved registers. */
#define PT_REGS_DI (14 * 8)
#define RET0	   MOV_K(0, 0), EXIT_()

static void kprobes_read_registers(void **state __unused_arg)
{
	const struct prog_case c = { "kprobe", BPF_PROG_TYPE_KPROBE, 0, CODE(LDX(8, 0, 1, PT_REGS_DI), EXIT_()), NULL };
	u64 regs[21] = { [14] = 0x1234 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, regs, sizeof(regs), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0x1234);
	assert_int_equal(run_fd(fd, NULL, 0, NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	close(fd);
}

/* The offset may be put on the pointer where accesses are not rewritten; 6.18 refuses that still. */
static void a_moved_context_is_fine(void **state __unused_arg)
{
	const struct prog_case c = { "moved", BPF_PROG_TYPE_KPROBE, 0,
				     CODE(ADD_K(1, PT_REGS_DI), LDX(4, 0, 1, 4), EXIT_()), NULL };
	u64 regs[21] = { [14] = 0x567800000000 };
	int fd = prog_load(false, &c, NULL, 0);
	u32 ret;

	assert_int_equal(run_fd(fd, regs, sizeof(regs), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0x5678);
	close(fd);
}

static void tracepoints_read_records(void **state __unused_arg)
{
	const struct prog_case c = { "record", BPF_PROG_TYPE_TRACEPOINT, 0,
				     CODE(LDX(2, 2, 1, 10), LDX(4, 0, 1, 8188), INSN_(0x0f, 0, 2, 0, 0), EXIT_()), NULL };
	static u8 record[8192];
	int fd = load_good(&c);
	u32 ret;

	record[10] = 5;
	record[8188] = 7;
	assert_int_equal(run_fd(fd, record, sizeof(record), NULL, 0, &ret), 0);
	assert_int_equal(ret, 12);
	/* Of a short record the rest is 0. */
	assert_int_equal(run_fd(fd, record, 16, NULL, 0, &ret), -ENOSPC);
	assert_int_equal(ret, 5);
	close(fd);
}

static void perf_events_read_samples(void **state __unused_arg)
{
	const struct prog_case c = { "sample", BPF_PROG_TYPE_PERF_EVENT, 0,
				     CODE(LDX(8, 0, 1, PT_REGS_DI), LDX(8, 2, 1, 168), INSN_(0x0f, 0, 2, 0, 0),
					  LDX(1, 2, 1, 176), INSN_(0x0f, 0, 2, 0, 0), EXIT_()), NULL };
	u64 ctx[23] = { [14] = 1000, [21] = 200, [22] = 0xff03 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1203);
	close(fd);
}

/* The buffer is as long as the program needs, or the run is refused. */
static void writable_buffers_are_written(void **state __unused_arg)
{
	const struct prog_case c = { "writable", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0,
				     CODE(LDX(8, 2, 1, 0), LDX(4, 3, 2, 12), LDX(8, 4, 1, 8), INSN_(0x0f, 3, 4, 0, 0),
					  STX(4, 2, 3, 0), ADD_K(2, 8), ST_K(1, 2, 0, 0x5a), RET0), NULL };
	u64 args[12] = { [1] = 100 };
	u32 buf[4] = { 1, 2, 3, 4 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, args, sizeof(args), buf, sizeof(buf), &ret), 0);
	assert_int_equal(buf[0], 104);
	assert_int_equal(buf[1], 2);
	assert_int_equal(buf[2], 0x5a);
	assert_int_equal(args[1], 100);
	assert_int_equal(args[0], 0);
	assert_int_equal(run_fd(fd, args, sizeof(args), buf, sizeof(buf) - 1, &ret), -EINVAL);
	args[0] = 8;
	assert_int_equal(run_fd(fd, args, sizeof(args), buf, sizeof(buf), &ret), -EINVAL);
	close(fd);
}

static void raw_tracepoints_and_syscalls(void **state __unused_arg)
{
	const struct prog_case c = { "raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, CODE(LDX(8, 0, 1, 88), EXIT_()), NULL };
	u64 args[12] = { [11] = 42 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, args, sizeof(args), NULL, 0, &ret), 0);
	assert_int_equal(ret, 42);
	assert_int_equal(run_fd(fd, args, sizeof(args), args, 8, &ret), -EINVAL);
	close(fd);
}

static void remote_controls(void **state __unused_arg)
{
	const struct prog_case c = { "lirc", BPF_PROG_TYPE_LIRC_MODE2, 0, CODE(LDX(4, 0, 1, 0), EXIT_()), NULL };
	struct prog_case bad = { "lirc", BPF_PROG_TYPE_LIRC_MODE2, 0, CODE(LDX(2, 0, 1, 0), EXIT_()), NULL };
	u32 sample = 0x01000320, ret;
	int fd = prog_load(false, &c, NULL, 0);

	assert_true(fd >= 0);
	assert_int_equal(run_fd(fd, &sample, sizeof(sample), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0x01000320);
	close(fd);
	assert_int_equal(prog_load(false, &bad, NULL, 0), -EACCES);
}

static int load_sleepable(u32 type)
{
	const struct bpf_insn insns[] = { LDX(4, 0, 1, 8), EXIT_() };
	union bpf_attr attr = { 0 };

	attr.prog_type = type;
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.insns = (u64)(uintptr_t)insns;
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = (u64)(uintptr_t)"GPL";
	return (int)skep_bpf(skep, NULL, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static void sleepable_tracepoints(void **state __unused_arg)
{
	static const u32 types[] = { BPF_PROG_TYPE_TRACEPOINT, BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_PROG_TYPE_KPROBE };
	u32 ctx[24] = { 1, 2, 3 }, ret;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int fd = load_sleepable(types[i]);

		assert_true(fd >= 0);
		run_fd(fd, ctx, sizeof(ctx), NULL, 0, &ret);
		assert_int_equal(ret, 3);
		close(fd);
	}
	assert_int_equal(load_sleepable(BPF_PROG_TYPE_PERF_EVENT), -EINVAL);
	assert_int_equal(load_sleepable(BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE), -EINVAL);
	assert_int_equal(load_sleepable(BPF_PROG_TYPE_CGROUP_SYSCTL), -EINVAL);
}

static void refused(void **state __unused_arg)
{
	static const struct prog_case cases[] = {
		{ "registers are written", BPF_PROG_TYPE_KPROBE, 0, CODE(ST_K(8, 1, 0, 0), RET0),
		  "invalid bpf_context access off=0 size=8" },
		{ "behind the registers", BPF_PROG_TYPE_KPROBE, 0, CODE(LDX(8, 0, 1, 168), EXIT_()),
		  "invalid bpf_context access off=168 size=8" },
		{ "a misaligned register", BPF_PROG_TYPE_KPROBE, 0, CODE(LDX(4, 0, 1, 2), EXIT_()),
		  "invalid bpf_context access off=2 size=4" },
		{ "a session returns 2", BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_SESSION, CODE(MOV_K(0, 2), EXIT_()),
		  "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]" },
		{ "the head of a record", BPF_PROG_TYPE_TRACEPOINT, 0, CODE(LDX(8, 0, 1, 0), EXIT_()),
		  "invalid bpf_context access off=0 size=8" },
		{ "behind a record", BPF_PROG_TYPE_TRACEPOINT, 0, CODE(LDX(8, 0, 1, 8192), EXIT_()),
		  "invalid bpf_context access off=8192 size=8" },
		{ "half a register of a sample", BPF_PROG_TYPE_PERF_EVENT, 0, CODE(LDX(4, 0, 1, 8), EXIT_()),
		  "invalid bpf_context access off=8 size=4" },
		{ "a sample is written", BPF_PROG_TYPE_PERF_EVENT, 0, CODE(ST_K(8, 1, 168, 0), RET0),
		  "invalid bpf_context access off=168 size=8" },
		{ "argument 13", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, CODE(LDX(8, 0, 1, 96), EXIT_()),
		  "invalid bpf_context access off=96 size=8" },
		{ "a buffer's pointer, half of it", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0,
		  CODE(LDX(4, 0, 1, 0), EXIT_()), "invalid bpf_context access off=0 size=4" },
		{ "before the buffer", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0,
		  CODE(LDX(8, 2, 1, 0), LDX(4, 0, 2, -4), EXIT_()),
		  "tracepoint buffer" }, /* 6.18 words it otherwise */
		{ "moved before the buffer", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0,
		  CODE(LDX(8, 2, 1, 0), ADD_K(2, -8), LDX(4, 0, 2, 4), EXIT_()), "tracepoint buffer" },
		{ "anywhere in the buffer", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0,
		  CODE(LDX(8, 2, 1, 0), LDX(1, 3, 1, 8), INSN_(0x0f, 2, 3, 0, 0), LDX(4, 0, 2, 0), EXIT_()),
		  "R2 invalid variable buffer offset: off=0, var_off=(0x0; 0xff)" },
		{ "an argument is written", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, CODE(ST_K(8, 1, 8, 0), RET0),
		  "invalid bpf_context access off=8 size=8" },
	};

	check_refused(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kprobes_read_registers),	cmocka_unit_test(a_moved_context_is_fine),
		cmocka_unit_test(tracepoints_read_records),	cmocka_unit_test(perf_events_read_samples),
		cmocka_unit_test(writable_buffers_are_written), cmocka_unit_test(raw_tracepoints_and_syscalls),
		cmocka_unit_test(remote_controls),		cmocka_unit_test(refused),
		{ "L-06 raw and classic tracepoints may be sleepable, other types are refused the flag",
		  sleepable_tracepoints, NULL, NULL, NULL },
	};

	return RUN_ON_BOTH(tests);
}
