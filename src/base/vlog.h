/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vlog.h - the log buffer of bpf(2), with Linux's rules: log_level bits, rotation so that the end
 * of a long log survives (unless BPF_LOG_FIXED), rewinding, and the size that would have sufficed.
 * Not thread-safe; owned by one command.
 */
#ifndef SKEP_BASE_VLOG_H
#define SKEP_BASE_VLOG_H

#include "base/types.h"

#include <stdarg.h>

#define VLOG_LEVEL1 1u
#define VLOG_LEVEL2 2u
#define VLOG_STATS  4u
#define VLOG_FIXED  8u
#define VLOG_MASK   15u

struct vlog {
	u32 level;     /* VLOG_* bits; 0 drops everything */
	char *buf;     /* the caller's; NULL with level != 0 only measures */
	u32 size;      /* bytes of buf */
	u64 start, end; /* logical positions: buf holds [start, end) of all that was written */
	u64 max_len;   /* the longest the log ever was, for log_true_size */
};

/* 0, or -EINVAL when level, buffer and size do not fit together as Linux wants them:
 * size and buffer both or neither, level within VLOG_MASK, size at most UINT_MAX >> 2. */
int vlog_init(struct vlog *log, u32 level, char *buf, u32 size);
void vlog_printf(struct vlog *log, const char *fmt, ...) __printf_like(2, 3);
void vlog_vprintf(struct vlog *log, const char *fmt, va_list args) __printf_like(2, 0);
/* Forgets all after position @pos (taken from log->end earlier). */
void vlog_rewind(struct vlog *log, u64 pos);
/* Ends the log: puts the text in order, NUL-terminates. 0, or -ENOSPC when text was cut;
 * *ret_true_size gets the size, terminator included, that would hold all of it. */
int vlog_finish(struct vlog *log, u32 *ret_true_size);
static inline bool vlog_wanted(const struct vlog *log)
{
	return log && log->level;
}

#endif
