/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progcmds.c - commands of bpf(2) about programs where they are attached, as libbpf's bpf.h has them: what the
 * options say becomes attributes, and the errno is bpf(2)'s. Where skep has no such command, a line says so.
 */
#include "loader/internal.h"

#include "syscall/syscall.h"

#include <errno.h>

int sys_told(struct skep *skep, int cmd, union bpf_attr *attr)
{
	int ret = loader_bpf(skep, cmd, attr);

	if (ret == -EOPNOTSUPP && !(loader_on_kernel() && !skep)) {
		struct skep *who = skep ? skep : loader_instance();
		const char *why = who ? skep_bpf_why(who) : NULL;

		if (why)
			pr_warn("not modelled: %s\n", why);
	}
	return libbpf_err(ret);
}

static bool both(u64 fd, u64 id)
{
	return fd && id;
}

int bpf_prog_attach_opts(int prog_fd, int target, enum bpf_attach_type type, const struct bpf_prog_attach_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)) || both(OPT(opts, relative_fd), OPT(opts, relative_id)))
		return libbpf_err(-EINVAL);
	attr.target_fd = target;
	attr.attach_bpf_fd = prog_fd;
	attr.attach_type = type;
	attr.attach_flags = OPT(opts, flags);
	attr.replace_bpf_fd = OPT(opts, replace_fd);
	attr.expected_revision = OPT(opts, expected_revision);
	if (OPT(opts, relative_id)) {
		attr.attach_flags |= BPF_F_ID;
		attr.relative_id = OPT(opts, relative_id);
	} else {
		attr.relative_fd = OPT(opts, relative_fd);
	}
	return sys_told(NULL, BPF_PROG_ATTACH, &attr);
}

int bpf_prog_attach(int prog_fd, int attachable_fd, enum bpf_attach_type type, unsigned int flags)
{
	LIBBPF_OPTS(bpf_prog_attach_opts, opts, .flags = flags);

	return bpf_prog_attach_opts(prog_fd, attachable_fd, type, &opts);
}

int bpf_prog_detach_opts(int prog_fd, int target, enum bpf_attach_type type, const struct bpf_prog_detach_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)) || both(OPT(opts, relative_fd), OPT(opts, relative_id)))
		return libbpf_err(-EINVAL);
	attr.target_fd = target;
	attr.attach_bpf_fd = prog_fd;
	attr.attach_type = type;
	attr.attach_flags = OPT(opts, flags);
	attr.expected_revision = OPT(opts, expected_revision);
	if (OPT(opts, relative_id)) {
		attr.attach_flags |= BPF_F_ID;
		attr.relative_id = OPT(opts, relative_id);
	} else {
		attr.relative_fd = OPT(opts, relative_fd);
	}
	return sys_told(NULL, BPF_PROG_DETACH, &attr);
}

int bpf_prog_detach2(int prog_fd, int attachable_fd, enum bpf_attach_type type)
{
	return bpf_prog_detach_opts(prog_fd, attachable_fd, type, NULL);
}

int bpf_prog_detach(int attachable_fd, enum bpf_attach_type type)
{
	return bpf_prog_detach_opts(0, attachable_fd, type, NULL);
}

#define OPT_SET(opts, field, val)                                                                  \
	do {                                                                                       \
		if (OPT_HAS(opts, field))                                                          \
			(opts)->field = (val);                                                     \
	} while (0)

int bpf_prog_query_opts(int target, enum bpf_attach_type type, struct bpf_prog_query_opts *opts)
{
	union bpf_attr attr = { 0 };
	int ret;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.query.target_fd = target;
	attr.query.attach_type = type;
	attr.query.query_flags = OPT(opts, query_flags);
	attr.query.count = OPT(opts, count);
	attr.query.prog_ids = (uintptr_t)OPT(opts, prog_ids);
	attr.query.prog_attach_flags = (uintptr_t)OPT(opts, prog_attach_flags);
	attr.query.link_ids = (uintptr_t)OPT(opts, link_ids);
	attr.query.link_attach_flags = (uintptr_t)OPT(opts, link_attach_flags);
	ret = sys_told(NULL, BPF_PROG_QUERY, &attr);
	OPT_SET(opts, attach_flags, attr.query.attach_flags);
	OPT_SET(opts, revision, attr.query.revision);
	OPT_SET(opts, count, attr.query.count);
	return ret;
}

int bpf_prog_query(int target_fd, enum bpf_attach_type type, __u32 query_flags, __u32 *attach_flags, __u32 *prog_ids,
		   __u32 *prog_cnt)
{
	LIBBPF_OPTS(bpf_prog_query_opts, opts, .query_flags = query_flags, .prog_ids = prog_ids);
	int ret;

	if (!prog_cnt)
		return libbpf_err(-EINVAL);
	opts.prog_cnt = *prog_cnt;
	ret = bpf_prog_query_opts(target_fd, type, &opts);
	if (attach_flags)
		*attach_flags = opts.attach_flags;
	*prog_cnt = opts.prog_cnt;
	return ret;
}

int bpf_iter_create(int link_fd)
{
	union bpf_attr attr = { .iter_create.link_fd = link_fd };

	return sys_told(NULL, BPF_ITER_CREATE, &attr);
}

int bpf_prog_bind_map(int prog_fd, int map_fd, const struct bpf_prog_bind_opts *opts)
{
	union bpf_attr attr = { .prog_bind_map = { .prog_fd = prog_fd, .map_fd = map_fd } };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.prog_bind_map.flags = OPT(opts, flags);
	return sys_told(NULL, BPF_PROG_BIND_MAP, &attr);
}

int bpf_token_create(int bpffs_fd, struct bpf_token_create_opts *opts)
{
	union bpf_attr attr = { .token_create.bpffs_fd = bpffs_fd };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.token_create.flags = OPT(opts, flags);
	return sys_told(NULL, BPF_TOKEN_CREATE, &attr);
}

int bpf_prog_stream_read(int prog_fd, __u32 stream_id, void *buf, __u32 buf_len, struct bpf_prog_stream_read_opts *opts)
{
	union bpf_attr attr = { 0 };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.prog_stream_read.stream_buf = (uintptr_t)buf;
	attr.prog_stream_read.stream_buf_len = buf_len;
	attr.prog_stream_read.stream_id = stream_id;
	attr.prog_stream_read.prog_fd = prog_fd;
	return sys_told(NULL, BPF_PROG_STREAM_READ_BY_FD, &attr);
}

int sys_assoc_struct_ops(struct skep *skep, int prog_fd, int map_fd, const struct bpf_prog_assoc_struct_ops_opts *opts)
{
	union bpf_attr attr = { .prog_assoc_struct_ops = { .prog_fd = prog_fd, .map_fd = map_fd } };

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	attr.prog_assoc_struct_ops.flags = OPT(opts, flags);
	return sys_told(skep, BPF_PROG_ASSOC_STRUCT_OPS, &attr);
}

int bpf_prog_assoc_struct_ops(int prog_fd, int map_fd, struct bpf_prog_assoc_struct_ops_opts *opts)
{
	return sys_assoc_struct_ops(NULL, prog_fd, map_fd, opts);
}

/* Of the out-parameters each may be NULL, but for @buf_len. */
int bpf_task_fd_query(int pid, int fd, __u32 flags, char *buf, __u32 *buf_len, __u32 *prog_id, __u32 *fd_type,
		      __u64 *probe_offset, __u64 *probe_addr)
{
	union bpf_attr attr = { .task_fd_query = { .pid = pid, .fd = fd, .flags = flags } };
	int ret;

	if (!buf_len)
		return libbpf_err(-EINVAL);
	attr.task_fd_query.buf = (uintptr_t)buf;
	attr.task_fd_query.buf_len = *buf_len;
	ret = sys_told(NULL, BPF_TASK_FD_QUERY, &attr);
	*buf_len = attr.task_fd_query.buf_len;
	if (fd_type)
		*fd_type = attr.task_fd_query.fd_type;
	if (prog_id)
		*prog_id = attr.task_fd_query.prog_id;
	if (probe_offset)
		*probe_offset = attr.task_fd_query.probe_offset;
	if (probe_addr)
		*probe_addr = attr.task_fd_query.probe_addr;
	return ret;
}
