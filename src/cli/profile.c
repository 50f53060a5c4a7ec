/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profile.c - "skep profile": runs a program as "skep run" does, in a build of its code that counts, and tells
 * how often each instruction and each line of source ran.
 */
#include "cli/cli.h"
#include "cli/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

struct src_line {
	const char *file, *text;
	u32 line;
	u64 runs;  /* of its most frequent instruction */
	u64 insns; /* all that its instructions ran */
};

struct profile {
	struct run_hooks hooks; /* first */
	struct skep_insn_count *rows;
	u32 row_cnt;
	struct src_line *lines; /* by file and number */
	u32 line_cnt;
	u64 total;
	int cycles_fd; /* -1: none here */
	int cycles_errno;
	u64 cycles;
};

/* ---- the processor's cycles ------------------------------------------------------------------------------ */

static void before_runs(struct run_hooks *hooks)
{
	struct profile *p = (struct profile *)hooks;
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE, .size = sizeof(attr), .config = PERF_COUNT_HW_CPU_CYCLES,
					.disabled = 1, .exclude_kernel = 1, .exclude_hv = 1 };

	p->cycles_fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	p->cycles_errno = errno;
	if (p->cycles_fd >= 0)
		ioctl(p->cycles_fd, PERF_EVENT_IOC_ENABLE, 0);
}

static void read_cycles(struct profile *p)
{
	if (p->cycles_fd < 0)
		return;
	ioctl(p->cycles_fd, PERF_EVENT_IOC_DISABLE, 0);
	if (read(p->cycles_fd, &p->cycles, sizeof(p->cycles)) != sizeof(p->cycles)) {
		p->cycles_errno = EIO;
		close(p->cycles_fd);
		p->cycles_fd = -1;
		return;
	}
	close(p->cycles_fd);
}

/* ---- lines ------------------------------------------------------------------------------------------------- */

static int by_place(const void *left, const void *right)
{
	const struct src_line *a = left, *b = right;
	int files = strcmp(a->file, b->file);

	return files ? files : (a->line > b->line) - (a->line < b->line);
}

/* Each instruction's line, sorted, then those of one place added up. */
static bool gather_lines(struct profile *p)
{
	u32 cnt = 0;

	p->lines = calloc(p->row_cnt + 1, sizeof(*p->lines));
	if (!p->lines)
		return false;
	for (u32 i = 0; i < p->row_cnt; i++) {
		const struct skep_insn_count *row = &p->rows[i];

		p->total += row->count;
		if (*row->file)
			p->lines[cnt++] = (struct src_line){ row->file, row->text, row->line, row->count, row->count };
	}
	qsort(p->lines, cnt, sizeof(*p->lines), by_place);
	for (u32 i = 0; i < cnt; i++) {
		struct src_line *last = p->line_cnt ? &p->lines[p->line_cnt - 1] : NULL;

		if (last && !by_place(last, &p->lines[i])) {
			last->runs = max_of(last->runs, p->lines[i].runs);
			last->insns += p->lines[i].insns;
		} else {
			p->lines[p->line_cnt++] = p->lines[i];
		}
	}
	return true;
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

static double percent(const struct profile *p, u64 count)
{
	return p->total ? 100.0 * count / p->total : 0;
}

static void print_insns(const struct profile *p)
{
	printf("\n%14s  %6s  instruction\n", "count", "%");
	for (u32 i = 0; i < p->row_cnt; i++)
		printf("%14llu  %6.2f  %4u: %s\n", (unsigned long long)p->rows[i].count, percent(p, p->rows[i].count),
		       p->rows[i].idx, p->rows[i].insn);
}

static void print_lines(const struct profile *p)
{
	printf("\n%14s  %14s  %6s  line\n", "runs", "instructions", "%");
	for (u32 i = 0; i < p->line_cnt; i++) {
		const struct src_line *l = &p->lines[i];

		printf("%14llu  %14llu  %6.2f  %s:%u: %s\n", (unsigned long long)l->runs, (unsigned long long)l->insns,
		       percent(p, l->insns), cli_base_name(l->file), l->line, l->text);
	}
	if (!p->line_cnt)
		puts("(the object has no line information: compile with -g)");
}

/* The lines [first, first + cnt) of one file; without the file, those that have code. */
static void annotate_file(const struct src_line *first, u32 cnt)
{
	FILE *f = fopen(first->file, "r");
	char *text = NULL;
	size_t room = 0;
	u32 number = 0, at = 0;

	printf("\n%s%s\n", first->file, f ? "" : " (cannot be read; lines with code only)");
	for (; !f && at < cnt; at++)
		printf("%14llu  %5u  %s\n", (unsigned long long)first[at].runs, first[at].line, first[at].text);
	while (f && at < cnt && getline(&text, &room, f) >= 0) {
		text[strcspn(text, "\n")] = '\0';
		if (++number < first->line)
			continue;
		if (first[at].line == number)
			printf("%14llu  %5u  %s\n", (unsigned long long)first[at++].runs, number, text);
		else
			printf("%14s  %5u  %s\n", "", number, text);
	}
	free(text);
	if (f)
		fclose(f);
}

static void print_annotated(const struct profile *p)
{
	u32 end;

	for (u32 i = 0; i < p->line_cnt; i = end) {
		for (end = i; end < p->line_cnt && !strcmp(p->lines[end].file, p->lines[i].file); end++)
			;
		annotate_file(&p->lines[i], end - i);
	}
}

static void print_text(const struct profile *p, const struct cli_opts *opts)
{
	printf("instructions: %llu\n", (unsigned long long)p->total);
	if (p->cycles_fd >= 0)
		printf("cycles: %llu, of this process while it ran, with counting\n", (unsigned long long)p->cycles);
	else
		printf("cycles: not available (%s)\n", strerror(p->cycles_errno));
	if (opts->annotate)
		return print_annotated(p);
	print_lines(p);
	print_insns(p);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------- */

static void add_json(const struct profile *p, struct json_object *out)
{
	struct json_object *insns = json_object_new_array(), *lines = json_object_new_array(), *one;

	for (u32 i = 0; i < p->row_cnt; i++) {
		one = json_object_new_object();
		json_add_num(one, "idx", p->rows[i].idx);
		json_add_num(one, "count", p->rows[i].count);
		json_add_str(one, "disasm", p->rows[i].insn);
		if (*p->rows[i].file) {
			json_add_str(one, "file", p->rows[i].file);
			json_add_num(one, "line_num", p->rows[i].line);
			json_add_num(one, "line_col", p->rows[i].col);
		}
		json_object_array_add(insns, one);
	}
	for (u32 i = 0; i < p->line_cnt; i++) {
		one = json_object_new_object();
		json_add_str(one, "file", p->lines[i].file);
		json_add_num(one, "line_num", p->lines[i].line);
		json_add_str(one, "src", p->lines[i].text);
		json_add_num(one, "runs", p->lines[i].runs);
		json_add_num(one, "insns", p->lines[i].insns);
		json_object_array_add(lines, one);
	}
	json_add_num(out, "total_insns", p->total);
	if (p->cycles_fd >= 0)
		json_add_num(out, "cycles", p->cycles);
	json_object_object_add(out, "lines", lines);
	json_object_object_add(out, "insns", insns);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int after_runs(struct run_hooks *hooks, struct skep *skep, int fd, const struct cli_opts *opts,
		      struct json_object *json)
{
	struct profile *p = (struct profile *)hooks;
	int err;

	read_cycles(p);
	err = skep_prog_counts(skep, fd, &p->rows, &p->row_cnt);
	if (err)
		return cli_fail("no counts: %s", cli_strerror(err));
	if (!gather_lines(p))
		return cli_fail("out of memory");
	if (json)
		add_json(p, json);
	else
		print_text(p, opts);
	return EXIT_OK;
}

static int profile(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct profile p = { .hooks = { before_runs, after_runs }, .cycles_fd = -1 };
	struct json_object *result = NULL;
	struct cli_input in;
	int status = EXIT_BAD;

	if (argc != 1)
		return cli_usage_error(cmd, argc ? "one file at a time" : "which file?");
	if (opts->json && opts->annotate)
		return cli_usage_error(cmd, "--annotate is text; JSON has lines and instructions");
	opts->engine = SKEP_RUN_JIT;
	opts->hooks = &p.hooks;
	if (cli_input_read(&in, argv[0], NULL))
		status = run_input(cmd, opts, &in, opts->json ? &result : NULL);
	cli_input_free(&in);
	free(p.rows);
	free(p.lines);
	if (!status && opts->json)
		cli_print_json(result, opts);
	else
		json_object_put(result);
	return status;
}

static const struct cli_option options[] = {
	OPTION_PROG,
	OPTION_SECTION,
	OPT("annotate", 'a', NULL, FLAG, annotate,
	    "the source with counts beside it, in place of the tables"),
	OPTION_PCAP,
	OPTION_DATA_IN,
	OPTION_CTX,
	OPTION_CTX_IN,
	OPTION_MAP,
	OPTION_DEVS,
	OPTION_KERNEL_STACK,
	OPTION_USER_STACK,
	OPTION_REPEAT,
	OPTION_CLASSIC,
	OPTION_SECCOMP,
	OPTION_KERNEL_BTF,
	OPTION_KCONFIG,
	OPTION_JSON,
	OPTION_PRETTY,
	OPTIONS_END
};
const struct cli_command cmd_profile = {
	.name = "profile",
	.usage = "FILE.bpf.o [--prog NAME | --section SEC] [--annotate] [--pcap IN | --data-in F] "
		 "[--ctx FIELD=VALUE[,...] | --ctx-in F] [--map NAME:KEY=VALUE[,...]] [--repeat N] [-j]",
	.help = "Runs a program and tells how often each instruction and source line ran.",
	.options = options,
	.notes = "Input is that of \"skep run\". Counts are exact: the machine code is built with a counter at each\n"
		 "instruction, which takes time, so time is told by \"skep run\" and \"perf\" (skep run --observe jitdump).\n"
		 "runs is the count of a line's most frequent instruction. What a tail call jumps to is not in it.\n\n"
		 "exit status: 0 it ran, 1 it was refused, 2 something could not be read",
	.example = "  skep profile lb.bpf.o --prog xdp_lb --pcap in.pcap --annotate",
	.run = profile,
};
