/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach.c - what a program that attaches by BTF is about: a function, tracepoint, hook or iterator of the
 * kernel, or a function of another program. By its section ("fentry/name") or by the application.
 */
#include "loader/internal.h"

#include "runtime/runtime.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The BTF of the kernel that programs are loaded into, found when it is first needed. */
const struct skep_btf *object_kernel_btf(struct bpf_object *obj)
{
	struct btf *btf;

	if (obj->skep)
		return skep_kernel_btf(obj->skep);
	if (obj->vmlinux)
		return obj->vmlinux;
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return NULL;
	obj->vmlinux = btf->b;
	btf_get(btf->b);
	btf__free(btf);
	return obj->vmlinux;
}

/* What the kernel calls it, by how a program attaches. */
static int find_in_kernel(const struct skep_btf *btf, const char *name, enum bpf_attach_type type)
{
	static const struct {
		enum bpf_attach_type type;
		const char *prefix;
		u32 kind;
	} prefixes[] = {
		{ BPF_TRACE_RAW_TP, "btf_trace_", BTF_KIND_TYPEDEF },
		{ BPF_LSM_MAC, "bpf_lsm_", BTF_KIND_FUNC },
		{ BPF_LSM_CGROUP, "bpf_lsm_", BTF_KIND_FUNC },
		{ BPF_TRACE_ITER, "bpf_iter_", BTF_KIND_FUNC },
	};
	u32 kind = BTF_KIND_FUNC, id;
	char full[128];

	snprintf(full, sizeof(full), "%s", name);
	for (u32 i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (prefixes[i].type != type)
			continue;
		kind = prefixes[i].kind;
		if (snprintf(full, sizeof(full), "%s%s", prefixes[i].prefix, name) >= (int)sizeof(full))
			return -ENAMETOOLONG;
	}
	id = btf_find(btf, full, kind);
	return id ? (int)id : -ESRCH;
}

/* ---- another program ------------------------------------------------------------------------------- */

static int info_of(struct skep *skep, int fd, void *info, u32 size)
{
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = fd;
	attr.info.info_len = size;
	attr.info.info = (uintptr_t)info;
	return loader_bpf(skep, BPF_OBJ_GET_INFO_BY_FD, &attr);
}

static int read_by_fd(struct skep *skep, int fd, struct skep_btf **ret_btf)
{
	struct bpf_btf_info info = { 0 };
	int err = info_of(skep, fd, &info, sizeof(info));
	u32 size = info.btf_size;
	void *data;

	if (err)
		return err;
	data = malloc(size + 1);
	if (!data)
		return -ENOMEM;
	info = (struct bpf_btf_info){ .btf = (uintptr_t)data, .btf_size = size };
	err = info_of(skep, fd, &info, sizeof(info));
	if (!err)
		err = btf_parse(data, size, NULL, BTF_PARSE_KERNEL, NULL, ret_btf);
	free(data);
	return err;
}

int btf_read_by_id(struct skep *skep, u32 id, struct skep_btf **ret_btf)
{
	union bpf_attr attr = { 0 };
	int fd, err;

	attr.btf_id = id;
	fd = loader_bpf(skep, BPF_BTF_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return fd;
	err = read_by_fd(skep, fd, ret_btf);
	close(fd);
	return err;
}

int prog_find_func(struct skep *skep, int prog_fd, const char *name)
{
	struct bpf_prog_info info = { 0 };
	struct skep_btf *btf;
	int err = info_of(skep, prog_fd, &info, sizeof(info)), id;

	if (err) {
		pr_warn("failed bpf_prog_get_info_by_fd for FD %d: %s\n", prog_fd, ERR_STR(err));
		return err;
	}
	if (!info.btf_id) {
		pr_warn("The target program doesn't have BTF\n");
		return -EINVAL;
	}
	err = btf_read_by_id(skep, info.btf_id, &btf);
	if (err) {
		pr_warn("Failed to get BTF %u of the program: %s\n", info.btf_id, ERR_STR(err));
		return err;
	}
	id = btf_find(btf, name, BTF_KIND_FUNC);
	btf_put(btf);
	if (!id)
		pr_warn("%s is not found in prog's BTF\n", name);
	return id ? id : -ENOENT;
}

/* ---- from the section's name, or by the application -------------------------------------------------- */

static int find_target(struct bpf_program *prog, const char *name)
{
	const struct skep_btf *kernel;
	int id;

	if (prog->type == BPF_PROG_TYPE_EXT || prog->attach_prog_fd) {
		if (!prog->attach_prog_fd) {
			pr_warn("prog '%s': attach program FD is not set\n", prog->name);
			return -EINVAL;
		}
		id = prog_find_func(prog->obj->skep, prog->attach_prog_fd, name);
		if (id < 0)
			pr_warn("prog '%s': failed to find BPF program (FD %d) BTF ID for '%s': %s\n", prog->name,
				prog->attach_prog_fd, name, ERR_STR(id));
		return id;
	}
	kernel = object_kernel_btf(prog->obj);
	if (!kernel) {
		pr_warn("prog '%s': needs the kernel's BTF, and there is none\n", prog->name);
		return -ESRCH;
	}
	id = find_in_kernel(kernel, name, prog->attach_type);
	if (id < 0)
		pr_warn("prog '%s': failed to find kernel BTF type ID of '%s': %s\n", prog->name, name, ERR_STR(id));
	return id;
}

int prog_find_attach_btf(struct bpf_program *prog)
{
	const char *name = strchr(prog->sec_name, '/');
	int id;

	if (!prog->needs_attach_btf || prog->attach_btf_id)
		return 0;
	if (!name) {
		pr_warn("prog '%s': no BTF-based attach target is specified, use bpf_program__set_attach_target()\n",
			prog->name);
		return -EINVAL;
	}
	id = find_target(prog, name + 1);
	if (id < 0)
		return id;
	prog->attach_btf_id = id;
	return 0;
}

int bpf_program__set_attach_target(struct bpf_program *prog, int attach_prog_fd, const char *attach_func_name)
{
	int id = 0;

	if (!prog || attach_prog_fd < 0 || prog->obj->loaded)
		return libbpf_err(-EINVAL);
	if (attach_prog_fd && !attach_func_name) {
		/* The section's name tells the function, at load. */
		prog->attach_prog_fd = attach_prog_fd;
		return 0;
	}
	if (!attach_func_name)
		return libbpf_err(-EINVAL);
	if (attach_prog_fd) {
		id = prog_find_func(prog->obj->skep, attach_prog_fd, attach_func_name);
	} else {
		prog->attach_prog_fd = 0;
		id = find_target(prog, attach_func_name);
	}
	if (id < 0)
		return libbpf_err(id);
	prog->attach_btf_id = id;
	prog->attach_prog_fd = attach_prog_fd;
	return 0;
}

int libbpf_find_vmlinux_btf_id(const char *name, enum bpf_attach_type attach_type)
{
	struct btf *btf;
	int id;

	NEED(name);
	btf = btf__load_vmlinux_btf();
	if (!btf) {
		pr_warn("vmlinux BTF is not found\n");
		return libbpf_err(-EINVAL);
	}
	id = find_in_kernel(btf->b, name, attach_type);
	btf__free(btf);
	if (id < 0)
		pr_warn("%s is not found in vmlinux BTF\n", name);
	return libbpf_err(id);
}
