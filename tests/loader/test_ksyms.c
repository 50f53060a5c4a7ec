/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ksyms.c - kernel functions and variables become ids of the kernel's BTF, here of a kernel that has
 * three functions: looked at in the instructions, as what the verifier makes of them is its own business. */
#include "machines.h"

#include <errno.h>

static struct btf *kernel;

/* An instance whose kernel is the BTF of ksyms.bpf.c, compiled as one. */
static void start_with_kernel(void)
{
	struct skep_config config = { .sz = sizeof(config) };
	u32 size = 0;

	clear_messages();
	skep_use_kernel(false);
	kernel = btf__parse(obj_path("ksym_kernel"), NULL);
	assert_non_null(kernel);
	config.kernel_btf = btf__raw_data(kernel, &size);
	config.kernel_btf_size = size;
	assert_int_equal(skep_create(&config, &machine_skep), 0);
	skep_default_instance_set(machine_skep);
}

static void end_with_kernel(void)
{
	btf__free(kernel);
	stop();
}

static struct bpf_program *load_only(struct bpf_object *obj, const char *name, int *ret_err)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);

	assert_non_null(prog);
	bpf_program__set_autoload(prog, true);
	*ret_err = bpf_object__load(obj);
	return prog;
}

/* The @nr'th insn of that code and source register. */
static const struct bpf_insn *find_insn(const struct bpf_program *prog, u8 code, u8 src, u32 nr)
{
	const struct bpf_insn *insns = bpf_program__insns(prog);

	for (size_t i = 0; i < bpf_program__insn_cnt(prog); i++) {
		if (insns[i].code == code && insns[i].src_reg == src && !nr--)
			return &insns[i];
	}
	return NULL;
}

static void functions_become_ids(void **state __unused_arg)
{
	struct bpf_object *obj;
	struct bpf_program *prog;
	int err, id;

	start_with_kernel();
	id = btf__find_by_name_kind(kernel, "there", BTF_KIND_FUNC);
	assert_true(id > 0);
	obj = open_obj("ksyms", NULL);
	prog = load_only(obj, "calls", &err);
	/* There: its id in the call and where its address is asked for. */
	assert_non_null(find_insn(prog, BPF_JMP | BPF_CALL, BPF_PSEUDO_KFUNC_CALL, 0));
	assert_int_equal(find_insn(prog, BPF_JMP | BPF_CALL, BPF_PSEUDO_KFUNC_CALL, 0)->imm, id);
	assert_int_equal(find_insn(prog, BPF_LD | BPF_IMM | BPF_DW, BPF_PSEUDO_BTF_ID, 0)->imm, id);
	/* Of another prototype, or not there: the address is 0, the calls poison. */
	assert_null(find_insn(prog, BPF_JMP | BPF_CALL, BPF_PSEUDO_KFUNC_CALL, 1));
	assert_int_equal(find_insn(prog, BPF_LD | BPF_IMM | BPF_DW, 0, 1)->imm, 0);
	assert_true(find_insn(prog, BPF_JMP | BPF_CALL, 0, 1)->imm > 2000000000);
	bpf_object__close(obj);
	end_with_kernel();
}

static void programs_attach_by_name(void **state __unused_arg)
{
	struct bpf_object *obj;
	int err;

	start_with_kernel();
	obj = open_obj("ksyms", NULL);
	load_only(obj, "leaves", &err);
	assert_int_equal(err, -ESRCH);
	assert_said("prog 'leaves': failed to find kernel BTF type ID of 'uses_not': -ESRCH");
	bpf_object__close(obj);
	clear_messages();
	obj = open_obj("ksyms", NULL);
	load_only(obj, "enters", &err);
	assert_null(strstr(messages, "failed to find"));
	bpf_object__close(obj);
	obj = open_obj("ksyms", NULL);
	assert_int_equal(bpf_program__set_attach_target(bpf_object__find_program_by_name(obj, "leaves"), 0, "uses"), 0);
	assert_int_equal(bpf_program__set_attach_target(bpf_object__find_program_by_name(obj, "leaves"), 0, "used"), -ESRCH);
	assert_int_equal(bpf_program__set_attach_target(bpf_object__find_program_by_name(obj, "leaves"), 0, NULL), -EINVAL);
	assert_int_equal(bpf_program__set_attach_target(bpf_object__find_program_by_name(obj, "leaves"), 77, "uses"), -EBADFD);
	assert_int_equal(libbpf_find_vmlinux_btf_id("changed", BPF_TRACE_FENTRY),
			 btf__find_by_name_kind(kernel, "changed", BTF_KIND_FUNC));
	assert_int_equal(libbpf_find_vmlinux_btf_id("changed", BPF_LSM_MAC), -ESRCH);
	bpf_object__close(obj);
	end_with_kernel();
}

/* A per-CPU variable that kernels with BTF have. Its address the kernel may keep to itself. */
static void a_variable_of_the_running_kernel(void **state __unused_arg)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	int err;

	if (!kernel_permits())
		skip();
	start(ON_KERNEL);
	obj = open_obj("ksyms", NULL);
	prog = load_only(obj, "variable", &err);
	assert_non_null(find_insn(prog, BPF_LD | BPF_IMM | BPF_DW, BPF_PSEUDO_BTF_ID, 0));
	if (err)
		assert_said("failed to find the address for kernel symbol 'runqueues'");
	else
		assert_int_equal(run_prog(obj, "variable"), 1);
	bpf_object__close(obj);
	stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_become_ids),
		cmocka_unit_test(programs_attach_by_name),
		cmocka_unit_test(a_variable_of_the_running_kernel),
	};

	if (argc != 2)
		return 2;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
