/* SPDX-License-Identifier: BSD-2-Clause */
/* btfvalue.h - the bytes of a value as its type says, in bpftool's form. */
#ifndef SKEP_CLI_BTFVALUE_H
#define SKEP_CLI_BTFVALUE_H

#include "cli/jout.h"

/* @bytes: as many as the type has. */
void btfvalue_print(struct jout *j, const struct btf *btf, u32 type_id, const u8 *bytes);

#endif
