/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpffs.c - BPF_OBJ_PIN and BPF_OBJ_GET. The instance has one BPF file system, mounted at /sys/fs/bpf; it
 * is a table of paths and never looks at the host's files. Folders need no mkdir(), of which an instance
 * hears nothing: a pin brings those above it.
 */
#include "syscall/private.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOUNT "/sys/fs/bpf"

struct pin {
	struct pin *next;
	enum fd_kind kind;
	void *obj; /* one reference */
	char path[];
};

struct bpffs {
	struct skep *skep;
	pthread_mutex_t lock; /* of the list */
	struct pin *pins;
};

static void bpffs_free(struct skep *skep, void *state)
{
	struct bpffs *fs = state;
	struct pin *pin, *next;

	for (pin = fs->pins; pin; pin = next) {
		next = pin->next;
		fdtab_unhold(pin->kind, pin->obj);
		fdtab_obj_put(skep, pin->kind, pin->obj);
		free(pin);
	}
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}

int bpffs_init(struct skep *skep)
{
	struct bpffs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	fs->skep = skep;
	pthread_mutex_init(&fs->lock, NULL);
	skep_room_set(skep, SKEP_ROOM_BPFFS, fs, bpffs_free);
	return 0;
}

/* ---- paths ------------------------------------------------------------------------------------- */

/* One component more, or ".." one less. -ENAMETOOLONG. */
static int append_component(char path[PATH_MAX], const char *name, size_t len)
{
	size_t used = strlen(path);

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	if (!len || (len == 1 && name[0] == '.'))
		return 0;
	if (len == 2 && !memcmp(name, "..", 2)) {
		path[used ? strrchr(path, '/') - path : 0] = '\0';
		return 0;
	}
	if (used + 1 + len >= PATH_MAX)
		return -ENAMETOOLONG;
	path[used] = '/';
	memcpy(path + used + 1, name, len);
	path[used + 1 + len] = '\0';
	return 0;
}

static int append_path(char path[PATH_MAX], const char *more)
{
	int err = 0;

	while (*more && !err) {
		size_t len = strcspn(more, "/");

		err = append_component(path, more, len);
		more += len + (more[len] == '/');
	}
	return err;
}

/* Absolute, without ".", ".." and doubled slashes. */
static int normalise(const char *given, char path[PATH_MAX])
{
	char cwd[PATH_MAX];
	int err = 0;

	path[0] = '\0';
	if (!*given)
		return -ENOENT;
	if (*given != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			return -errno;
		err = append_path(path, cwd);
	}
	return err ? err : append_path(path, given);
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !strncmp(path, folder, len) && path[len] == '/';
}

bool skep_bpffs_covers(const char *given)
{
	char path[PATH_MAX];

	return !normalise(given, path) && is_below(path, MOUNT);
}

/* ---- the table ---------------------------------------------------------------------------------- */

enum found { FOUND_NOTHING, FOUND_PIN, FOUND_FOLDER, FOUND_PIN_ABOVE };

/* What stands at a path. @ret_link: where its pin hangs in the list. */
static enum found look_up(struct bpffs *fs, const char *path, struct pin ***ret_link)
{
	enum found found = !strcmp(path, MOUNT) ? FOUND_FOLDER : FOUND_NOTHING;

	for (struct pin **link = &fs->pins; *link; link = &(*link)->next) {
		if (!strcmp((*link)->path, path)) {
			*ret_link = link;
			return FOUND_PIN;
		}
		if (is_below((*link)->path, path))
			found = FOUND_FOLDER;
		else if (is_below(path, (*link)->path))
			found = FOUND_PIN_ABOVE;
	}
	return found;
}

static int add_pin(struct bpffs *fs, struct pin *pin)
{
	struct pin **link;

	switch (look_up(fs, pin->path, &link)) {
	case FOUND_PIN:
	case FOUND_FOLDER:
		return -EEXIST;
	case FOUND_PIN_ABOVE:
		return -ENOTDIR;
	default:
		break;
	}
	if (!is_below(pin->path, MOUNT))
		return -EPERM; /* another file system */
	/* Names with dots belong to the file system itself ("maps.debug"). */
	if (strchr(strrchr(pin->path, '/'), '.'))
		return -EPERM;
	pin->next = fs->pins;
	fs->pins = pin;
	fdtab_hold(pin->kind, pin->obj);
	return 0;
}

static int get_pin(struct bpffs *fs, const char *path, enum fd_kind *ret_kind, void **ret_obj)
{
	struct pin **link;

	switch (look_up(fs, path, &link)) {
	case FOUND_PIN:
		*ret_kind = (*link)->kind;
		*ret_obj = (*link)->obj;
		fdtab_obj_get(fs->skep, *ret_kind, *ret_obj);
		return 0;
	case FOUND_FOLDER:
		return -EACCES; /* no BPF object */
	case FOUND_PIN_ABOVE:
		return -ENOTDIR;
	default:
		return -ENOENT;
	}
}

int skep_bpffs_remove(struct skep *skep, const char *given)
{
	struct bpffs *fs = skep_room_get(skep, SKEP_ROOM_BPFFS);
	struct pin **link, *pin = NULL;
	char path[PATH_MAX];
	int err = normalise(given, path);

	if (err)
		return err;
	pthread_mutex_lock(&fs->lock);
	switch (look_up(fs, path, &link)) {
	case FOUND_PIN:
		pin = *link;
		*link = pin->next;
		break;
	case FOUND_FOLDER:
		err = -EISDIR;
		break;
	case FOUND_PIN_ABOVE:
		err = -ENOTDIR;
		break;
	default:
		err = -ENOENT;
	}
	pthread_mutex_unlock(&fs->lock);
	if (pin) {
		fdtab_unhold(pin->kind, pin->obj);
		fdtab_obj_put(skep, pin->kind, pin->obj);
	}
	free(pin);
	return err;
}

/* ---- commands ----------------------------------------------------------------------------------- */

static int read_path(struct call *call, char path[PATH_MAX])
{
	char given[PATH_MAX + 1];
	int err;

	/* A path below a descriptor: the instance's folders have none. */
	if (call->attr.file_flags & BPF_F_PATH_FD && call->attr.path_fd)
		return (int)call_not_modelled(call, "path_fd of BPF_OBJ_PIN and BPF_OBJ_GET");
	err = user_string(given, call->attr.pathname, sizeof(given));
	if (!err && strlen(given) >= PATH_MAX)
		err = -ENAMETOOLONG;
	return err ? err : normalise(given, path);
}

static int object_of(struct call *call, enum fd_kind *ret_kind, void **ret_obj)
{
	int kind = fdtab_kind(call->skep, (int)call->attr.bpf_fd);

	if (kind != FD_MAP && kind != FD_PROG && kind != FD_LINK)
		return -EINVAL;
	*ret_kind = kind;
	return fdtab_get(call->skep, (int)call->attr.bpf_fd, kind, ret_obj, NULL) ? -EINVAL : 0;
}

long cmd_obj_pin(struct call *call)
{
	struct bpffs *fs = skep_room_get(call->skep, SKEP_ROOM_BPFFS);
	u32 flags = call->attr.file_flags;
	struct pin *pin = NULL;
	char path[PATH_MAX];
	enum fd_kind kind;
	void *obj;
	int err;

	if (flags & ~BPF_F_PATH_FD || (!(flags & BPF_F_PATH_FD) && call->attr.path_fd))
		return -EINVAL;
	err = object_of(call, &kind, &obj);
	if (err)
		return err;
	err = read_path(call, path);
	if (!err) {
		pin = malloc(sizeof(*pin) + strlen(path) + 1);
		err = pin ? 0 : -ENOMEM;
	}
	if (!err) {
		pin->kind = kind;
		pin->obj = obj;
		strcpy(pin->path, path);
		pthread_mutex_lock(&fs->lock);
		err = add_pin(fs, pin);
		pthread_mutex_unlock(&fs->lock);
	}
	if (err) {
		fdtab_obj_put(call->skep, kind, obj);
		free(pin);
	}
	return err;
}

long cmd_obj_get(struct call *call)
{
	struct bpffs *fs = skep_room_get(call->skep, SKEP_ROOM_BPFFS);
	u32 flags = call->attr.file_flags, access = flags & (BPF_F_RDONLY | BPF_F_WRONLY);
	char path[PATH_MAX];
	enum fd_kind kind;
	void *obj;
	int err;

	if (call->attr.bpf_fd || flags & ~(BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_PATH_FD) ||
	    (!(flags & BPF_F_PATH_FD) && call->attr.path_fd) || access == (BPF_F_RDONLY | BPF_F_WRONLY))
		return -EINVAL;
	err = read_path(call, path);
	if (err)
		return err;
	pthread_mutex_lock(&fs->lock);
	err = get_pin(fs, path, &kind, &obj);
	pthread_mutex_unlock(&fs->lock);
	if (err)
		return err;
	return fdtab_open(call->skep, kind, obj,
			  access == BPF_F_RDONLY ? FD_READ : access == BPF_F_WRONLY ? FD_WRITE : FD_READ | FD_WRITE);
}
