/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_timers.c - bpf_timer in map values: which maps may have one, what programs may do with it, what
 * helpers answer, and when callbacks run. Answers are those of Linux 6.18, which is asked again where
 * bpf(2) is permitted; what depends on time is asked of virtual time, where nothing is left to chance.
 */
#include "btf/btf.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../core/sigtimer.h"
#include "../runtime/insns.h"
#include "../verifier/minibtf.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))

enum who { KERNEL, INTERP, JIT, WHO_CNT };
static const char *const who_names[] = { "kernel", "interpreter", "jit" };
static struct skep *skeps[WHO_CNT], *real_skeps[WHO_CNT], *virtual_skeps[WHO_CNT];
static bool asked[WHO_CNT];
static int btfs[WHO_CNT], real_btfs[WHO_CNT], virtual_btfs[WHO_CNT];

static long judge(enum who who, int cmd, union bpf_attr *attr)
{
	long ret;

	if (who != KERNEL)
		return skep_bpf(skeps[who], NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

/* ---- types of values ---------------------------------------------------------------------------- */

struct value {
	u64 cnt;
	u64 timer[2];
	u64 seen; /* the key that the callback had */
};
#define TIMER_OFF 8

static struct {
	u32 key;
	u32 good;  /* struct value */
	u32 plain; /* four numbers */
	u32 two, array2, misaligned, node;
	u32 main, callback; /* functions */
} types;

static u32 two_members(struct minibtf *b, const char *name, u32 first, u32 first_off, u32 second, u32 second_off)
{
	u32 id = mb_struct(b, name, sizeof(struct value));

	mb_member(b, "first", first, first_off);
	mb_member(b, "second", second, second_off);
	return id;
}

static struct skep_btf *make_types(void)
{
	static struct minibtf b;
	u32 u64_t, timer, arr, node, proto;

	mb_init(&b);
	types.key = mb_int(&b, "int", 4);
	u64_t = mb_int(&b, "long", 8);
	timer = mb_struct(&b, "bpf_timer", 16);
	mb_member(&b, "a", u64_t, 0);
	mb_member(&b, "b", u64_t, 8);
	node = mb_struct(&b, "bpf_list_node", 24);
	mb_member(&b, "a", u64_t, 0);
	types.good = mb_struct(&b, "good", sizeof(struct value));
	mb_member(&b, "cnt", u64_t, 0);
	mb_member(&b, "timer", timer, TIMER_OFF);
	mb_member(&b, "seen", u64_t, 24);
	types.plain = two_members(&b, "plain", u64_t, 0, u64_t, 8);
	types.two = two_members(&b, "two", timer, 0, timer, 16);
	types.misaligned = two_members(&b, "misaligned", types.key, 0, timer, 4);
	types.node = two_members(&b, "node", node, 0, u64_t, 24);
	arr = mb_array(&b, timer, 2);
	b.words[b.last_at + 4] = types.key; /* mb_array() takes the element's type for the index too */
	types.array2 = mb_struct(&b, "array2", sizeof(struct value));
	mb_member(&b, "timers", arr, 0);
	proto = mb_proto(&b, types.key);
	types.main = mb_func(&b, "main", BTF_FUNC_GLOBAL, proto);
	types.callback = mb_func(&b, "callback", BTF_FUNC_STATIC, proto);
	return mb_parse(&b);
}

#define KEYS 3

static u32 map_entries = KEYS;

static long make_map(enum who who, u32 map_type, u32 value_type, u32 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_type = map_type;
	attr.key_size = 4;
	attr.value_size = sizeof(struct value);
	attr.max_entries = map_entries;
	attr.map_flags = flags;
	if (value_type) {
		attr.btf_fd = (u32)btfs[who];
		attr.btf_key_type_id = types.key;
		attr.btf_value_type_id = value_type;
	}
	return judge(who, BPF_MAP_CREATE, &attr);
}

static int one_element(enum who who)
{
	int fd;

	map_entries = 1;
	fd = (int)make_map(who, BPF_MAP_TYPE_ARRAY, types.good, 0);
	map_entries = KEYS;
	return fd;
}

static long elem(enum who who, int cmd, int fd, u32 key, struct value *value)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (u32)fd;
	attr.key = P(&key);
	attr.value = P(value);
	return judge(who, cmd, &attr);
}

/* ---- maps ----------------------------------------------------------------------------------------- */

static void maps_with_timers(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	const struct {
		const char *name;
		u32 map_type, value_type, flags;
		long want; /* 0: created */
	} cases[] = {
		{ "array", BPF_MAP_TYPE_ARRAY, types.good, 0, 0 },
		{ "hash", BPF_MAP_TYPE_HASH, types.good, 0, 0 },
		{ "hash, not preallocated", BPF_MAP_TYPE_HASH, types.good, BPF_F_NO_PREALLOC, 0 },
		{ "LRU hash", BPF_MAP_TYPE_LRU_HASH, types.good, 0, 0 },
		{ "read-only", BPF_MAP_TYPE_ARRAY, types.good, BPF_F_RDONLY_PROG, -EACCES },
		{ "percpu array", BPF_MAP_TYPE_PERCPU_ARRAY, types.good, 0, -EOPNOTSUPP },
		{ "percpu hash", BPF_MAP_TYPE_PERCPU_HASH, types.good, 0, -EOPNOTSUPP },
		{ "LRU percpu hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, types.good, 0, -EOPNOTSUPP },
		/* These are but bytes: else a read-only map would be -EACCES. */
		{ "two", BPF_MAP_TYPE_ARRAY, types.two, BPF_F_RDONLY_PROG, 0 },
		{ "array of two", BPF_MAP_TYPE_ARRAY, types.array2, BPF_F_RDONLY_PROG, 0 },
		{ "misaligned", BPF_MAP_TYPE_ARRAY, types.misaligned, BPF_F_RDONLY_PROG, 0 },
		{ "a node of a list", BPF_MAP_TYPE_ARRAY, types.node, BPF_F_RDONLY_PROG, 0 },
	};

	if (!asked[who])
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		long fd = make_map(who, cases[i].map_type, cases[i].value_type, cases[i].flags);

		if (fd >= 0)
			close((int)fd);
		if (cases[i].want ? fd != cases[i].want : fd < 0)
			fail_msg("%s, %s: %ld, want %ld", cases[i].name, who_names[who], fd, cases[i].want);
	}
}

/* ---- programs --------------------------------------------------------------------------------------- */

#define CLS BPF_PROG_TYPE_SCHED_CLS
#define FD  -1 /* the map's descriptor is put there */
#define FD2 -2 /* another map's */
#define CB  -3 /* how far away the last function is */

/* r6 = the element with key @key. */
#define LOOKUP(key) ST_K(4, 10, -4, key), MOV_X(2, 10), ADD_K(2, -4), LD_MAP(1, FD),               \
		    CALL_H(BPF_FUNC_map_lookup_elem), JNE_K(0, 0, 2), MOV_K(0, 99), EXIT_(), MOV_X(6, 0)
#define TIMER	   MOV_X(1, 6), ADD_K(1, TIMER_OFF)
#define INIT(flags) TIMER, LD_MAP(2, FD), MOV_K(3, flags), CALL_H(BPF_FUNC_timer_init)
#define SET	   TIMER, INSN_(0x18, 2, 4, 0, CB), INSN_(0, 0, 0, 0, 0), CALL_H(BPF_FUNC_timer_set_callback)
#define START(ns, flags) TIMER, MOV_K(2, ns), MOV_K(3, flags), CALL_H(BPF_FUNC_timer_start)
#define CANCEL	   TIMER, CALL_H(BPF_FUNC_timer_cancel)
#define DONE	   MOV_K(0, 0), EXIT_()
/* Counts, and tells which key it saw. */
#define COUNT	   LDX(8, 0, 3, 0), ADD_K(0, 1), STX(8, 3, 0, 0), LDX(4, 0, 2, 0), STX(8, 3, 0, 24)
#define CALLBACK   COUNT, DONE
#define MONO	   1

struct timer_case {
	const char *name;
	u32 prog_type, value_type;
	struct bpf_insn insns[64];
	u32 cnt, main_cnt; /* of main; the rest is the callback */
	const char *want;  /* part of the log; NULL: accepted */
};
#define INSNS(...) { __VA_ARGS__ }, sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn)
#define BAD_IN(prog, name, type, want, ...) { name, prog, type, INSNS(__VA_ARGS__), 0, want }
#define BAD(name, type, want, ...) BAD_IN(CLS, name, type, want, __VA_ARGS__)
#define CASE(name, ...) BAD(name, types.good, NULL, __VA_ARGS__)
/* Where main ends and the callback begins. */
#define THEN INSN_(0, 15, 15, 0, 0)

static char log_buf[1 << 16];

static long load_insns(enum who who, u32 prog_type, const struct bpf_insn *from, u32 from_cnt, int map, int map2)
{
	struct bpf_func_info funcs[2] = { { 0, types.main }, { 0, types.callback } };
	union bpf_attr attr = { 0 };
	struct bpf_insn insns[64];
	u32 cnt = 0, cb = 0;

	for (u32 i = 0; i < from_cnt; i++) {
		if (!from[i].code && from[i].dst_reg == 15)
			cb = cnt;
		else
			insns[cnt++] = from[i];
	}
	for (u32 i = 0; i < cnt; i++) {
		if (insns[i].code != 0x18)
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_FUNC)
			insns[i].imm = (s32)cb - (s32)i - 1;
		else
			insns[i].imm = insns[i].imm == FD2 ? map2 : map;
	}
	log_buf[0] = '\0';
	attr.prog_type = prog_type;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.prog_flags = prog_type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0;
	attr.log_buf = P(log_buf);
	attr.log_size = sizeof(log_buf);
	attr.log_level = 1;
	funcs[1].insn_off = cb;
	attr.prog_btf_fd = (u32)btfs[who];
	attr.func_info = P(funcs);
	attr.func_info_cnt = cb ? 2 : 1;
	attr.func_info_rec_size = sizeof(funcs[0]);
	return judge(who, BPF_PROG_LOAD, &attr);
}

static void programs_with_timers(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	const struct timer_case cases[] = {
		CASE("all helpers", LOOKUP(0), INIT(MONO), SET, START(1000, 0), CANCEL, DONE, THEN, CALLBACK),
		CASE("by address", LD_MAP_VAL(6, FD, 0), INIT(MONO), SET, DONE, THEN, CALLBACK),
		CASE("the callback uses its timer", LOOKUP(0), SET, DONE, THEN, MOV_X(6, 3), START(1000, 0), DONE),
		CASE("the callback names itself", LOOKUP(0), SET, DONE, THEN, MOV_X(6, 3), SET, DONE),
		CASE("each with a whole stack", ST_K(8, 10, -512, 0), LOOKUP(0), SET, DONE, THEN, ST_K(8, 10, -512, 0), DONE),
		BAD("beside the timer", types.good, "off 0 doesn't point to 'struct bpf_timer' that is at 8", LOOKUP(0),
		    MOV_X(1, 6), LD_MAP(2, FD), MOV_K(3, MONO), CALL_H(BPF_FUNC_timer_init), DONE),
		BAD("no BTF", 0, "has to have BTF in order to use bpf_timer", LOOKUP(0), INIT(MONO), DONE),
		BAD("no timer in the value", types.plain, "has no valid bpf_timer", LOOKUP(0), INIT(MONO), DONE),
		BAD("two timers are none", types.two, "has no valid bpf_timer", LOOKUP(0), INIT(MONO), DONE),
		BAD("on the stack", types.good, "R1 type=fp expected=map_value", MOV_X(6, 10), ADD_K(6, -24), INIT(MONO), DONE),
		BAD("of another map", types.good, "doesn't match map pointer in R2 map_uid=0", LOOKUP(0), TIMER,
		    LD_MAP(2, FD2), MOV_K(3, MONO), CALL_H(BPF_FUNC_timer_init), DONE),
		BAD("variable offset", types.good, "R1 doesn't have constant offset. bpf_timer has to be at the constant offset",
		    LOOKUP(0), LDX(8, 7, 6, 0), INSN_(0x57, 7, 0, 0, 8), MOV_X(1, 6), INSN_(0x0f, 1, 7, 0, 0), LD_MAP(2, FD),
		    MOV_K(3, MONO), CALL_H(BPF_FUNC_timer_init), DONE),
		BAD("read", types.good, "bpf_timer cannot be accessed directly by load/store", LOOKUP(0), LDX(8, 0, 6, 16), DONE),
		BAD("written", types.good, "bpf_timer cannot be accessed directly by load/store", LOOKUP(0), ST_K(8, 6, 8, 0),
		    DONE),
		BAD("written by a helper", types.good, "bpf_timer cannot be accessed directly by load/store", LOOKUP(0),
		    MOV_X(1, 6), MOV_K(2, 24), CALL_H(BPF_FUNC_get_current_comm), DONE),
		BAD("the callback returns 1", types.good, "At async callback return the register R0 has smin=1 smax=1 should have been in [0, 0]",
		    LOOKUP(0), SET, DONE, THEN, MOV_K(0, 1), EXIT_()),
		BAD("the callback returns a pointer", types.good,
		    "At async callback return the register R0 is not a known value (map_value)", LOOKUP(0), SET, DONE, THEN,
		    MOV_X(0, 3), EXIT_()),
		BAD("the callback returns nothing", types.good, "R0 !read_ok", LOOKUP(0), SET, DONE, THEN, EXIT_()),
		BAD("the callback reads behind the value", types.good, "invalid access to map value, value_size=32 off=32 size=8",
		    LOOKUP(0), SET, DONE, THEN, LDX(8, 0, 3, 32), DONE),
		BAD("the callback has no fourth argument", types.good, "R4 !read_ok", LOOKUP(0), SET, DONE, THEN, MOV_X(0, 4), DONE),
		BAD_IN(BPF_PROG_TYPE_SYSCALL, "the callback does not sleep", types.good,
		       "non-sleepable prog", LOOKUP(0), SET, DONE, THEN, MOV_X(1, 10), ADD_K(1, -8),
		       MOV_K(2, 8), MOV_K(3, 0), CALL_H(BPF_FUNC_copy_from_user), DONE),
	};

	if (!asked[who])
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct timer_case *c = &cases[i];
		int map = (int)make_map(who, BPF_MAP_TYPE_ARRAY, c->value_type, 0);
		int map2 = (int)make_map(who, BPF_MAP_TYPE_ARRAY, types.good, 0);
		long fd;

		if (c->insns[0].code == 0x18 && c->insns[0].src_reg == 2) { /* an array of one has an address */
			close(map);
			map = one_element(who);
		}
		fd = load_insns(who, c->prog_type, c->insns, c->cnt, map, map2);
		close(map);
		close(map2);
		if (fd >= 0)
			close((int)fd);
		if (c->want ? fd >= 0 || !strstr(log_buf, c->want) : fd < 0)
			fail_msg("%s, %s: %ld, want %s\n%s", c->name, who_names[who], fd, c->want ? c->want : "accepted",
				 log_buf);
	}
}

/* ---- what helpers answer ------------------------------------------------------------------------------ */

/* Loads, runs once and closes: what a timer needs of its program it holds itself. */
static u32 run_insns(enum who who, int map, const struct bpf_insn *insns, u32 cnt)
{
	union bpf_attr attr = { 0 };
	static u8 pkt[64];
	int fd = (int)load_insns(who, CLS, insns, cnt, map, -1);
	long err;

	if (fd < 0)
		fail_msg("%s: %d\n%s", who_names[who], fd, log_buf);
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = sizeof(pkt);
	err = judge(who, BPF_PROG_TEST_RUN, &attr);
	close(fd);
	assert_int_equal(err, 0);
	return attr.test.retval;
}
#define RUN(who, map, ...)                                                                         \
	((s32)run_insns(who, map, (struct bpf_insn[]){ __VA_ARGS__ },                              \
			sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn)))
/* r2 = an hour: more than 32 bits */
#define START_LATE(flags) TIMER, MOV_K(2, 3600), INSN_(0x27, 2, 0, 0, 1000000000), MOV_K(3, flags),      \
			  CALL_H(BPF_FUNC_timer_start)

static int fresh_map(enum who who, u32 type)
{
	int map = (int)make_map(who, type, types.good, 0);
	struct value v = { 0 };

	assert_true(map >= 0);
	for (u32 k = 0; k < KEYS; k++)
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, map, k, &v), 0);
	return map;
}

static u64 counted(enum who who, int map, u32 key)
{
	struct value v;

	assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, map, key, &v), 0);
	assert_int_equal(v.timer[0], 0); /* nobody sees what is in there */
	assert_int_equal(v.timer[1], 0);
	if (v.cnt)
		assert_int_equal(v.seen, key);
	return v.cnt;
}

static void helpers_answer(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	static const u32 kinds[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH };
	struct value v = { .cnt = 7, .timer = { 1, 2 } };

	if (!asked[who])
		skip();
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		int map = fresh_map(who, kinds[i]);

		/* Not initialised yet. */
		assert_int_equal(RUN(who, map, LOOKUP(1), CANCEL, EXIT_()), -EINVAL);
		assert_int_equal(RUN(who, map, LOOKUP(1), START(1, 0), EXIT_()), -EINVAL);
		assert_int_equal(RUN(who, map, LOOKUP(1), SET, EXIT_(), THEN, CALLBACK), -EINVAL);
		/* Clocks. */
		assert_int_equal(RUN(who, map, LOOKUP(1), INIT(2), EXIT_()), -EINVAL);
		assert_int_equal(RUN(who, map, LOOKUP(1), INIT(16 + MONO), EXIT_()), -EINVAL);
		assert_int_equal(RUN(who, map, LOOKUP(1), INIT(0), EXIT_()), 0);
		assert_int_equal(RUN(who, map, LOOKUP(2), INIT(7), EXIT_()), 0);
		assert_int_equal(RUN(who, map, LOOKUP(1), INIT(MONO), EXIT_()), -EBUSY);
		/* Without a callback. */
		assert_int_equal(RUN(who, map, LOOKUP(1), START(1, 0), EXIT_()), -EINVAL);
		assert_int_equal(RUN(who, map, LOOKUP(1), CANCEL, EXIT_()), 0);
		assert_int_equal(RUN(who, map, LOOKUP(1), SET, EXIT_(), THEN, CALLBACK), 0);
		assert_int_equal(RUN(who, map, LOOKUP(1), START(1, 4), EXIT_()), -EINVAL);
		assert_int_equal(RUN(who, map, LOOKUP(1), START_LATE(2), EXIT_()), 0);
		/* Cancelling takes the callback away. */
		assert_int_equal(RUN(who, map, LOOKUP(1), CANCEL, EXIT_()), 1);
		assert_int_equal(RUN(who, map, LOOKUP(1), CANCEL, EXIT_()), 0);
		assert_int_equal(RUN(who, map, LOOKUP(1), START(1, 0), EXIT_()), -EINVAL);
		/* bpf(2) writes around the timer, and yet an update ends it. */
		assert_int_equal(RUN(who, map, LOOKUP(1), SET, EXIT_(), THEN, CALLBACK), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, map, 1, &v), 0);
		assert_int_equal(RUN(who, map, LOOKUP(1), CANCEL, EXIT_()), -EINVAL);
		v.cnt = 0;
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, map, 1, &v), 0);
		assert_int_equal(RUN(who, map, LOOKUP(1), INIT(MONO), EXIT_()), 0);
		if (kinds[i] != BPF_MAP_TYPE_ARRAY) {
			assert_int_equal(elem(who, BPF_MAP_DELETE_ELEM, map, 1, NULL), 0);
			assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, map, 1, &v), 0);
			assert_int_equal(RUN(who, map, LOOKUP(1), CANCEL, EXIT_()), -EINVAL);
		}
		close(map);
	}
}

/* ---- in real time ---------------------------------------------------------------------------------------- */

/* Waits for what must come some time. */
static void wait_for(enum who who, int map, u32 key, u64 cnt)
{
	for (u32 i = 0; counted(who, map, key) < cnt; i++) {
		if (i > 60000)
			fail_msg("%s: nothing happens", who_names[who]);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static void callbacks_run(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	static const u32 kinds[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH };

	if (!asked[who])
		skip();
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		int map = fresh_map(who, kinds[i]);

		/* Relative; long past; on this CPU; and one that never comes. */
		assert_int_equal(RUN(who, map, LOOKUP(0), INIT(MONO), SET, START(1000, 0), EXIT_(), THEN, CALLBACK), 0);
		assert_int_equal(RUN(who, map, LOOKUP(1), INIT(MONO), SET, START(1000, 1), EXIT_(), THEN, CALLBACK), 0);
		wait_for(who, map, 0, 1);
		wait_for(who, map, 1, 1);
		assert_int_equal(RUN(who, map, LOOKUP(0), START(1, 2), EXIT_()), 0);
		wait_for(who, map, 0, 2);
		assert_int_equal(RUN(who, map, LOOKUP(2), INIT(MONO), SET, START_LATE(0), EXIT_(), THEN, CALLBACK), 0);
		/* One that starts itself again, until it is cancelled. */
		assert_int_equal(RUN(who, map, LOOKUP(1), SET, START(1000, 0), EXIT_(), THEN, COUNT, MOV_X(6, 3),
				     START(1000, 0), DONE), 0);
		wait_for(who, map, 1, 5);
		RUN(who, map, LOOKUP(1), CANCEL, EXIT_());
		/* Its own callback cannot cancel it: the answer goes where the key was seen. */
		assert_int_equal(RUN(who, map, LOOKUP(0), SET, START(1000, 0), EXIT_(), THEN, MOV_X(7, 3), MOV_X(6, 3), CANCEL,
				     STX(8, 7, 0, 0), DONE), 0);
		wait_for(who, map, 0, 3);
		{
			struct value v;

			assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, map, 0, &v), 0);
			assert_int_equal(v.cnt, (u64)-EDEADLK);
		}
		assert_int_equal(counted(who, map, 2), 0);
		close(map); /* ends the late one, which holds map and program */
	}
}

/* ---- in virtual time ------------------------------------------------------------------------------------- */

/* INTERP and JIT only. */
static void use(bool virtual_time)
{
	memcpy(skeps, virtual_time ? virtual_skeps : real_skeps, sizeof(skeps));
	for (enum who who = INTERP; who <= JIT; who++)
		btfs[who] = virtual_time ? virtual_btfs[who] : real_btfs[who];
}

static void virtual_time_is_exact(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	struct skep *skep;
	int map;

	use(true);
	skep = skeps[who];
	map = fresh_map(who, BPF_MAP_TYPE_ARRAY);
	assert_int_equal(RUN(who, map, LOOKUP(0), INIT(MONO), SET, START(1000, 0), EXIT_(), THEN, CALLBACK), 0);
	/* At 500 and every 300 from there on. */
	assert_int_equal(RUN(who, map, LOOKUP(1), INIT(MONO), SET, START(500, 0), EXIT_(), THEN, COUNT, MOV_X(6, 3),
			     START(300, 0), DONE), 0);
	assert_int_equal(counted(who, map, 0), 0);
	assert_int_equal(skep_advance_time(real_skeps[who], 499), -EINVAL);
	assert_int_equal(skep_advance_time(skep, 499), 0);
	assert_int_equal(counted(who, map, 1), 0);
	skep_advance_time(skep, 1);
	assert_int_equal(counted(who, map, 1), 1);
	skep_advance_time(skep, 499);
	assert_int_equal(counted(who, map, 0), 0);
	assert_int_equal(counted(who, map, 1), 2); /* 800 */
	skep_advance_time(skep, 1);
	assert_int_equal(counted(who, map, 0), 1);
	skep_advance_time(skep, 3000);
	assert_int_equal(counted(who, map, 0), 1);
	assert_int_equal(counted(who, map, 1), 12); /* 500, 800, ... 3800 */
	/* What is due happens behind the run that set it, also again and again without time passing. */
	assert_int_equal(RUN(who, map, LOOKUP(0), START(0, 0), EXIT_()), 0);
	assert_int_equal(counted(who, map, 0), 2);
	assert_int_equal(RUN(who, map, LOOKUP(2), INIT(MONO), SET, START(0, 0), EXIT_(), THEN, COUNT, MOV_X(6, 3),
			     START(0, 0), DONE), 0);
	assert_int_equal(counted(who, map, 2), 1);
	assert_int_equal(RUN(who, map, LOOKUP(0), DONE), 0);
	assert_int_equal(counted(who, map, 2), 2);
	/* At once, and then in each of ten nanoseconds. */
	skep_advance_time(skep, 10);
	assert_int_equal(counted(who, map, 2), 13);
	/* Cancelled, deleted, let go of: it does not happen. */
	assert_int_equal(RUN(who, map, LOOKUP(1), CANCEL, EXIT_()), 1);
	assert_int_equal(RUN(who, map, LOOKUP(2), CANCEL, EXIT_()), 1);
	skep_advance_time(skep, 10000);
	assert_int_equal(counted(who, map, 1), 12);
	close(map);
	use(false);
}

/* A program that is kept by its descriptor has a map whose descriptors are gone: no timer of it begins. */
static void maps_let_go_of_have_none(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	const struct bpf_insn init[] = { LOOKUP(0), INIT(MONO), EXIT_() };
	union bpf_attr attr = { 0 };
	static u8 pkt[64];
	int map, fd;

	if (!asked[who])
		skip();
	map = fresh_map(who, BPF_MAP_TYPE_ARRAY);
	fd = (int)load_insns(who, CLS, init, ARRAY_SIZE(init), map, -1);
	assert_true(fd >= 0);
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = sizeof(pkt);
	assert_int_equal(judge(who, BPF_PROG_TEST_RUN, &attr), 0);
	assert_int_equal(attr.test.retval, 0);
	close(map);
	/* The kernel lets go a little later. */
	for (u32 i = 0; i < 10000; i++) {
		assert_int_equal(judge(who, BPF_PROG_TEST_RUN, &attr), 0);
		if ((s32)attr.test.retval != -EBUSY)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	assert_int_equal((s32)attr.test.retval, -EPERM);
	close(fd);
}

/* Threads that start, cancel and delete while callbacks run: nothing is lost, freed early or left behind. */
struct busy {
	enum who who;
	int map, prog;
	u32 key;
	long err;
	pthread_t thread;
};

static void *be_busy(void *arg)
{
	struct busy *b = arg;
	union bpf_attr attr = { 0 };
	static u8 pkt[64];
	struct value v = { 0 };

	attr.test.prog_fd = (u32)b->prog;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = sizeof(pkt);
	for (u32 i = 0; i < 2000 && !b->err; i++) {
		b->err = judge(b->who, BPF_PROG_TEST_RUN, &attr);
		if (i % 7 == b->key)
			elem(b->who, BPF_MAP_DELETE_ELEM, b->map, b->key, NULL);
		if (i % 5 == b->key)
			elem(b->who, BPF_MAP_UPDATE_ELEM, b->map, b->key, &v);
	}
	return NULL;
}

static void threads_are_busy(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	const struct bpf_insn insns[] = { LOOKUP(0), INIT(MONO), SET, START(1, 0), LOOKUP(1), INIT(MONO), SET, START(100, 0),
					  CANCEL, DONE, THEN, CALLBACK };
	struct busy busy[3];
	int map, prog;

	if (!asked[who])
		skip();
	map = fresh_map(who, BPF_MAP_TYPE_HASH);
	prog = (int)load_insns(who, CLS, insns, ARRAY_SIZE(insns), map, -1);
	if (prog < 0)
		fail_msg("%s", log_buf);
	for (u32 i = 0; i < ARRAY_SIZE(busy); i++) {
		busy[i] = (struct busy){ .who = who, .map = map, .prog = prog, .key = i };
		assert_int_equal(pthread_create(&busy[i].thread, NULL, be_busy, &busy[i]), 0);
	}
	for (u32 i = 0; i < ARRAY_SIZE(busy); i++) {
		pthread_join(busy[i].thread, NULL);
		assert_int_equal(busy[i].err, 0);
	}
	close(prog);
	close(map);
}

/* ---- interrupted ---------------------------------------------------------------------------------------- */

static struct skep_prog *in_handler;
static u32 handler_done, handler_refused, handler_wrong;

static void start_in_handler(int sig)
{
	int was = errno;
	s32 ret = (s32)skep_prog_run(in_handler, NULL);

	(void)sig;
	errno = was;
	handler_done += !ret;
	handler_refused += ret == -EOPNOTSUPP;
	handler_wrong += ret && ret != -EOPNOTSUPP;
}

/* A handler cannot wait for the helper that it interrupted; that one never notices. */
static void handlers_use_the_same_timer(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	const struct bpf_insn insns[] = { LOOKUP(0), START_LATE(0), EXIT_() };
	struct timespec start, now;
	struct skep_prog *prog;
	int map, fd;

	if (!asked[who])
		skip();
	map = fresh_map(who, BPF_MAP_TYPE_ARRAY);
	fd = (int)load_insns(who, CLS, insns, ARRAY_SIZE(insns), map, -1);
	assert_int_equal(skep_prog_from_fd(skeps[who], fd, &prog), 0);
	assert_int_equal(RUN(who, map, LOOKUP(0), INIT(MONO), SET, EXIT_(), THEN, CALLBACK), 0);
	assert_int_equal(skep_prog_run(prog, NULL), 0);
	in_handler = prog;
	handler_done = handler_refused = handler_wrong = 0;
	start_timer(start_in_handler, 50);
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (u32 i = 0; i < 1000; i++)
			assert_int_equal(skep_prog_run(prog, NULL), 0);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((!handler_done || !handler_refused) && now.tv_sec - start.tv_sec < 60);
	stop_timer();
	assert_true(handler_done > 0);
	assert_true(handler_refused > 0);
	assert_int_equal(handler_wrong, 0);
	assert_int_equal(counted(who, map, 0), 0);
	skep_prog_put(prog);
	close(fd);
	close(map);
}

/* A vCPU that a thread bound to itself is nobody else's: a timer pinned there runs all the same. */
static void pinned_timers_of_a_bound_cpu_run(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	struct vcpu_set *set;
	int map;

	if (!asked[who])
		skip();
	set = skep_vcpus(skeps[who]);
	map = fresh_map(who, BPF_MAP_TYPE_ARRAY);
	assert_int_equal(vcpu_bind(set, 3), 0);
	assert_int_equal(RUN(who, map, LOOKUP(0), INIT(MONO), SET, START(1000, 2), EXIT_(), THEN, CALLBACK), 0);
	wait_for(who, map, 0, 1);
	vcpu_unbind(set);
	close(map);
}

/* ---- main ---------------------------------------------------------------------------------------------- */

static int load_btf(enum who who, const void *raw, u32 size)
{
	union bpf_attr attr = { 0 };

	attr.btf = P(raw);
	attr.btf_size = size;
	return (int)judge(who, BPF_BTF_LOAD, &attr);
}

static int set_up(void **state __unused_arg)
{
	struct utsname uts;
	int major = 0, minor = 0;
	struct skep_btf *btf = make_types();
	const void *raw;
	u32 size;

	raw = btf_raw(btf, &size);
	uname(&uts);
	sscanf(uts.release, "%d.%d", &major, &minor);
	if (major > 6 || (major == 6 && minor >= 18)) {
		btfs[KERNEL] = load_btf(KERNEL, raw, size);
		asked[KERNEL] = btfs[KERNEL] >= 0;
	}
	if (!asked[KERNEL])
		print_message("bpf(2) of Linux 6.18 or later is not to be had: it is not asked\n");
	for (enum who who = INTERP; who <= JIT; who++) {
		struct skep_opts opts = { .engine = who == JIT ? SKEP_ENGINE_JIT : SKEP_ENGINE_INTERP, .cpu_cnt = 4 };

		asked[who] = !skep_boot(&opts, &skeps[who]);
		btfs[who] = asked[who] ? load_btf(who, raw, size) : -1;
		real_skeps[who] = skeps[who];
		real_btfs[who] = btfs[who];
		opts.virtual_time = true;
		if (skep_boot(&opts, &virtual_skeps[who]))
			return -1;
		skeps[who] = virtual_skeps[who];
		virtual_btfs[who] = load_btf(who, raw, size);
	}
	use(false);
	btf_put(btf);
	return asked[INTERP] && btfs[INTERP] >= 0 ? 0 : -1;
}

static int tear_down(void **state __unused_arg)
{
	if (asked[KERNEL])
		close(btfs[KERNEL]);
	for (enum who who = INTERP; who <= JIT; who++) {
		close(real_btfs[who]);
		close(virtual_btfs[who]);
		skep_free(real_skeps[who]);
		skep_free(virtual_skeps[who]);
	}
	return 0;
}

#define TWO(name, fn)                                                                              \
	{ name ", interpreter", fn, NULL, NULL, (void *)(uintptr_t)INTERP },                       \
	{ name ", jit", fn, NULL, NULL, (void *)(uintptr_t)JIT }
#define THREE(name, fn) { name ", kernel", fn, NULL, NULL, (void *)(uintptr_t)KERNEL }, TWO(name, fn)

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREE("maps with timers", maps_with_timers),
		THREE("programs with timers", programs_with_timers),
		THREE("timer helpers answer", helpers_answer),
		THREE("callbacks of timers run", callbacks_run),
		THREE("maps let go of have no timers", maps_let_go_of_have_none),
		TWO("virtual time is exact", virtual_time_is_exact),
		TWO("timers under threads", threads_are_busy),
		TWO("a handler that interrupts a helper of the same timer is refused", handlers_use_the_same_timer),
		TWO("timers pinned to a bound CPU run", pinned_timers_of_a_bound_cpu_run),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
