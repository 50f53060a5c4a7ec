/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linker_match.c - whether two objects mean the same thing by a name: a function's prototype, a variable's type, a
 * map's definition, which is a struct of pointers to what describes it. Qualifiers and typedefs do not matter; a
 * struct with a name is compared by what one object needs to know of it (name, size, number of members), a forward
 * fits any struct of its name, and "int a[]" fits an array of any length.
 */
#include "loader/linker.h"

#include <string.h>

#define DEPTH_MAX 64 /* a type that goes deeper is only compared so far */

struct pair {
	const struct skep_btf *a, *b;
};

static bool match(const struct pair *p, u32 a_id, u32 b_id, u32 depth, bool outermost);


static bool match_members(const struct pair *p, const struct btf_t *a, const struct btf_t *b, u32 depth)
{
	for (u32 i = 0; i < a->vlen; i++) {
		struct btf_memb x, y;

		if (!btf_member(p->a, a, i, &x) || !btf_member(p->b, b, i, &y) || strcmp(x.name, y.name) ||
		    x.bit_off != y.bit_off || x.bit_size != y.bit_size || !match(p, x.type, y.type, depth, false))
			return false;
	}
	return true;
}

static bool match_structs(const struct pair *p, const struct btf_t *a, const struct btf_t *b, u32 depth)
{
	if (a->kind != b->kind || a->size != b->size || a->vlen != b->vlen || strcmp(a->name, b->name))
		return false;
	return a->name[0] || match_members(p, a, b, depth);
}

static bool match_protos(const struct pair *p, const struct btf_t *a, const struct btf_t *b, u32 depth)
{
	if (a->vlen != b->vlen || !match(p, a->type, b->type, depth, false))
		return false;
	for (u32 i = 0; i < a->vlen; i++) {
		struct btf_parm x, y;

		if (!btf_param(p->a, a, i, &x) || !btf_param(p->b, b, i, &y) || !match(p, x.type, y.type, depth, false))
			return false;
	}
	return true;
}

static bool match_arrays(const struct pair *p, const struct btf_t *a, const struct btf_t *b, u32 depth, bool outermost)
{
	struct btf_arr x, y;

	if (!btf_array(a, &x) || !btf_array(b, &y))
		return false;
	if (x.nelems != y.nelems && !(outermost && (!x.nelems || !y.nelems)))
		return false;
	return match(p, x.elem_type, y.elem_type, depth, false);
}

/* Kinds that differ may still mean the same. */
static bool match_unlike(const struct btf_t *a, const struct btf_t *b)
{
	if (a->kind == BTF_KIND_FWD || b->kind == BTF_KIND_FWD) {
		const struct btf_t *fwd = a->kind == BTF_KIND_FWD ? a : b, *full = fwd == a ? b : a;

		return full->kind == (fwd->kflag ? BTF_KIND_UNION : BTF_KIND_STRUCT) && !strcmp(a->name, b->name);
	}
	return btf_kind_is_enum(a->kind) && btf_kind_is_enum(b->kind) && a->size == b->size && !strcmp(a->name, b->name);
}

static bool match(const struct pair *p, u32 a_id, u32 b_id, u32 depth, bool outermost)
{
	struct btf_t a, b;

	if (depth > DEPTH_MAX)
		return true;
	if (!btf_type_get(p->a, btf_skip_mods(p->a, a_id), &a) || !btf_type_get(p->b, btf_skip_mods(p->b, b_id), &b))
		return false;
	depth++;
	if (a.kind != b.kind)
		return match_unlike(&a, &b);
	switch (a.kind) {
	case BTF_KIND_UNKN:
		return true;
	case BTF_KIND_INT:
		return a.size == b.size && btf_int_encoding(&a) == btf_int_encoding(&b) && btf_int_bits(&a) == btf_int_bits(&b);
	case BTF_KIND_FLOAT:
		return a.size == b.size;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return a.size == b.size && !strcmp(a.name, b.name);
	case BTF_KIND_FWD:
		return a.kflag == b.kflag && !strcmp(a.name, b.name);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return match_structs(p, &a, &b, depth);
	case BTF_KIND_FUNC_PROTO:
		return match_protos(p, &a, &b, depth);
	case BTF_KIND_ARRAY:
		return match_arrays(p, &a, &b, depth, outermost);
	case BTF_KIND_PTR:
	case BTF_KIND_FUNC:
		return match(p, a.type, b.type, depth, false);
	case BTF_KIND_VAR:
		return match(p, a.type, b.type, depth, true);
	default:
		return false;
	}
}

bool linker_types_match(const struct skep_btf *a, u32 a_id, const struct skep_btf *b, u32 b_id)
{
	return match(&(struct pair){ a, b }, a_id, b_id, 0, true);
}
