/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pin.c - maps and programs in the BPF file system: by the application's call, and of maps that say
 * LIBBPF_PIN_BY_NAME, which are found again there by the next object that has them. In an instance it
 * is the instance's own table of paths; on the running kernel real files.
 */
#include "loader/internal.h"

#include "syscall/syscall.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BPF_FS_MAGIC_NR 0xcafe4a11
#define PIN_ROOT	"/sys/fs/bpf"

/* ---- the file system ------------------------------------------------------------------------------ */

static int sys_pin(struct skep *skep, int fd, const char *path, const struct bpf_obj_pin_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return -EINVAL;
	attr.pathname = (uintptr_t)path;
	attr.bpf_fd = fd;
	attr.file_flags = OPT(opts, file_flags);
	attr.path_fd = OPT(opts, path_fd);
	return loader_bpf(skep, BPF_OBJ_PIN, &attr);
}

static int sys_get(struct skep *skep, const char *path, const struct bpf_obj_get_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return -EINVAL;
	attr.pathname = (uintptr_t)path;
	attr.file_flags = OPT(opts, file_flags);
	attr.path_fd = OPT(opts, path_fd);
	return loader_bpf(skep, BPF_OBJ_GET, &attr);
}

int bpf_obj_pin_opts(int fd, const char *pathname, const struct bpf_obj_pin_opts *opts)
{
	return libbpf_err(sys_pin(NULL, fd, pathname, opts));
}

int bpf_obj_pin(int fd, const char *pathname)
{
	return bpf_obj_pin_opts(fd, pathname, NULL);
}

int bpf_obj_get_opts(const char *pathname, const struct bpf_obj_get_opts *opts)
{
	return libbpf_err(sys_get(NULL, pathname, opts));
}

int bpf_obj_get(const char *pathname)
{
	return bpf_obj_get_opts(pathname, NULL);
}

static int folder_of(const char *path, char folder[PATH_MAX])
{
	char *end;

	if (!strchr(path, '/')) {
		strcpy(folder, ".");
		return 0;
	}
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(folder, path);
	end = dirname(folder);
	memmove(folder, end, strlen(end) + 1);
	return 0;
}

/* In the BPF file system? Folders of an instance need no making. */
static int check_path(struct skep *skep, const char *path, bool make)
{
	char folder[PATH_MAX];
	struct statfs st;
	int err;

	if (!path)
		return -EINVAL;
	err = folder_of(path, folder);
	if (err)
		return err;
	if (skep) {
		err = skep_bpffs_covers(path) ? 0 : -EINVAL;
	} else {
		if (make && mkdir(folder, 0700) && errno != EEXIST)
			err = -errno;
		if (!err && statfs(folder, &st))
			err = -errno;
		if (!err && (u32)st.f_type != BPF_FS_MAGIC_NR)
			err = -EINVAL;
	}
	if (err == -EINVAL)
		pr_warn("specified path %s is not on BPF FS\n", path);
	else if (err)
		pr_warn("failed to mkdir or look at %s: %s\n", folder, ERR_STR(err));
	return err;
}

int unpin_path(struct skep *skep, const char *path)
{
	int err = check_path(skep, path, false);

	if (err)
		return err;
	if (skep)
		return skep_bpffs_remove(skep, path);
	return unlink(path) ? -errno : 0;
}

int pin_fd(struct skep *skep, int fd, const char *path)
{
	int err = check_path(skep, path, true);

	return err ? err : sys_pin(skep, fd, path, NULL);
}

/* "folder/name"; dots, which that file system keeps for itself, become underscores. */
static int join(char path[PATH_MAX], const char *folder, const char *name)
{
	int len = snprintf(path, PATH_MAX, "%s/%s", folder, name);

	if (len < 0 || len >= PATH_MAX)
		return -ENAMETOOLONG;
	for (char *p = path + strlen(folder) + 1; *p; p++)
		*p = *p == '.' ? '_' : *p;
	return 0;
}

/* ---- one map -------------------------------------------------------------------------------------- */

int map_pin_by_name(struct bpf_map *map)
{
	char path[PATH_MAX];
	int err = join(path, map->obj->pin_root ? map->obj->pin_root : PIN_ROOT, map->name);

	if (err)
		return err;
	map->pin_path = strdup(path);
	return map->pin_path ? 0 : -ENOMEM;
}

static bool same_as(const struct bpf_map *map, const struct bpf_map_info *info)
{
	u32 flags = info->map_flags;

	/* The kernel adds it to these by itself. */
	if (map->type == BPF_MAP_TYPE_DEVMAP || map->type == BPF_MAP_TYPE_DEVMAP_HASH)
		flags &= ~BPF_F_RDONLY_PROG;
	return info->type == map->type && info->key_size == map->key_size && info->value_size == map->value_size &&
	       info->max_entries == map->max_entries && flags == map->flags && info->map_extra == map->extra;
}

int map_reuse_pinned(struct bpf_map *map)
{
	struct skep *skep = map->obj->skep;
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { 0 };
	int fd = sys_get(skep, map->pin_path, NULL), err;

	if (fd == -ENOENT) {
		pr_debug("found no pinned map to reuse at '%s'\n", map->pin_path);
		return 0;
	}
	if (fd < 0) {
		pr_warn("couldn't retrieve pinned map '%s': %s\n", map->pin_path, ERR_STR(fd));
		return fd;
	}
	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	err = loader_bpf(skep, BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (!err && !same_as(map, &info)) {
		pr_warn("couldn't reuse pinned map at '%s': parameter mismatch\n", map->pin_path);
		err = -EINVAL;
	}
	if (!err)
		err = bpf_map__reuse_fd(map, fd);
	close(fd);
	if (err)
		return err;
	map->pinned = true;
	pr_debug("reused pinned map at '%s'\n", map->pin_path);
	return 0;
}

static bool other_path(const struct bpf_map *map, const char *path)
{
	if (!path || !map->pin_path || !strcmp(path, map->pin_path))
		return false;
	pr_warn("map '%s' already has pin path '%s' different from '%s'\n", map->name, map->pin_path, path);
	return true;
}

static int take_path(struct bpf_map *map, const char *path)
{
	if (map->pin_path)
		return 0;
	if (!path) {
		pr_warn("missing a path to pin map '%s' at\n", map->name);
		return -EINVAL;
	}
	map->pin_path = strdup(path);
	return map->pin_path ? 0 : -ENOMEM;
}

int bpf_map__pin(struct bpf_map *map, const char *path)
{
	int err;

	if (!map) {
		pr_warn("invalid map pointer\n");
		return libbpf_err(-EINVAL);
	}
	if (map->fd < 0) {
		pr_warn("map '%s': can't pin BPF map without FD (was it created?)\n", map->name);
		return libbpf_err(-EINVAL);
	}
	if (other_path(map, path))
		return libbpf_err(-EINVAL);
	if (map->pinned) {
		pr_debug("map '%s' already pinned at '%s'; not re-pinning\n", map->name, map->pin_path);
		return 0;
	}
	err = take_path(map, path);
	if (!err)
		err = pin_fd(map->obj->skep, map->fd, map->pin_path);
	if (err) {
		pr_warn("failed to pin map: %s\n", ERR_STR(err));
		return libbpf_err(err);
	}
	map->pinned = true;
	pr_debug("pinned map '%s'\n", map->pin_path);
	return 0;
}

int bpf_map__unpin(struct bpf_map *map, const char *path)
{
	int err;

	if (!map) {
		pr_warn("invalid map pointer\n");
		return libbpf_err(-EINVAL);
	}
	if (other_path(map, path))
		return libbpf_err(-EINVAL);
	path = map->pin_path ? map->pin_path : path;
	if (!path) {
		pr_warn("no path to unpin map '%s' from\n", map->name);
		return libbpf_err(-EINVAL);
	}
	err = unpin_path(map->obj->skep, path);
	if (err)
		return libbpf_err(err);
	map->pinned = false;
	pr_debug("unpinned map '%s' from '%s'\n", map->name, path);
	return 0;
}

int bpf_map__set_pin_path(struct bpf_map *map, const char *path)
{
	char *own = path ? strdup(path) : NULL;

	NEED(map);
	if (path && !own)
		return libbpf_err(-errno);
	free(map->pin_path);
	map->pin_path = own;
	return 0;
}

const char *bpf_map__pin_path(const struct bpf_map *map)
{
	NEED_PTR(map);
	return map->pin_path;
}

const char *bpf_map__get_pin_path(const struct bpf_map *map)
{
	return bpf_map__pin_path(map);
}

bool bpf_map__is_pinned(const struct bpf_map *map)
{
	NEED_OR(map, false);
	return map->pinned;
}

/* ---- programs ------------------------------------------------------------------------------------- */

int bpf_program__pin(struct bpf_program *prog, const char *path)
{
	struct skep *skep;
	int err;

	NEED(prog);
	skep = prog->obj->skep;
	if (prog->fd < 0) {
		pr_warn("prog '%s': can't pin program that wasn't loaded\n", prog->name);
		return libbpf_err(-EINVAL);
	}
	err = pin_fd(skep, prog->fd, path);
	if (err)
		pr_warn("prog '%s': failed to pin at '%s': %s\n", prog->name, path ? path : "", ERR_STR(err));
	else
		pr_debug("prog '%s': pinned at '%s'\n", prog->name, path);
	return libbpf_err(err);
}

int bpf_program__unpin(struct bpf_program *prog, const char *path)
{
	int err;

	NEED(prog);
	if (prog->fd < 0) {
		pr_warn("prog '%s': can't unpin program that wasn't loaded\n", prog->name);
		return libbpf_err(-EINVAL);
	}
	err = unpin_path(prog->obj->skep, path);
	if (!err)
		pr_debug("prog '%s': unpinned from '%s'\n", prog->name, path);
	return libbpf_err(err);
}

/* ---- all of an object ------------------------------------------------------------------------------ */

/* Where a map goes when all do: below @folder, or where it says itself; 1: nowhere. */
static int map_place(const struct bpf_map *map, const char *folder, char path[PATH_MAX], const char **ret_path)
{
	*ret_path = NULL;
	if (!map->autocreate || (!folder && !map->pin_path))
		return 1;
	*ret_path = folder ? path : NULL;
	return folder ? join(path, folder, map->name) : 0;
}

static int unpin_maps_below(struct bpf_object *obj, const char *folder, u32 end)
{
	char buf[PATH_MAX];
	const char *path;

	for (u32 i = 0; i < end; i++) {
		int err = map_place(&obj->maps[i], folder, buf, &path);

		if (!err)
			err = bpf_map__unpin(&obj->maps[i], path);
		if (err < 0)
			return err;
	}
	return 0;
}

int bpf_object__pin_maps(struct bpf_object *obj, const char *folder)
{
	char buf[PATH_MAX];
	const char *path;

	if (!obj)
		return libbpf_err(-ENOENT);
	if (!obj->loaded) {
		pr_warn("object not yet loaded; load it first\n");
		return libbpf_err(-ENOENT);
	}
	for (u32 i = 0; i < obj->map_cnt; i++) {
		int err = map_place(&obj->maps[i], folder, buf, &path);

		if (!err)
			err = bpf_map__pin(&obj->maps[i], path);
		if (err < 0) {
			unpin_maps_below(obj, NULL, i); /* each knows its path now */
			return libbpf_err(err);
		}
	}
	return 0;
}

int bpf_object__unpin_maps(struct bpf_object *obj, const char *folder)
{
	return libbpf_err(obj ? unpin_maps_below(obj, folder, obj->map_cnt) : -ENOENT);
}

static int each_program(struct bpf_object *obj, const char *folder, int (*fn)(struct bpf_program *prog, const char *path),
			const struct bpf_program *end)
{
	struct bpf_program *prog;
	char path[PATH_MAX];

	bpf_object__for_each_program(prog, obj) {
		int err;

		if (prog == end)
			break;
		err = join(path, folder, prog->name);
		if (!err)
			err = fn(prog, path);
		if (err && fn == bpf_program__pin)
			each_program(obj, folder, bpf_program__unpin, prog);
		if (err)
			return err;
	}
	return 0;
}

int bpf_object__pin_programs(struct bpf_object *obj, const char *folder)
{
	if (!obj)
		return libbpf_err(-ENOENT);
	if (!obj->loaded) {
		pr_warn("object not yet loaded; load it first\n");
		return libbpf_err(-ENOENT);
	}
	return libbpf_err(folder ? each_program(obj, folder, bpf_program__pin, NULL) : -EINVAL);
}

int bpf_object__unpin_programs(struct bpf_object *obj, const char *folder)
{
	return libbpf_err(!obj ? -ENOENT : !folder ? -EINVAL : each_program(obj, folder, bpf_program__unpin, NULL));
}

int bpf_object__pin(struct bpf_object *obj, const char *folder)
{
	int err = bpf_object__pin_maps(obj, folder);

	if (err)
		return libbpf_err(err);
	err = bpf_object__pin_programs(obj, folder);
	if (err)
		bpf_object__unpin_maps(obj, folder);
	return libbpf_err(err);
}

int bpf_object__unpin(struct bpf_object *obj, const char *folder)
{
	int err = bpf_object__unpin_programs(obj, folder);

	return libbpf_err(err ? err : bpf_object__unpin_maps(obj, folder));
}
