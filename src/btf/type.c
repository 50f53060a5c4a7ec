/* SPDX-License-Identifier: BSD-2-Clause */
/* type.c - one record, decoded. The parser has checked that records and their tails are in bounds. */
#include "btf/private.h"

static const char *const kind_names[] = {
	"UNKNOWN", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE",
	"CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG",
	"TYPE_TAG", "ENUM64",
};
static_assert(ARRAY_SIZE(kind_names) == BTF_KIND_ENUM64 + 1, "a kind has no name");

const char *btf_kind_name(u32 kind)
{
	return kind_names[kind < ARRAY_SIZE(kind_names) ? kind : 0];
}

const struct skep_btf *btf_base(const struct skep_btf *btf)
{
	return btf->base;
}

u32 btf_first_id(const struct skep_btf *btf)
{
	return btf->first_id;
}

u32 btf_id_cnt(const struct skep_btf *btf)
{
	return btf->cnt;
}

const char *btf_str(const struct skep_btf *btf, u32 off)
{
	while (btf->base && off < btf->str_start)
		btf = btf->base;
	off -= btf->str_start;
	return off < btf->str_len ? btf->strs + off : NULL;
}

bool kind_has_size(u32 kind)
{
	return kind == BTF_KIND_INT || kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION ||
	       kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64 || kind == BTF_KIND_DATASEC ||
	       kind == BTF_KIND_FLOAT;
}

bool btf_type_get(const struct skep_btf *btf, u32 id, struct btf_t *ret_t)
{
	const struct btf_type *raw;
	const char *name;

	if (id >= btf->cnt)
		return false;
	*ret_t = (struct btf_t){ .id = id, .name = "void" };
	if (!id)
		return true;
	while (id < btf->first_id)
		btf = btf->base;
	raw = btf->types[id - btf->first_id];
	name = btf_str(btf, raw->name_off);
	ret_t->kind = INFO_KIND(raw->info);
	ret_t->vlen = INFO_VLEN(raw->info);
	ret_t->kflag = INFO_KFLAG(raw->info);
	ret_t->name = name ? name : "";
	if (kind_has_size(ret_t->kind))
		ret_t->size = raw->size;
	else if (ret_t->kind != BTF_KIND_ARRAY && ret_t->kind != BTF_KIND_FWD)
		ret_t->type = raw->type;
	ret_t->raw = raw;
	ret_t->tail = raw + 1;
	return true;
}

bool btf_member(const struct skep_btf *btf, const struct btf_t *t, u32 i, struct btf_memb *ret_m)
{
	const struct btf_member *m = t->tail;
	const char *name;

	if ((t->kind != BTF_KIND_STRUCT && t->kind != BTF_KIND_UNION) || i >= t->vlen)
		return false;
	m += i;
	name = btf_str(btf, m->name_off);
	ret_m->name = name ? name : "";
	ret_m->type = m->type;
	ret_m->bit_off = t->kflag ? m->offset & 0xffffff : m->offset;
	ret_m->bit_size = t->kflag ? m->offset >> 24 : 0;
	return true;
}

bool btf_param(const struct skep_btf *btf, const struct btf_t *t, u32 i, struct btf_parm *ret_p)
{
	const struct btf_param *p = t->tail;
	const char *name;

	if (t->kind != BTF_KIND_FUNC_PROTO || i >= t->vlen)
		return false;
	name = btf_str(btf, p[i].name_off);
	ret_p->name = name ? name : "";
	ret_p->type = p[i].type;
	return true;
}

bool btf_enumerator(const struct skep_btf *btf, const struct btf_t *t, u32 i, const char **ret_name,
		    s64 *ret_val)
{
	const struct btf_enum *e = t->tail;
	const struct btf_enum64 *e64 = t->tail;
	const char *name;

	if (i >= t->vlen)
		return false;
	if (t->kind == BTF_KIND_ENUM) {
		name = btf_str(btf, e[i].name_off);
		*ret_val = t->kflag ? (s64)(s32)e[i].val : (s64)(u32)e[i].val;
	} else if (t->kind == BTF_KIND_ENUM64) {
		name = btf_str(btf, e64[i].name_off);
		*ret_val = (s64)((u64)e64[i].val_hi32 << 32 | e64[i].val_lo32);
	} else {
		return false;
	}
	*ret_name = name ? name : "";
	return true;
}

bool btf_array(const struct btf_t *t, struct btf_arr *ret_a)
{
	const struct btf_array *a = t->tail;

	if (t->kind != BTF_KIND_ARRAY)
		return false;
	*ret_a = (struct btf_arr){ a->type, a->index_type, a->nelems };
	return true;
}

bool btf_secvar(const struct btf_t *t, u32 i, struct btf_secvar *ret_s)
{
	const struct btf_var_secinfo *v = t->tail;

	if (t->kind != BTF_KIND_DATASEC || i >= t->vlen)
		return false;
	*ret_s = (struct btf_secvar){ v[i].type, v[i].offset, v[i].size };
	return true;
}

u32 btf_int_encoding(const struct btf_t *t)
{
	return t->kind == BTF_KIND_INT ? (*(const u32 *)t->tail >> 24) & 0xf : 0;
}

u32 btf_int_bits(const struct btf_t *t)
{
	return t->kind == BTF_KIND_INT ? *(const u32 *)t->tail & 0xff : 0;
}

u32 btf_var_linkage(const struct btf_t *t)
{
	return t->kind == BTF_KIND_VAR ? *(const u32 *)t->tail : 0;
}

s32 btf_decl_tag_idx(const struct btf_t *t)
{
	return t->kind == BTF_KIND_DECL_TAG ? *(const s32 *)t->tail : -1;
}
