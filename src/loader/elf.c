/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf.c - the file: header, section table, symbols. libelf keeps reads inside the file; here every
 * index, size and string that the rest relies on is checked once. Messages name file, section, offset.
 */
#include "loader/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifndef EM_BPF
#define EM_BPF 247
#endif

static int check_header(struct bpf_object *obj)
{
	GElf_Ehdr eh;

	if (elf_kind(obj->elf) != ELF_K_ELF || !gelf_getehdr(obj->elf, &eh)) {
		pr_warn("elf: %s: not an ELF file\n", obj->path);
		return -LIBBPF_ERRNO__FORMAT;
	}
	if (eh.e_ident[EI_CLASS] != ELFCLASS64) {
		pr_warn("elf: %s: a 32-bit ELF file; BPF objects are 64-bit\n", obj->path);
		return -LIBBPF_ERRNO__FORMAT;
	}
	if (eh.e_ident[EI_DATA] != ELFDATA2LSB) {
		pr_warn("elf: %s: a big-endian object; compile with -target bpfel (or bpf on a little-endian host)\n",
			obj->path);
		return -LIBBPF_ERRNO__ENDIAN;
	}
	if (eh.e_type != ET_REL || (eh.e_machine != EM_BPF && eh.e_machine != EM_NONE)) {
		pr_warn("elf: %s: not a BPF object (machine %u, type %u); compile with -target bpf -c\n", obj->path,
			eh.e_machine, eh.e_type);
		return -LIBBPF_ERRNO__FORMAT;
	}
	return 0;
}

/* ".data" or ".data.mine". */
static bool is_or_below(const char *name, const char *base)
{
	size_t len = strlen(base);

	return !strncmp(name, base, len) && (!name[len] || name[len] == '.');
}

static enum sec_kind kind_of(const struct elf_sec *sec)
{
	const char *name = sec->name;

	if (sec->hdr.sh_type == SHT_PROGBITS && (sec->hdr.sh_flags & SHF_EXECINSTR))
		return sec->hdr.sh_size ? SEC_PROGS : SEC_OTHER;
	if (!strcmp(name, ".maps"))
		return SEC_MAPS;
	if (sec->hdr.sh_type == SHT_NOBITS && is_or_below(name, ".bss"))
		return SEC_BSS;
	if (sec->hdr.sh_type != SHT_PROGBITS || !(sec->hdr.sh_flags & SHF_ALLOC))
		return SEC_OTHER;
	if (is_or_below(name, ".rodata"))
		return SEC_RODATA;
	return is_or_below(name, ".data") ? SEC_DATA : SEC_OTHER;
}

static int read_section(struct bpf_object *obj, Elf_Scn *scn, size_t shstrndx)
{
	size_t idx = elf_ndxscn(scn);
	struct elf_sec *sec = &obj->secs[idx];

	if (!gelf_getshdr(scn, &sec->hdr) || !(sec->name = elf_strptr(obj->elf, shstrndx, sec->hdr.sh_name))) {
		pr_warn("elf: %s: section %zu: no header or name\n", obj->path, idx);
		return -LIBBPF_ERRNO__FORMAT;
	}
	if (sec->hdr.sh_type == SHT_NOBITS || !sec->hdr.sh_size) {
		sec->kind = kind_of(sec);
		if (sec->hdr.sh_size > UINT32_MAX / 4) {
			pr_warn("elf: %s: section %s: %llu bytes are too many\n", obj->path, sec->name,
				(unsigned long long)sec->hdr.sh_size);
			return -LIBBPF_ERRNO__FORMAT;
		}
		return 0;
	}
	sec->data = elf_rawdata(scn, NULL);
	if (!sec->data || !sec->data->d_buf || sec->data->d_size != sec->hdr.sh_size ||
	    sec->hdr.sh_size > UINT32_MAX / 4) {
		pr_warn("elf: %s: section %s at offset %llu: its %llu bytes are not all in the file, or cut an entry\n", obj->path,
			sec->name, (unsigned long long)sec->hdr.sh_offset, (unsigned long long)sec->hdr.sh_size);
		return -LIBBPF_ERRNO__FORMAT;
	}
	if (!strcmp(sec->name, "maps")) {
		pr_warn("elf: %s: legacy map definitions in 'maps' section at offset %llu are not supported by libbpf "
			"v1.0+; define maps in SEC(\".maps\")\n", obj->path, (unsigned long long)sec->hdr.sh_offset);
		return -EOPNOTSUPP;
	}
	if (!obj->for_linking && (is_or_below(sec->name, ".struct_ops") || is_or_below(sec->name, "?.struct_ops"))) {
		pr_warn("elf: %s: section %s: not modelled: struct_ops\n", obj->path, sec->name);
		return -EOPNOTSUPP;
	}
	sec->kind = kind_of(sec);
	if (sec->kind == SEC_OTHER && sec->hdr.sh_type == SHT_PROGBITS && sec->hdr.sh_flags & SHF_ALLOC &&
	    strcmp(sec->name, "license") && strcmp(sec->name, "version"))
		pr_info("elf: skipping unrecognized data section(%zu) %s\n", idx, sec->name);
	if (sec->kind == SEC_PROGS && sec->hdr.sh_size % sizeof(struct bpf_insn)) {
		pr_warn("elf: %s: section %s: %llu bytes are no whole number of instructions\n", obj->path, sec->name,
			(unsigned long long)sec->hdr.sh_size);
		return -LIBBPF_ERRNO__FORMAT;
	}
	return 0;
}

/* Most often the file was cut: the table stands at its end. */
static int no_sections(const struct bpf_object *obj)
{
	size_t size = 0;
	GElf_Ehdr eh;

	if (gelf_getehdr(obj->elf, &eh) && elf_rawfile(obj->elf, &size) && eh.e_shoff >= size)
		pr_warn("elf: %s: section table at offset %llu, but the file ends at %zu: is it cut?\n", obj->path,
			(unsigned long long)eh.e_shoff, size);
	else
		pr_warn("elf: %s: no usable section table\n", obj->path);
	return -LIBBPF_ERRNO__FORMAT;
}

static int read_sections(struct bpf_object *obj)
{
	size_t cnt, shstrndx;
	Elf_Scn *scn = NULL;
	int err;

	if (elf_getshdrnum(obj->elf, &cnt) || elf_getshdrstrndx(obj->elf, &shstrndx) || !cnt || cnt > 65536) {
		return no_sections(obj);
	}
	obj->secs = calloc(cnt, sizeof(*obj->secs));
	if (!obj->secs)
		return -ENOMEM;
	obj->sec_cnt = cnt;
	for (size_t i = 0; i < cnt; i++) {
		obj->secs[i].name = "";
		obj->secs[i].map_idx = -1;
	}
	while ((scn = elf_nextscn(obj->elf, scn))) {
		if (elf_ndxscn(scn) >= cnt)
			return -LIBBPF_ERRNO__FORMAT;
		err = read_section(obj, scn, shstrndx);
		if (err)
			return err;
	}
	return 0;
}

/* A string table entry that ends within the table. */
static const char *checked_string(const struct elf_sec *tab, u64 off)
{
	if (!tab->data || off >= tab->data->d_size || !memchr((char *)tab->data->d_buf + off, 0, tab->data->d_size - off))
		return NULL;
	return (char *)tab->data->d_buf + off;
}

static int read_symbols(struct bpf_object *obj)
{
	struct elf_sec *tab = NULL;
	const char *raw;

	for (u32 i = 1; i < obj->sec_cnt; i++) {
		if (obj->secs[i].hdr.sh_type == SHT_SYMTAB)
			tab = &obj->secs[i];
	}
	if (!tab || !tab->data || tab->hdr.sh_entsize != sizeof(GElf_Sym) || tab->hdr.sh_link >= obj->sec_cnt ||
	    tab->data->d_size % sizeof(GElf_Sym)) {
		pr_warn("elf: %s: no usable symbol table\n", obj->path);
		return -LIBBPF_ERRNO__FORMAT;
	}
	obj->sym_cnt = tab->data->d_size / sizeof(GElf_Sym);
	obj->syms = calloc(obj->sym_cnt ? obj->sym_cnt : 1, sizeof(*obj->syms));
	if (!obj->syms)
		return -ENOMEM;
	raw = tab->data->d_buf;
	for (u32 i = 0; i < obj->sym_cnt; i++) {
		struct elf_sym *sym = &obj->syms[i];
		GElf_Sym s;

		memcpy(&s, raw + (size_t)i * sizeof(s), sizeof(s)); /* wherever the file has them */
		sym->name = checked_string(&obj->secs[tab->hdr.sh_link], s.st_name);
		if (!sym->name || (s.st_shndx < SHN_LORESERVE && s.st_shndx >= obj->sec_cnt)) {
			pr_warn("elf: %s: symbol %u: its name or section is out of range\n", obj->path, i);
			return -LIBBPF_ERRNO__FORMAT;
		}
		sym->value = s.st_value;
		sym->size = s.st_size;
		sym->type = GELF_ST_TYPE(s.st_info);
		sym->bind = GELF_ST_BIND(s.st_info);
		sym->hidden = GELF_ST_VISIBILITY(s.st_other) == STV_HIDDEN ||
			      GELF_ST_VISIBILITY(s.st_other) == STV_INTERNAL;
		sym->sec = s.st_shndx < SHN_LORESERVE ? s.st_shndx : UINT32_MAX;
		if (sym->type == STT_SECTION && sym->sec < obj->sec_cnt)
			sym->name = obj->secs[sym->sec].name;
	}
	return 0;
}

/* What relo.c reads must be whole; it finds the sections again by their type. */
static int check_relocations(struct bpf_object *obj)
{
	for (u32 i = 1; i < obj->sec_cnt; i++) {
		const struct elf_sec *sec = &obj->secs[i], *to;

		if (sec->hdr.sh_type != SHT_REL && sec->hdr.sh_type != SHT_RELA)
			continue;
		if (!sec->hdr.sh_info || sec->hdr.sh_info >= obj->sec_cnt ||
		    (sec->hdr.sh_type == SHT_REL && sec->data && sec->data->d_size % sizeof(GElf_Rel))) {
			pr_warn("elf: %s: section %s at offset %llu: broken relocations\n", obj->path, sec->name,
				(unsigned long long)sec->hdr.sh_offset);
			return -LIBBPF_ERRNO__FORMAT;
		}
		to = &obj->secs[sec->hdr.sh_info];
		if (sec->hdr.sh_type == SHT_RELA && sec->data && (to->kind == SEC_PROGS || to->kind == SEC_MAPS)) {
			pr_warn("elf: %s: section %s: relocations with addends are none of BPF's; compile with clang or "
				"gcc for BPF\n", obj->path, sec->name);
			return -LIBBPF_ERRNO__FORMAT;
		}
		if (sec->hdr.sh_type == SHT_REL && (to->kind == SEC_DATA || to->kind == SEC_RODATA))
			pr_info("elf: skipping relo section(%u) %s for section(%u) %s\n", i, sec->name,
				(u32)sec->hdr.sh_info, to->name);
	}
	return 0;
}

u32 elf_find_section(const struct bpf_object *obj, const char *name)
{
	for (u32 i = 1; i < obj->sec_cnt; i++) {
		if (!strcmp(obj->secs[i].name, name))
			return i;
	}
	return 0;
}

/* "license" and "version", which concern every program of the object. */
static int read_notes(struct bpf_object *obj)
{
	const struct elf_sec *sec = &obj->secs[elf_find_section(obj, "license")];

	if (sec->data)
		snprintf(obj->license, sizeof(obj->license), "%.*s", (int)min_of(sec->data->d_size, (size_t)64),
			 (const char *)sec->data->d_buf);
	sec = &obj->secs[elf_find_section(obj, "version")];
	if (!sec->data)
		return 0;
	if (sec->data->d_size != sizeof(obj->kern_version)) {
		pr_warn("invalid kver section in %s\n", obj->path);
		return -LIBBPF_ERRNO__FORMAT;
	}
	memcpy(&obj->kern_version, sec->data->d_buf, sizeof(obj->kern_version));
	return 0;
}

int elf_open(struct bpf_object *obj, const char *path, const void *mem, size_t size)
{
	int err;

	elf_version(EV_CURRENT);
	obj->elf_fd = -1;
	if (mem) {
		/* libelf may write into what it is given. */
		obj->elf_mem = malloc(size ? size : 1);
		if (!obj->elf_mem)
			return -ENOMEM;
		memcpy(obj->elf_mem, mem, size);
		obj->elf = elf_memory(obj->elf_mem, size);
	} else {
		obj->elf_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (obj->elf_fd < 0) {
			err = -errno;
			pr_warn("elf: failed to open %s: %s\n", path, strerror(-err));
			return err;
		}
		obj->elf = elf_begin(obj->elf_fd, ELF_C_READ, NULL);
	}
	if (!obj->elf) {
		pr_warn("elf: %s: not an ELF file: %s\n", obj->path, elf_errmsg(-1));
		return -LIBBPF_ERRNO__FORMAT;
	}
	err = check_header(obj);
	if (!err)
		err = read_sections(obj);
	if (!err)
		err = read_symbols(obj);
	if (!err)
		err = check_relocations(obj);
	if (!err)
		err = read_notes(obj);
	return err;
}

void elf_close(struct bpf_object *obj)
{
	if (obj->elf)
		elf_end(obj->elf);
	if (obj->elf_fd >= 0)
		close(obj->elf_fd);
	free(obj->elf_mem);
	free(obj->secs);
	free(obj->syms);
}

int elf_read_section(const char *path, const char *want, void **ret_data, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = -ENODATA;
	Elf_Scn *scn = NULL;
	size_t shstrndx;
	Elf *elf;

	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &shstrndx)) {
		err = -LIBBPF_ERRNO__FORMAT;
		goto out;
	}
	while ((scn = elf_nextscn(elf, scn))) {
		Elf_Data *data;
		GElf_Shdr hdr;
		const char *name;

		if (!gelf_getshdr(scn, &hdr) || !(name = elf_strptr(elf, shstrndx, hdr.sh_name)) || strcmp(name, want))
			continue;
		data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf || data->d_size != hdr.sh_size)
			break;
		*ret_data = malloc(data->d_size ? data->d_size : 1);
		if (!*ret_data) {
			err = -ENOMEM;
			break;
		}
		memcpy(*ret_data, data->d_buf, data->d_size);
		*ret_size = data->d_size;
		err = 0;
		break;
	}
out:
	if (elf)
		elf_end(elf);
	close(fd);
	return err;
}

int elf_read_btf(const char *path, void **ret_data, size_t *ret_size)
{
	return elf_read_section(path, ".BTF", ret_data, ret_size);
}
