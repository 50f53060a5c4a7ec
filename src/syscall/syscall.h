/* SPDX-License-Identifier: BSD-2-Clause */
/* syscall.h - bpf(2) of an instance: the same commands, attributes, sizes and errors as Linux. */
#ifndef SKEP_SYSCALL_SYSCALL_H
#define SKEP_SYSCALL_SYSCALL_H

#include "base/types.h"

#include <linux/bpf.h>

struct skep;
struct skep_opts;
struct skep_map;
struct skep_prog;
struct skep_btf;

/* An instance with everything that skep has registered in it. As skep_new(); end it with
 * skep_free(). Its descriptors become plain files then. */
int skep_boot(const struct skep_opts *opts, struct skep **ret_skep);

/* Is its kernel skep's own, not one whose BTF was given? */
bool skep_kernel_is_built_in(struct skep *skep);
/* "CONFIG_HZ=250\n...": of its kernel; "" when none was given. */
const char *skep_kernel_config(struct skep *skep);
/* @text is copied. 0, -ENOMEM. */
int skep_set_kernel_config(struct skep *skep, const char *text);

/* Who calls: decides what privileged, unprivileged and token rules apply. */
struct skep_cred {
	u32 caps; /* VCAP_* of verifier.h */
	u32 uid;
};
extern const struct skep_cred skep_cred_all; /* default: privileged inside the instance */
/* The default of the calling thread from now on; copied. NULL: skep_cred_all again. */
void skep_limit_thread(const struct skep_cred *cred);

/*
 * Returns what bpf(2) returns, errors as negative errno (the libbpf-compatible layer turns them
 * into -1 and errno). Descriptors are real: close(), dup(), fork() and SCM_RIGHTS work on them.
 * @cred NULL: the thread's default.
 */
long skep_bpf(struct skep *skep, const struct skep_cred *cred, int cmd, union bpf_attr *attr,
	      u32 size);

/* bpf(2) with its fifth and sixth argument: @cmd has BPF_COMMON_ATTRS set, @common is a struct
 * bpf_common_attr of the caller. For BPF_PROG_LOAD, BPF_BTF_LOAD and BPF_MAP_CREATE. */
struct bpf_common_attr;
long skep_bpf_common(struct skep *skep, const struct skep_cred *cred, int cmd, union bpf_attr *attr,
		     u32 size, struct bpf_common_attr *common, u32 common_size);
/* What the last call that gave -EOPNOTSUPP could not do, static text; NULL when there was none. */
const char *skep_bpf_why(struct skep *skep);

/* A new descriptor for an object of the instance; takes over the caller's reference, also on
 * failure. -EMFILE, -ENFILE, -ENOMEM. */
int skep_map_to_fd(struct skep *skep, struct skep_map *map);
int skep_prog_to_fd(struct skep *skep, struct skep_prog *prog);

/* The object behind a descriptor of this instance, with a new reference. -EBADF: not open;
 * -EINVAL: open, but not such an object of this instance. */
int skep_map_from_fd(struct skep *skep, int fd, struct skep_map **ret_map);
int skep_prog_from_fd(struct skep *skep, int fd, struct skep_prog **ret_prog);
int skep_btf_from_fd(struct skep *skep, int fd, struct skep_btf **ret_btf);
/* mmap() of a map's descriptor: Linux maps the fd itself; here the map's file. NULL and errno.
 * A writable mapping holds off BPF_MAP_FREEZE, as in Linux; nobody tells us of a plain munmap(), so
 * it does until skep_munmap() with the same @prot. */
void *skep_mmap(struct skep *skep, int fd, size_t len, int prot, int flags, u64 off);
int skep_munmap(struct skep *skep, int fd, void *mem, size_t len, int prot);

/* Is there a place for @path in the instance's BPF file system? */
bool skep_bpffs_covers(const char *path);
/* unlink() of what BPF_OBJ_PIN put there. -ENOENT, -EISDIR, -ENOTDIR. */
int skep_bpffs_remove(struct skep *skep, const char *path);

/*
 * perf_event_open(2) of an instance, for events that go into a BPF_MAP_TYPE_PERF_EVENT_ARRAY:
 * software events of PERF_COUNT_SW_BPF_OUTPUT, @cpu a vCPU or, with @pid not -1, -1 for all. Map the
 * descriptor with skep_mmap(), PROT_READ | PROT_WRITE. -EINVAL, -ENODEV, -EMFILE, -ENOMEM,
 * -EOPNOTSUPP (skep_bpf_why()).
 */
struct perf_event_attr;
int skep_perf_event_open(struct skep *skep, const struct perf_event_attr *attr, int pid, int cpu,
			 int group_fd, unsigned long flags);
/* What to wait on instead of the event's descriptor; not the caller's. Read it empty (it is an
 * eventfd), then look for records. -EBADF, -EINVAL. */
int skep_perf_poll_fd(struct skep *skep, int fd);

#endif
