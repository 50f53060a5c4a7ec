/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usermem.c - three ways to copy, the first that works here:
 *	a loop whose faults go to core/fault.h's handler: no system call
 *	process_vm_readv(2) on ourselves: the kernel takes the fault; for machines without the
 *	loop, and where the application declined the handler
 *	a scratch memfd, where a sandbox forbids that call: pwrite(2) and pread(2) fault politely too
 */
#include "syscall/usermem.h"

#include "core/fault.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
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

#ifdef __x86_64__
#define HAVE_GUARDED
/* long skep_guarded_copy(void *to, const void *from, size_t len): 0, or 1 after a fault. It keeps
 * nothing on the stack, so that going on at skep_guarded_fault is a return like any other. */
long skep_guarded_copy(void *to, const void *from, size_t len);
extern const char skep_guarded_fault[];
__asm__(".text\n"
	".type skep_guarded_copy, @function\n"
	"skep_guarded_copy:\n"
	"	mov %rdx, %rcx\n"
	"	rep movsb\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	"skep_guarded_fault:\n"
	"	mov $1, %eax\n"
	"	ret\n"
	".size skep_guarded_copy, . - skep_guarded_copy\n");

/* Written once: whether there is a handler, and which. */
static bool guarded;
static struct sigaction guard_action;
/* Whether the handler was still in front when this thread entered the current call. An application
 * may put its own over it at any time; then a bad address must not become its crash. */
static __thread bool in_front;

static bool go_to_fault(void *ctx __unused_arg, struct fault *fault __unused_arg, u64 *ret_pc)
{
	*ret_pc = (uintptr_t)skep_guarded_fault;
	return true;
}

static void guard(void)
{
	const char *start = (const char *)skep_guarded_copy;

	guarded = !fault_register_range(start, (size_t)(skep_guarded_fault - start), go_to_fault,
					NULL) &&
		  !sigaction(SIGSEGV, NULL, &guard_action);
}
#endif

static int copy_by_call(void *to, const void *from, size_t len, bool to_user)
{
	struct iovec own = { to_user ? (void *)from : to, len };
	struct iovec user = { to_user ? to : (void *)from, len };
	ssize_t n;

	n = to_user ? process_vm_writev(getpid(), &own, 1, &user, 1, 0)
		    : process_vm_readv(getpid(), &own, 1, &user, 1, 0);
	if (n == (ssize_t)len)
		return 0;
	if (n < 0 && (errno == EPERM || errno == ENOSYS))
		return copy_by_file(to, from, len);
	return -EFAULT;
}

void user_begin(void)
{
#ifdef HAVE_GUARDED
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sigaction now;

	pthread_once(&once, guard);
	in_front = guarded && !sigaction(SIGSEGV, NULL, &now) &&
		   now.sa_sigaction == guard_action.sa_sigaction;
#endif
}

static int copy(void *to, const void *from, size_t len, bool to_user)
{
	if (!len)
		return 0;
#ifdef HAVE_GUARDED
	if (in_front)
		return skep_guarded_copy(to, from, len) ? -EFAULT : 0;
#endif
	return copy_by_call(to, from, len, to_user);
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
