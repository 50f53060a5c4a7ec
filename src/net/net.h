/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.h - the simulated network: devices, XDP, tc and socket-filter programs with their contexts,
 * helpers and test runs.
 */
#ifndef SKEP_NET_NET_H
#define SKEP_NET_NET_H

#include "verifier/verifier.h"

struct skep;
struct xsk;
struct net_device;

/* Registers program types, helpers and device "lo" (index 1). 0, -ENOMEM, -EEXIST. */
int net_register(struct skep *skep);

/* 0, -ENOMEM, -EINVAL (name or queues), -EEXIST (name). Indices count up from 2. Devices stay until
 * the instance ends. */
int net_dev_add(struct skep *skep, const char *name, u32 rx_queue_cnt, u32 *ret_ifindex);
/* NULL when there is none. */
struct net_device *net_dev_by_index(struct skep *skep, u32 ifindex);
struct net_device *net_dev_by_name(struct skep *skep, const char *name);
const char *net_dev_name(const struct net_device *dev);
u32 net_dev_ifindex(const struct net_device *dev);
u32 net_dev_rx_queues(const struct net_device *dev);

/*
 * A packet that left a program: by XDP_TX, by a redirect, or as a clone. Nothing travels on from the
 * device or CPU where it arrives; it is counted and shown to who wants to see it.
 */
struct net_sent {
	const struct net_device *dev; /* NULL: to a CPU, or there is no such device */
	s32 cpu;		      /* -1: to a device */
	const struct xsk *xsk;	      /* or to this socket */
	bool ingress;		      /* as if the device had received it */
	const void *data;	      /* from the Ethernet header on */
	u32 len;
	int err; /* -ENODEV, -EMSGSIZE (longer than the device takes), -EINVAL (no target), -ENETUNREACH,
		    -EHOSTUNREACH (no route there, no neighbour): dropped */
};
typedef void (*net_sent_fn)(void *ctx, const struct net_sent *sent);
/* Calls @fn on the running thread, inside the program's run, for each such packet. NULL: nobody. Not
 * while programs run. */
void net_on_sent(struct skep *skep, net_sent_fn fn, void *ctx);

struct net_counts {
	u64 tx_packets, tx_bytes, rx_packets, rx_bytes; /* rx: redirected into it */
};
void net_dev_counts(const struct net_device *dev, struct net_counts *ret);
u64 net_dropped(struct skep *skep); /* packets with err */

/* How fields of struct bpf_sock are found in struct sock (kstructs.h). */
#define SOCK_CONV_CNT 14
extern const struct ctx_conv sock_convs[SOCK_CONV_CNT];

/* As skep_route_add(), skep_neigh_add(), skep_dev_forward(). */
struct skep_route;
struct skep_neigh;
int net_route_add(struct skep *skep, const struct skep_route *route);
int net_neigh_add(struct skep *skep, const struct skep_neigh *neigh);
int net_dev_forward(struct skep *skep, u32 ifindex, bool on);

struct skep_sock;
int net_sock_add(struct skep *skep, const struct skep_sock *desc); /* as skep_sock_add() */

struct sock;
/* bpf_setsockopt(), bpf_getsockopt(): 0 or Linux's negative errno. Only inside a run; a getsockopt() that fails
 * leaves zeros. */
int sock_setsockopt(struct sock *sk, s32 level, s32 name, const void *optval, u32 len);
int sock_getsockopt(struct sock *sk, s32 level, s32 name, void *optval, u32 len);
/* The socket of a run ends with it. */
void net_sock_end(struct sock *sk);
/* For helpers: the number that only this socket has, 0 of NULL. */
u64 net_sock_cookie(struct sock *sk);

/* BTF of the simulated kernel's structures (raw bytes, static): what CO-RE relocates onto when the
 * instance was given no other kernel's. */
const void *net_kernel_btf(u32 *ret_size);

#endif
