/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch.c - "skep batch": bpftool's commands, a line each, on one instance, which ends with the file. As in bpftool's
 * batch files "#" begins a comment, a backslash before the line's end joins the next one, and quotes keep spaces.
 */
#include "cli/tool.h"

#include "base/vec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct batch {
	struct tool *t;
	const char *path;
	char *rest; /* of the file; NULL: all is read */
	u32 line;   /* the next one's number */
	u32 done;   /* commands */
	struct strbuf text; /* the line at hand */
	VEC(char *) words;  /* its words, which point into it */
};

static int tell(const struct batch *b, u32 line, const char *what)
{
	fflush(stdout);
	return cli_fail("%s:%u: %s", b->path, line, what);
}

/* The next line, with those that follow a backslash. */
static bool next_line(struct batch *b)
{
	bool more = true;

	if (!b->rest || !*b->rest)
		return false;
	strbuf_reset(&b->text);
	while (more && b->rest) {
		char *line = strsep(&b->rest, "\n");
		size_t len = strlen(line);

		if (len && line[len - 1] == '\r')
			len--;
		more = len && line[len - 1] == '\\';
		strbuf_add(&b->text, line, len - more);
		if (more)
			strbuf_putc(&b->text, ' ');
		b->line++;
	}
	return true;
}

/* Takes one word off @at, its quotes away; NULL: a quote is open. */
static char *cut_word(char **at)
{
	char *from = *at, *to = from, *start = from, quote = '\0';

	for (; *from && (quote || (!isspace((u8)*from) && *from != '#')); from++) {
		if (quote ? *from == quote : *from == '"' || *from == '\'')
			quote = quote ? '\0' : *from;
		else
			*to++ = *from;
	}
	*at = *from && *from != '#' ? from + 1 : from + strlen(from);
	*to = '\0';
	return quote ? NULL : start;
}

/* EXIT_OK or what was told. */
static int split(struct batch *b, u32 line)
{
	char *at = b->text.str;

	b->words.cnt = 0;
	if (b->text.oom)
		return tell(b, line, "out of memory");
	while (at && *at) {
		char *word;

		while (isspace((u8)*at))
			at++;
		if (!*at || *at == '#')
			break;
		word = cut_word(&at);
		if (!word)
			return tell(b, line, "unterminated quoted string");
		if (!vec_push(&b->words, word))
			return tell(b, line, "out of memory");
	}
	return EXIT_OK;
}

static int call_command(struct batch *b)
{
	struct words w = { (int)b->words.cnt, b->words.at };
	tool_fn fn = tool_find(&w, &b->t->cmd);

	return fn ? fn(b->t, &w) : EXIT_BAD;
}

static void json_begin(struct jout *j, const struct batch *b)
{
	jout_open(j, '{');
	jout_name(j, "command");
	jout_open(j, '[');
	for (size_t i = 0; i < b->words.cnt; i++)
		jout_str(j, b->words.at[i]);
	jout_close(j, ']');
	jout_name(j, "output");
}

/* A command that answered nothing: null, or why it failed. */
static void json_end(struct jout *j, const char *error)
{
	if (j->has_name && error) {
		jout_open(j, '{');
		jout_name(j, "error");
		jout_str(j, error);
		jout_close(j, '}');
	} else if (j->has_name) {
		jout_word(j, "null");
	}
	jout_close(j, '}');
}

static int run_line(struct batch *b, u32 line)
{
	struct strbuf why = { 0 };
	struct jout *j = b->t->out;
	int status;

	if (j)
		json_begin(j, b);
	cli_fail_to(&why);
	status = call_command(b);
	cli_fail_to(NULL);
	if (j)
		json_end(j, status ? strbuf_str(&why) : NULL);
	if (status)
		tell(b, line, strbuf_str(&why));
	strbuf_free(&why);
	b->done++;
	return status;
}

static int run_file(struct batch *b)
{
	int status = EXIT_OK;

	b->line = 1;
	while (!status) {
		u32 line = b->line;

		if (!next_line(b))
			break;
		status = split(b, line);
		if (!status && b->words.cnt)
			status = run_line(b, line);
	}
	strbuf_free(&b->text);
	vec_free(&b->words);
	return status;
}

static int run_batch(struct tool *t, const char *path, char *text)
{
	struct batch b = { .t = t, .path = path, .rest = text };
	int status;

	if (t->out)
		jout_open(t->out, '[');
	status = run_file(&b);
	if (t->out) {
		jout_close(t->out, ']');
		fputc('\n', stdout);
	} else if (!status) {
		printf("processed %u commands\n", b.done);
	}
	return status;
}

/* The bytes of a file end with NUL when they are text; in_file_read() says how many there are. */
static char *read_text(const char *path)
{
	struct in_file file = { .path = strcmp(path, "-") ? path : "/dev/stdin" };
	char *text = NULL;

	if (!in_file_read(&file, FILE_MAX))
		return NULL;
	if (memchr(file.bytes, '\0', file.size))
		cli_fail("%s: not a text file", path);
	else if (!(text = strndup((const char *)file.bytes, file.size)))
		cli_fail("out of memory");
	in_file_free(&file);
	return text;
}

static int batch(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct jout out = { .to = stdout, .pretty = opts->pretty };
	struct tool t = { .opts = opts, .out = opts->json ? &out : NULL };
	int status = EXIT_BAD;
	const char *path;
	char *text;

	if (argc == 2 && !strcmp(argv[0], "file"))
		argc--, argv++;
	if (argc != 1)
		return cli_usage_error(cmd, argc ? "one file, please" : "which file?");
	path = argv[0];
	text = read_text(path);
	if (!text)
		return EXIT_BAD;
	t.skep = cli_instance(opts);
	if (t.skep)
		status = run_batch(&t, path, text);
	cli_instance_end(t.skep);
	free(text);
	return status;
}

static const struct cli_option options[] = {
	OPTION_KERNEL_BTF, OPTION_KCONFIG, OPTION_ENGINE, OPTION_JSON, OPTION_PRETTY, OPTIONS_END
};
const struct cli_command cmd_batch = {
	.name = "batch",
	.usage = "[file] FILE [-j] [--engine E] [--kernel-btf FILE]",
	.help = "Runs bpftool's commands from a file (-: stdin) in one instance.",
	.words = "  a line                    prog, map or link and what follows, as bpftool takes it, without options\n"
		 "  # ...                     a comment; a backslash at the end joins the next line\n"
		 "  /sys/fs/bpf/NAME          pins are names in the instance; no file is made\n",
	.options = options,
	.notes = "It stops at the first line that fails, with the exit status of that command.\n"
		 "exit status: 0 all done, 1 a program was refused or an element is not there, 2 something could not be read or done",
	.example = "  printf '%s\\n' 'prog loadall lb.bpf.o /sys/fs/bpf/lb pinmaps /sys/fs/bpf/lb' 'map show' | skep batch -",
	.run = batch,
};
