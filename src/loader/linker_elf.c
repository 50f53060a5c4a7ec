/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linker_elf.c - the output file: sections with the contents of the inputs behind each other, their relocations,
 * .BTF, .BTF.ext, symbols (local ones first, as ELF wants) and names. libelf writes it into memory, so that whoever
 * copies it out knows at once whether all of it could be made.
 */
#include "loader/linker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef EM_BPF
#define EM_BPF 247
#endif
#define R_BPF_64_64    1
#define R_BPF_64_ABS64 2
#define R_BPF_64_32    10

struct writing {
	struct bpf_linker *l;
	Elf *elf;
	struct strbuf names; /* .strtab */
	VEC(void *) owned;   /* until the file is written */
	u32 strtab_idx, symtab_idx;
};

static int libelf_failed(const char *what)
{
	pr_warn("linker: %s: %s\n", what, elf_errmsg(-1));
	return -LIBBPF_ERRNO__LIBELF;
}

static u32 add_name(struct writing *w, const char *name)
{
	u32 off = w->names.len;

	if (!*name)
		return 0;
	strbuf_add(&w->names, name, strlen(name) + 1);
	return off;
}

/* ---- contents -------------------------------------------------------------------------------------------- */

static void add_to(u8 *at, u32 width, u64 more)
{
	u64 val = 0;

	memcpy(&val, at, width);
	val += more;
	memcpy(at, &val, width);
}

/* A relocation by a section has the rest of its distance in place: it grows by as much as that section moved. */
static void move_target(const struct bpf_linker *l, struct out_sec *out, const struct out_rel *r)
{
	const struct linker_input *in = l->inputs.at[r->input];
	const struct elf_sym *sym = &in->obj.syms[r->sym];
	u8 *at = out->data + in->secs[r->sec].off + r->off;
	u64 by;

	if (sym->type != STT_SECTION || sym->sec >= in->obj.sec_cnt)
		return;
	by = in->secs[sym->sec].off;
	if (!(out->flags & SHF_EXECINSTR))
		add_to(at, r->type == R_BPF_64_64 || r->type == R_BPF_64_ABS64 ? 8 : 4, by);
	else /* field imm; a call counts insns */
		add_to(at + 4, 4, r->type == R_BPF_64_32 ? by / sizeof(struct bpf_insn) : by);
}

static int fill(struct bpf_linker *l, struct out_sec *out)
{
	u32 idx = out - l->secs.at;

	if (out->type == SHT_NOBITS || !out->size)
		return 0;
	out->data = calloc(1, out->size);
	if (!out->data)
		return -ENOMEM;
	for (size_t i = 0; i < l->inputs.cnt; i++) {
		const struct linker_input *in = l->inputs.at[i];

		for (u32 k = 1; k < in->obj.sec_cnt; k++) {
			const Elf_Data *data = in->obj.secs[k].data;

			if (in->secs[k].out == idx && !in->secs[k].repeated && data)
				memcpy(out->data + in->secs[k].off, data->d_buf, data->d_size);
		}
	}
	for (size_t i = 0; i < out->rels.cnt; i++)
		move_target(l, out, &out->rels.at[i]);
	return 0;
}

/* ---- sections -------------------------------------------------------------------------------------------- */

/* @data is the caller's until the file is written. */
static int add_section(struct writing *w, const char *name, GElf_Shdr hdr, const void *data, u64 size, Elf_Type type)
{
	Elf_Scn *scn = elf_newscn(w->elf);
	Elf_Data *d = scn ? elf_newdata(scn) : NULL;
	GElf_Shdr have;

	if (!d || !gelf_getshdr(scn, &have))
		return libelf_failed("cannot add a section");
	d->d_buf = (void *)data;
	d->d_size = size;
	d->d_type = type;
	d->d_align = hdr.sh_addralign;
	d->d_version = EV_CURRENT;
	have.sh_name = add_name(w, name);
	have.sh_type = hdr.sh_type;
	have.sh_flags = hdr.sh_flags;
	have.sh_addralign = hdr.sh_addralign;
	have.sh_entsize = hdr.sh_entsize;
	have.sh_info = hdr.sh_info;
	have.sh_link = hdr.sh_link;
	return gelf_update_shdr(scn, &have) ? (int)elf_ndxscn(scn) : libelf_failed("cannot write a section's header");
}

static int add_contents(struct writing *w)
{
	for (size_t i = 0; i < w->l->secs.cnt; i++) {
		struct out_sec *out = &w->l->secs.at[i];
		GElf_Shdr hdr = { .sh_type = out->type, .sh_flags = out->flags, .sh_addralign = out->align,
				  .sh_entsize = out->entsize };
		int err = fill(w->l, out), idx;

		if (err)
			return err;
		idx = add_section(w, out->name, hdr, out->data, out->size, ELF_T_BYTE);
		if (idx < 0)
			return idx;
		out->elf_idx = (u32)idx;
	}
	return 0;
}

static int add_btf(struct writing *w, const struct btf *btf, const struct btf_ext *ext)
{
	GElf_Shdr hdr = { .sh_type = SHT_PROGBITS, .sh_addralign = 8 };
	const void *data;
	u32 size;
	int idx;

	if (!btf)
		return 0;
	data = btf__raw_data(btf, &size);
	if (!data)
		return -errno;
	idx = add_section(w, ".BTF", hdr, data, size, ELF_T_BYTE);
	if (idx < 0 || !ext)
		return min_of(idx, 0);
	data = btf_ext__raw_data(ext, &size);
	if (!data)
		return -errno;
	idx = add_section(w, ".BTF.ext", hdr, data, size, ELF_T_BYTE);
	return min_of(idx, 0);
}

static GElf_Sym elf_form(struct writing *w, const struct out_sym *sym)
{
	GElf_Sym s = { .st_value = sym->value, .st_size = sym->size };

	s.st_name = sym->type == STT_SECTION ? 0 : add_name(w, sym->name);
	s.st_info = GELF_ST_INFO(sym->bind, sym->type);
	s.st_other = sym->hidden ? STV_HIDDEN : STV_DEFAULT;
	s.st_shndx = sym->type == STT_FILE ? SHN_ABS : sym->sec == NO_PLACE ? SHN_UNDEF : w->l->secs.at[sym->sec].elf_idx;
	return s;
}

static int add_symbols(struct writing *w)
{
	GElf_Shdr hdr = { .sh_type = SHT_SYMTAB, .sh_addralign = 8, .sh_entsize = sizeof(GElf_Sym), .sh_info = 1 };
	struct bpf_linker *l = w->l;
	GElf_Sym *table = calloc(l->syms.cnt + 1, sizeof(*table));
	u32 cnt = 1;
	int idx;

	if (!table || !vec_push(&w->owned, table)) {
		free(table);
		return -ENOMEM;
	}
	for (int global = 0; global < 2; global++) {
		for (size_t i = 0; i < l->syms.cnt; i++) {
			if ((l->syms.at[i].bind != STB_LOCAL) != global)
				continue;
			table[cnt] = elf_form(w, &l->syms.at[i]);
			l->syms.at[i].elf_idx = cnt++;
			hdr.sh_info += !global;
		}
	}
	hdr.sh_link = w->strtab_idx;
	idx = add_section(w, ".symtab", hdr, table, cnt * sizeof(*table), ELF_T_SYM);
	w->symtab_idx = idx < 0 ? 0 : (u32)idx;
	return min_of(idx, 0);
}

static int add_relocations(struct writing *w, const struct out_sec *out)
{
	GElf_Shdr hdr = { .sh_type = SHT_REL, .sh_flags = SHF_INFO_LINK, .sh_addralign = 8, .sh_entsize = sizeof(GElf_Rel),
			  .sh_info = out->elf_idx, .sh_link = w->symtab_idx };
	GElf_Rel *rels = calloc(out->rels.cnt, sizeof(*rels));
	struct strbuf name = { 0 };
	size_t cnt = 0;
	int idx;

	if (!rels || !vec_push(&w->owned, rels)) {
		free(rels);
		return -ENOMEM;
	}
	for (size_t i = 0; i < out->rels.cnt; i++) {
		const struct out_rel *r = &out->rels.at[i];
		const struct linker_input *in = w->l->inputs.at[r->input];

		if (linker_is_dead(in, r->sec, r->off))
			continue;
		rels[cnt++] = (GElf_Rel){ in->secs[r->sec].off + r->off,
					  GELF_R_INFO((u64)w->l->syms.at[in->syms[r->sym]].elf_idx, r->type) };
	}
	if (!cnt)
		return 0;
	strbuf_printf(&name, ".rel%s", out->name);
	idx = name.oom ? -ENOMEM : add_section(w, strbuf_str(&name), hdr, rels, cnt * sizeof(*rels), ELF_T_REL);
	strbuf_free(&name);
	return min_of(idx, 0);
}

/* The section exists from the start, for others name its number; its contents come last. */
static int start_names(struct writing *w)
{
	GElf_Shdr hdr = { .sh_type = SHT_STRTAB, .sh_flags = SHF_STRINGS, .sh_addralign = 1 };
	int idx;

	strbuf_putc(&w->names, '\0');
	idx = add_section(w, ".strtab", hdr, NULL, 0, ELF_T_BYTE);
	w->strtab_idx = idx < 0 ? 0 : (u32)idx;
	return min_of(idx, 0);
}

static int end_names(struct writing *w)
{
	Elf_Data *d = elf_getdata(elf_getscn(w->elf, w->strtab_idx), NULL);

	if (w->names.oom)
		return -ENOMEM;
	if (!d)
		return libelf_failed("cannot write names");
	d->d_buf = w->names.str;
	d->d_size = w->names.len;
	return 0;
}

static int write_header(struct writing *w)
{
	GElf_Ehdr hdr;

	if (!gelf_newehdr(w->elf, ELFCLASS64) || !gelf_getehdr(w->elf, &hdr))
		return libelf_failed("cannot make a file");
	hdr.e_ident[EI_DATA] = ELFDATA2LSB;
	hdr.e_machine = EM_BPF;
	hdr.e_type = ET_REL;
	hdr.e_version = EV_CURRENT;
	hdr.e_shstrndx = 1; /* start_names() comes first */
	return gelf_update_ehdr(w->elf, &hdr) ? 0 : libelf_failed("cannot write the file's header");
}

static int write_all(struct writing *w, const struct btf *btf, const struct btf_ext *ext)
{
	int err = write_header(w);

	if (!err)
		err = start_names(w);
	if (!err)
		err = add_contents(w);
	if (!err)
		err = add_symbols(w);
	for (size_t i = 0; !err && i < w->l->secs.cnt; i++)
		if (w->l->secs.at[i].rels.cnt)
			err = add_relocations(w, &w->l->secs.at[i]);
	if (!err)
		err = add_btf(w, btf, ext);
	if (!err)
		err = end_names(w);
	if (!err && elf_update(w->elf, ELF_C_WRITE) < 0)
		err = libelf_failed("cannot write the file");
	return err;
}

int linker_write_elf(struct bpf_linker *l, const struct btf *btf, const struct btf_ext *ext, int *ret_fd)
{
	struct writing w = { .l = l };
	int fd = memfd_create("skep-link", MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	w.elf = elf_begin(fd, ELF_C_WRITE, NULL);
	err = w.elf ? write_all(&w, btf, ext) : libelf_failed("cannot make a file");
	if (w.elf)
		elf_end(w.elf);
	while (w.owned.cnt)
		free(vec_pop(&w.owned));
	vec_free(&w.owned);
	strbuf_free(&w.names);
	for (size_t i = 0; i < l->secs.cnt; i++) {
		free(l->secs.at[i].data);
		l->secs.at[i].data = NULL;
	}
	if (err) {
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}
