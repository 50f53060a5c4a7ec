/* SPDX-License-Identifier: BSD-2-Clause */
/* progrun.c - "prog run" of a program in the instance: BPF_PROG_TEST_RUN with input and output in files. */
#include "cli/tool.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUT_ROOM (1u << 20)

struct prog_run {
	struct in_file data_in, ctx_in;
	const char *data_out, *ctx_out;
	u8 *data, *ctx; /* room for what comes out; NULL: not asked for */
	u64 repeat;
};

static bool run_word(struct words *w, struct prog_run *run)
{
	const struct {
		const char *word, **at;
	} files[] = { { "data_in", &run->data_in.path }, { "data_out", &run->data_out },
		      { "ctx_in", &run->ctx_in.path }, { "ctx_out", &run->ctx_out } };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (words_take(w, files[i].word))
			return (*files[i].at = words_next(w)) || !cli_fail("%s needs a file", files[i].word);
	}
	if (words_take(w, "repeat"))
		return (w->argc && cli_number(words_next(w), INT32_MAX, &run->repeat)) || !cli_fail("repeat needs a number");
	return !cli_fail("unexpected argument \"%s\": data_in, data_out, ctx_in, ctx_out, repeat", w->argv[0]);
}

static bool read_input(struct in_file *file)
{
	if (!file->path)
		return true;
	if (!strcmp(file->path, "-"))
		file->path = "/dev/stdin";
	return in_file_read(file, OUT_ROOM);
}

static void print_ascii(const u8 *bytes, u32 size)
{
	for (u32 i = 0; i < size; i++)
		printf("%s%c", i == 8 ? " " : "", bytes[i] < 0x80 && isprint(bytes[i]) ? bytes[i] : '.');
}

/* An offset, 16 bytes by pairs, and as text. */
static void print_dump(const u8 *bytes, u32 size)
{
	for (u32 at = 0; at < size; at += 16) {
		u32 cnt = min_of(size - at, 16u);

		printf("%07x\t", at);
		for (u32 i = 0; i < 16; i++) {
			if (i < cnt)
				printf("%02x", bytes[at + i]);
			else
				fputs("  ", stdout);
			if (i % 2)
				fputc(' ', stdout);
		}
		fputs("| ", stdout);
		print_ascii(bytes + at, cnt);
		fputc('\n', stdout);
	}
}

static int put_output(struct tool *t, const char *key, const char *path, const u8 *bytes, u32 size)
{
	if (!path)
		return EXIT_OK;
	if (!strcmp(path, "-")) {
		if (!t->out) {
			print_dump(bytes, size);
			return EXIT_OK;
		}
		jout_name(t->out, key);
		jout_open(t->out, '[');
		for (u32 i = 0; i < size; i++)
			jout_num(t->out, bytes[i]);
		jout_close(t->out, ']');
		return EXIT_OK;
	}
	return cli_write_file(path, bytes, size);
}

static int print_result(struct tool *t, const struct prog_run *run, const struct bpf_test_run_opts *opts)
{
	int status;

	if (t->out)
		jout_open(t->out, '{');
	status = put_output(t, "data_out", run->data_out, run->data, opts->data_size_out);
	if (!status)
		status = put_output(t, "ctx_out", run->ctx_out, run->ctx, opts->ctx_size_out);
	if (t->out) {
		jout_name(t->out, "retval");
		jout_num(t->out, opts->retval);
		jout_name(t->out, "duration");
		jout_num(t->out, opts->duration);
		jout_close(t->out, '}');
	} else if (!status) {
		printf("Return value: %u, duration%s: %uns\n", opts->retval, run->repeat > 1 ? " (average)" : "",
		       opts->duration);
	}
	return status;
}

static int run_prog(struct tool *t, int fd, struct prog_run *run)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .repeat = (int)run->repeat, .data_in = run->data_in.bytes,
		    .data_size_in = (u32)run->data_in.size, .ctx_in = run->ctx_in.bytes, .ctx_size_in = (u32)run->ctx_in.size);

	if (run->data_out) {
		run->data = malloc(OUT_ROOM);
		opts.data_out = run->data;
		opts.data_size_out = OUT_ROOM;
	}
	if (run->ctx_out) {
		run->ctx = malloc(OUT_ROOM);
		opts.ctx_out = run->ctx;
		opts.ctx_size_out = OUT_ROOM;
	}
	if ((run->data_out && !run->data) || (run->ctx_out && !run->ctx))
		return cli_fail("out of memory");
	cli_messages_start();
	if (bpf_prog_test_run_opts(fd, &opts))
		return cli_fail("failed to run program: %s", *cli_first_warning() ? cli_first_warning() : cli_strerror(errno));
	return print_result(t, run, &opts);
}

int tool_prog_run(struct tool *t, struct words *w)
{
	struct prog_run run = { .repeat = 1 };
	int fd = tool_object(w, TOOL_PROG), status = EXIT_OK;

	if (fd < 0)
		return EXIT_BAD;
	while (w->argc && !status)
		status = run_word(w, &run) ? EXIT_OK : EXIT_BAD;
	if (!status && !run.data_in.path && !run.ctx_in.path)
		status = cli_fail("a run needs data_in or ctx_in");
	if (!status && (!read_input(&run.data_in) || !read_input(&run.ctx_in)))
		status = EXIT_BAD;
	if (!status)
		status = run_prog(t, fd, &run);
	in_file_free(&run.data_in);
	in_file_free(&run.ctx_in);
	free(run.data);
	free(run.ctx);
	close(fd);
	return status;
}
