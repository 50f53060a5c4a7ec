/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - refuses BTF that readers could not walk safely. First each record alone, then what it
 * refers to. After it no chain of by-value types or of pointers and modifiers has a cycle.
 */
#include "btf/private.h"

#include <errno.h>
#include <stdlib.h>

#define RESOLVE_DEPTH_MAX 32

static int bad(struct vlog *log, u32 id, const char *kind, int err, const char *text)
{
	if (vlog_wanted(log))
		vlog_printf(log, "[%u] %s %s\n", id, kind, text);
	return err;
}
#define BAD(text) bad(log, t->id, btf_kind_name(t->kind), -EINVAL, text)

/* Bytes after the record: fixed, and each element; what else the kind allows. */
static const struct {
	u8 fixed, elem;
	bool vlen_ok, kflag_ok, no_name, needs_name;
} shapes[] = {
	[BTF_KIND_INT] = { .fixed = 4 },
	[BTF_KIND_PTR] = { .no_name = true },
	[BTF_KIND_ARRAY] = { .fixed = 12, .no_name = true },
	[BTF_KIND_STRUCT] = { .elem = 12, .vlen_ok = true, .kflag_ok = true },
	[BTF_KIND_UNION] = { .elem = 12, .vlen_ok = true, .kflag_ok = true },
	[BTF_KIND_ENUM] = { .elem = 8, .vlen_ok = true, .kflag_ok = true },
	[BTF_KIND_FWD] = { .kflag_ok = true, .needs_name = true },
	[BTF_KIND_TYPEDEF] = { .needs_name = true },
	[BTF_KIND_VOLATILE] = { .no_name = true },
	[BTF_KIND_CONST] = { .no_name = true },
	[BTF_KIND_RESTRICT] = { .no_name = true },
	[BTF_KIND_FUNC] = { .vlen_ok = true, .needs_name = true },
	[BTF_KIND_FUNC_PROTO] = { .elem = 8, .vlen_ok = true, .no_name = true },
	[BTF_KIND_VAR] = { .fixed = 4, .needs_name = true },
	[BTF_KIND_DATASEC] = { .elem = 12, .vlen_ok = true, .needs_name = true },
	[BTF_KIND_FLOAT] = { .fixed = 0 },
	[BTF_KIND_DECL_TAG] = { .fixed = 4, .kflag_ok = true, .needs_name = true },
	[BTF_KIND_TYPE_TAG] = { .kflag_ok = true, .needs_name = true },
	[BTF_KIND_ENUM64] = { .elem = 12, .vlen_ok = true, .kflag_ok = true },
};

static bool pow2_upto(u32 n, u32 max)
{
	return n && n <= max && !(n & (n - 1));
}

static int check_alone(const struct skep_btf *btf, const struct btf_t *t, struct vlog *log)
{
	const u32 *w = t->tail;
	u32 words = shapes[t->kind].elem / 4, bits;
	u64 end = 0;

	if (t->vlen && !shapes[t->kind].vlen_ok)
		return BAD("vlen != 0");
	if (t->kflag && !shapes[t->kind].kflag_ok)
		return BAD("Invalid btf_info kind_flag");
	if (shapes[t->kind].needs_name ? !*t->name : shapes[t->kind].no_name && t->raw->name_off)
		return BAD(t->kind == BTF_KIND_DECL_TAG ? "Invalid value" : "Invalid name");
	if ((t->kind == BTF_KIND_ARRAY && t->raw->size) || (t->kind == BTF_KIND_FWD && t->raw->type))
		return BAD(t->kind == BTF_KIND_ARRAY ? "size != 0" : "type != 0");
	if (t->kind == BTF_KIND_INT) {
		bits = (w[0] & 0xff) + ((w[0] >> 16) & 0xff);
		if (w[0] & 0xf000ff00u)
			return BAD("Invalid int_data");
		if (bits > 128 || !pow2_upto(t->size, 16) || bits > t->size * 8)
			return BAD("nr_bits exceeds type_size");
		bits = w[0] >> 24;
		if (bits & (bits - 1))
			return BAD("Unsupported encoding");
	}
	if (t->kind == BTF_KIND_FLOAT && t->size != 12 && (!pow2_upto(t->size, 16) || t->size == 1))
		return BAD("Invalid type_size");
	if ((t->kind == BTF_KIND_ENUM || t->kind == BTF_KIND_ENUM64) && !pow2_upto(t->size, 8))
		return BAD("Unexpected size");
	if (t->kind == BTF_KIND_FUNC && t->vlen > BTF_FUNC_EXTERN)
		return BAD("Invalid func linkage");
	if (t->kind == BTF_KIND_VAR && w[0] > BTF_VAR_GLOBAL_EXTERN)
		return BAD("Linkage not supported");
	if (t->kind == BTF_KIND_DECL_TAG && (s32)w[0] < -1)
		return BAD("Invalid component_idx");
	if (t->kind == BTF_KIND_DATASEC && !t->size) {
		if (btf->object)
			return 0;
		return BAD("size == 0");
	}
	for (u32 i = 0; words && i < t->vlen; i++, w += words) {
		if (t->kind == BTF_KIND_DATASEC) {
			if (w[1] < end || !w[2] || w[2] > t->size || (u64)w[1] + w[2] > t->size)
				return BAD("Invalid offset+size");
			end = (u64)w[1] + w[2];
		} else if (!btf_str(btf, w[0])) {
			return BAD("Invalid name_offset");
		}
	}
	return 0;
}

struct walk {
	const struct skep_btf *btf;
	struct vlog *log;
	u8 *seen; /* by own id: 1 on the way, 2 done */
	bool ptrs; /* follow pointers and modifiers, else what is held by value */
};

static int walk_from(struct walk *k, u32 id, u32 depth)
{
	struct btf_t t;
	struct btf_arr a;
	struct btf_memb m;
	bool mod;
	int err = 0;

	/* The base's own check has walked its ids, and they cannot refer to ours. */
	if (id < k->btf->first_id || !btf_type_get(k->btf, id, &t))
		return 0;
	mod = t.kind >= BTF_KIND_TYPEDEF && t.kind <= BTF_KIND_RESTRICT;
	mod = mod || t.kind == BTF_KIND_TYPE_TAG;
	if (!mod && k->ptrs != (t.kind == BTF_KIND_PTR) )
		return 0;
	if (k->seen[id - k->btf->first_id] == 2)
		return 0;
	if (k->seen[id - k->btf->first_id] == 1)
		return bad(k->log, id, btf_kind_name(t.kind), -EINVAL, "Loop detected");
	if (depth == RESOLVE_DEPTH_MAX)
		return bad(k->log, id, btf_kind_name(t.kind), -E2BIG, "Exceeded max resolving depth:32");
	k->seen[id - k->btf->first_id] = 1;
	if (mod || t.kind == BTF_KIND_PTR || t.kind == BTF_KIND_VAR)
		err = walk_from(k, t.type, depth + 1);
	else if (btf_array(&t, &a))
		err = walk_from(k, a.elem_type, depth + 1);
	for (u32 i = 0; !err && btf_member(k->btf, &t, i, &m); i++)
		err = walk_from(k, m.type, depth + 1);
	k->seen[id - k->btf->first_id] = 2;
	return err;
}

static int check_refs(const struct skep_btf *btf, const struct btf_t *t, struct vlog *log)
{
	const struct btf_param *p = t->tail;
	struct btf_secvar v;
	struct btf_memb m;
	struct btf_arr a;
	struct btf_t to = { 0 };
	s64 size;

	if (t->type && !btf_type_get(btf, t->type, &to))
		return BAD("Invalid type_id");
	if (t->kind == BTF_KIND_FUNC && to.kind != BTF_KIND_FUNC_PROTO)
		return BAD("Invalid type_id");
	if (t->kind == BTF_KIND_VAR && btf_type_size(btf, t->type) < 0 &&
	    !(btf->object && btf_var_linkage(t) == BTF_VAR_GLOBAL_EXTERN)) /* "extern const void sym" */
		return BAD("Invalid type_id");
	if (btf_array(t, &a)) {
		if (btf_type_size(btf, a.elem_type) < 0)
			return BAD("Invalid elem");
		btf_type_get(btf, btf_skip_mods(btf, a.index_type), &to);
		if (a.index_type >= btf->cnt || to.kind != BTF_KIND_INT)
			return BAD("Invalid index");
		if (btf_type_size(btf, t->id) < 0)
			return BAD("Array size overflows U32_MAX");
	}
	for (u32 i = 0; btf_member(btf, t, i, &m); i++) {
		size = btf_type_size(btf, m.type);
		if (size < 0)
			return BAD("Invalid member");
		if (m.bit_size ? m.bit_size > size * 8 : m.bit_off % 8 && size > 8)
			return BAD("Invalid member bitfield_size");
		size = m.bit_size ? m.bit_size : size * 8;
		if ((t->kind == BTF_KIND_UNION && m.bit_off) || m.bit_off + (u64)size > (u64)t->size * 8)
			return BAD("Member exceeds struct_size");
	}
	for (u32 i = 0; t->kind == BTF_KIND_FUNC_PROTO && i < t->vlen; i++)
		if (p[i].type >= btf->cnt || (!p[i].type && (p[i].name_off || i + 1 < t->vlen)))
			return BAD("Invalid arg");
	for (u32 i = 0; btf_secvar(t, i, &v); i++)
		if (!btf_type_get(btf, v.type, &to) ||
		    (to.kind != BTF_KIND_VAR && !(btf->object && to.kind == BTF_KIND_FUNC)) ||
		    btf_type_size(btf, v.type) > v.size)
			return BAD("Invalid type");
	return 0;
}

static int read_records(struct skep_btf *btf, const char *p, u32 len, struct vlog *log)
{
	u32 at = 0, id = btf->first_id;

	btf->types = malloc((len / 12 + 1) * sizeof(*btf->types));
	if (!btf->types)
		return -ENOMEM;
	if (len % 4 || (p - (const char *)btf->data) % 4)
		return bad(log, id, "UNKNOWN", -EINVAL, "Unaligned type_off");
	for (; at < len; id++) {
		const struct btf_type *raw = (const void *)(p + at);
		struct btf_t t;
		u64 need = sizeof(*raw);
		u32 kind;
		int err;

		if (len - at < need)
			return bad(log, id, "UNKNOWN", -EINVAL, "meta_left too small");
		kind = INFO_KIND(raw->info);
		if (!kind || kind >= ARRAY_SIZE(shapes))
			return bad(log, id, "UNKNOWN", -EINVAL, "Invalid kind");
		need += shapes[kind].fixed + (u64)shapes[kind].elem * INFO_VLEN(raw->info);
		if (len - at < need)
			return bad(log, id, btf_kind_name(kind), -EINVAL, "meta_left too small");
		if (!btf_str(btf, raw->name_off))
			return bad(log, id, btf_kind_name(kind), -EINVAL, "Invalid name_offset");
		if (id > BTF_MAX_TYPE)
			return bad(log, id, btf_kind_name(kind), -E2BIG, "Exceeded max num of types");
		btf->types[id - btf->first_id] = raw;
		btf->cnt = id + 1;
		btf_type_get(btf, id, &t);
		err = check_alone(btf, &t, log);
		if (err)
			return err;
		at += need;
	}
	return 0;
}

int btf_check(struct skep_btf *btf, const char *types, u32 len, struct vlog *log)
{
	u32 own;
	struct btf_t t;
	int err = read_records(btf, types, len, log);

	own = btf->cnt - btf->first_id;
	for (int pass = 0; !err && pass < 2; pass++) {
		struct walk k = { btf, log, calloc(own + 1, 1), pass == 0 };

		if (!k.seen)
			return -ENOMEM;
		for (u32 i = 0; !err && i < own; i++)
			err = walk_from(&k, btf->first_id + i, 0);
		free(k.seen);
	}
	for (u32 i = 0; !err && i < own; i++)
		if (btf_type_get(btf, btf->first_id + i, &t))
			err = check_refs(btf, &t, log);
	return err;
}
