/* SPDX-License-Identifier: BSD-2-Clause */
/* strbuf.h - text that grows. The string is always NUL-terminated once anything was added. */
#ifndef SKEP_BASE_STRBUF_H
#define SKEP_BASE_STRBUF_H

#include "base/types.h"

#include <stdarg.h>

/* Zero-initialise. After a failed allocation @oom stays set and later additions are dropped. */
struct strbuf {
	char *str;
	size_t len, cap;
	bool oom;
};

void strbuf_add(struct strbuf *sb, const char *bytes, size_t len);
void strbuf_puts(struct strbuf *sb, const char *s);
void strbuf_putc(struct strbuf *sb, char c);
void strbuf_printf(struct strbuf *sb, const char *fmt, ...) __printf_like(2, 3);
void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list args) __printf_like(2, 0);
void strbuf_reset(struct strbuf *sb); /* empties, keeps the memory */
void strbuf_free(struct strbuf *sb);
/* The text, "" when nothing was added; owned by @sb. */
const char *strbuf_str(const struct strbuf *sb);

#endif
