/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devices.c - bpf_tc_*() and bpf_xdp_*(), which talk netlink to Linux's network devices, and the consumer's other end
 * of user ring buffers. The arguments are checked as libbpf checks them; then a line says that skep has no such
 * place.
 */
#include "loader/internal.h"

#include <errno.h>

#define XDP_FLAGS_KNOWN 0x1f /* XDP_FLAGS_MASK of if_link.h */

static int no_place(const char *func)
{
	pr_warn("not modelled: %s: simulated devices take no programs\n", func);
	return libbpf_err(-EOPNOTSUPP);
}

int bpf_xdp_attach(int ifindex __unused_arg, int prog_fd __unused_arg, __u32 flags __unused_arg,
		   const struct bpf_xdp_attach_opts *opts)
{
	return opts_ok(opts, sizeof(*opts), sizeof(size_t)) ? no_place(__func__) : libbpf_err(-EINVAL);
}

int bpf_xdp_detach(int ifindex __unused_arg, __u32 flags __unused_arg, const struct bpf_xdp_attach_opts *opts)
{
	return opts_ok(opts, sizeof(*opts), sizeof(size_t)) ? no_place(__func__) : libbpf_err(-EINVAL);
}

int bpf_xdp_query(int ifindex __unused_arg, int flags, struct bpf_xdp_query_opts *opts)
{
	if (!opts || !opts_ok(opts, sizeof(*opts), sizeof(size_t)) || flags & ~XDP_FLAGS_KNOWN)
		return libbpf_err(-EINVAL);
	return no_place(__func__);
}

int bpf_xdp_query_id(int ifindex, int flags, __u32 *prog_id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);

	return prog_id ? bpf_xdp_query(ifindex, flags, &opts) : libbpf_err(-EINVAL);
}

/* ---- tc ---------------------------------------------------------------------------------------------- */

static bool hook_ok(const struct bpf_tc_hook *hook)
{
	return hook && opts_ok(hook, sizeof(*hook), sizeof(size_t)) && OPT(hook, ifindex) > 0;
}

int bpf_tc_hook_create(struct bpf_tc_hook *hook)
{
	u32 at = hook_ok(hook) ? OPT(hook, attach_point) : 0;

	if (!at || at & ~(BPF_TC_INGRESS | BPF_TC_EGRESS | BPF_TC_CUSTOM | BPF_TC_QDISC))
		return libbpf_err(-EINVAL);
	return at == BPF_TC_CUSTOM ? libbpf_err(-EOPNOTSUPP) : no_place(__func__);
}

int bpf_tc_hook_destroy(struct bpf_tc_hook *hook)
{
	return bpf_tc_hook_create(hook);
}

static bool tc_ok(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts)
{
	return hook_ok(hook) && opts && opts_ok(opts, sizeof(*opts), sizeof(size_t)) && OPT(opts, priority) <= UINT16_MAX;
}

int bpf_tc_attach(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts)
{
	if (!tc_ok(hook, opts) || !OPT(opts, prog_fd) || OPT(opts, prog_id) || OPT(opts, flags) & ~(u32)BPF_TC_F_REPLACE)
		return libbpf_err(-EINVAL);
	return no_place(__func__);
}

/* One filter, told by its two numbers. */
static int with_filter(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts, const char *func)
{
	if (!tc_ok(hook, opts) || OPT(opts, prog_fd) || OPT(opts, prog_id) || OPT(opts, flags) || !OPT(opts, handle) ||
	    !OPT(opts, priority))
		return libbpf_err(-EINVAL);
	return no_place(func);
}

int bpf_tc_detach(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts)
{
	return with_filter(hook, opts, __func__);
}

int bpf_tc_query(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts)
{
	return with_filter(hook, opts, __func__);
}

/* ---- user ring buffers: nobody has one, for there are no maps of that type ------------------------------- */

struct user_ring_buffer *user_ring_buffer__new(int map_fd, const struct user_ring_buffer_opts *opts)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	int err;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err_ptr(-EINVAL);
	err = bpf_map_get_info_by_fd(map_fd, &info, &len);
	if (err) {
		pr_warn("user ringbuf: failed to get map info for fd=%d: %s\n", map_fd, ERR_STR(err));
		return libbpf_err_ptr(err);
	}
	if (info.type != BPF_MAP_TYPE_USER_RINGBUF) {
		pr_warn("user ringbuf: map fd=%d is not BPF_MAP_TYPE_USER_RINGBUF\n", map_fd);
		return libbpf_err_ptr(-EINVAL);
	}
	pr_warn("not modelled: user ring buffers\n");
	return libbpf_err_ptr(-EOPNOTSUPP);
}

void *user_ring_buffer__reserve(struct user_ring_buffer *rb __unused_arg, __u32 size)
{
	return libbpf_err_ptr(size & (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT) ? -E2BIG : -EINVAL);
}

void *user_ring_buffer__reserve_blocking(struct user_ring_buffer *rb, __u32 size, int timeout_ms __unused_arg)
{
	return user_ring_buffer__reserve(rb, size);
}

void user_ring_buffer__submit(struct user_ring_buffer *rb __unused_arg, void *sample __unused_arg)
{
}

void user_ring_buffer__discard(struct user_ring_buffer *rb __unused_arg, void *sample __unused_arg)
{
}

void user_ring_buffer__free(struct user_ring_buffer *rb __unused_arg)
{
}
