/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_no_memory.c - each allocation of each command fails once: the first, the second, until none is left. The
 * command then answers -ENOMEM or does without; the accounting comes back to what it was, no descriptor and no
 * object is left over, and the same command works right after.
 *
 * The linker puts the functions below in front of the C library's (see meson.build). Only the thread that calls
 * the command is short of memory.
 */
#include "core/rcu.h"

#include "../runtime/progs.h"

#include <dirent.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

static __thread u32 fail_at, alloc_nr; /* fail_at 0: nothing fails */

static bool fails(void)
{
	if (!fail_at || ++alloc_nr != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

#define WRAP(type, failed, name, params, args)                                                     \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails() ? failed : __real_##name args;                                      \
	}
WRAP(void *, NULL, malloc, (size_t size), (size))
WRAP(void *, NULL, calloc, (size_t cnt, size_t size), (cnt, size))
WRAP(void *, NULL, realloc, (void *old, size_t size), (old, size))
WRAP(void *, NULL, aligned_alloc, (size_t align, size_t size), (align, size))
WRAP(char *, NULL, strdup, (const char *s), (s))
WRAP(void *, MAP_FAILED, mmap, (void *at, size_t size, int prot, int flags, int fd, off_t off),
     (at, size, prot, flags, fd, off))
WRAP(int, -1, memfd_create, (const char *name, unsigned int flags), (name, flags))
WRAP(int, -1, eventfd, (unsigned int cnt, int flags), (cnt, flags))

static long bpf(int cmd, union bpf_attr *attr)
{
	return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
}

/* ---- what is left over ---------------------------------------------------------------------------------- */

static u32 count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	u32 cnt = 0;

	while (dir && readdir(dir))
		cnt++;
	if (dir)
		closedir(dir);
	return cnt;
}

static u32 count_ids(int cmd)
{
	union bpf_attr attr = { 0 };
	u32 cnt = 0;

	for (; !bpf(cmd, &attr); cnt++)
		attr.start_id = attr.next_id;
	return cnt;
}

struct left {
	u64 bytes;
	u64 fds, maps, progs; /* no padding: compared whole */
};

static struct left what_is_left(void)
{
	return (struct left){ skep_memacct(skep)->used, count_fds(), count_ids(BPF_MAP_GET_NEXT_ID),
			      count_ids(BPF_PROG_GET_NEXT_ID) };
}

/* What was closed goes through RCU, some of it twice. */
static struct left settled(const struct left *want)
{
	struct left now;

	for (u32 i = 0; i < 50; i++) {
		rcu_drain();
		now = what_is_left();
		if (want ? !memcmp(&now, want, sizeof(now)) : i > 4)
			break;
		if (want && i > 4)
			usleep(1000);
	}
	return now;
}

/* ---- each allocation once ----------------------------------------------------------------------------------- */

struct scenario {
	const char *name;
	long (*run)(const void *arg); /* 0 or an errno; leaves nothing behind */
	const void *arg;
};

/* How many allocations there were to fail. */
static u32 fail_each(const struct scenario *s)
{
	struct left before;
	u32 nr = 0;
	bool more = true;
	long err;

	assert_int_equal(s->run(s->arg), 0);
	before = settled(NULL);
	while (more) {
		struct left after;

		alloc_nr = 0;
		fail_at = ++nr;
		err = s->run(s->arg);
		fail_at = 0;
		more = alloc_nr >= nr;
		if (err && (err != -ENOMEM || !more))
			fail_msg("%s: allocation %u of %u: %ld", s->name, nr, alloc_nr, err);
		after = settled(&before);
		if (memcmp(&after, &before, sizeof(after)))
			fail_msg("%s: allocation %u (%ld): %lld bytes, %d descriptors, %d maps, %d programs are left", s->name, nr, err,
				 (long long)(after.bytes - before.bytes), (int)(after.fds - before.fds),
				 (int)(after.maps - before.maps), (int)(after.progs - before.progs));
		err = s->run(s->arg);
		if (err)
			fail_msg("%s: after allocation %u: %ld", s->name, nr, err);
		settled(&before);
	}
	return nr - 1;
}

/* ---- maps ---------------------------------------------------------------------------------------------------- */

struct kind {
	u32 type, key_size, value_size, max_entries, flags;
	u32 key;
	bool elements; /* bpf(2) can store, read and delete */
};

static union bpf_attr attr_of(const struct kind *k)
{
	union bpf_attr attr = { .map_type = k->type, .key_size = k->key_size, .value_size = k->value_size,
				.max_entries = k->max_entries, .map_flags = k->flags };

	return attr;
}

static long elem(int cmd, long fd, const void *key, void *value)
{
	union bpf_attr attr = { .map_fd = (u32)fd, .key = (uintptr_t)key };

	attr.value = (uintptr_t)value;
	return bpf(cmd, &attr);
}

static long batch_update(long fd, const struct kind *k)
{
	u32 keys[2][4] = { { k->key, 0 }, { 0 } };
	u64 values[2 * 64] = { 1 };
	union bpf_attr attr = { 0 };

	attr.batch.map_fd = (u32)fd;
	attr.batch.keys = (uintptr_t)keys;
	attr.batch.values = (uintptr_t)values;
	attr.batch.count = 1;
	return bpf(BPF_MAP_UPDATE_BATCH, &attr);
}

static long use_elements(long fd, const struct kind *k)
{
	u32 key[4] = { k->key }, next[4];
	u64 value[64] = { 5 };
	long err = elem(BPF_MAP_UPDATE_ELEM, fd, key, value);
	union bpf_attr attr = { .map_fd = (u32)fd };

	if (err)
		return err;
	value[0] = 0;
	err = elem(BPF_MAP_LOOKUP_ELEM, fd, key, value);
	if (err)
		return err;
	if ((u32)value[0] != 5)
		return -EBADMSG;
	attr.next_key = (uintptr_t)next;
	err = bpf(BPF_MAP_GET_NEXT_KEY, &attr);
	if (err)
		return err;
	err = batch_update(fd, k);
	if (err && err != -ENOTSUPP)
		return err;
	err = elem(BPF_MAP_DELETE_ELEM, fd, key, NULL);
	return err == -EINVAL ? 0 : err; /* arrays */
}

static long use_map(const void *arg)
{
	const struct kind *k = arg;
	union bpf_attr attr = attr_of(k);
	long fd = bpf(BPF_MAP_CREATE, &attr), err = 0;

	if (fd < 0)
		return fd;
	if (k->elements)
		err = use_elements(fd, k);
	close((int)fd);
	return err;
}

static const struct kind kinds[] = {
	{ BPF_MAP_TYPE_ARRAY, 4, 8, 8, 0, 1, true },
	{ BPF_MAP_TYPE_ARRAY, 4, 8, 8, BPF_F_MMAPABLE, 1, true },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 8, 0, 1, true },
	{ BPF_MAP_TYPE_HASH, 8, 8, 8, 0, 1, true },
	{ BPF_MAP_TYPE_HASH, 8, 8, 8, BPF_F_NO_PREALLOC, 1, true },
	{ BPF_MAP_TYPE_PERCPU_HASH, 8, 8, 8, 0, 1, true },
	{ BPF_MAP_TYPE_LRU_HASH, 8, 8, 8, 0, 1, true },
	{ BPF_MAP_TYPE_LRU_HASH, 8, 8, 8, BPF_F_NO_COMMON_LRU, 1, true },
	{ BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 8, 8, 0, 1, true },
	{ BPF_MAP_TYPE_RHASH, 8, 8, 64, BPF_F_NO_PREALLOC, 1, true },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, 8, 8, BPF_F_NO_PREALLOC, 32, true },
	{ BPF_MAP_TYPE_QUEUE, 0, 8, 8, 0, 0, false },
	{ BPF_MAP_TYPE_STACK, 0, 8, 8, 0, 0, false },
	{ BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 8, 0, 0, false },
	{ BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, 0, false },
	{ BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8, 0, 0, false },
	{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 8, 0, 0, false },
	{ BPF_MAP_TYPE_STACK_TRACE, 4, 64, 8, 0, 0, false },
	{ BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 8, 0, 0, false },
	{ BPF_MAP_TYPE_DEVMAP, 4, 4, 8, 0, 0, false },
	{ BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 8, 0, 0, false },
	{ BPF_MAP_TYPE_CPUMAP, 4, 4, 2, 0, 0, false },
	{ BPF_MAP_TYPE_XSKMAP, 4, 4, 8, 0, 0, false },
	{ BPF_MAP_TYPE_INSN_ARRAY, 4, sizeof(struct bpf_insn_array_value), 8, 0, 0, false },
	{ BPF_MAP_TYPE_CGROUP_STORAGE, 16, 8, 0, 0, 0, false },
	{ BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 8, 0, 0, 0, false },
};

static void maps_do_without_memory(void **state __unused_arg)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		char name[64];
		struct scenario s = { name, use_map, &kinds[i] };
		u32 cnt;

		snprintf(name, sizeof(name), "map type %u, flags %#x", kinds[i].type, kinds[i].flags);
		cnt = fail_each(&s);
		if (cnt < 2)
			fail_msg("%s: %u allocations: the linker's wrapping does not work", name, cnt);
	}
}

/* Maps of maps: the inner one is there before. */
static long use_outer(const void *arg)
{
	union bpf_attr attr = { .map_type = *(const u32 *)arg, .key_size = 4, .value_size = 4, .max_entries = 2 };
	union bpf_attr inner = { .map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 4, .max_entries = 2 };
	long in = bpf(BPF_MAP_CREATE, &inner), out, err;
	u32 key = 1, value = (u32)in;

	if (in < 0)
		return in;
	attr.inner_map_fd = (u32)in;
	out = bpf(BPF_MAP_CREATE, &attr);
	err = out < 0 ? out : elem(BPF_MAP_UPDATE_ELEM, out, &key, &value);
	if (!err)
		err = elem(BPF_MAP_DELETE_ELEM, out, &key, NULL);
	close((int)in);
	if (out >= 0)
		close((int)out);
	return err;
}

static void maps_of_maps_do_without_memory(void **state __unused_arg)
{
	static const u32 types[] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS };

	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		assert_true(fail_each(&(struct scenario){ i ? "hash of maps" : "array of maps", use_outer, &types[i] }) > 2);
}

/* ---- programs ---------------------------------------------------------------------------------------------------- */

/* A map, a loop and a call: enough for states, precision, rewriting and a link to maps. */
static long load_prog(const void *arg __unused_arg)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 4 };
	long map = bpf(BPF_MAP_CREATE, &attr), fd, err;
	struct prog_case c = {
		"no memory", BPF_PROG_TYPE_XDP, 0,
		CODE(MOV_K(6, 0), ST_K(4, 10, -4, 0), LD_MAP(1, (int)map), MOV_X(2, 10), ADD_K(2, -4),
		     CALL_H(BPF_FUNC_map_lookup_elem), JEQ_K(0, 0, 1), LDX(8, 6, 0, 0), ADD_K(7, 1), EXIT_()), NULL,
	};
	struct skep_test test = { .sz = sizeof(test) };
	u8 packet[64] = { 0 };

	if (map < 0)
		return map;
	c.insns[9] = MOV_K(0, 2); /* in place of ADD_K(7, 1) */
	fd = prog_load(false, &c, NULL, 0);
	err = fd < 0 ? fd : 0;
	if (!err) {
		test.data_in = packet;
		test.data_size_in = sizeof(packet);
		err = skep_prog_test(skep, (int)fd, &test);
		if (!err && test.retval != 2)
			err = -EBADMSG;
		close((int)fd);
	}
	close((int)map);
	return err;
}

static void programs_do_without_memory(void **state __unused_arg)
{
	assert_true(fail_each(&(struct scenario){ "program", load_prog, NULL }) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_do_without_memory),
		cmocka_unit_test(maps_of_maps_do_without_memory),
		cmocka_unit_test(programs_do_without_memory),
	};

	return RUN_ON_BOTH(tests);
}
