/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/explain.h"

#include "cli/place.h"

static struct json_object *json_of_cause(const struct skep_cause *c)
{
	struct json_object *cause = json_object_new_object();

	json_add_num(cause, "insn_idx", c->insn_idx);
	json_add_num(cause, "times", c->times);
	json_add_str(cause, "role", c->role);
	json_add_str(cause, "insn", c->insn);
	json_add_str(cause, "known", c->known);
	json_add_str(cause, "source", c->source);
	return cause;
}

struct json_object *explain_json(const struct skep_verdict *v)
{
	struct json_object *obj, *list;

	if (!v->cause_cnt && !v->required[0] && !v->known[0])
		return NULL;
	obj = json_object_new_object();
	list = json_object_new_array();
	json_add_str(obj, "required", v->required);
	json_add_str(obj, "known", v->known);
	json_add_num(obj, "left_out", v->causes_left_out);
	for (u32 i = 0; i < v->cause_cnt; i++)
		json_object_array_add(list, json_of_cause(&v->causes[i]));
	json_object_object_add(obj, "causes", list);
	return obj;
}

void explain_add_places(struct json_object *explain, const struct bpf_object *obj, const struct bpf_program *prog,
			const char *object)
{
	struct json_object *causes = NULL, *idx = NULL;

	json_object_object_get_ex(explain, "causes", &causes);
	for (size_t i = 0; causes && i < json_object_array_length(causes); i++) {
		struct json_object *cause = json_object_array_get_idx(causes, i);
		struct place at;

		json_object_object_get_ex(cause, "insn_idx", &idx);
		place_of_insn(obj, prog, (u32)json_object_get_int64(idx), object, &at);
		if (!at.path)
			continue;
		json_add_str(cause, "path", at.path);
		json_add_num(cause, "line", at.line);
		json_add_num(cause, "column", at.col);
		place_free(&at);
	}
}
