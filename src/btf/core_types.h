/* SPDX-License-Identifier: BSD-2-Clause */
/* core_types.h - CO-RE's three ways of saying that two types go together; private to btf. */
#ifndef SKEP_BTF_CORE_TYPES_H
#define SKEP_BTF_CORE_TYPES_H

#include "btf/btf.h"

#include <linux/bpf.h>

enum relo_class { RELO_BAD, RELO_FIELD, RELO_TYPE, RELO_ENUMVAL };

/* Length of a name without "___flavour". */
size_t core_essential_len(const char *name);

/* May a field of type @a be taken for one of type @b: same kind; numbers of any size and sign. */
bool core_fields_compatible(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b);
/* And all members and enumerators of @a are in @b, with types that match in turn. */
bool core_types_match(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b);

#endif
