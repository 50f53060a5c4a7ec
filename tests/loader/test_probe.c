/* SPDX-License-Identifier: BSD-2-Clause */
/* test_probe.c - libbpf_probe_*(): answers are what loading and creating say, and each question is put once. */
#include "machines.h"

unsigned long probes_asked(void); /* src/loader/probe.c */

/* Types as data/ says that docs/maps.md lists them: some of each answer. */
static void map_types_are_those_that_can_be_created(void **state __unused_arg)
{
	static const struct {
		enum bpf_map_type type;
		int want;
	} rows[] = {
		{ BPF_MAP_TYPE_HASH, 1 },	  { BPF_MAP_TYPE_ARRAY, 1 },	   { BPF_MAP_TYPE_LPM_TRIE, 1 },
		{ BPF_MAP_TYPE_HASH_OF_MAPS, 1 }, { BPF_MAP_TYPE_QUEUE, 1 },	   { BPF_MAP_TYPE_BLOOM_FILTER, 1 },
		{ BPF_MAP_TYPE_RINGBUF, 1 },	  { BPF_MAP_TYPE_SK_STORAGE, 1 },  { BPF_MAP_TYPE_STACK_TRACE, 1 },
		{ BPF_MAP_TYPE_RHASH, 1 },	  { BPF_MAP_TYPE_INSN_ARRAY, 1 },  { BPF_MAP_TYPE_CGROUP_STORAGE, 1 },
		{ BPF_MAP_TYPE_STRUCT_OPS, 0 },	  { BPF_MAP_TYPE_ARENA, 0 },	   { BPF_MAP_TYPE_USER_RINGBUF, 0 },
		{ BPF_MAP_TYPE_UNSPEC, -EOPNOTSUPP }, { 1000, -EOPNOTSUPP },	   { -1, -EOPNOTSUPP },
	};

	start(ON_JIT);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(libbpf_probe_bpf_map_type(rows[i].type, NULL), rows[i].want);
	assert_int_equal(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_HASH, "x"), -EINVAL);
	assert_int_equal(errno, EINVAL);
	stop();
}

static void program_types_are_those_that_load(void **state __unused_arg)
{
	static const struct {
		enum bpf_prog_type type;
		int want;
	} rows[] = {
		{ BPF_PROG_TYPE_XDP, 1 },	      { BPF_PROG_TYPE_SOCKET_FILTER, 1 }, { BPF_PROG_TYPE_KPROBE, 1 },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, 1 }, { BPF_PROG_TYPE_SK_LOOKUP, 1 },	  { BPF_PROG_TYPE_SYSCALL, 1 },
		{ BPF_PROG_TYPE_EXT, 1 },	      { BPF_PROG_TYPE_TRACING, 0 },	  { BPF_PROG_TYPE_LSM, 0 },
		{ BPF_PROG_TYPE_STRUCT_OPS, 0 },      { BPF_PROG_TYPE_UNSPEC, 0 },	  { 1000, -EOPNOTSUPP },
	};

	start(ON_JIT);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(libbpf_probe_bpf_prog_type(rows[i].type, NULL), rows[i].want);
	assert_int_equal(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, "x"), -EINVAL);
	stop();
}

static void helpers_by_program_type(void **state __unused_arg)
{
	start(ON_JIT);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_adjust_head, NULL), 1);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_xdp_adjust_head, NULL), 0);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_skb_store_bytes, NULL), 1);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCKET_FILTER, BPF_FUNC_skb_store_bytes, NULL), 0);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_unspec, NULL), 0);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, 5000, NULL), 0);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_UNSPEC, BPF_FUNC_ktime_get_ns, NULL), 0);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACING, BPF_FUNC_ktime_get_ns, NULL), -EOPNOTSUPP);
	assert_int_equal(libbpf_probe_bpf_helper(1000, BPF_FUNC_ktime_get_ns, NULL), -EOPNOTSUPP);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_ktime_get_ns, "x"), -EINVAL);
	stop();
}

static void ask_some(void)
{
	libbpf_probe_bpf_map_type(BPF_MAP_TYPE_HASH, NULL);
	libbpf_probe_bpf_map_type(BPF_MAP_TYPE_ARENA, NULL);
	libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL);
	libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_TRACING, NULL);
	libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_ktime_get_ns, NULL);
	libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_skb_store_bytes, NULL);
}

static void each_question_is_put_once(void **state __unused_arg)
{
	unsigned long before, first;

	start(ON_JIT);
	before = probes_asked();
	ask_some();
	first = probes_asked() - before;
	assert_int_equal(first, 6);
	for (int i = 0; i < 3; i++)
		ask_some();
	assert_int_equal(probes_asked() - before, first);
	stop();
	/* Another instance may have other answers. */
	start(ON_JIT);
	ask_some();
	assert_int_equal(probes_asked() - before, 2 * first);
	stop();
}

static void answers_are_the_askers_own(void **state __unused_arg)
{
	start(ON_JIT);
	assert_int_equal(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_KPROBE, NULL), 1);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_probe_read_kernel, NULL), 1);
	skep_set_caps(SKEP_CAP_BPF | SKEP_CAP_NET_ADMIN);
	assert_int_equal(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_KPROBE, NULL), -EPERM);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_probe_read_kernel, NULL), 0);
	skep_set_caps(0);
	assert_int_equal(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_HASH, NULL), -EPERM);
	skep_set_caps(SKEP_CAP_ALL);
	assert_int_equal(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_HASH, NULL), 1);
	assert_int_equal(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_KPROBE, NULL), 1);
	assert_int_equal(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_probe_read_kernel, NULL), 1);
	stop();
}

/* Every answer is about something that can be done on its own. */
static void no_probe_leaves_anything_behind(void **state __unused_arg)
{
	__u32 id = 0;

	start(ON_JIT);
	for (u32 type = 0; libbpf_bpf_prog_type_str(type); type++)
		libbpf_probe_bpf_prog_type(type, NULL);
	for (u32 type = 1; libbpf_bpf_map_type_str(type); type++)
		libbpf_probe_bpf_map_type(type, NULL);
	assert_int_equal(bpf_prog_get_next_id(0, &id), -ENOENT);
	assert_int_equal(bpf_map_get_next_id(0, &id), -ENOENT);
	stop();
}

int main(int argc, char **argv __unused_arg)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_types_are_those_that_can_be_created),
		cmocka_unit_test(program_types_are_those_that_load),
		cmocka_unit_test(helpers_by_program_type),
		{ "B-02 each question is put once", each_question_is_put_once, NULL, NULL, NULL },
		{ "B-02 answers are the asker's own", answers_are_the_askers_own, NULL, NULL, NULL },
		cmocka_unit_test(no_probe_leaves_anything_behind),
	};

	if (argc != 2)
		return 2;
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
