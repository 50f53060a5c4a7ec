/* SPDX-License-Identifier: BSD-2-Clause */
/* core_types.c - see core_types.h. Recursion is bounded: hostile BTF may be a deep chain. */
#include "btf/core_types.h"

#include <string.h>

#define MAX_DEPTH 32

struct pair {
	const struct skep_btf *a_btf, *b_btf;
	struct btf_t a, b;
};

static bool get_pair(struct pair *p, const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b)
{
	p->a_btf = a_btf;
	p->b_btf = b_btf;
	return btf_type_get(a_btf, btf_skip_mods(a_btf, a), &p->a) && btf_type_get(b_btf, btf_skip_mods(b_btf, b), &p->b);
}

size_t core_essential_len(const char *name)
{
	size_t len = strlen(name);

	/* The last "___" with something before and behind it. */
	for (size_t i = len; i-- > 4;) {
		if (name[i] != '_' && name[i - 1] == '_' && name[i - 2] == '_' && name[i - 3] == '_' &&
		    name[i - 4] != '_')
			return i - 3;
	}
	return len;
}

static bool same_essential(const char *a, const char *b)
{
	size_t len = core_essential_len(a);

	return len == core_essential_len(b) && !strncmp(a, b, len);
}

static bool same_kind(const struct pair *p)
{
	return p->a.kind == p->b.kind || (btf_kind_is_enum(p->a.kind) && btf_kind_is_enum(p->b.kind));
}

static bool fields(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b, u32 depth)
{
	struct btf_arr x, y;
	struct pair p;

	if (depth > MAX_DEPTH || !get_pair(&p, a_btf, a, b_btf, b))
		return false;
	if (btf_kind_is_composite(p.a.kind) && btf_kind_is_composite(p.b.kind))
		return true;
	if (!same_kind(&p))
		return false;
	switch (p.a.kind) {
	case BTF_KIND_PTR:
	case BTF_KIND_FLOAT:
	case BTF_KIND_INT:
		return true;
	case BTF_KIND_FWD:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return !p.a.name[0] || !p.b.name[0] || same_essential(p.a.name, p.b.name);
	case BTF_KIND_ARRAY:
		return btf_array(&p.a, &x) && btf_array(&p.b, &y) &&
		       fields(a_btf, x.elem_type, b_btf, y.elem_type, depth + 1);
	default:
		return false;
	}
}

bool core_fields_compatible(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b)
{
	return fields(a_btf, a, b_btf, b, 0);
}

typedef bool (*compare_fn)(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b, u32 depth,
			   bool behind_ptr);

static bool protos(const struct pair *p, u32 depth, compare_fn compare)
{
	struct btf_parm x, y;

	if (p->a.vlen != p->b.vlen)
		return false;
	for (u32 i = 0; i < p->a.vlen; i++) {
		if (!btf_param(p->a_btf, &p->a, i, &x) || !btf_param(p->b_btf, &p->b, i, &y) ||
		    !compare(p->a_btf, x.type, p->b_btf, y.type, depth + 1, false))
			return false;
	}
	return compare(p->a_btf, p->a.type, p->b_btf, p->b.type, depth + 1, false);
}

static bool compatible(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b, u32 depth,
		       bool behind_ptr __unused_arg)
{
	struct btf_arr x, y;
	struct pair p;

	if (depth > MAX_DEPTH || !get_pair(&p, a_btf, a, b_btf, b) || !same_kind(&p))
		return false;
	switch (p.a.kind) {
	case BTF_KIND_PTR:
		return compatible(a_btf, p.a.type, b_btf, p.b.type, depth + 1, true);
	case BTF_KIND_ARRAY:
		return btf_array(&p.a, &x) && btf_array(&p.b, &y) &&
		       compatible(a_btf, x.elem_type, b_btf, y.elem_type, depth + 1, false);
	case BTF_KIND_FUNC_PROTO:
		return protos(&p, depth, compatible);
	default:
		return true;
	}
}

bool core_types_compatible(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b)
{
	return compatible(a_btf, a, b_btf, b, 0, false);
}

static bool enums_match(const struct pair *p)
{
	const char *x, *y;
	s64 val;

	for (u32 i = 0; i < p->a.vlen; i++) {
		bool found = false;

		if (!btf_enumerator(p->a_btf, &p->a, i, &x, &val))
			return false;
		for (u32 k = 0; k < p->b.vlen && !found; k++)
			found = btf_enumerator(p->b_btf, &p->b, k, &y, &val) && same_essential(x, y);
		if (!found)
			return false;
	}
	return true;
}

static bool matches(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b, u32 depth,
		    bool behind_ptr);

static bool members_match(const struct pair *p, u32 depth)
{
	struct btf_memb x, y;

	for (u32 i = 0; i < p->a.vlen; i++) {
		bool found = false;

		if (!btf_member(p->a_btf, &p->a, i, &x))
			return false;
		for (u32 k = 0; k < p->b.vlen && !found; k++)
			found = btf_member(p->b_btf, &p->b, k, &y) && !strcmp(x.name, y.name) &&
				matches(p->a_btf, x.type, p->b_btf, y.type, depth + 1, false);
		if (!found)
			return false;
	}
	return true;
}

static bool matches(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b, u32 depth,
		    bool behind_ptr)
{
	struct btf_arr x, y;
	struct pair p;

	if (depth > MAX_DEPTH || !get_pair(&p, a_btf, a, b_btf, b))
		return false;
	if (p.a.name[0] && p.b.name[0] && !same_essential(p.a.name, p.b.name))
		return false;
	/* Behind a pointer a declaration stands for the struct. */
	if (behind_ptr && (p.a.kind == BTF_KIND_FWD || p.b.kind == BTF_KIND_FWD))
		return (p.a.kind == BTF_KIND_FWD || btf_kind_is_composite(p.a.kind)) &&
		       (p.b.kind == BTF_KIND_FWD || btf_kind_is_composite(p.b.kind));
	if (!same_kind(&p))
		return false;
	switch (p.a.kind) {
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return p.a.size == p.b.size && enums_match(&p);
	case BTF_KIND_INT:
		return p.a.size == p.b.size &&
		       (btf_int_encoding(&p.a) & BTF_INT_SIGNED) == (btf_int_encoding(&p.b) & BTF_INT_SIGNED);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return behind_ptr || members_match(&p, depth);
	case BTF_KIND_PTR:
		return matches(a_btf, p.a.type, b_btf, p.b.type, depth + 1, true);
	case BTF_KIND_ARRAY:
		return btf_array(&p.a, &x) && btf_array(&p.b, &y) && x.nelems == y.nelems &&
		       matches(a_btf, x.elem_type, b_btf, y.elem_type, depth + 1, false);
	case BTF_KIND_FUNC_PROTO:
		return protos(&p, depth, matches);
	case BTF_KIND_UNKN:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
		return true;
	default:
		return false;
	}
}

bool core_types_match(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b)
{
	return matches(a_btf, a, b_btf, b, 0, false);
}
