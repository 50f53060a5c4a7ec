/* SPDX-License-Identifier: BSD-2-Clause */
/* private.h - what the files of this room share. */
#ifndef SKEP_CGROUP_PRIVATE_H
#define SKEP_CGROUP_PRIVATE_H

#include "cgroup/cgroup.h"
#include "cgroup/kstructs.h"
#include "net/net.h"
#include "runtime/runtime.h"

#include <errno.h>

/* ctx.c */
#define SOCK_ADDR_CONV_CNT 10
#define SOCKOPT_CONV_CNT 7
#define SYSCTL_CONV_CNT 2
extern const struct ctx_conv sock_addr_convs[SOCK_ADDR_CONV_CNT], sockopt_convs[SOCKOPT_CONV_CNT],
	sysctl_convs[SYSCTL_CONV_CNT];

/* run.c: Linux has no test run for any of these types. */
int sock_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int sock_addr_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int sockopt_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int sysctl_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);
int device_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run);

/* helpers.c */
int cgroup_helpers_register(struct skep *skep);

/* host.c */
int host_cgroup_register(struct skep *skep);

#endif
