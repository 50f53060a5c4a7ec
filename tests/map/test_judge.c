/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_judge.c - the same random operations on a map of the running kernel and on one of skep's:
 * same results, same values, and, where Linux defines them, the same order of keys and the same
 * evictions. Skips where bpf(2) is not permitted.
 */
#include "core/rcu.h"
#include "core/vcpu.h"
#include "map/map.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define VALUES_MAX (64 * 64)

static struct memacct mem;
static struct vcpu_set *vcpus;
static u32 cpus;
static u64 rnd;

static u32 pick(u32 below)
{
	rnd = rnd * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(rnd >> 33) % below;
}

/* ---- one map here, one there ------------------------------------------------------------------ */

struct pair {
	u32 type, key_size, value_size, max_entries, flags, extra;
	struct skep_map *map;
	int fd, ctl_fd, prog_fd; /* the kernel's; the program looks up the key that ctl holds */
};

static long kernel(int cmd, union bpf_attr *attr)
{
	long ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static long kernel_elem(int cmd, int fd, const void *key, const void *value, u64 flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	attr.flags = flags;
	return syscall(SYS_bpf, cmd, &attr, 32) < 0 ? -errno : 0;
}

static int kernel_map(u32 type, u32 key, u32 value, u32 max, u32 flags, u64 extra)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.key_size = key;
	attr.value_size = value;
	attr.max_entries = max;
	attr.map_flags = flags;
	attr.map_extra = extra;
	return (int)kernel(BPF_MAP_CREATE, &attr);
}

#define INSN(code_, dst, src, off_, imm_)                                                          \
	{                                                                                          \
		.code = code_, .dst_reg = dst, .src_reg = src, .off = off_, .imm = imm_            \
	}

/* r0 = (lookup(map, &ctl[0]) != NULL) */
static void pair_prog(struct pair *p)
{
	struct bpf_insn insns[] = {
		INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, p->fd),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_MAP_VALUE, 0, 0),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr;

	p->ctl_fd = kernel_map(BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0, 0);
	assert_true(p->ctl_fd >= 0);
	insns[2].imm = p->ctl_fd;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = (uintptr_t) "GPL";
	p->prog_fd = (int)kernel(BPF_PROG_LOAD, &attr);
	assert_true(p->prog_fd >= 0);
}

static bool pair_make(struct pair *p)
{
	struct map_attr attr = { .type = p->type, .key_size = p->key_size, .value_size = p->value_size,
				 .max_entries = p->max_entries, .flags = p->flags, .extra = p->extra,
				 .cpu_cnt = cpus, .acct = &mem, .seed = 4711 };

	p->ctl_fd = p->prog_fd = -1;
	p->fd = kernel_map(p->type, p->key_size, p->value_size, p->max_entries, p->flags, p->extra);
	if (p->fd == -EPERM || p->fd == -ENOSYS)
		return false;
	assert_true(p->fd >= 0);
	assert_int_equal(map_create(&attr, &p->map, NULL), 0);
	return true;
}

static void pair_free(struct pair *p)
{
	map_put(p->map);
	close(p->fd);
	if (p->ctl_fd >= 0)
		close(p->ctl_fd);
	if (p->prog_fd >= 0)
		close(p->prog_fd);
}

/* From a program: what marks elements of LRU maps as used. */
static bool kernel_prog_lookup(const struct pair *p, const void *key)
{
	u8 ctl[64] = { 0 }, packet[64] = { 0 };
	union bpf_attr attr;
	u32 zero = 0;

	memcpy(ctl, key, p->key_size);
	assert_int_equal(kernel_elem(BPF_MAP_UPDATE_ELEM, p->ctl_fd, &zero, ctl, 0), 0);
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = p->prog_fd;
	attr.test.data_in = (uintptr_t)packet;
	attr.test.data_size_in = sizeof(packet);
	assert_int_equal(kernel(BPF_PROG_TEST_RUN, &attr), 0);
	return attr.test.retval;
}

static bool skep_prog_lookup(const struct pair *p, const void *key)
{
	struct vcpu *vcpu = vcpu_enter(vcpus);
	bool found;

	rcu_enter();
	found = p->map->ops->lookup(p->map, key);
	rcu_leave();
	vcpu_leave(vcpu);
	return found;
}

/* ---- operations --------------------------------------------------------------------------------- */

enum op { LOOKUP, UPDATE, DELETE, TAKE, NEXT, PROG_LOOKUP, OP_CNT };
static const char *const op_names[] = { "lookup", "update", "delete", "lookup_and_delete", "next_key",
					"a program's lookup" };

static void same(const struct pair *p, enum op op, u32 step, long want, long got)
{
	if (want != got)
		fail_msg("%s, step %u, %s: the kernel says %ld, skep %ld", map_type_name(p->type), step,
			 op_names[op], want, got);
}

static void one_op(const struct pair *p, enum op op, u32 step, const void *key, u64 flags)
{
	static u8 a[VALUES_MAX], b[VALUES_MAX];
	u32 size = map_sys_value_size(p->map);
	const void *k = p->key_size ? key : NULL;
	bool compare = true;
	long want, got;

	assert_true(size <= VALUES_MAX);
	for (u32 i = 0; i < size; i++)
		a[i] = (u8)pick(256);
	memcpy(b, a, size);
	switch (op) {
	case LOOKUP:
		want = kernel_elem(BPF_MAP_LOOKUP_ELEM, p->fd, k, a, 0);
		got = map_sys_lookup(p->map, k, b, 0);
		break;
	case UPDATE:
		want = kernel_elem(BPF_MAP_UPDATE_ELEM, p->fd, k, a, flags);
		got = map_sys_update(p->map, k, b, flags);
		break;
	case DELETE:
		want = kernel_elem(BPF_MAP_DELETE_ELEM, p->fd, k, NULL, 0);
		got = map_sys_delete(p->map, k);
		break;
	case TAKE:
		want = kernel_elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, p->fd, k, a, 0);
		got = map_sys_lookup_and_delete(p->map, k, b, 0);
		break;
	case NEXT:
		want = kernel_elem(BPF_MAP_GET_NEXT_KEY, p->fd, k, a, 0);
		got = map_sys_next_key(p->map, k, b);
		break;
	default:
		want = kernel_prog_lookup(p, key);
		got = skep_prog_lookup(p, key);
		break;
	}
	same(p, op, step, want, got);
	/* The pad bytes of per-CPU values and buffers of failed calls are nobody's business. */
	for (u32 i = 0; compare && !want && i < size; i++) {
		if (p->map->ops->lookup_percpu && i % 8 >= p->value_size % 8 && p->value_size % 8 &&
		    i % round_up_to(p->value_size, 8) >= p->value_size)
			continue;
		if (op != NEXT || i < p->key_size)
			same(p, op, step, a[i], b[i]);
	}
}

/* Every key that the one has the other has; for types whose order of keys is Linux's own business. */
static void same_contents(const struct pair *p, u32 key_cnt)
{
	for (u32 nr = 0; nr < key_cnt; nr++)
		one_op(p, LOOKUP, 1000000 + nr, &nr, 0);
}

/* Walks both maps to the end. */
static void same_order(const struct pair *p)
{
	u8 a[512], b[512];
	long want = kernel_elem(BPF_MAP_GET_NEXT_KEY, p->fd, NULL, a, 0);
	long got = map_sys_next_key(p->map, NULL, b);

	for (u32 i = 0; i < 10000; i++) {
		same(p, NEXT, i, want, got);
		if (want)
			return;
		assert_memory_equal(a, b, p->key_size);
		want = kernel_elem(BPF_MAP_GET_NEXT_KEY, p->fd, a, a, 0);
		got = map_sys_next_key(p->map, b, b);
	}
	fail_msg("a walk over the map does not end");
}

/* ---- queues and stacks ---------------------------------------------------------------------------- */

static void queues_and_stacks(void **state __unused_arg)
{
	static const u32 types[] = { BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK };

	for (u32 t = 0; t < 6; t++) {
		struct pair p = { .type = types[t % 2], .value_size = 1 + t * 5, .max_entries = 1 + t * 3 };

		if (!pair_make(&p))
			skip();
		for (u32 i = 0; i < 3000; i++) {
			enum op op = pick(8);

			one_op(&p, op > NEXT ? UPDATE : op, i, &op, pick(8) ? pick(2) * 2 : pick(6));
		}
		pair_free(&p);
	}
}

/* ---- LRU: what goes first ------------------------------------------------------------------------ */

/* The kernel's lists are per CPU; the test stays on one. */
static bool stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

static void check_lru(u32 type, u32 max, u32 flags, u32 keys, u32 steps)
{
	struct pair p = { .type = type, .key_size = 4, .value_size = type == BPF_MAP_TYPE_LRU_HASH ? 12 : 8,
			  .max_entries = max, .flags = flags };
	u32 base = 0;

	if (!pair_make(&p))
		skip();
	pair_prog(&p);
	for (u32 i = 0; i < steps; i++) {
		u32 key = base + pick(keys), op = pick(10);

		if (op < 3)
			one_op(&p, UPDATE, i, &key, pick(6) ? BPF_ANY : pick(4));
		else if (op < 6)
			one_op(&p, PROG_LOOKUP, i, &key, 0);
		else if (op < 8)
			one_op(&p, LOOKUP, i, &key, 0);
		else if (op == 8 && pick(4) == 0)
			one_op(&p, pick(2) ? DELETE : TAKE, i, &key, 0);
		else /* new keys push old ones out */
			one_op(&p, UPDATE, i, &(u32){ pick(keys * 4) }, BPF_ANY);
		if (i % 500 == 499)
			same_contents(&p, keys * 4);
	}
	pair_free(&p);
}

static void lru_evicts_the_same(void **state __unused_arg)
{
	static const u32 types[] = { BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH };

	if (!stay_here())
		skip();
	for (u32 t = 0; t < 4; t++) {
		u32 flags = t & 1 ? BPF_F_NO_COMMON_LRU : 0;

		check_lru(types[t / 2], 1, flags, 4, 1000);
		check_lru(types[t / 2], 7, flags, 12, 2000);
		check_lru(types[t / 2], 64, flags, 80, 3000);
		check_lru(types[t / 2], 700, flags, 800, 6000);
	}
}

/* ---- tries ------------------------------------------------------------------------------------- */

/* Few bits, so that prefixes meet; bytes beyond the prefix are noise. */
static void lpm_key(u8 *key, u32 byte_cnt)
{
	u32 len = pick(byte_cnt * 8 + (pick(20) ? 1 : 3));

	memcpy(key, &len, 4);
	for (u32 i = 0; i < byte_cnt; i++)
		key[4 + i] = pick(3) ? (pick(2) ? 0x80 : 0) : pick(256);
}

static void tries(void **state __unused_arg)
{
	static const u32 sizes[] = { 1, 2, 4, 5, 8, 9, 16, 20, 256 };

	for (u32 t = 0; t < ARRAY_SIZE(sizes); t++) {
		struct pair p = { .type = BPF_MAP_TYPE_LPM_TRIE, .key_size = 4 + sizes[t], .value_size = 1 + t * 3,
				  .max_entries = 20 + t * 5, .flags = BPF_F_NO_PREALLOC };
		u8 key[4 + 256];

		if (!pair_make(&p))
			skip();
		if (p.key_size <= 64)
			pair_prog(&p);
		for (u32 i = 0; i < 2500; i++) {
			enum op op = pick(8);

			if (op == PROG_LOOKUP && p.key_size > 64)
				op = LOOKUP;
			lpm_key(key, sizes[t]);
			one_op(&p, op > PROG_LOOKUP ? UPDATE : op, i, key, pick(4) ? BPF_ANY : pick(4));
			if (i % 50 == 0)
				same_order(&p);
		}
		pair_free(&p);
	}
}

/* ---- Bloom filters ------------------------------------------------------------------------------- */

/* With a seed of 0 even what is wrongly said to be there is the same. */
static void bloom_filters(void **state __unused_arg)
{
	for (u32 t = 0; t < 18; t++) {
		struct pair p = { .type = BPF_MAP_TYPE_BLOOM_FILTER, .value_size = 1 + t * 2 % 29,
				  .max_entries = 40 * (1 + t % 5), .flags = BPF_F_ZERO_SEED, .extra = t % 16 };
		u8 a[64];
		u32 found = 0, asked = 3000;
		long want, got;

		if (!pair_make(&p))
			skip();
		for (u32 i = 0; i < asked; i++) {
			u64 flags = pick(10) ? 0 : pick(4);

			memset(a, 0, sizeof(a));
			memcpy(a, &(u32){ pick(5000) }, min_of(p.value_size, 4u));
			a[p.value_size - 1] ^= 0x55;
			if (i < asked / 10) {
				want = kernel_elem(BPF_MAP_UPDATE_ELEM, p.fd, NULL, a, flags);
				got = map_sys_update(p.map, NULL, a, flags);
				same(&p, UPDATE, i, want, got);
				continue;
			}
			want = kernel_elem(BPF_MAP_LOOKUP_ELEM, p.fd, NULL, a, 0);
			got = map_sys_lookup(p.map, NULL, a, 0);
			same(&p, LOOKUP, i, want, got);
			found += !got;
		}
		assert_true(found);
		pair_free(&p);
	}
}

/* ---- maps of maps -------------------------------------------------------------------------------- */

static const struct {
	u32 type, key_size, value_size, max_entries, flags, extra;
} inner_kinds[] = {
	{ BPF_MAP_TYPE_HASH, 4, 8, 4, 0, 0 },
	{ BPF_MAP_TYPE_HASH, 4, 8, 8, 0, 0 },
	{ BPF_MAP_TYPE_HASH, 4, 16, 4, 0, 0 },
	{ BPF_MAP_TYPE_HASH, 8, 8, 4, 0, 0 },
	{ BPF_MAP_TYPE_HASH, 4, 8, 4, BPF_F_NO_PREALLOC, 0 },
	{ BPF_MAP_TYPE_HASH, 4, 8, 4, BPF_F_RDONLY_PROG, 0 },
	{ BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0, 0 },
	{ BPF_MAP_TYPE_ARRAY, 4, 8, 8, 0, 0 },
	{ BPF_MAP_TYPE_ARRAY, 4, 8, 4, BPF_F_INNER_MAP, 0 },
	{ BPF_MAP_TYPE_ARRAY, 4, 8, 8, BPF_F_INNER_MAP, 0 },
	{ BPF_MAP_TYPE_ARRAY, 4, 8, 4, BPF_F_MMAPABLE, 0 },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 4, 0, 0 },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 8, 0, 0 },
	{ BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 4, 0, 0 },
	{ BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, 0, 0 },
	{ BPF_MAP_TYPE_LRU_HASH, 4, 8, 4, BPF_F_NO_COMMON_LRU, 0 },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, 8, 4, BPF_F_NO_PREALLOC, 0 },
	{ BPF_MAP_TYPE_QUEUE, 0, 8, 4, 0, 0 },
	{ BPF_MAP_TYPE_QUEUE, 0, 8, 8, 0, 0 },
	{ BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 4, 0, 0 },
	{ BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 4, 0, 3 },
	{ BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, 0 },
	{ BPF_MAP_TYPE_RINGBUF, 0, 0, 8192, 0, 0 },
	{ BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, 0 },
};
#define KINDS ARRAY_SIZE(inner_kinds)

/* Descriptors here are the kernel's: the same number means the map of the same kind. */
static struct skep_map *ours[KINDS + 2];
static int theirs[KINDS + 2];

static int map_by_fd(void *ctx __unused_arg, int fd, struct skep_map **ret_map)
{
	if (fd < 0 || fd > 9999)
		return -EBADF;
	for (u32 i = 0; i < ARRAY_SIZE(ours); i++) {
		if (ours[i] && theirs[i] == fd) {
			map_get(ours[i]);
			*ret_map = ours[i];
			return 0;
		}
	}
	return -EINVAL;
}

static const struct map_objs objs = { .map_by_fd = map_by_fd };

static long outer_make(u32 type, int fd, struct skep_map **ret_map, long *ret_theirs)
{
	struct map_attr attr = { .type = type, .key_size = 4, .value_size = 4, .max_entries = 3,
				 .cpu_cnt = cpus, .acct = &mem, .seed = 1, .inner_fd = fd, .objs = &objs };
	union bpf_attr kattr;

	memset(&kattr, 0, sizeof(kattr));
	kattr.map_type = type;
	kattr.key_size = kattr.value_size = 4;
	kattr.max_entries = 3;
	kattr.inner_map_fd = fd;
	*ret_theirs = kernel(BPF_MAP_CREATE, &kattr);
	*ret_map = NULL;
	return map_create(&attr, ret_map, NULL);
}

static u32 kernel_map_id(int fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info = (uintptr_t)&info;
	attr.info.info_len = sizeof(info);
	assert_int_equal(kernel(BPF_OBJ_GET_INFO_BY_FD, &attr), 0);
	return info.id;
}

static void same_number(long want, long got, const char *what, u32 a, u32 b)
{
	if (want != got)
		fail_msg("%s, kinds %u and %u: the kernel says %ld, skep %ld", what, a, b, want, got);
}

/* Which maps go into an outer map whose template is kind @t. */
static void check_outer(u32 type, u32 t)
{
	struct skep_map *outer;
	u32 key = 1, id, their_id;
	long fd, err = outer_make(type, theirs[t], &outer, &fd);

	same_number(fd < 0 ? fd : 0, err, "outer map made", t, t);
	if (err)
		return;
	for (u32 i = 0; i < KINDS; i++) {
		for (u64 flags = 0; flags < 4; flags++)
			same_number(kernel_elem(BPF_MAP_UPDATE_ELEM, (int)fd, &key, &theirs[i], flags),
				    map_sys_update(outer, &key, &theirs[i], flags), "put in", t, i);
		id = their_id = 0;
		same_number(kernel_elem(BPF_MAP_LOOKUP_ELEM, (int)fd, &key, &their_id, 0),
			    map_sys_lookup(outer, &key, &id, 0), "looked up", t, i);
		for (u32 k = 0; id && k < KINDS; k++)
			assert_int_equal(ours[k]->id == id, kernel_map_id(theirs[k]) == their_id);
		if (i % 3 == 0)
			same_number(kernel_elem(BPF_MAP_DELETE_ELEM, (int)fd, &key, NULL, 0),
				    map_sys_delete(outer, &key), "deleted", t, i);
	}
	key = 3;
	same_number(kernel_elem(BPF_MAP_UPDATE_ELEM, (int)fd, &key, &theirs[t], 0),
		    map_sys_update(outer, &key, &theirs[t], 0), "put beyond", t, t);
	same_number(kernel_elem(BPF_MAP_UPDATE_ELEM, (int)fd, &key, &(int){ 99999 }, 0),
		    map_sys_update(outer, &key, &(int){ 99999 }, 0), "put no map", t, t);
	same_number(kernel_elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, (int)fd, &key, &id, 0),
		    map_sys_lookup_and_delete(outer, &key, &id, 0), "taken", t, t);
	/* An outer map is no inner map. */
	ours[KINDS] = outer;
	theirs[KINDS] = (int)fd;
	err = outer_make(type, (int)fd, &ours[KINDS + 1], &fd);
	same_number(fd, err, "outer map in outer map", t, t);
	ours[KINDS] = NULL;
	close(theirs[KINDS]);
	map_put(outer);
}

static void maps_of_maps(void **state __unused_arg)
{
	static const u32 types[] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS };

	for (u32 i = 0; i < KINDS; i++) {
		struct pair p = { .type = inner_kinds[i].type, .key_size = inner_kinds[i].key_size,
				  .value_size = inner_kinds[i].value_size,
				  .max_entries = inner_kinds[i].max_entries, .flags = inner_kinds[i].flags,
				  .extra = inner_kinds[i].extra };

		if (!pair_make(&p))
			skip();
		ours[i] = p.map;
		ours[i]->id = 100 + i;
		theirs[i] = p.fd;
	}
	for (u32 i = 0; i < 2 * KINDS; i++)
		check_outer(types[i % 2], i / 2);
	for (u32 i = 0; i < KINDS; i++) {
		map_put(ours[i]);
		close(theirs[i]);
	}
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
	cpus = possible_cpus();
	vcpus = vcpu_set_new(cpus);
	return !vcpus || rcu_thread_ready();
}

static int teardown(void **state __unused_arg)
{
	for (u32 i = 0; i < 3; i++)
		rcu_drain();
	vcpu_set_free(vcpus);
	return mem.used != 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_and_stacks),
		cmocka_unit_test(lru_evicts_the_same),
		cmocka_unit_test(tries),
		cmocka_unit_test(bloom_filters),
		cmocka_unit_test(maps_of_maps),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
