/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_dedup.c - BTF of several units made one. Each test builds units with the writer, one after the other in
 * one BTF, as a linker leaves them, and looks at what is left.
 */
#include "btf/btf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct skep_btf *finish(struct btf_writer *w, const struct skep_btf *base)
{
	struct skep_btf *btf = NULL;
	void *data;
	u32 size;

	assert_int_equal(btf_writer_finish(w, &data, &size), 0);
	assert_int_equal(btf_parse(data, size, base, 0, NULL, &btf), 0);
	free(data);
	btf_writer_free(w);
	return btf;
}

/* What is left of @w, checked as the kernel would. Frees @w. */
static struct skep_btf *dedup(struct btf_writer *w, u32 **ret_ids)
{
	struct btf_writer *less = NULL;

	assert_int_equal(btf_dedup(btf_writer_view(w), &less, ret_ids), 0);
	btf_writer_free(w);
	return finish(less, NULL);
}

static u32 count(const struct skep_btf *btf, u32 kind, const char *name)
{
	u32 cnt = 0;
	struct btf_t t;

	for (u32 id = 1; btf_type_get(btf, id, &t); id++)
		cnt += t.kind == kind && !strcmp(t.name, name);
	return cnt;
}

/* struct NAME { int val; struct OTHER *to; }, OTHER a forward unless @other. The struct's id. */
static s32 add_node(struct btf_writer *w, s32 i, const char *name, const char *other_name, s32 other)
{
	s32 to = other ? other : btf_add_ref(w, BTF_KIND_FWD, other_name, 0), ptr = btf_add_ref(w, BTF_KIND_PTR, NULL, to), s;

	s = btf_add_composite(w, BTF_KIND_STRUCT, name, 16);
	assert_int_equal(btf_add_member(w, "val", i, 0, 0), 0);
	assert_int_equal(btf_add_member(w, "to", ptr, 64, 0), 0);
	return s;
}

static void two_equal_units(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	struct skep_btf *btf;
	u32 *ids, half;

	for (u32 unit = 0; unit < 2; unit++) {
		s32 i = btf_add_int(w, "int", 4, BTF_INT_SIGNED), e, proto;

		add_node(w, i, "list", "list", i + 2); /* a list: the struct follows its pointer */
		e = btf_add_enum(w, "color", 4, false, false);
		btf_add_enumerator(w, "RED", 1);
		btf_add_array(w, i, i, 3);
		btf_add_ref(w, BTF_KIND_TYPEDEF, "color_t", e);
		proto = btf_add_func_proto(w, i);
		btf_add_param(w, "l", i + 1);
		btf_add_decl_tag(w, "tag", btf_add_func(w, "walk", BTF_FUNC_GLOBAL, proto), 0);
	}
	half = (btf_id_cnt(btf_writer_view(w)) - 1) / 2;
	btf = dedup(w, &ids);
	assert_int_equal(btf_id_cnt(btf), half + 1);
	for (u32 id = 1; id <= half; id++) {
		assert_int_equal(ids[id], id);
		assert_int_equal(ids[id + half], id);
	}
	free(ids);
	btf_put(btf);
}

static void forwards_become_what_they_name(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	s32 i = btf_add_int(w, "int", 4, 0), fwd_enum;
	struct skep_btf *btf;
	struct btf_t t, ptr;
	struct btf_memb m;

	/* Unit 1 knows a, and b by name; unit 2 b, and a by name; unit 3 both. */
	add_node(w, i, "a", "b", 0);
	add_node(w, i, "b", "a", 0);
	add_node(w, i, "a", "b", i + 10);
	add_node(w, i, "b", "a", i + 8);
	fwd_enum = btf_add_enum(w, "late", 4, false, false);
	btf_add_ref(w, BTF_KIND_PTR, NULL, fwd_enum);
	btf_add_enum(w, "late", 4, false, false);
	btf_add_enumerator(w, "LATE", 1);
	/* One of another size cannot be meant: it would not fit where the forward stands. */
	btf_add_enum(w, "grown", 4, false, false);
	btf_add_enum(w, "grown", 8, false, true);
	btf_add_enumerator(w, "GROWN", 1);
	/* A union of the name is something else, and of "unknown" there is no definition. */
	btf_set_kflag(w, btf_add_ref(w, BTF_KIND_FWD, "a", 0));
	btf_add_ref(w, BTF_KIND_FWD, "unknown", 0);
	btf_add_ref(w, BTF_KIND_FWD, "unknown", 0);
	btf = dedup(w, NULL);
	assert_int_equal(count(btf, BTF_KIND_STRUCT, "a"), 1);
	assert_int_equal(count(btf, BTF_KIND_STRUCT, "b"), 1);
	assert_int_equal(count(btf, BTF_KIND_FWD, "b"), 0);
	assert_int_equal(count(btf, BTF_KIND_FWD, "a"), 1);
	assert_int_equal(count(btf, BTF_KIND_FWD, "unknown"), 1);
	assert_int_equal(count(btf, BTF_KIND_ENUM, "late"), 1);
	assert_int_equal(count(btf, BTF_KIND_ENUM, "grown") + count(btf, BTF_KIND_ENUM64, "grown"), 2);
	assert_true(btf_type_get(btf, btf_find(btf, "late", BTF_KIND_ENUM), &t));
	assert_int_equal(t.vlen, 1);
	assert_true(btf_type_get(btf, btf_find(btf, "a", BTF_KIND_STRUCT), &t) && btf_member(btf, &t, 1, &m));
	assert_true(btf_type_get(btf, m.type, &ptr));
	assert_int_equal(ptr.type, btf_find(btf, "b", BTF_KIND_STRUCT));
	btf_put(btf);
}

static void definitions_that_differ_stay(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	s32 i = btf_add_int(w, "int", 4, 0), l = btf_add_int(w, "long", 8, 0), s1, s2;
	struct skep_btf *btf;

	s1 = btf_add_composite(w, BTF_KIND_STRUCT, "conf", 8);
	btf_add_member(w, "x", i, 0, 0);
	add_node(w, i, "user", "conf", s1);
	s2 = btf_add_composite(w, BTF_KIND_STRUCT, "conf", 8);
	btf_add_member(w, "x", l, 0, 0);
	add_node(w, i, "user", "conf", s2);
	/* What names it only cannot know which one is meant. */
	add_node(w, i, "user", "conf", 0);
	add_node(w, i, "user", "conf", 0);
	btf = dedup(w, NULL);
	assert_int_equal(count(btf, BTF_KIND_STRUCT, "conf"), 2);
	assert_int_equal(count(btf, BTF_KIND_STRUCT, "user"), 3);
	assert_int_equal(count(btf, BTF_KIND_FWD, "conf"), 1);
	assert_int_equal(count(btf, BTF_KIND_INT, "int"), 1);
	btf_put(btf);
}

/* One name deep below differs, so all that hold it differ; what does not is shared. */
static void differences_reach_upward(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	struct skep_btf *btf;

	for (u32 unit = 0; unit < 3; unit++) {
		s32 i = btf_add_int(w, "int", 4, 0), id = btf_add_composite(w, BTF_KIND_STRUCT, NULL, 4);

		btf_add_member(w, unit == 2 ? "other" : "same", i, 0, 0);
		for (u32 depth = 0; depth < 10; depth++)
			id = btf_add_ref(w, BTF_KIND_PTR, NULL, id);
		btf_add_ref(w, BTF_KIND_TYPEDEF, "deep", id);
	}
	btf = dedup(w, NULL);
	assert_int_equal(count(btf, BTF_KIND_TYPEDEF, "deep"), 2);
	assert_int_equal(count(btf, BTF_KIND_INT, "int"), 1);
	assert_int_equal(btf_id_cnt(btf), 1 + 1 + 2 * 12);
	btf_put(btf);
}

static void variables_and_sections_stay(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL);
	struct skep_btf *btf;
	struct btf_secvar sv;
	struct btf_t sec, var;

	for (u32 unit = 0; unit < 2; unit++) {
		s32 i = btf_add_int(w, "int", 4, 0), v = btf_add_var(w, "counter", BTF_VAR_STATIC, i);

		btf_add_datasec(w, ".data", 4);
		btf_add_secvar(w, v, 0, 4);
	}
	btf = dedup(w, NULL);
	assert_int_equal(count(btf, BTF_KIND_VAR, "counter"), 2);
	assert_int_equal(count(btf, BTF_KIND_DATASEC, ".data"), 2);
	assert_int_equal(count(btf, BTF_KIND_INT, "int"), 1);
	assert_true(btf_type_get(btf, 5, &sec) && btf_secvar(&sec, 0, &sv) && btf_type_get(btf, sv.type, &var));
	assert_int_equal(var.id, 4);
	assert_int_equal(var.type, 1);
	btf_put(btf);
}

static void split_leaves_to_its_base(void **state __unused_arg)
{
	struct btf_writer *w = btf_writer_new(NULL), *s, *less;
	struct skep_btf *base, *split;
	s32 i = btf_add_int(w, "int", 4, 0);
	u32 *ids;

	add_node(w, i, "core", "core", i + 2);
	base = finish(w, NULL);
	s = btf_writer_new(base);
	i = btf_add_int(s, "int", 4, 0);
	add_node(s, i, "core", "core", i + 2);
	add_node(s, i, "mine", "core", 0);
	assert_int_equal(btf_dedup(btf_writer_view(s), &less, &ids), 0);
	btf_writer_free(s);
	split = finish(less, base);
	assert_int_equal(btf_id_cnt(split) - btf_first_id(split), 1);
	assert_int_equal(btf_find(split, "mine", BTF_KIND_STRUCT), btf_first_id(split));
	assert_int_equal(ids[1], 1);
	assert_int_equal(ids[i], 1);
	assert_int_equal(ids[i + 2], 3);
	free(ids);
	btf_put(split);
	btf_put(base);
}

/* The kernel's own was made one by another implementation: nothing is left to do but names of nothing. */
static void vmlinux_is_one_already(void **state __unused_arg)
{
	FILE *f = fopen("/sys/kernel/btf/vmlinux", "rb");
	struct strbuf blob = { 0 };
	struct btf_writer *less;
	struct skep_btf *btf;
	static char chunk[1 << 16];
	size_t n;
	u32 before, after;

	if (!f) {
		print_message("# no /sys/kernel/btf/vmlinux here\n");
		skip();
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		strbuf_add(&blob, chunk, n);
	fclose(f);
	assert_int_equal(btf_parse(blob.str, blob.len, NULL, BTF_PARSE_KERNEL, NULL, &btf), 0);
	strbuf_free(&blob);
	assert_int_equal(btf_dedup(btf, &less, NULL), 0);
	before = btf_id_cnt(btf);
	after = btf_id_cnt(btf_writer_view(less));
	print_message("# %u of %u types are left\n", after, before);
	assert_true(after <= before && before - after < before / 1000);
	btf_writer_free(less);
	btf_put(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_equal_units), cmocka_unit_test(forwards_become_what_they_name),
		cmocka_unit_test(definitions_that_differ_stay), cmocka_unit_test(differences_reach_upward),
		cmocka_unit_test(variables_and_sections_stay), cmocka_unit_test(split_leaves_to_its_base),
		cmocka_unit_test(vmlinux_is_one_already),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
