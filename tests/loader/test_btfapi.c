/* SPDX-License-Identifier: BSD-2-Clause */
/* test_btfapi.c - BTF through libbpf's functions: built, loaded, read back, printed, split, permuted. */
#include "machines.h"

#include <bpf/btf.h>

static char text[1 << 16];

static void keep_text(void *ctx __unused_arg, const char *fmt, va_list args)
{
	size_t len = strlen(text);

	vsnprintf(text + len, sizeof(text) - len, fmt, args);
}

/* Each function of the building part once. struct pair is id 6. */
static struct btf *build(void)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_int_equal(btf__type_cnt(btf), 1);
	assert_int_equal(btf__add_int(btf, "int", 4, BTF_INT_SIGNED), 1);
	assert_int_equal(btf__add_ptr(btf, 6), 2);
	assert_int_equal(btf__add_array(btf, 1, 1, 4), 3);
	assert_int_equal(btf__add_enum(btf, "mood", 4), 4);
	assert_int_equal(btf__add_enum_value(btf, "GOOD", 1), 0);
	assert_int_equal(btf__add_enum_value(btf, "BAD", -1), 0);
	assert_int_equal(btf__add_enum64_value(btf, "BAD", 1), -EINVAL);
	assert_int_equal(btf__add_enum64(btf, "wide", 8, false), 5);
	assert_int_equal(btf__add_enum64_value(btf, "FAR", 1ull << 40), 0);
	assert_int_equal(btf__add_struct(btf, "pair", 32), 6);
	assert_int_equal(btf__add_field(btf, "next", 2, 0, 0), 0);
	assert_int_equal(btf__add_field(btf, "nums", 3, 64, 0), 0);
	assert_int_equal(btf__add_field(btf, "bits", 1, 192, 5), 0);
	assert_int_equal(btf__add_union(btf, NULL, 8), 7);
	assert_int_equal(btf__add_field(btf, "p", 2, 0, 0), 0);
	assert_int_equal(btf__add_typedef(btf, "pair_t", 6), 8);
	assert_int_equal(btf__add_const(btf, 8), 9);
	assert_int_equal(btf__add_volatile(btf, 1), 10);
	assert_int_equal(btf__add_restrict(btf, 2), 11);
	assert_int_equal(btf__add_type_tag(btf, "rcu", 1), 12);
	assert_int_equal(btf__add_type_attr(btf, "noderef", 1), 13);
	assert_int_equal(btf__add_fwd(btf, "later", BTF_FWD_STRUCT), 14);
	assert_int_equal(btf__add_fwd(btf, "later_u", BTF_FWD_UNION), 15);
	assert_int_equal(btf__add_fwd(btf, "later_e", BTF_FWD_ENUM), 16);
	assert_int_equal(btf__add_func_proto(btf, 1), 17);
	assert_int_equal(btf__add_func_param(btf, "p", 2), 0);
	assert_int_equal(btf__add_func(btf, "sum", BTF_FUNC_GLOBAL, 17), 18);
	assert_int_equal(btf__add_var(btf, "all", BTF_VAR_GLOBAL_ALLOCATED, 8), 19);
	assert_int_equal(btf__add_datasec(btf, ".bss", 32), 20);
	assert_int_equal(btf__add_datasec_var_info(btf, 19, 0, 32), 0);
	assert_int_equal(btf__add_decl_tag(btf, "ctx", 18, 0), 21);
	assert_int_equal(btf__add_decl_attr(btf, "aligned", 6, -1), 22);
	assert_int_equal(btf__add_float(btf, "double", 8), 23);
	assert_int_equal(btf__type_cnt(btf), 24);
	return btf;
}

static void built_and_loaded(enum machine m __unused_arg)
{
	struct btf *btf = build(), *back;
	struct bpf_btf_info info = { 0 };
	__u32 len = sizeof(info), size, back_size;
	const void *raw, *back_raw;

	assert_int_equal(btf__fd(btf), -1);
	assert_int_equal(btf__load_into_kernel(btf), 0);
	assert_true(btf__fd(btf) >= 0);
	assert_int_equal(btf__load_into_kernel(btf), -EEXIST);
	assert_int_equal(bpf_btf_get_info_by_fd(btf__fd(btf), &info, &len), 0);
	back = btf__load_from_kernel_by_id(info.id);
	assert_non_null(back);
	raw = btf__raw_data(btf, &size);
	back_raw = btf__raw_data(back, &back_size);
	assert_int_equal(size, back_size);
	assert_memory_equal(raw, back_raw, size);
	btf__free(back);
	btf__free(btf);
}

static void built_btf_is_loaded(void **state __unused_arg)
{
	on_each(built_and_loaded);
}

static void what_is_wrong_is_said(void **state __unused_arg)
{
	struct btf *btf;

	start(ON_INTERP);
	btf = btf__new_empty();
	assert_int_equal(btf__load_into_kernel(btf), -EINVAL);
	assert_said("No type found");
	clear_messages();
	assert_int_equal(btf__add_ptr(btf, 9), 1);
	assert_int_equal(btf__load_into_kernel(btf), -EINVAL);
	assert_said("[1] PTR (anon) type_id=9 Invalid type_id");
	assert_null(btf_dump__new(btf, keep_text, NULL, NULL));
	btf__free(btf);
	assert_null(btf__new("\x9f\xeb", 2));
	assert_int_equal(errno, EINVAL);
	assert_null(btf__load_from_kernel_by_id(123456));
	assert_int_equal(errno, ENOENT);
	stop();
}

static void looked_at_while_it_grows(void **state __unused_arg)
{
	struct btf *btf = build(), *copy = btf__new_empty();
	const struct btf_type *t = btf__type_by_id(btf, 6);
	__u32 size;

	assert_int_equal(btf_vlen(t), 3);
	assert_string_equal(btf__name_by_offset(btf, t->name_off), "pair");
	assert_int_equal(btf_member_bitfield_size(t, 2), 5);
	assert_true(btf_is_void(btf__type_by_id(btf, 0)));
	assert_null(btf__type_by_id(btf, 24));
	assert_int_equal(btf__find_by_name_kind(btf, "pair", BTF_KIND_STRUCT), 6);
	assert_int_equal(btf__find_by_name_kind(btf, "pair", BTF_KIND_UNION), -ENOENT);
	assert_int_equal(btf__find_by_name(btf, "sum"), 18);
	assert_int_equal(btf__resolve_size(btf, 9), 32);
	assert_int_equal(btf__resolve_type(btf, 19), 6);
	assert_int_equal(btf__align_of(btf, 6), 8);
	assert_int_equal(btf__set_pointer_size(btf, 8), 0);
	assert_int_equal(btf__set_pointer_size(btf, 4), -ENOTSUP);
	assert_int_equal(btf__set_pointer_size(btf, 5), -EINVAL);
	assert_true(btf__find_str(btf, "nums") > 0);
	assert_int_equal(btf__find_str(btf, "absent"), -ENOENT);
	/* One type, then all. */
	assert_int_equal(btf__add_type(copy, btf, t), 1);
	assert_string_equal(btf__name_by_offset(copy, btf__type_by_id(copy, 1)->name_off), "pair");
	assert_int_equal(btf__add_btf(copy, btf), 2);
	assert_int_equal(btf__type_cnt(copy), 25);
	assert_int_equal(btf_members(btf__type_by_id(copy, 7))->type, 3);
	assert_int_equal(btf__add_field(copy, "x", 1, 0, 0), -EINVAL);
	assert_non_null(btf__raw_data(copy, &size));
	btf__free(copy);
	btf__free(btf);
}

static void printed_as_c(void **state __unused_arg)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = "x", .strip_mods = true);
	struct btf *btf = build();
	struct btf_dump *d = btf_dump__new(btf, keep_text, NULL, NULL);

	assert_non_null(d);
	text[0] = '\0';
	assert_int_equal(btf_dump__dump_type(d, 8), 0);
	assert_string_equal(text, "struct pair;\n\ntypedef struct pair pair_t;\n\nstruct pair {\n\tstruct pair *next;\n"
				  "\tint nums[4];\n\tint bits: 5;\n};\n\n");
	text[0] = '\0';
	assert_int_equal(btf_dump__dump_type(d, 8), 0); /* once */
	assert_string_equal(text, "");
	assert_int_equal(btf_dump__emit_type_decl(d, 9, &opts), 0);
	assert_string_equal(text, "pair_t x");
	assert_int_equal(btf_dump__dump_type(d, 24), -EINVAL);
	clear_messages();
	assert_int_equal(btf_dump__dump_type_data(d, 6, text, 8, NULL), -ENOTSUP);
	assert_said("not modelled");
	/* What was given out before a change is still there for the printer. */
	assert_int_equal(btf__add_int(btf, "long", 8, 0), 24);
	text[0] = '\0';
	assert_int_equal(btf_dump__dump_type(d, 4), 0);
	assert_string_equal(text, "enum mood {\n\tGOOD = 1,\n\tBAD = -1,\n};\n\n");
	btf_dump__free(d);
	btf__free(btf);
}

static void both_byte_orders(void **state __unused_arg)
{
	struct btf *btf = build(), *foreign;
	__u32 size, size2;
	enum btf_endianness native = btf__endianness(btf), other = native == BTF_LITTLE_ENDIAN ? BTF_BIG_ENDIAN : BTF_LITTLE_ENDIAN;
	char *raw = malloc(1 << 16);

	btf__raw_data(btf, &size);
	assert_true(size < 1 << 16);
	memcpy(raw, btf__raw_data(btf, &size), size);
	assert_int_equal(btf__set_endianness(btf, other), 0);
	assert_memory_not_equal(btf__raw_data(btf, &size2), raw, size);
	assert_int_equal(size, size2);
	foreign = btf__new(btf__raw_data(btf, &size), size);
	assert_non_null(foreign);
	assert_int_equal(btf__endianness(foreign), other);
	assert_int_equal(btf__find_by_name_kind(foreign, "pair", BTF_KIND_STRUCT), 6);
	assert_int_equal(btf__set_endianness(foreign, native), 0);
	assert_memory_equal(btf__raw_data(foreign, &size), raw, size);
	assert_int_equal(btf__set_endianness(foreign, 7), -EINVAL);
	btf__free(foreign);
	btf__free(btf);
	free(raw);
}

static void with_the_sizes_of_kinds(void **state __unused_arg)
{
	LIBBPF_OPTS(btf_new_opts, opts, .add_layout = true);
	struct btf *btf = btf__new_empty_opts(&opts), *again;
	const struct btf_layout *layout;
	const struct btf_header *h;
	__u32 size;

	assert_non_null(btf);
	assert_int_equal(btf__add_int(btf, "int", 4, 0), 1);
	h = btf__raw_data(btf, &size);
	assert_int_equal(h->hdr_len, sizeof(*h));
	assert_int_equal(h->layout_len, (BTF_KIND_MAX + 1) * sizeof(*layout));
	layout = (const void *)((const char *)h + h->hdr_len + h->layout_off);
	assert_int_equal(layout[BTF_KIND_INT].info_sz, 4);
	assert_int_equal(layout[BTF_KIND_STRUCT].elem_sz, 12);
	assert_int_equal(layout[BTF_KIND_ENUM64].elem_sz, 12);
	assert_int_equal(layout[BTF_KIND_PTR].info_sz, 0);
	again = btf__new(h, size);
	assert_non_null(again);
	assert_int_equal(btf__add_ptr(again, 1), 2); /* keeps it */
	h = btf__raw_data(again, &size);
	assert_int_equal(h->layout_len, (BTF_KIND_MAX + 1) * sizeof(*layout));
	start(ON_INTERP);
	assert_int_equal(btf__load_into_kernel(again), 0);
	btf__free(again);
	btf__free(btf);
	stop();
}

static void split_and_its_base(void **state __unused_arg)
{
	struct btf *base = build(), *split = btf__new_empty_split(base), *again;
	const void *raw;
	__u32 size;

	assert_non_null(split);
	assert_ptr_equal(btf__base_btf(split), base);
	assert_int_equal(btf__type_cnt(split), 24);
	assert_int_equal(btf__add_ptr(split, 6), 24);
	assert_int_equal(btf__add_struct(split, "pair", 32), 25); /* the base's string */
	assert_int_equal(btf__add_typedef(split, "mine", 24), 26);
	assert_int_equal(btf__type_by_id(split, 25)->name_off, btf__type_by_id(split, 6)->name_off);
	raw = btf__raw_data(split, &size);
	again = btf__new_split(raw, size, base);
	assert_non_null(again);
	assert_int_equal(btf__find_by_name_kind(again, "mine", BTF_KIND_TYPEDEF), 26);
	assert_null(btf__new(raw, size));
	btf__free(again);
	btf__free(split);
	btf__free(base);
}

static void objects_with_ext(void **state __unused_arg)
{
	LIBBPF_OPTS(btf_dedup_opts, opts);
	struct btf_ext *ext = NULL, *again;
	struct btf *btf = btf__parse(obj_path("subprogs"), &ext);
	__u32 size, size2, cnt, *map;
	const void *raw;
	char *copy;

	assert_non_null(btf);
	assert_non_null(ext);
	raw = btf_ext__raw_data(ext, &size);
	again = btf_ext__new(raw, size);
	assert_non_null(again);
	copy = malloc(size);
	memcpy(copy, raw, size);
	assert_int_equal(btf_ext__set_endianness(again, !btf_ext__endianness(ext)), 0);
	assert_memory_not_equal(btf_ext__raw_data(again, &size2), copy, size);
	btf_ext__free(again);
	again = btf_ext__new((const void *)"\x9f\xeb\x01", 3);
	assert_null(again);
	/* Turned round twice it is what it was. */
	cnt = btf__type_cnt(btf);
	map = calloc(cnt, sizeof(*map));
	for (__u32 i = 1; i < cnt; i++)
		map[i] = cnt - i;
	{
		LIBBPF_OPTS(btf_permute_opts, popts, .btf_ext = ext);

		assert_int_equal(btf__permute(btf, map, cnt, &popts), 0);
		assert_memory_not_equal(btf_ext__raw_data(ext, &size2), copy, size);
		assert_int_equal(btf__permute(btf, map, cnt - 1, &popts), -EINVAL);
		map[1] = map[2];
		assert_int_equal(btf__permute(btf, map, cnt, &popts), -EINVAL);
	}
	/* A second copy of everything goes. */
	opts.btf_ext = ext;
	assert_int_equal(btf__dedup(btf, &opts), 0);
	cnt = btf__type_cnt(btf);
	{
		struct btf *twice = btf__new_empty();

		assert_int_equal(btf__add_btf(twice, btf), 1);
		assert_int_equal(btf__add_btf(twice, btf), cnt);
		assert_int_equal(btf__dedup(twice, NULL), 0);
		assert_true(btf__type_cnt(twice) >= cnt && btf__type_cnt(twice) < cnt + 8); /* variables, sections */
		btf__free(twice);
	}
	free(map);
	free(copy);
	btf_ext__free(ext);
	btf__free(btf);
}

static void an_objects_own(void **state __unused_arg)
{
	struct bpf_object *obj;

	start(ON_INTERP);
	obj = open_obj("subprogs", NULL);
	assert_int_equal(btf__add_int(bpf_object__btf(obj), "more", 4, 0), -ENOTSUP);
	assert_said("cannot be changed");
	load_obj(obj);
	assert_int_equal(btf__fd(bpf_object__btf(obj)), bpf_object__btf_fd(obj));
	bpf_object__close(obj);
	stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_btf_is_loaded), cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(looked_at_while_it_grows), cmocka_unit_test(printed_as_c),
		cmocka_unit_test(both_byte_orders),
		cmocka_unit_test(with_the_sizes_of_kinds), cmocka_unit_test(split_and_its_base),
		cmocka_unit_test(objects_with_ext), cmocka_unit_test(an_objects_own),
	};

	if (argc != 2)
		return 2;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
