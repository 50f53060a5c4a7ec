/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgroup.h - programs that control groups run for their processes: on sockets and their addresses, socket
 * options, sysctls and devices. Programs on packets (CGROUP_SKB) are the network's.
 */
#ifndef SKEP_CGROUP_CGROUP_H
#define SKEP_CGROUP_CGROUP_H

struct skep;

/* Registers the program types. 0, -ENOMEM, -EEXIST. */
int cgroup_register(struct skep *skep);

#endif
