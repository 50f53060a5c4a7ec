/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c - opens and loads one object many times through libbpf's API, and prints how long each took. Compiled twice:
 * against libskep and, as a program of its own because the names are the same, against Debian's libbpf, which
 * loads into the running kernel.
 *
 * usage: load_NAME ROUNDS OBJECT     prints "open_ns load_ns" a round; exit status 77: not permitted
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <bpf/libbpf.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, args) : 0;
}

static int load_once(const char *path)
{
	uint64_t start = now_ns(), opened, loaded;
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	int err;

	opened = now_ns();
	if (!obj)
		return -errno;
	err = bpf_object__load(obj);
	loaded = now_ns();
	bpf_object__close(obj);
	if (!err)
		printf("%llu %llu\n", (unsigned long long)(opened - start), (unsigned long long)(loaded - opened));
	return err;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	libbpf_set_print(quiet);
	for (int i = 0; i < atoi(argv[1]); i++) {
		int err = load_once(argv[2]);

		if (err)
			return err == -EPERM || err == -ENOSYS ? 77 : 1;
	}
	return 0;
}
