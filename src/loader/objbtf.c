/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objbtf.c - the object's BTF: what a compiler leaves for the loader to fill in (sizes of data sections
 * and offsets of their variables, which only the symbol table has; linkage of what is hidden; externs,
 * which become plain variables), and loading it.
 */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As in the blob, after the header's magic, version and flags. */
struct blob {
	u8 *data; /* a copy with room for what is added */
	const u8 *raw; /* what obj->btf decodes */
	u32 size, hdr_len;
};

static struct btf_type *rec_in(const struct blob *blob, const struct btf_t *t)
{
	return (struct btf_type *)(blob->data + ((const u8 *)t->raw - blob->raw));
}

static void *tail_in(const struct blob *blob, const struct btf_t *t)
{
	return blob->data + ((const u8 *)t->tail - blob->raw);
}

static const struct elf_sym *data_symbol(const struct bpf_object *obj, u32 sec_idx, const char *name)
{
	for (u32 i = 0; i < obj->sym_cnt; i++) {
		const struct elf_sym *sym = &obj->syms[i];

		if (sym->sec == sec_idx && sym->type == STT_OBJECT && sym->bind != STB_LOCAL && !strcmp(sym->name, name))
			return sym;
	}
	return NULL;
}

static int by_offset(const void *a, const void *b)
{
	u32 x = ((const struct btf_var_secinfo *)a)->offset, y = ((const struct btf_var_secinfo *)b)->offset;

	return x < y ? -1 : x > y;
}

/* Offsets of static variables are right already: their relocation names the section, and the offset
 * stands in place. Of global ones the symbol tells. */
static int fix_datasec(struct bpf_object *obj, const struct btf_t *t, const struct blob *blob)
{
	struct btf_type *rec = rec_in(blob, t);
	struct btf_var_secinfo *vars = tail_in(blob, t);
	u32 sec_idx = elf_find_section(obj, t->name);
	const struct elf_sec *sec = &obj->secs[sec_idx];
	bool fix_offsets = !rec->size;

	if (fix_offsets && (!sec_idx || !sec->hdr.sh_size)) {
		pr_warn("BTF: %s: section %s: BTF describes it, the file has none\n", obj->path, t->name);
		return -ENOENT;
	}
	if (sec_idx && rec->size && rec->size != sec->hdr.sh_size) {
		pr_warn("BTF: %s: section %s has %llu bytes, its BTF says %u\n", obj->path, t->name,
			(unsigned long long)sec->hdr.sh_size, rec->size);
		return -LIBBPF_ERRNO__FORMAT;
	}
	if (fix_offsets)
		rec->size = sec->hdr.sh_size;
	for (u32 i = 0; i < t->vlen; i++) {
		const struct elf_sym *sym;
		struct btf_secvar sv;
		struct btf_t var;

		if (!btf_secvar(t, i, &sv) || !btf_type_get(obj->btf.b, sv.type, &var) || var.kind != BTF_KIND_VAR) {
			pr_warn("BTF: %s: section %s: entry %u is no variable\n", obj->path, t->name, i);
			return -LIBBPF_ERRNO__FORMAT;
		}
		if (btf_var_linkage(&var) == BTF_VAR_STATIC)
			continue;
		sym = data_symbol(obj, sec_idx, var.name);
		if (!sym) {
			pr_warn("BTF: %s: section %s: no symbol for variable %s\n", obj->path, t->name, var.name);
			return -ENOENT;
		}
		if (fix_offsets)
			vars[i].offset = sym->value;
		if (sym->hidden)
			*(u32 *)tail_in(blob, &var) = BTF_VAR_STATIC;
	}
	qsort(vars, t->vlen, sizeof(*vars), by_offset);
	return 0;
}

static void fix_kconfig(struct bpf_object *obj, const struct btf_t *t, const struct blob *blob)
{
	struct btf_var_secinfo *vars = tail_in(blob, t);
	u32 end = 0;

	for (u32 i = 0; i < t->vlen; i++) {
		struct btf_secvar sv;
		struct btf_t var;
		int idx;

		if (!btf_secvar(t, i, &sv) || !btf_type_get(obj->btf.b, sv.type, &var))
			continue;
		idx = extern_by_name(obj, var.name);
		if (idx < 0)
			continue;
		vars[i].offset = obj->externs.at[idx].off;
		vars[i].size = obj->externs.at[idx].size;
		end = max_of(end, vars[i].offset + vars[i].size);
		*(u32 *)tail_in(blob, &var) = BTF_VAR_GLOBAL_ALLOCATED;
	}
	rec_in(blob, t)->size = end;
	qsort(vars, t->vlen, sizeof(*vars), by_offset);
}

/* ---- kernel symbols: each entry becomes a 4-byte variable, as BTF has nothing else for a section ---- */

static const char dummy_names[] = "int\0dummy_ksym";

struct dummy {
	u32 int_id, var_id, name_off;
};

/* Adds "int" and a variable "dummy_ksym" of it; the blob has room for them. */
static struct dummy add_dummy(struct bpf_object *obj, struct blob *blob)
{
	u32 words[6], id = btf_id_cnt(obj->btf.b);
	u32 type_len, str_len, names = sizeof(dummy_names);
	struct dummy dummy = { .int_id = id, .var_id = id + 1 };
	u32 recs[8];
	u8 *strs;

	memcpy(words, blob->data, sizeof(words));
	type_len = words[3];
	str_len = words[5];
	dummy.name_off = str_len + 4;
	memcpy(recs, (u32[8]){ str_len, (u32)BTF_KIND_INT << 24, 4, BTF_INT_SIGNED << 24 | 32, dummy.name_off,
			       (u32)BTF_KIND_VAR << 24, id, BTF_VAR_GLOBAL_ALLOCATED }, sizeof(recs));
	strs = blob->data + blob->hdr_len + type_len;
	memmove(strs + sizeof(recs), strs, str_len);
	memcpy(strs, recs, sizeof(recs));
	memcpy(strs + sizeof(recs) + str_len, dummy_names, names);
	words[3] += sizeof(recs);
	words[4] += sizeof(recs);
	words[5] += names;
	memcpy(blob->data, words, sizeof(words));
	blob->size += sizeof(recs) + names;
	return dummy;
}

/* The kernel wants names for a global function's parameters. */
static void fix_kfunc(struct bpf_object *obj, const struct btf_t *func, const struct blob *blob, u32 name_off)
{
	struct btf_type *rec = rec_in(blob, func);
	struct btf_param *params;
	struct btf_t proto;

	rec->info = (rec->info & ~3u) | BTF_FUNC_GLOBAL;
	if (!btf_type_get(obj->btf.b, func->type, &proto) || proto.kind != BTF_KIND_FUNC_PROTO)
		return;
	params = tail_in(blob, &proto);
	for (u32 i = 0; i < proto.vlen; i++) {
		if (params[i].type && !params[i].name_off)
			params[i].name_off = name_off;
	}
}

static void fix_ksyms(struct bpf_object *obj, const struct btf_t *t, struct blob *blob)
{
	struct btf_var_secinfo *vars = tail_in(blob, t);
	struct dummy dummy = add_dummy(obj, blob);

	for (u32 i = 0; i < t->vlen; i++) {
		struct btf_secvar sv;
		struct btf_t ext;

		if (!btf_secvar(t, i, &sv) || !btf_type_get(obj->btf.b, sv.type, &ext))
			continue;
		if (ext.kind == BTF_KIND_FUNC) {
			fix_kfunc(obj, &ext, blob, dummy.name_off);
		} else if (ext.kind == BTF_KIND_VAR) {
			rec_in(blob, &ext)->type = dummy.int_id;
			*(u32 *)tail_in(blob, &ext) = BTF_VAR_GLOBAL_ALLOCATED;
		}
		vars[i] = (struct btf_var_secinfo){ .type = dummy.var_id, .offset = i * 4, .size = 4 };
	}
	rec_in(blob, t)->size = t->vlen * 4;
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static int fix_type(struct bpf_object *obj, const struct btf_t *t, struct blob *blob)
{
	if (t->kind != BTF_KIND_DATASEC)
		return 0;
	if (!strcmp(t->name, ".kconfig"))
		fix_kconfig(obj, t, blob);
	else if (strcmp(t->name, ".ksyms"))
		return fix_datasec(obj, t, blob);
	return 0;
}

/* A function that is hidden is checked in its callers' context, as a static one. */
static void fix_hidden_funcs(struct bpf_object *obj, const struct blob *blob)
{
	u32 text = elf_find_section(obj, ".text");

	for (u32 i = 0; text && i < obj->sym_cnt; i++) {
		const struct elf_sym *sym = &obj->syms[i];
		struct btf_t func;

		if (sym->sec != text || sym->type != STT_FUNC || sym->bind == STB_LOCAL || !sym->hidden)
			continue;
		if (btf_type_get(obj->btf.b, btf_find(obj->btf.b, sym->name, BTF_KIND_FUNC), &func) && func.id)
			rec_in(blob, &func)->info &= ~3u;
	}
}

/* @log: one line of what is wrong. */
static int parse_logged(const void *data, u32 size, u32 flags, char *log, u32 log_size, struct skep_btf **ret_btf)
{
	struct vlog vlog;
	u32 true_size;
	int err;

	vlog_init(&vlog, VLOG_LEVEL1, log, log_size);
	err = btf_parse(data, size, NULL, flags, &vlog, ret_btf);
	vlog_finish(&vlog, &true_size);
	log[strcspn(log, "\n")] = '\0';
	return err;
}

/* Externs keep names of the BTF that is about to go. */
static void rename_externs(struct bpf_object *obj)
{
	struct btf_t t;

	for (size_t i = 0; i < obj->externs.cnt; i++) {
		if (btf_type_get(obj->btf.b, obj->externs.at[i].btf_id, &t))
			obj->externs.at[i].name = t.name;
	}
}

static int parse_ext(struct bpf_object *obj)
{
	const struct elf_sec *ext = &obj->secs[elf_find_section(obj, ".BTF.ext")];
	struct strbuf why = { 0 };
	int err;

	if (!ext->data)
		return 0;
	/* libbpf goes on without; but then relocations that it holds would be left out in silence. */
	err = btf_ext_parse(ext->data->d_buf, ext->data->d_size, obj->btf.b, &obj->ext, &why);
	if (err)
		pr_warn("BTF: %s: section .BTF.ext at offset %llu: %s\n", obj->path,
			(unsigned long long)ext->hdr.sh_offset, strbuf_str(&why));
	strbuf_free(&why);
	return err;
}

int object_btf_fixup(struct bpf_object *obj)
{
	struct skep_btf *fixed;
	char log[512] = "";
	struct blob blob;
	struct btf_t t;
	int err = 0;

	if (!obj->btf.b)
		return 0;
	blob.raw = btf_raw(obj->btf.b, &blob.size);
	memcpy(&blob.hdr_len, blob.raw + 4, 4);
	blob.data = malloc((size_t)blob.size + 64);
	if (!blob.data)
		return -ENOMEM;
	memcpy(blob.data, blob.raw, blob.size);
	for (u32 id = 1; !err && id < btf_id_cnt(obj->btf.b); id++) {
		if (btf_type_get(obj->btf.b, id, &t))
			err = fix_type(obj, &t, &blob);
	}
	fix_hidden_funcs(obj, &blob);
	/* Last, for it moves strings. */
	if (!err && btf_type_get(obj->btf.b, btf_find(obj->btf.b, ".ksyms", BTF_KIND_DATASEC), &t) && t.id)
		fix_ksyms(obj, &t, &blob);
	if (!err) {
		err = parse_logged(blob.data, blob.size, BTF_PARSE_KERNEL, log, sizeof(log), &fixed);
		if (err)
			pr_warn("BTF: %s: section .BTF: not valid with the sizes and offsets of sections: %s\n",
				obj->path, log[0] ? log : ERR_STR(err));
	}
	free(blob.data);
	if (err)
		return err;
	btf_put(obj->btf.b);
	obj->btf.b = fixed;
	rename_externs(obj);
	return parse_ext(obj);
}

/* Without BTF there are no maps of .maps and no externs; all else works. */
static bool needs_btf(const struct bpf_object *obj)
{
	for (u32 i = 1; i < obj->sec_cnt; i++) {
		if (obj->secs[i].kind == SEC_MAPS)
			return true;
	}
	return false;
}

int object_btf_parse(struct bpf_object *obj)
{
	const struct elf_sec *sec = &obj->secs[elf_find_section(obj, ".BTF")];
	char log[512] = "";
	int err = -ENOENT;

	if (sec->data) {
		err = parse_logged(sec->data->d_buf, sec->data->d_size, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT, log,
				   sizeof(log), &obj->btf.b);
		if (err)
			pr_warn("BTF: %s: section .BTF at offset %llu: not valid BTF: %s\n", obj->path,
				(unsigned long long)sec->hdr.sh_offset, log[0] ? log : ERR_STR(err));
	} else if (!needs_btf(obj)) {
		return 0;
	} else {
		pr_warn("BTF is required, but is missing or corrupted: %s has no .BTF section; compile with -g\n",
			obj->path);
	}
	return err;
}

/* As libbpf: without BTF in the kernel, programs load without function and line records. */
int object_btf_load(struct bpf_object *obj)
{
	LIBBPF_OPTS(bpf_btf_load_opts, opts);
	char log[2048] = "";
	const void *raw;
	u32 size;
	int fd;

	if (!obj->btf.b)
		return 0;
	raw = btf_raw(obj->btf.b, &size);
	opts.log_buf = log;
	opts.log_size = sizeof(log);
	fd = sys_btf_load(obj->skep, raw, size, &opts);
	if (fd < 0) {
		log[strcspn(log, "\n")] = '\0';
		pr_warn("Error loading .BTF of %s into kernel: %s%s%s. BTF is optional, ignoring.\n", obj->path, ERR_STR(fd),
			log[0] ? ": " : "", log);
		return fd == -ENOMEM ? fd : 0;
	}
	obj->btf_fd = fd;
	return 0;
}
