/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_rhash.c - the resizable hash: against a simple model, under threads while it grows and
 * shrinks, walked meanwhile, and interrupted. Also meant for builds with ThreadSanitizer.
 */
#include "core/clock.h"
#include "core/rcu.h"
#include "core/vcpu.h"
#include "map/map.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../core/sigtimer.h"

#define CPUS   8
#define RUN_NS 300000000ull

#include "fixture.h"

static struct map_attr attr_of(u32 key, u32 value, u32 max, u64 extra)
{
	return (struct map_attr){ .type = BPF_MAP_TYPE_RHASH, .key_size = key, .value_size = value,
				  .max_entries = max, .flags = BPF_F_NO_PREALLOC, .extra = extra,
				  .cpu_cnt = CPUS, .acct = &mem, .seed = 5 };
}

static struct skep_map *make(u32 key, u32 value, u32 max, u64 extra)
{
	struct map_attr attr = attr_of(key, value, max, extra);
	struct skep_map *map = NULL;

	assert_int_equal(map_create(&attr, &map, NULL), 0);
	return map;
}

static u32 rnd_state = 1;

static u32 pick(u32 below)
{
	rnd_state = rnd_state * 1664525 + 1013904223;
	return (rnd_state >> 8) % below;
}

/* ---- alone -------------------------------------------------------------------------------------- */

static void M01_creation(void **state __unused_arg)
{
	static const struct {
		u32 key, value, max, flags;
		u64 extra;
		int err;
	} rows[] = {
		{ 4, 8, 4, BPF_F_NO_PREALLOC, 0, 0 },
		{ 4, 8, 4, BPF_F_NO_PREALLOC, 4, 0 },
		{ 4, 8, 4, BPF_F_NO_PREALLOC, 5, -EINVAL },
		{ 4, 8, 100000, BPF_F_NO_PREALLOC, 65535, 0 },
		{ 4, 8, 100000, BPF_F_NO_PREALLOC, 65536, -EINVAL },
		{ 4, 8, 4, BPF_F_NO_PREALLOC, 1ull << 32, -EINVAL },
		{ 4, 8, 4, 0, 0, -EINVAL },
		{ 4, 8, 0, BPF_F_NO_PREALLOC, 0, -EINVAL },
		{ 0, 8, 4, BPF_F_NO_PREALLOC, 0, -EINVAL },
		{ 4, 0, 4, BPF_F_NO_PREALLOC, 0, -EINVAL },
		{ 4, 8, 4, BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE, 0, -EINVAL },
		{ 4, 8, 4, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG, 0, 0 },
		{ 4, 8, 4, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, 0, -EINVAL },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct map_attr attr = attr_of(rows[i].key, rows[i].value, rows[i].max, rows[i].extra);
		struct skep_map *map;

		attr.flags = rows[i].flags;
		assert_int_equal(map_create(&attr, &map, NULL), rows[i].err);
		if (!rows[i].err)
			map_put(map);
	}
}

#define KEYS 3000u

/* The whole map, in the order of a walk: each key once, and all that the model has. */
static void check_walk(struct skep_map *map, const u8 *there, u32 key_size)
{
	static u8 seen[KEYS];
	u8 key[32], next[32];
	u32 nr, cnt = 0, want = 0;
	int err = map_sys_next_key(map, NULL, next);

	memset(seen, 0, sizeof(seen));
	for (; !err; cnt++) {
		memcpy(&nr, next, 4);
		assert_true(nr < KEYS && there[nr] && !seen[nr]);
		seen[nr] = 1;
		memcpy(key, next, key_size);
		err = map_sys_next_key(map, key, next);
	}
	assert_int_equal(err, -ENOENT);
	for (u32 i = 0; i < KEYS; i++)
		want += there[i];
	assert_int_equal(cnt, want);
}

static long count_elem(void *ctx, struct skep_map *map __unused_arg, void *key __unused_arg,
		       void *value __unused_arg)
{
	++*(u32 *)ctx;
	return 0;
}

/* Phases of mostly inserting and mostly deleting, so that it grows and shrinks. */
static void M01_as_the_model(void **state __unused_arg)
{
	static const u32 sizes[] = { 4, 8, 7, 20 };
	static u8 there[KEYS];
	static u64 values[KEYS];

	for (u32 s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct skep_map *map = make(sizes[s], 8, KEYS - 500, s * 100);
		u64 small = map_mem_usage(map), large;
		u32 cnt = 0, called = 0;
		u8 key[32] = { 0 };

		memset(there, 0, sizeof(there));
		for (u32 i = 0; i < 40000; i++) {
			bool growing = i / 8000 % 2 == 0;
			u32 nr = pick(KEYS);
			u64 value = i, out = 0;
			int err;

			memcpy(key, &nr, 4);
			if (pick(10) < (growing ? 6 : 1)) {
				u64 flags = pick(3);
				int want = flags == BPF_NOEXIST && there[nr]  ? -EEXIST :
					   flags == BPF_EXIST && !there[nr]   ? -ENOENT :
					   !there[nr] && cnt >= map->max_entries ? -E2BIG : 0;

				err = map_sys_update(map, key, &value, flags);
				/* What waits for its grace period is not free yet. */
				if (err == -ENOMEM) {
					rcu_drain();
					err = map_sys_update(map, key, &value, flags);
				}
				assert_int_equal(err, want);
				if (!err) {
					cnt += !there[nr];
					there[nr] = 1;
					values[nr] = value;
				}
			} else if (pick(10) < (growing ? 1 : 7)) {
				err = pick(2) ? map_sys_delete(map, key) :
						map_sys_lookup_and_delete(map, key, &out, 0);
				assert_int_equal(err, there[nr] ? 0 : -ENOENT);
				assert_true(!out || out == values[nr]);
				cnt -= there[nr];
				there[nr] = 0;
			} else {
				err = map_sys_lookup(map, key, &out, 0);
				assert_int_equal(err, there[nr] ? 0 : -ENOENT);
				assert_true(err || out == values[nr]);
			}
			if (i % 4000 == 3999)
				check_walk(map, there, sizes[s]);
		}
		large = map_mem_usage(map);
		assert_true(large > small);
		rcu_enter();
		assert_int_equal(map->ops->for_each(map, count_elem, &called, 0), cnt);
		rcu_leave();
		assert_int_equal(called, cnt);
		/* Empty it: the buckets go. */
		for (u32 nr = 0; nr < KEYS; nr++) {
			memcpy(key, &nr, 4);
			map_sys_delete(map, key);
			map_sys_delete(map, key);
		}
		map_put(map);
	}
}

/* ---- threads -------------------------------------------------------------------------------------- */

#define STABLE 200u
#define CHURN  4000u

struct job {
	struct skep_map *map;
	u32 nr, rnd;
	bool *stop;
	u64 ops, wrong;
};

static u32 job_pick(struct job *job, u32 below)
{
	job->rnd = job->rnd * 1664525 + 1013904223;
	return (job->rnd >> 8) % below;
}

static bool goes_on(const struct job *job)
{
	return !__atomic_load_n(job->stop, __ATOMIC_RELAXED);
}

static void *reader(void *arg)
{
	struct job *job = arg;

	while (goes_on(job)) {
		struct vcpu *vcpu = vcpu_enter(vcpus);
		u32 nr = job_pick(job, STABLE + CHURN);
		u64 *value;

		rcu_enter();
		value = job->map->ops->lookup(job->map, &nr);
		if (value)
			job->wrong += __atomic_load_n(value, __ATOMIC_RELAXED) >> 32 != nr;
		else
			job->wrong += nr < STABLE;
		rcu_leave();
		vcpu_leave(vcpu);
		job->ops++;
	}
	return NULL;
}

/* Fills and empties its part of the other keys, and replaces values of stable ones. */
static void *writer(void *arg)
{
	struct job *job = arg;
	u32 part = CHURN / 2, first = STABLE + job->nr % 2 * part;
	bool fill = true;

	while (goes_on(job)) {
		for (u32 i = 0; i < part && goes_on(job); i++) {
			struct vcpu *vcpu = vcpu_enter(vcpus);
			u32 nr = first + i, old = job_pick(job, STABLE);
			u64 value = (u64)nr << 32;

			rcu_enter();
			if (fill)
				job->map->ops->update(job->map, &nr, &value, 0);
			else
				job->map->ops->delete (job->map, &nr);
			value = (u64)old << 32 | i;
			job->map->ops->update(job->map, &old, &value, BPF_EXIST);
			rcu_leave();
			vcpu_leave(vcpu);
			job->ops++;
		}
		fill = !fill;
	}
	return NULL;
}

/* Every walk ends and meets each stable key exactly once. */
static void *walker(void *arg)
{
	struct job *job = arg;
	u32 key, next, cnt;
	u8 seen[STABLE];
	int err;

	if (rcu_thread_ready())
		abort();
	while (goes_on(job)) {
		memset(seen, 0, sizeof(seen));
		cnt = 0;
		for (err = map_sys_next_key(job->map, NULL, &next); !err && cnt < 3 * (STABLE + CHURN); cnt++) {
			if (next < STABLE)
				seen[next]++;
			key = next;
			err = map_sys_next_key(job->map, &key, &next);
		}
		job->wrong += !err;
		for (u32 i = 0; i < STABLE; i++)
			job->wrong += seen[i] != 1;
		job->ops++;
	}
	return NULL;
}

static void M02_nothing_is_missed_while_it_is_resized(void **state __unused_arg)
{
	void *(*const work[])(void *) = { reader, writer, reader, writer, walker };
	struct skep_map *map = make(4, 8, STABLE + CHURN, 0);
	pthread_t threads[ARRAY_SIZE(work)];
	struct job jobs[ARRAY_SIZE(work)];
	bool stop = false;
	u64 until, value;

	for (u32 nr = 0; nr < STABLE; nr++) {
		value = (u64)nr << 32;
		assert_int_equal(map_sys_update(map, &nr, &value, 0), 0);
	}
	for (u32 i = 0; i < ARRAY_SIZE(work); i++) {
		jobs[i] = (struct job){ .map = map, .nr = i / 2, .rnd = i + 1, .stop = &stop };
		assert_int_equal(pthread_create(&threads[i], NULL, work[i], &jobs[i]), 0);
	}
	until = host_now_ns() + 3 * RUN_NS;
	while (host_now_ns() < until)
		sched_yield();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (u32 i = 0; i < ARRAY_SIZE(work); i++) {
		pthread_join(threads[i], NULL);
		print_message("thread %u: %llu\n", i, (unsigned long long)jobs[i].ops);
		assert_int_equal(jobs[i].wrong, 0);
	}
	assert_true(jobs[1].ops + jobs[3].ops > 100);
	map_put(map);
}

/* ---- signal handlers -------------------------------------------------------------------------------- */

static struct skep_map *signal_map;
static u32 signal_done, signal_refused, signal_wrong;

static void use_in_handler(int sig __unused_arg)
{
	static u32 nr;
	int saved_errno = errno;
	struct vcpu *vcpu = vcpu_try_enter(vcpus);
	u64 value;
	long err;

	if (vcpu) {
		rcu_enter();
		nr = (nr + 7) % STABLE;
		signal_wrong += !signal_map->ops->lookup(signal_map, &nr); /* whatever was interrupted */
		value = (u64)nr << 32;
		err = signal_map->ops->update(signal_map, &nr, &value, BPF_EXIST);
		signal_done += !err;
		signal_refused += err == -EDEADLK || err == -ENOMEM;
		signal_wrong += err && err != -EDEADLK && err != -ENOMEM;
		rcu_leave();
		vcpu_leave(vcpu);
	}
	errno = saved_errno;
}

static void handlers_interrupt_resizing(void **state __unused_arg)
{
	u64 until = host_now_ns() + RUN_NS, value = 0;

	signal_map = make(4, 8, STABLE + CHURN, 0);
	for (u32 nr = 0; nr < STABLE; nr++)
		assert_int_equal(map_sys_update(signal_map, &nr, &value, 0), 0);
	vcpu_leave(vcpu_enter(vcpus));
	start_timer(use_in_handler, 50);
	while (host_now_ns() < until) {
		for (u32 i = 0; i < 2 * CHURN; i++) {
			struct vcpu *vcpu = vcpu_enter(vcpus);
			u32 nr = STABLE + i % CHURN;

			rcu_enter();
			if (i < CHURN)
				signal_map->ops->update(signal_map, &nr, &value, 0);
			else
				signal_map->ops->delete (signal_map, &nr);
			rcu_leave();
			vcpu_leave(vcpu);
		}
	}
	stop_timer();
	print_message("in handlers: %u done, %u refused\n", signal_done, signal_refused);
	assert_int_equal(signal_wrong, 0);
	assert_true(signal_done > 0);
	map_put(signal_map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M01_creation),
		cmocka_unit_test(M01_as_the_model),
		cmocka_unit_test(M02_nothing_is_missed_while_it_is_resized),
		cmocka_unit_test(handlers_interrupt_resizing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
