/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mincore.c - the part of a kernel's BTF which CO-RE relocations need.
 *
 * core_resolve() tells which type of the kernel a relocation found. What it looked at on the way there is kept: the
 * structures and members that the access path names, what is behind names of types, and of the last type what its
 * size and kind follow from. Nothing is kept of types that did not fit: where the whole kernel has no answer, its part
 * has none either. A reference to what is not kept becomes void, so a pointer stays a pointer.
 */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <skep/btf.h>

#define MAX_DEPTH 512

/* How much of a type is needed. Each has what the one before has. */
enum extent {
	ITS_SIZE,  /* kind, name and size */
	ITS_SHAPE, /* also what pointers and prototypes refer to */
	ITS_MATCH, /* also all members of structs, but not of those behind a pointer */
};

struct keeper {
	const struct skep_btf *kernel;
	u8 *kept;	/* by id: 0, or 1 + the widest extent that was asked for */
	u8 **members;	/* by id, of structs and unions: a byte for each; NULL: none is kept */
	u32 *new_ids;	/* by id */
	int err;	/* the first */
};

static void keep_member(struct keeper *k, const struct btf_t *t, u32 idx)
{
	k->kept[t->id] = max_of(k->kept[t->id], (u8)(ITS_SIZE + 1));
	if (!k->members[t->id])
		k->members[t->id] = calloc(t->vlen, 1);
	if (k->members[t->id])
		k->members[t->id][idx] = true;
	else
		k->err = -ENOMEM;
}

static void keep_type(struct keeper *k, u32 id, enum extent extent, u32 depth);

static void keep_members(struct keeper *k, const struct btf_t *t, u32 depth)
{
	struct btf_memb m;

	for (u32 i = 0; i < t->vlen && btf_member(k->kernel, t, i, &m); i++) {
		keep_member(k, t, i);
		keep_type(k, m.type, ITS_MATCH, depth + 1);
	}
}

/* Behind a pointer: by how types are compared there. */
static void keep_target(struct keeper *k, u32 id, enum extent extent, u32 depth)
{
	struct btf_t t;

	if (extent == ITS_SIZE)
		return;
	if (btf_type_get(k->kernel, btf_skip_mods(k->kernel, id), &t) && btf_kind_is_composite(t.kind))
		extent = ITS_SIZE;
	keep_type(k, id, extent, depth);
}

static void keep_proto(struct keeper *k, const struct btf_t *t, enum extent extent, u32 depth)
{
	struct btf_parm p;

	for (u32 i = 0; i < t->vlen && btf_param(k->kernel, t, i, &p); i++)
		keep_type(k, p.type, extent, depth);
	keep_type(k, t->type, extent, depth);
}

static void keep_type(struct keeper *k, u32 id, enum extent extent, u32 depth)
{
	struct btf_arr arr;
	struct btf_t t;

	if (!id || depth > MAX_DEPTH || !btf_type_get(k->kernel, id, &t) || k->kept[id] > extent)
		return;
	k->kept[id] = extent + 1; /* also the end of types that lead to themselves */
	switch (t.kind) {
	case BTF_KIND_PTR:
		keep_target(k, t.type, extent, depth + 1);
		break;
	case BTF_KIND_ARRAY:
		if (btf_array(&t, &arr)) {
			keep_type(k, arr.elem_type, extent, depth + 1);
			keep_type(k, arr.index_type, ITS_SIZE, depth + 1);
		}
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		if (extent == ITS_MATCH)
			keep_members(k, &t, depth);
		break;
	case BTF_KIND_FUNC_PROTO:
		keep_proto(k, &t, extent, depth + 1);
		break;
	default: /* names and qualifiers; the rest refers to nothing */
		keep_type(k, t.type, extent, depth + 1);
	}
}

/* ---- an access path --------------------------------------------------------------------------- */

/* What the kernel calls @type, with all names that it goes by kept; false: nothing. */
static bool resolved(struct keeper *k, u32 type, struct btf_t *ret_t)
{
	keep_type(k, type, ITS_SIZE, 0);
	return btf_type_get(k->kernel, btf_skip_mods(k->kernel, type), ret_t);
}

/* Member @name in @type, through members without names. */
static bool follow_name(struct keeper *k, u32 type, const char *name, u32 depth, u32 *ret_type)
{
	struct btf_memb m;
	struct btf_t t;

	if (depth > MAX_DEPTH || !btf_type_get(k->kernel, btf_skip_mods(k->kernel, type), &t) || !btf_kind_is_composite(t.kind))
		return false;
	for (u32 i = 0; i < t.vlen && btf_member(k->kernel, &t, i, &m); i++) {
		bool found = m.name[0] && !strcmp(m.name, name);

		if (found)
			*ret_type = m.type;
		else if (!m.name[0])
			found = follow_name(k, m.type, name, depth + 1, ret_type);
		if (!found)
			continue;
		keep_type(k, type, ITS_SIZE, 0);
		keep_type(k, m.type, ITS_SIZE, 0);
		keep_member(k, &t, i);
		return true;
	}
	return false;
}

static bool follow_element(struct keeper *k, u32 type, u32 *ret_type)
{
	struct btf_arr arr;
	struct btf_t t;

	if (!resolved(k, type, &t) || t.kind != BTF_KIND_ARRAY || !btf_array(&t, &arr))
		return false;
	*ret_type = arr.elem_type;
	return true;
}

/* One step, in the object's types to know what it is called, and in the kernel's. */
static bool follow_step(struct keeper *k, const struct skep_btf *local, u32 idx, u32 *local_type, u32 *type)
{
	struct btf_memb m;
	struct btf_arr arr;
	struct btf_t t;

	if (!btf_type_get(local, btf_skip_mods(local, *local_type), &t))
		return false;
	if (btf_kind_is_composite(t.kind)) {
		if (!btf_member(local, &t, idx, &m))
			return false;
		*local_type = m.type;
		return !m.name[0] || follow_name(k, *type, m.name, 0, type);
	}
	if (t.kind != BTF_KIND_ARRAY || !btf_array(&t, &arr))
		return false;
	*local_type = arr.elem_type;
	return follow_element(k, *type, type);
}

/* The path "0:1:2" of @relo; its first number counts the structures that a pointer may point to. */
static int keep_path(struct keeper *k, const struct skep_btf *local, const struct core_relo *relo, u32 type)
{
	const char *at = btf_str(local, relo->access_str_off);
	u32 local_type = relo->type_id;

	at = at ? strchr(at, ':') : NULL;
	keep_type(k, type, ITS_SIZE, 0);
	while (at) {
		u32 idx = (u32)strtoul(at + 1, NULL, 10);

		if (!follow_step(k, local, idx, &local_type, &type))
			return -EINVAL; /* though it was resolved: its names lead elsewhere */
		at = strchr(at + 1, ':');
	}
	keep_type(k, type, ITS_SIZE, 0);
	return k->err;
}

/* ---- relocations ------------------------------------------------------------------------------ */

static int keep_for(struct keeper *k, const struct skep_btf *local, const struct core_relo *relo, struct strbuf *why)
{
	const struct core_target targ = { .kernel = k->kernel };
	struct core_spec_result res = { 0 };
	int err;

	if (relo->kind == BPF_CORE_TYPE_ID_LOCAL)
		return 0;
	err = core_resolve(local, relo, &targ, &res, why);
	if (err == -ENOENT && res.poison)
		return 0;
	if (err || !res.target_id)
		return err;
	switch (relo->kind) {
	case BPF_CORE_TYPE_ID_TARGET:
	case BPF_CORE_TYPE_EXISTS:
	case BPF_CORE_TYPE_SIZE:
		keep_type(k, res.target_id, ITS_SHAPE, 0);
		return k->err;
	case BPF_CORE_TYPE_MATCHES:
		keep_type(k, res.target_id, ITS_MATCH, 0);
		return k->err;
	case BPF_CORE_ENUMVAL_EXISTS:
	case BPF_CORE_ENUMVAL_VALUE:
		keep_type(k, res.target_id, ITS_SIZE, 0);
		return k->err;
	default:
		return keep_path(k, local, relo, res.target_id);
	}
}

static int keep_for_all(struct keeper *k, const struct skep_btf *local, const struct btf_ext *ext, const char *path)
{
	struct core_relo relo;
	int err = 0;

	for (u32 i = 0; i < ext->core.rec_cnt && !err; i++) {
		struct strbuf why = { 0 };

		memcpy(&relo, ext->core.recs[i].rec, sizeof(relo));
		err = keep_for(k, local, &relo, &why);
		if (err)
			pr_warn("%s: CO-RE relocation %u: %s\n", path, i, why.len ? strbuf_str(&why) : ERR_STR(err));
		strbuf_free(&why);
	}
	return err;
}

static int keep_for_object(struct keeper *k, const char *path)
{
	struct btf_ext *ext = NULL;
	struct btf *local = btf__parse_elf(path, &ext);
	int err = local ? 0 : -errno;

	if (!local && err == -ENODATA)
		pr_warn("%s: no BTF in it\n", path);
	else if (!local)
		pr_warn("%s: %s\n", path, ERR_STR(err));
	else if (ext)
		err = keep_for_all(k, btf_look(local), ext, path);
	btf_ext__free(ext);
	btf__free(local);
	return err;
}

/* ---- what was kept ---------------------------------------------------------------------------- */

static s32 add_composite(const struct keeper *k, struct btf_writer *w, const struct btf_t *t)
{
	s32 id = btf_add_composite(w, t->kind, t->name, t->size), err = 0;
	struct btf_memb m;

	for (u32 i = 0; id >= 0 && err >= 0 && k->members[t->id] && i < t->vlen; i++) {
		if (k->members[t->id][i] && btf_member(k->kernel, t, i, &m))
			err = btf_add_member(w, m.name, k->new_ids[m.type], m.bit_off, m.bit_size);
	}
	return err < 0 ? err : id;
}

/* In the kernel's order; an id is known before the record that bears it is written. */
static int write_kept(struct keeper *k, struct btf_writer *w)
{
	u32 cnt = btf_id_cnt(k->kernel), next = 1;
	struct btf_t t;
	s32 id;

	for (u32 i = 1; i < cnt; i++)
		k->new_ids[i] = k->kept[i] ? next++ : 0;
	for (u32 i = 1; i < cnt; i++) {
		if (!k->kept[i] || !btf_type_get(k->kernel, i, &t))
			continue;
		id = btf_kind_is_composite(t.kind) ? add_composite(k, w, &t) : btf_add_record(w, k->kernel, t.raw, btf_new_id, k->new_ids);
		if (id < 0)
			return id;
	}
	return 0;
}

static bool keeper_init(struct keeper *k, const struct skep_btf *kernel)
{
	u32 cnt = btf_id_cnt(kernel);

	*k = (struct keeper){ .kernel = kernel, .kept = calloc(cnt, sizeof(*k->kept)),
			      .members = calloc(cnt, sizeof(*k->members)), .new_ids = calloc(cnt, sizeof(*k->new_ids)) };
	return k->kept && k->members && k->new_ids;
}

static void keeper_free(struct keeper *k)
{
	for (u32 i = 0; k->members && i < btf_id_cnt(k->kernel); i++)
		free(k->members[i]);
	free(k->members);
	free(k->kept);
	free(k->new_ids);
}

int skep_min_core_btf(const struct btf *kernel, const char *const *obj_paths, uint32_t obj_cnt, struct btf **ret_btf)
{
	struct btf *part = NULL;
	struct btf_writer *w;
	struct keeper k;
	int err;

	if (btf__base_btf(kernel)) {
		pr_warn("BTF that is split from another is not a kernel's\n");
		return libbpf_err(-EINVAL);
	}
	err = keeper_init(&k, btf_look(kernel)) ? 0 : -ENOMEM;
	for (u32 i = 0; i < obj_cnt && !err; i++)
		err = keep_for_object(&k, obj_paths[i]);
	if (!err) {
		part = btf__new_empty();
		w = part ? btf_change(part, &err) : NULL;
		err = w ? write_kept(&k, w) : -ENOMEM;
	}
	keeper_free(&k);
	if (!err) {
		*ret_btf = part;
		return 0;
	}
	btf__free(part);
	return libbpf_err(err);
}
