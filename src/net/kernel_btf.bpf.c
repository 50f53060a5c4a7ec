/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_btf.bpf.c - compiled for its types only: the BTF of the simulated kernel, which CO-RE
 * relocates programs onto. It holds the types of all rooms' kstructs.h and the user-visible contexts by value:
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

#include "cgroup/kstructs.h"
#include "net/kstructs.h"
#include "task/kstructs.h"
#include "trace/kstructs.h"

struct {
	struct sk_buff skb;
	struct xdp_buff xdp;
	struct net_device dev;
	struct skb_shared_info shinfo;
	struct bpf_skb_cb cb;
	struct tcp_sock tcp;
	struct bpf_flow_dissector flow;
	struct bpf_sock_ops_kern sock_ops;
	struct sk_msg msg;
	struct bpf_sk_lookup_kern lookup;
	struct sk_reuseport_kern reuseport;
	struct nf_hook_state nf_state;
	struct bpf_nf_ctx nf;
	struct bpf_sock_addr_kern sock_addr;
	struct sockaddr_inet sockaddr;
	struct bpf_sockopt_kern sockopt;
	struct bpf_sysctl_kern sysctl;
	struct task_struct task;
	struct pt_regs regs;
	struct perf_sample_data sample;
	struct bpf_perf_event_data_kern perf;
	struct __sk_buff uapi_skb;
	struct xdp_md uapi_xdp;
	struct bpf_sock uapi_sock;
	struct bpf_tcp_sock uapi_tcp_sock;
	struct bpf_flow_keys uapi_flow_keys;
	struct bpf_sock_ops uapi_sock_ops;
	struct sk_msg_md uapi_msg;
	struct bpf_sk_lookup uapi_lookup;
	struct sk_reuseport_md uapi_reuseport;
	struct bpf_sock_addr uapi_sock_addr;
	struct bpf_sockopt uapi_sockopt;
	struct bpf_sysctl uapi_sysctl;
	struct bpf_cgroup_dev_ctx uapi_device;
	enum xdp_action action;
	enum bpf_map_type map_type;
	enum bpf_prog_type prog_type;
	enum bpf_attach_type attach_type;
	enum bpf_cmd cmd;
} kernel_types;
