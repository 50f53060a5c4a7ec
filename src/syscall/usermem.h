/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usermem.h - memory that the caller of bpf(2) names. A bad address gives -EFAULT, as in a kernel,
 * not a crash: another thread may unmap it at any time, so it is never looked at directly.
 */
#ifndef SKEP_SYSCALL_USERMEM_H
#define SKEP_SYSCALL_USERMEM_H

#include "base/types.h"

/* At the start of each call of bpf(2), on its thread: which way of copying is safe now. */
void user_begin(void);

/* 0, -EFAULT, -ENOMEM. */
int user_read(void *to, u64 from, size_t len);
int user_write(u64 to, const void *from, size_t len);
/* A malloc()ed copy; NULL with *ret_err. @len 0 gives an empty allocation. */
void *user_dup(u64 from, size_t len, int *ret_err);
/* A terminated string of at most @size - 1 bytes; longer ones are cut. 0 or -EFAULT. */
int user_string(char *to, u64 from, size_t size);
/* 0 when the bytes [@known, @given) are 0: a newer caller asked for nothing we do not know.
 * -E2BIG, -EFAULT. */
int user_tail_zero(u64 from, size_t known, size_t given);

#endif
