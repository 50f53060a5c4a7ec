/* SPDX-License-Identifier: BSD-2-Clause */
/* sk_storage.h - values of sockets: see sk_storage.c. From programs, as map_ops.lookup and the like. */
#ifndef SKEP_MAP_SK_STORAGE_H
#define SKEP_MAP_SK_STORAGE_H

#include "map/map.h"

void *sk_storage_find(struct skep_map *map, u64 cookie); /* NULL: it has none */
/* @value is copied. The value that there is afterwards; NULL: no memory, or a lock is not to be had. */
void *sk_storage_make(struct skep_map *map, u64 cookie, const void *value);
long sk_storage_drop(struct skep_map *map, u64 cookie); /* 0, -ENOENT, errors of locks */

#endif
