/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linker.h - the static linker: objects that were read, and what becomes of them in one object.
 *
 * linker.c is the API; linker_add.c places sections and relocations of one more object; linker_syms.c says which
 * definition a name means; linker_match.c whether two declarations agree; linker_btf.c and linker_elf.c write it all
 * at the end. Inputs stay open until then, so that the output is made in one go from what was decided.
 */
#ifndef SKEP_LOADER_LINKER_H
#define SKEP_LOADER_LINKER_H

#include "loader/internal.h"

#include "base/u64map.h"

#define NO_PLACE UINT32_MAX

/* Where a section of an input went. */
struct placed {
	u32 out; /* index of the output's section, NO_PLACE */
	u64 off; /* in it */
	bool repeated; /* "license", "version": the same bytes are there already */
};

/* Bytes of an input's section that belong to a definition which lost. */
struct dead_range {
	u32 sec;
	u64 off, size;
};

struct linker_input {
	struct bpf_object obj; /* file, symbols, BTF, .BTF.ext; nothing else of it is used */
	struct placed *secs;
	u32 *syms;	/* by symbol: the output's, NO_PLACE */
	u32 *sym_of;	/* by BTF id of a global variable or function: the output's symbol, NO_PLACE */
	u32 *datasec_of; /* by BTF id of a variable or function: the DATASEC that lists it, 0 */
	u32 *new_ids;	/* by BTF id: in the output, while that is written */
	VEC(struct dead_range) dead;
};

struct out_rel {
	u32 input, sec, sym, type; /* the input's section and symbol */
	u64 off; /* in the input's section */
};

struct out_sec {
	const char *name;
	u32 type;
	u64 flags, align, entsize, size;
	u32 sym; /* its section symbol */
	VEC(struct out_rel) rels;
	u8 *data; /* while it is written */
	u32 elf_idx;
};

struct out_sym {
	const char *name;
	u32 sec; /* output's section, NO_PLACE: undefined, or a file's name */
	u64 value, size;
	u8 type, bind;
	bool hidden;
	/* Global ones: where it is defined, or declared first. */
	u32 input, btf_id, in_sec;
	u64 in_value;
	const char *ext_sec; /* undefined: section that the declaration names; NULL: none */
	u32 elf_idx;
};

struct bpf_linker {
	char *path; /* NULL: a descriptor of the caller's */
	char *temp; /* its name until it is whole; NULL: written to as it is */
	int fd;
	bool own_fd, done, broken;
	VEC(struct linker_input *) inputs;
	VEC(struct out_sec) secs;
	VEC(struct out_sym) syms;
	struct u64map by_name; /* global symbols: hash of the name */
	struct u64map sec_by_name;
};

/* linker_add.c: the object of @size bytes becomes the last of @l->inputs. Negative errno, told. */
int linker_add(struct bpf_linker *l, const char *name, const void *mem, size_t size);
void linker_input_free(struct linker_input *in);
bool linker_is_dead(const struct linker_input *in, u32 sec, u64 off);
/* The section of that name, NULL. */
struct out_sec *linker_find_sec(const struct bpf_linker *l, const char *name);

/* linker_syms.c: sections are placed */
int linker_add_symbols(struct bpf_linker *l, struct linker_input *in);
s64 linker_new_symbol(struct bpf_linker *l, const struct out_sym *sym); /* its index */

/* linker_match.c */
bool linker_types_match(const struct skep_btf *a, u32 a_id, const struct skep_btf *b, u32 b_id);

/* linker_btf.c: .BTF and .BTF.ext; both NULL when no input has BTF. The caller frees. */
int linker_make_btf(struct bpf_linker *l, struct btf **ret_btf, struct btf_ext **ret_ext);

/* linker_elf.c: the output as bytes in a new descriptor. */
int linker_write_elf(struct bpf_linker *l, const struct btf *btf, const struct btf_ext *ext, int *ret_fd);

#endif
