/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cgroup.c - programs on sockets, addresses, options, sysctls and devices, as people write them. */
#include "../runtime/progs.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

/* connect4: who goes to 10.0.0.1:80 is sent to 127.0.0.1:8080, port 25 is closed, the rest goes on. */
static const struct prog_case connect4 = {
	"connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT,
	CODE(LDX(4, 2, 1, 24), MOV_K(0, 0), JEQ_K(2, 0x1900, 7), MOV_K(0, 1), JNE_K(2, 0x5000, 5),
	     LDX(4, 3, 1, 4), JNE_K(3, 0x0100000a, 3), ST_K(4, 1, 4, 0x0100007f), ST_K(4, 1, 24, 0x901f),
	     MOV_K(0, 1), EXIT_()), NULL,
};

static void connections_are_redirected(void **state __unused_arg)
{
	struct bpf_sock_addr ctx;
	int fd = load_good(&connect4);
	u32 ret;

	memset(&ctx, 0, sizeof(ctx)); /* an initializer would leave its padding */
	ctx.user_family = ctx.family = AF_INET;
	ctx.user_ip4 = htonl(0x0a000001);
	ctx.user_port = htons(80);
	ctx.type = SOCK_STREAM;
	ctx.protocol = IPPROTO_TCP;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(ctx.user_ip4, htonl(0x7f000001));
	assert_int_equal(ctx.user_port, htons(8080));
	assert_int_equal(ctx.user_family, AF_INET);
	assert_int_equal(ctx.protocol, IPPROTO_TCP);
	ctx.user_port = htons(25);
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	ctx.user_port = htons(443);
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(ctx.user_port, htons(443));
	/* More than a port; an address of a family that the program cannot read. */
	ctx.user_port = 0x10000;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), -ERANGE);
	ctx.user_port = 0;
	ctx.user_ip6[0] = 1;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), -EINVAL);
	ctx.user_ip6[0] = 0;
	ctx.msg_src_ip6[0] = 1;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), -EINVAL);
	ctx.msg_src_ip6[0] = 0;
	ctx.sk = (void *)&ctx;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), -EINVAL);
	ctx.sk = NULL;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	close(fd);
}

/* sendmsg6 through 8-byte accesses: to the same host from another source. */
static void messages_get_another_source(void **state __unused_arg)
{
	const struct prog_case c = {
		"sendmsg6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG,
		CODE(LDX(8, 2, 1, 16), STX(8, 1, 2, 48), ST_K(4, 1, 44, 0x20), ST_K(4, 1, 56, 7), MOV_K(0, 1),
		     EXIT_()), NULL,
	};
	struct bpf_sock_addr ctx = { .user_family = AF_INET6, .user_ip6 = { 1, 2, 3, 4 } };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(ctx.msg_src_ip6[0], 0x20);
	assert_int_equal(ctx.msg_src_ip6[1], 3);
	assert_int_equal(ctx.msg_src_ip6[2], 4);
	assert_int_equal(ctx.msg_src_ip6[3], 7);
	assert_int_equal(ctx.user_ip6[2], 3);
	close(fd);
}

/* The socket behind ctx->sk is the one that the context describes. */
static void a_context_has_its_socket(void **state __unused_arg)
{
	const struct prog_case c = {
		"sk", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT,
		CODE(LDX(8, 2, 1, 64), LDX(4, 3, 2, 12), LDX(4, 4, 2, 8), MOV_K(0, 0), JNE_K(3, IPPROTO_UDP, 2),
		     JNE_K(4, SOCK_DGRAM, 1), MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_sock_addr ctx = { .type = SOCK_DGRAM, .protocol = IPPROTO_UDP };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	ctx.protocol = IPPROTO_TCP;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	close(fd);
}

/* New sockets get a mark and a device; raw ones are refused. */
static void sockets_are_marked(void **state __unused_arg)
{
	const struct prog_case c = {
		"sock_create", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
		CODE(LDX(4, 2, 1, 8), MOV_K(0, 0), JEQ_K(2, SOCK_RAW, 4), ST_K(4, 1, 16, 0x77), MOV_K(3, 5),
		     STX(4, 1, 3, 0), MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_sock sk = { .family = AF_INET, .type = SOCK_STREAM };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &sk, sizeof(sk), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(sk.mark, 0x77);
	assert_int_equal(sk.bound_dev_if, 5);
	sk = (struct bpf_sock){ .family = AF_INET, .type = SOCK_RAW };
	assert_int_equal(run_fd(fd, &sk, sizeof(sk), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	assert_int_equal(sk.mark, 0);
	close(fd);
}

/* Options: the first byte of the value goes up by one, the length to 1; an empty value is refused. */
static void option_values_are_changed(void **state __unused_arg)
{
	const struct prog_case c = {
		"setsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT,
		CODE(LDX(8, 2, 1, 8), LDX(8, 3, 1, 16), MOV_K(0, 0), MOV_X(4, 2), ADD_K(4, 1), JGT_X(4, 3, 5),
		     LDX(1, 5, 2, 0), ADD_K(5, 1), STX(1, 2, 5, 0), ST_K(4, 1, 32, 1), MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_sockopt ctx = { .level = 1, .optname = 2, .optlen = 4 };
	u8 val[4] = { 9, 8, 7, 6 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), val, sizeof(val), &ret), 0);
	assert_int_equal(ret, 1);
	assert_memory_equal(val, ((u8[]){ 10, 8, 7, 6 }), 4);
	assert_int_equal(ctx.optlen, 1);
	assert_int_equal(ctx.level, 1);
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	close(fd);
}

/* Sysctls may be read, and written from the start of the file only. */
static void sysctls_are_read_only(void **state __unused_arg)
{
	const struct prog_case c = {
		"sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, 0,
		CODE(LDX(4, 2, 1, 0), MOV_K(0, 1), JEQ_K(2, 0, 2), LDX(4, 2, 1, 4), JNE_K(2, 0, 2),
		     ST_K(4, 1, 4, 3), EXIT_(), MOV_K(0, 0), EXIT_()), NULL,
	};
	struct bpf_sysctl ctx = { .write = 0, .file_pos = 9 };
	char text[] = "net/ipv4/ip_forward\0" "1\0" "0";
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), text, sizeof(text), &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(ctx.file_pos, 3);
	ctx = (struct bpf_sysctl){ .write = 1, .file_pos = 9 };
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	assert_int_equal(ctx.file_pos, 9);
	close(fd);
}

/* Character device 1:3 (null) and nothing else. */
static void devices_are_picked(void **state __unused_arg)
{
	const struct prog_case c = {
		"device", BPF_PROG_TYPE_CGROUP_DEVICE, 0,
		CODE(LDX(2, 2, 1, 0), MOV_K(0, 0), JNE_K(2, BPF_DEVCG_DEV_CHAR, 5), LDX(4, 2, 1, 4), JNE_K(2, 1, 3),
		     LDX(4, 2, 1, 8), JNE_K(2, 3, 1), MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_cgroup_dev_ctx ctx = { BPF_DEVCG_DEV_CHAR | BPF_DEVCG_ACC_READ << 16, 1, 3 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	ctx.minor = 5;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), &ctx, 4, &ret), -EINVAL);
	close(fd);
}

#define ADDR(t)	 BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_##t
#define RET1	 MOV_K(0, 1), EXIT_()

static void refused(void **state __unused_arg)
{
	static const struct prog_case cases[] = {
		{ "IPv6 address of an IPv4 connection", ADDR(INET4_CONNECT), CODE(LDX(4, 2, 1, 8), RET1),
		  "invalid bpf_context access off=8 size=4" },
		{ "half an address is written", ADDR(INET4_CONNECT), CODE(ST_K(2, 1, 4, 0), RET1),
		  "invalid bpf_context access off=4 size=2" },
		{ "the family is written", ADDR(INET4_CONNECT), CODE(ST_K(4, 1, 0, 0), RET1),
		  "invalid bpf_context access off=0 size=4" },
		{ "source of a message that connects", ADDR(INET4_CONNECT), CODE(LDX(4, 2, 1, 40), RET1),
		  "invalid bpf_context access off=40 size=4" },
		{ "a connection returns 2", ADDR(INET4_CONNECT), CODE(MOV_K(0, 2), EXIT_()),
		  "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]" },
		{ "a bind returns 4", ADDR(INET4_BIND), CODE(MOV_K(0, 4), EXIT_()),
		  "At program exit the register R0 has smin=4 smax=4 should have been in [0, 3]" },
		{ "a received message is refused", ADDR(UDP4_RECVMSG), CODE(MOV_K(0, 0), EXIT_()),
		  "At program exit the register R0 has smin=0 smax=0 should have been in [1, 1]" },
		{ "the socket is written", ADDR(INET4_CONNECT), CODE(LDX(8, 2, 1, 64), ST_K(4, 2, 16, 0), RET1),
		  "R2 cannot write into sock" },
		{ "the socket is moved", ADDR(INET4_CONNECT), CODE(LDX(8, 2, 1, 64), ADD_K(2, 4), RET1),
		  "R2 pointer arithmetic on sock prohibited" },
		{ "the context is moved", ADDR(INET4_CONNECT), CODE(ADD_K(1, 4), LDX(4, 2, 1, 0), RET1),
		  "dereference of modified ctx ptr R1 off=4 disallowed" },
		{ "source address before post_bind", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
		  CODE(LDX(4, 2, 1, 24), RET1), "invalid bpf_context access off=24 size=4" },
		{ "a mark after bind", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND,
		  CODE(ST_K(4, 1, 16, 1), RET1), "invalid bpf_context access off=16 size=4" },
		{ "retval of setsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT,
		  CODE(LDX(4, 2, 1, 36), RET1), "invalid bpf_context access off=36 size=4" },
		{ "level of getsockopt is written", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT,
		  CODE(ST_K(4, 1, 24, 0), RET1), "invalid bpf_context access off=24 size=4" },
		{ "an option's value, unchecked", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT,
		  CODE(LDX(8, 2, 1, 8), LDX(1, 3, 2, 0), RET1),
		  "invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0)" },
		{ "write of a sysctl is written", BPF_PROG_TYPE_CGROUP_SYSCTL, 0, CODE(ST_K(4, 1, 0, 0), RET1),
		  "invalid bpf_context access off=0 size=4" },
		{ "a sysctl program returns 2", BPF_PROG_TYPE_CGROUP_SYSCTL, 0, CODE(MOV_K(0, 2), EXIT_()),
		  "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]" },
		{ "half of a device number", BPF_PROG_TYPE_CGROUP_DEVICE, 0, CODE(LDX(2, 2, 1, 4), RET1),
		  "invalid bpf_context access off=4 size=2" },
		{ "a device number is written", BPF_PROG_TYPE_CGROUP_DEVICE, 0, CODE(ST_K(4, 1, 4, 0), RET1),
		  "invalid bpf_context access off=4 size=4" },
	};

	check_refused(cases, ARRAY_SIZE(cases));
}

/* What bpf(2) can load it cannot test-run, as in Linux; and no attach type means another's rules. */
static void linux_has_no_test_run(void **state __unused_arg)
{
	union bpf_attr attr = { 0 };
	int fd = prog_load(false, &connect4, NULL, 0);
	struct prog_case other = connect4;

	attr.test.prog_fd = (u32)fd;
	assert_int_equal(skep_bpf(skep, NULL, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), -ENOTSUPP);
	close(fd);
	other.attach_type = BPF_CGROUP_INET_INGRESS;
	assert_int_equal(prog_load(false, &other, NULL, 0), -EINVAL);
	other.attach_type = BPF_CGROUP_INET6_CONNECT;
	assert_true(prog_load(false, &other, NULL, 0) < 0);
}

static int make_storage(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_CGROUP_STORAGE, .key_size = sizeof(struct bpf_cgroup_storage_key),
				.value_size = 8 };

	return (int)skep_bpf(skep, NULL, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* allowed while the count, which each run raises, is odd */
static int load_counter(int map, u32 *ret_fd)
{
	struct prog_case counter = {
		"counter", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT,
		CODE(LD_MAP(1, map), MOV_K(2, 0), CALL_H(BPF_FUNC_get_local_storage), LDX(8, 1, 0, 0), ADD_K(1, 1),
		     STX(8, 0, 1, 0), MOV_X(0, 1), INSN_(0x57, 0, 0, 0, 1), EXIT_()), NULL,
	};
	int fd = prog_load(false, &counter, NULL, 0);

	*ret_fd = (u32)fd;
	return fd;
}

/* What Linux does in test runs of CGROUP_SKB programs: repeated runs see what the last one left, another test
 * run starts anew, and bpf(2) sees nothing of it. */
static void values_of_attachments_live_as_long_as_the_test_run(void **state __unused_arg)
{
	struct bpf_cgroup_storage_key key = { 0 };
	int map = make_storage();
	u64 value;
	u32 fd;
	union bpf_attr attr = { .map_fd = (u32)map, .key = (uintptr_t)&key };

	attr.value = (uintptr_t)&value;
	assert_true(map >= 0);
	assert_true(load_counter(map, &fd) >= 0);
	for (u32 repeat = 1; repeat < 5; repeat++) {
		struct skep_test test = { .sz = sizeof(test), .repeat = repeat };

		assert_int_equal(skep_prog_test(skep, (int)fd, &test), 0);
		assert_int_equal(test.retval, repeat & 1);
	}
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)), -ENOENT);
	close((int)fd);
	close(map);
}

struct storage_job {
	int fd;
	u32 bad;
};

static void *run_tests_of_storage(void *arg)
{
	struct storage_job *job = arg;

	for (u32 repeat = 1; repeat < 200; repeat++) {
		struct skep_test test = { .sz = sizeof(test), .repeat = repeat % 7 + 1 };

		job->bad += skep_prog_test(skep, job->fd, &test) || test.retval != (test.repeat & 1);
	}
	return NULL;
}

/* Each test run counts from 0 in a value of its own, whoever else runs the same program. */
static void threads_have_values_of_their_own(void **state __unused_arg)
{
	const char *given = getenv("SKEP_TEST_THREADS");
	u32 fd, cnt = given && atoi(given) > 1 && atoi(given) < 8 ? (u32)atoi(given) : 8;
	int map = make_storage();
	struct storage_job jobs[8];
	pthread_t threads[8];

	assert_true(load_counter(map, &fd) >= 0);
	for (u32 i = 0; i < cnt; i++) {
		jobs[i] = (struct storage_job){ .fd = (int)fd };
		assert_int_equal(pthread_create(&threads[i], NULL, run_tests_of_storage, &jobs[i]), 0);
	}
	for (u32 i = 0; i < cnt; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].bad, 0);
	}
	close((int)fd);
	close(map);
}

/* A program that is jumped to has the values of the one that jumped: they must be of the same map. */
static void programs_of_an_array_share_their_storage(void **state __unused_arg)
{
	union bpf_attr make = { .map_type = BPF_MAP_TYPE_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 2 };
	int array = (int)skep_bpf(skep, NULL, BPF_MAP_CREATE, &make, sizeof(make)), a = make_storage(), b = make_storage();
	u32 key = 0, fds[3];
	union bpf_attr attr = { .map_fd = (u32)array, .key = (uintptr_t)&key };

	assert_true(load_counter(a, &fds[0]) >= 0 && load_counter(a, &fds[1]) >= 0 && load_counter(b, &fds[2]) >= 0);
	for (u32 i = 0; i < 3; i++) {
		attr.value = (uintptr_t)&fds[i];
		assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)), i == 2 ? -EINVAL : 0);
	}
	for (u32 i = 0; i < 3; i++)
		close((int)fds[i]);
	close(array);
	close(a);
	close(b);
}

/* Where version 2 is mounted; "" when it is not, or not whole. */
static void find_hierarchy(char *path, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "r");
	char line[4096], root[256], point[256];

	*path = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, " - cgroup2 ") && sscanf(line, "%*d %*d %*s %255s %255s", root, point) == 2 &&
		    !strcmp(root, "/"))
			snprintf(path, size, "%s", point);
	}
	if (f)
		fclose(f);
}

static int run_raw_tp(bool kernel, const struct prog_case *c)
{
	union bpf_attr attr = { 0 };
	int fd = prog_load(kernel, c, NULL, 0);
	long err;

	assert_true(fd >= 0);
	attr.test.prog_fd = (u32)fd;
	err = kernel ? syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) :
		       skep_bpf(skep, NULL, BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	assert_int_equal(err, 0);
	close(fd);
	return (int)attr.test.retval;
}

static int ask_array(int map, int idx)
{
	const struct prog_case c = { "under", BPF_PROG_TYPE_RAW_TRACEPOINT, 0,
				     CODE(LD_MAP(1, map), MOV_K(2, idx), CALL_H(BPF_FUNC_current_task_under_cgroup), EXIT_()), NULL };

	return run_raw_tp(false, &c);
}

static void the_task_is_in_the_hosts_groups(void **state __unused_arg)
{
	union bpf_attr make = { .map_type = BPF_MAP_TYPE_CGROUP_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 2 };
	int map = (int)skep_bpf(skep, NULL, BPF_MAP_CREATE, &make, sizeof(make)), dir, not_one = open("/", O_RDONLY);
	u32 key = 1;
	char path[256];
	union bpf_attr attr = { .map_fd = (u32)map, .key = (uintptr_t)&key };

	assert_true(map >= 0);
	assert_int_equal(ask_array(map, 1), -EAGAIN);
	assert_int_equal(ask_array(map, 2), -E2BIG);
	attr.value = (uintptr_t)&not_one;
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)), -EBADF);
	close(not_one);
	find_hierarchy(path, sizeof(path));
	dir = *path ? open(path, O_RDONLY | O_DIRECTORY) : -1;
	if (dir < 0) {
		close(map);
		puts("# no control groups of version 2 here");
		skip();
	}
	/* Everybody is below the root. */
	attr.value = (uintptr_t)&dir;
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)), 0);
	assert_int_equal(ask_array(map, 1), 1);
	close(dir); /* the group stays in the map */
	assert_int_equal(ask_array(map, 1), 1);
	attr.value = 0;
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_DELETE_ELEM, &attr, sizeof(attr)), 0);
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_DELETE_ELEM, &attr, sizeof(attr)), -ENOENT);
	assert_int_equal(ask_array(map, 1), -EAGAIN);
	close(map);
}

/* Ids are the kernel's own, which runs the same program for the same task. */
static void ids_of_groups_are_the_hosts(void **state __unused_arg)
{
	struct prog_case c = { "id", BPF_PROG_TYPE_RAW_TRACEPOINT, 0,
			       CODE(MOV_K(1, 0), CALL_H(BPF_FUNC_get_current_cgroup_id), EXIT_()), NULL };
	char path[256];
	int id;

	find_hierarchy(path, sizeof(path));
	if (!*path)
		skip();
	id = run_raw_tp(false, &c);
	assert_int_not_equal(id, 0);
	if (kernel_answers())
		assert_int_equal(id, run_raw_tp(true, &c));
	c.insns[1] = CALL_H(BPF_FUNC_get_current_ancestor_cgroup_id);
	for (int level = -1; level < 6; level++) {
		c.insns[0] = MOV_K(1, level);
		id = run_raw_tp(false, &c);
		assert_true(level ? level > 0 || !id : id != 0);
		if (kernel_answers())
			assert_int_equal(id, run_raw_tp(true, &c));
	}
}

static void names_of_return_values(void **state __unused_arg)
{
	assert_string_equal(skep_retval_name(skep, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 3), "allow, any port");
	assert_null(skep_retval_name(skep, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 4));
	assert_string_equal(skep_retval_name(skep, BPF_PROG_TYPE_CGROUP_DEVICE, 0), "deny");
	assert_string_equal(skep_retval_name(skep, BPF_PROG_TYPE_CGROUP_SOCKOPT, 1), "allow");
	assert_null(skep_retval_name(skep, BPF_PROG_TYPE_CGROUP_SYSCTL, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_are_redirected), cmocka_unit_test(messages_get_another_source),
		cmocka_unit_test(a_context_has_its_socket),   cmocka_unit_test(sockets_are_marked),
		cmocka_unit_test(option_values_are_changed),  cmocka_unit_test(sysctls_are_read_only),
		cmocka_unit_test(devices_are_picked),	      cmocka_unit_test(refused),
		cmocka_unit_test(linux_has_no_test_run),      cmocka_unit_test(names_of_return_values),
		cmocka_unit_test(values_of_attachments_live_as_long_as_the_test_run),
		cmocka_unit_test(threads_have_values_of_their_own),
		cmocka_unit_test(programs_of_an_array_share_their_storage),
		cmocka_unit_test(the_task_is_in_the_hosts_groups), cmocka_unit_test(ids_of_groups_are_the_hosts),
	};

	return RUN_ON_BOTH(tests);
}
