/* SPDX-License-Identifier: BSD-2-Clause */
/* boot.c - an instance with all that skep has, and its descriptors. */
#include "btf/btf.h"
#include "cgroup/cgroup.h"
#include "map/perf.h"
#include "map/xsk.h"
#include "net/net.h"
#include "syscall/private.h"
#include "task/task.h"
#include "trace/trace.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <linux/perf_event.h>

struct sys_state {
	bool kernel_given; /* its BTF came from outside */
	char *kernel_config;
	const char *why; /* atomic */
	u64 perf_ids;	 /* given so far; atomic */
};

static void sys_free(struct skep *skep, void *state)
{
	fdtab_release(skep);
	free(((struct sys_state *)state)->kernel_config);
	free(state);
}

/* The caller's kernel BTF, or the simulated kernel's own; with a reference. */
static int pick_kernel_btf(struct skep_opts *opts, struct skep_btf **ret_btf)
{
	const void *raw;
	u32 size;

	*ret_btf = NULL;
	if (opts->kernel_btf)
		return 0;
	raw = net_kernel_btf(&size);
	/* It was compiled, so its data section has no size yet. */
	return btf_parse(raw, size, NULL, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT, NULL, ret_btf);
}

static int map_prog_by_fd(void *ctx, int fd, struct map_prog **ret_prog)
{
	struct skep_prog *prog;
	int err = skep_prog_from_fd(ctx, fd, &prog);

	if (!err)
		*ret_prog = skep_prog_in_maps(prog);
	return err;
}

static int map_map_by_fd(void *ctx, int fd, struct skep_map **ret_map)
{
	return fdtab_get(ctx, fd, FD_MAP, (void **)ret_map, NULL);
}

static int perf_by_fd(void *ctx, int fd, struct perf_event **ret_event)
{
	return fdtab_get(ctx, fd, FD_PERF, (void **)ret_event, NULL) ? -EBADF : 0;
}

static int xsk_by_fd(void *ctx, int fd, struct xsk **ret_xsk)
{
	int err = fdtab_get(ctx, fd, FD_XSK, (void **)ret_xsk, NULL);
	struct stat st;

	if (err != -EINVAL)
		return err;
	return !fstat(fd, &st) && S_ISSOCK(st.st_mode) ? -EOPNOTSUPP : -ENOTSOCK;
}

int skep_boot(const struct skep_opts *opts, struct skep **ret_skep)
{
	struct sys_state *state = calloc(1, sizeof(*state));
	struct skep_opts own = opts ? *opts : (struct skep_opts){ 0 };
	struct skep_btf *btf;
	struct skep *skep;
	int err;

	if (!state)
		return -ENOMEM;
	err = pick_kernel_btf(&own, &btf);
	if (!err) {
		own.kernel_btf = btf ? btf : own.kernel_btf;
		err = skep_new(&own, &skep);
		btf_put(btf);
	}
	if (err) {
		free(state);
		return err;
	}
	state->kernel_given = opts && opts->kernel_btf;
	skep_room_set(skep, SKEP_ROOM_SYSCALL, state, sys_free);
	skep_set_map_objs(skep, &(struct map_objs){ .ctx = skep, .prog_by_fd = map_prog_by_fd,
						    .map_by_fd = map_map_by_fd,
						    .perf_by_fd = perf_by_fd, .xsk_by_fd = xsk_by_fd,
						    .cgroup_by_fd = host_cgroup_by_fd });
	err = bpffs_init(skep);
	if (!err)
		err = net_register(skep);
	if (!err)
		err = cgroup_register(skep);
	if (!err)
		err = task_register(skep);
	if (!err)
		err = trace_register(skep);
	if (err) {
		skep_free(skep);
		return err;
	}
	*ret_skep = skep;
	return 0;
}

bool skep_kernel_is_built_in(struct skep *skep)
{
	return !((struct sys_state *)skep_room_get(skep, SKEP_ROOM_SYSCALL))->kernel_given;
}

const char *skep_kernel_config(struct skep *skep)
{
	const struct sys_state *state = skep_room_get(skep, SKEP_ROOM_SYSCALL);

	return state->kernel_config ? state->kernel_config : "";
}

int skep_set_kernel_config(struct skep *skep, const char *text)
{
	struct sys_state *state = skep_room_get(skep, SKEP_ROOM_SYSCALL);
	char *own = strdup(text);

	if (!own)
		return -ENOMEM;
	free(state->kernel_config);
	state->kernel_config = own;
	return 0;
}

/* @why with or without "not modelled: " in front: other rooms say it themselves. */
long call_not_modelled(const struct call *call, const char *why)
{
	struct sys_state *state = skep_room_get(call->skep, SKEP_ROOM_SYSCALL);

	__atomic_store_n(&state->why, why, __ATOMIC_RELEASE);
	return -EOPNOTSUPP;
}

const char *skep_bpf_why(struct skep *skep)
{
	struct sys_state *state = skep_room_get(skep, SKEP_ROOM_SYSCALL);

	return __atomic_load_n(&state->why, __ATOMIC_ACQUIRE);
}

int skep_map_to_fd(struct skep *skep, struct skep_map *map)
{
	return fdtab_open(skep, FD_MAP, map, FD_READ | FD_WRITE);
}

int skep_prog_to_fd(struct skep *skep, struct skep_prog *prog)
{
	return fdtab_open(skep, FD_PROG, prog, FD_READ | FD_WRITE);
}

int skep_map_from_fd(struct skep *skep, int fd, struct skep_map **ret_map)
{
	return fdtab_get(skep, fd, FD_MAP, (void **)ret_map, NULL);
}

int skep_prog_from_fd(struct skep *skep, int fd, struct skep_prog **ret_prog)
{
	return fdtab_get(skep, fd, FD_PROG, (void **)ret_prog, NULL);
}

int skep_btf_from_fd(struct skep *skep, int fd, struct skep_btf **ret_btf)
{
	int err = fdtab_get(skep, fd, FD_BTF, (void **)ret_btf, NULL);

	/* The table counts a use of the id, which this caller has no way to give back. */
	if (!err)
		skep_btf_unuse(skep, *ret_btf);
	return err;
}

int skep_perf_event_open(struct skep *skep, const struct perf_event_attr *attr, int pid, int cpu,
			 int group_fd, unsigned long flags)
{
	struct sys_state *state = skep_room_get(skep, SKEP_ROOM_SYSCALL);
	struct perf_event *event;
	const char *why = NULL;
	int err;

	if ((cpu < 0 && pid < 0) || (flags & ~(unsigned long)PERF_FLAG_FD_CLOEXEC) || cpu < -1)
		return -EINVAL;
	if (cpu >= (int)skep_cpu_cnt(skep))
		return -ENODEV;
	if (group_fd != -1) {
		why = "not modelled: groups of perf events";
		err = -EOPNOTSUPP;
	} else {
		err = perf_event_new(attr, cpu, __atomic_add_fetch(&state->perf_ids, 1, __ATOMIC_RELAXED),
				     skep_clock_of(skep), skep_memacct(skep), &event, &why);
	}
	if (why)
		__atomic_store_n(&state->why, why, __ATOMIC_RELEASE);
	return err ? err : fdtab_open(skep, FD_PERF, event, FD_READ | FD_WRITE);
}

int skep_perf_poll_fd(struct skep *skep, int fd)
{
	struct perf_event *event;
	int poll_fd, err = fdtab_get(skep, fd, FD_PERF, (void **)&event, NULL);

	if (err)
		return err;
	poll_fd = perf_event_poll_fd(event);
	perf_event_put(event);
	return poll_fd;
}

/* The mapping keeps its file; NULL and errno. */
static void *mmap_perf(struct perf_event *event, size_t len, int prot, int flags, u64 off)
{
	void *mem = MAP_FAILED;
	int err, file;

	err = flags & MAP_SHARED ? perf_event_mmap_file(event, off, len, prot, &file) : -EINVAL;
	if (!err) {
		mem = mmap(NULL, len, prot, flags, file, 0);
		err = mem == MAP_FAILED ? -errno : 0;
	}
	errno = -err;
	return err ? NULL : mem;
}

void *skep_mmap(struct skep *skep, int fd, size_t len, int prot, int flags, u64 off)
{
	struct perf_event *event;
	struct skep_map *map;
	void *mem = MAP_FAILED;
	int err = skep_map_from_fd(skep, fd, &map), file;
	u64 file_off;

	if (err == -EINVAL && !fdtab_get(skep, fd, FD_PERF, (void **)&event, NULL)) {
		mem = mmap_perf(event, len, prot, flags, off);
		err = errno;
		perf_event_put(event);
		errno = err;
		return mem;
	}
	if (!err) {
		err = flags & MAP_SHARED ? 0 : -EINVAL;
		if (!map->ops->mmap_file)
			err = -ENOTSUPP;
		if (!err)
			err = map_sys_mmap_file(map, off, len, prot, &file, &file_off);
		if (!err) {
			mem = mmap(NULL, len, prot, flags, file, (off_t)file_off);
			err = mem == MAP_FAILED ? -errno : 0;
			if (err && prot & PROT_WRITE)
				map_write_end(map);
		}
		map_put(map);
	}
	if (err) {
		errno = -err;
		return NULL;
	}
	return mem;
}

int skep_munmap(struct skep *skep, int fd, void *mem, size_t len, int prot)
{
	struct skep_map *map;
	int err;

	if (munmap(mem, len))
		return -errno;
	if (fdtab_kind(skep, fd) == FD_PERF)
		return 0;
	err = prot & PROT_WRITE ? skep_map_from_fd(skep, fd, &map) : 0;
	if (!err && prot & PROT_WRITE) {
		map_write_end(map);
		map_put(map);
	}
	return err;
}
