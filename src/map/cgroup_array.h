/* SPDX-License-Identifier: BSD-2-Clause */
/* cgroup_array.h - control groups as maps hold them, and maps of them as helpers ask them. */
#ifndef SKEP_MAP_CGROUP_ARRAY_H
#define SKEP_MAP_CGROUP_ARRAY_H

#include "map/map.h"

struct cgroup {
	u32 refs; /* atomic */
	struct rcu_item rcu;
	char path[]; /* in the hierarchy, as /proc/PID/cgroup has it: "/", "/a/b" */
};

/* One reference; NULL: no memory. */
struct cgroup *cgroup_new(const char *path);
void cgroup_put(struct cgroup *cgrp); /* the memory after a grace period */

/* What is in a place of the map, as long as the caller's read side lasts. -E2BIG: there is no such place; -EAGAIN:
 * it is empty. Signal handlers included. */
int cgroup_array_at(struct skep_map *map, u32 idx, const struct cgroup **ret_cgrp);

#endif
