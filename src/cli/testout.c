/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/testout.h"

#include "cli/colour.h"
#include "cli/finding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const testout_formats[] = { "text", "tap", "junit", "tsv", "json", "github", "sarif", NULL };

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

static enum colour colour_of(const struct test_result *r)
{
	static const enum colour colours[] = { [TEST_PASSED] = COLOUR_GOOD, [TEST_FAILED] = COLOUR_BAD, [TEST_SKIPPED] = COLOUR_LACKING };

	return colours[r->status];
}

/* Below the reason: the line of the log that says why it is refused. */
static bool is_refusing(const struct test_result *r, const char *line, size_t len)
{
	return *r->message && line != strbuf_str(&r->why) && memmem(line, len, r->message, strlen(r->message));
}

/* Each line of the reasons behind @indent. */
static void print_why(const struct test_result *r, const char *indent, bool in_colour, FILE *out)
{
	for (const char *line = strbuf_str(&r->why); *line;) {
		size_t len = strcspn(line, "\n");
		bool refusing = in_colour && is_refusing(r, line, len);

		fprintf(out, "%s%s%.*s%s\n", indent, refusing ? colour_begin(COLOUR_BAD, out) : "", (int)len, line,
			refusing ? colour_end(out) : "");
		line += len + (line[len] == '\n');
	}
}

static void print_sums(const test_results *results, FILE *out)
{
	fprintf(out, "%u passed, %u failed, %u skipped\n", count(results, TEST_PASSED), count(results, TEST_FAILED),
		count(results, TEST_SKIPPED));
}

static void print_text(const test_results *results, FILE *out)
{
	const char *file = "";

	for (size_t i = 0; i < results->cnt; i++) {
		const struct test_result *r = &results->at[i];

		if (strcmp(file, r->file))
			fprintf(out, "%s%s:\n", i ? "\n" : "", r->file);
		file = r->file;
		fprintf(out, "  %s%-7s%s %s%s%s\n", colour_begin(colour_of(r), out), status_word(r), colour_end(out), r->name,
			*r->description ? " - " : "", r->description);
		print_why(r, "            ", true, out);
	}
	if (results->cnt)
		fputc('\n', out);
	print_sums(results, out);
}

static void print_tap(const test_results *results, FILE *out)
{
	fprintf(out, "TAP version 14\n1..%zu\n", results->cnt);
	for (size_t i = 0; i < results->cnt; i++) {
		const struct test_result *r = &results->at[i];

		fprintf(out, "%s %zu - %s: %s%s%s%s\n", r->status == TEST_FAILED ? "not ok" : "ok", i + 1, cli_base_name(r->file),
			r->name, *r->description ? ", " : "", r->description, r->status == TEST_SKIPPED ? " # SKIP" : "");
		print_why(r, "# ", false, out);
	}
}

/* In an attribute or between tags; what XML cannot hold becomes "?". */
static void print_xml(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc((u8)*text < ' ' && *text != '\n' && *text != '\t' ? '?' : *text, out);
		}
	}
}

static void print_junit_case(const struct test_result *r, FILE *out)
{
	fputs("  <testcase classname=\"", out);
	print_xml(cli_base_name(r->file), out);
	fputs("\" name=\"", out);
	print_xml(r->name, out);
	fprintf(out, "\" time=\"%.6f\">", r->verify_us / 1e6);
	if (r->status != TEST_PASSED) {
		const char *why = strbuf_str(&r->why), *tag = r->status == TEST_FAILED ? "failure" : "skipped";
		char first[256];

		snprintf(first, sizeof(first), "%.*s", (int)strcspn(why, "\n"), why);
		fprintf(out, "\n    <%s message=\"", tag);
		print_xml(first, out);
		fputs("\">", out);
		print_xml(why, out);
		fprintf(out, "</%s>\n  ", tag);
	}
	fputs("</testcase>\n", out);
}

static void print_junit(const test_results *results, FILE *out)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	fprintf(out, "<testsuite name=\"skep\" tests=\"%zu\" failures=\"%u\" skipped=\"%u\" errors=\"0\">\n", results->cnt,
	       count(results, TEST_FAILED), count(results, TEST_SKIPPED));
	for (size_t i = 0; i < results->cnt; i++)
		print_junit_case(&results->at[i], out);
	fputs("</testsuite>\n", out);
}

static void print_tsv(const test_results *results, FILE *out)
{
	fputs("file\tprogram\texpected\tverdict\terrno\tmessages expected\tmessages found\texpected return value\t"
	     "return value\tinsns\tmicroseconds\n", out);
	for (size_t i = 0; i < results->cnt; i++) {
		const struct test_result *r = &results->at[i];

		fprintf(out, "%s\t%s\t%s\t%s\t%d\t%u\t%u\t%s\t", r->file, r->name, r->want_refused ? "failure" : "success",
		       r->status == TEST_SKIPPED ? "skipped" : r->refused ? "failure" : "success", r->err < 0 ? -r->err : r->err,
		       r->msgs_wanted, r->msgs_found, r->retval_wanted);
		if (r->ran)
			fprintf(out, "%u", r->retval);
		fprintf(out, "\t%u\t%llu\n", r->insns, (unsigned long long)r->verify_us);
	}
}

static struct json_object *json_of(const struct test_result *r)
{
	struct json_object *obj = json_object_new_object();

	json_add_str(obj, "file_name", r->file);
	json_add_str(obj, "prog_name", r->name);
	json_add_str(obj, "description", r->description);
	json_add_str(obj, "status", status_word(r));
	json_add_str(obj, "why", strbuf_str(&r->why));
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

/* ---- beside the source ------------------------------------------------------------------------------------------- */

static bool to_findings(const test_results *results, findings *ret)
{
	for (size_t i = 0; i < results->cnt; i++) {
		const struct test_result *r = &results->at[i];
		struct finding f = {
			.level = r->status == TEST_FAILED ? FINDING_ERROR : FINDING_NOTE, .rule = r->rule, .object = r->file,
			.prog = r->name, .message = *r->description ? r->description : status_word(r),
			.more = strbuf_str(&r->why), .place = &r->place, .explain = r->explain,
		};

		if (r->status != TEST_PASSED && !vec_push(ret, f))
			return !cli_fail("out of memory");
	}
	return true;
}

static bool print_findings(const test_results *results, u32 format, FILE *out)
{
	findings all = { 0 };
	bool ok = to_findings(results, &all);

	if (ok && format == TESTOUT_SARIF)
		findings_sarif(&all, true, out);
	else if (ok)
		findings_github(&all, out);
	if (format == TESTOUT_GITHUB)
		print_sums(results, out);
	vec_free(&all);
	return ok;
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

bool testout_print(const test_results *results, u32 format, bool pretty, FILE *out)
{
	switch (format) {
	case TESTOUT_TAP:
		print_tap(results, out);
		break;
	case TESTOUT_JUNIT:
		print_junit(results, out);
		break;
	case TESTOUT_TSV:
		print_tsv(results, out);
		break;
	case TESTOUT_JSON:
		print_json(results, pretty);
		break;
	case TESTOUT_GITHUB:
	case TESTOUT_SARIF:
		return print_findings(results, format, out);
	default:
		print_text(results, out);
	}
	return true;
}

bool testout_write(const test_results *results, u32 format, const char *path)
{
	FILE *out = fopen(path, "w");
	bool printed, written;

	if (!out)
		return !cli_fail("%s: %s", path, strerror(errno));
	printed = testout_print(results, format, false, out);
	written = !ferror(out);
	written &= !fclose(out);
	return printed && (written || !cli_fail("%s: %s", path, strerror(errno)));
}
