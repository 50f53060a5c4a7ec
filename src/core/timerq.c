/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timerq.c - see timerq.h. In order: a pairing heap of the items themselves, so that nothing is
 * allocated; items of the same time in the order in which the queue learnt of them.
 *
 * Sleeping is as in work.c: the thread announces asleep = 1 and looks at the stack once more; who
 * tells pushes first and looks at asleep after.
 */
#include "core/timerq.h"
#include "core/lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- the heap ------------------------------------------------------------------------------- */

static bool is_before(const struct timer_item *a, const struct timer_item *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

/* Two heaps become one. prev is the parent of a first child, else the sibling before. */
static struct timer_item *meld(struct timer_item *a, struct timer_item *b)
{
	struct timer_item *top, *below;

	if (!a || !b)
		return a ? a : b;
	top = is_before(a, b) ? a : b;
	below = top == a ? b : a;
	below->prev = top;
	below->sibling = top->child;
	if (top->child)
		top->child->prev = below;
	top->child = below;
	return top;
}

/* In pairs from the left, then all from the right: what keeps the heap flat. */
static struct timer_item *meld_all(struct timer_item *list)
{
	struct timer_item *pairs = NULL, *a, *b, *heap = NULL;

	while ((a = list)) {
		b = a->sibling;
		list = b ? b->sibling : NULL;
		a->sibling = a->prev = NULL;
		if (b)
			b->sibling = b->prev = NULL;
		a = meld(a, b);
		a->sibling = pairs;
		pairs = a;
	}
	while ((a = pairs)) {
		pairs = a->sibling;
		a->sibling = NULL;
		heap = meld(heap, a);
	}
	return heap;
}

static void heap_remove(struct timerq *q, struct timer_item *item)
{
	struct timer_item *rest = meld_all(item->child);

	if (q->first == item) {
		q->first = rest;
	} else {
		if (item->prev->child == item)
			item->prev->child = item->sibling;
		else
			item->prev->sibling = item->sibling;
		if (item->sibling)
			item->sibling->prev = item->prev;
		q->first = meld(q->first, rest);
	}
	item->child = item->sibling = item->prev = NULL;
	item->queued = false;
}

/* ---- the owner ------------------------------------------------------------------------------ */

static bool own(struct timerq *q)
{
	u32 nobody = 0;

	return __atomic_compare_exchange_n(&q->owner, &nobody, thread_token(), false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static void disown(struct timerq *q)
{
	__atomic_store_n(&q->next_at, q->first ? q->first->at : TIMER_NEVER, __ATOMIC_RELAXED);
	__atomic_store_n(&q->owner, 0, __ATOMIC_RELEASE);
}

bool timerq_is_owner(const struct timerq *q)
{
	return __atomic_load_n(&q->owner, __ATOMIC_RELAXED) == thread_token();
}

static void ask(struct timerq *q, struct timer_item *item)
{
	bool gone = false;

	/* Told of again from here on. */
	__atomic_store_n(&item->told, 0, __ATOMIC_SEQ_CST);
	if (item->queued)
		heap_remove(q, item);
	item->at = item->when(item, &gone);
	if (gone) {
		item->gone(item);
		return;
	}
	if (item->at == TIMER_NEVER)
		return;
	item->seq = ++q->seq;
	item->queued = true;
	q->first = meld(q->first, item);
}

/* What was told of, in the order of telling. */
static void ask_all(struct timerq *q)
{
	struct timer_item *newest = __atomic_exchange_n(&q->told, NULL, __ATOMIC_SEQ_CST), *oldest = NULL, *next;

	for (; newest; newest = next) {
		next = newest->next_told;
		newest->next_told = oldest;
		oldest = newest;
	}
	for (; oldest; oldest = next) {
		next = oldest->next_told; /* the item may go */
		ask(q, oldest);
	}
}

/* One after the other, as they are asked: what one does may change what the others want. False:
 * nothing is due at @now. */
static bool fire_one(struct timerq *q, u64 now)
{
	struct timer_item *item;

	ask_all(q);
	item = q->first;
	if (!item || item->at > now)
		return false;
	heap_remove(q, item);
	item->fire(item, now);
	return true;
}

void timerq_tell(struct timerq *q, struct timer_item *item)
{
	struct timer_item *head;
	int saved_errno = errno; /* a handler must not change it */

	if (__atomic_exchange_n(&item->told, 1, __ATOMIC_SEQ_CST))
		return;
	head = __atomic_load_n(&q->told, __ATOMIC_RELAXED);
	do {
		item->next_told = head;
	} while (!__atomic_compare_exchange_n(&q->told, &head, item, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	if (__atomic_load_n(&q->asleep, __ATOMIC_SEQ_CST) && __atomic_exchange_n(&q->asleep, 0, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &q->asleep, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	errno = saved_errno;
}

/* ---- virtual time --------------------------------------------------------------------------- */

/* What is wanted meanwhile comes the next time: somebody may want the same again at once, and time does
 * not pass. */
void timerq_run(struct timerq *q)
{
	u64 last;

	if (!own(q))
		return;
	ask_all(q);
	last = q->seq;
	while (q->first && q->first->seq <= last && fire_one(q, clock_now(q->clock)))
		ask_all(q);
	disown(q);
}

void timerq_advance(struct timerq *q, u64 ns)
{
	u64 end = clock_now(q->clock) + ns, now, last;

	while (!own(q))
		sched_yield();
	ask_all(q);
	last = q->seq;
	for (;;) {
		ask_all(q);
		now = clock_now(q->clock);
		if (!q->first || q->first->at > end)
			break;
		/* Who wants to happen again at once does not keep time from passing. */
		if (q->first->at <= now && q->first->seq > last && now >= end)
			break;
		if (q->first->at > now || q->first->seq > last) {
			clock_advance(q->clock, q->first->at > now ? q->first->at - now : 1);
			last = q->seq;
		}
		fire_one(q, clock_now(q->clock));
	}
	now = clock_now(q->clock);
	if (now < end)
		clock_advance(q->clock, end - now);
	disown(q);
}

/* ---- real time ------------------------------------------------------------------------------ */

void timerq_init(struct timerq *q)
{
	q->next_at = TIMER_NEVER;
}

/* Until something is told of or @until comes. */
static void sleep_until(struct timerq *q, u64 until)
{
	struct timespec ts = { .tv_sec = until / 1000000000, .tv_nsec = until % 1000000000 };

	__atomic_store_n(&q->asleep, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&q->told, __ATOMIC_SEQ_CST) && !__atomic_load_n(&q->stop, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &q->asleep, FUTEX_WAIT_BITSET_PRIVATE, 1, until == TIMER_NEVER ? NULL : &ts, NULL,
			FUTEX_BITSET_MATCH_ANY);
	__atomic_store_n(&q->asleep, 0, __ATOMIC_SEQ_CST);
}

static void *thread_main(void *arg)
{
	struct timerq *q = arg;

	if (q->thread_init)
		q->thread_init();
	while (!own(q))
		sched_yield();
	while (!__atomic_load_n(&q->stop, __ATOMIC_SEQ_CST)) {
		if (!fire_one(q, clock_now(q->clock)))
			sleep_until(q, q->first ? q->first->at : TIMER_NEVER);
	}
	disown(q);
	return NULL;
}

int timerq_start(struct timerq *q)
{
	static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
	pid_t self = getpid();
	sigset_t all, old;
	int err = 0;

	if (q->clock->virtual_time || likely(__atomic_load_n(&q->pid, __ATOMIC_ACQUIRE) == self))
		return 0;
	/* No handler of the application on the thread, nor on us while we hold the lock. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&start_lock);
	if (q->pid != self) {
		q->stop = false;
		q->asleep = 0;
		q->owner = 0; /* a parent's thread that a child does not have */
		err = -pthread_create(&q->thread, NULL, thread_main, q);
		if (!err) {
			pthread_setname_np(q->thread, q->name);
			__atomic_store_n(&q->pid, self, __ATOMIC_RELEASE);
		}
	}
	pthread_mutex_unlock(&start_lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

void timerq_stop(struct timerq *q)
{
	if (__atomic_load_n(&q->pid, __ATOMIC_ACQUIRE) != getpid())
		return;
	__atomic_store_n(&q->stop, true, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&q->asleep, 0, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &q->asleep, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	pthread_join(q->thread, NULL);
	__atomic_store_n(&q->pid, 0, __ATOMIC_RELEASE);
}

void timerq_settle(struct timerq *q)
{
	/* Again when something came while the last look was over. */
	while (__atomic_load_n(&q->told, __ATOMIC_SEQ_CST) && own(q)) {
		ask_all(q);
		disown(q);
	}
}
