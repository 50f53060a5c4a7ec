/* SPDX-License-Identifier: BSD-2-Clause */
#include "tally.h"

#include <string.h>

#include <json-c/json.h>

static const char *const who_names[] = { [KERNEL_ALONE] = "kernel", [SKEP_ALONE] = "skep", [BOTH_DIFFER] = "both" };

struct source_tally *tally_source(struct tally *t, const char *name)
{
	for (u32 i = 0; i < t->source_cnt; i++) {
		if (!strcmp(t->sources[i].name, name))
			return &t->sources[i];
	}
	t->sources[t->source_cnt].name = name;
	return &t->sources[t->source_cnt++];
}

struct source_tally tally_sum(const struct tally *t)
{
	struct source_tally sum = { .name = "all" };

	for (u32 i = 0; i < t->source_cnt; i++) {
		const struct source_tally *s = &t->sources[i];

		sum.programs += s->programs;
		sum.both += s->both;
		sum.none += s->none;
		sum.kernel_only += s->kernel_only;
		sum.skep_only += s->skep_only;
		sum.not_modelled += s->not_modelled;
		sum.ran += s->ran;
		sum.compared += s->compared;
	}
	return sum;
}

static void print_row(FILE *f, const char *prefix, const struct source_tally *s)
{
	fprintf(f, "%s%-22s %9llu %9llu %9llu %7llu %7llu %7llu %9llu %9llu\n", prefix, s->name,
		(unsigned long long)s->programs, (unsigned long long)s->both, (unsigned long long)s->none,
		(unsigned long long)s->kernel_only, (unsigned long long)s->skep_only,
		(unsigned long long)s->not_modelled, (unsigned long long)s->ran, (unsigned long long)s->compared);
}

void tally_print(const struct tally *t, FILE *f, const char *prefix)
{
	struct source_tally sum = tally_sum(t);

	fprintf(f, "%s%-22s %9s %9s %9s %7s %7s %7s %9s %9s\n", prefix, "programs", "number",
		t->have_kernel ? "both take" : "taken", t->have_kernel ? "none does" : "refused", "kernel", "skep",
		"unmod.", "watched", "compared");
	for (u32 i = 0; i < t->source_cnt; i++)
		print_row(f, prefix, &t->sources[i]);
	print_row(f, prefix, &sum);
	fprintf(f, "%swatched runs: %llu numbers against their facts (%llu of them not \"any\"), %llu accesses "
		"against objects; %llu programs went wrong, %llu did not end in time\n", prefix,
		(unsigned long long)t->numbers_checked, (unsigned long long)t->numbers_narrow,
		(unsigned long long)t->accesses, (unsigned long long)t->bad_runs, (unsigned long long)t->unfinished);
	fprintf(f, "%sresults differ: %llu; show an address or what was left on the stack: %llu\n", prefix,
		(unsigned long long)t->results_differ, (unsigned long long)t->undetermined);
	if (!t->have_kernel)
		return;
	fprintf(f, "%s%-8s %7s  %-34s %s\n", prefix, "accepts", "number", "class", "FEATURES");
	for (u32 i = 0; i < diff_class_cnt; i++)
		fprintf(f, "%s%-8s %7llu  %-34s %s\n", prefix, who_names[diff_classes[i].who],
			(unsigned long long)t->classes[i], diff_classes[i].name, diff_classes[i].feature);
	fprintf(f, "%s%-8s %7llu  %s\n", prefix, "", (unsigned long long)t->unclassified, "of no class");
}

static void put_num(json_object *o, const char *key, u64 n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

static json_object *source_json(const struct source_tally *s)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "source", json_object_new_string(s->name));
	put_num(o, "programs", s->programs);
	put_num(o, "both_accept", s->both);
	put_num(o, "none_accepts", s->none);
	put_num(o, "kernel_only", s->kernel_only);
	put_num(o, "skep_only", s->skep_only);
	put_num(o, "not_modelled", s->not_modelled);
	put_num(o, "watched", s->ran);
	put_num(o, "results_compared", s->compared);
	return o;
}

bool tally_write_json(const struct tally *t, const char *path)
{
	json_object *all = json_object_new_object(), *sources = json_object_new_array(),
		    *classes = json_object_new_array();
	struct source_tally sum = tally_sum(t);
	bool ok;

	for (u32 i = 0; i < t->source_cnt; i++)
		json_object_array_add(sources, source_json(&t->sources[i]));
	for (u32 i = 0; i < diff_class_cnt; i++) {
		json_object *o = json_object_new_object();

		json_object_object_add(o, "class", json_object_new_string(diff_classes[i].name));
		json_object_object_add(o, "accepts",
				       json_object_new_string(who_names[diff_classes[i].who]));
		json_object_object_add(o, "features", json_object_new_string(diff_classes[i].feature));
		put_num(o, "programs", t->classes[i]);
		json_object_array_add(classes, o);
	}
	json_object_object_add(all, "kernel", json_object_new_boolean(t->have_kernel));
	put_num(all, "seed", t->seed);
	json_object_object_add(all, "sources", sources);
	json_object_object_add(all, "all", source_json(&sum));
	json_object_object_add(all, "classes", classes);
	put_num(all, "unclassified", t->unclassified);
	put_num(all, "results_differ", t->results_differ);
	put_num(all, "undetermined", t->undetermined);
	put_num(all, "bad_runs", t->bad_runs);
	put_num(all, "unfinished", t->unfinished);
	put_num(all, "numbers_checked", t->numbers_checked);
	put_num(all, "numbers_narrow", t->numbers_narrow);
	put_num(all, "accesses", t->accesses);
	ok = !json_object_to_file_ext(path, all, JSON_C_TO_STRING_PRETTY);
	json_object_put(all);
	return ok;
}
