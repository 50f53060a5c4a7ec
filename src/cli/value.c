/* SPDX-License-Identifier: BSD-2-Clause */
/* value.c - numbers and addresses as people write them. */
#include "cli/value.h"

#include <ctype.h>
#include <arpa/inet.h>
#include <string.h>

void value_store(u8 *at, u64 val, u32 size, bool big_endian)
{
	for (u32 i = 0; i < size; i++)
		at[big_endian ? size - 1 - i : i] = i < 8 ? val >> 8 * i : 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool mac_address(const char *text, u8 mac[6])
{
	for (u32 i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (u8)(high << 4 | low);
	}
	return true;
}

bool value_address(const char *text, u8 *at, u32 size)
{
	switch (size) {
	case 4:
		return inet_pton(AF_INET, text, at) == 1;
	case 6:
		return mac_address(text, at);
	case 16:
		return inet_pton(AF_INET6, text, at) == 1;
	default:
		return false;
	}
}

static bool fits(u32 size, bool negative, u64 magnitude)
{
	u32 bits = min_of(size, 8u) * 8;

	if (negative)
		return magnitude <= 1ull << (bits - 1);
	return bits == 64 || magnitude < 1ull << bits;
}

enum value_result value_number(const char *text, u8 *at, u32 size, bool big_endian)
{
	bool net = !strncmp(text, "net:", 4), negative;
	const char *digits = net ? text + 4 : text;
	u64 magnitude;

	negative = !net && *digits == '-';
	if (!cli_number(digits + negative, UINT64_MAX, &magnitude))
		return VALUE_NO_NUMBER;
	if (!fits(size, negative, magnitude))
		return VALUE_TOO_LARGE;
	value_store(at, negative ? -magnitude : magnitude, size, net || big_endian);
	return VALUE_OK;
}

bool value_hex(const char *text, u8 *at, size_t room, u32 *ret_cnt)
{
	*ret_cnt = 0;
	for (; *text; text += 2) {
		int high, low;

		while (isspace((u8)*text))
			text++;
		if (!*text)
			break;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0 || *ret_cnt == room)
			return false;
		at[(*ret_cnt)++] = (u8)(high << 4 | low);
	}
	return true;
}
