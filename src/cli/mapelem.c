/* SPDX-License-Identifier: BSD-2-Clause */
/* mapelem.c - one element of a map in bpftool's text and JSON; "formatted" where the map has BTF. */
#include "cli/btfvalue.h"
#include "cli/tool.h"

#include <stdio.h>
#include <string.h>

/* 16 a line, a gap after 8. */
void tool_hex_lines(const u8 *bytes, u32 size)
{
	for (u32 i = 0; i < size; i++)
		printf("%s%02x", !i ? "" : i % 16 == 0 ? "\n" : i % 8 == 0 ? "  " : " ", bytes[i]);
}

static u32 value_step(const struct tool_map *map)
{
	return (map->info.value_size + 7) / 8 * 8;
}

/* ---- plain text --------------------------------------------------------------------------------- */

static void text_percpu(const struct tool_map *map)
{
	char gap = map->info.value_size > 16 ? '\n' : ' ';

	if (map->info.key_size) {
		puts("key:");
		tool_hex_lines(map->key, map->info.key_size);
		fputc('\n', stdout);
	}
	for (u32 cpu = 0; cpu * value_step(map) < map->value_size; cpu++) {
		printf("value (CPU %02u):%c", cpu, gap);
		tool_hex_lines(map->value + cpu * value_step(map), map->info.value_size);
		fputc('\n', stdout);
	}
}

/* On one line what fits there. */
static void text_elem(const struct tool_map *map)
{
	u32 key_size = map->info.key_size, value_size = map->info.value_size;
	bool broken = key_size > 16 || value_size > 16;
	char gap = broken ? '\n' : ' ';

	if (key_size) {
		printf("key:%c", gap);
		tool_hex_lines(map->key, key_size);
		fputs(!broken && key_size + value_size <= 24 ? "  " : "\n", stdout);
	}
	if (value_size) {
		printf("value:%c", gap);
		tool_hex_lines(map->value, value_size);
	}
	fputc('\n', stdout);
}

/* ---- JSON, and text by type ---------------------------------------------------------------------- */

typedef void (*value_fn)(struct jout *j, const struct tool_map *map, const u8 *value);

static void put_bytes(struct jout *j, const struct tool_map *map, const u8 *value)
{
	jout_bytes(j, value, map->info.value_size);
}

static void put_typed(struct jout *j, const struct tool_map *map, const u8 *value)
{
	btfvalue_print(j, map->btf, map->info.btf_value_type_id, value);
}

/* "value", or "values" with a CPU's number beside each. */
static void put_values(struct jout *j, const struct tool_map *map, value_fn put)
{
	if (!tool_is_percpu(map->info.type)) {
		jout_name(j, "value");
		put(j, map, map->value);
		return;
	}
	jout_name(j, "values");
	jout_open(j, '[');
	for (u32 cpu = 0; cpu * value_step(map) < map->value_size; cpu++) {
		jout_open(j, '{');
		jout_name(j, "cpu");
		jout_num(j, cpu);
		jout_name(j, "value");
		put(j, map, map->value + cpu * value_step(map));
		jout_close(j, '}');
	}
	jout_close(j, ']');
}

/* The data of a section has no key by type. */
void tool_map_typed(struct jout *j, const struct tool_map *map)
{
	jout_open(j, '{');
	if (map->info.btf_key_type_id) {
		jout_name(j, "key");
		btfvalue_print(j, map->btf, map->info.btf_key_type_id, map->key);
	}
	put_values(j, map, put_typed);
	jout_close(j, '}');
}

static void json_elem(struct jout *j, const struct tool_map *map)
{
	jout_open(j, '{');
	jout_name(j, "key");
	jout_bytes(j, map->key, map->info.key_size);
	put_values(j, map, put_bytes);
	if (map->btf) {
		jout_name(j, "formatted");
		tool_map_typed(j, map);
	}
	jout_close(j, '}');
}

void tool_map_elem(struct tool *t, const struct tool_map *map)
{
	if (t->out)
		json_elem(t->out, map);
	else if (tool_is_percpu(map->info.type))
		text_percpu(map);
	else
		text_elem(map);
}
