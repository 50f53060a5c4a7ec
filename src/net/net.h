/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.h - the simulated network: devices, XDP, tc and socket-filter programs with their contexts,
 * helpers and test runs.
 */
#ifndef SKEP_NET_NET_H
#define SKEP_NET_NET_H

#include "verifier/verifier.h"

struct skep;
struct net_device;

/* Registers program types, helpers and device "lo" (index 1). 0, -ENOMEM, -EEXIST. */
int net_register(struct skep *skep);

/* 0, -ENOMEM, -EINVAL (name or queues), -EEXIST (name). Indices count up from 2. Devices stay until
 * the instance ends. */
int net_dev_add(struct skep *skep, const char *name, u32 rx_queue_cnt, u32 *ret_ifindex);
/* NULL when there is none. */
struct net_device *net_dev_by_index(struct skep *skep, u32 ifindex);
const char *net_dev_name(const struct net_device *dev);

/* How fields of struct bpf_sock are found in struct sock (kstructs.h). */
#define SOCK_CONV_CNT 14
extern const struct ctx_conv sock_convs[SOCK_CONV_CNT];

/* BTF of the simulated kernel's structures (raw bytes, static): what CO-RE relocates onto when the
 * instance was given no other kernel's. */
const void *net_kernel_btf(u32 *ret_size);

#endif
