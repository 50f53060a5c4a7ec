/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_xdp.c - BPF_PROG_TEST_RUN of XDP programs, and what all test runs of this room share.
 * Nothing is reset between repeats: a program that moves data_end moves it each time, as in Linux.
 */
#include "net/private.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define XDP_LINEAR_MAX (XDP_FRAME_SIZE - XDP_PACKET_HEADROOM - SKB_SHINFO_SIZE)

/* ---- shared by all test runs ---------------------------------------------------------------- */

int test_finish_data(struct test_run *run, const void *data, u32 size)
{
	u32 room = run->data_size_out, copy = size;
	int err = 0;

	if (room && size > room) {
		copy = room;
		err = -ENOSPC;
	}
	if (run->data_out)
		memcpy(run->data_out, data, copy);
	run->data_size_out = size;
	return err;
}

int test_ctx_in(const struct test_run *run, void *ctx, u32 size, bool *ret_given)
{
	const u8 *in = run->ctx_in;

	memset(ctx, 0, size);
	*ret_given = in || run->ctx_out;
	if (!in)
		return 0;
	for (u32 i = size; i < run->ctx_size_in; i++)
		if (in[i])
			return -E2BIG;
	memcpy(ctx, in, min_of(size, run->ctx_size_in));
	return 0;
}

int test_ctx_out(struct test_run *run, const void *ctx, u32 size)
{
	u32 copy = min_of(size, run->ctx_size_out);
	int err = copy < size ? -ENOSPC : 0;

	if (!run->ctx_out)
		return 0;
	memcpy(run->ctx_out, ctx, copy);
	run->ctx_size_out = size;
	return err;
}

struct repeat {
	void *ctx;
	u32 left;
};

static void *next_ctx(void *arg, u32 prev_ret __unused_arg)
{
	struct repeat *r = arg;

	return r->left-- ? r->ctx : NULL;
}

int test_repeat(struct skep_prog *prog, struct test_run *run, void *hook_ctx)
{
	struct repeat r = { hook_ctx, run->repeat ? run->repeat : 1 };
	/* A thread's first vCPU takes its time (it registers with RCU); that is no run of the program. */
	struct vcpu *vcpu = vcpu_enter(skep_vcpus(skep_prog_skep(prog)));
	u64 start = host_now_ns(), cnt;

	if (!vcpu)
		return -EAGAIN;
	run->retval = skep_prog_run_batch(prog, next_ctx, &r, &cnt);
	if (cnt)
		run->duration_ns = (u32)min_of((host_now_ns() - start) / cnt, (u64)UINT_MAX);
	vcpu_leave(vcpu);
	return cnt ? 0 : -EAGAIN;
}

/* ---- XDP ------------------------------------------------------------------------------------ */

/* 0, or why struct xdp_md cannot be what a packet of @size bytes comes with. *ret_meta: bytes of
 * metadata that lead the data. */
static int check_md(const struct xdp_md *md, u32 size, u32 *ret_meta)
{
	u32 meta = md->data;

	if (md->data_meta || md->data > md->data_end || md->data_end > size)
		return -EINVAL;
	if (meta & 3 || meta > 255 || meta > XDP_PACKET_HEADROOM - XDP_FRAME_STRUCT)
		return -EINVAL;
	if (md->data_end < size)
		return -EOPNOTSUPP; /* the rest would be fragments: not modelled */
	*ret_meta = meta;
	return 0;
}

static int pick_queue(struct skep *skep, const struct xdp_md *md, struct xdp_rxq_info *rxq)
{
	if (md->egress_ifindex || (!md->ingress_ifindex && md->rx_queue_index))
		return -EINVAL;
	rxq->dev = net_dev_by_index(skep, md->ingress_ifindex ? md->ingress_ifindex : 1);
	if (!rxq->dev)
		return -ENODEV;
	if (md->rx_queue_index >= rxq->dev->real_num_rx_queues)
		return -EINVAL;
	rxq->queue_index = md->rx_queue_index;
	return 0;
}

static int xdp_run_frame(struct skep_prog *prog, struct test_run *run, struct xdp_buff *xdp,
			 struct xdp_md *md, bool md_given)
{
	u32 ingress = md->ingress_ifindex;
	int err = test_repeat(prog, run, xdp);

	if (err)
		return err;
	md->data = (u32)((u8 *)xdp->data - (u8 *)xdp->data_meta);
	md->data_end = (u32)((u8 *)xdp->data_end - (u8 *)xdp->data_meta);
	md->ingress_ifindex = ingress;
	err = test_finish_data(run, xdp->data_meta, md->data_end);
	return err || !md_given ? err : test_ctx_out(run, md, sizeof(*md));
}

int xdp_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run)
{
	u32 size = run->data_size_in, meta = 0;
	struct xdp_txq_info txq = { 0 };
	struct xdp_rxq_info rxq;
	struct skep_prog_info info;
	struct xdp_buff xdp;
	struct xdp_md md;
	bool md_given;
	u8 *frame;
	int err;

	skep_prog_info(prog, &info);
	if (info.attach_type == BPF_XDP_DEVMAP || info.attach_type == BPF_XDP_CPUMAP)
		return -EINVAL;
	if (run->flags & BPF_F_TEST_XDP_LIVE_FRAMES)
		return -EOPNOTSUPP; /* frames that travel on are not modelled */
	if (run->flags || run->batch_size)
		return -EINVAL;
	err = test_ctx_in(run, &md, sizeof(md), &md_given);
	if (!err && md_given)
		err = check_md(&md, size, &meta);
	if (err)
		return err;
	if (size < ETH_HLEN || size - meta < ETH_HLEN)
		return -EINVAL;
	if (size > XDP_LINEAR_MAX)
		return -EOPNOTSUPP; /* several buffers: not modelled */
	err = pick_queue(skep, &md, &rxq);
	if (err)
		return err;
	frame = calloc(1, XDP_FRAME_SIZE);
	if (!frame)
		return -ENOMEM;
	txq.dev = rxq.dev;
	/* Metadata lies in the headroom, so that the packet starts where it always does. */
	xdp = (struct xdp_buff){ .data_hard_start = frame,
				 .data_meta = frame + XDP_PACKET_HEADROOM - meta,
				 .data = frame + XDP_PACKET_HEADROOM,
				 .data_end = frame + XDP_PACKET_HEADROOM - meta + size,
				 .rxq = &rxq, .txq = &txq, .frame_sz = XDP_FRAME_SIZE };
	memcpy(xdp.data_meta, run->data_in, size);
	err = xdp_run_frame(prog, run, &xdp, &md, md_given);
	free(frame);
	return err;
}
