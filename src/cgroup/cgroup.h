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

struct cgroup;
/* For map_objs: the control group that a directory's descriptor is, with a reference. -EBADF: none; -ENOMEM,
 * -ENAMETOOLONG. */
int host_cgroup_by_fd(void *ctx, int fd, struct cgroup **ret_cgrp);

#endif
