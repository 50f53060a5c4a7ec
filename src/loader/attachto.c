/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attachto.c - bpf_program__attach_*(): one way in for all of them. Options and arguments are looked at first, then
 * whether the program is loaded; then either bpf(2) decides (a link or a raw tracepoint), or, where libbpf would go
 * through something else of the kernel's (perf events, /proc, ELF files of other programs), a line says that skep
 * has no such place.
 */
#include "loader/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What every attach function can be asked first. */
static int check(const struct bpf_program *prog, const void *opts, size_t known_size, bool args_ok)
{
	if (!prog || !opts_ok(opts, known_size, sizeof(size_t)) || !args_ok)
		return -EINVAL;
	return link_not_loaded(prog);
}

static struct bpf_link *no_place(const struct bpf_program *prog, const char *what, int err)
{
	if (err)
		return libbpf_err_ptr(err);
	pr_warn("prog '%s': not modelled: attaching to %s\n", prog->name, what);
	return libbpf_err_ptr(-EOPNOTSUPP);
}

#define NO_PLACE(prog, opts, args_ok, what) no_place(prog, what, check(prog, opts, sizeof(*(opts)), args_ok))
#define NO_OPTS ((const struct { size_t sz; } *)NULL)

static struct bpf_link *by_link(const struct bpf_program *prog, int target_fd, const char *what,
				const struct bpf_link_create_opts *opts)
{
	return link_attached(prog, what, sys_link_create(prog->obj->skep, prog->fd, target_fd, prog->attach_type, opts));
}

/* ---- probes: perf events and tracefs, of which skep has none ------------------------------------------ */

/* L-10: where in the function can only be ahead. */
static bool offset_ok(size_t offset)
{
	return offset <= SSIZE_MAX;
}

struct bpf_link *bpf_program__attach_kprobe_opts(const struct bpf_program *prog, const char *func_name,
						 const struct bpf_kprobe_opts *opts)
{
	return NO_PLACE(prog, opts, func_name && (!opts || offset_ok(OPT(opts, offset))), "kprobes");
}

struct bpf_link *bpf_program__attach_kprobe(const struct bpf_program *prog, bool retprobe, const char *func_name)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .retprobe = retprobe);

	return bpf_program__attach_kprobe_opts(prog, func_name, &opts);
}

struct bpf_link *bpf_program__attach_kprobe_multi_opts(const struct bpf_program *prog, const char *pattern,
						       const struct bpf_kprobe_multi_opts *opts)
{
	bool listed = OPT(opts, syms) || OPT(opts, addrs), ok = opts_ok(opts, sizeof(*opts), sizeof(size_t));

	/* A pattern, or one list of so many; not both. */
	if (ok)
		ok = pattern ? !listed && !OPT(opts, cookies) && !OPT(opts, cnt) :
			       listed && OPT(opts, cnt) && !(OPT(opts, syms) && OPT(opts, addrs));
	return NO_PLACE(prog, opts, ok && !(OPT(opts, retprobe) && OPT(opts, session)), "several kprobes at once");
}

struct bpf_link *bpf_program__attach_ksyscall(const struct bpf_program *prog, const char *syscall_name,
					      const struct bpf_ksyscall_opts *opts)
{
	return NO_PLACE(prog, opts, syscall_name, "system calls");
}

struct bpf_link *bpf_program__attach_uprobe_opts(const struct bpf_program *prog, pid_t pid __unused_arg,
						 const char *binary_path, size_t func_offset,
						 const struct bpf_uprobe_opts *opts)
{
	return NO_PLACE(prog, opts, binary_path && offset_ok(func_offset), "uprobes");
}

struct bpf_link *bpf_program__attach_uprobe(const struct bpf_program *prog, bool retprobe, pid_t pid,
					    const char *binary_path, size_t func_offset)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = retprobe);

	return bpf_program__attach_uprobe_opts(prog, pid, binary_path, func_offset, &opts);
}

struct bpf_link *bpf_program__attach_uprobe_multi(const struct bpf_program *prog, pid_t pid __unused_arg,
						  const char *binary_path, const char *func_pattern,
						  const struct bpf_uprobe_multi_opts *opts)
{
	bool listed = OPT(opts, syms) || OPT(opts, offsets), ok = binary_path && opts_ok(opts, sizeof(*opts), sizeof(size_t));

	if (ok)
		ok = func_pattern ? !listed && !OPT(opts, ref_ctr_offsets) && !OPT(opts, cookies) && !OPT(opts, cnt) :
				    listed && OPT(opts, cnt) && !(OPT(opts, syms) && OPT(opts, offsets));
	return NO_PLACE(prog, opts, ok, "several uprobes at once");
}

struct bpf_link *bpf_program__attach_usdt(const struct bpf_program *prog, pid_t pid __unused_arg,
					  const char *binary_path, const char *usdt_provider, const char *usdt_name,
					  const struct bpf_usdt_opts *opts)
{
	return NO_PLACE(prog, opts, binary_path && usdt_provider && usdt_name, "USDT probes");
}

struct bpf_link *bpf_program__attach_tracepoint_opts(const struct bpf_program *prog, const char *tp_category,
						     const char *tp_name, const struct bpf_tracepoint_opts *opts)
{
	return NO_PLACE(prog, opts, tp_category && tp_name, "tracepoints");
}

struct bpf_link *bpf_program__attach_tracepoint(const struct bpf_program *prog, const char *tp_category,
						const char *tp_name)
{
	return bpf_program__attach_tracepoint_opts(prog, tp_category, tp_name, NULL);
}

struct bpf_link *bpf_program__attach_perf_event_opts(const struct bpf_program *prog, int pfd,
						     const struct bpf_perf_event_opts *opts)
{
	return NO_PLACE(prog, opts, pfd >= 0, "perf events");
}

struct bpf_link *bpf_program__attach_perf_event(const struct bpf_program *prog, int pfd)
{
	return bpf_program__attach_perf_event_opts(prog, pfd, NULL);
}

struct bpf_link *bpf_program__attach_tracing_multi(const struct bpf_program *prog, const char *pattern,
						   const struct bpf_tracing_multi_opts *opts)
{
	bool ok = opts_ok(opts, sizeof(*opts), sizeof(size_t));

	if (ok)
		ok = pattern ? !OPT(opts, ids) && !OPT(opts, cookies) && !OPT(opts, cnt) : OPT(opts, ids) && OPT(opts, cnt);
	return NO_PLACE(prog, opts, ok, "several functions at once");
}

/* ---- what bpf(2) decides ------------------------------------------------------------------------------- */

struct bpf_link *bpf_program__attach_raw_tracepoint_opts(const struct bpf_program *prog, const char *tp_name,
							 struct bpf_raw_tracepoint_opts *opts)
{
	int err = check(prog, opts, sizeof(*opts), tp_name);

	if (err)
		return libbpf_err_ptr(err);
	return link_attached(prog, tp_name, sys_raw_tp_open(prog->obj->skep, prog->fd, tp_name, OPT(opts, cookie)));
}

struct bpf_link *bpf_program__attach_raw_tracepoint(const struct bpf_program *prog, const char *tp_name)
{
	return bpf_program__attach_raw_tracepoint_opts(prog, tp_name, NULL);
}

struct bpf_link *bpf_program__attach_trace_opts(const struct bpf_program *prog, const struct bpf_trace_opts *opts)
{
	int err = check(prog, opts, sizeof(*opts), true);

	if (err)
		return libbpf_err_ptr(err);
	return link_attached(prog, "what it was loaded for",
			     sys_raw_tp_open(prog->obj->skep, prog->fd, NULL, OPT(opts, cookie)));
}

struct bpf_link *bpf_program__attach_lsm(const struct bpf_program *prog)
{
	return bpf_program__attach_trace_opts(prog, NULL);
}

struct bpf_link *bpf_program__attach_iter(const struct bpf_program *prog, const struct bpf_iter_attach_opts *opts)
{
	LIBBPF_OPTS(bpf_link_create_opts, link_opts);
	int err = check(prog, opts, sizeof(*opts), true);

	if (err)
		return libbpf_err_ptr(err);
	link_opts.iter_info = OPT(opts, link_info);
	link_opts.iter_info_len = OPT(opts, link_info_len);
	return by_link(prog, 0, "iterator", &link_opts);
}

/* By descriptor, or index of a device, and nothing more. */
static struct bpf_link *by_target(const struct bpf_program *prog, int target, const char *what)
{
	int err = check(prog, NULL, 0, true);

	return err ? libbpf_err_ptr(err) : by_link(prog, target, what, NULL);
}

struct bpf_link *bpf_program__attach_cgroup(const struct bpf_program *prog, int cgroup_fd)
{
	return by_target(prog, cgroup_fd, "cgroup");
}

struct bpf_link *bpf_program__attach_netns(const struct bpf_program *prog, int netns_fd)
{
	return by_target(prog, netns_fd, "netns");
}

struct bpf_link *bpf_program__attach_sockmap(const struct bpf_program *prog, int map_fd)
{
	return by_target(prog, map_fd, "sockmap");
}

struct bpf_link *bpf_program__attach_xdp(const struct bpf_program *prog, int ifindex)
{
	return by_target(prog, ifindex, "xdp");
}

/* In an order that the caller knows: in front of or behind one that is told by descriptor or by id. */
struct order {
	__u32 flags, relative_fd, relative_id;
	__u64 expected_revision;
};

static bool order_ok(const struct order *o)
{
	return !(o->relative_fd && o->relative_id);
}

static struct bpf_link *in_order(const struct bpf_program *prog, int target, const char *what, const struct order *o)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = o->flags | (o->relative_id ? BPF_F_ID : 0));

	/* The members of tcx, netkit and cgroup are the same. */
	opts.tcx.relative_fd = o->relative_fd;
	opts.tcx.relative_id = o->relative_id;
	opts.tcx.expected_revision = o->expected_revision;
	return by_link(prog, target, what, &opts);
}

#define ORDER_OF(opts)                                                                             \
	{                                                                                          \
		OPT(opts, flags), OPT(opts, relative_fd), OPT(opts, relative_id), OPT(opts, expected_revision) \
	}

struct bpf_link *bpf_program__attach_cgroup_opts(const struct bpf_program *prog, int cgroup_fd,
						 const struct bpf_cgroup_opts *opts)
{
	const struct order order = ORDER_OF(opts);
	int err = check(prog, opts, sizeof(*opts), order_ok(&order));

	return err ? libbpf_err_ptr(err) : in_order(prog, cgroup_fd, "cgroup", &order);
}

struct bpf_link *bpf_program__attach_tcx(const struct bpf_program *prog, int ifindex, const struct bpf_tcx_opts *opts)
{
	const struct order order = ORDER_OF(opts);
	int err = check(prog, opts, sizeof(*opts), order_ok(&order) && ifindex > 0);

	return err ? libbpf_err_ptr(err) : in_order(prog, ifindex, "tcx", &order);
}

struct bpf_link *bpf_program__attach_netkit(const struct bpf_program *prog, int ifindex,
					    const struct bpf_netkit_opts *opts)
{
	const struct order order = ORDER_OF(opts);
	int err = check(prog, opts, sizeof(*opts), order_ok(&order) && ifindex > 0);

	return err ? libbpf_err_ptr(err) : in_order(prog, ifindex, "netkit", &order);
}

struct bpf_link *bpf_program__attach_netfilter(const struct bpf_program *prog, const struct bpf_netfilter_opts *opts)
{
	LIBBPF_OPTS(bpf_link_create_opts, link_opts);
	int err = check(prog, opts, sizeof(*opts), opts);

	if (err)
		return libbpf_err_ptr(err);
	link_opts.netfilter.pf = OPT(opts, pf);
	link_opts.netfilter.hooknum = OPT(opts, hooknum);
	link_opts.netfilter.priority = OPT(opts, priority);
	link_opts.netfilter.flags = OPT(opts, flags);
	return by_link(prog, 0, "netfilter", &link_opts);
}

/* ---- by the section's name ----------------------------------------------------------------------------- */

/* "kprobe/func+0x10": a function and how far in. L-10: not how far in front of it. */
static int check_probe(const struct bpf_program *prog)
{
	const char *func = strchr(prog->sec_name, '/'), *plus = func ? strpbrk(func, "+-") : NULL;
	char *end;

	if (!plus)
		return 0;
	errno = 0;
	if (*plus == '+' && strtol(plus + 1, &end, 0) >= 0 && !errno && end != plus + 1 && !*end)
		return 0;
	pr_warn("prog '%s': section '%s': the offset behind a function is 0 or more\n", prog->name, prog->sec_name);
	return -EINVAL;
}

struct bpf_link *attach_by_section(const struct bpf_program *prog)
{
	int err = link_not_loaded(prog);

	if (!err && prog->type == BPF_PROG_TYPE_KPROBE)
		err = check_probe(prog);
	if (err)
		return libbpf_err_ptr(err);
	if (prog->type == BPF_PROG_TYPE_EXT)
		return bpf_program__attach_trace(prog);
	pr_warn("prog '%s': not modelled: attaching programs of section '%s'\n", prog->name, prog->sec_name);
	return libbpf_err_ptr(-EOPNOTSUPP);
}

/* ---- maps and objects ------------------------------------------------------------------------------------ */

struct bpf_link *bpf_map__attach_struct_ops(const struct bpf_map *map)
{
	if (!map)
		return libbpf_err_ptr(-EINVAL);
	if (map->fd < 0) {
		pr_warn("map '%s': can't attach a map that was not created\n", map->name);
		return libbpf_err_ptr(-EINVAL);
	}
	if (map->type != BPF_MAP_TYPE_STRUCT_OPS)
		return libbpf_err_ptr(-EINVAL);
	pr_warn("map '%s': not modelled: attaching struct_ops maps\n", map->name);
	return libbpf_err_ptr(-EOPNOTSUPP);
}

int bpf_program__assoc_struct_ops(struct bpf_program *prog, struct bpf_map *map,
				  struct bpf_prog_assoc_struct_ops_opts *opts)
{
	if (!prog || !map || prog->fd < 0 || map->fd < 0 || prog->type == BPF_PROG_TYPE_STRUCT_OPS ||
	    map->type != BPF_MAP_TYPE_STRUCT_OPS)
		return libbpf_err(-EINVAL);
	return sys_assoc_struct_ops(prog->obj->skep, prog->fd, map->fd, opts);
}

int bpf_object__gen_loader(struct bpf_object *obj, struct gen_loader_opts *opts)
{
	if (!opts)
		return libbpf_err(-EFAULT);
	if (!obj || !opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	pr_warn("object '%s': not modelled: loader programs\n", obj->name);
	return libbpf_err(-EOPNOTSUPP);
}

int bpf_object__token_fd(const struct bpf_object *obj)
{
	NEED(obj);
	return -1; /* opening with bpf_token_path is refused, so no object has one */
}
