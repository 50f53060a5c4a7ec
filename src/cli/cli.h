/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli.h - the command "skep". One file a command; this is what they share: exit codes, opening an
 * object with its messages kept, output helpers. Uses only the public headers of include/.
 */
#ifndef SKEP_CLI_CLI_H
#define SKEP_CLI_CLI_H

#include "base/strbuf.h"
#include "base/types.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <json-c/json.h>

enum {
	EXIT_OK = 0,
	EXIT_REFUSED = 1, /* the answer is no: a program was rejected */
	EXIT_BAD = 2,	  /* could not be read or done: bad file, bad option, no memory */
};

/* Options that several commands take. */
struct cli_opts {
	bool json, pretty;
	const char *kernel_btf; /* path */
	u32 engine;		/* enum skep_engine_kind */
};

struct cli_command {
	const char *name;  /* "prog dump" */
	const char *usage; /* what follows the name */
	const char *help;  /* one line */
	const char *details;
	const char *example;
	int (*run)(const struct cli_command *cmd, int argc, char **argv);
};
extern const struct cli_command cmd_run, cmd_verify, cmd_prog_dump, cmd_btf_dump, cmd_version;

/* Prints "skep: ..." on stderr; returns EXIT_BAD. */
int cli_fail(const char *fmt, ...) __printf_like(1, 2);
/* A wrong option or argument: the line, then how to call it; EXIT_BAD. */
int cli_usage_error(const struct cli_command *cmd, const char *fmt, ...) __printf_like(2, 3);
void cli_help(const struct cli_command *cmd);
/* True when argv[1] asks for help, which is then printed. */
bool cli_wants_help(const struct cli_command *cmd, int argc, char **argv);
bool cli_number(const char *text, u64 max, u64 *ret_num);

/* Makes an instance as @opts says and lets the loader use it. NULL: told on stderr. */
struct skep *cli_instance(const struct cli_opts *opts);
/* Reads a whole file. NULL: told on stderr. */
u8 *cli_read_file(const char *path, size_t max, size_t *ret_size);

/* Messages of the loader are kept; the first warning says what went wrong. */
void cli_messages_start(void);
const char *cli_first_warning(void); /* without newline; "" when there was none */
void cli_messages_end(void);

/* Opens an object; NULL: one line on stderr that names the file. */
struct bpf_object *cli_open(const char *path);
/* The program by name or section; with neither, the only one. NULL: told on stderr. */
struct bpf_program *cli_pick_prog(struct bpf_object *obj, const char *path, const char *name,
				  const char *section);
/* Loads only @prog of @obj. 0 or negative errno. */
int cli_load_only(struct bpf_object *obj, struct bpf_program *prog);

/* Prints and frees. */
void cli_print_json(struct json_object *json, const struct cli_opts *opts);
struct json_object *cli_hex_bytes(const void *bytes, size_t size); /* ["0x00", ...] as bpftool */
void cli_add_hex(struct strbuf *out, const void *bytes, size_t size);

/* The last @lines lines of @text. */
const char *cli_tail(const char *text, int lines);

#endif
