/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kstructs.h - what programs of this room are given: the kernel's names, our own layouts. Programs reach
 * it through the rows of ctx.c.
 */
#ifndef SKEP_CGROUP_KSTRUCTS_H
#define SKEP_CGROUP_KSTRUCTS_H

#include "net/kstructs.h"

/* struct sockaddr of both families: they agree about where the family and the port are. */
struct sockaddr_inet {
	u16 family, port; /* the port as on the wire */
	u32 addr4;
	u8 addr6[16];
};

struct bpf_sock_addr_kern {
	struct sock *sk;
	struct sockaddr_inet *uaddr;
	void *t_ctx; /* the source address of a message: 4 or 16 bytes */
};

struct bpf_sockopt_kern {
	struct sock *sk;
	u8 *optval, *optval_end;
	s32 level, optname, optlen;
	s32 *retval; /* the run's hook_ret */
};

struct bpf_sysctl_kern {
	const char *name; /* "net/ipv4/ip_forward" */
	const char *cur_val;
	char *new_val; /* what is being written, with room for SYSCTL_VAL_MAX bytes */
	u32 cur_len, new_len;
	bool new_updated; /* the program has replaced it */
	u32 write;
	u64 *ppos;
};
#define SYSCTL_VAL_MAX 4096

#endif
