/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observe_perf.c - /tmp/perf-PID.map, which "perf report" reads: a line "START SIZE NAME" in hex for each
 * function. It names code that is gone, too; the last line for an address counts.
 */
#include "jit/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* Of the process: perf looks for one file. A forked child has its own from its first line on. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int map_fd = -1;
static pid_t map_pid;

static int open_map(void)
{
	char path[64];
	int fd;

	if (map_fd >= 0 && map_pid == getpid())
		return 0;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	/* What an earlier process of this number left is not about us. */
	fd = observe_create(path, O_WRONLY | O_APPEND);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, 0)) {
		close(fd);
		return -EACCES;
	}
	if (map_fd >= 0)
		close(map_fd);
	map_fd = fd;
	map_pid = getpid();
	return 0;
}

int perfmap_start(void)
{
	int err;

	pthread_mutex_lock(&lock);
	err = open_map();
	pthread_mutex_unlock(&lock);
	return err;
}

void perfmap_add(const struct observed_code *o)
{
	struct strbuf out = { 0 };
	u32 start, end;

	for (u32 f = 0; f < o->image->func_cnt; f++) {
		observed_func(o, f, &start, &end);
		strbuf_printf(&out, "%llx %x ", (unsigned long long)(uintptr_t)o->base + start, end - start);
		observed_name(o, f, &out);
		strbuf_putc(&out, '\n');
	}
	pthread_mutex_lock(&lock);
	/* One write: other JITs of the process may append to the same file. On a full disk a program has no name. */
	if (!out.oom && !open_map())
		(void)!write(map_fd, out.str, out.len);
	pthread_mutex_unlock(&lock);
	strbuf_free(&out);
}
