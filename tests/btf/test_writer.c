/* SPDX-License-Identifier: BSD-2-Clause */
/* test_writer.c - BTF that is built: accepted, equal to what it was built from, split, in both byte orders. */
#include "btf/btf.h"

#include <linux/bpf.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct skep_btf *finish(struct btf_writer *w, const struct skep_btf *base, u32 flags)
{
	struct skep_btf *btf = NULL;
	void *data;
	u32 size;

	assert_int_equal(btf_writer_finish(w, &data, &size), 0);
	assert_int_equal(btf_parse(data, size, base, flags, NULL, &btf), 0);
	free(data);
	return btf;
}

/* struct node { struct node *next; int val; int arr[3]; enum e tag:3; double d; } and all other kinds. */
static void add_all_kinds(struct btf_writer *w)
{
	s32 i = btf_add_int(w, "int", 4, BTF_INT_SIGNED), ptr = btf_add_ref(w, BTF_KIND_PTR, NULL, i + 4), arr, e, d, proto, f, v;

	arr = btf_add_array(w, i, i, 3);
	e = btf_add_enum(w, "e", 4, false, false);
	assert_int_equal(btf_add_enumerator(w, "e_low", -1), 0);
	assert_int_equal(btf_add_enumerator(w, "e_high", 7), 0);
	assert_int_equal(btf_add_composite(w, BTF_KIND_STRUCT, "node", 40), i + 4);
	assert_int_equal(btf_add_member(w, "next", ptr, 0, 0), 0);
	assert_int_equal(btf_add_member(w, "val", i, 64, 0), 0);
	assert_int_equal(btf_add_member(w, "arr", arr, 96, 0), 0);
	assert_int_equal(btf_add_member(w, "tag", e, 192, 3), 0);
	d = btf_add_float(w, "double", 8);
	proto = btf_add_func_proto(w, i);
	assert_int_equal(btf_add_param(w, "node", ptr), 0);
	assert_int_equal(btf_add_param(w, NULL, 0), 0);
	f = btf_add_func(w, "walk", BTF_FUNC_GLOBAL, proto);
	v = btf_add_var(w, "head", BTF_VAR_GLOBAL_ALLOCATED, ptr);
	assert_true(btf_add_datasec(w, ".bss", 8) > 0);
	assert_int_equal(btf_add_secvar(w, v, 0, 8), 0);
	assert_true(btf_add_decl_tag(w, "arg:nonnull", f, 0) > 0);
	assert_true(btf_add_decl_tag(w, "plain", i + 4, -1) > 0);
	assert_int_equal(btf_set_kflag(w, btf_add_ref(w, BTF_KIND_TYPE_TAG, "user", i)), 0);
	assert_true(btf_add_ref(w, BTF_KIND_TYPEDEF, "number", btf_add_ref(w, BTF_KIND_CONST, NULL, i)) > 0);
	assert_true(btf_add_ref(w, BTF_KIND_VOLATILE, NULL, btf_add_ref(w, BTF_KIND_RESTRICT, NULL, ptr)) > 0);
	assert_int_equal(btf_set_kflag(w, btf_add_ref(w, BTF_KIND_FWD, "later", 0)), 0);
	assert_true(btf_add_enum(w, "big", 8, true, true) > 0);
	assert_int_equal(btf_add_enumerator(w, "big_low", INT64_MIN), 0);
	assert_true(btf_add_composite(w, BTF_KIND_UNION, NULL, 8) > 0);
	assert_int_equal(btf_add_member(w, "number", d, 0, 0), 0);
	assert_int_equal(btf_add_member(w, "next", ptr, 0, 0), 0);
}

static void all_kinds_are_accepted(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	struct strbuf text = { 0 };
	bool seen[BTF_KIND_MAX + 1] = { false };
	struct skep_btf *btf;
	struct btf_t t;

	add_all_kinds(w);
	btf = finish(w, NULL, 0);
	for (u32 id = 1; btf_type_get(btf, id, &t); id++) {
		seen[t.kind] = true;
		btf_print_raw(&text, btf, id);
	}
	for (u32 kind = 1; kind <= BTF_KIND_MAX; kind++)
		assert_true(seen[kind]);
	assert_non_null(strstr(text.str, "[4] ENUM 'e' encoding=SIGNED size=4 vlen=2\n\t'e_low' val=-1\n"));
	assert_non_null(strstr(text.str, "[5] STRUCT 'node' size=40 vlen=4\n\t'next' type_id=2 bits_offset=0\n"));
	assert_non_null(strstr(text.str, "'tag' type_id=4 bits_offset=192 bitfield_size=3\n"));
	assert_non_null(strstr(text.str, "'big_low' val=-9223372036854775808LL\n"));
	assert_non_null(strstr(text.str, "FWD 'later' fwd_kind=union\n"));
	assert_non_null(strstr(text.str, "DATASEC '.bss' size=8 vlen=1\n\ttype_id=9 offset=0 size=8 (VAR 'head')\n"));
	strbuf_free(&text);
	btf_put(btf);
	btf_writer_free(w);
}

static void kernel_takes_it(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	union bpf_attr attr = { 0 };
	void *data;
	u32 size;
	long fd;

	add_all_kinds(w);
	assert_int_equal(btf_writer_finish(w, &data, &size), 0);
	btf_writer_free(w);
	attr.btf = (uintptr_t)data;
	attr.btf_size = size;
	fd = syscall(SYS_bpf, BPF_BTF_LOAD, &attr, sizeof(attr));
	free(data);
	if (fd < 0 && (errno == EPERM || errno == ENOSYS)) {
		print_message("# BPF_BTF_LOAD is not permitted here\n");
		skip();
	}
	assert_true(fd >= 0);
	close((int)fd);
}

static void strings_are_kept_once(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	s64 off = btf_add_str(w, "one");

	assert_true(off > 0);
	assert_int_equal(btf_add_str(w, "one"), off);
	assert_int_equal(btf_find_str(w, "two"), -ENOENT);
	assert_int_equal(btf_add_str(w, ""), 0);
	assert_true(btf_add_int(w, "one", 4, 0) > 0);
	assert_int_equal(btf_str(btf_writer_view(w), 1) - btf_str(btf_writer_view(w), 0), 1);
	/* The end of a string of ours, given back while the strings move. */
	for (u32 i = 0; i < 200; i++)
		assert_true(btf_add_str(w, btf_str(btf_writer_view(w), off) + (i & 1)) > 0);
	assert_int_equal(btf_find_str(w, "ne"), off + 4);
	btf_writer_free(w);
}

static void what_cannot_be_is_refused(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	s32 i = btf_add_int(w, "int", 4, 0);

	assert_int_equal(btf_add_int(w, "", 4, 0), -EINVAL);
	assert_int_equal(btf_add_int(w, "x", 3, 0), -EINVAL);
	assert_int_equal(btf_add_int(w, "x", 4, 3), -EINVAL);
	assert_int_equal(btf_add_float(w, "x", 3), -EINVAL);
	assert_int_equal(btf_add_ref(w, BTF_KIND_STRUCT, "x", i), -EINVAL);
	assert_int_equal(btf_add_ref(w, BTF_KIND_TYPEDEF, NULL, i), -EINVAL);
	assert_int_equal(btf_add_ref(w, BTF_KIND_PTR, "x", i), -EINVAL);
	assert_int_equal(btf_add_ref(w, BTF_KIND_PTR, NULL, BTF_MAX_TYPE + 1), -EINVAL);
	assert_int_equal(btf_add_member(w, "x", i, 0, 0), -EINVAL); /* the last type is an int */
	assert_int_equal(btf_add_enumerator(w, "x", 0), -EINVAL);
	assert_int_equal(btf_add_param(w, "x", i), -EINVAL);
	assert_int_equal(btf_add_secvar(w, i, 0, 4), -EINVAL);
	assert_int_equal(btf_add_decl_tag(w, "x", i, -2), -EINVAL);
	assert_int_equal(btf_add_enum(w, "e", 3, false, false), -EINVAL);
	assert_true(btf_add_enum(w, "e", 4, false, false) > 0);
	assert_int_equal(btf_add_enumerator(w, "x", 1ll << 32), -E2BIG);
	assert_int_equal(btf_add_enumerator(w, NULL, 1), -EINVAL);
	assert_true(btf_add_composite(w, BTF_KIND_UNION, "u", 4) > 0);
	assert_int_equal(btf_add_member(w, "x", i, 8, 0), -EINVAL);
	assert_int_equal(btf_set_linkage(w, i, 1), -EINVAL);
	assert_int_equal(btf_set_secvar(w, i, 0, 0, 0), -EINVAL);
	assert_int_equal(btf_id_cnt(btf_writer_view(w)), 4);
	btf_writer_free(w);
}

static void wide_vlen(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	struct skep_btf *btf;
	struct btf_memb m;
	struct btf_t t;
	s32 i = btf_add_int(w, "int", 4, 0);
	s64 val;
	const char *name;

	assert_int_equal(btf_add_composite(w, BTF_KIND_STRUCT, "wide", 4 * 70000), 2);
	for (u32 n = 0; n < 70000; n++)
		assert_int_equal(btf_add_member(w, "m", i, n * 32, 0), 0);
	assert_int_equal(btf_add_enum(w, "many", 4, false, false), 3);
	for (u32 n = 0; n < 70000; n++)
		assert_int_equal(btf_add_enumerator(w, "v", n), 0);
	btf = finish(w, NULL, 0);
	assert_true(btf_type_get(btf, 2, &t));
	assert_int_equal(t.vlen, 70000);
	assert_true(btf_member(btf, &t, 69999, &m));
	assert_int_equal(m.bit_off, 69999 * 32);
	assert_true(btf_type_get(btf, 3, &t));
	assert_true(btf_enumerator(btf, &t, 69999, &name, &val));
	assert_int_equal(val, 69999);
	assert_true(btf_equal(btf, 2, btf_writer_view(w), 2));
	btf_put(btf);
	btf_writer_free(w);
}

static void equal_through_cycles(void **state __unused_arg)
{
	struct btf_writer *a = btf_writer_new(NULL), *b = btf_writer_new(NULL);
	const struct skep_btf *va, *vb;

	btf_add_ref(b, BTF_KIND_FWD, "shifts_all_ids", 0);
	add_all_kinds(a);
	add_all_kinds(b);
	va = btf_writer_view(a);
	vb = btf_writer_view(b);
	for (u32 id = 1; id < btf_id_cnt(va); id++) {
		assert_true(btf_equal(va, id, vb, id + 1));
		assert_false(btf_equal(va, id, vb, id));
	}
	assert_true(btf_equal(va, 0, vb, 0));
	assert_false(btf_equal(va, 0, vb, 1));
	assert_false(btf_equal(va, 1, vb, 1000));
	/* One member of the struct that all pointers lead to differs. */
	assert_int_equal(btf_set_size(b, 6, 48), 0);
	assert_false(btf_equal(va, 2, vb, 3));
	assert_true(btf_equal(va, 1, vb, 2));
	btf_writer_free(a);
	btf_writer_free(b);
}

static void tags_are_found(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	struct skep_btf *btf;

	add_all_kinds(w);
	btf = finish(w, NULL, 0);
	assert_string_equal(btf_find_tag(btf, btf_find(btf, "walk", BTF_KIND_FUNC), 0, "arg"), "nonnull");
	assert_string_equal(btf_find_tag(btf, btf_find(btf, "walk", BTF_KIND_FUNC), 0, "arg:nonnull"), "");
	assert_string_equal(btf_find_tag(btf, 5, -1, "plain"), "");
	assert_null(btf_find_tag(btf, btf_find(btf, "walk", BTF_KIND_FUNC), 1, "arg"));
	assert_null(btf_find_tag(btf, btf_find(btf, "walk", BTF_KIND_FUNC), 0, "ar"));
	assert_null(btf_find_tag(btf, 5, 0, "plain"));
	btf_put(btf);
	btf_writer_free(w);
}

/* As a module's: ids and string offsets go on where the base's end. */
static void split_btf(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL), *s;
	struct strbuf text = { 0 };
	struct skep_btf *base, *split;
	struct btf_t t;
	s64 off;

	add_all_kinds(w);
	base = finish(w, NULL, 0);
	s = btf_writer_new(base);
	assert_int_equal(btf_add_composite(s, BTF_KIND_STRUCT, "module_node", 48), btf_id_cnt(base));
	assert_int_equal(btf_add_member(s, "val", 5, 0, 0), 0); /* "val" is the base's string, 5 the base's node */
	assert_int_equal(btf_add_member(s, "own", 1, 320, 0), 0);
	off = btf_find_str(s, "val");
	assert_true(off > 0 && off < btf_find_str(s, "own"));
	split = finish(s, base, 0);
	assert_true(btf_first_id(split) == btf_id_cnt(base) && btf_base(split) == base);
	assert_int_equal(btf_find(split, "node", BTF_KIND_STRUCT), 5);
	assert_int_equal(btf_find(split, "module_node", BTF_KIND_STRUCT), btf_first_id(split));
	assert_int_equal(btf_find(base, "module_node", BTF_KIND_STRUCT), 0);
	btf_print_raw(&text, split, btf_first_id(split));
	assert_non_null(strstr(text.str, "STRUCT 'module_node' size=48 vlen=2\n\t'val' type_id=5 bits_offset=0\n\t'own' type_id=1"));
	assert_true(btf_type_get(split, 5, &t));
	assert_string_equal(t.name, "node");
	strbuf_reset(&text);
	assert_int_equal(btf_print_c(&text, split), 0);
	assert_non_null(strstr(text.str, "struct module_node {\n\tstruct node val;\n\tint own;\n"));
	strbuf_free(&text);
	/* Without its base it is nothing. */
	{
		struct skep_btf *alone;
		u32 size;
		const void *data = btf_raw(split, &size);

		assert_int_equal(btf_parse(data, size, NULL, 0, NULL, &alone), -EINVAL);
	}
	btf_put(split);
	btf_writer_free(s);
	btf_put(base);
	btf_writer_free(w);
}

static void foreign_byte_order(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	struct skep_btf *btf;
	void *data, *swapped;
	const void *raw;
	u32 size, raw_size;

	add_all_kinds(w);
	assert_int_equal(btf_writer_finish(w, &data, &size), 0);
	swapped = malloc(size);
	assert_non_null(swapped);
	memcpy(swapped, data, size);
	btf_swap(swapped, size);
	assert_memory_not_equal(data, swapped, size);
	assert_int_equal(btf_parse(swapped, size, NULL, 0, NULL, &btf), -EINVAL);
	assert_int_equal(btf_parse(swapped, size, NULL, BTF_PARSE_FOREIGN, NULL, &btf), 0);
	assert_true(btf_is_foreign(btf));
	raw = btf_raw(btf, &raw_size);
	assert_int_equal(raw_size, size);
	assert_memory_equal(raw, data, size);
	btf_put(btf);
	btf_swap(swapped, size);
	assert_memory_equal(swapped, data, size);
	free(swapped);
	free(data);
	btf_writer_free(w);
}

static void copies_of_all(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL), *copy, *twice;
	struct skep_btf *btf;
	u32 cnt;

	add_all_kinds(w);
	btf = finish(w, NULL, 0);
	cnt = btf_id_cnt(btf);
	copy = btf_writer_from(btf);
	assert_int_equal(btf_id_cnt(btf_writer_view(copy)), cnt);
	assert_true(btf_add_int(copy, "more", 8, 0) == (s32)cnt);
	btf_writer_truncate(copy, cnt);
	assert_int_equal(btf_id_cnt(btf_writer_view(copy)), cnt);
	twice = btf_writer_new(NULL);
	assert_int_equal(btf_add_all(twice, btf), 1);
	assert_int_equal(btf_add_all(twice, btf_writer_view(twice)), cnt); /* of itself */
	for (u32 id = 1; id < cnt; id++)
		assert_true(btf_equal(btf, id, btf_writer_view(twice), id) &&
			    btf_equal(btf, id, btf_writer_view(twice), id + cnt - 1));
	btf_put(finish(twice, NULL, 0));
	btf_writer_free(twice);
	btf_writer_free(copy);
	btf_put(btf);
	btf_writer_free(w);
}

/* Nothing of a view was checked: readers must end all the same. */
static void views_with_loops(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	const struct skep_btf *v = btf_writer_view(w);

	btf_add_ref(w, BTF_KIND_TYPEDEF, "a", 2);
	btf_add_ref(w, BTF_KIND_CONST, NULL, 1);
	btf_add_array(w, 1, 3, 2);
	btf_add_composite(w, BTF_KIND_STRUCT, "s", 8);
	btf_add_member(w, "self", 4, 0, 0);
	assert_true(btf_type_size(v, 1) < 0);
	assert_true(btf_type_size(v, 3) < 0);
	assert_true(btf_type_align(v, 3) < 0);
	assert_true(btf_type_align(v, 4) < 0);
	assert_true(btf_equal(v, 4, v, 4));
	assert_int_equal(btf_find(v, "s", BTF_KIND_STRUCT), 4);
	assert_int_equal(btf_find(v, "t", BTF_KIND_STRUCT), 0);
	btf_writer_free(w);
}

/* Thirty anonymous unions, each twice in the next one: 2^30 members as C. */
static void hostile_nesting_ends(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	struct strbuf text = { 0 };
	struct skep_btf *btf;
	s32 id = btf_add_int(w, "int", 4, 0), proto;

	for (u32 level = 0; level < 30; level++) {
		s32 inner = id;

		id = btf_add_composite(w, BTF_KIND_UNION, level < 29 ? NULL : "top", 4);
		assert_int_equal(btf_add_member(w, "a", inner, 0, 0), 0);
		assert_int_equal(btf_add_member(w, "b", inner, 0, 0), 0);
	}
	/* And prototypes that take prototypes. */
	for (u32 level = 0; level < 20; level++) {
		proto = btf_add_ref(w, BTF_KIND_PTR, NULL, level ? id : 1);
		id = btf_add_func_proto(w, 1);
		for (u32 i = 0; i < 10; i++)
			assert_int_equal(btf_add_param(w, "f", proto), 0);
	}
	btf_add_ref(w, BTF_KIND_TYPEDEF, "callback", btf_add_ref(w, BTF_KIND_PTR, NULL, id));
	btf = finish(w, NULL, 0);
	assert_int_equal(btf_print_c(&text, btf), -E2BIG);
	assert_true(text.len < 64u << 20);
	strbuf_reset(&text);
	btf_print_decl(&text, btf, btf_id_cnt(btf) - 1, "x");
	assert_string_equal(text.str, "callback x");
	strbuf_reset(&text);
	btf_print_decl(&text, btf, btf_id_cnt(btf) - 2, "x");
	assert_true(text.len > 100 && text.len < 64u << 20);
	strbuf_free(&text);
	btf_put(btf);
	btf_writer_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_are_accepted), cmocka_unit_test(kernel_takes_it),
		cmocka_unit_test(strings_are_kept_once), cmocka_unit_test(what_cannot_be_is_refused),
		{ "B-01 70000 members and values are written and read", wide_vlen, NULL, NULL, NULL },
		cmocka_unit_test(equal_through_cycles), cmocka_unit_test(tags_are_found), cmocka_unit_test(split_btf),
		cmocka_unit_test(foreign_byte_order), cmocka_unit_test(copies_of_all), cmocka_unit_test(views_with_loops),
		cmocka_unit_test(hostile_nesting_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
