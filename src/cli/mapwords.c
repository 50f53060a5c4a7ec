/* SPDX-License-Identifier: BSD-2-Clause */
/* mapwords.c - the words of bpftool that say a key, a value and how to put it. */
#include "cli/tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

bool tool_is_percpu(u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

static bool holds_maps(u32 type)
{
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/* ---- the map ---------------------------------------------------------------------------------- */

bool tool_map_take(struct words *w, struct tool_map *map)
{
	u32 len = sizeof(map->info);

	*map = (struct tool_map){ .fd = tool_object(w, TOOL_MAP) };
	if (map->fd < 0)
		return false;
	if (bpf_map_get_info_by_fd(map->fd, &map->info, &len)) {
		cli_fail("can't get map info: %s", cli_strerror(errno));
		close(map->fd);
		return false;
	}
	map->value_size = tool_is_percpu(map->info.type) ?
				  (map->info.value_size + 7) / 8 * 8 * (u32)libbpf_num_possible_cpus() :
				  map->info.value_size;
	if (map->info.btf_id && map->info.btf_value_type_id)
		map->btf = btf__load_from_kernel_by_id(map->info.btf_id);
	map->key = calloc(1, map->info.key_size + 1);
	map->value = calloc(1, (size_t)map->value_size + 1);
	if (map->key && map->value)
		return true;
	tool_map_free(map);
	return !cli_fail("out of memory");
}

void tool_map_free(struct tool_map *map)
{
	btf__free(map->btf);
	free(map->key);
	free(map->value);
	close(map->fd);
}

/* ---- bytes -------------------------------------------------------------------------------------- */

static bool take_bytes(struct words *w, const char *what, u8 *bytes, u32 size)
{
	int base = words_take(w, "hex") ? 16 : 0;

	for (u32 i = 0; i < size; i++) {
		const char *word = words_next(w);
		unsigned long byte;
		char *end;

		if (!word)
			return !cli_fail("%s expected %u bytes got %u", what, size, i);
		byte = strtoul(word, &end, base);
		if (end == word || *end || byte > 255 || *word == '-')
			return !cli_fail("%s: error parsing byte: %s", what, word);
		bytes[i] = byte;
	}
	return true;
}

/* Maps of maps and of programs take one by its name. */
static bool take_object(struct words *w, enum tool_kind kind, struct tool_map *map)
{
	u32 fd;
	int got = tool_object(w, kind);

	if (got < 0)
		return false;
	fd = (u32)got;
	if (map->info.value_size != sizeof(fd)) {
		close(got);
		return !cli_fail("value smaller than 4B in map?");
	}
	memcpy(map->value, &fd, sizeof(fd)); /* it stays open until the update */
	return true;
}

static bool take_value(struct words *w, struct tool_map *map)
{
	u32 step = (map->info.value_size + 7) / 8 * 8;

	if (holds_maps(map->info.type))
		return take_object(w, TOOL_MAP, map);
	if (map->info.type == BPF_MAP_TYPE_PROG_ARRAY)
		return take_object(w, TOOL_PROG, map);
	if (!take_bytes(w, "value", map->value, map->info.value_size))
		return false;
	for (u32 off = step; tool_is_percpu(map->info.type) && off < map->value_size; off += step)
		memcpy(map->value + off, map->value, map->info.value_size);
	return true;
}

static bool take_flag(struct words *w, u64 *ret_flags)
{
	static const char *const names[] = { [BPF_ANY] = "any", [BPF_NOEXIST] = "noexist", [BPF_EXIST] = "exist" };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if (words_take(w, names[i])) {
			*ret_flags = i;
			return true;
		}
	}
	return false;
}

bool tool_map_words(struct words *w, struct tool_map *map, u32 takes, struct map_words *ret)
{
	*ret = (struct map_words){ 0 };
	while (w->argc) {
		if (takes & TAKES_KEY && !ret->has_key && words_take(w, "key")) {
			ret->has_key = true;
			if (!map->info.key_size)
				return !cli_fail("a %s has no keys", libbpf_bpf_map_type_str(map->info.type));
			if (!take_bytes(w, "key", map->key, map->info.key_size))
				return false;
		} else if (takes & TAKES_VALUE && !ret->has_value && words_take(w, "value")) {
			ret->has_value = true;
			if (!take_value(w, map))
				return false;
		} else if (!(takes & TAKES_FLAGS) || !take_flag(w, &ret->flags)) {
			return !cli_fail("expected %s%s, got: %s", takes & TAKES_KEY ? "key" : "",
					 !(takes & TAKES_VALUE) ? "" : takes & TAKES_KEY ? " or value" : "value", w->argv[0]);
		}
	}
	if (takes & TAKES_KEY && map->info.key_size && !ret->has_key)
		return !cli_fail("did not find key");
	if (takes & TAKES_VALUE && map->info.value_size && !ret->has_value)
		return !cli_fail("did not find value");
	return true;
}
