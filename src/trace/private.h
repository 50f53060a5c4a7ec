/* SPDX-License-Identifier: BSD-2-Clause */
/* private.h - what the files of this room share. */
#ifndef SKEP_TRACE_PRIVATE_H
#define SKEP_TRACE_PRIVATE_H

struct skep;

/* stack.c. 0, -ENOMEM, -EEXIST. */
int stack_helpers_register(struct skep *skep);
/* given.c. The same. */
int given_helpers_register(struct skep *skep);

#endif
