/* SPDX-License-Identifier: BSD-2-Clause */
/* btfdump.c - types as C through a caller's print function, and .BTF.ext as applications hold it. */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_MAX 64

struct btf_dump {
	const struct skep_btf *btf; /* as it was when this was made */
	struct btf_cdump *cd;
	struct btf_writer *bare; /* the same without const, volatile, restrict: made when it is asked for */
	struct btf_cdump *bare_cd;
	btf_dump_printf_fn_t print;
	void *ctx;
};

struct btf_dump *btf_dump__new(const struct btf *btf, btf_dump_printf_fn_t printf_fn, void *ctx,
			       const struct btf_dump_opts *opts)
{
	struct btf_dump *d;
	int err;

	NEED_PTR(btf);
	err = opts_ok(opts, sizeof(*opts), sizeof(size_t)) && printf_fn ? btf_settle((struct btf *)btf) : -EINVAL;
	if (err)
		return libbpf_err_ptr(err);
	d = calloc(1, sizeof(*d));
	if (!d)
		return libbpf_err_ptr(-ENOMEM);
	*d = (struct btf_dump){ .btf = btf->b, .print = printf_fn, .ctx = ctx };
	btf_get(d->btf);
	d->cd = btf_cdump_new(d->btf);
	if (d->cd)
		return d;
	btf_dump__free(d);
	return libbpf_err_ptr(-ENOMEM);
}

void btf_dump__free(struct btf_dump *d)
{
	if (!d)
		return;
	btf_cdump_free(d->cd);
	btf_cdump_free(d->bare_cd);
	btf_writer_free(d->bare);
	btf_put(d->btf);
	free(d);
}

static void print(struct btf_dump *d, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	d->print(d->ctx, fmt, args);
	va_end(args);
}

static int give_out(struct btf_dump *d, struct strbuf *text, int err)
{
	if (!err && text->len)
		print(d, "%s", strbuf_str(text));
	strbuf_free(text);
	return err ? libbpf_err(err) : 0;
}

int btf_dump__dump_type(struct btf_dump *d, __u32 id)
{
	struct strbuf text = { 0 };
	int err;

	NEED(d);
	err = btf_cdump_type(d->cd, &text, id);
	return give_out(d, &text, err);
}

static u32 without_mods(void *ctx, u32 id)
{
	return btf_skip_quals(ctx, id);
}

/* Types under their own ids that refer to none with a qualifier in front, so that none is left inside of a
 * declaration either: "const char *const x[2]" is "char *x[2]". */
static int strip(struct btf_dump *d)
{
	s32 err = 0;

	if (d->bare_cd)
		return 0;
	if (!d->bare)
		d->bare = btf_writer_new(btf_base(d->btf));
	if (!d->bare)
		return -ENOMEM;
	btf_writer_truncate(d->bare, btf_first_id(d->btf));
	for (u32 id = btf_first_id(d->btf); id < btf_id_cnt(d->btf) && err >= 0; id++) {
		struct btf_t t;

		err = btf_type_get(d->btf, id, &t) ?
			btf_add_record(d->bare, d->btf, t.raw, without_mods, (void *)d->btf) : -EINVAL;
	}
	if (err < 0)
		return err;
	d->bare_cd = btf_cdump_new(btf_writer_view(d->bare));
	return d->bare_cd ? 0 : -ENOMEM;
}

int btf_dump__emit_type_decl(struct btf_dump *d, __u32 id, const struct btf_dump_emit_type_decl_opts *opts)
{
	const char *name = OPT(opts, field_name);
	int level = OPT(opts, indent_level), err = 0;
	bool bare = OPT(opts, strip_mods);
	struct strbuf text = { 0 };

	NEED(d);
	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)) || level < 0 || level > LEVEL_MAX)
		return libbpf_err(-EINVAL);
	if (bare) {
		id = btf_skip_quals(d->btf, id);
		err = strip(d);
	}
	if (!err)
		err = btf_cdump_decl(bare ? d->bare_cd : d->cd, &text, id, name ? name : "", level);
	return give_out(d, &text, err);
}

int btf_dump__dump_type_data(struct btf_dump *d, __u32 id, const void *data, size_t data_sz __unused_arg,
			     const struct btf_dump_type_data_opts *opts)
{
	struct btf_t t;

	NEED(d && id && opts_ok(opts, sizeof(*opts), sizeof(size_t)));
	if (!btf_type_get(d->btf, id, &t))
		return libbpf_err(-ENOENT);
	NEED(data);
	pr_warn("btf_dump__dump_type_data: not modelled: data printed by type\n");
	return libbpf_err(-ENOTSUP);
}

/* ---- .BTF.ext ---------------------------------------------------------------------------------------- */

struct btf_ext *btf_ext__new(const __u8 *data, __u32 size)
{
	struct btf_ext *ext = NULL;
	struct strbuf why = { 0 };
	int err;

	NEED_PTR(data);
	err = btf_ext_parse(data, size, NULL, &ext, &why);
	if (err)
		pr_warn("BTF.ext: %s\n", why.len ? strbuf_str(&why) : ERR_STR(err));
	strbuf_free(&why);
	return err ? libbpf_err_ptr(err) : ext;
}

void btf_ext__free(struct btf_ext *btf_ext)
{
	btf_ext_free(btf_ext);
}

const void *btf_ext__raw_data(const struct btf_ext *btf_ext, __u32 *size)
{
	struct btf_ext *ext = (struct btf_ext *)btf_ext; /* the swapped copy is made when it is asked for */

	NEED_PTR(btf_ext && size);
	*size = ext->size;
	if (!ext->foreign)
		return ext->data;
	free(ext->swapped);
	ext->swapped = malloc(ext->size);
	if (!ext->swapped)
		return libbpf_err_ptr(-ENOMEM);
	memcpy(ext->swapped, ext->data, ext->size);
	btf_ext_swap(ext->swapped, ext->size);
	return ext->swapped;
}

static enum btf_endianness native_order(void)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? BTF_LITTLE_ENDIAN : BTF_BIG_ENDIAN;
}

enum btf_endianness btf_ext__endianness(const struct btf_ext *btf_ext)
{
	NEED(btf_ext);
	return btf_ext->foreign ? (enum btf_endianness)!native_order() : native_order();
}

int btf_ext__set_endianness(struct btf_ext *btf_ext, enum btf_endianness endian)
{
	NEED(btf_ext);
	if (endian != BTF_LITTLE_ENDIAN && endian != BTF_BIG_ENDIAN)
		return libbpf_err(-EINVAL);
	btf_ext->foreign = endian != native_order();
	return 0;
}

enum btf_endianness btf__endianness(const struct btf *btf)
{
	NEED(btf);
	return btf->foreign ? (enum btf_endianness)!native_order() : native_order();
}

int btf__set_endianness(struct btf *btf, enum btf_endianness endian)
{
	NEED(btf);
	if (endian != BTF_LITTLE_ENDIAN && endian != BTF_BIG_ENDIAN)
		return libbpf_err(-EINVAL);
	btf->foreign = endian != native_order();
	return 0;
}
