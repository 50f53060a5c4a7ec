/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - "skep report": verifies, runs, and writes all that is needed to do so again into one file. */
#include "cli/report.h"

#include "cli/run.h"
#include "cli/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_json(const char *path, struct json_object *top)
{
	FILE *f = fopen(path, "wb");
	bool ok;

	if (!f)
		return !cli_fail("%s: %s", path, strerror(errno));
	fputs(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE), f);
	fputc('\n', f);
	ok = !fflush(f) && !ferror(f);
	if (!ok)
		cli_fail("%s: %s", path, strerror(errno));
	fclose(f);
	return ok;
}

/* The result, or why there is none: { "error": TEXT }. */
static struct json_object *run_again(struct cli_opts *opts, const struct cli_input *in)
{
	struct json_object *result = NULL;
	struct cli_input named = *in;
	struct strbuf why = { 0 };

	named.file.path = cli_base_name(in->file.path);
	cli_fail_to(&why);
	run_input(&cmd_run, opts, &named, &result);
	cli_fail_to(NULL);
	if (!result) {
		result = json_object_new_object();
		json_add_str(result, "error", strbuf_str(&why));
	}
	strbuf_free(&why);
	return result;
}

/* "verify" reads the object for itself: the same bytes. */
static struct json_object *verify_again(struct cli_opts *opts, const struct cli_input *in, u32 *ret_refused)
{
	struct cli_input copy = *in;
	struct json_object *rows;

	copy.file.bytes = malloc(in->file.size + 1);
	if (!copy.file.bytes) {
		cli_fail("out of memory");
		return NULL;
	}
	memcpy(copy.file.bytes, in->file.bytes, in->file.size);
	rows = verify_input(opts, &copy, ret_refused);
	/* Folders of the reporter are nobody's business. */
	for (size_t i = 0; rows && i < json_object_array_length(rows); i++)
		json_add_str(json_object_array_get_idx(rows, i), "file_name", cli_base_name(in->file.path));
	return rows;
}

static const char *text_of(struct json_object *obj, const char *key)
{
	struct json_object *val = NULL;

	json_object_object_get_ex(obj, key, &val);
	return val ? json_object_get_string(val) : NULL;
}

static void tell(const char *path, const struct json_object *rows, u32 refused, struct json_object *ran)
{
	const char *value;

	printf("%s: %zu programs, %u refused", path, json_object_array_length(rows), refused);
	if (ran && text_of(ran, "error"))
		printf("; the run: %s", text_of(ran, "error"));
	else if (ran) {
		value = text_of(ran, "retval_name") ?: text_of(ran, "retval");
		printf("; the run returned %s", value ? value : "nothing");
	}
	printf("\n");
}

static int make(struct cli_opts *opts, const struct cli_input *in)
{
	struct json_object *top, *rows, *ran = NULL;
	int status = EXIT_BAD;
	u32 refused;

	top = report_start(in, opts);
	if (!top)
		return EXIT_BAD;
	if (!cli_is_given(opts, OPTION_AT(log_level)))
		opts->log_level = 1;
	opts->json = true;
	opts->format = FORMAT_JSON;
	rows = verify_again(opts, in, &refused);
	if (rows) {
		json_object_object_add(top, "verify", rows);
		if (!refused && (json_object_array_length(rows) == 1 || opts->section)) {
			ran = run_again(opts, in);
			json_object_object_add(top, "run", ran);
		}
		if (write_json(opts->out, top)) {
			tell(opts->out, rows, refused, ran);
			status = EXIT_OK;
		}
	}
	json_object_put(top);
	return status;
}

static int report(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct cli_input in;
	int status = EXIT_BAD;

	if (argc != 1)
		return cli_usage_error(cmd, argc ? "one file at a time" : "which file?");
	if (!opts->out)
		return cli_usage_error(cmd, "where to? -o OUT");
	if (run_check_options(cmd, opts) || cli_need_json("a report"))
		return EXIT_BAD;
	if (cli_input_read(&in, argv[0], NULL))
		status = make(opts, &in);
	cli_input_free(&in);
	return status;
}

static const struct cli_option options[] = {
	OPT("output", 'o', "OUT", TEXT, out,
	    "the report"),
	OPTION_PROG,
	OPTION_SECTION,
	OPTION_LOG_LEVEL,
	OPTION_PCAP,
	OPTION_DATA_IN,
	OPTION_CTX,
	OPTION_CTX_IN,
	OPTION_MAP,
	OPTION_DEVS,
	OPTION_KERNEL_STACK,
	OPTION_USER_STACK,
	OPTION_REPEAT,
	OPTION_ENGINE,
	OPTION_KERNEL_BTF,
	OPTION_KCONFIG,
	OPTIONS_END
};
const struct cli_command cmd_report = {
	.name = "report",
	.usage = "FILE.bpf.o [options of verify and run] -o OUT",
	.help = "Writes one file with which \"skep verify\" and \"skep run\" do the same again: for bug reports.",
	.options = options,
	.notes = "The report holds the object, the files and options that were given, the version, and the results with the\n"
		 "log; look through it before you give it away. A program is run when the file holds one or one is named.\n\n"
		 "exit status: 0 written, 2 something could not be read or written",
	.example = "  skep report lb.bpf.o --prog xdp_lb --pcap in.pcap -o bug.json\n  skep run bug.json",
	.run = report,
};
