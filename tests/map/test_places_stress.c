/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_places_stress.c - maps whose elements stand for something else (stacks, control groups, devices, CPUs,
 * AF_XDP sockets, values of sockets and attachments) under threads and signal handlers. Meant for builds with
 * ThreadSanitizer too.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "map/cgroup_array.h"
#include "map/sk_storage.h"
#include "map/stack_map.h"
#include "map/xsk.h"

#include "../core/sigtimer.h"

#define CPUS 8

#include "threads.h"

/* Each thread goes through @step as a program would. */
static void *work_loop(struct job *job, void (*step)(struct job *job))
{
	for (; goes_on(job); job->ops++) {
		struct vcpu *vcpu = vcpu_enter(vcpus);

		rcu_enter();
		step(job);
		rcu_leave();
		vcpu_leave(vcpu);
	}
	return NULL;
}

/* Nothing was wrong in any thread; how many operations there were, and what they counted. */
static struct job sum_of(const struct job *jobs)
{
	struct job sum = { 0 };

	for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++) {
		assert_int_equal(jobs[i].wrong, 0);
		assert_int_equal(jobs[i].failed, 0);
		sum.ops += jobs[i].ops;
		sum.in_cnt += jobs[i].in_cnt;
		sum.out_cnt += jobs[i].out_cnt;
	}
	assert_true(sum.ops > 50);
	return sum;
}

/* ---- rounds: all threads do one thing at once, then one of them looks ---------------------------------- */

#define ROUNDS 400u

struct rounds {
	pthread_barrier_t all;
	struct skep_map *map;
	void *seen[THREADS_MAX];
	long ret[THREADS_MAX];
	/* @step: in parallel; @check: alone, afterwards. */
	void (*step)(struct rounds *r, u32 nr, u32 round);
	void (*check)(struct rounds *r, u32 round);
};

struct rounds_job {
	struct rounds *rounds;
	u32 nr;
};

static void *rounds_main(void *arg)
{
	struct rounds_job *job = arg;
	struct rounds *r = job->rounds;

	if (rcu_thread_ready())
		abort();
	for (u32 round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&r->all);
		r->step(r, job->nr, round);
		pthread_barrier_wait(&r->all);
		if (!job->nr)
			r->check(r, round);
	}
	return NULL;
}

static void run_rounds(struct skep_map *map, void (*step)(struct rounds *r, u32 nr, u32 round),
		       void (*check)(struct rounds *r, u32 round))
{
	struct rounds r = { .map = map, .step = step, .check = check };
	struct rounds_job jobs[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	u32 cnt = thread_cnt(THREADS_MAX);

	pthread_barrier_init(&r.all, NULL, cnt);
	for (u32 i = 0; i < cnt; i++) {
		jobs[i] = (struct rounds_job){ &r, i };
		assert_int_equal(pthread_create(&threads[i], NULL, rounds_main, &jobs[i]), 0);
	}
	for (u32 i = 0; i < cnt; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&r.all);
}

static u32 rounds_bad;

/* One thread of all got 0, the others @other. */
static void check_one_won(const struct rounds *r, long other)
{
	u32 won = 0;

	for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++) {
		won += !r->ret[i];
		rounds_bad += r->ret[i] && r->ret[i] != other;
	}
	rounds_bad += won != 1;
}

/* ---- stacks -------------------------------------------------------------------------------------------- */

#define STACKS	64u
#define FRAMES	8u
#define STACK_NRS 4000u

/* Stack @nr: its length and all of its frames say which one it is. */
static u32 stack_of(u64 *ips, u32 nr)
{
	u32 cnt = 1 + nr % FRAMES;

	for (u32 i = 0; i < cnt; i++)
		ips[i] = (u64)nr << 32 | cnt << 16 | i;
	return cnt;
}

static bool is_one_stack(const u64 *ips)
{
	u32 cnt = ips[0] >> 16 & 0xffff;

	for (u32 i = 0; i < FRAMES; i++) {
		if (ips[i] != (i < cnt ? ips[0] + i : 0))
			return false;
	}
	return cnt == 1 + (ips[0] >> 32) % FRAMES;
}

static void stack_step(struct job *job)
{
	u32 nr = pick(job, STACK_NRS), op = pick(job, 8);
	u64 ips[FRAMES], value[FRAMES];
	u32 cnt = stack_of(ips, nr), id = pick(job, STACKS);
	long ret;

	if (op < 5) {
		ret = stack_map_store(job->map, ips, cnt, op ? BPF_F_REUSE_STACKID : 0);
		job->in_cnt += ret >= 0;
		job->failed += ret >= STACKS || (ret < 0 && ret != -EEXIST && ret != -ENOMEM);
	} else if (op == 5) {
		ret = job->map->ops->delete (job->map, &id);
		job->failed += ret && ret != -ENOENT;
	} else {
		ret = op == 6 ? job->map->ops->sys_lookup(job->map, &id, value, 0) :
				job->map->ops->sys_lookup_and_delete(job->map, &id, value, 0);
		job->wrong += !ret && !is_one_stack(value);
		job->out_cnt += !ret;
		job->failed += ret && ret != -ENOENT;
	}
}

static void *stack_work(void *arg)
{
	return work_loop(arg, stack_step);
}

/* Every stack that the map was made with can be used again. */
static void check_no_stack_lost(struct skep_map *map)
{
	u64 ips[FRAMES];

	for (u32 id = 0; id < STACKS; id++)
		map_sys_delete(map, &id);
	assert_int_equal(count_keys(map), 0);
	for (u32 nr = 0; nr < STACK_NRS; nr++) {
		rcu_enter();
		stack_map_store(map, ips, stack_of(ips, nr), 0);
		rcu_leave();
	}
	assert_int_equal(count_keys(map), STACKS);
}

static void stacks_are_read_whole_and_none_is_lost(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_STACK_TRACE, 4, FRAMES * 8, STACKS, 0);
	struct job jobs[THREADS_MAX], sum;

	run_threads(jobs, map, stack_work);
	sum = sum_of(jobs);
	assert_true(sum.in_cnt > 0);
	assert_true(sum.out_cnt > 0);
	check_no_stack_lost(map);
	map_put(map);
}

static struct skep_map *signal_map;
static u32 signal_done, signal_other;

static void store_in_handler(int sig __unused_arg)
{
	static u32 nr;
	int saved_errno = errno;
	struct vcpu *vcpu = vcpu_try_enter(vcpus);
	u64 ips[FRAMES];
	long ret;

	if (vcpu) {
		rcu_enter();
		ret = stack_map_store(signal_map, ips, stack_of(ips, nr++ % STACK_NRS), BPF_F_REUSE_STACKID);
		signal_done += ret >= 0;
		signal_other += ret < 0 && ret != -ENOMEM;
		rcu_leave();
		vcpu_leave(vcpu);
	}
	errno = saved_errno;
}

static void M03_handler_interrupts_storing_a_stack(void **state __unused_arg)
{
	struct job job = { .map = make(BPF_MAP_TYPE_STACK_TRACE, 4, FRAMES * 8, STACKS, 0) };
	u64 until = host_now_ns() + RUN_NS;

	signal_map = job.map;
	signal_done = signal_other = 0;
	start_timer(store_in_handler, 50);
	while (host_now_ns() < until) {
		struct vcpu *vcpu = vcpu_enter(vcpus);

		rcu_enter();
		stack_step(&job);
		rcu_leave();
		vcpu_leave(vcpu);
	}
	stop_timer();
	assert_true(signal_done > 0);
	assert_int_equal(signal_other + job.wrong + job.failed, 0);
	check_no_stack_lost(job.map);
	map_put(job.map);
}

/* ---- devices and CPUs ------------------------------------------------------------------------------------ */

#define PLACES	   16u
#define GENERATIONS 3u

/* Any number is a device; which key it was stored under shows from it. */
static bool any_device(void *ctx __unused_arg, u32 ifindex)
{
	return ifindex;
}

static struct skep_map *make_places(u32 type)
{
	struct map_attr attr = { .type = type, .key_size = 4, .value_size = 4, .max_entries = PLACES, .cpu_cnt = PLACES,
				 .acct = &mem, .seed = 5, .dev_exists = any_device };
	struct skep_map *map = NULL;

	assert_int_equal(map_create(&attr, &map, NULL), 0);
	for (u32 key = 0; key < PLACES; key++)
		assert_int_equal(map_sys_update(map, &key, &(u32){ 1 + key }, 0), 0);
	return map;
}

/* Places of the lower half are replaced and never empty, the others come and go. */
static void place_step(struct job *job)
{
	u32 key = pick(job, PLACES), op = pick(job, 4), what = 1 + key + PLACES * pick(job, GENERATIONS);
	long err = 0;
	u32 *found;

	if (op == 0) {
		err = job->map->ops->update(job->map, &key, &what, BPF_ANY);
	} else if (op == 1 && key >= PLACES / 2) {
		err = job->map->ops->delete (job->map, &key);
		err = err == -ENOENT && job->map->type == BPF_MAP_TYPE_DEVMAP_HASH ? 0 : err;
	} else {
		found = job->map->ops->lookup(job->map, &key);
		what = found ? __atomic_load_n(found, __ATOMIC_RELAXED) : 0;
		/* A place of an array is looked at twice: it may be empty by now. */
		job->wrong += what ? (what - 1) % PLACES != key : !found && key < PLACES / 2;
		job->out_cnt += !!what;
	}
	job->failed += !!err;
}

static void *place_work(void *arg)
{
	return work_loop(arg, place_step);
}

static u32 seen_wrong;

static long see_place(void *ctx, struct skep_map *map __unused_arg, void *key, void *value)
{
	u32 what = *(u32 *)value;

	seen_wrong += (what - 1) % PLACES != *(u32 *)key;
	++*(u32 *)ctx;
	return 0;
}

static void devices_and_cpus_under_threads(void **state __unused_arg)
{
	static const u32 types[] = { BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP };

	for (u32 t = 0; t < ARRAY_SIZE(types); t++) {
		struct skep_map *map = make_places(types[t]);
		struct job jobs[THREADS_MAX];
		u32 seen = 0;

		run_threads(jobs, map, place_work);
		assert_true(sum_of(jobs).out_cnt > 0);
		for (u32 key = 0; key < PLACES / 2; key++) {
			u32 what;

			assert_int_equal(map_sys_lookup(map, &key, &what, 0), 0);
			assert_int_equal((what - 1) % PLACES, key);
		}
		assert_in_range(count_keys(map), PLACES / 2, PLACES);
		if (map->ops->for_each) {
			long cnt;

			rcu_enter();
			seen_wrong = 0;
			cnt = map->ops->for_each(map, see_place, &seen, 0);
			rcu_leave();
			assert_int_equal(cnt, seen);
			assert_in_range(seen, PLACES / 2, PLACES);
			assert_int_equal(seen_wrong, 0);
		}
		map_put(map);
	}
}

static void add_device(struct rounds *r, u32 nr, u32 round)
{
	r->ret[nr] = map_sys_update(r->map, &(u32){ 1000 + round }, &(u32){ 1 + nr }, BPF_NOEXIST);
}

static void check_added_device(struct rounds *r, u32 round)
{
	u32 what = 0;

	check_one_won(r, -EEXIST);
	rounds_bad += map_sys_lookup(r->map, &(u32){ 1000 + round }, &what, 0) || r->ret[what - 1];
	rounds_bad += map_sys_delete(r->map, &(u32){ 1000 + round }) != 0;
}

static void one_of_many_adds_a_device(void **state __unused_arg)
{
	struct skep_map *map = make_places(BPF_MAP_TYPE_DEVMAP_HASH);

	for (u32 key = 0; key < PLACES; key++)
		assert_int_equal(map_sys_delete(map, &key), 0);
	rounds_bad = 0;
	run_rounds(map, add_device, check_added_device);
	assert_int_equal(rounds_bad, 0);
	assert_int_equal(count_keys(map), 0);
	map_put(map);
}

/* ---- AF_XDP sockets ---------------------------------------------------------------------------------------- */

#define SOCKETS 4u

static struct xsk *sockets[SOCKETS];

static int xsk_by_fd(void *ctx __unused_arg, int fd, struct xsk **ret_xsk)
{
	if (fd < 0 || fd >= (int)SOCKETS)
		return -EBADF;
	*ret_xsk = sockets[fd];
	xsk_get(*ret_xsk);
	return 0;
}

static struct skep_map *make_with_objs(u32 type, const struct map_objs *objs)
{
	struct map_attr attr = { .type = type, .key_size = 4, .value_size = 4, .max_entries = SOCKETS, .cpu_cnt = CPUS,
				 .acct = &mem, .objs = objs };
	struct skep_map *map = NULL;

	assert_int_equal(map_create(&attr, &map, NULL), 0);
	return map;
}

static struct skep_map *make_xskmap(void)
{
	static const struct map_objs objs = { .xsk_by_fd = xsk_by_fd };

	for (u32 i = 0; i < SOCKETS; i++) {
		assert_int_equal(xsk_new(1, i, 16, &mem, &sockets[i]), 0);
		xsk_user_get(sockets[i]);
	}
	return make_with_objs(BPF_MAP_TYPE_XSKMAP, &objs);
}

/* Only the test's own references are left. */
static void drop_xskmap(struct skep_map *map)
{
	map_put(map);
	rcu_drain();
	for (u32 i = 0; i < SOCKETS; i++) {
		assert_int_equal(sockets[i]->refs, 1);
		xsk_user_put(sockets[i]);
		xsk_put(sockets[i]);
	}
}

/* Frames go to whatever socket is there; one that takes them out finds its own only. */
static void xsk_step(struct job *job)
{
	u32 key = pick(job, SOCKETS), op = pick(job, 6), fd = pick(job, SOCKETS);
	u64 frame = key, got = 0;
	struct xsk *xsk;
	long err = 0;

	if (op == 0) {
		err = job->map->ops->sys_update(job->map, &key, &fd, BPF_ANY);
	} else if (op == 1) {
		err = job->map->ops->delete (job->map, &key);
	} else if (op == 2) {
		err = xsk_receive(sockets[fd], &got, sizeof(got));
		job->wrong += err >= 0 && (err != sizeof(got) || got != fd);
		err = err == -EAGAIN ? 0 : min_of(err, 0L);
	} else {
		xsk = job->map->ops->lookup(job->map, &key);
		frame = xsk ? xsk->queue_id : 0;
		err = xsk ? xsk_deliver(xsk, 1, (u32)frame, &frame, sizeof(frame)) : 0;
		job->in_cnt += xsk && !err;
		err = err == -ENOBUFS ? 0 : err;
	}
	job->failed += err && err != -EBUSY; /* a lock that timed out */
}

static void *xsk_work(void *arg)
{
	return work_loop(arg, xsk_step);
}

static void sockets_under_threads(void **state __unused_arg)
{
	struct skep_map *map = make_xskmap();
	struct job jobs[THREADS_MAX];

	run_threads(jobs, map, xsk_work);
	assert_true(sum_of(jobs).in_cnt > 0);
	drop_xskmap(map);
}

static void add_socket(struct rounds *r, u32 nr, u32 round)
{
	/* The same socket again is no -EEXIST, so threads differ, up to as many as there are sockets. */
	r->ret[nr] = nr < SOCKETS ? map_sys_update(r->map, &(u32){ round % SOCKETS }, &nr, BPF_NOEXIST) : -EEXIST;
}

static void check_added_socket(struct rounds *r, u32 round)
{
	u32 key = round % SOCKETS;
	struct xsk *xsk;

	check_one_won(r, -EEXIST);
	rcu_enter();
	xsk = r->map->ops->lookup(r->map, &key);
	rounds_bad += !xsk || r->ret[xsk->queue_id];
	rcu_leave();
	rounds_bad += map_sys_delete(r->map, &key) != 0;
	rounds_bad += map_sys_update(r->map, &key, &(u32){ 0 }, BPF_EXIST) != -ENOENT;
}

static void one_of_many_adds_a_socket(void **state __unused_arg)
{
	struct skep_map *map = make_xskmap();

	rounds_bad = 0;
	run_rounds(map, add_socket, check_added_socket);
	assert_int_equal(rounds_bad, 0);
	drop_xskmap(map);
}

/* ---- control groups ---------------------------------------------------------------------------------------- */

#define CGROUPS 100u

static int cgroup_by_fd(void *ctx __unused_arg, int fd, struct cgroup **ret_cgrp)
{
	char path[32];

	if (fd < 0)
		return -EBADF;
	snprintf(path, sizeof(path), "/group/%d/%d", fd, fd * 3);
	*ret_cgrp = cgroup_new(path);
	return *ret_cgrp ? 0 : -ENOMEM;
}

static void cgroup_step(struct job *job)
{
	u32 key = pick(job, SOCKETS), op = pick(job, 4), fd = pick(job, CGROUPS), a, b;
	const struct cgroup *cgrp;
	long err;

	if (op == 0) {
		err = job->map->ops->sys_update(job->map, &key, &fd, BPF_ANY);
		job->in_cnt += !err;
		job->failed += !!err;
	} else if (op == 1) {
		err = job->map->ops->delete (job->map, &key);
		job->out_cnt += !err;
		job->failed += err && err != -ENOENT;
	} else {
		err = cgroup_array_at(job->map, key, &cgrp);
		job->failed += err && err != -EAGAIN;
		/* Read while others replace it: freed memory would show another path, or in the sanitizers. */
		job->wrong += !err && (sscanf(cgrp->path, "/group/%u/%u", &a, &b) != 2 || a >= CGROUPS || b != a * 3);
	}
}

static void *cgroup_work(void *arg)
{
	return work_loop(arg, cgroup_step);
}

static void cgroups_under_threads(void **state __unused_arg)
{
	static const struct map_objs objs = { .cgroup_by_fd = cgroup_by_fd };
	struct skep_map *map = make_with_objs(BPF_MAP_TYPE_CGROUP_ARRAY, &objs);
	struct job jobs[THREADS_MAX], sum;
	const struct cgroup *cgrp;
	u32 left = 0;

	map_user_get(map);
	run_threads(jobs, map, cgroup_work);
	sum = sum_of(jobs);
	rcu_enter();
	for (u32 i = 0; i < SOCKETS; i++)
		left += !cgroup_array_at(map, i, &cgrp);
	rcu_leave();
	assert_true(sum.out_cnt > 0);
	assert_true(sum.out_cnt + left <= sum.in_cnt);
	map_user_put(map); /* the last one: the groups go, the map stays */
	rcu_enter();
	for (u32 i = 0; i < SOCKETS; i++)
		assert_int_equal(cgroup_array_at(map, i, &cgrp), -EAGAIN);
	rcu_leave();
	map_put(map);
}

/* ---- values of sockets ---------------------------------------------------------------------------------------- */

#define COOKIES 32u

static struct skep_map *make_sk_storage(void)
{
	struct map_attr attr = { .type = BPF_MAP_TYPE_SK_STORAGE, .key_size = 4, .value_size = 16, .cpu_cnt = CPUS,
				 .flags = BPF_F_NO_PREALLOC, .acct = &mem, .seed = 3, .btf_key_type_id = 1,
				 .btf_value_type_id = 1 };
	struct skep_map *map = NULL;

	assert_int_equal(map_create(&attr, &map, NULL), 0);
	return map;
}

static void sk_storage_step(struct job *job)
{
	u64 cookie = 1 + pick(job, COOKIES), start = host_now_ns(), *found;
	u32 op = pick(job, 4);
	long err;

	if (op == 0) {
		found = sk_storage_make(job->map, cookie, (u64[2]){ cookie, ~cookie });
		job->in_cnt += !!found;
	} else if (op == 1) {
		err = sk_storage_drop(job->map, cookie);
		job->out_cnt += !err;
		job->failed += failed_for_no_reason(err, -ENOENT, start);
		return;
	} else {
		found = sk_storage_find(job->map, cookie);
	}
	/* Without preallocation an element is one socket's as long as the read side lasts. */
	job->wrong += found && (found[0] != cookie || found[1] != ~cookie);
}

static void *sk_storage_work(void *arg)
{
	return work_loop(arg, sk_storage_step);
}

static void values_of_sockets_under_threads(void **state __unused_arg)
{
	struct skep_map *map = make_sk_storage();
	struct job jobs[THREADS_MAX], sum;

	run_threads(jobs, map, sk_storage_work);
	sum = sum_of(jobs);
	assert_true(sum.in_cnt > 0);
	assert_true(sum.out_cnt > 0);
	map_put(map);
}

/* Round by round all make it, then all drop it. */
static void make_or_drop(struct rounds *r, u32 nr, u32 round)
{
	u64 cookie = 7 + round / 2;

	rcu_enter();
	if (round % 2)
		r->ret[nr] = sk_storage_drop(r->map, cookie);
	else
		r->seen[nr] = sk_storage_make(r->map, cookie, (u64[2]){ nr, nr });
	rcu_leave();
}

static void check_made_or_dropped(struct rounds *r, u32 round)
{
	if (round % 2) {
		check_one_won(r, -ENOENT);
		return;
	}
	for (u32 i = 0; i < thread_cnt(THREADS_MAX); i++)
		rounds_bad += !r->seen[i] || r->seen[i] != r->seen[0];
}

static void a_socket_has_one_value(void **state __unused_arg)
{
	struct skep_map *map = make_sk_storage();

	rounds_bad = 0;
	run_rounds(map, make_or_drop, check_made_or_dropped);
	assert_int_equal(rounds_bad, 0);
	map_put(map);
}

/* ---- values of attachments ---------------------------------------------------------------------------------------- */

/* The map itself never shows an element, whoever asks and however the map comes and goes; the values of
 * test runs are stressed in tests/cgroup. */
static void *attachment_work(void *arg)
{
	struct job *job = arg;
	u64 value[CPUS] = { 0 };
	u8 key[16] = { 0 }, next[16];

	if (rcu_thread_ready())
		abort();
	for (; goes_on(job); job->ops++) {
		u32 type = job->ops % 2 ? BPF_MAP_TYPE_CGROUP_STORAGE : BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
		struct map_attr attr = { .type = type, .key_size = 16, .value_size = 8, .cpu_cnt = CPUS, .acct = &mem };
		struct skep_map *own = NULL, *map;

		job->failed += map_create(&attr, &own, NULL) != 0;
		map = job->ops % 3 && own ? own : job->map;
		job->wrong += map_sys_lookup(map, key, value, 0) != -ENOENT;
		job->wrong += map_sys_update(map, key, value, BPF_EXIST) != -ENOENT;
		job->wrong += map_sys_update(map, key, value, BPF_NOEXIST) != -EINVAL;
		job->wrong += map_sys_delete(map, key) != -EINVAL;
		job->wrong += map_sys_next_key(map, NULL, next) != -ENOENT;
		if (own)
			map_put(own);
	}
	return NULL;
}

static void maps_of_attachments_come_and_go(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_CGROUP_STORAGE, 16, 8, 0, 0);
	struct job jobs[THREADS_MAX];

	run_threads(jobs, map, attachment_work);
	sum_of(jobs);
	map_put(map);
	for (u32 i = 0; i < 4; i++)
		rcu_drain();
	assert_int_equal(mem.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_read_whole_and_none_is_lost),
		cmocka_unit_test(M03_handler_interrupts_storing_a_stack),
		cmocka_unit_test(devices_and_cpus_under_threads),
		cmocka_unit_test(one_of_many_adds_a_device),
		cmocka_unit_test(sockets_under_threads),
		cmocka_unit_test(one_of_many_adds_a_socket),
		cmocka_unit_test(cgroups_under_threads),
		cmocka_unit_test(values_of_sockets_under_threads),
		cmocka_unit_test(a_socket_has_one_value),
		cmocka_unit_test(maps_of_attachments_come_and_go),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
