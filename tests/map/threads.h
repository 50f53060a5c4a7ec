/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads.h - the same work on a map by many threads at once. CPUS is defined before it is included, and what
 * cmocka.h wants is.
 */
#ifndef TESTS_MAP_THREADS_H
#define TESTS_MAP_THREADS_H

#include "core/clock.h"
#include "core/rcu.h"
#include "core/vcpu.h"
#include "map/map.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

#define THREADS_MAX 8
#define RUN_NS	    200000000ull

static inline struct skep_map *make(u32 type, u32 key, u32 value, u32 max, u32 flags)
{
	struct map_attr attr = { .type = type, .key_size = key, .value_size = value, .max_entries = max,
				 .flags = flags, .cpu_cnt = CPUS, .acct = &mem, .seed = 99 };
	struct skep_map *map = NULL;

	assert_int_equal(map_create(&attr, &map, NULL), 0);
	return map;
}

struct job {
	struct skep_map *map;
	u32 nr, rnd;
	bool *stop;
	u64 ops, wrong, failed;
	u64 in_cnt, out_cnt, in_sum, out_sum;
};

static inline u32 pick(struct job *job, u32 below)
{
	job->rnd = job->rnd * 1664525 + 1013904223;
	return (job->rnd >> 12) % below;
}

static inline u64 cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (u64)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* RUN_NS on the clock and of the processor: on a machine that is busy elsewhere the threads get little of it,
 * and a test that counts what they did would fail. Threads that mostly wait use none: an end comes anyhow. */
static inline void let_them_work(void)
{
	u64 start = host_now_ns(), cpu_start = cpu_ns(), passed;

	do {
		usleep(1000);
		passed = host_now_ns() - start;
	} while (passed < RUN_NS || (cpu_ns() - cpu_start < RUN_NS && passed < 25 * RUN_NS));
}

/* Runs @work once for each thread for a while, each time as a program would. */
static inline void run_threads(struct job *jobs, struct skep_map *map, void *(*work)(void *))
{
	pthread_t threads[THREADS_MAX];
	bool stop = false;

	for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++) {
		jobs[i] = (struct job){ .map = map, .nr = i, .rnd = i * 77 + 1, .stop = &stop };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
	}
	let_them_work();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++)
		pthread_join(threads[i], NULL);
}

/* A thread may lose its CPU while it holds a lock, and who waits gives up after a bound (RLOCK_TIMEOUT_NS):
 * an operation that took that long may fail. */
static inline bool failed_for_no_reason(long err, long may_be, u64 start)
{
	return err && err != may_be && host_now_ns() - start < RLOCK_TIMEOUT_NS;
}

static inline bool goes_on(const struct job *job)
{
	return !__atomic_load_n(job->stop, __ATOMIC_RELAXED);
}

static inline u32 count_keys(struct skep_map *map)
{
	u8 key[64], next[64];
	u32 cnt = 0;
	int err = map_sys_next_key(map, NULL, next);

	for (; !err && cnt < 100000; cnt++) {
		memcpy(key, next, map->key_size);
		err = map_sys_next_key(map, key, next);
	}
	return cnt;
}

#endif
