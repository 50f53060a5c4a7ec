/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show.c - "prog show" and "map show": what becomes of an object's programs and maps in a fresh instance, in
 * bpftool's text and JSON. All figures are what bpf(2) of the instance tells of a descriptor; what it does not tell
 * (memlock and frozen, which Linux has in fdinfo) is left out.
 */
#include "cli/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/bpf.h>

/* Prints one file's part; @list takes its entries when it is JSON. EXIT_OK or EXIT_BAD. */
typedef int (*show_fn)(struct bpf_object *obj, const char *file, struct json_object *list);

/* "xdp", or the number of a type without a name. */
static void type_text(char *to, size_t size, const char *name, u32 type)
{
	if (name)
		snprintf(to, size, "%s", name);
	else
		snprintf(to, size, "%u", type);
}

/* ---- programs -------------------------------------------------------------------------------- */

struct prog_facts {
	struct bpf_prog_info info;
	char type[64], tag[2 * BPF_TAG_SIZE + 1];
	u32 *map_ids; /* info.nr_map_ids */
};

/* Wall time of @load_time, which counts from boot. */
static time_t loaded_at(u64 load_time)
{
	struct timespec real, boot;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return real.tv_sec - boot.tv_sec + (time_t)((real.tv_nsec - boot.tv_nsec + (s64)load_time) / 1000000000);
}

static int prog_facts_get(int fd, struct prog_facts *facts)
{
	u32 len = sizeof(facts->info), map_cnt;
	int err = bpf_prog_get_info_by_fd(fd, &facts->info, &len);

	if (err)
		return err;
	map_cnt = facts->info.nr_map_ids;
	if (map_cnt) {
		facts->map_ids = calloc(map_cnt, sizeof(*facts->map_ids));
		if (!facts->map_ids)
			return -ENOMEM;
		facts->info = (struct bpf_prog_info){ .nr_map_ids = map_cnt,
						      .map_ids = (uintptr_t)facts->map_ids };
		len = sizeof(facts->info);
		err = bpf_prog_get_info_by_fd(fd, &facts->info, &len);
	}
	type_text(facts->type, sizeof(facts->type), libbpf_bpf_prog_type_str(facts->info.type), facts->info.type);
	for (u32 i = 0; i < BPF_TAG_SIZE; i++)
		sprintf(facts->tag + 2 * i, "%02x", facts->info.tag[i]);
	return err;
}

static struct json_object *prog_json(const struct prog_facts *facts, const char *name)
{
	const struct bpf_prog_info *info = &facts->info;
	struct json_object *obj = json_object_new_object(), *ids;

	json_add_num(obj, "id", info->id);
	json_add_str(obj, "type", facts->type);
	json_add_str(obj, "name", name);
	json_add_str(obj, "tag", facts->tag);
	json_object_object_add(obj, "gpl_compatible", json_object_new_boolean(info->gpl_compatible));
	json_add_num(obj, "loaded_at", (u64)loaded_at(info->load_time));
	json_add_num(obj, "uid", info->created_by_uid);
	json_add_num(obj, "bytes_xlated", info->xlated_prog_len);
	json_object_object_add(obj, "jited", json_object_new_boolean(info->jited_prog_len != 0));
	if (info->jited_prog_len)
		json_add_num(obj, "bytes_jited", info->jited_prog_len);
	if (info->nr_map_ids) {
		ids = json_object_new_array();
		for (u32 i = 0; i < info->nr_map_ids; i++)
			json_object_array_add(ids, json_object_new_int64(facts->map_ids[i]));
		json_object_object_add(obj, "map_ids", ids);
	}
	if (info->btf_id)
		json_add_num(obj, "btf_id", info->btf_id);
	return obj;
}

static void prog_text(const struct prog_facts *facts, const char *name)
{
	const struct bpf_prog_info *info = &facts->info;
	time_t at = loaded_at(info->load_time);
	char when[64] = "";
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(when, sizeof(when), "%FT%T%z", &tm);
	printf("%u: %s  name %s  tag %s%s\n", info->id, facts->type, name, facts->tag,
	       info->gpl_compatible ? "  gpl" : "");
	printf("\tloaded_at %s  uid %u\n\txlated %uB", when, info->created_by_uid, info->xlated_prog_len);
	if (info->jited_prog_len)
		printf("  jited %uB", info->jited_prog_len);
	else
		fputs("  not jited", stdout);
	for (u32 i = 0; i < info->nr_map_ids; i++)
		printf("%s%u", i ? "," : "  map_ids ", facts->map_ids[i]);
	if (info->btf_id)
		printf("\n\tbtf_id %u", info->btf_id);
	fputc('\n', stdout);
}

static int show_progs(struct bpf_object *obj, const char *file, struct json_object *list)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		struct prog_facts facts = { 0 };
		int err;

		if (bpf_program__fd(prog) < 0)
			continue;
		err = prog_facts_get(bpf_program__fd(prog), &facts);
		if (err)
			cli_fail("%s: %s: %s", file, bpf_program__name(prog), cli_strerror(err));
		else if (list)
			json_object_array_add(list, prog_json(&facts, bpf_program__name(prog)));
		else
			prog_text(&facts, bpf_program__name(prog));
		free(facts.map_ids);
		if (err)
			return EXIT_BAD;
	}
	return EXIT_OK;
}

/* ---- maps ------------------------------------------------------------------------------------ */

static struct json_object *map_json(const struct bpf_map_info *info, const char *type)
{
	struct json_object *obj = json_object_new_object();

	json_add_num(obj, "id", info->id);
	json_add_str(obj, "type", type);
	if (*info->name)
		json_add_str(obj, "name", info->name);
	json_add_num(obj, "flags", info->map_flags);
	json_add_num(obj, "bytes_key", info->key_size);
	json_add_num(obj, "bytes_value", info->value_size);
	json_add_num(obj, "max_entries", info->max_entries);
	if (info->btf_id)
		json_add_num(obj, "btf_id", info->btf_id);
	return obj;
}

static void map_text(const struct bpf_map_info *info, const char *type)
{
	printf("%u: %s  ", info->id, type);
	if (*info->name)
		printf("name %s  ", info->name);
	printf("flags 0x%x\n\tkey %uB  value %uB  max_entries %u", info->map_flags, info->key_size,
	       info->value_size, info->max_entries);
	if (info->btf_id)
		printf("\n\tbtf_id %u", info->btf_id);
	fputc('\n', stdout);
}

static int show_maps(struct bpf_object *obj, const char *file, struct json_object *list)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		struct bpf_map_info info = { 0 };
		u32 len = sizeof(info);
		char type[64];
		int err;

		if (bpf_map__fd(map) < 0)
			continue;
		err = bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &len);
		if (err)
			return cli_fail("%s: %s: %s", file, bpf_map__name(map), cli_strerror(err));
		type_text(type, sizeof(type), libbpf_bpf_map_type_str(info.type), info.type);
		if (list)
			json_object_array_add(list, map_json(&info, type));
		else
			map_text(&info, type);
	}
	return EXIT_OK;
}

/* ---- of an instance that is there -------------------------------------------------------------- */

int show_prog_fd(struct tool *t, int fd)
{
	struct prog_facts facts = { 0 };
	struct json_object *tree;
	char name[256];
	int err = prog_facts_get(fd, &facts);

	if (err) {
		free(facts.map_ids);
		return cli_fail("can't get prog info: %s", cli_strerror(err));
	}
	tool_prog_name(&facts.info, fd, name, sizeof(name));
	if (t->out) {
		tree = prog_json(&facts, name);
		jout_tree(t->out, tree);
		json_object_put(tree);
	} else {
		prog_text(&facts, name);
	}
	free(facts.map_ids);
	return EXIT_OK;
}

int show_map_fd(struct tool *t, int fd)
{
	struct bpf_map_info info = { 0 };
	struct json_object *tree;
	u32 len = sizeof(info);
	char type[64];

	if (bpf_map_get_info_by_fd(fd, &info, &len))
		return cli_fail("can't get map info: %s", cli_strerror(errno));
	type_text(type, sizeof(type), libbpf_bpf_map_type_str(info.type), info.type);
	if (t->out) {
		tree = map_json(&info, type);
		jout_tree(t->out, tree);
		json_object_put(tree);
	} else {
		map_text(&info, type);
	}
	return EXIT_OK;
}

/* ---- the commands ---------------------------------------------------------------------------- */

int cli_load_file(struct skep *skep, const char *file, struct cli_opts *opts, struct bpf_object **ret_obj)
{
	struct cli_input in;
	u64 prepare_ns;
	int status = EXIT_BAD;

	if (cli_input_read(&in, file, opts))
		*ret_obj = cli_input_open(&in);
	if (*ret_obj)
		status = cli_load_to_use(skep, &in, *ret_obj, NULL, &prepare_ns);
	cli_input_free(&in);
	return status;
}

/* All files become objects of one instance, and stay until the last is shown: ids are those that they have together. */
static int show_files(struct skep *skep, struct cli_opts *opts, int argc, char **argv, show_fn show)
{
	struct bpf_object **objs = calloc((size_t)argc, sizeof(*objs));
	struct json_object *list = opts->json ? json_object_new_array() : NULL;
	int status = objs ? EXIT_OK : cli_fail("out of memory");

	for (int i = 0; i < argc && !status; i++) {
		status = cli_load_file(skep, argv[i], opts, &objs[i]);
		if (!status)
			status = show(objs[i], argv[i], list);
	}
	if (list && !status)
		cli_print_json(list, opts);
	else
		json_object_put(list);
	for (int i = 0; objs && i < argc; i++)
		bpf_object__close(objs[i]);
	free(objs);
	return status;
}

static int show_command(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv, show_fn show)
{
	struct skep *skep;
	int status;

	if (!argc)
		return cli_usage_error(cmd, "which file? There is no state outside of one run of skep; \"skep batch\" has several commands in one");
	skep = cli_instance(opts);
	status = skep ? show_files(skep, opts, argc, argv, show) : EXIT_BAD;
	cli_instance_end(skep);
	cli_messages_end();
	return status;
}

static int prog_show(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	if (tool_is_handle(argc, argv))
		return tool_alone(cmd, tool_prog_show, opts, argc, argv);
	return show_command(cmd, opts, argc, argv, show_progs);
}

static int map_show(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	if (tool_is_handle(argc, argv))
		return tool_alone(cmd, tool_map_show, opts, argc, argv);
	return show_command(cmd, opts, argc, argv, show_maps);
}

static const struct cli_option options[] = {
	OPTION_KERNEL_BTF, OPTION_KCONFIG, OPTION_ENGINE, OPTION_JSON, OPTION_PRETTY, OPTIONS_END
};
#define SHOW_NOTES "exit status: 0 shown, 1 a program was refused, 2 something could not be read or loaded"
const struct cli_command cmd_prog_show = {
	.name = "prog show",
	.usage = "FILE... [-j] [--engine E] [--kernel-btf FILE]",
	.help = "Loads all programs of objects into one instance and lists them as bpftool does.",
	.options = options,
	.notes = SHOW_NOTES,
	.example = "  skep -p prog show lb.bpf.o",
	.run = prog_show,
};
const struct cli_command cmd_map_show = {
	.name = "map show",
	.usage = "FILE... [-j] [--engine E] [--kernel-btf FILE]",
	.help = "Loads objects into one instance and lists their maps as bpftool does.",
	.options = options,
	.notes = SHOW_NOTES,
	.example = "  skep map show lb.bpf.o",
	.run = map_show,
};
