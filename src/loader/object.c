/* SPDX-License-Identifier: BSD-2-Clause */
/* object.c - an object's life: opened from a file or memory, loaded into the instance, closed. */
#include "loader/internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The file's name without folders, up to the first dot. */
static void set_name(struct bpf_object *obj, const char *path, const struct bpf_object_open_opts *opts)
{
	const char *base = strrchr(path, '/');

	if (opts && opts->sz >= offsetof(struct bpf_object_open_opts, object_name) + sizeof(char *) &&
	    opts->object_name) {
		snprintf(obj->name, sizeof(obj->name), "%s", opts->object_name);
		return;
	}
	base = base ? base + 1 : path;
	snprintf(obj->name, sizeof(obj->name), "%.*s", (int)strcspn(base, "."), base);
}

static int take_opts(struct bpf_object *obj, const struct bpf_object_open_opts *opts)
{
	struct bpf_object_open_opts known = { 0 };
	struct btf *btf;

	if (!opts)
		return 0;
	memcpy(&known, opts, min_of(opts->sz, sizeof(known)));
	if (known.bpf_token_path) {
		pr_warn("%s: not modelled: open option bpf_token_path\n", obj->path);
		return -EOPNOTSUPP;
	}
	if (known.pin_root_path) {
		obj->pin_root = strdup(known.pin_root_path);
		if (!obj->pin_root)
			return -ENOMEM;
	}
	if (known.kconfig) {
		obj->kconfig = strdup(known.kconfig);
		if (!obj->kconfig)
			return -ENOMEM;
	}
	if ((known.kernel_log_size && !known.kernel_log_buf) || known.kernel_log_size > UINT32_MAX)
		return -EINVAL;
	obj->relaxed_maps = known.relaxed_maps;
	obj->log_buf = known.kernel_log_buf;
	obj->log_size = known.kernel_log_size;
	obj->log_level = known.kernel_log_level;
	if (known.btf_custom_path) {
		btf = btf__parse(known.btf_custom_path, NULL);
		if (!btf) {
			pr_warn("%s: no BTF could be read from it\n", known.btf_custom_path);
			return -errno;
		}
		obj->custom_btf = btf->b;
		btf_get(btf->b);
		btf__free(btf);
	}
	return 0;
}

/* The order matters: BTF is only whole when externs and sections have put in what they know. */
static int collect(struct bpf_object *obj)
{
	static int (*const steps[])(struct bpf_object *obj) = {
		object_btf_parse, externs_collect, object_btf_fixup, maps_collect,
		externs_map,	  progs_collect,   links_collect,    relos_collect, values_collect,
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(steps) && !err; i++)
		err = steps[i](obj);
	return err;
}

static struct bpf_object *open_object(const char *path, const void *mem, size_t size,
				      const struct bpf_object_open_opts *opts)
{
	struct bpf_object *obj;
	int err;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err_ptr(-EINVAL);
	obj = calloc(1, sizeof(*obj));
	if (!obj)
		return libbpf_err_ptr(-ENOMEM);
	obj->elf_fd = obj->btf_fd = -1;
	obj->path = strdup(path);
	if (!loader_on_kernel())
		obj->skep = loader_instance();
	err = !obj->path ? -ENOMEM : !obj->skep && !loader_on_kernel() ? -errno : 0;
	if (!err) {
		set_name(obj, path, opts);
		err = take_opts(obj, opts);
	}
	if (!err)
		err = elf_open(obj, path, mem, size);
	if (!err)
		err = collect(obj);
	if (err) {
		bpf_object__close(obj);
		return libbpf_err_ptr(err);
	}
	return obj;
}

struct bpf_object *bpf_object__open_file(const char *path, const struct bpf_object_open_opts *opts)
{
	return path ? open_object(path, NULL, 0, opts) : libbpf_err_ptr(-EINVAL);
}

struct bpf_object *bpf_object__open(const char *path)
{
	return bpf_object__open_file(path, NULL);
}

struct bpf_object *bpf_object__open_mem(const void *obj_buf, size_t obj_buf_sz,
					const struct bpf_object_open_opts *opts)
{
	char name[64];

	if (!obj_buf || !obj_buf_sz)
		return libbpf_err_ptr(-EINVAL);
	/* Messages call it as the caller does. */
	if (opts && opts->sz >= offsetof(struct bpf_object_open_opts, object_name) + sizeof(char *) && opts->object_name)
		return open_object(opts->object_name, obj_buf, obj_buf_sz, opts);
	snprintf(name, sizeof(name), "%lx-%lx", (unsigned long)(uintptr_t)obj_buf, (unsigned long)obj_buf_sz);
	return open_object(name, obj_buf, obj_buf_sz, opts);
}

static int load_failed(struct bpf_object *obj, int err)
{
	obj->loaded = true; /* a failed load is not repeated */
	progs_unload(obj);
	maps_unload(obj);
	pr_warn("failed to load object '%s'\n", obj->path);
	return err;
}

/* Programs are linked before maps are made: one that only a program may use knows it by its insns. */
static int prepare(struct bpf_object *obj)
{
	static int (*const steps[])(struct bpf_object *obj) = {
		object_btf_load, externs_resolve, core_relocate, progs_link, progs_fill_externs, maps_create, progs_fill_maps,
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(steps) && !err; i++)
		err = steps[i](obj);
	if (err)
		return load_failed(obj, err);
	obj->prepared = true;
	return 0;
}

int bpf_object__prepare(struct bpf_object *obj)
{
	if (!obj)
		return libbpf_err(-EINVAL);
	if (obj->prepared || obj->loaded) {
		pr_warn("object '%s': prepare loading can't be attempted twice\n", obj->name);
		return libbpf_err(-EINVAL);
	}
	return libbpf_err(prepare(obj));
}

int bpf_object__load(struct bpf_object *obj)
{
	int err;

	if (!obj)
		return libbpf_err(-EINVAL);
	if (obj->loaded) {
		pr_warn("object '%s': load can't be attempted twice\n", obj->name);
		return libbpf_err(-EINVAL);
	}
	err = obj->prepared ? 0 : prepare(obj);
	if (err)
		return libbpf_err(err);
	err = progs_load(obj);
	obj->loaded = true;
	return libbpf_err(err ? load_failed(obj, err) : 0);
}

void bpf_object__close(struct bpf_object *obj)
{
	if (!obj)
		return;
	progs_close(obj);
	maps_close(obj);
	if (obj->btf_fd >= 0)
		close(obj->btf_fd);
	btf_ext_free(obj->ext);
	btf_put(obj->btf.b);
	btf_put(obj->custom_btf);
	btf_put(obj->vmlinux);
	elf_close(obj);
	vec_free(&obj->externs);
	free(obj->kconfig);
	free(obj->pin_root);
	free(obj->path);
	free(obj);
}

const char *bpf_object__name(const struct bpf_object *obj)
{
	NEED_PTR(obj);
	return obj->name;
}

unsigned int bpf_object__kversion(const struct bpf_object *obj)
{
	return obj ? obj->kern_version : 0;
}

int bpf_object__set_kversion(struct bpf_object *obj, __u32 kern_version)
{
	NEED(obj);
	if (obj->loaded)
		return libbpf_err(-EINVAL);
	obj->kern_version = kern_version;
	return 0;
}

struct btf *bpf_object__btf(const struct bpf_object *obj)
{
	return obj && obj->btf.b ? (struct btf *)&obj->btf : NULL;
}

int bpf_object__btf_fd(const struct bpf_object *obj)
{
	NEED(obj);
	return obj->btf_fd; /* -1: none */
}
