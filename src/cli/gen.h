/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen.h - C headers made of an object: what "gen skeleton" and "gen subskeleton" share. An object is
 * opened, never loaded; its maps, programs and variables get C names here, the two writers put them
 * into text.
 */
#ifndef SKEP_CLI_GEN_H
#define SKEP_CLI_GEN_H

#include "cli/cli.h"

struct gen_var {
	const char *name;
	u32 type, off, size;
};

struct gen_map {
	struct bpf_map *map;
	char ident[64];
	const char *sec; /* an internal map's section, else NULL */
	const struct btf_type *datasec; /* the variables of that section, NULL: none */
};

struct gen {
	struct cli_input in;
	struct bpf_object *obj;
	const struct btf *btf; /* NULL: none */
	struct btf_dump *dump;
	struct strbuf decl; /* what @dump wrote */
	char name[64], guard[64];
	struct gen_map *maps;
	u32 map_cnt;
	struct strbuf out;
};

/* Opens @path; @name NULL: from the file's. False: told on stderr. gen_close() in any case. */
bool gen_open(struct gen *g, const char *path, const char *name);
void gen_close(struct gen *g);
u32 gen_var_cnt(const struct gen_map *m);
/* False: not one that C can name. */
bool gen_var_at(const struct gen *g, const struct gen_map *m, u32 i, struct gen_var *ret_var);
/* Formatted text, with the object's name for each @. */
void gen_put(struct gen *g, const char *fmt, ...) __printf_like(2, 3);
/* C of a variable of that type, as @name says ("x", "*x"); valid until the next. False: told. */
bool gen_decl(struct gen *g, const struct gen_map *m, const struct gen_var *var, const char *name,
	      const char **ret_decl);
/* "struct { struct bpf_map *a; ... } maps;" and the same for programs, links; nothing when empty. */
void gen_put_members(struct gen *g, bool links);
/* Statements that fill s->maps and s->progs of a skeleton @s; a failure does "@fail". */
void gen_put_tables(struct gen *g, bool subskel, const char *fail);

bool gen_put_skeleton(struct gen *g);
bool gen_put_subskeleton(struct gen *g);

#endif
