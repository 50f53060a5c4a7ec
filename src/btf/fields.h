/* SPDX-License-Identifier: BSD-2-Clause */
/* fields.h - special fields in values of maps. Apart from btf.h, whose names are also libbpf's. */
#ifndef SKEP_BTF_FIELDS_H
#define SKEP_BTF_FIELDS_H

#include "base/types.h"

struct skep_btf;

/* Structures first: fields.c tells these by name, pointers by tag. */
enum btf_field_kind {
	BTF_FIELD_SPIN_LOCK,
	BTF_FIELD_RES_SPIN_LOCK,
	BTF_FIELD_TIMER,
	BTF_FIELD_WORKQUEUE,
	BTF_FIELD_TASK_WORK,
	BTF_FIELD_LIST_HEAD,
	BTF_FIELD_RB_ROOT,
	BTF_FIELD_REFCOUNT,
	BTF_FIELD_KPTR_UNREF,
	BTF_FIELD_KPTR_REF,
	BTF_FIELD_KPTR_PERCPU,
	BTF_FIELD_UPTR,
	BTF_FIELD_KIND_CNT,
};
#define BTF_FIELDS_MAX 11 /* of one value, as in Linux */
struct btf_field {
	enum btf_field_kind kind;
	u32 off;
};
struct btf_fields {
	u32 cnt;
	struct btf_field at[BTF_FIELDS_MAX]; /* ascending by off, none over another */
};
/* Those of a value of type @id and @size bytes. @btf NULL or @id 0: there are none. 0; -E2BIG: two of a
 * kind of which there may be one, or too many; -EINVAL, -EEXIST: they cannot be there. */
int btf_fields_find(const struct skep_btf *btf, u32 id, u32 size, struct btf_fields *ret);
s32 btf_field_off(const struct btf_fields *fields, enum btf_field_kind kind); /* -1: none */
bool btf_fields_equal(const struct btf_fields *a, const struct btf_fields *b);
const char *btf_field_name(enum btf_field_kind kind); /* "bpf_timer", "kptr" */
u32 btf_field_size(enum btf_field_kind kind);

#endif
