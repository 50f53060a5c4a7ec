/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cost.c - where verification's steps went. The JSON has every place; tables have the sums that tell most:
 * by function with what it calls left out, by source line, and states that no earlier one covered.
 */
#include "cli/cost.h"

#include "base/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 10 /* lines of each table */

struct sum {
	const char *name; /* function, or file */
	s64 line, times;
};

typedef VEC(struct sum) sums;

struct json_object *cost_json(const struct skep_verdict *v)
{
	struct json_object *cost, *places, *misses;

	if (!v->cost_cnt)
		return NULL;
	cost = json_object_new_object();
	places = json_object_new_array();
	misses = json_object_new_array();
	for (u32 i = 0; i < v->cost_cnt; i++) {
		const struct skep_cost_place *p = &v->cost[i];
		struct json_object *obj = json_object_new_object();

		json_add_str(obj, "calls", p->calls);
		json_add_str(obj, "file", p->file);
		json_add_num(obj, "line", p->line);
		json_add_num(obj, "insn_idx", p->insn_idx);
		json_add_num(obj, "times", p->times);
		json_object_array_add(places, obj);
	}
	for (u32 i = 0; i < v->miss_cnt; i++) {
		const struct skep_cost_miss *m = &v->misses[i];
		struct json_object *obj = json_object_new_object();

		json_add_num(obj, "insn_idx", m->insn_idx);
		json_add_str(obj, "file", m->file);
		json_add_num(obj, "line", m->line);
		json_add_num(obj, "times", m->times);
		json_object_object_add(obj, "in_loop", json_object_new_boolean(m->in_loop));
		json_add_str(obj, "where", m->where);
		json_add_str(obj, "kept", m->kept);
		json_add_str(obj, "arrived", m->arrived);
		json_object_array_add(misses, obj);
	}
	json_object_object_add(cost, "places", places);
	json_object_object_add(cost, "not_covered", misses);
	return cost;
}

/* ---- tables -------------------------------------------------------------------------------------- */

static s64 num_of(struct json_object *obj, const char *key)
{
	struct json_object *val = NULL;

	json_object_object_get_ex(obj, key, &val);
	return json_object_get_int64(val);
}

static struct json_object *list_of(struct json_object *cost, const char *key, size_t *ret_cnt)
{
	struct json_object *list = NULL;

	json_object_object_get_ex(cost, key, &list);
	*ret_cnt = json_object_array_length(list);
	return list;
}

static bool add(sums *to, const char *name, s64 line, s64 times)
{
	for (size_t i = 0; i < to->cnt; i++) {
		if (to->at[i].line == line && !strcmp(to->at[i].name, name)) {
			to->at[i].times += times;
			return true;
		}
	}
	return vec_push(to, ((struct sum){ name, line, times }));
}

static int more_first(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return (x->times < y->times) - (x->times > y->times);
}

/* The innermost of "main;parse". */
static const char *innermost(const char *calls)
{
	const char *last = strrchr(calls, ';');

	return last ? last + 1 : calls;
}

static void print_sums(sums *s, const char *title, s64 all, FILE *to)
{
	if (!s->cnt)
		return;
	qsort(s->at, s->cnt, sizeof(*s->at), more_first);
	fprintf(to, "  %-40s %10s %6s\n", title, "insns", "share");
	for (size_t i = 0; i < s->cnt && i < SHOWN; i++) {
		char place[64];

		if (s->at[i].line)
			snprintf(place, sizeof(place), "%s:%" PRId64, s->at[i].name, s->at[i].line);
		else
			snprintf(place, sizeof(place), "%s", s->at[i].name);
		fprintf(to, "  %-40s %10" PRId64 " %4.0f %%\n", place, s->at[i].times, 100.0 * (double)s->at[i].times / (double)all);
	}
	if (s->cnt > SHOWN)
		fprintf(to, "  (%zu more)\n", s->cnt - SHOWN);
}

static void print_misses(struct json_object *cost, FILE *to)
{
	size_t cnt;
	struct json_object *list = list_of(cost, "not_covered", &cnt);

	if (!cnt)
		return;
	fprintf(to, "  states that an earlier one did not cover, and what differed first:\n");
	for (size_t i = 0; i < cnt && i < SHOWN; i++) {
		struct json_object *m = json_object_array_get_idx(list, i);
		const char *file = json_text(m, "file");

		fprintf(to, "  %8" PRId64 " times at insn %" PRId64, num_of(m, "times"), num_of(m, "insn_idx"));
		if (*file)
			fprintf(to, " (%s:%" PRId64 ")", file, num_of(m, "line"));
		fprintf(to, ": %s, as %s was kept and %s arrived%s\n", json_text(m, "where"), json_text(m, "kept"),
			json_text(m, "arrived"), num_of(m, "in_loop") ? ", in a loop" : "");
	}
	if (cnt > SHOWN)
		fprintf(to, "  (%zu more)\n", cnt - SHOWN);
}

void cost_print(struct json_object *cost, FILE *to)
{
	sums functions = { 0 }, lines = { 0 };
	size_t cnt;
	struct json_object *places = list_of(cost, "places", &cnt);
	bool ok = true;
	s64 all = 0;

	for (size_t i = 0; i < cnt; i++) {
		struct json_object *p = json_object_array_get_idx(places, i);
		const char *file = json_text(p, "file");

		all += num_of(p, "times");
		ok &= add(&functions, innermost(json_text(p, "calls")), 0, num_of(p, "times"));
		if (*file)
			ok &= add(&lines, file, num_of(p, "line"), num_of(p, "times"));
	}
	if (ok) {
		print_sums(&functions, "function", all, to);
		print_sums(&lines, "source line", all, to);
		print_misses(cost, to);
	}
	vec_free(&functions);
	vec_free(&lines);
}

void cost_write_folded(struct json_object *cost, const char *prog, FILE *to)
{
	size_t cnt;
	struct json_object *places = list_of(cost, "places", &cnt);

	for (size_t i = 0; i < cnt; i++) {
		struct json_object *p = json_object_array_get_idx(places, i);
		const char *file = json_text(p, "file");

		fprintf(to, "%s;%s;", prog, json_text(p, "calls"));
		if (*file)
			fprintf(to, "%s:%" PRId64, file, num_of(p, "line"));
		else
			fprintf(to, "insn %" PRId64, num_of(p, "insn_idx"));
		fprintf(to, " %" PRId64 "\n", num_of(p, "times"));
	}
}
