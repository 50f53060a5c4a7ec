/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_hostile.c - files that are damaged or made to harm: each is refused with one line and the right
 * errno, or opened; sanitizer builds see the rest. argv: the folder with compiled *.bpf.c
 */
#include "machines.h"

#include <elf.h>

struct file {
	u8 *data;
	size_t size;
};

static struct file read_file(const char *name)
{
	struct file f = { 0 };
	FILE *in = fopen(obj_path(name), "rb");

	assert_non_null(in);
	fseek(in, 0, SEEK_END);
	f.size = ftell(in);
	rewind(in);
	f.data = malloc(f.size);
	assert_int_equal(fread(f.data, 1, f.size, in), f.size);
	fclose(in);
	return f;
}

static Elf64_Shdr *section(const struct file *f, const char *name)
{
	Elf64_Ehdr *eh = (void *)f->data;
	Elf64_Shdr *sh = (void *)(f->data + eh->e_shoff);

	for (int i = 0; i < eh->e_shnum; i++) {
		if (!strcmp((char *)f->data + sh[eh->e_shstrndx].sh_offset + sh[i].sh_name, name))
			return &sh[i];
	}
	fail_msg("no section %s", name);
	return NULL;
}

/* 0, or the errno of a refusal; what the loader said is in messages. */
static int try_open(const struct file *f)
{
	struct bpf_object *obj;

	clear_messages();
	obj = bpf_object__open_mem(f->data, f->size, NULL);
	if (!obj)
		return errno;
	bpf_object__close(obj);
	return 0;
}

static void refuse(struct file *f, int err, const char *text)
{
	int got = try_open(f);

	if (got != err)
		fail_msg("errno %d instead of %d; said: %s", got, err, messages);
	assert_said(text);
	/* One line. */
	assert_ptr_equal(strchr(messages, '\n'), messages + strlen(messages) - 1);
	free(f->data);
	*f = read_file("globals");
}

static void headers_of_other_files(void **state __unused_arg)
{
	struct file f = read_file("globals");

#define EH ((Elf64_Ehdr *)f.data)
	EH->e_ident[EI_MAG0] = 0;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "not an ELF file");
	EH->e_ident[EI_CLASS] = ELFCLASS32;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "32-bit");
	EH->e_ident[EI_DATA] = ELFDATA2MSB;
	refuse(&f, LIBBPF_ERRNO__ENDIAN, "big-endian");
	EH->e_machine = EM_X86_64;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "not a BPF object (machine 62, type 1)");
	EH->e_machine = __builtin_bswap16(247);
	refuse(&f, LIBBPF_ERRNO__FORMAT, "not a BPF object");
	EH->e_type = ET_DYN;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "not a BPF object");
	EH->e_shoff = 0;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "elf: ");
	EH->e_shoff = f.size;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "elf: ");
	EH->e_shstrndx = 60000;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "elf: ");
	EH->e_shnum = 60000;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "elf: ");
	free(f.data);
}

static void sections_that_lie(void **state __unused_arg)
{
	struct file f = read_file("globals");
	Elf64_Shdr *sh;

	section(&f, "xdp")->sh_size -= 4;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "no whole number of instructions");
	section(&f, "xdp")->sh_size = f.size;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "section xdp at offset ");
	section(&f, "xdp")->sh_offset = -8;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "section xdp at offset ");
	section(&f, ".bss")->sh_size = 1ULL << 40;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "section .bss: 1099511627776 bytes are too many");
	section(&f, "xdp")->sh_name = 1 << 30;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "no header or name");
	section(&f, ".symtab")->sh_entsize = 25;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "no usable symbol table");
	section(&f, ".symtab")->sh_link = 5000;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "no usable symbol table");
	section(&f, ".symtab")->sh_type = SHT_NULL;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "no usable symbol table");
	section(&f, ".relxdp")->sh_info = 5000;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "broken relocations");
	section(&f, ".relxdp")->sh_size -= 1;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "section .relxdp at offset ");
	section(&f, ".relxdp")->sh_type = SHT_RELA;
	refuse(&f, LIBBPF_ERRNO__FORMAT, "relocations with addends");
	section(&f, ".rodata")->sh_size -= 1;
	refuse(&f, EINVAL, "BTF: ");
	section(&f, ".BTF")->sh_size -= 1;
	refuse(&f, EINVAL, "section .BTF at offset ");
	sh = section(&f, ".BTF.ext");
	f.data[sh->sh_offset + 8] = 3; /* func_info off its alignment */
	refuse(&f, EINVAL, "section .BTF.ext at offset ");
	free(f.data);
}

/* Renames a section in place; @to is no longer than @from. */
static void rename_section(struct file *f, const char *from, const char *to)
{
	Elf64_Ehdr *eh = (void *)f->data;
	Elf64_Shdr *sh = (void *)(f->data + eh->e_shoff);

	strcpy((char *)f->data + sh[eh->e_shstrndx].sh_offset + section(f, from)->sh_name, to);
}

static void sections_of_other_kinds(void **state __unused_arg)
{
	struct file f = read_file("globals");
	Elf64_Sym *sym;
	Elf64_Shdr *sh;

	rename_section(&f, ".rodata", "maps");
	refuse(&f, EOPNOTSUPP, "legacy map definitions in 'maps' section at offset ");
	rename_section(&f, ".rodata.mine", ".struct_ops");
	refuse(&f, EOPNOTSUPP, "section .struct_ops: not modelled: struct_ops");
	/* A static function outside of .text. */
	sh = section(&f, ".symtab");
	sym = (void *)(f.data + sh->sh_offset);
	for (size_t i = 0; i < sh->sh_size / sizeof(*sym); i++) {
		if (ELF64_ST_TYPE(sym[i].st_info) == STT_FUNC)
			sym[i].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
	}
	refuse(&f, EOPNOTSUPP, "sec 'xdp': program 'sum' is static and not supported");
	sh = section(&f, ".symtab");
	sym = (void *)(f.data + sh->sh_offset);
	for (size_t i = 0; i < sh->sh_size / sizeof(*sym); i++) {
		if (ELF64_ST_TYPE(sym[i].st_info) == STT_FUNC)
			sym[i].st_size += 8;
	}
	refuse(&f, LIBBPF_ERRNO__FORMAT, "function sum at offset 0: lies outside of its section");
	free(f.data);
}

/* BTF is only needed for maps of .maps and externs. */
static void without_btf(void **state __unused_arg)
{
	struct file f = read_file("globals");
	struct bpf_object *obj;

	rename_section(&f, ".BTF", ".XXX");
	rename_section(&f, ".BTF.ext", ".XXX.ext");
	obj = bpf_object__open_mem(f.data, f.size, NULL);
	assert_non_null(obj);
	assert_null(bpf_object__btf(obj));
	assert_int_equal(bpf_object__load(obj), 0);
	assert_int_equal(run_prog(obj, "sum"), XDP_DROP);
	assert_int_equal(bpf_object__btf_fd(obj), -1);
	bpf_object__close(obj);
	free(f.data);
	f = read_file("maps");
	rename_section(&f, ".BTF", ".XXX");
	refuse(&f, ENOENT, "BTF is required, but is missing or corrupted");
	free(f.data);
}

static void relocations_that_lie(void **state __unused_arg)
{
	struct file f = read_file("globals");

#define REL ((Elf64_Rel *)(f.data + section(&f, ".relxdp")->sh_offset))
	REL[0].r_offset += 4;
	refuse(&f, LIBBPF_ERRNO__RELOC, "section xdp: relocation at offset ");
	REL[0].r_offset = section(&f, "xdp")->sh_size;
	refuse(&f, LIBBPF_ERRNO__RELOC, "offset or symbol out of range");
	REL[0].r_info = ELF64_R_INFO(99999, 1);
	refuse(&f, LIBBPF_ERRNO__RELOC, "offset or symbol out of range");
	REL[0].r_info = ELF64_R_INFO(ELF64_R_SYM(REL[0].r_info), 2);
	refuse(&f, LIBBPF_ERRNO__RELOC, "of a kind that no instruction has");
	REL[0].r_offset = section(&f, "xdp")->sh_size - 8; /* exit */
	refuse(&f, LIBBPF_ERRNO__RELOC, "of an instruction that cannot have one");
	REL[1].r_offset = REL[0].r_offset;
	refuse(&f, LIBBPF_ERRNO__RELOC, "the second of one instruction");
	REL[0].r_info = ELF64_R_INFO(0, 1);
	refuse(&f, LIBBPF_ERRNO__RELOC, "extern of no BTF section");
	free(f.data);
}

/* The section table is at the end: nothing of a cut file is left but a refusal. */
static void cut_files(void **state __unused_arg)
{
	struct file f = read_file("maps"), cut;

	for (size_t n = 0; n < f.size; n++) {
		/* Of its own size, so that sanitizers see a read beyond. */
		cut.size = n;
		cut.data = malloc(n ? n : 1);
		memcpy(cut.data, f.data, n);
		assert_int_not_equal(try_open(&cut), 0);
		if (n)
			assert_int_not_equal(strlen(messages), 0);
		free(cut.data);
	}
	assert_int_equal(try_open(&f), 0);
	free(f.data);
}

/* Loading is not for free: some of what still opens. */
static void load_some(const struct file *f, u32 round)
{
	struct bpf_object *obj = bpf_object__open_mem(f->data, f->size, NULL);
	struct bpf_map *map;

	if (!obj)
		return;
	bpf_object__for_each_map(map, obj) {
		if (bpf_map__value_size(map) > 1 << 20)
			round = 1;
	}
	if (round % 4 == 0)
		bpf_object__load(obj);
	bpf_object__close(obj);
}

static void damaged_files(void **state __unused_arg)
{
	static const char *const names[] = { "maps", "globals", "subprogs", "externs", "missing" };
	u64 seed = 0x9e3779b97f4a7c15;

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		struct file good = read_file(names[i]), f = { malloc(good.size), good.size };

		for (u32 round = 0; round < 1500; round++) {
			memcpy(f.data, good.data, good.size);
			for (u32 k = 0; k <= round % 3; k++) {
				seed = seed * 6364136223846793005 + 1442695040888963407;
				/* Half of them in the section table, the rest anywhere. */
				f.data[seed >> 63 ? good.size - 1 - (seed >> 33) % 1024 : (seed >> 33) % good.size] =
					(seed >> 20 & 7) ? seed >> 24 : 0xff;
			}
			clear_messages();
			load_some(&f, round);
		}
		free(good.data);
		free(f.data);
	}
}

static int set_up(void **state __unused_arg)
{
	start(ON_JIT);
	return 0;
}

static int tear_down(void **state __unused_arg)
{
	stop();
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_of_other_files),
		cmocka_unit_test(sections_that_lie),
		cmocka_unit_test(sections_of_other_kinds),
		cmocka_unit_test(without_btf),
		cmocka_unit_test(relocations_that_lie),
		cmocka_unit_test(cut_files),
		cmocka_unit_test(damaged_files),
	};

	if (argc != 2)
		return 2;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
