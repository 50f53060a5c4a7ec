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

#ifdef HAVE_JSON_C
#include <json-c/json.h>
#else
#include "cli/nojson.h"
#endif

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

enum { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_GITHUB, FORMAT_SARIF };

#define GIVEN_MAX 32
#define FILE_MAX  (256u << 20) /* bytes of an object or another file that is taken whole */

/* The options of all commands; a command takes those that its table names. */
struct cli_opts {
	bool json, pretty, classic, seccomp;
	u32 format; /* FORMAT_* */
	u32 engine; /* enum skep_engine_kind */
	u64 log_level, repeat, jobs;
	bool explain, complexity, use_loader;
	const char *prog, *section;
	const char *pcap_out, *data_out, *ctx_out, *ctx, *devs, *kernel_stack, *user_stack, *profile, *coverage;
	const char *out, *observe, *sarif, *junit, *run_expr, *base_btf;
	bool annotate, licences, list;
	/* Of the instance; no options yet. */
	u64 cpus, seed, clock_ns;
	bool seeded, has_clock, unprivileged_bpf, count_insns;
	struct run_hooks *hooks; /* run.h; NULL: none */
	char *map;
	struct in_file kernel_btf, kconfig, pcap, data_in, ctx_in;
	size_t given[GIVEN_MAX]; /* where the options stand that the command line has */
	u32 given_cnt;
	struct json_object *report; /* when the input is one: holds the texts that options point to */
};

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_LIST,   /* char *, of cli_opts: given again its values are joined by commas */
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
extern const struct cli_command cmd_run, cmd_verify, cmd_profile, cmd_prog_dump, cmd_prog_show, cmd_map_show, cmd_btf_dump,
	cmd_btf_show, cmd_btf_list, cmd_gen_object, cmd_gen_skeleton, cmd_gen_subskeleton, cmd_gen_min_core_btf,
	cmd_feature_probe, cmd_feature_list, cmd_report, cmd_test, cmd_exec, cmd_version, cmd_batch;
#define TOOL(fn, ...) extern const struct cli_command cmd_tool_##fn;
#include "cli/tool.def"
#undef TOOL

/* Rows that several commands have. */
extern const char *const cli_formats[], *const cli_engines[];
#define OPTION_AT(field) offsetof(struct cli_opts, field)
#define OPT(option, l, v, k, field, text, ...)                                                      \
	{ .name = option, .letter = l, .value = v, .kind = OPTION_##k, .at = OPTION_AT(field), .help = text, __VA_ARGS__ }
#define OPTION_PROG \
	OPT("prog", 'p', "NAME", TEXT, prog, \
	    "the program, when the file holds several")
#define OPTION_SECTION \
	OPT("section", 's', "SEC", TEXT, section, \
	    "the same by its section, \"xdp\"")
#define OPTION_KERNEL_BTF \
	OPT("kernel-btf", 'k', "FILE", FILE, kernel_btf, \
	    "use this kernel's types: raw BTF, vmlinux, or a folder with modules as /sys/kernel/btf")
#define OPTION_KCONFIG \
	OPT("kconfig", 0, "FILE", FILE, kconfig, \
	    "this kernel's configuration (text), for .kconfig externs")
#define OPTION_JSON \
	OPT("json", 'j', NULL, FLAG, json, \
	    "as JSON")
#define OPTION_PRETTY \
	OPT("pretty", 'P', NULL, FLAG, pretty, \
	    "as JSON, indented")
#define OPTION_LOG_LEVEL \
	OPT("log-level", 'l', "N", NUMBER, log_level, \
	    "also the verifier's log: 0 none, 1 the path, 2 all states, 4 figures; or a sum", .min = 0, .max = 7)
#define OPTION_PCAP \
	OPT("pcap", 0, "IN", FILE, pcap, \
	    "run it over each packet of a capture (Ethernet)")
#define OPTION_DATA_IN \
	OPT("data-in", 0, "F", FILE, data_in, \
	    "one packet from a file (default for packet programs: 64 zero bytes)")
#define OPTION_CTX \
	OPT("ctx", 'c', "SETTINGS", TEXT, ctx, \
	    "the context by fields: mark=7,cb[0]=1,remote_ip4=10.0.0.1")
#define OPTION_CTX_IN \
	OPT("ctx-in", 0, "F", FILE, ctx_in, \
	    "the same from a file: a JSON object of fields, or the structure's bytes")
#define OPTION_MAP \
	OPT("map", 'm', "NAME:KEY=VALUE", LIST, map, \
	    "an element of a map before the run; several: again, or after commas")
#define OPTION_REPEAT \
	OPT("repeat", 'n', "N", NUMBER, repeat, \
	    "run N times over each; the time is the mean", .min = 1, .max = INT32_MAX)
#define OPTION_DEVS \
	OPT("devs", 0, "NAME,...", TEXT, devs, \
	    "network devices beside lo, which is 1: their indices are 2, 3, ...")
#define OPTION_KERNEL_STACK \
	OPT("kernel-stack", 0, "ADDR,...", TEXT, kernel_stack, \
	    "what bpf_get_stackid() and bpf_get_stack() find, innermost first; else they fail")
#define OPTION_USER_STACK \
	OPT("user-stack", 0, "ADDR,...", TEXT, user_stack, \
	    "the same with BPF_F_USER_STACK")
#define OPTION_OBSERVE \
	OPT("observe", 0, "WHO,...", TEXT, observe, \
	    "tell profilers and debuggers of the machine code: perf-map, jitdump, gdb, unwind")
#define OPTION_CLASSIC \
	OPT("classic", 0, NULL, FLAG, classic, \
	    "FILE (- for stdin) is a classic filter of packets, as \"tcpdump -ddd\" prints it")
#define OPTION_SECCOMP \
	OPT("seccomp", 0, NULL, FLAG, seccomp, \
	    "the same for a filter of system calls; its context is a struct seccomp_data")
#define OPTION_ENGINE \
	OPT("engine", 'e', "E", CHOICE, engine, \
	    "jit (default where there is one) or interp", .choices = cli_engines)
#define OPTION_SARIF \
	OPT("sarif", 0, "FILE", TEXT, sarif, \
	    "also as SARIF 2.1.0, with how refusals came about, into FILE")
#define OPTIONS_END { .name = NULL }

/* Takes the options out of @argv (argv[0] is no argument), leaving what is none and their number.
 * EXIT_OK, or EXIT_BAD after one line on stderr. */
int cli_parse(const struct cli_command *cmd, struct cli_opts *opts, int *argc, char **argv);

/* Sets one option; a flag has no @value. EXIT_OK, or EXIT_BAD after one line on stderr. */
int cli_set_option(const struct cli_command *cmd, const struct cli_option *o, struct cli_opts *opts,
		   const char *value);
bool cli_is_given(const struct cli_opts *opts, size_t at); /* on the command line */

/* Prints "skep: ..." on stderr; returns EXIT_BAD. */
int cli_fail(const char *fmt, ...) __printf_like(1, 2);
/* From now on cli_fail() and cli_usage_error() put their text there; NULL: on stderr again. One thread. */
void cli_fail_to(struct strbuf *text);
/* A wrong option or argument: one line, with where to read more; EXIT_BAD. */
int cli_usage_error(const struct cli_command *cmd, const char *fmt, ...) __printf_like(2, 3);
void cli_help(const struct cli_command *cmd);
void cli_tables(const struct cli_command *const *commands, size_t cnt); /* all of it, for scripts: tables.c */
int cli_sections(void); /* prints what the names of sections stand for */
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
int cli_write_file(const char *path, const void *data, size_t size); /* EXIT_*, told; all of it or nothing */
bool cli_read_kernel_btf(struct in_file *file); /* leaves raw BTF in @file, also when it names an ELF file */
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
	bool classic, seccomp; /* what the file holds is the text of a classic program */
};
/* The text of a classic program as an object file with one program in it, malloc()ed. NULL: told on stderr. */
u8 *classic_object(const struct cli_input *in, size_t *ret_size);
/* A report is taken apart: its object is the input, its options go into @opts where the command line has
 * none. @opts NULL: no report here. False: told on stderr. */
bool cli_input_read(struct cli_input *in, const char *path, struct cli_opts *opts);
const char *cli_base_name(const char *path);
void cli_input_name(struct cli_input *in, const char *path); /* as the loader names an object */
void cli_input_free(struct cli_input *in);
/* NULL: one line on stderr that names the file. */
struct bpf_object *cli_input_open(const struct cli_input *in);

/* The map whose name is the first @len characters of @name; NULL: none. */
const struct bpf_map *cli_find_map(const struct bpf_object *obj, const char *name, size_t len);

/* The program by name or section; with neither, the only one. NULL: told on stderr. */
struct bpf_program *cli_pick_prog(struct bpf_object *obj, const char *path, const char *name,
				  const char *section);
/* Loads only @prog of @obj. 0 or negative errno. */
int cli_load_only(struct bpf_object *obj, struct bpf_program *prog);
/* The same for those who will use it, all programs when @prog is NULL; tells on stderr why not. EXIT_OK, EXIT_REFUSED (the verifier, or what is
 * not modelled) or EXIT_BAD (what the file holds cannot be loaded). *ret_prepare_ns: to verify, compile, link. */
int cli_load_to_use(struct skep *skep, const struct cli_input *in, struct bpf_object *obj, struct bpf_program *prog,
		    u64 *ret_prepare_ns);
/* Opens an object and loads all of it; *@ret_obj, NULL before, is the caller's to close in any case. EXIT_*, told. */
int cli_load_file(struct skep *skep, const char *file, struct cli_opts *opts, struct bpf_object **ret_obj);
/* A message of the loader: Linux has what is lacking. */
bool cli_is_not_modelled(const char *message);

/* EXIT_OK where there is json-c, else EXIT_BAD after one line on stderr about @what, which needs it. */
int cli_need_json(const char *what);
/* Prints and frees. */
void cli_print_json(struct json_object *json, const struct cli_opts *opts);
/* Of a file @path; NULL: told on stderr, with the offset. */
struct json_object *json_parse(const char *path, const u8 *text, size_t size);
void json_add_str(struct json_object *obj, const char *key, const char *val);
void json_add_num(struct json_object *obj, const char *key, u64 val);
/* The member as text, "" when there is none; the object's. */
const char *json_text(struct json_object *obj, const char *key);
struct json_object *cli_hex_bytes(const void *bytes, size_t size); /* ["0x00", ...] as bpftool */
void cli_add_hex(struct strbuf *out, const void *bytes, size_t size);

/* The last @lines lines of @text. */
const char *cli_tail(const char *text, int lines);

#endif
