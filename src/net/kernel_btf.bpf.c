/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_btf.bpf.c - compiled for its types only: the BTF of the simulated kernel, which CO-RE
 * relocates programs onto. It holds the types of kstructs.h and the user-visible contexts by value:
 * of what only pointers lead to the compiler keeps a declaration.
 */
#include <linux/bpf.h>
#include <stdbool.h>

/* base/types.h needs the host's libc, which has no headers for this target. */
#define SKEP_BASE_TYPES_H
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
#define BIT(n) (1U << (n))

#include "net/kstructs.h"

struct {
	struct sk_buff skb;
	struct xdp_buff xdp;
	struct net_device dev;
	struct skb_shared_info shinfo;
	struct bpf_skb_cb cb;
	struct __sk_buff uapi_skb;
	struct xdp_md uapi_xdp;
	enum xdp_action action;
	enum bpf_map_type map_type;
	enum bpf_prog_type prog_type;
	enum bpf_attach_type attach_type;
	enum bpf_cmd cmd;
} kernel_types;
