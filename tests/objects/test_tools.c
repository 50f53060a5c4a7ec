/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_tools.c - a tool of Debian's libbpf-tools from end to end: opensnoop's programs run on records of system calls
 * that the test makes, and what they print by way of a perf buffer is what the tool's manual says. The kernel that they
 * are relocated to is tools_kernel.bpf.c.
 *
 * argv: fetch_objects.sh DIR tools_kernel.bpf.o. All is skipped when the packages cannot be fetched.
 */
#include "../loader/machines.h"
#include "fetch.h"

#include <sys/prctl.h>

static const char *tools_dir, *kernel_path;

/* What opensnoop's programs send. */
struct event {
	u64 ts;
	u32 pid, uid;
	s32 ret, flags;
	u64 callers[2];
	char comm[16], fname[255];
};

/* As tools_kernel.bpf.c has them. */
struct sys_enter {
	u64 ent, args[6], id;
};

struct sys_exit {
	u64 ent;
	s64 id, other, ret;
};

#define FNAME_ADDR 0x7ffd00001000
static const char file_name[] = "/etc/hostname";
static const u64 user_stack[] = { 0x401000, 0x402000, 0x403000 };

struct tool {
	struct btf *kernel;
	struct bpf_object *obj;
	struct perf_buffer *pb;
	struct event last;
	u32 events, lost;
};

static void take(void *ctx, int cpu __unused_arg, void *data, __u32 size)
{
	struct tool *t = ctx;

	assert_true(size >= sizeof(struct event));
	memcpy(&t->last, data, sizeof(t->last));
	t->events++;
}

static void count_lost(void *ctx, int cpu __unused_arg, __u64 cnt)
{
	((struct tool *)ctx)->lost += (u32)cnt;
}

/* A variable of .rodata, before the object is loaded. */
static void set_option(struct tool *t, const char *name, const void *value, u32 size)
{
	memcpy(var_at(t->obj, ".rodata", name, size), value, size);
}

static void tool_open(struct tool *t, enum skep_engine_kind engine)
{
	struct skep_config config = { .sz = sizeof(config), .engine = engine, .cpu_cnt = 2 };
	u32 any_uid = UINT32_MAX;
	char path[4200];

	*t = (struct tool){ .kernel = btf__parse(kernel_path, NULL) };
	assert_non_null(t->kernel);
	config.kernel_btf = btf__raw_data(t->kernel, &config.kernel_btf_size);
	assert_int_equal(skep_create(&config, &machine_skep), 0);
	skep_default_instance_set(machine_skep);
	assert_int_equal(skep_mem_register(machine_skep, SKEP_MEM_USER, FNAME_ADDR, file_name, sizeof(file_name)), 0);
	snprintf(path, sizeof(path), "%s/opensnoop.bpf.o", tools_dir);
	t->obj = bpf_object__open_file(path, NULL);
	assert_non_null(t->obj);
	set_option(t, "targ_uid", &any_uid, 4);
}

/* What the tool does after its options. */
static void tool_load(struct tool *t)
{
	load_obj(t->obj);
	t->pb = perf_buffer__new(bpf_object__find_map_fd_by_name(t->obj, "events"), 16, take, count_lost, t, NULL);
	assert_non_null(t->pb);
}

static void tool_close(struct tool *t)
{
	perf_buffer__free(t->pb);
	bpf_object__close(t->obj);
	btf__free(t->kernel);
	stop();
}

static void run(struct tool *t, const char *prog, const void *record, u32 size)
{
	struct skep_test test = { .sz = sizeof(test), .ctx_in = record, .ctx_size_in = size, .user_stack = user_stack,
				  .user_stack_cnt = ARRAY_SIZE(user_stack) };
	struct bpf_program *p = bpf_object__find_program_by_name(t->obj, prog);

	assert_non_null(p);
	assert_int_equal(skep_prog_test(machine_skep, bpf_program__fd(p), &test), 0);
	assert_int_equal(test.retval, 0);
}

/* openat(AT_FDCWD, name, flags) = ret */
static void openat_call(struct tool *t, u64 name, s32 flags, s64 ret)
{
	struct sys_enter enter = { .args = { (u64)-100, name, (u32)flags } };
	struct sys_exit leave = { .ret = ret };

	run(t, "tracepoint__syscalls__sys_enter_openat", &enter, sizeof(enter));
	run(t, "tracepoint__syscalls__sys_exit_openat", &leave, sizeof(leave));
}

static u32 entries_in(struct tool *t, const char *map_name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(t->obj, map_name);
	u32 key, cnt = 0;

	for (int err = bpf_map__get_next_key(map, NULL, &key, 4); !err; err = bpf_map__get_next_key(map, &key, &key, 4))
		cnt++;
	return cnt;
}

static void all_calls(enum skep_engine_kind engine)
{
	struct tool t;

	tool_open(&t, engine);
	tool_load(&t);
	openat_call(&t, FNAME_ADDR, 0x80000, 5);
	assert_int_equal(perf_buffer__poll(t.pb, 0), 1);
	assert_int_equal(t.events, 1);
	assert_int_equal(t.last.pid, getpid());
	assert_int_equal(t.last.uid, getuid());
	assert_int_equal(t.last.ret, 5);
	assert_int_equal(t.last.flags, 0x80000);
	assert_string_equal(t.last.fname, file_name);
	assert_string_equal(t.last.comm, "opener");
	assert_int_equal(t.last.callers[0], user_stack[1]);
	assert_int_equal(t.last.callers[1], user_stack[2]);
	/* A name that cannot be read is empty. */
	openat_call(&t, FNAME_ADDR + 4096, 1, -2);
	assert_int_equal(perf_buffer__poll(t.pb, 0), 1);
	assert_int_equal(t.last.ret, -2);
	assert_int_equal(t.last.fname[0], 0);
	/* A return without a call says nothing; a call that does not return is remembered. */
	run(&t, "tracepoint__syscalls__sys_exit_openat", &(struct sys_exit){ .ret = 7 }, sizeof(struct sys_exit));
	assert_int_equal(perf_buffer__poll(t.pb, 0), 0);
	assert_int_equal(entries_in(&t, "start"), 0);
	run(&t, "tracepoint__syscalls__sys_enter_open", &(struct sys_enter){ .args = { FNAME_ADDR, 2 } },
	    sizeof(struct sys_enter));
	assert_int_equal(entries_in(&t, "start"), 1);
	run(&t, "tracepoint__syscalls__sys_exit_open", &(struct sys_exit){ .ret = 8 }, sizeof(struct sys_exit));
	assert_int_equal(perf_buffer__consume(t.pb), 0);
	assert_int_equal(t.events, 3);
	assert_int_equal(t.last.flags, 2);
	assert_int_equal(t.last.ret, 8);
	assert_int_equal(t.lost, 0);
	tool_close(&t);
}

static void opensnoop_shows_calls(void **state __unused_arg)
{
	all_calls(SKEP_RUN_AUTO);
	all_calls(SKEP_RUN_INTERP);
}

/* opensnoop -x: only calls that fail; opensnoop -p: only of this process. */
static void opensnoop_takes_options(void **state __unused_arg)
{
	bool yes = true;
	u32 other = getpid() + 1;
	struct tool t;

	tool_open(&t, SKEP_RUN_AUTO);
	set_option(&t, "targ_failed", &yes, 1);
	tool_load(&t);
	openat_call(&t, FNAME_ADDR, 0, 5);
	openat_call(&t, FNAME_ADDR, 0, -13);
	openat_call(&t, FNAME_ADDR, 0, 6);
	assert_int_equal(perf_buffer__consume(t.pb), 0);
	assert_int_equal(t.events, 1);
	assert_int_equal(t.last.ret, -13);
	tool_close(&t);

	tool_open(&t, SKEP_RUN_AUTO);
	set_option(&t, "targ_tgid", &other, 4);
	tool_load(&t);
	openat_call(&t, FNAME_ADDR, 0, 5);
	assert_int_equal(perf_buffer__consume(t.pb), 0);
	assert_int_equal(t.events, 0);
	tool_close(&t);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opensnoop_shows_calls),
		cmocka_unit_test(opensnoop_takes_options),
	};
	char dir[4096];
	int status;

	if (argc != 4)
		return 2;
	status = fetch(argv[1], argv[2]);
	if (status)
		return status; /* 77: skipped */
	snprintf(dir, sizeof(dir), "%s/libbpf-tools", argv[2]);
	tools_dir = dir;
	kernel_path = argv[3];
	prctl(PR_SET_NAME, "opener");
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
