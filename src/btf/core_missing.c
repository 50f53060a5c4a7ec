/* SPDX-License-Identifier: BSD-2-Clause */
/* core_missing.c - refuses printing until print.c is there. */
#include "btf/btf.h"

#include <errno.h>

int btf_print_c(struct strbuf *out __unused_arg, const struct skep_btf *btf __unused_arg)
{
	return -EOPNOTSUPP;
}

void btf_print_raw(struct strbuf *out, const struct skep_btf *btf __unused_arg, u32 id)
{
	strbuf_printf(out, "[%u] not modelled: printing BTF\n", id);
}
