/* SPDX-License-Identifier: BSD-2-Clause */
/* test_api.c - programs that differ from their file, handlers of SEC() names, lines of programs, and places to attach
 * to, which are checked and then refused by name. Nothing is attached to the kernel. */
#include "machines.h"

#include <stdint.h>

static const struct bpf_insn ret7[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 7 }, { .code = BPF_JMP | BPF_EXIT } };

static struct bpf_program *prog_of(struct bpf_object *obj, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);

	assert_non_null(prog);
	return prog;
}

static __u32 run_fd(int fd)
{
	static const u8 packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet));

	assert_int_equal(bpf_prog_test_run_opts(fd, &run), 0);
	return run.retval;
}

static void info_of(int fd, struct bpf_prog_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	assert_int_equal(bpf_prog_get_info_by_fd(fd, info, &len), 0);
}

/* ---- prepare, clone, set_insns --------------------------------------------------------------------------- */

static void a_clone_has_records_and_outlives_its_object(enum machine m __unused_arg)
{
	struct bpf_object *obj = open_obj("subprogs", NULL);
	struct bpf_program *prog = prog_of(obj, "fourth");
	struct bpf_prog_info a, b;
	int fd;

	assert_int_equal(bpf_program__clone(prog, NULL), -EINVAL);
	assert_said("can't clone before its object is prepared");
	assert_int_equal(bpf_object__prepare(obj), 0);
	assert_int_equal(bpf_object__prepare(obj), -EINVAL);
	assert_int_equal(bpf_program__fd(prog), -ENOENT);
	fd = bpf_program__clone(prog, NULL);
	assert_true(fd >= 0);
	assert_int_equal(bpf_program__clone(prog_of(obj, "third"), NULL), -EINVAL);
	load_obj(obj);
	info_of(bpf_program__fd(prog), &a);
	info_of(fd, &b);
	assert_int_equal(memcmp(a.tag, b.tag, sizeof(a.tag)), 0);
	assert_true(b.nr_func_info > 1 && b.nr_line_info > b.nr_func_info);
	assert_int_equal(a.nr_func_info, b.nr_func_info);
	assert_int_equal(a.nr_line_info, b.nr_line_info);
	assert_int_equal(a.btf_id, b.btf_id);
	bpf_object__close(obj);
	assert_int_equal(run_fd(fd), 64 + 1000);
	info_of(fd, &b);
	assert_int_equal(a.nr_line_info, b.nr_line_info);
	close(fd);
}

static void b03(void **state __unused_arg)
{
	on_each(a_clone_has_records_and_outlives_its_object);
}

static void a_clone_takes_what_its_options_say(void **state __unused_arg)
{
	struct tail {
		struct bpf_prog_load_opts opts;
		char more;
	} tail = { .opts.sz = sizeof(tail), .more = 1 };
	char log[65536] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = log, .log_size = sizeof(log), .log_level = 1);
	struct bpf_object *obj;
	int fd;

	start(ON_JIT);
	obj = open_obj("subprogs", NULL);
	load_obj(obj);
	fd = bpf_program__clone(prog_of(obj, "fourth"), &opts);
	assert_true(fd >= 0);
	close(fd);
	assert_non_null(strstr(log, "processed "));
	assert_int_equal(bpf_program__clone(prog_of(obj, "fourth"), &tail.opts), -EINVAL);
	bpf_object__close(obj);
	stop();
}

static void insns_of_the_applications_own(void **state __unused_arg)
{
	struct bpf_object *obj;
	struct bpf_program *prog;

	start(ON_JIT);
	obj = open_obj("subprogs", NULL);
	prog = prog_of(obj, "first");
	assert_int_equal(bpf_program__set_insns(prog, NULL, 2), -EINVAL);
	assert_int_equal(bpf_program__set_insns(prog, (struct bpf_insn *)ret7, 0), -EINVAL);
	assert_int_equal(bpf_program__set_insns(prog, (struct bpf_insn *)ret7, 2), 0);
	assert_int_equal(bpf_program__insn_cnt(prog), 2);
	load_obj(obj);
	assert_int_equal(run_prog(obj, "first"), 7);
	assert_int_equal(run_prog(obj, "fourth"), 64 + 1000);
	assert_int_equal(bpf_program__set_insns(prog, (struct bpf_insn *)ret7, 2), -EBUSY);
	assert_int_equal(bpf_program__get_type(prog), BPF_PROG_TYPE_XDP);
	assert_int_equal(bpf_program__get_expected_attach_type(prog), bpf_program__expected_attach_type(prog));
	bpf_object__close(obj);
	stop();
}

/* ---- maps ------------------------------------------------------------------------------------------------- */

static void a_map_of_one_program(void **state __unused_arg)
{
	struct bpf_object *obj, *other;
	struct bpf_map *map;

	start(ON_JIT);
	obj = open_obj("maps", NULL);
	map = bpf_object__find_map_by_name(obj, "an_array");
	assert_null(bpf_map__exclusive_program(map));
	assert_int_equal(bpf_map__set_exclusive_program(map, bpf_object__next_program(obj, NULL)), 0);
	assert_ptr_equal(bpf_map__exclusive_program(map), bpf_object__next_program(obj, NULL));
	load_obj(obj);
	assert_int_equal(bpf_map__set_exclusive_program(map, bpf_object__next_program(obj, NULL)), -EINVAL);
	other = open_obj("subprogs", NULL);
	map = bpf_object__find_map_by_name(other, ".bss");
	assert_int_equal(bpf_map__set_exclusive_program(map, bpf_object__next_program(obj, NULL)), -EINVAL);
	/* Others use it, too. */
	assert_int_equal(bpf_map__set_exclusive_program(map, prog_of(other, "second")), 0);
	assert_true(bpf_object__load(other) < 0);
	assert_said("program's hash doesn't match map's excl_prog_hash");
	bpf_object__close(other);
	bpf_object__close(obj);
	stop();
}

static void fields_of_maps(void **state __unused_arg)
{
	struct bpf_object *obj;
	struct bpf_map *map;

	start(ON_JIT);
	obj = open_obj("maps", NULL);
	map = bpf_object__find_map_by_name(obj, "an_array");
	assert_true(bpf_map__autoattach(map));
	assert_int_equal(bpf_map__set_autoattach(map, false), 0);
	assert_false(bpf_map__autoattach(map));
	assert_null(bpf_map__attach_struct_ops(map));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(bpf_map__set_ifindex(map, 3), 0);
	assert_int_equal(bpf_map__ifindex(map), 3);
	assert_int_equal(bpf_object__load(obj), -EOPNOTSUPP); /* offloaded */
	assert_int_equal(bpf_object__token_fd(obj), -1);
	bpf_object__close(obj);
	stop();
}

/* ---- handlers ----------------------------------------------------------------------------------------------- */

static int set_up_cnt;

static int set_up(struct bpf_program *prog __unused_arg, long cookie)
{
	set_up_cnt += cookie;
	return 0;
}

static int before_load(struct bpf_program *prog, struct bpf_prog_load_opts *opts __unused_arg, long cookie __unused_arg)
{
	return bpf_program__set_insns(prog, (struct bpf_insn *)ret7, ARRAY_SIZE(ret7));
}

static int no_link(const struct bpf_program *prog __unused_arg, long cookie, struct bpf_link **link)
{
	*link = NULL;
	return cookie == 5 ? 0 : -EINVAL;
}

static void sections_of_the_applications_own(void **state __unused_arg)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .cookie = 5, .prog_setup_fn = set_up,
		    .prog_prepare_load_fn = before_load, .prog_attach_fn = no_link);
	enum bpf_attach_type attach_type;
	enum bpf_prog_type type;
	struct bpf_object *obj;
	int id, other;

	start(ON_JIT);
	id = libbpf_register_prog_handler("tc", BPF_PROG_TYPE_XDP, BPF_XDP, &opts);
	assert_true(id > 0);
	other = libbpf_register_prog_handler("mine+", BPF_PROG_TYPE_SCHED_CLS, 0, NULL);
	assert_true(other > id);
	assert_int_equal(libbpf_prog_type_by_name("mine/x", &type, &attach_type), 0);
	assert_int_equal(type, BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(libbpf_prog_type_by_name("miner", &type, &attach_type), -ESRCH);
	set_up_cnt = 0;
	obj = open_obj("subprogs", NULL);
	assert_int_equal(set_up_cnt, 5);
	/* The program keeps its handler. */
	assert_int_equal(libbpf_unregister_prog_handler(id), 0);
	assert_int_equal(bpf_program__type(prog_of(obj, "fourth")), BPF_PROG_TYPE_XDP);
	load_obj(obj);
	assert_int_equal(run_prog(obj, "fourth"), 7);
	errno = EIO;
	assert_null(bpf_program__attach(prog_of(obj, "fourth")));
	assert_int_equal(errno, 0);
	bpf_object__close(obj);
	assert_int_equal(libbpf_unregister_prog_handler(id), -ENOENT);
	assert_int_equal(libbpf_unregister_prog_handler(0), -EINVAL);
	assert_int_equal(libbpf_unregister_prog_handler(other), 0);
	id = libbpf_register_prog_handler(NULL, BPF_PROG_TYPE_XDP, 0, NULL);
	assert_true(id > 0);
	assert_int_equal(libbpf_register_prog_handler(NULL, BPF_PROG_TYPE_XDP, 0, NULL), -EBUSY);
	assert_int_equal(libbpf_prog_type_by_name("whatever", &type, &attach_type), 0);
	assert_int_equal(libbpf_prog_type_by_name("tc", &type, &attach_type), 0);
	assert_int_equal(type, BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(libbpf_unregister_prog_handler(id), 0);
	stop();
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

static void lines_are_found_by_insn_and_address(void **state __unused_arg)
{
	struct bpf_line_info lines[] = { { 0, 1, 2, 3 << 10 }, { 2, 1, 2, 4 << 10 }, { 5, 1, 2, 5 << 10 }, { 9, 1, 2, 6 << 10 } };
	__u64 addrs[] = { 0x1000, 0x1010, 0x2000, 0x2020 }, starts[] = { 0x1000, 0x2000 };
	__u32 lens[] = { 0x40, 0x40 };
	struct bpf_prog_info info = { .nr_line_info = 4, .line_info = (uintptr_t)lines, .line_info_rec_size = sizeof(lines[0]),
				      .nr_jited_line_info = 4, .jited_line_info = (uintptr_t)addrs,
				      .jited_line_info_rec_size = 8, .nr_jited_ksyms = 2, .jited_ksyms = (uintptr_t)starts,
				      .nr_jited_func_lens = 2, .jited_func_lens = (uintptr_t)lens };
	struct bpf_prog_linfo *l = bpf_prog_linfo__new(&info);

	assert_non_null(l);
	assert_int_equal(bpf_prog_linfo__lfind(l, 0, 0)->insn_off, 0);
	assert_int_equal(bpf_prog_linfo__lfind(l, 4, 0)->insn_off, 2);
	assert_int_equal(bpf_prog_linfo__lfind(l, 100, 1)->insn_off, 9);
	assert_null(bpf_prog_linfo__lfind(l, 4, 2));
	assert_null(bpf_prog_linfo__lfind(l, 4, 4));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(bpf_prog_linfo__lfind_addr_func(l, 0x1018, 0, 0)->insn_off, 2);
	assert_int_equal(bpf_prog_linfo__lfind_addr_func(l, 0x9999, 0, 0)->insn_off, 2);
	assert_int_equal(bpf_prog_linfo__lfind_addr_func(l, 0x2000, 1, 0)->insn_off, 5);
	assert_null(bpf_prog_linfo__lfind_addr_func(l, 0x2000, 1, 1));
	assert_null(bpf_prog_linfo__lfind_addr_func(l, 0x2000, 2, 0));
	bpf_prog_linfo__free(l);
	/* Lines that go back, or beyond their function. */
	addrs[3] = 0x1fff;
	assert_null(bpf_prog_linfo__new(&info));
	assert_int_equal(errno, EINVAL);
	addrs[3] = 0x2041;
	assert_null(bpf_prog_linfo__new(&info));
	info.nr_jited_line_info = 3; /* without machine code there are still insns */
	l = bpf_prog_linfo__new(&info);
	assert_non_null(l);
	assert_null(bpf_prog_linfo__lfind_addr_func(l, 0x1000, 0, 0));
	assert_int_equal(bpf_prog_linfo__lfind(l, 9, 0)->insn_off, 9);
	bpf_prog_linfo__free(l);
	info.nr_line_info = 0;
	assert_null(bpf_prog_linfo__new(&info));
	assert_null(bpf_prog_linfo__new(NULL));
	bpf_prog_linfo__free(NULL);
}

/* ---- places ------------------------------------------------------------------------------------------------- */

#define REFUSED(call, err)                                                                         \
	do {                                                                                       \
		errno = 0;                                                                         \
		assert_null(call);                                                                 \
		assert_int_equal(errno, err);                                                      \
	} while (0)

static void all_places(const struct bpf_program *p, int err)
{
	LIBBPF_OPTS(bpf_netfilter_opts, nf);

	REFUSED(bpf_program__attach_kprobe(p, false, "f"), err);
	REFUSED(bpf_program__attach_kprobe_multi_opts(p, "f*", NULL), err);
	REFUSED(bpf_program__attach_ksyscall(p, "openat", NULL), err);
	REFUSED(bpf_program__attach_uprobe(p, true, -1, "/bin/true", 8), err);
	REFUSED(bpf_program__attach_uprobe_multi(p, -1, "/bin/true", "f*", NULL), err);
	REFUSED(bpf_program__attach_usdt(p, -1, "/bin/true", "p", "n", NULL), err);
	REFUSED(bpf_program__attach_tracepoint(p, "sched", "sched_switch"), err);
	REFUSED(bpf_program__attach_perf_event(p, 3), err);
	REFUSED(bpf_program__attach_tracing_multi(p, "f*", NULL), err);
	REFUSED(bpf_program__attach_raw_tracepoint(p, "sched_switch"), err);
	REFUSED(bpf_program__attach_trace_opts(p, NULL), err);
	REFUSED(bpf_program__attach_lsm(p), err);
	REFUSED(bpf_program__attach_iter(p, NULL), err);
	REFUSED(bpf_program__attach_cgroup(p, 3), err);
	REFUSED(bpf_program__attach_cgroup_opts(p, 3, NULL), err);
	REFUSED(bpf_program__attach_netns(p, 3), err);
	REFUSED(bpf_program__attach_sockmap(p, 3), err);
	REFUSED(bpf_program__attach_xdp(p, 1), err);
	REFUSED(bpf_program__attach_tcx(p, 1, NULL), err);
	REFUSED(bpf_program__attach_netkit(p, 1, NULL), err);
	REFUSED(bpf_program__attach_netfilter(p, &nf), err);
}

static void places_that_skep_lacks(void **state __unused_arg)
{
	LIBBPF_OPTS(bpf_kprobe_opts, negative, .offset = -8);
	LIBBPF_OPTS(bpf_tcx_opts, both, .relative_fd = 1, .relative_id = 1);
	struct {
		struct bpf_kprobe_opts opts;
		long more;
	} tail = { .opts.sz = sizeof(tail), .more = 1 };
	struct bpf_object *obj;
	struct bpf_program *p;

	start(ON_JIT);
	obj = open_obj("subprogs", NULL);
	p = prog_of(obj, "first");
	all_places(p, EINVAL); /* not loaded */
	load_obj(obj);
	clear_messages();
	all_places(p, EOPNOTSUPP);
	assert_said("prog 'first': not modelled: attaching to kprobes\n");
	REFUSED(bpf_program__attach_kprobe_opts(p, "f", &negative), EINVAL);
	REFUSED(bpf_program__attach_kprobe_opts(p, "f", &tail.opts), EINVAL);
	REFUSED(bpf_program__attach_tcx(p, 1, &both), EINVAL);
	REFUSED(bpf_program__attach_kprobe_multi_opts(p, NULL, NULL), EINVAL);
	all_places(NULL, EINVAL);
	bpf_object__close(obj);
	stop();
}

static void devices_take_no_programs(void **state __unused_arg)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = 3);
	LIBBPF_OPTS(gen_loader_opts, gen);
	struct bpf_object *obj;
	__u32 id, cnt = 1;

	start(ON_JIT);
	assert_int_equal(bpf_xdp_attach(1, 3, 0, NULL), -EOPNOTSUPP);
	assert_said("not modelled: bpf_xdp_attach: simulated devices take no programs\n");
	assert_int_equal(bpf_xdp_detach(1, 0, NULL), -EOPNOTSUPP);
	assert_int_equal(bpf_xdp_query_id(1, 0, &id), -EOPNOTSUPP);
	assert_int_equal(bpf_xdp_query_id(1, 0x100, &id), -EINVAL);
	assert_int_equal(bpf_tc_hook_create(&hook), -EOPNOTSUPP);
	assert_int_equal(bpf_tc_attach(&hook, &opts), -EOPNOTSUPP);
	assert_int_equal(bpf_tc_detach(&hook, &opts), -EINVAL);
	opts.prog_fd = 0;
	opts.handle = opts.priority = 1;
	assert_int_equal(bpf_tc_detach(&hook, &opts), -EOPNOTSUPP);
	assert_int_equal(bpf_tc_query(&hook, &opts), -EOPNOTSUPP);
	hook.ifindex = 0;
	assert_int_equal(bpf_tc_hook_destroy(&hook), -EINVAL);
	assert_int_equal(bpf_tc_attach(NULL, &opts), -EINVAL);
	REFUSED(user_ring_buffer__new(-1, NULL), EBADFD);
	REFUSED(user_ring_buffer__reserve(NULL, 8), EINVAL);
	clear_messages();
	assert_int_equal(bpf_prog_attach(3, 4, BPF_CGROUP_DEVICE, 0), -EOPNOTSUPP);
	assert_said("not modelled: BPF_PROG_ATTACH\n");
	assert_int_equal(bpf_prog_query(3, BPF_CGROUP_DEVICE, 0, NULL, NULL, &cnt), -EOPNOTSUPP);
	assert_int_equal(bpf_prog_query(3, BPF_CGROUP_DEVICE, 0, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(bpf_iter_create(3), -EOPNOTSUPP);
	obj = open_obj("subprogs", NULL);
	assert_int_equal(bpf_object__gen_loader(obj, NULL), -EFAULT);
	assert_int_equal(bpf_object__gen_loader(obj, &gen), -EOPNOTSUPP);
	bpf_object__close(obj);
	stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		{ "B-03 a clone has records and outlives its object", b03, NULL, NULL, NULL },
		cmocka_unit_test(a_clone_takes_what_its_options_say),
		cmocka_unit_test(insns_of_the_applications_own),
		cmocka_unit_test(a_map_of_one_program),
		cmocka_unit_test(fields_of_maps),
		cmocka_unit_test(sections_of_the_applications_own),
		cmocka_unit_test(lines_are_found_by_insn_and_address),
		{ "L-10 Y-04 places that skep lacks are refused after arguments are checked", places_that_skep_lacks, NULL, NULL, NULL },
		cmocka_unit_test(devices_take_no_programs),
	};

	if (argc != 2)
		return 2;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
