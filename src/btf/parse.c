/* SPDX-License-Identifier: BSD-2-Clause */
/* parse.c - header and sections of a blob, then the checks and the name index. */
#include "btf/private.h"

#include <errno.h>
#include <stdlib.h>

#define BTF_BLOB_MAX 0x1000000u
#define ERR_NOTSUPP  524 /* Linux's ENOTSUPP, which reaches the caller of bpf(2) */

static int bad(struct vlog *log, int err, const char *text)
{
	if (vlog_wanted(log))
		vlog_printf(log, "%s\n", text);
	return err;
}

struct sections {
	u32 hdr_len, type_off, type_len, str_off, str_len;
};

static int read_header(const u8 *data, u32 size, const struct skep_btf *base, struct vlog *log,
		       struct sections *ret)
{
	u32 hdr_len, words[8] = { 0 };
	u16 magic;

	if (size < 8)
		return bad(log, -EINVAL, "hdr_len not found");
	memcpy(&hdr_len, data + 4, 4);
	if (size < hdr_len)
		return bad(log, -EINVAL, "btf_header not found");
	for (u32 i = sizeof(words); i < hdr_len; i++)
		if (data[i])
			return bad(log, -E2BIG, "Unsupported btf_header");
	memcpy(words, data, min_of(hdr_len, (u32)sizeof(words)));
	memcpy(&magic, data, 2);
	if (magic != 0xeb9f)
		return bad(log, -EINVAL, "Invalid magic");
	if (data[2] != 1)
		return bad(log, -ERR_NOTSUPP, "Unsupported version");
	if (data[3])
		return bad(log, -ERR_NOTSUPP, "Unsupported flags");
	if (!base && size == hdr_len)
		return bad(log, -EINVAL, "No data");
	if (words[7])
		return bad(log, -EINVAL, "not modelled: BTF layout section");
	*ret = (struct sections){ hdr_len, words[2], words[3], words[4], words[5] };
	return 0;
}

/* Strings follow the types without a gap and end the blob; so no byte is in two sections or none. */
static int check_sections(const struct sections *s, const char *body, u32 len,
			  const struct skep_btf *base, struct vlog *log)
{
	if (s->type_off > len || s->str_off > len)
		return bad(log, -EINVAL, "Invalid section offset");
	if (s->type_len > len || s->str_len > len || s->type_len + s->str_len > len)
		return bad(log, -EINVAL, "Total section length too long");
	if (s->str_off < s->type_off)
		return bad(log, -EINVAL, "String section is not at the end");
	if (s->type_off)
		return bad(log, -EINVAL, "Unsupported section found");
	if (s->str_off != s->type_len)
		return bad(log, -EINVAL, s->str_off < s->type_len ? "Section overlap found" :
								    "Unsupported section found");
	if (s->str_off + s->str_len != len)
		return bad(log, -EINVAL, "Unsupported section found");
	if (s->str_len ? body[len - 1] || (!base && body[s->str_off]) : !base)
		return bad(log, -EINVAL, "Invalid string section");
	if (s->str_len > BTF_MAX_NAME_OFFSET)
		return bad(log, -EINVAL, "Invalid string section");
	if (!base && !s->type_len)
		return bad(log, -EINVAL, "No type found");
	return 0;
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

int btf_parse(const void *data, u32 size, const struct skep_btf *base, u32 flags, struct vlog *log,
	      struct skep_btf **ret_btf)
{
	struct skep_btf *btf;
	struct sections s;
	const char *body;
	int err;

	if (size > BTF_BLOB_MAX && !(flags & BTF_PARSE_KERNEL))
		return -E2BIG;
	err = read_header(data, size, base, log, &s);
	if (err)
		return err;
	btf = calloc(1, sizeof(*btf));
	if (!btf)
		return -ENOMEM;
	btf->refs = 1;
	btf->data = malloc(size);
	if (!btf->data) {
		free(btf);
		return -ENOMEM;
	}
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
	err = s.hdr_len % 4 ? bad(log, -EINVAL, "not modelled: unaligned hdr_len") :
			      check_sections(&s, body, size - s.hdr_len, base, log);
	if (!err) {
		btf->strs = body + s.str_off;
		btf->str_len = s.str_len;
		err = btf_check(btf, body, s.type_len, log);
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
	free(b->data);
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
