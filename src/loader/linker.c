/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linker.c - the static linker's API: where the output goes and what may be called when. The output appears under
 * its name when all of it is written; until then it has another name in the same folder. What is no regular file (a
 * device, a pipe) is written to as it is.
 */
#include "loader/linker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_TRIED 100

/* ---- life ------------------------------------------------------------------------------------------------ */

void bpf_linker__free(struct bpf_linker *linker)
{
	if (!linker)
		return;
	if (linker->own_fd && linker->fd >= 0)
		close(linker->fd);
	if (linker->temp)
		unlink(linker->temp);
	for (size_t i = 0; i < linker->inputs.cnt; i++)
		linker_input_free(linker->inputs.at[i]);
	for (size_t i = 0; i < linker->secs.cnt; i++)
		vec_free(&linker->secs.at[i].rels);
	vec_free(&linker->inputs);
	vec_free(&linker->secs);
	vec_free(&linker->syms);
	u64map_free(&linker->by_name);
	u64map_free(&linker->sec_by_name);
	free(linker->path);
	free(linker->temp);
	free(linker);
}

/* A new file beside @linker->path. */
static int open_temp(struct bpf_linker *linker)
{
	for (int i = 0; i < NAMES_TRIED; i++) {
		free(linker->temp);
		if (asprintf(&linker->temp, "%s.%d-%d.tmp", linker->path, (int)getpid(), i) < 0) {
			linker->temp = NULL;
			return -ENOMEM;
		}
		linker->fd = open(linker->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (linker->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	free(linker->temp);
	linker->temp = NULL; /* not ours to remove */
	return -errno;
}

static int open_output(struct bpf_linker *linker, const char *filename)
{
	struct stat st;

	if (!*filename)
		return -ENOENT;
	if (!stat(filename, &st) && !S_ISREG(st.st_mode)) {
		linker->path = strdup(filename);
		linker->fd = open(filename, O_WRONLY | O_CLOEXEC);
		return linker->fd < 0 ? -errno : linker->path ? 0 : -ENOMEM;
	}
	/* Where a link leads, for the link shall stay. */
	linker->path = realpath(filename, NULL);
	if (!linker->path && errno == ENOENT)
		linker->path = strdup(filename);
	return linker->path ? open_temp(linker) : -errno;
}

struct bpf_linker *bpf_linker__new(const char *filename, struct bpf_linker_opts *opts)
{
	struct bpf_linker *linker;
	int err;

	if (!filename || !opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err_ptr(-EINVAL);
	linker = calloc(1, sizeof(*linker));
	if (!linker)
		return libbpf_err_ptr(-ENOMEM);
	linker->fd = -1;
	linker->own_fd = true;
	err = open_output(linker, filename);
	if (!err)
		return linker;
	pr_warn("linker: %s: cannot be written: %s\n", filename, strerror(-err));
	bpf_linker__free(linker);
	return libbpf_err_ptr(err);
}

struct bpf_linker *bpf_linker__new_fd(int fd, struct bpf_linker_opts *opts)
{
	struct bpf_linker *linker;

	if (fd < 0 || !opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err_ptr(-EINVAL);
	linker = calloc(1, sizeof(*linker));
	if (!linker)
		return libbpf_err_ptr(-ENOMEM);
	linker->fd = fd;
	return linker;
}

/* ---- inputs ---------------------------------------------------------------------------------------------- */

static bool may_add(const struct bpf_linker *linker, const struct bpf_linker_file_opts *opts)
{
	return linker && !linker->done && !linker->broken && opts_ok(opts, sizeof(*opts), sizeof(size_t));
}

/* What an object decided stays decided: after a refusal there is nothing that could be written. */
static int add(struct bpf_linker *linker, const char *name, const void *mem, size_t size)
{
	int err = linker_add(linker, name, mem, size);

	linker->broken |= err != 0;
	return libbpf_err(err);
}

static int read_fd(int fd, struct strbuf *ret)
{
	char buf[65536];
	off_t at = 0;

	for (;;) {
		ssize_t got = pread(fd, buf, sizeof(buf), at);

		if (got < 0 && errno == ESPIPE && !at)
			got = read(fd, buf, sizeof(buf)); /* a pipe has no places */
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return 0;
		strbuf_add(ret, buf, (size_t)got);
		if (ret->oom)
			return -ENOMEM;
		if (ret->len > UINT32_MAX / 2)
			return -EFBIG;
		if (lseek(fd, 0, SEEK_CUR) >= 0)
			at += got;
	}
}

static int add_from(struct bpf_linker *linker, const char *name, int fd)
{
	struct strbuf bytes = { 0 };
	int err = read_fd(fd, &bytes);

	if (err)
		pr_warn("linker: %s: cannot be read: %s\n", name, strerror(-err));
	else
		err = add(linker, name, strbuf_str(&bytes), bytes.len);
	strbuf_free(&bytes);
	return libbpf_err(err);
}

int bpf_linker__add_file(struct bpf_linker *linker, const char *filename, const struct bpf_linker_file_opts *opts)
{
	int fd, err;

	NEED(may_add(linker, opts));
	if (!filename)
		return libbpf_err(-EFAULT);
	fd = open(filename, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		pr_warn("linker: %s: cannot be opened: %s\n", filename, strerror(-err));
		return libbpf_err(err);
	}
	err = add_from(linker, filename, fd);
	close(fd);
	return libbpf_err(err);
}

int bpf_linker__add_fd(struct bpf_linker *linker, int fd, const struct bpf_linker_file_opts *opts)
{
	char name[32];

	if (!may_add(linker, opts) || fd < 0)
		return libbpf_err(-EINVAL);
	snprintf(name, sizeof(name), "fd:%d", fd);
	return add_from(linker, name, fd);
}

int bpf_linker__add_buf(struct bpf_linker *linker, void *buf, size_t buf_sz, const struct bpf_linker_file_opts *opts)
{
	char name[64];

	if (!may_add(linker, opts) || !buf || !buf_sz)
		return libbpf_err(-EINVAL);
	snprintf(name, sizeof(name), "mem:%p+%zu", buf, buf_sz);
	return add(linker, name, buf, buf_sz);
}

/* ---- output ---------------------------------------------------------------------------------------------- */

static int copy_out(int from, int to)
{
	char buf[65536];
	ssize_t got, put;

	if (lseek(from, 0, SEEK_SET) < 0)
		return -errno;
	while ((got = read(from, buf, sizeof(buf))) > 0) {
		for (ssize_t done = 0; done < got; done += put) {
			put = write(to, buf + done, (size_t)(got - done));
			if (put < 0 && errno == EINTR)
				put = 0;
			else if (put <= 0)
				return put ? -errno : -EIO;
		}
	}
	return got < 0 ? -errno : 0;
}

/* A descriptor of the caller's holds the output and nothing else, from its start. */
static int rewind_output(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	return ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int put_output(struct bpf_linker *linker, int from)
{
	int err = rewind_output(linker->fd);

	if (!err)
		err = copy_out(from, linker->fd);
	if (linker->own_fd) {
		/* Some file systems tell only now that there is no room. */
		if (close(linker->fd) && !err)
			err = -errno;
		linker->fd = -1;
	}
	if (!err && linker->temp && rename(linker->temp, linker->path))
		err = -errno;
	if (!err) {
		free(linker->temp);
		linker->temp = NULL;
	} else {
		pr_warn("linker: %s: cannot be written: %s\n", linker->path ? linker->path : "the descriptor", strerror(-err));
	}
	return err;
}

int bpf_linker__finalize(struct bpf_linker *linker)
{
	struct btf_ext *ext = NULL;
	struct btf *btf = NULL;
	int fd = -1, err;

	if (!linker || linker->done || linker->broken)
		return libbpf_err(-EINVAL);
	linker->done = true;
	err = linker_make_btf(linker, &btf, &ext);
	if (!err)
		err = linker_write_elf(linker, btf, ext, &fd);
	if (!err)
		err = put_output(linker, fd);
	if (fd >= 0)
		close(fd);
	btf_ext__free(ext);
	btf__free(btf);
	return libbpf_err(err);
}
