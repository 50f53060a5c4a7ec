/* SPDX-License-Identifier: BSD-2-Clause */
/* jout.c - JSON piece by piece: commas, line ends and indentation come of where one is. */
#include "cli/jout.h"

#include <stdarg.h>

static void new_line(const struct jout *j)
{
	if (!j->pretty)
		return;
	fputc('\n', j->to);
	for (u32 i = 0; i < j->depth; i++)
		fputs("    ", j->to);
}

static void before_value(struct jout *j)
{
	if (j->any && !j->has_name && j->depth)
		fputc(',', j->to);
	j->any = true;
	j->has_name = false;
}

void jout_open(struct jout *j, char bracket)
{
	before_value(j);
	fputc(bracket, j->to);
	j->depth++;
	j->any = false;
}

void jout_close(struct jout *j, char bracket)
{
	j->depth--;
	if (j->any)
		new_line(j);
	fputc(bracket, j->to);
	j->any = true;
}

static void put_quoted(struct jout *j, const char *text)
{
	fputc('"', j->to);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(j->to, "\\%c", *text);
		else if ((u8)*text < 0x20)
			fprintf(j->to, "\\u%04x", *text);
		else
			fputc(*text, j->to);
	}
	fputc('"', j->to);
}

void jout_name(struct jout *j, const char *name)
{
	if (j->any)
		fputc(',', j->to);
	new_line(j);
	put_quoted(j, name);
	fputs(j->pretty ? ": " : ":", j->to);
	j->any = true;
	j->has_name = true;
}

void jout_str(struct jout *j, const char *text)
{
	before_value(j);
	put_quoted(j, text);
}

void jout_num(struct jout *j, u64 num)
{
	jout_word(j, "%llu", (unsigned long long)num);
}

void jout_word(struct jout *j, const char *fmt, ...)
{
	va_list args;

	before_value(j);
	va_start(args, fmt);
	vfprintf(j->to, fmt, args);
	va_end(args);
}

void jout_hex(struct jout *j, u64 high, u64 low)
{
	const char *quote = j->loose ? "" : "\"";

	if (high)
		jout_word(j, "%s0x%llx%016llx%s", quote, (unsigned long long)high, (unsigned long long)low, quote);
	else
		jout_word(j, "%s0x%llx%s", quote, (unsigned long long)low, quote);
}

void jout_bytes(struct jout *j, const void *bytes, size_t size)
{
	jout_open(j, '[');
	for (size_t i = 0; i < size; i++)
		jout_word(j, "\"0x%02x\"", ((const u8 *)bytes)[i]);
	jout_close(j, ']');
}

void jout_tree(struct jout *j, struct json_object *tree)
{
	switch (json_object_get_type(tree)) {
	case json_type_object:
		jout_open(j, '{');
		json_object_object_foreach(tree, name, val) {
			jout_name(j, name);
			jout_tree(j, val);
		}
		jout_close(j, '}');
		break;
	case json_type_array:
		jout_open(j, '[');
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			jout_tree(j, json_object_array_get_idx(tree, i));
		jout_close(j, ']');
		break;
	case json_type_string:
		jout_str(j, json_object_get_string(tree));
		break;
	default:
		jout_word(j, "%s", json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN));
	}
}
