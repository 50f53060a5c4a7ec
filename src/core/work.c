/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work.c - see work.h. The queue is a stack that the worker takes as a whole (so no ABA: nobody
 * pops single items) and reverses, which restores the order of queueing.
 *
 * Sleeping: the worker announces asleep = 1, looks at the queue once more and only then waits in
 * the kernel for asleep to change; a queuer pushes first and looks at asleep after. Both sides are
 * sequentially consistent, so one of them sees the other.
 */
#include "core/work.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One lock for starting any worker: it happens once a process and worker. */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fork_prepare(void)
{
	pthread_mutex_lock(&start_lock);
}

static void fork_done(void)
{
	pthread_mutex_unlock(&start_lock);
}

/* A child must not find the lock held by a thread that it does not have. */
static void init_once(void)
{
	pthread_atfork(fork_prepare, fork_done, fork_done);
}

static void futex_wait(u32 *word, u32 val)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, val, NULL, NULL, 0);
}

static void futex_wake(u32 *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void wake(struct worker *w)
{
	int saved_errno = errno; /* a handler must not change it */

	if (__atomic_exchange_n(&w->asleep, 0, __ATOMIC_SEQ_CST))
		futex_wake(&w->asleep);
	errno = saved_errno;
}

void work_queue(struct worker *w, struct work_item *item, void (*func)(struct work_item *item))
{
	struct work_item *head = __atomic_load_n(&w->head, __ATOMIC_RELAXED);

	item->func = func;
	do {
		item->next = head;
	} while (!__atomic_compare_exchange_n(&w->head, &head, item, true, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	if (__atomic_load_n(&w->asleep, __ATOMIC_SEQ_CST))
		wake(w);
}

static void run_batch(struct worker *w, struct work_item *newest)
{
	struct work_item *oldest = NULL, *next;

	for (; newest; newest = next) {
		next = newest->next;
		newest->next = oldest;
		oldest = newest;
	}
	if (w->before_batch)
		w->before_batch();
	for (; oldest; oldest = next) {
		next = oldest->next; /* the function may free the item */
		oldest->func(oldest);
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct work_item *batch;

	if (w->thread_init)
		w->thread_init();
	for (;;) {
		batch = __atomic_exchange_n(&w->head, NULL, __ATOMIC_SEQ_CST);
		if (batch) {
			run_batch(w, batch);
			continue;
		}
		if (__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST))
			return NULL;
		__atomic_store_n(&w->asleep, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&w->head, __ATOMIC_SEQ_CST) &&
		    !__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST))
			futex_wait(&w->asleep, 1);
		__atomic_store_n(&w->asleep, 0, __ATOMIC_SEQ_CST);
	}
}

int worker_start(struct worker *w)
{
	pid_t self = getpid();
	sigset_t all, old;
	int err = 0;

	if (likely(__atomic_load_n(&w->pid, __ATOMIC_ACQUIRE) == self))
		return 0;
	/* No handler of the application on the worker, nor on us while we hold the lock: it might
	 * come back here. */
	pthread_once(&once, init_once);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&start_lock);
	if (w->pid != self) {
		w->stop = false;
		w->asleep = 0;
		err = -pthread_create(&w->thread, NULL, worker_main, w);
		if (!err) {
			pthread_setname_np(w->thread, w->name);
			__atomic_store_n(&w->pid, self, __ATOMIC_RELEASE);
		}
	}
	pthread_mutex_unlock(&start_lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

void worker_stop(struct worker *w)
{
	if (__atomic_load_n(&w->pid, __ATOMIC_ACQUIRE) != getpid())
		return;
	__atomic_store_n(&w->stop, true, __ATOMIC_SEQ_CST);
	wake(w);
	pthread_join(w->thread, NULL);
	__atomic_store_n(&w->pid, 0, __ATOMIC_RELEASE);
}

struct drain_mark {
	struct work_item item;
	u32 waiting; /* futex */
};

static void drain_reached(struct work_item *item)
{
	struct drain_mark *mark = container_of(item, struct drain_mark, item);

	/* The waiter may leave, and the mark with it, right after the store: a wake-up on an
	 * address that holds something else by then is harmless, waiters look again. */
	__atomic_store_n(&mark->waiting, 0, __ATOMIC_RELEASE);
	futex_wake(&mark->waiting);
}

int worker_drain(struct worker *w)
{
	struct drain_mark mark = { .waiting = 1 };
	int err = worker_start(w);

	if (err)
		return err;
	work_queue(w, &mark.item, drain_reached);
	while (__atomic_load_n(&mark.waiting, __ATOMIC_ACQUIRE))
		futex_wait(&mark.waiting, 1);
	return 0;
}
