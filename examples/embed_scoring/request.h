/* SPDX-License-Identifier: BSD-2-Clause */
/* request.h - the context that a plugin gets, shared by the host (C) and its plugins (BPF). Sizes are fixed. */
#ifndef REQUEST_H
#define REQUEST_H

struct request {
	__u32 client;	 /* who asks: key of the map "reputation" */
	__u32 size;	 /* bytes that it wants */
	__u32 path_hash; /* what it wants */
	__u32 retries;
	__u32 score;	 /* out: 0 is harmless */
	__u32 pad;
};

#define MAX_CLIENTS 64

#endif
