/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map_stress.c - maps under threads and signal handlers. Values carry their key, so that a
 * value taken for another key's shows. Also meant for builds with ThreadSanitizer.
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
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../core/sigtimer.h"

#define CPUS   4
#define RUN_NS 300000000ull

#include "fixture.h"

static struct skep_map *make(u32 type, u32 key, u32 value, u32 max, u32 flags)
{
	struct map_attr attr = { .type = type, .key_size = key, .value_size = value, .max_entries = max,
				 .flags = flags, .cpu_cnt = CPUS, .acct = &mem, .seed = 99 };
	struct skep_map *map = NULL;

	assert_int_equal(map_create(&attr, &map, NULL), 0);
	return map;
}

/* ---- hash: readers, writers ----------------------------------------------------------------- */

#define STABLE 64u	/* keys that are always there, replaced again and again */
#define CHURN  64u	/* keys that come and go */

struct job {
	struct skep_map *map;
	u32 seed, key_size;
	bool *stop;
	u64 ops, missing, wrong, errors;
};

static void key_of(u8 *key, u32 size, u32 nr)
{
	/* All words differ between keys, so that mixtures of two keys are no key. */
	for (u32 i = 0; i + 4 <= size; i += 4)
		memcpy(key + i, &(u32){ nr * 2654435761u + i }, 4);
	for (u32 i = size & ~3u; i < size; i++)
		key[i] = nr;
}

static void *hash_reader(void *arg)
{
	struct job *job = arg;
	u32 rnd = job->seed;
	u8 key[64];

	if (rcu_thread_ready())
		abort();
	while (!__atomic_load_n(job->stop, __ATOMIC_RELAXED)) {
		u32 nr = (rnd = rnd * 1664525 + 1013904223) >> 16;
		u64 *value;

		nr %= STABLE + CHURN;
		key_of(key, job->key_size, nr);
		rcu_enter();
		value = job->map->ops->lookup(job->map, key);
		if (!value)
			job->missing += nr < STABLE;
		/* The element may be another key's by now, as in Linux; then it is not there in
		 * one of the next looks either. */
		else if (__atomic_load_n(value, __ATOMIC_RELAXED) >> 32 != nr &&
			 (job->map->flags & BPF_F_NO_PREALLOC))
			job->wrong++;
		rcu_leave();
		job->ops++;
	}
	return NULL;
}

static void *hash_writer(void *arg)
{
	struct job *job = arg;
	u32 rnd = job->seed;
	u8 key[64];

	while (!__atomic_load_n(job->stop, __ATOMIC_RELAXED)) {
		u32 nr = (rnd = rnd * 1664525 + 1013904223) >> 16;
		struct vcpu *vcpu = vcpu_enter(vcpus);
		u64 value;
		long err;

		nr %= STABLE + CHURN;
		key_of(key, job->key_size, nr);
		value = (u64)nr << 32 | (u32)job->ops;
		rcu_enter();
		if (nr >= STABLE && (rnd & 1))
			err = job->map->ops->delete (job->map, key);
		else
			err = job->map->ops->update(job->map, key, &value, BPF_ANY);
		rcu_leave();
		vcpu_leave(vcpu);
		job->errors += err && err != -ENOENT && err != -ENOMEM && err != -ETIMEDOUT;
		job->ops++;
	}
	return NULL;
}

static void check_hash_stress(u32 key_size, u32 mflags, u32 max)
{
	struct skep_map *map = make(BPF_MAP_TYPE_HASH, key_size, 8, max, mflags);
	bool stop = false;
	u32 cnt = thread_cnt(8);
	struct job jobs[8];
	pthread_t threads[8];
	u8 key[64];
	u64 ops = 0;

	for (u32 nr = 0; nr < STABLE; nr++) {
		u64 value = (u64)nr << 32;

		key_of(key, key_size, nr);
		assert_int_equal(map_sys_update(map, key, &value, 0), 0);
	}
	for (u32 i = 0; i < cnt; i++) {
		jobs[i] = (struct job){ .map = map, .seed = i + 1, .key_size = key_size, .stop = &stop };
		pthread_create(&threads[i], NULL, i < cnt / 2 ? hash_reader : hash_writer, &jobs[i]);
	}
	usleep(RUN_NS / 1000);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (u32 i = 0; i < cnt; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].missing, 0);
		assert_int_equal(jobs[i].wrong, 0);
		assert_int_equal(jobs[i].errors, 0);
		ops += jobs[i].ops;
	}
	assert_true(ops > 100);
	for (u32 nr = 0; nr < STABLE; nr++) {
		u64 value;

		key_of(key, key_size, nr);
		assert_int_equal(map_sys_lookup(map, key, &value, 0), 0);
		assert_int_equal(value >> 32, nr);
	}
	map_put(map);
}

/* 128 keys in a table for 128: chains are short. */
static void M04_readers_always_find_what_is_there(void **state __unused_arg)
{
	check_hash_stress(4, 0, STABLE + CHURN);
	check_hash_stress(13, 0, STABLE + CHURN);
	check_hash_stress(40, 0, STABLE + CHURN);
	check_hash_stress(8, BPF_F_NO_PREALLOC, STABLE + CHURN);
	check_hash_stress(16, BPF_F_NO_PREALLOC, STABLE + CHURN);
}

/* Counts must not get lost: each thread adds on its own vCPU. */
static void *percpu_adder(void *arg)
{
	struct job *job = arg;
	u32 key = 0;

	for (u32 i = 0; i < 50000; i++) {
		struct vcpu *vcpu = vcpu_enter(vcpus);
		u64 *value;

		rcu_enter();
		value = job->map->ops->lookup(job->map, &key);
		(*value)++;
		rcu_leave();
		vcpu_leave(vcpu);
	}
	return NULL;
}

static void percpu_values_belong_to_the_vcpu(void **state __unused_arg)
{
	static const u32 kinds[] = { BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH };

	for (u32 t = 0; t < 2; t++) {
		struct skep_map *map = make(kinds[t], 4, 8, 4, 0);
		u64 all[CPUS] = { 0 }, sum = 0;
		struct job job = { .map = map };
		u32 key = 0, cnt = thread_cnt(8);
		pthread_t threads[8];

		assert_int_equal(map_sys_update(map, &key, all, 0), 0);
		for (u32 i = 0; i < cnt; i++)
			pthread_create(&threads[i], NULL, percpu_adder, &job);
		for (u32 i = 0; i < cnt; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(map_sys_lookup(map, &key, all, 0), 0);
		for (u32 cpu = 0; cpu < CPUS; cpu++)
			sum += all[cpu];
		assert_int_equal(sum, (u64)cnt * 50000);
		map_put(map);
	}
}

/* ---- signal handlers ------------------------------------------------------------------------ */

static struct skep_map *signal_map;
static u32 signal_ok, signal_refused, signal_other, signal_lookups;

static void update_in_handler(int sig __unused_arg)
{
	static u64 value[512] = { 7ull << 32 };
	int saved_errno = errno;
	struct vcpu *vcpu = vcpu_try_enter(vcpus);
	u32 key = 7;
	long err;

	if (!vcpu) {
		errno = saved_errno;
		return;
	}
	rcu_enter();
	err = signal_map->ops->update(signal_map, &key, value, 0);
	signal_lookups += !!signal_map->ops->lookup(signal_map, &key);
	rcu_leave();
	vcpu_leave(vcpu);
	if (!err)
		signal_ok++;
	else if (err == -EDEADLK || err == -EBUSY || err == -ETIMEDOUT)
		signal_refused++;
	else
		signal_other++;
}

/* One bucket only: a handler that comes during an update mostly wants the very same lock. */
static void handler_interrupts_update_of_its_thread(void **state __unused_arg)
{
	for (u32 mflags = 0; mflags < 2; mflags++) {
		u64 until = host_now_ns() + 2 * RUN_NS;
		u32 tries = 0;

		signal_map = make(BPF_MAP_TYPE_HASH, 4, 4096, 1, mflags);
		signal_ok = signal_refused = signal_other = signal_lookups = 0;
		start_timer(update_in_handler, 50);
		while (host_now_ns() < until) {
			struct vcpu *vcpu = vcpu_enter(vcpus);
			static u64 value[512];
			u32 key = 7;

			rcu_enter();
			value[0] = 7ull << 32;
			assert_int_equal(signal_map->ops->update(signal_map, &key, value, 0), 0);
			tries++;
			rcu_leave();
			vcpu_leave(vcpu);
		}
		stop_timer();
		print_message("updates %u, in handlers: done %u, refused %u\n", tries, signal_ok,
			      signal_refused);
		assert_int_equal(signal_other, 0);
		assert_true(signal_ok + signal_refused > 10);
		/* The key was there from the first handler's update or the thread's own on. */
		assert_true(signal_lookups >= signal_ok);
		map_put(signal_map);
	}
}

/* ---- ring buffer ---------------------------------------------------------------------------- */

#define PRODUCERS 4
#define RECORDS	  30000u

struct rb_rec {
	u32 who, nr, size, words[];
};

struct producer {
	struct skep_map *map;
	u32 who;
	u64 full;
};

static bool produce(struct skep_map *map, u32 who, u32 nr)
{
	u32 size = sizeof(struct rb_rec) + (nr * 7 + who) % 40 * 4;
	struct rb_rec *rec = ringbuf_reserve(map, size, 0);

	if (!rec)
		return false;
	rec->who = who;
	rec->nr = nr;
	rec->size = size;
	for (u32 i = 0; i < (size - sizeof(*rec)) / 4; i++)
		rec->words[i] = nr * 31 + i;
	if (nr % 16 == 5) { /* some are thrown away and sent again */
		ringbuf_discard(rec, 0);
		rec = ringbuf_reserve(map, size, 0);
		if (!rec)
			return false;
		*rec = (struct rb_rec){ .who = who, .nr = nr, .size = sizeof(*rec) };
		rec->size = size;
		for (u32 i = 0; i < (size - sizeof(*rec)) / 4; i++)
			rec->words[i] = nr * 31 + i;
	}
	ringbuf_submit(rec, 0);
	return true;
}

static void *producer_main(void *arg)
{
	struct producer *p = arg;

	if (rcu_thread_ready())
		abort();
	for (u32 nr = 0; nr < RECORDS;) {
		rcu_enter();
		if (produce(p->map, p->who, nr))
			nr++;
		else
			p->full++;
		rcu_leave();
	}
	return NULL;
}

struct consumer {
	u32 next[PRODUCERS + 1], torn, lost, total;
};

static int consume_one(void *ctx, void *data, size_t size)
{
	struct consumer *c = ctx;
	struct rb_rec *rec = data;

	c->total++;
	if (rec->who > PRODUCERS || rec->size != size) {
		c->torn++;
		return 0;
	}
	for (u32 i = 0; i < (rec->size - sizeof(*rec)) / 4; i++)
		c->torn += rec->words[i] != rec->nr * 31 + i;
	c->lost += rec->nr != c->next[rec->who];
	c->next[rec->who] = rec->nr + 1;
	return 0;
}

/* Not by c->total: the handler's records count there too, and producers wait for room. */
static bool all_arrived(const struct consumer *c)
{
	for (u32 i = 0; i < PRODUCERS; i++) {
		if (c->next[i] < RECORDS)
			return false;
	}
	return true;
}

static u32 handler_nr;
static void produce_in_handler(int sig __unused_arg)
{
	static bool busy;

	/* Another thread's handler may still be at it. */
	if (!rcu_is_ready() || __atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE))
		return;
	if (produce(signal_map, PRODUCERS, handler_nr))
		handler_nr++;
	__atomic_store_n(&busy, false, __ATOMIC_RELEASE);
}

static void ringbuf_loses_and_tears_nothing(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 16384, 0);
	struct producer producers[PRODUCERS];
	struct consumer c = { 0 };
	pthread_t threads[PRODUCERS];
	u64 deadline = host_now_ns() + 60000000000ull;
	sigset_t set, old;

	signal_map = map;
	handler_nr = 0;
	for (u32 i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){ .map = map, .who = i };
		pthread_create(&threads[i], NULL, producer_main, &producers[i]);
	}
	/* The handler runs on one producer at a time, in the middle of its own records. */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	start_timer(produce_in_handler, 200);
	while (!all_arrived(&c) && host_now_ns() < deadline)
		assert_true(ringbuf_consume(map, consume_one, &c) >= 0);
	stop_timer();
	for (u32 i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ringbuf_consume(map, consume_one, &c);
	assert_int_equal(c.torn, 0);
	assert_int_equal(c.lost, 0);
	for (u32 i = 0; i < PRODUCERS; i++)
		assert_int_equal(c.next[i], RECORDS);
	assert_int_equal(c.next[PRODUCERS], handler_nr);
	assert_int_equal(c.total, PRODUCERS * RECORDS + handler_nr);
	assert_int_equal(ringbuf_query(map, BPF_RB_AVAIL_DATA), 0);
	map_put(map);
}

/* A consumer that sleeps on the descriptor must be woken for the last record too. */
static void *slow_producer(void *arg)
{
	struct skep_map *map = arg;

	for (u32 nr = 0; nr < 2000; nr++) {
		while (!produce(map, 0, nr))
			;
		if (nr % 50 == 0)
			usleep(200);
	}
	return NULL;
}

static void ringbuf_wakes_its_sleeper(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 65536, 0);
	struct consumer c = { 0 };
	u32 timeouts = 0;
	pthread_t thread;

	pthread_create(&thread, NULL, slow_producer, map);
	while (c.total < 2000 && timeouts < 3) {
		struct timeval limit = { .tv_sec = 5 };
		int fd = map->ops->poll_fd(map);
		fd_set fds;

		FD_ZERO(&fds);
		FD_SET(fd, &fds);
		if (!select(fd + 1, &fds, NULL, NULL, &limit))
			timeouts++;
		ringbuf_consume(map, consume_one, &c);
	}
	pthread_join(thread, NULL);
	assert_int_equal(timeouts, 0);
	assert_int_equal(c.total, 2000);
	assert_int_equal(c.torn + c.lost, 0);
	map_put(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M04_readers_always_find_what_is_there),
		cmocka_unit_test(percpu_values_belong_to_the_vcpu),
		cmocka_unit_test(handler_interrupts_update_of_its_thread),
		cmocka_unit_test(ringbuf_loses_and_tears_nothing),
		cmocka_unit_test(ringbuf_wakes_its_sleeper),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
