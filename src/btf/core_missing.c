/* SPDX-License-Identifier: BSD-2-Clause */
/* core_missing.c - refuses CO-RE relocations until core.c is there, and printing until print.c is. */
#include "btf/btf.h"

#include <errno.h>

int core_resolve(const struct skep_btf *local __unused_arg, const struct core_relo *relo __unused_arg,
		 const struct skep_btf *targ __unused_arg, struct core_spec_result *ret __unused_arg,
		 struct strbuf *err)
{
	strbuf_puts(err, "not modelled: CO-RE relocations");
	return -EOPNOTSUPP;
}

int core_patch(struct bpf_insn *insn __unused_arg, u32 insn_idx __unused_arg,
	       const struct core_relo *relo __unused_arg, const struct core_spec_result *res __unused_arg,
	       struct strbuf *err)
{
	strbuf_puts(err, "not modelled: CO-RE relocations");
	return -EOPNOTSUPP;
}

int btf_print_c(struct strbuf *out __unused_arg, const struct skep_btf *btf __unused_arg)
{
	return -EOPNOTSUPP;
}

void btf_print_raw(struct strbuf *out, const struct skep_btf *btf __unused_arg, u32 id)
{
	strbuf_printf(out, "[%u] not modelled: printing BTF\n", id);
}
