/* SPDX-License-Identifier: BSD-2-Clause */
/* dispatch.c - the way into bpf(2): sizes, unknown bytes, and the table of commands. */
#include "syscall/private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct skep_cred skep_cred_all = {
	.caps = VCAP_BPF | VCAP_PERFMON | VCAP_NET_ADMIN | VCAP_SYS_ADMIN,
};

static _Thread_local struct skep_cred thread_cred; /* when it is not all */
static _Thread_local bool thread_is_limited;

void skep_limit_thread(const struct skep_cred *cred)
{
	thread_is_limited = cred;
	if (cred)
		thread_cred = *cred;
}

#define END_OF(member) (offsetof(union bpf_attr, member) + sizeof(((union bpf_attr *)0)->member))

/* Bytes of the attributes from @end on must be 0: they belong to other commands. */
static const struct {
	cmd_fn *fn; /* NULL: Linux has it, skep does not */
	u32 end;
	const char *why;
	bool common; /* takes common attributes */
	bool drain;
} cmds[__MAX_BPF_CMD] = {
	[BPF_MAP_CREATE] = { cmd_map_create, END_OF(excl_prog_hash_size), NULL, true, true },
	[BPF_MAP_LOOKUP_ELEM] = { cmd_map_lookup, END_OF(flags), NULL, false, false },
	[BPF_MAP_UPDATE_ELEM] = { cmd_map_update, END_OF(flags), NULL, false, false },
	[BPF_MAP_DELETE_ELEM] = { cmd_map_delete, END_OF(key), NULL, false, false },
	[BPF_MAP_GET_NEXT_KEY] = { cmd_map_next_key, END_OF(next_key), NULL, false, false },
	[BPF_PROG_LOAD] = { cmd_prog_load, END_OF(keyring_id), NULL, true, true },
	[BPF_OBJ_PIN] = { cmd_obj_pin, END_OF(path_fd), NULL, false, true },
	[BPF_OBJ_GET] = { cmd_obj_get, END_OF(path_fd), NULL, false, true },
	[BPF_PROG_ATTACH] = { NULL, 0, "BPF_PROG_ATTACH", false, false },
	[BPF_PROG_DETACH] = { NULL, 0, "BPF_PROG_DETACH", false, false },
	[BPF_PROG_TEST_RUN] = { cmd_prog_test_run, END_OF(test.batch_size), NULL, false, true },
	[BPF_PROG_GET_NEXT_ID] = { cmd_prog_next_id, END_OF(next_id), NULL, false, true },
	[BPF_MAP_GET_NEXT_ID] = { cmd_map_next_id, END_OF(next_id), NULL, false, true },
	[BPF_PROG_GET_FD_BY_ID] = { cmd_prog_fd_by_id, END_OF(fd_by_id_token_fd), NULL, false, true },
	[BPF_MAP_GET_FD_BY_ID] = { cmd_map_fd_by_id, END_OF(fd_by_id_token_fd), NULL, false, true },
	[BPF_OBJ_GET_INFO_BY_FD] = { cmd_info, END_OF(info.info), NULL, false, false },
	[BPF_PROG_QUERY] = { NULL, 0, "BPF_PROG_QUERY", false, false },
	[BPF_RAW_TRACEPOINT_OPEN] = { cmd_raw_tp_open, END_OF(raw_tracepoint.cookie), NULL, false, true },
	[BPF_BTF_LOAD] = { cmd_btf_load, END_OF(btf_token_fd), NULL, true, true },
	[BPF_BTF_GET_FD_BY_ID] = { cmd_btf_fd_by_id, END_OF(fd_by_id_token_fd), NULL, false, true },
	[BPF_TASK_FD_QUERY] = { NULL, 0, "BPF_TASK_FD_QUERY", false, false },
	[BPF_MAP_LOOKUP_AND_DELETE_ELEM] = { cmd_map_lookup_and_delete, END_OF(flags), NULL, false, false },
	[BPF_MAP_FREEZE] = { cmd_map_freeze, END_OF(map_fd), NULL, false, false },
	[BPF_BTF_GET_NEXT_ID] = { cmd_btf_next_id, END_OF(next_id), NULL, false, true },
	[BPF_MAP_LOOKUP_BATCH] = { cmd_map_lookup_batch, END_OF(batch.flags), NULL, false, false },
	[BPF_MAP_LOOKUP_AND_DELETE_BATCH] = { cmd_map_lookup_and_delete_batch, END_OF(batch.flags),
					      NULL, false, false },
	[BPF_MAP_UPDATE_BATCH] = { cmd_map_update_batch, END_OF(batch.flags), NULL, false, false },
	[BPF_MAP_DELETE_BATCH] = { cmd_map_delete_batch, END_OF(batch.flags), NULL, false, false },
	[BPF_LINK_CREATE] = { cmd_link_create, END_OF(link_create.uprobe_multi.path_fd), NULL, false, true },
	[BPF_LINK_UPDATE] = { cmd_link_update, END_OF(link_update.old_prog_fd), NULL, false, true },
	[BPF_LINK_GET_FD_BY_ID] = { cmd_link_fd_by_id, END_OF(link_id), NULL, false, true },
	[BPF_LINK_GET_NEXT_ID] = { cmd_link_next_id, END_OF(next_id), NULL, false, true },
	[BPF_ENABLE_STATS] = { cmd_enable_stats, END_OF(enable_stats.type), NULL, false, true },
	[BPF_ITER_CREATE] = { NULL, 0, "BPF_ITER_CREATE", false, false },
	[BPF_LINK_DETACH] = { cmd_link_detach, END_OF(link_detach.link_fd), NULL, false, true },
	[BPF_PROG_BIND_MAP] = { NULL, 0, "BPF_PROG_BIND_MAP", false, false },
	[BPF_TOKEN_CREATE] = { NULL, 0, "BPF_TOKEN_CREATE", false, false },
	[BPF_PROG_STREAM_READ_BY_FD] = { NULL, 0, "BPF_PROG_STREAM_READ_BY_FD", false, false },
	[BPF_PROG_ASSOC_STRUCT_OPS] = { NULL, 0, "BPF_PROG_ASSOC_STRUCT_OPS", false, false },
};

static bool rest_zero(const union bpf_attr *attr, u32 end)
{
	for (u32 i = end; i < sizeof(*attr); i++)
		if (((const u8 *)attr)[i])
			return false;
	return true;
}

static long run_cmd(struct call *call, int cmd)
{
	if (cmd < 0 || cmd >= __MAX_BPF_CMD)
		return -EINVAL;
	if (call->ucommon && !cmds[cmd].common)
		return -EOPNOTSUPP;
	if (!cmds[cmd].fn)
		return call_not_modelled(call, cmds[cmd].why);
	if (!rest_zero(&call->attr, cmds[cmd].end))
		return -EINVAL;
	/* What was closed counts no more: for memory limits and for who walks ids. Operations on one
	 * descriptor cannot tell the difference, and are to be fast. */
	if (cmds[cmd].drain)
		fdtab_drain();
	return cmds[cmd].fn(call);
}

/* The caller's structure into ours: longer ones are fine when the rest is 0. */
static int copy_struct(void *to, size_t known, u64 from, u32 given, size_t last_end)
{
	int err = user_tail_zero(from, last_end, given);

	return err ? err : user_read(to, from, min_of((size_t)given, known));
}

static long bpf_call(struct skep *skep, const struct skep_cred *cred, int cmd, u64 uattr, u32 size,
		     u64 ucommon, u32 common_size)
{
	struct call call = { .skep = skep, .cred = cred, .uattr = uattr, .size = size };
	int err;

	if (!cred)
		call.cred = thread_is_limited ? &thread_cred : &skep_cred_all;
	if (fdtab_forked())
		return call_not_modelled(&call, "bpf(2) in a forked child of the instance's process");
	user_begin();
	err = copy_struct(&call.attr, sizeof(call.attr), uattr, size, sizeof(call.attr));
	if (err)
		return err;
	if (cmd & BPF_COMMON_ATTRS) {
		/* Up to the end of the last field, not of the structure: padding counts (Y-02). */
		size_t end = offsetof(struct bpf_common_attr, log_true_size) + sizeof(u32);

		err = copy_struct(&call.common, end, ucommon, common_size, end);
		if (err)
			return err;
		call.ucommon = ucommon;
		call.common_size = common_size;
		cmd &= ~BPF_COMMON_ATTRS;
	}
	return run_cmd(&call, cmd);
}

long skep_bpf(struct skep *skep, const struct skep_cred *cred, int cmd, union bpf_attr *attr,
	      u32 size)
{
	if (cmd & BPF_COMMON_ATTRS)
		return -EINVAL;
	return bpf_call(skep, cred, cmd, (uintptr_t)attr, size, 0, 0);
}

long skep_bpf_common(struct skep *skep, const struct skep_cred *cred, int cmd, union bpf_attr *attr,
		     u32 size, struct bpf_common_attr *common, u32 common_size)
{
	return bpf_call(skep, cred, cmd, (uintptr_t)attr, size, (uintptr_t)common, common_size);
}

/* ---- what commands share ------------------------------------------------------------------- */

int call_write_back(const struct call *call, size_t off, size_t size)
{
	if (off + size > call->size)
		return 0;
	return user_write(call->uattr + off, (const u8 *)&call->attr + off, size);
}

int copy_name(char to[BPF_OBJ_NAME_LEN], const char *from)
{
	u32 i;

	memset(to, 0, BPF_OBJ_NAME_LEN);
	for (i = 0; i < BPF_OBJ_NAME_LEN && from[i]; i++) {
		if (!isalnum((u8)from[i]) && from[i] != '_' && from[i] != '.')
			return -EINVAL;
		to[i] = from[i];
	}
	return i < BPF_OBJ_NAME_LEN ? 0 : -EINVAL;
}

int log_open(struct call_log *log, const struct call *call, u32 level, u64 ubuf, u32 size)
{
	bool own = level || ubuf || size;
	const struct bpf_common_attr *c = &call->common;
	int err;

	*log = (struct call_log){ 0 };
	if (call->ucommon && (c->log_level || c->log_buf || c->log_size)) {
		if (own && (c->log_level != level || c->log_buf != ubuf || c->log_size != size))
			return -EINVAL;
		level = c->log_level;
		ubuf = c->log_buf;
		size = c->log_size;
	}
	err = vlog_init(&log->log, level, ubuf ? (char *)"" : NULL, size);
	if (err || !ubuf || !size)
		return err;
	/* Pages that the log never reaches are never touched, here or there. */
	log->buf = malloc(size);
	if (!log->buf)
		return -ENOMEM;
	log->buf[0] = '\0';
	log->ubuf = ubuf;
	return vlog_init(&log->log, level, log->buf, size);
}

int log_close(struct call_log *log, struct call *call, u32 *ret_true_size)
{
	int err = 0;

	*ret_true_size = 0;
	if (log->log.level)
		err = vlog_finish(&log->log, ret_true_size);
	if (log->buf && log->log.level &&
	    user_write(log->ubuf, log->buf, strnlen(log->buf, log->log.size - 1) + 1))
		err = -EFAULT;
	free(log->buf);
	log->buf = NULL;
	if (call->ucommon) {
		size_t off = offsetof(struct bpf_common_attr, log_true_size);

		if (off + sizeof(u32) <= call->common_size &&
		    user_write(call->ucommon + off, ret_true_size, sizeof(u32)))
			err = -EFAULT;
	}
	return err;
}
