/* SPDX-License-Identifier: BSD-2-Clause */
/* mapview.h - what the maps of an object held before a run, and what changed since. */
#ifndef SKEP_CLI_MAPVIEW_H
#define SKEP_CLI_MAPVIEW_H

#include "cli/cli.h"

#include <stdio.h>

struct map_view;
/* Takes a copy of all elements, and listens to records. NULL: no memory. The object must outlive the view. */
struct map_view *mapview_take(struct bpf_object *obj);
void mapview_free(struct map_view *view);
/* Records in ring buffers and perf event arrays are consumed by this. */
void mapview_print_changes(struct map_view *view, FILE *to);
struct json_object *mapview_json_changes(struct map_view *view);

#endif
