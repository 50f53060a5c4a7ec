// SPDX-License-Identifier: BSD-2-Clause
/* small.bpf.c - what most programs are: a counter, a port filter, nothing at all. */
#include "shapes.h"

SEC("xdp") int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp") int counter(struct xdp_md *ctx)
{
	struct value *v = value_of(0);

	if (v)
		__sync_fetch_and_add(&v->words[0], 1);
	return XDP_PASS;
}

SEC("xdp") int filter(struct xdp_md *ctx)
{
	__u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;

	if (data + 42 > end)
		return XDP_PASS;
	if (data[12] != 8 || data[13] != 0 || data[23] != 17)
		return XDP_PASS;
	return data[36] == 0 && data[37] == 53 ? XDP_DROP : XDP_PASS;
}
