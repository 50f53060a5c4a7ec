/* SPDX-License-Identifier: BSD-2-Clause */
/* licences_none.c - the empty table of the first link, whose map scripts/gen_licences.py reads. */
#include "cli/licences.h"

#include <stddef.h>

const struct licence skep_licences[] = { { NULL, NULL, NULL, NULL, false } };
