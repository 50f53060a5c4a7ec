/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_types_stress.c - LRU hashes, queues, stacks and tries under threads and signal handlers.
 * Values tell which key they belong to. Also meant for builds with ThreadSanitizer.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../core/sigtimer.h"

#define CPUS 8

#include "threads.h"

/* ---- LRU ----------------------------------------------------------------------------------------- */

#define LRU_MAX	 256u
#define LRU_KEYS 400u

static void lru_step(struct job *job)
{
	u32 key = pick(job, LRU_KEYS), op = pick(job, 8);
	u64 value[4] = { key, key, key, key }, *found, start = host_now_ns();
	long err = 0;

	if (op < 3) {
		found = job->map->ops->lookup(job->map, &key);
		/* As in Linux an element may be another key's a moment later; it is never torn from
		 * one that is none. */
		job->wrong += found && __atomic_load_n(found, __ATOMIC_RELAXED) >= LRU_KEYS;
	} else if (op < 7) {
		err = job->map->ops->update(job->map, &key, value, op == 6 ? BPF_NOEXIST : BPF_ANY);
		job->failed += failed_for_no_reason(err, -EEXIST, start);
	} else {
		job->map->ops->delete (job->map, &key);
	}
}

static void *lru_work(void *arg)
{
	struct job *job = arg;

	for (; goes_on(job); job->ops++) {
		struct vcpu *vcpu = vcpu_enter(vcpus);

		rcu_enter();
		lru_step(job);
		rcu_leave();
		vcpu_leave(vcpu);
	}
	return NULL;
}

/* @cnt new keys on each vCPU. */
static void fill_shares(struct skep_map *map, u32 cnt)
{
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		struct vcpu *vcpu;

		assert_int_equal(vcpu_bind(vcpus, cpu), 0);
		vcpu = vcpu_enter(vcpus);
		rcu_enter();
		for (u32 i = 0; i < cnt; i++) {
			u64 value[4] = { 0 };
			u32 key = 1000 + cpu * 1000 + i;

			assert_int_equal(map->ops->update(map, &key, value, 0), 0);
		}
		rcu_leave();
		vcpu_leave(vcpu);
		vcpu_unbind(vcpus);
	}
}

static void delete_all(struct skep_map *map)
{
	for (u32 key = 0; key < 1000 * (CPUS + 1); key++)
		map_sys_delete(map, &key);
	assert_int_equal(count_keys(map), 0);
}

/*
 * Each vCPU's share is still there: that many keys fit without one going. An element that was deleted while its set's
 * lock could not be had in time, as on a busy machine, waits in a list of used ones until somebody looks at it; so
 * many keys go through each set first.
 */
static void check_shares(struct skep_map *map)
{
	delete_all(map);
	fill_shares(map, 8 * LRU_MAX / CPUS);
	delete_all(map);
	fill_shares(map, LRU_MAX / CPUS);
	assert_int_equal(count_keys(map), LRU_MAX);
}

static void lru_under_threads(void **state __unused_arg)
{
	static const u32 types[] = { BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH };

	for (u32 t = 0; t < 4; t++) {
		u32 flags = t & 1 ? BPF_F_NO_COMMON_LRU : 0;
		struct skep_map *map = make(types[t / 2], 4, 32, LRU_MAX, flags);
		struct job jobs[THREADS_MAX];
		u64 ops = 0;

		run_threads(jobs, map, lru_work);
		for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++) {
			assert_int_equal(jobs[i].wrong, 0);
			assert_int_equal(jobs[i].failed, 0);
			ops += jobs[i].ops;
		}
		assert_true(count_keys(map) <= LRU_MAX);
		assert_true(count_keys(map) > 0);
		print_message("%s%s: %llu operations\n", map_type_name(map->type), flags ? ", own lists" : "",
			      (unsigned long long)ops);
		if (flags)
			check_shares(map);
		map_put(map);
	}
}

static struct skep_map *signal_map;
static u32 signal_done, signal_refused, signal_other;

static void count_result(long err)
{
	if (!err)
		signal_done++;
	else if (err == -EDEADLK || err == -EBUSY || err == -ETIMEDOUT || err == -ENOMEM)
		signal_refused++;
	else
		signal_other++;
}

static void use_in_handler(int sig __unused_arg)
{
	static u64 value[512];
	static u32 key;
	int saved_errno = errno;
	struct vcpu *vcpu = vcpu_try_enter(vcpus);

	if (!vcpu) {
		errno = saved_errno;
		return;
	}
	rcu_enter();
	key = (key + 1) % 16;
	if (signal_map->ops->push) {
		count_result(signal_map->ops->push(signal_map, value, BPF_EXIST));
	} else {
		count_result(signal_map->ops->update(signal_map, &(u32[2]){ key, key }, value, 0));
		signal_map->ops->lookup(signal_map, &(u32[2]){ key, key });
		if (key % 4 == 0)
			signal_map->ops->delete (signal_map, &(u32[2]){ key, key });
	}
	rcu_leave();
	vcpu_leave(vcpu);
	errno = saved_errno;
}

static u32 main_failed;

/* The thread that the handler interrupts; its own operations never meet a lock. */
static void use_and_be_interrupted(struct skep_map *map)
{
	u64 until = host_now_ns() + RUN_NS;
	static u64 value[512];
	long err;

	signal_map = map;
	signal_done = signal_refused = signal_other = main_failed = 0;
	start_timer(use_in_handler, 50);
	for (u32 nr = 0; host_now_ns() < until; nr++) {
		struct vcpu *vcpu = vcpu_enter(vcpus);
		u32 key[2] = { nr % 16, nr % 16 };

		rcu_enter();
		if (map->ops->push) {
			err = nr % 2 ? map->ops->push(map, value, BPF_EXIST) : map->ops->pop(map, value);
			main_failed += err && err != -ENOENT;
		} else {
			main_failed += !!map->ops->update(map, key, value, 0);
			map->ops->lookup(map, key);
			if (nr % 5 == 0)
				map->ops->delete (map, key);
		}
		rcu_leave();
		vcpu_leave(vcpu);
	}
	stop_timer();
	print_message("%s: in handlers %u done, %u refused\n", map_type_name(map->type), signal_done,
		      signal_refused);
	assert_true(signal_done + signal_refused > 0);
	assert_int_equal(signal_other, 0);
	assert_int_equal(main_failed, 0);
}

static void M03_handler_interrupts_lru_update(void **state __unused_arg)
{
	for (u32 t = 0; t < 4; t++) {
		u32 max = t < 2 ? 4 : 12;
		struct skep_map *map = make(BPF_MAP_TYPE_LRU_HASH, 4, 4096, max,
					    t & 1 ? BPF_F_NO_COMMON_LRU : 0);
		u8 value[4096] = { 0 };

		use_and_be_interrupted(map);
		/* Consistent afterwards: nothing refuses, and no key is too many. */
		for (u32 key = 0; key < 200; key++)
			assert_int_equal(map_sys_update(map, &key, value, 0), 0);
		assert_in_range(count_keys(map), 1, max);
		map_put(map);
	}
}

static void handlers_interrupt_queues_and_tries(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_QUEUE, 0, 4096, 8, 0);

	use_and_be_interrupted(map);
	map_put(map);
	map = make(BPF_MAP_TYPE_STACK, 0, 4096, 8, 0);
	use_and_be_interrupted(map);
	map_put(map);
	map = make(BPF_MAP_TYPE_LPM_TRIE, 8, 4096, 16, BPF_F_NO_PREALLOC);
	use_and_be_interrupted(map);
	assert_in_range(count_keys(map), 1, 16);
	map_put(map);
}

/* ---- queues and stacks ------------------------------------------------------------------------------ */

/* Half of the threads push numbers of their own, the others pop them. */
static void *queue_work(void *arg)
{
	struct job *job = arg;

	for (; goes_on(job); job->ops++) {
		struct vcpu *vcpu = vcpu_enter(vcpus);
		u64 value[3] = { job->ops, job->ops * 3, job->nr }, start = host_now_ns();
		long err;

		rcu_enter();
		if (job->nr % 2) {
			err = job->map->ops->push(job->map, value, 0);
			job->in_cnt += !err;
			job->in_sum += err ? 0 : value[0] + value[2];
			job->failed += failed_for_no_reason(err, -E2BIG, start);
		} else {
			err = job->map->ops->pop(job->map, value);
			job->wrong += !err && value[1] != value[0] * 3;
			job->out_cnt += !err;
			job->out_sum += err ? 0 : value[0] + value[2];
			job->failed += failed_for_no_reason(err, -ENOENT, start);
		}
		rcu_leave();
		vcpu_leave(vcpu);
	}
	return NULL;
}

static void queues_lose_and_double_nothing(void **state __unused_arg)
{
	for (u32 t = 0; t < 2; t++) {
		struct skep_map *map = make(t ? BPF_MAP_TYPE_STACK : BPF_MAP_TYPE_QUEUE, 0, 24, 1000, 0);
		u64 cnt = 0, sum = 0, passed = 0, value[3];
		struct job jobs[THREADS_MAX];

		run_threads(jobs, map, queue_work);
		for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++) {
			assert_int_equal(jobs[i].wrong, 0);
			assert_int_equal(jobs[i].failed, 0);
			passed += jobs[i].out_cnt;
			cnt += jobs[i].in_cnt - jobs[i].out_cnt;
			sum += jobs[i].in_sum - jobs[i].out_sum;
		}
		assert_true(passed > 0);
		while (!map_sys_lookup_and_delete(map, NULL, value, 0)) {
			cnt--;
			sum -= value[0] + value[2];
		}
		assert_int_equal(cnt, 0);
		assert_int_equal(sum, 0);
		map_put(map);
	}
}

/* ---- tries ------------------------------------------------------------------------------------------ */

/* 10.0.0.0/8 is always there, replaced now and then; longer prefixes come and go. A value is its
 * key's length and address, of which the looked-up address must be a part. */
static void *trie_work(void *arg)
{
	struct job *job = arg;

	for (; goes_on(job); job->ops++) {
		u32 len = pick(job, 3) ? 8 + pick(job, 25) : 8;
		u8 key[8] = { 0, 0, 0, 0, 10, pick(job, 4) << 6, pick(job, 2), pick(job, 2) };
		struct vcpu *vcpu = vcpu_enter(vcpus);
		u8 value[8], *found;
		u32 mask, addr;
		u64 start = host_now_ns();
		long err;

		memcpy(key, &len, 4);
		memcpy(value, key, 8);
		rcu_enter();
		if (job->nr % 2 && pick(job, 3) && len > 8) {
			err = job->map->ops->delete (job->map, key);
			job->failed += failed_for_no_reason(err, -ENOENT, start);
		} else if (job->nr % 2) {
			err = job->map->ops->update(job->map, key, value, 0);
			job->failed += err != -ENOMEM && failed_for_no_reason(err, -ENOSPC, start);
		} else {
			memcpy(key, &(u32){ 32 }, 4);
			found = job->map->ops->lookup(job->map, key);
			if (found) {
				memcpy(&len, found, 4);
				mask = len < 32 ? ~(0xffffffffu >> len) : ~0u;
				memcpy(&addr, found + 4, 4);
				memcpy(&mask, &(u32){ __builtin_bswap32(mask) }, 4);
				job->wrong += len < 8 || len > 32 ||
					      ((addr ^ *(u32 *)(void *)(key + 4)) & mask);
			} else {
				job->wrong++;
			}
		}
		rcu_leave();
		vcpu_leave(vcpu);
	}
	return NULL;
}

static void tries_always_find_what_is_there(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_LPM_TRIE, 8, 8, 64, BPF_F_NO_PREALLOC);
	u8 key[8] = { 8, 0, 0, 0, 10 };
	struct job jobs[THREADS_MAX];
	u64 ops = 0;
	u32 left;

	assert_int_equal(map_sys_update(map, key, key, 0), 0);
	run_threads(jobs, map, trie_work);
	for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++) {
		assert_int_equal(jobs[i].wrong, 0);
		assert_int_equal(jobs[i].failed, 0);
		ops += jobs[i].ops;
	}
	assert_true(ops > 100);
	left = count_keys(map);
	assert_in_range(left, 1, 64);
	/* The count of elements is right: exactly so many more fit. */
	for (u32 i = 0; i < 64 - left; i++)
		assert_int_equal(map_sys_update(map, &(u32[2]){ 32, 0xc0 | i << 8 }, key, BPF_NOEXIST), 0);
	assert_int_equal(map_sys_update(map, &(u32[2]){ 32, 0xc1 }, key, BPF_NOEXIST), -ENOSPC);
	map_put(map);
}

/* ---- maps of maps ------------------------------------------------------------------------------------ */

/* What a descriptor stands for here: each number a new inner map, of which the slot of the outer
 * map holds the only reference. */
static int map_by_fd(void *ctx __unused_arg, int fd, struct skep_map **ret_map)
{
	if (fd < 0)
		return -EBADF;
	*ret_map = make(BPF_MAP_TYPE_HASH, 4, 8, 16, BPF_F_NO_PREALLOC);
	(*ret_map)->id = 1 + fd;
	return 0;
}

static const struct map_objs objs = { .map_by_fd = map_by_fd };

/* Replaces inner maps, or uses one that may be replaced meanwhile: deletes give elements to RCU
 * when the map itself may be there already. */
static void *inner_work(void *arg)
{
	struct job *job = arg;

	for (; goes_on(job); job->ops++) {
		u32 slot = pick(job, 2), key = pick(job, 16);
		u64 value = key * 3, *found;
		struct skep_map *inner;
		struct vcpu *vcpu;

		if (job->nr < 2 && pick(job, 8)) {
			job->failed += !!map_sys_update(job->map, &slot, &(int){ 5 }, 0);
			continue;
		}
		vcpu = vcpu_enter(vcpus);
		rcu_enter();
		inner = job->map->ops->lookup(job->map, &slot);
		if (!inner) {
			job->wrong++;
		} else {
			inner->ops->update(inner, &key, &value, 0);
			found = inner->ops->lookup(inner, &key);
			job->wrong += found && *found != value;
			sched_yield();
			inner->ops->delete (inner, &key);
		}
		rcu_leave();
		vcpu_leave(vcpu);
	}
	return NULL;
}

static void inner_maps_go_when_nobody_uses_them(void **state __unused_arg)
{
	static const u32 types[] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS };

	for (u32 t = 0; t < 3; t++) {
		struct map_attr attr = { .type = types[t != 0], .key_size = 4, .value_size = 4,
					 .max_entries = 2, .cpu_cnt = CPUS, .acct = &mem, .objs = &objs,
					 .flags = t == 2 ? BPF_F_NO_PREALLOC : 0 };
		struct job jobs[THREADS_MAX];
		struct skep_map *map;
		u64 ops = 0;

		assert_int_equal(map_create(&attr, &map, NULL), 0);
		for (u32 slot = 0; slot < 2; slot++)
			assert_int_equal(map_sys_update(map, &slot, &(int){ 5 }, 0), 0);
		run_threads(jobs, map, inner_work);
		for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++) {
			assert_int_equal(jobs[i].wrong, 0);
			assert_int_equal(jobs[i].failed, 0);
			ops += jobs[i].ops;
		}
		assert_true(ops > 50);
		map_put(map);
		for (u32 i = 0; i < 4; i++)
			rcu_drain();
		assert_int_equal(mem.used, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lru_under_threads),
		cmocka_unit_test(M03_handler_interrupts_lru_update),
		cmocka_unit_test(handlers_interrupt_queues_and_tries),
		cmocka_unit_test(queues_lose_and_double_nothing),
		cmocka_unit_test(tries_always_find_what_is_there),
		cmocka_unit_test(inner_maps_go_when_nobody_uses_them),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
