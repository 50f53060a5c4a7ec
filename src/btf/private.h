/* SPDX-License-Identifier: BSD-2-Clause */
/* private.h - what the files of the BTF room share. The parser fills it, the rest only reads. */
#ifndef SKEP_BTF_PRIVATE_H
#define SKEP_BTF_PRIVATE_H

#include "base/hash.h"
#include "btf/btf.h"

#include <string.h>

/* The wide encoding (B-01). Narrow data decode the same: the bits that it added had to be zero. */
#define INFO_VLEN(info)	 ((info) & 0xffffffu)
#define INFO_KIND(info)	 (((info) >> 24) & 0x7fu)
#define INFO_KFLAG(info) ((info) >> 31)

struct skep_btf {
	const struct skep_btf *base;
	const char *strs;  /* own section, ends with NUL */
	u32 str_len;
	u32 str_start;	   /* offsets below belong to the base */
	u32 first_id, cnt; /* own ids are [first_id, cnt) */
	const struct btf_type **types; /* by id - first_id; 4-byte aligned */
	u32 *bucket, *next; /* name index: first id of a hash, next id of the same; NULL in a writer's view */
	u32 bucket_mask;
	void *mem, *data;   /* private copy of the blob: as allocated, where the blob starts */
	u32 size, refs;	    /* refs: atomic */
	bool kernel, object, foreign; /* foreign: the blob was of the other byte order */
	bool has_layout;    /* with a section that tells the sizes of kinds */
};

/* Of which words a record is made: 'T' a type id, 'S' a string's offset, 'N' a number. */
#define REC_WORDS 3 /* struct btf_type itself: name, info, and a third */
struct rec_shape {
	char third;
	const char *fixed, *elem; /* behind it, once and for each of vlen */
};
extern const struct rec_shape rec_shapes[BTF_KIND_MAX + 1];
u32 rec_word_cnt(const struct btf_type *rec);
bool kind_has_size(u32 kind);
char rec_word_kind(const struct btf_type *rec, u32 i); /* of word @i, from its start */

static inline u64 name_hash(const char *name, u32 kind)
{
	return hash_bytes(name, strlen(name), kind);
}

/* Every record of @btf: 0, -EINVAL, -E2BIG. Fills btf->types and btf->cnt. */
int btf_check(struct skep_btf *btf, const char *types, u32 len, struct vlog *log);

#endif
