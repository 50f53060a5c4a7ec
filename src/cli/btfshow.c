/* SPDX-License-Identifier: BSD-2-Clause */
/* btfshow.c - "btf show" and "btf list": the BTF of a fresh instance that loaded objects, as bpftool lists it. */
#include "cli/btfcmd.h"

#include "base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

/* What has a BTF: a program or a map, in the order of their ids. */
struct user {
	u32 id, btf_id;
	bool is_map;
};
typedef VEC(struct user) users_list;

static bool add_user(users_list *users, u32 id, u32 btf_id, bool is_map)
{
	return !btf_id || vec_push(users, ((struct user){ id, btf_id, is_map })) || !cli_fail("out of memory");
}

static bool find_users(struct bpf_object *obj, users_list *users)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	bpf_object__for_each_program(prog, obj) {
		struct bpf_prog_info info = { 0 };
		u32 len = sizeof(info);

		if (bpf_program__fd(prog) >= 0 && !bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &len) &&
		    !add_user(users, info.id, info.btf_id, false))
			return false;
	}
	bpf_object__for_each_map(map, obj) {
		struct bpf_map_info info = { 0 };
		u32 len = sizeof(info);

		if (bpf_map__fd(map) >= 0 && !bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &len) &&
		    !add_user(users, info.id, info.btf_id, true))
			return false;
	}
	return true;
}

static void put_ids(const users_list *users, u32 btf_id, bool maps)
{
	const char *before = maps ? "  map_ids " : "  prog_ids ";

	for (size_t i = 0; i < users->cnt; i++) {
		if (users->at[i].btf_id != btf_id || users->at[i].is_map != maps)
			continue;
		printf("%s%u", before, users->at[i].id);
		before = ",";
	}
}

static struct json_object *ids_json(const users_list *users, u32 btf_id, bool maps)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < users->cnt; i++) {
		if (users->at[i].btf_id == btf_id && users->at[i].is_map == maps)
			json_object_array_add(list, json_object_new_int64(users->at[i].id));
	}
	return list;
}

static void put_text(const struct bpf_btf_info *info, const char *name, const users_list *users)
{
	printf("%u: ", info->id);
	if (info->kernel_btf)
		printf("name [%s]", name);
	else
		printf("name %s", *name ? name : "<anon>");
	printf("  size %uB", info->btf_size);
	put_ids(users, info->id, false);
	put_ids(users, info->id, true);
	putchar('\n');
}

static struct json_object *btf_json(const struct bpf_btf_info *info, const char *name, const users_list *users)
{
	struct json_object *obj = json_object_new_object();

	json_add_num(obj, "id", info->id);
	json_add_num(obj, "size", info->btf_size);
	json_object_object_add(obj, "prog_ids", ids_json(users, info->id, false));
	json_object_object_add(obj, "map_ids", ids_json(users, info->id, true));
	json_object_object_add(obj, "kernel", json_object_new_boolean(info->kernel_btf != 0));
	if (*name)
		json_add_str(obj, "name", name);
	return obj;
}

static int show_one(u32 id, const users_list *users, struct json_object *list)
{
	char name[64] = "";
	struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
	u32 len = sizeof(info);
	int fd = bpf_btf_get_fd_by_id(id), err;

	if (fd < 0)
		return cli_fail("BTF %u: %s", id, cli_strerror(errno));
	err = bpf_btf_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (err)
		return cli_fail("BTF %u: %s", id, cli_strerror(err));
	if (list)
		json_object_array_add(list, btf_json(&info, name, users));
	else
		put_text(&info, name, users);
	return EXIT_OK;
}

/* @only: that id, 0: all. bpftool gives one alone as an object, all as a list. */
static int show_all(u32 only, const users_list *users, const struct cli_opts *opts)
{
	struct json_object *list = opts->json ? json_object_new_array() : NULL;
	u32 id = 0;
	int status = EXIT_OK;

	if (only)
		status = show_one(only, users, list);
	while (!only && !status && !bpf_btf_get_next_id(id, &id))
		status = show_one(id, users, list);
	if (list && !status)
		cli_print_json(only ? json_object_get(json_object_array_get_idx(list, 0)) : json_object_get(list), opts);
	json_object_put(list);
	return status;
}

static int show_files(struct skep *skep, struct cli_opts *opts, u32 only, int argc, char **argv)
{
	struct bpf_object **objs = calloc((size_t)argc, sizeof(*objs));
	users_list users = { 0 };
	int status = objs ? EXIT_OK : cli_fail("out of memory");

	for (int i = 0; i < argc && !status; i++) {
		status = cli_load_file(skep, argv[i], opts, &objs[i]);
		if (!status && !find_users(objs[i], &users))
			status = EXIT_BAD;
	}
	if (!status)
		status = show_all(only, &users, opts);
	for (int i = 0; objs && i < argc; i++)
		bpf_object__close(objs[i]);
	free(objs);
	vec_free(&users);
	return status;
}

static int btf_show(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	int status = EXIT_OK, words = 0;
	struct skep *skep;
	u32 only = 0;

	if (argc > 1 && !strcmp(argv[0], "id")) {
		status = btf_take_id(cmd, "id", argv[1], &only);
		words = 2;
	}
	if (status)
		return status;
	if (argc == words)
		return cli_usage_error(cmd, "which file? There is no state outside of one run of skep");
	skep = cli_instance(opts);
	status = skep ? show_files(skep, opts, only, argc - words, argv + words) : EXIT_BAD;
	cli_instance_end(skep);
	cli_messages_end();
	return status;
}

static const struct cli_option options[] = {
	OPTION_KERNEL_BTF, OPTION_KCONFIG, OPTION_ENGINE, OPTION_JSON, OPTION_PRETTY, OPTIONS_END
};
#define SHOW_ROW                                                                                                    \
	.usage = "[id N] FILE... [-j] [--kernel-btf FILE]",                                                         \
	.help = "Loads objects into one instance and lists the BTF that it has then as bpftool does.",             \
	.options = options,                                                                                        \
	.notes = "exit status: 0 shown, 1 a program was refused, 2 something could not be read or loaded",        \
	.run = btf_show
const struct cli_command cmd_btf_show = {
	.name = "btf show",
	.example = "  skep -j btf show lb.bpf.o",
	SHOW_ROW,
};
const struct cli_command cmd_btf_list = {
	.name = "btf list",
	.example = "  skep btf list lb.bpf.o",
	SHOW_ROW,
};
