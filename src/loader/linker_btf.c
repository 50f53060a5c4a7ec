/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linker_btf.c - .BTF and .BTF.ext of the output. Types of all inputs, one after the other, but for variables and
 * functions that another input defines: those become that definition. Sections' lists of variables are made anew,
 * with the places in the output. Records of .BTF.ext move by as much as their code. Then equal types become one.
 */
#include "loader/linker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One variable of a section's list. */
struct listed {
	u32 type, off, size;
};

struct making {
	struct bpf_linker *l;
	struct btf_writer *w;
	VEC(struct listed) vars; /* of the section at hand */
};

/* ---- types ----------------------------------------------------------------------------------------------- */

/* The symbol that type @id of input @i stands for and another input owns, NULL. */
static const struct out_sym *owned_elsewhere(const struct bpf_linker *l, u32 i, u32 id)
{
	const struct linker_input *in = l->inputs.at[i];
	const struct out_sym *sym = in->sym_of[id] == NO_PLACE ? NULL : &l->syms.at[in->sym_of[id]];

	return sym && sym->btf_id && (sym->input != i || sym->btf_id != id) ? sym : NULL;
}

static void number_types(struct bpf_linker *l)
{
	u32 next = 1;
	struct btf_t t;

	for (u32 i = 0; i < l->inputs.cnt; i++) {
		struct linker_input *in = l->inputs.at[i];

		for (u32 id = 1; in->obj.btf.b && btf_type_get(in->obj.btf.b, id, &t); id++)
			if (t.kind != BTF_KIND_DATASEC && !owned_elsewhere(l, i, id))
				in->new_ids[id] = next++;
	}
	for (u32 i = 0; i < l->inputs.cnt; i++) {
		struct linker_input *in = l->inputs.at[i];

		for (u32 id = 1; in->obj.btf.b && btf_type_get(in->obj.btf.b, id, &t); id++) {
			const struct out_sym *sym = owned_elsewhere(l, i, id);

			if (sym)
				in->new_ids[id] = l->inputs.at[sym->input]->new_ids[sym->btf_id];
		}
	}
}

static int copy_types(struct making *m)
{
	struct bpf_linker *l = m->l;
	struct btf_t t;

	for (u32 i = 0; i < l->inputs.cnt; i++) {
		struct linker_input *in = l->inputs.at[i];

		for (u32 id = 1; in->obj.btf.b && btf_type_get(in->obj.btf.b, id, &t); id++) {
			s32 res;

			if (t.kind == BTF_KIND_DATASEC || owned_elsewhere(l, i, id))
				continue;
			res = btf_add_record(m->w, in->obj.btf.b, t.raw, btf_new_id, in->new_ids);
			if (res < 0)
				return res;
			skep_assert((u32)res == in->new_ids[id]);
		}
	}
	return 0;
}

/* ---- variables of sections ------------------------------------------------------------------------------- */

/* The kernel's, which stand in no section of the file. */
static bool is_virtual(const char *name)
{
	return !strcmp(name, ".kconfig") || !strcmp(name, ".ksyms");
}

/* Entry @sv of section @sec of input @i, when it is there in the output. */
static bool list_var(struct making *m, u32 i, const struct btf_secvar *sv, const struct placed *at, struct listed *ret)
{
	const struct linker_input *in = m->l->inputs.at[i];
	const struct out_sym *sym;
	struct btf_t t;

	if (!btf_type_get(in->obj.btf.b, sv->type, &t) || (t.kind != BTF_KIND_VAR && t.kind != BTF_KIND_FUNC))
		return false;
	*ret = (struct listed){ in->new_ids[t.id], sv->off, sv->size };
	sym = in->sym_of[t.id] == NO_PLACE ? NULL : &m->l->syms.at[in->sym_of[t.id]];
	if (!at)
		return sym && sym->sec == NO_PLACE && !owned_elsewhere(m->l, i, t.id);
	if (at->repeated || t.kind != BTF_KIND_VAR)
		return false;
	if (btf_var_linkage(&t) == BTF_VAR_STATIC) {
		ret->off = (u32)(at->off + sv->off);
		return true;
	}
	if (!sym || sym->sec != at->out || owned_elsewhere(m->l, i, t.id))
		return false;
	ret->off = (u32)sym->value;
	return true;
}

static int by_off(const void *a, const void *b)
{
	u32 x = ((const struct listed *)a)->off, y = ((const struct listed *)b)->off;

	return x < y ? -1 : x > y;
}

static int write_datasec(struct making *m, const char *name, u32 size)
{
	s32 res;

	if (!m->vars.cnt)
		return 0;
	qsort(m->vars.at, m->vars.cnt, sizeof(*m->vars.at), by_off);
	res = btf_add_datasec(m->w, name, size);
	for (size_t i = 0; res >= 0 && i < m->vars.cnt; i++)
		res = btf_add_secvar(m->w, m->vars.at[i].type, m->vars.at[i].off, m->vars.at[i].size);
	m->vars.cnt = 0;
	return res < 0 ? res : 0;
}

/* @out NULL: a section of the kernel's. */
static int add_datasec(struct making *m, const char *name, const struct out_sec *out)
{
	for (u32 i = 0; i < m->l->inputs.cnt; i++) {
		const struct linker_input *in = m->l->inputs.at[i];
		u32 id = in->obj.btf.b ? btf_find(in->obj.btf.b, name, BTF_KIND_DATASEC) : 0;
		u32 sec = out ? elf_find_section(&in->obj, name) : 0;
		struct btf_secvar sv;
		struct listed var;
		struct btf_t t;

		if (!id || !btf_type_get(in->obj.btf.b, id, &t) || (out && (!sec || in->secs[sec].out == NO_PLACE)))
			continue;
		for (u32 k = 0; btf_secvar(&t, k, &sv); k++)
			if (list_var(m, i, &sv, out ? &in->secs[sec] : NULL, &var) && !vec_push(&m->vars, var))
				return -ENOMEM;
	}
	return write_datasec(m, name, out ? (u32)out->size : 0);
}

static int add_datasecs(struct making *m)
{
	int err = 0;

	for (size_t i = 0; !err && i < m->l->secs.cnt; i++)
		if (!is_virtual(m->l->secs.at[i].name))
			err = add_datasec(m, m->l->secs.at[i].name, &m->l->secs.at[i]);
	if (!err)
		err = add_datasec(m, ".kconfig", NULL);
	return err ? err : add_datasec(m, ".ksyms", NULL);
}

/* ---- .BTF.ext -------------------------------------------------------------------------------------------- */

enum { PART_FUNC, PART_LINE, PART_CORE, PART_CNT };

static const struct {
	const char *name;
	u32 types, strs; /* bit i: word i of a record is a type, a string */
} parts[PART_CNT] = {
	[PART_FUNC] = { "func_info", BIT(1), 0 },
	[PART_LINE] = { "line_info", 0, BIT(1) | BIT(2) },
	[PART_CORE] = { "core_relo", BIT(1), BIT(2) },
};

static const struct btf_ext_info *part_of(const struct btf_ext *ext, u32 part)
{
	return part == PART_FUNC ? &ext->func : part == PART_LINE ? &ext->line : &ext->core;
}

static int bad_record(const struct linker_input *in, u32 part, const struct btf_ext_rec *rec, const char *what)
{
	pr_warn("linker: %s: section .BTF.ext: %s of section %s at offset %u: %s\n", in->obj.path, parts[part].name, rec->sec,
		rec->insn_off, what);
	return -EINVAL;
}

static int put_record(struct making *m, struct linker_input *in, u32 part, const struct btf_ext_rec *rec, u32 rec_size,
		      u32 in_sec, struct strbuf *to)
{
	const struct skep_btf *btf = in->obj.btf.b;
	u32 words[64]; /* records have 252 bytes at most */

	if (rec->insn_off >= in->obj.secs[in_sec].hdr.sh_size)
		return bad_record(in, part, rec, "behind its end");
	memcpy(words, rec->rec, rec_size);
	words[0] = rec->insn_off + (u32)in->secs[in_sec].off;
	for (u32 i = 1; i < 3 && i < rec_size / sizeof(u32); i++) {
		const char *s = parts[part].strs & BIT(i) ? btf_str(btf, words[i]) : NULL;
		s64 off;

		if (parts[part].types & BIT(i)) {
			if (words[i] >= btf_id_cnt(btf))
				return bad_record(in, part, rec, "its type is out of range");
			words[i] = in->new_ids[words[i]];
		} else if (parts[part].strs & BIT(i)) {
			if (!s)
				return bad_record(in, part, rec, "its string is out of range");
			off = btf_add_str(m->w, s);
			if (off < 0)
				return (int)off;
			words[i] = (u32)off;
		}
	}
	strbuf_add(to, (const char *)words, rec_size);
	return 0;
}

/* Appends the records that an input has for a section. Which input's section a name means is looked up once a block. */
static int gather(struct making *m, struct linker_input *in, u32 part, u32 out, u32 rec_size, struct strbuf *to, u32 *cnt)
{
	const struct btf_ext_info *info = part_of(in->obj.ext, part);
	const char *name = NULL;
	u32 sec = 0;

	for (u32 i = 0; i < info->rec_cnt; i++) {
		const struct btf_ext_rec *rec = &info->recs[i];
		int err;

		if (rec->sec != name)
			sec = elf_find_section(&in->obj, rec->sec);
		name = rec->sec;
		if (!sec || in->secs[sec].out != out || linker_is_dead(in, sec, rec->insn_off))
			continue;
		if (info->rec_size != rec_size)
			return bad_record(in, part, rec, "records of another size than in the objects before");
		err = put_record(m, in, part, rec, rec_size, sec, to);
		if (err)
			return err;
		(*cnt)++;
	}
	return 0;
}

static u32 record_size(const struct bpf_linker *l, u32 part)
{
	for (size_t i = 0; i < l->inputs.cnt; i++) {
		const struct btf_ext *ext = l->inputs.at[i]->obj.ext;

		if (ext && part_of(ext, part)->rec_cnt)
			return part_of(ext, part)->rec_size;
	}
	return 0;
}

/* Blocks of all sections; empty when there are no records. */
static int make_part(struct making *m, u32 part, struct strbuf *ret)
{
	u32 rec_size = record_size(m->l, part);
	int err = 0;

	if (rec_size)
		strbuf_add(ret, (const char *)&rec_size, sizeof(rec_size));
	for (u32 out = 0; rec_size && !err && out < m->l->secs.cnt; out++) {
		struct strbuf recs = { 0 };
		s64 name_off;
		u32 cnt = 0;

		if (!(m->l->secs.at[out].flags & SHF_EXECINSTR))
			continue;
		for (u32 i = 0; !err && i < m->l->inputs.cnt; i++)
			if (m->l->inputs.at[i]->obj.ext)
				err = gather(m, m->l->inputs.at[i], part, out, rec_size, &recs, &cnt);
		name_off = err ? err : btf_add_str(m->w, m->l->secs.at[out].name);
		if (name_off < 0) {
			err = (int)name_off;
		} else if (cnt) {
			strbuf_add(ret, (const char *)(u32[2]){ (u32)name_off, cnt }, 2 * sizeof(u32));
			strbuf_add(ret, recs.str, recs.len);
		}
		ret->oom |= recs.oom;
		strbuf_free(&recs);
	}
	if (ret->len == sizeof(rec_size))
		ret->len = 0;
	return err ? err : ret->oom ? -ENOMEM : 0;
}

static int make_ext(struct making *m, struct btf_ext **ret_ext)
{
	/* magic, version 1, no flags; the header's length; offset and length of each part */
	u32 header[2 + 2 * PART_CNT] = { BTF_MAGIC | 1 << 16, sizeof(header) }, off = 0;
	struct strbuf bodies[PART_CNT] = { 0 }, all = { 0 };
	int err = 0;

	for (u32 part = 0; !err && part < PART_CNT; part++) {
		err = make_part(m, part, &bodies[part]);
		header[2 + 2 * part] = off;
		header[3 + 2 * part] = bodies[part].len;
		off += bodies[part].len;
	}
	strbuf_add(&all, (const char *)header, sizeof(header));
	for (u32 part = 0; part < PART_CNT; part++) {
		strbuf_add(&all, strbuf_str(&bodies[part]), bodies[part].len);
		strbuf_free(&bodies[part]);
	}
	if (!err && all.oom)
		err = -ENOMEM;
	if (!err && off)
		err = btf_ext_parse(all.str, all.len, btf_writer_view(m->w), ret_ext, NULL);
	strbuf_free(&all);
	return err;
}

/* ---- all of it ------------------------------------------------------------------------------------------- */

static bool has_btf(const struct bpf_linker *l)
{
	for (size_t i = 0; i < l->inputs.cnt; i++)
		if (l->inputs.at[i]->obj.btf.b)
			return true;
	return false;
}

static int make_all(struct making *m, struct btf *btf, struct btf_ext **ret_ext)
{
	int err;

	number_types(m->l);
	err = copy_types(m);
	if (!err)
		err = add_datasecs(m);
	if (!err)
		err = make_ext(m, ret_ext);
	if (!err) {
		LIBBPF_OPTS(btf_dedup_opts, opts, .btf_ext = *ret_ext);

		err = btf__dedup(btf, &opts);
	}
	/*
	 * What is valid alone may not be together or written anew: symbols that contradict a list of variables, a name that
	 * is empty but not at offset 0.
	 */
	return err ? err : btf_settle_as(btf, "linker: the output's BTF");
}

int linker_make_btf(struct bpf_linker *l, struct btf **ret_btf, struct btf_ext **ret_ext)
{
	struct making m = { .l = l };
	struct btf_ext *ext = NULL;
	struct btf *btf;
	int err = 0;

	*ret_btf = NULL;
	*ret_ext = NULL;
	if (!has_btf(l))
		return 0;
	btf = btf__new_empty();
	if (!btf)
		return -errno;
	m.w = btf_change(btf, &err);
	if (m.w)
		err = make_all(&m, btf, &ext);
	vec_free(&m.vars);
	if (err) {
		btf_ext__free(ext);
		btf__free(btf);
		return err;
	}
	*ret_btf = btf;
	*ret_ext = ext;
	return 0;
}
