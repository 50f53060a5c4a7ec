/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.c - listens to the ring buffers and perf event arrays of an object. All records are counted; the
 * first ones are kept. Whoever has no room tells the program; a perf buffer also counts what is lost, and says so
 * when it has room again.
 */
#include "cli/records.h"

#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define KEPT_MAX   1024 /* in JSON */
#define SHOWN_MAX  32	/* in text */
#define PERF_PAGES 64	/* of each CPU's buffer */

struct record {
	u8 *bytes;
	u32 size;
	int cpu; /* -1: a ring buffer, which belongs to no CPU */
};

struct records {
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	VEC(struct record) kept;
	u64 cnt, bytes, lost;
};

bool records_has(uint32_t map_type)
{
	return map_type == BPF_MAP_TYPE_RINGBUF || map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

/* One that cannot be kept is counted all the same. */
static void note(struct records *rec, int cpu, const void *data, u32 size)
{
	struct record r = { .size = size, .cpu = cpu };

	rec->cnt++;
	rec->bytes += size;
	if (rec->kept.cnt == KEPT_MAX)
		return;
	r.bytes = malloc(size + 1);
	if (!r.bytes)
		return;
	memcpy(r.bytes, data, size);
	if (!vec_push(&rec->kept, r))
		free(r.bytes);
}

static int on_ring(void *ctx, void *data, size_t size)
{
	note(ctx, -1, data, size);
	return 0;
}

static void on_perf(void *ctx, int cpu, void *data, uint32_t size)
{
	note(ctx, cpu, data, size);
}

static void on_lost(void *ctx, int cpu __unused_arg, __u64 cnt)
{
	struct records *rec = ctx;

	rec->lost += cnt;
}

struct records *records_open(const struct bpf_map *map)
{
	struct records *rec = calloc(1, sizeof(*rec));
	int fd = bpf_map__fd(map);

	if (!rec)
		return NULL;
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		rec->ring = ring_buffer__new(fd, on_ring, rec, NULL);
	else
		rec->perf = perf_buffer__new(fd, PERF_PAGES, on_perf, on_lost, rec, NULL);
	if (rec->ring || rec->perf)
		return rec;
	free(rec);
	return NULL;
}

void records_close(struct records *rec)
{
	if (!rec)
		return;
	ring_buffer__free(rec->ring);
	perf_buffer__free(rec->perf);
	for (size_t i = 0; i < rec->kept.cnt; i++)
		free(rec->kept.at[i].bytes);
	vec_free(&rec->kept);
	free(rec);
}

bool records_read(struct records *rec)
{
	if (!rec)
		return false;
	if (rec->ring)
		ring_buffer__consume(rec->ring);
	else
		perf_buffer__consume(rec->perf);
	return rec->cnt || rec->lost;
}

bool records_get(const struct records *rec, u32 at, const u8 **ret_bytes, u32 *ret_size)
{
	if (at >= rec->kept.cnt)
		return false;
	*ret_bytes = rec->kept.at[at].bytes;
	*ret_size = rec->kept.at[at].size;
	return true;
}

void records_print(const struct records *rec, const char *name, FILE *to)
{
	fprintf(to, "map %s: %llu records, %llu bytes", name, (unsigned long long)rec->cnt,
		(unsigned long long)rec->bytes);
	if (rec->lost)
		fprintf(to, ", %llu more lost: the buffer was full", (unsigned long long)rec->lost);
	fputc('\n', to);
	for (size_t i = 0; i < rec->kept.cnt && i < SHOWN_MAX; i++) {
		const struct record *r = &rec->kept.at[i];
		struct strbuf hex = { 0 };

		cli_add_hex(&hex, r->bytes, r->size);
		if (r->cpu >= 0)
			fprintf(to, "  (CPU %02d)", r->cpu);
		fprintf(to, "  %s\n", strbuf_str(&hex));
		strbuf_free(&hex);
	}
	if (rec->cnt > SHOWN_MAX)
		fprintf(to, "  ... and %llu more (-j shows the first %d)\n", (unsigned long long)(rec->cnt - SHOWN_MAX),
			KEPT_MAX);
}

void records_json(const struct records *rec, struct json_object *obj)
{
	struct json_object *list = json_object_new_array();

	json_add_num(obj, "records", rec->cnt);
	json_add_num(obj, "bytes", rec->bytes);
	if (rec->perf)
		json_add_num(obj, "lost", rec->lost);
	for (size_t i = 0; i < rec->kept.cnt; i++) {
		const struct record *r = &rec->kept.at[i];
		struct json_object *one = json_object_new_object();

		if (r->cpu >= 0)
			json_add_num(one, "cpu", r->cpu);
		json_object_object_add(one, "bytes", cli_hex_bytes(r->bytes, r->size));
		json_object_array_add(list, one);
	}
	json_object_object_add(obj, "data", list);
}
