/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bprintf.c - printf for programs: the conversions, limits and refusals of Linux.
 *
 *	%[0 +-#][width](d i u x X), with l or ll	integers of 32 or 64 bits
 *	%c %s %pks %pus					a byte, a string
 *	%p %pK %px					an address: hidden, hidden, as it is
 *	%pB %ps %pS					a symbol; none is known here: as a number
 *	%pi4 %pI4 %pi6 %pI6				addresses in memory
 *
 * Strings and addresses are read only where helper_host.mem_room() lets a program look; elsewhere
 * they are "" and zeros, as where Linux's fault-tolerant copy fails.
 */
#include "base/hash.h"
#include "helper/private.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STRINGS_MAX 512 /* MAX_BPRINTF_BIN_ARGS-sized buffer: what strings of one call may take */

struct out {
	char *buf;
	size_t size, len; /* len may pass size: it counts what there would have been */
};

static void put(struct out *o, const char *text, size_t len)
{
	if (o->len + 1 < o->size)
		memcpy(o->buf + o->len, text, min_of(len, o->size - 1 - o->len));
	o->len += len;
}

/* Flags, width and the kind of one conversion. */
struct spec {
	char flags[8]; /* for the host's printf */
	u32 width;
	bool left;
};

static void put_padded(struct out *o, const struct spec *spec, const char *text, size_t len)
{
	size_t pad = spec->width > len ? spec->width - len : 0;

	if (spec->left)
		put(o, text, len);
	for (; pad; pad--)
		put(o, " ", 1);
	if (!spec->left)
		put(o, text, len);
}

static __printf_like(2, 3) void put_fmt(struct out *o, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put(o, text, min_of((size_t)len, sizeof(text) - 1));
}

/* The conversion letters are ours and the length is always 64 bits; a width beyond the buffer of
 * the trace line would only be cut there. */
static void put_int(struct out *o, const struct spec *spec, char conv, u64 val)
{
	char fmt[24], text[256];
	int len;

	snprintf(fmt, sizeof(fmt), "%%%s*ll%c", spec->flags, conv);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	len = snprintf(text, sizeof(text), fmt, (int)min_of(spec->width, 200u), val);
#pragma GCC diagnostic pop
	put(o, text, (size_t)len);
}

struct call {
	struct helper_host *host;
	const struct run_ctx *run;
	struct out o;
	u32 string_room;
};

static size_t readable(const struct call *c, const void *mem)
{
	return c->host->mem_room ? c->host->mem_room(c->host, c->run, mem) : 0;
}

/* A string of the program's memory, at most what the call's room still takes. -ENOSPC when full. */
static int put_string(struct call *c, const struct spec *spec, u64 addr)
{
	const char *s = (const char *)(uintptr_t)addr;
	size_t room = readable(c, s), len;

	if (!c->string_room)
		return -ENOSPC;
	len = strnlen(s, min_of(room, (size_t)c->string_room - 1));
	/* A copy that meets a fault before the end yields nothing in Linux. */
	if (len == room)
		len = 0;
	c->string_room -= (u32)len + 1;
	put_padded(&c->o, spec, s, len);
	return 0;
}

static void put_ip(struct call *c, bool v6, bool zeros, u64 addr)
{
	const u8 *mem = (const u8 *)(uintptr_t)addr;
	u8 ip[16] = { 0 };

	if (readable(c, mem) >= (v6 ? 16 : 4))
		memcpy(ip, mem, v6 ? 16 : 4);
	if (v6)
		for (int i = 0; i < 16; i += 2)
			put_fmt(&c->o, "%02x%02x%s", ip[i], ip[i + 1],
				i == 14 || zeros ? "" : ":");
	else
		put_fmt(&c->o, zeros ? "%03u.%03u.%03u.%03u" : "%u.%u.%u.%u", ip[0], ip[1], ip[2],
			ip[3]);
}

static bool ends(char ch)
{
	return !ch || isspace((u8)ch) || ispunct((u8)ch);
}

/* What follows "%p": the letters used up, or -EINVAL. */
static int put_pointer(struct call *c, const struct spec *spec, const char *after, u64 val)
{
	char text[32];
	int len;

	if ((after[0] == 'k' || after[0] == 'u') && after[1] == 's')
		return !ends(after[2]) ? -EINVAL : put_string(c, spec, val) ?: 2;
	if (ends(after[0]) || after[0] == 'K') {
		/* 32 bits of a keyed hash: equal pointers look equal, and that is all. */
		u64 hidden = val ? hash_u64(val, c->host->ptr_key) & 0xffffffff : 0;

		len = snprintf(text, sizeof(text), "%016llx", (unsigned long long)hidden);
		put_padded(&c->o, spec, text, (size_t)len);
		return after[0] == 'K';
	}
	if (after[0] == 'x') {
		len = snprintf(text, sizeof(text), "%016llx", (unsigned long long)val);
		put_padded(&c->o, spec, text, (size_t)len);
		return 1;
	}
	if (after[0] == 'B' || after[0] == 's' || after[0] == 'S') {
		put_fmt(&c->o, "0x%llx", (unsigned long long)val);
		return 1;
	}
	if ((after[0] != 'i' && after[0] != 'I') || (after[1] != '4' && after[1] != '6'))
		return -EINVAL;
	put_ip(c, after[1] == '6', after[0] == 'i', val);
	return 2;
}

/* Flags and width at @p; returns what follows. */
static const char *parse_spec(const char *p, struct spec *spec)
{
	u32 n = 0;

	*spec = (struct spec){ 0 };
	for (; *p && strchr("0+- #", *p); p++) {
		/* The host's printf takes each flag once; repeating one means nothing. */
		if (!strchr(spec->flags, *p) && n < sizeof(spec->flags) - 1)
			spec->flags[n++] = *p;
		spec->left |= *p == '-';
	}
	for (; isdigit((u8)*p); p++)
		spec->width = min_of(spec->width * 10 + (u32)(*p - '0'), 1000u);
	return p;
}

/* One conversion that starts after its '%': the next character, NULL and *ret_err when refused. */
static const char *convert(struct call *c, const char *p, u64 val, int *ret_err)
{
	struct spec spec;
	bool wide = false;
	int n;

	p = parse_spec(p, &spec);
	if (*p == 'p') {
		n = put_pointer(c, &spec, p + 1, val);
		*ret_err = min_of(n, 0);
		return n < 0 ? NULL : p + 1 + n;
	}
	if (*p == 's') {
		*ret_err = ends(p[1]) ? put_string(c, &spec, val) : -EINVAL;
		return *ret_err ? NULL : p + 1;
	}
	if (*p == 'c') {
		put_padded(&c->o, &spec, &(char){ (char)val }, 1);
		return p + 1;
	}
	for (n = 0; n < 2 && *p == 'l'; n++, p++)
		wide = true;
	if (!*p || !strchr("diuxX", *p)) {
		*ret_err = -EINVAL;
		return NULL;
	}
	if (!wide)
		val = *p == 'd' || *p == 'i' ? (u64)(s32)val : (u32)val;
	put_int(&c->o, &spec, *p, val);
	return p + 1;
}

long bprintf(struct helper_host *host, const struct run_ctx *run, char *out, size_t out_size,
	     const char *fmt, u32 fmt_size, const u64 *args, u32 arg_cnt)
{
	struct call c = { .host = host, .run = run, .o = { out, out_size, 0 },
			  .string_room = STRINGS_MAX };
	u32 arg = 0, len = (u32)strnlen(fmt, fmt_size);
	int err = 0;

	if (len == fmt_size)
		return -EINVAL;
	/* All of the format is looked at before anything is printed, as Linux prepares first. */
	for (u32 i = 0; i < len; i++)
		if ((u8)fmt[i] > 127 || (!isprint((u8)fmt[i]) && !isspace((u8)fmt[i])))
			return -EINVAL;
	for (const char *p = fmt; *p;) {
		if (*p != '%' || p[1] == '%') {
			put(&c.o, p, 1);
			p += *p == '%' ? 2 : 1;
			continue;
		}
		if (arg >= arg_cnt)
			return -EINVAL;
		p = convert(&c, p + 1, args[arg++], &err);
		if (!p)
			return err;
	}
	if (out_size)
		out[min_of(c.o.len, out_size - 1)] = '\0';
	return (long)c.o.len;
}
