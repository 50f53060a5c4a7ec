/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ext.c - .BTF.ext: a header, then up to three parts (functions, lines, CO-RE), each a record size
 * followed by one block a section: name, count, records. Hostile input: every size is checked against
 * what is left before it is used. Source: Linux Documentation/bpf/btf.rst.
 */
#include "btf/btf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ext_header {
	u16 magic;
	u8 version, flags;
	u32 hdr_len;
	u32 func_off, func_len, line_off, line_len;
	u32 core_off, core_len; /* only when hdr_len says so */
};

struct part {
	const char *name;
	u32 min_rec, max_rec;
	const char *words; /* 'T' a type id, 'S' a string's offset, 'N' a number; later words are numbers */
};
static const struct part func_part = { "func_info", 8, 252, "NT" };
static const struct part line_part = { "line_info", 16, 252, "NSSN" };
static const struct part core_part = { "core_relo", 16, 252, "NTSN" };

static int bad(struct strbuf *err, const struct part *part, const char *what)
{
	if (err)
		strbuf_printf(err, "%s%s%s", part ? part->name : "", part ? ": " : "", what);
	return -EINVAL;
}

/* Counts the records, or with @info->recs set fills them in. */
static int walk_blocks(const u8 *data, u32 len, const struct skep_btf *btf, const struct part *part,
		       struct btf_ext_info *info, struct strbuf *err)
{
	u32 pos = 0, n = 0;

	while (pos < len) {
		const char *sec;
		u32 head[2];

		if (len - pos < sizeof(head))
			return bad(err, part, "a section's block is cut");
		memcpy(head, data + pos, sizeof(head));
		pos += sizeof(head);
		sec = btf ? btf_str(btf, head[0]) : "?";
		if (!sec || !sec[0])
			return bad(err, part, "a section without a name");
		if (!head[1])
			return bad(err, part, "a section without records");
		if ((u64)head[1] * info->rec_size > len - pos)
			return bad(err, part, "more records than there is room for");
		for (u32 i = 0; i < head[1]; i++, pos += info->rec_size, n++) {
			if (!info->recs)
				continue;
			info->recs[n] = (struct btf_ext_rec){ .sec = sec, .sec_off = head[0], .rec = data + pos };
			memcpy(&info->recs[n].insn_off, data + pos, sizeof(u32));
		}
	}
	info->rec_cnt = n;
	return 0;
}

static int parse_part(const u8 *data, u32 size, u32 off, u32 len, const struct skep_btf *btf,
		      const struct part *part, struct btf_ext_info *info, struct strbuf *err)
{
	int res;

	if (!len)
		return 0;
	if (off % 4 || off > size || len > size - off)
		return bad(err, part, "lies outside of the section");
	if (len < sizeof(u32))
		return bad(err, part, "is cut");
	memcpy(&info->rec_size, data + off, sizeof(u32));
	if (info->rec_size < part->min_rec || info->rec_size > part->max_rec || info->rec_size % 4)
		return bad(err, part, "has records of a size that cannot be");
	data += off + sizeof(u32);
	len -= sizeof(u32);
	res = walk_blocks(data, len, btf, part, info, err);
	if (res || !info->rec_cnt)
		return res;
	info->recs = calloc(info->rec_cnt, sizeof(*info->recs));
	if (!info->recs)
		return -ENOMEM;
	return walk_blocks(data, len, btf, part, info, err);
}

/* The magic is a half word, all from the header's length on are words. */
void btf_ext_swap(void *data, u32 size)
{
	u16 magic;
	u32 word;

	if (size < offsetof(struct ext_header, hdr_len))
		return;
	memcpy(&magic, data, sizeof(magic));
	magic = __builtin_bswap16(magic);
	memcpy(data, &magic, sizeof(magic));
	for (u32 at = offsetof(struct ext_header, hdr_len); size - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, (u8 *)data + at, sizeof(word));
		word = __builtin_bswap32(word);
		memcpy((u8 *)data + at, &word, sizeof(word));
	}
}

static int parse_foreign(const void *data, u32 size, const struct skep_btf *btf, struct btf_ext **ret_ext,
			 struct strbuf *err)
{
	void *copy = malloc(size);
	int res;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	btf_ext_swap(copy, size);
	res = btf_ext_parse(copy, size, btf, ret_ext, err);
	free(copy);
	if (!res)
		(*ret_ext)->foreign = true;
	return res;
}

int btf_ext_parse(const void *data, u32 size, const struct skep_btf *btf, struct btf_ext **ret_ext,
		  struct strbuf *err)
{
	struct ext_header hdr = { 0 };
	struct btf_ext *ext;
	const u8 *body;
	u32 left;
	int res;

	if (size < offsetof(struct ext_header, core_off))
		return bad(err, NULL, "shorter than its header");
	memcpy(&hdr, data, offsetof(struct ext_header, core_off));
	if (hdr.magic == __builtin_bswap16(BTF_MAGIC))
		return parse_foreign(data, size, btf, ret_ext, err);
	if (hdr.magic != BTF_MAGIC || hdr.version != 1 || hdr.flags)
		return bad(err, NULL, "an unknown magic, version or flag");
	if (hdr.hdr_len < offsetof(struct ext_header, core_off) || hdr.hdr_len > size || hdr.hdr_len % 4)
		return bad(err, NULL, "a header length that cannot be");
	if (hdr.hdr_len >= sizeof(hdr))
		memcpy(&hdr, data, sizeof(hdr));
	ext = calloc(1, sizeof(*ext));
	if (!ext)
		return -ENOMEM;
	ext->data = malloc(size);
	if (!ext->data) {
		free(ext);
		return -ENOMEM;
	}
	memcpy(ext->data, data, size);
	ext->size = size;
	body = (u8 *)ext->data + hdr.hdr_len;
	left = size - hdr.hdr_len;
	res = parse_part(body, left, hdr.func_off, hdr.func_len, btf, &func_part, &ext->func, err);
	if (!res)
		res = parse_part(body, left, hdr.line_off, hdr.line_len, btf, &line_part, &ext->line, err);
	if (!res)
		res = parse_part(body, left, hdr.core_off, hdr.core_len, btf, &core_part, &ext->core, err);
	if (res) {
		btf_ext_free(ext);
		return res;
	}
	*ret_ext = ext;
	return 0;
}

static void each_word(u8 *at, u32 len, const struct part *part, u32 rec_size, btf_ext_word_fn fn, void *ctx)
{
	u32 head[2];

	for (u8 *end = at + len; at < end;) {
		fn(ctx, 'S', (u32 *)(void *)at);
		memcpy(head, at, sizeof(head));
		at += sizeof(head);
		for (u32 i = 0; i < head[1]; i++, at += rec_size)
			for (u32 k = 0; part->words[k]; k++)
				if (part->words[k] != 'N')
					fn(ctx, part->words[k], (u32 *)(void *)at + k);
	}
}

void btf_ext_words(struct btf_ext *ext, btf_ext_word_fn fn, void *ctx)
{
	struct ext_header hdr = { 0 };
	u8 *body;

	memcpy(&hdr, ext->data, offsetof(struct ext_header, core_off));
	if (hdr.hdr_len >= sizeof(hdr))
		memcpy(&hdr, ext->data, sizeof(hdr));
	body = (u8 *)ext->data + hdr.hdr_len;
	if (hdr.func_len)
		each_word(body + hdr.func_off + 4, hdr.func_len - 4, &func_part, ext->func.rec_size, fn, ctx);
	if (hdr.line_len)
		each_word(body + hdr.line_off + 4, hdr.line_len - 4, &line_part, ext->line.rec_size, fn, ctx);
	if (hdr.core_len)
		each_word(body + hdr.core_off + 4, hdr.core_len - 4, &core_part, ext->core.rec_size, fn, ctx);
}

void btf_ext_free(struct btf_ext *ext)
{
	if (!ext)
		return;
	free(ext->func.recs);
	free(ext->line.recs);
	free(ext->core.recs);
	free(ext->data);
	free(ext->swapped);
	free(ext);
}
