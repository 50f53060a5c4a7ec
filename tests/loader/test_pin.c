/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pin.c - the BPF file system of an instance, and what the loader puts and finds there. Calls that
 * fail are put to the running kernel too; nothing is ever pinned there. */
#include "machines.h"

#include <limits.h>

#define PIN "/sys/fs/bpf/"

/* ---- bpf(2) -------------------------------------------------------------------------------------- */

static int pin(int fd, const char *path, u32 flags, int path_fd)
{
	LIBBPF_OPTS(bpf_obj_pin_opts, opts, .file_flags = flags, .path_fd = path_fd);

	return bpf_obj_pin_opts(fd, path, &opts);
}

static int get(const char *path, u32 flags, int path_fd)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = flags, .path_fd = path_fd);

	return bpf_obj_get_opts(path, &opts);
}

static void refused_on(enum machine m __unused_arg)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "m", 4, 4, 1, NULL);
	char longest[PATH_MAX + 10] = "/";

	assert_true(map >= 0);
	memset(longest + 1, 'a', PATH_MAX);
	/* The descriptor is looked at before the path. */
	assert_int_equal(pin(1000, NULL, 0, 0), -EINVAL);
	assert_int_equal(pin(0, "/tmp/x", 0, 0), -EINVAL);
	assert_int_equal(pin(map, NULL, 0, 0), -EFAULT);
	assert_int_equal(pin(map, "", 0, 0), -ENOENT);
	assert_int_equal(pin(map, longest, 0, 0), -ENAMETOOLONG);
	assert_int_equal(pin(map, "/tmp/skep-no-bpffs", 0, 0), -EPERM);
	assert_int_equal(pin(map, "/tmp/x", 1, 0), -EINVAL);
	assert_int_equal(pin(map, "/tmp/x", BPF_F_RDONLY, 0), -EINVAL);
	assert_int_equal(pin(map, "/tmp/x", 0, 5), -EINVAL);
	assert_int_equal(pin(map, "/sys/fs/bpf", 0, 0), -EEXIST);
	assert_int_equal(pin(map, "/sys/fs/bpf/", 0, 0), -EEXIST);
	assert_int_equal(get("/sys/fs/bpf", 0, 0), -EACCES);
	assert_int_equal(get("/sys/fs/bpf/skep-none", 0, 0), -ENOENT);
	assert_int_equal(get("/tmp/skep-none", BPF_F_RDONLY | BPF_F_WRONLY, 0), -EINVAL);
	assert_int_equal(get("/tmp/skep-none", 1, 0), -EINVAL);
	assert_int_equal(get("/tmp/skep-none", 0, 5), -EINVAL);
	assert_int_equal(get(NULL, 0, 0), -EFAULT);
	close(map);
}

static void what_is_refused(void **state __unused_arg)
{
	on_each(refused_on);
}

static void the_file_system(void **state __unused_arg)
{
	int map, fd, key = 0, val = 42;

	start(ON_JIT);
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "m", 4, 4, 1, NULL);
	assert_int_equal(bpf_map_update_elem(map, &key, &val, 0), 0);
	assert_int_equal(pin(map, PIN "folder/m.x", 0, 0), -EPERM); /* dots are not for us */
	assert_int_equal(pin(map, "/tmp/m", 0, 0), -EPERM);
	assert_int_equal(pin(map, "/sys/fs/bpf/../bpf//folder/./m", 0, 0), 0);
	assert_int_equal(pin(map, PIN "folder/m", 0, 0), -EEXIST);
	assert_int_equal(pin(map, PIN "folder", 0, 0), -EEXIST);
	assert_int_equal(pin(map, PIN "folder/m/below", 0, 0), -ENOTDIR);
	assert_int_equal(get(PIN "folder/m/below", 0, 0), -ENOTDIR);
	assert_int_equal(get(PIN "folder", 0, 0), -EACCES);
	close(map);
	/* The pin holds it. */
	fd = get(PIN "folder/m", BPF_F_RDONLY, 0);
	assert_true(fd >= 0);
	val = 0;
	assert_int_equal(bpf_map_lookup_elem(fd, &key, &val), 0);
	assert_int_equal(val, 42);
	assert_int_equal(bpf_map_update_elem(fd, &key, &val, 0), -EPERM);
	close(fd);
	stop(); /* and goes with the instance: the leak check looks */
}

/* ---- the loader ----------------------------------------------------------------------------------- */

static struct bpf_object *run_pins(const struct bpf_object_open_opts *opts, long want_shared)
{
	struct bpf_object *obj = open_obj("pins", opts);
	int key = 0;
	long n = 0;

	load_obj(obj);
	assert_int_equal(run_prog(obj, "count"), 2);
	assert_int_equal(bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(obj, "shared"), &key, &n), 0);
	assert_int_equal(n, want_shared);
	assert_int_equal(bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(obj, "mine"), &key, &n), 0);
	assert_int_equal(n, 1);
	return obj;
}

static void maps_are_found_by_name(void **state __unused_arg)
{
	LIBBPF_OPTS(bpf_object_open_opts, elsewhere, .pin_root_path = "/sys/fs/bpf/other");
	struct bpf_object *obj, *again;
	struct bpf_map *map;

	start(ON_JIT);
	obj = run_pins(NULL, 1);
	map = bpf_object__find_map_by_name(obj, "shared");
	assert_true(bpf_map__is_pinned(map));
	assert_string_equal(bpf_map__pin_path(map), PIN "shared");
	assert_false(bpf_map__is_pinned(bpf_object__find_map_by_name(obj, "mine")));
	again = run_pins(NULL, 2);
	bpf_object__close(obj);
	bpf_object__close(again);
	bpf_object__close(run_pins(NULL, 3)); /* closing does not unpin */
	bpf_object__close(run_pins(&elsewhere, 1));
	obj = open_obj("pins", NULL);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "shared"), 9);
	clear_messages();
	assert_int_equal(bpf_object__load(obj), -EINVAL);
	assert_said("couldn't reuse pinned map at '/sys/fs/bpf/shared': parameter mismatch");
	bpf_object__close(obj);
	obj = run_pins(NULL, 4);
	map = bpf_object__find_map_by_name(obj, "shared");
	assert_int_equal(bpf_map__unpin(map, "/sys/fs/bpf/wrong"), -EINVAL);
	assert_int_equal(bpf_map__unpin(map, NULL), 0);
	assert_int_equal(bpf_map__unpin(map, NULL), -ENOENT);
	bpf_object__close(obj);
	bpf_object__close(run_pins(NULL, 1));
	stop();
}

static void an_object_is_pinned(void **state __unused_arg)
{
	struct bpf_object *obj;
	struct bpf_map *mine;
	int fd;

	start(ON_JIT);
	obj = open_obj("pins", NULL);
	mine = bpf_object__find_map_by_name(obj, "mine");
	assert_int_equal(bpf_object__pin(obj, PIN "o"), -ENOENT);
	assert_said("object not yet loaded; load it first");
	assert_int_equal(bpf_map__pin(mine, PIN "o/mine"), -EINVAL);
	bpf_map__set_pin_path(bpf_object__find_map_by_name(obj, "shared"), NULL);
	load_obj(obj);
	assert_int_equal(bpf_object__pin(obj, PIN "o"), 0);
	fd = bpf_obj_get(PIN "o/count");
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(bpf_map__pin(mine, PIN "o/mine"), 0); /* it is */
	assert_int_equal(bpf_map__pin(mine, PIN "elsewhere"), -EINVAL);
	assert_said("map 'mine' already has pin path '/sys/fs/bpf/o/mine' different from '/sys/fs/bpf/elsewhere'");
	assert_int_equal(bpf_object__pin_programs(obj, PIN "o"), -EEXIST);
	assert_int_equal(bpf_object__unpin(obj, PIN "o"), 0);
	assert_int_equal(bpf_obj_get(PIN "o/count"), -ENOENT);
	assert_int_equal(bpf_obj_get(PIN "o/mine"), -ENOENT);
	/* Where one name is taken nothing stays. */
	assert_int_equal(bpf_obj_pin(bpf_map__fd(mine), PIN "o2/count"), 0);
	assert_int_equal(bpf_object__pin(obj, PIN "o2"), -EINVAL);
	bpf_map__set_pin_path(mine, NULL);
	bpf_map__set_pin_path(bpf_object__find_map_by_name(obj, "shared"), NULL);
	assert_int_equal(bpf_object__pin(obj, PIN "o2"), -EEXIST);
	assert_int_equal(bpf_obj_get(PIN "o2/mine"), -ENOENT);
	clear_messages();
	assert_int_equal(bpf_program__pin(bpf_object__find_program_by_name(obj, "count"), "/tmp/count"), -EINVAL);
	assert_said("specified path /tmp/count is not on BPF FS");
	bpf_object__close(obj);
	stop();
}

/* ---- maps of maps --------------------------------------------------------------------------------- */

static void values_on(enum machine m)
{
	struct bpf_object *obj = open_obj("inner", NULL);
	struct bpf_map *outer = bpf_object__find_map_by_name(obj, "outer");
	int key = 1, err;
	long n = 30;

	assert_string_equal(bpf_map__name(bpf_map__inner_map(outer)), "outer.inner");
	assert_int_equal(bpf_map__max_entries(bpf_map__inner_map(outer)), 4);
	err = bpf_object__load(obj);
	if (m != ON_KERNEL && err == -EOPNOTSUPP) {
		assert_said("not modelled: map type ");
		bpf_object__close(obj);
		return;
	}
	assert_int_equal(err, 0);
	assert_int_equal(bpf_map_update_elem(bpf_object__find_map_fd_by_name(obj, "first"), &key, &n, 0), 0);
	n = 12;
	assert_int_equal(bpf_map_update_elem(bpf_object__find_map_fd_by_name(obj, "second"), &key, &n, 0), 0);
	assert_int_equal(run_prog(obj, "sum"), 42);
	assert_int_equal(run_prog(obj, "jump"), 17);
	assert_true(bpf_map__max_entries(bpf_object__find_map_by_name(obj, "events")) > 0);
	assert_true(bpf_map__max_entries(bpf_map__inner_map(bpf_object__find_map_by_name(obj, "of_events"))) > 0);
	bpf_object__close(obj);
}

static void values_in_maps(void **state __unused_arg)
{
	on_each(values_on);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(the_file_system),
		cmocka_unit_test(maps_are_found_by_name),
		cmocka_unit_test(an_object_is_pinned),
		cmocka_unit_test(values_in_maps),
	};

	if (argc != 2)
		return 2;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
