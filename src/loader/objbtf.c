/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objbtf.c - the object's BTF: the btf__* functions, and what a compiler leaves for the loader to
 * fill in: sizes of data sections and offsets of their variables, which only the symbol table has.
 */
#include "loader/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- btf__* ------------------------------------------------------------------------------------ */

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

struct btf *btf__parse(const char *path, struct btf_ext **btf_ext)
{
	struct btf *btf = NULL;
	void *data = NULL;
	size_t size = 0;
	int err;

	if (btf_ext)
		return libbpf_err_ptr(-EOPNOTSUPP);
	err = read_raw(path, &data, &size);
	if (err == -EPROTO) /* no BTF magic: an ELF file then */
		err = elf_read_btf(path, &data, &size);
	if (!err)
		err = new_btf(data, size, &btf);
	free(data);
	return err ? libbpf_err_ptr(err) : btf;
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

/* ---- filling in -------------------------------------------------------------------------------- */

static const struct elf_sec *find_section(const struct bpf_object *obj, const char *name, u32 *ret_idx)
{
	for (u32 i = 1; i < obj->sec_cnt; i++) {
		if (!strcmp(obj->secs[i].name, name)) {
			*ret_idx = i;
			return &obj->secs[i];
		}
	}
	return NULL;
}

static bool symbol_offset(const struct bpf_object *obj, u32 sec_idx, const char *name, u32 *ret_off)
{
	for (u32 i = 0; i < obj->sym_cnt; i++) {
		const struct elf_sym *sym = &obj->syms[i];

		if (sym->sec == sec_idx && sym->type == STT_OBJECT && !strcmp(sym->name, name)) {
			*ret_off = sym->value;
			return true;
		}
	}
	return false;
}

static int by_offset(const void *a, const void *b)
{
	u32 x = ((const struct btf_var_secinfo *)a)->offset, y = ((const struct btf_var_secinfo *)b)->offset;

	return x < y ? -1 : x > y;
}

/* Record and tail are in place in @blob, a copy of the section. */
static int fill_datasec(struct bpf_object *obj, const struct btf_t *t, u8 *blob, const u8 *raw)
{
	struct btf_type *rec = (struct btf_type *)(blob + ((const u8 *)t->raw - raw));
	struct btf_var_secinfo *vars = (struct btf_var_secinfo *)(blob + ((const u8 *)t->tail - raw));
	const struct elf_sec *sec;
	u32 sec_idx;

	sec = find_section(obj, t->name, &sec_idx);
	if (!sec)
		return 0; /* .ksyms and .kconfig exist in BTF only */
	if (rec->size && rec->size != sec->hdr.sh_size) {
		pr_warn("BTF: %s: section %s has %llu bytes, its BTF says %u\n", obj->path, t->name,
			(unsigned long long)sec->hdr.sh_size, rec->size);
		return -LIBBPF_ERRNO__FORMAT;
	}
	rec->size = sec->hdr.sh_size;
	for (u32 i = 0; i < t->vlen; i++) {
		struct btf_secvar sv;
		struct btf_t var;
		u32 off;

		if (!btf_secvar(t, i, &sv) || !btf_type_get(obj->btf.b, sv.type, &var))
			return -LIBBPF_ERRNO__FORMAT;
		if (var.kind != BTF_KIND_VAR)
			continue; /* functions of .ksyms */
		if (!symbol_offset(obj, sec_idx, var.name, &off)) {
			pr_warn("BTF: %s: section %s: no symbol for variable %s\n", obj->path, t->name, var.name);
			return -LIBBPF_ERRNO__FORMAT;
		}
		vars[i].offset = off;
	}
	qsort(vars, t->vlen, sizeof(*vars), by_offset);
	return 0;
}

int object_btf_parse(struct bpf_object *obj)
{
	const struct elf_sec *sec, *ext;
	struct strbuf why = { 0 };
	const u8 *raw;
	u8 *blob;
	u32 idx, size;
	int err = 0;

	sec = find_section(obj, ".BTF", &idx);
	if (!sec || !sec->data) {
		pr_warn("BTF is required, but is missing or corrupted: %s has no .BTF section; compile with -g\n",
			obj->path);
		return -ENOENT;
	}
	err = btf_parse(sec->data->d_buf, sec->data->d_size, NULL, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT, NULL,
			&obj->btf.b);
	if (err) {
		pr_warn("BTF: %s: section .BTF at offset %llu: not valid BTF\n", obj->path,
			(unsigned long long)sec->hdr.sh_offset);
		return err;
	}
	raw = btf_raw(obj->btf.b, &size);
	blob = malloc(size);
	if (!blob)
		return -ENOMEM;
	memcpy(blob, raw, size);
	for (u32 id = 1; !err && id < btf_id_cnt(obj->btf.b); id++) {
		struct btf_t t;

		if (btf_type_get(obj->btf.b, id, &t) && t.kind == BTF_KIND_DATASEC)
			err = fill_datasec(obj, &t, blob, raw);
	}
	if (!err) {
		btf_put(obj->btf.b);
		obj->btf.b = NULL;
		err = btf_parse(blob, size, NULL, BTF_PARSE_KERNEL, NULL, &obj->btf.b);
	}
	free(blob);
	if (err)
		return err;
	ext = find_section(obj, ".BTF.ext", &idx);
	if (ext && ext->data) {
		err = btf_ext_parse(ext->data->d_buf, ext->data->d_size, obj->btf.b, &obj->ext, &why);
		if (err)
			pr_warn("BTF: %s: section .BTF.ext: %s\n", obj->path, strbuf_str(&why));
	}
	strbuf_free(&why);
	return err;
}

int object_btf_load(struct bpf_object *obj)
{
	LIBBPF_OPTS(bpf_btf_load_opts, opts);
	char log[2048] = "";
	const void *raw;
	u32 size;
	int fd;

	raw = btf_raw(obj->btf.b, &size);
	fd = bpf_btf_load(raw, size, &opts);
	if (fd < 0) {
		opts.log_buf = log;
		opts.log_size = sizeof(log);
		opts.log_level = 1;
		fd = bpf_btf_load(raw, size, &opts);
	}
	if (fd < 0) {
		log[strcspn(log, "\n")] = '\0';
		pr_warn("BTF: %s: loading is refused: %s %s\n", obj->path, strerror(-fd), log);
		return fd;
	}
	obj->btf_fd = fd;
	return 0;
}
