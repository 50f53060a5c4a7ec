/* SPDX-License-Identifier: BSD-2-Clause */
/* parse.c - header and sections of a blob, then the checks and the name index. */
#include "btf/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BTF_BLOB_MAX 0x1000000u
#define ERR_NOTSUPP  524 /* Linux's ENOTSUPP, which reaches the caller of bpf(2) */

/* The part of a header that may be absent reads as zero: narrow headers have no layout section. */
struct sections {
	u32 hdr_len, off[3], len[3];
};
enum { TYPES, STRINGS, LAYOUT };

static int bad(struct vlog *log, int err, const char *text)
{
	if (vlog_wanted(log))
		vlog_printf(log, "%s", text);
	return err;
}

static void log_header(struct vlog *log, const struct btf_header *h, u32 size)
{
	if (!vlog_wanted(log))
		return;
	vlog_printf(log, "magic: 0x%x\nversion: %u\nflags: 0x%x\nhdr_len: %u\n", h->magic, h->version, h->flags,
		    h->hdr_len);
	vlog_printf(log, "type_off: %u\ntype_len: %u\nstr_off: %u\nstr_len: %u\n", h->type_off, h->type_len,
		    h->str_off, h->str_len);
	if (h->layout_len)
		vlog_printf(log, "layout_off: %u\nlayout_len: %u\n", h->layout_off, h->layout_len);
	vlog_printf(log, "btf_total_size: %u\n", size);
}

static int read_header(const u8 *data, u32 size, const struct skep_btf *base, struct vlog *log,
		       struct sections *ret)
{
	struct btf_header h = { 0 };
	u32 hdr_len;

	if (size < offsetof(struct btf_header, hdr_len) + sizeof(hdr_len))
		return bad(log, -EINVAL, "hdr_len not found");
	memcpy(&hdr_len, data + offsetof(struct btf_header, hdr_len), sizeof(hdr_len));
	if (size < hdr_len)
		return bad(log, -EINVAL, "btf_header not found");
	for (u32 i = sizeof(h); i < hdr_len; i++)
		if (data[i])
			return bad(log, -E2BIG, "Unsupported btf_header");
	memcpy(&h, data, min_of(hdr_len, (u32)sizeof(h)));
	log_header(log, &h, size);
	if (h.magic != BTF_MAGIC)
		return bad(log, -EINVAL, "Invalid magic");
	if (h.version != BTF_VERSION)
		return bad(log, -ERR_NOTSUPP, "Unsupported version");
	if (h.flags)
		return bad(log, -ERR_NOTSUPP, "Unsupported flags");
	if (!base && size == hdr_len)
		return bad(log, -EINVAL, "No data");
	*ret = (struct sections){ hdr_len, { h.type_off, h.str_off, h.layout_off },
				  { h.type_len, h.str_len, h.layout_len } };
	return 0;
}

/* By offset, then length, both taken as signed distances as Linux does: it decides which fault is named. */
static bool stands_before(const struct sections *s, u32 a, u32 b)
{
	s32 by_off = (s32)(s->off[a] - s->off[b]);

	return by_off ? by_off < 0 : (s32)(s->len[a] - s->len[b]) < 0;
}

/* No byte of the body may be in two sections or in none. */
static int check_tiling(const struct sections *s, u32 len, struct vlog *log)
{
	u32 order[3] = { TYPES, STRINGS, LAYOUT }, cnt = s->len[LAYOUT] ? 3 : 2, at = 0;

	for (u32 i = 1; i < cnt; i++)
		for (u32 k = i; k && stands_before(s, order[k], order[k - 1]); k--) {
			u32 other = order[k];

			order[k] = order[k - 1];
			order[k - 1] = other;
		}
	for (u32 i = 0; i < cnt; i++) {
		u32 off = s->off[order[i]], sec_len = s->len[order[i]];

		if (off > len)
			return bad(log, -EINVAL, "Invalid section offset");
		/* The layout section's alignment may leave bytes in front of it. */
		if (at < off && !(order[i] == LAYOUT && off - at < sizeof(u32)))
			return bad(log, -EINVAL, "Unsupported section found");
		if (at > off)
			return bad(log, -EINVAL, "Section overlap found");
		if (len - off < sec_len)
			return bad(log, -EINVAL, "Total section length too long");
		at = off + sec_len;
	}
	return at == len ? 0 : bad(log, -EINVAL, "Unsupported section found");
}

static int check_strings(const struct sections *s, const char *body, u32 len, const struct skep_btf *base,
			 struct vlog *log)
{
	u32 off = s->off[STRINGS], str_len = s->len[STRINGS];

	if (!s->len[LAYOUT] && off + str_len != len)
		return bad(log, -EINVAL, "String section is not at the end");
	if (base && !str_len)
		return 0;
	if (!str_len || str_len - 1 > BTF_MAX_NAME_OFFSET || body[off + str_len - 1] || (!base && body[off]))
		return bad(log, -EINVAL, "Invalid string section");
	return 0;
}

/* What the layout section says of kinds is not needed: those that it could tell of are refused. */
static int check_layout(const struct sections *s, struct vlog *log)
{
	char text[64];

	if (!s->len[LAYOUT])
		return 0;
	if (s->off[LAYOUT] % 4)
		return bad(log, -EINVAL, "Unaligned layout_off");
	if (s->len[LAYOUT] < sizeof(struct btf_layout))
		return bad(log, -EINVAL, "Layout section is too small");
	if (s->len[LAYOUT] % sizeof(struct btf_layout)) {
		snprintf(text, sizeof(text), "layout_len is not multiple of %zu", sizeof(struct btf_layout));
		return bad(log, -EINVAL, text);
	}
	if (s->len[LAYOUT] / sizeof(struct btf_layout) > BTF_MAX_KIND + 1)
		return bad(log, -EINVAL, "Layout section is too big");
	return 0;
}

/* @empty: a BTF that types will be added to. */
static int check_types(const struct sections *s, const struct skep_btf *base, bool empty, struct vlog *log)
{
	/* Records are read in place, and the copy of the blob begins at an aligned address. */
	if (s->off[TYPES] % 4)
		return bad(log, -EINVAL, "Unaligned type_off");
	if (!base && !empty && !s->len[TYPES])
		return bad(log, -EINVAL, "No type found");
	return 0;
}

static int check_body(const struct sections *s, const char *body, u32 len, const struct skep_btf *base,
		      bool empty, struct vlog *log)
{
	int err = check_tiling(s, len, log);

	if (!err)
		err = check_strings(s, body, len, base, log);
	if (!err)
		err = check_layout(s, log);
	return err ? err : check_types(s, base, empty, log);
}

static int build_index(struct skep_btf *btf)
{
	u32 own = btf->cnt - btf->first_id, cap = 16;
	struct btf_t t;
	u32 *b;

	while (cap < own)
		cap *= 2;
	btf->bucket = calloc(cap, sizeof(u32));
	btf->next = calloc((size_t)own + 1, sizeof(u32));
	if (!btf->bucket || !btf->next)
		return -ENOMEM;
	btf->bucket_mask = cap - 1;
	for (u32 id = btf->cnt - 1; id && id >= btf->first_id; id--) {
		if (!btf_type_get(btf, id, &t) || !*t.name)
			continue;
		b = &btf->bucket[name_hash(t.name, t.kind) & btf->bucket_mask];
		btf->next[id - btf->first_id] = *b;
		*b = id;
	}
	return 0;
}

static bool is_foreign(const void *data, u32 size)
{
	u16 magic = 0;

	memcpy(&magic, data, size < sizeof(magic) ? 0 : sizeof(magic));
	return magic == __builtin_bswap16(BTF_MAGIC);
}

static int parse_foreign(const void *data, u32 size, const struct skep_btf *base, u32 flags, struct vlog *log,
			 struct skep_btf **ret_btf)
{
	void *copy = malloc(size);
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	btf_swap(copy, size);
	err = btf_parse(copy, size, base, flags & ~BTF_PARSE_FOREIGN, log, ret_btf);
	free(copy);
	if (!err)
		(*ret_btf)->foreign = true;
	return err;
}

int btf_parse(const void *data, u32 size, const struct skep_btf *base, u32 flags, struct vlog *log,
	      struct skep_btf **ret_btf)
{
	struct skep_btf *btf;
	struct sections s = { 0 };
	const char *body;
	int err;

	if (size > BTF_BLOB_MAX && !(flags & BTF_PARSE_KERNEL))
		return -E2BIG;
	if (flags & BTF_PARSE_FOREIGN && is_foreign(data, size))
		return parse_foreign(data, size, base, flags, log, ret_btf);
	err = read_header(data, size, base, log, &s);
	if (err)
		return err;
	btf = calloc(1, sizeof(*btf));
	if (!btf)
		return -ENOMEM;
	btf->refs = 1;
	/* A header of odd length: the body starts at an aligned address all the same. */
	btf->mem = malloc(size + 3);
	if (!btf->mem) {
		free(btf);
		return -ENOMEM;
	}
	btf->data = (char *)btf->mem + (-s.hdr_len & 3);
	memcpy(btf->data, data, size);
	btf->size = size;
	btf->kernel = flags & BTF_PARSE_KERNEL;
	btf->object = flags & BTF_PARSE_OBJECT;
	if (base)
		btf_get(base);
	btf->base = base;
	btf->first_id = btf->cnt = base ? base->cnt : 1;
	btf->str_start = base ? base->str_start + base->str_len : 0;
	body = (const char *)btf->data + s.hdr_len;
	err = check_body(&s, body, size - s.hdr_len, base, flags & BTF_PARSE_OBJECT, log);
	if (!err) {
		btf->strs = body + s.off[STRINGS];
		btf->str_len = s.len[STRINGS];
		btf->has_layout = s.len[LAYOUT];
		err = btf_check(btf, body + s.off[TYPES], s.len[TYPES], log);
	}
	if (!err)
		err = build_index(btf);
	if (err) {
		btf_put(btf);
		return err;
	}
	*ret_btf = btf;
	return 0;
}

void btf_get(const struct skep_btf *btf)
{
	__atomic_add_fetch(&((struct skep_btf *)btf)->refs, 1, __ATOMIC_RELAXED);
}

void btf_put(const struct skep_btf *btf)
{
	struct skep_btf *b = (struct skep_btf *)btf;

	if (!b || __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL))
		return;
	btf_put(b->base);
	free(b->types);
	free(b->bucket);
	free(b->next);
	free(b->mem);
	free(b);
}

const void *btf_raw(const struct skep_btf *btf, u32 *ret_size)
{
	*ret_size = btf->size;
	return btf->data;
}

bool btf_is_kernel(const struct skep_btf *btf)
{
	return btf->kernel;
}

bool btf_is_foreign(const struct skep_btf *btf)
{
	return btf->foreign;
}
