/* SPDX-License-Identifier: BSD-2-Clause */
/* text.c - helpers on strings and numbers as text. */
#include "helper/private.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TRACE_LINE_MAX	1024 /* MAX_BPRINTF_BUF */
#define PRINTK_ARG_MAX	3
#define BPRINTF_ARG_MAX 12

/* As trace_pipe shows it, so that the tools people have can read it. */
static void trace_line(struct helper_host *host, const char *msg)
{
	u64 now = clock_read(&host->clock, CLOCK_KTIME);
	char comm[16] = { 0 }, line[TRACE_LINE_MAX + 128];
	int len;

	prctl(PR_GET_NAME, comm, 0, 0, 0);
	len = snprintf(line, sizeof(line), "%16s-%-7d [%03u] ....1 %5llu.%06llu: bpf_trace_printk: %s",
		       comm, gettid(), vcpu_current()->id, (unsigned long long)now / 1000000000,
		       (unsigned long long)now / 1000 % 1000000, msg);
	host->trace(host, line, min_of((size_t)len, sizeof(line) - 1));
}

static u64 trace_args(const char *fmt, u32 fmt_size, const u64 *args, u32 arg_cnt)
{
	struct helper_host *host = helper_host();
	char msg[TRACE_LINE_MAX];
	long len = bprintf(host, helper_run(), msg, sizeof(msg), fmt, fmt_size, args, arg_cnt);

	if (len >= 0)
		trace_line(host, msg);
	return (u64)len;
}

HELPER(trace_printk)
{
	u64 args[PRINTK_ARG_MAX] = { r3, r4, r5 };

	return trace_args((const char *)(uintptr_t)r1, (u32)r2, args, PRINTK_ARG_MAX);
}

/* Arguments come as an array of 64-bit values. */
static bool args_ok(u64 data, u32 size)
{
	return size % 8 == 0 && size <= BPRINTF_ARG_MAX * 8 && (!size || data);
}

HELPER(trace_vprintk)
{
	if (!args_ok(r3, (u32)r4))
		return -EINVAL;
	return trace_args((const char *)(uintptr_t)r1, (u32)r2, (const u64 *)(uintptr_t)r3,
			  (u32)r4 / 8);
}

HELPER(snprintf)
{
	long len;

	if (!args_ok(r4, (u32)r5))
		return -EINVAL;
	/* The verifier knows that the format is a terminated constant. */
	len = bprintf(helper_host(), helper_run(), (char *)(uintptr_t)r1, (u32)r2,
		      (const char *)(uintptr_t)r3, UINT_MAX, (const u64 *)(uintptr_t)r4, (u32)r5 / 8);
	return len < 0 ? (u64)len : (u64)len + 1;
}

HELPER(strncmp)
{
	const u8 *a = (const u8 *)(uintptr_t)r1, *b = (const u8 *)(uintptr_t)r3;

	for (u32 i = 0; i < (u32)r2; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? (u64)-1 : 1;
		if (!a[i])
			break;
	}
	return 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Digits of @base from @s until @end: how many, 0 when there are none, -ERANGE past 64 bits. */
static int parse_digits(const char *s, const char *end, u32 base, u64 *ret_val)
{
	bool over = false;
	u64 val = 0;
	int cnt = 0;

	for (; s < end && digit_of(*s) < (int)base; s++, cnt++)
		if (__builtin_mul_overflow(val, base, &val) ||
		    __builtin_add_overflow(val, (u64)digit_of(*s), &val))
			over = true;
	*ret_val = val;
	return over ? -ERANGE : cnt;
}

/*
 * A number at the start of a buffer that need not be terminated: space, sign, prefix, digits.
 * Returns the bytes consumed. Linux copies at most 63 bytes after the sign before it looks.
 */
static int parse_number(const char *buf, u32 len, u64 flags, u64 *ret_val, bool *ret_neg)
{
	const char *s = buf, *end = buf + len;
	u32 base = flags & 0x1f;
	int cnt;

	if (!len || (base != 0 && base != 8 && base != 10 && base != 16) || flags & ~0x1fULL)
		return -EINVAL;
	while (s < end && isspace((u8)*s))
		s++;
	*ret_neg = s < end && *s == '-';
	s += *ret_neg;
	if (s == end)
		return -EINVAL;
	end = min_of(end, s + 63);
	if ((base == 0 || base == 16) && end - s >= 2 && s[0] == '0' && (s[1] | 0x20) == 'x' &&
	    (base == 16 || (end - s >= 3 && digit_of(s[2]) < 16))) {
		base = 16;
		s += 2;
	} else if (base == 0) {
		base = s[0] == '0' ? 8 : 10;
	}
	cnt = parse_digits(s, end, base, ret_val);
	if (cnt < 0)
		return cnt;
	return cnt ? (int)(s - buf) + cnt : -EINVAL;
}

HELPER(strtol)
{
	s64 *res = (s64 *)(uintptr_t)r4;
	bool neg;
	u64 val;
	int n;

	*res = 0;
	n = parse_number((const char *)(uintptr_t)r1, (u32)r2, r3, &val, &neg);
	if (n < 0)
		return (u64)n;
	if (val > (u64)LLONG_MAX + neg)
		return -ERANGE;
	*res = (s64)(neg ? -val : val);
	return (u64)n;
}

HELPER(strtoul)
{
	u64 *res = (u64 *)(uintptr_t)r4;
	bool neg;
	u64 val;
	int n;

	*res = 0;
	n = parse_number((const char *)(uintptr_t)r1, (u32)r2, r3, &val, &neg);
	if (n < 0)
		return (u64)n;
	if (neg)
		return -EINVAL;
	*res = val;
	return (u64)n;
}
