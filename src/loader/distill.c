/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * distill.c - split BTF (a module's) that outlives a change of its base (the kernel's).
 *
 * btf__distill_base() writes a base of a few types that are found again by name: numbers; structures and unions
 * that stand in own types by value with their size, others as declarations; enumerations without values. All else
 * that own types refer to in the base (pointers, typedefs, prototypes, what has no name) moves to the split BTF.
 * btf__relocate() looks those names up in another base, checks sizes, and lets the own types go on from there.
 * Source: the comments of these functions in libbpf's btf.h; Linux Documentation/bpf/btf.rst, ".BTF.base section".
 */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { UNSEEN, BY_NAME, BY_VALUE };

struct distiller {
	const struct skep_btf *from;
	u32 first, cnt; /* own ids are [first, cnt) */
	u8 *seen;	/* by id: how it is referred to */
	u32 *new_ids;	/* by id */
	VEC(u32) todo;	/* seen, or seen anew by value; what they refer to is not followed yet */
	u8 how;		/* how the record that is followed refers to others */
	int err;
};

/* What a distilled base has; it refers to nothing. */
static bool stays(const struct btf_t *t)
{
	return t->kind == BTF_KIND_INT || t->kind == BTF_KIND_FLOAT || t->kind == BTF_KIND_FWD ||
	       (t->name[0] && (btf_kind_is_composite(t->kind) || btf_kind_is_enum(t->kind)));
}

/* What moves out of the base with those who refer to it. */
static bool moves(const struct btf_t *t)
{
	switch (t->kind) {
	case BTF_KIND_PTR:
	case BTF_KIND_ARRAY:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_FUNC_PROTO:
		return true;
	default:
		return btf_kind_is_composite(t->kind) || btf_kind_is_enum(t->kind);
	}
}

/* ---- what is referred to ---------------------------------------------------------------------- */

static u32 refer(void *ctx, u32 id)
{
	struct distiller *d = ctx;

	if (!id || d->seen[id] >= d->how)
		return id;
	d->seen[id] = d->how;
	if (!vec_push(&d->todo, id))
		d->err = -ENOMEM;
	return id;
}

static u8 how_it_refers(const struct btf_t *t, u8 seen)
{
	switch (t->kind) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ARRAY:
	case BTF_KIND_VAR:
		return BY_VALUE;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return seen;
	default:
		return BY_NAME;
	}
}

/* Writing a record asks for the new id of each type in it: here only who is asked for counts. */
static int follow(struct distiller *d, struct btf_writer *scratch, u32 id)
{
	struct btf_t t;
	s32 ret;

	if (!btf_type_get(d->from, id, &t))
		return -EINVAL;
	if (id < d->first && stays(&t))
		return 0;
	if (id < d->first && !moves(&t)) {
		pr_warn("distilled base: type %u of the base, %s '%s', cannot be in one\n", id, btf_kind_name(t.kind), t.name);
		return -EINVAL;
	}
	d->how = how_it_refers(&t, d->seen[id]);
	ret = btf_add_record(scratch, d->from, t.raw, refer, d);
	btf_writer_truncate(scratch, 1);
	return ret < 0 ? ret : d->err;
}

static int find_needed(struct distiller *d)
{
	struct btf_writer *scratch = btf_writer_new(NULL);
	int err = scratch ? 0 : -ENOMEM;

	d->how = BY_NAME;
	for (u32 id = d->first; id < d->cnt; id++)
		refer(d, id);
	err = err ? err : d->err;
	while (!err && d->todo.cnt)
		err = follow(d, scratch, vec_pop(&d->todo));
	btf_writer_free(scratch);
	return err;
}

/* ---- the two that come of it ------------------------------------------------------------------- */

static s32 add_named(struct btf_writer *w, const struct btf_t *t)
{
	s32 id = btf_add_ref(w, BTF_KIND_FWD, t->name, 0);
	int err = id >= 0 && t->kind == BTF_KIND_UNION ? btf_set_kflag(w, (u32)id) : 0;

	return err ? err : id;
}

static s32 add_to_base(const struct distiller *d, struct btf_writer *w, const struct btf_t *t)
{
	if (btf_kind_is_enum(t->kind))
		return btf_add_enum(w, t->name, t->size, t->kflag, t->kind == BTF_KIND_ENUM64);
	if (!btf_kind_is_composite(t->kind))
		return btf_add_record(w, d->from, t->raw, NULL, NULL);
	return d->seen[t->id] == BY_VALUE ? btf_add_composite(w, t->kind, t->name, t->size) : add_named(w, t);
}

static int write_base(struct distiller *d, struct btf_writer *w)
{
	struct btf_t t;

	for (u32 id = 1; id < d->first; id++) {
		s32 new_id;

		if (!d->seen[id] || !btf_type_get(d->from, id, &t) || !stays(&t))
			continue;
		new_id = add_to_base(d, w, &t);
		if (new_id < 0)
			return new_id;
		d->new_ids[id] = (u32)new_id;
	}
	return 0;
}

/* Own types first, as they stood; then those that moved. */
static int write_split(struct distiller *d, struct btf_writer *w, u32 next)
{
	struct btf_t t;
	s32 ret = 0;

	for (u32 id = d->first; id < d->cnt; id++)
		d->new_ids[id] = next++;
	for (u32 id = 1; id < d->first; id++) {
		if (d->seen[id] && btf_type_get(d->from, id, &t) && !stays(&t))
			d->new_ids[id] = next++;
	}
	for (u32 id = d->first; id < d->cnt && ret >= 0; id++)
		ret = btf_type_get(d->from, id, &t) ? btf_add_record(w, d->from, t.raw, btf_new_id, d->new_ids) : -EINVAL;
	for (u32 id = 1; id < d->first && ret >= 0; id++) {
		if (d->seen[id] && btf_type_get(d->from, id, &t) && !stays(&t))
			ret = btf_add_record(w, d->from, t.raw, btf_new_id, d->new_ids);
	}
	return ret < 0 ? ret : 0;
}

static int write_both(struct distiller *d, struct btf **ret_base, struct btf **ret_split)
{
	struct btf *base = btf__new_empty(), *split = NULL;
	int err = base ? write_base(d, base->w) : -errno;

	if (!err) {
		split = btf__new_empty_split(base);
		err = split ? write_split(d, split->w, btf__type_cnt(base)) : -errno;
	}
	if (!err) {
		*ret_base = base;
		*ret_split = split;
		return 0;
	}
	btf__free(split);
	btf__free(base);
	return err;
}

int btf__distill_base(const struct btf *src_btf, struct btf **new_base_btf, struct btf **new_split_btf)
{
	struct distiller d = { 0 };
	int err;

	if (!src_btf || !new_base_btf || !new_split_btf || !btf__base_btf(src_btf))
		return libbpf_err(-EINVAL);
	d.from = btf_look(src_btf);
	d.first = btf_first_id(d.from);
	d.cnt = btf_id_cnt(d.from);
	d.seen = calloc(d.cnt, sizeof(*d.seen));
	d.new_ids = calloc(d.cnt, sizeof(*d.new_ids));
	err = d.seen && d.new_ids ? find_needed(&d) : -ENOMEM;
	if (!err)
		err = write_both(&d, new_base_btf, new_split_btf);
	vec_free(&d.todo);
	free(d.seen);
	free(d.new_ids);
	return err ? libbpf_err(err) : 0;
}

/* ---- onto another base ------------------------------------------------------------------------- */

/* May @have be what the split types knew as @want? Name and kind are looked up. */
static bool fits(const struct btf_t *want, const struct btf_t *have)
{
	if (want->kind == BTF_KIND_FWD)
		return have->kind != BTF_KIND_FWD || have->kflag == want->kflag;
	if (want->kind == BTF_KIND_INT && memcmp(want->tail, have->tail, sizeof(u32)))
		return false;
	return want->size == have->size;
}

/* Under which kinds it may stand in the other base; 0 ends them. */
static void kinds_of(const struct btf_t *want, u32 kinds[3])
{
	kinds[0] = want->kind;
	kinds[1] = kinds[2] = 0;
	if (want->kind == BTF_KIND_FWD) {
		kinds[0] = want->kflag ? BTF_KIND_UNION : BTF_KIND_STRUCT;
		kinds[1] = BTF_KIND_FWD;
	} else if (btf_kind_is_enum(want->kind)) {
		kinds[1] = want->kind == BTF_KIND_ENUM ? BTF_KIND_ENUM64 : BTF_KIND_ENUM;
	}
}

/* Of what is only named any will do; of what stands by value there must be one. */
static int find_again(const struct skep_btf *base, const struct btf_t *want, u32 *ret_id)
{
	u32 kinds[3], cnt = 0;
	struct btf_t have;

	kinds_of(want, kinds);
	for (u32 k = 0; kinds[k]; k++) {
		for (u32 id = btf_find(base, want->name, kinds[k]); id; id = btf_find_next(base, want->name, kinds[k], id)) {
			if (btf_type_get(base, id, &have) && fits(want, &have) && !cnt++)
				*ret_id = id;
		}
	}
	if (cnt == 1 || (cnt && want->kind == BTF_KIND_FWD))
		return 0;
	pr_warn("relocated BTF: the base has %s %s '%s'%s\n", cnt ? "several" : "no", btf_kind_name(want->kind), want->name,
		want->kind == BTF_KIND_FWD ? "" : " of that size");
	return -EINVAL;
}

static int map_base(const struct skep_btf *from, const struct skep_btf *base, u32 *new_ids)
{
	struct btf_t want;
	int err = 0;

	for (u32 id = 1; id < btf_first_id(from) && !err; id++) {
		if (!btf_type_get(from, id, &want) || !stays(&want)) {
			pr_warn("relocated BTF: its base is not a distilled one: type %u\n", id);
			return -EINVAL;
		}
		err = find_again(base, &want, &new_ids[id]);
	}
	return err;
}

/* Own types with other ids, as BTF that goes on from @base. */
static int write_onto(const struct skep_btf *from, struct btf *base, u32 *new_ids, struct btf **ret_btf)
{
	struct btf *fresh = btf__new_empty_split(base);
	s32 ret = fresh ? 0 : -errno;
	struct btf_t t;

	for (u32 id = btf_first_id(from); id < btf_id_cnt(from); id++)
		new_ids[id] = id - btf_first_id(from) + btf__type_cnt(base);
	for (u32 id = btf_first_id(from); id < btf_id_cnt(from) && ret >= 0; id++)
		ret = btf_type_get(from, id, &t) ? btf_add_record(fresh->w, from, t.raw, btf_new_id, new_ids) : -EINVAL;
	if (ret >= 0)
		ret = btf_settle(fresh);
	if (ret >= 0) {
		*ret_btf = fresh;
		return 0;
	}
	btf__free(fresh);
	return ret;
}

int btf__relocate(struct btf *btf, const struct btf *base_btf)
{
	const struct skep_btf *from;
	struct btf *fresh = NULL;
	struct skep_btf *old;
	u32 *new_ids;
	int err;

	if (!btf || !base_btf || !btf->owned || !btf__base_btf(btf))
		return libbpf_err(-EINVAL);
	err = btf_settle(btf);
	if (err)
		return libbpf_err(err);
	from = btf->b;
	new_ids = calloc(btf_id_cnt(from), sizeof(*new_ids));
	err = new_ids ? map_base(from, btf_look(base_btf), new_ids) : -ENOMEM;
	if (!err)
		err = write_onto(from, (struct btf *)base_btf, new_ids, &fresh);
	free(new_ids);
	if (err)
		return libbpf_err(err);
	old = btf->b;
	btf->b = fresh->b;
	btf->base = (struct btf *)base_btf;
	fresh->b = old;
	free(btf->raw);
	btf->raw = NULL;
	btf__free(fresh);
	return 0;
}
