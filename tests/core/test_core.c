/* SPDX-License-Identifier: BSD-2-Clause */
/* test_core.c - RCU, vCPUs, locks, the slab, deferred work, clocks, faults. */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/lock.h"
#include "core/memacct.h"
#include "core/rcu.h"
#include "core/vcpu.h"
#include "core/work.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include "sigtimer.h"

/* ---- RCU ------------------------------------------------------------------------------------ */

struct node {
	struct rcu_item rcu;
	u64 a, b; /* equal while the node is alive */
};
static u32 freed_cnt;

static void node_free(struct rcu_item *item)
{
	struct node *node = container_of(item, struct node, rcu);

	node->a = 1;
	node->b = 2;
	free(node);
	__atomic_fetch_add(&freed_cnt, 1, __ATOMIC_SEQ_CST);
}

static struct node *shared_node;
static bool stop_readers;

static void *reader_main(void *arg)
{
	u64 *bad = arg;

	if (rcu_thread_ready())
		abort();
	while (!__atomic_load_n(&stop_readers, __ATOMIC_ACQUIRE)) {
		rcu_enter();
		struct node *node = rcu_load(shared_node);

		for (int i = 0; i < 20; i++)
			*bad += node->a != node->b;
		rcu_leave();
	}
	return NULL;
}

static void rcu_frees_after_readers(void **state __unused_arg)
{
	pthread_t threads[2];
	u64 bad[2] = { 0 };
	struct node *node, *old;

	assert_int_equal(rcu_thread_ready(), 0);
	assert_true(rcu_is_ready());
	freed_cnt = 0;
	shared_node = calloc(1, sizeof(*node));
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, reader_main, &bad[i]);
	for (u32 i = 1; i <= 20000; i++) {
		node = calloc(1, sizeof(*node));
		node->a = node->b = i;
		old = shared_node;
		rcu_store(shared_node, node);
		rcu_defer(&old->rcu, node_free);
	}
	__atomic_store_n(&stop_readers, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	rcu_drain();
	assert_int_equal(freed_cnt, 20000);
	assert_int_equal(bad[0] + bad[1], 0);
	rcu_defer(&shared_node->rcu, node_free);
	rcu_drain();
	assert_int_equal(freed_cnt, 20001);
}

static struct node signal_nodes[1000];
static u32 signal_cnt, signal_freed;

static void count_signal_node(struct rcu_item *item __unused_arg)
{
	__atomic_fetch_add(&signal_freed, 1, __ATOMIC_SEQ_CST);
}

static void defer_in_handler(int sig __unused_arg)
{
	u32 i = __atomic_fetch_add(&signal_cnt, 1, __ATOMIC_RELAXED);

	if (i < ARRAY_SIZE(signal_nodes))
		rcu_defer(&signal_nodes[i].rcu, count_signal_node);
}

static void rcu_defer_from_signal(void **state __unused_arg)
{
	static struct node main_nodes[5000];

	signal_freed = 0;
	start_timer(defer_in_handler, 100);
	for (u32 i = 0; i < ARRAY_SIZE(main_nodes); i++) {
		rcu_defer(&main_nodes[i].rcu, count_signal_node);
		if (i % 100 == 0)
			usleep(300);
	}
	stop_timer();
	rcu_drain();
	assert_true(signal_cnt > 5);
	assert_int_equal(signal_freed, ARRAY_SIZE(main_nodes) + min_of(signal_cnt, 1000u));
}

static void *idle_reader(void *arg __unused_arg)
{
	if (rcu_thread_ready())
		abort();
	rcu_enter(); /* holds up grace periods in the parent, not in the child */
	while (!__atomic_load_n(&stop_readers, __ATOMIC_ACQUIRE))
		usleep(1000);
	rcu_leave();
	return NULL;
}

static void *short_reader(void *arg __unused_arg)
{
	if (rcu_thread_ready())
		abort();
	rcu_enter();
	rcu_leave();
	return NULL;
}

static void rcu_works_in_forked_child(void **state __unused_arg)
{
	pthread_t thread, other;
	static struct node node;
	int status = -1;
	pid_t pid;

	__atomic_store_n(&stop_readers, false, __ATOMIC_RELEASE);
	pthread_create(&thread, NULL, idle_reader, NULL);
	usleep(20000);
	pid = fork();
	if (!pid) {
		alarm(20);
		signal(SIGALRM, SIG_DFL);
		signal_freed = 0;
		/* The child's new threads use the memory of the parent's dead ones. */
		for (int i = 0; i < 20; i++) {
			if (pthread_create(&other, NULL, short_reader, NULL))
				_exit(2);
			pthread_join(other, NULL);
		}
		rcu_wait();
		rcu_defer(&node.rcu, count_signal_node);
		rcu_drain();
		_exit(signal_freed == 1 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	__atomic_store_n(&stop_readers, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- vCPUs ---------------------------------------------------------------------------------- */

static void vcpu_sticks_and_nests(void **state __unused_arg)
{
	struct vcpu_set *set = vcpu_set_new(4), *other = vcpu_set_new(1);
	struct vcpu *a, *b, *c;

	assert_null(vcpu_set_new(0));
	assert_null(vcpu_set_new(VCPU_MAX + 1));
	assert_null(vcpu_current());
	a = vcpu_enter(set);
	assert_non_null(a);
	assert_ptr_equal(vcpu_current(), a);
	b = vcpu_enter(set);
	assert_ptr_equal(a, b);
	c = vcpu_enter(other);
	assert_ptr_equal(c->set, other);
	assert_ptr_equal(vcpu_current(), c);
	assert_int_equal(vcpu_bind(set, 2), -EBUSY);
	vcpu_leave(c);
	assert_ptr_equal(vcpu_current(), b);
	vcpu_leave(b);
	assert_ptr_equal(vcpu_current(), a);
	vcpu_leave(a);
	assert_null(vcpu_current());
	for (int i = 0; i < 100; i++) {
		b = vcpu_enter(set);
		assert_ptr_equal(a, b);
		vcpu_leave(b);
	}
	assert_int_equal(vcpu_bind(set, 4), -EINVAL);
	assert_int_equal(vcpu_bind(set, 3), 0);
	a = vcpu_try_enter(set);
	assert_null(a); /* bound, but not entered since: nothing to enter without the lock */
	assert_int_equal(errno, EAGAIN);
	a = vcpu_enter(set);
	assert_int_equal(a->id, 3);
	vcpu_leave(a);
	a = vcpu_try_enter(set);
	assert_int_equal(a->id, 3);
	vcpu_leave(a);
	vcpu_set_free(other);
	vcpu_set_free(set);
}

static void vcpu_nests_to_a_depth(void **state __unused_arg)
{
	struct vcpu_set *set = vcpu_set_new(1);
	struct vcpu *vcpu = NULL;

	for (int i = 0; i < 16; i++) {
		vcpu = vcpu_enter(set);
		assert_non_null(vcpu);
	}
	assert_null(vcpu_enter(set));
	assert_int_equal(errno, EAGAIN);
	for (int i = 0; i < 16; i++)
		vcpu_leave(vcpu);
	assert_null(vcpu_current());
	vcpu_set_free(set);
}

#define VCPU_RUNS 3000
struct vcpu_job {
	struct vcpu_set *set;
	u32 *users; /* a vCPU */
	u32 clashes, runs;
};

static void *vcpu_worker(void *arg)
{
	struct vcpu_job *job = arg;

	for (int i = 0; i < VCPU_RUNS; i++) {
		struct vcpu *vcpu = vcpu_enter(job->set);

		if (__atomic_add_fetch(&job->users[vcpu->id], 1, __ATOMIC_SEQ_CST) != 1)
			job->clashes++;
		if (i % 64 == 0)
			usleep(10); /* so that others find it busy, and later idle */
		struct vcpu *inner = vcpu_enter(job->set);

		job->clashes += inner != vcpu;
		vcpu_leave(inner);
		__atomic_sub_fetch(&job->users[vcpu->id], 1, __ATOMIC_SEQ_CST);
		vcpu_leave(vcpu);
		job->runs++;
		if (i % 256 == 0)
			usleep(10);
	}
	return NULL;
}

static void vcpu_exclusive_with_more_threads_than_cpus(void **state __unused_arg)
{
	for (u32 cpus = 1; cpus <= 3; cpus++) {
		struct vcpu_set *set = vcpu_set_new(cpus);
		u32 users[VCPU_MAX] = { 0 };
		struct vcpu_job jobs[8];
		pthread_t threads[8];

		for (int i = 0; i < 8; i++) {
			jobs[i] = (struct vcpu_job){ .set = set, .users = users };
			pthread_create(&threads[i], NULL, vcpu_worker, &jobs[i]);
		}
		for (int i = 0; i < 8; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(jobs[i].clashes, 0);
			assert_int_equal(jobs[i].runs, VCPU_RUNS);
		}
		vcpu_set_free(set);
	}
}

static void *bind_taken(void *arg)
{
	return (void *)(intptr_t)vcpu_bind(arg, 1);
}

static void vcpu_bind_is_exclusive(void **state __unused_arg)
{
	struct vcpu_set *set = vcpu_set_new(2);
	pthread_t thread;
	void *ret;

	assert_int_equal(vcpu_bind(set, 1), 0);
	pthread_create(&thread, NULL, bind_taken, set);
	pthread_join(thread, &ret);
	assert_int_equal((int)(intptr_t)ret, -EBUSY);
	vcpu_unbind(set);
	pthread_create(&thread, NULL, bind_taken, set);
	pthread_join(thread, &ret);
	assert_int_equal((int)(intptr_t)ret, 0);
	/* That thread is gone, and its binding with it. */
	assert_int_equal(vcpu_bind(set, 1), 0);
	vcpu_set_free(set);
}

static struct vcpu_set *signal_set;
static u32 signal_runs, signal_misses, signal_wrong;

static void enter_in_handler(int sig __unused_arg)
{
	struct vcpu *outer = vcpu_current(), *vcpu;
	int was = errno; /* who was interrupted may be about to read it */

	vcpu = vcpu_try_enter(signal_set);
	errno = was;
	if (!vcpu) {
		signal_misses++;
		return;
	}
	signal_wrong += outer && outer != vcpu;
	signal_runs++;
	vcpu_leave(vcpu);
	signal_wrong += vcpu_current() != outer;
}

static void vcpu_in_signal_handler(void **state __unused_arg)
{
	u64 start = host_now_ns(), passed = 0;

	signal_set = vcpu_set_new(2);
	start_timer(enter_in_handler, 50);
	for (; passed < 200000000 || (signal_runs <= 10 && passed < 10000000000); passed = host_now_ns() - start) {
		struct vcpu *vcpu = vcpu_enter(signal_set);

		assert_ptr_equal(vcpu_current(), vcpu);
		vcpu_leave(vcpu);
	}
	stop_timer();
	assert_int_equal(signal_wrong, 0);
	assert_true(signal_runs > 10);
	vcpu_set_free(signal_set);
}

static void *handler_on_new_thread(void *arg __unused_arg)
{
	/* No vCPU, no RCU: what a handler does on such a thread is a miss. */
	return vcpu_try_enter(signal_set) ? (void *)1 : NULL;
}

static void vcpu_unregistered_thread_misses(void **state __unused_arg)
{
	pthread_t thread;
	void *ret;

	signal_set = vcpu_set_new(2);
	pthread_create(&thread, NULL, handler_on_new_thread, NULL);
	pthread_join(thread, &ret);
	assert_null(ret);
	vcpu_set_free(signal_set);
}

/* ---- locks ---------------------------------------------------------------------------------- */

static struct rlock lock_a, lock_b;
static int handler_err, handler_saw_held;

static void lock_in_handler(int sig __unused_arg)
{
	int err;

	handler_saw_held = 1;
	err = rlock_take(&lock_a);
	if (!err)
		rlock_drop(&lock_a);
	__atomic_store_n(&handler_err, err, __ATOMIC_SEQ_CST);
}

static void lock_reentry_is_edeadlk(void **state __unused_arg)
{
	struct sigaction act = { .sa_handler = lock_in_handler };

	sigaction(SIGUSR1, &act, NULL);
	assert_int_equal(rlock_take(&lock_a), 0);
	assert_int_equal(rlock_take(&lock_a), -EDEADLK);
	raise(SIGUSR1);
	assert_true(handler_saw_held);
	assert_int_equal(handler_err, -EDEADLK);
	rlock_drop(&lock_a);
	raise(SIGUSR1);
	assert_int_equal(handler_err, 0);
}

static void *hold_b_want_a(void *arg)
{
	pthread_barrier_t *both = arg;
	int err;

	if (rlock_take(&lock_b))
		abort();
	pthread_barrier_wait(both);
	err = rlock_take(&lock_a);
	if (!err)
		rlock_drop(&lock_a);
	rlock_drop(&lock_b);
	return (void *)(intptr_t)err;
}

static void lock_abba_times_out(void **state __unused_arg)
{
	u64 start = host_now_ns();
	pthread_barrier_t both;
	pthread_t thread;
	void *ret;
	int err;

	pthread_barrier_init(&both, NULL, 2);
	assert_int_equal(rlock_take(&lock_a), 0);
	pthread_create(&thread, NULL, hold_b_want_a, &both);
	pthread_barrier_wait(&both);
	err = rlock_take(&lock_b);
	if (!err)
		rlock_drop(&lock_b);
	rlock_drop(&lock_a);
	pthread_join(thread, &ret);
	pthread_barrier_destroy(&both);
	/* One gives up; the other may then get its lock, or give up too. */
	assert_true(err == -ETIMEDOUT || (int)(intptr_t)ret == -ETIMEDOUT);
	assert_true(host_now_ns() - start >= RLOCK_TIMEOUT_NS);
	assert_int_equal(rlock_take_for(&lock_a, 1000), 0);
	rlock_drop(&lock_a);
}

static u64 guarded;
static void *lock_and_count(void *arg __unused_arg)
{
	for (int i = 0; i < 20000; i++) {
		while (rlock_take(&lock_a))
			;
		guarded++;
		rlock_drop(&lock_a);
	}
	return NULL;
}

static void lock_excludes(void **state __unused_arg)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, lock_and_count, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(guarded, 80000);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void memacct_limits(void **state __unused_arg)
{
	struct memacct acct = { .limit = 1 << 20 };
	char *mem;

	assert_int_equal(memacct_charge(&acct, 1 << 20), 0);
	assert_int_equal(memacct_charge(&acct, 1), -ENOMEM);
	memacct_release(&acct, 1 << 20);
	assert_int_equal(memacct_charge(&acct, UINT64_MAX), -ENOMEM);
	for (u64 size = 1; size <= 1 << 20; size <<= 5) {
		mem = acct_alloc(&acct, size);
		assert_non_null(mem);
		assert_int_equal(acct.used, size);
		assert_int_equal((uintptr_t)mem % 64, 0);
		assert_true(mem[0] == 0 && mem[size - 1] == 0);
		acct_free(&acct, mem, size);
	}
	assert_null(acct_alloc(&acct, (1 << 20) + 1));
	assert_int_equal(acct.used, 0);
}

static void slab_gives_each_once(void **state __unused_arg)
{
	struct memacct acct = { .limit = 1 << 20 };
	struct slab slab;
	bool seen[100] = { 0 };
	u32 idx;

	assert_int_equal(slab_init(&slab, &acct, 0, 1, 1, 0), -EINVAL);
	assert_int_equal(slab_init(&slab, &acct, 1 << 20, 2, 1, SLAB_PREALLOC), -ENOMEM);
	assert_int_equal(acct.used, 0);
	assert_int_equal(slab_init(&slab, &acct, 20, 100, 3, SLAB_PREALLOC), 0);
	assert_int_equal(acct.used, 2400);
	for (int round = 0; round < 3; round++) {
		memset(seen, 0, sizeof(seen));
		for (u32 i = 0; i < 100; i++) {
			idx = slab_get(&slab, i);
			assert_true(idx < 100 && !seen[idx]);
			seen[idx] = true;
		}
		assert_int_equal(slab_get(&slab, 0), SLAB_NONE);
		for (u32 i = 0; i < 100; i++)
			slab_put(&slab, i * 7, i);
	}
	slab_free(&slab);
	assert_int_equal(acct.used, 0);
	/* Charged by use. */
	assert_int_equal(slab_init(&slab, &acct, 1 << 18, 100, 1, 0), 0);
	for (int i = 0; i < 4; i++)
		assert_int_not_equal(slab_get(&slab, 0), SLAB_NONE);
	assert_int_equal(slab_get(&slab, 0), SLAB_NONE);
	assert_int_equal(acct.used, 1 << 20);
	slab_free(&slab);
	assert_int_equal(acct.used, 0);
}

#define SLAB_OBJS 16
static struct slab shared_slab;
static u32 slab_owner[SLAB_OBJS], slab_clashes;

static void slab_cycle(u32 me)
{
	u32 idx = slab_get(&shared_slab, me), none = 0;

	if (idx == SLAB_NONE)
		return;
	if (!__atomic_compare_exchange_n(&slab_owner[idx], &none, me, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		__atomic_fetch_add(&slab_clashes, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&slab_owner[idx], 0, __ATOMIC_SEQ_CST);
	slab_put(&shared_slab, me, idx);
}

static void slab_in_handler(int sig __unused_arg)
{
	slab_cycle(100);
}

static void *slab_user(void *arg)
{
	for (int i = 0; i < 100000; i++)
		slab_cycle((u32)(uintptr_t)arg);
	return NULL;
}

static void slab_shared_by_threads_and_signals(void **state __unused_arg)
{
	pthread_t threads[4];
	u32 cnt = 0;

	assert_int_equal(slab_init(&shared_slab, NULL, 8, SLAB_OBJS, 2, SLAB_PREALLOC), 0);
	start_timer(slab_in_handler, 50);
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, slab_user, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	stop_timer();
	assert_int_equal(slab_clashes, 0);
	while (slab_get(&shared_slab, 0) != SLAB_NONE)
		cnt++;
	assert_int_equal(cnt, SLAB_OBJS);
	slab_free(&shared_slab);
}

/* ---- work, clock, faults -------------------------------------------------------------------- */

struct counted {
	struct work_item work;
	u32 nr;
};
static u32 last_nr, out_of_order;

static void count_in_order(struct work_item *work)
{
	struct counted *item = container_of(work, struct counted, work);

	out_of_order += item->nr != last_nr + 1;
	last_nr = item->nr;
}

static void work_runs_in_order(void **state __unused_arg)
{
	struct worker w = { .name = "test" };
	static struct counted items[5000];

	for (u32 i = 0; i < ARRAY_SIZE(items); i++) {
		items[i].nr = i + 1;
		work_queue(&w, &items[i].work, count_in_order);
		if (i == 100) /* earlier ones were kept */
			assert_int_equal(worker_start(&w), 0);
		if (i % 1000 == 0)
			usleep(1000); /* the worker falls asleep */
	}
	assert_int_equal(worker_drain(&w), 0);
	assert_int_equal(last_nr, ARRAY_SIZE(items));
	assert_int_equal(out_of_order, 0);
	worker_stop(&w);
	assert_int_equal(worker_start(&w), 0);
	worker_stop(&w);
}

static void clock_virtual_and_seeded(void **state __unused_arg)
{
	struct skep_clock a, b;
	u32 equal = 0;
	u64 now;

	clock_init(&a);
	clock_init(&b);
	assert_true(clock_read(&a, CLOCK_KTIME) <= clock_read(&a, CLOCK_KTIME));
	now = host_now_ns();
	assert_in_range(clock_read(&a, CLOCK_KTIME), now, now + 10000000000);
	for (int i = 0; i < 100; i++)
		equal += clock_random(&a) == clock_random(&b);
	assert_true(equal < 3);
	clock_set_seed(&a, 42);
	clock_set_seed(&b, 42);
	for (int i = 0; i < 100; i++)
		assert_int_equal(clock_random(&a), clock_random(&b));
	clock_set_virtual(&a, 1000, 10);
	assert_int_equal(clock_read(&a, CLOCK_KTIME), 1000);
	assert_int_equal(clock_read(&a, CLOCK_KTIME_BOOT), 1010);
	clock_advance(&a, 5000);
	assert_int_equal(clock_read(&a, CLOCK_KTIME_TAI), 6020);
}

#if defined(__x86_64__)
/* mov (%rdi),%rax; ret; mov $-14,%rax; ret */
static const u8 load_code[] = { 0x48, 0x8b, 0x07, 0xc3, 0x48, 0xc7, 0xc0, 0xf2, 0xff, 0xff, 0xff, 0xc3 };
static u64 seen_addr;

static bool skip_load(void *ctx, struct fault *fault, u64 *ret_pc)
{
	seen_addr = fault->addr;
	*ret_pc = (u64)(uintptr_t)ctx + 4;
	return true;
}

static u32 app_faults;
static sigjmp_buf app_jmp;
static void app_handler(int sig __unused_arg)
{
	app_faults++;
	siglongjmp(app_jmp, 1);
}

static void fault_fixed_or_chained(void **state __unused_arg)
{
	u8 *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sigaction act = { .sa_handler = app_handler };
	char *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s64 (*load)(const void *) = (void *)code;
	s64 value = 77;

	memcpy(code, load_code, sizeof(load_code));
	mprotect(code, 4096, PROT_READ | PROT_EXEC);
	sigaction(SIGSEGV, &act, NULL);
	assert_int_equal(fault_register_range(code, 0, skip_load, code), -EINVAL);
	assert_int_equal(fault_register_range(code, 4, skip_load, code), 0);
	assert_int_equal(fault_register_range(code + 3, 4, skip_load, code), -EEXIST);
	assert_int_equal(fault_decline(), -EBUSY);
	assert_int_equal(load(&value), 77);
	assert_int_equal(load(hole + 8), -EFAULT);
	assert_int_equal(seen_addr, (u64)(uintptr_t)hole + 8);
	assert_int_equal(app_faults, 0);
	/* A fault elsewhere is the application's. */
	if (!sigsetjmp(app_jmp, 1))
		*(volatile char *)hole = 1;
	assert_int_equal(app_faults, 1);
	/* It puts its own handler over ours: we ask for ours back. */
	sigaction(SIGSEGV, &act, NULL);
	assert_int_equal(fault_reinstall(), 0);
	assert_int_equal(load(hole), -EFAULT);
	assert_int_equal(fault_unregister_range(code), 0);
	assert_int_equal(fault_unregister_range(code), -ENOENT);
	if (!sigsetjmp(app_jmp, 1))
		load(hole);
	assert_int_equal(app_faults, 2);
	signal(SIGSEGV, SIG_DFL);
	munmap(code, 4096);
	munmap(hole, 4096);
}

static void fault_declined_in_another_process(void **state __unused_arg)
{
	int status = -1;
	pid_t pid = fork();

	/* Ranges were registered before here, so the child's state is made by exec. */
	if (!pid) {
		execl("/proc/self/exe", "test_core", "declined", NULL);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int declined_main(void)
{
	if (fault_decline())
		return 1;
	if (fault_register_range(load_code, 4, skip_load, NULL) != -EOPNOTSUPP)
		return 2;
	if (fault_reinstall() != -EOPNOTSUPP)
		return 3;
	return 0;
}
#endif

int main(int argc, char **argv __unused_arg)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rcu_frees_after_readers),
		cmocka_unit_test(rcu_defer_from_signal),
		cmocka_unit_test(rcu_works_in_forked_child),
		cmocka_unit_test(vcpu_sticks_and_nests),
		cmocka_unit_test(vcpu_nests_to_a_depth),
		cmocka_unit_test(vcpu_exclusive_with_more_threads_than_cpus),
		cmocka_unit_test(vcpu_bind_is_exclusive),
		cmocka_unit_test(vcpu_in_signal_handler),
		cmocka_unit_test(vcpu_unregistered_thread_misses),
		cmocka_unit_test(lock_reentry_is_edeadlk),
		cmocka_unit_test(lock_abba_times_out),
		cmocka_unit_test(lock_excludes),
		cmocka_unit_test(memacct_limits),
		cmocka_unit_test(slab_gives_each_once),
		cmocka_unit_test(slab_shared_by_threads_and_signals),
		cmocka_unit_test(work_runs_in_order),
		cmocka_unit_test(clock_virtual_and_seeded),
#if defined(__x86_64__)
		cmocka_unit_test(fault_fixed_or_chained),
		cmocka_unit_test(fault_declined_in_another_process),
#endif
	};

#if defined(__x86_64__)
	if (argc > 1)
		return declined_main();
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
