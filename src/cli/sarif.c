/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sarif.c - findings as a log of SARIF 2.1.0. The rules are those that something was found by, with their pages of
 * docs/reasons. How a refusal came about is a code flow: its causes in order, then the place itself.
 */
#include "cli/finding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* ---- rules ---------------------------------------------------------------------------------------------------- */

static const struct rule {
	const char *name, *explanation, *help, *page;
} rules[] = {
#define REASON_HELP(name, explanation, help, page) { name, explanation, help, page },
#include "reason_help.h"
#undef REASON_HELP
	{ "core-relocation", "The kernel's types have nothing that fits what the program was compiled for.",
	  "Guard the access with bpf_core_field_exists() and the like, or compile for this kernel.", NULL },
	{ "missing-kfunc", "The kernel has no function of this name for programs.",
	  "Declare it __weak and ask with bpf_ksym_exists() before it is called.", NULL },
	{ "missing-map", "The map was not created.", "Let the map be created, or do not load programs that use it.", NULL },
	{ "not-loadable", "The object could not be loaded before the verifier was asked.", "The message says what is wrong with it.",
	  NULL },
	{ RULE_TEST_FAILED, "Something is not as the program's own test says.", "The message says what was expected, and what came.",
	  NULL },
	{ RULE_TEST_SKIPPED, "A test could not be run here.", "The message says why.", NULL },
};

static const struct rule *rule_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!strcmp(rules[i].name, name))
			return &rules[i];
	}
	return NULL;
}

static struct json_object *text_object(const char *key, const char *text)
{
	struct json_object *obj = json_object_new_object();

	json_add_str(obj, key, text);
	return obj;
}

static struct json_object *json_of_rule(const char *name)
{
	const struct rule *rule = rule_of(name);
	struct json_object *obj = text_object("id", name), *help;

	if (!rule)
		return obj;
	json_object_object_add(obj, "shortDescription", text_object("text", rule->explanation));
	help = text_object("text", rule->help);
	if (rule->page)
		json_add_str(help, "markdown", rule->page);
	json_object_object_add(obj, "help", help);
	return obj;
}

/* Its number among those in @list, where it is put when it is new. */
static size_t rule_index(struct json_object *list, const char *name)
{
	size_t cnt = json_object_array_length(list);

	for (size_t i = 0; i < cnt; i++) {
		if (!strcmp(json_text(json_object_array_get_idx(list, i), "id"), name))
			return i;
	}
	json_object_array_add(list, json_of_rule(name));
	return cnt;
}

/* ---- places --------------------------------------------------------------------------------------------------- */

/* A reference as RFC 3986 has it; what is relative is so to the root of the repository. */
static struct json_object *artifact(const char *path)
{
	struct json_object *obj = json_object_new_object();
	struct strbuf uri = { 0 };

	strbuf_puts(&uri, *path == '/' ? "file://" : "");
	for (const char *p = path; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
			     strchr("-._~/", *p);

		strbuf_printf(&uri, plain ? "%c" : "%%%02X", (u8)*p);
	}
	json_add_str(obj, "uri", strbuf_str(&uri));
	if (*path != '/')
		json_add_str(obj, "uriBaseId", "%SRCROOT%");
	strbuf_free(&uri);
	return obj;
}

/* @line 0: the file as a whole. */
static struct json_object *location(const char *path, u64 line, u64 col)
{
	struct json_object *loc = json_object_new_object(), *physical = json_object_new_object(), *region;

	json_object_object_add(physical, "artifactLocation", artifact(path));
	if (line) {
		region = json_object_new_object();
		json_add_num(region, "startLine", line);
		if (col)
			json_add_num(region, "startColumn", col);
		json_object_object_add(physical, "region", region);
	}
	json_object_object_add(loc, "physicalLocation", physical);
	return loc;
}

static struct json_object *location_of(const struct finding *f)
{
	char *object;
	struct json_object *loc, *logical, *list;

	if (f->place->path) {
		loc = location(f->place->path, f->place->line, f->place->col);
	} else {
		object = place_relative(f->object);
		loc = location(object ? object : f->object, 0, 0);
		free(object);
	}
	if (!*f->prog)
		return loc;
	logical = json_object_new_object();
	list = json_object_new_array();
	json_add_str(logical, "name", f->prog);
	json_add_str(logical, "kind", "function");
	json_object_array_add(list, logical);
	json_object_object_add(loc, "logicalLocations", list);
	return loc;
}

/* ---- how it came about -------------------------------------------------------------------------------------------- */

static void add_step(struct json_object *steps, struct json_object *loc, const char *text)
{
	struct json_object *step = json_object_new_object();

	json_object_object_add(loc, "message", text_object("text", text));
	json_object_object_add(step, "location", loc);
	json_object_array_add(steps, step);
}

static u64 number(struct json_object *obj, const char *key)
{
	struct json_object *val = NULL;

	json_object_object_get_ex(obj, key, &val);
	return json_object_get_int64(val);
}

/* Causes without a place have their text only. */
static struct json_object *cause_location(struct json_object *cause)
{
	const char *path = json_text(cause, "path");

	return *path ? location(path, number(cause, "line"), number(cause, "column")) : json_object_new_object();
}

static struct json_object *wrap(const char *key, struct json_object *list)
{
	struct json_object *obj = json_object_new_object(), *outer = json_object_new_array();

	json_object_object_add(obj, key, list);
	json_object_array_add(outer, obj);
	return outer;
}

/* NULL: nothing is known of it. */
static struct json_object *code_flows(const struct finding *f)
{
	struct json_object *causes = NULL, *steps;

	json_object_object_get_ex(f->explain, "causes", &causes);
	if (!causes || !json_object_array_length(causes))
		return NULL;
	steps = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(causes); i++) {
		struct json_object *cause = json_object_array_get_idx(causes, i);
		struct strbuf text = { 0 };

		strbuf_printf(&text, "%s: %s: %s", json_text(cause, "role"), json_text(cause, "insn"), json_text(cause, "known"));
		add_step(steps, cause_location(cause), strbuf_str(&text));
		strbuf_free(&text);
	}
	add_step(steps, location_of(f), f->message);
	return wrap("threadFlows", wrap("locations", steps));
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static struct json_object *json_of(const struct finding *f, struct json_object *used_rules)
{
	static const char *const levels[] = { "note", "warning", "error" };
	struct json_object *obj = text_object("ruleId", f->rule), *places = json_object_new_array(), *flows;
	struct strbuf text = { 0 };

	json_add_num(obj, "ruleIndex", rule_index(used_rules, f->rule));
	json_add_str(obj, "level", levels[f->level]);
	strbuf_printf(&text, "%s%s%s%s%s", f->prog, *f->prog ? ": " : "", f->message, *f->more ? "\n" : "", f->more);
	json_object_object_add(obj, "message", text_object("text", strbuf_str(&text)));
	strbuf_free(&text);
	json_object_array_add(places, location_of(f));
	json_object_object_add(obj, "locations", places);
	flows = code_flows(f);
	if (flows)
		json_object_object_add(obj, "codeFlows", flows);
	return obj;
}

static struct json_object *run_of(const findings *all, bool ok)
{
	struct json_object *run = json_object_new_object(), *tool = json_object_new_object(), *driver = text_object("name", "skep");
	struct json_object *used_rules = json_object_new_array(), *results = json_object_new_array();
	struct json_object *invocation = json_object_new_object(), *invocations = json_object_new_array();

	for (size_t i = 0; i < all->cnt; i++)
		json_object_array_add(results, json_of(&all->at[i], used_rules));
	json_add_str(driver, "version", skep_version());
	json_object_object_add(driver, "rules", used_rules);
	json_object_object_add(tool, "driver", driver);
	json_object_object_add(run, "tool", tool);
	json_add_str(run, "columnKind", "unicodeCodePoints");
	json_object_object_add(invocation, "executionSuccessful", json_object_new_boolean(ok));
	json_object_array_add(invocations, invocation);
	json_object_object_add(run, "invocations", invocations);
	json_object_object_add(run, "results", results);
	return run;
}

void findings_sarif(const findings *all, bool ok, FILE *out)
{
	struct json_object *log = text_object("$schema", SCHEMA), *runs = json_object_new_array();

	json_add_str(log, "version", "2.1.0");
	json_object_array_add(runs, run_of(all, ok));
	json_object_object_add(log, "runs", runs);
	fprintf(out, "%s\n", json_object_to_json_string_ext(log, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(log);
}

bool findings_write_sarif(const findings *all, bool ok, const char *path)
{
	FILE *out = fopen(path, "w");
	bool written;

	if (!out)
		return !cli_fail("%s: %s", path, strerror(errno));
	findings_sarif(all, ok, out);
	written = !ferror(out);
	written &= !fclose(out);
	return written || !cli_fail("%s: %s", path, strerror(errno));
}
