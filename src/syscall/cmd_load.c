/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_load.c - BPF_PROG_LOAD: who may, what is fetched, then the runtime. */
#include "core/clock.h"
#include "syscall/private.h"

#include <stdlib.h>
#include <string.h>

#define INSNS_MAX	 1000000 /* BPF_COMPLEXITY_LIMIT_INSNS */
#define INSNS_MAX_NOPRIV 4096	 /* BPF_MAXINSNS */
#define INFO_REC_MAX	 252
#define INFO_BYTES_MAX	 (256u << 20)
#define BTF_TYPE_MAX	 0xfffff

static bool gpl_compatible(const char *license)
{
	static const char *const names[] = {
		"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL",
		"Dual MPL/GPL",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(license, names[i]))
			return true;
	return false;
}

static bool needs_net_admin(u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT:
	case BPF_PROG_TYPE_LWT_SEG6LOCAL:
	case BPF_PROG_TYPE_SK_SKB:
	case BPF_PROG_TYPE_SK_MSG:
	case BPF_PROG_TYPE_FLOW_DISSECTOR:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_SOCK_OPS:
	case BPF_PROG_TYPE_EXT:
	case BPF_PROG_TYPE_NETFILTER:
		return true;
	default:
		return false;
	}
}

static bool needs_perfmon(u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_STRUCT_OPS:
	case BPF_PROG_TYPE_EXT:
		return true;
	default:
		return false;
	}
}

static int check_caps(const struct call *call)
{
	u32 type = call->attr.prog_type;
	bool bpf = capable(call, VCAP_BPF);

	if (!bpf && !skep_unprivileged_bpf(call->skep))
		return -EPERM;
	if (!call->attr.insn_cnt || call->attr.insn_cnt > (bpf ? INSNS_MAX : INSNS_MAX_NOPRIV))
		return -E2BIG;
	if (!bpf && type != BPF_PROG_TYPE_SOCKET_FILTER && type != BPF_PROG_TYPE_CGROUP_SKB)
		return -EPERM;
	if (needs_net_admin(type) && !capable(call, VCAP_NET_ADMIN))
		return -EPERM;
	return needs_perfmon(type) && !capable(call, VCAP_PERFMON) ? -EPERM : 0;
}

static bool takes_btf_id(u32 type)
{
	return type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM ||
	       type == BPF_PROG_TYPE_STRUCT_OPS || type == BPF_PROG_TYPE_EXT;
}

static int check_attach(const union bpf_attr *a)
{
	if (a->attach_btf_id && (a->attach_btf_id > BTF_TYPE_MAX || !takes_btf_id(a->prog_type)))
		return -EINVAL;
	if (a->attach_prog_fd && (a->prog_type == BPF_PROG_TYPE_EXT ? false : !a->attach_btf_id))
		return -EINVAL;
	if (a->prog_type == BPF_PROG_TYPE_EXT)
		return a->expected_attach_type ? -EINVAL : 0;
	return skep_attach_type_ok(a->prog_type, a->expected_attach_type) ? 0 : -EINVAL;
}

static const char *unmodelled_load(const union bpf_attr *a)
{
	if (a->prog_flags & BPF_F_TOKEN_FD)
		return "BPF tokens";
	if (a->prog_ifindex)
		return "programs bound to a device";
	if (a->signature || a->signature_size)
		return "signed programs";
	if (a->core_relo_cnt)
		return "CO-RE relocation at load (core_relos)";
	return NULL;
}

/* All that was fetched for one load; freed whatever happens. */
struct load {
	struct prog_load pl;
	struct bpf_insn *insns;
	void *func_info, *line_info;
	int *fds;
	struct skep_btf *btf;
	struct skep_prog *target; /* of an extension */
};

static void load_put(struct load *l)
{
	free(l->insns);
	free(l->func_info);
	free(l->line_info);
	free(l->fds);
	btf_put(l->btf);
	skep_prog_put(l->target);
}

static int map_by_fd(void *ctx, int fd, struct skep_map **ret_map)
{
	return skep_map_from_fd(ctx, fd, ret_map);
}

/* A record size that Linux refuses gives no records: the verifier words the refusal by the size,
 * before it looks at any. */
static int fetch_info(u64 from, u32 rec_size, u32 cnt, void **ret_recs)
{
	int err = 0;

	if (!cnt || rec_size < 4 || rec_size > INFO_REC_MAX || rec_size % 4)
		return 0;
	if ((u64)rec_size * cnt > INFO_BYTES_MAX)
		return -ENOMEM;
	*ret_recs = user_dup(from, (size_t)rec_size * cnt, &err);
	return err;
}

static int fetch_btf(struct call *call, struct load *l)
{
	const union bpf_attr *a = &call->attr;
	struct vprog *v = &l->pl.v;
	int err;

	if (!a->func_info_cnt && !a->line_info_cnt)
		return 0;
	err = skep_btf_from_fd(call->skep, (int)a->prog_btf_fd, &l->btf);
	if (err)
		return err;
	if (btf_is_kernel(l->btf))
		return -EACCES;
	err = fetch_info(a->func_info, a->func_info_rec_size, a->func_info_cnt, &l->func_info);
	if (!err)
		err = fetch_info(a->line_info, a->line_info_rec_size, a->line_info_cnt,
				 &l->line_info);
	v->btf = l->btf;
	v->func_info = l->func_info;
	v->func_info_rec_size = a->func_info_rec_size;
	v->func_info_cnt = a->func_info_cnt;
	v->line_info = l->line_info;
	v->line_info_rec_size = a->line_info_rec_size;
	v->line_info_cnt = a->line_info_cnt;
	return err;
}

/* Without a count the array is as long as the instructions index it: nothing past that is read. */
static int fetch_fds(struct call *call, struct load *l)
{
	const union bpf_attr *a = &call->attr;
	u32 cnt = a->fd_array_cnt;
	int err;

	if (!a->fd_array)
		return cnt ? -EFAULT : 0;
	for (u32 i = 0; i < a->insn_cnt && !a->fd_array_cnt; i++) {
		const struct bpf_insn *insn = &l->insns[i];

		if (insn_is_wide(insn) && (insn->src_reg == BPF_PSEUDO_MAP_IDX ||
					   insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE) &&
		    insn->imm >= 0 && (u32)insn->imm >= cnt)
			cnt = (u32)insn->imm + 1;
	}
	if (cnt > INFO_BYTES_MAX / sizeof(int))
		return -EFAULT;
	l->fds = user_dup(a->fd_array, cnt * sizeof(int), &err);
	l->pl.v.fd_array = l->fds;
	l->pl.v.fd_array_cnt = cnt;
	return err;
}

static int fetch(struct call *call, struct load *l)
{
	const union bpf_attr *a = &call->attr;
	struct vprog *v = &l->pl.v;
	char license[128];
	int err;

	l->insns = user_dup(a->insns, (size_t)a->insn_cnt * sizeof(*l->insns), &err);
	if (!err)
		err = user_string(license, a->license, sizeof(license));
	if (err)
		return err;
	*v = (struct vprog){ .insns = l->insns, .insn_cnt = a->insn_cnt, .type = a->prog_type,
			     .attach_type = a->expected_attach_type, .flags = a->prog_flags,
			     .gpl = gpl_compatible(license) };
	if (a->prog_type != BPF_PROG_TYPE_EXT &&
	    !skep_prog_type_row(call->skep, a->prog_type, a->expected_attach_type))
		return -EINVAL;
	if (a->prog_type == BPF_PROG_TYPE_EXT && a->attach_prog_fd)
		err = skep_prog_from_fd(call->skep, (int)a->attach_prog_fd, &l->target);
	if (err)
		return -EINVAL; /* Linux looks for a BTF then, of which an extension has no use */
	v->attach_btf_id = a->attach_btf_id;
	l->pl.target = l->target;
	err = copy_name(v->name, a->prog_name);
	if (!err)
		err = fetch_fds(call, l);
	return err;
}

static u32 effective_caps(const struct call *call)
{
	u32 caps = call->cred->caps;

	return caps & VCAP_SYS_ADMIN ? caps | VCAP_BPF | VCAP_PERFMON | VCAP_NET_ADMIN : caps;
}

/* The program, verified; what it needs from the verifier's side comes last, as its log is open. */
static long load_prog(struct call *call, struct load *l, struct vlog *log, struct skep_prog **ret)
{
	int err = fetch_btf(call, l);

	if (err)
		return err;
	l->pl.map_by_fd = map_by_fd;
	l->pl.fd_ctx = call->skep;
	l->pl.caps = effective_caps(call);
	l->pl.opts.log = log;
	l->pl.opts.flags = call->attr.prog_flags & BPF_F_TEST_STATE_FREQ ? VOPT_TEST_STATE_FREQ : 0;
	l->pl.load_time_ns = clock_read(skep_clock_of(call->skep), CLOCK_KTIME_BOOT);
	l->pl.created_by_uid = call->cred->uid;
	return skep_prog_load(call->skep, &l->pl, NULL, ret);
}

static long finish(struct call *call, struct call_log *log, struct skep_prog *prog, long ret)
{
	int err = log_close(log, call, &call->attr.log_true_size);

	if (!err)
		err = WRITE_BACK(call, log_true_size);
	if (err) {
		/* A log that was cut fails the load although the program is fine. */
		skep_prog_put(prog);
		return err;
	}
	return ret ? ret : fdtab_open(call->skep, FD_PROG, prog, FD_READ | FD_WRITE);
}

long cmd_prog_load(struct call *call)
{
	const u32 known_flags = BPF_F_STRICT_ALIGNMENT | BPF_F_ANY_ALIGNMENT |
				BPF_F_TEST_STATE_FREQ | BPF_F_SLEEPABLE | BPF_F_TEST_RND_HI32 |
				BPF_F_XDP_HAS_FRAGS | BPF_F_XDP_DEV_BOUND_ONLY |
				BPF_F_TEST_REG_INVARIANTS | BPF_F_TOKEN_FD;
	const union bpf_attr *a = &call->attr;
	struct skep_prog *prog = NULL;
	struct call_log log;
	struct load l = { 0 };
	long ret;

	if (a->prog_flags & ~known_flags)
		return -EINVAL;
	if (unmodelled_load(a))
		return call_not_modelled(call, unmodelled_load(a));
	ret = check_caps(call);
	if (!ret)
		ret = check_attach(a);
	if (!ret)
		ret = fetch(call, &l);
	if (!ret)
		ret = log_open(&log, call, a->log_level, a->log_buf, a->log_size);
	if (!ret) {
		ret = load_prog(call, &l, &log.log, &prog);
		ret = finish(call, &log, prog, ret);
	}
	load_put(&l);
	return ret;
}
