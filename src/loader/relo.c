/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relo.c - ELF relocations of program sections: each becomes one struct relo of the program that
 * holds its insn. What it points to is known now; descriptors and distances come at load.
 */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define R_BPF_64_64 1
#define R_BPF_64_32 10

/* Programs are sorted by section and place. */
struct bpf_program *prog_at(struct bpf_object *obj, u32 sec_idx, u64 insn)
{
	u32 lo = 0, hi = obj->prog_cnt;
	struct bpf_program *p;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		p = &obj->progs[mid];
		if (p->sec_idx < sec_idx || (p->sec_idx == sec_idx && p->sec_off + p->sec_cnt <= insn))
			lo = mid + 1;
		else
			hi = mid;
	}
	p = lo < obj->prog_cnt ? &obj->progs[lo] : NULL;
	return p && p->sec_idx == sec_idx && p->sec_off <= insn ? p : NULL;
}

static int by_insn(const void *a, const void *b)
{
	const struct relo *x = a, *y = b;

	return x->insn_idx < y->insn_idx ? -1 : x->insn_idx > y->insn_idx;
}

const struct relo *relo_of(const struct bpf_program *prog, u32 insn_idx)
{
	struct relo key = { .insn_idx = insn_idx };

	if (!prog->relos.cnt)
		return NULL;
	return bsearch(&key, prog->relos.at, prog->relos.cnt, sizeof(key), by_insn);
}

static int bad_relo(const struct bpf_object *obj, u32 sec_idx, u64 off, const char *what, const char *sym)
{
	pr_warn("%s: section %s: relocation at offset %llu: %s%s%s%s\n", obj->path, obj->secs[sec_idx].name,
		(unsigned long long)off, what, sym ? " '" : "", sym ? sym : "", sym ? "'" : "");
	return -LIBBPF_ERRNO__RELOC;
}

/* Insn that a function symbol, or a section symbol with the distance in the insn, stands for: for a
 * static function the compiler names only the section. */
static int code_target(const struct bpf_object *obj, const struct elf_sym *sym, s64 imm, u64 *ret_insn)
{
	u64 base = sym->value;

	if (base % sizeof(struct bpf_insn))
		return -LIBBPF_ERRNO__RELOC;
	*ret_insn = base / sizeof(struct bpf_insn);
	if (sym->type == STT_SECTION)
		*ret_insn += imm + 1;
	return *ret_insn < obj->secs[sym->sec].hdr.sh_size / sizeof(struct bpf_insn) ? 0 : -LIBBPF_ERRNO__RELOC;
}

static int call_relo(struct bpf_object *obj, u32 sec_idx, u64 off, const struct elf_sym *sym,
		     const struct bpf_insn *insn, struct relo *relo)
{
	bool func = insn->code == (BPF_LD | BPF_IMM | BPF_DW);
	u64 target;

	/* A function's address counts in bytes, a call's distance in insns. */
	if (func && (insn->imm % (s32)sizeof(*insn)))
		return bad_relo(obj, sec_idx, off, "not the start of a function:", sym->name);
	if (code_target(obj, sym, func ? insn->imm / (s32)sizeof(*insn) - 1 : insn->imm, &target))
		return bad_relo(obj, sec_idx, off, "not the start of a function:", sym->name);
	relo->kind = func ? RELO_FUNC : RELO_CALL;
	relo->sec = sym->sec;
	relo->target = target;
	return 0;
}

static int extern_relo(struct bpf_object *obj, u32 sec_idx, u64 off, const struct elf_sym *sym, bool call,
		       struct relo *relo)
{
	int idx = extern_by_name(obj, sym->name);
	const struct extern_sym *ext;

	if (idx < 0)
		return bad_relo(obj, sec_idx, off, "extern of no BTF section .kconfig or .ksyms,", sym->name);
	ext = &obj->externs.at[idx];
	if (call != ext->is_func && (call || ext->is_kconfig))
		return bad_relo(obj, sec_idx, off, "calls what is no function,", sym->name);
	relo->ext_idx = idx;
	relo->kind = call ? RELO_KFUNC : RELO_KSYM;
	if (!ext->is_kconfig)
		return 0;
	relo->kind = RELO_DATA;
	relo->map_idx = obj->kconfig_map;
	relo->off = ext->off;
	return 0;
}

static int one_relo(struct bpf_object *obj, u32 sec_idx, u64 off, const struct elf_sym *sym,
		    const struct bpf_insn *insn, struct relo *relo)
{
	bool wide = insn->code == (BPF_LD | BPF_IMM | BPF_DW);
	bool call = insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
	const struct elf_sec *sec;

	if (!wide && !call)
		return bad_relo(obj, sec_idx, off, "of an instruction that cannot have one, symbol", sym->name);
	if (!sym->sec)
		return extern_relo(obj, sec_idx, off, sym, call, relo);
	if (sym->sec >= obj->sec_cnt)
		return bad_relo(obj, sec_idx, off, "against a symbol of no section,", sym->name);
	sec = &obj->secs[sym->sec];
	if (sec->kind == SEC_PROGS)
		return call_relo(obj, sec_idx, off, sym, insn, relo);
	if (call)
		return bad_relo(obj, sec_idx, off, "calls what is no function,", sym->name);
	if (sec->kind == SEC_MAPS) {
		relo->kind = RELO_MAP;
		relo->map_idx = map_by_sec(obj, sym->sec, sym->value);
		if (relo->map_idx < 0)
			return bad_relo(obj, sec_idx, off, "no map is defined at", sym->name);
		return 0;
	}
	if (sec->map_idx < 0)
		return bad_relo(obj, sec_idx, off, "against section", sec->name);
	relo->kind = RELO_DATA;
	relo->map_idx = sec->map_idx;
	relo->off = sym->value;
	return 0;
}

static int collect_section(struct bpf_object *obj, const struct elf_sec *rel)
{
	u32 sec_idx = rel->hdr.sh_info, cnt = rel->data ? rel->data->d_size / sizeof(GElf_Rel) : 0;
	const struct elf_sec *sec = &obj->secs[sec_idx];

	for (u32 i = 0; i < cnt; i++) {
		struct bpf_program *prog;
		struct relo relo = { 0 };
		GElf_Rel r;
		u64 insn, sym;
		u32 type;
		int err;

		memcpy(&r, (const char *)rel->data->d_buf + i * sizeof(r), sizeof(r));
		sym = GELF_R_SYM(r.r_info);
		type = GELF_R_TYPE(r.r_info);
		insn = r.r_offset / sizeof(struct bpf_insn);
		if (r.r_offset % sizeof(struct bpf_insn) || r.r_offset >= sec->hdr.sh_size || sym >= obj->sym_cnt)
			return bad_relo(obj, sec_idx, r.r_offset, "offset or symbol out of range", NULL);
		if (type != R_BPF_64_64 && type != R_BPF_64_32)
			return bad_relo(obj, sec_idx, r.r_offset, "of a kind that no instruction has, symbol",
					obj->syms[sym].name);
		prog = prog_at(obj, sec_idx, insn);
		if (!prog)
			continue; /* of a weak function that lost when objects were linked: nothing runs it */
		relo.insn_idx = insn - prog->sec_off;
		err = one_relo(obj, sec_idx, r.r_offset, &obj->syms[sym], &prog->orig[relo.insn_idx], &relo);
		if (err)
			return err;
		if (relo.kind != RELO_CALL && relo.kind != RELO_KFUNC && relo.insn_idx + 1 >= prog->sec_cnt)
			return bad_relo(obj, sec_idx, r.r_offset, "of a cut instruction, symbol", obj->syms[sym].name);
		if (!vec_push(&prog->relos, relo))
			return -ENOMEM;
	}
	return 0;
}

static int sort_relos(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->prog_cnt; i++) {
		struct bpf_program *p = &obj->progs[i];

		if (!p->relos.cnt)
			continue;
		qsort(p->relos.at, p->relos.cnt, sizeof(*p->relos.at), by_insn);
		for (size_t k = 1; k < p->relos.cnt; k++) {
			if (p->relos.at[k].insn_idx == p->relos.at[k - 1].insn_idx)
				return bad_relo(obj, p->sec_idx,
						(u64)(p->sec_off + p->relos.at[k].insn_idx) * sizeof(struct bpf_insn),
						"the second of one instruction, in", p->name);
		}
	}
	return 0;
}

int relos_collect(struct bpf_object *obj)
{
	int err = 0;

	for (u32 i = 1; i < obj->sec_cnt && !err; i++) {
		const struct elf_sec *rel = &obj->secs[i];

		if (rel->hdr.sh_type == SHT_REL && obj->secs[rel->hdr.sh_info].kind == SEC_PROGS)
			err = collect_section(obj, rel);
	}
	return err ? err : sort_relos(obj);
}
