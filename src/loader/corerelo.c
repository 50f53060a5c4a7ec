/* SPDX-License-Identifier: BSD-2-Clause */
/* corerelo.c - CO-RE: each record of .BTF.ext is resolved against the kernel's BTF and its insn
 * patched, before functions are linked together. */
#include "loader/internal.h"

#include "runtime/runtime.h"

#include <errno.h>
#include <string.h>

static struct bpf_program *prog_of(struct bpf_object *obj, const struct btf_ext_rec *rec)
{
	u32 insn = rec->insn_off / sizeof(struct bpf_insn);

	for (u32 i = 0; i < obj->prog_cnt; i++) {
		struct bpf_program *p = &obj->progs[i];

		if (!strcmp(p->sec_name, rec->sec) && insn >= p->sec_off && insn < p->sec_off + p->sec_cnt)
			return p;
	}
	return NULL;
}

static bool is_wanted(const struct bpf_object *obj, const struct bpf_program *prog)
{
	(void)obj;
	/* Subprograms may be needed by any program. */
	return prog->is_subprog || prog->autoload;
}

static int apply(struct bpf_object *obj, const struct skep_btf *targ, const struct btf_ext_rec *rec)
{
	struct bpf_program *prog = prog_of(obj, rec);
	struct core_spec_result res = { 0 };
	struct strbuf why = { 0 };
	struct core_relo relo;
	u32 idx;
	int err;

	if (rec->insn_off % sizeof(struct bpf_insn) || !prog) {
		pr_warn("%s: section %s: CO-RE relocation at offset %u: no instruction there\n", obj->path, rec->sec,
			rec->insn_off);
		return -LIBBPF_ERRNO__RELOC;
	}
	if (!is_wanted(obj, prog))
		return 0;
	memcpy(&relo, rec->rec, sizeof(relo));
	idx = rec->insn_off / sizeof(struct bpf_insn) - prog->sec_off;
	err = core_resolve(obj->btf.b, &relo, targ, &res, &why);
	if (err == -ENOENT && res.poison)
		err = 0; /* patched into an insn that the verifier refuses when it is reached */
	if (!err && prog->orig[idx].code == (BPF_LD | BPF_IMM | BPF_DW) && idx + 1 >= prog->sec_cnt)
		err = -LIBBPF_ERRNO__RELOC;
	if (!err)
		err = core_patch(&prog->orig[idx], idx, &relo, &res, &why);
	if (err)
		pr_warn("prog '%s': insn %u: CO-RE relocation failed: %s\n", prog->name, idx,
			why.len ? strbuf_str(&why) : strerror(err < 0 ? -err : err));
	else if (why.len)
		pr_debug("prog '%s': insn %u: %s\n", prog->name, idx, strbuf_str(&why));
	strbuf_free(&why);
	return err;
}

int core_relocate(struct bpf_object *obj)
{
	const struct skep_btf *targ = obj->custom_btf;
	int err = 0;

	if (!obj->ext || !obj->ext->core.rec_cnt)
		return 0;
	if (!targ)
		targ = skep_kernel_btf(obj->skep);
	if (!targ) {
		pr_warn("%s: it needs CO-RE relocations and there is no kernel BTF; give one with --kernel-btf "
			"or btf_custom_path\n", obj->path);
		return -ESRCH;
	}
	for (u32 i = 0; i < obj->ext->core.rec_cnt && !err; i++)
		err = apply(obj, targ, &obj->ext->core.recs[i]);
	return err;
}
