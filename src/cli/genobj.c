/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * genobj.c - the object that a header is made of, and C names for what it holds. A map that the loader
 * made of a section is named after it, ".data.mine" is data_mine; programs find it under that name.
 */
#include "cli/gen.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool is_identifier(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++) {
		if (!is_word(s[i]))
			return false;
	}
	return len && !isdigit((unsigned char)s[0]);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* "dir/a-b.bpf.o" is a_b_bpf. */
static void name_from_path(const char *path, char *name, size_t size)
{
	const char *base = cli_base_name(path);
	size_t len = strlen(base);

	if (len > 2 && !strcmp(base + len - 2, ".o"))
		len -= 2;
	snprintf(name, size, "%.*s", (int)len, base);
	for (char *c = name; *c; c++) {
		if (!is_word(*c))
			*c = '_';
	}
}

static bool take_name(struct gen *g, const char *path, const char *name)
{
	if (name && strlen(name) >= sizeof(g->name)) {
		cli_fail("name \"%s\": at most %zu characters", name, sizeof(g->name) - 1);
		return false;
	}
	if (name)
		snprintf(g->name, sizeof(g->name), "%s", name);
	else
		name_from_path(path, g->name, sizeof(g->name));
	if (!is_identifier(g->name)) {
		cli_fail("%s: \"%s\" cannot name a C structure; give another with \"name NAME\"", path, g->name);
		return false;
	}
	for (size_t i = 0; i < sizeof(g->guard); i++)
		g->guard[i] = (char)toupper((unsigned char)g->name[i]);
	return true;
}

static const char *section_of(const struct bpf_map *map)
{
	static const char *const secs[] = { ".data", ".rodata", ".bss", ".kconfig" };

	/* The loader puts the object's name in front of the plain ones. */
	for (size_t i = 0; i < ARRAY_SIZE(secs); i++) {
		const char *at = strstr(bpf_map__name(map), secs[i]);

		if (at)
			return at;
	}
	return NULL;
}

static bool name_map(struct gen_map *m)
{
	const char *name = m->sec ? m->sec + 1 : bpf_map__name(m->map);

	if (strlen(name) >= sizeof(m->ident))
		return false;
	snprintf(m->ident, sizeof(m->ident), "%s", name);
	for (char *c = m->ident; m->sec && *c; c++) {
		if (!is_word(*c))
			*c = '_';
	}
	return is_identifier(m->ident);
}

/* ---- variables ------------------------------------------------------------------------------- */

u32 gen_var_cnt(const struct gen_map *m)
{
	return m->datasec ? btf_vlen(m->datasec) : 0;
}

bool gen_var_at(const struct gen *g, const struct gen_map *m, u32 i, struct gen_var *ret_var)
{
	const struct btf_var_secinfo *info = btf_var_secinfos(m->datasec) + i;
	const struct btf_type *var = btf__type_by_id(g->btf, info->type);

	if (!var || !btf_is_var(var))
		return false;
	*ret_var = (struct gen_var){
		.name = btf__name_by_offset(g->btf, var->name_off),
		.type = var->type,
		.off = info->offset,
		.size = info->size,
	};
	/* Of static ones there may be several of one name, and files that were linked hide theirs. */
	return btf_var(var)->linkage != BTF_VAR_STATIC;
}

static void find_vars(const struct gen *g, struct gen_map *m)
{
	s32 id = g->btf ? btf__find_by_name_kind(g->btf, m->sec, BTF_KIND_DATASEC) : -ENOENT;

	if (id > 0)
		m->datasec = btf__type_by_id(g->btf, (u32)id);
}

static bool collect_maps(struct gen *g)
{
	struct bpf_map *map;
	u32 cnt = 0;

	bpf_object__for_each_map(map, g->obj)
		cnt++;
	g->maps = calloc(cnt + 1, sizeof(*g->maps));
	if (!g->maps)
		return !cli_fail("out of memory");
	bpf_object__for_each_map(map, g->obj) {
		struct gen_map *m = &g->maps[g->map_cnt];

		*m = (struct gen_map){ .map = map, .sec = bpf_map__is_internal(map) ? section_of(map) : NULL };
		if (!name_map(m))
			continue;
		if (m->sec)
			find_vars(g, m);
		g->map_cnt++;
	}
	return true;
}

static void keep_decl(void *ctx, const char *fmt, va_list args)
{
	strbuf_vprintf(ctx, fmt, args);
}

bool gen_open(struct gen *g, const char *path, const char *name)
{
	*g = (struct gen){ 0 };
	if (!take_name(g, path, name) || !cli_input_read(&g->in, path, NULL))
		return false;
	/* Maps of sections carry it. */
	snprintf(g->in.name, sizeof(g->in.name), "%s", g->name);
	g->obj = cli_input_open(&g->in);
	if (!g->obj)
		return false;
	g->btf = bpf_object__btf(g->obj);
	if (g->btf) {
		g->dump = btf_dump__new(g->btf, keep_decl, &g->decl, NULL);
		if (!g->dump)
			return !cli_fail("%s: %s", path, cli_strerror(errno));
	}
	return collect_maps(g);
}

void gen_close(struct gen *g)
{
	btf_dump__free(g->dump);
	bpf_object__close(g->obj);
	cli_input_free(&g->in);
	cli_messages_end();
	free(g->maps);
	strbuf_free(&g->decl);
	strbuf_free(&g->out);
}

/* What a program may not write its application sets before it is loaded; nobody sets .kconfig. */
bool gen_decl(struct gen *g, const struct gen_map *m, const struct gen_var *var, const char *name,
	      const char **ret_decl)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = name, .indent_level = 2,
		    .strip_mods = strcmp(m->sec, ".kconfig") != 0);
	int err;

	strbuf_reset(&g->decl);
	err = btf_dump__emit_type_decl(g->dump, var->type, &opts);
	if (err) {
		cli_fail("%s: variable %s: its type cannot be written in C: %s", g->in.file.path, var->name,
			 cli_strerror(err));
		return false;
	}
	*ret_decl = strbuf_str(&g->decl);
	return true;
}

/* ---- text that both headers have ------------------------------------------------------------- */

void gen_put(struct gen *g, const char *fmt, ...)
{
	struct strbuf text = { 0 };
	va_list args;

	va_start(args, fmt);
	strbuf_vprintf(&text, fmt, args);
	va_end(args);
	for (const char *c = strbuf_str(&text); *c; c++) {
		if (*c == '@')
			strbuf_puts(&g->out, g->name);
		else
			strbuf_putc(&g->out, *c);
	}
	strbuf_free(&text);
}

static void put_progs(struct gen *g, const char *type, const char *member)
{
	struct bpf_program *prog, *first = bpf_object__next_program(g->obj, NULL);

	if (!first)
		return;
	gen_put(g, "\tstruct {\n");
	bpf_object__for_each_program(prog, g->obj)
		gen_put(g, "\t\tstruct %s *%s;\n", type, bpf_program__name(prog));
	gen_put(g, "\t} %s;\n", member);
}

void gen_put_members(struct gen *g, bool links)
{
	if (g->map_cnt) {
		gen_put(g, "\tstruct {\n");
		for (u32 i = 0; i < g->map_cnt; i++)
			gen_put(g, "\t\tstruct bpf_map *%s;\n", g->maps[i].ident);
		gen_put(g, "\t} maps;\n");
	}
	put_progs(g, "bpf_program", "progs");
	if (links)
		put_progs(g, "bpf_link", "links");
}

static void put_table(struct gen *g, const char *what, u32 cnt, const char *fail)
{
	gen_put(g, "\n\ts->%s_skel_sz = sizeof(*s->%ss);\n", what, what);
	gen_put(g, "\ts->%ss = (struct bpf_%s_skeleton *)calloc(%u, sizeof(*s->%ss));\n", what, what, cnt, what);
	gen_put(g, "\tif (!s->%ss)\n\t\t%s;\n\ts->%s_cnt = %u;\n", what, fail, what, cnt);
}

/* A subskeleton is of an object of another name, so it asks for sections. */
void gen_put_tables(struct gen *g, bool subskel, const char *fail)
{
	struct bpf_program *prog;
	u32 cnt = 0;

	if (g->map_cnt)
		put_table(g, "map", g->map_cnt, fail);
	for (u32 i = 0; i < g->map_cnt; i++) {
		const struct gen_map *m = &g->maps[i];

		gen_put(g, "\ts->maps[%u].name = \"%s\";\n", i, subskel && m->sec ? m->sec : bpf_map__name(m->map));
		gen_put(g, "\ts->maps[%u].map = &skel->maps.%s;\n", i, m->ident);
		if (!subskel && m->sec)
			gen_put(g, "\ts->maps[%u].mmaped = (void **)&skel->%s;\n", i, m->ident);
	}
	bpf_object__for_each_program(prog, g->obj)
		cnt++;
	if (cnt)
		put_table(g, "prog", cnt, fail);
	cnt = 0;
	bpf_object__for_each_program(prog, g->obj) {
		const char *name = bpf_program__name(prog);

		gen_put(g, "\ts->progs[%u].name = \"%s\";\n", cnt, name);
		gen_put(g, "\ts->progs[%u].prog = &skel->progs.%s;\n", cnt, name);
		if (!subskel)
			gen_put(g, "\ts->progs[%u].link = &skel->links.%s;\n", cnt, name);
		cnt++;
	}
}
