/* SPDX-License-Identifier: BSD-2-Clause */
/* test_modules.c - CO-RE finds types of modules, whose BTF is split from the kernel's. */
#include "machines.h"

static struct btf *kernel, *modules[2];

/* struct @name { ...; int value at @off; } */
static void add_type(struct btf *btf, const char *name, u32 off)
{
	int id = btf__find_by_name(btf, "int");

	assert_true(id > 0);
	assert_true(btf__add_struct(btf, name, off + 4) > 0);
	assert_int_equal(btf__add_field(btf, "value", id, off * 8, 0), 0);
}

static void make_types(void)
{
	kernel = btf__new_empty();
	assert_true(btf__add_int(kernel, "int", 4, BTF_INT_SIGNED) > 0);
	add_type(kernel, "in_kernel", 4);
	for (u32 i = 0; i < 2; i++)
		modules[i] = btf__new_empty_split(kernel);
	add_type(modules[0], "in_kernel", 40); /* the kernel's own comes first */
	add_type(modules[0], "in_two", 12);
	add_type(modules[1], "in_module", 24);
	add_type(modules[1], "in_two", 12);
	add_type(modules[0], "in_two_else", 16);
	add_type(modules[1], "in_two_else", 20);
}

static void drop_types(void)
{
	btf__free(modules[0]);
	btf__free(modules[1]);
	btf__free(kernel);
}

static int create(bool with_kernel, u32 damage)
{
	struct skep_btf_blob blobs[2];
	struct skep_config config = { .sz = sizeof(config), .module_btfs = blobs, .module_btf_cnt = 2 };

	for (u32 i = 0; i < 2; i++)
		blobs[i].data = btf__raw_data(modules[i], &blobs[i].size);
	blobs[1].size -= damage;
	if (with_kernel)
		config.kernel_btf = btf__raw_data(kernel, &config.kernel_btf_size);
	return skep_create(&config, &machine_skep);
}

/* What the program returns, or the error of loading it. */
static int member_at(const char *prog_name)
{
	struct bpf_object *obj = open_obj("modules", NULL);
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, prog_name);
	int ret;

	assert_non_null(prog);
	bpf_program__set_autoload(prog, true);
	clear_messages();
	ret = bpf_object__load(obj);
	if (!ret)
		ret = (int)run_prog(obj, prog_name);
	bpf_object__close(obj);
	return ret;
}

static void types_of_modules_are_found(void **state __unused_arg)
{
	make_types();
	assert_int_equal(create(true, 0), 0);
	skep_default_instance_set(machine_skep);
	assert_int_equal(member_at("prog_in_kernel"), 4);
	assert_int_equal(member_at("prog_in_module"), 24);
	assert_int_equal(member_at("prog_in_two"), 12);
	assert_int_equal(member_at("prog_nowhere"), 0);
	assert_int_equal(member_at("prog_in_two_else"), -ESRCH);
	assert_said("ambiguous: candidates for 'in_two_else' give different values");
	stop();
	drop_types();
}

static void wrong_modules_are_refused(void **state __unused_arg)
{
	make_types();
	assert_int_equal(create(false, 0), -EINVAL);
	assert_int_equal(create(true, 4), -EINVAL);
	drop_types();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_of_modules_are_found),
		cmocka_unit_test(wrong_modules_are_refused),
	};

	if (argc != 2)
		return 2;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
