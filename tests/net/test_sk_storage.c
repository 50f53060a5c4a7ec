/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sk_storage.c - values that programs keep for sockets. Maps are made here and in the running kernel. */
#include "../runtime/progs.h"

#include <arpa/inet.h>
#include <linux/btf.h>
#include <netinet/in.h>

/* int, and struct { int; int; } */
static struct {
	struct btf_header hdr;
	u32 types[4 + 3 + 6];
	char strings[8];
} btf_bytes = {
	{ .magic = 0xeb9f, .version = 1, .hdr_len = sizeof(struct btf_header), .type_len = 13 * 4, .str_off = 13 * 4,
	  .str_len = 8 },
	{ 1, 1 << 24, 4, 1 << 24 | 32, 5, 4 << 24 | 2, 8, 5, 1, 0, 5, 1, 32 }, "\0int\0s",
};

static long bpf(bool kernel, int cmd, union bpf_attr *attr)
{
	long ret = kernel ? syscall(SYS_bpf, cmd, attr, sizeof(*attr)) : skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));

	return kernel && ret < 0 ? -errno : ret;
}

static long load_btf(bool kernel)
{
	union bpf_attr attr = { 0 };

	attr.btf = (u64)(uintptr_t)&btf_bytes;
	attr.btf_size = sizeof(btf_bytes);
	return bpf(kernel, BPF_BTF_LOAD, &attr);
}

static long make_map(bool kernel, union bpf_attr attr)
{
	long btf = attr.btf_key_type_id ? load_btf(kernel) : -1, fd;

	if (attr.btf_key_type_id)
		assert_true(btf >= 0);
	attr.btf_fd = btf >= 0 ? (u32)btf : 0;
	fd = bpf(kernel, BPF_MAP_CREATE, &attr);
	if (btf >= 0)
		close((int)btf);
	return fd;
}

static const union bpf_attr good = { .map_type = BPF_MAP_TYPE_SK_STORAGE, .key_size = 4, .value_size = 4,
				     .map_flags = BPF_F_NO_PREALLOC, .btf_key_type_id = 1, .btf_value_type_id = 1 };

/* 0 or an errno, the kernel's too. */
static void maps_are_made_as_in_linux(void **state __unused_arg)
{
	static const struct {
		u32 key_size, value_size, max_entries, flags, key_type, value_type;
		long want;
	} cases[] = {
		{ 4, 4, 0, BPF_F_NO_PREALLOC, 1, 1, 0 },
		{ 4, 4, 0, BPF_F_NO_PREALLOC | BPF_F_CLONE, 1, 1, 0 },
		{ 4, 4, 0, 0, 1, 1, -EINVAL },
		{ 4, 4, 0, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG, 1, 1, -EINVAL },
		{ 4, 4, 1, BPF_F_NO_PREALLOC, 1, 1, -EINVAL },
		{ 8, 4, 0, BPF_F_NO_PREALLOC, 1, 1, -EINVAL },
		{ 4, 0, 0, BPF_F_NO_PREALLOC, 1, 1, -EINVAL },
		{ 4, 8, 0, BPF_F_NO_PREALLOC, 1, 1, -EINVAL },
		{ 4, 8, 0, BPF_F_NO_PREALLOC, 1, 2, 0 },
		{ 4, 4, 0, BPF_F_NO_PREALLOC, 2, 1, -EINVAL },
		{ 4, 65536, 0, BPF_F_NO_PREALLOC, 1, 1, -E2BIG },
		{ 4, 4, 0, BPF_F_NO_PREALLOC, 0, 0, -EINVAL },
	};
	bool kernel = kernel_answers();

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		size_t c = i / 2;
		union bpf_attr attr = good;
		long fd;

		if (i % 2 && !kernel)
			continue;
		attr.key_size = cases[c].key_size;
		attr.value_size = cases[c].value_size;
		attr.max_entries = cases[c].max_entries;
		attr.map_flags = cases[c].flags;
		attr.btf_key_type_id = cases[c].key_type;
		attr.btf_value_type_id = cases[c].value_type;
		fd = make_map(i % 2, attr);
		if (fd < 0 ? fd != cases[c].want : cases[c].want)
			fail_msg("case %zu: %s gives %ld", c, i % 2 ? "the kernel" : "skep", fd);
		if (fd >= 0)
			close((int)fd);
	}
}

/* bpf(2) names sockets by descriptors; a pipe is none. */
static void descriptors_must_be_sockets(void **state __unused_arg)
{
	static const int cmds[] = { BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM };
	bool kernel = kernel_answers();
	int pipes[2], bad = 9999;
	u32 value = 0;

	assert_int_equal(pipe(pipes), 0);
	for (int k = 0; k < 1 + kernel; k++) {
		long fd = make_map(k, good);
		union bpf_attr attr = { .map_fd = (u32)fd, .value = (u64)(uintptr_t)&value };
		union bpf_attr next = { .map_fd = (u32)fd, .next_key = (u64)(uintptr_t)&value };

		for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
			attr.value = cmds[i] == BPF_MAP_DELETE_ELEM ? 0 : (u64)(uintptr_t)&value;
			attr.key = (u64)(uintptr_t)&pipes[0];
			assert_int_equal(bpf(k, cmds[i], &attr), -ENOTSOCK);
			attr.key = (u64)(uintptr_t)&bad;
			assert_int_equal(bpf(k, cmds[i], &attr), -EBADF);
		}
		assert_int_equal(bpf(k, BPF_MAP_GET_NEXT_KEY, &next), -ENOTSUPP);
		close((int)fd);
	}
	close(pipes[0]);
	close(pipes[1]);
}

static int load(bool kernel, const struct prog_case *c)
{
	static char log[65536];
	int fd = prog_load(kernel, c, log, sizeof(log));

	if (fd < 0)
		fail_msg("%s: %s: %s", c->name, kernel ? "the kernel" : "skep", log);
	return fd;
}

#define GET(flags)                                                                                 \
	LD_MAP(1, map), MOV_X(2, 6), MOV_K(3, 0), MOV_K(4, flags), CALL_H(BPF_FUNC_sk_storage_get)

/*
 * 1 when all is as it must be: no value at first, a delete finds none; one of zeros when it is asked for, which
 * keeps what is stored; deleted, and none again.
 */
static void a_socket_keeps_its_value(void **state __unused_arg)
{
	bool kernel = kernel_answers();
	struct bpf_sock_addr ctx;
	u32 ret;

	memset(&ctx, 0, sizeof(ctx));
	for (int k = kernel; k >= 0; k--) {
		int map = (int)make_map(k, good), fd;
		const struct prog_case c = {
			"value", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT,
			CODE(LDX(8, 6, 1, 64), MOV_K(7, 0), GET(0), JNE_K(0, 0, 30), LD_MAP(1, map), MOV_X(2, 6),
			     CALL_H(BPF_FUNC_sk_storage_delete), JNE_K(0, -ENOENT, 25), GET(1), JEQ_K(0, 0, 18),
			     LDX(4, 1, 0, 0), JNE_K(1, 0, 16), ST_K(4, 0, 0, 7), GET(1), JEQ_K(0, 0, 8), LDX(4, 1, 0, 0),
			     JNE_K(1, 7, 6), LD_MAP(1, map), MOV_X(2, 6), CALL_H(BPF_FUNC_sk_storage_delete),
			     JNE_K(0, 0, 1), MOV_K(7, 1), MOV_X(0, 7), EXIT_()), NULL,
		};

		fd = load(k, &c);
		for (int i = 0; i < 3 && !k; i++) {
			assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
			assert_int_equal(ret, 1);
		}
		close(fd);
		close(map);
	}
}

/* The value of a socket, one more with each run: 1 in the first that sees it. */
#define COUNT                                                                                      \
	MOV_K(7, 0), GET(1), JEQ_K(0, 0, 3), LDX(4, 7, 0, 0), ADD_K(7, 1), STX(4, 0, 7, 0)

static int load_sock_counter(int map)
{
	const struct prog_case c = {
		"counter", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
		CODE(MOV_X(6, 1), COUNT, MOV_X(0, 7), INSN_(0x57, 0, 0, 0, 1), EXIT_()), NULL,
	};

	return load(false, &c);
}

/* Of the socket that listens at port 81. */
static int load_cls_counter(int map)
{
	const struct prog_case c = {
		"counter", BPF_PROG_TYPE_SCHED_CLS, 0,
		CODE(ST_K(8, 10, -16, 0), ST_K(2, 10, -8, 0), ST_K(2, 10, -6, htons(81)), ST_K(4, 10, -4, 0), MOV_X(2, 10),
		     ADD_K(2, -16), MOV_K(3, 12), MOV_K(4, -1), MOV_K(5, 0), CALL_H(BPF_FUNC_sk_lookup_tcp), MOV_X(6, 0),
		     MOV_K(7, 0), JEQ_K(6, 0, 13), COUNT, MOV_X(1, 6), CALL_H(BPF_FUNC_sk_release), MOV_X(0, 7), EXIT_()), NULL,
	};

	return load(false, &c);
}

static u32 run_cls(int fd)
{
	u8 pkt[64] = { 0 };
	union bpf_attr attr = { 0 };

	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = (u64)(uintptr_t)pkt;
	attr.test.data_size_in = sizeof(pkt);
	assert_int_equal(skep_bpf(skep, NULL, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	return attr.test.retval;
}

/* The socket of a run ends with it, and its values too; one of the machine keeps them. */
static void values_end_with_their_socket(void **state __unused_arg)
{
	struct skep_sock desc = { .sz = sizeof(desc), .family = AF_INET, .protocol = IPPROTO_TCP, .local_port = 81 };
	int map = (int)make_map(false, good), other = (int)make_map(false, good);
	struct bpf_sock ctx = { .family = AF_INET };
	int fd = load_sock_counter(map);
	u32 ret;

	for (u32 i = 0; i < 3; i++) {
		assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
		assert_int_equal(ret, 1);
	}
	for (u32 repeat = 1; repeat < 4; repeat++) {
		struct skep_test t = { .sz = sizeof(t), .repeat = repeat };

		assert_int_equal(skep_prog_test(skep, fd, &t), 0);
		assert_int_equal(t.retval, repeat & 1);
	}
	close(fd);
	assert_int_equal(skep_sock_add(skep, &desc), 0);
	fd = load_cls_counter(map);
	for (u32 i = 1; i < 4; i++)
		assert_int_equal(run_cls(fd), i);
	close(fd);
	fd = load_cls_counter(other);
	assert_int_equal(run_cls(fd), 1);
	close(fd);
	close(map);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "M-09 sk_storage maps are made as in Linux", maps_are_made_as_in_linux, NULL, NULL, NULL },
		cmocka_unit_test(descriptors_must_be_sockets), cmocka_unit_test(a_socket_keeps_its_value),
		cmocka_unit_test(values_end_with_their_socket),
	};

	return RUN_ON_BOTH(tests);
}
