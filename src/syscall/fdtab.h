/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdtab.h - descriptors of maps, programs and BTF objects. A descriptor is a real one: close(),
 * dup(), fork() and SCM_RIGHTS work, and the last close() anywhere drops the object.
 *
 * One table a process, named in DESIGN.md as an exception to "all state hangs off the instance":
 * the kernel tells of closed files through one queue. Guarded by its own lock.
 */
#ifndef SKEP_SYSCALL_FDTAB_H
#define SKEP_SYSCALL_FDTAB_H

#include "runtime/runtime.h"

enum fd_kind { FD_MAP, FD_PROG, FD_BTF, FD_STATS, FD_LINK, FD_PERF, FD_XSK, FD_KIND_CNT };

#define FD_READ	 BIT(0)
#define FD_WRITE BIT(1)

/* A new descriptor that takes over the caller's reference to @obj, also when it fails (then the
 * reference is dropped). The descriptor, or -EMFILE, -ENFILE, -ENOMEM. */
int fdtab_open(struct skep *skep, enum fd_kind kind, void *obj, u32 mode);

/* The object behind @fd with a new reference. -EBADF: not open; -EINVAL: open, but not such an
 * object of this instance. @ret_mode may be NULL. */
int fdtab_get(struct skep *skep, int fd, enum fd_kind kind, void **ret_obj, u32 *ret_mode);
/* What kind of object of this instance @fd is: an enum fd_kind, or -EBADF, -EINVAL. */
int fdtab_kind(struct skep *skep, int fd);

/* One reference more or less to an object, as a descriptor holds one. */
void fdtab_obj_get(struct skep *skep, enum fd_kind kind, void *obj);
void fdtab_obj_put(struct skep *skep, enum fd_kind kind, void *obj);

/* User space holds the object by a descriptor or a pin, beside the reference that it has; no more. */
void fdtab_hold(enum fd_kind kind, void *obj);
void fdtab_unhold(enum fd_kind kind, void *obj);

/* Drops the objects of descriptors that were closed since. */
void fdtab_drain(void);
/* Drops all objects of an instance; its descriptors become plain files. */
void fdtab_release(struct skep *skep);
/* In a child of fork(): the instances' threads are not here, only the descriptors are. */
bool fdtab_forked(void);

#endif
