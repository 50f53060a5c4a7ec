/* SPDX-License-Identifier: BSD-2-Clause */
#include "minibtf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static u32 str(struct minibtf *b, const char *s)
{
	u32 at = b->str_len, len = strlen(s) + 1;

	if (!*s)
		return 0;
	if (at + len > sizeof(b->strs))
		abort();
	memcpy(b->strs + at, s, len);
	b->str_len += len;
	return at;
}

static void word(struct minibtf *b, u32 w)
{
	if (b->word_cnt == ARRAY_SIZE(b->words))
		abort();
	b->words[b->word_cnt++] = w;
}

static u32 type(struct minibtf *b, u32 kind, const char *name, u32 vlen, u32 size_or_type)
{
	b->last_at = b->word_cnt;
	word(b, str(b, name));
	word(b, kind << 24 | vlen);
	word(b, size_or_type);
	return ++b->last_id;
}

void mb_init(struct minibtf *b)
{
	*b = (struct minibtf){ .str_len = 1 };
}

u32 mb_int(struct minibtf *b, const char *name, u32 size)
{
	u32 id = type(b, BTF_KIND_INT, name, 0, size);

	word(b, BTF_INT_SIGNED << 24 | 8 * size);
	return id;
}

u32 mb_ptr(struct minibtf *b, u32 to)
{
	return type(b, BTF_KIND_PTR, "", 0, to);
}

u32 mb_array(struct minibtf *b, u32 elem, u32 cnt)
{
	u32 id = type(b, BTF_KIND_ARRAY, "", 0, 0);

	word(b, elem);
	word(b, elem);
	word(b, cnt);
	return id;
}

u32 mb_struct(struct minibtf *b, const char *name, u32 size)
{
	return type(b, BTF_KIND_STRUCT, name, 0, size);
}

u32 mb_union(struct minibtf *b, const char *name, u32 size)
{
	return type(b, BTF_KIND_UNION, name, 0, size);
}

void mb_member(struct minibtf *b, const char *name, u32 member_type, u32 off)
{
	b->words[b->last_at + 1]++;
	word(b, str(b, name));
	word(b, member_type);
	word(b, off * 8);
}

u32 mb_proto(struct minibtf *b, u32 ret)
{
	return type(b, BTF_KIND_FUNC_PROTO, "", 0, ret);
}

void mb_param(struct minibtf *b, const char *name, u32 param_type)
{
	b->words[b->last_at + 1]++;
	word(b, str(b, name));
	word(b, param_type);
}

u32 mb_func(struct minibtf *b, const char *name, u32 linkage, u32 proto)
{
	return type(b, BTF_KIND_FUNC, name, linkage, proto);
}

u32 mb_tag(struct minibtf *b, const char *text, u32 of, u32 idx)
{
	u32 id = type(b, BTF_KIND_DECL_TAG, text, 0, of);

	word(b, idx);
	return id;
}

void *mb_blob(const struct minibtf *b, u32 *ret_size)
{
	struct btf_header hdr = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = 24,
		.type_len = 4 * b->word_cnt,
		.str_off = 4 * b->word_cnt,
		.str_len = b->str_len,
	};
	u8 *blob;

	*ret_size = 24 + hdr.type_len + hdr.str_len;
	blob = calloc(1, *ret_size);
	memcpy(blob, &hdr, 24);
	memcpy(blob + 24, b->words, hdr.type_len);
	memcpy(blob + 24 + hdr.type_len, b->strs, hdr.str_len);
	return blob;
}

struct skep_btf *mb_parse(const struct minibtf *b)
{
	struct skep_btf *btf;
	u32 size;
	void *blob = mb_blob(b, &size);

	if (btf_parse(blob, size, NULL, 0, NULL, &btf)) {
		fprintf(stderr, "test BTF is refused\n");
		abort();
	}
	free(blob);
	return btf;
}
