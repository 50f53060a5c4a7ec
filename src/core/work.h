/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work.h - deferred work: a thread that runs queued items in the order of their queueing. Queueing
 * is a lock-free push, so it may be done from a signal handler, under any lock, with no memory.
 */
#ifndef SKEP_CORE_WORK_H
#define SKEP_CORE_WORK_H

#include "base/types.h"

#include <pthread.h>
#include <sys/types.h>

struct work_item {
	struct work_item *next; /* the worker's */
	void (*func)(struct work_item *item);
};

/* Zero-initialise, set the first three. The rest is work.c's. */
struct worker {
	const char *name;	  /* at most 15 bytes: the thread's name */
	void (*thread_init)(void); /* on the worker, once; may be NULL */
	void (*before_batch)(void); /* after items were taken, before they run; may be NULL */
	struct work_item *head;	  /* newest first; atomic */
	u32 asleep;		  /* futex: 1 while the thread waits for work */
	bool stop;
	pid_t pid;		  /* the process in which the thread runs, 0: none; atomic */
	pthread_t thread;
};

/* Starts the thread unless it runs (in this process: after fork() a child needs its own). Not from
 * a signal handler. 0 or -EAGAIN, -ENOMEM. Threads: any, in parallel. */
int worker_start(struct worker *w);
/* Runs what is queued, then ends the thread. Nobody queues any more. Not from @w's own items. */
void worker_stop(struct worker *w);
/* @item belongs to the worker until its function is called, which may free it or queue it again.
 * Any context. Before worker_start() items are kept. */
void work_queue(struct worker *w, struct work_item *item, void (*func)(struct work_item *item));
/* Waits until every item queued before has run. Starts the worker if need be (0, else its error).
 * Not from a signal handler or @w's own items. */
int worker_drain(struct worker *w);

#endif
