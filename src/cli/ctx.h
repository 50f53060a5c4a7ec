/* SPDX-License-Identifier: BSD-2-Clause */
/* ctx.h - a program's context by the names of its fields: "mark=7,cb[0]=1" or a JSON object. */
#ifndef SKEP_CLI_CTX_H
#define SKEP_CLI_CTX_H

#include "cli/cli.h"

struct ctx_field {
	char *name;
	u32 off, size, cnt; /* cnt values of that size */
	bool is_signed, is_be;
};

struct ctx_layout {
	const char *name; /* "__sk_buff" */
	u32 size;
	const struct ctx_field *fields;
	u32 field_cnt;
};

/* A context being put together. */
struct ctx_image {
	struct ctx_layout layout;
	struct ctx_field *own; /* fields made from the program's BTF; NULL: they are static */
	u8 *bytes;
	bool *given; /* by field */
};

/* All fields zero. False: told on stderr that the context of this program has no names. */
bool ctx_start(struct ctx_image *img, const struct bpf_program *prog, const struct bpf_object *obj,
	       const struct cli_input *in);
void ctx_free(struct ctx_image *img);

/* "FIELD=VALUE,FIELD=VALUE". False: one line on stderr. */
bool ctx_set_text(struct ctx_image *img, const char *text);
/* { "FIELD": VALUE, "FIELD": [VALUE, ...] } of the file @path. */
bool ctx_set_json(struct ctx_image *img, const char *path, const u8 *text, size_t size);
/* Sets a field by its name when the user did not; no such field is fine. */
void ctx_default(struct ctx_image *img, const char *name, u64 val);
bool ctx_looks_like_json(const u8 *bytes, size_t size);

/* Fields of @after that are not as in @before, a line each. */
void ctx_print_changes(const struct ctx_image *img, const u8 *before, const u8 *after);
struct json_object *ctx_json(const struct ctx_image *img, const u8 *bytes);

#endif
