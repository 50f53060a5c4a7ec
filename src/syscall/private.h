/* SPDX-License-Identifier: BSD-2-Clause */
/* private.h - one call of bpf(2), and the functions that serve the commands. */
#ifndef SKEP_SYSCALL_PRIVATE_H
#define SKEP_SYSCALL_PRIVATE_H

#include "base/vlog.h"
#include "btf/btf.h"
#include "runtime/runtime.h"
#include "syscall/fdtab.h"
#include "syscall/syscall.h"
#include "syscall/usermem.h"

#include <errno.h>

struct call {
	struct skep *skep;
	const struct skep_cred *cred;
	union bpf_attr attr; /* our copy; missing bytes are 0 */
	u64 uattr;	     /* the caller's */
	u32 size;	     /* that the caller declared */
	struct bpf_common_attr common;
	u64 ucommon; /* 0: none */
	u32 common_size;
};

/* Writes one member of our copy back to the caller, as far as the caller declared it. -EFAULT. */
int call_write_back(const struct call *call, size_t off, size_t size);
#define WRITE_BACK(call, member)                                                                   \
	call_write_back(call, offsetof(union bpf_attr, member), sizeof((call)->attr.member))

/* CAP_SYS_ADMIN stands for the narrower ones, as in Linux. */
static inline bool capable(const struct call *call, u32 cap)
{
	return call->cred->caps & (cap | VCAP_SYS_ADMIN);
}

/* "not modelled: ...": remembers why for skep_bpf_why(); -EOPNOTSUPP. */
long call_not_modelled(const struct call *call, const char *why);

/* Copies an object name: letters, digits, '_' and '.', ended inside its 16 bytes. 0 or -EINVAL. */
int copy_name(char to[BPF_OBJ_NAME_LEN], const char *from);

/* ---- the log of a command: in our memory first, then in the caller's ------------------------ */

struct call_log {
	struct vlog log;
	u64 ubuf;
	char *buf;
};
/* From the command's own fields or, when those are empty, from the common attributes. 0, -EINVAL,
 * -ENOMEM. */
int log_open(struct call_log *log, const struct call *call, u32 level, u64 ubuf, u32 size);
/* Ends the log and hands it over. 0, -ENOSPC (cut), -EFAULT; *ret_true_size always. */
int log_close(struct call_log *log, struct call *call, u32 *ret_true_size);

/* ---- commands ------------------------------------------------------------------------------ */

typedef long cmd_fn(struct call *call);
cmd_fn cmd_map_create, cmd_map_lookup, cmd_map_update, cmd_map_delete, cmd_map_next_key;
cmd_fn cmd_map_lookup_and_delete, cmd_map_freeze;
cmd_fn cmd_map_lookup_batch, cmd_map_lookup_and_delete_batch, cmd_map_update_batch;
cmd_fn cmd_map_delete_batch;
cmd_fn cmd_prog_load, cmd_prog_test_run, cmd_info, cmd_btf_load;
cmd_fn cmd_prog_next_id, cmd_map_next_id, cmd_btf_next_id, cmd_link_next_id;
cmd_fn cmd_prog_fd_by_id, cmd_map_fd_by_id, cmd_btf_fd_by_id, cmd_link_fd_by_id;
cmd_fn cmd_link_create, cmd_link_update, cmd_link_detach, cmd_raw_tp_open;
cmd_fn cmd_enable_stats;
cmd_fn cmd_obj_pin, cmd_obj_get;

/* bpffs.c: the empty file system of a new instance. 0, -ENOMEM. */
int bpffs_init(struct skep *skep);
/* BPF_*_GET_NEXT_ID */
long next_id(struct call *call, enum obj_kind kind);

/* cost.c */
struct vcost;
/* What is shown of vresult.cost, made for the callback. */
struct shown_cost {
	char **chains; /* "main;parse" */
	struct skep_cost_place *places;
	struct skep_cost_miss *misses;
};
/* False, and nothing to show: it was not measured, or no memory. shown_cost_free() either way. */
bool show_cost(const struct vcost *from, const char *prog_name, struct shown_cost *to);
void shown_cost_free(struct shown_cost *s, const struct vcost *from);

#endif
