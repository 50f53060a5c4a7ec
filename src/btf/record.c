/* SPDX-License-Identifier: BSD-2-Clause */
/* record.c - of what words a record is made; and the byte order of a whole blob. */
#include "btf/private.h"

const struct rec_shape rec_shapes[] = {
	[BTF_KIND_UNKN] = { 'N', "", "" },
	[BTF_KIND_INT] = { 'N', "N", "" },
	[BTF_KIND_PTR] = { 'T', "", "" },
	[BTF_KIND_ARRAY] = { 'N', "TTN", "" },
	[BTF_KIND_STRUCT] = { 'N', "", "STN" },
	[BTF_KIND_UNION] = { 'N', "", "STN" },
	[BTF_KIND_ENUM] = { 'N', "", "SN" },
	[BTF_KIND_FWD] = { 'N', "", "" },
	[BTF_KIND_TYPEDEF] = { 'T', "", "" },
	[BTF_KIND_VOLATILE] = { 'T', "", "" },
	[BTF_KIND_CONST] = { 'T', "", "" },
	[BTF_KIND_RESTRICT] = { 'T', "", "" },
	[BTF_KIND_FUNC] = { 'T', "", "" },
	[BTF_KIND_FUNC_PROTO] = { 'T', "", "ST" },
	[BTF_KIND_VAR] = { 'T', "N", "" },
	[BTF_KIND_DATASEC] = { 'N', "", "TNN" },
	[BTF_KIND_FLOAT] = { 'N', "", "" },
	[BTF_KIND_DECL_TAG] = { 'T', "N", "" },
	[BTF_KIND_TYPE_TAG] = { 'T', "", "" },
	[BTF_KIND_ENUM64] = { 'N', "", "SNN" },
};
static_assert(ARRAY_SIZE(rec_shapes) == BTF_KIND_MAX + 1, "a kind has no shape");

/* A function's vlen is its linkage: its elements have no words, so the product is 0. */
u32 rec_word_cnt(const struct btf_type *rec)
{
	const struct rec_shape *shape = &rec_shapes[INFO_KIND(rec->info)];

	/* At most 3 + 3 * 2^24. */
	return REC_WORDS + strlen(shape->fixed) + strlen(shape->elem) * INFO_VLEN(rec->info);
}

char rec_word_kind(const struct btf_type *rec, u32 i)
{
	const struct rec_shape *shape = &rec_shapes[INFO_KIND(rec->info)];
	size_t fixed = strlen(shape->fixed);

	if (i < REC_WORDS)
		return i == 0 ? 'S' : i == 1 ? 'N' : shape->third;
	i -= REC_WORDS;
	return i < fixed ? shape->fixed[i] : shape->elem[(i - fixed) % strlen(shape->elem)];
}

static void swap_words(u8 *at, u32 len)
{
	u32 word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		word = __builtin_bswap32(word);
		memcpy(at, &word, sizeof(word));
	}
}

static void swap_section(u8 *data, u32 size, u64 from, u32 len)
{
	if (from < size)
		swap_words(data + from, min_of((u64)len, size - from));
}

static void swap_half(u8 *data, u32 size, u64 at)
{
	u8 first;

	if (at + 2 > size)
		return;
	first = data[at];
	data[at] = data[at + 1];
	data[at + 1] = first;
}

/* All of BTF is 32-bit words, but for the start of the header, flags in the layout section, and strings. */
void btf_swap(void *blob, u32 size)
{
	struct btf_header h = { 0 };
	u8 *data = blob;
	u32 hdr_len;
	bool native;

	if (size < offsetof(struct btf_header, type_off))
		return;
	memcpy(&h, data, min_of(size, (u32)sizeof(h)));
	native = h.magic == BTF_MAGIC;
	hdr_len = native ? h.hdr_len : __builtin_bswap32(h.hdr_len);
	if (hdr_len < offsetof(struct btf_header, type_off) || hdr_len > size)
		hdr_len = offsetof(struct btf_header, type_off); /* the parser will refuse it */
	if (hdr_len < sizeof(h))
		memset((u8 *)&h + hdr_len, 0, sizeof(h) - hdr_len);
	if (!native)
		swap_words((u8 *)&h + offsetof(struct btf_header, hdr_len), sizeof(h) - offsetof(struct btf_header, hdr_len));
	h.magic = __builtin_bswap16(h.magic);
	memcpy(data, &h.magic, sizeof(h.magic));
	swap_words(data + offsetof(struct btf_header, hdr_len), hdr_len - offsetof(struct btf_header, hdr_len));
	swap_section(data, size, (u64)hdr_len + h.type_off, h.type_len);
	/* A length beyond the blob says nothing: without its end here, four gigabytes of it take seconds. */
	for (u64 i = 0; i + sizeof(struct btf_layout) <= min_of(h.layout_len, size); i += sizeof(struct btf_layout))
		swap_half(data, size, (u64)hdr_len + h.layout_off + i + offsetof(struct btf_layout, flags));
}
