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

static int make_map(u32 type, u32 value_size, u32 max, u32 flags)
{
	union bpf_attr attr = { .map_type = type, .key_size = 4, .value_size = value_size, .max_entries = max,
				.map_flags = flags };

	return (int)skep_bpf(skep, NULL, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long map_cmd(int cmd, int map, u32 key, void *value)
{
	union bpf_attr attr = { .map_fd = (u32)map, .key = (uintptr_t)&key };

	attr.value = (uintptr_t)value; /* the next key's place as well */
	return skep_bpf(skep, NULL, cmd, &attr, sizeof(attr));
}

static const u64 kernel_ips[] = { 0xffffffff81000010, 0xffffffff81000020, 0xffffffff81000030 };
static const u64 user_ips[] = { 0x401000, 0x402000 };

/* What bpf_get_stackid(ctx, map, @flags) gives under both stacks. */
static int stack_id(int map, u32 flags, const u64 *ips, u32 cnt)
{
	const struct prog_case c = { "stack id", BPF_PROG_TYPE_KPROBE, 0,
				     CODE(LD_MAP(2, map), MOV_K(3, (int)flags), CALL_H(BPF_FUNC_get_stackid), EXIT_()), NULL };
	struct skep_test test = { .sz = sizeof(test), .kernel_stack = ips, .kernel_stack_cnt = cnt,
				  .user_stack = user_ips, .user_stack_cnt = ARRAY_SIZE(user_ips) };
	int fd = prog_load(false, &c, NULL, 0);

	assert_true(fd >= 0);
	assert_int_equal(skep_prog_test(skep, fd, &test), 0);
	close(fd);
	return (int)test.retval;
}

static void stacks_have_numbers(void **state __unused_arg)
{
	int map = make_map(BPF_MAP_TYPE_STACK_TRACE, 32, 64, 0), id, other;
	u64 value[4];

	assert_true(map >= 0);
	id = stack_id(map, 0, kernel_ips, 3);
	assert_in_range(id, 0, 63);
	assert_int_equal(stack_id(map, 0, kernel_ips, 3), id);
	memset(value, 0xff, sizeof(value));
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, map, (u32)id, value), 0);
	assert_memory_equal(value, kernel_ips, sizeof(kernel_ips));
	assert_int_equal(value[3], 0);
	other = stack_id(map, BPF_F_USER_STACK | 1, kernel_ips, 3);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, map, (u32)other, value), 0);
	assert_int_equal(value[0], user_ips[1]);
	assert_int_equal(value[1], 0);
	/* No stack, none that deep, no such flag. */
	assert_int_equal(stack_id(map, 0, NULL, 0), -EFAULT);
	assert_int_equal(stack_id(map, 3, kernel_ips, 3), -EFAULT);
	assert_int_equal(stack_id(map, 0x800, kernel_ips, 3), -EINVAL);
	assert_int_equal(map_cmd(BPF_MAP_DELETE_ELEM, map, (u32)id, NULL), 0);
	assert_int_equal(map_cmd(BPF_MAP_DELETE_ELEM, map, (u32)id, NULL), -ENOENT);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, map, (u32)id, value), -ENOENT);
	assert_int_equal(map_cmd(BPF_MAP_DELETE_ELEM, map, 64, NULL), -E2BIG);
	close(map);
}

/* One place: who comes second is refused, takes it, or counts as the same. All places taken: no memory. */
static void stacks_share_places(void **state __unused_arg)
{
	int map = make_map(BPF_MAP_TYPE_STACK_TRACE, 24, 1, 0);
	u64 value[3];

	assert_int_equal(stack_id(map, 0, kernel_ips, 3), 0);
	assert_int_equal(stack_id(map, 0, kernel_ips, 2), -EEXIST);
	/* The one stack that there is cannot be both the old and the new one. */
	assert_int_equal(stack_id(map, BPF_F_REUSE_STACKID, kernel_ips, 2), -ENOMEM);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_AND_DELETE_ELEM, map, 0, value), 0);
	assert_memory_equal(value, kernel_ips, sizeof(value));
	assert_int_equal(stack_id(map, 0, kernel_ips, 2), 0);
	close(map);
	map = make_map(BPF_MAP_TYPE_STACK_TRACE, 24, 3, 0); /* four places for three stacks */
	for (u64 i = 0, ip = 0; i < 100; i++) {
		ip = 0xffffffff81000000 + i;
		stack_id(map, 0, &ip, 1);
	}
	for (u64 i = 0, ip = 0; i < 100; i++) {
		int id;

		ip = 0xffffffff82000000 + i;
		id = stack_id(map, BPF_F_REUSE_STACKID, &ip, 1);
		assert_true(id == -ENOMEM || (id >= 0 && id < 4));
		if (id >= 0) {
			assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, map, (u32)id, value), 0);
			assert_int_equal(value[0], ip);
		}
	}
	close(map);
}

/* Of an address in no file there is no build id: Linux gives the address. */
static void frames_with_build_ids(void **state __unused_arg)
{
	int map = make_map(BPF_MAP_TYPE_STACK_TRACE, 64, 4, BPF_F_STACK_BUILD_ID), id;
	struct bpf_stack_build_id value[2];

	assert_int_equal(make_map(BPF_MAP_TYPE_STACK_TRACE, 40, 4, BPF_F_STACK_BUILD_ID), -EINVAL);
	id = stack_id(map, BPF_F_USER_STACK, NULL, 0);
	assert_in_range(id, 0, 3);
	assert_int_equal(stack_id(map, BPF_F_USER_STACK, NULL, 0), id);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, map, (u32)id, value), 0);
	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(value[i].status, BPF_STACK_BUILD_ID_IP);
		assert_int_equal(value[i].ip, user_ips[i]);
	}
	close(map);
}

/* bpf_get_stack() into 32 bytes of stack: the result, or what it left at @at. */
static int read_stack(u32 flags, u32 size, int at, u32 cnt)
{
	const struct prog_case c = { "get stack", BPF_PROG_TYPE_KPROBE, 0,
				     CODE(ST_K(8, 10, -8, -1), ST_K(8, 10, -16, -1), ST_K(8, 10, -24, -1), ST_K(8, 10, -32, -1),
					  MOV_X(2, 10), ADD_K(2, -32), MOV_K(3, (int)size), MOV_K(4, (int)flags),
					  CALL_H(BPF_FUNC_get_stack), JEQ_K(6, 0, 0), EXIT_()), NULL };
	struct prog_case show = c;
	struct skep_test test = { .sz = sizeof(test), .kernel_stack = cnt ? kernel_ips : NULL, .kernel_stack_cnt = cnt,
				  .user_stack = user_ips, .user_stack_cnt = ARRAY_SIZE(user_ips) };
	int fd;

	show.insns[9] = at ? LDX(4, 0, 10, at) : MOV_X(0, 0);
	fd = load_good(&show);
	assert_int_equal(skep_prog_test(skep, fd, &test), 0);
	close(fd);
	return (int)test.retval;
}

/* The same as 6.18, which was asked with raw tracepoints of its own. */
static void stacks_are_read(void **state __unused_arg)
{
	assert_int_equal(read_stack(0, 32, 0, 3), 24);
	assert_int_equal(read_stack(0, 32, -32, 3), (int)0x81000010);
	assert_int_equal(read_stack(0, 32, -8, 3), 0); /* the rest is cleared */
	assert_int_equal(read_stack(1, 8, 0, 3), 8);
	assert_int_equal(read_stack(1, 8, -32, 3), (int)0x81000020);
	assert_int_equal(read_stack(1, 8, -24, 3), -1); /* not what is not the buffer */
	assert_int_equal(read_stack(0, 12, 0, 3), -EINVAL);
	assert_int_equal(read_stack(0, 12, -32, 3), 0);
	assert_int_equal(read_stack(0x200, 32, 0, 3), -EINVAL);
	assert_int_equal(read_stack(0x800, 32, 0, 3), -EINVAL); /* build ids are user space's */
	assert_int_equal(read_stack(0x900, 24, 0, 3), -EINVAL);
	assert_int_equal(read_stack(0x900, 32, 0, 3), 32);
	assert_int_equal(read_stack(0x900, 32, -8, 3), 0x401000);
	assert_int_equal(read_stack(200, 32, 0, 3), -EFAULT);
	assert_int_equal(read_stack(200, 32, -16, 3), 0);
	assert_int_equal(read_stack(0, 32, 0, 0), -EFAULT);
	assert_int_equal(read_stack(0, 0, 0, 3), 0);
}

/* What @helper(ctx) gives in a run of @type with everything given, or nothing. */
static u64 ask_given(u32 type, u32 helper, bool with)
{
	const struct prog_case c = { "given", type, 0, CODE(CALL_H((int)helper), EXIT_()), NULL };
	struct skep_test test = { .sz = sizeof(test), .attach_cookie = with ? 77 : 0, .func_ip = with ? 0x81000040 : 0 };
	int fd = load_good(&c);

	assert_int_equal(skep_prog_test(skep, fd, &test), 0);
	close(fd);
	return test.retval;
}

static void cookies_and_places_are_given(void **state __unused_arg)
{
	static const u32 types[] = { BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_TRACEPOINT, BPF_PROG_TYPE_PERF_EVENT,
				     BPF_PROG_TYPE_RAW_TRACEPOINT };
	const struct prog_case bad = { "func_ip", BPF_PROG_TYPE_RAW_TRACEPOINT, 0,
				       CODE(CALL_H(BPF_FUNC_get_func_ip), EXIT_()),
				       "func bpf_get_func_ip#173 not supported for program type 17" };

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		assert_int_equal(ask_given(types[i], BPF_FUNC_get_attach_cookie, true), 77);
		assert_int_equal(ask_given(types[i], BPF_FUNC_get_attach_cookie, false), 0);
	}
	assert_int_equal(ask_given(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_func_ip, true), 0x81000040);
	assert_int_equal(ask_given(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_func_ip, false), 0);
	check_refused(&bad, 1);
}

/* bpf_perf_prog_read_value() of @size bytes into 24 of stack: the result, or with @at what it left there. */
static int read_event(u32 size, int at)
{
	struct prog_case c = { "event", BPF_PROG_TYPE_PERF_EVENT, 0,
			       CODE(ST_K(8, 10, -8, -1), ST_K(8, 10, -16, -1), ST_K(8, 10, -24, -1), MOV_X(2, 10), ADD_K(2, -24),
				    MOV_K(3, (int)size), CALL_H(BPF_FUNC_perf_prog_read_value), MOV_X(0, 0), EXIT_()), NULL };
	struct skep_test test = { .sz = sizeof(test), .event_value = { 1000, 20, 10 } };
	int fd;

	if (at)
		c.insns[7] = LDX(4, 0, 10, at);
	fd = load_good(&c);
	assert_int_equal(skep_prog_test(skep, fd, &test), 0);
	close(fd);
	return (int)test.retval;
}

static void events_have_values(void **state __unused_arg)
{
	assert_int_equal(read_event(24, 0), 0);
	assert_int_equal(read_event(24, -24), 1000);
	assert_int_equal(read_event(24, -16), 20);
	assert_int_equal(read_event(24, -8), 10);
	/* Another size: nothing, and no byte stays as it was. */
	assert_int_equal(read_event(16, 0), -EINVAL);
	assert_int_equal(read_event(16, -24), 0);
	assert_int_equal(read_event(16, -12), 0);
	assert_int_equal(read_event(16, -8), -1);
}

/* Reads @size bytes at @off of what the pointer in r6 leads to: the error, or the value. */
#define READ_AT(off, size) \
	MOV_X(1, 10), ADD_K(1, -8), MOV_K(2, size), MOV_X(3, 6), ADD_K(3, off), CALL_H(BPF_FUNC_probe_read_kernel)

static u64 run_task_reader(struct prog_case c)
{
	int fd = load_good(&c);
	struct skep_test test = { .sz = sizeof(test) };

	assert_int_equal(skep_prog_test(skep, fd, &test), 0);
	close(fd);
	return test.retval;
}

/* As the built-in kernel BTF lays tasks out: pid, tgid, then three pointers, then the name. */
static void tasks_are_the_hosts_threads(void **state __unused_arg)
{
	struct prog_case own = { "own", BPF_PROG_TYPE_KPROBE, 0,
				 CODE(CALL_H(BPF_FUNC_get_current_task), MOV_X(6, 0), READ_AT(0, 4), LDX(4, 0, 10, -8), EXIT_()), NULL };
	struct prog_case parent = { "parent", BPF_PROG_TYPE_KPROBE, 0,
				    CODE(CALL_H(BPF_FUNC_get_current_task), MOV_X(6, 0), READ_AT(8, 8), LDX(8, 6, 10, -8),
					 READ_AT(4, 4), LDX(4, 0, 10, -8), EXIT_()), NULL };
	char comm[16] = "";
	FILE *f = fopen("/proc/thread-self/comm", "r");

	assert_int_equal(run_task_reader(own), gettid());
	own.insns[6] = ADD_K(3, 4); /* 4 bytes at 4: tgid */
	assert_int_equal(run_task_reader(own), getpid());
	own.insns[6] = ADD_K(3, 0);
	own.insns[5] = INSN_(0xb7, 3, 0, 0, 0x1000); /* no task's address */
	own.insns[8] = MOV_X(0, 0);
	assert_int_equal((int)run_task_reader(own), -ERANGE);
	own.insns[5] = MOV_X(3, 6);
	own.insns[6] = ADD_K(3, 48); /* behind the structure */
	assert_int_equal((int)run_task_reader(own), -EFAULT);
	own.insns[8] = LDX(4, 0, 10, -8);
	own.insns[6] = ADD_K(3, 32);
	assert_true(f && fgets(comm, sizeof(comm), f));
	fclose(f);
	assert_int_equal(run_task_reader(own), comm[0] | comm[1] << 8 | comm[2] << 16 | comm[3] << 24);
	assert_int_equal(run_task_reader(parent), getppid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kprobes_read_registers),	cmocka_unit_test(a_moved_context_is_fine),
		cmocka_unit_test(tracepoints_read_records),	cmocka_unit_test(perf_events_read_samples),
		cmocka_unit_test(writable_buffers_are_written), cmocka_unit_test(raw_tracepoints_and_syscalls),
		cmocka_unit_test(remote_controls),		cmocka_unit_test(refused),
		cmocka_unit_test(stacks_have_numbers),		cmocka_unit_test(stacks_share_places),
		cmocka_unit_test(tasks_are_the_hosts_threads),	cmocka_unit_test(cookies_and_places_are_given),
		cmocka_unit_test(events_have_values),
		cmocka_unit_test(frames_with_build_ids),	cmocka_unit_test(stacks_are_read),
		{ "L-06 raw and classic tracepoints may be sleepable, other types are refused the flag",
		  sleepable_tracepoints, NULL, NULL, NULL },
	};

	return RUN_ON_BOTH(tests);
}
