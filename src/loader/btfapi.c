/* SPDX-License-Identifier: BSD-2-Clause */
/* btfapi.c - BTF with libbpf's names. */
#include "loader/internal.h"

#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *last_line(char *log)
{
	size_t len = strlen(log);
	char *nl;

	while (len && log[len - 1] == '\n')
		log[--len] = '\0';
	nl = strrchr(log, '\n');
	return nl ? nl + 1 : log;
}

/* An empty one, of which @base (may be NULL) is the start. */
static struct btf *alloc_btf(struct btf *base, int *ret_err)
{
	struct btf *btf = NULL;

	*ret_err = base ? btf_settle(base) : 0;
	if (!*ret_err) {
		btf = calloc(1, sizeof(*btf));
		*ret_err = btf ? 0 : -ENOMEM;
	}
	if (btf)
		*btf = (struct btf){ .owned = true, .fd = -1, .base = base };
	return btf;
}

/* @what: it is called in a warning. */
static int parse_logged(const void *data, u32 size, const struct skep_btf *base, const char *what, struct skep_btf **ret_btf)
{
	char log[1024] = "";
	struct vlog vlog;
	u32 true_size;
	int err;

	vlog_init(&vlog, VLOG_LEVEL1, log, sizeof(log));
	err = btf_parse(data, size, base, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT | BTF_PARSE_FOREIGN, &vlog, ret_btf);
	vlog_finish(&vlog, &true_size);
	if (err)
		pr_warn("%s: %s\n", what, log[0] ? last_line(log) : "not valid");
	return err;
}

static int new_btf(const void *data, u32 size, struct btf *base, struct btf **ret_btf)
{
	struct btf *btf;
	int err;

	btf = alloc_btf(base, &err);
	if (!btf)
		return err;
	err = parse_logged(data, size, base ? base->b : NULL, "BTF", &btf->b);
	if (err) {
		free(btf);
		return err == -524 ? -ENOTSUP : err; /* the kernel's ENOTSUPP is none of user space */
	}
	btf->foreign = btf_is_foreign(btf->b);
	*ret_btf = btf;
	return 0;
}

struct btf *btf__new_split(const void *data, __u32 size, struct btf *base_btf)
{
	struct btf *btf;
	int err;

	NEED_PTR(data);
	err = new_btf(data, size, base_btf, &btf);
	return err ? libbpf_err_ptr(err) : btf;
}

struct btf *btf__new(const void *data, __u32 size)
{
	return btf__new_split(data, size, NULL);
}

/* ---- built ---------------------------------------------------------------------------------------- */

struct btf *btf__new_empty_split(struct btf *base_btf)
{
	struct btf *btf;
	int err;

	btf = alloc_btf(base_btf, &err);
	if (!btf)
		return libbpf_err_ptr(err);
	btf->w = btf_writer_new(base_btf ? base_btf->b : NULL);
	if (btf->w)
		return btf;
	btf__free(btf);
	return libbpf_err_ptr(-ENOMEM);
}

struct btf *btf__new_empty(void)
{
	return btf__new_empty_split(NULL);
}

struct btf *btf__new_empty_opts(struct btf_new_opts *opts)
{
	struct btf *btf;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err_ptr(-EINVAL);
	btf = btf__new_empty_split(OPT(opts, base_btf));
	if (btf && OPT(opts, add_layout))
		btf_writer_add_layout(btf->w);
	return btf;
}

const struct skep_btf *btf_look(const struct btf *btf)
{
	return btf->w ? btf_writer_view(btf->w) : btf->b;
}

struct btf_writer *btf_change(struct btf *btf, int *ret_err)
{
	*ret_err = -EINVAL;
	if (!btf)
		return NULL;
	free(btf->raw);
	btf->raw = NULL;
	if (btf->w)
		return btf->w;
	*ret_err = -ENOTSUP;
	if (!btf->owned) {
		pr_warn("BTF of an object cannot be changed: not modelled\n");
		return NULL;
	}
	*ret_err = -ENOMEM;
	btf->w = btf_writer_from(btf->b);
	return btf->w;
}

int btf_settle_as(struct btf *btf, const char *what)
{
	struct skep_btf *b;
	void *data;
	u32 size;
	int err;

	if (!btf->w)
		return 0;
	err = btf_writer_finish(btf->w, &data, &size);
	if (err)
		return err;
	err = parse_logged(data, size, btf_base(btf_look(btf)), what, &b);
	free(data);
	if (err)
		return err;
	if (!vec_push(&btf->retired, btf->w)) {
		btf_put(b);
		return -ENOMEM;
	}
	btf->w = NULL;
	btf_put(btf->b);
	btf->b = b;
	return 0;
}

int btf_settle(struct btf *btf)
{
	return btf_settle_as(btf, "BTF");
}

/* ---- files ---------------------------------------------------------------------------------------- */

static int read_raw(const char *path, void **ret_data, size_t *ret_size)
{
	struct strbuf data = { 0 };
	char buf[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	/* Files of sysfs tell no useful size. */
	while ((n = read(fd, buf, sizeof(buf))) > 0 && data.len < 64u << 20)
		strbuf_add(&data, buf, n);
	err = n < 0 ? -errno : data.oom ? -ENOMEM : n > 0 ? -E2BIG : 0;
	close(fd);
	if (!err && (data.len < 2 || (memcmp(data.str, "\x9f\xeb", 2) && memcmp(data.str, "\xeb\x9f", 2))))
		err = -EPROTO;
	if (err) {
		strbuf_free(&data);
		return err;
	}
	*ret_data = data.str;
	*ret_size = data.len;
	return 0;
}

typedef int (*read_fn)(const char *, void **, size_t *);

static struct btf *parse_with(read_fn read_it, const char *path, struct btf *base)
{
	struct btf *btf = NULL;
	void *data = NULL;
	size_t size = 0;
	int err = path ? read_it(path, &data, &size) : -EFAULT;

	if (!err)
		err = size > UINT32_MAX ? -E2BIG : new_btf(data, size, base, &btf);
	free(data);
	return err ? libbpf_err_ptr(err) : btf;
}

int btf_file_read(const char *path, void **ret_data, size_t *ret_size)
{
	int err = read_raw(path, ret_data, ret_size);

	/* No BTF magic: an ELF file then. */
	return err == -EPROTO ? elf_read_btf(path, ret_data, ret_size) : err;
}

/* Of a file that has none it is NULL, as with libbpf. */
static int parse_ext(const char *path, struct btf_ext **ret_ext)
{
	void *data;
	size_t size;
	int err = elf_read_section(path, ".BTF.ext", &data, &size);

	*ret_ext = NULL;
	if (err)
		return err == -ENODATA || err == -LIBBPF_ERRNO__FORMAT ? 0 : err;
	*ret_ext = size > UINT32_MAX ? libbpf_err_ptr(-E2BIG) : btf_ext__new(data, size);
	free(data);
	return *ret_ext ? 0 : -errno;
}

static struct btf *parse_both(read_fn read_it, const char *path, struct btf_ext **btf_ext)
{
	struct btf *btf = parse_with(read_it, path, NULL);
	int err = btf && btf_ext ? parse_ext(path, btf_ext) : 0;

	if (!err)
		return btf;
	btf__free(btf);
	return libbpf_err_ptr(err);
}

struct btf *btf__parse(const char *path, struct btf_ext **btf_ext)
{
	return parse_both(btf_file_read, path, btf_ext);
}

struct btf *btf__parse_elf(const char *path, struct btf_ext **btf_ext)
{
	return parse_both(elf_read_btf, path, btf_ext);
}

struct btf *btf__parse_raw(const char *path)
{
	return parse_with(read_raw, path, NULL);
}

struct btf *btf__parse_split(const char *path, struct btf *base_btf)
{
	return parse_with(btf_file_read, path, base_btf);
}

struct btf *btf__parse_elf_split(const char *path, struct btf *base_btf)
{
	return parse_with(elf_read_btf, path, base_btf);
}

struct btf *btf__parse_raw_split(const char *path, struct btf *base_btf)
{
	return parse_with(read_raw, path, base_btf);
}

/* ---- the kernel's -------------------------------------------------------------------------------- */

struct btf *btf__load_vmlinux_btf(void)
{
	struct skep *skep = loader_on_kernel() ? NULL : loader_instance();
	const struct skep_btf *kernel;
	struct btf *btf;
	int err;

	if (loader_on_kernel())
		return btf__parse("/sys/kernel/btf/vmlinux", NULL);
	kernel = skep ? skep_kernel_btf(skep) : NULL;
	if (!kernel)
		return libbpf_err_ptr(-ESRCH);
	btf = alloc_btf(NULL, &err);
	if (!btf)
		return libbpf_err_ptr(err);
	btf_get(kernel);
	btf->b = (struct skep_btf *)kernel; /* never changed through it */
	return btf;
}

struct btf *btf__load_module_btf(const char *module_name, struct btf *vmlinux_btf)
{
	char path[128];

	NEED_PTR(module_name);
	if (!loader_on_kernel())
		return libbpf_err_ptr(-ENOENT); /* the simulated kernel has no modules */
	snprintf(path, sizeof(path), "/sys/kernel/btf/%.100s", module_name);
	return btf__parse_split(path, vmlinux_btf);
}

/* What the id's descriptor tells; @fd stays the caller's. */
static struct btf *from_fd(int fd, struct btf *base)
{
	struct bpf_btf_info info = { 0 };
	__u32 len = sizeof(info);
	struct btf *btf = NULL;
	void *data = NULL;
	int err = bpf_btf_get_info_by_fd(fd, &info, &len);

	if (!err) {
		data = malloc(info.btf_size ? info.btf_size : 1);
		err = data ? 0 : -ENOMEM;
	}
	if (!err) {
		__u32 size = info.btf_size;

		info = (struct bpf_btf_info){ .btf = (uintptr_t)data, .btf_size = size };
		err = bpf_btf_get_info_by_fd(fd, &info, &len);
		if (!err)
			err = new_btf(data, min_of(size, info.btf_size), base, &btf);
	}
	free(data);
	return err ? libbpf_err_ptr(err) : btf;
}

struct btf *btf__load_from_kernel_by_id_split(__u32 id, struct btf *base_btf)
{
	int fd = bpf_btf_get_fd_by_id(id), saved;
	struct btf *btf;

	if (fd < 0)
		return NULL; /* errno tells */
	btf = from_fd(fd, base_btf);
	saved = errno;
	close(fd);
	errno = saved;
	return btf;
}

struct btf *btf__load_from_kernel_by_id(__u32 id)
{
	return btf__load_from_kernel_by_id_split(id, NULL);
}

int btf__load_into_kernel(struct btf *btf)
{
	LIBBPF_OPTS(bpf_btf_load_opts, opts);
	char log[4096] = "";
	const void *data;
	__u32 size;
	int fd;

	NEED(btf);
	if (!btf->owned)
		return libbpf_err(-ENOTSUP); /* its object loads it */
	if (btf->fd >= 0)
		return libbpf_err(-EEXIST);
	data = btf__raw_data(btf, &size);
	if (!data)
		return -errno;
	opts.log_buf = log;
	opts.log_size = sizeof(log);
	fd = bpf_btf_load(data, size, &opts);
	if (fd < 0) {
		pr_warn("BTF loading error: %s: %s\n", ERR_STR(fd), last_line(log));
		return libbpf_err(fd);
	}
	btf->fd = fd;
	btf->own_fd = true;
	return 0;
}

int btf__fd(const struct btf *btf)
{
	NEED(btf);
	return btf->owned ? btf->fd : container_of(btf, struct bpf_object, btf)->btf_fd;
}

void btf__set_fd(struct btf *btf, int fd)
{
	if (!btf)
		return;
	if (!btf->owned)
		return;
	if (btf->own_fd)
		close(btf->fd);
	btf->own_fd = false;
	btf->fd = fd;
}

/* ---- what is in it -------------------------------------------------------------------------------- */

void btf__free(struct btf *btf)
{
	if (!btf || !btf->owned)
		return;
	if (btf->own_fd)
		close(btf->fd);
	btf_put(btf->b);
	btf_writer_free(btf->w);
	for (size_t i = 0; i < btf->retired.cnt; i++)
		btf_writer_free(btf->retired.at[i]);
	vec_free(&btf->retired);
	free(btf->raw);
	free(btf);
}

const struct btf *btf__base_btf(const struct btf *btf)
{
	NEED_PTR(btf);
	return btf->base;
}

/* Owned by @btf, and gone with the next change. */
const void *btf__raw_data(const struct btf *btf, __u32 *size)
{
	struct btf *own = (struct btf *)btf;
	const void *data = NULL;
	int err;

	NEED_PTR(btf && size);
	if (!btf->w && !btf->foreign)
		return btf_raw(btf->b, size);
	free(own->raw);
	own->raw = NULL;
	if (btf->w) {
		err = btf_writer_finish(btf->w, &own->raw, size);
		if (err)
			return libbpf_err_ptr(err);
	} else {
		data = btf_raw(btf->b, size);
		own->raw = malloc(*size);
		if (!own->raw)
			return libbpf_err_ptr(-ENOMEM);
		memcpy(own->raw, data, *size);
	}
	if (btf->foreign)
		btf_swap(own->raw, *size);
	return own->raw;
}

__u32 btf__type_cnt(const struct btf *btf)
{
	NEED_OR(btf, 0);
	return btf_id_cnt(btf_look(btf));
}

const struct btf_type *btf__type_by_id(const struct btf *btf, __u32 id)
{
	static const struct btf_type void_type;
	struct btf_t t;

	NEED_PTR(btf);
	if (!btf_type_get(btf_look(btf), id, &t))
		return libbpf_err_ptr(-EINVAL);
	return id ? t.raw : &void_type;
}

const char *btf__name_by_offset(const struct btf *btf, __u32 offset)
{
	const char *name;

	NEED_PTR(btf);
	name = btf_str(btf_look(btf), offset);
	return name ? name : libbpf_err_ptr(-EINVAL);
}

const char *btf__str_by_offset(const struct btf *btf, __u32 offset)
{
	return btf__name_by_offset(btf, offset);
}

__s64 btf__resolve_size(const struct btf *btf, __u32 type_id)
{
	s64 size;

	NEED(btf);
	size = btf_type_size(btf_look(btf), type_id);
	return size < 0 ? libbpf_err(size) : size;
}

int btf__resolve_type(const struct btf *btf, __u32 type_id)
{
	struct btf_t t;

	NEED(btf);
	/* Past variables too, which modifiers end at. */
	do {
		type_id = btf_skip_mods(btf_look(btf), type_id);
		if (!btf_type_get(btf_look(btf), type_id, &t))
			return libbpf_err(-EINVAL);
		if (t.kind == BTF_KIND_VAR)
			type_id = t.type;
	} while (t.kind == BTF_KIND_VAR);
	return t.kind == BTF_KIND_UNKN ? libbpf_err(-EINVAL) : (int)t.id;
}

int btf__align_of(const struct btf *btf, __u32 id)
{
	s64 align;

	NEED(btf);
	align = btf_type_align(btf_look(btf), id);
	return align < 0 ? libbpf_err(0) : align;
}

size_t btf__pointer_size(const struct btf *btf)
{
	NEED_OR(btf, 0);
	return 8;
}

int btf__set_pointer_size(struct btf *btf, size_t ptr_sz)
{
	NEED(btf);
	if (ptr_sz != 4 && ptr_sz != 8)
		return libbpf_err(-EINVAL);
	if (ptr_sz == 8)
		return 0;
	pr_warn("btf__set_pointer_size: not modelled: pointers of 4 bytes\n");
	return libbpf_err(-ENOTSUP);
}

__s32 btf__find_by_name(const struct btf *btf, const char *type_name)
{
	struct btf_t t;

	NEED(btf && type_name);
	if (!strcmp(type_name, "void"))
		return 0;
	for (u32 id = 1; id < btf_id_cnt(btf_look(btf)); id++) {
		if (btf_type_get(btf_look(btf), id, &t) && !strcmp(t.name, type_name))
			return id;
	}
	return libbpf_err(-ENOENT);
}

__s32 btf__find_by_name_kind(const struct btf *btf, const char *type_name, __u32 kind)
{
	struct btf_t t;
	u32 id;

	NEED(btf && type_name);
	if (kind == BTF_KIND_UNKN || !strcmp(type_name, "void"))
		return 0;
	if (*type_name) {
		id = btf_find(btf_look(btf), type_name, kind);
		return id ? (s32)id : libbpf_err(-ENOENT);
	}
	/* The first without a name, which no index has. */
	for (id = 1; id < btf_id_cnt(btf_look(btf)); id++) {
		if (btf_type_get(btf_look(btf), id, &t) && t.kind == kind && !*t.name)
			return id;
	}
	return libbpf_err(-ENOENT);
}

bool btf__find_var(const struct btf *btf, const char *section, const char *var, __u32 *offset, __u32 *size)
{
	struct btf_secvar sv;
	struct btf_t sec, t;

	NEED_OR(btf && section && var && offset && size, false);
	if (!btf_look(btf) ||
	    !btf_type_get(btf_look(btf), btf_find(btf_look(btf), section, BTF_KIND_DATASEC), &sec) || !sec.id)
		return false;
	for (u32 i = 0; i < sec.vlen; i++) {
		if (!btf_secvar(&sec, i, &sv) || !btf_type_get(btf_look(btf), sv.type, &t) || strcmp(t.name, var))
			continue;
		*offset = sv.off;
		*size = sv.size;
		return true;
	}
	return false;
}
