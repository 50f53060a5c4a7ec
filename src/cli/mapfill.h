/* SPDX-License-Identifier: BSD-2-Clause */
/* mapfill.h - what maps hold before a program runs: "NAME:KEY=VALUE,...". */
#ifndef SKEP_CLI_MAPFILL_H
#define SKEP_CLI_MAPFILL_H

#include "cli/cli.h"

/* Into the maps of a loaded object. False: one line on stderr. */
bool mapfill(const struct bpf_object *obj, const char *path, const char *text);

#endif
