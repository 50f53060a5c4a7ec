/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_locks.c - bpf_spin_lock in map values: which maps may have one, what programs may do with it,
 * and that it keeps others out. Answers are those of Linux 6.18, which is asked again where bpf(2)
 * is permitted.
 */
#include "btf/btf.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

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
#include <unistd.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))

enum who { KERNEL, INTERP, JIT, WHO_CNT };
static const char *const who_names[] = { "kernel", "interpreter", "jit" };
static struct skep *skeps[WHO_CNT];
static bool asked[WHO_CNT];
static int btfs[WHO_CNT];

static long judge(enum who who, int cmd, union bpf_attr *attr)
{
	long ret;

	if (who != KERNEL)
		return skep_bpf(skeps[who], NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

/* ---- types of values ---------------------------------------------------------------------------- */

static struct {
	u32 key;
	u32 good;	/* struct { u64 a; struct bpf_spin_lock lock; u32 b; } */
	u32 plain;	/* struct { u64 a; u64 b; } */
	u32 nested, array1, array2, in_union;
	u32 main, callback; /* functions */
} types;

static u32 value_struct(struct minibtf *b, const char *name, u32 size, u32 type, u32 off)
{
	u32 id = mb_struct(b, name, size);

	mb_member(b, "field", type, off);
	return id;
}

/* mb_array() takes the element's type for the index too, which a structure cannot be. */
static u32 array_of(struct minibtf *b, u32 elem, u32 cnt)
{
	u32 id = mb_array(b, elem, cnt);

	b->words[b->last_at + 4] = types.key;
	return id;
}

static struct skep_btf *make_types(void)
{
	static struct minibtf b;
	u32 u32_t, u64_t, lock, inner, arr1, arr2, uni, proto;

	mb_init(&b);
	types.key = u32_t = mb_int(&b, "int", 4);
	u64_t = mb_int(&b, "long", 8);
	lock = mb_struct(&b, "bpf_spin_lock", 4);
	mb_member(&b, "val", u32_t, 0);
	types.good = mb_struct(&b, "good", 16);
	mb_member(&b, "a", u64_t, 0);
	mb_member(&b, "lock", lock, 8);
	mb_member(&b, "b", u32_t, 12);
	types.plain = mb_struct(&b, "plain", 16);
	mb_member(&b, "a", u64_t, 0);
	mb_member(&b, "b", u64_t, 8);
	inner = value_struct(&b, "inner", 8, lock, 4);
	types.nested = value_struct(&b, "nested", 16, inner, 4);
	arr1 = array_of(&b, lock, 1);
	types.array1 = value_struct(&b, "array1", 16, arr1, 8);
	arr2 = array_of(&b, lock, 2);
	types.array2 = value_struct(&b, "array2", 16, arr2, 8);
	uni = mb_union(&b, "uni", 8);
	mb_member(&b, "lock", lock, 0);
	mb_member(&b, "other", u64_t, 0);
	types.in_union = value_struct(&b, "in_union", 16, uni, 8);
	proto = mb_proto(&b, u32_t);
	types.main = mb_func(&b, "main", BTF_FUNC_GLOBAL, proto);
	types.callback = mb_func(&b, "callback", BTF_FUNC_STATIC, proto);
	return mb_parse(&b);
}

static long make_map(enum who who, u32 map_type, u32 value_type, u32 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_type = map_type;
	attr.key_size = 4;
	attr.value_size = 16;
	attr.max_entries = map_type != BPF_MAP_TYPE_SK_STORAGE;
	attr.map_flags = flags;
	if (value_type) {
		attr.btf_fd = (u32)btfs[who];
		attr.btf_key_type_id = types.key;
		attr.btf_value_type_id = value_type;
	}
	return judge(who, BPF_MAP_CREATE, &attr);
}

/* ---- maps ----------------------------------------------------------------------------------------- */

static void maps_with_locks(void **state)
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
		{ "nested", BPF_MAP_TYPE_ARRAY, types.nested, 0, 0 },
		{ "array of one", BPF_MAP_TYPE_ARRAY, types.array1, 0, 0 },
		{ "array of two", BPF_MAP_TYPE_ARRAY, types.array2, BPF_F_RDONLY_PROG, 0 },
		{ "union", BPF_MAP_TYPE_PERCPU_ARRAY, types.in_union, 0, 0 },
		{ "array of one, read-only", BPF_MAP_TYPE_ARRAY, types.array1, BPF_F_RDONLY_PROG,
		  -EACCES },
		{ "read-only", BPF_MAP_TYPE_ARRAY, types.good, BPF_F_RDONLY_PROG, -EACCES },
		{ "write-only", BPF_MAP_TYPE_HASH, types.good, BPF_F_WRONLY_PROG, -EACCES },
		{ "percpu array", BPF_MAP_TYPE_PERCPU_ARRAY, types.good, 0, -EOPNOTSUPP },
		{ "percpu hash", BPF_MAP_TYPE_PERCPU_HASH, types.good, 0, -EOPNOTSUPP },
	};

	if (!asked[who])
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		long fd = make_map(who, cases[i].map_type, cases[i].value_type, cases[i].flags);

		if (fd >= 0)
			close((int)fd);
		if (cases[i].want ? fd != cases[i].want : fd < 0)
			fail_msg("%s, %s: %ld, want %ld", cases[i].name, who_names[who], fd,
				 cases[i].want);
	}
}

/* Linux has them; skep's storage of sockets knows no fields and says so, but takes values without. */
static void locks_for_sockets(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	long fd;

	if (!asked[who])
		skip();
	fd = make_map(who, BPF_MAP_TYPE_SK_STORAGE, types.plain, BPF_F_NO_PREALLOC);
	assert_true(fd >= 0);
	close((int)fd);
	fd = make_map(who, BPF_MAP_TYPE_SK_STORAGE, types.good, BPF_F_NO_PREALLOC);
	if (who != KERNEL) {
		assert_int_equal(fd, -EOPNOTSUPP);
		return;
	}
	assert_true(fd >= 0);
	close((int)fd);
}

static long elem(enum who who, int cmd, int fd, void *value, u64 flags)
{
	union bpf_attr attr = { 0 };
	u32 key = 0;

	attr.map_fd = (u32)fd;
	attr.key = P(&key);
	attr.value = P(value);
	attr.flags = flags;
	return judge(who, cmd, &attr);
}

struct value {
	u64 a;
	u32 lock, b;
};

/* bpf(2) neither sees nor sets the lock. */
static void locks_are_not_copied(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	static const struct {
		u32 type, value;
	} maps[] = { { BPF_MAP_TYPE_ARRAY, 0 }, { BPF_MAP_TYPE_HASH, 0 } };
	struct value v;

	if (!asked[who])
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		int fd = (int)make_map(who, maps[i].type, types.good, 0);
		int plain = (int)make_map(who, maps[i].type, types.plain, 0);
		bool hash = maps[i].type == BPF_MAP_TYPE_HASH;

		v = (struct value){ 1, 77, 2 };
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, &v, 0), 0);
		memset(&v, 0xff, sizeof(v));
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, &v, 0), 0);
		assert_int_equal(v.a, 1);
		assert_int_equal(v.lock, 0);
		assert_int_equal(v.b, 2);
		v = (struct value){ 3, 77, 4 };
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, &v, BPF_F_LOCK), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, &v, BPF_F_LOCK | BPF_EXIST), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, &v, BPF_F_LOCK | BPF_NOEXIST),
				 -EEXIST);
		memset(&v, 0xff, sizeof(v));
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, &v, BPF_F_LOCK), 0);
		assert_int_equal(v.a, 3);
		assert_int_equal(v.lock, 0);
		assert_int_equal(v.b, 4);
		/* Without a lock in the value the flag means nothing. */
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, plain, &v, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, plain, &v, BPF_F_LOCK), -EINVAL);
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, plain, &v, BPF_F_LOCK), -EINVAL);
		if (hash) {
			memset(&v, 0xff, sizeof(v));
			assert_int_equal(elem(who, BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, &v, BPF_F_LOCK), 0);
			assert_int_equal(v.a, 3);
			assert_int_equal(v.lock, 0);
		}
		close(fd);
		close(plain);
	}
}

/* ---- programs --------------------------------------------------------------------------------------- */

#define CLS BPF_PROG_TYPE_SCHED_CLS
#define LOCK_OFF 8

/* r6 = element 0 of the map, r7 = what another lookup of the same element gave; r8 = the map's only
 * value by address; r9 the context. MAPS: the fd is put there. */
#define FD -1
#define LOOKUP(reg) ST_K(4, 10, -4, 0), MOV_X(2, 10), ADD_K(2, -4), LD_MAP(1, FD),                 \
		    CALL_H(BPF_FUNC_map_lookup_elem), JNE_K(0, 0, 2), MOV_K(0, 0), EXIT_(), MOV_X(reg, 0)
#define LOCK_(op, reg) MOV_X(1, reg), ADD_K(1, LOCK_OFF), CALL_H(BPF_FUNC_spin_##op)
#define DONE MOV_K(0, 0), EXIT_()
#define PSEUDO_CALL(off) INSN_(0x85, 0, 1, 0, off)

struct lock_case {
	const char *name;
	u32 prog_type, value_type;
	struct bpf_insn insns[48];
	u32 cnt;
	const char *want; /* part of the log; NULL: accepted */
};
#define CASE(name, type, ...)                                                                      \
	{ name, CLS, type, { __VA_ARGS__ }, sizeof((struct bpf_insn[]){ __VA_ARGS__ }) /            \
						    sizeof(struct bpf_insn), NULL }
#define BAD(name, type, want, ...)                                                                 \
	{ name, CLS, type, { __VA_ARGS__ }, sizeof((struct bpf_insn[]){ __VA_ARGS__ }) /            \
						    sizeof(struct bpf_insn), want }
#define BAD_IN(prog, name, type, want, ...)                                                        \
	{ name, prog, type, { __VA_ARGS__ }, sizeof((struct bpf_insn[]){ __VA_ARGS__ }) /           \
						     sizeof(struct bpf_insn), want }

static char log_buf[1 << 16];

static long load_case(enum who who, const struct lock_case *c, int map)
{
	struct bpf_func_info funcs[2] = { { 0, types.main }, { 0, types.callback } };
	struct bpf_insn insns[48];
	union bpf_attr attr = { 0 };

	memcpy(insns, c->insns, sizeof(insns));
	for (u32 i = 0; i < c->cnt; i++)
		if (insns[i].code == 0x18 && insns[i].imm == FD)
			insns[i].imm = map;
	log_buf[0] = '\0';
	attr.prog_type = c->prog_type;
	attr.insns = P(insns);
	attr.insn_cnt = c->cnt;
	attr.license = P("GPL");
	attr.prog_flags = c->prog_type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0;
	attr.log_buf = P(log_buf);
	attr.log_size = sizeof(log_buf);
	attr.log_level = 1;
	for (u32 i = 0; i < c->cnt; i++) {
		if (insns[i].code == 0x18 && insns[i].src_reg == BPF_PSEUDO_FUNC) {
			funcs[1].insn_off = i + (u32)insns[i].imm + 1;
			attr.prog_btf_fd = (u32)btfs[who];
			attr.func_info = P(funcs);
			attr.func_info_cnt = 2;
			attr.func_info_rec_size = sizeof(funcs[0]);
		}
	}
	return judge(who, BPF_PROG_LOAD, &attr);
}

static void programs_with_locks(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	const struct lock_case cases[] = {
		CASE("lock, write, unlock", types.good, LOOKUP(6), LOCK_(lock, 6), ST_K(8, 6, 0, 1),
		     ST_K(4, 6, 12, 1), LOCK_(unlock, 6), DONE),
		CASE("by address", types.good, LD_MAP_VAL(6, FD, 0), LOCK_(lock, 6), ST_K(8, 6, 0, 1),
		     LOCK_(unlock, 6), DONE),
		CASE("twice, one after the other", types.good, LOOKUP(6), LOCK_(lock, 6), LOCK_(unlock, 6),
		     LOCK_(lock, 6), LOCK_(unlock, 6), DONE),
		CASE("by a copy on the stack", types.good, LOOKUP(6), STX(8, 10, 6, -16), LOCK_(lock, 6),
		     LDX(8, 7, 10, -16), LOCK_(unlock, 7), DONE),
		BAD("never unlocked", types.good, "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
		    LOOKUP(6), LOCK_(lock, 6), DONE),
		BAD("unlocked on one path only", types.good,
		    "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
		    LOOKUP(6), LOCK_(lock, 6), LDX(8, 7, 6, 0), JEQ_K(7, 0, 3), LOCK_(unlock, 6), DONE),
		BAD("unlocked before", types.good, "bpf_spin_unlock without taking a lock", LOOKUP(6),
		    LOCK_(unlock, 6), DONE),
		BAD("the other lookup's", types.good, "bpf_spin_unlock of different lock", LOOKUP(6),
		    LOOKUP(7), LOCK_(lock, 6), LOCK_(unlock, 7), DONE),
		BAD("locked twice", types.good, "function calls are not allowed while holding a lock",
		    LOOKUP(6), LOCK_(lock, 6), LOCK_(lock, 6), LOCK_(unlock, 6), DONE),
		BAD("a helper meanwhile", types.good, "function calls are not allowed while holding a lock",
		    LOOKUP(6), LOCK_(lock, 6), CALL_H(BPF_FUNC_get_prandom_u32), LOCK_(unlock, 6), DONE),
		BAD("read", types.good, "bpf_spin_lock cannot be accessed directly by load/store",
		    LOOKUP(6), LDX(4, 0, 6, LOCK_OFF), EXIT_()),
		BAD("written", types.good, "bpf_spin_lock cannot be accessed directly by load/store",
		    LOOKUP(6), ST_K(1, 6, LOCK_OFF + 3, 0), DONE),
		BAD("written beside and over it", types.good,
		    "bpf_spin_lock cannot be accessed directly by load/store", LOOKUP(6),
		    ST_K(8, 6, LOCK_OFF, 0), DONE),
		BAD("an unknown place", types.good,
		    "bpf_spin_lock cannot be accessed directly by load/store", LOOKUP(6),
		    LDX(1, 7, 6, 0), INSN_(0x57, 7, 0, 0, 15), INSN_(0x0f, 6, 7, 0, 0), ST_K(1, 6, 0, 0),
		    DONE),
		CASE("an unknown place before it", types.good, LOOKUP(6), LDX(1, 7, 6, 0),
		     INSN_(0x57, 7, 0, 0, 7), INSN_(0x0f, 6, 7, 0, 0), ST_K(1, 6, 0, 0), DONE),
		BAD("a value to update from", types.good,
		    "bpf_spin_lock cannot be accessed directly by load/store", LOOKUP(6), MOV_X(3, 6),
		    MOV_X(2, 10), ADD_K(2, -4), LD_MAP(1, FD), MOV_K(4, 0),
		    CALL_H(BPF_FUNC_map_update_elem), DONE),
		BAD("beside the lock", types.good, "doesn't point to 'struct bpf_spin_lock' that is at 8",
		    LOOKUP(6), MOV_X(1, 6), ADD_K(1, 4), CALL_H(BPF_FUNC_spin_lock), DONE),
		BAD("a place not known", types.good, "doesn't have constant offset", LOOKUP(6),
		    LDX(1, 7, 6, 0), INSN_(0x57, 7, 0, 0, 8), MOV_X(1, 6), INSN_(0x0f, 1, 7, 0, 0),
		    CALL_H(BPF_FUNC_spin_lock), DONE),
		BAD("no lock in the value", types.plain, "has no valid bpf_spin_lock", LOOKUP(6),
		    LOCK_(lock, 6), DONE),
		BAD("no BTF", 0, "has to have BTF in order to use bpf_spin_lock", LOOKUP(6),
		    LOCK_(lock, 6), DONE),
		BAD("not looked at for NULL", types.good, "R1 type=map_value_or_null expected=map_value",
		    LDX(4, 2, 1, 0), STX(4, 10, 2, -4), MOV_X(2, 10), ADD_K(2, -4), LD_MAP(1, FD),
		    CALL_H(BPF_FUNC_map_lookup_elem), MOV_X(1, 0), CALL_H(BPF_FUNC_spin_lock), DONE),
		BAD("stack is no lock", types.good, "R1 type=fp expected=map_value", ST_K(8, 10, -8, 0),
		    MOV_X(1, 10), ADD_K(1, -8), CALL_H(BPF_FUNC_spin_lock), DONE),
		BAD("LD_ABS meanwhile", types.good, "cannot be used inside bpf_spin_lock-ed region",
		    MOV_X(9, 1), LOOKUP(7), LOCK_(lock, 7), MOV_X(6, 9), INSN_(0x20, 0, 0, 0, 0),
		    LOCK_(unlock, 7), DONE),
		CASE("a subprogram meanwhile", types.good, LOOKUP(6), LOCK_(lock, 6), PSEUDO_CALL(5),
		     LOCK_(unlock, 6), DONE, MOV_K(0, 0), EXIT_()),
		CASE("unlocked by a subprogram", types.good, LOOKUP(6), LOCK_(lock, 6), MOV_X(1, 6),
		     PSEUDO_CALL(2), DONE, ADD_K(1, LOCK_OFF), CALL_H(BPF_FUNC_spin_unlock),
		     MOV_K(0, 0), EXIT_()),
		CASE("locked by a subprogram", types.good, LOOKUP(6), MOV_X(1, 6), PSEUDO_CALL(5),
		     LOCK_(unlock, 6), DONE, ADD_K(1, LOCK_OFF), CALL_H(BPF_FUNC_spin_lock), MOV_K(0, 0),
		     EXIT_()),
		BAD("a lock that a subprogram leaves", types.good,
		    "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
		    LOOKUP(6), MOV_X(1, 6), PSEUDO_CALL(2), DONE, ADD_K(1, LOCK_OFF),
		    CALL_H(BPF_FUNC_spin_lock), MOV_K(0, 0), EXIT_()),
		BAD_IN(BPF_PROG_TYPE_SOCKET_FILTER, "socket filter", types.good,
		       "socket filter progs cannot use bpf_spin_lock yet", LOOKUP(6), DONE),
		BAD_IN(BPF_PROG_TYPE_RAW_TRACEPOINT, "tracing", types.good,
		       "tracing progs cannot use bpf_spin_lock yet", LOOKUP(6), DONE),
	};

	if (!asked[who])
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct lock_case *c = &cases[i];
		int map = (int)make_map(who, BPF_MAP_TYPE_ARRAY, c->value_type, 0);
		long fd = load_case(who, c, map);

		close(map);
		if (fd >= 0)
			close((int)fd);
		if (c->want ? fd >= 0 || !strstr(log_buf, c->want) : fd < 0)
			fail_msg("%s, %s: %ld, want %s\n%s", c->name, who_names[who], fd,
				 c->want ? c->want : "accepted", log_buf);
	}
}

/* An element of a callback has a lock of its own, and a return with it held leads nowhere. */
static void locks_in_callbacks(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
#define FUNC(reg, off) INSN_(0x18, reg, 4, 0, off), INSN_(0, 0, 0, 0, 0)
	const struct lock_case cases[] = {
		CASE("locks and unlocks", types.good, LD_MAP(1, FD), FUNC(2, 6), MOV_K(3, 0), MOV_K(4, 0),
		     CALL_H(BPF_FUNC_for_each_map_elem), DONE, MOV_X(6, 3), LOCK_(lock, 6),
		     LOCK_(unlock, 6), DONE),
		BAD("locks only", types.good, "function calls are not allowed while holding a lock",
		    LD_MAP(1, FD), FUNC(2, 6), MOV_K(3, 0), MOV_K(4, 0),
		    CALL_H(BPF_FUNC_for_each_map_elem), DONE, MOV_X(6, 3), LOCK_(lock, 6), DONE),
		BAD("called under a lock", types.good, "function calls are not allowed while holding a lock",
		    LOOKUP(6), LOCK_(lock, 6), LD_MAP(1, FD), FUNC(2, 9), MOV_K(3, 0), MOV_K(4, 0),
		    CALL_H(BPF_FUNC_for_each_map_elem), LOCK_(unlock, 6), DONE, DONE),
	};

	if (!asked[who])
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int map = (int)make_map(who, BPF_MAP_TYPE_HASH, cases[i].value_type, 0);
		struct lock_case c = cases[i];
		long fd;

		fd = load_case(who, &c, map);
		close(map);
		if (fd >= 0)
			close((int)fd);
		if (c.want ? fd >= 0 || !strstr(log_buf, c.want) : fd < 0)
			fail_msg("%s, %s: %ld, want %s\n%s", c.name, who_names[who], fd,
				 c.want ? c.want : "accepted", log_buf);
	}
}

/* ---- at work ------------------------------------------------------------------------------------------ */

struct worker {
	enum who who;
	int prog;
	long err;
	pthread_t thread;
};

#define ROUNDS 20000

static void *work(void *arg)
{
	struct worker *w = arg;
	union bpf_attr attr = { 0 };
	static u8 pkt[64];

	attr.test.prog_fd = (u32)w->prog;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = sizeof(pkt);
	attr.test.repeat = ROUNDS;
	w->err = judge(w->who, BPF_PROG_TEST_RUN, &attr);
	return NULL;
}

/* Two counters that only move together: without the lock rounds get lost. */
static void locks_keep_others_out(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	const struct lock_case c = CASE("counts", types.good, LOOKUP(6), LOCK_(lock, 6), LDX(8, 7, 6, 0),
		LDX(4, 8, 6, 12), ADD_K(7, 1), ADD_K(8, 1), STX(4, 6, 8, 12), STX(8, 6, 7, 0),
		LOCK_(unlock, 6), DONE);
	struct worker workers[3];
	struct value v;
	int map, prog;

	if (!asked[who])
		skip();
	map = (int)make_map(who, BPF_MAP_TYPE_ARRAY, types.good, 0);
	prog = (int)load_case(who, &c, map);
	assert_true(prog >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
		workers[i] = (struct worker){ .who = who, .prog = prog };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	/* Meanwhile bpf(2) sees the two equal whenever it takes the lock. */
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, map, &v, BPF_F_LOCK), 0);
		assert_int_equal(v.a, v.b);
	}
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].err, 0);
	}
	assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, map, &v, 0), 0);
	assert_int_equal(v.a, ARRAY_SIZE(workers) * ROUNDS);
	assert_int_equal(v.b, ARRAY_SIZE(workers) * ROUNDS);
	close(prog);
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
		struct skep_opts opts = { .engine = who == JIT ? SKEP_ENGINE_JIT : SKEP_ENGINE_INTERP,
					  .cpu_cnt = 4 };

		asked[who] = !skep_boot(&opts, &skeps[who]);
		btfs[who] = asked[who] ? load_btf(who, raw, size) : -1;
	}
	btf_put(btf);
	return asked[INTERP] && btfs[INTERP] >= 0 ? 0 : -1;
}

static int tear_down(void **state __unused_arg)
{
	for (enum who who = KERNEL; who <= JIT; who++)
		if (asked[who])
			close(btfs[who]);
	for (enum who who = INTERP; who <= JIT; who++)
		skep_free(skeps[who]);
	return 0;
}

#define THREE(name, fn)                                                                            \
	{ name ", kernel", fn, NULL, NULL, (void *)(uintptr_t)KERNEL },                            \
	{ name ", interpreter", fn, NULL, NULL, (void *)(uintptr_t)INTERP },                       \
	{ name ", jit", fn, NULL, NULL, (void *)(uintptr_t)JIT }

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREE("maps with locks", maps_with_locks),
		THREE("maps for sockets with locks", locks_for_sockets),
		THREE("locks are not copied", locks_are_not_copied),
		THREE("programs with locks", programs_with_locks),
		THREE("locks in callbacks", locks_in_callbacks),
		THREE("locks keep others out", locks_keep_others_out),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
