/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool strbuf_grow(struct strbuf *sb, size_t extra)
{
	size_t need = sb->len + extra + 1, cap = sb->cap ? sb->cap : 64;
	char *str;

	if (sb->oom || need < extra) {
		sb->oom = true;
		return false;
	}
	if (need <= sb->cap)
		return true;
	while (cap < need)
		cap *= 2;
	str = realloc(sb->str, cap);
	if (!str) {
		sb->oom = true;
		return false;
	}
	sb->str = str;
	sb->cap = cap;
	return true;
}

void strbuf_add(struct strbuf *sb, const char *bytes, size_t len)
{
	if (!strbuf_grow(sb, len))
		return;
	memcpy(sb->str + sb->len, bytes, len);
	sb->len += len;
	sb->str[sb->len] = '\0';
}

void strbuf_puts(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_putc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0 || !strbuf_grow(sb, len))
		return;
	vsnprintf(sb->str + sb->len, len + 1, fmt, args);
	sb->len += len;
}

void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	strbuf_vprintf(sb, fmt, args);
	va_end(args);
}

void strbuf_reset(struct strbuf *sb)
{
	sb->len = 0;
	if (sb->str)
		sb->str[0] = '\0';
}

void strbuf_free(struct strbuf *sb)
{
	free(sb->str);
	*sb = (struct strbuf){ 0 };
}

const char *strbuf_str(const struct strbuf *sb)
{
	return sb->str ? sb->str : "";
}
