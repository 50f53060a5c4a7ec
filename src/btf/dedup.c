/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dedup.c - BTF of several compilation units made one: types that are the same structure become one type,
 * and "struct s;" becomes the struct s that another unit defines.
 *
 * Every type gets a colour. It starts as a hash of the record without the types that it refers to, and a
 * round mixes in the colours of those. Types that differ somewhere have different colours once a round finds
 * no more colours than the one before; types that never differ are the same structure (the coarsest
 * bisimulation), cycles or not.
 *
 * Forwards make two views of one struct look different: "p -> struct s;" here, "p -> struct s { ... }" there.
 * So what refers to a struct, union or enum by name mixes in the name in place of the colour, as long as all
 * definitions of that name have one colour. Where they have several, the name is set aside: its forwards stay,
 * and what refers to it sees the colours. Names are only ever set aside, so this ends.
 */
#include "base/hash.h"
#include "base/u64map.h"
#include "btf/private.h"

#include <errno.h>
#include <stdlib.h>

#define NO_NAME	   UINT32_MAX
#define ROUNDS_MAX 4096 /* the length of the longest way to a difference that no name stops; the kernel's: 10 */

/* A tag's name: structs, unions and enums each with its kind. */
struct tag_name {
	u32 def;   /* the first definition, 0: none */
	bool aside; /* definitions differ */
};

struct dedup {
	const struct skep_btf *btf;
	u32 cnt;
	u64 *colour, *next;
	u64 *own;	  /* hash of the record alone */
	u32 *name_of;	  /* by id: index of its tag's name, NO_NAME */
	struct tag_name *names;
	u32 name_cnt;
	u32 *same_as;	  /* by id: the type that it becomes */
	u32 *new_id;
	u32 *slots, slot_cnt; /* types by colour */
};

/* ---- what a type is, alone ---------------------------------------------------------------------------- */

/* An enum without values is a forward, as compilers write it. */
static bool is_forward(const struct btf_t *t)
{
	return t->kind == BTF_KIND_FWD || (btf_kind_is_enum(t->kind) && !t->vlen);
}

/* The name space of a tag: its kind; 0 for what has none. */
static u32 tag_space(const struct btf_t *t)
{
	if (!*t->name)
		return 0;
	if (t->kind == BTF_KIND_STRUCT || t->kind == BTF_KIND_UNION)
		return t->kind;
	if (t->kind == BTF_KIND_FWD)
		return t->kflag ? BTF_KIND_UNION : BTF_KIND_STRUCT;
	return btf_kind_is_enum(t->kind) ? BTF_KIND_ENUM : 0;
}

/* Variables and sections are things, not types: two are two even when they look the same. */
static bool is_unique(const struct btf_t *t)
{
	return t->kind == BTF_KIND_VAR || t->kind == BTF_KIND_DATASEC;
}

static u64 hash_text(const struct skep_btf *btf, u32 off, u64 seed)
{
	const char *s = btf_str(btf, off);

	return s ? hash_bytes(s, strlen(s), seed) : seed;
}

static u64 hash_alone(const struct skep_btf *btf, const struct btf_t *t)
{
	const u32 *w = (const u32 *)(const void *)t->raw;
	u64 h = is_unique(t) ? hash_u64(t->id, 1) : 2;
	u32 cnt = rec_word_cnt(t->raw);

	for (u32 i = 0; i < cnt; i++) {
		char kind = rec_word_kind(t->raw, i);

		h = kind == 'S' ? hash_text(btf, w[i], h) : kind == 'N' ? hash_u64(w[i], h) : hash_u64(~(u64)i, h);
	}
	return h;
}

static bool collect(struct dedup *d)
{
	struct u64map index = { 0 };
	struct btf_t t;
	bool ok = true;

	for (u32 id = 1; ok && btf_type_get(d->btf, id, &t); id++) {
		u32 space = tag_space(&t);
		u64 key = hash_bytes(t.name, strlen(t.name), space), *known;

		d->own[id] = hash_alone(d->btf, &t);
		d->name_of[id] = NO_NAME;
		if (!space)
			continue;
		known = u64map_get(&index, key);
		d->name_of[id] = known ? (u32)*known : d->name_cnt;
		if (!known)
			ok = u64map_put(&index, key, d->name_cnt++);
		if (!is_forward(&t) && !d->names[d->name_of[id]].def)
			d->names[d->name_of[id]].def = id;
	}
	u64map_free(&index);
	return ok;
}

/* ---- colours ------------------------------------------------------------------------------------------ */

/* What a reference to @id mixes in. */
static u64 seen_as(const struct dedup *d, u32 id)
{
	u32 name = id && id < d->cnt ? d->name_of[id] : NO_NAME;

	if (name != NO_NAME && d->names[name].def && !d->names[name].aside)
		return hash_u64(name, 3);
	return id < d->cnt ? d->colour[id] : 0;
}

static u64 mix(const struct dedup *d, u32 id)
{
	u64 h = d->own[id];
	struct btf_t t;
	const u32 *w;
	u32 cnt;

	if (!btf_type_get(d->btf, id, &t))
		return 0;
	w = (const u32 *)(const void *)t.raw;
	cnt = rec_word_cnt(t.raw);
	for (u32 i = 0; i < cnt; i++)
		if (rec_word_kind(t.raw, i) == 'T')
			h = hash_u64(seen_as(d, w[i]), h);
	return h;
}

/* Where @colour stands in the table, or the empty place for it. Slots hold ids. */
static u32 *find_colour(const struct dedup *d, u64 colour)
{
	u32 i = hash_u64(colour, 4) & (d->slot_cnt - 1);

	while (d->slots[i] && d->colour[d->slots[i]] != colour)
		i = (i + 1) & (d->slot_cnt - 1);
	return &d->slots[i];
}

/* Leaves the first type of each colour in the table. */
static u32 count_colours(struct dedup *d)
{
	u32 cnt = 0;

	memset(d->slots, 0, d->slot_cnt * sizeof(*d->slots));
	for (u32 id = 1; id < d->cnt; id++) {
		u32 *slot = find_colour(d, d->colour[id]);

		cnt += !*slot;
		if (!*slot)
			*slot = id;
	}
	return cnt;
}

static int refine(struct dedup *d)
{
	u32 before = 0, now;

	memcpy(d->colour, d->own, d->cnt * sizeof(*d->colour));
	for (u32 round = 0; round < ROUNDS_MAX; round++) {
		u64 *old = d->colour;

		now = count_colours(d);
		if (now == before)
			return 0;
		before = now;
		for (u32 id = 1; id < d->cnt; id++)
			d->next[id] = mix(d, id);
		d->next[0] = d->colour[0];
		d->colour = d->next;
		d->next = old;
	}
	return -E2BIG;
}

/* A forward enum has a size, which what holds it leans on. */
static bool fits_definition(const struct dedup *d, const struct btf_t *t, u32 def_id)
{
	struct btf_t def;

	if (!is_forward(t))
		return d->colour[t->id] == d->colour[def_id];
	return t->kind == BTF_KIND_FWD || (btf_type_get(d->btf, def_id, &def) && def.size == t->size);
}

/* True when a name had to be set aside, which changes what its users look like. */
static bool set_aside(struct dedup *d)
{
	bool any = false;
	struct btf_t t;

	for (u32 id = 1; btf_type_get(d->btf, id, &t); id++) {
		struct tag_name *name = d->name_of[id] == NO_NAME ? NULL : &d->names[d->name_of[id]];

		if (!name || name->aside || !name->def || fits_definition(d, &t, name->def))
			continue;
		name->aside = any = true;
	}
	return any;
}

/* ---- from colours to types ----------------------------------------------------------------------------- */

/* A forward is what its name is, when that is one thing. */
static u32 stands_for(const struct dedup *d, const struct btf_t *t)
{
	u32 name = d->name_of[t->id];

	if (is_forward(t) && name != NO_NAME && d->names[name].def && !d->names[name].aside)
		return d->names[name].def;
	return t->id;
}

/* The first of each colour, and of what a forward stands for the type that it became. */
static void choose(struct dedup *d)
{
	struct btf_t t;

	count_colours(d);
	for (u32 id = 1; btf_type_get(d->btf, id, &t); id++)
		d->same_as[id] = *find_colour(d, d->colour[id]);
	for (u32 id = 1; btf_type_get(d->btf, id, &t); id++)
		if (stands_for(d, &t) != id)
			d->same_as[id] = d->same_as[stands_for(d, &t)];
}

/* Colours are hashes: what is about to be merged is compared for true. */
static bool is_same(const struct dedup *d, u32 a_id, u32 b_id)
{
	const u32 *wa, *wb;
	struct btf_t a, b;
	u32 cnt;

	if (!btf_type_get(d->btf, a_id, &a) || !btf_type_get(d->btf, b_id, &b) || a.raw->info != b.raw->info)
		return false;
	wa = (const u32 *)(const void *)a.raw;
	wb = (const u32 *)(const void *)b.raw;
	cnt = rec_word_cnt(a.raw);
	for (u32 i = 0; i < cnt; i++) {
		char kind = rec_word_kind(a.raw, i);
		const char *sa = kind == 'S' ? btf_str(d->btf, wa[i]) : NULL, *sb = kind == 'S' ? btf_str(d->btf, wb[i]) : NULL;

		if (kind == 'S' ? !sa || !sb || strcmp(sa, sb) :
		    kind == 'T' ? wa[i] >= d->cnt || wb[i] >= d->cnt || d->same_as[wa[i]] != d->same_as[wb[i]] : wa[i] != wb[i])
			return false;
	}
	return true;
}

static int verify(const struct dedup *d)
{
	struct btf_t t, def;

	for (u32 id = 1; btf_type_get(d->btf, id, &t); id++) {
		if (stands_for(d, &t) == id ? !is_same(d, id, d->same_as[id]) :
					      !btf_type_get(d->btf, stands_for(d, &t), &def) || strcmp(t.name, def.name))
			return -EINVAL;
	}
	return 0;
}

static u32 renumber(void *ctx, u32 id)
{
	const struct dedup *d = ctx;

	return id < d->cnt ? d->new_id[d->same_as[id]] : id;
}

static int write_out(struct dedup *d, struct btf_writer **ret_w)
{
	u32 first = btf_first_id(d->btf), next = first;
	struct btf_writer *w;
	struct btf_t t;
	s32 res = 0;

	for (u32 id = 1; id < d->cnt; id++)
		d->new_id[id] = id < first ? id : d->same_as[id] == id ? next++ : 0;
	w = btf_writer_new(btf_base(d->btf));
	if (!w)
		return -ENOMEM;
	if (d->btf->has_layout)
		btf_writer_add_layout(w);
	for (u32 id = first; res >= 0 && btf_type_get(d->btf, id, &t); id++)
		if (d->same_as[id] == id)
			res = btf_add_record(w, d->btf, t.raw, renumber, d);
	if (res < 0) {
		btf_writer_free(w);
		return res;
	}
	*ret_w = w;
	return 0;
}

static bool start(struct dedup *d, const struct skep_btf *btf)
{
	size_t cnt = btf_id_cnt(btf), slot_cnt = 64;

	while (slot_cnt < cnt * 2)
		slot_cnt *= 2;
	*d = (struct dedup){
		.btf = btf,
		.cnt = cnt,
		.colour = calloc(cnt, sizeof(u64)),
		.next = calloc(cnt, sizeof(u64)),
		.own = calloc(cnt, sizeof(u64)),
		.name_of = calloc(cnt, sizeof(u32)),
		.names = calloc(cnt, sizeof(struct tag_name)),
		.same_as = calloc(cnt, sizeof(u32)),
		.new_id = calloc(cnt, sizeof(u32)),
		.slots = calloc(slot_cnt, sizeof(u32)),
		.slot_cnt = slot_cnt,
	};
	return d->colour && d->next && d->own && d->name_of && d->names && d->same_as && d->new_id && d->slots;
}

static void finish(struct dedup *d)
{
	free(d->colour);
	free(d->next);
	free(d->own);
	free(d->name_of);
	free(d->names);
	free(d->same_as);
	free(d->new_id);
	free(d->slots);
}

int btf_dedup(const struct skep_btf *btf, struct btf_writer **ret_w, u32 **ret_new_ids)
{
	struct dedup d;
	int err = start(&d, btf) && collect(&d) ? 0 : -ENOMEM;

	do {
		err = err ? err : refine(&d);
	} while (!err && set_aside(&d));
	if (!err) {
		choose(&d);
		err = verify(&d);
	}
	if (!err)
		err = write_out(&d, ret_w);
	if (!err && ret_new_ids) {
		/* By old id. */
		for (u32 id = d.cnt - 1; id; id--)
			d.next[id] = id < btf_first_id(btf) ? id : renumber(&d, id);
		for (u32 id = 1; id < d.cnt; id++)
			d.new_id[id] = (u32)d.next[id];
		*ret_new_ids = d.new_id;
		d.new_id = NULL;
	}
	finish(&d);
	return err;
}
