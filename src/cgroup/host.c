/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.c - the control groups that there are. Programs run on threads of the host, so the task that runs is in
 * the host's control groups: those of version 2, as this process sees them. A descriptor of a directory there
 * is a control group, and its inode number is what Linux has as its id.
 *
 * What helpers call is open(), read(), close() and fstatat(): signal handlers may.
 */
#include "cgroup/private.h"
#include "map/cgroup_array.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

struct mount {
	char root[PATH_MAX], point[PATH_MAX]; /* what of the hierarchy is where */
};

/* "\040" is how mountinfo has a space. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		u32 code;

		if (*p == '\\' && sscanf(p + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strcmp(dir, "/") ? strlen(dir) : 0;

	return !strncmp(path, dir, len) && (path[len] == '/' || !path[len]);
}

/* The mount of version 2 that @path is in; NULL: any. */
static bool find_mount(const char *path, struct mount *ret)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0) {
		if (!strstr(line, " - cgroup2 ") || sscanf(line, "%*d %*d %*s %4095s %4095s", ret->root, ret->point) != 2)
			continue;
		unescape(ret->root);
		unescape(ret->point);
		found = !path || is_below(path, ret->point);
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* @rest: "" or "/..." */
static int join(char *to, size_t size, const char *dir, const char *rest)
{
	int len = snprintf(to, size, "%s%s", strcmp(dir, "/") || !*rest ? dir : "", rest);

	return len >= 0 && (size_t)len < size ? 0 : -ENAMETOOLONG;
}

int host_cgroup_by_fd(void *ctx __unused_arg, int fd, struct cgroup **ret_cgrp)
{
	char link[64], path[PATH_MAX], group[PATH_MAX];
	struct mount mount;
	struct statfs fs;
	ssize_t len;
	int err;

	if (fstatfs(fd, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return -EBADF;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return -EBADF;
	path[len] = '\0';
	if (!find_mount(path, &mount))
		return -EBADF;
	err = join(group, sizeof(group), mount.root, path + strlen(mount.point));
	if (err)
		return err;
	*ret_cgrp = cgroup_new(group);
	return *ret_cgrp ? 0 : -ENOMEM;
}

/* The group of the calling thread, "/a/b", in @text; NULL: it is not to be had. It is the rest of the line "0::/a/b". */
static char *own_group(char *text, size_t size)
{
	int fd = open("/proc/thread-self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t len;
	char *at;

	if (fd < 0)
		return NULL;
	len = read(fd, text, size - 1);
	close(fd);
	if (len <= 0)
		return NULL;
	text[len] = '\0';
	at = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!at)
		return NULL;
	at = strchr(at, '/');
	if (at)
		at[strcspn(at, "\n")] = '\0';
	return at;
}

static u64 current_task_under_cgroup(u64 r1, u64 r2, u64 r3 __unused_arg, u64 r4 __unused_arg, u64 r5 __unused_arg)
{
	const struct cgroup *cgrp;
	char text[PATH_MAX], *group;
	int err = cgroup_array_at((struct skep_map *)(uintptr_t)r1, (u32)r2, &cgrp);

	if (err)
		return (u64)(s64)err;
	group = own_group(text, sizeof(text));
	return group && is_below(group, cgrp->path);
}

/* What the instance keeps: a descriptor of the root of version 2. */
struct hierarchy {
	int dir;
};

/* 0: there is no such group any more. */
static u64 id_of(const char *group)
{
	const struct hierarchy *h = skep_room_get(helper_run()->skep, SKEP_ROOM_CGROUP);
	struct stat st;

	return fstatat(h->dir, group[1] ? group + 1 : ".", &st, 0) ? 0 : st.st_ino;
}

static u64 get_current_cgroup_id(u64 r1 __unused_arg, u64 r2 __unused_arg, u64 r3 __unused_arg,
				 u64 r4 __unused_arg, u64 r5 __unused_arg)
{
	char text[PATH_MAX], *group = own_group(text, sizeof(text));

	return group ? id_of(group) : 0;
}

/* Level 0 is the root, each "/" one more. */
static u64 ancestor_id(int level)
{
	char text[PATH_MAX], *group = own_group(text, sizeof(text)), *end = group;

	if (level < 0 || !group)
		return 0;
	if (!level)
		return id_of("/");
	if (!group[1])
		return 0;
	for (int i = 0; i < level && end; i++)
		end = *end ? strchrnul(end + 1, '/') : NULL;
	if (!end)
		return 0;
	*end = '\0';
	return id_of(group);
}

static u64 get_current_ancestor_cgroup_id(u64 r1, u64 r2 __unused_arg, u64 r3 __unused_arg,
					  u64 r4 __unused_arg, u64 r5 __unused_arg)
{
	return ancestor_id((int)r1);
}

/* A socket is in the group of who made it: the simulated ones are the running thread's. */
static u64 sock_cgroup_id(u64 r1 __unused_arg, u64 r2, u64 r3, u64 r4, u64 r5)
{
	return get_current_cgroup_id(0, r2, r3, r4, r5);
}

static u64 sock_ancestor_cgroup_id(u64 r1 __unused_arg, u64 r2, u64 r3 __unused_arg, u64 r4 __unused_arg,
				   u64 r5 __unused_arg)
{
	return ancestor_id((int)r2);
}

static void hierarchy_free(struct skep *skep __unused_arg, void *state)
{
	struct hierarchy *h = state;

	close(h->dir);
	free(h);
}

/* *ret_found: whether there is a hierarchy of version 2, and all of it to be seen. */
static int hierarchy_open(struct skep *skep, bool *ret_found)
{
	struct hierarchy *h;
	struct mount mount;

	*ret_found = find_mount(NULL, &mount) && !strcmp(mount.root, "/");
	if (!*ret_found)
		return 0;
	h = malloc(sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->dir = open(mount.point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (h->dir < 0) {
		free(h);
		*ret_found = false;
		return 0;
	}
	skep_room_set(skep, SKEP_ROOM_CGROUP, h, hierarchy_free);
	return 0;
}

/* Where ids are not to be had, those helpers are not modelled. */
int host_cgroup_register(struct skep *skep)
{
	static const struct {
		u32 id;
		helper_fn fn;
	} of_ids[] = {
		{ BPF_FUNC_get_current_cgroup_id, get_current_cgroup_id },
		{ BPF_FUNC_get_current_ancestor_cgroup_id, get_current_ancestor_cgroup_id },
		{ BPF_FUNC_skb_cgroup_id, sock_cgroup_id },
		{ BPF_FUNC_skb_ancestor_cgroup_id, sock_ancestor_cgroup_id },
		{ BPF_FUNC_sk_cgroup_id, sock_cgroup_id },
		{ BPF_FUNC_sk_ancestor_cgroup_id, sock_ancestor_cgroup_id },
	};
	bool found;
	int err = skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, BPF_FUNC_current_task_under_cgroup,
				       current_task_under_cgroup);

	if (!err)
		err = hierarchy_open(skep, &found);
	for (u32 i = 0; i < ARRAY_SIZE(of_ids) && !err && found; i++)
		err = skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, of_ids[i].id, of_ids[i].fn);
	return err;
}
