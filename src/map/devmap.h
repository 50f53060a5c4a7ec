/* SPDX-License-Identifier: BSD-2-Clause */
/* devmap.h - what maps of devices share: places, and which may be put there. */
#ifndef SKEP_MAP_DEVMAP_H
#define SKEP_MAP_DEVMAP_H

#include "map/map.h"

/* struct bpf_devmap_val and struct bpf_cpumap_val. */
struct place {
	u32 what; /* ifindex; length of the queue */
	s32 prog;
};

/* Which devices there are. */
struct place_devs {
	bool (*exists)(void *ctx, u32 ifindex); /* NULL: there are none */
	void *ctx;
};

int devmap_check(const struct map_attr *attr);
struct place place_of_value(const struct skep_map *map, const void *value);
/* 0; -EINVAL: no such device; -EOPNOTSUPP: programs at a place are not modelled. */
int place_check_dev(const struct place_devs *devs, struct place given);

#endif
