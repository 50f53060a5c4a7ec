/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * on_kernel.c - loads each program of each file alone into the running kernel, through our loader, and
 * prints "file, program, verdict, last words of the log", tab separated. Nothing is attached. The verdict is
 * "success", "failure", or "no answer" where not the verifier refused but who may load what.
 * Exit 77 where bpf(2) is not permitted.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SIZE (4u << 20)

static char first[512]; /* warning of the loader */

static int keep_first(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level == LIBBPF_WARN && !first[0])
		vsnprintf(first, sizeof(first), fmt, args);
	return 0;
}

static bool permitted(void)
{
	static const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K },
						 { .code = BPF_JMP | BPF_EXIT } };
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", insns, 2, NULL);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* The line before the statistics. */
static const char *last_words(char *log)
{
	char *stats = strstr(log, "\nprocessed "), *line;

	if (stats)
		*stats = '\0';
	else if (*log && log[strlen(log) - 1] == '\n')
		log[strlen(log) - 1] = '\0';
	line = strrchr(log, '\n');
	return line ? line + 1 : log;
}

static void one_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	for (; *text; text++)
		*text = *text == '\t' ? ' ' : *text;
}

static void try_program(const char *file, const char *name, char *log)
{
	struct bpf_object *obj = bpf_object__open_file(file, NULL);
	struct bpf_program *prog, *other;
	const char *why = "", *verdict = "success";
	int err;

	if (!obj)
		return;
	prog = bpf_object__find_program_by_name(obj, name);
	bpf_object__for_each_program(other, obj)
		bpf_program__set_autoload(other, other == prog);
	log[0] = first[0] = '\0';
	bpf_program__set_log_buf(prog, log, LOG_SIZE);
	bpf_program__set_log_level(prog, 1);
	err = bpf_object__load(obj);
	one_line(first);
	if (err)
		why = log[0] ? last_words(log) : first;
	if (err)
		verdict = err == -EPERM && !log[0] ? "no answer" : "failure";
	printf("%s\t%s\t%s\t%s\n", file, name, verdict, why);
	bpf_object__close(obj);
}

static void try_file(const char *file, char *log)
{
	struct bpf_object *obj = bpf_object__open_file(file, NULL);
	struct bpf_program *prog;

	if (!obj)
		return;
	bpf_object__for_each_program(prog, obj)
		try_program(file, bpf_program__name(prog), log);
	bpf_object__close(obj);
}

int main(int argc, char **argv)
{
	char *log = malloc(LOG_SIZE);

	if (!log)
		return 1;
	skep_use_kernel(true);
	libbpf_set_print(keep_first);
	if (!permitted()) {
		fputs("on_kernel: bpf(2) is not permitted here\n", stderr);
		return 77;
	}
	for (int i = 1; i < argc; i++)
		try_file(argv[i], log);
	free(log);
	return 0;
}
