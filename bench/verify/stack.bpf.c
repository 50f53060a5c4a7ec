// SPDX-License-Identifier: BSD-2-Clause
/* stack.bpf.c - nearly all of the stack in use, across branches and loops, and given to helpers. */
#include "shapes.h"

SEC("xdp") int big_stack(struct xdp_md *ctx)
{
	volatile __u64 local[56];
	__u64 s = 0;

	for (int i = 0; i < 56; i++)
		local[i] = bpf_get_prandom_u32();
#define SUM                                                                                        \
	if (local[7] > 5)                                                                          \
		local[8] += 3;                                                                     \
	s += local[1] + local[55];                                                                 \
	HIDE(s);
	R64(SUM)
	return s & 1;
}

SEC("xdp") int stack_rounds(struct xdp_md *ctx)
{
	volatile __u64 local[56];
	__u64 s = 0;

#pragma unroll
	for (int i = 0; i < 56; i++)
		local[i] = i;
	for (int round = 0; round < 64; round++) {
		HIDE(round);
		if (bpf_get_prandom_u32() & 1)
			local[3] = round;
		s += local[round & 1 ? 3 : 4];
		HIDE(s);
	}
	return s & 1;
}

/* Filled and read through an offset that is not known. */
SEC("xdp") int stack_index(struct xdp_md *ctx)
{
	__u8 local[256] = { 0 };
	__u64 s = 0;

	for (int round = 0; round < 128; round++) {
		__u32 at = bpf_get_prandom_u32();

		HIDE(round);
		local[at & 255] = at;
		s += local[(at >> 8) & 255];
		HIDE(s);
	}
	return s & 1;
}
