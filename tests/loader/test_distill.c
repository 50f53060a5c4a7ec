/* SPDX-License-Identifier: BSD-2-Clause */
/* test_distill.c - split BTF on a distilled base, and moved from there onto another kernel's. */
#include "machines.h"

#include <skep/btf.h>

/* What a module is built against; @more types come first and @grown structures are larger in another kernel. */
static struct btf *kernel(bool more, bool grown)
{
	struct btf *btf = btf__new_empty();
	int u32_id, inner, task, list, mode, anon, ptr;

	assert_non_null(btf);
	if (more)
		assert_true(btf__add_int(btf, "long", 8, BTF_INT_SIGNED) > 0);
	u32_id = btf__add_int(btf, "unsigned int", 4, 0);
	inner = btf__add_struct(btf, "inner", grown ? 16 : 8);
	btf__add_field(btf, "a", u32_id, grown ? 64 : 0, 0);
	task = btf__add_struct(btf, "task", 4);
	btf__add_field(btf, "pid", u32_id, 0, 0);
	mode = btf__add_enum(btf, "mode", 4);
	btf__add_enum_value(btf, "ON", 1);
	ptr = btf__add_ptr(btf, task);
	anon = btf__add_union(btf, NULL, 8);
	btf__add_field(btf, "task", ptr, 0, 0);
	list = btf__add_typedef(btf, "list_t", anon);
	btf__add_fwd(btf, "hidden", BTF_FWD_UNION);
	btf__add_struct(btf, "unused", 4);
	btf__add_float(btf, "double", 8);
	assert_true(inner > 0 && mode > 0 && list > 0);
	return btf;
}

static int find(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name(btf, name);

	assert_true(id > 0);
	return id;
}

/* A module's types, with each way to refer to the kernel's. */
static struct btf *module(struct btf *base)
{
	struct btf *btf = btf__new_empty_split(base);
	int array, proto, ptr, ptr_hidden, own;

	assert_non_null(btf);
	own = btf__add_struct(btf, "own", 64);
	array = own + 1;
	ptr = own + 2;
	ptr_hidden = own + 3;
	assert_int_equal(btf__add_field(btf, "two", array, 0, 0), 0);
	assert_int_equal(btf__add_field(btf, "mode", find(base, "mode"), 128, 0), 0);
	assert_int_equal(btf__add_field(btf, "list", find(base, "list_t"), 192, 0), 0);
	assert_int_equal(btf__add_field(btf, "far", ptr_hidden, 256, 0), 0);
	assert_int_equal(btf__add_array(btf, find(base, "unsigned int"), find(base, "inner"), 2), array);
	assert_int_equal(btf__add_ptr(btf, find(base, "task")), ptr);
	assert_int_equal(btf__add_ptr(btf, find(base, "hidden")), ptr_hidden);
	proto = btf__add_func_proto(btf, find(base, "double"));
	assert_int_equal(btf__add_func_param(btf, "t", ptr), 0);
	assert_true(btf__add_func(btf, "use", BTF_FUNC_STATIC, proto) > 0);
	return btf;
}

static void assert_types(const struct btf *btf, int first, const char *const *want)
{
	char *text;
	int id = first;

	for (; *want; want++) {
		assert_int_equal(skep_btf_type_text(btf, id++, &text), 0);
		assert_string_equal(text, *want);
		free(text);
	}
	assert_int_equal(btf__type_cnt(btf), id);
}

static const char *const distilled[] = {
	"[1] INT 'unsigned int' size=4 bits_offset=0 nr_bits=32 encoding=(none)\n",
	"[2] STRUCT 'inner' size=8 vlen=0\n",
	"[3] FWD 'task' fwd_kind=struct\n",
	"[4] ENUM 'mode' encoding=UNSIGNED size=4 vlen=0\n",
	"[5] FWD 'hidden' fwd_kind=union\n",
	"[6] FLOAT 'double' size=8\n",
	NULL,
};

static const char *const on_distilled[] = {
	"[7] STRUCT 'own' size=64 vlen=4\n"
	"\t'two' type_id=8 bits_offset=0\n"
	"\t'mode' type_id=4 bits_offset=128\n"
	"\t'list' type_id=15 bits_offset=192\n"
	"\t'far' type_id=10 bits_offset=256\n",
	"[8] ARRAY '(anon)' type_id=2 index_type_id=1 nr_elems=2\n",
	"[9] PTR '(anon)' type_id=3\n",
	"[10] PTR '(anon)' type_id=5\n",
	"[11] FUNC_PROTO '(anon)' ret_type_id=6 vlen=1\n\t't' type_id=9\n",
	"[12] FUNC 'use' type_id=11 linkage=static\n",
	/* what moved, in the order of the base */
	"[13] PTR '(anon)' type_id=3\n",
	"[14] UNION '(anon)' size=8 vlen=1\n\t'task' type_id=13 bits_offset=0\n",
	"[15] TYPEDEF 'list_t' type_id=14\n",
	NULL,
};

/* A kernel's, a module's on it, and both distilled. */
struct four {
	struct btf *kernel, *module, *base, *split;
};

static struct four four(void)
{
	struct four f = { .kernel = kernel(false, false) };

	f.module = module(f.kernel);
	assert_int_equal(btf__distill_base(f.module, &f.base, &f.split), 0);
	return f;
}

static void free_four(struct four *f)
{
	btf__free(f->split);
	btf__free(f->base);
	btf__free(f->module);
	btf__free(f->kernel);
}

static void a_base_of_names_and_sizes(void **state __unused_arg)
{
	struct four f = four();

	assert_types(f.base, 1, distilled);
	assert_types(f.split, 7, on_distilled);
	assert_ptr_equal(btf__base_btf(f.split), f.base);
	free_four(&f);
}

static void stored_and_read_back(void **state __unused_arg)
{
	struct four f = four();
	struct btf *base, *split;
	const void *data;
	u32 size;

	data = btf__raw_data(f.base, &size);
	base = btf__new(data, size);
	assert_non_null(base);
	data = btf__raw_data(f.split, &size);
	split = btf__new_split(data, size, base);
	assert_non_null(split);
	assert_types(split, 7, on_distilled);
	btf__free(split);
	btf__free(base);
	free_four(&f);
}

static void onto_another_kernel(void **state __unused_arg)
{
	struct btf *other = kernel(true, false);
	u32 cnt = btf__type_cnt(other);
	const struct btf_type *own, *ptr;
	struct four f = four();

	assert_int_equal(btf__relocate(f.split, other), 0);
	btf__free(f.base); /* not leaned on any more */
	f.base = NULL;
	assert_ptr_equal(btf__base_btf(f.split), other);
	assert_int_equal(btf__type_cnt(f.split), cnt + 9);
	own = btf__type_by_id(f.split, cnt);
	assert_string_equal(btf__name_by_offset(f.split, own->name_off), "own");
	assert_int_equal(btf_members(own)[1].type, find(other, "mode"));
	assert_int_equal(btf_array(btf__type_by_id(f.split, cnt + 1))->type, find(other, "inner"));
	/* A declaration became the structure that it stands for, or the declaration that the kernel has too. */
	ptr = btf__type_by_id(f.split, cnt + 2);
	assert_int_equal(ptr->type, find(other, "task"));
	assert_int_equal(btf__type_by_id(f.split, cnt + 3)->type, find(other, "hidden"));
	btf__free(f.split);
	f.split = NULL;
	btf__free(other);
	free_four(&f);
}

/* Whatever is wrong with the other base, the split BTF stays what it was. */
static void refused(struct btf *other, const char *said)
{
	struct four f = four();

	clear_messages();
	assert_int_equal(btf__relocate(f.split, other), -EINVAL);
	assert_said(said);
	assert_types(f.split, 7, on_distilled);
	assert_ptr_equal(btf__base_btf(f.split), f.base);
	free_four(&f);
	btf__free(other);
}

static void kernels_that_do_not_fit(void **state __unused_arg)
{
	struct btf *twice = kernel(false, false);
	struct btf *wide = btf__new_empty();

	refused(kernel(false, true), "no STRUCT 'inner' of that size");
	refused(btf__new_empty(), "no INT 'unsigned int'");
	assert_true(btf__add_struct(twice, "inner", 8) > 0);
	refused(twice, "several STRUCT 'inner'");
	assert_true(btf__add_int(wide, "unsigned int", 4, BTF_INT_SIGNED) > 0);
	refused(wide, "no INT 'unsigned int'");
}

/* Behind a pointer any of that name will do, as will an enumeration of 64-bit kind. */
static void what_is_only_named(void **state __unused_arg)
{
	struct btf *other = kernel(true, false);
	struct four f = four();

	assert_true(btf__add_struct(other, "task", 400) > 0);
	assert_int_equal(btf__relocate(f.split, other), 0);
	free_four(&f);
	btf__free(other);
}

static void wrong_arguments(void **state __unused_arg)
{
	struct four f = four();
	struct btf *a = NULL, *b = NULL;

	assert_int_equal(btf__distill_base(f.kernel, &a, &b), -EINVAL); /* not split */
	assert_int_equal(btf__distill_base(NULL, &a, &b), -EINVAL);
	assert_int_equal(btf__distill_base(f.module, NULL, &b), -EINVAL);
	assert_null(a);
	assert_null(b);
	assert_int_equal(btf__relocate(f.kernel, f.kernel), -EINVAL);
	assert_int_equal(btf__relocate(f.split, NULL), -EINVAL);
	clear_messages();
	assert_int_equal(btf__relocate(f.module, f.kernel), -EINVAL);
	assert_said("not a distilled one");
	free_four(&f);
}

static void a_type_as_text(void **state __unused_arg)
{
	struct btf *btf = kernel(false, false);
	char *text = NULL;

	assert_int_equal(skep_btf_type_text(btf, 1000, &text), -EINVAL);
	assert_null(text);
	assert_int_equal(skep_btf_type_text(btf, 0, &text), 0);
	assert_string_equal(text, "");
	free(text);
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_base_of_names_and_sizes), cmocka_unit_test(stored_and_read_back),
		cmocka_unit_test(onto_another_kernel), cmocka_unit_test(kernels_that_do_not_fit),
		cmocka_unit_test(what_is_only_named), cmocka_unit_test(wrong_arguments),
		cmocka_unit_test(a_type_as_text),
	};

	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
