/* SPDX-License-Identifier: BSD-2-Clause */
/* mapfill.h - what maps hold before a program runs, and afterwards: "NAME:KEY=VALUE,...". */
#ifndef SKEP_CLI_MAPFILL_H
#define SKEP_CLI_MAPFILL_H

#include "cli/cli.h"

/* Into the maps of a loaded object. False: one line on stderr. */
bool mapfill(const struct bpf_object *obj, const char *path, const char *text);
/* Are they there, with these values? Of a per-CPU map on one CPU. False: one line on stderr says what there is. */
bool mapfill_check(const struct bpf_object *obj, const char *path, const char *text);

#endif
