/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_maps.c - bpf(2) on maps of each type: access flags, batches, maps of maps, exclusive maps.
 * Each test is a script that is put to skep and, where it permits bpf(2), to the running kernel;
 * what they answer, step by step, must be the same.
 */
#include "base/sha256.h"
#include "map/map.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p)	  ((u64)(uintptr_t)(p))
#define STEPS_MAX 4000

/* ---- who answers ------------------------------------------------------------------------------ */

static struct skep *skep;
static u32 cpus;
static bool on_kernel;

struct step {
	char what[64];
	s64 result;
};
static struct step steps[2][STEPS_MAX];
static u32 step_cnt[2];

__printf_like(2, 3) static void step(s64 result, const char *fmt, ...)
{
	struct step *s = &steps[on_kernel][step_cnt[on_kernel]++];
	va_list args;

	assert_true(step_cnt[on_kernel] <= STEPS_MAX);
	va_start(args, fmt);
	vsnprintf(s->what, sizeof(s->what), fmt, args);
	va_end(args);
	s->result = result;
}

static long bpf(int cmd, union bpf_attr *attr)
{
	long ret;

	if (!on_kernel)
		return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

static bool kernel_permits_bpf(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
				.max_entries = 1 };
	long fd;

	on_kernel = true;
	fd = bpf(BPF_MAP_CREATE, &attr);
	on_kernel = false;
	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

/* Runs the script here and there and compares. */
static void compare(void (*script)(void))
{
	step_cnt[0] = step_cnt[1] = 0;
	on_kernel = false;
	script();
	assert_true(step_cnt[0] > 0);
	if (!kernel_permits_bpf())
		skip();
	on_kernel = true;
	script();
	on_kernel = false;
	for (u32 i = 0; i < step_cnt[0] && i < step_cnt[1]; i++) {
		if (steps[0][i].result != steps[1][i].result)
			fail_msg("%s: the kernel says %lld, skep %lld", steps[0][i].what,
				 (long long)steps[1][i].result, (long long)steps[0][i].result);
		assert_string_equal(steps[0][i].what, steps[1][i].what);
	}
	assert_int_equal(step_cnt[0], step_cnt[1]);
}

/* ---- maps --------------------------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	u32 type, key_size, value_size, max_entries, flags;
	bool percpu, has_order;
} kinds[] = {
	{ "hash", BPF_MAP_TYPE_HASH, 4, 8, 8, 0, false, false },
	{ "hash without preallocation", BPF_MAP_TYPE_HASH, 4, 8, 8, BPF_F_NO_PREALLOC, false, false },
	{ "array", BPF_MAP_TYPE_ARRAY, 4, 8, 8, 0, false, true },
	{ "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 8, 0, true, false },
	{ "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 8, 0, true, true },
	{ "lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 8, 64, 0, false, false },
	{ "lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 64, 0, true, false },
	{ "lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 8, 8, 8, BPF_F_NO_PREALLOC, false, true },
	{ "queue", BPF_MAP_TYPE_QUEUE, 0, 8, 8, 0, false, false },
	{ "stack", BPF_MAP_TYPE_STACK, 0, 8, 8, 0, false, false },
	{ "bloom_filter", BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 8, 0, false, false },
	{ "ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, false, false },
	{ "perf_event_array", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 8, 0, false, false },
	{ "prog_array", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8, 0, false, false },
};

static int make(const struct kind *k, u32 flags)
{
	union bpf_attr attr = { .map_type = k->type, .key_size = k->key_size, .value_size = k->value_size,
				.max_entries = k->max_entries, .map_flags = k->flags | flags };

	return (int)bpf(BPF_MAP_CREATE, &attr);
}

static u64 value_size(const struct kind *k)
{
	return k->percpu ? 8ull * cpus : k->value_size;
}

/* Key @nr of a map of the kind; LPM tries: 8 bits of prefix. */
static void key_of(const struct kind *k, u32 nr, u32 key[2])
{
	key[0] = k->type == BPF_MAP_TYPE_LPM_TRIE ? 8 : nr;
	key[1] = nr;
}

static long elem(int cmd, int fd, const struct kind *k, u32 nr, void *value, u64 flags)
{
	union bpf_attr attr = { 0 };
	u32 key[2];

	key_of(k, nr, key);
	attr.map_fd = (u32)fd;
	attr.key = k->key_size ? P(key) : 0;
	attr.value = P(value);
	attr.flags = flags;
	return bpf(cmd, &attr);
}

/* ---- access flags --------------------------------------------------------------------------------- */

static void access_script(void)
{
	static const u32 flags[] = { 0, BPF_F_RDONLY, BPF_F_WRONLY, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG,
				     BPF_F_RDONLY | BPF_F_WRONLY, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG };

	for (u32 i = 0; i < ARRAY_SIZE(kinds) * ARRAY_SIZE(flags); i++) {
		const struct kind *k = &kinds[i / ARRAY_SIZE(flags)];
		u32 f = flags[i % ARRAY_SIZE(flags)];
		u64 value[64] = { 0 }, next[2];
		union bpf_attr attr = { 0 };
		int fd = make(k, f);

		step(fd < 0 ? fd : 0, "%s, flags %#x", k->name, f);
		if (fd < 0)
			continue;
		step(elem(BPF_MAP_UPDATE_ELEM, fd, k, 1, value, 0), "%s, %#x: update", k->name, f);
		step(elem(BPF_MAP_LOOKUP_ELEM, fd, k, 1, value, 0), "%s, %#x: lookup", k->name, f);
		step(elem(BPF_MAP_GET_NEXT_KEY, fd, k, 1, next, 0), "%s, %#x: next", k->name, f);
		step(elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, k, 1, value, 0), "%s, %#x: take", k->name, f);
		elem(BPF_MAP_UPDATE_ELEM, fd, k, 1, value, 0);
		step(elem(BPF_MAP_DELETE_ELEM, fd, k, 1, NULL, 0), "%s, %#x: delete", k->name, f);
		attr.map_fd = (u32)fd;
		step(bpf(BPF_MAP_FREEZE, &attr), "%s, %#x: freeze", k->name, f);
		step(elem(BPF_MAP_UPDATE_ELEM, fd, k, 1, value, 0), "%s, %#x: frozen", k->name, f);
		step(elem(BPF_MAP_DELETE_ELEM, fd, k, 1, NULL, 0), "%s, %#x: frozen delete", k->name, f);
		step(elem(BPF_MAP_LOOKUP_ELEM, fd, k, 1, value, 0), "%s, %#x: frozen lookup", k->name, f);
		close(fd);
	}
}

static void access_flags_answer_as_linux(void **state __unused_arg)
{
	compare(access_script);
}

/* ---- batches ---------------------------------------------------------------------------------------- */

struct batch {
	u32 keys[32][2];
	u64 values[32 * 64];
	u32 cnt;
	u64 token[4];
};

static u32 *batch_key(struct batch *b, const struct kind *k, u32 i)
{
	return (u32 *)((char *)b->keys + (u64)i * k->key_size);
}

static void batch_fill(struct batch *b, const struct kind *k, u32 first, u32 cnt)
{
	u32 key[2];

	b->cnt = cnt;
	for (u32 i = 0; i < cnt; i++) {
		key_of(k, first + i, key);
		memcpy(batch_key(b, k, i), key, k->key_size);
		for (u64 v = 0; v < value_size(k) / 8; v++)
			b->values[i * value_size(k) / 8 + v] = 100 * (first + i) + v;
	}
}

static long batch(int cmd, int fd, struct batch *b, bool goes_on, u64 elem_flags, u64 flags)
{
	union bpf_attr attr = { 0 };
	u64 in[4];
	long err;

	memcpy(in, b->token, sizeof(in));
	attr.batch.map_fd = (u32)fd;
	attr.batch.keys = P(b->keys);
	attr.batch.values = cmd == BPF_MAP_DELETE_BATCH ? 0 : P(b->values);
	attr.batch.count = b->cnt;
	if (cmd == BPF_MAP_LOOKUP_BATCH || cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH) {
		attr.batch.in_batch = goes_on ? P(in) : 0;
		attr.batch.out_batch = P(b->token);
	}
	attr.batch.elem_flags = elem_flags;
	attr.batch.flags = flags;
	err = bpf(cmd, &attr);
	b->cnt = attr.batch.count;
	return err;
}

/* What was read, as one number; the order counts only where it is the map's own. */
static s64 contents(struct batch *b, const struct kind *k)
{
	u64 sum = 0, one;

	for (u32 i = 0; i < b->cnt && i < 32; i++) {
		one = *batch_key(b, k, i) + 1;
		for (u64 v = 0; v < value_size(k) / 8; v++)
			one = one * 31 + b->values[i * value_size(k) / 8 + v];
		sum = k->has_order ? sum * 1000003 + one : sum + one;
	}
	return (s64)sum;
}

static void batch_script_of(const struct kind *k)
{
	static struct batch b;
	int fd = make(k, 0);
	long err;

	step(fd < 0 ? fd : 0, "%s made", k->name);
	batch_fill(&b, k, 1, 5);
	step(batch(BPF_MAP_UPDATE_BATCH, fd, &b, false, 0, 0), "%s: update 5", k->name);
	step(b.cnt, "%s: updated", k->name);
	batch_fill(&b, k, 4, 3);
	step(batch(BPF_MAP_UPDATE_BATCH, fd, &b, false, BPF_NOEXIST, 0), "%s: insert old", k->name);
	step(b.cnt, "%s: inserted", k->name);
	b.cnt = 32;
	err = batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, 0, 0);
	step(err, "%s: look up all", k->name);
	step(b.cnt, "%s: looked up", k->name);
	step(err == -ENOTSUPP ? 0 : contents(&b, k), "%s: contents", k->name);
	for (u32 i = 0; k->has_order && i < 8; i++) {
		b.cnt = 2;
		err = batch(BPF_MAP_LOOKUP_BATCH, fd, &b, i, 0, 0);
		step(err, "%s: two more", k->name);
		step(b.cnt, "%s: how many of two", k->name);
		step(contents(&b, k), "%s: two contents", k->name);
		if (err)
			break;
	}
	b.cnt = 0;
	step(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, 0, 0), "%s: look up none", k->name);
	b.cnt = 4;
	step(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, 0, 1), "%s: flags 1", k->name);
	b.cnt = 4;
	step(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, BPF_F_LOCK, 0), "%s: locked", k->name);
	b.cnt = 4;
	step(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, BPF_EXIST, 0), "%s: elem flags", k->name);
	batch_fill(&b, k, 2, 2);
	step(batch(BPF_MAP_DELETE_BATCH, fd, &b, false, 0, 0), "%s: delete 2", k->name);
	step(b.cnt, "%s: deleted", k->name);
	batch_fill(&b, k, 1, 3);
	step(batch(BPF_MAP_DELETE_BATCH, fd, &b, false, 0, 0), "%s: delete missing", k->name);
	step(b.cnt, "%s: deleted before", k->name);
	b.cnt = 32;
	step(batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, fd, &b, false, 0, 0), "%s: take all", k->name);
	step(b.cnt, "%s: taken", k->name);
	b.cnt = 32;
	step(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, 0, 0), "%s: look again", k->name);
	step(b.cnt, "%s: looked again", k->name);
	close(fd);
	fd = make(k, BPF_F_RDONLY);
	if (fd < 0)
		return;
	batch_fill(&b, k, 1, 2);
	step(batch(BPF_MAP_UPDATE_BATCH, fd, &b, false, 0, 0), "%s: read-only update", k->name);
	step(batch(BPF_MAP_DELETE_BATCH, fd, &b, false, 0, 0), "%s: read-only delete", k->name);
	step(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, 0, 0), "%s: read-only lookup", k->name);
	close(fd);
}

static void batch_script(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		batch_script_of(&kinds[i]);
}

static void batches_answer_as_linux(void **state __unused_arg)
{
	compare(batch_script);
}

/* ---- maps of maps ------------------------------------------------------------------------------------- */

static u32 map_id(int fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = P(&info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) ? 0 : info.id;
}

static void inner_script(void)
{
	static const struct kind outer[] = {
		{ "array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, false, true },
		{ "hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4, 0, false, false },
	};

	for (u32 i = 0; i < 2; i++) {
		const struct kind *k = &outer[i];
		int in = make(&kinds[0], 0), fd, by_id;
		union bpf_attr attr = { .map_type = k->type, .key_size = 4, .value_size = 4,
					.max_entries = 4, .inner_map_fd = (u32)in };
		static struct batch b;
		u64 value = 0;
		u32 id;

		fd = (int)bpf(BPF_MAP_CREATE, &attr);
		step(fd < 0 ? fd : 0, "%s made", k->name);
		step(elem(BPF_MAP_UPDATE_ELEM, fd, k, 1, &in, 0), "%s: put in", k->name);
		step(elem(BPF_MAP_LOOKUP_ELEM, fd, k, 1, &value, 0), "%s: look up", k->name);
		step(value && value == map_id(in), "%s: gives the id", k->name);
		b.cnt = 8;
		step(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, 0, 0), "%s: look up all", k->name);
		step(b.cnt, "%s: looked up", k->name);
		step((u32)b.values[0] == map_id(in), "%s: all give the id", k->name);
		/* The slot alone keeps the map. */
		id = (u32)value;
		close(in);
		memset(&attr, 0, sizeof(attr));
		attr.map_id = id;
		by_id = (int)bpf(BPF_MAP_GET_FD_BY_ID, &attr);
		step(by_id >= 0, "%s: the slot keeps it", k->name);
		if (by_id >= 0)
			close(by_id);
		step(elem(BPF_MAP_DELETE_ELEM, fd, k, 1, NULL, 0), "%s: delete", k->name);
		step(elem(BPF_MAP_DELETE_ELEM, fd, k, 1, NULL, 0), "%s: delete again", k->name);
		step(elem(BPF_MAP_LOOKUP_ELEM, fd, k, 1, &value, 0), "%s: look up none", k->name);
		b.cnt = 8;
		step(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, 0, 0), "%s: look up all, none", k->name);
		step(b.cnt, "%s: found none", k->name);
		close(fd);
		memset(&attr, 0, sizeof(attr));
		attr.map_type = k->type;
		attr.key_size = attr.value_size = attr.max_entries = 4;
		attr.inner_map_fd = 9999;
		step(bpf(BPF_MAP_CREATE, &attr), "%s without a template", k->name);
		attr.max_entries = 0;
		step(bpf(BPF_MAP_CREATE, &attr), "%s of no entries without a template", k->name);
	}
}

static void maps_of_maps_answer_as_linux(void **state __unused_arg)
{
	compare(inner_script);
}

/* ---- exclusive maps ------------------------------------------------------------------------------------ */

static int make_exclusive(const void *hash, u32 hash_size)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
				.max_entries = 1 };

	attr.excl_prog_hash = P(hash);
	attr.excl_prog_hash_size = hash_size;
	return (int)bpf(BPF_MAP_CREATE, &attr);
}

/* r0 = @ret; with a reference to the map. */
static long load(int map_fd, s32 ret, u8 ret_hash[32])
{
	struct bpf_insn insns[] = { LD_MAP(1, map_fd), MOV_K(0, ret), EXIT_() };
	union bpf_attr attr = { 0 };
	long fd;

	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = P(insns);
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = P("GPL");
	fd = map_fd < 0 ? map_fd : bpf(BPF_PROG_LOAD, &attr);
	insns[0].imm = 0;
	if (ret_hash)
		sha256(insns, sizeof(insns), ret_hash);
	return fd;
}

static void exclusive_script(void)
{
	u8 hash[32] = { 0 };
	long prog;
	int map;

	load(-1, 1, hash);
	step(make_exclusive(hash, 31), "a hash too short");
	step(make_exclusive((const void *)8, 32), "a hash nowhere");
	step(make_exclusive(NULL, 32), "no hash, but a size");
	map = make_exclusive(hash, 32);
	step(map < 0 ? map : 0, "an exclusive map");
	prog = load(map, 1, NULL);
	step(prog < 0 ? prog : 0, "its program");
	if (prog >= 0)
		close((int)prog);
	step(load(map, 2, NULL), "another program");
	close(map);
}

static void exclusive_maps_answer_as_linux(void **state __unused_arg)
{
	compare(exclusive_script);
}

static void M07_exclusive_maps_are_no_inner_maps(void **state __unused_arg)
{
	static const u32 types[] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS };
	static const struct kind array = { "array", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, false, true };
	static const struct kind outer = { "outer", 0, 4, 4, 4, 0, false, false };
	u8 hash[32] = { 0 };
	int excl, plain;

	load(-1, 1, hash);
	excl = make_exclusive(hash, 32);
	plain = make(&array, 0);
	assert_true(excl >= 0 && plain >= 0);
	for (u32 i = 0; i < 2; i++) {
		union bpf_attr attr = { .map_type = types[i], .key_size = 4, .value_size = 4,
					.max_entries = 4, .inner_map_fd = (u32)excl };
		u64 none = 0;
		int fd;

		assert_int_equal(bpf(BPF_MAP_CREATE, &attr), -EINVAL);
		attr.inner_map_fd = (u32)plain;
		fd = (int)bpf(BPF_MAP_CREATE, &attr);
		assert_true(fd >= 0);
		assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, fd, &outer, 0, &excl, 0), -EINVAL);
		assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, fd, &outer, 0, &none, 0), -ENOENT);
		assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, fd, &outer, 0, &plain, 0), 0);
		close(fd);
	}
	close(excl);
	close(plain);
}

/* ---- the resizable hash, which the kernel may not have -------------------------------------------------- */

static void M02_batches_of_a_resizable_hash(void **state __unused_arg)
{
	static const struct kind rhash = { "rhash", BPF_MAP_TYPE_RHASH, 4, 8, 100, BPF_F_NO_PREALLOC, false, true };
	static struct batch b;
	int fd = make(&rhash, 0);
	u8 seen[32] = { 0 };
	u32 rounds = 0;
	long err;

	assert_true(fd >= 0);
	batch_fill(&b, &rhash, 0, 20);
	assert_int_equal(batch(BPF_MAP_UPDATE_BATCH, fd, &b, false, 0, 0), 0);
	assert_int_equal(b.cnt, 20);
	do {
		b.cnt = 7;
		err = batch(BPF_MAP_LOOKUP_BATCH, fd, &b, rounds++, 0, 0);
		for (u32 i = 0; i < b.cnt; i++) {
			u32 nr = *batch_key(&b, &rhash, i);

			assert_true(nr < 20 && !seen[nr]);
			assert_int_equal(b.values[i], 100 * nr);
			seen[nr] = 1;
		}
	} while (!err);
	assert_int_equal(err, -ENOENT);
	assert_int_equal(rounds, 3);
	for (u32 i = 0; i < 20; i++)
		assert_true(seen[i]);
	batch_fill(&b, &rhash, 3, 5);
	assert_int_equal(batch(BPF_MAP_DELETE_BATCH, fd, &b, false, 0, 0), 0);
	b.cnt = 32;
	assert_int_equal(batch(BPF_MAP_LOOKUP_AND_DELETE_BATCH, fd, &b, false, 0, 0), -ENOENT);
	assert_int_equal(b.cnt, 15);
	b.cnt = 32;
	assert_int_equal(batch(BPF_MAP_LOOKUP_BATCH, fd, &b, false, 0, 0), -ENOENT);
	assert_int_equal(b.cnt, 0);
	close(fd);
}

static u32 possible_cpus(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "r");
	u32 first, last;
	int n;

	if (!f)
		return 1;
	n = fscanf(f, "%u-%u", &first, &last);
	fclose(f);
	return n == 2 && last < VCPU_MAX ? last + 1 : 1;
}

static int setup(void **state __unused_arg)
{
	struct skep_opts opts = { .cpu_cnt = possible_cpus() };

	cpus = opts.cpu_cnt;
	return skep_boot(&opts, &skep);
}

static int teardown(void **state __unused_arg)
{
	skep_free(skep);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_flags_answer_as_linux),
		cmocka_unit_test(batches_answer_as_linux),
		cmocka_unit_test(maps_of_maps_answer_as_linux),
		cmocka_unit_test(exclusive_maps_answer_as_linux),
		cmocka_unit_test(M07_exclusive_maps_are_no_inner_maps),
		cmocka_unit_test(M02_batches_of_a_resizable_hash),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
