/* SPDX-License-Identifier: BSD-2-Clause */
/* align.c - what alignment a C compiler gives a type. */
#include "btf/btf.h"

#include <errno.h>

/* Members of members of ... may be as many as 2^32 in hostile BTF, each level holding two of the next. */
#define WORK_MAX  (1u << 20)
#define DEPTH_MAX 256 /* checked BTF ends before it, a writer's view may hold a loop */

struct work {
	u32 done, depth;
};

static s64 align_of(const struct skep_btf *btf, u32 id, struct work *work);

/* A member where its type's alignment does not allow it, or a size that an array would break it with,
 * tells a packed struct. */
static s64 composite_align(const struct skep_btf *btf, const struct btf_t *t, struct work *work)
{
	struct btf_memb m;
	s64 max = 1;

	for (u32 i = 0; i < t->vlen; i++) {
		s64 align;

		if (!btf_member(btf, t, i, &m))
			return -EINVAL;
		align = align_of(btf, m.type, work);
		if (align < 0)
			return align;
		max = max_of(max, align);
		if (!m.bit_size && m.bit_off % (8 * align))
			return 1;
	}
	return t->size % max ? 1 : max;
}

static s64 align_kind(const struct skep_btf *btf, u32 id, struct work *work)
{
	struct btf_arr arr;
	struct btf_t t;

	if (!btf_type_get(btf, btf_skip_mods(btf, id), &t))
		return -EINVAL;
	switch (t.kind) {
	case BTF_KIND_INT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
		return min_of(t.size, 8u);
	case BTF_KIND_PTR:
		return 8;
	case BTF_KIND_ARRAY:
		return btf_array(&t, &arr) ? align_of(btf, arr.elem_type, work) : -EINVAL;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return composite_align(btf, &t, work);
	default:
		return -EINVAL;
	}
}

static s64 align_of(const struct skep_btf *btf, u32 id, struct work *work)
{
	s64 ret;

	if (++work->done > WORK_MAX || work->depth == DEPTH_MAX)
		return -E2BIG;
	work->depth++;
	ret = align_kind(btf, id, work);
	work->depth--;
	return ret;
}

s64 btf_type_align(const struct skep_btf *btf, u32 id)
{
	struct work work = { 0 };

	return align_of(btf, id, &work);
}
