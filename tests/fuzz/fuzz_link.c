/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_link.c - any bytes as an object for the static linker: alone, before or behind a good one, or twice. What it
 * writes it must take again, and the loader must be able to look at it.
 */
#include "base/types.h"

#include <bpf/libbpf.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct bytes {
	void *at;
	size_t size;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes map_fd(int fd)
{
	struct stat st;
	struct bytes b;

	if (fd < 0 || fstat(fd, &st) || !st.st_size)
		abort();
	b.size = (size_t)st.st_size;
	b.at = mmap(NULL, b.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (b.at == MAP_FAILED)
		abort();
	return b;
}

/* Links @cnt objects in order; the output's descriptor, or a negative errno. */
static int link_all(const struct bytes *objs, u32 cnt)
{
	int fd = memfd_create("fuzz-link", MFD_CLOEXEC), err = 0;
	struct bpf_linker *l = bpf_linker__new_fd(fd, NULL);

	if (!l)
		abort();
	for (u32 i = 0; !err && i < cnt; i++)
		err = bpf_linker__add_buf(l, objs[i].at, objs[i].size, NULL);
	if (!err)
		err = bpf_linker__finalize(l);
	bpf_linker__free(l);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static libbpf_print_fn_t print;

/* What was linked is an object like another. */
static void take_again(int fd)
{
	struct bytes out = map_fd(fd);
	int again = link_all(&out, 1);

	if (again < 0) {
		libbpf_set_print(print);
		link_all(&out, 1);
		fprintf(stderr, "the linker refuses (%d) what it wrote\n", again);
		abort();
	}
	close(again);
	bpf_object__close(bpf_object__open_mem(out.at, out.size, NULL));
	munmap(out.at, out.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bytes good;
	struct bytes objs[2];
	u32 cnt = 2;
	int fd;

	if (!good.at) {
		fd = open(FUZZ_OBJECT, O_RDONLY);
		good = map_fd(fd);
		close(fd);
		print = libbpf_set_print(NULL);
	}
	objs[0] = objs[1] = (struct bytes){ (void *)data, size };
	/* By the size, so that objects themselves are seeds. */
	if (size % 4 == 0)
		cnt = 1;
	else if (size % 4 == 1)
		objs[0] = good;
	else if (size % 4 == 2)
		objs[1] = good;
	fd = link_all(objs, cnt);
	if (fd >= 0) {
		take_again(fd);
		close(fd);
	}
	return 0;
}
