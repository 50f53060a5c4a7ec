/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/testout.h"

#include <stdio.h>
#include <string.h>

const char *const testout_formats[] = { "text", "tap", "junit", "tsv", "json", NULL };

static const char *status_word(const struct test_result *r)
{
	static const char *const words[] = { [TEST_PASSED] = "passed", [TEST_FAILED] = "failed", [TEST_SKIPPED] = "skipped" };

	return words[r->status];
}

static u32 count(const test_results *results, enum test_status status)
{
	u32 cnt = 0;

	for (size_t i = 0; i < results->cnt; i++)
		cnt += results->at[i].status == status;
	return cnt;
}

/* Each line of the reasons behind @indent. */
static void print_why(const struct test_result *r, const char *indent)
{
	for (const char *line = strbuf_str(&((struct test_result *)r)->why); *line;) {
		size_t len = strcspn(line, "\n");

		printf("%s%.*s\n", indent, (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void print_text(const test_results *results)
{
	const char *file = "";

	for (size_t i = 0; i < results->cnt; i++) {
		const struct test_result *r = &results->at[i];

		if (strcmp(file, r->file))
			printf("%s%s:\n", i ? "\n" : "", r->file);
		file = r->file;
		printf("  %-7s %s%s%s\n", status_word(r), r->name, *r->description ? " - " : "", r->description);
		print_why(r, "            ");
	}
	printf("%s%u passed, %u failed, %u skipped\n", results->cnt ? "\n" : "", count(results, TEST_PASSED),
	       count(results, TEST_FAILED), count(results, TEST_SKIPPED));
}

static void print_tap(const test_results *results)
{
	printf("TAP version 14\n1..%zu\n", results->cnt);
	for (size_t i = 0; i < results->cnt; i++) {
		const struct test_result *r = &results->at[i];

		printf("%s %zu - %s: %s%s%s%s\n", r->status == TEST_FAILED ? "not ok" : "ok", i + 1, cli_base_name(r->file),
		       r->name, *r->description ? ", " : "", r->description, r->status == TEST_SKIPPED ? " # SKIP" : "");
		print_why(r, "# ");
	}
}

/* In an attribute or between tags; what XML cannot hold becomes "?". */
static void print_xml(const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", stdout);
			break;
		case '>':
			fputs("&gt;", stdout);
			break;
		case '&':
			fputs("&amp;", stdout);
			break;
		case '"':
			fputs("&quot;", stdout);
			break;
		default:
			putchar((u8)*text < ' ' && *text != '\n' && *text != '\t' ? '?' : *text);
		}
	}
}

static void print_junit_case(const struct test_result *r)
{
	fputs("  <testcase classname=\"", stdout);
	print_xml(cli_base_name(r->file));
	fputs("\" name=\"", stdout);
	print_xml(r->name);
	printf("\" time=\"%.6f\">", r->verify_us / 1e6);
	if (r->status != TEST_PASSED) {
		const char *why = strbuf_str(&((struct test_result *)r)->why), *tag = r->status == TEST_FAILED ? "failure" : "skipped";
		char first[256];

		snprintf(first, sizeof(first), "%.*s", (int)strcspn(why, "\n"), why);
		printf("\n    <%s message=\"", tag);
		print_xml(first);
		fputs("\">", stdout);
		print_xml(why);
		printf("</%s>\n  ", tag);
	}
	puts("</testcase>");
}

static void print_junit(const test_results *results)
{
	puts("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	printf("<testsuite name=\"skep\" tests=\"%zu\" failures=\"%u\" skipped=\"%u\" errors=\"0\">\n", results->cnt,
	       count(results, TEST_FAILED), count(results, TEST_SKIPPED));
	for (size_t i = 0; i < results->cnt; i++)
		print_junit_case(&results->at[i]);
	puts("</testsuite>");
}

static void print_tsv(const test_results *results)
{
	puts("file\tprogram\texpected\tverdict\terrno\tmessages expected\tmessages found\texpected return value\t"
	     "return value\tinsns\tmicroseconds");
	for (size_t i = 0; i < results->cnt; i++) {
		const struct test_result *r = &results->at[i];

		printf("%s\t%s\t%s\t%s\t%d\t%u\t%u\t%s\t", r->file, r->name, r->want_refused ? "failure" : "success",
		       r->status == TEST_SKIPPED ? "skipped" : r->refused ? "failure" : "success", r->err < 0 ? -r->err : r->err,
		       r->msgs_wanted, r->msgs_found, r->retval_wanted);
		if (r->ran)
			printf("%u", r->retval);
		printf("\t%u\t%llu\n", r->insns, (unsigned long long)r->verify_us);
	}
}

static struct json_object *json_of(const struct test_result *r)
{
	struct json_object *obj = json_object_new_object();

	json_add_str(obj, "file_name", r->file);
	json_add_str(obj, "prog_name", r->name);
	json_add_str(obj, "description", r->description);
	json_add_str(obj, "status", status_word(r));
	json_add_str(obj, "why", strbuf_str(&((struct test_result *)r)->why));
	json_add_str(obj, "expected", r->want_refused ? "failure" : "success");
	json_add_str(obj, "verdict", r->refused ? "failure" : "success");
	json_add_num(obj, "errno", r->err < 0 ? -r->err : r->err);
	json_add_num(obj, "messages_expected", r->msgs_wanted);
	json_add_num(obj, "messages_found", r->msgs_found);
	json_add_str(obj, "retval_expected", r->retval_wanted);
	if (r->ran)
		json_add_num(obj, "retval", r->retval);
	json_add_num(obj, "insns", r->insns);
	json_add_num(obj, "duration_us", r->verify_us);
	return obj;
}

static void print_json(const test_results *results, bool pretty)
{
	struct cli_opts opts = { .pretty = pretty };
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < results->cnt; i++)
		json_object_array_add(list, json_of(&results->at[i]));
	cli_print_json(list, &opts);
}

void testout_print(const test_results *results, u32 format, bool pretty)
{
	switch (format) {
	case TESTOUT_TAP:
		print_tap(results);
		break;
	case TESTOUT_JUNIT:
		print_junit(results);
		break;
	case TESTOUT_TSV:
		print_tsv(results);
		break;
	case TESTOUT_JSON:
		print_json(results, pretty);
		break;
	default:
		print_text(results);
	}
}
