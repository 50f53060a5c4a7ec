/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_xsk.c - maps of AF_XDP sockets: what goes in (asked of the running kernel too, where bpf(2) is
 * permitted, as far as that needs no socket), what programs see, and where redirected frames arrive.
 */
#include "../runtime/progs.h"

#include <skep/skep.h>
#include <sys/socket.h>

static u32 eth;

static long bpf_on(bool kernel, int cmd, union bpf_attr *attr)
{
	long ret;

	if (!kernel)
		return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

static int new_map(bool kernel, u32 key_size, u32 value_size, u32 cnt, u32 flags)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_XSKMAP, .key_size = key_size, .value_size = value_size,
				.max_entries = cnt, .map_flags = flags };

	return (int)bpf_on(kernel, BPF_MAP_CREATE, &attr);
}

static int elem(bool kernel, int cmd, int map, u32 key, void *value, u64 flags)
{
	union bpf_attr attr = { .map_fd = (u32)map, .key = (uintptr_t)&key, .flags = flags };

	attr.value = (uintptr_t)value;
	return (int)bpf_on(kernel, cmd, &attr);
}

static int put(int map, u32 key, int sock, u64 flags)
{
	return elem(false, BPF_MAP_UPDATE_ELEM, map, key, &sock, flags);
}

static void without_sockets(void **state __unused_arg)
{
	for (int k = 0; k <= kernel_answers(); k++) {
		u32 value = 1000, next = 9;
		int map, fds[2];

		assert_int_equal(new_map(k, 8, 4, 4, 0), -EINVAL);
		assert_int_equal(new_map(k, 4, 8, 4, 0), -EINVAL);
		assert_int_equal(new_map(k, 4, 4, 0, 0), -EINVAL);
		assert_int_equal(new_map(k, 4, 4, 4, BPF_F_NO_PREALLOC), -EINVAL);
		map = new_map(k, 4, 4, 4, 0);
		assert_true(map >= 0);
		assert_int_equal(elem(k, BPF_MAP_LOOKUP_ELEM, map, 0, &value, 0), -EOPNOTSUPP);
		assert_int_equal(elem(k, BPF_MAP_UPDATE_ELEM, map, 0, &value, 0), -EBADF);
		assert_int_equal(elem(k, BPF_MAP_UPDATE_ELEM, map, 4, &value, 0), -E2BIG);
		assert_int_equal(elem(k, BPF_MAP_UPDATE_ELEM, map, 4, &value, 3), -EINVAL);
		value = (u32)map;
		assert_int_equal(elem(k, BPF_MAP_UPDATE_ELEM, map, 0, &value, 0), -ENOTSOCK);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		value = (u32)fds[0];
		assert_int_equal(elem(k, BPF_MAP_UPDATE_ELEM, map, 0, &value, 0), -EOPNOTSUPP);
		assert_int_equal(elem(k, BPF_MAP_DELETE_ELEM, map, 0, NULL, 0), 0);
		assert_int_equal(elem(k, BPF_MAP_DELETE_ELEM, map, 4, NULL, 0), -EINVAL);
		assert_int_equal(elem(k, BPF_MAP_GET_NEXT_KEY, map, 7, &next, 0), 0);
		assert_int_equal(next, 0);
		close(fds[0]);
		close(fds[1]);
		close(map);
	}
}

static void sockets_that_only_send_are_refused(void **state __unused_arg)
{
	int map = new_map(false, 4, 4, 2, 0), tx = skep_xsk_open(skep, eth, 0, 0), rx = skep_xsk_open(skep, eth, 0, 8);
	u8 byte;

	assert_true(map >= 0 && tx >= 0 && rx >= 0);
	assert_int_equal(put(map, 0, tx, 0), -EINVAL);
	assert_int_equal(put(map, 0, rx, BPF_EXIST), -ENOENT);
	assert_int_equal(put(map, 0, rx, 0), 0);
	assert_int_equal(put(map, 0, tx, 0), -EINVAL);
	assert_int_equal(put(map, 0, rx, BPF_NOEXIST), 0); /* the same one is there */
	assert_int_equal(skep_xsk_receive(skep, tx, &byte, 1), -EOPNOTSUPP);
	assert_int_equal(skep_xsk_receive(skep, rx, &byte, 1), -EAGAIN);
	assert_int_equal(skep_xsk_receive(skep, map, &byte, 1), -EINVAL);
	close(rx);
	rx = skep_xsk_open(skep, eth, 1, 8);
	assert_int_equal(put(map, 0, rx, BPF_NOEXIST), 0); /* the closed one has left */
	close(rx);
	close(tx);
	close(map);
	assert_int_equal(skep_xsk_open(skep, 99, 0, 8), -ENODEV);
	assert_int_equal(skep_xsk_open(skep, eth, 2, 8), -EINVAL);
	assert_int_equal(skep_xsk_open(skep, eth, 0, 3), -EINVAL);
	assert_int_equal(skep_xsk_open(skep, eth, 0, 1u << 17), -EINVAL);
}

/* return the queue of the socket at place 1, or redirect to @key. */
#define FIND(map) CODE(LD_MAP(1, map), ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4), CALL_H(BPF_FUNC_map_lookup_elem), \
		       JEQ_K(0, 0, 2), LDX(4, 0, 0, 0), EXIT_(), MOV_K(0, 77), EXIT_())
#define SEND(map) CODE(LDX(4, 2, 1, 16), LD_MAP(1, map), MOV_K(3, XDP_PASS), CALL_H(BPF_FUNC_redirect_map), EXIT_())

static int load_xdp(const struct prog_case *c)
{
	static char log[65536];
	int fd = prog_load(false, c, log, sizeof(log));

	if (fd < 0)
		fail_msg("%s: %s", c->name, log);
	return fd;
}

static u32 run_xdp(int fd, u32 queue, void *data, u32 size)
{
	struct xdp_md ctx = { .data_end = size, .ingress_ifindex = eth, .rx_queue_index = queue };
	union bpf_attr attr = { 0 };

	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = (uintptr_t)data;
	attr.test.data_size_in = size;
	attr.test.ctx_in = (uintptr_t)&ctx;
	attr.test.ctx_size_in = sizeof(ctx);
	assert_int_equal(bpf_on(false, BPF_PROG_TEST_RUN, &attr), 0);
	return attr.test.retval;
}

static void programs_see_the_queue(void **state __unused_arg)
{
	int map = new_map(false, 4, 4, 2, 0), sock = skep_xsk_open(skep, eth, 1, 2), fd;
	struct prog_case find = { "find", BPF_PROG_TYPE_XDP, 0, FIND(map), NULL };
	u8 frame[64] = { 0 };

	fd = load_xdp(&find);
	assert_int_equal(run_xdp(fd, 0, frame, sizeof(frame)), 77);
	assert_int_equal(put(map, 1, sock, 0), 0);
	assert_int_equal(run_xdp(fd, 0, frame, sizeof(frame)), 1);
	close(sock);
	assert_int_equal(run_xdp(fd, 0, frame, sizeof(frame)), 77);
	close(fd);
	close(map);
}

static void frames_arrive(void **state __unused_arg)
{
	int map = new_map(false, 4, 4, 2, 0), sock = skep_xsk_open(skep, eth, 1, 2), fd;
	struct prog_case send = { "send", BPF_PROG_TYPE_XDP, 0, SEND(map), NULL };
	u8 frame[64], got[64];

	fd = load_xdp(&send);
	memset(frame, 0x11, sizeof(frame));
	assert_int_equal(run_xdp(fd, 1, frame, sizeof(frame)), XDP_PASS);
	assert_int_equal(put(map, 1, sock, 0), 0);
	for (u8 i = 0; i < 3; i++) { /* two may wait */
		frame[0] = i;
		assert_int_equal(run_xdp(fd, 1, frame, sizeof(frame) - i), XDP_REDIRECT);
	}
	for (u8 i = 0; i < 2; i++) {
		frame[0] = i;
		memset(got, 0, sizeof(got));
		assert_int_equal(skep_xsk_receive(skep, sock, got, sizeof(got)), sizeof(frame) - i);
		assert_memory_equal(got, frame, sizeof(frame) - i);
	}
	assert_int_equal(skep_xsk_receive(skep, sock, got, sizeof(got)), -EAGAIN);
	/* In a place that is not its queue's: the frame is dropped. */
	assert_int_equal(put(map, 0, sock, 0), 0);
	assert_int_equal(run_xdp(fd, 0, frame, sizeof(frame)), XDP_REDIRECT);
	assert_int_equal(skep_xsk_receive(skep, sock, got, sizeof(got)), -EAGAIN);
	close(sock);
	assert_int_equal(run_xdp(fd, 1, frame, sizeof(frame)), XDP_PASS);
	close(fd);
	close(map);
}

static void what_the_verifier_refuses(void **state __unused_arg)
{
	for (int k = 0; k <= kernel_answers(); k++) {
		int map = new_map(k, 4, 4, 2, 0);
		struct prog_case cases[] = {
			{ "not checked", BPF_PROG_TYPE_XDP, 0,
			  CODE(LD_MAP(1, map), ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4),
			       CALL_H(BPF_FUNC_map_lookup_elem), LDX(4, 0, 0, 0), EXIT_()),
			  "R0 invalid mem access 'map_value_or_null'" },
			{ "behind it", BPF_PROG_TYPE_XDP, 0,
			  CODE(LD_MAP(1, map), ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4),
			       CALL_H(BPF_FUNC_map_lookup_elem), JEQ_K(0, 0, 1), LDX(4, 0, 0, 4), MOV_K(0, 0), EXIT_()),
			  "invalid xdp_sock access off=4 size=4" },
			{ "half of it", BPF_PROG_TYPE_XDP, 0,
			  CODE(LD_MAP(1, map), ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4),
			       CALL_H(BPF_FUNC_map_lookup_elem), JEQ_K(0, 0, 1), LDX(2, 0, 0, 0), MOV_K(0, 0), EXIT_()),
			  "invalid xdp_sock access off=0 size=2" },
			{ "written", BPF_PROG_TYPE_XDP, 0,
			  CODE(LD_MAP(1, map), ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4),
			       CALL_H(BPF_FUNC_map_lookup_elem), JEQ_K(0, 0, 1), ST_K(4, 0, 0, 1), MOV_K(0, 0), EXIT_()),
			  "R0 cannot write into xdp_sock" },
			{ "moved", BPF_PROG_TYPE_XDP, 0,
			  CODE(LD_MAP(1, map), ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4),
			       CALL_H(BPF_FUNC_map_lookup_elem), JEQ_K(0, 0, 1), ADD_K(0, 4), MOV_K(0, 0), EXIT_()),
			  "R0 pointer arithmetic on xdp_sock prohibited" },
			{ "updated by a program", BPF_PROG_TYPE_XDP, 0,
			  CODE(LD_MAP(1, map), ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4), MOV_X(3, 2), MOV_K(4, 0),
			       CALL_H(BPF_FUNC_map_update_elem), MOV_K(0, 0), EXIT_()),
			  "cannot pass map_type 17 into func bpf_map_update_elem#2" },
		};
		static char log[65536];

		for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
			assert_true(prog_load(k, &cases[i], log, sizeof(log)) < 0);
			if (!strstr(log, cases[i].why))
				fail_msg("%s: %s says\n%s", cases[i].name, k ? "the kernel" : "skep", log);
		}
		close(map);
	}
}

static int boot_with_device(void **state)
{
	return boot(state) || skep_dev_add(skep, "eth0", 2, &eth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_sockets),
		{ .name = "M-08 sockets that only send are refused", .test_func = sockets_that_only_send_are_refused },
		cmocka_unit_test(programs_see_the_queue),
		cmocka_unit_test(frames_arrive),
		cmocka_unit_test(what_the_verifier_refuses),
	};

	engine = SKEP_ENGINE_AUTO;
	if (cmocka_run_group_tests_name("auto", tests, boot_with_device, end))
		return 1;
	engine = SKEP_ENGINE_INTERP;
	return cmocka_run_group_tests_name("interp", tests, boot_with_device, end);
}
