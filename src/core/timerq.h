/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timerq.h - things that are to happen at a time of an instance's clock, in order.
 *
 * An item says when it wants to happen whenever the queue asks: wishes change from any context, signal
 * handlers too, and the queue is told so (a lock-free push, as work.h's). One thread at a time, the
 * owner, takes what was told, asks, keeps the items in order and makes them happen: in real time the
 * queue's own thread, with virtual time whoever calls timerq_run().
 */
#ifndef SKEP_CORE_TIMERQ_H
#define SKEP_CORE_TIMERQ_H

#include "core/clock.h"

#include <pthread.h>
#include <sys/types.h>

#define TIMER_NEVER UINT64_MAX /* a wish: not at all for now */

struct timerq;

struct timer_item {
	/* Called by the owner, one at a time. when: the wish; *ret_gone: the queue must forget the item,
	 * and ends with gone(). */
	u64 (*when)(struct timer_item *item, bool *ret_gone);
	void (*fire)(struct timer_item *item, u64 now);
	void (*gone)(struct timer_item *item); /* may free it */
	/* the queue's */
	struct timer_item *next_told;
	u32 told; /* atomic: told of, and not asked yet */
	bool queued;
	u64 at, seq;
	struct timer_item *child, *sibling, *prev; /* pairing heap */
};

/* Zero-initialise, set clock, thread_init and name. */
struct timerq {
	struct skep_clock *clock;
	void (*thread_init)(void); /* on the queue's thread, once; may be NULL */
	const char *name;	   /* at most 15 bytes: the thread's */
	/* timerq.c's */
	struct timer_item *told;   /* newest first; atomic */
	u64 next_at;		   /* when something is to happen; atomic */
	u32 owner;		   /* thread_token(), 0: nobody; atomic */
	u32 asleep;		   /* futex: 1 while the thread waits */
	bool stop;		   /* atomic */
	pid_t pid;		   /* the process in which the thread runs; atomic */
	pthread_t thread;
	struct timer_item *first;  /* the owner's from here on */
	u64 seq;
};

void timerq_init(struct timerq *q);
/* Real time: starts the thread unless it runs in this process. Not from a signal handler. 0, -EAGAIN, -ENOMEM. */
int timerq_start(struct timerq *q);
void timerq_stop(struct timerq *q); /* ends the thread */
/* Asks what was told of, for items to go; nothing happens. The owner does it when there is one. Not
 * from a signal handler. */
void timerq_settle(struct timerq *q);
/* The item's wish has changed. Any context. */
void timerq_tell(struct timerq *q, struct timer_item *item);
/* Is it this thread that makes items happen just now? Any context. */
bool timerq_is_owner(const struct timerq *q);
/* Virtual time: is there anything for timerq_run() to do? */
static inline bool timerq_is_due(const struct timerq *q)
{
	return q->clock->virtual_time &&
	       (__atomic_load_n(&q->told, __ATOMIC_RELAXED) ||
		__atomic_load_n(&q->next_at, __ATOMIC_RELAXED) <= clock_now(q->clock));
}
/* Virtual time: makes happen what is due, unless somebody is at it. Not from a signal handler. */
void timerq_run(struct timerq *q);
/* Virtual time moves on by @ns, and what is due on the way happens at its time. */
void timerq_advance(struct timerq *q, u64 ns);

#endif
