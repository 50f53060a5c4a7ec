/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rcu.c - liburcu's memb flavour: on Linux with membarrier(2) a read side is two plain stores.
 *
 * liburcu's own call_rcu() may create its thread, and so allocate, on first use, and wants a
 * registered caller. Ours queues to a worker (work.h), which takes all that is queued, waits for
 * one grace period and runs it: no callback runs before a grace period that began after its
 * queueing.
 *
 * gp_lock is held around everything that takes liburcu's internal locks and by fork(): a child
 * finds them free, and can unlink the readers whose threads it does not have. It must: the C
 * library reuses their stacks, where liburcu's list nodes live, for the child's new threads.
 */
/* Only accessors and functions of a few lines are inlined from liburcu (LGPL 2.1, section 5). */
#define _LGPL_SOURCE
#include <urcu/urcu-memb.h>

#include "core/rcu.h"

#include "core/work.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

/* initial-exec: a handler must not be the first to touch lazily allocated TLS. */
#define TLS_IE __attribute__((tls_model("initial-exec")))

enum { THREAD_NEW, THREAD_READY, THREAD_GONE };

struct rcu_thread {
	struct rcu_thread *next, **link;
	struct urcu_reader *reader;
	int state;
};
static __thread TLS_IE struct rcu_thread this_thread;
static struct rcu_thread *threads; /* under gp_lock */
static pthread_mutex_t gp_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static int once_err;

static_assert(sizeof(struct rcu_item) >= sizeof(struct work_item), "rcu items carry work items");

/*
 * ThreadSanitizer does not see liburcu's barriers (the library is not instrumented): what a reader
 * did before rcu_leave() happens before what follows the grace period.
 */
#ifdef SKEP_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
static char tsan_leave, tsan_period;
/* Not the inlined ones, whose plain accesses it does see. */
#undef urcu_memb_read_lock
#undef urcu_memb_read_unlock
void urcu_memb_read_lock(void);
void urcu_memb_read_unlock(void);
#define tsan_reader_enters() __tsan_acquire(&tsan_period)
#define tsan_reader_leaves() __tsan_release(&tsan_leave)
#define tsan_period_begins() __tsan_release(&tsan_period)
#define tsan_period_ends()   __tsan_acquire(&tsan_leave)
#else
#define tsan_reader_enters() ((void)0)
#define tsan_reader_leaves() ((void)0)
#define tsan_period_begins() ((void)0)
#define tsan_period_ends()   ((void)0)
#endif

void rcu_enter(void)
{
	skep_assert(this_thread.state == THREAD_READY);
	urcu_memb_read_lock();
	tsan_reader_enters();
}

void rcu_leave(void)
{
	tsan_reader_leaves();
	urcu_memb_read_unlock();
}

void rcu_wait(void)
{
	skep_assert(!urcu_memb_read_ongoing());
	tsan_period_begins();
	pthread_mutex_lock(&gp_lock);
	urcu_memb_synchronize_rcu();
	pthread_mutex_unlock(&gp_lock);
	tsan_period_ends();
}

static int thread_register(struct rcu_thread *t)
{
	pthread_mutex_lock(&gp_lock);
	urcu_memb_register_thread();
	t->reader = &URCU_TLS(urcu_memb_reader);
	t->next = threads;
	t->link = &threads;
	if (threads)
		threads->link = &t->next;
	threads = t;
	pthread_mutex_unlock(&gp_lock);
	t->state = THREAD_READY;
	return 0;
}

static void thread_exit(void *arg)
{
	struct rcu_thread *t = arg;
	sigset_t all, old;

	if (t->state != THREAD_READY)
		return;
	/* From here on a handler on this thread finds it gone. */
	t->state = THREAD_GONE;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&gp_lock);
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	urcu_memb_unregister_thread();
	pthread_mutex_unlock(&gp_lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static struct worker rcu_worker = { .name = "skep-rcu", .before_batch = rcu_wait };

static void fork_prepare(void)
{
	pthread_mutex_lock(&gp_lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&gp_lock);
}

static void fork_child(void)
{
	struct rcu_thread *t, *next;

	for (t = threads; t; t = next) {
		next = t->next;
		if (t != &this_thread)
			cds_list_del(&t->reader->node);
	}
	threads = NULL;
	if (this_thread.state == THREAD_READY) {
		this_thread.next = NULL;
		this_thread.link = &threads;
		threads = &this_thread;
	}
	pthread_mutex_unlock(&gp_lock);
}

static void init_once(void)
{
	once_err = -pthread_key_create(&exit_key, thread_exit);
	if (!once_err)
		once_err = -pthread_atfork(fork_prepare, fork_parent, fork_child);
}

int rcu_thread_ready(void)
{
	int err;

	if (likely(this_thread.state == THREAD_READY))
		return 0;
	if (this_thread.state == THREAD_GONE)
		return -EAGAIN;
	pthread_once(&once, init_once);
	err = once_err ? once_err : worker_start(&rcu_worker);
	if (err)
		return err;
	err = -pthread_setspecific(exit_key, &this_thread);
	return err ? err : thread_register(&this_thread);
}

bool rcu_is_ready(void)
{
	return this_thread.state == THREAD_READY;
}

static void run_item(struct work_item *work)
{
	struct rcu_item *item = (struct rcu_item *)work;
	void (*func)(struct rcu_item *item);

	/* Stored as data pointer in priv: a function pointer has the same size on every host. */
	__builtin_memcpy(&func, &item->priv[0], sizeof(func));
	func(item);
}

void rcu_defer(struct rcu_item *item, void (*func)(struct rcu_item *item))
{
	__builtin_memcpy(&item->priv[0], &func, sizeof(func));
	work_queue(&rcu_worker, (struct work_item *)item, run_item);
}

void rcu_drain(void)
{
	skep_assert(!urcu_memb_read_ongoing());
	worker_drain(&rcu_worker);
}
