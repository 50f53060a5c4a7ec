/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core.c - CO-RE: where is the field, type or enumerator that a program was compiled against in
 * another kernel's BTF, and what value follows for the instruction.
 *
 * A spec is an access path written out: the root type, then one step a named member or array element,
 * and the bit offset that they add up to. The local spec comes from the record's access string; for
 * each candidate type (same name without ___flavour, same kind) a target spec is looked for step by
 * step. All candidates that have one must give the same value. Source: Linux Documentation/bpf/llvm_reloc.rst.
 */
#include "btf/core_types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 64

struct step {
	u32 type; /* the struct, union or array that the step is taken in */
	u32 idx;
	const char *name; /* NULL: an array element (or the root pointer's) */
};

struct spec {
	const struct skep_btf *btf;
	u32 root;
	struct step steps[MAX_STEPS];
	u32 cnt;
	u64 bit_off;
};

static bool get_resolved(const struct skep_btf *btf, u32 id, struct btf_t *ret_t)
{
	return btf_type_get(btf, btf_skip_mods(btf, id), ret_t);
}

static int bad(struct strbuf *err, const char *what)
{
	if (err)
		strbuf_puts(err, what);
	return -EINVAL;
}

static enum relo_class class_of(u32 kind)
{
	switch (kind) {
	case BPF_CORE_FIELD_BYTE_OFFSET:
	case BPF_CORE_FIELD_BYTE_SIZE:
	case BPF_CORE_FIELD_EXISTS:
	case BPF_CORE_FIELD_SIGNED:
	case BPF_CORE_FIELD_LSHIFT_U64:
	case BPF_CORE_FIELD_RSHIFT_U64:
		return RELO_FIELD;
	case BPF_CORE_TYPE_ID_LOCAL:
	case BPF_CORE_TYPE_ID_TARGET:
	case BPF_CORE_TYPE_EXISTS:
	case BPF_CORE_TYPE_SIZE:
	case BPF_CORE_TYPE_MATCHES:
		return RELO_TYPE;
	case BPF_CORE_ENUMVAL_EXISTS:
	case BPF_CORE_ENUMVAL_VALUE:
		return RELO_ENUMVAL;
	default:
		return RELO_BAD;
	}
}

/* ---- the local spec ----------------------------------------------------------------------------- */

static bool push_step(struct spec *s, u32 type, u32 idx, const char *name)
{
	if (s->cnt == MAX_STEPS)
		return false;
	s->steps[s->cnt++] = (struct step){ type, idx, name };
	return true;
}

/* An array at the end of its struct with 0 or 1 elements may be longer in truth. */
static bool is_flexible(const struct btf_arr *arr)
{
	return arr->nelems <= 1;
}

static bool step_into(struct spec *s, u32 *type, u32 idx)
{
	struct btf_memb m;
	struct btf_arr arr;
	struct btf_t t;
	s64 size;

	if (!get_resolved(s->btf, *type, &t))
		return false;
	if (btf_kind_is_composite(t.kind)) {
		if (idx >= t.vlen || !btf_member(s->btf, &t, idx, &m))
			return false;
		s->bit_off += m.bit_off;
		*type = m.type;
		/* Anonymous ones are looked through on the other side too: only names are steps. */
		return !m.name[0] || push_step(s, t.id, idx, m.name);
	}
	if (t.kind != BTF_KIND_ARRAY || !btf_array(&t, &arr))
		return false;
	size = btf_type_size(s->btf, arr.elem_type);
	if (size < 0 || (idx >= arr.nelems && !is_flexible(&arr)))
		return false;
	s->bit_off += (u64)idx * size * 8;
	*type = arr.elem_type;
	return push_step(s, t.id, idx, NULL);
}

/* "0:1:2" into numbers. */
static int parse_path(const char *str, u32 idx[MAX_STEPS])
{
	u32 n = 0;
	char *end;

	while (*str) {
		unsigned long v;

		if (n == MAX_STEPS || *str < '0' || *str > '9')
			return -1;
		v = strtoul(str, &end, 10);
		if (v > INT32_MAX || (*end && *end != ':'))
			return -1;
		idx[n++] = v;
		str = *end ? end + 1 : end;
	}
	return n;
}

static int local_field(struct spec *s, const u32 *idx, u32 n)
{
	s64 size = btf_type_size(s->btf, s->root);
	u32 type = s->root;

	if (size < 0 || !push_step(s, btf_skip_mods(s->btf, s->root), idx[0], NULL))
		return -EINVAL;
	s->bit_off = (u64)idx[0] * size * 8;
	for (u32 i = 1; i < n; i++) {
		if (!step_into(s, &type, idx[i]))
			return -EINVAL;
	}
	return 0;
}

static int local_spec(const struct skep_btf *btf, const struct core_relo *relo, struct spec *s, struct strbuf *err)
{
	const char *str = btf_str(btf, relo->access_str_off), *name;
	u32 idx[MAX_STEPS];
	struct btf_t t;
	int n = str ? parse_path(str, idx) : -1;
	s64 val;

	*s = (struct spec){ .btf = btf, .root = relo->type_id };
	if (n < 1 || !btf_type_get(btf, relo->type_id, &t))
		return bad(err, "bad access string or type");
	switch (class_of(relo->kind)) {
	case RELO_TYPE:
		return n == 1 && !idx[0] ? 0 : bad(err, "a type has no access path");
	case RELO_ENUMVAL:
		get_resolved(btf, relo->type_id, &t);
		if (n != 1 || (t.kind != BTF_KIND_ENUM && t.kind != BTF_KIND_ENUM64) ||
		    !btf_enumerator(btf, &t, idx[0], &name, &val))
			return bad(err, "no such enumerator");
		push_step(s, t.id, idx[0], name);
		return 0;
	case RELO_FIELD:
		return local_field(s, idx, n) ? bad(err, "the access path does not fit its type") : 0;
	default:
		return bad(err, "unknown kind of relocation");
	}
}

/* ---- a target spec --------------------------------------------------------------------------------- */

/* The member called as in @want inside of @type of the target, through anonymous ones. 1: found. */
static int find_member(struct spec *targ, u32 type, const struct spec *local, const struct step *want, u32 depth,
		       u32 *ret_type)
{
	struct btf_memb m, lm;
	struct btf_t t, lt;

	if (depth > 32 || !get_resolved(targ->btf, type, &t) || !btf_kind_is_composite(t.kind) ||
	    !get_resolved(local->btf, want->type, &lt) || !btf_member(local->btf, &lt, want->idx, &lm))
		return 0;
	for (u32 i = 0; i < t.vlen; i++) {
		int found;

		if (!btf_member(targ->btf, &t, i, &m))
			return 0;
		if (!m.name[0]) {
			targ->bit_off += m.bit_off;
			found = find_member(targ, m.type, local, want, depth + 1, ret_type);
			if (found)
				return found;
			targ->bit_off -= m.bit_off;
		} else if (!strcmp(m.name, want->name)) {
			if (!core_fields_compatible(local->btf, lm.type, targ->btf, m.type) ||
			    !push_step(targ, t.id, i, m.name))
				return 0;
			targ->bit_off += m.bit_off;
			*ret_type = m.type;
			return 1;
		}
	}
	return 0;
}

static bool match_element(struct spec *targ, u32 *type, u32 idx)
{
	struct btf_arr arr;
	struct btf_t t;
	s64 size;

	if (!get_resolved(targ->btf, *type, &t) || t.kind != BTF_KIND_ARRAY || !btf_array(&t, &arr))
		return false;
	size = btf_type_size(targ->btf, arr.elem_type);
	if (size < 0 || (idx >= arr.nelems && !is_flexible(&arr)) || !push_step(targ, t.id, idx, NULL))
		return false;
	targ->bit_off += (u64)idx * size * 8;
	*type = arr.elem_type;
	return true;
}

static bool match_field(const struct spec *local, struct spec *targ)
{
	s64 size = btf_type_size(targ->btf, targ->root);
	u32 type = targ->root;

	if (size < 0 || !push_step(targ, btf_skip_mods(targ->btf, targ->root), local->steps[0].idx, NULL))
		return false;
	targ->bit_off = (u64)local->steps[0].idx * size * 8;
	for (u32 i = 1; i < local->cnt; i++) {
		const struct step *want = &local->steps[i];

		if (want->name ? find_member(targ, type, local, want, 0, &type) != 1 :
				 !match_element(targ, &type, want->idx))
			return false;
	}
	return true;
}

static bool match_enumval(const struct spec *local, struct spec *targ)
{
	size_t len = core_essential_len(local->steps[0].name);
	const char *name;
	struct btf_t t;
	s64 val;

	if (!get_resolved(targ->btf, targ->root, &t))
		return false;
	for (u32 i = 0; i < t.vlen; i++) {
		if (btf_enumerator(targ->btf, &t, i, &name, &val) && core_essential_len(name) == len &&
		    !strncmp(name, local->steps[0].name, len))
			return push_step(targ, t.id, i, name);
	}
	return false;
}

static bool match(const struct core_relo *relo, const struct spec *local, const struct skep_btf *btf, u32 id,
		  struct spec *targ)
{
	*targ = (struct spec){ .btf = btf, .root = id };
	switch (class_of(relo->kind)) {
	case RELO_TYPE:
		if (relo->kind == BPF_CORE_TYPE_MATCHES)
			return core_types_match(local->btf, local->root, btf, id);
		return core_types_compatible(local->btf, local->root, btf, id);
	case RELO_ENUMVAL:
		return match_enumval(local, targ);
	default:
		return match_field(local, targ);
	}
}

/* ---- values ------------------------------------------------------------------------------------------ */

struct value {
	u64 val;
	bool missing;	/* the insn must never run */
	bool validate;	/* the insn holds this value for the local spec */
	u32 mem_size, mem_type; /* of a field that is read or written whole */
	bool bitfield;
};

/* The storage unit of a bit-field that one load can fetch. */
static bool bitfield_unit(u64 bit_off, u32 bits, u32 *size, u64 *byte_off)
{
	*byte_off = bit_off / 8 / *size * *size;
	while (bit_off + bits - *byte_off * 8 > (u64)*size * 8) {
		if (*size >= 8)
			return false;
		*size *= 2;
		*byte_off = bit_off / 8 / *size * *size;
	}
	return true;
}

static bool is_signed(const struct skep_btf *btf, u32 type)
{
	struct btf_t t;

	if (!get_resolved(btf, type, &t))
		return false;
	if (t.kind == BTF_KIND_ENUM || t.kind == BTF_KIND_ENUM64)
		return t.kflag;
	return t.kind == BTF_KIND_INT && (btf_int_encoding(&t) & BTF_INT_SIGNED);
}

static int element_value(const struct core_relo *relo, const struct spec *s, struct value *v)
{
	const struct step *last = &s->steps[s->cnt - 1];
	u32 type = last->type;
	struct btf_arr arr;
	struct btf_t t;
	s64 size;

	/* The first step's type is what the pointer points to, of later ones the array. */
	if (s->cnt > 1) {
		if (!btf_type_get(s->btf, type, &t) || !btf_array(&t, &arr))
			return -EINVAL;
		type = arr.elem_type;
	}
	size = btf_type_size(s->btf, type);
	if (size < 0 || size > UINT32_MAX)
		return -EINVAL;
	v->validate = true;
	if (relo->kind == BPF_CORE_FIELD_BYTE_OFFSET) {
		v->val = s->bit_off / 8;
		v->mem_size = size;
		v->mem_type = type;
		return 0;
	}
	v->val = size;
	return relo->kind == BPF_CORE_FIELD_BYTE_SIZE ? 0 : -EINVAL;
}

static int field_value(const struct core_relo *relo, const struct spec *s, struct value *v)
{
	const struct step *last;
	struct btf_memb m;
	struct btf_t t;
	u64 byte_off, bits;
	s64 size;
	u32 unit;

	if (!s) {
		v->missing = relo->kind != BPF_CORE_FIELD_EXISTS;
		return 0;
	}
	if (relo->kind == BPF_CORE_FIELD_EXISTS) {
		v->val = 1;
		v->validate = true;
		return 0;
	}
	last = &s->steps[s->cnt - 1];
	if (!last->name)
		return element_value(relo, s, v);
	if (!btf_type_get(s->btf, last->type, &t) || !btf_member(s->btf, &t, last->idx, &m))
		return -EINVAL;
	size = btf_type_size(s->btf, m.type);
	if (size < 0 || size > UINT32_MAX)
		return -EINVAL;
	unit = size;
	v->bitfield = m.bit_size != 0;
	bits = v->bitfield ? m.bit_size : (u64)size * 8;
	byte_off = s->bit_off / 8;
	if (v->bitfield && (!unit || !bitfield_unit(s->bit_off, bits, &unit, &byte_off)))
		return -EINVAL;
	v->validate = !v->bitfield;
	switch (relo->kind) {
	case BPF_CORE_FIELD_BYTE_OFFSET:
		v->val = byte_off;
		if (!v->bitfield) {
			v->mem_size = unit;
			v->mem_type = m.type;
		}
		return 0;
	case BPF_CORE_FIELD_BYTE_SIZE:
		v->val = unit;
		return 0;
	case BPF_CORE_FIELD_SIGNED:
		v->val = is_signed(s->btf, m.type);
		return 0;
	case BPF_CORE_FIELD_LSHIFT_U64:
		v->val = 64 - (s->bit_off + bits - byte_off * 8);
		return 0;
	default:
		v->val = 64 - bits;
		return 0;
	}
}

static int type_value(const struct core_relo *relo, const struct spec *s, struct value *v)
{
	s64 size;

	if (!s)
		return 0; /* of a type that is not there everything is 0 */
	switch (relo->kind) {
	case BPF_CORE_TYPE_ID_TARGET:
		v->val = s->root;
		return 0;
	case BPF_CORE_TYPE_SIZE:
		size = btf_type_size(s->btf, s->root);
		v->val = size;
		return size < 0 ? -EINVAL : 0;
	default:
		v->val = 1;
		return 0;
	}
}

static int enum_value(const struct core_relo *relo, const struct spec *s, struct value *v)
{
	const char *name;
	struct btf_t t;
	s64 val;

	if (relo->kind == BPF_CORE_ENUMVAL_EXISTS) {
		v->val = s != NULL;
		return 0;
	}
	if (!s) {
		v->missing = true;
		return 0;
	}
	if (!btf_type_get(s->btf, s->steps[0].type, &t) ||
	    !btf_enumerator(s->btf, &t, s->steps[0].idx, &name, &val))
		return -EINVAL;
	v->val = val;
	return 0;
}

static int value_of(const struct core_relo *relo, const struct spec *s, struct value *v)
{
	*v = (struct value){ 0 };
	switch (class_of(relo->kind)) {
	case RELO_TYPE:
		return type_value(relo, s, v);
	case RELO_ENUMVAL:
		return enum_value(relo, s, v);
	default:
		return field_value(relo, s, v);
	}
}

/* ---- the relocation ------------------------------------------------------------------------------------ */

/* A load of another size gives the same number only for pointers and unsigned numbers. */
static bool size_may_change(const struct spec *local, const struct value *o, const struct spec *targ,
			    const struct value *n)
{
	struct btf_t a, b;

	if (!get_resolved(local->btf, o->mem_type, &a) || !get_resolved(targ->btf, n->mem_type, &b))
		return false;
	if (n->mem_size != 1 && n->mem_size != 2 && n->mem_size != 4 && n->mem_size != 8)
		return false;
	if (a.kind == BTF_KIND_PTR && b.kind == BTF_KIND_PTR)
		return true;
	return a.kind == BTF_KIND_INT && b.kind == BTF_KIND_INT && !is_signed(local->btf, o->mem_type) &&
	       !is_signed(targ->btf, n->mem_type);
}

static void set_result(const struct spec *local, const struct value *o, const struct spec *targ,
		       const struct value *n, struct core_spec_result *res)
{
	*res = (struct core_spec_result){ .poison = n->missing, .orig_val = o->val, .has_orig = o->validate,
					  .new_val = n->val, .target_id = targ ? targ->root : 0 };
	if (!targ || !o->mem_size || !n->mem_size || o->mem_size == n->mem_size)
		return;
	res->new_mem_size = n->mem_size;
	res->fail_mem_size = !size_may_change(local, o, targ, n);
}

struct search {
	const struct core_relo *relo;
	const struct spec *local;
	const struct value *orig;
	const struct skep_btf *targ;
	struct core_spec_result *res;
	u32 found;
	bool named; /* there were candidates, that fit or not */
	bool ambiguous;
};

static int try_candidate(struct search *q, u32 id)
{
	struct core_spec_result res;
	struct spec targ;
	struct value v;
	int err;

	q->named = true;
	if (!match(q->relo, q->local, q->targ, id, &targ))
		return 0;
	err = value_of(q->relo, &targ, &v);
	if (err)
		return err;
	set_result(q->local, q->orig, &targ, &v, &res);
	if (q->found++ && (res.new_val != q->res->new_val || res.poison != q->res->poison ||
			   res.new_mem_size != q->res->new_mem_size))
		q->ambiguous = true;
	else if (q->found == 1)
		*q->res = res;
	return 0;
}

static int search(struct search *q, const char *name, u32 kind)
{
	size_t len = core_essential_len(name);
	u32 kinds[2] = { kind, 0 };
	char *plain = strndup(name, len);
	int err = 0;

	if (!plain)
		return -ENOMEM;
	if (kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64)
		kinds[1] = kind == BTF_KIND_ENUM ? BTF_KIND_ENUM64 : BTF_KIND_ENUM;
	for (u32 k = 0; k < 2 && kinds[k]; k++) {
		for (u32 id = btf_find(q->targ, plain, kinds[k]); id && !err;
		     id = btf_find_next(q->targ, plain, kinds[k], id))
			err = try_candidate(q, id);
	}
	free(plain);
	return err;
}

static int search_all(struct search *q, const struct core_target *target, const struct btf_t *root)
{
	int err;

	q->targ = target->kernel;
	err = search(q, root->name, root->kind);
	if (q->named)
		return err;
	for (u32 i = 0; i < target->module_cnt && !err; i++) {
		q->targ = target->modules[i];
		err = search(q, root->name, root->kind);
	}
	return err;
}

int core_resolve(const struct skep_btf *local, const struct core_relo *relo, const struct core_target *targ,
		 struct core_spec_result *ret, struct strbuf *err)
{
	struct spec s;
	struct value orig, none;
	struct search q = { .relo = relo, .local = &s, .orig = &orig, .res = ret };
	struct btf_t root;
	int res = local_spec(local, relo, &s, err);

	if (res)
		return res;
	if (relo->kind == BPF_CORE_TYPE_ID_LOCAL) {
		*ret = (struct core_spec_result){ .orig_val = relo->type_id, .new_val = relo->type_id,
						  .target_id = relo->type_id };
		return 0;
	}
	if (value_of(relo, &s, &orig) || !btf_type_get(local, relo->type_id, &root))
		return bad(err, "the relocation has no value for its own type");
	if (!root.name[0])
		return bad(err, "an anonymous type cannot be found elsewhere");
	res = search_all(&q, targ, &root);
	if (res == -EINVAL)
		return bad(err, "a candidate has no usable value");
	if (res)
		return res;
	if (q.ambiguous) {
		if (err)
			strbuf_printf(err, "ambiguous: candidates for '%s' give different values", root.name);
		return -ESRCH;
	}
	if (q.found)
		return 0;
	res = value_of(relo, NULL, &none);
	if (res)
		return bad(err, "no value without a candidate");
	set_result(&s, &orig, NULL, &none, ret);
	if (err)
		strbuf_printf(err, "no matching target for '%s'%s%s", root.name,
			      s.cnt && s.steps[s.cnt - 1].name ? ", " : "",
			      s.cnt && s.steps[s.cnt - 1].name ? s.steps[s.cnt - 1].name : "");
	return ret->poison ? -ENOENT : 0;
}
