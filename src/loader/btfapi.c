/* SPDX-License-Identifier: BSD-2-Clause */
/* btfapi.c - BTF with libbpf's names. */
#include "loader/internal.h"

#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int new_btf(const void *data, u32 size, struct btf **ret_btf)
{
	struct btf *btf = calloc(1, sizeof(*btf));
	char log[1024] = "";
	struct vlog vlog;
	u32 true_size;
	int err;

	if (!btf)
		return -ENOMEM;
	vlog_init(&vlog, VLOG_LEVEL1, log, sizeof(log));
	err = btf_parse(data, size, NULL, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT, &vlog, &btf->b);
	vlog_finish(&vlog, &true_size);
	if (err) {
		log[strcspn(log, "\n")] = '\0';
		pr_warn("BTF: %s\n", log[0] ? log : "not valid");
		free(btf);
		return err;
	}
	btf->owned = true;
	*ret_btf = btf;
	return 0;
}

struct btf *btf__new(const void *data, __u32 size)
{
	struct btf *btf;
	int err = new_btf(data, size, &btf);

	return err ? libbpf_err_ptr(err) : btf;
}

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

static struct btf *parse_with(int (*read_it)(const char *, void **, size_t *), const char *path)
{
	struct btf *btf = NULL;
	void *data = NULL;
	size_t size = 0;
	int err = read_it(path, &data, &size);

	if (!err)
		err = size > UINT32_MAX ? -E2BIG : new_btf(data, size, &btf);
	free(data);
	return err ? libbpf_err_ptr(err) : btf;
}

int btf_file_read(const char *path, void **ret_data, size_t *ret_size)
{
	int err = read_raw(path, ret_data, ret_size);

	/* No BTF magic: an ELF file then. */
	return err == -EPROTO ? elf_read_btf(path, ret_data, ret_size) : err;
}

struct btf *btf__parse(const char *path, struct btf_ext **btf_ext)
{
	return btf_ext ? libbpf_err_ptr(-EOPNOTSUPP) : parse_with(btf_file_read, path);
}

struct btf *btf__parse_elf(const char *path, struct btf_ext **btf_ext)
{
	return btf_ext ? libbpf_err_ptr(-EOPNOTSUPP) : parse_with(elf_read_btf, path);
}

struct btf *btf__parse_raw(const char *path)
{
	return parse_with(read_raw, path);
}

struct btf *btf__load_vmlinux_btf(void)
{
	struct skep *skep = loader_on_kernel() ? NULL : loader_instance();
	const struct skep_btf *kernel;
	struct btf *btf;

	if (loader_on_kernel())
		return btf__parse("/sys/kernel/btf/vmlinux", NULL);
	kernel = skep ? skep_kernel_btf(skep) : NULL;
	if (!kernel)
		return libbpf_err_ptr(-ESRCH);
	btf = calloc(1, sizeof(*btf));
	if (!btf)
		return libbpf_err_ptr(-ENOMEM);
	btf_get(kernel);
	btf->b = (struct skep_btf *)kernel; /* never changed through it */
	btf->owned = true;
	return btf;
}

void btf__free(struct btf *btf)
{
	if (!btf || !btf->owned)
		return;
	btf_put(btf->b);
	free(btf);
}

const void *btf__raw_data(const struct btf *btf, __u32 *size)
{
	return btf_raw(btf->b, size);
}

__u32 btf__type_cnt(const struct btf *btf)
{
	return btf_id_cnt(btf->b);
}

const struct btf_type *btf__type_by_id(const struct btf *btf, __u32 id)
{
	struct btf_t t;

	if (!btf_type_get(btf->b, id, &t))
		return libbpf_err_ptr(-EINVAL);
	return t.raw;
}

const char *btf__name_by_offset(const struct btf *btf, __u32 offset)
{
	const char *name = btf_str(btf->b, offset);

	return name ? name : libbpf_err_ptr(-EINVAL);
}

const char *btf__str_by_offset(const struct btf *btf, __u32 offset)
{
	return btf__name_by_offset(btf, offset);
}

__s64 btf__resolve_size(const struct btf *btf, __u32 type_id)
{
	s64 size = btf_type_size(btf->b, type_id);

	return size < 0 ? libbpf_err(size) : size;
}

int btf__resolve_type(const struct btf *btf, __u32 type_id)
{
	struct btf_t t;

	/* Past variables too, which modifiers end at. */
	do {
		type_id = btf_skip_mods(btf->b, type_id);
		if (!btf_type_get(btf->b, type_id, &t))
			return libbpf_err(-EINVAL);
		if (t.kind == BTF_KIND_VAR)
			type_id = t.type;
	} while (t.kind == BTF_KIND_VAR);
	return t.id;
}

int btf__align_of(const struct btf *btf, __u32 id)
{
	s64 align = btf_type_align(btf->b, id);

	return align < 0 ? libbpf_err(0) : align;
}

size_t btf__pointer_size(const struct btf *btf __unused_arg)
{
	return 8;
}

__s32 btf__find_by_name(const struct btf *btf, const char *type_name)
{
	struct btf_t t;

	if (!strcmp(type_name, "void"))
		return 0;
	for (u32 id = 1; id < btf_id_cnt(btf->b); id++) {
		if (btf_type_get(btf->b, id, &t) && !strcmp(t.name, type_name))
			return id;
	}
	return libbpf_err(-ENOENT);
}

__s32 btf__find_by_name_kind(const struct btf *btf, const char *type_name, __u32 kind)
{
	u32 id = btf_find(btf->b, type_name, kind);

	return id ? (s32)id : libbpf_err(-ENOENT);
}

bool btf__find_var(const struct btf *btf, const char *section, const char *var, __u32 *offset, __u32 *size)
{
	struct btf_secvar sv;
	struct btf_t sec, t;

	if (!btf || !btf->b || !btf_type_get(btf->b, btf_find(btf->b, section, BTF_KIND_DATASEC), &sec) || !sec.id)
		return false;
	for (u32 i = 0; i < sec.vlen; i++) {
		if (!btf_secvar(&sec, i, &sv) || !btf_type_get(btf->b, sv.type, &t) || strcmp(t.name, var))
			continue;
		*offset = sv.off;
		*size = sv.size;
		return true;
	}
	return false;
}
