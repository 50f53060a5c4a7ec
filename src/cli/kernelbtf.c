/* SPDX-License-Identifier: BSD-2-Clause */
/* kernelbtf.c - the option --kernel-btf. */
#include "cli/kernelbtf.h"

#include <bpf/btf.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool kernel_btf_is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool cli_read_kernel_btf(struct in_file *file)
{
	char vmlinux[PATH_MAX];
	const void *raw;
	struct btf *btf;
	u32 size = 0;

	if (file->bytes)
		return true;
	cli_messages_start();
	snprintf(vmlinux, sizeof(vmlinux), "%s%s", file->path, kernel_btf_is_dir(file->path) ? "/vmlinux" : "");
	btf = btf__parse(vmlinux, NULL);
	if (!btf) {
		int err = errno;

		cli_fail("%s: no BTF could be read from it: %s", vmlinux,
			 *cli_first_warning() ? cli_first_warning() : cli_strerror(err));
		return false;
	}
	raw = btf__raw_data(btf, &size);
	file->bytes = raw && size <= FILE_MAX ? malloc(size + 1) : NULL;
	if (file->bytes) {
		memcpy(file->bytes, raw, size);
		file->size = size;
	}
	btf__free(btf);
	return file->bytes || !cli_fail("out of memory");
}

void kernel_btf_free(struct kernel_btf *kernel)
{
	for (u32 i = 0; i < kernel->module_cnt; i++)
		free((void *)kernel->modules[i].data);
	free(kernel->modules);
	kernel->modules = NULL;
	kernel->module_cnt = 0;
}

static int is_module(const struct dirent *e)
{
	return e->d_name[0] != '.' && strcmp(e->d_name, "vmlinux") != 0;
}

static bool read_module(const char *dir, const char *name, struct kernel_btf *kernel)
{
	char path[PATH_MAX];
	struct in_file file = { .path = path };

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
		cli_fail("%s/%s: %s", dir, name, strerror(ENAMETOOLONG));
		return false;
	}
	if (!in_file_read(&file, FILE_MAX))
		return false;
	kernel->modules[kernel->module_cnt++] = (struct skep_btf_blob){ file.bytes, (u32)file.size };
	return true;
}

static bool read_modules(const char *dir, struct kernel_btf *kernel)
{
	struct dirent **entries;
	int cnt = scandir(dir, &entries, is_module, alphasort);
	bool ok;

	if (cnt < 0) {
		cli_fail("%s: %s", dir, strerror(errno));
		return false;
	}
	kernel->modules = calloc((size_t)cnt + 1, sizeof(*kernel->modules));
	ok = kernel->modules || !cli_fail("out of memory");
	for (int i = 0; i < cnt; i++) {
		ok = ok && read_module(dir, entries[i]->d_name, kernel);
		free(entries[i]);
	}
	free(entries);
	if (!ok)
		kernel_btf_free(kernel);
	return ok;
}

bool kernel_btf_read(struct in_file *file, struct kernel_btf *ret)
{
	*ret = (struct kernel_btf){ .is_dir = kernel_btf_is_dir(file->path) };
	if (!cli_read_kernel_btf(file))
		return false;
	return !ret->is_dir || read_modules(file->path, ret);
}
