/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_link.c - BPF_LINK_* and BPF_RAW_TRACEPOINT_OPEN. */
#include "syscall/private.h"

static u32 prog_type(const struct skep_prog *prog)
{
	struct skep_prog_info info;

	skep_prog_info(prog, &info);
	return info.type;
}

static long ext_attach(struct call *call, struct skep_prog *prog, int target_fd, u32 btf_id, u32 attach_type,
		       u64 cookie)
{
	struct skep_prog *target = NULL;
	struct skep_link *link;
	int err = 0;

	if (!target_fd != !btf_id)
		return -EINVAL;
	if (target_fd)
		err = skep_prog_from_fd(call->skep, target_fd, &target);
	if (err)
		return err;
	err = skep_ext_attach(prog, target, btf_id, attach_type, cookie, &link);
	skep_prog_put(target);
	return err ? err : fdtab_open(call->skep, FD_LINK, link, FD_READ | FD_WRITE);
}

long cmd_link_create(struct call *call)
{
	const union bpf_attr *a = &call->attr;
	struct skep_prog *prog;
	long ret;
	int err;

	if (a->link_create.attach_type >= __MAX_BPF_ATTACH_TYPE)
		return -EINVAL;
	if (a->link_create.attach_type == BPF_STRUCT_OPS)
		return call_not_modelled(call, "links of struct_ops maps");
	err = skep_prog_from_fd(call->skep, (int)a->link_create.prog_fd, &prog);
	if (err)
		return err;
	if (prog_type(prog) == BPF_PROG_TYPE_EXT)
		ret = ext_attach(call, prog, (int)a->link_create.target_fd, a->link_create.target_btf_id,
				 a->link_create.attach_type, a->link_create.tracing.cookie);
	else
		ret = call_not_modelled(call, "BPF_LINK_CREATE for programs of this type");
	skep_prog_put(prog);
	return ret;
}

long cmd_raw_tp_open(struct call *call)
{
	const union bpf_attr *a = &call->attr;
	struct skep_prog *prog;
	long ret;
	int err = skep_prog_from_fd(call->skep, (int)a->raw_tracepoint.prog_fd, &prog);

	if (err)
		return err;
	/* Where the program goes, its load has said: a name would be another answer. */
	if (prog_type(prog) != BPF_PROG_TYPE_EXT)
		ret = call_not_modelled(call, "BPF_RAW_TRACEPOINT_OPEN for programs of this type");
	else if (a->raw_tracepoint.name)
		ret = -EINVAL;
	else
		ret = ext_attach(call, prog, 0, 0, 0, a->raw_tracepoint.cookie);
	skep_prog_put(prog);
	return ret;
}

static int get_link(struct call *call, u32 fd, struct skep_link **ret_link)
{
	return fdtab_get(call->skep, (int)fd, FD_LINK, (void **)ret_link, NULL);
}

/* What was attached by a program's own words stays until its descriptors are closed. */
long cmd_link_detach(struct call *call)
{
	struct skep_link *link;
	int err = get_link(call, call->attr.link_detach.link_fd, &link);

	if (err)
		return err;
	err = link->ops->detach ? link->ops->detach(link) : -EOPNOTSUPP;
	skep_link_put(link);
	return err;
}

long cmd_link_update(struct call *call)
{
	const union bpf_attr *a = &call->attr;
	struct skep_prog *prog = NULL, *old = NULL;
	struct skep_link *link;
	int err;

	if (a->link_update.flags & ~BPF_F_REPLACE)
		return -EINVAL;
	err = get_link(call, a->link_update.link_fd, &link);
	if (err)
		return err;
	err = skep_prog_from_fd(call->skep, (int)a->link_update.new_prog_fd, &prog);
	if (!err && a->link_update.flags & BPF_F_REPLACE)
		err = skep_prog_from_fd(call->skep, (int)a->link_update.old_prog_fd, &old);
	else if (!err && a->link_update.old_prog_fd)
		err = -EINVAL;
	if (!err)
		err = link->ops->update ? link->ops->update(link, prog, old) : -EINVAL;
	skep_prog_put(prog);
	skep_prog_put(old);
	skep_link_put(link);
	return err;
}

long cmd_link_next_id(struct call *call)
{
	return next_id(call, OBJ_LINK);
}

long cmd_link_fd_by_id(struct call *call)
{
	struct skep_link *link;

	if (!capable(call, VCAP_SYS_ADMIN))
		return -EPERM;
	link = skep_link_by_id(call->skep, call->attr.link_id);
	return link ? fdtab_open(call->skep, FD_LINK, link, FD_READ | FD_WRITE) : -ENOENT;
}
