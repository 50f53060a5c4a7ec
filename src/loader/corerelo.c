/* SPDX-License-Identifier: BSD-2-Clause */
/* corerelo.c - CO-RE: each record of .BTF.ext is resolved against the kernel's BTF and its insn
 * patched, before functions are linked together. */
#include "loader/internal.h"

#include "runtime/runtime.h"

#include <errno.h>
#include <string.h>

/* Kept until the verifier gets to the insn, if it does. */
static int keep_note(struct bpf_program *prog, u32 insn_idx, const struct strbuf *why)
{
	struct core_note note = { insn_idx, strdup(strbuf_str(why)) };

	if (note.text && vec_push(&prog->core_notes, note))
		return 0;
	free(note.text);
	return -ENOMEM;
}

static int resolve(struct bpf_program *prog, u32 idx, const struct core_relo *relo, const struct core_target *targ,
		   struct strbuf *why)
{
	struct core_spec_result res = { 0 };
	int err = core_resolve(prog->obj->btf.b, relo, targ, &res, why);

	if (err == -ENOENT && res.poison)
		err = keep_note(prog, idx, why);
	if (!err && prog->orig[idx].code == (BPF_LD | BPF_IMM | BPF_DW) && idx + 1 >= prog->sec_cnt)
		err = -EINVAL;
	return err ? err : core_patch(&prog->orig[idx], idx, relo, &res, why);
}

static int apply(struct bpf_program *prog, const struct core_target *targ, const struct btf_ext_rec *rec)
{
	struct strbuf why = { 0 };
	struct core_relo relo;
	u32 idx = rec->insn_off / sizeof(struct bpf_insn) - prog->sec_off;
	int err;

	memcpy(&relo, rec->rec, sizeof(relo));
	err = resolve(prog, idx, &relo, targ, &why);
	if (err)
		pr_warn("prog '%s': insn %u: failed to relocate (CO-RE): %s%s%s\n", prog->name, idx, ERR_STR(err),
			why.len ? ": " : "", strbuf_str(&why));
	else if (why.len)
		pr_debug("prog '%s': insn %u: %s\n", prog->name, idx, strbuf_str(&why));
	strbuf_free(&why);
	return err;
}

/* The kernel's BTF and its modules', found when the first relocation needs them. The running kernel's modules
 * are left out. */
static int find_target(struct bpf_object *obj, struct core_target *ret)
{
	ret->kernel = obj->custom_btf ? obj->custom_btf : object_kernel_btf(obj);
	if (!ret->kernel) {
		pr_warn("%s: it needs CO-RE relocations and there is no kernel BTF; give one with --kernel-btf "
			"or btf_custom_path\n", obj->path);
		return -ESRCH;
	}
	if (obj->skep && !obj->custom_btf)
		ret->modules = skep_module_btfs(obj->skep, &ret->module_cnt);
	return 0;
}

int core_relocate(struct bpf_object *obj)
{
	struct core_target targ = { 0 };
	const char *sec = NULL;
	u32 sec_idx = 0;
	int err = 0;

	for (u32 i = 0; obj->ext && i < obj->ext->core.rec_cnt && !err; i++) {
		const struct btf_ext_rec *rec = &obj->ext->core.recs[i];
		struct bpf_program *prog;

		if (rec->sec != sec)
			sec_idx = elf_find_section(obj, rec->sec);
		sec = rec->sec;
		prog = prog_at(obj, sec_idx, rec->insn_off / sizeof(struct bpf_insn));
		if (rec->insn_off % sizeof(struct bpf_insn) || !prog) {
			pr_warn("sec '%s': CO-RE relocation at offset %u: no instruction there\n", sec, rec->insn_off);
			return -EINVAL;
		}
		/* Subprograms may be needed by any program. */
		if (!prog->is_subprog && !prog->autoload)
			continue;
		if (!targ.kernel)
			err = find_target(obj, &targ);
		if (!err)
			err = apply(prog, &targ, rec);
	}
	return err;
}
