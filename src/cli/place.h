/* SPDX-License-Identifier: BSD-2-Clause */
/* place.h - where in the source an instruction stands, as the root of its repository sees it. */
#ifndef SKEP_CLI_PLACE_H
#define SKEP_CLI_PLACE_H

#include "cli/cli.h"

struct place {
	char *path;    /* NULL: not known */
	u32 line, col; /* 0: not known */
};

/* Of an instruction of @prog as it was loaded, or as far as loading came; @object: the file's path. What the object's
 * line information does not say stays 0. */
void place_of_insn(const struct bpf_object *obj, const struct bpf_program *prog, u32 insn_idx, const char *object,
		   struct place *ret);
void place_free(struct place *place);

/* @path from the root of its repository (the folder with .git above it), without one from the current folder where
 * it lies in that, else as it is. malloc()ed; NULL: no memory. */
char *place_relative(const char *path);

#endif
