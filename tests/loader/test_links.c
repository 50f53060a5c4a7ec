/* SPDX-License-Identifier: BSD-2-Clause */
/* test_links.c - struct bpf_link: extensions put in place and taken out. Nothing is attached to the kernel. */
#include "machines.h"

#include <fcntl.h>

static struct bpf_object *target, *ext;
static struct bpf_program *other;
static int target_fd;

/* "fourth" of subprogs.bpf.c returns weak_one(packet length). */
static void load_both(void)
{
	start(ON_JIT);
	target = open_obj("subprogs", NULL);
	load_obj(target);
	target_fd = bpf_program__fd(bpf_object__find_program_by_name(target, "fourth"));
	ext = open_obj("links", NULL);
	other = bpf_object__find_program_by_name(ext, "weak_one_other");
	assert_int_equal(bpf_program__type(other), BPF_PROG_TYPE_EXT);
	assert_int_equal(bpf_program__set_attach_target(other, target_fd, NULL), 0);
	assert_null(bpf_program__attach(other));
	assert_int_equal(errno, EINVAL);
	assert_said("prog 'weak_one_other': can't attach before loaded\n");
	load_obj(ext);
}

static void close_both(void)
{
	bpf_object__close(ext);
	bpf_object__close(target);
	stop();
}

static void an_extension_is_in_place_while_its_link_is(void **state __unused_arg)
{
	struct bpf_link *link;

	load_both();
	assert_int_equal(run_prog(target, "fourth"), 64 + 1000);
	link = bpf_program__attach(other);
	assert_non_null(link);
	assert_int_equal(run_prog(target, "fourth"), 64 + 5000);
	assert_null(bpf_link__pin_path(link));
	assert_int_equal(bpf_link__destroy(link), 0);
	assert_int_equal(run_prog(target, "fourth"), 64 + 1000);
	assert_int_equal(bpf_link__destroy(NULL), 0);
	close_both();
}

static void by_name_of_the_function(void **state __unused_arg)
{
	struct bpf_link *link;

	load_both();
	assert_null(bpf_program__attach_freplace(other, target_fd, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(bpf_program__attach_freplace(other, 0, "weak_one"));
	assert_said("supply none or both of target_fd and attach_func_name\n");
	assert_null(bpf_program__attach_freplace(other, target_fd, "no_such"));
	assert_int_equal(errno, ENOENT);
	assert_null(bpf_program__attach_freplace(bpf_object__find_program_by_name(ext, "plain"), target_fd, "weak_one"));
	assert_int_equal(errno, EINVAL);
	assert_said("only BPF_PROG_TYPE_EXT can attach as freplace\n");
	link = bpf_program__attach_freplace(other, target_fd, "weak_one");
	assert_non_null(link);
	assert_int_equal(run_prog(target, "fourth"), 64 + 5000);
	assert_null(bpf_program__attach_freplace(other, target_fd, "weak_one"));
	assert_int_equal(errno, EBUSY);
	bpf_link__destroy(link);
	close_both();
}

static void a_disconnected_link_leaves_its_descriptor(void **state __unused_arg)
{
	struct bpf_link *link;
	int fd;

	load_both();
	link = bpf_program__attach_trace(other);
	assert_non_null(link);
	fd = bpf_link__fd(link);
	bpf_link__disconnect(link);
	assert_int_equal(bpf_link__destroy(link), 0);
	assert_int_equal(run_prog(target, "fourth"), 64 + 5000);
	close(fd);
	assert_int_equal(run_prog(target, "fourth"), 64 + 1000);
	/* What the load has named serves once; then the target must be given. */
	assert_null(bpf_program__attach_trace(other));
	assert_int_equal(errno, EINVAL);
	link = bpf_program__attach_freplace(other, target_fd, "weak_one");
	assert_non_null(link);
	assert_int_equal(run_prog(target, "fourth"), 64 + 5000);
	bpf_link__destroy(link);
	close_both();
}

static void the_commands_of_bpf_2(void **state __unused_arg)
{
	LIBBPF_OPTS(bpf_raw_tp_opts, raw);
	int fd;

	load_both();
	fd = bpf_raw_tracepoint_open("a name", bpf_program__fd(other));
	assert_int_equal(fd, -EINVAL);
	fd = bpf_raw_tracepoint_open_opts(bpf_program__fd(other), &raw);
	assert_true(fd >= 0);
	assert_int_equal(run_prog(target, "fourth"), 64 + 5000);
	assert_int_equal(bpf_link_update(fd, target_fd, NULL), -EINVAL);
	assert_int_equal(bpf_link_detach(fd), -EOPNOTSUPP);
	close(fd);
	close_both();
}

static void a_pinned_link_stays(void **state __unused_arg)
{
	static const char path[] = "/sys/fs/bpf/mylink";
	struct bpf_link *link;

	load_both();
	link = bpf_program__attach(other);
	assert_non_null(link);
	assert_int_equal(bpf_link__pin(link, "/tmp/not_there"), -EINVAL);
	assert_int_equal(bpf_link__unpin(link), -EINVAL);
	assert_int_equal(bpf_link__pin(link, path), 0);
	assert_string_equal(bpf_link__pin_path(link), path);
	assert_int_equal(bpf_link__pin(link, path), -EBUSY);
	bpf_link__destroy(link);
	assert_int_equal(run_prog(target, "fourth"), 64 + 5000);
	link = bpf_link__open(path);
	assert_non_null(link);
	assert_string_equal(bpf_link__pin_path(link), path);
	assert_int_equal(bpf_link__unpin(link), 0);
	assert_null(bpf_link__pin_path(link));
	assert_int_equal(run_prog(target, "fourth"), 64 + 5000);
	bpf_link__destroy(link);
	assert_int_equal(run_prog(target, "fourth"), 64 + 1000);
	assert_null(bpf_link__open(path));
	assert_int_equal(errno, ENOENT);
	assert_said("failed to open link at /sys/fs/bpf/mylink: -ENOENT\n");
	close_both();
}

static void a_function_that_is_not_there(void **state __unused_arg)
{
	struct bpf_program *nowhere;

	load_both();
	bpf_object__close(ext);
	ext = open_obj("links", NULL);
	nowhere = bpf_object__find_program_by_name(ext, "nowhere");
	assert_int_equal(bpf_program__set_autoload(bpf_object__find_program_by_name(ext, "weak_one_other"), false), 0);
	assert_int_equal(bpf_program__set_autoload(nowhere, true), 0);
	assert_int_equal(bpf_program__set_attach_target(nowhere, target_fd, "no_such_function"), -ENOENT);
	assert_said("no_such_function is not found in prog's BTF\n");
	assert_int_equal(bpf_object__load(ext), -EINVAL);
	assert_said("prog 'nowhere': attach program FD is not set\n");
	close_both();
}

static void attaching_elsewhere_is_not_modelled(void **state __unused_arg)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .netfilter.pf = 2);
	struct bpf_program *plain, *probe;

	load_both();
	plain = bpf_object__find_program_by_name(ext, "plain");
	assert_null(bpf_program__attach(plain));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_said("prog 'plain': not modelled: attaching programs of section 'xdp'\n");
	assert_int_equal(bpf_link_create(bpf_program__fd(plain), 1, BPF_XDP, NULL), -EOPNOTSUPP);
	assert_int_equal(bpf_link_create(bpf_program__fd(plain), 1, BPF_NETFILTER, &opts), -EOPNOTSUPP);
	assert_said("not modelled: these options of bpf_link_create()");
	probe = bpf_object__find_program_by_name(ext, "probe");
	assert_null(bpf_program__attach_trace(probe));
	assert_int_equal(errno, EINVAL);
	close_both();
}

static int open_fds(void)
{
	int cnt = 0;

	for (int fd = 0; fd < 256; fd++)
		cnt += fcntl(fd, F_GETFD) >= 0;
	return cnt;
}

static void skeletons_attach_what_says_where_to(void **state __unused_arg)
{
	struct bpf_link *links[2] = { 0 };
	struct bpf_prog_skeleton progs[] = { { "weak_one_other", &other, &links[0] }, { "plain", NULL, &links[1] } };
	struct bpf_object_skeleton s = { .sz = sizeof(s), .prog_cnt = 2, .prog_skel_sz = sizeof(progs[0]), .progs = progs };
	struct bpf_program *plain;
	int before;

	load_both();
	plain = bpf_object__find_program_by_name(ext, "plain");
	progs[1].prog = &plain;
	before = open_fds();
	assert_true(bpf_program__autoattach(other));
	bpf_program__set_autoattach(other, false);
	assert_int_equal(bpf_object__attach_skeleton(&s), 0);
	assert_null(links[0]);
	bpf_program__set_autoattach(other, true);
	assert_int_equal(bpf_object__attach_skeleton(&s), 0);
	assert_non_null(links[0]);
	assert_null(links[1]);
	assert_int_equal(run_prog(target, "fourth"), 64 + 5000);
	assert_int_equal(bpf_object__attach_skeleton(&s), 0);
	bpf_object__detach_skeleton(&s);
	assert_null(links[0]);
	assert_int_equal(run_prog(target, "fourth"), 64 + 1000);
	assert_int_equal(open_fds(), before);
	close_both();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_extension_is_in_place_while_its_link_is),
		cmocka_unit_test(by_name_of_the_function),
		cmocka_unit_test(a_disconnected_link_leaves_its_descriptor),
		cmocka_unit_test(the_commands_of_bpf_2),
		cmocka_unit_test(a_pinned_link_stays),
		cmocka_unit_test(a_function_that_is_not_there),
		cmocka_unit_test(attaching_elsewhere_is_not_modelled),
		cmocka_unit_test(skeletons_attach_what_says_where_to),
	};

	if (argc != 2)
		return 2;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
