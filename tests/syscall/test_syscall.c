/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_syscall.c - bpf(2): sizes, errors, descriptors, ids, programs. A table of calls is also put
 * to the running kernel where it permits bpf(2): both must answer the same.
 */
#include "core/fault.h"
#include "map/map.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p)  ((u64)(uintptr_t)(p))
#define BAD   8ULL /* nobody has memory there */

static struct skep *skep;

static long bpf(int cmd, union bpf_attr *attr)
{
	return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
}

static int map_new(struct skep *in, u32 type, u32 key, u32 value, u32 entries, u32 flags)
{
	union bpf_attr attr = { .map_type = type, .key_size = key, .value_size = value,
				.max_entries = entries, .map_flags = flags };

	return (int)skep_bpf(in, NULL, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long elem(int cmd, int fd, const void *key, void *value, u64 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (u32)fd;
	attr.key = P(key);
	attr.value = P(value);
	attr.flags = flags;
	return bpf(cmd, &attr);
}

static char load_log[65536];

static long load_attr(union bpf_attr *attr, u32 type, const struct bpf_insn *insns, u32 cnt)
{
	memset(attr, 0, sizeof(*attr));
	attr->prog_type = type;
	attr->insns = P(insns);
	attr->insn_cnt = cnt;
	attr->license = P("GPL");
	return bpf(BPF_PROG_LOAD, attr);
}

static int load(u32 type, const struct bpf_insn *insns, u32 cnt, u32 flags)
{
	union bpf_attr attr = { 0 };
	long fd;

	attr.prog_type = type;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.prog_flags = flags;
	attr.log_level = 1;
	attr.log_buf = P(load_log);
	attr.log_size = sizeof(load_log);
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		print_error("%s", load_log);
	return (int)fd;
}

static u32 map_id(int fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = P(&info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) ? 0 : info.id;
}

static bool id_exists(int cmd, u32 id)
{
	union bpf_attr attr = { 0 };
	long fd;

	attr.map_id = id;
	fd = bpf(cmd, &attr);
	if (fd >= 0)
		close((int)fd);
	else
		assert_int_equal(fd, -ENOENT);
	return fd >= 0;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static void attribute_sizes(void **state __unused_arg)
{
	struct {
		union bpf_attr attr;
		u8 tail[8000];
	} big = { .attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
			    .max_entries = 1 } };
	long fd;

	/* Shorter than today's: the rest is 0. */
	fd = skep_bpf(skep, NULL, BPF_MAP_CREATE, &big.attr, 16);
	assert_true(fd >= 0);
	close((int)fd);
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_CREATE, &big.attr, 12), -EINVAL);
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_CREATE, &big.attr, 0), -EINVAL);
	/* Longer: fine while the rest is 0. */
	fd = skep_bpf(skep, NULL, BPF_MAP_CREATE, &big.attr, sizeof(big.attr) + 8);
	assert_true(fd >= 0);
	close((int)fd);
	big.tail[7] = 1;
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_CREATE, &big.attr, sizeof(big.attr) + 8),
			 -E2BIG);
	big.tail[7] = 0;
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_CREATE, &big.attr, 4097), -E2BIG);
	/* Bytes that belong to another command. */
	((u8 *)&big.attr)[100] = 1;
	assert_int_equal(bpf(BPF_MAP_CREATE, &big.attr), -EINVAL);
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_CREATE, (union bpf_attr *)(uintptr_t)BAD, 16),
			 -EFAULT);
	assert_int_equal(skep_bpf(skep, NULL, 999, &big.attr, 16), -EINVAL);
	assert_int_equal(skep_bpf(skep, NULL, -1, &big.attr, 16), -EINVAL);
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_CREATE | BPF_COMMON_ATTRS, &big.attr, 16),
			 -EINVAL);
}

static void known_but_not_modelled(void **state __unused_arg)
{
	static const int cmds[] = { BPF_PROG_ATTACH, BPF_PROG_QUERY, BPF_TOKEN_CREATE, BPF_ITER_CREATE };
	union bpf_attr attr = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		assert_int_equal(bpf(cmds[i], &attr), -EOPNOTSUPP);
		assert_non_null(strstr(skep_bpf_why(skep), "BPF_"));
	}
}

/* Y-02: every byte past the last known field counts, padding of the structure too. */
static void y02_common_attributes_tail(void **state __unused_arg)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
				.max_entries = 1 };
	struct {
		struct bpf_common_attr common;
		u8 tail[8];
	} c;

	for (u32 i = 20; i < sizeof(c); i++) {
		memset(&c, 0, sizeof(c));
		((u8 *)&c)[i] = 1;
		assert_int_equal(skep_bpf_common(skep, NULL, BPF_MAP_CREATE | BPF_COMMON_ATTRS,
						 &attr, sizeof(attr), &c.common, i + 1), -E2BIG);
	}
	assert_int_equal(skep_bpf_common(skep, NULL, BPF_MAP_CREATE | BPF_COMMON_ATTRS, &attr,
					 sizeof(attr), (void *)(uintptr_t)BAD, 24), -EFAULT);
}

/* Y-01: the log of the common attributes serves commands that have none of their own. */
static void y01_common_attributes_log(void **state __unused_arg)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
				.max_entries = 1, .map_ifindex = 3 };
	char log[256] = "";
	struct bpf_common_attr c;

	memset(&c, 0, sizeof(c)); /* an initializer would leave its padding, which counts */
	c.log_buf = P(log);
	c.log_size = sizeof(log);
	c.log_level = 1;
	assert_int_equal(skep_bpf_common(skep, NULL, BPF_MAP_CREATE | BPF_COMMON_ATTRS, &attr,
					 sizeof(attr), &c, sizeof(c)), -EOPNOTSUPP);
	assert_non_null(strstr(log, "not modelled: maps offloaded to a device"));
	assert_int_equal(c.log_true_size, strlen(log) + 1);
}

/* Bad addresses both ways: with skep's fault handler in front, and with somebody else's over it
 * (cmocka's, which is what all other tests here run under). */
static void bad_memory_with_and_without_the_handler(void **state __unused_arg)
{
	int fd = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4096, 2, 0);
	u8 *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u32 key = 1;

	assert_true(fd >= 0 && pages != MAP_FAILED);
	munmap(pages + 4096, 4096);
	for (int own = 0; own < 2; own++) {
		if (own)
			assert_int_equal(fault_reinstall(), 0);
		memset(pages, 0x5a, 4096);
		assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, fd, &key, pages, 0), 0);
		assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, fd, &key, pages + 1, 0), -EFAULT);
		memset(pages, 0, 4096);
		assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, pages, 0), 0);
		assert_int_equal(pages[4095], 0x5a);
		assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, pages + 4000, 0), -EFAULT);
		assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, (void *)BAD, pages, 0), -EFAULT);
		mprotect(pages, 4096, PROT_READ);
		assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, pages, 0), -EFAULT);
		mprotect(pages, 4096, PROT_READ | PROT_WRITE);
	}
	munmap(pages, 4096);
	close(fd);
}

/* ---- maps -------------------------------------------------------------------------------------- */

static void map_elements(void **state __unused_arg)
{
	int fd = map_new(skep, BPF_MAP_TYPE_HASH, 4, 8, 4, 0);
	u32 key = 5, next = 0;
	u64 value = 77, got = 0;
	int pipefd[2];

	assert_true(fd >= 0);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, &got, 0), -ENOENT);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, fd, &key, &value, BPF_EXIST), -ENOENT);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, fd, &key, &value, BPF_NOEXIST), 0);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, fd, &key, &value, BPF_NOEXIST), -EEXIST);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, &got, 0), 0);
	assert_int_equal(got, 77);
	assert_int_equal(elem(BPF_MAP_GET_NEXT_KEY, fd, NULL, &next, 0), 0);
	assert_int_equal(next, 5);
	assert_int_equal(elem(BPF_MAP_GET_NEXT_KEY, fd, &key, &next, 0), -ENOENT);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, &got, 16), -EINVAL);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, &got, BPF_F_LOCK), -EINVAL);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, (void *)BAD, &got, 0), -EFAULT);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, (void *)BAD, 0), -EFAULT);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, fd, &key, (void *)BAD, 0), -EFAULT);
	assert_int_equal(elem(BPF_MAP_GET_NEXT_KEY, fd, NULL, (void *)BAD, 0), -EFAULT);
	assert_int_equal(elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, &key, &got, 0), 0);
	assert_int_equal(elem(BPF_MAP_DELETE_ELEM, fd, &key, NULL, 0), -ENOENT);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, -1, &key, &got, 0), -EBADF);
	assert_int_equal(pipe(pipefd), 0);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, pipefd[0], &key, &got, 0), -EINVAL);
	close(pipefd[0]);
	close(pipefd[1]);
	close(fd);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, &got, 0), -EBADF);
}

static void map_modes_and_freeze(void **state __unused_arg)
{
	int ro = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_RDONLY);
	int wo = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_WRONLY);
	int rw = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	u32 key = 0, value = 1;

	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, ro, &key, &value, 0), -EPERM);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, ro, &key, &value, 0), 0);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, wo, &key, &value, 0), 0);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, wo, &key, &value, 0), -EPERM);
	assert_int_equal(map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_RDONLY | BPF_F_WRONLY),
			 -EINVAL);
	assert_int_equal(elem(BPF_MAP_FREEZE, rw, NULL, NULL, 0), 0);
	assert_int_equal(elem(BPF_MAP_FREEZE, rw, NULL, NULL, 0), -EPERM);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, rw, &key, &value, 0), -EPERM);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, rw, &key, &value, 0), 0);
	close(ro);
	close(wo);
	close(rw);
}

static long batch(int cmd, int fd, void *in, void *out, void *keys, void *values, u32 *count)
{
	union bpf_attr attr = { 0 };
	long ret;

	attr.batch.map_fd = (u32)fd;
	attr.batch.in_batch = P(in);
	attr.batch.out_batch = P(out);
	attr.batch.keys = P(keys);
	attr.batch.values = P(values);
	attr.batch.count = *count;
	ret = bpf(cmd, &attr);
	*count = attr.batch.count;
	return ret;
}

static void map_batches(void **state __unused_arg)
{
	int fd = map_new(skep, BPF_MAP_TYPE_HASH, 8, 4, 64, 0);
	u64 keys[32], got_keys[32];
	u32 values[32], got[32], cnt = 20, token = 0, guard = 0xabad1dea, sum = 0, seen = 0;

	for (u32 i = 0; i < 20; i++) {
		keys[i] = i;
		values[i] = i * i;
	}
	assert_int_equal(batch(BPF_MAP_UPDATE_BATCH, fd, NULL, NULL, keys, values, &cnt), 0);
	assert_int_equal(cnt, 20);
	for (void *in = NULL;; in = &token) {
		struct {
			u32 token, guard;
		} out = { 0, guard };
		long ret;

		cnt = 7;
		ret = batch(BPF_MAP_LOOKUP_BATCH, fd, in, &out, got_keys, got, &cnt);
		assert_int_equal(out.guard, guard); /* four bytes, whatever the key's size */
		token = out.token;
		for (u32 i = 0; i < cnt; i++) {
			assert_int_equal(got[i], got_keys[i] * got_keys[i]);
			seen |= 1u << got_keys[i];
			sum++;
		}
		if (ret) {
			assert_int_equal(ret, -ENOENT);
			break;
		}
	}
	assert_int_equal(seen, 0xfffff);
	assert_int_equal(sum, 20);
	cnt = 32;
	assert_int_equal(batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, fd, NULL, &token, got_keys, got,
			       &cnt), -ENOENT);
	assert_int_equal(cnt, 20);
	assert_int_equal(elem(BPF_MAP_GET_NEXT_KEY, fd, NULL, keys, 0), -ENOENT);
	cnt = 1;
	assert_int_equal(batch(BPF_MAP_DELETE_BATCH, fd, NULL, NULL, keys, NULL, &cnt), -ENOENT);
	assert_int_equal(cnt, 0);
	close(fd);
	fd = map_new(skep, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	assert_true(fd >= 0);
	cnt = 1;
	assert_int_equal(batch(BPF_MAP_LOOKUP_BATCH, fd, NULL, &token, got_keys, got, &cnt), -524);
	close(fd);
}

/* ---- descriptors and ids ----------------------------------------------------------------------- */

static void the_last_close_drops_the_object(void **state __unused_arg)
{
	int fd = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0), other, status, sv[2];
	u32 id = map_id(fd), key = 0, value = 9;
	pid_t child;

	assert_true(id);
	other = dup(fd);
	close(fd);
	assert_true(id_exists(BPF_MAP_GET_FD_BY_ID, id));
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, other, &key, &value, 0), 0);
	/* A forked child keeps it, and says clearly that it cannot work on it. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	child = fork();
	if (!child) {
		char c;
		long ret = elem(BPF_MAP_LOOKUP_ELEM, other, &key, &value, 0);

		close(sv[0]);
		if (read(sv[1], &c, 1) != 0) /* until the parent has looked */
			_exit(2);
		_exit(ret == -EOPNOTSUPP ? 0 : 1);
	}
	close(sv[1]);
	close(other);
	assert_true(id_exists(BPF_MAP_GET_FD_BY_ID, id));
	close(sv[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_false(id_exists(BPF_MAP_GET_FD_BY_ID, id));
}

static void a_passed_descriptor_keeps_it(void **state __unused_arg)
{
	int fd = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0), sv[2], got;
	u32 id = map_id(fd);
	char ctl[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl,
			      .msg_controllen = sizeof(ctl) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, sv), 0);
	assert_int_equal(sendmsg(sv[0], &msg, 0), 1);
	close(fd);
	assert_true(id_exists(BPF_MAP_GET_FD_BY_ID, id)); /* in flight */
	assert_int_equal(recvmsg(sv[1], &msg, 0), 1);
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(got));
	assert_int_equal(map_id(got), id);
	close(got);
	assert_false(id_exists(BPF_MAP_GET_FD_BY_ID, id));
	close(sv[0]);
	close(sv[1]);
}

static void a_program_keeps_its_maps(void **state __unused_arg)
{
	int map = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	struct bpf_insn insns[] = { LD_MAP(1, map), MOV_K(0, 0), EXIT_() };
	int prog = load(BPF_PROG_TYPE_XDP, insns, 4, 0);
	u32 id = map_id(map);

	assert_true(prog >= 0);
	close(map);
	assert_true(id_exists(BPF_MAP_GET_FD_BY_ID, id));
	close(prog);
	for (int i = 0; i < 1000 && id_exists(BPF_MAP_GET_FD_BY_ID, id); i++)
		usleep(1000); /* a grace period */
	assert_false(id_exists(BPF_MAP_GET_FD_BY_ID, id));
}

static void ids_are_walked_in_order(void **state __unused_arg)
{
	int a = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	int b = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	const struct skep_cred nobody = { .caps = VCAP_BPF };
	union bpf_attr attr = { .start_id = map_id(a) };

	assert_int_equal(bpf(BPF_MAP_GET_NEXT_ID, &attr), 0);
	assert_int_equal(attr.next_id, map_id(b));
	attr = (union bpf_attr){ .start_id = map_id(b) };
	assert_int_equal(bpf(BPF_MAP_GET_NEXT_ID, &attr), -ENOENT);
	attr = (union bpf_attr){ .start_id = INT_MAX };
	assert_int_equal(bpf(BPF_MAP_GET_NEXT_ID, &attr), -EINVAL);
	attr = (union bpf_attr){ .start_id = 0 };
	assert_int_equal(skep_bpf(skep, &nobody, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)), -EPERM);
	attr = (union bpf_attr){ .map_id = map_id(a) };
	assert_int_equal(skep_bpf(skep, &nobody, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr)),
			 -EPERM);
	attr = (union bpf_attr){ .start_id = 0 };
	assert_int_equal(bpf(BPF_LINK_GET_NEXT_ID, &attr), -ENOENT);
	close(a);
	close(b);
}

static void two_instances_do_not_see_each_other(void **state __unused_arg)
{
	struct skep *other;
	int fd = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0), fd2;
	union bpf_attr attr = { 0 };
	struct skep_map *map;
	u32 key = 0, value;

	assert_int_equal(skep_boot(NULL, &other), 0);
	assert_int_equal(skep_map_from_fd(other, fd, &map), -EINVAL);
	assert_int_equal(skep_bpf(other, NULL, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)), -ENOENT);
	fd2 = map_new(other, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd2, &key, &value, 0), -EINVAL);
	skep_free(other);
	/* The descriptor outlives its instance as a file without meaning. */
	assert_int_equal(fcntl(fd2, F_GETFD), FD_CLOEXEC);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd2, &key, &value, 0), -EINVAL);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, &value, 0), 0);
	close(fd);
	close(fd2);
}

static void memory_has_a_limit(void **state __unused_arg)
{
	struct skep *small;
	int fd;

	assert_int_equal(skep_boot(&(struct skep_opts){ .mem_limit = 1 << 20 }, &small), 0);
	assert_int_equal(map_new(small, BPF_MAP_TYPE_ARRAY, 4, 4096, 1024, 0), -ENOMEM);
	/* What was closed is given back. */
	for (int i = 0; i < 20; i++) {
		fd = map_new(small, BPF_MAP_TYPE_ARRAY, 4, 4096, 150, 0);
		for (int wait = 0; fd == -ENOMEM && wait < 1000; wait++) {
			usleep(1000); /* a grace period */
			fd = map_new(small, BPF_MAP_TYPE_ARRAY, 4, 4096, 150, 0);
		}
		assert_true(fd >= 0);
		close(fd);
	}
	skep_free(small);
}

static void *create_many(void *arg __unused_arg)
{
	for (int i = 0; i < 200; i++) {
		u32 key = 0, value = 42;
		int fd = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);

		if (fd < 0 || elem(BPF_MAP_UPDATE_ELEM, fd, &key, &value, 0) || !map_id(fd))
			return (void *)1;
		close(fd);
	}
	return NULL;
}

/* Y-03: creations in parallel each see their own map, whole. */
static void y03_maps_from_many_threads(void **state __unused_arg)
{
	pthread_t threads[6];
	union bpf_attr attr = { 0 };
	void *bad;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, create_many, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(bpf(BPF_MAP_GET_NEXT_ID, &attr), -ENOENT);
}

/* ---- programs ------------------------------------------------------------------------------------ */

static const struct bpf_insn ret2[] = { MOV_K(0, 2), EXIT_() };

static void prog_load_errors(void **state __unused_arg)
{
	const struct skep_cred none = { 0 }, only_bpf = { .caps = VCAP_BPF };
	union bpf_attr attr;

	assert_int_equal(load_attr(&attr, BPF_PROG_TYPE_XDP, ret2, 0), -E2BIG);
	assert_int_equal(load_attr(&attr, BPF_PROG_TYPE_XDP, ret2, 1000001), -E2BIG);
	assert_int_equal(load_attr(&attr, 999, ret2, 2), -EINVAL);
	assert_int_equal(load_attr(&attr, BPF_PROG_TYPE_XDP, (void *)BAD, 2), -EFAULT);
	assert_int_equal(load_attr(&attr, BPF_PROG_TYPE_XDP, ret2, 1), -EINVAL); /* no exit */
	load_attr(&attr, BPF_PROG_TYPE_XDP, NULL, 0);
	attr.insns = P(ret2);
	attr.insn_cnt = 2;
	attr.license = BAD;
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EFAULT);
	attr.license = P("GPL");
	attr.prog_flags = 1 << 20;
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EINVAL);
	attr.prog_flags = 0;
	memcpy(attr.prog_name, "bad-name", 9);
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EINVAL);
	memset(attr.prog_name, 'a', 16);
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EINVAL);
	memset(attr.prog_name, 0, 16);
	attr.log_level = 16;
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EINVAL);
	attr.log_level = 1;
	attr.log_size = 100; /* without a buffer */
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EINVAL);
	attr.log_level = attr.log_size = 0;
	assert_int_equal(skep_bpf(skep, &none, BPF_PROG_LOAD, &attr, sizeof(attr)), -EPERM);
	assert_int_equal(skep_bpf(skep, &only_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)), -EPERM);
	attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.expected_attach_type = BPF_XDP;
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EINVAL);
	attr.expected_attach_type = 0;
	attr.core_relo_cnt = 1;
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EOPNOTSUPP);
}

static void maps_of_callers(void **state __unused_arg)
{
	static const struct {
		u32 type, key, value, flags, caps;
		int err;
	} rows[] = {
		{ BPF_MAP_TYPE_ARRAY, 4, 8, 0, 0, 0 },
		{ BPF_MAP_TYPE_HASH, 4, 8, 0, 0, 0 },
		{ BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 0, 0, 0 },
		{ BPF_MAP_TYPE_LRU_HASH, 4, 8, 0, 0, -EPERM },
		{ BPF_MAP_TYPE_LRU_HASH, 4, 8, 0, VCAP_BPF, 0 },
		{ BPF_MAP_TYPE_LPM_TRIE, 8, 8, BPF_F_NO_PREALLOC, 0, -EPERM },
		{ BPF_MAP_TYPE_LPM_TRIE, 8, 8, BPF_F_NO_PREALLOC, VCAP_BPF, 0 },
		{ BPF_MAP_TYPE_DEVMAP, 4, 4, 0, VCAP_BPF, -EPERM },
		{ BPF_MAP_TYPE_DEVMAP, 4, 4, 0, VCAP_NET_ADMIN, 0 },
		{ BPF_MAP_TYPE_QUEUE, 0, 4, 0, VCAP_NET_ADMIN, -EPERM },
		{ BPF_MAP_TYPE_QUEUE, 0, 4, 0, VCAP_SYS_ADMIN, 0 },
	};
	const struct skep_opts opts = { .cpu_cnt = 1, .unprivileged_bpf = true };
	struct skep *open;

	assert_int_equal(skep_boot(&opts, &open), 0);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct skep_cred cred = { .caps = rows[i].caps, .uid = 1000 };
		union bpf_attr attr = { .map_type = rows[i].type, .key_size = rows[i].key, .value_size = rows[i].value,
					.map_flags = rows[i].flags, .max_entries = 4 };
		long fd = skep_bpf(open, &cred, BPF_MAP_CREATE, &attr, sizeof(attr));

		if (rows[i].err ? fd != rows[i].err : fd < 0)
			fail_msg("row %u: %ld", i, fd);
		if (fd >= 0)
			close((int)fd);
		/* Where unprivileged BPF is off CAP_BPF comes first. */
		skep_limit_thread(&cred);
		fd = skep_bpf(skep, NULL, BPF_MAP_CREATE, &attr, sizeof(attr));
		skep_limit_thread(NULL);
		if (!(cred.caps & (VCAP_BPF | VCAP_SYS_ADMIN)) ? fd != -EPERM : fd != rows[i].err && fd < 0)
			fail_msg("row %u, unprivileged BPF off: %ld", i, fd);
		if (fd >= 0)
			close((int)fd);
	}
	skep_free(open);
}

/* kernel.unprivileged_bpf_disabled is 2 in an instance, unless it says otherwise. */
static void without_any_capability(void **state __unused_arg)
{
	static struct bpf_insn many[4097];
	const struct skep_opts opts = { .cpu_cnt = 1, .unprivileged_bpf = true };
	const struct skep_cred none = { .uid = 1000 };
	union bpf_attr attr = { 0 };
	struct skep *open;
	long fd;

	assert_int_equal(skep_boot(&opts, &open), 0);
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = P(ret2);
	attr.insn_cnt = 2;
	attr.license = P("GPL");
	assert_int_equal(skep_bpf(skep, &none, BPF_PROG_LOAD, &attr, sizeof(attr)), -EPERM);
	fd = skep_bpf(open, &none, BPF_PROG_LOAD, &attr, sizeof(attr));
	assert_true(fd >= 0);
	close((int)fd);
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	assert_int_equal(skep_bpf(open, &none, BPF_PROG_LOAD, &attr, sizeof(attr)), -EPERM);
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	for (u32 i = 0; i < ARRAY_SIZE(many) - 1; i++)
		many[i] = (struct bpf_insn)MOV_K(0, 2);
	many[ARRAY_SIZE(many) - 1] = (struct bpf_insn)EXIT_();
	attr.insns = P(many);
	attr.insn_cnt = ARRAY_SIZE(many);
	assert_int_equal(skep_bpf(open, &none, BPF_PROG_LOAD, &attr, sizeof(attr)), -E2BIG);
	attr.insns = P(many + 1);
	attr.insn_cnt--;
	fd = skep_bpf(open, &none, BPF_PROG_LOAD, &attr, sizeof(attr));
	assert_true(fd >= 0);
	close((int)fd);
	skep_free(open);
}

/* The immediate of @prog's only insn but exit is in the machine code that the instance tells of. */
static bool code_has_constant(struct skep *in, const struct skep_cred *cred)
{
	const struct bpf_insn insns[] = { MOV_K(0, 0x5a17c0de), EXIT_() };
	union bpf_attr attr = { 0 }, ask = { 0 };
	struct bpf_prog_info info = { 0 };
	u8 code[512] = { 0 };
	int fd;

	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = P(insns);
	attr.insn_cnt = 2;
	attr.license = P("GPL");
	fd = (int)skep_bpf(in, cred, BPF_PROG_LOAD, &attr, sizeof(attr));
	assert_true(fd >= 0);
	info.jited_prog_len = sizeof(code);
	info.jited_prog_insns = P(code);
	ask.info.bpf_fd = (u32)fd;
	ask.info.info_len = sizeof(info);
	ask.info.info = P(&info);
	assert_int_equal(skep_bpf(in, NULL, BPF_OBJ_GET_INFO_BY_FD, &ask, sizeof(ask)), 0);
	assert_in_range(info.jited_prog_len, 6, sizeof(code));
	close(fd);
	return memmem(code, info.jited_prog_len, &insns[0].imm, 4);
}

/* net.core.bpf_jit_harden: 1 is for who lacks CAP_BPF, 2 for all. */
static void j08_who_is_blinded(void **state __unused_arg)
{
	static const struct skep_cred none = { .uid = 1000 }, bpf_only = { .caps = VCAP_BPF, .uid = 1000 };

	for (u32 harden = 0; harden <= 3; harden++) {
		const struct skep_opts opts = { .cpu_cnt = 1, .unprivileged_bpf = true, .jit_harden = harden,
						.engine = SKEP_ENGINE_JIT };
		struct skep *in;
		int err = skep_boot(&opts, &in);

		if (err == -EOPNOTSUPP)
			skip();
		assert_int_equal(err, harden > 2 ? -EINVAL : 0);
		if (err)
			continue;
		assert_int_equal(code_has_constant(in, NULL), harden < 2);
		assert_int_equal(code_has_constant(in, &bpf_only), harden < 2);
		assert_int_equal(code_has_constant(in, &none), harden < 1);
		skep_free(in);
	}
}

static void a_type_without_a_model_is_refused_by_name(void **state __unused_arg)
{
	assert_true(load(BPF_PROG_TYPE_TRACING, ret2, 2, 0) < 0);
	assert_non_null(strstr(load_log, "not modelled"));
}

static void log_room(void **state __unused_arg)
{
	union bpf_attr attr = { 0 };
	char log[4096];
	u32 full;
	long fd;

	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = P(ret2);
	attr.insn_cnt = 2;
	attr.license = P("GPL");
	attr.log_level = 1;
	attr.log_buf = P(log);
	attr.log_size = sizeof(log);
	fd = bpf(BPF_PROG_LOAD, &attr);
	assert_true(fd >= 0);
	close((int)fd);
	full = attr.log_true_size;
	assert_int_equal(full, strlen(log) + 1);
	assert_true(full > 8);
	/* Exactly enough, then one byte short: the load fails although the program is fine. */
	attr.log_size = full;
	fd = bpf(BPF_PROG_LOAD, &attr);
	assert_true(fd >= 0);
	close((int)fd);
	attr.log_size = full - 1;
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -ENOSPC);
	assert_int_equal(attr.log_true_size, full);
	attr.log_size = sizeof(log);
	attr.log_buf = BAD;
	assert_int_equal(bpf(BPF_PROG_LOAD, &attr), -EFAULT);
	/* An old caller's structure ends before log_true_size: nothing is written there. */
	attr.log_buf = P(log);
	attr.log_true_size = 0xdeadbeef;
	attr.core_relo_rec_size = 0;
	fd = skep_bpf(skep, NULL, BPF_PROG_LOAD, &attr,
		      offsetof(union bpf_attr, log_true_size));
	assert_true(fd >= 0);
	close((int)fd);
	assert_int_equal(attr.log_true_size, 0xdeadbeef);
}

static long info_of(int fd, void *info, u32 len)
{
	union bpf_attr attr = { 0 };
	long ret;

	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = len;
	attr.info.info = P(info);
	ret = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	return ret ? ret : (long)attr.info.info_len;
}

static void prog_info(void **state __unused_arg)
{
	static const u8 tag[8] = { 0x61, 0x4b, 0x43, 0x4c, 0xd8, 0x32, 0x4e, 0xcc };
	struct bpf_insn insns[8];
	struct {
		struct bpf_prog_info info;
		u8 tail[16];
	} i = { 0 };
	int fd = load(BPF_PROG_TYPE_XDP, ret2, 2, 0), map, prog;
	u32 ids[4] = { 0 };
	struct bpf_insn with_map[] = { LD_MAP(1, 0), MOV_K(0, 0), EXIT_() };

	assert_int_equal(info_of(fd, &i, sizeof(i.info)), sizeof(i.info));
	assert_int_equal(i.info.type, BPF_PROG_TYPE_XDP);
	assert_memory_equal(i.info.tag, tag, 8); /* as Linux 6.18 has it */
	assert_int_equal(i.info.xlated_prog_len, 16);
	assert_true(i.info.gpl_compatible);
	assert_true(id_exists(BPF_PROG_GET_FD_BY_ID, i.info.id));
	/* An old caller gets the fields it knows. */
	memset(&i, 0xff, sizeof(i));
	memset(&i, 0, 24);
	assert_int_equal(info_of(fd, &i, 24), 24);
	assert_int_equal(i.info.xlated_prog_len, 16);
	assert_int_equal(((u8 *)&i)[24], 0xff);
	memset(&i, 0, sizeof(i));
	assert_int_equal(info_of(fd, &i, sizeof(i)), sizeof(i.info));
	i.tail[3] = 1;
	assert_int_equal(info_of(fd, &i, sizeof(i)), -E2BIG);
	memset(&i, 0, sizeof(i));
	i.info.func_info_rec_size = 4;
	assert_int_equal(info_of(fd, &i, sizeof(i.info)), -EINVAL);
	assert_int_equal(info_of(fd, (void *)BAD, sizeof(i.info)), -EFAULT);
	assert_int_equal(info_of(1, &i, sizeof(i.info)), -EINVAL);
	assert_int_equal(info_of(-1, &i, sizeof(i.info)), -EBADFD);
	/* Maps by id, in the dump and in the list. */
	map = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	with_map[0].imm = map;
	prog = load(BPF_PROG_TYPE_XDP, with_map, 4, 0);
	memset(&i, 0, sizeof(i));
	i.info.map_ids = P(ids);
	i.info.nr_map_ids = 4;
	i.info.xlated_prog_insns = P(insns);
	i.info.xlated_prog_len = sizeof(insns);
	assert_int_equal(info_of(prog, &i, sizeof(i.info)), sizeof(i.info));
	assert_int_equal(i.info.nr_map_ids, 1);
	assert_int_equal(ids[0], map_id(map));
	assert_int_equal(insns[0].code, 0x18);
	assert_int_equal(insns[0].imm, map_id(map));
	assert_memory_not_equal(i.info.tag, tag, 8);
	i.info.xlated_prog_insns = BAD;
	assert_int_equal(info_of(prog, &i, sizeof(i.info)), -EFAULT);
	close(map);
	close(prog);
	close(fd);
}

/* The same program has the same tag whatever its maps' descriptors are. */
static void tags_ignore_descriptors(void **state __unused_arg)
{
	struct bpf_prog_info a = { 0 }, b = { 0 };
	struct bpf_insn insns[] = { LD_MAP(1, 0), MOV_K(0, 0), EXIT_() };
	int m1 = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0), m2 = dup(m1), p1, p2;

	insns[0].imm = m1;
	p1 = load(BPF_PROG_TYPE_XDP, insns, 4, 0);
	insns[0].imm = m2;
	p2 = load(BPF_PROG_TYPE_XDP, insns, 4, 0);
	info_of(p1, &a, sizeof(a));
	info_of(p2, &b, sizeof(b));
	assert_memory_equal(a.tag, b.tag, 8);
	assert_int_not_equal(a.id, b.id);
	close(m1);
	close(m2);
	close(p1);
	close(p2);
}

static long test_run(int fd, union bpf_attr *attr)
{
	attr->test.prog_fd = (u32)fd;
	return bpf(BPF_PROG_TEST_RUN, attr);
}

static void test_run_memory(void **state __unused_arg)
{
	int fd = load(BPF_PROG_TYPE_XDP, ret2, 2, 0);
	u8 pkt[64] = { 0 };
	union bpf_attr attr = { 0 };

	attr.test.data_in = P(pkt);
	attr.test.data_size_in = 64;
	assert_int_equal(test_run(fd, &attr), 0);
	assert_int_equal(attr.test.retval, 2);
	assert_int_equal(attr.test.data_size_out, 64);
	attr.test.data_in = BAD;
	assert_int_equal(test_run(fd, &attr), -EFAULT);
	attr.test.data_in = P(pkt);
	attr.test.data_out = BAD;
	assert_int_equal(test_run(fd, &attr), -EFAULT);
	attr.test.data_out = 0;
	attr.test.ctx_size_in = 4;
	assert_int_equal(test_run(fd, &attr), -EINVAL);
	attr.test.ctx_in = BAD;
	assert_int_equal(test_run(fd, &attr), -EFAULT);
	attr = (union bpf_attr){ 0 };
	assert_int_equal(test_run(-1, &attr), -EBADF);
	attr = (union bpf_attr){ 0 };
	assert_int_equal(test_run(1, &attr), -EINVAL);
	close(fd);
}

/* The errors are those of Linux 6.18, for these types and for SK_LOOKUP. */
static void contexts_larger_than_a_page(void **state __unused_arg)
{
	static const u32 types[] = { BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_FLOW_DISSECTOR };
	const struct bpf_insn insns[] = { MOV_K(0, 0), EXIT_() };
	u8 pkt[64] = { 0 }, *ctx = calloc(1, 70000);

	assert_non_null(ctx);
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		int fd = load(types[i], insns, 2, 0);
		const u32 data_end = types[i] == BPF_PROG_TYPE_XDP ? sizeof(pkt) : 0;

		memcpy(ctx + sizeof(u32), &data_end, sizeof(data_end));
		for (u32 size = 4096; size < 70000; size = size == 4096 ? 4097 : size + 0x3fff) {
			union bpf_attr attr = { 0 };

			attr.test.data_in = P(pkt);
			attr.test.data_size_in = sizeof(pkt);
			attr.test.ctx_in = P(ctx);
			attr.test.ctx_size_in = size;
			assert_int_equal(test_run(fd, &attr), size > 4096 ? -E2BIG : 0);
			attr.test.ctx_in = BAD;
			assert_int_equal(test_run(fd, &attr), size > 4096 ? -E2BIG : -EFAULT);
		}
		close(fd);
	}
	free(ctx);
}

static void raw_tracepoints(void **state __unused_arg)
{
	const struct bpf_insn insns[] = { LDX(8, 0, 1, 8), EXIT_() };
	const struct bpf_insn cpu[] = { CALL_H(BPF_FUNC_get_smp_processor_id), EXIT_() };
	int fd = load(BPF_PROG_TYPE_RAW_TRACEPOINT, insns, 2, 0), fd2;
	u64 args[13] = { 5, 6, 7 };
	union bpf_attr attr = { 0 };

	attr.test.ctx_in = P(args);
	attr.test.ctx_size_in = 16;
	assert_int_equal(test_run(fd, &attr), 0);
	assert_int_equal(attr.test.retval, 6);
	attr.test.ctx_size_in = 8; /* the program reads further */
	assert_int_equal(test_run(fd, &attr), -EINVAL);
	attr.test.ctx_size_in = 97;
	assert_int_equal(test_run(fd, &attr), -EINVAL);
	attr.test.ctx_size_in = 96;
	attr.test.cpu = 1;
	assert_int_equal(test_run(fd, &attr), -EINVAL); /* without the flag */
	attr.test.repeat = 1;
	attr.test.cpu = 0;
	assert_int_equal(test_run(fd, &attr), -EINVAL);
	fd2 = load(BPF_PROG_TYPE_RAW_TRACEPOINT, cpu, 2, 0);
	attr = (union bpf_attr){ 0 };
	attr.test.flags = BPF_F_TEST_RUN_ON_CPU;
	attr.test.cpu = 1;
	assert_int_equal(test_run(fd2, &attr), 0);
	assert_int_equal(attr.test.retval, 1);
	attr.test.cpu = 99;
	assert_int_equal(test_run(fd2, &attr), -ENXIO);
	close(fd);
	close(fd2);
}

static void syscall_programs(void **state __unused_arg)
{
	const struct bpf_insn insns[] = { LDX(4, 0, 1, 4), ST_K(4, 1, 0, 7), EXIT_() };
	int fd = load(BPF_PROG_TYPE_SYSCALL, insns, 3, BPF_F_SLEEPABLE);
	u32 ctx[4] = { 1, 2, 3, 4 };
	union bpf_attr attr = { 0 };

	attr.test.ctx_in = P(ctx);
	attr.test.ctx_size_in = sizeof(ctx);
	assert_int_equal(test_run(fd, &attr), 0);
	assert_int_equal(attr.test.retval, 2);
	assert_int_equal(ctx[0], 7); /* written in place */
	assert_int_equal(ctx[1], 2);
	attr.test.ctx_size_in = 4; /* the program reads further */
	assert_int_equal(test_run(fd, &attr), -EINVAL);
	attr.test.ctx_size_in = 65536;
	assert_int_equal(test_run(fd, &attr), -EINVAL);
	attr.test.ctx_size_in = 16;
	attr.test.flags = 1;
	assert_int_equal(test_run(fd, &attr), -EINVAL);
	close(fd);
}

static void maps_and_trace_in_a_program(void **state __unused_arg)
{
	int map = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0), fd;
	struct bpf_insn insns[] = {
		/* *lookup(map, 2) = 41; trace_printk("v=%d", 41) */
		ST_K(4, 10, -4, 2), MOV_X(2, 10), ADD_K(2, -4), LD_MAP(1, 0),
		CALL_H(BPF_FUNC_map_lookup_elem), JEQ_K(0, 0, 7), ST_K(8, 0, 0, 41),
		ST_K(8, 10, -16, 0x64253d76), MOV_X(1, 10), ADD_K(1, -16), MOV_K(2, 8),
		MOV_K(3, 41), CALL_H(BPF_FUNC_trace_printk), MOV_K(0, 0), EXIT_(),
	};
	u8 pkt[64] = { 0 };
	union bpf_attr attr = { 0 };
	u32 key = 2;
	u64 value = 0;
	char *text;

	insns[3].imm = map;
	fd = load(BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns), 0);
	assert_true(fd >= 0);
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = 64;
	assert_int_equal(test_run(fd, &attr), 0);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, map, &key, &value, 0), 0);
	assert_int_equal(value, 41);
	text = skep_trace_read(skep);
	assert_non_null(strstr(text, "bpf_trace_printk: v=41\n"));
	free(text);
	close(fd);
	close(map);
}

static void statistics_while_wanted(void **state __unused_arg)
{
	int prog = load(BPF_PROG_TYPE_XDP, ret2, 2, 0);
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };
	u8 pkt[64] = { 0 };
	int stats;

	stats = (int)bpf(BPF_ENABLE_STATS, &attr);
	assert_true(stats >= 0);
	attr = (union bpf_attr){ 0 };
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = 64;
	attr.test.repeat = 10;
	assert_int_equal(test_run(prog, &attr), 0);
	info_of(prog, &info, sizeof(info));
	assert_int_equal(info.run_cnt, 10);
	close(stats);
	assert_int_equal(test_run(prog, &attr), 0);
	assert_int_equal(test_run(prog, &attr), 0);
	memset(&info, 0, sizeof(info));
	info_of(prog, &info, sizeof(info));
	assert_int_equal(info.run_cnt, 10);
	close(prog);
}

/* ---- BTF ------------------------------------------------------------------------------------- */

/* One type: int, 4 bytes. */
static const struct {
	struct btf_header_like {
		u16 magic;
		u8 version, flags;
		u32 hdr_len, type_off, type_len, str_off, str_len;
	} hdr;
	u32 types[4];
	char strs[8];
} small_btf = {
	{ 0xeb9f, 1, 0, 24, 0, 16, 16, 5 }, { 1, 1u << 24, 4, 32 }, "\0int",
};
#define SMALL_BTF_SIZE (24 + 16 + 5)

static void btf_objects(void **state __unused_arg)
{
	const struct skep_cred none = { 0 };
	struct bpf_btf_info info = { 0 };
	union bpf_attr attr = { 0 };
	char log[256] = "";
	u8 raw[64];
	int fd, fd2;

	attr.btf = P(&small_btf);
	attr.btf_size = SMALL_BTF_SIZE;
	fd = (int)bpf(BPF_BTF_LOAD, &attr);
	assert_true(fd >= 0);
	info.btf = P(raw);
	info.btf_size = sizeof(raw);
	assert_int_equal(info_of(fd, &info, sizeof(info)), sizeof(info));
	assert_int_equal(info.btf_size, SMALL_BTF_SIZE);
	assert_memory_equal(raw, &small_btf, SMALL_BTF_SIZE);
	assert_false(info.kernel_btf);
	fd2 = (int)bpf(BPF_BTF_GET_FD_BY_ID, &(union bpf_attr){ .btf_id = info.id });
	assert_true(fd2 >= 0);
	close(fd);
	assert_true(id_exists(BPF_BTF_GET_FD_BY_ID, info.id));
	close(fd2);
	assert_false(id_exists(BPF_BTF_GET_FD_BY_ID, info.id));
	assert_int_equal(skep_bpf(skep, &none, BPF_BTF_LOAD, &attr, sizeof(attr)), -EPERM);
	attr.btf_size = (16 << 20) + 1;
	assert_int_equal(bpf(BPF_BTF_LOAD, &attr), -E2BIG);
	attr.btf_size = SMALL_BTF_SIZE;
	attr.btf = BAD;
	assert_int_equal(bpf(BPF_BTF_LOAD, &attr), -EFAULT);
	attr.btf = P(&small_btf);
	attr.btf_size = 10;
	attr.btf_log_buf = P(log);
	attr.btf_log_size = sizeof(log);
	attr.btf_log_level = 1;
	assert_int_equal(bpf(BPF_BTF_LOAD, &attr), -EINVAL);
	assert_true(strlen(log) > 0);
	assert_int_equal(attr.btf_log_true_size, strlen(log) + 1);
}

/* ---- the kernel as judge --------------------------------------------------------------------- */

struct judged {
	int cmd;
	u32 size;
	u32 words[42];
};

#define W(i, v) [i] = (v)

/* Calls that fail, or make one small object: first field word by word. */
static const struct judged judged[] = {
	{ BPF_MAP_CREATE, 16, { 2, 4, 4, 1 } },
	{ BPF_MAP_CREATE, 12, { 2, 4, 4, 1 } },
	{ BPF_MAP_CREATE, 0, { 2, 4, 4, 1 } },
	{ BPF_MAP_CREATE, 168, { 2, 4, 4, 1, W(24, 1) } },
	{ BPF_MAP_CREATE, 16, { 0, 4, 4, 1 } },
	{ BPF_MAP_CREATE, 16, { 500, 4, 4, 1 } },
	{ BPF_MAP_CREATE, 16, { 2, 8, 4, 1 } },
	{ BPF_MAP_CREATE, 16, { 2, 4, 0, 1 } },
	{ BPF_MAP_CREATE, 16, { 2, 4, 4, 0 } },
	{ BPF_MAP_CREATE, 16, { 1, 0, 4, 1 } },
	{ BPF_MAP_CREATE, 20, { 2, 4, 4, 1, 0x18 } },
	{ BPF_MAP_CREATE, 28, { 2, 4, 4, 1, 4, 0, 5000 } },
	{ BPF_MAP_CREATE, 44, { 2, 4, 4, 1, W(7, 0x00212d61) } }, /* a-! */
	{ BPF_MAP_CREATE, 44, { 2, 4, 4, 1, W(7, 0x002e5f61) } }, /* a_. */
	{ BPF_MAP_CREATE, 64, { 2, 4, 4, 1, W(13, 1) } },	   /* key type alone */
	{ BPF_MAP_CREATE, 64, { 2, 4, 4, 1, W(12, 9999), W(13, 1), W(14, 1) } },
	{ BPF_MAP_CREATE, 72, { 2, 4, 4, 1, W(16, 5) } }, /* map_extra */
	{ BPF_MAP_LOOKUP_ELEM, 32, { 9999 } },
	{ BPF_MAP_LOOKUP_ELEM, 32, { 0 } },
	{ BPF_MAP_UPDATE_ELEM, 32, { 9999 } },
	{ BPF_MAP_DELETE_ELEM, 32, { 9999, W(6, 1) } },
	{ BPF_MAP_GET_NEXT_KEY, 32, { 9999, W(6, 1) } },
	{ BPF_MAP_FREEZE, 32, { 9999, W(2, 1) } },
	{ BPF_MAP_FREEZE, 4, { 9999 } },
	{ BPF_MAP_LOOKUP_AND_DELETE_ELEM, 32, { 9999, W(6, 1) } },
	{ BPF_MAP_LOOKUP_BATCH, 56, { W(8, 1), W(9, 9999) } },
	{ BPF_MAP_LOOKUP_BATCH, 56, { W(8, 1), W(9, 9999), W(12, 1) } },
	{ BPF_PROG_LOAD, 48, { 6, 0 } },
	{ BPF_PROG_LOAD, 48, { 6, 2000000 } },
	{ BPF_PROG_LOAD, 48, { 6, 2, 8 } },
	{ BPF_PROG_LOAD, 48, { 999, 2, 8 } },
	{ BPF_PROG_LOAD, 48, { 6, 2, 8, 0, 8, 0, 0, 0, 0, 0, 0, 1 << 20 } },
	{ BPF_PROG_TEST_RUN, 80, { 9999 } },
	{ BPF_PROG_TEST_RUN, 80, { 9999, W(10, 4) } },
	{ BPF_PROG_TEST_RUN, 80, { 0 } },
	{ BPF_OBJ_GET_INFO_BY_FD, 16, { 9999 } },
	{ BPF_OBJ_GET_INFO_BY_FD, 16, { 0 } },
	{ BPF_OBJ_GET_INFO_BY_FD, 20, { 9999, W(4, 1) } },
	{ BPF_BTF_LOAD, 40, { 8, 0, 0, 0, 24 } },
	{ BPF_BTF_LOAD, 40, { 8, 0, 0, 0, 1 << 30 } },
	{ BPF_BTF_LOAD, 40, { 8, 0, 0, 0, 24, 0, 16 } },
	{ BPF_BTF_LOAD, 40, { 8, 0, 0, 0, 24, 100, 1 } },
	{ 99, 16, { 0 } },
};

static void errors_as_the_kernel(void **state __unused_arg)
{
	struct utsname uts;
	int major = 0, minor = 0;

	uname(&uts);
	sscanf(uts.release, "%d.%d", &major, &minor);
	if (major < 6 || (major == 6 && minor < 18) ||
	    (syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, judged, 0) < 0 && errno == ENOSYS))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++) {
		struct judged ours = judged[i], theirs = judged[i];
		long a = skep_bpf(skep, NULL, ours.cmd, (union bpf_attr *)ours.words, ours.size);
		long b = syscall(SYS_bpf, theirs.cmd, theirs.words, theirs.size);

		b = b < 0 ? -errno : b;
		if (b == -EPERM)
			skip(); /* bpf(2) is for others here */
		if (a >= 0)
			close((int)a);
		if (b >= 0)
			close((int)b);
		if ((a < 0 || b < 0) && a != b)
			fail_msg("call %zu (command %d): %ld, kernel %ld", i, ours.cmd, a, b);
	}
}

/* ---- mapping ----------------------------------------------------------------------------------- */

static void arrays_can_be_mapped(void **state __unused_arg)
{
	int fd = map_new(skep, BPF_MAP_TYPE_ARRAY, 4, 8, 16, BPF_F_MMAPABLE);
	int hash = map_new(skep, BPF_MAP_TYPE_HASH, 4, 8, 16, 0);
	u32 key = 3;
	u64 value = 0, *mem;

	mem = skep_mmap(skep, fd, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	assert_non_null(mem);
	mem[3] = 1234;
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &key, &value, 0), 0);
	assert_int_equal(value, 1234);
	assert_int_equal(elem(BPF_MAP_FREEZE, fd, NULL, NULL, 0), -EBUSY);
	assert_int_equal(skep_munmap(skep, fd, mem, 4096, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(elem(BPF_MAP_FREEZE, fd, NULL, NULL, 0), 0);
	assert_null(skep_mmap(skep, fd, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
	assert_int_equal(errno, EPERM);
	assert_null(skep_mmap(skep, fd, 4096, PROT_READ, MAP_PRIVATE, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(skep_mmap(skep, hash, 4096, PROT_READ, MAP_SHARED, 0));
	assert_int_equal(errno, 524);
	assert_null(skep_mmap(skep, -1, 4096, PROT_READ, MAP_SHARED, 0));
	assert_int_equal(errno, EBADF);
	close(fd);
	close(hash);
}

static u32 engine;

static int boot(void **state __unused_arg)
{
	return skep_boot(&(struct skep_opts){ .cpu_cnt = 2, .seeded = true, .seed = 1, .engine = engine }, &skep);
}

static int end(void **state __unused_arg)
{
	skep_free(skep);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attribute_sizes),
		cmocka_unit_test(known_but_not_modelled),
		cmocka_unit_test(y02_common_attributes_tail),
		cmocka_unit_test(y01_common_attributes_log),
		cmocka_unit_test(bad_memory_with_and_without_the_handler),
		cmocka_unit_test(map_elements),
		cmocka_unit_test(map_modes_and_freeze),
		cmocka_unit_test(map_batches),
		cmocka_unit_test(the_last_close_drops_the_object),
		cmocka_unit_test(a_passed_descriptor_keeps_it),
		cmocka_unit_test(a_program_keeps_its_maps),
		cmocka_unit_test(ids_are_walked_in_order),
		cmocka_unit_test(two_instances_do_not_see_each_other),
		cmocka_unit_test(memory_has_a_limit),
		cmocka_unit_test(y03_maps_from_many_threads),
		cmocka_unit_test(prog_load_errors),
		cmocka_unit_test(without_any_capability), cmocka_unit_test(maps_of_callers),
		{ "J-08 bpf_jit_harden: whose constants are blinded", j08_who_is_blinded, NULL, NULL, NULL },
		cmocka_unit_test(a_type_without_a_model_is_refused_by_name),
		cmocka_unit_test(log_room),
		cmocka_unit_test(prog_info),
		cmocka_unit_test(tags_ignore_descriptors),
		cmocka_unit_test(test_run_memory),
		cmocka_unit_test(contexts_larger_than_a_page),
		cmocka_unit_test(raw_tracepoints),
		cmocka_unit_test(syscall_programs),
		cmocka_unit_test(maps_and_trace_in_a_program),
		cmocka_unit_test(statistics_while_wanted),
		cmocka_unit_test(btf_objects),
		cmocka_unit_test(errors_as_the_kernel),
		cmocka_unit_test(arrays_can_be_mapped),
	};

	int failed;

	/* Machine code where there is a JIT for this host, then the interpreter. */
	engine = SKEP_ENGINE_AUTO;
	failed = cmocka_run_group_tests_name("auto", tests, boot, end);
	engine = SKEP_ENGINE_INTERP;
	return failed + cmocka_run_group_tests_name("interp", tests, boot, end);
}
