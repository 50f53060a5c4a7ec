/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nojson.h - what stands in for json-c where skep is built without it: there are no values, and nothing is made of
 * any. Who asks for JSON, or brings some, is told so first (cli_need_json()), so that no output is ever empty instead.
 */
#ifndef SKEP_CLI_NOJSON_H
#define SKEP_CLI_NOJSON_H

#include <stddef.h>
#include <stdint.h>

struct json_object;
enum json_type {
	json_type_null, json_type_boolean, json_type_double, json_type_int, json_type_object, json_type_array,
	json_type_string,
};

/* Functions that would give a value give none; the others do nothing. */
#define NO_JSON(ret, name, params, ...)                             \
	static inline __attribute__((unused)) ret name params      \
	{                                                           \
		return __VA_ARGS__;                                 \
	}
typedef struct json_object *no_json;
NO_JSON(no_json, json_object_new_object, (void), NULL)
NO_JSON(no_json, json_object_new_array, (void), NULL)
NO_JSON(no_json, json_object_new_boolean, (int v), (void)v, NULL)
NO_JSON(no_json, json_object_new_int, (int32_t v), (void)v, NULL)
NO_JSON(no_json, json_object_new_int64, (int64_t v), (void)v, NULL)
NO_JSON(no_json, json_object_new_uint64, (uint64_t v), (void)v, NULL)
NO_JSON(no_json, json_object_new_string, (const char *s), (void)s, NULL)
NO_JSON(no_json, json_object_new_string_len, (const char *s, int len), (void)s, (void)len, NULL)
NO_JSON(no_json, json_object_get, (no_json o), o)
NO_JSON(int, json_object_put, (no_json o), (void)o, 0)
NO_JSON(int, json_object_array_add, (no_json o, no_json v), (void)o, (void)v, 0)
NO_JSON(size_t, json_object_array_length, (const struct json_object *o), (void)o, 0)
NO_JSON(no_json, json_object_array_get_idx, (const struct json_object *o, size_t i), (void)o, (void)i, NULL)
NO_JSON(int, json_object_object_add, (no_json o, const char *k, no_json v), (void)o, (void)k, (void)v, 0)
NO_JSON(int, json_object_object_del, (no_json o, const char *k), (void)o, (void)k, 0)
NO_JSON(no_json, json_object_object_get, (const struct json_object *o, const char *k), (void)o, (void)k, NULL)
NO_JSON(int, json_object_object_get_ex, (const struct json_object *o, const char *k, no_json *v), (void)o, (void)k, *v = NULL, 0)
NO_JSON(int, json_object_deep_copy, (no_json o, no_json *v, void *how), (void)o, (void)how, *v = NULL, -1)
NO_JSON(int, json_object_equal, (no_json a, no_json b), a == b)
NO_JSON(enum json_type, json_object_get_type, (const struct json_object *o), (void)o, json_type_null)
NO_JSON(int, json_object_is_type, (const struct json_object *o, enum json_type t), (void)o, t == json_type_null)
NO_JSON(int, json_object_get_boolean, (const struct json_object *o), (void)o, 0)
NO_JSON(int64_t, json_object_get_int64, (const struct json_object *o), (void)o, 0)
NO_JSON(const char *, json_object_get_string, (no_json o), (void)o, NULL)
NO_JSON(int, json_object_get_string_len, (const struct json_object *o), (void)o, 0)
NO_JSON(const char *, json_object_to_json_string_ext, (no_json o, int flags), (void)o, (void)flags, "")
#undef NO_JSON
#define JSON_C_TO_STRING_PRETTY 0
#define JSON_C_TO_STRING_PLAIN 0
#define JSON_C_TO_STRING_NOSLASHESCAPE 0
/* The body is compiled and never run. */
#define json_object_object_foreach(obj, name, val)        \
	const char *name = NULL;                          \
	for (no_json val = (obj); name; (void)val, name = NULL)

#endif
