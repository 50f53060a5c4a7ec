/* SPDX-License-Identifier: BSD-2-Clause */
/* test_linker.c - the static linker: what it makes runs, and means what bpftool makes of the same objects. */
#include "machines.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static char dir[256];

static const char *in_dir(const char *name)
{
	static char paths[4][512];
	static int at;
	char *path = paths[at++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static const char *object(const char *name)
{
	static char paths[4][512];
	static int at;
	char *path = paths[at++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s.bpf.o", obj_dir, name);
	return path;
}

/* @names ends with NULL; the first one that is refused tells. */
static int link_to(const char *out, const char *const *names)
{
	struct bpf_linker *linker = bpf_linker__new(out, NULL);
	int err = 0;

	assert_non_null(linker);
	for (; !err && *names; names++)
		err = bpf_linker__add_file(linker, (*names)[0] == '/' ? *names : object(*names), NULL);
	if (!err)
		err = bpf_linker__finalize(linker);
	bpf_linker__free(linker);
	return err;
}

#define LINK(out, ...) link_to(out, (const char *const[]){ __VA_ARGS__, NULL })

static long count_at(struct bpf_object *obj, int key)
{
	long value = 0;

	assert_int_equal(bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(obj, "counts"), &key, &value), 0);
	return value;
}

static struct bpf_object *open_linked(const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);

	assert_non_null(obj);
	return obj;
}

/* helper(11) + lib_scale(3) + chosen(1) + numbers[1], + factor + lib_weak(2) */
#define TOTAL  ((11 + 5) + (3 * 100 + 2) + (1 + 1000 + 100) + 8)
#define FIRST  (TOTAL + 2 + (2 + 100))
#define SECOND ((40 + 100) + (2 + 1000 + 100))

static void check_runs(const char *path)
{
	struct bpf_object *obj = open_linked(path);

	load_obj(obj);
	assert_int_equal(run_prog(obj, "first"), FIRST);
	assert_int_equal(run_prog(obj, "second"), SECOND);
	assert_int_equal(count_at(obj, 0), 1);
	assert_int_equal(count_at(obj, 1), 10);
	bpf_object__close(obj);
}

static void linked_object_runs(enum machine m __unused_arg)
{
	assert_int_equal(LINK(in_dir("two.o"), "link_main", "link_lib"), 0);
	check_runs(in_dir("two.o"));
	/* The other way round a strong definition comes before the weak one, definitions before declarations. */
	assert_int_equal(LINK(in_dir("owt.o"), "link_lib", "link_main"), 0);
	check_runs(in_dir("owt.o"));
}

static void linked_again(enum machine m __unused_arg)
{
	struct bpf_object *obj;

	assert_int_equal(LINK(in_dir("one.o"), "link_lib"), 0);
	assert_int_equal(LINK(in_dir("again.o"), "link_main", in_dir("one.o")), 0);
	check_runs(in_dir("again.o"));
	assert_int_equal(LINK(in_dir("same.o"), in_dir("again.o")), 0);
	check_runs(in_dir("same.o"));
	assert_int_equal(LINK(in_dir("three.o"), "link_more", in_dir("same.o")), 0);
	check_runs(in_dir("three.o"));
	obj = open_linked(in_dir("three.o"));
	load_obj(obj);
	assert_int_equal(run_prog(obj, "third"), 'e' * 100 + 2);
	bpf_object__close(obj);
}

/* ---- beside bpftool ---------------------------------------------------------------------------------------- */

static bool bpftool_links(const char *out, const char *a, const char *b)
{
	char cmd[2048];

	snprintf(cmd, sizeof(cmd), "PATH=$PATH:/usr/sbin bpftool gen object %s %s %s >/dev/null 2>&1", out, a, b);
	return !system(cmd);
}

static void same_programs(struct bpf_object *a, struct bpf_object *b)
{
	struct bpf_program *p, *q = bpf_object__next_program(b, NULL);

	bpf_object__for_each_program(p, a) {
		assert_non_null(q);
		assert_string_equal(bpf_program__name(p), bpf_program__name(q));
		assert_string_equal(bpf_program__section_name(p), bpf_program__section_name(q));
		assert_int_equal(bpf_program__insn_cnt(p), bpf_program__insn_cnt(q));
		assert_memory_equal(bpf_program__insns(p), bpf_program__insns(q),
				    bpf_program__insn_cnt(p) * sizeof(struct bpf_insn));
		q = bpf_object__next_program(b, q);
	}
	assert_null(q);
}

static void same_maps(struct bpf_object *a, struct bpf_object *b)
{
	struct bpf_map *p, *q = bpf_object__next_map(b, NULL);

	bpf_object__for_each_map(p, a) {
		size_t p_size, q_size;
		const void *p_value, *q_value;

		assert_non_null(q);
		assert_string_equal(bpf_map__name(p), bpf_map__name(q));
		assert_int_equal(bpf_map__type(p), bpf_map__type(q));
		assert_int_equal(bpf_map__value_size(p), bpf_map__value_size(q));
		assert_int_equal(bpf_map__max_entries(p), bpf_map__max_entries(q));
		p_value = bpf_map__initial_value(p, &p_size);
		q_value = bpf_map__initial_value(q, &q_size);
		assert_int_equal(!p_value, !q_value);
		if (p_value) {
			assert_int_equal(p_size, q_size);
			assert_memory_equal(p_value, q_value, p_size);
		}
		q = bpf_object__next_map(b, q);
	}
	assert_null(q);
}

static void count_kinds(const struct btf *btf, __u32 cnt[32])
{
	for (__u32 id = 1; id < btf__type_cnt(btf); id++)
		cnt[(btf__type_by_id(btf, id)->info >> 24) & 31]++;
}

/* Every variable of every section stands at the same place. */
static void same_variables(const struct btf *a, const struct btf *b)
{
	static const char *const vars[][2] = { { ".data", "shared" }, { ".data", "numbers" }, { ".bss", "total" },
					       { ".rodata", "limit" }, { ".data.mine", "own" }, { ".maps", "counts" } };

	for (size_t i = 0; i < ARRAY_SIZE(vars); i++) {
		__u32 a_off, b_off, a_size, b_size;

		assert_true(btf__find_var(a, vars[i][0], vars[i][1], &a_off, &a_size));
		assert_true(btf__find_var(b, vars[i][0], vars[i][1], &b_off, &b_size));
		assert_int_equal(a_off, b_off);
		assert_int_equal(a_size, b_size);
	}
}

static void same_as_bpftool(void **state __unused_arg)
{
	__u32 a_kinds[32] = { 0 }, b_kinds[32] = { 0 };
	struct bpf_object *a, *b;

	if (!bpftool_links(in_dir("ref.o"), object("link_main"), object("link_lib")))
		skip();
	start(ON_INTERP);
	assert_int_equal(mkdir(in_dir("ours"), 0755), 0);
	assert_int_equal(LINK(in_dir("ours/ref.o"), "link_main", "link_lib"), 0);
	a = open_linked(in_dir("ours/ref.o")); /* maps of sections are named after the file */
	b = open_linked(in_dir("ref.o"));
	same_maps(a, b);
	same_variables(bpf_object__btf(a), bpf_object__btf(b));
	count_kinds(bpf_object__btf(a), a_kinds);
	count_kinds(bpf_object__btf(b), b_kinds);
	assert_int_equal(a_kinds[BTF_KIND_DATASEC], b_kinds[BTF_KIND_DATASEC]);
	assert_int_equal(a_kinds[BTF_KIND_STRUCT], b_kinds[BTF_KIND_STRUCT]);
	assert_int_equal(a_kinds[BTF_KIND_FUNC], b_kinds[BTF_KIND_FUNC]);
	load_obj(a);
	load_obj(b);
	assert_int_equal(run_prog(a, "first"), run_prog(b, "first"));
	assert_int_equal(run_prog(a, "second"), run_prog(b, "second"));
	bpf_object__close(a);
	bpf_object__close(b);
	a = open_linked(in_dir("ours/ref.o"));
	b = open_linked(in_dir("ref.o"));
	same_programs(a, b);
	bpf_object__close(a);
	bpf_object__close(b);
	/* Each takes what the other made. */
	assert_true(bpftool_links(in_dir("theirs.o"), in_dir("ours/ref.o"), ""));
	check_runs(in_dir("theirs.o"));
	assert_int_equal(LINK(in_dir("back.o"), in_dir("ref.o")), 0);
	check_runs(in_dir("back.o"));
	stop();
}

/* ---- what is refused --------------------------------------------------------------------------------------- */

static void disagreements(void **state __unused_arg)
{
	static const struct {
		const char *lib, *message;
	} rows[] = {
		{ "link_wrong1", "'lib_scale': its types (BTF) in " },
		{ "link_wrong2", "'counts': its types (BTF) in " },
		{ "link_wrong3", "'first': defined in " },
		{ "link_wrong4", "section license: " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		clear_messages();
		assert_int_equal(LINK(in_dir("wrong.o"), "link_main", rows[i].lib), -EINVAL);
		assert_non_null(strstr(messages, rows[i].message));
		assert_non_null(strstr(messages, "link_main.bpf.o"));
		assert_non_null(strstr(messages, rows[i].lib));
		assert_int_equal(access(in_dir("wrong.o"), F_OK), -1);
	}
}

static void misuse(void **state __unused_arg)
{
	LIBBPF_OPTS(bpf_linker_opts, opts);
	struct bpf_linker *l;
	char junk[100] = "junk";

	assert_null(bpf_linker__new(NULL, NULL));
	assert_int_equal(errno, EINVAL);
	opts.sz = 3;
	assert_null(bpf_linker__new(in_dir("x.o"), &opts));
	assert_int_equal(errno, EINVAL);
	assert_null(bpf_linker__new_fd(-1, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(bpf_linker__new("/no/such/folder/x.o", NULL));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(bpf_linker__add_file(NULL, object("link_lib"), NULL), -EINVAL);
	assert_int_equal(bpf_linker__finalize(NULL), -EINVAL);
	bpf_linker__free(NULL);

	l = bpf_linker__new(in_dir("x.o"), NULL);
	assert_non_null(l);
	assert_int_equal(bpf_linker__add_file(l, NULL, NULL), -EFAULT);
	assert_int_equal(bpf_linker__add_file(l, in_dir("none.o"), NULL), -ENOENT);
	assert_int_equal(bpf_linker__add_fd(l, -1, NULL), -EINVAL);
	assert_int_equal(bpf_linker__add_buf(l, NULL, 4, NULL), -EINVAL);
	assert_int_equal(bpf_linker__add_file(l, object("link_lib"), NULL), 0);
	assert_int_equal(bpf_linker__finalize(l), 0);
	assert_int_equal(bpf_linker__finalize(l), -EINVAL);
	assert_int_equal(bpf_linker__add_file(l, object("link_lib"), NULL), -EINVAL);
	bpf_linker__free(l);
	assert_int_equal(access(in_dir("x.o"), F_OK), 0);

	l = bpf_linker__new(in_dir("y.o"), NULL);
	assert_int_equal(bpf_linker__add_buf(l, junk, sizeof(junk), NULL), -LIBBPF_ERRNO__FORMAT);
	assert_int_equal(bpf_linker__finalize(l), -EINVAL);
	bpf_linker__free(l);
	assert_int_equal(access(in_dir("y.o"), F_OK), -1);
}

static void full_disk(void **state __unused_arg)
{
	assert_int_equal(LINK("/dev/full", "link_lib"), -ENOSPC);
}

/* What was there stays until all is written. */
static void replaced_at_once(void **state __unused_arg)
{
	struct bpf_linker *l;
	struct stat st;
	int fd = open(in_dir("old.o"), O_WRONLY | O_CREAT, 0600);

	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	l = bpf_linker__new(in_dir("old.o"), NULL);
	assert_int_equal(bpf_linker__add_file(l, object("link_lib"), NULL), 0);
	assert_int_equal(stat(in_dir("old.o"), &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(bpf_linker__finalize(l), 0);
	assert_int_equal(stat(in_dir("old.o"), &st), 0);
	assert_true(st.st_size > 3);
	bpf_linker__free(l);
}

static void descriptors_and_memory(void **state __unused_arg)
{
	char bytes[65536];
	int in = open(object("link_main"), O_RDONLY), lib = open(object("link_lib"), O_RDONLY);
	int out = open(in_dir("fd.o"), O_RDWR | O_CREAT, 0644);
	ssize_t size = read(lib, bytes, sizeof(bytes));
	struct bpf_linker *l = bpf_linker__new_fd(out, NULL);

	assert_true(size > 0 && size < (ssize_t)sizeof(bytes));
	assert_non_null(l);
	assert_int_equal(bpf_linker__add_fd(l, in, NULL), 0);
	assert_int_equal(bpf_linker__add_buf(l, bytes, size, NULL), 0);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(bpf_linker__finalize(l), 0);
	bpf_linker__free(l);
	assert_int_equal(close(out), 0); /* the caller's still */
	close(in);
	close(lib);
	start(ON_INTERP);
	check_runs(in_dir("fd.o"));
	stop();
}

#define ON_EACH(test)                                                                              \
	static void test##_on_each(void **state __unused_arg)                                      \
	{                                                                                          \
		on_each(test);                                                                     \
	}
ON_EACH(linked_object_runs)
ON_EACH(linked_again)

static int make_dir(void **state __unused_arg)
{
	snprintf(dir, sizeof(dir), "%s/linkerXXXXXX", obj_dir);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state __unused_arg)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), "rm -r '%s'", dir);
	return system(cmd);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linked_object_runs_on_each), cmocka_unit_test(linked_again_on_each),
		cmocka_unit_test(same_as_bpftool), cmocka_unit_test(disagreements), cmocka_unit_test(misuse),
		cmocka_unit_test(full_disk), cmocka_unit_test(replaced_at_once), cmocka_unit_test(descriptors_and_memory),
	};
	static char here[PATH_MAX];

	if (argc != 2)
		return 2;
	/* Names of inputs that begin with a slash are files of the test's own. */
	if (!realpath(argv[1], here) || strlen(here) > 200)
		return 2;
	obj_dir = here;
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
