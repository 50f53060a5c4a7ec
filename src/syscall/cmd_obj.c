/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_obj.c - objects by id, and statistics. */
#include "syscall/private.h"

#include <limits.h>

long next_id(struct call *call, enum obj_kind kind)
{
	union bpf_attr *a = &call->attr;
	int err;

	if (a->start_id >= INT_MAX)
		return -EINVAL;
	if (!capable(call, VCAP_SYS_ADMIN))
		return -EPERM;
	err = skep_next_id(call->skep, kind, a->start_id, &a->next_id);
	return err ? err : WRITE_BACK(call, next_id);
}

long cmd_prog_next_id(struct call *call)
{
	return next_id(call, OBJ_PROG);
}

long cmd_map_next_id(struct call *call)
{
	return next_id(call, OBJ_MAP);
}

long cmd_btf_next_id(struct call *call)
{
	return next_id(call, OBJ_BTF);
}

static int check_by_id(const struct call *call, u32 flags)
{
	if (call->attr.open_flags & BPF_F_TOKEN_FD)
		return (int)call_not_modelled(call, "BPF tokens");
	if (call->attr.open_flags & ~flags)
		return -EINVAL;
	return capable(call, VCAP_SYS_ADMIN) ? 0 : -EPERM;
}

long cmd_prog_fd_by_id(struct call *call)
{
	int err = check_by_id(call, 0);
	struct skep_prog *prog = err ? NULL : skep_prog_by_id(call->skep, call->attr.prog_id);

	if (!prog)
		return err ? err : -ENOENT;
	return fdtab_open(call->skep, FD_PROG, prog, FD_READ | FD_WRITE);
}

long cmd_map_fd_by_id(struct call *call)
{
	int err = check_by_id(call, BPF_F_RDONLY | BPF_F_WRONLY);
	u32 flags = call->attr.open_flags & (BPF_F_RDONLY | BPF_F_WRONLY);
	u32 mode = flags == BPF_F_RDONLY ? FD_READ : flags == BPF_F_WRONLY ? FD_WRITE
									   : FD_READ | FD_WRITE;
	struct skep_map *map;

	if (!err && flags == (BPF_F_RDONLY | BPF_F_WRONLY))
		err = -EINVAL;
	map = err ? NULL : skep_map_by_id(call->skep, call->attr.map_id);
	if (!map)
		return err ? err : -ENOENT;
	return fdtab_open(call->skep, FD_MAP, map, mode);
}

long cmd_btf_fd_by_id(struct call *call)
{
	int err = check_by_id(call, 0);
	struct skep_btf *btf = err ? NULL : skep_btf_by_id(call->skep, call->attr.btf_id);

	if (!btf)
		return err ? err : -ENOENT;
	skep_btf_use(call->skep, btf);
	return fdtab_open(call->skep, FD_BTF, btf, FD_READ);
}

long cmd_enable_stats(struct call *call)
{
	if (!capable(call, VCAP_SYS_ADMIN))
		return -EPERM;
	if (call->attr.enable_stats.type != BPF_STATS_RUN_TIME)
		return -EINVAL;
	skep_stats_enable(call->skep, true);
	return fdtab_open(call->skep, FD_STATS, NULL, 0);
}
