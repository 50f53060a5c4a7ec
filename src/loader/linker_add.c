/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linker_add.c - one more object: its sections are put behind those of the same name, its symbols resolved, its
 * relocations checked and remembered. DWARF, and relocations of .BTF, are left out; so is an empty .text.
 */
#include "base/hash.h"
#include "loader/linker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_MAX      4096
#define SEC_SIZE_MAX   (UINT32_MAX / 4)
#define SHT_LLVM_FIRST 0x6fff4c00 /* .llvm_addrsig and the like */

#define R_BPF_64_64 1
#define R_BPF_64_32 10

static bool is_code(const struct elf_sec *sec)
{
	return sec->hdr.sh_flags & SHF_EXECINSTR;
}

static bool is_linked(const struct elf_sec *sec)
{
	if ((sec->hdr.sh_type != SHT_PROGBITS && sec->hdr.sh_type != SHT_NOBITS) || !(sec->hdr.sh_flags & SHF_ALLOC))
		return false;
	return sec->hdr.sh_size || !is_code(sec) || strcmp(sec->name, ".text");
}

static bool is_note(const char *name)
{
	return !strcmp(name, "license") || !strcmp(name, "version");
}

/* ---- sections -------------------------------------------------------------------------------------------- */

struct out_sec *linker_find_sec(const struct bpf_linker *l, const char *name)
{
	u64 *known = u64map_get(&l->sec_by_name, hash_bytes(name, strlen(name), 0));

	return known && !strcmp(l->secs.at[*known].name, name) ? &l->secs.at[*known] : NULL;
}

static struct out_sec *new_sec(struct bpf_linker *l, const struct elf_sec *sec)
{
	struct out_sec out = { .name = sec->name, .type = sec->hdr.sh_type, .flags = sec->hdr.sh_flags,
			       .entsize = sec->hdr.sh_entsize, .align = 1 };
	struct out_sym sym = { .name = sec->name, .sec = l->secs.cnt, .type = STT_SECTION };
	s64 idx = linker_new_symbol(l, &sym);

	if (idx < 0)
		return NULL;
	out.sym = (u32)idx;
	if (!u64map_put(&l->sec_by_name, hash_bytes(sec->name, strlen(sec->name), 0), l->secs.cnt) || !vec_push(&l->secs, out))
		return NULL;
	return &l->secs.at[l->secs.cnt - 1];
}

static int bad_sec(const struct linker_input *in, const struct elf_sec *sec, const char *what)
{
	pr_warn("linker: %s: section %s: %s\n", in->obj.path, sec->name, what);
	return -EINVAL;
}

/* "license" and "version" speak of the whole object: inputs must say the same. */
static int same_note(struct bpf_linker *l, const struct linker_input *in, const struct elf_sec *sec, u32 out)
{
	for (size_t i = 0; i < l->inputs.cnt; i++) {
		const struct linker_input *other = l->inputs.at[i];

		for (u32 k = 1; k < other->obj.sec_cnt; k++) {
			const struct elf_sec *have = &other->obj.secs[k];

			if (other->secs[k].out != out || other->secs[k].repeated || have == sec)
				continue;
			if (have->hdr.sh_size == sec->hdr.sh_size &&
			    (!sec->hdr.sh_size || (have->data && sec->data && !memcmp(have->data->d_buf, sec->data->d_buf, sec->hdr.sh_size))))
				return 0;
			pr_warn("linker: section %s: %s and %s do not say the same\n", sec->name, other->obj.path, in->obj.path);
			return -EINVAL;
		}
	}
	return 0;
}

static int place(struct bpf_linker *l, struct linker_input *in, u32 idx)
{
	const struct elf_sec *sec = &in->obj.secs[idx];
	u64 align = sec->hdr.sh_addralign ? sec->hdr.sh_addralign : 1;
	struct out_sec *out;

	if (align & (align - 1) || align > ALIGN_MAX)
		return bad_sec(in, sec, "an alignment that is no power of two up to 4096");
	if (is_code(sec)) {
		align = max_of(align, (u64)sizeof(struct bpf_insn));
		if (sec->hdr.sh_size % sizeof(struct bpf_insn) || sec->hdr.sh_type != SHT_PROGBITS)
			return bad_sec(in, sec, "no whole number of instructions");
	}
	out = linker_find_sec(l, sec->name);
	if (out && (out->type != sec->hdr.sh_type || out->flags != sec->hdr.sh_flags || out->entsize != sec->hdr.sh_entsize))
		return bad_sec(in, sec, "its type, flags or entry size differ from those in the objects before");
	if (out && is_note(sec->name)) {
		in->secs[idx] = (struct placed){ out - l->secs.at, 0, true };
		return same_note(l, in, sec, out - l->secs.at);
	}
	if (!out)
		out = new_sec(l, sec);
	if (!out)
		return -ENOMEM;
	in->secs[idx] = (struct placed){ out - l->secs.at, round_up_to(out->size, align), false };
	out->size = in->secs[idx].off + sec->hdr.sh_size;
	out->align = max_of(out->align, align);
	return out->size > SEC_SIZE_MAX ? bad_sec(in, sec, "too large together with the objects before") : 0;
}

static bool is_known_type(u32 type)
{
	return type == SHT_NULL || type == SHT_PROGBITS || type == SHT_NOBITS || type == SHT_SYMTAB || type == SHT_STRTAB ||
	       type == SHT_REL || type == SHT_RELA || (type >= SHT_LLVM_FIRST && type < SHT_LLVM_FIRST + 0x100);
}

static int place_all(struct bpf_linker *l, struct linker_input *in)
{
	for (u32 i = 1; i < in->obj.sec_cnt; i++) {
		const struct elf_sec *sec = &in->obj.secs[i];
		int err = 0;

		if (!is_known_type(sec->hdr.sh_type)) {
			pr_warn("linker: %s: section %s: type %u is none that can be linked\n", in->obj.path, sec->name,
				sec->hdr.sh_type);
			return -EINVAL;
		}
		if (is_linked(sec))
			err = place(l, in, i);
		if (err)
			return err;
	}
	return 0;
}

/* ---- relocations ----------------------------------------------------------------------------------------- */

bool linker_is_dead(const struct linker_input *in, u32 sec, u64 off)
{
	for (size_t i = 0; i < in->dead.cnt; i++) {
		const struct dead_range *d = &in->dead.at[i];

		if (d->sec == sec && off >= d->off && off - d->off < d->size)
			return true;
	}
	return false;
}

static const char *wrong_with(const struct linker_input *in, const struct elf_sec *to, const GElf_Rel *r)
{
	u64 sym = GELF_R_SYM(r->r_info), size = to->hdr.sh_size, width;
	u32 type = GELF_R_TYPE(r->r_info);

	if (sym >= in->obj.sym_cnt || in->syms[sym] == NO_PLACE)
		return "of no symbol that can be linked";
	if (!to->data)
		return "in a section without contents";
	if (is_code(to)) {
		if (type != R_BPF_64_64 && type != R_BPF_64_32)
			return "of a kind that no instruction has";
		width = type == R_BPF_64_64 ? 2 * sizeof(struct bpf_insn) : sizeof(struct bpf_insn);
		if (r->r_offset % sizeof(struct bpf_insn))
			return "between instructions";
	} else {
		/* R_BPF_64_ABS64 2, R_BPF_64_ABS32 3, R_BPF_64_NODYLD32 4 */
		if (type != R_BPF_64_32 && (type < R_BPF_64_64 || type > 4))
			return "of an unknown kind";
		width = type <= 2 ? 8 : 4;
	}
	return r->r_offset > size || width > size - r->r_offset ? "outside of its section" : NULL;
}

static int add_relocations(struct bpf_linker *l, struct linker_input *in, const struct elf_sec *rel)
{
	u32 sec = rel->hdr.sh_info;
	struct out_sec *out = &l->secs.at[in->secs[sec].out];
	size_t cnt = rel->data ? rel->data->d_size / sizeof(GElf_Rel) : 0;

	if (rel->hdr.sh_type == SHT_RELA)
		return bad_sec(in, rel, "relocations with addends are none of BPF's");
	for (size_t i = 0; i < cnt; i++) {
		const char *wrong;
		GElf_Rel r;

		memcpy(&r, (const char *)rel->data->d_buf + i * sizeof(r), sizeof(r));
		wrong = wrong_with(in, &in->obj.secs[sec], &r);
		if (wrong) {
			pr_warn("linker: %s: section %s: relocation at offset %llu: %s\n", in->obj.path,
				in->obj.secs[sec].name, (unsigned long long)r.r_offset, wrong);
			return -EINVAL;
		}
		if (!vec_push(&out->rels, ((struct out_rel){ l->inputs.cnt - 1, sec, GELF_R_SYM(r.r_info),
							      GELF_R_TYPE(r.r_info), r.r_offset })))
			return -ENOMEM;
	}
	return 0;
}

static int add_all_relocations(struct bpf_linker *l, struct linker_input *in)
{
	for (u32 i = 1; i < in->obj.sec_cnt; i++) {
		const struct elf_sec *rel = &in->obj.secs[i];
		int err;

		if ((rel->hdr.sh_type != SHT_REL && rel->hdr.sh_type != SHT_RELA) || in->secs[rel->hdr.sh_info].out == NO_PLACE ||
		    in->secs[rel->hdr.sh_info].repeated)
			continue;
		err = add_relocations(l, in, rel);
		if (err)
			return err;
	}
	return 0;
}

/* ---- an object ------------------------------------------------------------------------------------------- */

static u32 *no_places(u32 cnt)
{
	u32 *places = malloc((cnt ? cnt : 1) * sizeof(*places));

	if (places)
		memset(places, 0xff, cnt * sizeof(*places));
	return places;
}

static int index_btf(struct linker_input *in)
{
	const struct skep_btf *btf = in->obj.btf.b;
	struct btf_secvar sv;
	struct btf_t t;

	in->sym_of = no_places(btf_id_cnt(btf));
	in->datasec_of = calloc(btf_id_cnt(btf), sizeof(u32));
	in->new_ids = calloc(btf_id_cnt(btf), sizeof(u32));
	if (!in->sym_of || !in->datasec_of || !in->new_ids)
		return -ENOMEM;
	for (u32 id = 1; btf_type_get(btf, id, &t); id++) {
		for (u32 i = 0; t.kind == BTF_KIND_DATASEC && btf_secvar(&t, i, &sv); i++)
			if (sv.type < btf_id_cnt(btf))
				in->datasec_of[sv.type] = id;
	}
	return 0;
}

static int read_btf(struct linker_input *in)
{
	const struct elf_sec *ext = &in->obj.secs[elf_find_section(&in->obj, ".BTF.ext")];
	struct strbuf why = { 0 };
	int err = object_btf_parse(&in->obj);

	if (err || !in->obj.btf.b)
		return err;
	err = index_btf(in);
	if (err || !ext->data)
		return err;
	err = btf_ext_parse(ext->data->d_buf, ext->data->d_size, in->obj.btf.b, &in->obj.ext, &why);
	if (err)
		pr_warn("linker: %s: section .BTF.ext: %s\n", in->obj.path, strbuf_str(&why));
	strbuf_free(&why);
	if (!err && in->obj.ext->foreign)
		return bad_sec(in, ext, "of the other byte order");
	return err;
}

static int read_input(struct linker_input *in, const char *name, const void *mem, size_t size)
{
	int err;

	in->obj.path = strdup(name);
	in->obj.for_linking = true;
	if (!in->obj.path)
		return -ENOMEM;
	err = elf_open(&in->obj, in->obj.path, mem, size);
	if (err)
		return err;
	in->secs = calloc(in->obj.sec_cnt, sizeof(*in->secs));
	in->syms = no_places(in->obj.sym_cnt);
	if (!in->secs || !in->syms)
		return -ENOMEM;
	for (u32 i = 0; i < in->obj.sec_cnt; i++)
		in->secs[i].out = NO_PLACE;
	return read_btf(in);
}

int linker_add(struct bpf_linker *l, const char *name, const void *mem, size_t size)
{
	struct linker_input *in = calloc(1, sizeof(*in));
	int err;

	if (!in)
		return -ENOMEM;
	in->obj.elf_fd = -1;
	err = read_input(in, name, mem, size);
	if (err || !vec_push(&l->inputs, in)) {
		linker_input_free(in);
		return err ? err : -ENOMEM;
	}
	err = place_all(l, in);
	if (!err)
		err = linker_add_symbols(l, in);
	if (!err)
		err = add_all_relocations(l, in);
	return err;
}

void linker_input_free(struct linker_input *in)
{
	elf_close(&in->obj);
	btf_put(in->obj.btf.b);
	btf_ext_free(in->obj.ext);
	free(in->obj.path);
	free(in->secs);
	free(in->syms);
	free(in->sym_of);
	free(in->datasec_of);
	free(in->new_ids);
	vec_free(&in->dead);
	free(in);
}
