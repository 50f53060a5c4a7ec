/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify.c - "skep verify": a row a program. Each program is loaded alone from a fresh opening of
 * its object, so that one refusal says nothing about the others.
 */
#include "cli/cli.h"

#include "base/vec.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SIZE   (16u << 20)
#define TAIL_LINES 8

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };

struct row {
	const char *file;
	char prog[128], reason[64], message[512], explanation[512], source[512];
	char *log_tail; /* of a refusal */
	int err;
	u64 verify_us;
	u32 insns, total_states, peak_states, stack_depth;
	bool reached; /* the verifier gave its verdict; else the loader failed before */
};

struct verify {
	const struct cli_command *cmd;
	struct cli_opts opts;
	enum format format;
	u32 log_level;
	const char *prog;
	struct skep *skep;
	struct row *cur;
	char *log;
	VEC(struct row) rows;
	u32 file_errors, matched;
};

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void on_verdict(void *ctx, const struct skep_verdict *v)
{
	struct verify *vf = ctx;
	struct row *row = vf->cur;

	if (!row || row->reached)
		return; /* the loader asks again for a log when it was given none */
	row->reached = true;
	row->err = v->err;
	row->verify_us = v->verify_ns / 1000;
	row->insns = v->insns_processed;
	row->total_states = v->total_states;
	row->peak_states = v->peak_states;
	row->stack_depth = v->stack_depth;
	copy_text(row->reason, sizeof(row->reason), v->reason);
	copy_text(row->message, sizeof(row->message), v->message);
	copy_text(row->explanation, sizeof(row->explanation), v->explanation);
	copy_text(row->source, sizeof(row->source), v->source);
}

static const char *verdict_word(const struct row *row)
{
	if (!row->err)
		return "success";
	return strcmp(row->reason, "not-modelled") ? "failure" : "not modelled";
}

static void progress(const char *file, const char *prog, u32 done, u32 total)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K[%u/%u] %s %s", done, total, file, prog);
}

static void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* The program called @name of a fresh opening, with a log of that level (0: none, as it takes time).
 * False when the file could not be opened. */
static bool load_alone(struct verify *vf, const char *file, const char *name, u32 level, struct row *row)
{
	struct bpf_program *prog, *other;
	struct bpf_object *obj = cli_open(file);
	int err;

	if (!obj)
		return false;
	prog = bpf_object__find_program_by_name(obj, name);
	bpf_object__for_each_program(other, obj)
		bpf_program__set_autoload(other, other == prog);
	vf->log[0] = '\0';
	if (level) {
		bpf_program__set_log_level(prog, level);
		bpf_program__set_log_buf(prog, vf->log, LOG_SIZE);
	}
	vf->cur = row;
	cli_messages_start();
	err = bpf_object__load(obj);
	vf->cur = NULL;
	if (!row->reached) {
		row->err = err ? err : -EINVAL;
		copy_text(row->message, sizeof(row->message), cli_first_warning());
		copy_text(row->reason, sizeof(row->reason),
			  strstr(row->message, "not modelled: ") ? "not-modelled" : "not-loadable");
	}
	bpf_object__close(obj);
	return true;
}

static bool verify_one(struct verify *vf, const char *file, const char *name)
{
	struct row row = { .file = file };

	copy_text(row.prog, sizeof(row.prog), name);
	if (!load_alone(vf, file, name, vf->log_level, &row))
		return false;
	if (row.err && row.reached && !vf->log_level) {
		struct row again = { .file = file };

		load_alone(vf, file, name, 1, &again);
	}
	if (row.err)
		row.log_tail = strdup(cli_tail(vf->log, TAIL_LINES));
	if (vf->log_level && vf->format == FORMAT_TABLE) {
		progress_end();
		printf("%s: %s:\n%s", file, name, vf->log);
	}
	if (!vec_push(&vf->rows, row)) {
		free(row.log_tail);
		cli_fail("out of memory");
		return false;
	}
	return true;
}

static void verify_file(struct verify *vf, const char *file, u32 nr, u32 total)
{
	struct bpf_object *obj = cli_open(file);
	VEC(char *) names = { 0 };
	struct bpf_program *prog;

	if (!obj) {
		vf->file_errors++;
		return;
	}
	bpf_object__for_each_program(prog, obj) {
		char *name = strdup(bpf_program__name(prog));

		if (!name || !vec_push(&names, name)) {
			free(name);
			vf->file_errors++;
		}
	}
	bpf_object__close(obj);
	for (size_t i = 0; i < names.cnt; i++) {
		if (!vf->prog || !strcmp(vf->prog, names.at[i])) {
			progress(file, names.at[i], nr, total);
			vf->matched++;
			if (!verify_one(vf, file, names.at[i]))
				vf->file_errors++;
		}
		free(names.at[i]);
	}
	vec_free(&names);
	progress_end();
}

static void print_table(const struct verify *vf)
{
	int file_w = 4, prog_w = 7;

	for (size_t i = 0; i < vf->rows.cnt; i++) {
		file_w = max_of(file_w, (int)strlen(vf->rows.at[i].file));
		prog_w = max_of(prog_w, (int)strlen(vf->rows.at[i].prog));
	}
	printf("%-*s  %-*s  %-12s  %13s  %8s  %12s  %11s  %11s\n", file_w, "File", prog_w, "Program",
	       "Verdict", "Duration (us)", "Insns", "Total states", "Peak states", "Stack depth");
	for (size_t i = 0; i < vf->rows.cnt; i++) {
		const struct row *r = &vf->rows.at[i];

		printf("%-*s  %-*s  %-12s  %13llu  %8u  %12u  %11u  %11u\n", file_w, r->file, prog_w,
		       r->prog, verdict_word(r), (unsigned long long)r->verify_us, r->insns,
		       r->total_states, r->peak_states, r->stack_depth);
	}
}

/* After the table: why each refused program was refused. */
static void print_refusals(const struct verify *vf, FILE *to)
{
	for (size_t i = 0; i < vf->rows.cnt; i++) {
		const struct row *r = &vf->rows.at[i];

		if (!r->err)
			continue;
		fprintf(to, "\n%s: %s: %s (%s)\n", r->file, r->prog,
			r->message[0] ? r->message : strerror(-r->err), r->reason);
		if (r->log_tail && r->log_tail[0])
			fprintf(to, "%s%s", r->log_tail,
				r->log_tail[strlen(r->log_tail) - 1] == '\n' ? "" : "\n");
		if (r->source[0])
			fprintf(to, "at %s\n", r->source);
		if (r->explanation[0])
			fprintf(to, "why: %s\n", r->explanation);
	}
}

/* RFC 4180: quotes around what holds a comma, a quote or a line end. */
static void csv_field(const char *text, bool last)
{
	if (strpbrk(text, ",\"\n")) {
		putchar('"');
		for (; *text; text++) {
			if (*text == '"')
				putchar('"');
			putchar(*text);
		}
		putchar('"');
	} else {
		fputs(text, stdout);
	}
	putchar(last ? '\n' : ',');
}

static void print_csv(const struct verify *vf)
{
	puts("file_name,prog_name,verdict,duration_us,insns,total_states,peak_states,stack_depth,reason,message");
	for (size_t i = 0; i < vf->rows.cnt; i++) {
		const struct row *r = &vf->rows.at[i];

		csv_field(r->file, false);
		csv_field(r->prog, false);
		printf("%s,%llu,%u,%u,%u,%u,", verdict_word(r), (unsigned long long)r->verify_us,
		       r->insns, r->total_states, r->peak_states, r->stack_depth);
		csv_field(r->reason, false);
		csv_field(r->message, true);
	}
}

static void add_str(struct json_object *obj, const char *key, const char *val)
{
	json_object_object_add(obj, key, json_object_new_string(val ? val : ""));
}

static void add_num(struct json_object *obj, const char *key, u64 val)
{
	json_object_object_add(obj, key, json_object_new_int64(val));
}

static void print_json(const struct verify *vf)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < vf->rows.cnt; i++) {
		const struct row *r = &vf->rows.at[i];
		struct json_object *obj = json_object_new_object();

		add_str(obj, "file_name", r->file);
		add_str(obj, "prog_name", r->prog);
		add_str(obj, "verdict", verdict_word(r));
		add_num(obj, "duration_us", r->verify_us);
		add_num(obj, "insns", r->insns);
		add_num(obj, "total_states", r->total_states);
		add_num(obj, "peak_states", r->peak_states);
		add_num(obj, "stack_depth", r->stack_depth);
		if (r->err) {
			json_object_object_add(obj, "errno", json_object_new_int(-r->err));
			add_str(obj, "reason", r->reason);
			add_str(obj, "message", r->message);
			add_str(obj, "source", r->source);
			add_str(obj, "log_tail", r->log_tail);
		}
		json_object_array_add(list, obj);
	}
	cli_print_json(list, &vf->opts);
}

static bool set_format(struct verify *vf, const char *name)
{
	static const char *const names[] = { "table", "csv", "json" };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i])) {
			vf->format = i;
			return true;
		}
	}
	return false;
}

static int parse(struct verify *vf, int argc, char **argv)
{
	static const struct option options[] = {
		{ "prog", required_argument, NULL, 'p' },
		{ "format", required_argument, NULL, 'f' },
		{ "log-level", required_argument, NULL, 'l' },
		{ "kernel-btf", required_argument, NULL, 'k' },
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'P' },
		{ 0 },
	};
	u64 level;
	int opt;

	opterr = 0;
	optind = 1;
	while ((opt = getopt_long(argc, argv, ":p:f:l:k:jP", options, NULL)) != -1) {
		switch (opt) {
		case 'p':
			vf->prog = optarg;
			break;
		case 'f':
			if (!set_format(vf, optarg))
				return cli_usage_error(vf->cmd, "unknown format \"%s\"; table, csv or json", optarg);
			break;
		case 'l':
			if (!cli_number(optarg, 7, &level))
				return cli_usage_error(vf->cmd, "log level is 0, 1, 2 or 4 (or a sum), not \"%s\"", optarg);
			vf->log_level = level;
			break;
		case 'k':
			vf->opts.kernel_btf = optarg;
			break;
		case 'P':
			vf->opts.pretty = true; /* fall through */
		case 'j':
			vf->format = FORMAT_JSON;
			break;
		case ':':
			return cli_usage_error(vf->cmd, "%s needs a value", argv[optind - 1]);
		default:
			return cli_usage_error(vf->cmd, "unknown option %s", argv[optind - 1]);
		}
	}
	return optind == argc ? cli_usage_error(vf->cmd, "which file?") : EXIT_OK;
}

static int finish(struct verify *vf)
{
	bool refused = false;

	for (size_t i = 0; i < vf->rows.cnt; i++)
		refused |= vf->rows.at[i].err != 0;
	if (vf->format == FORMAT_JSON)
		print_json(vf);
	else if (vf->format == FORMAT_CSV)
		print_csv(vf);
	else if (vf->rows.cnt)
		print_table(vf);
	if (vf->format != FORMAT_JSON)
		print_refusals(vf, vf->format == FORMAT_TABLE ? stdout : stderr);
	for (size_t i = 0; i < vf->rows.cnt; i++)
		free(vf->rows.at[i].log_tail);
	vec_free(&vf->rows);
	if (vf->file_errors)
		return EXIT_BAD;
	if (!vf->matched)
		return vf->prog ? cli_fail("no program %s in %s", vf->prog, "the files given") :
				  cli_fail("no program in the files given");
	return refused ? EXIT_REFUSED : EXIT_OK;
}

static int verify(const struct cli_command *cmd, int argc, char **argv)
{
	struct verify vf = { .cmd = cmd };
	int status;

	if (cli_wants_help(cmd, argc, argv))
		return EXIT_OK;
	status = parse(&vf, argc, argv);
	if (status)
		return status;
	vf.log = malloc(LOG_SIZE);
	if (!vf.log)
		return cli_fail("out of memory");
	vf.skep = cli_instance(&vf.opts);
	if (!vf.skep) {
		free(vf.log);
		return EXIT_BAD;
	}
	skep_on_verdict(vf.skep, on_verdict, &vf);
	for (int i = optind; i < argc; i++)
		verify_file(&vf, argv[i], i - optind + 1, argc - optind);
	status = finish(&vf);
	skep_default_instance_set(NULL);
	skep_destroy(vf.skep);
	cli_messages_end();
	free(vf.log);
	return status;
}

const struct cli_command cmd_verify = {
	.name = "verify",
	.usage = "FILE.bpf.o... [--prog NAME] [--format table|csv|json] [--log-level N] [--kernel-btf FILE]",
	.help = "Says whether the programs of object files would load, and why not.",
	.details = "  --prog NAME         only this program\n"
		   "  --format F          table (default), csv or json; -j is --format json\n"
		   "  --log-level N       the verifier's log: 0 none, 1 the path, 2 all states, 4 figures\n"
		   "  --kernel-btf FILE   check against this kernel's types (raw BTF or vmlinux)\n\n"
		   "exit status: 0 all accepted, 1 some refused, 2 something could not be read",
	.example = "  skep verify lb.bpf.o\n  skep verify *.bpf.o --format csv > verdicts.csv",
	.run = verify,
};
