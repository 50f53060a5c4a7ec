/* SPDX-License-Identifier: BSD-2-Clause */
/* mapcmd.c - bpftool's commands on a map of the instance. */
#include "cli/tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

static struct jout typed_text(void)
{
	return (struct jout){ .to = stdout, .pretty = true, .loose = true };
}

int tool_map_show(struct tool *t, struct words *w)
{
	return tool_each_object(t, w, TOOL_MAP, show_map_fd);
}

/* ---- create -------------------------------------------------------------------------------------- */

struct new_map {
	u32 type;
	bool has_type;
	const char *name;
	u64 key_size, value_size, entries, flags;
	int inner_fd; /* -1: none */
};

static bool type_by_name(const char *name, u32 *ret_type)
{
	for (u32 i = 0; i < 256; i++) {
		const char *known = libbpf_bpf_map_type_str(i);

		if (known && !strcmp(known, name)) {
			*ret_type = i;
			return true;
		}
	}
	return !cli_fail("unrecognized map type: %s", name);
}

static bool take_number(struct words *w, const char *what, u64 *ret_num)
{
	const char *word = words_next(w);

	return (word && cli_number(word, UINT32_MAX, ret_num)) || !cli_fail("can't parse %s: %s", what, word ? word : "nothing there");
}

static bool create_word(struct words *w, struct new_map *map)
{
	const struct {
		const char *word;
		u64 *at;
	} numbers[] = { { "key", &map->key_size }, { "value", &map->value_size }, { "entries", &map->entries },
			{ "flags", &map->flags } };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (words_take(w, numbers[i].word))
			return take_number(w, numbers[i].word, numbers[i].at);
	}
	if (words_take(w, "type") && w->argc)
		return map->has_type = true, type_by_name(words_next(w), &map->type);
	if (words_take(w, "name") && w->argc)
		return (map->name = words_next(w)) != NULL;
	if (words_take(w, "inner_map") && map->inner_fd < 0)
		return (map->inner_fd = tool_object(w, TOOL_MAP)) >= 0;
	if (words_take(w, "dev"))
		return !cli_fail("dev: maps of a device are not modelled");
	return !cli_fail("unknown or incomplete argument %s", w->argc ? w->argv[0] : w->argv[-1]);
}

static int create_and_pin(const struct new_map *map, const char *path)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = (u32)map->flags);
	int fd, status;

	if (map->inner_fd >= 0)
		opts.inner_map_fd = (u32)map->inner_fd;
	fd = bpf_map_create(map->type, map->name, (u32)map->key_size, (u32)map->value_size, (u32)map->entries, &opts);
	if (fd < 0)
		return cli_fail("map create failed: %s", *cli_first_warning() ? cli_first_warning() : cli_strerror(errno));
	status = tool_pin(fd, path);
	close(fd);
	return status;
}

int tool_map_create(struct tool *t, struct words *w)
{
	struct new_map map = { .inner_fd = -1 };
	const char *path = words_next(w);
	int status = EXIT_OK;

	(void)t;
	if (!path)
		return cli_fail("where to pin it?");
	cli_messages_start();
	while (w->argc && !status)
		status = create_word(w, &map) ? EXIT_OK : EXIT_BAD;
	if (!status && !map.has_type)
		status = cli_fail("map type not specified");
	if (!status && !map.name)
		status = cli_fail("map name not specified");
	if (!status)
		status = create_and_pin(&map, path);
	if (map.inner_fd >= 0)
		close(map.inner_fd);
	return status;
}

/* ---- elements ------------------------------------------------------------------------------------ */

/* Descriptors that were taken for values. */
static void close_value(const struct tool_map *map, const struct map_words *words)
{
	int fd;

	if (!words->has_value || map->info.value_size != sizeof(fd))
		return;
	if (map->info.type != BPF_MAP_TYPE_ARRAY_OF_MAPS && map->info.type != BPF_MAP_TYPE_HASH_OF_MAPS &&
	    map->info.type != BPF_MAP_TYPE_PROG_ARRAY)
		return;
	memcpy(&fd, map->value, sizeof(fd));
	if (fd > 2)
		close(fd);
}

static int update(struct words *w, u32 takes)
{
	struct map_words words;
	struct tool_map map;
	int status = EXIT_BAD;

	if (!tool_map_take(w, &map))
		return EXIT_BAD;
	if (tool_map_words(w, &map, takes, &words)) {
		status = EXIT_OK;
		if (bpf_map_update_elem(map.fd, map.info.key_size ? map.key : NULL, map.value, words.flags))
			status = cli_fail("update failed: %s", cli_strerror(errno));
	}
	close_value(&map, &words);
	tool_map_free(&map);
	return status;
}

int tool_map_update(struct tool *t, struct words *w)
{
	(void)t;
	return update(w, TAKES_KEY | TAKES_VALUE | TAKES_FLAGS);
}

int tool_map_push(struct tool *t, struct words *w)
{
	(void)t;
	return update(w, TAKES_VALUE);
}

int tool_map_enqueue(struct tool *t, struct words *w)
{
	return tool_map_push(t, w);
}

static int print_found(struct tool *t, const struct tool_map *map)
{
	struct jout text = typed_text();

	if (t->out || !map->btf) {
		tool_map_elem(t, map);
	} else {
		tool_map_typed(&text, map);
		fputc('\n', stdout);
	}
	return EXIT_OK;
}

static int not_found(struct tool *t, const struct tool_map *map)
{
	if (t->out) {
		jout_word(t->out, "null");
	} else {
		puts("key:");
		tool_hex_lines(map->key, map->info.key_size);
		puts("\n\nNot found");
	}
	cli_fail("map %s: not found", map->info.name);
	return EXIT_REFUSED;
}

int tool_map_lookup(struct tool *t, struct words *w)
{
	struct map_words words;
	struct tool_map map;
	int status = EXIT_BAD;

	if (!tool_map_take(w, &map))
		return EXIT_BAD;
	if (!tool_map_words(w, &map, TAKES_KEY, &words))
		status = EXIT_BAD;
	else if (!bpf_map_lookup_elem(map.fd, map.info.key_size ? map.key : NULL, map.value))
		status = print_found(t, &map);
	else if (errno == ENOENT)
		status = not_found(t, &map);
	else
		status = cli_fail("lookup failed: %s", cli_strerror(errno));
	tool_map_free(&map);
	return status;
}

/* What is next in a queue or stack. */
static int next_one(struct tool *t, struct words *w, int (*take)(int fd, const void *key, void *value))
{
	struct tool_map map;
	int status = EXIT_BAD;

	if (!tool_map_take(w, &map))
		return EXIT_BAD;
	if (words_end(w)) {
		status = EXIT_BAD;
	} else if (!take(map.fd, map.info.key_size ? map.key : NULL, map.value)) {
		status = print_found(t, &map);
	} else if (errno == ENOENT) {
		if (t->out)
			jout_word(t->out, "null");
		cli_fail("map %s: empty map", map.info.name);
		status = EXIT_REFUSED;
	} else {
		status = cli_fail("lookup failed: %s", cli_strerror(errno));
	}
	tool_map_free(&map);
	return status;
}

int tool_map_peek(struct tool *t, struct words *w)
{
	return next_one(t, w, bpf_map_lookup_elem);
}

int tool_map_pop(struct tool *t, struct words *w)
{
	return next_one(t, w, bpf_map_lookup_and_delete_elem);
}

int tool_map_dequeue(struct tool *t, struct words *w)
{
	return tool_map_pop(t, w);
}

static void print_next(struct tool *t, const struct tool_map *map, const u8 *next, bool has_key)
{
	u32 size = map->info.key_size;

	if (t->out) {
		jout_open(t->out, '{');
		jout_name(t->out, "key");
		if (has_key)
			jout_bytes(t->out, map->key, size);
		else
			jout_word(t->out, "null");
		jout_name(t->out, "next_key");
		jout_bytes(t->out, next, size);
		jout_close(t->out, '}');
		return;
	}
	fputs(has_key ? "key:\n" : "key: None", stdout);
	if (has_key)
		tool_hex_lines(map->key, size);
	fputs("\nnext key:\n", stdout);
	tool_hex_lines(next, size);
	fputc('\n', stdout);
}

int tool_map_getnext(struct tool *t, struct words *w)
{
	struct map_words words = { 0 };
	struct tool_map map;
	int status = EXIT_BAD;
	u8 *next;

	if (!tool_map_take(w, &map))
		return EXIT_BAD;
	next = calloc(1, map.info.key_size + 1);
	if (!next) {
		cli_fail("out of memory");
	} else if (!w->argc || tool_map_words(w, &map, TAKES_KEY, &words)) {
		status = EXIT_OK;
		if (!bpf_map_get_next_key(map.fd, words.has_key ? map.key : NULL, next)) {
			print_next(t, &map, next, words.has_key);
		} else {
			status = errno == ENOENT ? EXIT_REFUSED : EXIT_BAD;
			cli_fail("can't get next key: %s", cli_strerror(errno));
		}
	}
	free(next);
	tool_map_free(&map);
	return status;
}

int tool_map_delete(struct tool *t, struct words *w)
{
	struct map_words words;
	struct tool_map map;
	int status = EXIT_BAD;

	(void)t;
	if (!tool_map_take(w, &map))
		return EXIT_BAD;
	if (tool_map_words(w, &map, TAKES_KEY, &words)) {
		status = EXIT_OK;
		if (bpf_map_delete_elem(map.fd, map.key)) {
			status = errno == ENOENT ? EXIT_REFUSED : EXIT_BAD;
			cli_fail("delete failed: %s", cli_strerror(errno));
		}
	}
	tool_map_free(&map);
	return status;
}

/* ---- dump ---------------------------------------------------------------------------------------- */

/* An element that cannot be read is shown with the reason. */
static void print_error(struct tool *t, const struct tool_map *map, int err)
{
	if (t->out) {
		jout_open(t->out, '{');
		jout_name(t->out, "key");
		jout_bytes(t->out, map->key, map->info.key_size);
		jout_name(t->out, "value");
		jout_open(t->out, '{');
		jout_name(t->out, "error");
		jout_str(t->out, cli_strerror(err));
		jout_close(t->out, '}');
		jout_close(t->out, '}');
		return;
	}
	fputs("key: ", stdout);
	tool_hex_lines(map->key, map->info.key_size);
	printf("  value: %s\n", cli_strerror(err));
}

/* 1: there was an element, 0: its slot is empty. */
static u32 dump_one(struct tool *t, const struct tool_map *map, struct jout *typed)
{
	if (bpf_map_lookup_elem(map->fd, map->key, map->value)) {
		if (errno != ENOENT && !typed)
			print_error(t, map, errno);
		return 0;
	}
	if (typed)
		tool_map_typed(typed, map);
	else
		tool_map_elem(t, map);
	return 1;
}

static void dump_elems(struct tool *t, struct tool_map *map)
{
	struct jout text = typed_text(), *typed = map->btf && !t->out ? &text : NULL, *list = typed ? typed : t->out;
	const u8 *prev = NULL;
	u32 cnt = 0;

	if (list)
		jout_open(list, '[');
	while (map->info.key_size && !bpf_map_get_next_key(map->fd, prev, map->key)) {
		cnt += dump_one(t, map, typed);
		prev = map->key;
	}
	if (list)
		jout_close(list, ']');
	if (typed)
		fputc('\n', stdout);
	else if (!t->out)
		printf("Found %u element%s\n", cnt, cnt == 1 ? "" : "s");
}

int tool_map_dump(struct tool *t, struct words *w)
{
	struct tool_map map;
	int status;

	if (!tool_map_take(w, &map))
		return EXIT_BAD;
	status = words_end(w);
	if (!status)
		dump_elems(t, &map);
	tool_map_free(&map);
	return status;
}

/* ---- the map itself ------------------------------------------------------------------------------ */

int tool_map_pin(struct tool *t, struct words *w)
{
	return tool_pin_command(t, w, TOOL_MAP);
}

int tool_map_freeze(struct tool *t, struct words *w)
{
	(void)t;
	return tool_apply(w, TOOL_MAP, bpf_map_freeze, "freeze map");
}
