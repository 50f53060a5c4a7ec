/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - runs Linux's tests of maps on skep's bpf(2), each in a process of its own. One that fails must be
 * listed in docs/divergences.md ("map-tests `NAME`"), and one that is listed must fail.
 *
 * usage: maptests [-v] [-k] [-l DIVERGENCES] [WORD]
 * Only tests whose name holds WORD. -v: what they print. -k: on the running kernel, of those that are small.
 * exit status: 0 all as expected, 1 not, 2 wrong usage
 */
#include "maptests.h"

#include <errno.h>
#include <skep/skep.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S	   600
#define OUTPUT_MAX 65536
#define SKIPPED	   77

extern int skips; /* test_maps.c counts there what it left out */

static bool verbose, on_kernel;
static char *divergences;

static void usage(void)
{
	fprintf(stderr, "usage: maptests [-v] [-k] [-l DIVERGENCES] [WORD]\n");
	exit(2);
}

static char *whole_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	size_t len;

	if (!f) {
		fprintf(stderr, "maptests: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	text = calloc(1, 1 << 20);
	len = text ? fread(text, 1, (1 << 20) - 1, f) : 0;
	fclose(f);
	if (!len) {
		fprintf(stderr, "maptests: %s: nothing could be read\n", path);
		exit(2);
	}
	return text;
}

static bool is_listed(const char *name)
{
	char words[256];

	snprintf(words, sizeof(words), "map-tests `%s`", name);
	return divergences && strstr(divergences, words);
}

/* Its exit status as wait() gives it; what it printed last is in @output. */
static int run(const struct linux_test *test, char output[OUTPUT_MAX])
{
	FILE *out = tmpfile();
	int status = -1;
	size_t len;
	long size;
	pid_t pid;

	fflush(stdout);
	pid = out ? fork() : -1;
	if (pid < 0) {
		perror("maptests");
		exit(2);
	}
	if (!pid) {
		dup2(fileno(out), 1);
		dup2(fileno(out), 2);
		alarm(LIMIT_S);
		skep_use_kernel(on_kernel);
		test->run();
		exit(skips ? SKIPPED : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	fseek(out, 0, SEEK_END);
	size = ftell(out);
	fseek(out, size < OUTPUT_MAX ? 0 : size - OUTPUT_MAX + 1, SEEK_SET);
	len = fread(output, 1, OUTPUT_MAX - 1, out);
	output[len] = 0;
	fclose(out);
	return status;
}

static const char *last_line(char *text)
{
	char *end = text + strlen(text), *line;

	while (end > text && end[-1] == '\n')
		*--end = 0;
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

static bool is_as_expected(const struct linux_test *test)
{
	static char output[OUTPUT_MAX];
	int status = run(test, output);
	bool listed = is_listed(test->name), good = !!status == listed;

	if (verbose)
		fputs(output, stdout);
	if (!status)
		printf("%s  %s\n", listed ? "PASSES, though listed" : "passed", test->name);
	else
		printf("%s  %s: %s\n", listed ? "listed" : "FAILED", test->name, last_line(output));
	return good;
}

/* Where its object lies, which a test opens by name. */
static void go_home(const char *self)
{
	char *path = realpath(self, NULL), *slash = path ? strrchr(path, '/') : NULL;

	if (slash)
		*slash = '\0';
	if (!slash || chdir(path)) {
		fprintf(stderr, "maptests: %s: %s\n", self, strerror(errno));
		exit(2);
	}
	free(path);
}

int main(int argc, char **argv)
{
	const struct linux_test *const tables[] = { maps_tests, lru_tests, lpm_tests };
	unsigned int cnt = 0, wrong = 0;
	const char *word = "";
	int opt;

	while ((opt = getopt(argc, argv, "vkl:")) != -1) {
		if (opt == 'v')
			verbose = true;
		else if (opt == 'k')
			on_kernel = true;
		else if (opt == 'l')
			divergences = whole_file(optarg);
		else
			usage();
	}
	if (argc - optind > 1)
		usage();
	if (optind < argc)
		word = argv[optind];
	go_home("/proc/self/exe");
	for (unsigned int t = 0; t < 3; t++) {
		for (const struct linux_test *test = tables[t]; test->name; test++) {
			if (!strstr(test->name, word) || (on_kernel && !test->small))
				continue;
			cnt++;
			wrong += !is_as_expected(test);
		}
	}
	free(divergences);
	if (!cnt) {
		fprintf(stderr, "maptests: no test is called \"%s\"\n", word);
		return 2;
	}
	printf("%u tests of Linux, %u not as expected\n", cnt, wrong);
	return wrong != 0;
}
