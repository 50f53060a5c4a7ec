/* SPDX-License-Identifier: BSD-2-Clause */
/* test.c - "skep test": unit tests of BPF programs, described in their own source by include/skep/test.h. */
#include "cli/testout.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Which tests were asked for. */
struct choice {
	const char *prog; /* NULL: of all programs */
	bool by_expr;
	regex_t expr; /* of names as they are printed */
};

static bool choice_make(const struct cli_opts *opts, struct choice *ret)
{
	char msg[128];
	int err;

	*ret = (struct choice){ .prog = opts->prog, .by_expr = opts->run_expr };
	err = opts->run_expr ? regcomp(&ret->expr, opts->run_expr, REG_EXTENDED | REG_NOSUB) : 0;
	if (!err)
		return true;
	regerror(err, &ret->expr, msg, sizeof(msg));
	return !cli_fail("--run: \"%s\": %s", opts->run_expr, msg);
}

static void choice_free(struct choice *choice)
{
	if (choice->by_expr)
		regfree(&choice->expr);
}

static bool is_chosen(const struct choice *choice, const struct test_spec *spec, bool unpriv)
{
	char name[TEST_NAME_SIZE];

	test_name(spec, unpriv, name);
	return (unpriv ? spec->unpriv : spec->priv).wanted && (!choice->prog || !strcmp(choice->prog, spec->prog)) &&
	       (!choice->by_expr || !regexec(&choice->expr, name, 0, NULL, 0));
}

/* A line of --list, for those who run tests one by one: its name, and behind a tab what it is about. */
static bool list_one(const struct cli_input *in, const struct test_spec *spec, bool unpriv, u32 *cnt)
{
	char name[TEST_NAME_SIZE];

	test_name(spec, unpriv, name);
	printf("%s\t%s\t%s\n", in->file.path, name, spec->description);
	++*cnt;
	return true;
}

static bool run_one(const struct cli_opts *opts, const struct cli_input *in, const struct test_specs *specs,
		    const struct test_spec *spec, bool unpriv, struct coverage *cov, test_results *results)
{
	struct test_result result;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s: %s", in->file.path, spec->prog);
	test_run(opts, in, specs, spec, unpriv, cov, &result);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return vec_push(results, result) || !cli_fail("out of memory");
}

/* Names of files and programs must outlive the results. */
static bool run_file(const struct cli_opts *opts, const struct choice *choice, const struct cli_input *in,
		     struct test_specs *specs, struct bpf_object *obj, struct coverage *cov, test_results *results, u32 *listed)
{
	if (!test_specs_read(obj, in->file.path, specs))
		return false;
	for (size_t i = 0; i < 2 * specs->at.cnt; i++) {
		const struct test_spec *spec = &specs->at.at[i / 2];
		bool unpriv = i % 2;

		if (!is_chosen(choice, spec, unpriv))
			continue;
		if (!(opts->list ? list_one(in, spec, unpriv, listed) : run_one(opts, in, specs, spec, unpriv, cov, results)))
			return false;
	}
	return true;
}

struct test_file {
	struct cli_input in;
	struct bpf_object *obj; /* for its BTF, where the tags stand */
	struct test_specs specs;
};

static bool open_file(struct test_file *file, struct cli_opts *opts, const char *path)
{
	struct skep *skep;

	if (!cli_input_read(&file->in, path, NULL))
		return false;
	skep = cli_instance(opts); /* one must be there to open an object */
	if (!skep)
		return false;
	file->obj = cli_input_open(&file->in);
	cli_instance_end(skep);
	return file->obj;
}

static int verdict(const struct cli_opts *opts, const test_results *results, u32 listed, bool all_read)
{
	u32 failed = 0;

	for (size_t i = 0; i < results->cnt; i++)
		failed += results->at[i].status == TEST_FAILED;
	if (!all_read)
		return EXIT_BAD;
	if (listed)
		return EXIT_OK;
	if (!results->cnt && opts->run_expr)
		return cli_fail("no test has a name like \"%s\" (--list tells them)", opts->run_expr);
	if (!results->cnt && opts->prog)
		return cli_fail("no test of %s", opts->prog);
	if (!results->cnt)
		return cli_fail("no tests: functions say what is expected of them with the words of <skep/test.h>");
	return failed ? EXIT_REFUSED : EXIT_OK;
}

static int need_json(const struct cli_opts *opts)
{
	if (opts->sarif || opts->format == TESTOUT_SARIF)
		return cli_need_json("SARIF");
	return opts->format == TESTOUT_JSON ? cli_need_json("JSON") : EXIT_OK;
}

static int test_all(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct test_file *files = calloc(argc + 1, sizeof(*files));
	struct coverage *cov = opts->coverage ? coverage_new() : NULL;
	test_results results = { 0 };
	struct choice choice = { 0 };
	u32 listed = 0;
	bool ok = choice_make(opts, &choice);
	int status;

	opts->explain = opts->sarif || opts->format == TESTOUT_SARIF;
	if (!ok || !argc || !files || (opts->coverage && !cov)) {
		free(files);
		coverage_free(cov);
		if (ok)
			choice_free(&choice);
		return !ok ? EXIT_BAD : argc ? cli_fail("out of memory") : cli_usage_error(cmd, "which file?");
	}
	for (int i = 0; i < argc; i++)
		ok &= open_file(&files[i], opts, argv[i]) &&
		      run_file(opts, &choice, &files[i].in, &files[i].specs, files[i].obj, cov, &results, &listed);
	choice_free(&choice);
	if (results.cnt)
		ok &= testout_print(&results, opts->json ? TESTOUT_JSON : opts->format, opts->pretty, stdout);
	if (opts->junit)
		ok &= testout_write(&results, TESTOUT_JUNIT, opts->junit);
	if (opts->sarif)
		ok &= testout_write(&results, TESTOUT_SARIF, opts->sarif);
	if (cov)
		ok &= coverage_write(cov, opts->coverage);
	coverage_free(cov);
	status = verdict(opts, &results, listed, ok);
	for (size_t i = 0; i < results.cnt; i++)
		test_result_free(&results.at[i]);
	vec_free(&results);
	for (int i = 0; i < argc; i++) {
		test_specs_free(&files[i].specs);
		bpf_object__close(files[i].obj);
		cli_input_free(&files[i].in);
	}
	free(files);
	return status;
}

static int test(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	return need_json(opts) ? EXIT_BAD : test_all(cmd, opts, argc, argv);
}

static const struct cli_option options[] = {
	OPT("prog", 'p', "NAME", TEXT, prog, "only tests of this program"),
	OPT("run", 'r', "REGEX", TEXT, run_expr, "only tests whose names a POSIX extended regular expression is found in"),
	OPT("list", 'l', NULL, FLAG, list, "file, name and description of each test, in place of running them"),
	OPT("format", 'f', "F", CHOICE, format, "text (default), tap, junit, tsv, json, github or sarif", .choices = testout_formats),
	OPT("junit", 0, "FILE", TEXT, junit, "also as JUnit's XML, into FILE"),
	OPTION_SARIF,
	OPT("coverage", 0, "FILE", TEXT, coverage, "lines and branches that ran, as a tracefile for genhtml; needs machine code"),
	OPTION_ENGINE,
	OPTION_KERNEL_BTF,
	OPTION_KCONFIG,
	OPTION_JSON,
	OPTION_PRETTY,
	OPTIONS_END
};
const struct cli_command cmd_test = {
	.name = "test",
	.usage = "FILE.bpf.o... [--prog NAME] [--run REGEX] [--list] [--format text|tap|junit|tsv|json|github|sarif] [--junit FILE] [--sarif FILE] [--coverage FILE] [--engine jit|interp]",
	.help = "Tests programs: whether they load, what the verifier says, what they return and leave.",
	.options = options,
	.notes = "What is expected stands in the source, with the words of <skep/test.h>, which are those of the kernel's\n"
		 "own selftests and more. Each test loads its program into a machine of its own.\n\n"
		 "exit status: 0 all passed (or were skipped), 1 some failed, 2 something could not be read",
	.example = "  SEC(\"xdp\") __success __retval(XDP_DROP) __data_in(\"ff ff ff ff ff ff 00 00 00 00 00 00 08 06\")\n"
		   "  int drops_arp(struct xdp_md *ctx) { ... }\n\n"
		   "  skep test filter_test.bpf.o\n"
		   "  skep test --format junit *.bpf.o > results.xml\n"
		   "  skep test --coverage out.info *.bpf.o && genhtml --branch-coverage -o html out.info",
	.run = test,
};
