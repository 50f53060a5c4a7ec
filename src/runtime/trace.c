/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - the instance's trace buffer: a ring of bytes, the oldest are lost first. */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>

int trace_init(struct trace_buf *trace)
{
	pthread_mutex_init(&trace->lock, NULL);
	trace->bytes = malloc(TRACE_SIZE);
	return trace->bytes ? 0 : -ENOMEM;
}

void trace_destroy(struct trace_buf *trace)
{
	free(trace->bytes);
}

void skep_trace_write(struct skep *skep, const char *text, size_t len)
{
	struct trace_buf *t = &skep->trace;

	/* A program in a signal handler may find its own thread inside: it loses the line. */
	if (pthread_mutex_trylock(&t->lock)) {
		if (vcpu_current() && helper_run() && helper_run()->prev)
			return;
		pthread_mutex_lock(&t->lock);
	}
	for (size_t i = 0; i < len; i++)
		t->bytes[t->end++ % TRACE_SIZE] = text[i];
	pthread_mutex_unlock(&t->lock);
}

char *skep_trace_read(struct skep *skep)
{
	struct trace_buf *t = &skep->trace;
	size_t len, n = 0;
	char *text;

	pthread_mutex_lock(&t->lock);
	len = min_of(t->end, (u64)TRACE_SIZE);
	text = malloc(len + 1);
	if (text) {
		for (u64 pos = t->end - len; pos < t->end; pos++)
			text[n++] = t->bytes[pos % TRACE_SIZE];
		text[n] = '\0';
	}
	pthread_mutex_unlock(&t->lock);
	return text;
}
