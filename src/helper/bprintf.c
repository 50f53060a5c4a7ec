/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bprintf.c - printf for programs: the conversions, limits and refusals of Linux.
 *
 *	%[0 +-][width](d i u x X), with l or ll	integers of 32 or 64 bits
 *	%c %s %pks %pus					a byte, a string
 *	%p %pK %px					an address: hidden, hidden, as it is
 *	%pB %ps %pS					a symbol; none is known here: as a number
 *	%pi4 %pI4 %pi6 %pI6				addresses in memory
 *
 * Letters and digits that follow a pointer's conversion are taken for more of it and not printed.
 *
 * Strings and addresses are read only where helper_host.mem_at() lets a program look; elsewhere
 * they are "" and zeros, as where Linux's fault-tolerant copy fails.
 */
#include "base/hash.h"
#include "helper/private.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STRINGS_MAX 512 /* MAX_BPRINTF_BIN_ARGS-sized buffer: what strings of one call may take */

#define WIDTH_MAX   ((1u << 23) - 1) /* what Linux cuts a width to */

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
	u32 width;
	bool left, zeros, plus, space;
};

static void put_fill(struct out *o, char ch, size_t cnt)
{
	if (o->len + 1 < o->size)
		memset(o->buf + o->len, ch, min_of(cnt, o->size - 1 - o->len));
	o->len += cnt;
}

static void put_padded(struct out *o, const struct spec *spec, const char *text, size_t len)
{
	size_t pad = spec->width > len ? spec->width - len : 0;

	if (!spec->left)
		put_fill(o, ' ', pad);
	put(o, text, len);
	if (spec->left)
		put_fill(o, ' ', pad);
}

static __printf_like(2, 3) void put_fmt(struct out *o, const char *fmt, ...)
{
	char text[64];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put(o, text, min_of((size_t)len, sizeof(text) - 1));
}

/* Digits with an optional sign before them; zeros for a width go between the two. */
static void put_digits(struct out *o, const struct spec *spec, const char *sign, const char *digits)
{
	size_t len = strlen(digits) + strlen(sign);
	char text[32];

	if (spec->zeros && !spec->left) {
		put(o, sign, strlen(sign));
		put_fill(o, '0', spec->width > len ? spec->width - len : 0);
		put(o, digits, strlen(digits));
		return;
	}
	snprintf(text, sizeof(text), "%s%s", sign, digits);
	put_padded(o, spec, text, len);
}

static void put_int(struct out *o, const struct spec *spec, char conv, u64 val)
{
	bool is_signed = conv == 'd' || conv == 'i', minus = is_signed && (s64)val < 0;
	char digits[24];

	snprintf(digits, sizeof(digits), conv == 'x' ? "%llx" : conv == 'X' ? "%llX" : "%llu",
		 (unsigned long long)(minus ? -val : val));
	put_digits(o, spec, minus ? "-" : !is_signed ? "" : spec->plus ? "+" : spec->space ? " " : "",
		   digits);
}

struct call {
	struct helper_host *host;
	const struct run_ctx *run;
	struct out o;
	u32 string_room;
};

/*
 * A string, at most what the call's room still takes; -ENOSPC when that is full. @space: 'k', 'u',
 * or 0 for whichever of the two the address belongs to.
 */
static int put_string(struct call *c, const struct spec *spec, u64 addr, char space)
{
	char text[STRINGS_MAX];
	long len = -EFAULT;

	if (!c->string_room)
		return -ENOSPC;
	if (space != 'k')
		len = mem_read_str(c->host, c->run, text, c->string_room, addr, HELPER_MEM_USER);
	if (space != 'u' && len < 0)
		len = mem_read_str(c->host, c->run, text, c->string_room, addr, HELPER_MEM_KERNEL);
	/* A copy that meets a fault before the end yields nothing. */
	if (len < 0)
		len = 1;
	c->string_room -= (u32)len;
	put_padded(&c->o, spec, text, (size_t)len - 1);
	return 0;
}

static void put_ip(struct call *c, bool v6, bool zeros, u64 addr)
{
	u8 ip[16];

	mem_read(c->host, c->run, ip, v6 ? 16 : 4, addr, HELPER_MEM_KERNEL);
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

/* An address: sixteen digits unless a width says otherwise. */
static void put_address(struct call *c, const struct spec *spec, u64 val)
{
	struct spec own = *spec;
	char digits[24];

	if (!own.width) {
		own.width = 16;
		own.zeros = true;
	}
	snprintf(digits, sizeof(digits), "%llx", (unsigned long long)val);
	put_digits(&c->o, &own, "", digits);
}

/* What "%p" prints for one: equal pointers look equal, and that is all. An error number or NULL is
 * no secret. */
static u64 hidden(const struct call *c, u64 val)
{
	if (!val || val >= (u64)-4095)
		return val;
	return hash_u64(val, c->host->ptr_key) & 0xffffffff;
}

/* What follows "%p": the letters used up, or -EINVAL. */
static int put_pointer(struct call *c, const struct spec *spec, const char *after, u64 val)
{
	if ((after[0] == 'k' || after[0] == 'u') && after[1] == 's')
		return !ends(after[2]) ? -EINVAL :
					 put_string(c, &(struct spec){ 0 }, val, after[0]) ?: 2;
	if (ends(after[0]) || after[0] == 'K') {
		put_address(c, spec, hidden(c, val));
		return after[0] == 'K';
	}
	if (after[0] == 'x') {
		put_address(c, spec, val);
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
	*spec = (struct spec){ 0 };
	for (; *p && strchr("0+- ", *p); p++) {
		spec->left |= *p == '-';
		spec->zeros |= *p == '0';
		spec->plus |= *p == '+';
		spec->space |= *p == ' ';
	}
	for (; isdigit((u8)*p); p++)
		spec->width = min_of(spec->width * 10 + (u32)(*p - '0'), WIDTH_MAX);
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
		if (n < 0)
			return NULL;
		for (p += 1 + n; isalnum((u8)*p); p++)
			;
		return p;
	}
	if (*p == 's') {
		*ret_err = ends(p[1]) ? put_string(c, &spec, val, 0) : -EINVAL;
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
		if ((u8)fmt[i] < 128 && !isprint((u8)fmt[i]) && !isspace((u8)fmt[i]))
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
