/* SPDX-License-Identifier: BSD-2-Clause */
/* verdicts.c - what "skep verify" found, as a table with reasons, as CSV or as JSON. */
#include "cli/colour.h"
#include "cli/cost.h"
#include "cli/finding.h"
#include "cli/verify.h"

#include <stdio.h>
#include <string.h>

static const char *verdict_word(const struct row *row)
{
	if (!row->err)
		return "success";
	return strcmp(row->reason, "not-modelled") ? "failure" : "not modelled";
}

static enum colour colour_of(const struct row *row)
{
	if (!row->err)
		return COLOUR_GOOD;
	return strcmp(row->reason, "not-modelled") ? COLOUR_BAD : COLOUR_LACKING;
}

bool verdict_is_none(const struct row *row)
{
	return row->err && !strcmp(row->reason, "not-loadable");
}

/* What could not be loaded has no row in the table: nothing was verified. */
static void print_table(const struct verdicts *v)
{
	int file_w = 4, prog_w = 7;
	size_t none = 0;

	for (size_t i = 0; i < v->rows.cnt; i++) {
		none += verdict_is_none(v->rows.at[i]);
		file_w = max_of(file_w, (int)strlen(v->rows.at[i]->file));
		prog_w = max_of(prog_w, (int)strlen(v->rows.at[i]->prog));
	}
	if (none == v->rows.cnt)
		return;
	printf("%-*s  %-*s  %-12s  %13s  %8s  %12s  %11s  %11s\n", file_w, "File", prog_w, "Program",
	       "Verdict", "Duration (us)", "Insns", "Total states", "Peak states", "Stack depth");
	for (size_t i = 0; i < v->rows.cnt; i++) {
		const struct row *r = v->rows.at[i];

		if (verdict_is_none(r))
			continue;
		printf("%-*s  %-*s  %s%-12s%s  %13llu  %8u  %12u  %11u  %11u\n", file_w, r->file, prog_w,
		       r->prog, colour_begin(colour_of(r), stdout), verdict_word(r), colour_end(stdout),
		       (unsigned long long)r->verify_us, r->insns, r->total_states, r->peak_states, r->stack_depth);
	}
}

static void print_cause(struct json_object *cause, FILE *to)
{
	struct json_object *times = NULL;

	json_object_object_get_ex(cause, "times", &times);
	fprintf(to, "  %6s: %-32s  %-10s  %s", json_text(cause, "insn_idx"), json_text(cause, "insn"),
		json_text(cause, "role"), json_text(cause, "known"));
	if (json_object_get_int64(times) > 1)
		fprintf(to, "  (%s times)", json_object_get_string(times));
	if (json_text(cause, "source")[0])
		fprintf(to, "\n          %s", json_text(cause, "source"));
	fputc('\n', to);
}

/* What was needed, what there was, and how that came to be. */
static void print_explanation(struct json_object *explain, FILE *to)
{
	struct json_object *causes = NULL;

	if (json_text(explain, "required")[0])
		fprintf(to, "enough would have been: %s\n", json_text(explain, "required"));
	if (json_text(explain, "known")[0])
		fprintf(to, "known was: %s\n", json_text(explain, "known"));
	json_object_object_get_ex(explain, "causes", &causes);
	if (json_object_array_length(causes))
		fprintf(to, "how it came about, on this path:\n");
	else
		fprintf(to, "no instruction on this path made it what it is\n");
	if (strcmp(json_text(explain, "left_out"), "0"))
		fprintf(to, "  (%s earlier ones left out)\n", json_text(explain, "left_out"));
	for (size_t i = 0; i < json_object_array_length(causes); i++)
		print_cause(json_object_array_get_idx(causes, i), to);
}

/* Why each refused program was refused. */
static void print_refusals(const struct verdicts *v, bool explained, FILE *to)
{
	for (size_t i = 0; i < v->rows.cnt; i++) {
		const struct row *r = v->rows.at[i];

		if (!r->err || verdict_is_none(r))
			continue;
		fprintf(to, "\n%s: %s: %s (%s)\n", r->file, r->prog,
			r->message[0] ? r->message : cli_strerror(r->err), r->reason);
		if (r->log_tail && r->log_tail[0]) {
			colour_line(r->log_tail, r->message, colour_of(r), to);
			fputs(r->log_tail[strlen(r->log_tail) - 1] == '\n' ? "" : "\n", to);
		}
		if (r->source[0])
			fprintf(to, "at %s\n", r->source);
		if (r->explanation[0])
			fprintf(to, "why: %s\n", r->explanation);
		if (r->explain && explained)
			print_explanation(r->explain, to);
		if (!strcmp(r->reason, "too-complex") && !r->cost)
			fprintf(to, "--complexity shows where the instructions went\n");
	}
}

/* A line for each; one for all programs of a file that fail for the same cause. */
static void print_unloadable(const struct verdicts *v)
{
	const struct row *last = NULL;

	for (size_t i = 0; i < v->rows.cnt; i++) {
		const struct row *r = v->rows.at[i];

		if (!verdict_is_none(r))
			continue;
		if (!last || strcmp(last->file, r->file) || strcmp(last->message, r->message))
			cli_fail("%s: %s", r->file, r->message[0] ? r->message : cli_strerror(r->err));
		last = r;
	}
}

static void print_summary(const struct verdicts *v)
{
	u32 refused = 0, lacking = 0, none = 0;

	for (size_t i = 0; i < v->rows.cnt; i++) {
		if (!v->rows.at[i]->err)
			continue;
		if (verdict_is_none(v->rows.at[i]))
			none++;
		else if (strcmp(v->rows.at[i]->reason, "not-modelled"))
			refused++;
		else
			lacking++;
	}
	printf("\n%zu programs in %u files: %zu accepted, %u refused, %u not modelled", v->rows.cnt, v->files,
	       v->rows.cnt - refused - lacking - none, refused, lacking);
	if (none)
		printf(", %u not loadable", none);
	if (v->unreadable)
		printf("; %u files could not be read", v->unreadable);
	printf("; %llu.%03llu s\n", (unsigned long long)v->elapsed_us / 1000000,
	       (unsigned long long)v->elapsed_us / 1000 % 1000);
}

/* RFC 4180: quotes around what holds a comma, a quote or a line end. */
static void csv_field(const char *text, bool last)
{
	if (strpbrk(text, ",\"\r\n")) {
		putchar('"');
		for (; *text; text++) {
			if (*text == '"')
				putchar('"');
			putchar(*text);
		}
		putchar('"');
	} else {
		fputs(text, stdout);
	}
	putchar(last ? '\n' : ',');
}

static void print_csv(const struct verdicts *v)
{
	puts("file_name,prog_name,verdict,duration_us,insns,total_states,peak_states,stack_depth,reason,message");
	for (size_t i = 0; i < v->rows.cnt; i++) {
		const struct row *r = v->rows.at[i];

		csv_field(r->file, false);
		csv_field(r->prog, false);
		printf("%s,%llu,%u,%u,%u,%u,", verdict_word(r), (unsigned long long)r->verify_us,
		       r->insns, r->total_states, r->peak_states, r->stack_depth);
		csv_field(r->reason, false);
		csv_field(r->message, true);
	}
}

static struct json_object *json_of(const struct row *r)
{
	struct json_object *obj = json_object_new_object();

	json_add_str(obj, "file_name", r->file);
	json_add_str(obj, "prog_name", r->prog);
	json_add_str(obj, "verdict", verdict_word(r));
	json_add_num(obj, "duration_us", r->verify_us);
	json_add_num(obj, "insns", r->insns);
	json_add_num(obj, "total_states", r->total_states);
	json_add_num(obj, "peak_states", r->peak_states);
	json_add_num(obj, "stack_depth", r->stack_depth);
	if (r->err) {
		json_add_num(obj, "errno", -r->err);
		json_add_str(obj, "reason", r->reason);
		json_add_str(obj, "message", r->message);
		json_add_str(obj, "explanation", r->explanation);
		json_add_str(obj, "source", r->source);
		json_add_str(obj, "log_tail", r->log_tail);
		if (r->explain)
			json_object_object_add(obj, "explain", json_object_get(r->explain));
	}
	if (r->cost)
		json_object_object_add(obj, "complexity", json_object_get(r->cost));
	if (r->log)
		json_add_str(obj, "log", r->log);
	return obj;
}

struct json_object *verdicts_json(const struct verdicts *v)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->rows.cnt; i++)
		json_object_array_add(list, json_of(v->rows.at[i]));
	return list;
}

static void print_costs(const struct verdicts *v, FILE *to)
{
	for (size_t i = 0; i < v->rows.cnt; i++) {
		const struct row *r = v->rows.at[i];

		if (!r->cost)
			continue;
		fprintf(to, "\n%s: %s: %u instructions processed, %u states\n", r->file, r->prog, r->insns, r->total_states);
		cost_print(r->cost, to);
	}
}

/* ---- beside the source ------------------------------------------------------------------------------------------- */

static bool to_findings(const struct verdicts *v, findings *ret)
{
	for (size_t i = 0; i < v->rows.cnt; i++) {
		const struct row *r = v->rows.at[i];
		struct finding f = {
			.level = strcmp(r->reason, "not-modelled") ? FINDING_ERROR : FINDING_WARNING, .rule = r->reason,
			.object = r->file, .prog = r->prog, .message = r->message,
			.more = r->explanation, .place = &r->place, .explain = r->explain,
		};

		if (r->err && !vec_push(ret, f))
			return !cli_fail("out of memory");
	}
	return true;
}

/* @path NULL: to stdout. */
static bool put_sarif(const struct verdicts *v, const char *path)
{
	findings all = { 0 };
	bool ok = to_findings(v, &all);

	if (ok && path)
		ok = findings_write_sarif(&all, !v->unreadable, path);
	else if (ok)
		findings_sarif(&all, !v->unreadable, stdout);
	vec_free(&all);
	return ok;
}

bool verdicts_write_sarif(const struct verdicts *v, const char *path)
{
	return put_sarif(v, path);
}

static void print_github(const struct verdicts *v)
{
	findings all = { 0 };

	if (to_findings(v, &all))
		findings_github(&all, stdout);
	vec_free(&all);
	print_summary(v);
}

void verdicts_print(const struct verdicts *v, const struct cli_opts *opts)
{
	print_unloadable(v);
	switch (opts->format) {
	case FORMAT_JSON:
		cli_print_json(verdicts_json(v), opts);
		break;
	case FORMAT_GITHUB:
		print_github(v);
		break;
	case FORMAT_SARIF:
		put_sarif(v, NULL);
		break;
	case FORMAT_CSV:
		print_csv(v);
		print_refusals(v, opts->explain, stderr);
		if (opts->complexity)
			print_costs(v, stderr);
		break;
	default:
		if (!v->rows.cnt)
			return;
		print_table(v);
		print_refusals(v, opts->explain, stdout);
		if (opts->complexity)
			print_costs(v, stdout);
		if (v->files > 1)
			print_summary(v);
	}
}
