/* SPDX-License-Identifier: BSD-2-Clause */
/* Linked only while src/btf has no code: maps of these tests have no BTF. */
#include "btf/btf.h"

#include <stdlib.h>

void btf_get(const struct skep_btf *btf __unused_arg)
{
	abort();
}
void btf_put(const struct skep_btf *btf __unused_arg)
{
	abort();
}
bool btf_type_get(const struct skep_btf *btf __unused_arg, u32 id __unused_arg,
		  struct btf_t *ret_t __unused_arg)
{
	abort();
}
s64 btf_type_size(const struct skep_btf *btf __unused_arg, u32 id __unused_arg)
{
	abort();
}
u32 btf_skip_mods(const struct skep_btf *btf __unused_arg, u32 id __unused_arg)
{
	abort();
}
u32 btf_int_bits(const struct btf_t *t __unused_arg)
{
	abort();
}
