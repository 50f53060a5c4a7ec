/* SPDX-License-Identifier: BSD-2-Clause */
/* object.c - an application that opens an object by its path: lists it, loads it, walks over a map. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static void list(struct bpf_object *obj)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
		printf("map %s: type %d, key %u, value %u, max %u\n", bpf_map__name(map), bpf_map__type(map),
		       bpf_map__key_size(map), bpf_map__value_size(map), bpf_map__max_entries(map));
	bpf_object__for_each_program(prog, obj)
		printf("program %s: section %s, type %d\n", bpf_program__name(prog), bpf_program__section_name(prog),
		       bpf_program__type(prog));
}

static int count(struct bpf_object *obj)
{
	static char packet[200];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet), .repeat = 5);
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, "classify");
	int map = bpf_object__find_map_fd_by_name(obj, "classes"), err;
	__u32 key, *prev = NULL;
	__u64 cnt;

	err = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
	if (err)
		return err;
	while (!bpf_map_get_next_key(map, prev, &key)) {
		if (!bpf_map_lookup_elem(map, &key, &cnt))
			printf("class %u: %llu\n", key, (unsigned long long)cnt);
		prev = &key;
	}
	return bpf_map_delete_elem(map, &key);
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "app");
	struct bpf_object *obj = argc > 1 ? bpf_object__open_file(argv[1], &opts) : NULL;
	int err;

	if (!obj) {
		perror("open");
		return 1;
	}
	list(obj);
	err = bpf_object__load(obj);
	if (err) {
		fprintf(stderr, "load: %s\n", strerror(-err));
		bpf_object__close(obj);
		return 2;
	}
	err = count(obj);
	printf("done: %d; no map \"none\": %d\n", err, !bpf_object__find_map_by_name(obj, "none") && errno == ENOENT);
	bpf_object__close(obj);
	return 0;
}
