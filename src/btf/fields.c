/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields.c - special fields: parts of a map's value that Linux initialises, guards or frees, told by
 * the names of their structures and the tags of pointers. Where they are, in the order of their offsets.
 *
 * They are looked for in structures and arrays of one. In unions and longer arrays Linux sees but
 * bytes, except that pointers, lists and trees may be in arrays.
 */
#include "btf/fields.h"
#include "btf/btf.h"

#include <errno.h>
#include <string.h>

#define DEPTH_MAX 32 /* of structures in structures */

/* Sizes and alignments are those of the structures in include/linux/bpf.h, which programs are built with. */
static const struct kind_row {
	const char *name; /* also in the verifier's words */
	u8 size, align;
	bool once;   /* a value has at most one */
	bool repeats; /* may be in longer arrays */
} kinds[BTF_FIELD_KIND_CNT] = {
	[BTF_FIELD_SPIN_LOCK] = { "bpf_spin_lock", 4, 4, true, false },
	[BTF_FIELD_RES_SPIN_LOCK] = { "bpf_res_spin_lock", 4, 4, true, false },
	[BTF_FIELD_TIMER] = { "bpf_timer", 16, 8, true, false },
	[BTF_FIELD_WORKQUEUE] = { "bpf_wq", 16, 8, true, false },
	[BTF_FIELD_TASK_WORK] = { "bpf_task_work", 8, 8, true, false },
	[BTF_FIELD_LIST_HEAD] = { "bpf_list_head", 16, 8, false, true },
	[BTF_FIELD_RB_ROOT] = { "bpf_rb_root", 16, 8, false, true },
	[BTF_FIELD_REFCOUNT] = { "bpf_refcount", 4, 4, true, false },
	[BTF_FIELD_KPTR_UNREF] = { "kptr", 8, 8, false, true },
	[BTF_FIELD_KPTR_REF] = { "kptr", 8, 8, false, true },
	[BTF_FIELD_KPTR_PERCPU] = { "percpu_kptr", 8, 8, false, true },
	[BTF_FIELD_UPTR] = { "uptr", 8, 8, false, true },
};

const char *btf_field_name(enum btf_field_kind kind)
{
	return kinds[kind].name;
}

u32 btf_field_size(enum btf_field_kind kind)
{
	return kinds[kind].size;
}

struct find {
	const struct skep_btf *btf;
	struct btf_fields *ret;
	u32 seen; /* BIT(kind) */
};

static int find_in(struct find *f, u32 id, u32 off, u32 cnt, int depth);

static bool struct_kind(const char *name, enum btf_field_kind *ret_kind)
{
	for (u32 k = 0; k < BTF_FIELD_KPTR_UNREF; k++) {
		if (!strcmp(name, kinds[k].name)) {
			*ret_kind = k;
			return true;
		}
	}
	return false;
}

static bool pointer_kind(const struct skep_btf *btf, const struct btf_t *ptr, enum btf_field_kind *ret_kind)
{
	static const struct {
		const char *tag;
		enum btf_field_kind kind;
	} tags[] = {
		{ "kptr_untrusted", BTF_FIELD_KPTR_UNREF }, { "kptr", BTF_FIELD_KPTR_REF },
		{ "percpu_kptr", BTF_FIELD_KPTR_PERCPU }, { "uptr", BTF_FIELD_UPTR },
	};
	struct btf_t t;

	if (!btf_type_get(btf, ptr->type, &t) || t.kind != BTF_KIND_TYPE_TAG)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(tags); i++) {
		if (!strcmp(t.name, tags[i].tag)) {
			*ret_kind = tags[i].kind;
			return true;
		}
	}
	return false;
}

/* @cnt of them, one behind the other, from @off on. */
static int add(struct find *f, enum btf_field_kind kind, u32 off, u32 cnt)
{
	const struct kind_row *row = &kinds[kind];

	if (off % row->align)
		return 0;
	if (cnt > 1 && !row->repeats)
		return 0;
	if (row->once && (f->seen & BIT(kind)))
		return -E2BIG;
	f->seen |= BIT(kind);
	for (u32 i = 0; i < cnt; i++) {
		if (f->ret->cnt == BTF_FIELDS_MAX)
			return -E2BIG;
		f->ret->at[f->ret->cnt++] = (struct btf_field){ kind, off + i * row->size };
	}
	return 0;
}

static int find_in_struct(struct find *f, const struct btf_t *t, u32 off, u32 cnt, int depth)
{
	enum btf_field_kind kind;
	struct btf_memb m;
	int err = 0;

	if (struct_kind(t->name, &kind))
		return t->size == kinds[kind].size ? add(f, kind, off, cnt) : 0;
	for (u32 n = 0; n < cnt; n++) {
		for (u32 i = 0; !err && i < t->vlen && btf_member(f->btf, t, i, &m); i++)
			err = m.bit_off % 8 ? 0 : find_in(f, m.type, off + n * t->size + m.bit_off / 8, 1, depth + 1);
		if (err || !f->ret->cnt)
			return err; /* nothing in the first, nothing in the others */
	}
	return 0;
}

static int find_in(struct find *f, u32 id, u32 off, u32 cnt, int depth)
{
	enum btf_field_kind kind;
	struct btf_secvar var;
	struct btf_arr arr;
	struct btf_t t;
	int err = 0;

	if (depth > DEPTH_MAX)
		return -E2BIG;
	if (!btf_type_get(f->btf, btf_skip_mods(f->btf, id), &t))
		return 0;
	switch (t.kind) {
	case BTF_KIND_ARRAY:
		if (!btf_array(&t, &arr) || !arr.nelems || (u64)cnt * arr.nelems > UINT32_MAX)
			return 0;
		return find_in(f, arr.elem_type, off, cnt * arr.nelems, depth + 1);
	case BTF_KIND_PTR:
		return pointer_kind(f->btf, &t, &kind) ? add(f, kind, off, cnt) : 0;
	case BTF_KIND_VAR:
		return find_in(f, t.type, off, 1, depth + 1);
	case BTF_KIND_DATASEC:
		for (u32 i = 0; !err && i < t.vlen && btf_secvar(&t, i, &var); i++)
			err = find_in(f, var.type, off + var.off, 1, depth + 1);
		return err;
	case BTF_KIND_STRUCT:
		return find_in_struct(f, &t, off, cnt, depth);
	default:
		return 0;
	}
}

/* Members of BTF come in any order. */
static void sort(struct btf_fields *fields)
{
	for (u32 i = 1; i < fields->cnt; i++) {
		struct btf_field this = fields->at[i];
		u32 j = i;

		for (; j && fields->at[j - 1].off > this.off; j--)
			fields->at[j] = fields->at[j - 1];
		fields->at[j] = this;
	}
}

int btf_fields_find(const struct skep_btf *btf, u32 id, u32 size, struct btf_fields *ret)
{
	struct find f = { .btf = btf, .ret = ret };
	u32 end = 0;
	int err;

	*ret = (struct btf_fields){ 0 };
	err = btf && id ? find_in(&f, id, 0, 1, 0) : 0;
	sort(ret);
	for (u32 i = 0; i < ret->cnt && !err; i++) {
		if (ret->at[i].off < end)
			err = -EEXIST;
		end = ret->at[i].off + kinds[ret->at[i].kind].size;
		if (end > size)
			err = -EINVAL;
	}
	if (err)
		*ret = (struct btf_fields){ 0 };
	return err;
}

s32 btf_field_off(const struct btf_fields *fields, enum btf_field_kind kind)
{
	for (u32 i = 0; i < fields->cnt; i++) {
		if (fields->at[i].kind == kind)
			return (s32)fields->at[i].off;
	}
	return -1;
}

bool btf_fields_equal(const struct btf_fields *a, const struct btf_fields *b)
{
	if (a->cnt != b->cnt)
		return false;
	for (u32 i = 0; i < a->cnt; i++) {
		if (a->at[i].kind != b->at[i].kind || a->at[i].off != b->at[i].off)
			return false;
	}
	return true;
}
