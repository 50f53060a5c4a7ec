/* SPDX-License-Identifier: BSD-2-Clause */
/* version.c - "skep version": the version, what was built in, and whose code that is. */
#include "cli/cli.h"

#include "cli/licences.h"

#include <stdio.h>

/* What a build can have and lack. */
static const struct {
	const char *name;
	bool built_in;
} features[] = {
#ifdef HAVE_JSON_C
	{ "json", true },
#else
	{ "json", false },
#endif
#ifdef HAVE_PCAP
	{ "pcap", true },
#else
	{ "pcap", false },
#endif
#ifdef HAVE_CAPSTONE
	{ "disassembler", true },
#else
	{ "disassembler", false },
#endif
#ifdef __x86_64__
	{ "jit", true },
#else
	{ "jit", false },
#endif
#ifdef SKEP_STATIC
	{ "static", true },
#else
	{ "static", false },
#endif
#ifdef SKEP_CHECKS
	{ "checks", true },
#else
	{ "checks", false },
#endif
};

static void print_features(void)
{
	for (int built_in = 1; built_in >= 0; built_in--) {
		const char *before = built_in ? "with" : "without";

		for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
			if (features[i].built_in != built_in)
				continue;
			printf("%s %s", before, features[i].name);
			before = ",";
		}
		if (*before == ',')
			putchar('\n');
	}
}

static struct json_object *features_json(void)
{
	struct json_object *list = json_object_new_object();

	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		json_object_object_add(list, features[i].name, json_object_new_boolean(features[i].built_in));
	return list;
}

static const char *how(const struct licence *l)
{
	return l->contained ? "contained" : "loaded";
}

/* A table, then the texts that go with what is contained. */
static void print_licences(void)
{
	for (const struct licence *l = skep_licences; l->name; l++)
		printf("%-14s %-24s %-10s %s\n", l->name, l->version, how(l), l->spdx);
	for (const struct licence *l = skep_licences; l->name; l++) {
		if (l->text)
			printf("\n==== %s %s: %s\n\n%s", l->name, l->version, l->spdx, l->text);
	}
}

static struct json_object *licences_json(void)
{
	struct json_object *list = json_object_new_array();

	for (const struct licence *l = skep_licences; l->name; l++) {
		struct json_object *row = json_object_new_object();

		json_add_str(row, "name", l->name);
		json_add_str(row, "version", l->version);
		json_add_str(row, "how", how(l));
		json_add_str(row, "licence", l->spdx);
		if (l->text)
			json_add_str(row, "text", l->text);
		json_object_array_add(list, row);
	}
	return list;
}

static int version(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct json_object *out;

	if (argc)
		return cli_usage_error(cmd, "unexpected argument %s", argv[0]);
	if (!opts->json && opts->licences) {
		print_licences();
		return EXIT_OK;
	}
	if (!opts->json) {
		printf("skep v%s\nfollows %s\n", skep_version(), skep_profile());
		print_features();
		return EXIT_OK;
	}
	out = json_object_new_object();
	json_add_str(out, "version", skep_version());
	json_add_str(out, "profile", skep_profile());
	json_object_object_add(out, "features", features_json());
	if (opts->licences)
		json_object_object_add(out, "licences", licences_json());
	cli_print_json(out, opts);
	return EXIT_OK;
}

static const struct cli_option options[] = {
	OPT("licenses", 0, NULL, FLAG, licences,
	    "also of the libraries that are in it or that it loads: versions and licences, with their texts"),
	OPTION_JSON,
	OPTION_PRETTY,
	OPTIONS_END
};
const struct cli_command cmd_version = {
	.name = "version",
	.usage = "[-j] [--licenses]",
	.help = "Prints the version of skep, of the Linux interface that it follows, and what was built in.",
	.options = options,
	.example = "  skep version",
	.run = version,
};
