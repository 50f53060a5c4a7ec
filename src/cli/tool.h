/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tool.h - bpftool's commands on one instance. The rows are those of tool.def; "skep batch" runs many in one
 * instance, each alone has one of its own. All go through bpf(2) of the default instance.
 */
#ifndef SKEP_CLI_TOOL_H
#define SKEP_CLI_TOOL_H

#include "cli/jout.h"

struct tool {
	struct skep *skep;
	struct cli_opts *opts;
	struct jout *out; /* NULL: text on stdout */
	const struct cli_command *cmd; /* the one that runs */
};

/* The arguments that are left. */
struct words {
	int argc;
	char **argv;
};

/* Takes the next word; NULL: none is left. */
const char *words_next(struct words *w);
/* Takes the next word if it is @word. */
bool words_take(struct words *w, const char *word);
/* EXIT_OK when nothing is left, else told. */
int words_end(const struct words *w);

/* Each command: EXIT_*, told by cli_fail(). JSON: at most one value. */
typedef int (*tool_fn)(struct tool *t, struct words *w);
#define TOOL(fn, ...) int tool_##fn(struct tool *t, struct words *w);
#include "cli/tool.def"
#undef TOOL
/* "prog show" and "map show" of the instance, "prog dump" of a program in it; their rows are in show.c, progdump.c. */
int tool_prog_show(struct tool *t, struct words *w);
int tool_map_show(struct tool *t, struct words *w);
int tool_prog_dump(struct tool *t, struct words *w);

/* Runs @fn in an instance of its own. */
int tool_alone(const struct cli_command *cmd, tool_fn fn, struct cli_opts *opts, int argc, char **argv);
/* The command that the first words name, which it takes. NULL: none, told. */
tool_fn tool_find(struct words *w, const struct cli_command **ret_cmd);
bool tool_is_not_modelled(const char *object); /* bpftool has it */
/* "id", "pinned", "name", "tag": what follows names an object of the instance. */
bool tool_is_handle(int argc, char **argv);

/* ---- objects of the instance ---------------------------------------------------------------------- */

enum tool_kind { TOOL_PROG, TOOL_MAP, TOOL_LINK };

/* The object that the next words name; the caller closes the descriptor. -1: told. */
int tool_object(struct words *w, enum tool_kind kind);
/* All that they name, or all there are when no word is left; calls @fn with each descriptor, until it fails. */
int tool_each_object(struct tool *t, struct words *w, enum tool_kind kind, int (*fn)(struct tool *t, int fd));
/* EXIT_OK, or told. */
int tool_pin(int fd, const char *path);
/* "PROG PATH" and the like: a command of its own. */
int tool_pin_command(struct tool *t, struct words *w, enum tool_kind kind);
/* The next words name one object and are the last: @fn with its descriptor, 0 or an error in errno. */
int tool_apply(struct words *w, enum tool_kind kind, int (*fn)(int fd), const char *what);
/* The name of a program in full, where its BTF has it. */
void tool_prog_name(const struct bpf_prog_info *info, int fd, char *name, size_t size);

/* ---- maps ------------------------------------------------------------------------------------------ */

/* A map that a command is about. */
struct tool_map {
	int fd;
	struct bpf_map_info info;
	struct btf *btf; /* NULL: it has none for its values */
	u32 value_size;	 /* as bpf(2) copies it */
	u8 *key, *value; /* room for one of each */
};

bool tool_map_take(struct words *w, struct tool_map *map); /* false: told */
void tool_map_free(struct tool_map *map);
bool tool_is_percpu(u32 type);
/* "key DATA", "value VALUE", a flag, in any order, each at most once. */
struct map_words {
	bool has_key, has_value;
	u64 flags;
};
enum { TAKES_KEY = 1, TAKES_VALUE = 2, TAKES_FLAGS = 4 };
bool tool_map_words(struct words *w, struct tool_map *map, u32 takes, struct map_words *ret); /* false: told */

/* One element in plain text or JSON: what map->key and map->value hold; in text by its type. */
void tool_map_elem(struct tool *t, const struct tool_map *map);
void tool_map_typed(struct jout *j, const struct tool_map *map);
void tool_hex_lines(const u8 *bytes, u32 size);

/* ---- of the files with the rows -------------------------------------------------------------------- */

int show_prog_fd(struct tool *t, int fd);
int show_map_fd(struct tool *t, int fd);
u32 prog_dump_flag(const char *word); /* SKEP_DUMP_*; 0: no such word */
int prog_dump_fd(struct tool *t, int fd, enum skep_dump_kind kind, u32 flags);

#endif
