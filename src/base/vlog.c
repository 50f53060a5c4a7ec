/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buffer is a ring over logical positions: byte p of the log stands at buf[p % size]. The last
 * place is kept for the terminator, so [start, end) never spans more than size - 1 bytes.
 * vlog_finish() turns the ring so that the text begins at buf[0].
 */
#include "base/vlog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int vlog_init(struct vlog *log, u32 level, char *buf, u32 size)
{
	*log = (struct vlog){ .level = level, .buf = buf, .size = size };
	if (!level && !buf && !size)
		return 0;
	if (!!buf != !!size || (buf && !level) || (level & ~VLOG_MASK) || size > UINT32_MAX >> 2)
		return -EINVAL;
	return 0;
}

/* @len bytes at log->end, which may run over the end of the ring once or more. */
static void put_ring(struct vlog *log, const char *text, u64 len)
{
	u64 at = log->end;

	while (len) {
		u64 part = min_of(len, log->size - at % log->size);

		memcpy(log->buf + at % log->size, text, part);
		at += part;
		text += part;
		len -= part;
	}
}

static void put(struct vlog *log, const char *text, u64 len)
{
	u64 room, keep = len;

	if (log->end + len > log->max_len)
		log->max_len = log->end + len;
	if (log->size) {
		if (log->level & VLOG_FIXED) {
			room = log->end < log->size - 1 ? log->size - 1 - log->end : 0;
			keep = min_of(len, room);
		}
		put_ring(log, text, keep);
	}
	log->end += len;
	if (!(log->level & VLOG_FIXED) && log->size && log->end - log->start > log->size - 1)
		log->start = log->end - (log->size - 1);
}

void vlog_vprintf(struct vlog *log, const char *fmt, va_list args)
{
	char small[512], *text = small;
	va_list again;
	int len;

	if (!vlog_wanted(log))
		return;
	va_copy(again, args);
	len = vsnprintf(small, sizeof(small), fmt, args);
	if (len >= (int)sizeof(small)) {
		text = malloc(len + 1);
		if (text) {
			vsnprintf(text, len + 1, fmt, again);
		} else { /* the cut line is better than none */
			text = small;
			len = sizeof(small) - 1;
		}
	}
	va_end(again);
	if (len > 0)
		put(log, text, len);
	if (text != small)
		free(text);
}

void vlog_printf(struct vlog *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vlog_vprintf(log, fmt, args);
	va_end(args);
}

void vlog_rewind(struct vlog *log, u64 pos)
{
	if (pos >= log->end)
		return;
	log->end = pos;
	/* What the ring dropped cannot come back: the log then begins where it ends. */
	if (log->start > pos)
		log->start = pos;
}

static void reverse(char *from, char *to)
{
	for (char c; from < --to; from++) {
		c = *from;
		*from = *to;
		*to = c;
	}
}

int vlog_finish(struct vlog *log, u32 *ret_true_size)
{
	u64 len, first;

	*ret_true_size = log->level ? (u32)min_of(log->max_len + 1, (u64)UINT32_MAX) : 0;
	if (!log->size)
		return 0;
	if (log->level & VLOG_FIXED) {
		log->buf[min_of(log->end, (u64)log->size - 1)] = '\0';
	} else {
		len = log->end - log->start;
		first = log->start % log->size;
		/* Three reversals turn the ring by @first places. */
		if (first) {
			reverse(log->buf, log->buf + first);
			reverse(log->buf + first, log->buf + log->size);
			reverse(log->buf, log->buf + log->size);
		}
		log->buf[len] = '\0';
	}
	return log->max_len + 1 > log->size ? -ENOSPC : 0;
}
