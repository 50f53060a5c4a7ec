/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer.c - builds BTF: records and strings grow at their ends. Readers may look at what is there at any
 * time through a view, which is like parsed BTF but unchecked: what the caller builds is its own affair
 * until the blob is parsed.
 */
#include "base/vec.h"
#include "btf/private.h"

#include <errno.h>
#include <stdlib.h>

#define LAYOUT_KINDS (BTF_KIND_MAX + 1)

struct btf_writer {
	struct skep_btf view;
	struct strbuf types, strs;
	u32 *offs;    /* of own records, by id - first_id */
	size_t offs_cap, ptrs_cap;
	u32 *slots;   /* strings by hash: offset + 1; the base's too */
	u32 slot_cnt, slot_cap;
	bool base_strings_known;
};

/* ---- strings --------------------------------------------------------------------------------------- */

static u32 *find_slot(const struct btf_writer *w, const char *s)
{
	u32 i = hash_bytes(s, strlen(s), 0) & (w->slot_cap - 1);

	while (w->slots[i] && strcmp(btf_str(&w->view, w->slots[i] - 1), s))
		i = (i + 1) & (w->slot_cap - 1);
	return &w->slots[i];
}

static bool reserve_slot(struct btf_writer *w)
{
	u32 *old = w->slots, old_cap = w->slot_cap;

	if ((w->slot_cnt + 1) * 2 <= w->slot_cap)
		return true;
	w->slots = calloc(old_cap ? old_cap * 2 : 64, sizeof(u32));
	if (!w->slots) {
		w->slots = old;
		return false;
	}
	w->slot_cap = old_cap ? old_cap * 2 : 64;
	for (u32 i = 0; i < old_cap; i++)
		if (old[i])
			*find_slot(w, btf_str(&w->view, old[i] - 1)) = old[i];
	free(old);
	return true;
}

static bool remember(struct btf_writer *w, u32 off)
{
	u32 *slot;

	if (!reserve_slot(w))
		return false;
	slot = find_slot(w, btf_str(&w->view, off));
	if (!*slot) {
		*slot = off + 1;
		w->slot_cnt++;
	}
	return true;
}

static bool remember_all(struct btf_writer *w, const struct skep_btf *btf)
{
	if (btf->base && !remember_all(w, btf->base))
		return false;
	for (u32 at = 0; at < btf->str_len; at += strlen(btf->strs + at) + 1)
		if (!remember(w, btf->str_start + at))
			return false;
	return true;
}

static bool know_base(struct btf_writer *w)
{
	if (!w->base_strings_known && w->view.base)
		w->base_strings_known = remember_all(w, w->view.base);
	else
		w->base_strings_known = true;
	return w->base_strings_known;
}

/* Readers see the buffers where they are now. */
static void sync_strings(struct btf_writer *w)
{
	w->view.strs = strbuf_str(&w->strs);
	w->view.str_len = w->strs.len;
}

s64 btf_find_str(struct btf_writer *w, const char *s)
{
	u32 *slot;

	if (!*s)
		return 0;
	if (!know_base(w))
		return -ENOMEM;
	slot = w->slot_cap ? find_slot(w, s) : NULL;
	return slot && *slot ? (s64)*slot - 1 : -ENOENT;
}

s64 btf_add_str(struct btf_writer *w, const char *s)
{
	s64 off = s ? btf_find_str(w, s) : 0;
	char *copy;

	if (off != -ENOENT)
		return off;
	off = (s64)w->view.str_start + w->strs.len;
	if (off + strlen(s) + 1 > BTF_MAX_NAME_OFFSET)
		return -E2BIG;
	copy = strdup(s); /* it may be the end of one of ours, which move */
	if (!copy)
		return -ENOMEM;
	strbuf_add(&w->strs, copy, strlen(copy) + 1);
	free(copy);
	if (w->strs.oom)
		return -ENOMEM;
	sync_strings(w);
	return remember(w, off) ? off : -ENOMEM;
}

/* ---- records --------------------------------------------------------------------------------------- */

static struct btf_type *own_record(const struct btf_writer *w, u32 id)
{
	if (id < w->view.first_id || id >= w->view.cnt)
		return NULL;
	return (struct btf_type *)(void *)(w->types.str + w->offs[id - w->view.first_id]);
}

/* The last record, when it is one of @kind or @kind2 that takes another element. */
static struct btf_type *open_record(const struct btf_writer *w, u32 kind, u32 kind2, int *ret_err)
{
	struct btf_type *rec = own_record(w, w->view.cnt - 1);
	u32 is = rec ? INFO_KIND(rec->info) : 0;

	*ret_err = !rec || (is != kind && is != kind2) ? -EINVAL : INFO_VLEN(rec->info) == BTF_MAX_VLEN ? -E2BIG : 0;
	return *ret_err ? NULL : rec;
}

static void sync_records(struct btf_writer *w, const char *before)
{
	u32 own = w->view.cnt - w->view.first_id, first = w->types.str == before && own ? own - 1 : 0;

	for (u32 i = first; i < own; i++)
		w->view.types[i] = (const void *)(w->types.str + w->offs[i]);
}

/* Words at the end: of a new record or of the last one. */
static int append(struct btf_writer *w, const u32 *words, u32 cnt)
{
	const char *before = w->types.str;

	if (w->types.len + cnt * sizeof(u32) > UINT32_MAX / 2)
		return -E2BIG;
	strbuf_add(&w->types, (const char *)words, cnt * sizeof(u32));
	if (w->types.oom)
		return -ENOMEM;
	sync_records(w, before);
	return 0;
}

static s32 add_words(struct btf_writer *w, const u32 *words, u32 cnt)
{
	u32 own = w->view.cnt - w->view.first_id, at = w->types.len;
	int err;

	if (w->view.cnt >= BTF_MAX_TYPE)
		return -E2BIG;
	if (!vec_reserve_raw((void **)&w->offs, &w->offs_cap, own + 1, sizeof(u32)) ||
	    !vec_reserve_raw((void **)&w->view.types, &w->ptrs_cap, own + 1, sizeof(*w->view.types)))
		return -ENOMEM;
	w->offs[own] = at;
	w->view.cnt++;
	err = append(w, words, cnt);
	if (err) {
		w->view.cnt--;
		return err;
	}
	return (s32)w->view.cnt - 1;
}

static s32 add_record(struct btf_writer *w, u32 kind, const char *name, u32 vlen, u32 third, const u32 *tail, u32 cnt)
{
	u32 words[REC_WORDS + 3] = { 0 };
	s64 off = btf_add_str(w, name);

	if (off < 0)
		return (s32)off;
	if (third > BTF_MAX_TYPE && rec_shapes[kind].third == 'T')
		return -EINVAL;
	words[0] = (u32)off;
	words[1] = kind << 24 | vlen;
	words[2] = third;
	for (u32 i = 0; i < cnt; i++)
		words[REC_WORDS + i] = tail[i];
	return add_words(w, words, REC_WORDS + cnt);
}

static s32 add_element(struct btf_writer *w, struct btf_type *rec, u32 *words, u32 cnt, const char *name, bool named)
{
	size_t at = (char *)rec - w->types.str;
	s64 off = named ? btf_add_str(w, name) : 0;
	int err;

	if (off < 0)
		return (s32)off;
	if (named)
		words[0] = (u32)off;
	err = append(w, words, cnt);
	if (err)
		return err;
	rec = (struct btf_type *)(void *)(w->types.str + at);
	rec->info++;
	return 0;
}

static bool no_name(const char *name)
{
	return !name || !*name;
}

s32 btf_add_int(struct btf_writer *w, const char *name, u32 size, u32 encoding)
{
	u32 data = encoding << 24 | size * 8;

	if (no_name(name) || !size || size > 16 || size & (size - 1) || encoding & (encoding - 1) || encoding > BTF_INT_BOOL)
		return -EINVAL;
	return add_record(w, BTF_KIND_INT, name, 0, size, &data, 1);
}

s32 btf_add_float(struct btf_writer *w, const char *name, u32 size)
{
	if (no_name(name) || (size != 2 && size != 4 && size != 8 && size != 12 && size != 16))
		return -EINVAL;
	return add_record(w, BTF_KIND_FLOAT, name, 0, size, NULL, 0);
}

s32 btf_add_ref(struct btf_writer *w, u32 kind, const char *name, u32 type)
{
	bool named = kind == BTF_KIND_TYPEDEF || kind == BTF_KIND_TYPE_TAG || kind == BTF_KIND_FWD;

	if (kind != BTF_KIND_PTR && kind != BTF_KIND_CONST && kind != BTF_KIND_VOLATILE && kind != BTF_KIND_RESTRICT && !named)
		return -EINVAL;
	if (named == no_name(name) || (kind == BTF_KIND_FWD && type))
		return -EINVAL;
	return add_record(w, kind, name, 0, type, NULL, 0);
}

s32 btf_add_array(struct btf_writer *w, u32 index_type, u32 elem_type, u32 nelems)
{
	u32 tail[] = { elem_type, index_type, nelems };

	if (index_type > BTF_MAX_TYPE || elem_type > BTF_MAX_TYPE)
		return -EINVAL;
	return add_record(w, BTF_KIND_ARRAY, NULL, 0, 0, tail, 3);
}

s32 btf_add_composite(struct btf_writer *w, u32 kind, const char *name, u32 size)
{
	if (kind != BTF_KIND_STRUCT && kind != BTF_KIND_UNION)
		return -EINVAL;
	return add_record(w, kind, name, 0, size, NULL, 0);
}

/* The first bit-field turns offsets of all members into the narrower form; those that were must fit. */
static int take_bitfields(struct btf_type *rec)
{
	const struct btf_member *m = (const void *)(rec + 1);

	for (u32 i = 0; i < INFO_VLEN(rec->info); i++)
		if (m[i].offset > 0xffffff)
			return -EINVAL;
	rec->info |= BIT(31);
	return 0;
}

s32 btf_add_member(struct btf_writer *w, const char *name, u32 type, u32 bit_off, u32 bit_size)
{
	u32 words[] = { 0, type, bit_off | bit_size << 24 };
	int err;
	struct btf_type *rec = open_record(w, BTF_KIND_STRUCT, BTF_KIND_UNION, &err);

	if (err)
		return err;
	if (type > BTF_MAX_TYPE || bit_size > 255 || (INFO_KIND(rec->info) == BTF_KIND_UNION && bit_off))
		return -EINVAL;
	if ((bit_size || INFO_KFLAG(rec->info)) && bit_off > 0xffffff)
		return -EINVAL;
	if (bit_size && !INFO_KFLAG(rec->info)) {
		err = take_bitfields(rec);
		if (err)
			return err;
	}
	return add_element(w, rec, words, 3, name, true);
}

s32 btf_add_enum(struct btf_writer *w, const char *name, u32 size, bool is_signed, bool is64)
{
	s32 id;

	if (!size || size > 8 || size & (size - 1))
		return -EINVAL;
	id = add_record(w, is64 ? BTF_KIND_ENUM64 : BTF_KIND_ENUM, name, 0, size, NULL, 0);
	if (id > 0 && is_signed)
		own_record(w, id)->info |= BIT(31);
	return id;
}

s32 btf_add_enumerator(struct btf_writer *w, const char *name, s64 value)
{
	u32 words[] = { 0, (u32)value, (u64)value >> 32 };
	int err;
	struct btf_type *rec = open_record(w, BTF_KIND_ENUM, BTF_KIND_ENUM64, &err);

	if (err)
		return err;
	if (no_name(name))
		return -EINVAL;
	if (INFO_KIND(rec->info) == BTF_KIND_ENUM64)
		return add_element(w, rec, words, 3, name, true);
	if (value < INT32_MIN || value > UINT32_MAX)
		return -E2BIG;
	if (value < 0)
		rec->info |= BIT(31);
	return add_element(w, rec, words, 2, name, true);
}

s32 btf_add_func_proto(struct btf_writer *w, u32 ret_type)
{
	return add_record(w, BTF_KIND_FUNC_PROTO, NULL, 0, ret_type, NULL, 0);
}

s32 btf_add_param(struct btf_writer *w, const char *name, u32 type)
{
	u32 words[] = { 0, type };
	int err;
	struct btf_type *rec = open_record(w, BTF_KIND_FUNC_PROTO, BTF_KIND_FUNC_PROTO, &err);

	if (!err && type > BTF_MAX_TYPE)
		err = -EINVAL;
	return err ? err : add_element(w, rec, words, 2, name, true);
}

s32 btf_add_func(struct btf_writer *w, const char *name, u32 linkage, u32 proto)
{
	if (no_name(name) || linkage > BTF_FUNC_EXTERN)
		return -EINVAL;
	return add_record(w, BTF_KIND_FUNC, name, linkage, proto, NULL, 0);
}

s32 btf_add_var(struct btf_writer *w, const char *name, u32 linkage, u32 type)
{
	if (no_name(name) || linkage > BTF_VAR_GLOBAL_EXTERN)
		return -EINVAL;
	return add_record(w, BTF_KIND_VAR, name, 0, type, &linkage, 1);
}

s32 btf_add_datasec(struct btf_writer *w, const char *name, u32 size)
{
	if (no_name(name))
		return -EINVAL;
	return add_record(w, BTF_KIND_DATASEC, name, 0, size, NULL, 0);
}

s32 btf_add_secvar(struct btf_writer *w, u32 type, u32 off, u32 size)
{
	u32 words[] = { type, off, size };
	int err;
	struct btf_type *rec = open_record(w, BTF_KIND_DATASEC, BTF_KIND_DATASEC, &err);

	if (!err && type > BTF_MAX_TYPE)
		err = -EINVAL;
	return err ? err : add_element(w, rec, words, 3, NULL, false);
}

s32 btf_add_decl_tag(struct btf_writer *w, const char *value, u32 type, s32 idx)
{
	u32 word = (u32)idx;

	if (no_name(value) || idx < -1)
		return -EINVAL;
	return add_record(w, BTF_KIND_DECL_TAG, value, 0, type, &word, 1);
}

/* ---- copies ---------------------------------------------------------------------------------------- */

s32 btf_add_record(struct btf_writer *w, const struct skep_btf *src, const struct btf_type *rec,
		   u32 (*new_id)(void *ctx, u32 id), void *ctx)
{
	u32 cnt = rec_word_cnt(rec), *words = malloc(cnt * sizeof(*words));
	s32 ret = -ENOMEM;

	if (!words)
		return ret;
	memcpy(words, rec, cnt * sizeof(*words));
	for (u32 i = 0; i < cnt; i++) {
		char kind = rec_word_kind(rec, i);

		if (kind == 'S' && words[i]) {
			const char *s = btf_str(src, words[i]);
			s64 off = s ? btf_add_str(w, s) : -EINVAL;

			if (off < 0) {
				free(words);
				return (s32)off;
			}
			words[i] = (u32)off;
		} else if (kind == 'T' && new_id) {
			words[i] = new_id(ctx, words[i]);
		}
	}
	ret = add_words(w, words, cnt);
	free(words);
	return ret;
}

struct shift {
	u32 first, by;
};

static u32 shifted(void *ctx, u32 id)
{
	const struct shift *shift = ctx;

	return id < shift->first ? id : id + shift->by;
}

s32 btf_add_all(struct btf_writer *w, const struct skep_btf *src)
{
	u32 start = w->view.cnt, end = src->cnt; /* it may be our own view */
	/* Ids of a base that both have stay. */
	struct shift shift = { src->first_id, start - src->first_id };

	for (u32 id = src->first_id; id < end; id++) {
		s32 res = btf_add_record(w, src, src->types[id - src->first_id], shifted, &shift);

		if (res < 0) {
			btf_writer_truncate(w, start);
			return res;
		}
	}
	return (s32)start;
}

void btf_writer_truncate(struct btf_writer *w, u32 cnt)
{
	if (cnt < w->view.first_id || cnt >= w->view.cnt)
		return;
	w->types.len = w->offs[cnt - w->view.first_id];
	w->view.cnt = cnt;
}

/* ---- changes in place ------------------------------------------------------------------------------ */

int btf_set_size(struct btf_writer *w, u32 id, u32 size)
{
	struct btf_type *rec = own_record(w, id);

	if (!rec || rec_shapes[INFO_KIND(rec->info)].third != 'N' || INFO_KIND(rec->info) == BTF_KIND_ARRAY ||
	    INFO_KIND(rec->info) == BTF_KIND_FWD)
		return -EINVAL;
	rec->size = size;
	return 0;
}

int btf_set_secvar(struct btf_writer *w, u32 datasec, u32 i, u32 off, u32 size)
{
	struct btf_type *rec = own_record(w, datasec);
	struct btf_var_secinfo *v;

	if (!rec || INFO_KIND(rec->info) != BTF_KIND_DATASEC || i >= INFO_VLEN(rec->info))
		return -EINVAL;
	v = (struct btf_var_secinfo *)(rec + 1) + i;
	v->offset = off;
	v->size = size;
	return 0;
}

int btf_set_linkage(struct btf_writer *w, u32 func_or_var, u32 linkage)
{
	struct btf_type *rec = own_record(w, func_or_var);

	if (rec && INFO_KIND(rec->info) == BTF_KIND_FUNC && linkage <= BTF_FUNC_EXTERN)
		rec->info = (rec->info & ~0xffffffu) | linkage;
	else if (rec && INFO_KIND(rec->info) == BTF_KIND_VAR && linkage <= BTF_VAR_GLOBAL_EXTERN)
		*(u32 *)(void *)(rec + 1) = linkage;
	else
		return -EINVAL;
	return 0;
}

int btf_set_kflag(struct btf_writer *w, u32 id)
{
	struct btf_type *rec = own_record(w, id);
	u32 kind = rec ? INFO_KIND(rec->info) : 0;

	if (kind != BTF_KIND_FWD && kind != BTF_KIND_DECL_TAG && kind != BTF_KIND_TYPE_TAG)
		return -EINVAL;
	rec->info |= BIT(31);
	return 0;
}

/* ---- life ------------------------------------------------------------------------------------------ */

struct btf_writer *btf_writer_new(const struct skep_btf *base)
{
	struct btf_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->view.refs = 1;
	w->view.kernel = true; /* what it holds came from a library user, not from a program */
	w->view.base = base;
	w->view.first_id = w->view.cnt = base ? base->cnt : 1;
	w->view.str_start = base ? base->str_start + base->str_len : 0;
	if (base)
		btf_get(base);
	else
		strbuf_putc(&w->strs, '\0');
	sync_strings(w);
	if (!w->strs.oom)
		return w;
	btf_writer_free(w);
	return NULL;
}

struct btf_writer *btf_writer_from(const struct skep_btf *btf)
{
	struct btf_writer *w = btf_writer_new(btf->base);
	bool ok = w;

	if (!w)
		return NULL;
	w->view.has_layout = btf->has_layout;
	w->strs.len = 0;
	strbuf_add(&w->strs, btf->strs, btf->str_len);
	sync_strings(w);
	ok = !w->strs.oom;
	for (u32 at = 0; ok && at < btf->str_len; at += strlen(btf->strs + at) + 1)
		ok = remember(w, btf->str_start + at);
	for (u32 id = btf->first_id; ok && id < btf->cnt; id++) {
		const struct btf_type *rec = btf->types[id - btf->first_id];

		ok = add_words(w, (const u32 *)(const void *)rec, rec_word_cnt(rec)) > 0;
	}
	if (ok)
		return w;
	btf_writer_free(w);
	return NULL;
}

void btf_writer_free(struct btf_writer *w)
{
	if (!w)
		return;
	btf_put(w->view.base);
	strbuf_free(&w->types);
	strbuf_free(&w->strs);
	free(w->view.types);
	free(w->offs);
	free(w->slots);
	free(w);
}

const struct skep_btf *btf_writer_view(const struct btf_writer *w)
{
	return &w->view;
}

/* For readers that do not know a kind yet: what to skip behind its record, and for each of vlen. */
static void put_layout(u8 *at)
{
	for (u32 kind = 0; kind < LAYOUT_KINDS; kind++) {
		struct btf_layout row = { .info_sz = strlen(rec_shapes[kind].fixed) * sizeof(u32),
					  .elem_sz = strlen(rec_shapes[kind].elem) * sizeof(u32) };

		memcpy(at + kind * sizeof(row), &row, sizeof(row));
	}
}

int btf_writer_finish(struct btf_writer *w, void **ret_data, u32 *ret_size)
{
	struct btf_header h = { .magic = BTF_MAGIC, .version = BTF_VERSION, .type_len = w->types.len, .str_len = w->strs.len };
	u64 size;
	u8 *data;

	h.hdr_len = w->view.has_layout ? sizeof(h) : offsetof(struct btf_header, layout_off);
	h.layout_off = w->view.has_layout ? h.type_len : 0;
	h.layout_len = w->view.has_layout ? LAYOUT_KINDS * sizeof(struct btf_layout) : 0;
	h.str_off = h.type_len + h.layout_len;
	size = (u64)h.hdr_len + h.str_off + h.str_len;
	if (size > UINT32_MAX)
		return -E2BIG;
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	memcpy(data, &h, h.hdr_len);
	memcpy(data + h.hdr_len, strbuf_str(&w->types), h.type_len);
	if (h.layout_len)
		put_layout(data + h.hdr_len + h.layout_off);
	memcpy(data + h.hdr_len + h.str_off, strbuf_str(&w->strs), h.str_len);
	*ret_data = data;
	*ret_size = (u32)size;
	return 0;
}

void btf_writer_add_layout(struct btf_writer *w)
{
	w->view.has_layout = true;
}
