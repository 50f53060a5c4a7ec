/* SPDX-License-Identifier: BSD-2-Clause */
/* btfbuild.c - BTF that applications build, with libbpf's names. What a call cannot see to be wrong is found
 * when the BTF is loaded, as with libbpf. */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>

/* The writer's answer, as libbpf gives it: an id or 0, or negative errno that is in errno too. */
static int answer(s64 res)
{
	return res < 0 ? libbpf_err((int)res) : (int)res;
}

#define CHANGE(btf)                                                                                \
	int change_err = 0;                                                                        \
	struct btf_writer *w = btf_change(btf, &change_err);                                       \
	if (!w)                                                                                    \
	return libbpf_err(change_err)

int btf__add_str(struct btf *btf, const char *s)
{
	CHANGE(btf);
	NEED(s);
	return answer(btf_add_str(w, s));
}

int btf__find_str(struct btf *btf, const char *s)
{
	CHANGE(btf);
	NEED(s);
	return answer(btf_find_str(w, s));
}

int btf__add_type(struct btf *btf, const struct btf *src_btf, const struct btf_type *src_type)
{
	u32 kind;
	CHANGE(btf);

	NEED(src_btf && src_type);
	kind = (src_type->info >> 24) & 0x7f;
	if (!kind || kind > BTF_KIND_MAX)
		return libbpf_err(-EINVAL);
	return answer(btf_add_record(w, btf_look(src_btf), src_type, NULL, NULL));
}

int btf__add_btf(struct btf *btf, const struct btf *src_btf)
{
	const struct skep_btf *src;
	CHANGE(btf);

	NEED(src_btf);
	src = btf_look(src_btf);
	if (btf_base(src) && btf_base(src) != btf_base(btf_look(btf)))
		return libbpf_err(-EOPNOTSUPP);
	return answer(btf_add_all(w, src));
}

int btf__add_int(struct btf *btf, const char *name, size_t byte_sz, int encoding)
{
	CHANGE(btf);
	if (byte_sz > 16 || encoding < 0)
		return libbpf_err(-EINVAL);
	return answer(btf_add_int(w, name, byte_sz, encoding));
}

int btf__add_float(struct btf *btf, const char *name, size_t byte_sz)
{
	CHANGE(btf);
	return byte_sz > 16 ? libbpf_err(-EINVAL) : answer(btf_add_float(w, name, byte_sz));
}

static int add_ref(struct btf *btf, u32 kind, const char *name, int type)
{
	CHANGE(btf);
	return type < 0 ? libbpf_err(-EINVAL) : answer(btf_add_ref(w, kind, name, type));
}

int btf__add_ptr(struct btf *btf, int ref_type_id)
{
	return add_ref(btf, BTF_KIND_PTR, NULL, ref_type_id);
}

int btf__add_volatile(struct btf *btf, int ref_type_id)
{
	return add_ref(btf, BTF_KIND_VOLATILE, NULL, ref_type_id);
}

int btf__add_const(struct btf *btf, int ref_type_id)
{
	return add_ref(btf, BTF_KIND_CONST, NULL, ref_type_id);
}

int btf__add_restrict(struct btf *btf, int ref_type_id)
{
	return add_ref(btf, BTF_KIND_RESTRICT, NULL, ref_type_id);
}

int btf__add_typedef(struct btf *btf, const char *name, int ref_type_id)
{
	return add_ref(btf, BTF_KIND_TYPEDEF, name, ref_type_id);
}

int btf__add_type_tag(struct btf *btf, const char *value, int ref_type_id)
{
	return add_ref(btf, BTF_KIND_TYPE_TAG, value, ref_type_id);
}

/* A tag that stands for any attribute: the same record with its flag set. */
static int mark(struct btf *btf, int id)
{
	CHANGE(btf);
	if (id > 0)
		btf_set_kflag(w, id);
	return id;
}

int btf__add_type_attr(struct btf *btf, const char *value, int ref_type_id)
{
	return mark(btf, btf__add_type_tag(btf, value, ref_type_id));
}

int btf__add_decl_attr(struct btf *btf, const char *value, int ref_type_id, int component_idx)
{
	return mark(btf, btf__add_decl_tag(btf, value, ref_type_id, component_idx));
}

int btf__add_array(struct btf *btf, int index_type_id, int elem_type_id, __u32 nr_elems)
{
	CHANGE(btf);
	if (index_type_id < 0 || elem_type_id < 0)
		return libbpf_err(-EINVAL);
	return answer(btf_add_array(w, index_type_id, elem_type_id, nr_elems));
}

int btf__add_struct(struct btf *btf, const char *name, __u32 sz)
{
	CHANGE(btf);
	return answer(btf_add_composite(w, BTF_KIND_STRUCT, name, sz));
}

int btf__add_union(struct btf *btf, const char *name, __u32 sz)
{
	CHANGE(btf);
	return answer(btf_add_composite(w, BTF_KIND_UNION, name, sz));
}

int btf__add_field(struct btf *btf, const char *name, int field_type_id, __u32 bit_offset, __u32 bit_size)
{
	CHANGE(btf);
	return field_type_id < 0 ? libbpf_err(-EINVAL) : answer(btf_add_member(w, name, field_type_id, bit_offset, bit_size));
}

int btf__add_enum(struct btf *btf, const char *name, __u32 bytes_sz)
{
	CHANGE(btf);
	return answer(btf_add_enum(w, name, bytes_sz, false, false));
}

/* The kind of the last type, which takes elements. */
static u32 last_kind(const struct btf *btf)
{
	const struct skep_btf *b = btf_look(btf);
	struct btf_t t;

	return btf_type_get(b, btf_id_cnt(b) - 1, &t) ? t.kind : BTF_KIND_UNKN;
}

int btf__add_enum_value(struct btf *btf, const char *name, __s64 value)
{
	CHANGE(btf);
	return last_kind(btf) != BTF_KIND_ENUM ? libbpf_err(-EINVAL) : answer(btf_add_enumerator(w, name, value));
}

int btf__add_enum64(struct btf *btf, const char *name, __u32 bytes_sz, bool is_signed)
{
	CHANGE(btf);
	return answer(btf_add_enum(w, name, bytes_sz, is_signed, true));
}

int btf__add_enum64_value(struct btf *btf, const char *name, __u64 value)
{
	CHANGE(btf);
	return last_kind(btf) != BTF_KIND_ENUM64 ? libbpf_err(-EINVAL) : answer(btf_add_enumerator(w, name, (s64)value));
}

int btf__add_fwd(struct btf *btf, const char *name, enum btf_fwd_kind fwd_kind)
{
	if (fwd_kind == BTF_FWD_ENUM)
		return name && *name ? btf__add_enum(btf, name, sizeof(int)) : libbpf_err(-EINVAL);
	if (fwd_kind != BTF_FWD_STRUCT && fwd_kind != BTF_FWD_UNION)
		return libbpf_err(-EINVAL);
	return fwd_kind == BTF_FWD_UNION ? mark(btf, add_ref(btf, BTF_KIND_FWD, name, 0)) :
					   add_ref(btf, BTF_KIND_FWD, name, 0);
}

int btf__add_func(struct btf *btf, const char *name, enum btf_func_linkage linkage, int proto_type_id)
{
	CHANGE(btf);
	return proto_type_id < 0 ? libbpf_err(-EINVAL) : answer(btf_add_func(w, name, linkage, proto_type_id));
}

int btf__add_func_proto(struct btf *btf, int ret_type_id)
{
	CHANGE(btf);
	return ret_type_id < 0 ? libbpf_err(-EINVAL) : answer(btf_add_func_proto(w, ret_type_id));
}

int btf__add_func_param(struct btf *btf, const char *name, int type_id)
{
	CHANGE(btf);
	return type_id < 0 ? libbpf_err(-EINVAL) : answer(btf_add_param(w, name, type_id));
}

int btf__add_var(struct btf *btf, const char *name, int linkage, int type_id)
{
	CHANGE(btf);
	return type_id < 0 || linkage < 0 ? libbpf_err(-EINVAL) : answer(btf_add_var(w, name, linkage, type_id));
}

int btf__add_datasec(struct btf *btf, const char *name, __u32 byte_sz)
{
	CHANGE(btf);
	return answer(btf_add_datasec(w, name, byte_sz));
}

int btf__add_datasec_var_info(struct btf *btf, int var_type_id, __u32 offset, __u32 byte_sz)
{
	CHANGE(btf);
	return var_type_id < 0 ? libbpf_err(-EINVAL) : answer(btf_add_secvar(w, var_type_id, offset, byte_sz));
}

int btf__add_decl_tag(struct btf *btf, const char *value, int ref_type_id, int component_idx)
{
	CHANGE(btf);
	return ref_type_id < 0 ? libbpf_err(-EINVAL) : answer(btf_add_decl_tag(w, value, ref_type_id, component_idx));
}

/* ---- all types at once -------------------------------------------------------------------------------- */

/* How .BTF.ext follows a BTF whose ids and strings move. */
struct move {
	const struct skep_btf *from;
	struct btf_writer *to;
	const u32 *new_ids;
	int err;
};

static void move_word(void *ctx, char kind, u32 *word)
{
	struct move *m = ctx;
	const char *s;
	s64 off;

	if (kind == 'T') {
		*word = *word < btf_id_cnt(m->from) ? m->new_ids[*word] : *word;
		return;
	}
	s = btf_str(m->from, *word);
	off = s ? btf_add_str(m->to, s) : -EINVAL;
	if (off >= 0)
		*word = (u32)off;
	else if (!m->err)
		m->err = (int)off;
}

static void count_string(void *ctx, char kind, u32 *word)
{
	struct move *m = ctx;
	const char *s = kind == 'S' ? btf_str(m->from, *word) : "";
	s64 off = s ? btf_add_str(m->to, s) : -EINVAL;

	if (off < 0 && !m->err)
		m->err = (int)off;
}

/* @w takes the place of what @btf was. On failure @btf is as before and @w is gone. */
static int replace(struct btf *btf, struct btf_writer *w, struct btf_ext *ext, const u32 *new_ids)
{
	struct move m = { btf_look(btf), w, new_ids, 0 };

	/* First what may fail, so that @ext is changed wholly or not at all. */
	if (ext)
		btf_ext_words(ext, count_string, &m);
	if (!m.err && btf->w && !vec_push(&btf->retired, btf->w))
		m.err = -ENOMEM;
	if (m.err) {
		btf_writer_free(w);
		return libbpf_err(m.err);
	}
	if (ext)
		btf_ext_words(ext, move_word, &m);
	btf->w = w;
	return 0;
}

int btf__dedup(struct btf *btf, const struct btf_dedup_opts *opts)
{
	struct btf_writer *less;
	u32 *new_ids;
	int err;
	CHANGE(btf);

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	err = btf_dedup(btf_writer_view(w), &less, &new_ids);
	if (err)
		return libbpf_err(err);
	err = replace(btf, less, OPT(opts, btf_ext), new_ids);
	free(new_ids);
	return err;
}

/* Every own id once, void at its place. */
static bool is_permutation(const u32 *id_map, u32 cnt, u32 first)
{
	bool *seen = calloc(cnt, sizeof(bool)), ok = seen;

	for (u32 i = 0; ok && i < cnt; i++) {
		ok = id_map[i] >= first && id_map[i] - first < cnt && !seen[id_map[i] - first] && (first || i || !id_map[i]);
		if (ok)
			seen[id_map[i] - first] = true;
	}
	free(seen);
	return ok;
}

u32 btf_new_id(void *ctx, u32 id)
{
	return ((const u32 *)ctx)[id];
}

static int write_permuted(const struct skep_btf *from, struct btf_writer *to, u32 *new_ids, const u32 *old_ids)
{
	struct btf_t t;

	for (u32 id = btf_first_id(from); id < btf_id_cnt(from); id++) {
		s32 res = btf_type_get(from, old_ids[id], &t) ? btf_add_record(to, from, t.raw, btf_new_id, new_ids) : -EINVAL;

		if (res < 0)
			return res;
	}
	return 0;
}

int btf__permute(struct btf *btf, __u32 *id_map, __u32 id_map_cnt, const struct btf_permute_opts *opts)
{
	const struct skep_btf *from;
	u32 first, cnt, *new_ids, *old_ids;
	struct btf_writer *to;
	int err = -ENOMEM;
	CHANGE(btf);

	from = btf_writer_view(w);
	cnt = btf_id_cnt(from);
	first = btf_base(from) ? btf_first_id(from) : 0; /* without a base the map has void too */
	NEED(id_map);
	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)) || id_map_cnt != cnt - first || !is_permutation(id_map, id_map_cnt, first))
		return libbpf_err(-EINVAL);
	new_ids = malloc(cnt * sizeof(*new_ids));
	old_ids = malloc(cnt * sizeof(*old_ids));
	to = btf_writer_new(btf_base(from));
	if (new_ids && old_ids && to) {
		for (u32 id = 0; id < cnt; id++) {
			new_ids[id] = id < first ? id : id_map[id - first];
			old_ids[new_ids[id]] = id;
		}
		err = write_permuted(from, to, new_ids, old_ids);
	}
	if (err)
		btf_writer_free(to);
	err = err ? libbpf_err(err) : replace(btf, to, OPT(opts, btf_ext), new_ids);
	free(new_ids);
	free(old_ids);
	return err;
}
