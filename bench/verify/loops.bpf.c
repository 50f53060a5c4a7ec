// SPDX-License-Identifier: BSD-2-Clause
/* loops.bpf.c - bounded loops, alone and nested, with and without branches inside. */
#include "shapes.h"

#define COUNTED(name, limit)                                                                       \
	SEC("xdp") int name(struct xdp_md *ctx)                                                    \
	{                                                                                          \
		struct value *v = value_of(0);                                                     \
		__u64 s = 0;                                                                       \
		if (!v)                                                                            \
			return 0;                                                                  \
		for (__u32 i = 0; i < (limit); i++) {                                              \
			HIDE(i);                                                                   \
			s += v->words[i & 63];                                                     \
		}                                                                                  \
		return s & 1;                                                                      \
	}
COUNTED(loop_1k, 1000)
COUNTED(loop_10k, 10000)

SEC("xdp") int nested(struct xdp_md *ctx)
{
	struct value *v = value_of(0);
	__u64 s = 0;

	if (!v)
		return 0;
	for (__u32 i = 0; i < 24; i++) {
		HIDE(i);
		for (__u32 j = 0; j < 24; j++) {
			HIDE(j);
			for (__u32 k = 0; k < 24; k++) {
				HIDE(k);
				s += v->words[(i + j + k) & 63];
			}
		}
	}
	return s & 1;
}

/* Branches in the loop that leave something behind: states differ and yet cover each other. */
SEC("xdp") int branchy(struct xdp_md *ctx)
{
	struct value *v = value_of(0);
	__u64 s = 0, seen = 0;

	if (!v)
		return 0;
	for (__u32 i = 0; i < 60; i++) {
		HIDE(i);
		__u64 x = v->words[i];

		if (x == 3)
			seen |= 1;
		else if (x > 1000)
			seen |= 2;
		if (x & 8)
			s += 1;
		HIDE(s);
		HIDE(seen);
	}
	return (s + seen) & 1;
}

/* A search that may end at any round. */
SEC("xdp") int search(struct xdp_md *ctx)
{
	struct value *v = value_of(0), *w = value_of(1);
	__u32 found = 0;

	if (!v || !w)
		return 0;
	for (__u32 i = 0; i < 60; i++) {
		HIDE(i);
		for (__u32 j = 0; j < 60; j++) {
			HIDE(j);
			if (w->words[j] == v->words[i]) {
				found = i + j;
				break;
			}
		}
	}
	return found & 1;
}
