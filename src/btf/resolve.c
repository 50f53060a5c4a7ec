/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolve.c - what records refer to: that it is there, of a kind that may stand there, of a size, and that
 * no way through references comes back to its start. Every record has been looked at alone before.
 *
 * Linux resolves a type by a walk of at most 32 steps, and what one walk finished later walks take as
 * given. A walk that began at a pointer (or met one first) follows pointers and modifiers only, one that
 * began at a struct or array follows what is held by value: "struct a { struct a *next; }" is no loop.
 * The same here, by recursion, so that the same walks are too deep.
 */
#include "btf/check.h"

#include <errno.h>
#include <stdlib.h>

#define WALK_DEPTH_MAX	32
#define CHAIN_MAX	32
#define POINTER_SIZE	8

enum follow { UNDECIDED, POINTERS, VALUES };
enum state { NEW, OPEN, DONE };

struct resolver {
	struct checker *c;
	u8 *state; /* by own id */
	enum follow follow;
	u32 depth;
};

static int resolve(struct resolver *r, u32 id);

static bool get(const struct resolver *r, u32 id, struct btf_t *ret_t)
{
	return btf_type_get(r->c->btf, id, ret_t);
}

static u8 state_of(const struct resolver *r, u32 id)
{
	/* The base has been checked. */
	return id < r->c->btf->first_id ? DONE : r->state[id - r->c->btf->first_id];
}

/* Nothing may refer to these but what is made for it. */
static bool only_refers(u32 kind)
{
	return kind == BTF_KIND_VAR || kind == BTF_KIND_DATASEC || kind == BTF_KIND_DECL_TAG;
}

static bool has_references(u32 kind)
{
	return is_modifier(kind) || kind == BTF_KIND_PTR || kind == BTF_KIND_ARRAY || kind == BTF_KIND_STRUCT ||
	       kind == BTF_KIND_UNION || kind == BTF_KIND_FUNC || only_refers(kind);
}

static bool ends_walk(const struct resolver *r, u32 kind)
{
	if (r->follow == POINTERS)
		return !is_modifier(kind) && kind != BTF_KIND_PTR;
	if (r->follow == VALUES)
		return !is_modifier(kind) && kind != BTF_KIND_ARRAY && kind != BTF_KIND_STRUCT && kind != BTF_KIND_UNION;
	return !has_references(kind);
}

static int follow(struct resolver *r, const struct btf_t *to)
{
	return ends_walk(r, to->kind) || state_of(r, to->id) == DONE ? 0 : resolve(r, to->id);
}

static s64 size_of(const struct resolver *r, u32 id)
{
	return btf_type_size(r->c->btf, id);
}

/*
 * What a pointer or a modifier leads to: anything with a size, void, a forward or a prototype. A function
 * stands for its prototype once it has been looked at.
 */
static bool may_be_pointed_to(const struct resolver *r, u32 id)
{
	struct btf_t t;

	if (!get(r, btf_skip_mods(r->c->btf, id), &t) || only_refers(t.kind))
		return false;
	return t.kind != BTF_KIND_FUNC || state_of(r, t.id) == DONE;
}

/*
 * A modifier that a walk through values finished may have stopped at a pointer, which that walk did not
 * follow: a walk through pointers goes on from there, or "p -> const -> p" would be missed. And the reverse:
 * "typedef struct a t; struct a { t self; }" after a pointer to t, which Linux 6.18 misses.
 */
static int follow_past_modifiers(struct resolver *r, const struct btf_t *to)
{
	struct btf_t end;

	if (!is_modifier(to->kind) || !get(r, btf_skip_mods(r->c->btf, to->id), &end))
		return 0;
	return follow(r, &end);
}

/* All the way to what @t's type_id leads to. */
static int follow_type(struct resolver *r, const struct btf_t *t)
{
	struct btf_t to;
	int err;

	if (!get(r, t->type, &to) || only_refers(to.kind))
		return say_type(r->c, t, -EINVAL, "Invalid type_id");
	err = follow(r, &to);
	return err ? err : follow_past_modifiers(r, &to);
}

static int resolve_ref(struct resolver *r, const struct btf_t *t)
{
	int err = follow_type(r, t);

	if (err)
		return err;
	return may_be_pointed_to(r, t->type) ? 0 : say_type(r->c, t, -EINVAL, "Invalid type_id");
}

static int resolve_var(struct resolver *r, const struct btf_t *t)
{
	struct btf_t to;
	int err;

	if (r->c->lax && btf_var_linkage(t) == BTF_VAR_GLOBAL_EXTERN && get(r, t->type, &to) && !only_refers(to.kind))
		return follow(r, &to); /* "extern const void symbol" */
	err = follow_type(r, t);
	if (err)
		return err;
	return size_of(r, t->type) < 0 ? say_type(r->c, t, -EINVAL, "Invalid type_id") : 0;
}

/* An integer of 1, 2, 4, 8 or 16 bytes by its bits. Linux does not look at its size. */
static bool is_regular_int(const struct btf_t *t)
{
	u32 data = t->kind == BTF_KIND_INT ? *(const u32 *)t->tail : 0, bits = data & 0xff;

	return !((data >> 16) & 0xff) && bits >= 8 && bits <= 128 && !(bits & (bits - 1));
}

static bool may_be_element(const struct resolver *r, u32 id, struct btf_t *ret_t)
{
	return get(r, id, ret_t) && !only_refers(ret_t->kind) && ret_t->kind != BTF_KIND_UNKN &&
	       ret_t->kind != BTF_KIND_FWD && ret_t->kind != BTF_KIND_FUNC && ret_t->kind != BTF_KIND_FUNC_PROTO;
}

static int resolve_array(struct resolver *r, const struct btf_t *t)
{
	const struct btf_array *a = t->tail;
	struct btf_t to;
	s64 size;
	int err;

	if (!may_be_element(r, a->index_type, &to))
		return say_type(r->c, t, -EINVAL, "Invalid index");
	err = follow(r, &to);
	if (err)
		return err;
	if (!get(r, btf_skip_mods(r->c->btf, a->index_type), &to) || !is_regular_int(&to))
		return say_type(r->c, t, -EINVAL, "Invalid index");
	if (!may_be_element(r, a->type, &to))
		return say_type(r->c, t, -EINVAL, "Invalid elem");
	err = follow(r, &to);
	if (!err)
		err = follow_past_modifiers(r, &to);
	if (err)
		return err;
	size = size_of(r, a->type);
	if (size < 0 || !get(r, btf_skip_mods(r->c->btf, a->type), &to))
		return say_type(r->c, t, -EINVAL, "Invalid elem");
	if (to.kind == BTF_KIND_INT && !is_regular_int(&to))
		return say_type(r->c, t, -EINVAL, "Invalid array of int");
	if (a->nelems && size > UINT32_MAX / a->nelems)
		return say_type(r->c, t, -EINVAL, "Array size overflows U32_MAX");
	return 0;
}

/* ---- members: where they may stand --------------------------------------------------------------- */

static bool exceeds(const struct btf_t *t, u64 bit_off, u64 bytes)
{
	return bit_off / 8 > t->size || t->size - bit_off / 8 < bytes;
}

static int check_int_member(struct resolver *r, const struct btf_t *t, u32 i, const struct btf_memb *m,
			    const struct btf_t *to)
{
	u32 data = *(const u32 *)to->tail, bits = data & 0xff;
	u64 off = m->bit_off;

	if (!t->kflag) {
		/* Old encoding: the integer type itself tells that it is a bit-field. */
		off += (data >> 16) & 0xff;
		if (off > UINT32_MAX)
			return say_member(r->c, t, i, -EINVAL, "bits_offset exceeds U32_MAX");
	} else if (!is_regular_int(to)) {
		return say_member(r->c, t, i, -EINVAL, "Invalid member base type");
	} else if (!m->bit_size) {
		if (off % 8)
			return say_member(r->c, t, i, -EINVAL, "Invalid member offset");
	} else if (m->bit_size > bits) {
		return say_member(r->c, t, i, -EINVAL, "Invalid member bitfield_size");
	} else {
		bits = m->bit_size;
	}
	bits += off % 8;
	if (bits > 128)
		return say_member(r->c, t, i, -EINVAL, "nr_copy_bits exceeds 128");
	if (exceeds(t, off, (bits + 7) / 8))
		return say_member(r->c, t, i, -EINVAL, "Member exceeds struct_size");
	return 0;
}

/* Linux takes an enum's bit-field for at most an int's. */
static int check_enum_bits(struct resolver *r, const struct btf_t *t, u32 i, const struct btf_memb *m)
{
	if (m->bit_size > 32)
		return say_member(r->c, t, i, -EINVAL, "Invalid member bitfield_size");
	if (exceeds(t, m->bit_off, (m->bit_size + m->bit_off % 8 + 7) / 8))
		return say_member(r->c, t, i, -EINVAL, "Member exceeds struct_size");
	return 0;
}

/* @to: the member's type behind modifiers. */
static int check_place(struct resolver *r, const struct btf_t *t, u32 i, const struct btf_memb *m,
		       const struct btf_t *to)
{
	u32 align;
	s64 size;

	if (to->kind == BTF_KIND_INT)
		return check_int_member(r, t, i, m, to);
	if ((to->kind == BTF_KIND_ENUM || to->kind == BTF_KIND_ENUM64) && m->bit_size)
		return check_enum_bits(r, t, i, m);
	size = size_of(r, to->id);
	if (m->bit_size)
		return say_member(r->c, t, i, -EINVAL, "Invalid member bitfield_size");
	if (to->kind == BTF_KIND_FLOAT) {
		align = min_of(to->size, (u32)POINTER_SIZE);
		if (m->bit_off % (8 * align) && !r->c->lax)
			return say_member(r->c, t, i, -EINVAL, "Member is not properly aligned");
	}
	if (m->bit_off % 8)
		return say_member(r->c, t, i, -EINVAL, "Member is not byte aligned");
	return exceeds(t, m->bit_off, size) ? say_member(r->c, t, i, -EINVAL, "Member exceeds struct_size") : 0;
}

static int check_member_place(struct resolver *r, const struct btf_t *t, u32 i, const struct btf_memb *m)
{
	struct btf_t to;
	int err;

	if (!get(r, btf_skip_mods(r->c->btf, m->type), &to) || size_of(r, to.id) < 0)
		return say_member(r->c, t, i, -EINVAL, "Invalid member");
	r->c->member_type = to.id;
	err = check_place(r, t, i, m, &to);
	r->c->member_type = 0;
	return err;
}

static int resolve_members(struct resolver *r, const struct btf_t *t)
{
	struct btf_memb m;
	struct btf_t to;
	int err = 0;

	for (u32 i = 0; !err && btf_member(r->c->btf, t, i, &m); i++) {
		if (!may_be_element(r, m.type, &to))
			return say_member(r->c, t, i, -EINVAL, "Invalid member");
		err = follow(r, &to);
		if (!err)
			err = follow_past_modifiers(r, &to);
		if (!err)
			err = check_member_place(r, t, i, &m);
	}
	return err;
}

/* ---- what stands at the top ------------------------------------------------------------------------ */

static int resolve_datasec(struct resolver *r, const struct btf_t *t)
{
	struct btf_secvar v;
	struct btf_t to;
	s64 size;
	int err;

	for (u32 i = 0; btf_secvar(t, i, &v); i++) {
		if (!get(r, v.type, &to) || (to.kind != BTF_KIND_VAR && !(r->c->lax && to.kind == BTF_KIND_FUNC)))
			return say_secvar(r->c, t, i, -EINVAL, "Not a VAR kind member");
		err = follow(r, &to);
		if (err)
			return err;
		if (r->c->lax && (to.kind == BTF_KIND_FUNC || btf_var_linkage(&to) == BTF_VAR_GLOBAL_EXTERN))
			continue;
		size = size_of(r, v.type);
		if (size < 0)
			return say_secvar(r->c, t, i, -EINVAL, "Invalid type");
		if (size > v.size)
			return say_secvar(r->c, t, i, -EINVAL, "Invalid size");
	}
	return 0;
}

static int resolve_func(struct resolver *r, const struct btf_t *t)
{
	const struct btf_param *p;
	struct btf_t proto;

	if (!get(r, t->type, &proto) || proto.kind != BTF_KIND_FUNC_PROTO)
		return say_type(r->c, t, -EINVAL, "Invalid type_id");
	p = proto.tail;
	for (u32 i = 0; i < proto.vlen && !r->c->lax; i++)
		if (!p[i].name_off && p[i].type)
			return say_type(r->c, t, -EINVAL, "Invalid arg#%u", i + 1);
	return 0;
}

static int resolve_decl_tag(struct resolver *r, const struct btf_t *t)
{
	s32 idx = btf_decl_tag_idx(t);
	struct btf_t to, proto;
	int err;

	if (!get(r, t->type, &to) || (to.kind != BTF_KIND_STRUCT && to.kind != BTF_KIND_UNION &&
				      to.kind != BTF_KIND_FUNC && to.kind != BTF_KIND_VAR && to.kind != BTF_KIND_TYPEDEF))
		return say_type(r->c, t, -EINVAL, "Invalid type_id");
	err = follow(r, &to);
	if (err || idx == -1)
		return err;
	if (to.kind == BTF_KIND_VAR || to.kind == BTF_KIND_TYPEDEF)
		return say_type(r->c, t, -EINVAL, "Invalid component_idx");
	if (to.kind == BTF_KIND_FUNC) {
		if (!get(r, to.type, &proto))
			return say_type(r->c, t, -EINVAL, "Invalid type_id");
		to.vlen = proto.vlen;
	}
	return (u32)idx >= to.vlen ? say_type(r->c, t, -EINVAL, "Invalid component_idx") : 0;
}

static int resolve_kind(struct resolver *r, const struct btf_t *t)
{
	switch (t->kind) {
	case BTF_KIND_ARRAY:
		return resolve_array(r, t);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return resolve_members(r, t);
	case BTF_KIND_VAR:
		return resolve_var(r, t);
	case BTF_KIND_DATASEC:
		return resolve_datasec(r, t);
	case BTF_KIND_FUNC:
		return resolve_func(r, t);
	case BTF_KIND_DECL_TAG:
		return resolve_decl_tag(r, t);
	default:
		return resolve_ref(r, t);
	}
}

static int resolve(struct resolver *r, u32 id)
{
	struct btf_t t;
	int err;

	if (r->depth == WALK_DEPTH_MAX)
		return -E2BIG;
	if (state_of(r, id) != NEW)
		return -EEXIST;
	if (!get(r, id, &t))
		return -EINVAL;
	r->state[id - r->c->btf->first_id] = OPEN;
	if (r->follow == UNDECIDED && t.kind == BTF_KIND_PTR)
		r->follow = POINTERS;
	else if (r->follow == UNDECIDED &&
		 (t.kind == BTF_KIND_ARRAY || t.kind == BTF_KIND_STRUCT || t.kind == BTF_KIND_UNION))
		r->follow = VALUES;
	r->depth++;
	err = resolve_kind(r, &t);
	r->depth--;
	if (!err)
		r->state[id - r->c->btf->first_id] = DONE;
	return err;
}

/* One walk. What is wrong with a type has been said where it was found; of the walk itself it is said here. */
static int walk_from(struct resolver *r, const struct btf_t *t)
{
	int err;

	if (!has_references(t->kind) || state_of(r, t->id) == DONE)
		return 0;
	r->follow = UNDECIDED;
	r->depth = 0;
	err = resolve(r, t->id);
	if (err == -E2BIG)
		say_type(r->c, t, 0, "Exceeded max resolving depth:%u", WALK_DEPTH_MAX);
	else if (err == -EEXIST)
		say_type(r->c, t, 0, "Loop detected");
	return err;
}

static bool may_be_in_proto(const struct resolver *r, u32 id, struct btf_t *ret_t)
{
	return id && get(r, id, ret_t) && !only_refers(ret_t->kind);
}

/* A parameter or return type: the walk's errno, or 1 when it has no size. */
static int check_proto_type(struct resolver *r, const struct btf_t *to)
{
	int err;

	if (r->c->lax)
		return 0; /* "struct forward f(void)": nothing is called through it */
	err = walk_from(r, to);
	return err ? err : size_of(r, to->id) < 0;
}

static int check_proto(struct resolver *r, const struct btf_t *t)
{
	const struct btf_param *p = t->tail;
	u32 cnt = t->vlen;
	struct btf_t to;
	int err = 0;

	if (t->type)
		err = may_be_in_proto(r, t->type, &to) ? check_proto_type(r, &to) : 1;
	if (err)
		return err < 0 ? err : say_type(r->c, t, -EINVAL, "Invalid return type");
	if (cnt && !p[cnt - 1].type) {
		if (p[cnt - 1].name_off)
			return say_type(r->c, t, -EINVAL, "Invalid arg#%u", cnt);
		cnt--;
	}
	for (u32 i = 0; i < cnt; i++) {
		const char *name = btf_str(r->c->btf, p[i].name_off);

		if (!may_be_in_proto(r, p[i].type, &to) || !name ||
		    (p[i].name_off && !r->c->lax && !name_is_identifier(name)))
			return say_type(r->c, t, -EINVAL, "Invalid arg#%u", i + 1);
		err = check_proto_type(r, &to);
		if (err)
			return err < 0 ? err : say_type(r->c, t, -EINVAL, "Invalid arg#%u", i + 1);
	}
	return 0;
}

/*
 * Walks that start at the end of a chain of modifiers let it grow past their own limit. Ids before the one
 * that is looked at have been looked at.
 */
static int check_chain(struct resolver *r, u32 first)
{
	struct btf_t t;
	u32 id = first;

	for (u32 len = 0; get(r, id, &t) && is_modifier(t.kind); len++) {
		if (len == CHAIN_MAX)
			return say(r->c, -ELOOP, "Max chain length or cycle detected");
		if (id < first)
			break;
		id = t.type;
	}
	return 0;
}

int check_references(struct checker *c)
{
	struct skep_btf *btf = c->btf;
	struct resolver r = { .c = c, .state = calloc(btf->cnt - btf->first_id + 1, 1) };
	struct btf_t t;
	int err = r.state ? 0 : -ENOMEM;

	c->resolving = true;
	for (u32 id = btf->first_id; !err && id < btf->cnt; id++) {
		if (!id || !btf_type_get(btf, id, &t))
			continue;
		err = walk_from(&r, &t);
		if (!err && t.kind == BTF_KIND_FUNC_PROTO)
			err = check_proto(&r, &t);
	}
	for (u32 id = btf->first_id; !err && id < btf->cnt && !c->lax; id++)
		err = check_chain(&r, id);
	free(r.state);
	return err;
}
