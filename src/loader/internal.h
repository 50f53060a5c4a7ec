/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * internal.h - an opened object: what elf.c found in the file, maps.c and progs.c made of it, and
 * object.c loads. Names are libbpf's only where the API needs them.
 */
#ifndef SKEP_LOADER_INTERNAL_H
#define SKEP_LOADER_INTERNAL_H

#include "base/types.h"
#include "base/vec.h"
#include "btf/btf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <gelf.h>

struct skep;

enum sec_kind { SEC_OTHER, SEC_PROGS, SEC_DATA, SEC_RODATA, SEC_BSS, SEC_MAPS };

struct elf_sec {
	const char *name;
	GElf_Shdr hdr;
	Elf_Data *data; /* NULL for .bss and empty ones */
	enum sec_kind kind;
	u32 relo_idx; /* the section with its relocations, 0 none */
	int map_idx;  /* internal map of data sections, -1 */
};

struct elf_sym {
	const char *name;
	u64 value, size;
	u8 type, bind;
	u32 sec; /* section index; 0: undefined */
};

enum relo_kind {
	RELO_MAP,     /* LD_IMM64: a map */
	RELO_DATA,    /* LD_IMM64: an address in a data section's map, plus the insn's own offset */
	RELO_CALL,    /* call of a function */
	RELO_FUNC,    /* LD_IMM64: a function's address */
};

struct relo {
	enum relo_kind kind;
	u32 insn_idx;
	int map_idx;
	u32 off;	/* RELO_DATA: offset of the symbol */
	u32 sec, target; /* RELO_CALL, RELO_FUNC: insn @target of section @sec */
};

struct bpf_program {
	struct bpf_object *obj;
	char *name, *sec_name;
	u32 sec_idx, sec_off, sec_cnt; /* insns [sec_off, sec_off + sec_cnt) of its section */
	bool is_subprog;
	/* As in the file, CO-RE applied at load. */
	struct bpf_insn *orig;
	VEC(struct relo) relos;
	/* Linked: the program and the subprograms it needs. */
	struct bpf_insn *insns;
	size_t insn_cnt;
	VEC(struct relo) linked_relos;
	u32 link_off; /* of a subprogram in the program being linked; UINT32_MAX: not yet */
	void *func_info, *line_info;
	u32 func_info_cnt, line_info_cnt;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	u32 flags;
	bool autoload, needs_attach_btf;
	int fd;
	u32 log_level;
	char *log_buf;
	size_t log_size;
};

struct bpf_map {
	struct bpf_object *obj;
	char *name;
	u32 sec_idx, sec_off; /* where its definition or data stands */
	enum sec_kind internal; /* SEC_DATA, SEC_RODATA, SEC_BSS; SEC_MAPS: a definition */
	enum bpf_map_type type;
	u32 key_size, value_size, max_entries, flags, numa_node;
	u64 extra;
	u32 btf_key, btf_value;
	bool autocreate;
	int fd;
	void *data;	  /* internal maps: contents; private memory before load, mapped after */
	size_t data_size; /* as mapped: whole pages */
	bool data_is_live;
	int live_prot;
};

struct btf {
	struct skep_btf *b;
	bool owned;
};

struct bpf_object {
	char name[BPF_OBJ_NAME_LEN];
	char *path;
	struct skep *skep; /* the instance it was opened on */
	Elf *elf;
	int elf_fd;
	void *elf_mem;
	struct elf_sec *secs;
	u32 sec_cnt;
	struct elf_sym *syms;
	u32 sym_cnt;
	u32 strtab_idx;
	char license[64];
	struct bpf_program *progs;
	u32 prog_cnt;
	struct bpf_map *maps;
	u32 map_cnt;
	struct btf btf; /* .b NULL: none */
	struct btf_ext *ext;
	struct skep_btf *custom_btf; /* btf_custom_path */
	int btf_fd;
	bool loaded;
	char *log_buf;
	size_t log_size;
	u32 log_level;
};

/* log.c */
void pr_warn(const char *fmt, ...) __printf_like(1, 2);
void pr_debug(const char *fmt, ...) __printf_like(1, 2);
/* Sets errno; returns @err (negative). */
int libbpf_err(int err);
void *libbpf_err_ptr(int err);
/* An options structure may be longer than we know only when the rest is zero. */
bool opts_ok(const void *opts, size_t known_size, size_t min_size);

/* sys.c */
long loader_bpf(struct skep *skep, int cmd, union bpf_attr *attr);
struct skep *loader_instance(void); /* NULL and errno */
bool loader_on_kernel(void);

/* elf.c: file and section tables, checked; negative errno with a message. */
int elf_open(struct bpf_object *obj, const char *path, const void *mem, size_t size);
void elf_close(struct bpf_object *obj);
/* Reads .BTF of an ELF file alone. */
int elf_read_btf(const char *path, void **ret_data, size_t *ret_size);

/* maps.c */
int maps_collect(struct bpf_object *obj);
int maps_create(struct bpf_object *obj);
void maps_close(struct bpf_object *obj);
int map_by_sec(const struct bpf_object *obj, u32 sec_idx, u32 off); /* -1: none */

/* progs.c */
int progs_collect(struct bpf_object *obj);
int progs_link(struct bpf_object *obj);
int progs_load(struct bpf_object *obj);
void progs_close(struct bpf_object *obj);

/* relo.c */
int relos_collect(struct bpf_object *obj);

/* corerelo.c */
int core_relocate(struct bpf_object *obj);

/* sections.c: what SEC("...") says of a program. */
void sec_apply(struct bpf_program *prog);

/* objbtf.c */
int object_btf_parse(struct bpf_object *obj);
int object_btf_load(struct bpf_object *obj);

#endif
