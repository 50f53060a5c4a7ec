/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observe_gdb.c - the interface by which gdb and lldb learn of generated code (gdb manual, "JIT Compilation
 * Interface"): a list of ELF files in memory, and a function with a breakpoint in it. The names and layouts
 * below are the debuggers'.
 */
#include "jit/observe.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- the ELF file -------------------------------------------------------------------------------------- */

/* A relocatable file whose sections have their addresses already. */
enum section { SEC_NULL, SEC_TEXT, SEC_SYMTAB, SEC_STRTAB, SEC_SHSTRTAB, SEC_EH_FRAME, SEC_ABBREV, SEC_INFO, SEC_LINE,
	       SEC_CNT };

static const struct {
	const char *name;
	u32 type, flags, align;
} section_kinds[SEC_CNT] = {
	[SEC_NULL] = { "", SHT_NULL, 0, 0 },
	[SEC_TEXT] = { ".text", SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, 16 },
	[SEC_SYMTAB] = { ".symtab", SHT_SYMTAB, 0, 8 },
	[SEC_STRTAB] = { ".strtab", SHT_STRTAB, 0, 1 },
	[SEC_SHSTRTAB] = { ".shstrtab", SHT_STRTAB, 0, 1 },
	[SEC_EH_FRAME] = { ".eh_frame", SHT_PROGBITS, SHF_ALLOC, 8 },
	[SEC_ABBREV] = { ".debug_abbrev", SHT_PROGBITS, 0, 1 },
	[SEC_INFO] = { ".debug_info", SHT_PROGBITS, 0, 1 },
	[SEC_LINE] = { ".debug_line", SHT_PROGBITS, 0, 1 },
};

struct elf_parts {
	struct strbuf data[SEC_CNT];
	Elf64_Shdr headers[SEC_CNT];
};

static void put_symbols(const struct observed_code *o, struct elf_parts *parts)
{
	struct strbuf *names = &parts->data[SEC_STRTAB], *syms = &parts->data[SEC_SYMTAB];
	Elf64_Sym sym = { 0 };
	u32 start, end;

	put_uint(names, 0, 1);
	strbuf_add(syms, (const char *)&sym, sizeof(sym));
	for (u32 f = 0; f < o->image->func_cnt; f++) {
		observed_func(o, f, &start, &end);
		sym = (Elf64_Sym){ .st_name = names->len, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
				   .st_shndx = SEC_TEXT, .st_value = start, .st_size = end - start };
		strbuf_add(syms, (const char *)&sym, sizeof(sym));
		strbuf_add(names, o->desc->names[f], strlen(o->desc->names[f]) + 1);
	}
}

static void put_parts(const struct observed_code *o, struct elf_parts *parts)
{
	struct debug_sections debug;

	put_symbols(o, parts);
	if (o->image->dwarf) {
		unwind_section(o, JIT_ALL_FUNCS, false, 0, &parts->data[SEC_EH_FRAME]);
		put_uint(&parts->data[SEC_EH_FRAME], 0, 4);
	}
	debug_sections(o, &debug);
	parts->data[SEC_ABBREV] = debug.abbrev;
	parts->data[SEC_INFO] = debug.info;
	parts->data[SEC_LINE] = debug.line;
}

static void fill_header(const struct observed_code *o, u32 sec, struct strbuf *names, Elf64_Shdr *h)
{
	*h = (Elf64_Shdr){ .sh_name = names->len, .sh_type = section_kinds[sec].type,
			   .sh_flags = section_kinds[sec].flags, .sh_addralign = section_kinds[sec].align };
	strbuf_add(names, section_kinds[sec].name, strlen(section_kinds[sec].name) + 1);
	if (sec == SEC_TEXT) {
		h->sh_addr = (uintptr_t)o->base;
		h->sh_size = o->image->code_size;
	} else if (sec == SEC_SYMTAB) {
		h->sh_link = SEC_STRTAB;
		h->sh_info = 1; /* of locals */
		h->sh_entsize = sizeof(Elf64_Sym);
	}
}

static bool is_oom(const struct elf_parts *parts)
{
	for (u32 i = 0; i < SEC_CNT; i++)
		if (parts->data[i].oom)
			return true;
	return false;
}

/* Header, table of sections, then what is in them. */
static char *assemble(struct elf_parts *parts, size_t *ret_size)
{
	Elf64_Ehdr head = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_REL,
		.e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_shoff = sizeof(head), .e_ehsize = sizeof(head),
		.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SEC_CNT, .e_shstrndx = SEC_SHSTRTAB,
	};
	size_t size = sizeof(head) + sizeof(parts->headers);
	char *file;

	for (u32 i = 0; i < SEC_CNT; i++) {
		if (i == SEC_TEXT || i == SEC_NULL)
			continue;
		size = round_up_to(size, 8);
		parts->headers[i].sh_offset = size;
		parts->headers[i].sh_size = parts->data[i].len;
		size += parts->data[i].len;
	}
	file = is_oom(parts) ? NULL : calloc(1, size);
	if (!file)
		return NULL;
	parts->headers[SEC_EH_FRAME].sh_addr = (uintptr_t)file + parts->headers[SEC_EH_FRAME].sh_offset;
	memcpy(file, &head, sizeof(head));
	memcpy(file + sizeof(head), parts->headers, sizeof(parts->headers));
	for (u32 i = 0; i < SEC_CNT; i++)
		if (parts->data[i].len)
			memcpy(file + parts->headers[i].sh_offset, parts->data[i].str, parts->data[i].len);
	*ret_size = size;
	return file;
}

static char *make_elf(const struct observed_code *o, size_t *ret_size)
{
	struct elf_parts parts = { 0 };
	char *file;

	put_parts(o, &parts);
	for (u32 i = 0; i < SEC_CNT; i++)
		fill_header(o, i, &parts.data[SEC_SHSTRTAB], &parts.headers[i]);
	file = assemble(&parts, ret_size);
	for (u32 i = 0; i < SEC_CNT; i++)
		strbuf_free(&parts.data[i]);
	return file;
}

/* ---- the list ------------------------------------------------------------------------------------------- */

struct jit_code_entry {
	struct jit_code_entry *next_entry, *prev_entry;
	const char *symfile_addr;
	u64 symfile_size;
};

enum { JIT_NOACTION, JIT_REGISTER_FN, JIT_UNREGISTER_FN };

/* Debuggers find both by name, in the symbol table: a stripped library tells them nothing. Of the process,
 * under gdb_lock. */
struct jit_descriptor {
	u32 version, action_flag;
	struct jit_code_entry *relevant_entry, *first_entry;
};

void __jit_debug_register_code(void);
extern struct jit_descriptor __jit_debug_descriptor;
struct jit_descriptor __attribute__((used)) __jit_debug_descriptor = { .version = 1 };
static pthread_mutex_t gdb_lock = PTHREAD_MUTEX_INITIALIZER;

void __attribute__((noinline, used)) __jit_debug_register_code(void)
{
	__asm__ volatile("" ::: "memory"); /* the debugger reads the descriptor now */
}

static void tell(u32 action, struct jit_code_entry *entry)
{
	__jit_debug_descriptor.relevant_entry = entry;
	__jit_debug_descriptor.action_flag = action;
	__jit_debug_register_code();
	__jit_debug_descriptor.action_flag = JIT_NOACTION;
}

int gdb_register(const struct observed_code *o, void **ret_entry)
{
	struct jit_code_entry *entry = calloc(1, sizeof(*entry));
	size_t size = 0;

	if (!entry)
		return -ENOMEM;
	entry->symfile_addr = make_elf(o, &size);
	entry->symfile_size = size;
	if (!entry->symfile_addr) {
		free(entry);
		return -ENOMEM;
	}
	pthread_mutex_lock(&gdb_lock);
	entry->next_entry = __jit_debug_descriptor.first_entry;
	if (entry->next_entry)
		entry->next_entry->prev_entry = entry;
	__jit_debug_descriptor.first_entry = entry;
	tell(JIT_REGISTER_FN, entry);
	pthread_mutex_unlock(&gdb_lock);
	*ret_entry = entry;
	return 0;
}

void gdb_unregister(void *registered)
{
	struct jit_code_entry *entry = registered;

	if (!entry)
		return;
	pthread_mutex_lock(&gdb_lock);
	if (entry->prev_entry)
		entry->prev_entry->next_entry = entry->next_entry;
	else
		__jit_debug_descriptor.first_entry = entry->next_entry;
	if (entry->next_entry)
		entry->next_entry->prev_entry = entry->prev_entry;
	tell(JIT_UNREGISTER_FN, entry);
	pthread_mutex_unlock(&gdb_lock);
	free((void *)entry->symfile_addr);
	free(entry);
}
