/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapview.c - elements of maps before and after a run. An element is one string of key bytes and
 * one of value bytes (all vCPUs of a per-CPU map); the views are compared, and changes told, by key.
 */
#include "cli/mapview.h"

#include "base/vec.h"
#include "cli/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define SHOWN_MAX 32 /* elements printed of one map in text */

struct elem {
	u8 *key, *value;
};

struct map_copy {
	const struct bpf_map *map;
	u32 key_size, value_size; /* value_size: as bpf(2) copies it */
	VEC(struct elem) elems;
	struct records *records;   /* of maps that have records, not elements */
};

struct map_view {
	VEC(struct map_copy) maps;
};

static bool is_percpu(u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool has_elems(u32 type)
{
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_HASH || is_percpu(type) ||
	       type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_LPM_TRIE || type == BPF_MAP_TYPE_RHASH ||
	       type == BPF_MAP_TYPE_STACK_TRACE;
}

static u32 copied_value_size(const struct bpf_map *map)
{
	u32 size = bpf_map__value_size(map);

	if (!is_percpu(bpf_map__type(map)))
		return size;
	return (size + 7) / 8 * 8 * libbpf_num_possible_cpus();
}

static void free_copy(struct map_copy *copy)
{
	records_close(copy->records);
	for (size_t i = 0; i < copy->elems.cnt; i++)
		free(copy->elems.at[i].key);
	vec_free(&copy->elems);
}

/* Key and value stand in one allocation. */
static bool read_elems(struct map_copy *copy)
{
	int fd = bpf_map__fd(copy->map);
	const void *prev = NULL;

	for (;;) {
		struct elem e = { .key = malloc(copy->key_size + copy->value_size) };

		if (!e.key)
			return false;
		e.value = e.key + copy->key_size;
		if (bpf_map_get_next_key(fd, prev, e.key)) {
			free(e.key);
			return true;
		}
		if (bpf_map_lookup_elem(fd, e.key, e.value))
			memset(e.value, 0, copy->value_size);
		if (!vec_push(&copy->elems, e)) {
			free(e.key);
			return false;
		}
		prev = e.key;
	}
}

struct map_view *mapview_take(struct bpf_object *obj)
{
	struct map_view *view = calloc(1, sizeof(*view));
	struct bpf_map *map;

	if (!view)
		return NULL;
	bpf_object__for_each_map(map, obj) {
		struct map_copy copy = { .map = map, .key_size = bpf_map__key_size(map) };

		if (bpf_map__fd(map) < 0)
			continue;
		copy.value_size = copied_value_size(map);
		if (records_has(bpf_map__type(map)))
			copy.records = records_open(map);
		if (has_elems(bpf_map__type(map)) && !read_elems(&copy)) {
			free_copy(&copy);
			mapview_free(view);
			return NULL;
		}
		if (!vec_push(&view->maps, copy)) {
			free_copy(&copy);
			mapview_free(view);
			return NULL;
		}
	}
	return view;
}

void mapview_free(struct map_view *view)
{
	if (!view)
		return;
	for (size_t i = 0; i < view->maps.cnt; i++)
		free_copy(&view->maps.at[i]);
	vec_free(&view->maps);
	free(view);
}

/* Keys of the size of a number stand as numbers, others as bytes. A hash gives another order each time. */
static int compare_keys(const void *a, const void *b, void *key_size)
{
	const u8 *ka = ((const struct elem *)a)->key, *kb = ((const struct elem *)b)->key;
	u32 size = *(u32 *)key_size;
	u64 na = 0, nb = 0;

	if (size > sizeof(na))
		return memcmp(ka, kb, size);
	memcpy(&na, ka, size);
	memcpy(&nb, kb, size);
	return (na > nb) - (na < nb);
}

static void sort_elems(struct map_copy *copy)
{
	if (copy->elems.cnt)
		qsort_r(copy->elems.at, copy->elems.cnt, sizeof(*copy->elems.at), compare_keys, &copy->key_size);
}

struct change_sink {
	void (*changed)(struct change_sink *sink, const struct map_copy *map, const struct elem *e,
			const char *what);
	FILE *to;
	struct json_object *list;
	u64 cnt;
};

/* Both in the order of their keys. */
static void merge(struct map_copy *before, const struct map_copy *now, struct change_sink *sink)
{
	size_t i = 0, k = 0;

	while (i < before->elems.cnt || k < now->elems.cnt) {
		const struct elem *old = i < before->elems.cnt ? &before->elems.at[i] : NULL;
		const struct elem *e = k < now->elems.cnt ? &now->elems.at[k] : NULL;
		int order = !old ? 1 : !e ? -1 : compare_keys(old, e, &before->key_size);

		if (order < 0)
			sink->changed(sink, before, old, "deleted");
		else if (order > 0)
			sink->changed(sink, before, e, "new");
		else if (memcmp(old->value, e->value, before->value_size))
			sink->changed(sink, before, e, "changed");
		i += order <= 0;
		k += order >= 0;
	}
}

static void each_change(struct map_copy *before, struct change_sink *sink)
{
	struct map_copy now = { .map = before->map, .key_size = before->key_size,
				.value_size = before->value_size };

	if (has_elems(bpf_map__type(before->map)) && read_elems(&now)) {
		sort_elems(before);
		sort_elems(&now);
		merge(before, &now, sink);
	}
	free_copy(&now);
}

/* Small whole numbers read better than bytes; the bytes stand beside them. */
static void print_bytes(FILE *to, const u8 *bytes, u32 size)
{
	struct strbuf hex = { 0 };
	u64 num = 0;

	cli_add_hex(&hex, bytes, size);
	fputs(strbuf_str(&hex), to);
	strbuf_free(&hex);
	if (size == 4 || size == 8) {
		memcpy(&num, bytes, size);
		fprintf(to, " (%llu)", (unsigned long long)num);
	}
}

static void print_change(struct change_sink *sink, const struct map_copy *map, const struct elem *e,
			 const char *what)
{
	u32 step = is_percpu(bpf_map__type(map->map)) ? (bpf_map__value_size(map->map) + 7) / 8 * 8 :
							map->value_size;

	if (!sink->cnt++)
		fprintf(sink->to, "map %s:\n", bpf_map__name(map->map));
	if (sink->cnt > SHOWN_MAX)
		return;
	fprintf(sink->to, "  %-8s key: ", what);
	print_bytes(sink->to, e->key, map->key_size);
	if (step == map->value_size) {
		fputs("  value: ", sink->to);
		print_bytes(sink->to, e->value, bpf_map__value_size(map->map));
		fputc('\n', sink->to);
		return;
	}
	fputc('\n', sink->to);
	for (u32 cpu = 0; cpu * step < map->value_size; cpu++) {
		static const u8 zeros[4096];

		if (step <= sizeof(zeros) && !memcmp(e->value + cpu * step, zeros, step))
			continue;
		fprintf(sink->to, "           value (CPU %02u): ", cpu);
		print_bytes(sink->to, e->value + cpu * step, bpf_map__value_size(map->map));
		fputc('\n', sink->to);
	}
}

static void json_change(struct change_sink *sink, const struct map_copy *map, const struct elem *e,
			const char *what)
{
	struct json_object *obj = json_object_new_object(), *cpus;
	u32 size = bpf_map__value_size(map->map), step = (size + 7) / 8 * 8;

	json_object_object_add(obj, "change", json_object_new_string(what));
	json_object_object_add(obj, "key", cli_hex_bytes(e->key, map->key_size));
	if (!is_percpu(bpf_map__type(map->map))) {
		json_object_object_add(obj, "value", cli_hex_bytes(e->value, size));
	} else {
		cpus = json_object_new_array();
		for (u32 cpu = 0; cpu * step < map->value_size; cpu++) {
			struct json_object *one = json_object_new_object();

			json_object_object_add(one, "cpu", json_object_new_int(cpu));
			json_object_object_add(one, "value", cli_hex_bytes(e->value + cpu * step, size));
			json_object_array_add(cpus, one);
		}
		json_object_object_add(obj, "values", cpus);
	}
	json_object_array_add(sink->list, obj);
	sink->cnt++;
}

void mapview_print_changes(struct map_view *view, FILE *to)
{
	bool any = false;

	for (size_t i = 0; i < view->maps.cnt; i++) {
		struct map_copy *map = &view->maps.at[i];
		struct change_sink sink = { .changed = print_change, .to = to };

		if (records_read(map->records)) {
			records_print(map->records, bpf_map__name(map->map), to);
			any = true;
		}
		each_change(map, &sink);
		if (sink.cnt > SHOWN_MAX)
			fprintf(to, "  ... and %llu more (-j shows all)\n",
				(unsigned long long)(sink.cnt - SHOWN_MAX));
		any |= sink.cnt != 0;
	}
	if (!any)
		fputs("no map changed\n", to);
}

struct json_object *mapview_json_changes(struct map_view *view)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < view->maps.cnt; i++) {
		struct map_copy *map = &view->maps.at[i];
		struct change_sink sink = { .changed = json_change, .list = json_object_new_array() };
		bool records = records_read(map->records);
		struct json_object *obj;

		each_change(map, &sink);
		if (!sink.cnt && !records) {
			json_object_put(sink.list);
			continue;
		}
		obj = json_object_new_object();
		json_object_object_add(obj, "name", json_object_new_string(bpf_map__name(map->map)));
		if (records)
			records_json(map->records, obj);
		json_object_object_add(obj, "elements", sink.list);
		json_object_array_add(list, obj);
	}
	return list;
}
