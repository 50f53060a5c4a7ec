/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jout.h - writes JSON piece by piece in bpftool's layout. Unlike a tree of json-c it can say one name twice, which
 * members without a name do, and it also makes the text form of typed values, which is not quite JSON.
 */
#ifndef SKEP_CLI_JOUT_H
#define SKEP_CLI_JOUT_H

#include "cli/cli.h"

#include <stdio.h>

/* Zero-initialise all but @to and the two flags. */
struct jout {
	FILE *to;
	bool pretty; /* a line a member */
	bool loose;  /* the text form: hex numbers and pointers stand without quotes */
	u32 depth;
	bool any;      /* the innermost object or list has something in it; at depth 0: a value was written */
	bool has_name; /* a name waits for its value */
};

void jout_open(struct jout *j, char bracket); /* '{' or '[' */
void jout_close(struct jout *j, char bracket); /* '}' or ']' */
void jout_name(struct jout *j, const char *name);
void jout_str(struct jout *j, const char *text);
void jout_num(struct jout *j, u64 num);
void jout_word(struct jout *j, const char *fmt, ...) __printf_like(2, 3); /* as it is: true, -1 */
void jout_hex(struct jout *j, u64 high, u64 low); /* "0x1f"; without quotes when loose */
void jout_bytes(struct jout *j, const void *bytes, size_t size); /* ["0x00", ...] */
void jout_tree(struct jout *j, struct json_object *tree);

#endif
