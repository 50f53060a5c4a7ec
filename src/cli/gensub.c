/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gensub.c - "skep gen subskeleton": a header by which a library finds its own maps, programs and
 * variables in an application's object that it was linked into. The library opens and loads nothing;
 * members point to each variable, because where they stand is known only then.
 */
#include "cli/gen.h"

#include <stdio.h>

typedef bool (*var_fn)(struct gen *g, const struct gen_map *m, const struct gen_var *var, u32 nth);

/* Calls @fn with each variable that C can name. */
static bool each_var(struct gen *g, const struct gen_map *m, u32 *nth, var_fn fn)
{
	struct gen_var var;

	for (u32 i = 0; i < gen_var_cnt(m); i++) {
		if (gen_var_at(g, m, i, &var) && !fn(g, m, &var, (*nth)++))
			return false;
	}
	return true;
}

static bool put_pointer(struct gen *g, const struct gen_map *m, const struct gen_var *var, u32 nth)
{
	int type = btf__resolve_type(g->btf, var->type);
	bool is_array = type > 0 && btf_is_array(btf__type_by_id(g->btf, (u32)type));
	const char *decl;
	char name[256];

	(void)nth;
	if (snprintf(name, sizeof(name), is_array ? "(*%s)" : "*%s", var->name) >= (int)sizeof(name)) {
		cli_fail("%s: the name of variable %s is too long", g->in.file.path, var->name);
		return false;
	}
	if (!gen_decl(g, m, var, name, &decl))
		return false;
	gen_put(g, "\t\t%s;\n", decl);
	return true;
}

static bool put_entry(struct gen *g, const struct gen_map *m, const struct gen_var *var, u32 nth)
{
	gen_put(g, "\ts->vars[%u].name = \"%s\";\n", nth, var->name);
	gen_put(g, "\ts->vars[%u].map = &skel->maps.%s;\n", nth, m->ident);
	gen_put(g, "\ts->vars[%u].addr = (void **)&skel->%s.%s;\n", nth, m->ident, var->name);
	return true;
}

static bool put_struct(struct gen *g, u32 *ret_var_cnt)
{
	*ret_var_cnt = 0;
	gen_put(g, "struct @ {\n\tstruct bpf_object *obj;\n\tstruct bpf_object_subskeleton *subskel;\n");
	gen_put_members(g, false);
	for (u32 i = 0; i < g->map_cnt; i++) {
		if (!g->maps[i].sec)
			continue;
		gen_put(g, "\tstruct @__%s {\n", g->maps[i].ident);
		if (!each_var(g, &g->maps[i], ret_var_cnt, put_pointer))
			return false;
		gen_put(g, "\t} %s;\n", g->maps[i].ident);
	}
	gen_put(g, "\n#ifdef __cplusplus\n"
		   "\tstatic inline struct @ *open(const struct bpf_object *src);\n"
		   "\tstatic inline void destroy(struct @ *skel);\n"
		   "#endif\n};\n\n");
	return true;
}

static void put_create(struct gen *g, u32 var_cnt)
{
	u32 nth = 0;

	gen_put(g, "/* What fails leaves a part that @__destroy() takes. */\n"
		   "static inline int @__create_subskeleton(struct @ *skel, const struct bpf_object *src)\n{\n"
		   "\tstruct bpf_object_subskeleton *s = (struct bpf_object_subskeleton *)calloc(1, sizeof(*s));\n\n"
		   "\tif (!s)\n\t\treturn -ENOMEM;\n"
		   "\tskel->subskel = s;\n"
		   "\ts->sz = sizeof(*s);\n"
		   "\ts->obj = src;\n"
		   "\ts->var_skel_sz = sizeof(*s->vars);\n");
	if (var_cnt)
		gen_put(g, "\ts->vars = (struct bpf_var_skeleton *)calloc(%u, sizeof(*s->vars));\n"
			   "\tif (!s->vars)\n\t\treturn -ENOMEM;\n\ts->var_cnt = %u;\n", var_cnt, var_cnt);
	for (u32 i = 0; i < g->map_cnt; i++)
		each_var(g, &g->maps[i], &nth, put_entry);
	gen_put_tables(g, true, "return -ENOMEM");
	gen_put(g, "\treturn 0;\n}\n\n");
}

static const char life[] =
	"/* The object stays. NULL is fine. */\n"
	"static inline void @__destroy(struct @ *skel)\n{\n"
	"\tif (skel && skel->subskel)\n\t\tbpf_object__destroy_subskeleton(skel->subskel);\n"
	"\tfree(skel);\n}\n\n"
	"/* The object must have been opened and must outlive it. NULL and errno on failure. */\n"
	"static inline struct @ *@__open(const struct bpf_object *src)\n{\n"
	"\tstruct @ *skel = (struct @ *)calloc(1, sizeof(*skel));\n"
	"\tint err = -ENOMEM;\n\n"
	"\tif (skel)\n\t\terr = @__create_subskeleton(skel, src);\n"
	"\tif (!err)\n\t\terr = bpf_object__open_subskeleton(skel->subskel);\n"
	"\tif (!err)\n\t\treturn skel;\n"
	"\t@__destroy(skel);\n"
	"\terrno = -err;\n"
	"\treturn NULL;\n}\n\n"
	"#ifdef __cplusplus\n"
	"struct @ *@::open(const struct bpf_object *src)\n{\n\treturn @__open(src);\n}\n"
	"void @::destroy(struct @ *skel)\n{\n\t@__destroy(skel);\n}\n"
	"#endif\n\n";

bool gen_put_subskeleton(struct gen *g)
{
	u32 var_cnt;

	gen_put(g, "/* Made by \"skep gen subskeleton\"; make it again rather than change it. */\n"
		   "#ifndef __%s_SUBSKEL_H__\n#define __%s_SUBSKEL_H__\n\n"
		   "#include <errno.h>\n#include <stdlib.h>\n#include <bpf/libbpf.h>\n\n", g->guard, g->guard);
	if (!put_struct(g, &var_cnt))
		return false;
	put_create(g, var_cnt);
	gen_put(g, "%s#endif\n", life);
	return true;
}
