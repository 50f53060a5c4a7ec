/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * links.c - programs that are attached: the commands of bpf(2), and struct bpf_link, which closes its
 * descriptor in the end. In skep a function of another program can be replaced (freplace); every other
 * place to attach to is refused by name.
 */
#include "loader/internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct bpf_link {
	struct skep *skep; /* of the program, NULL: the running kernel */
	int fd;
	char *pin_path;	   /* NULL: none */
	bool disconnected; /* the descriptor stays open, and is the application's */
};

/* ---- bpf(2) ---------------------------------------------------------------------------------------- */

static bool only_zeros(const void *from, const void *to)
{
	for (const char *at = from; at < (const char *)to; at++) {
		if (*at)
			return false;
	}
	return true;
}

/* What stands behind @opts->target_btf_id depends on the attach type. */
static int link_cookie(union bpf_attr *attr, const struct bpf_link_create_opts *opts)
{
	const char *end = (const char *)opts + min_of(opts->sz, sizeof(*opts));
	const char *rest = (const char *)opts + offsetof(struct bpf_link_create_opts, tracing);

	switch ((enum bpf_attach_type)attr->link_create.attach_type) {
	case BPF_PERF_EVENT:
		attr->link_create.perf_event.bpf_cookie = OPT(opts, perf_event.bpf_cookie);
		rest += sizeof(opts->perf_event);
		break;
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
	case BPF_MODIFY_RETURN:
	case BPF_LSM_MAC:
		attr->link_create.tracing.cookie = OPT(opts, tracing.cookie);
		rest += sizeof(opts->tracing);
		break;
	default:
		break;
	}
	if (only_zeros(rest, end))
		return 0;
	pr_warn("not modelled: these options of bpf_link_create() for attach type %u\n", attr->link_create.attach_type);
	return -EOPNOTSUPP;
}

int sys_link_create(struct skep *skep, int prog_fd, int target_fd, enum bpf_attach_type attach_type,
		    const struct bpf_link_create_opts *opts)
{
	union bpf_attr attr = { 0 };
	int err;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)) || (OPT(opts, iter_info_len) && OPT(opts, target_btf_id)))
		return -EINVAL;
	attr.link_create.prog_fd = prog_fd;
	attr.link_create.target_fd = target_fd;
	attr.link_create.attach_type = attach_type;
	attr.link_create.flags = OPT(opts, flags);
	if (OPT(opts, iter_info_len)) {
		attr.link_create.iter_info = (uintptr_t)OPT(opts, iter_info);
		attr.link_create.iter_info_len = OPT(opts, iter_info_len);
	} else {
		attr.link_create.target_btf_id = OPT(opts, target_btf_id);
	}
	err = opts ? link_cookie(&attr, opts) : 0;
	return err ? err : loader_bpf(skep, BPF_LINK_CREATE, &attr);
}

int bpf_link_create(int prog_fd, int target_fd, enum bpf_attach_type attach_type,
		    const struct bpf_link_create_opts *opts)
{
	return libbpf_err(sys_link_create(NULL, prog_fd, target_fd, attach_type, opts));
}

int bpf_link_detach(int link_fd)
{
	union bpf_attr attr = { .link_detach.link_fd = link_fd };

	return libbpf_err(loader_bpf(NULL, BPF_LINK_DETACH, &attr));
}

static int sys_link_update(struct skep *skep, int link_fd, int new_prog_fd, const struct bpf_link_update_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)) || (OPT(opts, old_prog_fd) && OPT(opts, old_map_fd)))
		return -EINVAL;
	attr.link_update.link_fd = link_fd;
	attr.link_update.new_prog_fd = new_prog_fd;
	attr.link_update.flags = OPT(opts, flags);
	attr.link_update.old_prog_fd = OPT(opts, old_prog_fd) ? OPT(opts, old_prog_fd) : OPT(opts, old_map_fd);
	return loader_bpf(skep, BPF_LINK_UPDATE, &attr);
}

int bpf_link_update(int link_fd, int new_prog_fd, const struct bpf_link_update_opts *opts)
{
	return libbpf_err(sys_link_update(NULL, link_fd, new_prog_fd, opts));
}

int sys_raw_tp_open(struct skep *skep, int prog_fd, const char *name, u64 cookie)
{
	union bpf_attr attr = { 0 };

	attr.raw_tracepoint.name = (uintptr_t)name;
	attr.raw_tracepoint.prog_fd = prog_fd;
	attr.raw_tracepoint.cookie = cookie;
	return loader_bpf(skep, BPF_RAW_TRACEPOINT_OPEN, &attr);
}

int bpf_raw_tracepoint_open_opts(int prog_fd, struct bpf_raw_tp_opts *opts)
{
	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	return libbpf_err(sys_raw_tp_open(NULL, prog_fd, OPT(opts, tp_name), OPT(opts, cookie)));
}

int bpf_raw_tracepoint_open(const char *name, int prog_fd)
{
	return libbpf_err(sys_raw_tp_open(NULL, prog_fd, name, 0));
}

/* ---- struct bpf_link ------------------------------------------------------------------------------- */

/* Takes @fd; negative: why not. NULL and errno. */
static struct bpf_link *link_of(struct skep *skep, int fd)
{
	struct bpf_link *link;

	if (fd < 0)
		return libbpf_err_ptr(fd);
	link = calloc(1, sizeof(*link));
	if (!link) {
		close(fd);
		return libbpf_err_ptr(-ENOMEM);
	}
	link->skep = skep;
	link->fd = fd;
	return link;
}

int bpf_link__fd(const struct bpf_link *link)
{
	NEED(link);
	return link->fd;
}

void bpf_link__disconnect(struct bpf_link *link)
{
	if (!link)
		return;
	link->disconnected = true;
}

int bpf_link__detach(struct bpf_link *link)
{
	union bpf_attr attr = { 0 };

	NEED(link);
	attr.link_detach.link_fd = link->fd;
	return libbpf_err(loader_bpf(link->skep, BPF_LINK_DETACH, &attr));
}

int bpf_link__destroy(struct bpf_link *link)
{
	int err = 0;

	if (!link)
		return 0;
	if (!link->disconnected && close(link->fd))
		err = -errno;
	free(link->pin_path);
	free(link);
	return libbpf_err(err);
}

int bpf_link__update_program(struct bpf_link *link, struct bpf_program *prog)
{
	NEED(link && prog);
	if (prog->fd < 0)
		return libbpf_err(-EINVAL);
	return libbpf_err(sys_link_update(link->skep, link->fd, prog->fd, NULL));
}

const char *bpf_link__pin_path(const struct bpf_link *link)
{
	NEED_PTR(link);
	return link->pin_path;
}

int bpf_link__pin(struct bpf_link *link, const char *path)
{
	char *own;
	int err;

	NEED(link);
	if (link->pin_path)
		return libbpf_err(-EBUSY);
	own = path ? strdup(path) : NULL;
	if (path && !own)
		return libbpf_err(-ENOMEM);
	err = pin_fd(link->skep, link->fd, path);
	if (err) {
		free(own);
		return libbpf_err(err);
	}
	link->pin_path = own;
	pr_debug("link fd=%d: pinned at %s\n", link->fd, path);
	return 0;
}

int bpf_link__unpin(struct bpf_link *link)
{
	int err;

	NEED(link);
	err = link->pin_path ? unpin_path(link->skep, link->pin_path) : -EINVAL;
	if (err)
		return libbpf_err(err);
	free(link->pin_path);
	link->pin_path = NULL;
	return 0;
}

struct bpf_link *bpf_link__open(const char *path)
{
	struct skep *skep = loader_on_kernel() ? NULL : loader_instance();
	int fd = bpf_obj_get(path), err; /* NULL: EFAULT */
	struct bpf_link *link;

	link = link_of(skep, fd);
	if (!link) {
		err = -errno;
		pr_warn("failed to open link at %s: %s\n", path ? path : "NULL", ERR_STR(err));
		return libbpf_err_ptr(err);
	}
	link->pin_path = strdup(path);
	if (link->pin_path)
		return link;
	bpf_link__destroy(link);
	return libbpf_err_ptr(-ENOMEM);
}

/* ---- programs of objects ---------------------------------------------------------------------------- */

int link_not_loaded(const struct bpf_program *prog)
{
	if (prog->fd >= 0)
		return 0;
	pr_warn("prog '%s': can't attach before loaded\n", prog->name);
	return -EINVAL;
}

struct bpf_link *link_attached(const struct bpf_program *prog, const char *what, int fd)
{
	if (fd < 0)
		pr_warn("prog '%s': failed to attach to %s: %s\n", prog->name, what, ERR_STR(fd));
	return link_of(prog->obj->skep, fd);
}

/* To what its load has named. */
struct bpf_link *bpf_program__attach_trace(const struct bpf_program *prog)
{
	int err;

	NEED_PTR(prog);
	err = link_not_loaded(prog);
	if (err)
		return libbpf_err_ptr(err);
	return link_attached(prog, "what it was loaded for", sys_raw_tp_open(prog->obj->skep, prog->fd, NULL, 0));
}

struct bpf_link *bpf_program__attach_freplace(const struct bpf_program *prog, int target_fd,
					      const char *attach_func_name)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	int id;

	NEED_PTR(prog);
	id = link_not_loaded(prog);
	if (id)
		return libbpf_err_ptr(id);
	if (!target_fd != !attach_func_name) {
		pr_warn("prog '%s': supply none or both of target_fd and attach_func_name\n", prog->name);
		return libbpf_err_ptr(-EINVAL);
	}
	if (prog->type != BPF_PROG_TYPE_EXT) {
		pr_warn("prog '%s': only BPF_PROG_TYPE_EXT can attach as freplace\n", prog->name);
		return libbpf_err_ptr(-EINVAL);
	}
	if (!target_fd)
		return bpf_program__attach_trace(prog);
	id = prog_find_func(prog->obj->skep, target_fd, attach_func_name);
	if (id < 0)
		return libbpf_err_ptr(id);
	opts.target_btf_id = id;
	return link_attached(prog, "freplace", sys_link_create(prog->obj->skep, prog->fd, target_fd, 0, &opts));
}

struct bpf_link *bpf_program__attach(const struct bpf_program *prog)
{
	struct bpf_link *link = NULL;
	int err;

	if (!prog)
		return libbpf_err_ptr(-EINVAL);
	if (!prog->handler.attach)
		return attach_by_section(prog);
	err = link_not_loaded(prog);
	if (!err)
		err = prog->handler.attach(prog, prog->handler.cookie, &link);
	/* A handler may have nothing to attach: NULL, and errno 0. */
	return err ? libbpf_err_ptr(err) : link ? link : libbpf_err_ptr(0);
}

bool bpf_program__autoattach(const struct bpf_program *prog)
{
	NEED_OR(prog, false);
	return !prog->no_autoattach;
}

void bpf_program__set_autoattach(struct bpf_program *prog, bool autoattach)
{
	if (!prog)
		return;
	prog->no_autoattach = !autoattach;
}
