/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * genskel.c - "skep gen skeleton": a header with the object's bytes and a structure that has its maps,
 * programs, links and variables as members. Names and shape are those of bpftool's headers, so that
 * programs written for one compile with the other; libbpf's 1.1 headers and later ones both do.
 */
#include "cli/gen.h"

#include <stdio.h>
#include <string.h>

static u32 align_up(u32 off, int align)
{
	return align > 1 ? (off + (u32)align - 1) / (u32)align * (u32)align : off;
}

/* Room for what C cannot name, or for what stands further on than its type asks for. */
static bool put_vars(struct gen *g, const struct gen_map *m)
{
	u32 off = 0, pad_cnt = 0;
	struct gen_var var;
	const char *decl;

	for (u32 i = 0; i < gen_var_cnt(m); i++) {
		if (!gen_var_at(g, m, i, &var))
			continue;
		if (var.off < off) {
			cli_fail("%s: section %s: %s stands where another variable does", g->in.file.path, m->sec, var.name);
			return false;
		}
		if (align_up(off, btf__align_of(g->btf, var.type)) != var.off)
			gen_put(g, "\t\tchar __pad%u[%u];\n", pad_cnt++, var.off - off);
		if (!gen_decl(g, m, &var, var.name, &decl))
			return false;
		gen_put(g, "\t\t%s;\n", decl);
		off = var.off + var.size;
	}
	return true;
}

static bool put_struct(struct gen *g)
{
	gen_put(g, "struct @ {\n\tstruct bpf_object_skeleton *skeleton;\n\tstruct bpf_object *obj;\n");
	gen_put_members(g, true);
	for (u32 i = 0; i < g->map_cnt; i++) {
		const struct gen_map *m = &g->maps[i];

		if (!m->sec)
			continue;
		gen_put(g, "\tstruct @__%s {\n", m->ident);
		if (!put_vars(g, m))
			return false;
		gen_put(g, "\t} *%s;\n", m->ident);
	}
	gen_put(g, "\n#ifdef __cplusplus\n"
		   "\tstatic inline struct @ *open(const struct bpf_object_open_opts *opts = nullptr);\n"
		   "\tstatic inline struct @ *open_and_load();\n"
		   "\tstatic inline int load(struct @ *skel);\n"
		   "\tstatic inline int attach(struct @ *skel);\n"
		   "\tstatic inline void detach(struct @ *skel);\n"
		   "\tstatic inline void destroy(struct @ *skel);\n"
		   "\tstatic inline const void *elf_bytes(size_t *sz);\n"
		   "#endif\n};\n\n");
	return true;
}

/* Where each pointer of the structure is, for libbpf to fill in. */
static void put_create(struct gen *g)
{
	gen_put(g, "static inline const void *@__elf_bytes(size_t *sz);\n\n"
		   "/* What fails leaves a part that @__destroy() takes. */\n"
		   "static inline int @__create_skeleton(struct @ *skel)\n{\n"
		   "\tstruct bpf_object_skeleton *s = (struct bpf_object_skeleton *)calloc(1, sizeof(*s));\n\n"
		   "\tif (!s)\n\t\treturn -ENOMEM;\n"
		   "\tskel->skeleton = s;\n"
		   "\ts->sz = sizeof(*s);\n"
		   "\ts->name = \"@\";\n"
		   "\ts->obj = &skel->obj;\n"
		   "\ts->data = (void *)@__elf_bytes(&s->data_sz);\n");
	gen_put_tables(g, false, "return -ENOMEM");
	gen_put(g, "\treturn 0;\n}\n\n");
}

static const char life[] =
	"/* NULL is fine. */\n"
	"static inline void @__destroy(struct @ *skel)\n{\n"
	"\tif (skel && skel->skeleton)\n\t\tbpf_object__destroy_skeleton(skel->skeleton);\n"
	"\tfree(skel);\n}\n\n"
	"/* NULL and errno on failure, as all that return a pointer. */\n"
	"static inline struct @ *@__open_opts(const struct bpf_object_open_opts *opts)\n{\n"
	"\tstruct @ *skel = (struct @ *)calloc(1, sizeof(*skel));\n"
	"\tint err = -ENOMEM;\n\n"
	"\tif (skel)\n\t\terr = @__create_skeleton(skel);\n"
	"\tif (!err)\n\t\terr = bpf_object__open_skeleton(skel->skeleton, opts);\n"
	"\tif (!err)\n\t\treturn skel;\n"
	"\t@__destroy(skel);\n"
	"\terrno = -err;\n"
	"\treturn NULL;\n}\n\n"
	"static inline struct @ *@__open(void)\n{\n\treturn @__open_opts(NULL);\n}\n\n"
	"static inline int @__load(struct @ *skel)\n{\n\treturn bpf_object__load_skeleton(skel->skeleton);\n}\n\n"
	"static inline struct @ *@__open_and_load(void)\n{\n"
	"\tstruct @ *skel = @__open();\n"
	"\tint err = skel ? @__load(skel) : 0;\n\n"
	"\tif (!err)\n\t\treturn skel;\n"
	"\t@__destroy(skel);\n"
	"\terrno = -err;\n"
	"\treturn NULL;\n}\n\n"
	"static inline int @__attach(struct @ *skel)\n{\n\treturn bpf_object__attach_skeleton(skel->skeleton);\n}\n\n"
	"static inline void @__detach(struct @ *skel)\n{\n\tbpf_object__detach_skeleton(skel->skeleton);\n}\n\n";

static const char twin[] =
	"#ifdef __cplusplus\n"
	"struct @ *@::open(const struct bpf_object_open_opts *opts)\n{\n\treturn @__open_opts(opts);\n}\n"
	"struct @ *@::open_and_load()\n{\n\treturn @__open_and_load();\n}\n"
	"int @::load(struct @ *skel)\n{\n\treturn @__load(skel);\n}\n"
	"int @::attach(struct @ *skel)\n{\n\treturn @__attach(skel);\n}\n"
	"void @::detach(struct @ *skel)\n{\n\t@__detach(skel);\n}\n"
	"void @::destroy(struct @ *skel)\n{\n\t@__destroy(skel);\n}\n"
	"const void *@::elf_bytes(size_t *sz)\n{\n\treturn @__elf_bytes(sz);\n}\n"
	"#endif\n\n";

/* One byte of a string literal; octal stops after three digits, where hexadecimal would go on. */
static void put_byte(struct strbuf *out, u8 byte, u8 next)
{
	bool short_ok = next < '0' || next > '7';

	if (byte >= ' ' && byte < 0x7f && !strchr("\"\\?", byte))
		strbuf_putc(out, (char)byte);
	else
		strbuf_printf(out, short_ok ? "\\%o" : "\\%03o", byte);
}

static void put_bytes(struct gen *g)
{
	const struct in_file *file = &g->in.file;
	const size_t a_line = 32;

	gen_put(g, "static inline const void *@__elf_bytes(size_t *sz)\n{\n"
		   "\tstatic const char bytes[] __attribute__((aligned(8))) =");
	for (size_t i = 0; i < file->size; i++) {
		bool ends = i % a_line == a_line - 1 || i + 1 == file->size;

		if (!(i % a_line))
			strbuf_puts(&g->out, "\n\t\t\"");
		put_byte(&g->out, file->bytes[i], ends ? 0 : file->bytes[i + 1]);
		if (ends)
			strbuf_putc(&g->out, '"');
	}
	gen_put(g, ";\n\n\t*sz = sizeof(bytes) - 1;\n\treturn bytes;\n}\n\n");
}

/* A type of that name may be another where the header is used. Structures in a structure have no name of their
 * own in C++, hence typeof. */
static void put_assertions(struct gen *g)
{
	struct gen_var var;

	gen_put(g, "#ifdef __cplusplus\n#define @__assert static_assert\n"
		   "#else\n#define @__assert _Static_assert\n#endif\n");
	for (u32 i = 0; i < g->map_cnt; i++) {
		const struct gen_map *m = &g->maps[i];

		for (u32 v = 0; v < gen_var_cnt(m); v++) {
			if (!gen_var_at(g, m, v, &var))
				continue;
			gen_put(g, "@__assert(sizeof(((struct @ *)0)->%s->%s) == %u, \"size of %s\");\n", m->ident,
				var.name, var.size, var.name);
			gen_put(g, "@__assert(offsetof(__typeof__(*((struct @ *)0)->%s), %s) == %u, \"offset of %s\");\n",
				m->ident, var.name, var.off, var.name);
		}
	}
	gen_put(g, "#undef @__assert\n\n");
}

bool gen_put_skeleton(struct gen *g)
{
	gen_put(g, "/* Made by \"skep gen skeleton\"; make it again rather than change it. */\n"
		   "#ifndef __%s_SKEL_H__\n#define __%s_SKEL_H__\n\n"
		   "#include <errno.h>\n#include <stddef.h>\n#include <stdlib.h>\n#include <bpf/libbpf.h>\n\n",
		g->guard, g->guard);
	if (!put_struct(g))
		return false;
	put_create(g);
	gen_put(g, "%s", life);
	put_bytes(g);
	gen_put(g, "%s", twin);
	put_assertions(g);
	gen_put(g, "#endif\n");
	return true;
}
