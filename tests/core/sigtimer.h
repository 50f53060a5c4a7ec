/* SPDX-License-Identifier: BSD-2-Clause */
/* sigtimer.h - a handler that interrupts the test every so many microseconds, as an NMI would. */
#ifndef TESTS_CORE_SIGTIMER_H
#define TESTS_CORE_SIGTIMER_H

#include <signal.h>
#include <sys/time.h>

static inline void start_timer(void (*handler)(int), long usec)
{
	struct itimerval tv = { { 0, usec }, { 0, usec } };
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &tv, NULL);
}

static inline void stop_timer(void)
{
	struct itimerval tv = { 0 };

	setitimer(ITIMER_REAL, &tv, NULL);
	signal(SIGALRM, SIG_IGN);
}

#endif
