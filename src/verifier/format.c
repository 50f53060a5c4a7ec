/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.c - format strings that must be right before the program runs (bpf_snprintf): known
 * conversions only, and no more of them than there are arguments.
 */
#include "verifier/checks.h"

#include <ctype.h>
#include <string.h>

static const char *skip_flags_and_width(const char *at)
{
	while (*at && strchr("0 +-", *at))
		at++;
	while (isdigit((unsigned char)*at))
		at++;
	return at;
}

static bool ends(char c)
{
	return !c || isspace((unsigned char)c) || ispunct((unsigned char)c);
}

/* What follows "%p": nothing, a letter that changes the print, a string or an address in memory. */
static const char *skip_pointer(const char *at)
{
	if ((at[0] == 'k' || at[0] == 'u') && at[1] == 's')
		return ends(at[2]) ? at + 2 : NULL;
	if (*at && strchr("KxsSB", *at))
		return at + 1;
	if (ends(*at))
		return at;
	if ((at[0] == 'i' || at[0] == 'I') && (at[1] == '4' || at[1] == '6'))
		return at + 2;
	return NULL;
}

/* One conversion, behind its '%'. NULL: unknown. */
static const char *skip_conversion(const char *at)
{
	at = skip_flags_and_width(at);
	if (*at == 'p')
		return skip_pointer(at + 1);
	if (*at == 'c')
		return at + 1;
	if (*at == 's')
		return ends(at[1]) ? at + 1 : NULL;
	for (int longs = 0; longs < 2 && *at == 'l'; longs++)
		at++;
	return *at && strchr("diuxX", *at) ? at + 1 : NULL;
}

bool format_is_valid(const char *fmt, u32 arg_cnt)
{
	u32 used = 0;

	while (fmt && *fmt) {
		unsigned char c = *fmt++;

		/* What is not ASCII may stand in the text, not in a conversion. */
		if (isascii(c) && !isprint(c) && !isspace(c))
			return false;
		if (c != '%')
			continue;
		if (*fmt == '%') {
			fmt++;
			continue;
		}
		if (++used > arg_cnt)
			return false;
		fmt = skip_conversion(fmt);
	}
	return fmt;
}
