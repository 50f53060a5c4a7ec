/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usermem.c - copies through process_vm_readv(2) on ourselves: the kernel takes the fault. Where a
 * sandbox forbids that call, through a scratch memfd: write(2) and pread(2) fault politely too.
 */
#include "syscall/usermem.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* The scratch file of one process; made at the first use. */
static struct {
	pthread_mutex_t lock;
	int fd;
} scratch = { PTHREAD_MUTEX_INITIALIZER, -1 };

/* @from to the file, the file to @to: whichever of both is bad, its half fails. */
static int copy_by_file(void *to, const void *from, size_t len)
{
	int err = -EFAULT;

	pthread_mutex_lock(&scratch.lock);
	if (scratch.fd < 0)
		scratch.fd = memfd_create("skep-copy", MFD_CLOEXEC);
	if (scratch.fd < 0)
		err = -ENOMEM;
	else if (pwrite(scratch.fd, from, len, 0) == (ssize_t)len &&
		 pread(scratch.fd, to, len, 0) == (ssize_t)len)
		err = 0;
	pthread_mutex_unlock(&scratch.lock);
	return err;
}

static int copy(void *to, const void *from, size_t len, bool to_user)
{
	struct iovec own = { to_user ? (void *)from : to, len };
	struct iovec user = { to_user ? to : (void *)from, len };
	ssize_t n;

	if (!len)
		return 0;
	n = to_user ? process_vm_writev(getpid(), &own, 1, &user, 1, 0)
		    : process_vm_readv(getpid(), &own, 1, &user, 1, 0);
	if (n == (ssize_t)len)
		return 0;
	if (n < 0 && (errno == EPERM || errno == ENOSYS))
		return copy_by_file(to, from, len);
	return -EFAULT;
}

int user_read(void *to, u64 from, size_t len)
{
	return copy(to, (const void *)(uintptr_t)from, len, false);
}

int user_write(u64 to, const void *from, size_t len)
{
	return copy((void *)(uintptr_t)to, from, len, true);
}

void *user_dup(u64 from, size_t len, int *ret_err)
{
	void *mem = malloc(len + 1);

	*ret_err = mem ? user_read(mem, from, len) : -ENOMEM;
	if (*ret_err) {
		free(mem);
		return NULL;
	}
	return mem;
}

/* Page by page: a string may end just before memory that is not there. */
int user_string(char *to, u64 from, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		size_t page_left = 4096 - (from + len) % 4096;
		size_t part = min_of(page_left, size - 1 - len);
		int err = user_read(to + len, from + len, part);

		if (err)
			return err;
		if (memchr(to + len, 0, part))
			return 0;
		len += part;
	}
	to[len] = '\0';
	return 0;
}

int user_tail_zero(u64 from, size_t known, size_t given)
{
	u8 tail[4096];
	int err;

	if (given <= known)
		return 0;
	if (given > sizeof(tail)) /* a page, as in Linux */
		return -E2BIG;
	err = user_read(tail, from + known, given - known);
	for (size_t i = 0; !err && i < given - known; i++)
		if (tail[i])
			err = -E2BIG;
	return err;
}
