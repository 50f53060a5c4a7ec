/* SPDX-License-Identifier: BSD-2-Clause */
/* test_core.c - an object compiled against one layout, loaded against another. argv: object, target */
#include "base/types.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *obj_path, *target_path;
static struct bpf_object *obj;

static u64 result(const char *name)
{
	struct bpf_map *bss = bpf_object__find_map_by_name(obj, ".bss");
	u32 off, size;

	assert_non_null(bss);
	assert_true(btf__find_var(bpf_object__btf(obj), ".bss", name, &off, &size));
	return *(u64 *)((char *)bpf_map__initial_value(bss, NULL) + off);
}

static int load_and_run(void **state __unused_arg)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = target_path);
	LIBBPF_OPTS(bpf_test_run_opts, run);

	obj = bpf_object__open_file(obj_path, &opts);
	if (!obj || bpf_object__load(obj))
		return -1;
	return bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(obj, "core")), &run);
}

static int close_object(void **state __unused_arg)
{
	bpf_object__close(obj);
	return 0;
}

/* Offsets in core_target.bpf.c: pad 24, before 24, list 28..60 (struct of 36 in a union of 8-byte
 * alignment: 24..64), nested 64, early 88, bit-fields 96, grows 104. */
static void fields_are_where_the_target_has_them(void **state __unused_arg)
{
	assert_int_equal(result("off_early"), 88);
	assert_int_equal(result("off_wanted"), 64 + 16);
	assert_int_equal(result("off_list2"), 28 + 8);
	assert_int_equal(result("off_grows"), 104);
	assert_int_equal(result("size_grows"), 8);
}

static void existence(void **state __unused_arg)
{
	assert_int_equal(result("exists_grows"), 1);
	assert_int_equal(result("exists_gone"), 0);
	assert_int_equal(result("type_there"), 1);
	assert_int_equal(result("type_absent"), 0);
	assert_int_equal(result("enum_blue_there"), 0);
	assert_int_equal(result("enum_red_there"), 1);
}

static void bit_fields(void **state __unused_arg)
{
	/* Bits 2 to 10 of a word of 4 bytes. */
	assert_int_equal(result("lshift_bits"), 64 - 11);
	assert_int_equal(result("rshift_bits"), 64 - 9);
	assert_int_equal(result("signed_wanted"), 1);
	assert_int_equal(result("signed_grows"), 0);
}

static void types_and_enums(void **state __unused_arg)
{
	assert_int_equal(result("type_size"), 100);
	assert_int_equal(result("enum_green"), 1234567);
}

/* The simulated kernel has no such struct: what must exist is poisoned, what asks is told. */
static void without_the_type(void **state __unused_arg)
{
	struct bpf_object *other = bpf_object__open_file(obj_path, NULL);

	assert_non_null(other);
	libbpf_set_print(NULL);
	assert_true(bpf_object__load(other) < 0);
	bpf_object__close(other);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_where_the_target_has_them),
		cmocka_unit_test(existence),
		cmocka_unit_test(bit_fields),
		cmocka_unit_test(types_and_enums),
		cmocka_unit_test(without_the_type),
	};

	assert(argc > 2);
	obj_path = argv[1];
	target_path = argv[2];
	return cmocka_run_group_tests_name("core", tests, load_and_run, close_object);
}
