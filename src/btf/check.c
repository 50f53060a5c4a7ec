/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - refuses BTF that readers could not walk safely, and what Linux refuses: first each record
 * alone (here), then what it refers to (resolve.c). Afterwards every name and type id is in range, and
 * no chain of by-value types or of pointers and modifiers has a cycle. Every rule and errno here was
 * compared with a kernel's: tests/btf/check.t.
 */
#include "btf/check.h"

#include <errno.h>
#include <stdlib.h>

#define ERR_NOTSUPP    524 /* Linux's ENOTSUPP, which reaches the caller of bpf(2) */
#define NAME_MAX_LEN   512
#define INT_DATA_MASK  0x0fffffffu
#define INT_BITS_MAX   128

/* What a kind wants of the type's name. */
enum name_rule { NAME_ANY, NAME_NONE, NAME_MAYBE_IDENT, NAME_IDENT, NAME_SECTION, NAME_TEXT };

/* What a kind allows. */
static const struct rule {
	bool vlen_ok, kflag_ok, name_first;
	enum name_rule name;
} rules[] = {
	[BTF_KIND_INT] = { .name = NAME_ANY },
	[BTF_KIND_PTR] = { .name = NAME_NONE },
	[BTF_KIND_ARRAY] = { .name_first = true, .name = NAME_NONE },
	[BTF_KIND_STRUCT] = { .vlen_ok = true, .kflag_ok = true, .name = NAME_MAYBE_IDENT },
	[BTF_KIND_UNION] = { .vlen_ok = true, .kflag_ok = true, .name = NAME_MAYBE_IDENT },
	[BTF_KIND_ENUM] = { .vlen_ok = true, .kflag_ok = true, .name = NAME_MAYBE_IDENT },
	[BTF_KIND_FWD] = { .kflag_ok = true, .name = NAME_IDENT },
	[BTF_KIND_TYPEDEF] = { .name = NAME_IDENT },
	[BTF_KIND_VOLATILE] = { .name = NAME_NONE },
	[BTF_KIND_CONST] = { .name = NAME_NONE },
	[BTF_KIND_RESTRICT] = { .name = NAME_NONE },
	[BTF_KIND_FUNC] = { .vlen_ok = true, .name_first = true, .name = NAME_IDENT },
	[BTF_KIND_FUNC_PROTO] = { .vlen_ok = true, .name_first = true, .name = NAME_NONE },
	[BTF_KIND_VAR] = { .name = NAME_IDENT },
	[BTF_KIND_DATASEC] = { .vlen_ok = true, .name = NAME_SECTION },
	[BTF_KIND_FLOAT] = { .name = NAME_ANY },
	[BTF_KIND_DECL_TAG] = { .kflag_ok = true, .name_first = true, .name = NAME_TEXT },
	[BTF_KIND_TYPE_TAG] = { .kflag_ok = true, .name = NAME_TEXT },
	[BTF_KIND_ENUM64] = { .vlen_ok = true, .kflag_ok = true, .name = NAME_MAYBE_IDENT },
};
static_assert(ARRAY_SIZE(rules) == BTF_KIND_MAX + 1, "a kind has no rules");

bool is_modifier(u32 kind)
{
	return (kind >= BTF_KIND_TYPEDEF && kind <= BTF_KIND_RESTRICT) || kind == BTF_KIND_TYPE_TAG;
}

/* Linux takes bytes for Latin-1. */
static bool is_letter(u8 ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || ch == '.' ||
	       (ch >= 0xc0 && ch != 0xd7 && ch != 0xf7);
}

static bool is_printable(u8 ch)
{
	return (ch >= ' ' && ch <= '~') || ch >= 0xa0;
}

bool name_is_identifier(const char *name)
{
	size_t len;

	if (!is_letter(name[0]))
		return false;
	for (len = 1; name[len]; len++)
		if (len >= NAME_MAX_LEN || !(is_letter(name[len]) || (name[len] >= '0' && name[len] <= '9')))
			return false;
	return true;
}

static bool name_is_section(const char *name)
{
	size_t len;

	for (len = 0; name[len]; len++)
		if (len >= NAME_MAX_LEN || !is_printable(name[len]))
			return false;
	return true;
}

static bool name_fits(const struct checker *c, const struct btf_t *t)
{
	switch (rules[t->kind].name) {
	case NAME_NONE:
		return !t->raw->name_off;
	case NAME_MAYBE_IDENT:
		return !t->raw->name_off || c->lax || name_is_identifier(t->name);
	case NAME_IDENT:
		return *t->name && (c->lax || name_is_identifier(t->name));
	case NAME_SECTION:
		return *t->name && (c->lax || name_is_section(t->name));
	case NAME_TEXT:
		return *t->name;
	default:
		return true;
	}
}

static bool pow2_upto(u32 n, u32 max)
{
	return n && n <= max && !(n & (n - 1));
}

static bool id_fits(u32 id)
{
	return id <= BTF_MAX_TYPE;
}

static int check_int(struct checker *c, const struct btf_t *t)
{
	u32 data = *(const u32 *)t->tail, bits = (data & 0xff) + ((data >> 16) & 0xff), encoding = btf_int_encoding(t);

	if (data & ~INT_DATA_MASK)
		return say_basic(c, t, -EINVAL, "Invalid int_data:%x", data);
	if (bits > INT_BITS_MAX)
		return say_type(c, t, -EINVAL, "nr_bits exceeds %zu", (size_t)INT_BITS_MAX);
	if ((bits + 7) / 8 > t->size)
		return say_type(c, t, -EINVAL, "nr_bits exceeds type_size");
	if (encoding & (encoding - 1) || encoding > BTF_INT_BOOL)
		return say_type(c, t, -ERR_NOTSUPP, "Unsupported encoding");
	return say_type(c, t, 0, NULL);
}

static int check_array(struct checker *c, const struct btf_t *t)
{
	const struct btf_array *a = t->tail;

	if (t->raw->size)
		return say_type(c, t, -EINVAL, "size != 0");
	if (!a->type || !id_fits(a->type))
		return say_type(c, t, -EINVAL, "Invalid elem");
	if (!a->index_type || !id_fits(a->index_type))
		return say_type(c, t, -EINVAL, "Invalid index");
	return say_type(c, t, 0, NULL);
}

static int check_composite(struct checker *c, const struct btf_t *t)
{
	const struct btf_member *m = t->tail;
	u32 last = 0;

	say_type(c, t, 0, NULL);
	for (u32 i = 0; i < t->vlen; i++) {
		const char *name = btf_str(c->btf, m[i].name_off);
		u32 bit_off = t->kflag ? m[i].offset & 0xffffff : m[i].offset;

		if (!name)
			return say_member(c, t, i, -EINVAL, "Invalid member name_offset:%u", m[i].name_off);
		if (m[i].name_off && !c->lax && !name_is_identifier(name))
			return say_member(c, t, i, -EINVAL, "Invalid name");
		if (!m[i].type || !id_fits(m[i].type))
			return say_member(c, t, i, -EINVAL, "Invalid type_id");
		if (t->kind == BTF_KIND_UNION && bit_off)
			return say_member(c, t, i, -EINVAL, "Invalid member bits_offset");
		if (bit_off < last && !c->lax)
			return say_member(c, t, i, -EINVAL, "Invalid member bits_offset");
		if (bit_off / 8 + !!(bit_off % 8) > t->size)
			return say_member(c, t, i, -EINVAL, "Member bits_offset exceeds its struct size");
		say_member(c, t, i, 0, NULL);
		last = bit_off;
	}
	return 0;
}

static int check_enum(struct checker *c, const struct btf_t *t)
{
	const u32 *w = t->tail;

	say_type(c, t, 0, NULL);
	for (u32 i = 0; i < t->vlen; i++, w += t->kind == BTF_KIND_ENUM ? 2 : 3) {
		const char *name = btf_str(c->btf, w[0]);

		if (!name)
			return say(c, -EINVAL, "\tInvalid name_offset:%u", w[0]);
		if (!w[0] || (!c->lax && !name_is_identifier(name)))
			return say_type(c, t, -EINVAL, "Invalid name");
		say_enumerator(c, t, i);
	}
	return 0;
}

static int check_var(struct checker *c, const struct btf_t *t)
{
	u32 linkage = btf_var_linkage(t);

	if ((!t->type && !c->lax) || !id_fits(t->type))
		return say_type(c, t, -EINVAL, "Invalid type_id");
	if (linkage > (c->lax ? BTF_VAR_GLOBAL_EXTERN : BTF_VAR_GLOBAL_ALLOCATED))
		return say_type(c, t, -EINVAL, "Linkage not supported");
	return say_type(c, t, 0, NULL);
}

static int check_datasec(struct checker *c, const struct btf_t *t)
{
	const struct btf_var_secinfo *v = t->tail;
	u64 end = 0, sum = 0;
	bool unlaid = c->btf->object && !t->size; /* the loader will do it */

	say_type(c, t, 0, NULL);
	for (u32 i = 0; i < t->vlen && !unlaid; i++, v++) {
		if (!v->type || !id_fits(v->type))
			return say_secvar(c, t, i, -EINVAL, "Invalid type_id");
		if (v->offset < end || v->offset >= t->size)
			return say_secvar(c, t, i, -EINVAL, "Invalid offset");
		if (!v->size || v->size > t->size)
			return say_secvar(c, t, i, -EINVAL, "Invalid size");
		end = (u64)v->offset + v->size;
		if (end > t->size)
			return say_secvar(c, t, i, -EINVAL, "Invalid offset+size");
		say_secvar(c, t, i, 0, NULL);
		sum += v->size;
	}
	return sum > t->size ? say_type(c, t, -EINVAL, "Invalid btf_info size") : 0;
}

/* What stands in the word for size or type, of kinds that Linux asks for it before their name. */
static int check_number(struct checker *c, const struct btf_t *t)
{
	switch (t->kind) {
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return id_fits(t->type) ? 0 : say_type(c, t, -EINVAL, "Invalid type_id");
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return pow2_upto(t->size, 8) ? 0 : say_type(c, t, -EINVAL, "Unexpected size");
	case BTF_KIND_FWD:
		return !t->raw->type ? 0 : say_type(c, t, -EINVAL, "type != 0");
	case BTF_KIND_FLOAT:
		return t->size == 12 || (pow2_upto(t->size, 16) && t->size > 1) ? 0 :
			say_type(c, t, -EINVAL, "Invalid type_size");
	default:
		return 0;
	}
}

/* The order is Linux's, so that of two faults the same one is named. */
static int check_record(struct checker *c, const struct btf_t *t)
{
	const struct rule *rule = &rules[t->kind];
	int err;

	if (rule->name_first && !name_fits(c, t))
		return say_type(c, t, -EINVAL, t->kind == BTF_KIND_DECL_TAG ? "Invalid value" : "Invalid name");
	if (t->vlen && !rule->vlen_ok)
		return say_type(c, t, -EINVAL, "vlen != 0");
	if (t->kind == BTF_KIND_FUNC && t->vlen > (c->lax ? BTF_FUNC_EXTERN : BTF_FUNC_GLOBAL))
		return say_type(c, t, -EINVAL, "Invalid func linkage");
	if (t->kind == BTF_KIND_DATASEC && !t->size && !c->btf->object)
		return say_type(c, t, -EINVAL, "size == 0");
	if (t->kflag && !rule->kflag_ok)
		return say_type(c, t, -EINVAL, "Invalid btf_info kind_flag");
	err = check_number(c, t);
	if (err)
		return err;
	if (!name_fits(c, t))
		return say_type(c, t, -EINVAL, "Invalid name");
	switch (t->kind) {
	case BTF_KIND_INT:
		return check_int(c, t);
	case BTF_KIND_ARRAY:
		return check_array(c, t);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return check_composite(c, t);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return check_enum(c, t);
	case BTF_KIND_VAR:
		return check_var(c, t);
	case BTF_KIND_DATASEC:
		return check_datasec(c, t);
	case BTF_KIND_DECL_TAG:
		if (btf_decl_tag_idx(t) < -1)
			return say_type(c, t, -EINVAL, "Invalid component_idx");
		/* fall through */
	default:
		return say_type(c, t, 0, NULL);
	}
}

/* The record at @raw, of which @left bytes are there. */
static int read_record(struct checker *c, const struct btf_type *raw, u32 left, u32 *ret_need)
{
	struct skep_btf *btf = c->btf;
	u32 id = btf->cnt, kind, tail;
	struct btf_t t;

	if (left < sizeof(*raw))
		return say(c, -EINVAL, "[%u] meta_left:%u meta_needed:%zu", id, left, sizeof(*raw));
	kind = INFO_KIND(raw->info);
	if (!kind || kind >= ARRAY_SIZE(rules))
		return say(c, -EINVAL, "[%u] Invalid kind:%u", id, kind);
	if (!btf_str(btf, raw->name_off))
		return say(c, -EINVAL, "[%u] Invalid name_offset:%u", id, raw->name_off);
	if (id >= BTF_MAX_TYPE)
		return say(c, -E2BIG, "Exceeded max num of types");
	btf->types[id - btf->first_id] = raw;
	btf->cnt = id + 1;
	btf_type_get(btf, id, &t);
	tail = (rec_word_cnt(raw) - REC_WORDS) * sizeof(u32);
	if (left - sizeof(*raw) < tail)
		return say_basic(c, &t, -EINVAL, "meta_left:%u meta_needed:%u", left - (u32)sizeof(*raw), tail);
	*ret_need = sizeof(*raw) + tail;
	return check_record(c, &t);
}

int btf_check(struct skep_btf *btf, const char *types, u32 len, struct vlog *log)
{
	struct checker c = { .btf = btf, .log = log, .lax = btf->kernel || btf->object };
	u32 at = 0, need = 0;
	int err;

	btf->types = malloc((len / sizeof(struct btf_type) + 1) * sizeof(*btf->types));
	if (!btf->types)
		return -ENOMEM;
	for (; at < len; at += need) {
		err = read_record(&c, (const void *)(types + at), len - at, &need);
		if (err)
			return err;
	}
	return check_references(&c);
}
