/* SPDX-License-Identifier: BSD-2-Clause */
/* find.c - from ids to other ids, to sizes, from names to ids. A checked BTF has no cycle through what is
 * followed here; loops count all the same, for a writer's view is not checked. */
#include "btf/private.h"

#include <errno.h>
#include <string.h>

/* Longer than any chain of modifiers or arrays that a compiler writes. */
#define STEPS_MAX 1024

u32 btf_skip_quals(const struct skep_btf *btf, u32 id)
{
	struct btf_t t;

	for (u32 n = 0; n < STEPS_MAX && btf_type_get(btf, id, &t) &&
			(t.kind == BTF_KIND_CONST || t.kind == BTF_KIND_VOLATILE || t.kind == BTF_KIND_RESTRICT ||
			 t.kind == BTF_KIND_TYPE_TAG); n++)
		id = t.type;
	return id;
}

u32 btf_skip_mods(const struct skep_btf *btf, u32 id)
{
	struct btf_t t;

	for (u32 n = 0; n < STEPS_MAX; n++) {
		id = btf_skip_quals(btf, id);
		if (!btf_type_get(btf, id, &t) || t.kind != BTF_KIND_TYPEDEF)
			return id;
		id = t.type;
	}
	return id;
}

s64 btf_type_size(const struct skep_btf *btf, u32 id)
{
	struct btf_arr arr;
	struct btf_t t;
	u64 cnt = 1, size;

	for (u32 n = 0;; n++) {
		id = btf_skip_mods(btf, id);
		if (n == STEPS_MAX || !btf_type_get(btf, id, &t))
			return -EINVAL;
		if (t.kind == BTF_KIND_VAR) {
			id = t.type;
			continue;
		}
		if (!btf_array(&t, &arr))
			break;
		id = arr.elem_type;
		cnt *= arr.nelems; /* both below 2^32: the check below keeps it so */
		if (cnt > UINT32_MAX)
			return -E2BIG;
	}
	if (t.kind == BTF_KIND_PTR)
		size = 8;
	else if (kind_has_size(t.kind))
		size = t.size;
	else
		return -EINVAL; /* a loop of modifiers ends here too */
	return cnt * size > UINT32_MAX ? -E2BIG : (s64)(cnt * size);
}

static u32 scan(const struct skep_btf *btf, const char *name, u32 kind, u32 id)
{
	struct btf_t t;

	for (; btf_type_get(btf, id, &t); id++)
		if (t.kind == kind && !strcmp(t.name, name))
			return id;
	return 0;
}

/* Index chains run upward by id, the base's ids come first. */
u32 btf_find_next(const struct skep_btf *btf, const char *name, u32 kind, u32 after)
{
	struct btf_t t;
	u32 id;

	if (btf->base && after + 1 < btf->first_id) {
		id = btf_find_next(btf->base, name, kind, after);
		if (id)
			return id;
	}
	if (!*name)
		return 0;
	if (!btf->bucket)
		return scan(btf, name, kind, max_of(after + 1, btf->first_id));
	for (id = btf->bucket[name_hash(name, kind) & btf->bucket_mask]; id;
	     id = btf->next[id - btf->first_id]) {
		if (id > after && btf_type_get(btf, id, &t) && t.kind == kind && !strcmp(t.name, name))
			return id;
	}
	return 0;
}

u32 btf_find(const struct skep_btf *btf, const char *name, u32 kind)
{
	return btf_find_next(btf, name, kind, 0);
}

const char *btf_find_tag(const struct skep_btf *btf, u32 id, s32 idx, const char *name)
{
	size_t len = strlen(name);
	struct btf_t t;

	for (u32 i = 1; btf_type_get(btf, i, &t); i++) {
		if (t.kind != BTF_KIND_DECL_TAG || t.type != id || btf_decl_tag_idx(&t) != idx || strncmp(t.name, name, len))
			continue;
		if (t.name[len] == ':' || !t.name[len])
			return t.name + len + (t.name[len] == ':');
	}
	return NULL;
}
