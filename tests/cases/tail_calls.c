/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tail_calls.c - programs that jump to one another, and the arrays they jump through. Each test is
 * run before skep's interpreter and JIT and, where bpf(2) is permitted, before the running kernel:
 * all must count, return and refuse the same.
 */
#include "case.h"

#include "isa/isa.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))

static struct judge judge; /* under test */
static int t, u, hits; /* two program arrays of 64, and a counter */

static long bpf(int cmd, union bpf_attr *attr)
{
	return judge.bpf(judge.ctx, cmd, attr, sizeof(*attr));
}

static int map_new(u32 type, u32 value_size, u32 entries)
{
	union bpf_attr attr = { .map_type = type, .key_size = 4, .value_size = value_size,
				.max_entries = entries };

	return (int)bpf(BPF_MAP_CREATE, &attr);
}

static long elem(int cmd, int map, u32 key, void *value, u64 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (u32)map;
	attr.key = P(&key);
	attr.value = P(value);
	attr.flags = flags;
	return bpf(cmd, &attr);
}

static long slot_set(int map, u32 key, int prog)
{
	return elem(BPF_MAP_UPDATE_ELEM, map, key, &prog, BPF_ANY);
}

static long slot_clear(int map, u32 key)
{
	return elem(BPF_MAP_DELETE_ELEM, map, key, NULL, 0);
}

static int map_named(void *ctx __unused_arg, const char *name)
{
	return *name == 't' ? t : *name == 'u' ? u : hits;
}

static char load_log[65536];

static long load_as(u32 type, u32 attach_type, u32 flags, const char *text)
{
	const struct asm_syms syms = { .map = map_named };
	struct strbuf err = { 0 };
	struct func_types types;
	union bpf_attr attr = { 0 };
	struct bpf_insn *insns;
	u32 cnt;
	long fd;

	if (insn_assemble(text, &syms, &insns, &cnt, &err))
		fail_msg("%s in\n%s", strbuf_str(&err), text);
	attr.prog_type = type;
	attr.expected_attach_type = attach_type;
	attr.prog_flags = flags;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.log_buf = P(load_log);
	attr.log_size = sizeof(load_log);
	attr.log_level = 1;
	assert_int_equal(func_types_make(&judge, insns, cnt, &types, &attr), 0);
	load_log[0] = '\0';
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (types.fd >= 0)
		close(types.fd);
	free(insns);
	return fd;
}

static int load(const char *text)
{
	long fd = load_as(BPF_PROG_TYPE_XDP, 0, 0, text);

	if (fd < 0)
		fail_msg("%s: errno %ld:\n%s\n%s", judge.name, -fd, text, load_log);
	return (int)fd;
}

static u32 run(int prog)
{
	u8 packet[64] = { 0 };
	union bpf_attr attr = { 0 };

	attr.test.prog_fd = (u32)prog;
	attr.test.data_in = P(packet);
	attr.test.data_size_in = sizeof(packet);
	attr.test.repeat = 1;
	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	return attr.test.retval;
}

/* Counts in hits[0], keeps the context in r6. */
#define COUNT                                                                                      \
	"r6 = r1\n *(u32 *)(r10 - 4) = 0\n r2 = r10\n r2 += -4\n r1 = map[hits]\n call 1\n"          \
	"if r0 == 0 goto out\n r1 = 1\n lock *(u64 *)(r0 + 0) += r1\n"
#define JUMP(map, key) "r1 = r6\n r2 = map[" map "]\n r3 = " key "\n call 12\n"

static u64 count_of_run(int prog, u32 want_ret)
{
	u64 cnt = 0;

	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, hits, 0, &cnt, BPF_ANY), 0);
	assert_int_equal(run(prog), want_ret);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, hits, 0, &cnt, 0), 0);
	return cnt;
}

/* ---- chains -------------------------------------------------------------------------------------- */

static void thirty_three_and_no_more(void **state __unused_arg)
{
	int self = load(COUNT JUMP("t", "0") "r0 = 5\n exit\n out: r0 = 1\n exit");

	assert_int_equal(count_of_run(self, 5), 1); /* the slot is empty */
	assert_int_equal(slot_set(t, 0, self), 0);
	assert_int_equal(count_of_run(self, 5), 34);
	assert_int_equal(count_of_run(self, 5), 34); /* each run counts anew */
	assert_int_equal(slot_clear(t, 0), 0);
	close(self);
}

/* Program i jumps to slot i, the last returns 77: 33 jumps reach it, 34 do not. */
static u32 run_chain(u32 jumps)
{
	int progs[40];
	u32 ret;

	progs[jumps] = load("r0 = 77\n exit");
	for (u32 i = jumps; i-- > 0;) {
		char text[512];

		assert_int_equal(slot_set(t, i, progs[i + 1]), 0);
		snprintf(text, sizeof(text), "r6 = r1\n" JUMP("t", "%u") "r0 = %u\n exit", i, i);
		progs[i] = load(text);
	}
	ret = run(progs[0]);
	for (u32 i = 0; i <= jumps; i++) {
		if (i < jumps)
			assert_int_equal(slot_clear(t, i), 0);
		close(progs[i]);
	}
	return ret;
}

static void chain_of_different_programs(void **state __unused_arg)
{
	assert_int_equal(run_chain(1), 77);
	assert_int_equal(run_chain(32), 77);
	assert_int_equal(run_chain(33), 77);
	assert_int_equal(run_chain(34), 33); /* the 34th program goes on itself */
}

static void two_programs_in_turn(void **state __unused_arg)
{
	int a = load(COUNT JUMP("t", "1") "r0 = 8\n exit\n out: r0 = 1\n exit");
	int b = load("r6 = r1\n" JUMP("t", "0") "r0 = 9\n exit");

	assert_int_equal(slot_set(t, 0, a), 0);
	assert_int_equal(slot_set(t, 1, b), 0);
	assert_int_equal(count_of_run(a, 9), 17);
	assert_int_equal(count_of_run(b, 8), 17);
	assert_int_equal(slot_clear(t, 0), 0);
	assert_int_equal(slot_clear(t, 1), 0);
	close(a);
	close(b);
}

/* What finds no program does not count. */
static void misses_do_not_count(void **state __unused_arg)
{
	static const char *const misses[] = {
		JUMP("t", "9"), JUMP("t", "64"),
		"call 7\n r3 = r0\n r3 &= 1\n r3 += 9\n r1 = r6\n r2 = map[t]\n call 12\n",
		"call 7\n r3 = r0\n r3 |= 64\n r1 = r6\n r2 = map[t]\n call 12\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(misses); i++) {
		char text[1024];
		int prog;

		snprintf(text, sizeof(text), COUNT "%s" JUMP("t", "0") "r0 = 5\n exit\n out: r0 = 1\n exit",
			 misses[i]);
		prog = load(text);
		assert_int_equal(slot_set(t, 0, prog), 0);
		assert_int_equal(count_of_run(prog, 5), 34);
		assert_int_equal(slot_clear(t, 0), 0);
		close(prog);
	}
}

/* ---- keys and maps known or not -------------------------------------------------------------------- */

static void every_way_to_name_a_slot(void **state __unused_arg)
{
	int target = load("r0 = 42\n exit"), other = load("r0 = 43\n exit");
	int known = load("r6 = r1\n" JUMP("t", "3") "r0 = 1\n exit");
	int high = load("r6 = r1\n r1 = r6\n r2 = map[t]\n r3 = 0x100000003 ll\n call 12\n r0 = 1\n exit");
	int outside = load("r6 = r1\n" JUMP("t", "64") "r0 = 1\n exit");
	/* The packet is all zeros, so its first byte makes the key unknown and 3. */
	int unknown = load("r6 = r1\n r2 = *(u32 *)(r1 + 0)\n r3 = *(u32 *)(r1 + 4)\n r4 = r2\n r4 += 1\n"
			   "if r4 > r3 goto out\n r3 = *(u8 *)(r2 + 0)\n r3 += 3\n r1 = r6\n r2 = map[t]\n"
			   "call 12\n out: r0 = 1\n exit");
	int mixed = load("r6 = r1\n r2 = *(u32 *)(r1 + 0)\n r3 = *(u32 *)(r1 + 4)\n r4 = r2\n r4 += 1\n"
			 "if r4 > r3 goto out\n r3 = *(u8 *)(r2 + 0)\n r2 = map[u]\n if r3 == 0 goto go\n"
			 "r2 = map[t]\n go: r3 = 3\n r1 = r6\n call 12\n out: r0 = 1\n exit");

	assert_int_equal(run(known), 1);
	assert_int_equal(slot_set(t, 3, target), 0);
	assert_int_equal(slot_set(u, 3, other), 0);
	assert_int_equal(run(known), 42);
	assert_int_equal(run(high), 42); /* the key is 32 bits */
	assert_int_equal(run(outside), 1);
	assert_int_equal(run(unknown), 42);
	assert_int_equal(run(mixed), 43);
	assert_int_equal(slot_clear(t, 3), 0);
	assert_int_equal(slot_clear(u, 3), 0);
	assert_int_equal(run(unknown), 1);
	assert_int_equal(run(mixed), 1);
	close(target);
	close(other);
	close(known);
	close(high);
	close(outside);
	close(unknown);
	close(mixed);
}

/* ---- subprograms ----------------------------------------------------------------------------------- */

/* The program that was jumped to returns to the caller of the function; registers and stack of the
 * caller are as they were. */
static void functions_are_replaced(void **state __unused_arg)
{
	int target = load("r6 = 1\n r7 = 2\n r8 = 3\n r9 = 4\n *(u64 *)(r10 - 512) = 9\n r0 = 40\n exit");
	int prog = load("r6 = 11\n r7 = 22\n r8 = 33\n r9 = 44\n *(u64 *)(r10 - 8) = 55\n call sub\n"
			"r0 += r6\n r0 += r7\n r0 += r8\n r0 += r9\n r1 = *(u64 *)(r10 - 8)\n r0 += r1\n exit\n"
			"sub: r6 = 5\n r9 = 6\n r2 = map[t]\n r3 = 2\n call 12\n r0 = r6\n r0 += r9\n exit");

	assert_int_equal(run(prog), 11 + 165);
	assert_int_equal(slot_set(t, 2, target), 0);
	assert_int_equal(run(prog), 40 + 165);
	assert_int_equal(slot_clear(t, 2), 0);
	close(target);
	close(prog);
}

/* Main calls a function that jumps to main, twice each time: the count is the run's, not a branch's. */
static void functions_share_the_count(void **state __unused_arg)
{
	int prog = load("r6 = r1\n call sub\n r1 = r6\n call sub\n r0 = 6\n exit\n"
			"sub: " COUNT JUMP("t", "0") "out: r0 = 1\n exit");

	assert_int_equal(slot_set(t, 0, prog), 0);
	/* 33 jumps succeed; each program that was entered counts in both calls: 34 * 2. */
	assert_int_equal(count_of_run(prog, 6), 68);
	assert_int_equal(slot_clear(t, 0), 0);
	close(prog);
}

static void deep_functions_jump(void **state __unused_arg)
{
	int target = load("r0 = 100\n exit");
	int prog = load("call a\n r0 += 1\n exit\n"
			"a: *(u64 *)(r10 - 8) = 7\n call b\n r1 = *(u64 *)(r10 - 8)\n r0 += r1\n exit\n"
			"b: *(u64 *)(r10 - 16) = 3\n r2 = map[t]\n r3 = 4\n call 12\n r0 = 10\n exit");

	assert_int_equal(run(prog), 18);
	assert_int_equal(slot_set(t, 4, target), 0);
	assert_int_equal(run(prog), 108);
	assert_int_equal(slot_clear(t, 4), 0);
	close(target);
	close(prog);
}

/* ---- the map ---------------------------------------------------------------------------------------- */

static u32 id_of(int prog)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = (u32)prog;
	attr.info.info = P(&info);
	attr.info.info_len = sizeof(info);
	assert_int_equal(bpf(BPF_OBJ_GET_INFO_BY_FD, &attr), 0);
	return info.id;
}

static void descriptors_in_ids_out(void **state __unused_arg)
{
	int prog = load("r0 = 1\n exit"), other = load("r0 = 2\n exit"), fd = 1234567;
	u32 id = 0, key = 0;
	union bpf_attr attr = { 0 };

	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, t, 0, &id, 0), -ENOENT);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, t, 64, &id, 0), -ENOENT);
	assert_int_equal(slot_set(t, 0, prog), 0);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, t, 0, &id, 0), 0);
	assert_int_equal(id, id_of(prog));
	assert_int_equal(slot_set(t, 0, other), 0);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, t, 0, &id, 0), 0);
	assert_int_equal(id, id_of(other));
	/* errors */
	assert_int_equal(slot_set(t, 64, prog), -E2BIG);
	assert_int_equal(slot_set(t, 1, fd), -EBADF);
	assert_int_equal(slot_set(t, 1, hits), -EINVAL);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, t, 1, &prog, BPF_NOEXIST), -EINVAL);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, t, 0, &prog, BPF_EXIST), -EINVAL);
	assert_int_equal(slot_clear(t, 64), -E2BIG);
	assert_int_equal(slot_clear(t, 1), -ENOENT);
	assert_int_equal(slot_clear(t, 0), 0);
	assert_int_equal(slot_clear(t, 0), -ENOENT);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, t, 0, &id, 0), -ENOENT);
	/* all keys are there, empty or not */
	attr.map_fd = (u32)t;
	attr.next_key = P(&key);
	assert_int_equal(bpf(BPF_MAP_GET_NEXT_KEY, &attr), 0);
	assert_int_equal(key, 0);
	close(prog);
	close(other);
}

static void attributes_of_the_map(void **state __unused_arg)
{
	static const struct {
		u32 key, value, max, flags;
		int err;
	} cases[] = {
		{ 8, 4, 1, 0, -EINVAL }, { 4, 8, 1, 0, -EINVAL }, { 4, 4, 0, 0, -EINVAL },
		{ 4, 4, 1, BPF_F_RDONLY_PROG, -EINVAL }, { 4, 4, 1, BPF_F_MMAPABLE, -EINVAL },
		{ 4, 4, 1, BPF_F_NO_PREALLOC, -EINVAL }, { 4, 4, 1, BPF_F_INNER_MAP, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union bpf_attr attr = { .map_type = BPF_MAP_TYPE_PROG_ARRAY, .key_size = cases[i].key,
					.value_size = cases[i].value, .max_entries = cases[i].max,
					.map_flags = cases[i].flags };

		assert_int_equal(bpf(BPF_MAP_CREATE, &attr), cases[i].err);
	}
}

/* The first program that uses a map or is put into it decides who else may. */
static void one_kind_of_program(void **state __unused_arg)
{
	const char *user = "r6 = r1\n" JUMP("t", "0") "r0 = 0\n exit", *plain = "r0 = 0\n exit";
	int xdp = load(plain), old = t, skb;
	int frags = (int)load_as(BPF_PROG_TYPE_XDP, 0, BPF_F_XDP_HAS_FRAGS, plain);

	assert_true(frags >= 0);
	skb = (int)load_as(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, plain);
	assert_true(skb >= 0);
	t = map_new(BPF_MAP_TYPE_PROG_ARRAY, 4, 4);
	assert_int_equal(slot_set(t, 0, xdp), 0);
	assert_int_equal(slot_set(t, 1, skb), -EINVAL);
	assert_int_equal(slot_set(t, 1, frags), -EINVAL);
	assert_int_equal(load_as(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, user), -EINVAL);
	assert_int_equal(load_as(BPF_PROG_TYPE_XDP, 0, BPF_F_XDP_HAS_FRAGS, user), -EINVAL);
	close(load(user));
	close(t);
	/* by its user */
	t = map_new(BPF_MAP_TYPE_PROG_ARRAY, 4, 4);
	close((int)load_as(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, user));
	assert_int_equal(slot_set(t, 0, xdp), -EINVAL);
	assert_int_equal(slot_set(t, 0, skb), 0);
	close(t);
	t = old;
	close(xdp);
	close(frags);
	close(skb);
}

/* The program uses the map that holds it: when the last descriptor goes, the slots are emptied. */
static void the_last_close_empties_it(void **state __unused_arg)
{
	int old = t, prog, again;
	u32 ret = 0;

	t = map_new(BPF_MAP_TYPE_PROG_ARRAY, 4, 1);
	prog = load(COUNT JUMP("t", "0") "r0 = 5\n exit\n out: r0 = 1\n exit");
	assert_int_equal(slot_set(t, 0, prog), 0);
	again = dup(t);
	close(t);
	assert_int_equal(count_of_run(prog, 5), 34);
	close(again);
	/* The kernel does it on a worker. */
	for (u32 i = 0; i < 100 && ret != 1; i++) {
		usleep(i ? 10000 : 0);
		union bpf_attr attr = { 0 };
		bpf(BPF_PROG_GET_NEXT_ID, &attr); /* what was closed counts from the next call on */
		ret = count_of_run(prog, 5);
	}
	assert_int_equal(ret, 1);
	t = old;
	close(prog);
}

/* ---- concurrency -------------------------------------------------------------------------------------- */

static bool stop; /* atomic */

static void *run_on_and_on(void *arg)
{
	u64 *bad = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u32 ret = run((int)bad[1]);

		if (ret != 1 && ret != 50 && ret != 51)
			bad[0]++;
	}
	return NULL;
}

/* Slots change while programs jump through them, and what was in them ends. */
static void updates_while_programs_run(void **state __unused_arg)
{
	int prog = load("r6 = r1\n" JUMP("t", "7") "r0 = 1\n exit"), target;
	u64 args[2][2] = { { 0, (u64)prog }, { 0, (u64)prog } };
	pthread_t threads[2];

	__atomic_store_n(&stop, false, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_on_and_on, args[i]), 0);
	for (int i = 0; i < 200; i++) {
		target = load(i & 1 ? "r0 = 50\n exit" : "r0 = 51\n exit");
		assert_int_equal(slot_set(t, 7, target), 0);
		close(target); /* the slot holds it */
		if (i % 3 == 0)
			assert_int_equal(slot_clear(t, 7), 0);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(args[i][0], 0);
	}
	slot_clear(t, 7);
	close(prog);
}

static int setup(void **state __unused_arg)
{
	t = map_new(BPF_MAP_TYPE_PROG_ARRAY, 4, 64);
	u = map_new(BPF_MAP_TYPE_PROG_ARRAY, 4, 64);
	hits = map_new(BPF_MAP_TYPE_ARRAY, 8, 1);
	return t < 0 || u < 0 || hits < 0;
}

static int teardown(void **state __unused_arg)
{
	close(t);
	close(u);
	close(hits);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thirty_three_and_no_more),
		cmocka_unit_test(chain_of_different_programs),
		cmocka_unit_test(two_programs_in_turn),
		cmocka_unit_test(misses_do_not_count),
		cmocka_unit_test(every_way_to_name_a_slot),
		cmocka_unit_test(functions_are_replaced),
		cmocka_unit_test(functions_share_the_count),
		cmocka_unit_test(deep_functions_jump),
		cmocka_unit_test(descriptors_in_ids_out),
		cmocka_unit_test(attributes_of_the_map),
		cmocka_unit_test(one_kind_of_program),
		cmocka_unit_test(the_last_close_empties_it),
		cmocka_unit_test(updates_while_programs_run),
	};
	static const char *const judges[] = { "interp", "jit", "jit-blind", "jit-depth", "jit-unmarked", "kernel" };
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(judges); i++) {
		char name[64];

		if (!judge_make(&judge, judges[i])) {
			printf("# skipped: %s: not here\n", judges[i]);
			continue;
		}
		snprintf(name, sizeof(name), "tail calls, %s", judges[i]);
		failed |= _cmocka_run_group_tests(name, tests, ARRAY_SIZE(tests), setup, teardown);
		judge_free(&judge);
	}
	return failed;
}
