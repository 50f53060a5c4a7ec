/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_xdp.c - BPF_PROG_TEST_RUN of XDP programs.
 * Nothing is reset between repeats: a program that moves data_end moves it each time, as in Linux.
 */
#include "net/private.h"

#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define XDP_LINEAR_MAX (XDP_FRAME_SIZE - XDP_PACKET_HEADROOM - SKB_SHINFO_SIZE)

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
	int err = test_repeat_hooked(prog, run, xdp, &xdp_packet_hooks);

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
	err = test_data_in(run, 0, XDP_LINEAR_MAX);
	if (err)
		return err;
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
