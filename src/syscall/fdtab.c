/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdtab.c - a handle is a memfd opened a second time through /proc/self/fd. Closing that second
 * opening, when the last dup, passed copy or forked child is gone, gives one IN_CLOSE event; the
 * memfd's own first descriptor, which gives none, is closed at once. The file's inode number is
 * its identity; the watch holds the inode, so that the number stays ours until we let go.
 */
#include "syscall/fdtab.h"

#include "base/hash.h"
#include "btf/btf.h"
#include "map/perf.h"
#include "map/xsk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct handle {
	struct handle *next_ino, *next_wd;
	u64 dev, ino;
	int wd;
	struct skep *skep;
	enum fd_kind kind;
	u32 mode;
	void *obj;
};

#define BUCKET_CNT 1024

static struct {
	pthread_mutex_t lock;
	pthread_cond_t dropped;
	u32 droppers;	/* threads that drop what they took out of the table */
	int inotify_fd; /* -1 before the first handle */
	bool forked;
	struct handle *by_ino[BUCKET_CNT], *by_wd[BUCKET_CNT];
} tab = { .lock = PTHREAD_MUTEX_INITIALIZER, .dropped = PTHREAD_COND_INITIALIZER, .inotify_fd = -1 };
static __thread bool dropping; /* an object's end came back here */

/* ---- objects of each kind ------------------------------------------------------------------- */

void fdtab_obj_get(struct skep *skep, enum fd_kind kind, void *obj)
{
	switch (kind) {
	case FD_MAP:
		map_get(obj);
		break;
	case FD_PROG:
		skep_prog_get(obj);
		break;
	case FD_BTF:
		btf_get(obj);
		skep_btf_use(skep, obj);
		break;
	case FD_LINK:
		skep_link_get(obj);
		break;
	case FD_PERF:
		perf_event_get(obj);
		break;
	case FD_XSK:
		xsk_get(obj);
		break;
	default:
		break;
	}
}

void fdtab_obj_put(struct skep *skep, enum fd_kind kind, void *obj)
{
	switch (kind) {
	case FD_MAP:
		map_put(obj);
		break;
	case FD_PROG:
		skep_prog_put(obj);
		break;
	case FD_BTF:
		skep_btf_unuse(skep, obj);
		btf_put(obj);
		break;
	case FD_LINK:
		skep_link_put(obj);
		break;
	case FD_PERF:
		perf_event_put(obj);
		break;
	case FD_XSK:
		xsk_put(obj);
		break;
	case FD_STATS:
		skep_stats_enable(skep, false);
		break;
	default:
		break;
	}
}

void fdtab_hold(enum fd_kind kind, void *obj)
{
	if (kind == FD_MAP)
		map_user_get(obj);
	else if (kind == FD_XSK)
		xsk_user_get(obj);
}

void fdtab_unhold(enum fd_kind kind, void *obj)
{
	if (kind == FD_MAP)
		map_user_put(obj);
	else if (kind == FD_XSK)
		xsk_user_put(obj);
}

static const char *const file_names[FD_KIND_CNT] = { "bpf-map", "bpf-prog", "btf", "bpf-stats", "bpf_link",
						     "perf_event", "xsk" };

/* ---- the table ------------------------------------------------------------------------------- */

static struct handle **ino_bucket(u64 ino)
{
	return &tab.by_ino[hash_u64(ino, 0) % BUCKET_CNT];
}

static struct handle **wd_bucket(int wd)
{
	return &tab.by_wd[(u32)wd % BUCKET_CNT];
}

static void link_handle(struct handle *h)
{
	struct handle **ino = ino_bucket(h->ino), **wd = wd_bucket(h->wd);

	h->next_ino = *ino;
	*ino = h;
	h->next_wd = *wd;
	*wd = h;
}

static void unlink_handle(struct handle *h)
{
	struct handle **p;

	for (p = ino_bucket(h->ino); *p != h; p = &(*p)->next_ino)
		;
	*p = h->next_ino;
	for (p = wd_bucket(h->wd); *p != h; p = &(*p)->next_wd)
		;
	*p = h->next_wd;
}

static struct handle *find_ino(u64 dev, u64 ino)
{
	struct handle *h = *ino_bucket(ino);

	while (h && (h->ino != ino || h->dev != dev))
		h = h->next_ino;
	return h;
}

static struct handle *find_wd(int wd)
{
	struct handle *h = *wd_bucket(wd);

	while (h && h->wd != wd)
		h = h->next_wd;
	return h;
}

/* The child has the table's bytes and the queue's descriptor, but must not read the queue: the
 * parent would miss what it takes. The lock may have been held by a thread that is not here. */
static void in_child(void)
{
	tab.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	tab.forked = true;
}

bool fdtab_forked(void)
{
	return __atomic_load_n(&tab.forked, __ATOMIC_RELAXED);
}

static int start_locked(void)
{
	if (tab.inotify_fd >= 0)
		return 0;
	tab.inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (tab.inotify_fd < 0)
		return -errno;
	pthread_atfork(NULL, NULL, in_child);
	return 0;
}

/* Takes what the queue says out of the table; returns a list of what was closed. */
static struct handle *drain_locked(void)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct handle *closed = NULL;
	ssize_t len;

	if (tab.inotify_fd < 0 || tab.forked)
		return NULL;
	while ((len = read(tab.inotify_fd, buf, sizeof(buf))) > 0) {
		for (char *p = buf; p < buf + len;) {
			const struct inotify_event *ev = (const void *)p;
			struct handle *h = ev->mask & IN_CLOSE ? find_wd(ev->wd) : NULL;

			p += sizeof(*ev) + ev->len;
			if (!h)
				continue; /* IN_IGNORED, after our own removal of a watch */
			unlink_handle(h);
			inotify_rm_watch(tab.inotify_fd, h->wd);
			h->next_ino = closed;
			closed = h;
		}
	}
	tab.droppers += !!closed;
	return closed;
}

/* Outside the lock: an object's end may take long and may come back here. Who took a list out of the
 * table has counted itself among the droppers. */
static void drop_list(struct handle *h)
{
	bool before = dropping;
	struct handle *next;

	if (!h)
		return;
	dropping = true;
	for (; h; h = next) {
		next = h->next_ino;
		fdtab_unhold(h->kind, h->obj);
		fdtab_obj_put(h->skep, h->kind, h->obj);
		free(h);
	}
	dropping = before;
	pthread_mutex_lock(&tab.lock);
	tab.droppers--;
	pthread_cond_broadcast(&tab.dropped);
	pthread_mutex_unlock(&tab.lock);
}

/* Another thread may have read of a close() of ours and not be done: then close() has not done its work
 * yet, and a link that is closed would still be attached for who closed it. */
void fdtab_drain(void)
{
	struct handle *closed;

	pthread_mutex_lock(&tab.lock);
	closed = drain_locked();
	pthread_mutex_unlock(&tab.lock);
	drop_list(closed);
	if (dropping)
		return;
	pthread_mutex_lock(&tab.lock);
	while (tab.droppers && !tab.forked)
		pthread_cond_wait(&tab.dropped, &tab.lock);
	pthread_mutex_unlock(&tab.lock);
}

/* Opens @memfd again, watched. The new descriptor or negative errno; fills h->wd, dev, ino. */
static int reopen(int memfd, struct handle *h)
{
	char path[64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memfd);
	if (fstat(memfd, &st))
		return -errno;
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	h->wd = inotify_add_watch(tab.inotify_fd, path, IN_CLOSE);
	if (h->wd < 0)
		return errno == ENOSPC ? -ENFILE : -errno;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		int err = -errno;

		inotify_rm_watch(tab.inotify_fd, h->wd);
		return err;
	}
	return fd;
}

static int open_locked(struct handle *h)
{
	int err = start_locked(), memfd, fd;

	if (err)
		return err;
	memfd = memfd_create(file_names[h->kind], MFD_CLOEXEC);
	if (memfd < 0)
		return -errno;
	fd = reopen(memfd, h);
	close(memfd);
	if (fd >= 0) {
		fdtab_hold(h->kind, h->obj);
		link_handle(h);
	}
	return fd;
}

int fdtab_open(struct skep *skep, enum fd_kind kind, void *obj, u32 mode)
{
	struct handle *h = malloc(sizeof(*h)), *closed;
	int fd = -ENOMEM;

	if (h) {
		*h = (struct handle){ .skep = skep, .kind = kind, .mode = mode, .obj = obj };
		pthread_mutex_lock(&tab.lock);
		closed = drain_locked();
		fd = open_locked(h);
		pthread_mutex_unlock(&tab.lock);
		drop_list(closed);
	}
	if (fd < 0) {
		fdtab_obj_put(skep, kind, obj);
		free(h);
	}
	return fd;
}

int fdtab_get(struct skep *skep, int fd, enum fd_kind kind, void **ret_obj, u32 *ret_mode)
{
	struct handle *h;
	struct stat st;
	int err = -EINVAL;

	if (fstat(fd, &st))
		return -EBADF;
	pthread_mutex_lock(&tab.lock);
	h = find_ino(st.st_dev, st.st_ino);
	if (h && h->skep == skep && h->kind == kind) {
		fdtab_obj_get(skep, kind, h->obj);
		*ret_obj = h->obj;
		if (ret_mode)
			*ret_mode = h->mode;
		err = 0;
	}
	pthread_mutex_unlock(&tab.lock);
	return err;
}

int fdtab_kind(struct skep *skep, int fd)
{
	struct handle *h;
	struct stat st;
	int kind;

	if (fstat(fd, &st))
		return -EBADF;
	pthread_mutex_lock(&tab.lock);
	h = find_ino(st.st_dev, st.st_ino);
	kind = h && h->skep == skep ? (int)h->kind : -EINVAL;
	pthread_mutex_unlock(&tab.lock);
	return kind;
}

void fdtab_release(struct skep *skep)
{
	struct handle *gone = NULL, *h, *next;

	pthread_mutex_lock(&tab.lock);
	for (u32 i = 0; i < BUCKET_CNT; i++) {
		for (h = tab.by_ino[i]; h; h = next) {
			next = h->next_ino;
			if (h->skep != skep)
				continue;
			unlink_handle(h);
			inotify_rm_watch(tab.inotify_fd, h->wd);
			h->next_ino = gone;
			gone = h;
		}
	}
	tab.droppers += !!gone;
	pthread_mutex_unlock(&tab.lock);
	drop_list(gone);
}
