/* SPDX-License-Identifier: BSD-2-Clause */
/* checklog.c - the lines of BPF_BTF_LOAD's log: each type as it is met, and what is wrong with it. */
#include "btf/check.h"

static const char *shown_name(const struct checker *c, u32 off)
{
	const char *name = btf_str(c->btf, off);

	return !off ? "(anon)" : name ? name : "(invalid-name-offset)";
}

static const char *encoding_text(u32 encoding)
{
	return !encoding ? "(none)" : encoding == BTF_INT_SIGNED ? "SIGNED" :
	       encoding == BTF_INT_CHAR ? "CHAR" : encoding == BTF_INT_BOOL ? "BOOL" : "UNKN";
}

static void put_message(struct checker *c, const char *fmt, va_list args)
{
	if (fmt) {
		vlog_printf(c->log, " ");
		vlog_vprintf(c->log, fmt, args);
	}
	vlog_printf(c->log, "\n");
}

static void put_proto(struct checker *c, const struct btf_t *t)
{
	const struct btf_param *p = t->tail;

	vlog_printf(c->log, "return=%u args=(", t->type);
	for (u32 i = 0; i < t->vlen; i++) {
		const char *sep = i ? ", " : "";

		if (!p[i].type && i + 1 == t->vlen)
			vlog_printf(c->log, "%svararg", sep);
		else
			vlog_printf(c->log, "%s%u %s", sep, p[i].type, shown_name(c, p[i].name_off));
	}
	vlog_printf(c->log, t->vlen ? ")" : "void)");
}

static void put_details(struct checker *c, const struct btf_t *t)
{
	const u32 *w = t->tail;

	switch (t->kind) {
	case BTF_KIND_INT:
		vlog_printf(c->log, "size=%u bits_offset=%u nr_bits=%u encoding=%s", t->size, (w[0] >> 16) & 0xff,
			    w[0] & 0xff, encoding_text((w[0] >> 24) & 0xf));
		break;
	case BTF_KIND_ARRAY:
		vlog_printf(c->log, "type_id=%u index_type_id=%u nr_elems=%u", w[0], w[1], w[2]);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_DATASEC:
		vlog_printf(c->log, "size=%u vlen=%u", t->size, t->vlen);
		break;
	case BTF_KIND_FWD:
		vlog_printf(c->log, "%s", t->kflag ? "union" : "struct");
		break;
	case BTF_KIND_FUNC_PROTO:
		put_proto(c, t);
		break;
	case BTF_KIND_VAR:
		vlog_printf(c->log, "type_id=%u linkage=%u", t->type, w[0]);
		break;
	case BTF_KIND_FLOAT:
		vlog_printf(c->log, "size=%u", t->size);
		break;
	case BTF_KIND_DECL_TAG:
		vlog_printf(c->log, "type=%u component_idx=%d", t->type, (s32)w[0]);
		break;
	default:
		vlog_printf(c->log, "type_id=%u", t->type);
	}
}

static void put_type(struct checker *c, const struct btf_t *t, bool details, const char *fmt, va_list args)
{
	vlog_printf(c->log, "[%u] %s %s%s", t->id, btf_kind_name(t->kind),
		    shown_name(c, t->raw ? t->raw->name_off : 0), /* void has no record */
		    details ? " " : "");
	if (details)
		put_details(c, t);
	put_message(c, fmt, args);
}

int say(struct checker *c, int err, const char *fmt, ...)
{
	va_list args;

	if (!vlog_wanted(c->log))
		return err;
	va_start(args, fmt);
	vlog_vprintf(c->log, fmt, args);
	va_end(args);
	return err;
}

int say_basic(struct checker *c, const struct btf_t *t, int err, const char *fmt, ...)
{
	va_list args;

	if (!vlog_wanted(c->log))
		return err;
	va_start(args, fmt);
	put_type(c, t, false, fmt, args);
	va_end(args);
	return err;
}

int say_type(struct checker *c, const struct btf_t *t, int err, const char *fmt, ...)
{
	va_list args;

	if (!vlog_wanted(c->log))
		return err;
	va_start(args, fmt);
	put_type(c, t, true, fmt, args);
	va_end(args);
	return err;
}

int say_member(struct checker *c, const struct btf_t *t, u32 i, int err, const char *fmt, ...)
{
	const struct btf_member *m = (const struct btf_member *)t->tail + i;
	va_list args;

	if (!vlog_wanted(c->log))
		return err;
	if (c->resolving)
		say_type(c, t, 0, NULL);
	vlog_printf(c->log, "\t%s type_id=%u", shown_name(c, m->name_off), c->member_type ? c->member_type : m->type);
	if (t->kflag)
		vlog_printf(c->log, " bitfield_size=%u bits_offset=%u", m->offset >> 24, m->offset & 0xffffff);
	else
		vlog_printf(c->log, " bits_offset=%u", m->offset);
	va_start(args, fmt);
	put_message(c, fmt, args);
	va_end(args);
	return err;
}

int say_secvar(struct checker *c, const struct btf_t *t, u32 i, int err, const char *fmt, ...)
{
	const struct btf_var_secinfo *v = (const struct btf_var_secinfo *)t->tail + i;
	va_list args;

	if (!vlog_wanted(c->log))
		return err;
	if (c->resolving)
		say_type(c, t, 0, NULL);
	vlog_printf(c->log, "\t type_id=%u offset=%u size=%u", v->type, v->offset, v->size);
	va_start(args, fmt);
	put_message(c, fmt, args);
	va_end(args);
	return err;
}

void say_enumerator(struct checker *c, const struct btf_t *t, u32 i)
{
	const char *name;
	s64 val;

	if (vlog_wanted(c->log) && btf_enumerator(c->btf, t, i, &name, &val))
		vlog_printf(c->log, t->kflag ? "\t%s val=%lld\n" : "\t%s val=%llu\n", name, (long long)val);
}
