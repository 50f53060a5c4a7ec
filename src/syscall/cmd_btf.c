/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_btf.c - BPF_BTF_LOAD. */
#include "syscall/private.h"

#include <stdlib.h>
#include <unistd.h>

#define BTF_SIZE_MAX (16u << 20)

static long load(struct call *call, struct vlog *log)
{
	const union bpf_attr *a = &call->attr;
	struct skep_btf *btf;
	void *data;
	u32 id;
	int err;

	data = user_dup(a->btf, a->btf_size, &err);
	if (err)
		return err;
	err = btf_parse(data, a->btf_size, NULL, 0, log, &btf);
	free(data);
	if (err)
		return err;
	err = skep_btf_add(call->skep, btf, &id);
	if (err) {
		btf_put(btf);
		return err;
	}
	return fdtab_open(call->skep, FD_BTF, btf, FD_READ);
}

long cmd_btf_load(struct call *call)
{
	union bpf_attr *a = &call->attr;
	struct call_log log;
	long ret;
	int err;

	if (a->btf_flags & ~BPF_F_TOKEN_FD)
		return -EINVAL;
	if (a->btf_flags & BPF_F_TOKEN_FD)
		return call_not_modelled(call, "BPF tokens");
	if (!capable(call, VCAP_BPF))
		return -EPERM;
	if (a->btf_size > BTF_SIZE_MAX)
		return -E2BIG;
	ret = log_open(&log, call, a->btf_log_level, a->btf_log_buf, a->btf_log_size);
	if (ret)
		return ret;
	ret = load(call, &log.log);
	err = log_close(&log, call, &a->btf_log_true_size);
	if (!err)
		err = WRITE_BACK(call, btf_log_true_size);
	if (!err)
		return ret;
	if (ret >= 0)
		close((int)ret);
	return err;
}
