/* SPDX-License-Identifier: BSD-2-Clause */
/* print.c - one type as a line of facts, members below it: the text of "bpftool btf dump file F",
 * so that either tool's output can be compared with the other's. */
#include "btf/btf.h"

#include <inttypes.h>

static const char *shown(const char *name)
{
	return *name ? name : "(anon)";
}

static const char *linkage_name(u32 linkage)
{
	static const char *const names[] = { "static", "global", "extern" };

	return linkage < ARRAY_SIZE(names) ? names[linkage] : "(unknown)";
}

static const char *encoding_name(u32 encoding)
{
	switch (encoding) {
	case 0:
		return "(none)";
	case BTF_INT_SIGNED:
		return "SIGNED";
	case BTF_INT_CHAR:
		return "CHAR";
	case BTF_INT_BOOL:
		return "BOOL";
	default:
		return "UNKN";
	}
}

static void print_int(struct strbuf *out, const struct btf_t *t)
{
	u32 bits_off = (*(const u32 *)t->tail >> 16) & 0xff;

	strbuf_printf(out, " size=%u bits_offset=%u nr_bits=%u encoding=%s", t->size, bits_off,
		      btf_int_bits(t), encoding_name(btf_int_encoding(t)));
}

static void print_array(struct strbuf *out, const struct btf_t *t)
{
	struct btf_arr arr;

	if (btf_array(t, &arr))
		strbuf_printf(out, " type_id=%u index_type_id=%u nr_elems=%u", arr.elem_type,
			      arr.index_type, arr.nelems);
}

static void print_composite(struct strbuf *out, const struct skep_btf *btf, const struct btf_t *t)
{
	struct btf_memb m;
	u32 i;

	strbuf_printf(out, " size=%u vlen=%u", t->size, t->vlen);
	for (i = 0; btf_member(btf, t, i, &m); i++) {
		strbuf_printf(out, "\n\t'%s' type_id=%u bits_offset=%u", shown(m.name), m.type,
			      m.bit_off);
		if (m.bit_size)
			strbuf_printf(out, " bitfield_size=%u", m.bit_size);
	}
}

static void print_enum(struct strbuf *out, const struct skep_btf *btf, const struct btf_t *t)
{
	const char *suffix = t->kind == BTF_KIND_ENUM ? "" : t->kflag ? "LL" : "ULL";
	const char *name;
	s64 val;
	u32 i;

	strbuf_printf(out, " encoding=%s size=%u vlen=%u", t->kflag ? "SIGNED" : "UNSIGNED",
		      t->size, t->vlen);
	for (i = 0; btf_enumerator(btf, t, i, &name, &val); i++) {
		strbuf_printf(out, "\n\t'%s' val=", shown(name));
		if (t->kflag)
			strbuf_printf(out, "%" PRId64 "%s", (int64_t)val, suffix);
		else
			strbuf_printf(out, "%" PRIu64 "%s", (uint64_t)val, suffix);
	}
}

static void print_proto(struct strbuf *out, const struct skep_btf *btf, const struct btf_t *t)
{
	struct btf_parm p;
	u32 i;

	strbuf_printf(out, " ret_type_id=%u vlen=%u", t->type, t->vlen);
	for (i = 0; btf_param(btf, t, i, &p); i++)
		strbuf_printf(out, "\n\t'%s' type_id=%u", shown(p.name), p.type);
}

static void print_datasec(struct strbuf *out, const struct skep_btf *btf, const struct btf_t *t)
{
	struct btf_secvar s;
	struct btf_t var;
	u32 i;

	strbuf_printf(out, " size=%u vlen=%u", t->size, t->vlen);
	for (i = 0; btf_secvar(t, i, &s); i++) {
		strbuf_printf(out, "\n\ttype_id=%u offset=%u size=%u", s.type, s.off, s.size);
		if (btf_type_get(btf, s.type, &var) &&
		    (var.kind == BTF_KIND_VAR || var.kind == BTF_KIND_FUNC))
			strbuf_printf(out, " (%s '%s')", btf_kind_name(var.kind), shown(var.name));
	}
}

static void print_tail(struct strbuf *out, const struct skep_btf *btf, const struct btf_t *t)
{
	switch (t->kind) {
	case BTF_KIND_INT:
		print_int(out, t);
		break;
	case BTF_KIND_ARRAY:
		print_array(out, t);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		print_composite(out, btf, t);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		print_enum(out, btf, t);
		break;
	case BTF_KIND_FWD:
		strbuf_printf(out, " fwd_kind=%s", t->kflag ? "union" : "struct");
		break;
	case BTF_KIND_FUNC:
		strbuf_printf(out, " type_id=%u linkage=%s", t->type, linkage_name(t->vlen));
		break;
	case BTF_KIND_FUNC_PROTO:
		print_proto(out, btf, t);
		break;
	case BTF_KIND_VAR:
		strbuf_printf(out, " type_id=%u, linkage=%s", t->type,
			      linkage_name(btf_var_linkage(t)));
		break;
	case BTF_KIND_DATASEC:
		print_datasec(out, btf, t);
		break;
	case BTF_KIND_FLOAT:
		strbuf_printf(out, " size=%u", t->size);
		break;
	case BTF_KIND_DECL_TAG:
		strbuf_printf(out, " type_id=%u component_idx=%d", t->type, btf_decl_tag_idx(t));
		break;
	default: /* what only refers to a type */
		strbuf_printf(out, " type_id=%u", t->type);
	}
}

void btf_print_raw(struct strbuf *out, const struct skep_btf *btf, u32 id)
{
	struct btf_t t;

	if (!id || !btf_type_get(btf, id, &t))
		return; /* void has no record */
	strbuf_printf(out, "[%u] %s '%s'", id, btf_kind_name(t.kind), shown(t.name));
	print_tail(out, btf, &t);
	strbuf_putc(out, '\n');
}
