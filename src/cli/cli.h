/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli.h - the command "skep". One file a command; this is what they share: exit codes, options,
 * opening an object with its messages kept, output helpers. Uses only the public headers of include/.
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

/* A file that goes in, read when it is needed. */
struct in_file {
	const char *path; /* NULL: not given */
	u8 *bytes;	  /* NULL: not read yet */
	size_t size;
};

enum { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };

/* The options of all commands; a command takes those that its table names. */
struct cli_opts {
	bool json, pretty;
	u32 format; /* FORMAT_* */
	u32 engine; /* enum skep_engine_kind */
	u64 log_level, repeat, jobs;
	const char *prog, *section;
	const char *pcap_out, *data_out, *ctx_out, *ctx;
	struct in_file kernel_btf, kconfig, pcap, data_in, ctx_in;
};

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_FILE,   /* struct in_file */
	OPTION_NUMBER, /* u64 of min to max */
	OPTION_CHOICE, /* u32: which of choices */
};

struct cli_option {
	const char *name; /* without dashes; NULL ends a table */
	char letter;	  /* 0: none */
	const char *value; /* what help calls its value */
	const char *help;
	enum option_kind kind;
	size_t at; /* in struct cli_opts */
	u64 min, max;
	const char *const *choices; /* NULL-terminated */
};

struct cli_command {
	const char *name;  /* "prog dump" */
	const char *usage; /* what follows the name */
	const char *help;  /* one line */
	const char *words; /* arguments other than options, a line each; or NULL */
	const struct cli_option *options;
	const char *notes; /* or NULL */
	const char *example;
	/* @argv: the arguments that are no options. */
	int (*run)(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv);
};
extern const struct cli_command cmd_run, cmd_verify, cmd_prog_dump, cmd_btf_dump, cmd_version;

/* Rows that several commands have. */
extern const char *const cli_formats[], *const cli_engines[];
#define OPTION_AT(field) offsetof(struct cli_opts, field)
#define OPTION_PROG { "prog", 'p', "NAME", "the program, when the file holds several", OPTION_TEXT, OPTION_AT(prog), 0, 0, NULL }
#define OPTION_SECTION { "section", 's', "SEC", "the same by its section, \"xdp\"", OPTION_TEXT, OPTION_AT(section), 0, 0, NULL }
#define OPTION_KERNEL_BTF { "kernel-btf", 'k', "FILE", "use this kernel's types (raw BTF or vmlinux)", OPTION_FILE, OPTION_AT(kernel_btf), 0, 0, NULL }
#define OPTION_KCONFIG { "kconfig", 0, "FILE", "this kernel's configuration (text), for .kconfig externs", OPTION_FILE, OPTION_AT(kconfig), 0, 0, NULL }
#define OPTION_JSON { "json", 'j', NULL, "as JSON", OPTION_FLAG, OPTION_AT(json), 0, 0, NULL }
#define OPTION_PRETTY { "pretty", 'P', NULL, "as JSON, indented", OPTION_FLAG, OPTION_AT(pretty), 0, 0, NULL }
#define OPTIONS_END { NULL, 0, NULL, NULL, 0, 0, 0, 0, NULL }

/* Takes the options out of @argv (argv[0] is no argument), leaving what is none and their number.
 * EXIT_OK, or EXIT_BAD after one line on stderr. */
int cli_parse(const struct cli_command *cmd, struct cli_opts *opts, int *argc, char **argv);

/* Prints "skep: ..." on stderr; returns EXIT_BAD. */
int cli_fail(const char *fmt, ...) __printf_like(1, 2);
/* A wrong option or argument: one line, with where to read more; EXIT_BAD. */
int cli_usage_error(const struct cli_command *cmd, const char *fmt, ...) __printf_like(2, 3);
void cli_help(const struct cli_command *cmd);
bool cli_number(const char *text, u64 max, u64 *ret_num);

/* Which of the words tried is most like @word: set @word, try each; best stays NULL when none is near. */
struct nearest {
	const char *word, *best;
	u32 dist;
};
void nearest_try(struct nearest *n, const char *candidate);

/* Makes an instance as @opts says and lets the loader use it. NULL: told on stderr. */
struct skep *cli_instance(struct cli_opts *opts);
void cli_instance_end(struct skep *skep);
/* Reads a whole file, at most @max bytes. False: told on stderr. */
bool in_file_read(struct in_file *file, size_t max);
void in_file_free(struct in_file *file);
void cli_opts_free(struct cli_opts *opts);

/* Messages of the loader are kept for each thread; the first warning says what went wrong. */
void cli_messages_start(void);
const char *cli_first_warning(void); /* without newline; "" when there was none */
void cli_messages_end(void);
const char *cli_strerror(int err); /* @err: of either sign, libbpf's numbers too */

/* An object file as it was when it was read: each opening sees the same bytes. */
struct cli_input {
	struct in_file file;
	char name[64]; /* of the object: the file's, up to the first dot */
};
bool cli_input_read(struct cli_input *in, const char *path);
void cli_input_free(struct cli_input *in);
/* NULL: one line on stderr that names the file. */
struct bpf_object *cli_input_open(const struct cli_input *in);

/* The program by name or section; with neither, the only one. NULL: told on stderr. */
struct bpf_program *cli_pick_prog(struct bpf_object *obj, const char *path, const char *name,
				  const char *section);
/* Loads only @prog of @obj. 0 or negative errno. */
int cli_load_only(struct bpf_object *obj, struct bpf_program *prog);

/* Prints and frees. */
void cli_print_json(struct json_object *json, const struct cli_opts *opts);
/* Of a file @path; NULL: told on stderr, with the offset. */
struct json_object *json_parse(const char *path, const u8 *text, size_t size);
void json_add_str(struct json_object *obj, const char *key, const char *val);
void json_add_num(struct json_object *obj, const char *key, u64 val);
struct json_object *cli_hex_bytes(const void *bytes, size_t size); /* ["0x00", ...] as bpftool */
void cli_add_hex(struct strbuf *out, const void *bytes, size_t size);

/* The last @lines lines of @text. */
const char *cli_tail(const char *text, int lines);

#endif
