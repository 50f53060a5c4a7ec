/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify.c - "skep verify": a row a program. Each program is loaded alone from a fresh opening of
 * its object, so that one refusal says nothing about the others. Threads take one program after the
 * other; rows stand, and logs come out, in the order of files and programs.
 */
#include "cli/cost.h"
#include "cli/explain.h"
#include "cli/report.h"
#include "cli/verify.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_SIZE   (16u << 20)
#define TAIL_LINES 8
#define TAIL_OF_LIMIT 24 /* lines: what the log says of the limit on insns */
#define MAX_JOBS   256
#define NAMES_MAX  1000 /* bytes of names told when none is the one asked for */

/* A file whose programs are being verified; the last of them frees it. */
struct source {
	struct cli_input in;
	struct bpf_object *obj; /* opened to list the programs; the first job loads it */
	VEC(char *) progs;
	u32 next_prog, refs;
};

struct job {
	struct source *src;
	struct bpf_object *obj; /* NULL: open it */
	u32 prog_idx;
	struct row *row;
};

struct verify {
	const struct cli_opts *opts;
	char **files;
	u32 file_cnt;
	struct cli_input *first; /* of the first file, when it has been read already */
	/* What follows is guarded by lock. */
	pthread_mutex_t lock;
	u32 next_file;
	struct source *src; /* NULL: the next file is to be opened */
	struct verdicts found;
	struct strbuf names; /* of programs that were not asked for */
	size_t printed;	     /* rows whose log came out */
	bool oom;
};

/* The row that this thread works on, for the verdict callback. */
static _Thread_local struct row *current_row;

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void on_verdict(void *ctx __unused_arg, const struct skep_verdict *v)
{
	struct row *row = current_row;

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
	row->insn_idx = v->insn_idx;
	row->explain = explain_json(v);
	row->cost = cost_json(v);
}

/* ---- one program ----------------------------------------------------------------------------- */

static struct bpf_program *nth_prog(struct bpf_object *obj, u32 idx)
{
	struct bpf_program *prog = NULL;

	do {
		prog = bpf_object__next_program(obj, prog);
	} while (prog && idx--);
	return prog;
}

/* What the loader could not resolve the verifier sees as a call of a helper that does not exist; the
 * loader writes into the log what it was. */
static void name_unresolved(struct row *row, const char *log)
{
	static const struct {
		const char *mark, *reason, *explanation;
	} kinds[] = {
		{ "<invalid CO-RE relocation>\n", "core-relocation",
		  "The kernel's types have nothing that fits what the program was compiled for." },
		{ "<missing kfunc>\n", "missing-kfunc", "The kernel has no function of this name for programs." },
		{ "<invalid BPF map reference>\n", "missing-map", "The map was not created." },
	};

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *at = strstr(log, kinds[i].mark);

		if (!at)
			continue;
		at += strlen(kinds[i].mark);
		snprintf(row->message, sizeof(row->message), "%.*s", (int)strcspn(at, "\n"), at);
		copy_text(row->reason, sizeof(row->reason), kinds[i].reason);
		copy_text(row->explanation, sizeof(row->explanation), kinds[i].explanation);
	}
}

/* It never came to the verifier. */
static void not_loadable(struct row *row, int err, const char *why)
{
	row->err = err;
	copy_text(row->reason, sizeof(row->reason), cli_is_not_modelled(why) ? "not-modelled" : "not-loadable");
	copy_text(row->message, sizeof(row->message), *why ? why : cli_strerror(err));
}

/* Where it was refused. A program of which that is not known is found by its beginning. */
static void find_places(const struct bpf_object *obj, const struct bpf_program *prog, struct row *row)
{
	place_of_insn(obj, prog, row->reached ? row->insn_idx : 0, row->file, &row->place);
	explain_add_places(row->explain, obj, prog, row->file);
}

/* Loads the program of @obj with a log of that level (0: one of a refusal only, as it takes time); closes @obj. */
static void load_alone(struct bpf_object *obj, u32 idx, u32 level, char *log, struct row *row)
{
	struct bpf_program *prog = nth_prog(obj, idx);
	int err;

	log[0] = '\0';
	if (!prog || strcmp(bpf_program__name(prog), row->prog)) {
		not_loadable(row, -ENOENT, "the program is gone from the file");
		bpf_object__close(obj);
		return;
	}
	bpf_program__set_log_level(prog, level);
	bpf_program__set_log_buf(prog, log, LOG_SIZE);
	current_row = row;
	err = cli_load_only(obj, prog);
	current_row = NULL;
	if (!row->reached)
		not_loadable(row, err ? err : -EINVAL, cli_first_warning());
	if (row->err)
		find_places(obj, prog, row);
	bpf_object__close(obj);
}

static bool verify_one(const struct cli_opts *opts, struct job *job, char *log)
{
	struct row *row = job->row;
	struct bpf_object *obj = job->obj ? job->obj : cli_input_open(&job->src->in);

	if (!obj)
		return false;
	load_alone(obj, job->prog_idx, opts->log_level, log, row);
	if (row->err) {
		row->log_tail = strdup(cli_tail(log, strcmp(row->reason, "too-complex") ? TAIL_LINES : TAIL_OF_LIMIT));
		name_unresolved(row, log);
	}
	if (opts->log_level && opts->format != FORMAT_CSV)
		row->log = strdup(log);
	return true;
}

/* ---- all programs ---------------------------------------------------------------------------- */

static void progress(const struct verify *vf, const char *file, const char *prog)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K[%u/%u] %s %s", vf->next_file, vf->file_cnt, file, prog);
}

static void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void source_free(struct source *src)
{
	bpf_object__close(src->obj);
	for (size_t i = 0; i < src->progs.cnt; i++)
		free(src->progs.at[i]);
	vec_free(&src->progs);
	cli_input_free(&src->in);
	free(src);
}

/* Holds the lock. */
static void source_put(struct source *src)
{
	if (!--src->refs)
		source_free(src);
}

static bool list_progs(struct source *src)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, src->obj) {
		char *name = strdup(bpf_program__name(prog));

		if (!name || !vec_push(&src->progs, name)) {
			free(name);
			return false;
		}
	}
	return true;
}

static bool read_next(struct verify *vf, struct cli_input *in, const char *path)
{
	if (!vf->first)
		return cli_input_read(in, path, NULL);
	*in = *vf->first;
	vf->first = NULL;
	return true;
}

/* Holds the lock. */
static void open_next(struct verify *vf)
{
	struct source *src = calloc(1, sizeof(*src));
	const char *path = vf->files[vf->next_file++];

	if (!src) {
		vf->oom = true;
		return;
	}
	progress_end(); /* what is told on stderr shall stand on a line of its own */
	if (!read_next(vf, &src->in, path) || !(src->obj = cli_input_open(&src->in))) {
		vf->found.unreadable++;
		source_free(src);
		return;
	}
	if (!list_progs(src)) {
		vf->oom = true;
		source_free(src);
		return;
	}
	src->refs = 1;
	vf->src = src;
}

/* The next program of the file at hand that was asked for. Holds the lock. */
static bool take_prog(struct verify *vf, struct job *ret_job)
{
	struct source *src = vf->src;

	while (src->next_prog < src->progs.cnt) {
		u32 idx = src->next_prog++;
		const char *name = src->progs.at[idx];
		struct row *row;

		if (vf->opts->prog && strcmp(vf->opts->prog, name)) {
			if (vf->names.len < NAMES_MAX)
				strbuf_printf(&vf->names, "%s%s", vf->names.len ? ", " : "", name);
			continue;
		}
		row = calloc(1, sizeof(*row));
		if (!row || !vec_push(&vf->found.rows, row)) {
			free(row);
			vf->oom = true;
			return false;
		}
		row->file = src->in.file.path;
		copy_text(row->prog, sizeof(row->prog), name);
		*ret_job = (struct job){ .src = src, .obj = src->obj, .prog_idx = idx, .row = row };
		src->obj = NULL;
		src->refs++;
		progress(vf, row->file, row->prog);
		return true;
	}
	vf->src = NULL;
	source_put(src);
	return false;
}

/* False: there is no more to do. */
static bool take_job(struct verify *vf, struct job *ret_job)
{
	bool got = false;

	pthread_mutex_lock(&vf->lock);
	while (!got && !vf->oom) {
		if (vf->src)
			got = take_prog(vf, ret_job);
		else if (vf->next_file < vf->file_cnt)
			open_next(vf);
		else
			break;
	}
	pthread_mutex_unlock(&vf->lock);
	return got;
}

static void finish_job(struct verify *vf, struct job *job, bool ok)
{
	pthread_mutex_lock(&vf->lock);
	job->row->done = true;
	vf->oom |= !ok;
	while (vf->printed < vf->found.rows.cnt && vf->found.rows.at[vf->printed]->done) {
		struct row *row = vf->found.rows.at[vf->printed++];

		if (vf->opts->format != FORMAT_TABLE || !row->log)
			continue;
		progress_end();
		printf("%s: %s:\n%s", row->file, row->prog, row->log);
		free(row->log);
		row->log = NULL;
	}
	source_put(job->src);
	pthread_mutex_unlock(&vf->lock);
}

static void *work(void *arg)
{
	struct verify *vf = arg;
	char *log = malloc(LOG_SIZE);
	struct job job;

	while (log && take_job(vf, &job))
		finish_job(vf, &job, verify_one(vf->opts, &job, log));
	if (!log) {
		pthread_mutex_lock(&vf->lock);
		vf->oom = true;
		pthread_mutex_unlock(&vf->lock);
	}
	free(log);
	cli_messages_end();
	return NULL;
}

/* The calling thread works too; a thread that cannot be had is one less. */
static void work_together(struct verify *vf)
{
	pthread_t threads[MAX_JOBS];
	u32 cnt = 0;

	while (cnt + 1 < vf->opts->jobs && !pthread_create(&threads[cnt], NULL, work, vf))
		cnt++;
	work(vf);
	while (cnt)
		pthread_join(threads[--cnt], NULL);
	progress_end();
}

static u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int status_of(const struct verify *vf)
{
	const struct verdicts *v = &vf->found;
	int status = EXIT_OK;

	if (vf->oom)
		return cli_fail("out of memory");
	if (v->unreadable)
		return EXIT_BAD;
	if (!v->rows.cnt && vf->names.len)
		return cli_fail("no program %s; the files given hold %s", vf->opts->prog, strbuf_str(&vf->names));
	if (!v->rows.cnt)
		return cli_fail("no program in the files given");
	for (size_t i = 0; i < v->rows.cnt; i++) {
		if (verdict_is_none(v->rows.at[i]))
			return EXIT_BAD;
		if (v->rows.at[i]->err)
			status = EXIT_REFUSED;
	}
	return status;
}

static void free_verify(struct verify *vf)
{
	for (size_t i = 0; i < vf->found.rows.cnt; i++) {
		free(vf->found.rows.at[i]->log);
		free(vf->found.rows.at[i]->log_tail);
		json_object_put(vf->found.rows.at[i]->explain);
		json_object_put(vf->found.rows.at[i]->cost);
		place_free(&vf->found.rows.at[i]->place);
		free(vf->found.rows.at[i]);
	}
	vec_free(&vf->found.rows);
	strbuf_free(&vf->names);
	if (vf->src)
		source_put(vf->src); /* memory ran out before its last program */
	pthread_mutex_destroy(&vf->lock);
}

/* An instance, and all threads over all files. False: no instance. */
static bool verify_all(struct verify *vf, struct cli_opts *opts)
{
	u64 start = now_us();
	struct skep *skep = cli_instance(opts);

	if (!skep)
		return false;
	skep_on_verdict(skep, on_verdict, NULL);
	skep_explain(skep, opts->explain || opts->sarif || opts->format == FORMAT_SARIF);
	skep_measure(skep, opts->complexity || opts->profile);
	work_together(vf);
	vf->found.files = vf->file_cnt;
	vf->found.elapsed_us = now_us() - start;
	cli_instance_end(skep);
	return true;
}

struct json_object *verify_input(struct cli_opts *opts, struct cli_input *in, u32 *ret_refused)
{
	char *path = (char *)in->file.path;
	struct verify vf = { .opts = opts, .files = &path, .file_cnt = 1, .first = in,
			     .lock = PTHREAD_MUTEX_INITIALIZER };
	struct json_object *rows = NULL;

	if (verify_all(&vf, opts) && status_of(&vf) != EXIT_BAD)
		rows = verdicts_json(&vf.found);
	*ret_refused = 0;
	for (size_t i = 0; i < vf.found.rows.cnt; i++)
		*ret_refused += vf.found.rows.at[i]->err != 0;
	if (vf.first)
		cli_input_free(vf.first);
	free_verify(&vf);
	return rows;
}

/* All programs in one file, each a root of its own. */
static bool write_profile(const struct verdicts *v, const char *path)
{
	FILE *f = fopen(path, "w");
	bool ok;

	for (size_t i = 0; f && i < v->rows.cnt; i++) {
		if (v->rows.at[i]->cost)
			cost_write_folded(v->rows.at[i]->cost, v->rows.at[i]->prog, f);
	}
	ok = f && !fflush(f) && !ferror(f);
	if (!ok)
		cli_fail("%s: %s", path, strerror(errno));
	if (f)
		fclose(f);
	return ok;
}

static int verify(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct verify vf = { .opts = opts, .files = argv, .file_cnt = argc, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct cli_input first;
	int status = EXIT_BAD;

	if (!argc)
		return cli_usage_error(cmd, "which file?");
	if (opts->json)
		opts->format = FORMAT_JSON;
	if ((opts->sarif || opts->format == FORMAT_SARIF) && cli_need_json("SARIF"))
		return EXIT_BAD;
	/* A report says what the instance and the options shall be. */
	if (argc == 1) {
		if (cli_input_read(&first, argv[0], opts)) {
			vf.first = &first;
		} else {
			cli_input_free(&first);
			vf.next_file = vf.found.unreadable = 1;
		}
	}
	if (verify_all(&vf, opts)) {
		verdicts_print(&vf.found, opts);
		status = status_of(&vf);
		if (opts->sarif && !verdicts_write_sarif(&vf.found, opts->sarif))
			status = EXIT_BAD;
		if (opts->profile && !write_profile(&vf.found, opts->profile))
			status = EXIT_BAD;
		if (status != EXIT_BAD)
			report_compare(opts, argv[0], "verify", verdicts_json(&vf.found));
	}
	if (vf.first)
		cli_input_free(vf.first);
	free_verify(&vf);
	return status;
}

static const struct cli_option options[] = {
	OPT("prog", 'p', "NAME", TEXT, prog,
	    "only this program"),
	OPT("format", 'f', "F", CHOICE, format,
	    "table (default), csv, json, github (annotations of a workflow) or sarif", .choices = cli_formats),
	OPTION_SARIF,
	OPTION_JSON,
	OPTION_PRETTY,
	OPTION_LOG_LEVEL,
	OPT("explain", 0, NULL, FLAG, explain,
	    "of what is refused also how it came about, insn by insn"),
	OPT("complexity", 0, NULL, FLAG, complexity,
	    "where the instructions processed went, and which states were not covered by earlier ones"),
	OPT("profile", 0, "FILE", TEXT, profile,
	    "the same as folded stacks, for flame graphs"),
	OPT("jobs", 'J', "N", NUMBER, jobs,
	    "verify N programs at a time; rows stay in order", .min = 1, .max = MAX_JOBS),
	OPTION_KERNEL_BTF,
	OPTION_KCONFIG,
	OPTIONS_END
};
const struct cli_command cmd_verify = {
	.name = "verify",
	.usage = "FILE.bpf.o... [--prog NAME] [--format table|csv|json|github|sarif] [--sarif FILE] [--log-level N] [--explain] [--complexity] [--profile FILE] [-J N] [--kernel-btf FILE]",
	.help = "Says whether the programs of object files would load, and why not.",
	.options = options,
	.notes = "A table is followed by what was refused: the end of the log, the source line, the reason; with --format\n"
		 "csv that goes to stderr. The log of --log-level comes before a table, and is \"log\" in JSON.\n\n"
		 "--complexity: P before a number means that something relied on it, so that only equal ones are covered.\n\n"
		 "FILE may also be what \"skep report\" made.\n\n"
		 "exit status: 0 all accepted, 1 some refused, 2 something could not be read",
	.example = "  skep verify lb.bpf.o\n  skep verify --profile lb.folded lb.bpf.o && flamegraph.pl lb.folded > lb.svg\n  skep verify -J 8 *.bpf.o --format csv > verdicts.csv\n  skep verify --sarif skep.sarif *.bpf.o",
	.run = verify,
};
