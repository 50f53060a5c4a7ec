/* SPDX-License-Identifier: BSD-2-Clause */
/* records.h - what programs send to user space through a ring buffer or a perf event array. */
#ifndef SKEP_CLI_RECORDS_H
#define SKEP_CLI_RECORDS_H

#include "cli/cli.h"

#include <stdio.h>

struct records;

bool records_has(uint32_t map_type);
/* Before the run: a perf event array takes nothing until somebody listens. NULL: no memory, or no way to listen
 * (too many CPUs for the map). The map must outlive it. */
struct records *records_open(const struct bpf_map *map);
void records_close(struct records *rec); /* NULL is fine */
/* Reads what came so far. False: nothing ever came. NULL: nobody listened, so nothing. */
bool records_read(struct records *rec);
/* The record @at, counted from the first. False: there is none, or it is beyond those that are kept. */
bool records_get(const struct records *rec, u32 at, const u8 **ret_bytes, u32 *ret_size);
void records_print(const struct records *rec, const char *name, FILE *to);
/* Adds "records", "bytes", "lost", "data" to @obj. */
void records_json(const struct records *rec, struct json_object *obj);

#endif
