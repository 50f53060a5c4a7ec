/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * classicobj.c - a classic program as an object file, so that every command takes it as it takes others. A filter
 * of packets becomes a program for sched_cls: that one sees packets from the link header on in a test run, as a
 * packet socket's filter does, and may return any number. One of system calls becomes a raw tracepoint's: its
 * context is words that are only read.
 */
#include "cli/cli.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static const char strings[] = "\0.strtab\0.symtab\0license\0filter\0tc\0raw_tp";
enum { S_STRTAB = 1, S_SYMTAB = 9, S_LICENSE = 17, S_FILTER = 25, S_TC = 32, S_RAW_TP = 35 };

struct image {
	Elf64_Ehdr head;
	Elf64_Shdr sections[5]; /* none, strings, symbols, license, code */
	Elf64_Sym syms[2];
	char strings[(sizeof(strings) + 7) & ~(size_t)7];
	char license[8];
	struct bpf_insn insns[];
};

static Elf64_Shdr section(u32 name, u32 type, size_t at, size_t size)
{
	return (Elf64_Shdr){ .sh_name = name, .sh_type = type, .sh_offset = at, .sh_size = size, .sh_addralign = 8 };
}

static void fill(struct image *img, bool seccomp, const struct bpf_insn *insns, u32 cnt)
{
	size_t size = cnt * sizeof(*insns);

	img->head = (Elf64_Ehdr){ .e_type = ET_REL, .e_machine = EM_BPF, .e_version = EV_CURRENT,
				  .e_ehsize = sizeof(img->head), .e_shentsize = sizeof(img->sections[0]),
				  .e_shoff = offsetof(struct image, sections), .e_shnum = ARRAY_SIZE(img->sections),
				  .e_shstrndx = 1 };
	memcpy(img->head.e_ident, ELFMAG, SELFMAG);
	img->head.e_ident[EI_CLASS] = ELFCLASS64;
	img->head.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ELFDATA2MSB : ELFDATA2LSB;
	img->head.e_ident[EI_VERSION] = EV_CURRENT;
	img->sections[1] = section(S_STRTAB, SHT_STRTAB, offsetof(struct image, strings), sizeof(strings));
	img->sections[2] = section(S_SYMTAB, SHT_SYMTAB, offsetof(struct image, syms), sizeof(img->syms));
	img->sections[2].sh_entsize = sizeof(img->syms[0]);
	img->sections[2].sh_link = 1;
	img->sections[2].sh_info = 1;
	img->sections[3] = section(S_LICENSE, SHT_PROGBITS, offsetof(struct image, license), 4);
	img->sections[3].sh_flags = SHF_ALLOC;
	img->sections[4] = section(seccomp ? S_RAW_TP : S_TC, SHT_PROGBITS, offsetof(struct image, insns), size);
	img->sections[4].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	img->syms[1] = (Elf64_Sym){ .st_name = S_FILTER, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
				    .st_shndx = 4, .st_size = size };
	memcpy(img->strings, strings, sizeof(strings));
	memcpy(img->license, "GPL", 4);
	memcpy(img->insns, insns, size);
}

u8 *classic_object(const struct cli_input *in, size_t *ret_size)
{
	u32 kind = in->seccomp ? SKEP_CLASSIC_SECCOMP : SKEP_CLASSIC_PACKET, cnt;
	struct bpf_insn *insns;
	struct image *img;
	char why[256];

	if (skep_classic_convert((const char *)in->file.bytes, in->file.size, kind, &insns, &cnt, why, sizeof(why))) {
		cli_fail("%s: %s", in->file.path, why);
		return NULL;
	}
	*ret_size = sizeof(*img) + cnt * sizeof(*insns);
	img = calloc(1, *ret_size);
	if (img)
		fill(img, in->seccomp, insns, cnt);
	else
		cli_fail("out of memory");
	free(insns);
	return (u8 *)img;
}
