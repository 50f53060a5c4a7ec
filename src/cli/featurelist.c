/* SPDX-License-Identifier: BSD-2-Clause */
/* featurelist.c - "skep feature list_builtins": the names that skep knows, in the order of their numbers. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "helper_names.h"

static const char *prog_type(u32 i)
{
	return libbpf_bpf_prog_type_str(i);
}

static const char *map_type(u32 i)
{
	return i ? libbpf_bpf_map_type_str(i) : "unspec";
}

static const char *attach_type(u32 i)
{
	return libbpf_bpf_attach_type_str(i);
}

static const char *link_type(u32 i)
{
	return libbpf_bpf_link_type_str(i);
}

static const char *helper(u32 i)
{
	return i < ARRAY_SIZE(helper_names) ? helper_names[i] : NULL;
}

static const struct {
	const char *word;
	const char *(*name)(u32 i); /* NULL behind the last */
} groups[] = {
	{ "prog_types", prog_type },
	{ "map_types", map_type },
	{ "attach_types", attach_type },
	{ "link_types", link_type },
	{ "helpers", helper },
};

static int list(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct json_object *out = NULL;
	const char *name;
	u32 g = 0;

	if (!argc)
		return cli_usage_error(cmd, "which group?");
	if (argc > 1)
		return cli_usage_error(cmd, "unexpected argument %s", argv[1]);
	while (g < ARRAY_SIZE(groups) && strcmp(groups[g].word, argv[0]))
		g++;
	if (g == ARRAY_SIZE(groups))
		return cli_usage_error(cmd, "unknown group \"%s\"; prog_types, map_types, attach_types, link_types or "
				       "helpers", argv[0]);
	if (opts->json)
		out = json_object_new_array();
	for (u32 i = 0; (name = groups[g].name(i)); i++) {
		if (out)
			json_object_array_add(out, json_object_new_string(name));
		else
			puts(name);
	}
	if (out)
		cli_print_json(out, opts);
	return EXIT_OK;
}

static const struct cli_option options[] = { OPTION_JSON, OPTION_PRETTY, OPTIONS_END };
const struct cli_command cmd_feature_list = {
	.name = "feature list_builtins",
	.usage = "GROUP [-j]",
	.help = "Lists names: prog_types, map_types, attach_types, link_types or helpers.",
	.options = options,
	.notes = "exit status: 0 printed, 2 there is no such group",
	.example = "  skep feature list_builtins helpers",
	.run = list,
};
