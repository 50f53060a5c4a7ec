/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smoke.c - runs a harness with any compiler and without libFuzzer: each file of a corpus as it is, then as
 * many mutants of them as asked for. The same inputs each time: a failure comes again.
 *
 * usage: smoke_NAME MUTANTS FILE|FOLDER...
 */
#include "base/types.h"
#include "base/vec.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE_MAX_MUTANT 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	char *path;
	u8 *bytes;
	size_t size;
};

static VEC(struct input) corpus;
static char running[512]; /* what the harness has before it */
static u64 rnd = 0x9e3779b97f4a7c15;

static u32 below(u32 limit)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	rnd ^= rnd << 17;
	return (u32)(rnd >> 32) % limit;
}

/* An input of exactly its size: who reads behind it is found out. */
static void run(const u8 *bytes, size_t size)
{
	u8 *copy = malloc(size ? size : 1);

	if (!copy)
		exit(2);
	memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t mutate(u8 *bytes, size_t size)
{
	static const u8 edges[] = { 0, 1, 2, 4, 8, 0x7f, 0x80, 0xfe, 0xff };
	size_t at = size ? below((u32)size) : 0, from = size ? below((u32)size) : 0;
	size_t len = size ? 1 + below((u32)min_of(size - (at > from ? at : from), (size_t)16)) : 0;

	switch (size ? below(6) : 4) {
	case 0:
		bytes[at] ^= 1 << below(8);
		return size;
	case 1:
		bytes[at] = edges[below(ARRAY_SIZE(edges))];
		return size;
	case 2:
		memmove(bytes + at, bytes + from, len);
		return size;
	case 3: /* takes some out */
		memmove(bytes + at, bytes + at + len, size - at - len);
		return size - len;
	case 4: /* puts some in */
		len = 1 + below(8);
		memmove(bytes + at + len, bytes + at, size - at);
		for (size_t i = 0; i < len; i++)
			bytes[at + i] = (u8)below(256);
		return size + len;
	default:
		return below(8) ? size : at;
	}
}

static void run_mutant(const struct input *in)
{
	static u8 bytes[SIZE_MAX_MUTANT + 64];
	size_t size = min_of(in->size, (size_t)SIZE_MAX_MUTANT);

	memcpy(bytes, in->bytes, size);
	for (u32 i = 1 + below(4); i; i--)
		size = mutate(bytes, size);
	run(bytes, size);
}

static void add_file(const char *path)
{
	struct input in = { .path = strdup(path) };
	FILE *f = fopen(path, "rb");
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0)
		exit(2);
	rewind(f);
	in.size = (size_t)size;
	in.bytes = malloc(in.size + 1);
	if (!in.path || !in.bytes || fread(in.bytes, 1, in.size, f) != in.size || !vec_push(&corpus, in))
		exit(2);
	fclose(f);
}

static int is_seen(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void add(const char *path)
{
	struct dirent **names;
	char below_it[512];
	int cnt = scandir(path, &names, is_seen, alphasort);

	if (cnt < 0) {
		add_file(path);
		return;
	}
	for (int i = 0; i < cnt; i++) {
		snprintf(below_it, sizeof(below_it), "%s/%s", path, names[i]->d_name);
		add_file(below_it);
		free(names[i]);
	}
	free(names);
}

static void say_what_ran(int sig)
{
	ssize_t done = write(STDERR_FILENO, running, strlen(running));

	(void)done;
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Harnesses print what they were given: that must not pass for results. */
static FILE *results_alone(void)
{
	FILE *results = fdopen(dup(STDOUT_FILENO), "w");

	if (!results || !freopen("/dev/null", "w", stdout))
		exit(2);
	return results;
}

int main(int argc, char **argv)
{
	u32 mutants = argc > 1 ? (u32)atoi(argv[1]) : 0;
	FILE *results = results_alone();

	for (int i = 2; i < argc; i++)
		add(argv[i]);
	if (!corpus.cnt) {
		fprintf(stderr, "usage: %s MUTANTS FILE|FOLDER...\n", argv[0]);
		return 2;
	}
	signal(SIGABRT, say_what_ran);
	fprintf(results, "1..2\n");
	for (size_t i = 0; i < corpus.cnt; i++) {
		snprintf(running, sizeof(running), "input %s\n", corpus.at[i].path);
		run(corpus.at[i].bytes, corpus.at[i].size);
	}
	fprintf(results, "ok 1 - each input of the corpus (%zu)\n", corpus.cnt);
	for (u32 i = 0; i < mutants; i++) {
		const struct input *in = &corpus.at[i % corpus.cnt];

		snprintf(running, sizeof(running), "mutant %u, of %s\n", i, in->path);
		run_mutant(in);
	}
	fprintf(results, "ok 2 - mutants of them (%u)\n", mutants);
	for (size_t i = 0; i < corpus.cnt; i++) {
		free(corpus.at[i].path);
		free(corpus.at[i].bytes);
	}
	vec_free(&corpus);
	fclose(results);
	return 0;
}
