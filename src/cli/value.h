/* SPDX-License-Identifier: BSD-2-Clause */
/* value.h - numbers and addresses as people write them, put into the bytes of a field. */
#ifndef SKEP_CLI_VALUE_H
#define SKEP_CLI_VALUE_H

#include "cli/cli.h"

void value_store(u8 *at, u64 val, u32 size, bool big_endian);
/* An IPv4, MAC or IPv6 address, in a field of exactly its size. False: none. */
bool value_address(const char *text, u8 *at, u32 size);

/* Bytes of two hex digits each, with white space between bytes or without, at most @room. False: it is no such text. */
bool value_hex(const char *text, u8 *at, size_t room, u32 *ret_cnt);

enum value_result { VALUE_OK, VALUE_NO_NUMBER, VALUE_TOO_LARGE };
/* A number, or "net:NUMBER" for one in network byte order; of at most 8 bytes, behind them zeros. */
enum value_result value_number(const char *text, u8 *at, u32 size, bool big_endian);

#endif
