/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linker_syms.c - which definition a name means when several objects have it: a strong one beats weak ones and the
 * first of several weak ones the others; two strong ones are refused. What is only declared waits for an object that
 * defines it, and stays undefined when none does: the kernel may (.kconfig, .ksyms), or another link.
 */
#include "base/hash.h"
#include "loader/linker.h"

#include <errno.h>
#include <string.h>

s64 linker_new_symbol(struct bpf_linker *l, const struct out_sym *sym)
{
	if (l->syms.cnt >= UINT32_MAX / 2)
		return -E2BIG;
	return vec_push(&l->syms, *sym) ? (s64)l->syms.cnt - 1 : -ENOMEM;
}

static const char *path_of(const struct bpf_linker *l, u32 input)
{
	return l->inputs.at[input]->obj.path;
}

static bool is_defined(const struct out_sym *sym)
{
	return sym->sec != NO_PLACE;
}

/* The variable or function of that name that is defined in, or only declared by, the object. */
static u32 find_btf(const struct linker_input *in, const struct out_sym *sym, u32 kind)
{
	const struct skep_btf *btf = in->obj.btf.b;
	struct btf_t t;

	for (u32 id = btf_find(btf, sym->name, kind); id; id = btf_find_next(btf, sym->name, kind, id)) {
		u32 linkage;

		if (!btf_type_get(btf, id, &t))
			return 0;
		linkage = kind == BTF_KIND_VAR ? btf_var_linkage(&t) : t.vlen;
		if (linkage == (is_defined(sym) ? (u32)BTF_FUNC_GLOBAL : (u32)BTF_FUNC_EXTERN))
			return id;
	}
	return 0;
}
static_assert((int)BTF_FUNC_GLOBAL == (int)BTF_VAR_GLOBAL_ALLOCATED && (int)BTF_FUNC_EXTERN == (int)BTF_VAR_GLOBAL_EXTERN,
	      "linkage of functions and of variables count alike");

static void describe(const struct linker_input *in, struct out_sym *sym)
{
	struct btf_t sec;

	if (!in->obj.btf.b)
		return;
	if (sym->type != STT_OBJECT)
		sym->btf_id = find_btf(in, sym, BTF_KIND_FUNC);
	if (!sym->btf_id && sym->type != STT_FUNC)
		sym->btf_id = find_btf(in, sym, BTF_KIND_VAR);
	if (sym->btf_id && !is_defined(sym) && in->datasec_of[sym->btf_id] &&
	    btf_type_get(in->obj.btf.b, in->datasec_of[sym->btf_id], &sec))
		sym->ext_sec = sec.name;
}

/* ---- two of one name ------------------------------------------------------------------------------------ */

static int check_sections(const struct bpf_linker *l, const struct out_sym *a, const struct out_sym *b)
{
	const char *a_sec = is_defined(a) ? l->secs.at[a->sec].name : a->ext_sec;
	const char *b_sec = is_defined(b) ? l->secs.at[b->sec].name : b->ext_sec;

	/* Of two definitions one loses, wherever it stands. */
	if (!a_sec || !b_sec || !strcmp(a_sec, b_sec) || (is_defined(a) && is_defined(b)))
		return 0;
	pr_warn("linker: '%s': in section %s by %s, in section %s by %s\n", a->name, a_sec, path_of(l, a->input), b_sec,
		path_of(l, b->input));
	return -EINVAL;
}

static int check_alike(const struct bpf_linker *l, const struct out_sym *a, const struct out_sym *b)
{
	const struct skep_btf *a_btf = l->inputs.at[a->input]->obj.btf.b, *b_btf = l->inputs.at[b->input]->obj.btf.b;
	int err = check_sections(l, a, b);

	if (err)
		return err;
	if (a->type != b->type && a->type != STT_NOTYPE && b->type != STT_NOTYPE) {
		pr_warn("linker: '%s': a function and a variable, in %s and %s\n", a->name, path_of(l, a->input),
			path_of(l, b->input));
		return -EINVAL;
	}
	if (!a->btf_id || !b->btf_id || linker_types_match(a_btf, a->btf_id, b_btf, b->btf_id))
		return 0;
	pr_warn("linker: '%s': its types (BTF) in %s and %s do not agree\n", a->name, path_of(l, a->input),
		path_of(l, b->input));
	return -EINVAL;
}

static int bury(struct bpf_linker *l, const struct out_sym *loser)
{
	struct dead_range range = { loser->in_sec, loser->in_value, loser->size };

	return vec_push(&l->inputs.at[loser->input]->dead, range) ? 0 : -ENOMEM;
}

/* Leaves in *@have what holds of both. */
static int merge(struct bpf_linker *l, struct out_sym *have, const struct out_sym *more)
{
	bool hidden = have->hidden || more->hidden;
	int err = check_alike(l, have, more);

	if (err)
		return err;
	if (is_defined(have) && is_defined(more)) {
		if (have->bind != STB_WEAK && more->bind != STB_WEAK) {
			pr_warn("linker: '%s': defined in %s (section %s+0x%llx) and in %s (section %s+0x%llx); one must be __weak\n",
				have->name, path_of(l, have->input), l->secs.at[have->sec].name,
				(unsigned long long)have->in_value, path_of(l, more->input), l->secs.at[more->sec].name,
				(unsigned long long)more->in_value);
			return -EINVAL;
		}
		if (have->bind != STB_WEAK || more->bind == STB_WEAK) {
			err = bury(l, more);
		} else {
			err = bury(l, have);
			*have = *more;
		}
	} else if (is_defined(more)) {
		*have = *more;
	} else if (!is_defined(have)) {
		u8 bind = have->bind == STB_WEAK ? more->bind : have->bind;

		if ((!have->ext_sec && more->ext_sec) || (!have->btf_id && more->btf_id))
			*have = *more;
		have->bind = bind;
	}
	have->hidden = hidden;
	return err;
}

static int add_global(struct bpf_linker *l, struct linker_input *in, struct out_sym *sym, u32 *ret_idx)
{
	u64 key = hash_bytes(sym->name, strlen(sym->name), 0), *known = u64map_get(&l->by_name, key);
	s64 idx;
	int err;

	if (known) {
		*ret_idx = *known;
		if (strcmp(l->syms.at[*known].name, sym->name)) /* hashes collide */
			return -EINVAL;
		err = merge(l, &l->syms.at[*known], sym);
	} else {
		idx = linker_new_symbol(l, sym);
		err = idx < 0 ? (int)idx : u64map_put(&l->by_name, key, idx) ? 0 : -ENOMEM;
		*ret_idx = idx < 0 ? NO_PLACE : (u32)idx;
	}
	if (!err && sym->btf_id)
		in->sym_of[sym->btf_id] = *ret_idx;
	return err;
}

/* A name in a "license" that was there already: the same variable when it has the same name, else one more name of it. */
static int add_repeated(struct bpf_linker *l, struct linker_input *in, struct out_sym *sym, u32 *ret_idx)
{
	u64 *known = u64map_get(&l->by_name, hash_bytes(sym->name, strlen(sym->name), 0));

	if (known && !strcmp(l->syms.at[*known].name, sym->name) && l->syms.at[*known].sec == sym->sec) {
		*ret_idx = *known;
		if (sym->btf_id)
			in->sym_of[sym->btf_id] = *ret_idx;
		return 0;
	}
	sym->btf_id = 0;
	return add_global(l, in, sym, ret_idx);
}

/* ---- the symbols of an object ---------------------------------------------------------------------------- */

static int bad_symbol(const struct linker_input *in, u32 i, const char *what)
{
	pr_warn("linker: %s: symbol %u '%s': %s\n", in->obj.path, i, in->obj.syms[i].name, what);
	return -EINVAL;
}

static int add_local(struct bpf_linker *l, struct linker_input *in, u32 i, const struct out_sym *sym)
{
	s64 idx = linker_new_symbol(l, sym);

	if (idx < 0)
		return (int)idx;
	in->syms[i] = (u32)idx;
	return 0;
}

/* A symbol of a section that is linked, or of none. */
static int add_named(struct bpf_linker *l, struct linker_input *in, u32 i)
{
	const struct elf_sym *s = &in->obj.syms[i];
	struct out_sym sym = { .name = s->name, .sec = NO_PLACE, .size = s->size, .type = s->type, .bind = s->bind,
			       .hidden = s->hidden, .input = l->inputs.cnt - 1, .in_sec = s->sec, .in_value = s->value };
	bool repeated = false;

	if (s->sec) {
		const struct placed *to = &in->secs[s->sec];
		u64 size = in->obj.secs[s->sec].hdr.sh_size;

		if (s->value > size || s->size > size - s->value)
			return bad_symbol(in, i, "lies outside of its section");
		sym.sec = to->out;
		sym.value = to->off + s->value;
		repeated = to->repeated;
	}
	if (s->bind == STB_LOCAL)
		return s->sec ? add_local(l, in, i, &sym) : 0;
	if (s->bind != STB_GLOBAL && s->bind != STB_WEAK)
		return bad_symbol(in, i, "neither local nor global nor weak");
	if (!s->name[0])
		return bad_symbol(in, i, "a global without a name");
	describe(in, &sym);
	return repeated ? add_repeated(l, in, &sym, &in->syms[i]) : add_global(l, in, &sym, &in->syms[i]);
}

int linker_add_symbols(struct bpf_linker *l, struct linker_input *in)
{
	for (u32 i = 1; i < in->obj.sym_cnt; i++) {
		const struct elf_sym *s = &in->obj.syms[i];
		int err = 0;

		if (s->type == STT_FILE) {
			err = add_local(l, in, i, &(struct out_sym){ .name = s->name, .sec = NO_PLACE, .type = STT_FILE });
		} else if (s->sec == UINT32_MAX) {
			err = bad_symbol(in, i, "stands in no section (absolute, or common: compile with -fno-common)");
		} else if (s->sec && in->secs[s->sec].out == NO_PLACE) {
			continue; /* of DWARF */
		} else if (s->type == STT_SECTION) {
			if (s->sec)
				in->syms[i] = l->secs.at[in->secs[s->sec].out].sym;
		} else {
			err = add_named(l, in, i);
		}
		if (err)
			return err;
	}
	return 0;
}
