/* SPDX-License-Identifier: BSD-2-Clause */
/* ctx.c - how fields of this room's contexts are found. Devices are seen as they are. */
#include "cgroup/private.h"

#include <linux/bpf.h>

#define TWO(a, b) .load_cnt = 2, .load = { a, b }
#define ADDR(field, to) { UAPI(bpf_sock_addr, field), TWO(STEP(bpf_sock_addr_kern, uaddr), STEP(sockaddr_inet, to)) }
#define SOCK(field, to) { UAPI(bpf_sock_addr, field), TWO(STEP(bpf_sock_addr_kern, sk), STEP(sock, to)) }

const struct ctx_conv sock_addr_convs[] = {
	ADDR(user_family, family),
	ADDR(user_ip4, addr4),
	ADDR(user_ip6, addr6),
	ADDR(user_port, port),
	SOCK(family, __sk_common.skc_family),
	SOCK(type, sk_type),
	SOCK(protocol, sk_protocol),
	{ UAPI(bpf_sock_addr, msg_src_ip4), TWO(STEP(bpf_sock_addr_kern, t_ctx), { .size = 4 }) },
	{ UAPI(bpf_sock_addr, msg_src_ip6), TWO(STEP(bpf_sock_addr_kern, t_ctx), { .size = 16 }) },
	{ UAPI(bpf_sock_addr, sk), ONE(bpf_sock_addr_kern, sk) },
};

#define OPT(field) { UAPI(bpf_sockopt, field), ONE(bpf_sockopt_kern, field) }
const struct ctx_conv sockopt_convs[] = {
	OPT(sk), OPT(optval), OPT(optval_end), OPT(level), OPT(optname), OPT(optlen),
	{ UAPI(bpf_sockopt, retval), TWO(STEP(bpf_sockopt_kern, retval), { .size = 4 }) },
};

const struct ctx_conv sysctl_convs[] = {
	{ UAPI(bpf_sysctl, write), ONE(bpf_sysctl_kern, write) },
	/* The lower half; offsets in such files are small. */
	{ UAPI(bpf_sysctl, file_pos), TWO(STEP(bpf_sysctl_kern, ppos), { .size = 4 }) },
};
