/* SPDX-License-Identifier: BSD-2-Clause */
/* minibtf.h - BTF written by hand, record by record: these tests lean on the parser only. */
#ifndef SKEP_TESTS_MINIBTF_H
#define SKEP_TESTS_MINIBTF_H

#include "btf/btf.h"

struct minibtf {
	u32 words[4096], word_cnt;
	u32 last_id, last_at; /* the last type, and where its record starts */
	char strs[8192];
	u32 str_len;
};

void mb_init(struct minibtf *b);
u32 mb_int(struct minibtf *b, const char *name, u32 size);
u32 mb_ptr(struct minibtf *b, u32 to);
u32 mb_array(struct minibtf *b, u32 elem, u32 cnt);
u32 mb_struct(struct minibtf *b, const char *name, u32 size); /* without members */
u32 mb_union(struct minibtf *b, const char *name, u32 size);
void mb_member(struct minibtf *b, const char *name, u32 type, u32 off); /* of the one just added; off in bytes */
u32 mb_proto(struct minibtf *b, u32 ret);
void mb_param(struct minibtf *b, const char *name, u32 type); /* of the proto just added */
u32 mb_func(struct minibtf *b, const char *name, u32 linkage, u32 proto);
u32 mb_tag(struct minibtf *b, const char *text, u32 type, u32 idx);
/* What BPF_BTF_LOAD takes; malloc()ed. */
void *mb_blob(const struct minibtf *b, u32 *ret_size);
/* Parses it; aborts when it is refused. */
struct skep_btf *mb_parse(const struct minibtf *b);

#endif
